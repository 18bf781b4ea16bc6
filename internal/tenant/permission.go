package tenant

import "github.com/loam-dev/loam/internal/config"

// Permission is something that a role of an organization lets its members do
// there. The configuration declares them, and the roles that have them.
type Permission = config.Permission

// The permissions, each asked for by the doors that its name says.
const (
	MembersRead        = config.MembersRead
	MembersInvite      = config.MembersInvite
	MembersRemove      = config.MembersRemove
	MembersRole        = config.MembersRole
	OrganizationUpdate = config.OrganizationUpdate
	OrganizationDelete = config.OrganizationDelete
	OrganizationExport = config.OrganizationExport
	TeamsManage        = config.TeamsManage
	DomainsManage      = config.DomainsManage
	SSOManage          = config.SSOManage
	KeysManage         = config.KeysManage
	AuditRead          = config.AuditRead
)
