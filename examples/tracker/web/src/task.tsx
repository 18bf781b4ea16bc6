import { useState, type FormEvent } from 'react'
import type { Task, TaskUpdate } from './loam'
import { useAuth, useComments, useCreateComment, useDeleteComment, useDeleteTask, usePresence, useTask, useUpdateTask } from './loam/react'
import { Face, Faces, useNames } from './faces'
import { day, priorities, titles, useMayChange } from './rules'
import { Sheet } from './sheet'

/** A task, with its comments. `known` is the board's, which has it also while it is on its way to the server; null where the board has none. */
export function TaskDialog({ id, known, onClose }: { id: string; known: Task | null | undefined; onClose: () => void }) {
  const { user } = useAuth()
  const names = useNames()
  const mayChange = useMayChange()
  const { data, error, isPending } = useTask(known === null ? id : undefined)
  const task = known ?? data
  const { here } = usePresence('task:' + id, { state: {} })
  const update = useUpdateTask()
  const remove = useDeleteTask()
  const may = !!task && mayChange(task)
  const change = (fields: TaskUpdate) => update.mutate({ id, ...fields })
  const failed = update.error ?? remove.error ?? (task ? undefined : error)
  return (
    <Sheet label={task?.title ?? 'Task'} className="task" onClose={onClose}>
      <Faces label="Also looking at this task" ids={here.flatMap((p) => (p.user && p.user !== user!.id ? [p.user] : []))} />
      <p role="alert">{failed?.message}</p>
      {!task && !error && <p className="quiet">{isPending ? 'Reading the task…' : 'This task is not there any more.'}</p>}
      {task && (
        <>
          <h2>
            <Line label="Title" value={task.title} locked={!may} onSave={(title) => title && change({ title })} />
          </h2>
          <div className="facts">
            <Choice label="Status" value={task.status} of={titles} locked={!may} onChoose={(status) => change({ status })} />
            <Choice label="Priority" value={task.priority} of={priorities} locked={!may} onChoose={(priority) => change({ priority })} />
            <Choice label="Assignee" value={task.assigneeId ?? ''} of={{ '': 'Nobody', ...Object.fromEntries(names) }} locked={!may} onChoose={(who) => change({ assigneeId: who || null })} />
            <label>
              Due
              {may ? <input type="date" value={task.dueOn ?? ''} onChange={(e) => change({ dueOn: e.target.value || null })} /> : <input value={task.dueOn ? day(task.dueOn) : 'No date'} disabled />}
            </label>
          </div>
          <Line label="Description" long value={task.body ?? ''} locked={!may} onSave={(body) => change({ body: body || null })} />
          <Comments task={id} />
          {may ? (
            <footer>
              <button className="danger" onClick={() => (remove.mutate(id), onClose())}>
                Delete the task
              </button>
            </footer>
          ) : (
            <p className="quiet">You may comment. To change it is up to who made it, who it is assigned to, and admins.</p>
          )}
        </>
      )}
    </Sheet>
  )
}

interface ChoiceProps<V extends string> {
  label: string
  value: V
  of: Record<V, string>
  locked: boolean
  onChoose: (value: V) => void
}

function Choice<V extends string>({ label, value, of, locked, onChoose }: ChoiceProps<V>) {
  return (
    <label>
      {label}
      <select value={value} disabled={locked} onChange={(e) => onChoose(e.target.value as V)}>
        {Object.entries<string>(of).map(([v, text]) => (
          <option key={v} value={v}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}

/** A text that is saved when one leaves it; what somebody else wrote meanwhile is shown where one is not writing. */
function Line({ label, value, long, locked, onSave }: { label: string; value: string; long?: boolean; locked: boolean; onSave: (value: string) => void }) {
  if (locked && !value) return null
  return (
    <textarea
      key={value}
      className={long ? 'line long' : 'line'}
      aria-label={label}
      placeholder={label}
      rows={1}
      readOnly={locked}
      defaultValue={value}
      maxLength={long ? undefined : 200}
      onBlur={(e) => e.currentTarget.value.trim() !== value && onSave(e.currentTarget.value.trim())}
      onKeyDown={(e) => e.key === 'Enter' && !long && (e.preventDefault(), e.currentTarget.blur())}
    />
  )
}

function Comments({ task }: { task: string }) {
  const { user } = useAuth()
  const names = useNames()
  const { data: comments } = useComments({ where: { taskId: task }, sort: 'createdAt', limit: 200 }, { place: (c) => (c.taskId === task ? 'last' : undefined) })
  const [failed, setFailed] = useState('')
  const onError = (err: Error) => setFailed(err.message)
  const create = useCreateComment({ onError })
  const remove = useDeleteComment({ onError })
  const say = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    const text = String(new FormData(e.currentTarget).get('text')).trim()
    if (text) create.mutate({ text, taskId: task })
    e.currentTarget.reset()
  }
  return (
    <section className="comments" aria-label="Comments">
      <h3>Comments</h3>
      {comments?.length === 0 && <p className="quiet">None yet. Who looks at this task sees yours as you send it.</p>}
      <ol>
        {comments?.map((c) => {
          const name = names.get(c.owner ?? '') ?? 'Somebody'
          return (
            <li key={c.id}>
              <Face name={name} />
              <div>
                <b>{name}</b> <time dateTime={c.createdAt}>{new Date(c.createdAt).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })}</time>
                <p>{c.text}</p>
              </div>
              {c.owner === user!.id && (
                <button aria-label={`Delete “${c.text}”`} onClick={() => remove.mutate(c.id)}>
                  ✕
                </button>
              )}
            </li>
          )
        })}
      </ol>
      <form onSubmit={say}>
        <input name="text" autoComplete="off" placeholder="Write a comment" aria-label="Write a comment" />
      </form>
      <p role="alert">{failed}</p>
    </section>
  )
}
