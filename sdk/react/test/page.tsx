// A small app of all components of @loam/react/ui, and a live list.

import { useState, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { createClient } from '@loam/client'
import { createHooks } from '@loam/react'
import { Members, OrganizationSwitcher, SignIn, SignUp, UserMenu } from '@loam/react/ui'
import '@loam/react/ui.css'

interface TaskModel {
  row: { id: string; title: string; done: boolean | null }
  key: string
  create: { title: string }
  update: { done?: boolean }
  filter: object
  plain: 'title' | 'createdAt'
  number: never
  relations: object
  can: 'list' | 'pages' | 'live' | 'get' | 'create' | 'update'
}
interface Schema {
  models: { tasks: TaskModel }
  role: 'owner' | 'admin' | 'member'
  user: object
  signUp: object
  profile: object
  organization: object
  organizationChange: object
}
const app = createClient<Schema>({ tasks: ['id'] })
const { LoamProvider, useAuth, model } = createHooks<Schema>()
const { useList: useTasks, useCreate: useCreateTask, useUpdate: useUpdateTask } = model('tasks', ['id'])

function Tasks(): ReactNode {
  const { data, live, error } = useTasks({ sort: 'createdAt' }, { place: 'last' })
  const create = useCreateTask()
  const update = useUpdateTask()
  return (
    <section aria-label="Tasks">
      <h2>Tasks</h2>
      <p>
        The list is <output>{live}</output>. {error?.message}
      </p>
      <ul>
        {data?.map((task) => (
          <li key={task.id}>
            <label>
              <input type="checkbox" checked={task.done ?? false} onChange={(e) => update.mutate({ id: task.id, done: e.target.checked })} /> {task.title}
            </label>
          </li>
        ))}
      </ul>
      <button type="button" onClick={() => create.mutate({ title: 'Mine' })}>
        Add a task
      </button>
    </section>
  )
}

function App(): ReactNode {
  const { ready, user, organization } = useAuth()
  const [fresh, setFresh] = useState(false)
  if (!ready) return null
  if (!user) return <main className="entry">{fresh ? <SignUp onSignIn={() => setFresh(false)} onSignedIn={() => setFresh(false)} /> : <SignIn redirect="https://app.example/react/" onSignUp={() => setFresh(true)} />}</main>
  return (
    <>
      <header>
        <OrganizationSwitcher />
        <UserMenu />
      </header>
      <main>
        <h1>Tracker</h1>
        {organization && <Tasks />}
        <Members />
      </main>
    </>
  )
}

createRoot(document.querySelector('#app')!).render(
  <LoamProvider client={app}>
    <App />
  </LoamProvider>,
)
