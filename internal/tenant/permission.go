package tenant

import "slices"

// Permission is something that a role of an organization lets its members do
// there, beside what the schema's rules say of rows.
type Permission string

// The permissions, each asked for by the doors that its name says.
const (
	MembersRead        Permission = "members.read"
	MembersInvite      Permission = "members.invite"
	MembersRemove      Permission = "members.remove"
	MembersRole        Permission = "members.role"
	OrganizationUpdate Permission = "organization.update"
	OrganizationDelete Permission = "organization.delete"
	OrganizationExport Permission = "organization.export"
	TeamsManage        Permission = "teams.manage"
	DomainsManage      Permission = "domains.manage"
	SSOManage          Permission = "sso.manage"
	KeysManage         Permission = "keys.manage"
	AuditRead          Permission = "audit.read"
)

// Permissions lists all permissions.
func Permissions() []Permission {
	return []Permission{MembersRead, MembersInvite, MembersRemove, MembersRole, OrganizationUpdate, OrganizationDelete,
		OrganizationExport, TeamsManage, DomainsManage, SSOManage, KeysManage, AuditRead}
}

// Roles are the roles of a backend's organizations, in order: those built in,
// then those of loam.yaml. They are immutable; the zero value has none.
type Roles struct{ list []DeclaredRole }

// StandardRoles are the roles without a loam.yaml.
func StandardRoles() Roles {
	all := Permissions()
	admin := slices.DeleteFunc(slices.Clone(all), func(p Permission) bool { return p == OrganizationDelete || p == SSOManage })
	return Roles{[]DeclaredRole{{Role: Owner, Permissions: all}, {Role: Admin, Permissions: admin}, {Role: Member, Permissions: []Permission{MembersRead}}}}
}

// Keys are the roles' keys, in order.
func (r Roles) Keys() []string {
	keys := make([]string, len(r.list))
	for i, role := range r.list {
		keys[i] = string(role.Role)
	}
	return keys
}

// All returns the roles, in order.
func (r Roles) All() []DeclaredRole { return slices.Clone(r.list) }

// Find returns the role of a key.
func (r Roles) Find(key string) (DeclaredRole, bool) {
	for _, role := range r.list {
		if string(role.Role) == key {
			return role, true
		}
	}
	return DeclaredRole{}, false
}

// Has tells whether there is a role of that key.
func (r Roles) Has(key string) bool {
	_, ok := r.Find(key)
	return ok
}

// Allow tells whether a role has a permission. A key that is no role, such as
// one that loam.yaml has no more, has none.
func (r Roles) Allow(key string, p Permission) bool {
	role, _ := r.Find(key)
	return slices.Contains(role.Permissions, p)
}

// Cover tells whether a role allows all that another does, so that who has the
// one may hand out the other. Only an owner covers an owner.
func (r Roles) Cover(key, other string) bool {
	if key == string(Owner) || other == string(Owner) {
		return key == string(Owner)
	}
	if !r.Has(key) {
		return false
	}
	role, _ := r.Find(other)
	return !slices.ContainsFunc(role.Permissions, func(p Permission) bool { return !r.Allow(key, p) })
}
