import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Lock, SlidersHorizontal } from 'lucide-react'
import { useCallback } from 'react'
import { settingsQuery, type Setting, type Settings } from '../../api/admin'
import { Button } from '../../ui/button'
import { Lacking, lacks } from '../../ui/lacking'
import { Page } from '../../ui/page'
import { SearchField } from '../../ui/search-field'
import { Badge, CopyButton, Empty, Skeleton, Trouble } from '../../ui/show'
import { Tabs } from '../../ui/tabs'
import { span, whole } from '../../ui/words'
import './settings.css'

const route = getRouteApi('/app/settings')

/** SettingsPage is what loam.yaml and the defaults come to; secrets are never shown. */
export function SettingsPage() {
  const { search = '', only = 'all' } = route.useSearch()
  const navigate = useNavigate()
  const { data, error, refetch } = useQuery(settingsQuery)
  const to = useCallback((change: { search?: string; only?: string }) => void navigate({ to: '/settings', search: (old) => ({ ...old, ...change }), replace: true }), [navigate])
  const find = useCallback((text: string) => to({ search: text }), [to])
  const shown = (data?.settings ?? []).filter((s) => (only === 'all' || !s.default) && `${s.path} ${s.description}`.toLowerCase().includes(search.toLowerCase()))
  const groups = grouped(shown)
  return (
    <Page title="Settings" lead={<>As they are in force, from <code>loam.yaml</code> and the defaults. They are changed there.</>}>
      {lacks(error) ? <Lacking title="This server does not show its settings" snippet="loam check">They are in loam.yaml beside the schema; the command on its machine checks them.</Lacking> : error ? <Trouble error={error} retry={() => void refetch()} /> : !data ? <div className="card"><div className="body"><Skeleton lines={9} /></div></div> : (
        <>
          <Server data={data} />
          <div className="across">
            <SearchField label="Find a setting" value={search} onChange={find} />
            <Tabs segmented label="Which" tabs={[{ value: 'all', label: 'All' }, { value: 'set', label: 'Not as by default' }]} value={only as 'all' | 'set'} onChange={(o) => to({ only: o === 'all' ? '' : o })} />
          </div>
          {shown.length === 0 && (
            <div className="card"><Empty icon={SlidersHorizontal} title={search ? 'No setting of that name' : 'All is as by default'} {...(search ? {} : { snippet: 'auth:\n  password:\n    minLength: 12' })}>{search ? <Button kind="link" onClick={() => to({ search: '', only: '' })}>Show all</Button> : <>A setting in loam.yaml takes the place of the default. In development it is taken at once.</>}</Empty></div>
          )}
          {[...groups].map(([name, settings]) => (
            <section key={name} className="card settings">
              <header><h2 className={name ? 'mono' : undefined}>{name || 'General'}</h2></header>
              <dl>{settings.map((s) => <One key={s.path} setting={s} />)}</dl>
            </section>
          ))}
        </>
      )}
    </Page>
  )
}

function grouped(all: Setting[]): Map<string, Setting[]> {
  const groups = new Map<string, Setting[]>()
  for (const s of all) {
    const name = s.path.includes('.') ? s.path.split('.')[0]! : ''
    groups.set(name, [...(groups.get(name) ?? []), s])
  }
  return groups
}

function Server({ data }: { data: Settings }) {
  return (
    <section className="card">
      <header><h2>This server</h2>{data.dev && <Badge tone="warn">dev</Badge>}</header>
      <div className="body">
        <dl className="pairs">
          <dt>Version</dt><dd>Loam {data.version}, {data.go}</dd>
          <dt>Running</dt><dd>for {span(data.uptime)}, since {whole(data.startedAt)}{data.node && <>, as node <span className="mono">{data.node}</span></>}</dd>
          {data.url && <><dt>Address</dt><dd>{data.url}</dd></>}
          <dt>Database</dt><dd>{data.engine === 'postgres' ? 'PostgreSQL' : 'SQLite'} <span className="mono quiet">{data.database}</span></dd>
          {data.data && <><dt>Data directory</dt><dd className="mono">{data.data}</dd></>}
        </dl>
      </div>
    </section>
  )
}

function One({ setting: s }: { setting: Setting }) {
  return (
    <div className="setting">
      <dt><span className="mono">{s.path}</span>{!s.default && <Badge tone="good">set</Badge>}<span className="small quiet">{s.description.split('`').map((part, i) => (i % 2 === 1 ? <code key={i}>{part}</code> : part))}</span></dt>
      <dd>
        {s.secret ? <span className="across tight"><Lock size={12} aria-hidden /><span className="quiet">{s.set ? 'a secret, which is set' : 'a secret, which is not set'}</span></span>
          : <><span className={s.default ? 'mono quiet' : 'mono'}>{shownValue(s.value)}</span><CopyButton text={`${s.path}: ${JSON.stringify(s.value)}`} label={`Copy ${s.path}`} /></>}
      </dd>
    </div>
  )
}

const shownValue = (value: unknown): string => (value === null || value === '' ? 'none' : Array.isArray(value) ? (value.length === 0 ? 'none' : value.map((v) => (typeof v === 'string' ? v : JSON.stringify(v))).join(', ')) : typeof value === 'object' ? JSON.stringify(value) : String(value))
