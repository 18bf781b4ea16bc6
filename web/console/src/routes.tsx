import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, parseSearchWith, stringifySearchWith, type ErrorComponentProps } from '@tanstack/react-router'
import { meQuery } from './api/console'
import { Gate, NotFound } from './shell/gate'
import { Shell } from './shell/shell'
import { Trouble } from './ui/show'

// Every address of the console. A page's code is loaded when it is first gone to.

const root = createRootRouteWithContext<{ queries: QueryClient }>()({ notFoundComponent: NotFound })

const setup = createRoute({ getParentRoute: () => root, path: '/setup', component: lazyRouteComponent(() => import('./shell/setup'), 'Setup') })

const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  beforeLoad: async ({ context }) => ({ me: await context.queries.ensureQueryData(meQuery) }),
  component: Shell,
  errorComponent: Gate,
})

const overview = createRoute({ getParentRoute: () => app, path: '/', component: lazyRouteComponent(() => import('./pages/overview/overview'), 'OverviewPage') })

/** DataSearch is what the address of a model's rows says besides the model. */
export interface DataSearch {
  filter?: string // as the filter builder writes it
  sort?: string
  row?: string // the row that is open beside the list
  search?: string
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined)

// known keeps what of an address a page reads.
function known<K extends string>(...names: K[]): (given: Record<string, unknown>) => { [name in K]?: string } {
  return (given) => Object.fromEntries(names.flatMap((name) => { const value = text(given[name]); return value === undefined ? [] : [[name, value]] })) as { [name in K]?: string }
}

const data = createRoute({ getParentRoute: () => app, path: 'data', component: lazyRouteComponent(() => import('./pages/data/data'), 'DataPage') })
const dataIndex = createRoute({ getParentRoute: () => data, path: '/', component: lazyRouteComponent(() => import('./pages/data/models'), 'FirstModel') })
const rows = createRoute({ getParentRoute: () => data, path: '$plural', validateSearch: known('filter', 'sort', 'row', 'search') as (given: Record<string, unknown>) => DataSearch, component: lazyRouteComponent(() => import('./pages/data/rows'), 'RowsPage') })

const schema = createRoute({ getParentRoute: () => app, path: 'schema', validateSearch: known('model', 'tab'), component: lazyRouteComponent(() => import('./pages/schema/schema'), 'SchemaPage') })

const routeTree = root.addChildren([setup, app.addChildren([overview, data.addChildren([dataIndex, rows]), schema])])

export function makeRouter(queries: QueryClient) {
  return createRouter({ routeTree, context: { queries }, basepath: '/console', defaultPreload: 'intent', defaultPreloadStaleTime: 0, parseSearch: parseSearchWith((value) => value), stringifySearch: stringifySearchWith(String), defaultErrorComponent: PageTrouble, defaultNotFoundComponent: NotFound })
}

function PageTrouble({ error, reset }: ErrorComponentProps) {
  return <div className="page"><Trouble error={error} retry={reset} /></div>
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}

