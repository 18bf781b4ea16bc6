package console

import (
	"context"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// What admins do with the rows of organizations is on record: each session's first
// look into each organization, and every write.

const (
	rememberedLooks = 1000                 // in memory; further ones are looked up
	keepLooks       = 120 * 24 * time.Hour // longer than a session lasts: a later look is on record once more
)

// look is an admin's session in one organization.
type look struct{ session, org string }

// Look records, once, that an admin looks into an organization. What can't be
// recorded is not shown.
func (s *Service) Look(ctx context.Context, by *access.Principal) error {
	l := look{by.SessionID, by.Org}
	if s.seen.Contains(l) {
		return nil
	}
	err := s.opts.Engine.Write(ctx, func(c store.Conn) error {
		n, err := c.Exec(`INSERT INTO "_console_looks" ("session", "org", "at") VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING`, l.session, l.org, form.Stamp(s.opts.Now()))
		if err != nil || n == 0 {
			return err
		}
		return s.opts.Audit.Append(c, audit.Event{Action: "admin.rows_seen", Org: by.Org, Actor: "user:" + by.UserID,
			Target: orgOf(by), Details: map[string]any{"session": by.SessionID}}.From(ctx))
	})
	if err == nil {
		s.seen.Add(l, struct{}{})
	}
	return wrap("recording a look", err)
}

// look is Look where loam.yaml lets admins see rows at all; what asks for them is named.
func (s *Service) look(ctx context.Context, by *access.Principal, at string) error {
	if s.opts.Config.Console.Data == "off" {
		return fault.New(fault.AccessAsAdmin, "nobody looks at rows as admin here: console.data in loam.yaml is off").At(at)
	}
	return s.Look(ctx, by)
}

func orgOf(by *access.Principal) string {
	if by.Org == "" {
		return ""
	}
	return "org:" + by.Org
}

// Wrote records a write as admin, inside its transaction.
func (s *Service) Wrote(ctx context.Context, c store.Conn, by *access.Principal, m *schema.Model, w store.Written) error {
	org := by.Org
	if m.Scope == schema.Global {
		org = ""
	}
	operation := map[query.WriteOp]string{query.Create: "create", query.Update: "update", query.Delete: "delete"}[w.Op]
	return s.opts.Audit.Append(c, audit.Event{Action: "admin.row_written", Org: org, Actor: "user:" + by.UserID,
		Target: "row:" + m.Name + "/" + query.KeyPath(w.Key), Details: map[string]any{"operation": operation}}.From(ctx))
}

// Prune forgets looks from long ago.
func (s *Service) Prune(ctx context.Context) error {
	err := s.opts.Engine.Write(ctx, func(c store.Conn) error {
		_, err := c.Exec(`DELETE FROM "_console_looks" WHERE "at" < ?1`, form.Stamp(s.opts.Now().Add(-keepLooks)))
		return err
	})
	return wrap("forgetting looks", err)
}
