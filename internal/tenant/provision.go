package tenant

import (
	"context"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// MayManageSSO refuses a caller who may not change how the members of an
// organization sign in, or may not give one of the roles that it hands out.
func (r Register) MayManageSSO(c store.Conn, p *access.Principal, org string, gives []Role) error {
	if err := signedIn(p); err != nil {
		return err
	}
	caller, err := roleOf(c, org, p.UserID)
	if err == nil {
		err = r.need(caller, config.SSOManage)
	}
	for _, role := range gives {
		if err == nil {
			err = r.known(role)
		}
		if err == nil {
			err = r.mayGive(caller, role)
		}
	}
	return err
}

// Owns tells whether a user is an owner of the organization.
func (r Register) Owns(c store.Conn, org, userID string) (owns bool, err error) {
	err = c.Query(`SELECT 1 FROM "_members" WHERE "org" = ?1 AND "user_id" = ?2 AND "role" = ?3`, []any{org, userID, string(Owner)},
		func(store.Row) error { owns = true; return nil })
	return owns, err
}

// Provision makes a user a member with a role, where join allows it, and gives a
// member the role; "" keeps what they have. It acts for the organization's own
// identity provider, within the transaction that signs the user in, and never
// takes the last owner's role.
func (r Register) Provision(ctx context.Context, c store.Conn, org, userID string, role Role, join bool) error {
	now := stamp(r.clock()())
	if err := lock(c, org, now); err != nil {
		return err
	}
	if err := r.Standing(c, org, ""); err != nil {
		return err
	}
	if r.known(role) != nil { // that loam.yaml has no more: it gives nothing
		role = ""
	}
	before, err := findPerson(c, org, userID)
	switch {
	case fault.Is(err, fault.TenantNoMember) && !join:
		return fault.New(fault.TenantNotAllowed, "you are no member of this organization: ask an owner to invite you")
	case fault.Is(err, fault.TenantNoMember):
		if role == "" {
			role = Member
		}
		if err := r.join(c, org, userID, role); err != nil {
			return err
		}
		added, err := findPerson(c, org, userID)
		if err != nil {
			return err
		}
		return r.recordRole(ctx, c, "org.member_added", "user:"+userID, added, org, "")
	case err != nil || role == "" || role == before.Role:
		return err
	}
	n, err := c.Exec(updateRole, string(role), now, org, userID)
	if err != nil || n == 0 {
		return err
	}
	after, err := findPerson(c, org, userID)
	if err != nil {
		return err
	}
	return r.recordRole(ctx, c, "org.role_changed", "user:"+userID, after, org, before.Role)
}

// DomainOwner is the organization that has shown a domain to be its own, or "". One
// that is suspended speaks for nobody.
func (r Register) DomainOwner(c store.Conn, domain string) (org string, err error) {
	err = c.Query(`SELECT d."org" FROM "_domains" d JOIN "_orgs" o ON o."id" = d."org"
		WHERE d."domain" = ?1 AND d."verified_at" IS NOT NULL AND o."suspended_at" IS NULL AND o."deleted_at" IS NULL`, []any{domain},
		func(row store.Row) error { org = row.Text(0); return nil })
	return org, err
}
