import { ChevronsUpDown, CircleUser, LogOut, Monitor, Moon, Sun } from 'lucide-react'
import type { Me } from '../api/console'
import { stop } from '../api/acting'
import { json } from '../api/request'
import { Menu } from '../ui/menu'
import { Avatar } from '../ui/show'
import { setTheme, useTheme, type Theme } from './theme'

const themes: { theme: Theme; label: string; icon: typeof Sun }[] = [
  { theme: 'system', label: 'As the machine', icon: Monitor },
  { theme: 'light', label: 'Light', icon: Sun },
  { theme: 'dark', label: 'Dark', icon: Moon },
]

async function signOut(): Promise<void> {
  await stop()
  await json('POST', '/auth/sign-out').catch(() => undefined)
  location.assign('/account/sign-in?return_to=/console')
}

/** Person is the admin's own menu: the theme, their account, sign-out. */
export function Person({ me }: { me: Me }) {
  const theme = useTheme()
  const trigger = (
    <button type="button" className="person">
      <Avatar name={me.user.name || me.user.email || '?'} />
      <span className="clip">{me.user.name || me.user.email}</span>
      <ChevronsUpDown size={14} aria-hidden />
    </button>
  )
  return (
    <Menu
      trigger={trigger}
      align="start"
      heading={me.user.email ?? me.user.name}
      groups={[
        themes.map(({ theme: t, label, icon: Icon }) => ({ label, icon: <Icon size={14} />, end: t === theme ? 'chosen' : '', act: () => setTheme(t) })),
        [
          { label: 'Your account', icon: <CircleUser size={14} />, act: () => location.assign('/account') },
          { label: 'Sign out', icon: <LogOut size={14} />, act: () => void signOut() },
        ],
        [{ label: `Loam ${me.version}`, end: me.engine === 'postgres' ? 'PostgreSQL' : 'SQLite', disabled: true, act: () => undefined }],
      ]}
    />
  )
}
