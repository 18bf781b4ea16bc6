import type { ReactNode } from 'react'
import { useAuth } from '../auth.js'
import { useLoam } from '../context.js'
import { Menu, type MenuItem } from './menu.js'
import { Tile } from './parts.js'
import { useTexts } from './texts.js'

export interface UserMenuProps {
  /** What stands in the menu beside the account and the sign-out. */
  items?: readonly MenuItem[]
  /** The page of the account; that of the server unless given. Null for none. */
  accountUrl?: string | null
  onSignedOut?: () => void
  /** The side that the menu is flush with; `end` unless given. */
  align?: 'start' | 'end'
}

/** Who is signed in, as a button with a menu; nothing where nobody is. */
export function UserMenu({ items = [], accountUrl, onSignedOut, align = 'end' }: UserMenuProps): ReactNode {
  const t = useTexts()
  const { client } = useLoam()
  const { user, signOut } = useAuth()
  if (!user) return null
  const name = user.name || user.email || t('account')
  const url = accountUrl === undefined ? client.http.url + '/account' : accountUrl
  const own: MenuItem[] = [...items, ...(url === null ? [] : [{ label: t('manageAccount'), href: url }])]
  const end: MenuItem = { label: t('signOut'), onSelect: () => signOut().then(onSignedOut) }
  return (
    <Menu
      align={align}
      label={t('account')}
      button={
        <>
          <Tile name={name} />
          <span className="loam-name">{name}</span>
        </>
      }
      header={
        <>
          <strong>{name}</strong>
          {user.email && user.email !== name && <span className="loam-quiet">{user.email}</span>}
        </>
      }
      groups={[own, [end]]}
    />
  )
}
