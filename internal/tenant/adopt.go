package tenant

import (
	"context"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Adopt makes an organization of all that was everyone's while tenancy was off:
// the rows, and the users with the roles that they had. The owner, named by an
// address, is one of them. move does it for the rows, and runs what it is given
// in the same transaction.
func (s *Service) Adopt(ctx context.Context, name, owner string, move func(ctx context.Context, from, to string, also func(store.Conn) error) error) (Organization, error) {
	if err := s.withOrganizations(); err != nil {
		return Organization{}, err
	}
	name, err := displayName(name)
	if err != nil {
		return Organization{}, err
	}
	org := Organization{ID: newID(), Name: name, Role: Owner, CreatedAt: stamp(s.now())}
	err = move(ctx, None, org.ID, func(c store.Conn) error {
		user, err := s.accounts.AccountByEmail(c, owner)
		if err != nil {
			return err
		}
		if user == "" {
			return fault.New(fault.TenantNoUser, "there is no user %q to own the organization", owner).At("owner")
		}
		known := false
		if err := c.Query(`SELECT 1 FROM "_members" WHERE "org" = ?1 AND "user_id" = ?2`, []any{None, user}, func(store.Row) error { known = true; return nil }); err != nil {
			return err
		}
		if !known {
			return fault.New(fault.TenantNoUser, "%s is not among those who shared the rows: they were adopted already, or tenancy was never off", owner).At("owner")
		}
		if org.Slug, err = s.register.found(ctx, c, org, user, "system"); err != nil {
			return err
		}
		if _, err = c.Exec(`DELETE FROM "_members" WHERE "org" = ?1 AND "user_id" = ?2`, None, user); err != nil {
			return err
		}
		_, err = c.Exec(`UPDATE "_members" SET "org" = ?2 WHERE "org" = ?1`, None, org.ID)
		return err
	})
	return org, wrap("adopting rows", err)
}
