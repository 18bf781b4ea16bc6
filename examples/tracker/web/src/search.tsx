import { useDeferredValue } from 'react'
import { useTasks } from './loam/react'
import { To } from './place'
import { titles } from './rules'

export function Search({ words }: { words: string }) {
  const search = useDeferredValue(words)
  const { data, error, isPending } = useTasks({ search, include: { project: { fields: ['name'] } }, limit: 30 }, { live: false, keepPrevious: true })
  return (
    <main className="found">
      <h1>Tasks with “{search}”</h1>
      <p role="alert">{error?.message}</p>
      {data?.length === 0 && <p className="quiet">None. All words must be in a task’s title or description; of the last one, its beginning is enough.</p>}
      {isPending && <p className="quiet">Searching…</p>}
      <ul className="rows">
        {data?.map((task) => (
          <li key={task.id}>
            <To place={{ project: task.projectId, task: task.id }}>{task.title}</To>
            <small>
              {task.project.name} · {titles[task.status]}
            </small>
          </li>
        ))}
      </ul>
    </main>
  )
}
