import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { ChevronDown, CircleCheck, CircleHelp, CircleMinus, CircleX, UserRound, UserX } from 'lucide-react'
import { Fragment, useState } from 'react'
import { useActing } from '../../api/acting'
import type { AdminUser, ExplainedField, ExplainedRule, Explanation, Model, Verdict } from '../../api/console'
import { get, json, params, type Page } from '../../api/request'
import { Button } from '../../ui/button'
import { Picker } from '../../ui/picker'
import { Avatar, Skeleton, Trouble } from '../../ui/show'

const operations = ['get', 'list', 'update', 'delete', 'listen'] as const
const words: Record<string, string> = { get: 'read it', list: 'see it in a list', update: 'change it', delete: 'delete it', listen: 'follow it live' }
const icons: Record<Verdict, typeof CircleCheck> = { allowed: CircleCheck, refused: CircleX, depends: CircleHelp, notAsked: CircleMinus }
const outcomes: Record<Verdict, string> = { allowed: 'yes', refused: 'no', depends: 'it depends', notAsked: 'not asked' }
const says: Record<Verdict, string> = { allowed: 'allows', refused: 'does not allow', depends: 'depends', notAsked: 'is not asked' }

/** Why asks the rules about one row: may this user do that, and which rule says so. */
export function Why({ model, id }: { model: Model; id: string }) {
  const { organization, user: acting } = useActing()
  const [operation, setOperation] = useState<string>('get')
  const [user, setUser] = useState<{ id: string; name: string } | null>(acting ? { id: acting.id, name: acting.name || acting.email } : null)
  const [search, setSearch] = useState('')
  const users = useQuery({ queryKey: ['users', 'picker', search, organization?.id], queryFn: ({ signal }) => get<Page<AdminUser>>('/auth/admin/users' + params({ search, org: organization?.id, limit: 20 }), signal), placeholderData: keepPreviousData })
  const found = useQuery({
    queryKey: ['explain', model.name, id, operation, user?.id, organization?.id],
    queryFn: ({ signal }) => json<Explanation>('POST', '/console/api/explain', { body: { model: model.name, id, operation, ...(user ? { user: user.id } : {}), ...(organization && (user || model.scope === 'tenant') ? { organization: organization.id } : {}) }, signal }),
    placeholderData: keepPreviousData,
  })
  return (
    <div className="form">
      <div className="across whyask">
        <span>May</span>
        <Picker
          label="Who"
          placeholder="Find a user…"
          onSearch={setSearch}
          busy={users.isFetching}
          value={user?.id ?? ''}
          choices={[{ value: '', label: 'Somebody who shows nothing', icon: <UserX size={14} /> }, ...(users.data?.items ?? []).map((u) => ({ value: u.id, label: u.name || u.email || u.id, detail: u.name ? (u.email ?? '') : '', icon: <Avatar name={u.name || u.email || '?'} /> }))]}
          onPick={(picked) => { const u = users.data?.items.find((x) => x.id === picked); setUser(u ? { id: u.id, name: u.name || u.email || u.id } : null) }}
          trigger={<Button icon={<UserRound size={14} />}><span className="clip">{user?.name ?? 'anybody'}</span><ChevronDown size={13} aria-hidden /></Button>}
        />
        <select className="select" aria-label="What" value={operation} onChange={(e) => setOperation(e.target.value)}>{operations.map((o) => <option key={o} value={o}>{words[o]}</option>)}</select>
        <span>?</span>
      </div>
      {found.error ? <Trouble error={found.error} retry={() => void found.refetch()} /> : !found.data ? <Skeleton lines={4} /> : <Answer e={found.data} />}
    </div>
  )
}

function Answer({ e }: { e: Explanation }) {
  const Icon = icons[e.verdict]
  return (
    <>
      <div className={`verdict ${e.verdict}`} role="status">
        <Icon size={18} aria-hidden />
        <div><b>{{ allowed: 'Yes', refused: 'No', depends: 'It depends', notAsked: 'Not asked' }[e.verdict]}</b>: {e.why}{(e.caller.role || e.filter) && <div className="small quiet">{[e.caller.role && `their role is ${e.caller.role}`, e.filter && `rows where ${e.filter}`].filter(Boolean).join('; ')}</div>}</div>
      </div>
      <h3>Rules of the model</h3>
      <Rules rules={e.rules} />
      <h3>Fields</h3>
      {alike(e.fields).map((fields) => <Field key={fields[0].name} fields={fields} />)}
    </>
  )
}

/** alike puts fields without rules of their own together where the same is said of them. */
function alike(fields: ExplainedField[]): [ExplainedField, ...ExplainedField[]][] {
  const groups = new Map<string, [ExplainedField, ...ExplainedField[]]>()
  for (const f of fields) {
    const said = JSON.stringify(f.own ? f.name : [f.read.verdict, f.read.why, f.write?.verdict, f.write?.why])
    const group = groups.get(said)
    if (group) group.push(f)
    else groups.set(said, [f])
  }
  return [...groups.values()]
}

function Field({ fields: [first, ...rest] }: { fields: [ExplainedField, ...ExplainedField[]] }) {
  const names = [first, ...rest].map((f, i) => <Fragment key={f.name}>{i > 0 && ' '}<code>{f.name}</code></Fragment>)
  const decisions = first.write ? [{ to: 'To change', d: first.write }, { to: 'To read', d: first.read }] : [{ to: 'To read', d: first.read }]
  const said = decisions.map(({ to, d }) => {
    const Icon = icons[d.verdict]
    return <div key={to} className={`decision ${d.verdict}`}><Icon size={14} aria-label={outcomes[d.verdict]} /><div>{first.write && <span className="quiet">{to}: </span>}{d.why}{d.rule && d.rule.line > 0 && <span className="small quiet"> (line {d.rule.line})</span>}</div></div>
  })
  if (first.rules.length === 0) return <div className="fieldrules"><div>{names}</div>{said}</div>
  return <div className="fieldrules"><div>{names}</div>{said}<details><summary className="small quiet">its rules</summary><Rules rules={first.rules} /></details></div>
}

function Rules({ rules }: { rules: ExplainedRule[] }) {
  if (rules.length === 0) return <p className="quiet">No rule: nobody may. Write <code>@auth(rules: [{'{'} allow: member {'}'}])</code> on the model.</p>
  return (
    <ol className="rules">
      {rules.map((r, i) => {
        const Icon = icons[r.verdict]
        return (
          <li key={i} className={r.verdict}>
            <Icon size={15} aria-label={says[r.verdict]} />
            <div><div className="words">{r.words}</div>{r.lacks && <div className="small quiet">{r.lacks}</div>}{r.filter && <div className="small quiet">{r.filter}</div>}{r.line > 0 && <div className="small quiet">line {r.line}</div>}</div>
          </li>
        )
      })}
    </ol>
  )
}
