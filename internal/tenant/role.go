package tenant

import (
	"context"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Role is what a member may do in an organization: the key of one of the roles
// that the configuration declares. What it allows is asked of Register.Roles; a
// key that is declared no more allows nothing.
type Role string

// The roles that every backend has. Owners do everything; what admins and
// members may do can be changed in loam.yaml.
const (
	Owner  Role = config.RoleOwner
	Admin  Role = config.RoleAdmin
	Member Role = config.RoleMember
)

// roles are the roles in force.
func (r Register) roles() config.Roles {
	if len(r.Roles.Keys()) == 0 {
		return config.StandardRoles()
	}
	return r.Roles
}

// May tells whether a role has a permission.
func (r Register) May(role, permission string) bool {
	return r.roles().Allow(role, config.Permission(permission))
}

// known refuses a role that is not declared.
func (r Register) known(role Role) error {
	if r.roles().Has(string(role)) {
		return nil
	}
	return fault.New(fault.TenantBadRole, "a role is one of %s", strings.Join(r.roles().Keys(), ", ")).At("role")
}

// need refuses a role that lacks a permission.
func (r Register) need(role Role, permission config.Permission) error {
	if r.roles().Allow(string(role), permission) {
		return nil
	}
	return fault.New(fault.TenantNotAllowed, "your role in the organization, %s, lacks the permission %s: ask an owner", role, permission)
}

// mayTouch tells whether members of a role change and remove those of another:
// nobody touches who may do more than they.
func (r Register) mayTouch(role, other Role) error {
	if r.roles().Cover(string(role), string(other)) {
		return nil
	}
	if other == Owner {
		return fault.New(fault.TenantNotAllowed, "only an owner changes or removes an owner")
	}
	return fault.New(fault.TenantNotAllowed, "the role %s has permissions that yours, %s, lacks: ask an owner", other, role)
}

// mayGive tells whether members of a role hand out another: nobody gives what
// they do not have.
func (r Register) mayGive(role, other Role) error {
	if r.roles().Cover(string(role), string(other)) {
		return nil
	}
	if other == Owner {
		return fault.New(fault.TenantNotAllowed, "only an owner makes an owner")
	}
	return fault.New(fault.TenantNotAllowed, "the role %s has permissions that yours, %s, lacks: only an owner gives it", other, role)
}

// Roles returns the roles that the members of an organization can have, for any
// of them to see.
func (s *Service) Roles(ctx context.Context, p *access.Principal, org string) ([]config.Role, error) {
	if err := s.look(ctx, p, org, func(store.Conn, Role) error { return nil }); err != nil {
		return nil, wrap("listing roles", err)
	}
	return s.register.roles().All(), nil
}

// look runs a read with the caller's role in the organization. To anyone else it
// does not exist.
func (s *Service) look(ctx context.Context, p *access.Principal, org string, read func(store.Conn, Role) error) error {
	if err := s.admitted(p); err != nil {
		return err
	}
	return s.engine.Read(ctx, func(c store.Conn) error {
		role, err := s.roleIn(c, org, p)
		if err != nil {
			return err
		}
		return read(c, role)
	})
}

// permit runs a change that needs a permission.
func (s *Service) permit(ctx context.Context, p *access.Principal, org string, permission config.Permission, change func(store.Conn, Role) error) error {
	return s.inOrganization(ctx, p, org, func(c store.Conn, caller Role) error {
		if err := s.register.need(caller, permission); err != nil {
			return err
		}
		return change(c, caller)
	})
}

// inOrganization runs a change with the caller's role of that moment. To anyone
// else the organization does not exist.
func (s *Service) inOrganization(ctx context.Context, p *access.Principal, org string, change func(store.Conn, Role) error) error {
	if err := s.admitted(p); err != nil {
		return err
	}
	return s.engine.Write(ctx, func(c store.Conn) error {
		if err := lock(c, org, stamp(s.now())); err != nil {
			return err
		}
		role, err := s.roleIn(c, org, p)
		if err != nil {
			return err
		}
		return change(c, role)
	})
}

// lock makes the changes to one organization run one after another on every
// engine, so that two owners can't demote each other at once.
func lock(c store.Conn, org, now string) error {
	n, err := c.Exec(`UPDATE "_orgs" SET "updated_at" = ?1 WHERE "id" = ?2 AND "deleted_at" IS NULL`, now, org)
	if err == nil && n == 0 {
		return notFound()
	}
	return err
}

// roleOf returns a member's role; to others the organization is not found. One
// that is suspended is closed to all.
func roleOf(c store.Conn, org, userID string) (role Role, err error) {
	var suspended bool
	err = c.Query(`SELECT m."role", o."suspended_at" IS NOT NULL FROM "_members" m JOIN "_orgs" o ON o."id" = m."org"
		WHERE m."org" = ?1 AND m."user_id" = ?2 AND o."deleted_at" IS NULL`, []any{org, userID}, func(r store.Row) error {
		role, suspended = Role(r.Text(0)), r.Bool(1)
		return nil
	})
	switch {
	case err != nil:
		return "", err
	case role == "":
		return "", notFound()
	case suspended:
		return "", suspendedNow()
	}
	return role, nil
}

func suspendedNow() *fault.Error {
	return fault.New(fault.TenantSuspended, "this organization is suspended: nobody works in it until an administrator of the server restores it")
}
