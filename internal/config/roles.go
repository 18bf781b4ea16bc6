package config

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

// permissionDoc is one row of the table of permissions.
type permissionDoc struct {
	permission Permission
	doc        string
}

func permissionTable() []permissionDoc {
	return []permissionDoc{
		{MembersRead, "see who else is a member"},
		{MembersInvite, "add and invite members, and resend and revoke invitations"},
		{MembersRemove, "remove members; everyone may leave without it"},
		{MembersRole, "change a member's role, to one that allows no more than one's own"},
		{OrganizationUpdate, "change the organization's name, slug, logo and settings"},
		{OrganizationDelete, "delete the organization with all that is in it"},
		{OrganizationExport, "export all that is in the organization"},
		{TeamsManage, "make and delete teams, and say who is in them"},
		{DomainsManage, "claim e-mail domains, and say who joins by them"},
		{SSOManage, "connect the organization's own identity provider"},
		{KeysManage, "make and revoke API keys"},
		{AuditRead, "read and export the organization's audit trail"},
	}
}

// Permissions lists all permissions.
func Permissions() []Permission {
	var all []Permission
	for _, p := range permissionTable() {
		all = append(all, p.permission)
	}
	return all
}

// The roles that every organization has. Owner allows everything, and can't be
// changed in loam.yaml.
const (
	RoleOwner  = "owner"
	RoleAdmin  = "admin"
	RoleMember = "member"
)

// Role is one role of an organization's members.
type Role struct {
	Key         string       `json:"role"` // as rules and members have it: "billing"
	Name        string       `json:"name"` // for people; "" where loam.yaml gives none
	Permissions []Permission `json:"permissions"`
}

// Roles are the roles of a backend's organizations, in order: those built in,
// then those of loam.yaml. They are immutable; the zero value has none.
type Roles struct{ list []Role }

// StandardRoles are the roles without a loam.yaml.
func StandardRoles() Roles {
	all := Permissions()
	admin := slices.DeleteFunc(slices.Clone(all), func(p Permission) bool { return p == OrganizationDelete || p == SSOManage })
	return Roles{[]Role{{Key: RoleOwner, Permissions: all}, {Key: RoleAdmin, Permissions: admin}, {Key: RoleMember, Permissions: []Permission{MembersRead}}}}
}

// Keys are the roles' keys, in order.
func (r Roles) Keys() []string {
	keys := make([]string, len(r.list))
	for i, role := range r.list {
		keys[i] = role.Key
	}
	return keys
}

// All returns the roles, in order.
func (r Roles) All() []Role { return slices.Clone(r.list) }

// Find returns the role of a key.
func (r Roles) Find(key string) (Role, bool) {
	for _, role := range r.list {
		if role.Key == key {
			return role, true
		}
	}
	return Role{}, false
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
	if key == RoleOwner || other == RoleOwner {
		return key == RoleOwner
	}
	if !r.Has(key) {
		return false
	}
	role, _ := r.Find(other)
	return !slices.ContainsFunc(role.Permissions, func(p Permission) bool { return !r.Allow(key, p) })
}

// at is the role of a key while loam.yaml is read.
func (r *Roles) at(key string) *Role {
	i := slices.IndexFunc(r.list, func(role Role) bool { return role.Key == key })
	if i < 0 {
		r.list = append(r.list, Role{Key: key, Permissions: []Permission{MembersRead}})
		i = len(r.list) - 1
	}
	return &r.list[i]
}
