import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck, X } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { organizationsQuery, schemaQuery, type Me } from '../../api/console'
import { Button } from '../../ui/button'
import { Snippet } from '../../ui/show'
import { plural } from '../../ui/words'

const remembered = 'loam-console-started'

/** Start is what to do first with a server of one's own, until it is put away. */
export function Start({ me }: { me: Me }) {
  const [hidden, setHidden] = useState(() => localStorage.getItem(remembered) !== null)
  const schema = useQuery({ ...schemaQuery, enabled: !hidden }).data
  const organizations = useQuery({ ...organizationsQuery, enabled: me.tenancy && !hidden }).data
  if (hidden || !schema || (me.tenancy && !organizations)) return null
  const own = schema.models.filter((m) => !m.builtIn && !m.join)
  const first = own[0]
  const founded = organizations?.items.length ?? 0
  const hide = (): void => {
    localStorage.setItem(remembered, 'hidden')
    setHidden(true)
  }
  return (
    <section className="card start" aria-labelledby="start">
      <header><h2 id="start">Start here</h2><Button kind="ghost" tiny aria-label="Put this away" icon={<X size={15} />} onClick={hide} /></header>
      <ol>
        <Step n={1} title="Write your models" done={own.length > 0}>
          {first ? <><Link to="/schema">{plural(own.length, 'model')}</Link> in <code>{schema.file}</code>. Each is a table with REST, GraphQL and rules; save the file to change them.</> : <>Add a type to <code>{schema.file}</code> and save: it becomes a table with REST and GraphQL. <Link to="/schema">Schema</Link></>}
        </Step>
        {me.tenancy && (
          <Step n={2} title="Make an organization" done={founded > 0}>
            {founded > 0 ? <><Link to="/organizations">{founded === 1 ? organizations?.items[0]?.name : plural(founded, 'organization')}</Link>: each has rows of its own. Invite people there, or let them <a href="/account/sign-up">sign up</a>.</> : <>Rows belong to one. <Link to="/organizations">Make the first</Link>, or <a href="/account/sign-up">sign up</a> as a user of yours would.</>}
          </Step>
        )}
        <Step n={me.tenancy ? 3 : 2} title="Call it from your app">
          {first ? <>A client with the types of <Link to="/data/$plural" params={{ plural: first.plural }} search={{}}>{first.name}</Link> and the rest, made anew on each save:</> : 'A client with the types of your models, made anew on each save:'}
          <Snippet>loam generate ts</Snippet>
        </Step>
      </ol>
    </section>
  )
}

function Step({ n, title, done = false, children }: { n: number; title: string; done?: boolean; children: ReactNode }) {
  return (
    <li>
      {done ? <CircleCheck size={18} aria-label="done" className="tick" /> : <span className="step" aria-hidden>{n}</span>}
      <div><h3>{title}</h3><div className="quiet">{children}</div></div>
    </li>
  )
}
