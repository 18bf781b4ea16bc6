import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Building2, ChevronDown, ShieldCheck, UserRound } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { become, look, stop, useActing, type Organization } from '../api/acting'
import { meQuery, organizationsQuery, type AdminUser } from '../api/console'
import { get, params, type Page } from '../api/request'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { Picker } from '../ui/picker'
import { Avatar, Note, Trouble } from '../ui/show'
import { toast } from '../ui/toast'

/** ActingSwitch chooses in which organization, and as whom, rows are looked at. */
export function ActingSwitch() {
  const acting = useActing()
  const me = useQuery(meQuery).data
  const organizations = useQuery({ ...organizationsQuery, enabled: me?.tenancy === true }).data
  const [chosen, setChosen] = useState<AdminUser | null>(null)
  if (!me) return null
  const choices = (organizations?.items ?? []).map((o) => ({ value: o.id, label: o.name, detail: o.slug }))
  return (
    <div className="switch">
      {me.tenancy && (
        <Picker
          label="Organization"
          align="end"
          placeholder="Find an organization…"
          none="No organization of that name"
          choices={[{ value: '', label: 'No organization', detail: 'global models' }, ...choices]}
          value={acting.organization?.id ?? ''}
          onPick={(id) => look(organizations?.items.find((o) => o.id === id) ?? null)}
          trigger={<Button icon={<Building2 size={14} />} aria-label={`Organization: ${acting.organization?.name ?? 'Choose an organization'}`}><span className="clip">{acting.organization?.name ?? 'Choose an organization'}</span><ChevronDown size={13} aria-hidden /></Button>}
        />
      )}
      <UserPicker acting={acting} impersonation={me.impersonation} onPick={setChosen} />
      {chosen && <Become user={chosen} organization={acting.organization} write={me.impersonation === 'write'} onClose={() => setChosen(null)} />}
    </div>
  )
}

function UserPicker({ acting, impersonation, onPick }: { acting: ReturnType<typeof useActing>; impersonation: string; onPick: (user: AdminUser) => void }) {
  const [search, setSearch] = useState('')
  const [looked, setLooked] = useState(false)
  const users = useQuery({
    queryKey: ['users', 'picker', search, acting.organization?.id],
    queryFn: ({ signal }) => get<Page<AdminUser>>('/auth/admin/users' + params({ search, org: acting.organization?.id, limit: 20 }), signal),
    placeholderData: keepPreviousData,
    enabled: looked,
  })
  const { user } = acting
  return (
    <Picker
      label="As whom"
      align="end"
      placeholder="Find a user…"
      busy={users.isFetching}
      none={impersonation === 'off' ? 'loam.yaml has auth.impersonation: off' : 'No user of that name here'}
      onSearch={(text) => (setLooked(true), setSearch(text))}
      value={user?.id ?? 'admin'}
      choices={[
        { value: 'admin', label: 'Admin', detail: 'every row and field', icon: <ShieldCheck size={15} /> },
        ...(impersonation === 'off' ? [] : (users.data?.items ?? []).filter((u) => !u.admin && !u.disabledAt).map((u) => ({ value: u.id, label: u.name || (u.email ?? u.id), detail: u.name ? (u.email ?? '') : '', icon: <Avatar name={u.name || u.email || '?'} /> }))),
      ]}
      onPick={(id) => {
        const found = users.data?.items.find((u) => u.id === id)
        if (found) onPick(found)
        else void stop()
      }}
      trigger={
        <Button className={user ? 'as' : ''} icon={user ? <UserRound size={14} /> : <ShieldCheck size={14} />} aria-label={`As ${user ? user.name || user.email : 'admin'}`}>
          <span className="clip">As {user ? user.name || user.email : 'admin'}</span><ChevronDown size={13} aria-hidden />
        </Button>
      }
    />
  )
}

/** Become asks for the reason, and acts as a user from then on. */
export function Become({ user, organization, write, onClose, onDone }: { user: AdminUser; organization: Organization | null; write: boolean; onClose: () => void; onDone?: () => void }) {
  const [trouble, setTrouble] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const submit = async (e: FormEvent<HTMLFormElement>): Promise<void> => {
    e.preventDefault()
    const form = new FormData(e.currentTarget)
    setBusy(true)
    try {
      await become({ id: user.id, name: user.name, email: user.email ?? '' }, String(form.get('reason')), form.get('write') === 'on', organization)
      toast(`Rows are shown as ${user.name || user.email} sees them`)
      onClose()
      onDone?.()
    } catch (err) {
      setTrouble(err)
      setBusy(false)
    }
  }
  return (
    <Dialog title={`See rows as ${user.name || user.email}`} onClose={onClose}>
      <form className="form" onSubmit={(e) => void submit(e)}>
        <Note>You see what the rules let {user.name || 'them'} see{organization ? ` in ${organization.name}` : ''}, for half an hour. It is in the audit trail, with your name and the reason.</Note>
        <div className="field">
          <label htmlFor="reason">Reason</label>
          <input id="reason" name="reason" className="input" placeholder="Ticket 42" required maxLength={200} autoFocus />
        </div>
        {write && <label className="check"><input type="checkbox" name="write" /> Write rows too, as they may</label>}
        {trouble !== null && <Trouble error={trouble} />}
        <div className="across end"><Button onClick={onClose}>Cancel</Button><Button kind="primary" type="submit" busy={busy}>See as them</Button></div>
      </form>
    </Dialog>
  )
}
