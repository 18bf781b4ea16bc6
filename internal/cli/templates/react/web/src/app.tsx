import { useState, type FormEvent } from 'react'
import { useAuth, useCreateNote, useDeleteNote, useNotes } from './loam/react'
import { OrganizationSwitcher, SignIn, SignUp, UserMenu } from './loam/ui'

export function App() {
  const { ready, user } = useAuth()
  const [fresh, setFresh] = useState(false)
  if (!ready) return null
  if (!user) return <main>{fresh ? <SignUp onSignIn={() => setFresh(false)} /> : <SignIn onSignUp={() => setFresh(true)} />}</main>
  return (
    <>
      <header>
        <OrganizationSwitcher />
        <UserMenu />
      </header>
      <Notes />
    </>
  )
}

/** What everybody in the organization writes, as it is written. */
function Notes() {
  const { data: notes = [], live } = useNotes({ sort: '-createdAt', limit: 100 }, { place: 'first' })
  const create = useCreateNote()
  const remove = useDeleteNote()
  const add = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault()
    const text = String(new FormData(e.currentTarget).get('text')).trim()
    if (text) create.mutate({ text })
    e.currentTarget.reset()
  }
  return (
    <main>
      <form onSubmit={add}>
        <input name="text" aria-label="A note" placeholder="Write a note" maxLength={500} autoComplete="off" />
      </form>
      <ul>
        {notes.map((note) => (
          <li key={note.id}>
            {note.text}
            <button aria-label={`Delete “${note.text}”`} onClick={() => remove.mutate(note.id)}>
              ✕
            </button>
          </li>
        ))}
      </ul>
      <p role="status">{live === 'live' ? 'Live: open this page twice.' : live}</p>
      {(create.error ?? remove.error) && <p role="alert">{(create.error ?? remove.error)!.message}</p>}
    </main>
  )
}
