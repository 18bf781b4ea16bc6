// The hooks that write. What is shown changes at once, and changes back where the
// server refuses the write.

import { useMutation, type InfiniteData, type Query } from '@tanstack/react-query'
import type { LoamError } from '@loam/client'
import { root, useIdentity, useLoam, type Loam } from './context.js'
import { nameOf } from './identity.js'
import { collectionOf, type Kind } from './read.js'
import type { Row, Rows } from './follow.js'

export interface AnyWriteOptions {
  queue?: boolean
  onSuccess?: (answer: unknown, variables: never) => unknown
  onError?: (err: LoamError, variables: never) => unknown
  onSettled?: () => unknown
}

type Change = (row: Row) => Row | undefined // undefined: it is gone

const same = (names: readonly string[], a: Row, b: Row): boolean => names.every((name) => String(a[name]) === String(b[name]))

// A row with those of its fields changed that it shows.
function merged(row: Row, input: Row): Row {
  const next = { ...row }
  for (const name in input) if (name in row && input[name] !== undefined) next[name] = input[name]
  return next
}

function changedRows(rows: Rows, change: Change): Rows {
  return { ...rows, items: rows.items.flatMap((r): Row | readonly Row[] => change(r) ?? []) }
}

// Changes a model's rows in all that is cached of it; returns what takes that back.
function patch(loam: Loam, who: string, path: string, queued: boolean, change: Change): () => void {
  const taken: [Query, unknown][] = []
  for (const query of loam.queryClient.getQueryCache().findAll({ queryKey: [root, who, path] })) {
    const before = query.state.data
    // Live lists show by themselves what waits in the queue.
    if (before === undefined || (queued && loam.follower.keeps(query.queryHash))) continue
    const kind = query.queryKey[3] as Kind
    let after: unknown
    if (kind === 'one') after = change(before as Row) ?? before
    else if (kind === 'list') after = changedRows(before as Rows, change)
    else after = { ...(before as InfiniteData<Rows>), pages: (before as InfiniteData<Rows>).pages.map((p) => changedRows(p, change)) }
    void query.cancel({ revert: true })
    loam.queryClient.setQueryData(query.queryKey, after)
    taken.push([query, before])
  }
  return () => {
    for (const [query, before] of taken) {
      if (!loam.follower.again(query.queryHash)) loam.queryClient.setQueryData(query.queryKey, before)
    }
  }
}

interface Write {
  run(options: object): Promise<unknown>
  change?: Change
}

function useWrite(path: string, o: AnyWriteOptions, verb: string, mayQueue: boolean, plan: (loam: Loam, variables: never) => Write) {
  const loam = useLoam()
  const now = useIdentity()
  const { queue, ...callbacks } = o
  return useMutation<unknown, LoamError, never>(
    {
      ...callbacks,
      mutationKey: [root, path, verb],
      networkMode: 'always', // a write that can't be sent waits in the client's queue
      mutationFn: async (variables) => {
        const who = nameOf(now)
        const queued = mayQueue && (queue ?? now.user !== null)
        const { run, change } = plan(loam, variables)
        const undo = change && patch(loam, who, path, queued, change)
        try {
          return await run(queued ? { queue: true } : {})
        } catch (err) {
          undo?.()
          throw err
        } finally {
          // Rows of other models may have it in them.
          void loam.queryClient.invalidateQueries({ queryKey: [root, who], predicate: (q) => q.queryKey.length > 3 && !loam.follower.keeps(q.queryHash) })
        }
      },
    },
    loam.queryClient,
  )
}

export function useCreate(path: string, o: AnyWriteOptions) {
  return useWrite(path, o, 'create', true, (loam, input: Row) => ({ run: (options) => collectionOf(loam, path).create(input, options) }))
}

export function useUpsert(path: string, o: AnyWriteOptions) {
  return useWrite(path, o, 'upsert', false, (loam, variables: Row & { ifVersion?: number }) => {
    const { ifVersion, ...input } = variables
    return { run: () => collectionOf(loam, path).upsert(input, ifVersion === undefined ? {} : { ifVersion }) }
  })
}

export function useUpdate(path: string, names: readonly string[], o: AnyWriteOptions) {
  return useWrite(path, o, 'update', true, (loam, variables: Row & { ifVersion?: number }) => {
    const { ifVersion, ...input } = variables
    const key: Row = {}
    for (const name of names) {
      key[name] = input[name]
      delete input[name]
    }
    return {
      run: (options) => collectionOf(loam, path).update(names.length === 1 ? key[names[0]!] : key, input, { ...options, ...(ifVersion !== undefined && { ifVersion }) }),
      change: (row) => (same(names, row, key) ? merged(row, input) : row),
    }
  })
}

export function useDelete(path: string, names: readonly string[], o: AnyWriteOptions) {
  return useWrite(path, o, 'delete', true, (loam, key: unknown) => {
    const row = (typeof key === 'object' && key !== null ? key : { [names[0]!]: key }) as Row
    return { run: (options) => collectionOf(loam, path).delete(key, options), change: (r) => (same(names, r, row) ? undefined : r) }
  })
}
