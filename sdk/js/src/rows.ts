import { LoamError } from './errors.js'
import type { Http } from './request.js'
import type { Draft, FieldOf, GetArgs, Include, ListArgs, Model, Page, Relation, Selected, TotalArgs, Totals } from './types.js'

/** How a call is made; what is asked stands before it. */
export interface CallOptions {
  signal?: AbortSignal | undefined
  /** Milliseconds for one attempt. */
  timeout?: number
  /** Whether a failure that may pass is tried again; it is unless this says no. */
  retry?: boolean
}

export interface WriteOptions extends CallOptions {
  /** A key of your own; the client makes one for each call by itself. */
  idempotencyKey?: string
}

export interface ChangeOptions extends WriteOptions {
  /** The version that the row must still have; otherwise `data/version`. */
  ifVersion?: number
}

/** Of a write that may wait. */
export interface Queueing {
  /**
   * Applies it to live lists at once, and sends it when the server is reached, after
   * those before it: through lost connections, and after the page was loaded anew. It
   * is taken back where the server refuses it.
   */
  queue?: boolean
}

type Fields<M extends Model> = readonly FieldOf<M>[] | undefined
type Plain<M extends Model> = readonly M['plain'][]
type Numeric<M extends Model> = readonly M['number'][]

/** What can be done with the rows of a model. A collection has those of it that the rules leave to anybody. */
export interface Methods<M extends Model> {
  /** A page of rows. */
  list<const F extends Fields<M> = undefined, const I extends Include<M> = {}, const C extends boolean = false>(
    args?: ListArgs<M, F, I> & { /** Also answer `total`, the number of all rows that match. */ count?: C },
    options?: CallOptions,
  ): Promise<Page<Selected<M, F, I>> & (C extends true ? { total: number } : {})>
  /** All pages, one after the other: `for await (const page of app.tasks.pages({ limit: 500 }))`. */
  pages<const F extends Fields<M> = undefined, const I extends Include<M> = {}>(
    args?: ListArgs<M, F, I>,
    options?: CallOptions,
  ): AsyncGenerator<Selected<M, F, I>[], void, undefined>
  /** How many rows match. */
  count(args?: { where?: M['filter'] }, options?: CallOptions): Promise<number>
  /** Counts, sums, averages and extremes, by group. */
  aggregate<
    const G extends Plain<M> = [],
    const S extends Numeric<M> = [],
    const A extends Numeric<M> = [],
    const L extends Plain<M> = [],
    const H extends Plain<M> = [],
  >(args?: TotalArgs<M, G, S, A, L, H>, options?: CallOptions): Promise<Totals<M, G, S, A, L, H>[]>
  /** One row by its key; `data/not_found` where there is none that the caller may see. */
  get<const F extends Fields<M> = undefined, const I extends Include<M> = {}>(
    key: M['key'],
    args?: GetArgs<M, F, I>,
    options?: CallOptions,
  ): Promise<Selected<M, F, I>>
  create(input: M['create'], options?: WriteOptions & Queueing): Promise<M['row']>
  /** Changes the fields that are given; null empties one. */
  update(key: M['key'], input: M['update'], options?: ChangeOptions & Queueing): Promise<M['row']>
  /** Changes the row that has the same primary or unique key, or makes one. */
  upsert(input: M['create'], options?: ChangeOptions): Promise<M['row']>
  delete(key: M['key'], options?: ChangeOptions & Queueing): Promise<void>
}

/** A model's rows, and what can be done with them. */
export type Collection<M extends Model> = Pick<Methods<M>, keyof Methods<M> & M['can']>

/** A model, as it is known when the app runs. */
export interface ModelMeta {
  /** `/api/tasks` */
  readonly path: string
  /** The names of the key's fields, in order. */
  readonly key: readonly string[]
  readonly draft?: Draft<AnyModel> | undefined
}

type AnyModel = Model & { row: Record<string, unknown>; create: {}; relations: Record<string, Relation> }

// Any model's arguments: what the types promise is not asked again.
interface AnyArgs {
  where?: object
  fields?: readonly string[] | undefined
  include?: object
  sort?: string | readonly string[]
  limit?: number
  cursor?: string | null
  search?: string
  count?: boolean
}

/** What takes writes that may wait. */
export interface Writes {
  create(meta: ModelMeta, input: object): Promise<object>
  update(meta: ModelMeta, key: unknown, input: object, ifVersion?: number): Promise<object>
  remove(meta: ModelMeta, key: unknown, ifVersion?: number): Promise<void>
}

