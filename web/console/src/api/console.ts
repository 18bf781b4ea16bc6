// What /console/api and /auth/admin answer, and the queries of it.

import { queryOptions } from '@tanstack/react-query'
import { get, type Page } from './request'

export interface Me {
  user: { id: string; email?: string; name: string }
  version: string
  name: string
  tenancy: boolean
  dev: boolean
  engine: 'sqlite' | 'postgres'
  node: string
  data: 'write' | 'read' | 'off'
  impersonation: 'off' | 'read' | 'write'
  mailbox: boolean
  provedUntil: string | null
}

export interface Operation {
  operation: string
  count: number
  clientErrors: number
  serverErrors: number
  p50: number | null
  p95: number | null
  p99: number | null
  totalMs: number
}

export interface Overview {
  range: Range
  step: number
  at: number[]
  series: Record<'requests' | 'clientErrors' | 'serverErrors', number[]> & Record<'p50' | 'p95' | 'p99' | 'connections' | 'database', (number | null)[]>
  totals: Record<'count' | 'clientErrors' | 'serverErrors', number> & Record<'p50' | 'p95' | 'p99', number | null>
  now: { connections: number; subscriptions: number; database: number; startedAt: string; nodes: number }
  slowest: Operation[]
  busiest: Operation[]
}

export type Range = 'hour' | 'day' | '14d'

export interface Position {
  line: number
  column: number
}

export interface RuleWords {
  words: string
  operations: string[]
  line: number // 0: built in
}

export interface Field {
  name: string
  type: string // as the schema writes it: [String!]!
  kind: 'scalar' | 'enum' | 'embedded' | 'relation'
  list: boolean
  required: boolean
  implicit: boolean
  readOnly: boolean
  hidden?: boolean
  unique: boolean
  default?: unknown
  doc?: string
  deprecated?: string
  directives?: string[]
  enum?: string[]
  relation?: { type: string; target: string; from: string | string[]; to: string | string[] }
  rules?: RuleWords[]
}

export interface Model {
  name: string
  plural: string
  path: string
  scope: 'tenant' | 'global'
  doc?: string
  builtIn: boolean
  join: boolean
  readOnly: boolean
  key: string[]
  fields: Field[]
  indexes: { name: string; fields: string[]; unique: boolean; implicit: boolean; queryField?: string }[]
  search: string[] | null
  rules: RuleWords[]
  operations: Record<'get' | 'list' | 'create' | 'update' | 'delete', boolean>
  pos?: Position
}

export interface Edge {
  from: string
  field: string
  to: string
  type: 'hasOne' | 'hasMany' | 'belongsTo' | 'manyToMany'
  inverse: string | null
  required: boolean
}

export interface Diagnostic {
  severity: 'error' | 'warning' | 'hint'
  code: string
  message: string
  line: number
  column: number
  suggestion?: string
  text: string
}

export interface Schema {
  source: string
  file: string
  inForce: boolean // else it waits: the database is not at it yet
  hash: string
  models: Model[]
  enums: { name: string; values: string[]; doc?: string }[]
  embedded: { name: string; fields: Field[] }[]
  edges: Edge[]
  diagnostics: Diagnostic[]
}

export interface Step {
  kind: string
  subject: string
  words: string
  risk: 'safe' | 'slow' | 'destructive' | 'blocked'
  flag?: string
  rows?: number
  harm?: string
  sql?: string[]
}

export interface Migrations {
  version: number
  applied: { version: number; name: string; at: string; checksum: string; sql: string; steps: Step[] | null; run: { loam: string; node: string; millis: number } | null }[]
  pending: { sql: string; steps: Step[] | null; refusal: string } | null
}

export interface Change {
  at: string
  operation: 'create' | 'update' | 'delete'
  actor: string
  actorName: string // "": none any more
  asAdmin: boolean
  impersonator: string // "": nobody
  changes: { field: string; before: unknown; after: unknown }[]
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
}

export type Verdict = 'allowed' | 'refused' | 'depends' | 'notAsked'

export interface ExplainedRule {
  words: string
  operations: string[]
  line: number
  matches: boolean | null
  verdict: Verdict
  lacks?: string
  filter?: string
}

export interface Decision {
  verdict: Verdict
  why: string
  rule: RuleWords | null // that alone allows it
}

export interface ExplainedField {
  name: string
  own: boolean // has rules of its own
  read: Decision
  write: Decision | null
  rules: ExplainedRule[]
}

export interface Explanation {
  model: string
  operation: string
  verdict: Verdict
  why: string
  filter: string | null
  rules: ExplainedRule[]
  fields: ExplainedField[]
  caller: { kind: string; role?: string }
  exists: boolean | null
}

export interface AdminUser {
  id: string
  email?: string
  emailVerified: boolean
  name: string
  locale?: string
  createdAt: string
  updatedAt: string
  admin: boolean
  groups: string[]
  disabledAt: string | null
  hasPassword: boolean
}

export interface AdminOrganization {
  id: string
  name: string
  slug: string
  logo: string
  color: string
  suspended?: boolean
  suspendedAt?: string | null
  createdAt: string
  members?: number
}

export const meQuery = queryOptions({ queryKey: ['me'], queryFn: ({ signal }) => get<Me>('/console/api/me', signal), staleTime: Infinity, retry: false })

type Wire = Omit<Schema, 'models' | 'edges'> & { models: (Omit<Model, 'operations' | 'builtIn'> & { operations: Record<keyof Model['operations'], string> })[]; edges: (Omit<Edge, 'inverse'> & { inverse: string })[] }

// read takes the answer for the pages: a model goes by what its address has, and what
// is joined by a model of its own leads to the other side.
function read(wire: Wire): Schema {
  const models = wire.models.map((m) => ({
    ...m, plural: m.path.split('/').pop() ?? m.plural, builtIn: m.readOnly, search: m.search?.length ? m.search : null,
    operations: Object.fromEntries(Object.entries(m.operations).map(([name, served]) => [name, served !== ''])) as Model['operations'],
  }))
  const joins = new Map(models.filter((m) => m.join).map((m) => [m.name, m]))
  const edges = wire.edges.filter((e) => !joins.has(e.from)).map((e): Edge => {
    const far = joins.get(e.to)?.fields.find((f) => f.kind === 'relation' && f.name !== e.inverse)?.relation
    if (!far) return { ...e, inverse: e.inverse || null }
    const back = wire.edges.find((o) => o.from === far.target && o.to === e.to && !(o.from === e.from && o.field === e.field))
    return { ...e, to: far.target, inverse: back?.field ?? null }
  })
  return { ...wire, models, edges }
}

export const schemaQuery = queryOptions({ queryKey: ['schema'], queryFn: async ({ signal }) => read(await get<Wire>('/console/api/schema', signal)), staleTime: 30_000 })

export const overviewQuery = (range: Range) =>
  queryOptions({ queryKey: ['overview', range], queryFn: ({ signal }) => get<Overview>(`/console/api/overview?range=${range}`, signal), refetchInterval: range === 'hour' ? 10_000 : 60_000, placeholderData: (old) => old })

export const organizationsQuery = queryOptions({ queryKey: ['organizations', 'all'], queryFn: ({ signal }) => get<Page<AdminOrganization>>('/auth/admin/organizations?limit=1000', signal), staleTime: 60_000 })
