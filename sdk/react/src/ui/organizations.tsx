import { useState, type ReactNode } from 'react'
import { useQuery } from '@tanstack/react-query'
import type { LoamError, Offer, Organization } from '@loam/client'
import { useAuth } from '../auth.js'
import { root, useLoam } from '../context.js'
import { nameOf } from '../identity.js'
import { Form } from './form.js'
import { Menu, type MenuItem } from './menu.js'
import { Dialog, Tile } from './parts.js'
import { useSettings } from './settings.js'
import { useTexts } from './texts.js'

export interface OrganizationSwitcherProps {
  /** Goes on once another organization is the active one. */
  onSwitched?: (id: string) => void
}

/** The active organization, as a button with a menu of all: to switch, to join, to create one. */
export function OrganizationSwitcher({ onSwitched }: OrganizationSwitcherProps): ReactNode {
  const t = useTexts()
  const { queryClient } = useLoam()
  const auth = useAuth()
  const { settings } = useSettings()
  const [creating, setCreating] = useState(false)
  const [wrong, setWrong] = useState<unknown>()
  const key = [root, nameOf(auth), '/organizations']
  const { data } = useQuery<{ mine: Organization[]; offers: Offer[] }, LoamError>(
    {
      queryKey: key,
      queryFn: async () => {
        const [mine, offers] = await Promise.all([auth.organizations.list(), auth.invitations.mine()])
        return { mine, offers }
      },
      enabled: auth.user !== null,
      retry: false,
    },
    queryClient,
  )
  if (!auth.user) return null
  const to = async (id: string): Promise<void> => {
    setWrong(undefined)
    try {
      if (id !== auth.organization?.id) await auth.organizations.switch(id)
      onSwitched?.(id)
    } catch (err) {
      setWrong(err)
    }
  }
  const join = async (offer: Offer): Promise<void> => {
    setWrong(undefined)
    try {
      const { id } = await auth.invitations.accept({ id: offer.id })
      await to(id)
    } catch (err) {
      setWrong(err)
    }
  }
  const active = data?.mine.find((o) => o.id === auth.organization?.id)
  const name = active?.name ?? auth.organization?.name
  const all = (data?.mine ?? []).map((o): MenuItem => ({ label: o.name, checked: o.id === auth.organization?.id, icon: <Tile {...o} />, onSelect: () => to(o.id) }))
  const offers = (data?.offers ?? []).map((o): MenuItem => ({ label: t('join', { organization: o.organization.name }), icon: <Tile {...o.organization} logo="" />, onSelect: () => join(o) }))
  const create: MenuItem[] = settings?.ways.organizations.create === 'anyone' ? [{ label: t('createOrganization'), onSelect: () => setCreating(true) }] : []
  return (
    <>
      <Menu
        label={t('organization')}
        button={
          <>
            <Tile name={name ?? ''} {...(active && { color: active.color, logo: active.logo })} />
            <span className="loam-name">{name ?? t('chooseOrganization')}</span>
            {offers.length > 0 && <span className="loam-badge">{offers.length}</span>}
          </>
        }
        groups={[all, offers, create]}
      />
      {wrong !== undefined && (
        <p className="loam-ui loam-wrong" role="alert">
          {t.error(wrong)}
        </p>
      )}
      {creating && (
        <Dialog title={t('createOrganization')} onClose={() => setCreating(false)}>
          <Form
            fields={[{ name: 'name', label: t('name') }]}
            submit={t('create')}
            send={async (values) => {
              const { id } = await auth.organizations.create({ name: values['name'] ?? '' })
              setCreating(false)
              await to(id)
              await queryClient.invalidateQueries({ queryKey: [root], predicate: (q) => q.queryKey[2] === '/organizations' })
            }}
          />
        </Dialog>
      )}
    </>
  )
}