/** The collection of a model. */
export function createCollection(http: Http, meta: ModelMeta, queue: Writes): Methods<Model> {
  const read = <T>(path: string, query: string, options?: CallOptions): Promise<T> =>
    http.request<T>(path + (query && '?' + query), options)
  const list = async (args: AnyArgs = {}, options?: CallOptions): Promise<Page<object>> =>
    read(meta.path, listQuery(args), options)
  const totals = async (args: TotalArgs<Model, unknown, unknown, unknown, unknown, unknown>, options?: CallOptions) => {
    const { where, ...names } = args
    const query = [...filter('filter', where), ...Object.entries(names).flatMap(([name, fields]) => words(name, fields as string[]))]
    return (await read<Page<{ count: number }>>(meta.path + ':aggregate', query.join('&'), options)).items
  }
  const methods = {
    list,
    async *pages(args: AnyArgs = {}, options?: CallOptions) {
      for (let cursor = args.cursor; ; ) {
        const page = await list(cursor ? { ...args, cursor } : args, options)
        yield page.items
        if ((cursor = page.nextCursor) === null) return
      }
    },
    count: async (args: { where?: object } = {}, options?: CallOptions) => (await totals(args, options))[0]?.count ?? 0,
    aggregate: async (args = {}, options?: CallOptions) => totals(args, options),
    get: async (key: unknown, args: AnyArgs = {}, options?: CallOptions) => read(rowPath(meta, key), listQuery(args), options),
    create: (input: object, o: ChangeOptions & Queueing = {}) => o.queue ? queue.create(meta, input) : http.request(meta.path, change('POST', o, input)),
    update: async (key: unknown, input: object, o: ChangeOptions & Queueing = {}) => o.queue ? queue.update(meta, key, input, o.ifVersion) : http.request(rowPath(meta, key), change('PATCH', o, input)),
    upsert: (input: object, o?: ChangeOptions) => http.request(meta.path, change('PUT', o, input)),
    delete: async (key: unknown, o: ChangeOptions & Queueing = {}) => o.queue ? queue.remove(meta, key, o.ifVersion) : http.request<void>(rowPath(meta, key), change('DELETE', o)),
  }
  return methods as unknown as Methods<Model>
}

function change(method: string, o: ChangeOptions = {}, body?: object) {
  return { ...o, method, body, idempotencyKey: o.idempotencyKey ?? (true as const) }
}

/** The path of a row: the values of its key in order, joined by commas. */
export function rowPath(meta: ModelMeta, key: unknown): string {
  const values = typeof key === 'object' && key !== null ? meta.key.map((name) => (key as Record<string, unknown>)[name]) : [key]
  if (values.length !== meta.key.length || values.some((v) => v === undefined || v === null || v === '')) {
    throw new LoamError({ code: 'client/argument', message: `the key of ${meta.path} is ${meta.key.join(', ')}`, field: meta.key[0] })
  }
  return meta.path + '/' + values.map((v) => encodeURIComponent(String(v))).join(',')
}

/** The query of a list's URL: the same text for the same arguments. */
export function listQuery(args: AnyArgs): string {
  const { where, include, fields, sort, limit, cursor, search, count } = args
  const query = [...filter('filter', where), ...words('fields', fields), ...words('sort', sort)]
  const paths: string[] = []
  if (include) query.push(...included(include, '', paths))
  query.push(...words('include', paths))
  if (limit !== undefined) query.push('limit=' + limit)
  if (search !== undefined) query.push('search=' + encodeURIComponent(search))
  if (count) query.push('count=true')
  if (cursor) query.push('cursor=' + encodeURIComponent(cursor))
  return query.join('&')
}

function* included(include: object, before: string, paths: string[]): Generator<string> {
  for (const [name, args] of Object.entries(include) as [string, true | AnyArgs | undefined][]) {
    if (!args) continue
    const path = before + name
    paths.push(path)
    if (args === true) continue
    yield* filter(`include.${path}.filter`, args.where)
    yield* words(`include.${path}.fields`, args.fields)
    yield* words(`include.${path}.sort`, args.sort)
    if (args.limit !== undefined) yield `include.${path}.limit=${args.limit}`
    if (args.include) yield* included(args.include, path + '.', paths)
  }
}

function words(name: string, list: string | readonly string[] | undefined): string[] {
  return list?.length ? [`${name}=${[list].flat().join(',')}`] : [] // names: nothing to escape
}

function filter(name: string, where: object | undefined): string[] {
  return where ? [`${name}=${encodeURIComponent(JSON.stringify(where, refuseUndefined))}`] : []
}

// A condition on undefined would silently be none at all.
function refuseUndefined(name: string, value: unknown): unknown {
  if (value !== undefined) return value
  throw new LoamError({ code: 'client/argument', message: `${name} is undefined in where: leave the key out, or ask for null`, field: name })
}
