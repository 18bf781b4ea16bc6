// The rows of a model as the grid reads and changes them.

import { useInfiniteQuery, useQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query'
import { as, key, useActing, type Acting } from '../../api/acting'
import type { Model } from '../../api/console'
import { json, params, type Page } from '../../api/request'
import { keyOf, pathOf, type Column, type Row } from './fields'

/** Asked is which rows of a model, and in which order. */
export interface Asked {
  filter?: string | undefined
  sort?: string | undefined
  search?: string | undefined
}

const pageSize = 400 // rows

type Rows = InfiniteData<Page<Row>, string | null>

const includes = (columns: Column[]): string => columns.flatMap((c) => (c.to && c.to.model.operations.get ? [c.to.relation] : [])).join(',')

/** reads tells whether rows of a model can be asked for: those of an organization need one that is chosen. */
export const reads = (acting: Acting, model: Model, tenancy: boolean): boolean => !tenancy || model.scope === 'global' || acting.organization !== null || acting.user !== null

/** useRows reads rows page by page, with the rows that they refer to. */
export function useRows(model: Model, columns: Column[], asked: Asked, enabled: boolean) {
  const acting = useActing()
  return useInfiniteQuery<Page<Row>, Error, Rows, unknown[], string | null>({
    queryKey: rowsKey(acting, model, asked),
    queryFn: ({ pageParam, signal }) => json<Page<Row>>('GET', pathOf(model) + params({ ...asked, include: includes(columns), limit: pageSize, cursor: pageParam }), { ...as(acting), signal }),
    initialPageParam: null,
    getNextPageParam: (last) => last.nextCursor,
    enabled,
    staleTime: 30_000,
  })
}

const rowsKey = (acting: Acting, model: Model, asked: Asked): unknown[] => ['rows', model.name, key(acting), asked]

/** useTotal counts them, apart from the pages, which do not wait for it. */
export function useTotal(model: Model, asked: Asked, enabled: boolean) {
  const acting = useActing()
  return useQuery({
    queryKey: ['total', model.name, key(acting), asked],
    queryFn: ({ signal }) => json<Page<Row>>('GET', pathOf(model) + params({ filter: asked.filter, search: asked.search, limit: 1, count: true }), { ...as(acting), signal }).then((p) => p.total ?? 0),
    enabled,
    staleTime: 30_000,
  })
}

/** useRow reads one row, with what it refers to. */
export function useRow(model: Model, columns: Column[], id: string | undefined) {
  const acting = useActing()
  return useQuery({
    queryKey: ['row', model.name, key(acting), id],
    queryFn: ({ signal }) => json<Row>('GET', pathOf(model, id) + params({ include: includes(columns) }), { ...as(acting), signal }),
    enabled: id !== undefined,
    retry: false,
  })
}

/** useChanges is how rows are written. What is shown changes at once, and back again where the server refuses. */
export function useChanges(model: Model, columns: Column[]) {
  const acting = useActing()
  const queries = useQueryClient()
  const wish = as(acting)
  const everywhere = { queryKey: ['rows', model.name, key(acting)] }
  const show = (id: string, change: (row: Row) => Row): void => {
    queries.setQueriesData<Rows>(everywhere, (old) => old && { ...old, pages: old.pages.map((p) => (p.items.some((r) => keyOf(model, r) === id) ? { ...p, items: p.items.map((r) => (keyOf(model, r) === id ? change(r) : r)) } : p)) })
    queries.setQueryData<Row>(['row', model.name, key(acting), id], (old) => old && change(old))
  }
  const after = (): void => {
    void queries.invalidateQueries({ queryKey: ['total', model.name] })
    void queries.invalidateQueries({ queryKey: ['related'] })
    void queries.invalidateQueries({ queryKey: ['history', model.name] })
  }
  return {
    /** update changes fields of a row, if nobody else has meanwhile. */
    async update(row: Row, change: Row): Promise<Row> {
      const id = keyOf(model, row)
      show(id, (r) => ({ ...r, ...change }))
      try {
        const version = typeof row.version === 'number' ? { 'If-Match': `"${row.version}"` } : undefined
        let now = await json<Row>('PATCH', pathOf(model, id), { ...wish, body: change, headers: { ...wish.headers, ...version } })
        if (columns.some((c) => c.to && c.name in change)) now = await json<Row>('GET', pathOf(model, id) + params({ include: includes(columns) }), wish)
        show(id, (r) => ({ ...r, ...now }))
        after()
        return now
      } catch (err) {
        show(id, (r) => ({ ...r, ...row }))
        throw err
      }
    },
    async create(values: Row): Promise<Row> {
      const row = await json<Row>('POST', pathOf(model), { ...wish, body: values })
      await queries.invalidateQueries(everywhere)
      after()
      return row
    },
    /** remove deletes rows, a hundred in one transaction. */
    async remove(rows: Row[]): Promise<void> {
      for (let i = 0; i < rows.length; i += 100) {
        const operations = rows.slice(i, i + 100).map((r) => ({ method: 'DELETE', path: pathOf(model, keyOf(model, r)) }))
        await json('POST', '/api/batch', { ...wish, body: { operations } })
      }
      await queries.invalidateQueries(everywhere)
      after()
    },
  }
}
