import { useAuth, useConnection, usePresence } from './loam/react'
import { Faces } from './faces'
import { addressOf } from './place'

/** Who else has the board open, and on which task they are. */
export function useOthers(project: string, task: string | undefined) {
  const { user } = useAuth()
  const { here } = usePresence<{ task?: string }>('board:' + project, { state: { task } })
  return here.filter((p) => p.user && p.user !== user!.id).map((p) => ({ id: p.user!, tasks: p.connections.map((c) => c.state?.task) }))
}

/** Who else is at a board; where nobody is, how to see what that is like. */
export function AlsoHere({ ids, project }: { ids: string[]; project: string }) {
  if (useConnection() !== 'live') return null
  if (ids.length > 0) return <Faces label="Also here" ids={ids} />
  return (
    <a className="quiet" href={addressOf({ project })} target="_blank" rel="noopener">
      Only you are here: open a second window ↗
    </a>
  )
}
