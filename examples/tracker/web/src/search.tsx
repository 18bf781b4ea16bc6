import { useDeferredValue } from 'react'
import { useTasks } from './loam/react'
import { hashOf } from './place'

export function Search({ words, onOpen }: { words: string; onOpen: () => void }) {
  const search = useDeferredValue(words.trim())
  const { data, error, isPending } = useTasks({ search, include: { project: { fields: ['name'] } }, limit: 30 }, { live: false, keepPrevious: true })
  return (
    <main className="found">
      <h1>Tasks with “{search}”</h1>
      {error && <p role="alert">{error.message}</p>}
      {data?.length === 0 && <p>None. All words must occur in the title or the description.</p>}
      {isPending && <p>Searching…</p>}
      <ul>
        {data?.map((task) => (
          <li key={task.id}>
            <a href={hashOf({ project: task.projectId, task: task.id })} onClick={onOpen}>
              {task.title}
            </a>
            <span>{task.project.name}</span>
          </li>
        ))}
      </ul>
    </main>
  )
}
