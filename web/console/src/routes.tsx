import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, parseSearchWith, stringifySearchWith, type ErrorComponentProps } from '@tanstack/react-router'
import { Closed, Gate, NotFound, open } from './shell/gate'
import { Shell } from './shell/shell'
import { Trouble } from './ui/show'

// Every address of the console. A page's code is loaded when it is first gone to.

const root = createRootRouteWithContext<{ queries: QueryClient }>()({ notFoundComponent: NotFound })

const setup = createRoute({ getParentRoute: () => root, path: '/setup', component: lazyRouteComponent(() => import('./shell/setup'), 'Setup') })

const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  beforeLoad: ({ context }) => open(context.queries),
  component: App,
  errorComponent: Gate,
})

function App() {
  return app.useRouteContext().closed ? <Closed /> : <Shell />
}

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

const users = createRoute({ getParentRoute: () => app, path: 'users', validateSearch: known('search', 'standing', 'sort'), component: lazyRouteComponent(() => import('./pages/users/users'), 'UsersPage') })
const user = createRoute({ getParentRoute: () => app, path: 'users/$user', component: lazyRouteComponent(() => import('./pages/users/user'), 'UserPage') })
const organizations = createRoute({ getParentRoute: () => app, path: 'organizations', validateSearch: known('search'), component: lazyRouteComponent(() => import('./pages/organizations/organizations'), 'OrganizationsPage') })
const organization = createRoute({ getParentRoute: () => app, path: 'organizations/$org', validateSearch: known('tab'), component: lazyRouteComponent(() => import('./pages/organizations/organization'), 'OrganizationPage') })
const keys = createRoute({ getParentRoute: () => app, path: 'keys', component: lazyRouteComponent(() => import('./pages/organizations/keys'), 'KeysPage') })

/** AuditSearch is which records the audit trail shows; span is a number of hours. */
export type AuditSearch = { [name in 'action' | 'actor' | 'target' | 'organization' | 'span']?: string | undefined }

const audit = createRoute({ getParentRoute: () => app, path: 'audit', validateSearch: known('action', 'actor', 'target', 'organization', 'span') as (given: Record<string, unknown>) => AuditSearch, component: lazyRouteComponent(() => import('./pages/audit/audit'), 'AuditPage') })
const mailbox = createRoute({ getParentRoute: () => app, path: 'mailbox', validateSearch: known('to', 'message'), component: lazyRouteComponent(() => import('./pages/mailbox/mailbox'), 'MailboxPage') })
const jobs = createRoute({ getParentRoute: () => app, path: 'jobs', validateSearch: known('state'), component: lazyRouteComponent(() => import('./pages/jobs/jobs'), 'JobsPage') })
const connections = createRoute({ getParentRoute: () => app, path: 'connections', validateSearch: known('node'), component: lazyRouteComponent(() => import('./pages/connections/connections'), 'ConnectionsPage') })
const settings = createRoute({ getParentRoute: () => app, path: 'settings', validateSearch: known('search', 'only'), component: lazyRouteComponent(() => import('./pages/settings/settings'), 'SettingsPage') })
const graphql = createRoute({ getParentRoute: () => app, path: 'graphql', component: lazyRouteComponent(() => import('./pages/explore/graphql'), 'GraphQLPage') })
const rest = createRoute({ getParentRoute: () => app, path: 'rest', validateSearch: known('route'), component: lazyRouteComponent(() => import('./pages/explore/rest'), 'RESTPage') })

// What is nowhere is said beside the navigation.
const nowhere = createRoute({ getParentRoute: () => app, path: '$', component: NotFound })

const people = [users, user, organizations, organization, keys] as const
const server = [audit, mailbox, jobs, connections, settings, graphql, rest] as const

const routeTree = root.addChildren([setup, app.addChildren([overview, data.addChildren([dataIndex, rows]), schema, ...people, ...server, nowhere])])

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

