import { useState } from 'react'
import { useAuth } from './loam/react'
import { SignIn, SignUp } from './loam/ui'
import { Face } from './faces'

// The people of seed.json. An app of your own leaves this out.
const people = [
  ['Acme', ['Ada Lovelace', 'owner'], ['Grace Hopper', 'admin'], ['Alan Turing', 'member']],
  ['Globex', ['Edsger Dijkstra', 'owner'], ['Barbara Liskov', 'admin'], ['Ken Thompson', 'member']],
] as const

export function Door() {
  const [fresh, setFresh] = useState(false)
  return (
    <main className="door">
      <People />
      <section>
        {fresh ? <SignUp heading="h2" onSignIn={() => setFresh(false)} /> : <SignIn heading="h2" onSignUp={() => setFresh(true)} />}
        <p className="quiet">
          Nothing is mailed from here: codes and invitations arrive in{' '}
          <a href="/_mail" target="_blank" rel="noopener">
            the mailbox
          </a>
          .
        </p>
      </section>
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
      <h1>Look around as one of these</h1>
      <p className="quiet">Then open this page in a second window, as somebody else of the same organization: what one does, the other sees at once.</p>
      {people.map(([organization, ...all]) => (
        <div key={organization}>
          <h2>{organization}</h2>
          <ul>
            {all.map(([name, role]) => (
              <li key={name}>
                <button onClick={() => enter(name)}>
                  <Face name={name} /> <b>{name}</b> <span>{role}</span>
                </button>
              </li>
            ))}
          </ul>
        </div>
      ))}
      <p className="quiet">Owners and admins may change every task and invite people; members change the tasks that they made and those that are assigned to them. Of another organization, nobody sees anything.</p>
      <p role="alert">{failed}</p>
    </section>
  )
}
