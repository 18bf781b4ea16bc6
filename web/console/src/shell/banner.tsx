import { Eye, PenLine } from 'lucide-react'
import { useEffect, useState } from 'react'
import { stop, useActing } from '../api/acting'
import { Button } from '../ui/button'
import { toast } from '../ui/toast'

/** Banner is above every page while the admin acts as somebody else. */
export function Banner() {
  const { user, organization } = useActing()
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!user) return
    setNow(Date.now())
    const clock = setInterval(() => setNow(Date.now()), 10_000)
    const end = setTimeout(() => {
      void stop()
      toast(`Acting as ${user.name || user.email} has ended: it lasts half an hour`)
    }, user.until - Date.now())
    return () => (clearInterval(clock), clearTimeout(end))
  }, [user])
  if (!user) return null
  const Icon = user.write ? PenLine : Eye
  return (
    <div className="acting" role="status">
      <Icon size={14} aria-hidden />
      <span className="clip">Rows are shown as <b>{user.name || user.email}</b> sees them{organization && <> in {organization.name}</>}{user.write ? ', who writes too' : ''}</span>
      <span className="left small">{Math.max(1, Math.ceil((user.until - now) / 60_000))} min left</span>
      <Button tiny onClick={() => void stop()}>Be admin again</Button>
    </div>
  )
}
