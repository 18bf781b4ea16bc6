import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useNavigate, useParams } from '@tanstack/react-router'
import { Database, Globe, ListTree } from 'lucide-react'
import { useState } from 'react'
import { meQuery, schemaQuery, type Model } from '../../api/console'
import { ActingSwitch } from '../../shell/acting-switch'
import { Page } from '../../ui/page'
import { Empty, Note, Skeleton, Trouble } from '../../ui/show'
import './data.css'

/** DataPage has the models beside the rows of one. */
export function DataPage() {
  const schema = useQuery(schemaQuery)
  const me = useQuery(meQuery).data
  const { plural } = useParams({ strict: false })
  const models = schema.data?.models.filter((m) => m.operations.list) ?? []
  const model = models.find((m) => m.plural === plural)
  return (
    <Page fills title={model?.name ?? 'Data'} lead={model?.doc} actions={<ActingSwitch />}>
      {schema.error ? <div className="page"><Trouble error={schema.error} retry={() => void schema.refetch()} /></div> : !schema.data ? <div className="page"><Skeleton /></div> : models.length === 0 ? (
        <Empty icon={Database} title="The schema has no models yet" snippet={'type Task @model @auth(rules: [{ allow: member }]) {\n  title: String!\n  done: Boolean! @default(value: "false")\n}'}>
          A model in {schema.data.file} becomes a table, with REST and GraphQL. Write the first one, and save: <code>loam dev</code> takes it at once.
        </Empty>
      ) : (
        <div className="data">
          <Models models={models} />
          <div className="rows">
            {me?.data === 'off' && <Note warn>loam.yaml has <code>console.data: off</code>: rows are shown as a user alone.</Note>}
            <Outlet />
          </div>
        </div>
      )}
    </Page>
  )
}

function Models({ models }: { models: Model[] }) {
  const [search, setSearch] = useState('')
  const navigate = useNavigate()
  const { plural } = useParams({ strict: false })
  const shown = models.filter((m) => m.name.toLowerCase().includes(search.toLowerCase()))
  return (
    <>
      <div className="modelpick">
        <select className="select wide" aria-label="Model" value={plural ?? ''} onChange={(e) => void navigate({ to: '/data/$plural', params: { plural: e.target.value }, search: {} })}>
          {models.map((m) => <option key={m.name} value={m.plural}>{m.name}</option>)}
        </select>
      </div>
      <nav className="models" aria-label="Models">
        {models.length > 12 && <input className="input tiny wide" type="search" aria-label="Find a model" placeholder="Find a model" value={search} onChange={(e) => setSearch(e.target.value)} />}
        <ul>
          {shown.map((m) => (
            <li key={m.name}>
              <Link to="/data/$plural" params={{ plural: m.plural }} search={{}} activeOptions={{ includeSearch: false }}>
                {m.scope === 'global' ? <Globe size={13} aria-label="global" /> : <ListTree size={13} aria-hidden />}
                <span className="clip">{m.name}</span>
                {(m.builtIn || m.join) && <span className="small quiet end">{m.join ? 'joins' : 'built in'}</span>}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
    </>
  )
}
