import { useState } from 'react'
import { useAuth, useConnection, usePresence, useProjects } from './loam/react'
import { Members, OrganizationSwitcher, UserMenu } from './loam/ui'
import { Board } from './board'
import { Faces } from './faces'
import { NewProject, Sheet } from './project'
import { go, usePlace } from './place'
import { Search } from './search'
import { TaskDialog } from './task'

export function Workspace() {
  const place = usePlace()
  const [making, setMaking] = useState(false)
  const [managing, setManaging] = useState(false)
  const [words, setWords] = useState('')
  const { data: projects } = useProjects({ where: { archived: false }, sort: 'name', fields: ['id', 'name', 'code'], limit: 200 })
  const project = projects?.find((p) => p.id === place.project) ?? projects?.[0]
  return (
    <>
      <header>
        <OrganizationSwitcher />
        {project && (
          <select aria-label="Project" value={project.id} onChange={(e) => go({ project: e.target.value })}>
            {projects!.map((p) => (
              <option key={p.id} value={p.id}>
                {p.name}
              </option>
            ))}
          </select>
        )}
        <button onClick={() => setMaking(true)}>New project</button>
        <Connection />
        {project && <AlsoHere project={project.id} />}
        <input type="search" aria-label="Search tasks" placeholder="Search" value={words} onChange={(e) => setWords(e.target.value)} />
        <button onClick={() => setManaging(true)}>Members</button>
        <UserMenu />
      </header>
      {words.trim() ? (
        <Search words={words} onOpen={() => setWords('')} />
      ) : project ? (
        <Board key={project.id} project={project.id} />
      ) : (
        projects && <Empty onMake={() => setMaking(true)} />
      )}
      {place.task && <TaskDialog key={place.task} id={place.task} onClose={() => go({ project: place.project })} />}
      {making && <NewProject onClose={() => setMaking(false)} />}
      {managing && (
        <Sheet label="Members" onClose={() => setManaging(false)}>
          <Members />
        </Sheet>
      )}
    </>
  )
}

const states = { live: 'live', idle: 'live', connecting: 'connecting…', offline: 'reconnecting…' } as Record<string, string>

function Connection() {
  const state = useConnection()
  return (
    <span className="state" role="status" data-state={state}>
      {states[state] ?? state}
    </span>
  )
}

function AlsoHere({ project }: { project: string }) {
  const { user } = useAuth()
  const { here } = usePresence('board:' + project, { state: {} })
  return <Faces label="Also here" ids={here.flatMap((p) => (p.user && p.user !== user!.id ? [p.user] : []))} />
}

function Empty({ onMake }: { onMake: () => void }) {
  return (
    <main className="empty">
      <h1>No project yet</h1>
      <p>A project has a board of tasks, which everybody in your organization sees at once.</p>
      <button className="primary" onClick={onMake}>
        New project
      </button>
    </main>
  )
}
