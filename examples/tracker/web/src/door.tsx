import { useState } from 'react'
import { useAuth } from './loam/react'
import { SignIn, SignUp } from './loam/ui'

// The people of seed.json. An app of your own leaves this out.
const people = [
  ['Acme', ['Ada Lovelace', 'owner'], ['Grace Hopper', 'admin'], ['Alan Turing', 'member']],
  ['Globex', ['Edsger Dijkstra', 'owner'], ['Barbara Liskov', 'admin'], ['Ken Thompson', 'member']],
] as const

export function Door() {
  const [fresh, setFresh] = useState(false)
  return (
    <main className="door">
      <section className="card">
        {fresh ? <SignUp onSignIn={() => setFresh(false)} /> : <SignIn onSignUp={() => setFresh(true)} />}
      </section>
      <People />
    </main>
  )
}

function People() {
  const { signIn } = useAuth()
  const [failed, setFailed] = useState('')
  const enter = (name: string) =>
    signIn({ email: name.split(' ')[0]!.toLowerCase() + '@example.com', password: 'correct horse battery' }).catch((err: Error) => setFailed(err.message))
  return (
    <section className="people">
      <h2>Or be one of these</h2>
      <p>Open two windows, as two people of one organization: what one does, the other sees.</p>
      {people.map(([organization, ...all]) => (
        <div key={organization}>
          <h3>{organization}</h3>
          <ul>
            {all.map(([name, role]) => (
              <li key={name}>
                <button onClick={() => enter(name)}>
                  <b>{name}</b> <span>{role}</span>
                </button>
              </li>
            ))}
          </ul>
        </div>
      ))}
      <p role="alert">{failed}</p>
    </section>
  )
}
