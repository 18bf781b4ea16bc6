package tenant

import (
	"context"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/store"
)

// MayAudit lets who has the permission audit.read read the audit log of an
// organization. To those who are no members the organization does not exist.
func (s *Service) MayAudit(ctx context.Context, p *access.Principal, org string) error {
	return wrap("looking who reads an audit log", s.look(ctx, p, org, func(_ store.Conn, caller Role) error {
		return s.register.need(caller, config.AuditRead)
	}))
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
