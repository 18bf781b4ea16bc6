import { History as HistoryIcon, PenLine, Plus, Trash2 } from 'lucide-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { key, useActing } from '../../api/acting'
import type { Change, Model } from '../../api/console'
import { get, params, type Page } from '../../api/request'
import { Button } from '../../ui/button'
import { Badge, Empty, Skeleton, Trouble, When } from '../../ui/show'

const icons = { create: Plus, update: PenLine, delete: Trash2 }
const words = { create: 'created it', update: 'changed it', delete: 'deleted it' }

/** History is what became of a row, newest first, from the change log. */
export function History({ model, id }: { model: Model; id: string }) {
  const acting = useActing()
  const organization = model.scope === 'global' ? undefined : acting.organization?.id
  const list = useInfiniteQuery({
    queryKey: ['history', model.name, id, key(acting)],
    queryFn: ({ pageParam, signal }) => get<Page<Change> & { retention: string }>(`/console/api/history/${model.plural}/${id.split(',').map(encodeURIComponent).join(',')}` + params({ organization, limit: 30, cursor: pageParam }), signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
  })
  const items = list.data?.pages.flatMap((p) => p.items) ?? []
  const searching = items.length === 0 && list.hasNextPage
  const { isFetching, isError, fetchNextPage } = list
  useEffect(() => { // the log is read piece by piece: a row that was not changed lately is further back
    if (searching && !isFetching && !isError) void fetchNextPage()
  }, [searching, isFetching, isError, fetchNextPage])
  if (list.error) return <Trouble error={list.error} retry={() => void list.refetch()} />
  if (!list.data || searching) return <Skeleton lines={6} />
  if (items.length === 0) return <Empty icon={HistoryIcon} title="Nothing on record">The change log keeps changes for {list.data.pages[0]?.retention}; this row was last written before that.</Empty>
  return (
    <ol className="timeline">
      {items.map((c, i) => {
        const Icon = icons[c.operation] ?? PenLine
        return (
          <li key={i}>
            <span className="dot"><Icon size={12} aria-hidden /></span>
            <div className="what">
              <b>{c.actorName || c.actor}</b> {words[c.operation] ?? c.operation} {c.asAdmin && <Badge tone="violet">as admin</Badge>}{c.impersonator && <Badge tone="warn">by an admin acting as them</Badge>}
              <div className="small quiet"><When at={c.at} /></div>
              {c.changes.length > 0 && (
                <dl className="diff">
                  {c.changes.map((d) => (
                    <div key={d.field}>
                      <dt>{d.field}</dt>
                      <dd>{c.operation !== 'create' && <del>{text(d.before)}</del>} {c.operation !== 'delete' && <ins>{text(d.after)}</ins>}</dd>
                    </div>
                  ))}
                </dl>
              )}
            </div>
          </li>
        )
      })}
      {list.hasNextPage && <li><Button tiny busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>Earlier</Button></li>}
    </ol>
  )
}

const text = (value: unknown): string => (value === null || value === undefined ? 'null' : typeof value === 'object' ? JSON.stringify(value) : String(value)).slice(0, 400)
