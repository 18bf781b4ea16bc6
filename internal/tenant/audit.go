package tenant

import (
	"context"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// MayAudit lets the owners and admins of an organization read its audit log. To
// those who are no members the organization does not exist.
func (s *Service) MayAudit(ctx context.Context, p *access.Principal, org string) error {
	if err := s.signedIn(p); err != nil {
		return err
	}
	err := s.engine.Read(ctx, func(c store.Conn) error {
		role, err := roleOf(c, org, p.UserID)
		if err == nil && role != Owner && role != Admin {
			err = fault.New(fault.TenantNotAllowed, "only an owner or admin of the organization reads its audit log")
		}
		return err
	})
	return wrap("looking who reads an audit log", err)
}

// record adds an event to the audit log inside the caller's transaction. Its
// error undoes what it tells of.
func (r Register) record(ctx context.Context, c store.Conn, e audit.Event) error {
	return r.Audit.Append(c, e.From(ctx))
}

// recordRole tells of a member's role, and what it was before, or "".
func (r Register) recordRole(ctx context.Context, c store.Conn, action, actor string, member Person, org string, before Role) error {
	details := map[string]any{"role": string(member.Role)}
	if before != "" {
		details["before"] = string(before)
	}
	return r.record(ctx, c, audit.Event{Action: action, Org: org, Actor: actor, Target: "user:" + member.UserID, Details: details})
}
