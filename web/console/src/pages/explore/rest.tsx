import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Route as RouteIcon } from 'lucide-react'
import { useMemo, useState } from 'react'
import { ActingSwitch } from '../../shell/acting-switch'
import { Page } from '../../ui/page'
import { Empty, Skeleton, Trouble } from '../../ui/show'
import './explore.css'
import { routesQuery, type Route } from './openapi'
import { Request } from './request'

const api = getRouteApi('/app/rest')

/** RESTPage sends any request of the server's OpenAPI document, as the admin or as a user. */
export function RESTPage() {
  const { route: chosen } = api.useSearch()
  const { data, error, refetch } = useQuery(routesQuery)
  const route = data?.find((r) => r.id === chosen) ?? data?.[0]
  return (
    <Page fills title="REST" lead="Every route of /api/openapi.json." actions={<ActingSwitch />}>
      {error ? <div className="page"><Trouble error={error} retry={() => void refetch()} /></div> : !data ? <div className="page"><Skeleton lines={8} /></div> : !route ? <Empty icon={RouteIcon} title="The document has no routes" /> : (
        <div className="explorer three">
          <Routes routes={data} chosen={route} />
          <Request key={route.id} route={route} />
        </div>
      )}
    </Page>
  )
}

function Routes({ routes, chosen }: { routes: Route[]; chosen: Route }) {
  const navigate = useNavigate()
  const [search, setSearch] = useState('')
  const to = (id: string): void => void navigate({ to: '/rest', search: { route: id }, replace: true })
  const groups = useMemo(() => {
    const groups = new Map<string, Route[]>()
    const wanted = search.toLowerCase()
    for (const r of routes) if (`${r.id} ${r.summary} ${r.tag}`.toLowerCase().includes(wanted)) groups.set(r.tag, [...(groups.get(r.tag) ?? []), r])
    return [...groups]
  }, [routes, search])
  return (
    <>
      <div className="routepick"><select className="select wide" aria-label="Route" value={chosen.id} onChange={(e) => to(e.target.value)}>{routes.map((r) => <option key={r.id} value={r.id}>{r.id}</option>)}</select></div>
      <nav className="pane listed" aria-label="Routes">
        <div className="panebar"><input type="search" className="input wide" aria-label="Find a route" placeholder="Find a route" value={search} onChange={(e) => setSearch(e.target.value)} /></div>
        <div className="routes">
          {groups.length === 0 && <p className="quiet inside">No route like that.</p>}
          {groups.map(([tag, all]) => (
            <section key={tag} aria-label={tag}>
              <h2>{tag}</h2>
              {all.map((r) => (
                <button key={r.id} type="button" aria-current={r === chosen || undefined} title={r.summary} onClick={() => to(r.id)}>
                  <Method method={r.method} /><span className="clip">{r.path.replace(/^\/api/, '') || '/'}</span>
                </button>
              ))}
            </section>
          ))}
        </div>
      </nav>
    </>
  )
}

export function Method({ method }: { method: string }) {
  return <span className={`method ${method.toLowerCase()}`}>{method}</span>
}
