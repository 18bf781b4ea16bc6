import { useEffect, useRef, type FormEvent, type ReactNode } from 'react'
import { useCreateProject } from './loam/react'
import { go } from './place'

/** Something over the page, until it is closed. */
export function Sheet({ label, onClose, children }: { label: string; onClose: () => void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} aria-label={label} onClose={onClose}>
      <button className="close" aria-label="Close" onClick={() => dialog.current?.close()}>
        ✕
      </button>
      <div>{children}</div>
    </dialog>
  )
}

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
        {create.error && <p role="alert">{create.error.message}</p>}
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button className="primary" disabled={create.isPending}>
            Make it
          </button>
        </footer>
      </form>
    </Sheet>
  )
}
