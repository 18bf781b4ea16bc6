import { useRef, useState, type DragEvent, type FormEvent, type KeyboardEvent } from 'react'
import { TaskStatus, type Project, type Task } from './loam'
import { useAuth, useCreateTask, useTasks, useUpdateTask } from './loam/react'
import { Face, Faces, useNames } from './faces'
import { go, To } from './place'
import { AlsoHere, useOthers } from './presence'
import { day, titles, useMayChange } from './rules'
import { TaskDialog } from './task'

const empty = { TODO: 'Write the first task above.', DOING: 'Drag a card here, or open it and set its status.', DONE: 'Nothing is done yet.' } satisfies Record<TaskStatus, string>

interface Props {
  project: Pick<Project, 'id' | 'name' | 'summary'>
  /** The task that is open over it. */
  open: string | undefined
  onInvite: () => void
}

export function Board({ project, open, onInvite }: Props) {
  const { data: tasks, error } = useTasks(
    { where: { projectId: project.id }, sort: '-createdAt', limit: 500 },
    { place: (task) => (task.projectId === project.id ? 'first' : undefined) }, // one that was just made may be of another board
  )
  const { organization } = useAuth()
  const [said, setSaid] = useState('')
  const onError = (err: Error) => setSaid(err.message)
  const update = useUpdateTask({ onError, onSuccess: () => setSaid('') })
  const others = useOthers(project.id, open)
  const versions = useRef(new Map<string, number>()) // of the tasks as they were first seen
  const move = (id: string, status: TaskStatus) => tasks?.some((t) => t.id === id && t.status !== status) && update.mutate({ id, status })
  const columns = TaskStatus.map((status) => ({ status, own: tasks?.filter((t) => t.status === status) ?? [] }))
  return (
    <main className="board">
      <div className="title">
        <h1>{project.name}</h1>
        <p className="quiet">{project.summary}</p>
        <AlsoHere ids={others.map((o) => o.id)} project={project.id} />
        <button onClick={onInvite}>{organization?.role === 'member' ? 'Members' : 'Invite people'}</button>
      </div>
      {error && <p role="alert">{error.message}</p>}
      <div className="columns" aria-busy={!tasks}>
        {columns.map(({ status, own }) => (
          <Column key={status} status={status} project={project.id} count={own.length} onMove={move} onError={onError}>
            {own.map((task) => {
              if (!versions.current.has(task.id)) versions.current.set(task.id, task.version)
              const changes = task.version - versions.current.get(task.id)!
              return <Card key={task.id} task={task} changes={changes} watched={others.filter((o) => o.tasks.includes(task.id)).map((o) => o.id)} onMove={move} />
            })}
            {tasks && own.length === 0 && <li className="hint">{empty[status]}</li>}
          </Column>
        ))}
      </div>
      <p className="said" role="alert" onClick={() => setSaid('')}>
        {said}
      </p>
      {open && <TaskDialog key={open} id={open} known={tasks && (tasks.find((t) => t.id === open) ?? null)} onClose={() => go({ project: project.id })} />}
    </main>
  )
}

interface ColumnProps {
  status: TaskStatus
  project: string
  count: number
  onMove: (id: string, status: TaskStatus) => unknown
  onError: (err: Error) => void
  children: React.ReactNode
}

function Column({ status, project, count, onMove, onError, children }: ColumnProps) {
  const [over, setOver] = useState(false)
  const create = useCreateTask({ onError })
  const add = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    const title = String(new FormData(e.currentTarget).get('title')).trim()
    if (title) create.mutate({ title, status, projectId: project })
    e.currentTarget.reset()
  }
  const drop = (e: DragEvent) => {
    e.preventDefault()
    setOver(false)
    onMove(e.dataTransfer.getData('text/plain'), status)
  }
  return (
    <section aria-label={titles[status]} data-over={over || undefined} onDragOver={(e) => (e.preventDefault(), setOver(true))} onDragLeave={() => setOver(false)} onDrop={drop}>
      <h2>
        {titles[status]} <small>{count}</small>
      </h2>
      <form onSubmit={add}>
        <input name="title" maxLength={200} autoComplete="off" placeholder="Add a task" aria-label={`Add a task to ${titles[status]}`} />
      </form>
      <ol>{children}</ol>
    </section>
  )
}

interface CardProps {
  task: Task
  /** How often it was changed since the board was opened. */
  changes: number
  /** Who else looks at it. */
  watched: string[]
  onMove: ColumnProps['onMove']
}

function Card({ task, changes, watched, onMove }: CardProps) {
  const names = useNames()
  const may = useMayChange()(task)
  const keys = (e: KeyboardEvent) => {
    const to = TaskStatus[TaskStatus.indexOf(task.status) + (e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : NaN)]
    if (e.altKey && to) {
      e.preventDefault() // the browser would go back
      onMove(task.id, to)
    }
  }
  const assignee = task.assigneeId && (names.get(task.assigneeId) ?? 'Somebody')
  const late = task.dueOn && task.status !== 'DONE' && task.dueOn < new Date().toISOString().slice(0, 10)
  return (
    <li draggable={may} data-id={task.id} data-changed={changes > 0 ? changes % 2 : undefined} onDragStart={(e) => e.dataTransfer.setData('text/plain', task.id)} onKeyDown={keys}>
      <To place={{ project: task.projectId, task: task.id }} draggable={false} aria-keyshortcuts={may ? 'Alt+ArrowRight Alt+ArrowLeft' : undefined}>
        {task.title}
      </To>
      <footer>
        {task.priority !== 'NORMAL' && <span data-priority={task.priority}>{task.priority.toLowerCase()}</span>}
        {task.dueOn && <time dateTime={task.dueOn} data-late={late || undefined}>{day(task.dueOn)}</time>}
        <Faces label={`Looking at ${task.title}`} ids={watched} />
        {assignee && <Face name={assignee} title={`Assigned to ${assignee}`} />}
      </footer>
    </li>
  )
}
