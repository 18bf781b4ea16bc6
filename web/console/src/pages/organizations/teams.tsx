import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Plus, UserPlus, UserX, UsersRound } from 'lucide-react'
import { useState } from 'react'
import { organizationPath, type Member, type OrganizationRecord, type Team } from '../../api/admin'
import { get, json, type Page } from '../../api/request'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { FormDialog, Labelled } from '../../ui/form-dialog'
import { List, useList } from '../../ui/list'
import { Picker } from '../../ui/picker'
import { Avatar, Empty, Skeleton, Trouble, When } from '../../ui/show'
import { toast, wrong } from '../../ui/toast'
import { short } from '../../ui/words'

const most = 1000 // members that are offered to choose from

type Open = 'new' | { act: 'members' | 'edit' | 'end'; team: Team }

/** Teams are groups of an organization's members, which rules name by their slugs. */
export function Teams({ org }: { org: OrganizationRecord }) {
  const path = `${organizationPath(org.id)}/teams`
  const queries = useQueryClient()
  const { data, error, refetch } = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<Page<Team>>(path, signal) })
  const [open, setOpen] = useState<Open | null>(null)
  const one = (t: Team): string => `${path}/${encodeURIComponent(t.id)}`
  const does = (method: string, to: string, said: string, body?: (form: FormData) => unknown) => async (form: FormData): Promise<void> => {
    await json(method, to, { body: body?.(form) })
    toast(said)
    await queries.invalidateQueries({ queryKey: [path] })
  }
  const close = (): void => setOpen(null)
  const team = open !== null && open !== 'new' ? open.team : null
  const act = open !== null && open !== 'new' ? open.act : open
  return (
    <>
      <div className="across"><span className="grow quiet">Rules name a team by its slug, and ask whether one is in it.</span><Button icon={<Plus size={14} />} onClick={() => setOpen('new')}>New team</Button></div>
      <div className="card">
        {error ? <div className="body"><Trouble error={error} retry={() => void refetch()} /></div> : !data ? <div className="body"><Skeleton lines={4} /></div> : data.items.length === 0 ? (
          <Empty icon={UsersRound} title="No teams" snippet={'{ allow: member, teams: ["design"] }'}>A team is some of the members. A rule of the schema may be for those of one.</Empty>
        ) : (
          <div className="scroll" tabIndex={0} role="region" aria-label="Teams">
            <table className="list folds">
              <thead><tr><th scope="col">Team</th><th scope="col">Slug</th><th scope="col" className="number">Members</th><th scope="col">Made</th><th scope="col"><span className="unseen">What can be done</span></th></tr></thead>
              <tbody>
                {data.items.map((t) => (
                  <tr key={t.id}>
                    <td><button type="button" className="opener" onClick={() => setOpen({ act: 'members', team: t })}><span className="main">{t.name}</span></button></td>
                    <td data-label="Slug" className="mono">{t.slug}</td>
                    <td data-label="Members" className="number">{short(t.members)}</td>
                    <td data-label="Made"><When at={t.createdAt} /></td>
                    <td className="acts"><span className="across tight"><Button tiny onClick={() => setOpen({ act: 'members', team: t })}>Members</Button><Button tiny onClick={() => setOpen({ act: 'edit', team: t })}>Rename</Button><Button tiny onClick={() => setOpen({ act: 'end', team: t })}>End</Button></span></td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </div>
      {act === 'new' && (
        <FormDialog title={`New team of ${org.name}`} action="Make it" act={does('POST', path, 'The team is made', (f) => ({ name: f.get('name'), slug: f.get('slug') }))} onClose={close}>
          <Labelled label="Name" name="name" required placeholder="Design" />
          <Labelled label="Slug" name="slug" placeholder="design" hint="What rules name it by; made of the name where there is none." />
        </FormDialog>
      )}
      {team && act === 'edit' && (
        <FormDialog title={`Rename ${team.name}`} action="Save" act={does('PATCH', one(team), 'Saved', (f) => ({ name: f.get('name'), slug: f.get('slug') }))} onClose={close}>
          <Labelled label="Name" name="name" begin={team.name} required />
          <Labelled label="Slug" name="slug" begin={team.slug} required hint="Rules that name the old one mean its members no more, at once." />
        </FormDialog>
      )}
      {team && act === 'end' && <FormDialog title={`End the team ${team.name}`} action="End it" danger act={does('DELETE', one(team), `${team.name} is no team any more`)} onClose={close}><p>Its members stay members of {org.name}, without what rules give to the team.</p></FormDialog>}
      {team && act === 'members' && <TeamMembers org={org} team={team} path={path} onClose={close} />}
    </>
  )
}

function TeamMembers({ org, team, path, onClose }: { org: OrganizationRecord; team: Team; path: string; onClose: () => void }) {
  const queries = useQueryClient()
  const own = `${path}/${encodeURIComponent(team.id)}/members`
  const list = useList<Member>(own)
  const all = useList<Member>(`${organizationPath(org.id)}/members`, {}, { limit: most })
  const inside = new Set(list.data?.pages.flatMap((p) => p.items.map((m) => m.userId)))
  const change = async (method: 'PUT' | 'DELETE', user: string): Promise<void> => {
    try {
      await json(method, `${own}/${encodeURIComponent(user)}`)
    } catch (err) {
      wrong(err)
    }
    await Promise.all([queries.invalidateQueries({ queryKey: [own] }), queries.invalidateQueries({ queryKey: [path], exact: true })])
  }
  const others = all.data?.pages[0]?.items.filter((m) => !inside.has(m.userId)) ?? []
  return (
    <Dialog title={`The team ${team.name}`} onClose={onClose}>
      <List
        label="Members of the team"
        list={list}
        id={(m) => m.userId}
        columns={[
          { label: 'Member', cell: (m) => <span className="main"><Avatar name={m.name || m.email || '?'} /><Link to="/users/$user" params={{ user: m.userId }} className="clip">{m.name || m.email}</Link></span> },
          { label: 'Take out', acts: true, cell: (m) => <Button kind="ghost" tiny aria-label={`Take ${m.name || m.email} out`} icon={<UserX size={14} />} onClick={() => void change('DELETE', m.userId)} /> },
        ]}
        empty={<Empty icon={UsersRound} title="Nobody is in it" />}
      />
      <div className="across">
        <Picker
          label="Whom to put in"
          choices={others.map((m) => ({ value: m.userId, label: m.name || m.email, detail: m.name ? m.email : '' }))}
          onPick={(user) => void change('PUT', user)}
          none="No other member"
          trigger={<Button icon={<UserPlus size={14} />}>Put a member in</Button>}
        />
      </div>
    </Dialog>
  )
}
