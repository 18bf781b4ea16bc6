import { useEffect, useState } from 'react'
import { useAuth, useConnection, useProjects, useQueueSize } from './loam/react'
import { Members, OrganizationSwitcher, UserMenu } from './loam/ui'
import { Board } from './board'
import { Offers } from './offers'
import { Passkeys } from './passkeys'
import { go, To, usePlace } from './place'
import { FirstProject, NewProject } from './project'
import { Search } from './search'
import { Sheet } from './sheet'

/** What is open over the page. */
type Over = 'project' | 'members' | 'passkeys'

export function Workspace() {
  const place = usePlace()
  const { organization } = useAuth()
  const [over, setOver] = useState<Over>()
  const { data: projects, error } = useProjects({ where: { archived: false }, sort: 'name', fields: ['id', 'name', 'code', 'summary'], limit: 200 })
  const project = projects?.find((p) => p.id === place.project) ?? projects?.[0]
  const close = () => setOver(undefined)
  useEffect(() => {
    document.title = [project?.name, organization?.name, 'Tracker'].filter(Boolean).join(' · ')
  }, [project?.name, organization?.name])
  return (
    <>
      <header>
        <OrganizationSwitcher onSwitched={() => go({})} />
        <input
          type="search"
          aria-label="Search tasks"
          placeholder="Search tasks"
          value={place.words ?? ''}
          onChange={(e) => go({ project: project?.id, words: e.target.value }, place.words !== undefined)}
        />
        <Connection />
        <UserMenu items={[{ label: 'Passkeys', onSelect: () => setOver('passkeys') }]} />
      </header>
      <Offers />
      {error && <p className="notice" role="alert">{error.message}</p>}
      <div className="body">
        {projects && projects.length > 0 && (
          <nav aria-label="Projects">
            <ul>
              {projects.map((p) => (
                <li key={p.id}>
                  <To place={{ project: p.id }} aria-current={p.id === project?.id && !place.words ? 'page' : undefined}>
                    <small>{p.code}</small> {p.name}
                  </To>
                </li>
              ))}
            </ul>
            <button onClick={() => setOver('project')}>+ New project</button>
          </nav>
        )}
        {place.words ? (
          <Search words={place.words} />
        ) : project ? (
          <Board key={project.id} project={project} open={place.task} onInvite={() => setOver('members')} />
        ) : (
          projects && <FirstProject onMake={() => setOver('project')} />
        )}
      </div>
      {over === 'project' && <NewProject onClose={close} />}
      {over === 'passkeys' && <Passkeys onClose={close} />}
      {over === 'members' && (
        <Sheet label="Members" onClose={close}>
          <Members />
        </Sheet>
      )}
    </>
  )
}

/** How the connection is doing, and what waits for it. */
function Connection() {
  const state = useConnection()
  const waiting = useQueueSize()
  const live = state === 'live' || state === 'idle'
  return (
    <span className="state" role="status" data-live={live} data-unsent={waiting} title={live ? 'What others do is shown at once' : 'What you do is kept, and sent once the server is reached'}>
      {live ? 'live' : 'connecting…'}
      {!live && waiting > 0 && ` ${waiting} unsent`}
    </span>
  )
}
