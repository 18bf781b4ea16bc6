import type { Http } from './request.js'
import { rowPath, type ModelMeta, type WriteOptions } from './rows.js'
import type { Model, Schema } from './types.js'

/** A write of a batch; T is what it answers. */
export interface Write<T> {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: object
  readonly ifMatch?: string
  /** In types alone. */
  readonly result?: T
}

/** The writes of a model's rows, as parts of a batch. */
export interface BatchMethods<M extends Model> {
  create(input: M['create']): Write<M['row']>
  update(key: M['key'], input: M['update'], options?: { ifVersion?: number }): Write<M['row']>
  upsert(input: M['create'], options?: { ifVersion?: number }): Write<M['row']>
  delete(key: M['key'], options?: { ifVersion?: number }): Write<undefined>
}

/** The models that can be written. */
export type Batch<S extends Schema> = {
  readonly [C in keyof S['models']]: S['models'][C] extends infer M extends Model ? Pick<BatchMethods<M>, keyof BatchMethods<M> & M['can']> : never
}

/** What the writes of a batch answer, in order. */
export type Written<W extends readonly unknown[]> = { -readonly [K in keyof W]: W[K] extends Write<infer T> ? T : never }

/** Makes the function that runs several writes as one transaction. */
export function createBatch(http: Http, metas: Record<string, ModelMeta>) {
  const tx = Object.fromEntries(Object.entries(metas).map(([name, meta]) => [name, writesOf(meta)]))
  return async (build: (tx: unknown) => readonly Write<unknown>[], options: WriteOptions = {}): Promise<unknown[]> => {
    const { idempotencyKey = true, ...rest } = options
    const operations = build(tx)
    if (operations.length === 0) return []
    const answer = await http.request<{ results: { body?: unknown }[] }>('/api/batch', { ...rest, method: 'POST', body: { operations }, idempotencyKey })
    return answer.results.map((r) => r.body)
  }
}

function writesOf(meta: ModelMeta): BatchMethods<Model> {
  const version = (o?: { ifVersion?: number }) => (o?.ifVersion === undefined ? {} : { ifMatch: String(o.ifVersion) })
  return {
    create: (body) => ({ method: 'POST', path: meta.path, body }),
    update: (key, body, o) => ({ method: 'PATCH', path: rowPath(meta, key), body, ...version(o) }),
    upsert: (body, o) => ({ method: 'PUT', path: meta.path, body, ...version(o) }),
    delete: (key, o) => ({ method: 'DELETE', path: rowPath(meta, key), ...version(o) }),
  }
}
