import { useInfiniteQuery, type InfiniteData } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { get, params, type Page } from '../api/request'
import { Button } from './button'
import { Skeleton, Trouble } from './show'

/** useList reads a list page by page. What it is asked with is part of its key; a page may have more than Page has. */
export function useList<T, P extends Page<T> = Page<T>>(path: string, query: Record<string, string | number | boolean | undefined> = {}, { limit = 50, enabled = true, refetchInterval = false as number | false } = {}) {
  return useInfiniteQuery<P, Error, InfiniteData<P>, unknown[], string | null>({
    queryKey: [path, query, limit],
    queryFn: ({ pageParam, signal }) => get<P>(path + params({ ...query, limit, cursor: pageParam }), signal),
    initialPageParam: null,
    getNextPageParam: (last) => last.nextCursor,
    enabled,
    refetchInterval,
  })
}

export interface Column<T> {
  label: string
  cell: (item: T) => ReactNode
  number?: boolean
  acts?: boolean // buttons, at the row's end
}

interface Props<T> {
  label: string
  list: ReturnType<typeof useList<T>>
  columns: Column<T>[]
  id: (item: T) => string
  empty: ReactNode
  onOpen?: (item: T) => void
  button?: boolean // the first cell is one that opens the row, where no link in it does
}

/** List shows what useList reads, as a table that folds on a phone. */
export function List<T>({ label, list, columns, id, empty, onOpen, button = false }: Props<T>) {
  const items = list.data?.pages.flatMap((p) => p.items) ?? []
  if (list.error && items.length === 0) return <Trouble error={list.error} retry={() => void list.refetch()} />
  if (list.isPending) return <div className="card"><div className="body"><Skeleton lines={6} /></div></div>
  if (items.length === 0) return <div className="card">{empty}</div>
  return (
    <div className="card">
      <div className="scroll" tabIndex={0} role="region" aria-label={label}>
        <table className="list folds">
          <thead><tr>{columns.map((c) => <th key={c.label} scope="col" className={c.number ? 'number' : undefined}>{c.acts ? <span className="unseen">{c.label}</span> : c.label}</th>)}</tr></thead>
          <tbody>
            {items.map((item) => (
              <tr key={id(item)} className={onOpen && 'opens'} onClick={onOpen && ((e) => (e.target as Element).closest('a, button, input') || onOpen(item))}>
                {columns.map((c) => <td key={c.label} data-label={c.acts ? undefined : c.label} className={c.acts ? 'acts' : c.number ? 'number' : undefined}>{button && onOpen && c === columns[0] ? <button type="button" className="opener" onClick={() => onOpen(item)}>{c.cell(item)}</button> : c.cell(item)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {list.hasNextPage && <div className="more"><Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>Load more</Button></div>}
    </div>
  )
}
