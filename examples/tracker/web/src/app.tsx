import { useAuth } from './loam/react'
import { Door } from './door'
import { Workspace } from './workspace'

export function App() {
  const { ready, user, organization } = useAuth()
  if (!ready) return <p className="wait">One moment…</p>
  if (!user) return <Door />
  if (!organization) return <p className="wait">You are in no organization: ask somebody of yours for an invitation.</p>
  return <Workspace key={organization.id} />
}
