package tenant

import (
	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// ForAdmins returns the service for admins of the server, and refuses everyone else.
// They need not be members: in every organization there is, a suspended one too, they
// may do what an owner may.
func (s *Service) ForAdmins() *Service {
	above := *s
	above.above = true
	return &above
}

// admitted lets those pass whom the service is for.
func (s *Service) admitted(p *access.Principal) error {
	if s.above {
		return s.admin(p)
	}
	return signedIn(p)
}

// roleIn is the role by which the caller acts in an organization.
func (s *Service) roleIn(c store.Conn, org string, p *access.Principal) (Role, error) {
	if !s.above {
		return roleOf(c, org, p.UserID)
	}
	found := false
	err := c.Query(`SELECT 1 FROM "_orgs" WHERE "id" = ?1 AND "id" <> ?2 AND "deleted_at" IS NULL`, []any{org, None},
		func(store.Row) error { found = true; return nil })
	if err == nil && !found {
		err = fault.New(fault.TenantNotFound, "there is no such organization")
	}
	return Owner, err
}

// administers tells whether a user is an admin of the server.
func administers(c store.Conn, userID string) (is bool) {
	err := c.Query(`SELECT 1 FROM "_users" WHERE "id" = ?1 AND "admin" = 1 AND "disabled_at" IS NULL`, []any{userID},
		func(store.Row) error { is = true; return nil })
	return err == nil && is
}
