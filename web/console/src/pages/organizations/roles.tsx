import { useQuery } from '@tanstack/react-query'
import { organizationPath } from '../../api/admin'
import { get, type Page } from '../../api/request'

/** useRoles is the keys of the roles that members can have, as loam.yaml declares them. */
export function useRoles(org: string): string[] {
  const path = `${organizationPath(org)}/roles`
  const { data } = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<Page<{ role: string }>>(path, signal), staleTime: 60_000, enabled: org !== '' })
  return data?.items.map((r) => r.role) ?? ['owner', 'admin', 'member']
}

/** RoleField chooses one in a form. */
export function RoleField({ roles }: { roles: string[] }) {
  return (
    <div className="field">
      <label htmlFor="field-role"><span>Role</span></label>
      <select key={roles.join()} id="field-role" name="role" className="select" defaultValue="member">{roles.map((r) => <option key={r}>{r}</option>)}</select>
    </div>
  )
}
