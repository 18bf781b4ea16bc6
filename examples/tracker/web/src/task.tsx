import { useEffect, useRef, type FormEvent } from 'react'
import { Priority, type TaskUpdate } from './loam'
import { useAuth, useComments, useCreateComment, useDeleteComment, usePresence, useTask, useUpdateTask } from './loam/react'
import { Face, Faces, useNames } from './faces'

export function TaskDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const { user } = useAuth()
  const names = useNames()
  const { data: task, error } = useTask(id)
  const { here } = usePresence('task:' + id, { state: {} })
  const update = useUpdateTask()
  const change = (fields: TaskUpdate) => update.mutate({ id, ...fields })
  useEffect(() => dialog.current?.showModal(), [])
  const failed = error ?? update.error
  return (
    <dialog ref={dialog} className="task" aria-labelledby="task-title" onClose={onClose} onClick={(e) => e.target === dialog.current && dialog.current.close()}>
      <div>
        <button className="close" aria-label="Close" onClick={() => dialog.current?.close()}>
          ✕
        </button>
        <Faces label="Also looking at this task" ids={here.flatMap((p) => (p.user && p.user !== user!.id ? [p.user] : []))} />
        {failed && <p role="alert">{failed.message}</p>}
        {task && (
          <>
            <h2 id="task-title">
              <Line label="Title" value={task.title} onSave={(title) => title && change({ title })} />
            </h2>
            <div className="facts">
              <label>
                Assignee
                <select value={task.assigneeId ?? ''} onChange={(e) => change({ assigneeId: e.target.value || null })}>
                  <option value="">Nobody</option>
                  {[...names].map(([who, name]) => (
                    <option key={who} value={who}>
                      {name}
                    </option>
                  ))}
                </select>
              </label>
              <label>
                Priority
                <select value={task.priority} onChange={(e) => change({ priority: e.target.value as Priority })}>
                  {Priority.map((p) => (
                    <option key={p} value={p}>
                      {p.toLowerCase()}
                    </option>
                  ))}
                </select>
              </label>
              <label>
                Due
                <input type="date" value={task.dueOn ?? ''} onChange={(e) => change({ dueOn: e.target.value || null })} />
              </label>
            </div>
            <Line label="Description" long value={task.body ?? ''} onSave={(body) => change({ body: body || null })} />
            <Comments task={id} />
          </>
        )}
      </div>
    </dialog>
  )
}

/** A text that is saved when one leaves it; what somebody else wrote meanwhile is shown where one is not writing. */
function Line({ label, value, long, onSave }: { label: string; value: string; long?: boolean; onSave: (value: string) => void }) {
  const Tag = long ? 'textarea' : 'input'
  return (
    <Tag
      key={value}
      className="line"
      aria-label={label}
      placeholder={label}
      defaultValue={value}
      maxLength={long ? undefined : 200}
      rows={long ? 4 : undefined}
      onBlur={(e) => e.currentTarget.value.trim() !== value && onSave(e.currentTarget.value.trim())}
      onKeyDown={(e) => e.key === 'Enter' && !long && e.currentTarget.blur()}
    />
  )
}

function Comments({ task }: { task: string }) {
  const { user } = useAuth()
  const names = useNames()
  const { data: comments = [] } = useComments({ where: { taskId: task }, sort: 'createdAt', limit: 200 }, { place: 'last' })
  const create = useCreateComment()
  const remove = useDeleteComment()
  const say = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    const text = String(new FormData(e.currentTarget).get('text')).trim()
    if (text) create.mutate({ text, taskId: task })
    e.currentTarget.reset()
  }
  return (
    <section className="comments" aria-label="Comments">
      <h3>Comments</h3>
      <ol>
        {comments.map((c) => (
          <li key={c.id}>
            <Face id={c.owner ?? ''} name={names.get(c.owner ?? '') ?? 'Somebody'} />
            <div>
              <b>{names.get(c.owner ?? '') ?? 'Somebody'}</b> <time dateTime={c.createdAt}>{new Date(c.createdAt).toLocaleString()}</time>
              <p>{c.text}</p>
            </div>
            {c.owner === user!.id && (
              <button className="delete" aria-label={`Delete “${c.text}”`} onClick={() => remove.mutate(c.id)}>
                ✕
              </button>
            )}
          </li>
        ))}
      </ol>
      <form onSubmit={say}>
        <input name="text" autoComplete="off" placeholder="Write a comment" aria-label="Write a comment" />
      </form>
      {(create.error ?? remove.error) && <p role="alert">{(create.error ?? remove.error)!.message}</p>}
    </section>
  )
}
