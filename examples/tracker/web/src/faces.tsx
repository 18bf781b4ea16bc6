import { useUsers } from './loam/react'

/** The names of the organization's people, by id. */
export function useNames(): Map<string, string> {
  const { data = [] } = useUsers({ sort: 'name', limit: 1000 }, { live: false })
  return new Map(data.map((u) => [u.id, u.name ?? 'Somebody']))
}

const initials = (name: string): string => name.split(' ').map((part) => part[0]).join('').slice(0, 2)
const colour = (id: string): number => [...id].reduce((sum, c) => (sum * 31 + c.codePointAt(0)!) % 6, 0)

export function Face({ id, name }: { id: string; name: string }) {
  return (
    <span className="face" data-colour={colour(id)} role="img" aria-label={name} title={name}>
      {initials(name)}
    </span>
  )
}

/** Who else is in a place. */
export function Faces({ ids, label }: { ids: readonly string[]; label: string }) {
  const names = useNames()
  if (ids.length === 0) return null
  return (
    <ul className="faces" aria-label={label}>
      {ids.map((id) => (
        <li key={id}>
          <Face id={id} name={names.get(id) ?? 'Somebody'} />
        </li>
      ))}
    </ul>
  )
}
