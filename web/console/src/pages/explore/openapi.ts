// What the REST explorer reads of /api/openapi.json.

import { queryOptions } from '@tanstack/react-query'
import { get } from '../../api/request'

export interface Shape {
  $ref?: string
  type?: string | string[]
  format?: string
  enum?: unknown[]
  const?: unknown
  default?: unknown
  examples?: unknown[]
  properties?: Record<string, Shape>
  required?: string[]
  items?: Shape
  oneOf?: Shape[]
  anyOf?: Shape[]
  allOf?: Shape[]
  readOnly?: boolean
}

export interface Parameter {
  name: string
  in: 'path' | 'query' | 'header' | 'cookie'
  required?: boolean
  description?: string
  schema?: Shape
}

interface Operation {
  operationId?: string
  summary?: string
  description?: string
  tags?: string[]
  parameters?: (Parameter | { $ref: string })[]
  requestBody?: { content?: Record<string, { schema?: Shape }> } | { $ref: string }
}

interface Document {
  paths: Record<string, Record<string, unknown>>
  components?: { schemas?: Record<string, Shape>; parameters?: Record<string, Parameter>; requestBodies?: Record<string, { content?: Record<string, { schema?: Shape }> }> }
}

/** Route is one way to ask the server something. */
export interface Route {
  id: string // method and path
  method: string
  path: string
  tag: string
  summary: string
  parameters: Parameter[]
  body: string | null // a first body, as JSON; null: the route takes none
}

const methods = ['get', 'post', 'put', 'patch', 'delete']
const deepest = 4 // levels of a first body

/** routesQuery reads the document once, into routes. */
export const routesQuery = queryOptions({
  queryKey: ['openapi'],
  queryFn: async ({ signal }) => routesOf(await get<Document>('/api/openapi.json', signal)),
  staleTime: 60_000,
})

function routesOf(document: Document): Route[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((name) => {
      const operation = item[name] as Operation | undefined
      if (!operation) return []
      const shared = (item.parameters ?? []) as (Parameter | { $ref: string })[]
      const parameters = [...shared, ...(operation.parameters ?? [])].map((p) => found<Parameter>(document, p))
      const given = operation.requestBody && found<{ content?: Record<string, { schema?: Shape }> }>(document, operation.requestBody)
      const shape = given?.content?.['application/json']?.schema
      const method = name.toUpperCase()
      return [{ id: `${method} ${path}`, method, path, tag: operation.tags?.[0] ?? 'Others', summary: operation.summary ?? '', parameters, body: !given ? null : shape ? JSON.stringify(example(document, shape, 0), null, 2) : '' }]
    }),
  )
}

// found follows a reference of the document, such as #/components/schemas/Task.
function found<T>(document: Document, value: T | { $ref: string }): T {
  const ref = (value as { $ref?: string }).$ref
  if (!ref) return value as T
  let at: unknown = document
  for (const step of ref.slice(2).split('/')) at = (at as Record<string, unknown>)[step.replace(/~1/g, '/').replace(/~0/g, '~')]
  return found(document, at as T)
}

// example is a value of a shape, to begin with: what is required, or else all of it.
function example(document: Document, given: Shape, depth: number): unknown {
  const shape = found<Shape>(document, given)
  if (shape.const !== undefined) return shape.const
  if (shape.default !== undefined) return shape.default
  if (shape.examples?.length) return shape.examples[0]
  if (shape.enum?.length) return shape.enum[0]
  const one = shape.oneOf ?? shape.anyOf
  if (one?.length) return example(document, one[0]!, depth)
  if (shape.allOf?.length) return Object.assign({}, ...shape.allOf.map((s) => example(document, s, depth))) as unknown
  const type = Array.isArray(shape.type) ? shape.type.find((t) => t !== 'null') : shape.type
  if (type === 'object' || shape.properties) {
    if (depth >= deepest) return {}
    const all = Object.entries(shape.properties ?? {}).filter(([, s]) => !s.readOnly)
    const wanted = shape.required?.length ? all.filter(([name]) => shape.required!.includes(name)) : all
    return Object.fromEntries(wanted.map(([name, s]) => [name, example(document, s, depth + 1)]))
  }
  if (type === 'array') return depth >= deepest || !shape.items ? [] : [example(document, shape.items, depth + 1)]
  if (type === 'integer' || type === 'number') return 0
  if (type === 'boolean') return false
  return { date: '2026-01-31', 'date-time': '2026-01-31T12:00:00Z', email: 'you@example.com', uri: 'https://example.com' }[shape.format ?? ''] ?? ''
}

/** address is the path with its parameters and query filled in. */
export function address(route: Route, values: Record<string, string>): string {
  const path = route.path.replace(/\{([^}]+)\}/g, (hole, name: string) => (values[`path ${name}`] ? encodeURIComponent(values[`path ${name}`]!) : hole))
  const query = new URLSearchParams()
  for (const p of route.parameters) if (p.in === 'query' && values[`query ${p.name}`]) query.set(p.name, values[`query ${p.name}`]!)
  const text = query.toString()
  return path + (text && '?' + text)
}

/** headersOf are those that the form has values for. */
export function headersOf(route: Route, values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(route.parameters.flatMap((p) => (p.in === 'header' && values[`header ${p.name}`] ? [[p.name, values[`header ${p.name}`]!]] : [])))
}

const quoted = (text: string): string => `'${text.replace(/'/g, `'\\''`)}'`

/** curl is the request as a command. */
export function curl(method: string, url: string, headers: Record<string, string>, body: string | undefined): string {
  const lines = [`curl ${method === 'GET' ? '' : `-X ${method} `}${quoted(url)}`, '-H "Authorization: Bearer $TOKEN"', ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`)]
  if (body !== undefined) lines.push("-H 'Content-Type: application/json'", `-d ${quoted(body)}`)
  return lines.join(' \\\n  ')
}
