import type { FormEvent } from 'react'
import { useCreateProject, useCreateTask } from './loam/react'
import { go } from './place'
import { Sheet } from './sheet'

export function NewProject({ onClose }: { onClose: () => void }) {
  const create = useCreateProject({ queue: false, onSuccess: (p) => (go({ project: p.id }), onClose()) })
  const submit = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    const form = new FormData(e.currentTarget)
    create.mutate({ name: String(form.get('name')).trim(), code: String(form.get('code')).trim().toUpperCase() })
  }
  return (
    <Sheet label="New project" onClose={onClose}>
      <form onSubmit={submit}>
        <h2>New project</h2>
        <label>
          Name
          <input name="name" required maxLength={80} autoComplete="off" />
        </label>
        <label>
          Code, in 2 to 6 letters
          <input name="code" required pattern="[A-Za-z]{2,6}" autoComplete="off" />
        </label>
        <p role="alert">{create.error?.message}</p>
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button className="primary" disabled={create.isPending}>
            Create the project
          </button>
        </footer>
      </form>
    </Sheet>
  )
}

const first = ['Open a second window, and move a card', 'Invite somebody', 'Write a comment', 'Turn the network off, move a card, and turn it on']

/** What an organization starts with: it says what to do. */
export function FirstProject({ onMake }: { onMake: () => void }) {
  const create = useCreateProject({ queue: false })
  const add = useCreateTask()
  const example = async () => {
    const { id } = await create.mutateAsync({ name: 'First steps', code: 'FIRST', summary: 'Try what there is' })
    for (const title of [...first].reverse()) add.mutate({ title, projectId: id })
    go({ project: id })
  }
  return (
    <main className="empty">
      <h1>No project yet</h1>
      <p>A project has a board of tasks, which everybody in your organization sees as it changes. Make the first one, or begin with a few tasks to try.</p>
      <p>
        <button className="primary" onClick={onMake}>
          New project
        </button>
        <button disabled={create.isPending} onClick={() => void example().catch(() => undefined)}>
          Begin with an example
        </button>
      </p>
      <p role="alert">{create.error?.message}</p>
    </main>
  )
}
