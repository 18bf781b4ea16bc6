import { useUsers } from './loam/react'

/** The names of the organization's people, by id. */
export function useNames(): Map<string, string> {
  const { data = [] } = useUsers({ sort: 'name', limit: 1000 })
  return new Map(data.map((u) => [u.id, u.name ?? 'Somebody']))
}

const initials = (name: string): string => name.split(' ').map((part) => part[0]).join('').slice(0, 2).toUpperCase()
const colour = (name: string): number => [...name].reduce((sum, c) => (sum * 5 + c.codePointAt(0)!) % 6, 0)

/** Somebody's initials; of nobody, where the name is told beside it. */
export function Face({ name, title }: { name: string; title?: string }) {
  return (
    <span className="face" data-colour={colour(name)} {...(title ? { role: 'img', 'aria-label': title, title } : { 'aria-hidden': true })}>
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
          <Face name={names.get(id) ?? 'Somebody'} title={names.get(id) ?? 'Somebody'} />
        </li>
      ))}
    </ul>
  )
}
