import { useAuth } from './loam/react'
import { OrganizationSwitcher, UserMenu } from './loam/ui'
import { Door } from './door'
import { Offers } from './offers'
import { Workspace } from './workspace'

export function App() {
  const { ready, user, organization } = useAuth()
  if (!ready) return <p className="wait">One moment…</p>
  if (!user) return <Door />
  if (organization) return <Workspace key={organization.id} />
  return (
    <main className="empty">
      <h1>You are in no organization</h1>
      <p>Ask somebody of yours for an invitation to {user.email}, or make an organization of your own.</p>
      <Offers />
      <OrganizationSwitcher />
      <UserMenu />
    </main>
  )
}
