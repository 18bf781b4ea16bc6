import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { peopleQuery } from '../api/admin'
import { meQuery, organizationsQuery } from '../api/console'

const brief = (id: string): string => (id.length > 12 ? id.slice(0, 8) + '…' : id)

// Subjects that are no accounts, in words.
const known: Record<string, string> = { system: 'The server', 'system:cli': 'The command line', anonymous: 'Nobody signed in' }

/** Who is a subject such as user:<id>, by name, with a link to whom it names. */
export function Who({ subject }: { subject: string | null | undefined }) {
  const people = useQuery(peopleQuery).data
  if (!subject) return <span className="quiet">–</span>
  const [kind, id = ''] = subject.split(/:(.*)/s)
  const asAdmin = id.endsWith(' as admin')
  const bare = id.replace(/ as admin$/, '')
  if (kind === 'org') return <InOrganization id={bare} />
  if (kind !== 'user') return <span title={subject}>{known[subject] ?? kind}{bare && !known[subject] && <> <span className="mono quiet">{brief(bare)}</span></>}</span>
  const person = people?.items.find((p) => p.id === bare)
  return <><Link to="/users/$user" params={{ user: bare }} title={subject} className={person ? undefined : 'mono'}>{person ? person.name || person.email : brief(bare)}</Link>{asAdmin && ' as admin'}</>
}

/** InOrganization is an organization by name, with a link to it. */
export function InOrganization({ id }: { id: string | null | undefined }) {
  const me = useQuery(meQuery).data
  const all = useQuery({ ...organizationsQuery, enabled: me?.tenancy === true }).data
  if (!id) return <span className="quiet">–</span>
  const known = all?.items.find((o) => o.id === id)
  return <Link to="/organizations/$org" params={{ org: id }} title={id} className={known ? undefined : 'mono'}>{known?.name ?? brief(id)}</Link>
}
