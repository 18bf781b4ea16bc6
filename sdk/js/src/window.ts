// What is known of a live list, and how an event changes it.

/** A row, of which only its key's fields are known here. */
export type Row = Record<string, unknown>

export interface Window {
  rows: Row[]
  nextCursor: string | null
  total: number | undefined
}

/** What a live list's event says. */
export interface EventData {
  items?: Row[]
  nextCursor?: string | null
  total?: number
  id?: string
  index?: number
  row?: Row
}

export const nothing: Window = { rows: [], nextCursor: null, total: undefined }

/** Names a row as the server does: the value of its key, or all of them joined by commas. */
export function idOf(key: readonly string[], row: Row): string {
  return key.length === 1 ? String(row[key[0]!]) : key.map((name) => encodeURIComponent(String(row[name]))).join(',')
}

/** The list after an event. */
export function applied(w: Window, type: string, data: EventData, key: readonly string[]): Window {
  const { items = [], total, id, row, index = 0, nextCursor = w.nextCursor } = data
  if (type === 'rows') return { rows: items, nextCursor, total }
  if (id === undefined) return { ...w, nextCursor } // before a gap's rows, or behind the list
  const rows = w.rows.filter((r) => idOf(key, r) !== id)
  if (row) rows.splice(index, 0, row)
  return { ...w, rows, nextCursor }
}

/** A write that is on its way. */
export interface Pending {
  /** Of its request, for the server to know a repeat by. */
  key: string
  kind: 'create' | 'update' | 'delete'
  /** The collection's. */
  path: string
  id: string
  input?: Row
  /** Of a create: the row, as far as it is known. */
  row?: Row
  /** What the server answered, while the list has yet to tell of it. */
  done?: Row | true
}

/** Where a row that is being created stands in a list; undefined for nowhere. */
export type Place = (row: Row, rows: readonly Row[]) => number | 'first' | 'last' | undefined

/** A model's relations by their names, each with its kind and the fields that name a row. */
export type Relations = Record<string, readonly string[]>

/**
 * A new row with what its list includes: nothing where there can be many, and of one that it
 * refers to, what another row of the list has of it. Undefined where that is not known and
 * must be.
 */
export function whole(row: Row, include: object, relations: Relations, rows: readonly Row[]): Row | undefined {
  const out = { ...row }
  for (const [name, args] of Object.entries(include)) {
    const [kind, ...from] = relations[name] ?? []
    if (!args || !kind) continue
    const like = from.length ? rows.find((r) => from.every((f) => row[f] != null && r[f] === row[f])) : undefined
    if (kind === 'one' && !like) return undefined
    out[name] = kind === 'many' || kind === 'masked' ? [] : (like?.[name] ?? null)
  }
  return out
}

/** The list as it will be once all that is on its way has been done. */
export function ahead(rows: Row[], key: readonly string[], pending: readonly Pending[], place: Place | undefined, complete = (row: Row, _rows: readonly Row[]): Row | undefined => row): Row[] {
  for (const p of pending) {
    const known = p.done === true ? undefined : p.done
    const old = rows.find((r) => idOf(key, r) === p.id)
    if (p.kind === 'create') {
      if (old || !place || p.done === true) continue
      const row = complete(p.row!, rows)
      const index = row && place(row, rows)
      if (!row || index === undefined) continue
      const to = index === 'first' ? 0 : index === 'last' ? rows.length : index
      rows = [...rows.slice(0, to), row, ...rows.slice(to)]
    } else if (!old) continue
    else if (p.kind === 'delete') rows = rows.filter((r) => r !== old)
    else if (!known || !(Number(old['version']) >= Number(known['version']))) {
      const change = known ?? p.input!
      const next = { ...old }
      for (const name in change) if (name in old) next[name] = change[name]
      rows = rows.map((r) => (r === old ? next : r))
    }
  }
  return rows
}
