import { useState, type DragEvent, type FormEvent, type KeyboardEvent } from 'react'
import { TaskStatus, type Task } from './loam'
import { useCreateTask, useDeleteTask, useTasks, useUpdateTask } from './loam/react'
import { Face, useNames } from './faces'
import { hashOf } from './place'

const titles = { TODO: 'To do', DOING: 'Doing', DONE: 'Done' } satisfies Record<TaskStatus, string>

export function Board({ project }: { project: string }) {
  const { data: tasks, error } = useTasks({ where: { projectId: project }, sort: 'createdAt', limit: 500 }, { place: 'last' })
  const [said, setSaid] = useState('')
  const onError = (err: Error) => setSaid(err.message)
  const update = useUpdateTask({ onError })
  const move = (id: string, status: TaskStatus) => tasks?.some((t) => t.id === id && t.status !== status) && update.mutate({ id, status })
  if (error) return <p className="wait" role="alert">{error.message}</p>
  if (!tasks) return <p className="wait">Reading the board…</p>
  return (
    <main className="board">
      <h1 className="unseen">Board</h1>
      {TaskStatus.map((status) => (
        <Column key={status} status={status} project={project} tasks={tasks.filter((t) => t.status === status)} onMove={move} onError={onError} />
      ))}
      <p className="said" role="alert" onClick={() => setSaid('')}>{said}</p>
    </main>
  )
}

interface Shared {
  onMove: (id: string, status: TaskStatus) => unknown
  onError: (err: Error) => void
}

function Column({ status, project, tasks, onMove, onError }: Shared & { status: TaskStatus; project: string; tasks: Task[] }) {
  const [over, setOver] = useState(false)
  const create = useCreateTask({ onError })
  const add = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    const title = String(new FormData(e.currentTarget).get('title')).trim()
    if (title) create.mutate({ title, status, priority: 'NORMAL', projectId: project })
    e.currentTarget.reset()
  }
  const drop = (e: DragEvent) => {
    e.preventDefault()
    setOver(false)
    onMove(e.dataTransfer.getData('text/plain'), status)
  }
  return (
    <section data-status={status} data-over={over || undefined} onDragOver={(e) => (e.preventDefault(), setOver(true))} onDragLeave={() => setOver(false)} onDrop={drop}>
      <h2>
        {titles[status]} <small>{tasks.length}</small>
      </h2>
      <form onSubmit={add}>
        <input name="title" maxLength={200} autoComplete="off" placeholder="Add a task" aria-label={`Add a task to ${titles[status]}`} />
      </form>
      <ol>
        {tasks.map((task) => (
          <Card key={task.id} task={task} onMove={onMove} onError={onError} />
        ))}
      </ol>
    </section>
  )
}

function Card({ task, onMove, onError }: Shared & { task: Task }) {
  const names = useNames()
  const remove = useDeleteTask({ onError })
  const [first] = useState(task.version)
  const keys = (e: KeyboardEvent) => {
    const to = TaskStatus[TaskStatus.indexOf(task.status) + (e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : NaN)]
    if (e.altKey && to) onMove(task.id, to)
  }
  return (
    <li draggable data-id={task.id} data-changed={task.version > first ? task.version % 2 : undefined} onDragStart={(e) => e.dataTransfer.setData('text/plain', task.id)} onKeyDown={keys}>
      <a className="title" href={hashOf({ project: task.projectId, task: task.id })}>
        {task.title}
      </a>
      <footer>
        {task.priority !== 'NORMAL' && <span className="priority" data-priority={task.priority}>{task.priority.toLowerCase()}</span>}
        {task.assigneeId && <Face id={task.assigneeId} name={names.get(task.assigneeId) ?? 'Somebody'} />}
        <select aria-label={`Status of ${task.title}`} value={task.status} onChange={(e) => onMove(task.id, e.target.value as TaskStatus)}>
          {TaskStatus.map((status) => (
            <option key={status} value={status}>
              {titles[status]}
            </option>
          ))}
        </select>
        <button className="delete" aria-label={`Delete ${task.title}`} onClick={() => remove.mutate(task.id)}>
          ✕
        </button>
      </footer>
    </li>
  )
}
