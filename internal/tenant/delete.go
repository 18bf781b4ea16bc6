package tenant

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/jobs"
	"github.com/loam-dev/loam/internal/store"
)

// Deletion is what one sends to delete an organization.
type Deletion struct {
	Confirm string `json:"confirm"` // its slug, to be sure
}

const (
	deleteJob = "tenant/delete"
	// deleteAfter is longer than a request lives: by then none is under way that
	// began while the organization was there.
	deleteAfter = 2 * time.Minute
)

// Delete makes an organization be gone for everyone, at once and for good: its
// members and keys are refused, and its slug and domains are free. A job removes
// what it had. It needs organization.delete. The audit log keeps its records.
func (s *Service) Delete(ctx context.Context, p *access.Principal, org string, in Deletion) error {
	if err := s.withOrganizations(); err != nil {
		return err
	}
	var members []string
	err := s.permit(ctx, p, org, config.OrganizationDelete, func(c store.Conn, _ Role) error {
		o, err := s.organization(c, org, p.UserID)
		if err != nil {
			return err
		}
		if in.Confirm != o.Slug {
			return fault.New(fault.TenantUnconfirmed, `to delete this organization with all that is in it send {"confirm": %q}`, o.Slug).At("confirm")
		}
		if members, err = membersOf(c, org); err != nil {
			return err
		}
		if err := s.register.close(c, org); err != nil {
			return err
		}
		return s.register.record(ctx, c, audit.Event{Action: "org.deleted", Org: org, Actor: p.Subject(), Target: "org:" + org,
			Details: map[string]any{"name": o.Name, "slug": o.Slug}})
	})
	s.forgetUsers(members)
	s.accounts.ForgetKeys()
	return wrap("deleting an organization", err)
}

// close makes an organization be gone, and has what it had removed.
func (r Register) close(c store.Conn, org string) error {
	now := r.clock()()
	if _, err := c.Exec(`UPDATE "_orgs" SET "deleted_at" = ?2, "slug" = "id" WHERE "id" = ?1`, org, stamp(now)); err != nil {
		return err
	}
	if _, err := c.Exec(`DELETE FROM "_domains" WHERE "org" = ?1`, org); err != nil || r.Jobs == nil {
		return err
	}
	return r.Jobs.Add(c, jobs.Job{Kind: deleteJob, Key: org, Payload: []byte(org), RunAt: now.Add(deleteAfter), MaxAttempts: 100})
}

// Purge removes what a deleted organization had: its rows, and all that refers to
// it. It may run again after a failure or a kill, and goes on; of an organization
// that is not deleted it removes nothing.
func (s *Service) Purge(ctx context.Context, org string) error {
	deleted := false
	err := s.engine.Read(ctx, func(c store.Conn) error {
		return c.Query(`SELECT 1 FROM "_orgs" WHERE "id" = ?1 AND "deleted_at" IS NOT NULL`, []any{org}, func(store.Row) error {
			deleted = true
			return nil
		})
	})
	if err == nil && deleted && s.outside.Rows != nil {
		err = s.outside.Rows.DeleteOrganization(ctx, org)
	}
	if err != nil || !deleted {
		return wrap("removing the rows of an organization", err)
	}
	return wrap("removing an organization", s.engine.Write(ctx, func(c store.Conn) error {
		if err := s.accounts.RemoveOrganization(c, org); err != nil {
			return err
		}
		_, err := c.Exec(`DELETE FROM "_orgs" WHERE "id" = ?1 AND "deleted_at" IS NOT NULL`, org) // members, teams and invitations go along
		return err
	}))
}

// MayExport lets who has the permission organization.export take all of an
// organization along, and puts on record that they did.
func (s *Service) MayExport(ctx context.Context, p *access.Principal, org string) error {
	if err := s.withOrganizations(); err != nil {
		return err
	}
	return wrap("exporting an organization", s.permit(ctx, p, org, config.OrganizationExport, func(c store.Conn, _ Role) error {
		return s.register.record(ctx, c, audit.Event{Action: "org.exported", Org: org, Actor: p.Subject(), Target: "org:" + org})
	}))
}

// Export writes an organization as JSON Lines: itself, its members, teams, open
// invitations and domains, then its rows. Whoever calls it has asked MayExport.
func (s *Service) Export(ctx context.Context, org string, w io.Writer) error {
	var head bytes.Buffer
	err := s.engine.Read(ctx, func(c store.Conn) error {
		head.Reset()
		return s.exportHead(c, org, &head)
	})
	if err == nil {
		_, err = w.Write(head.Bytes())
	}
	if err == nil && s.outside.Rows != nil {
		err = s.outside.Rows.ExportOrganization(ctx, org, w)
	}
	return wrap("exporting an organization", err)
}

// exportHead writes what the room itself keeps of an organization.
func (s *Service) exportHead(c store.Conn, org string, w io.Writer) error {
	out := json.NewEncoder(w)
	now := stamp(s.now())
	for _, part := range []struct {
		sql  string
		line func(r store.Row) any
	}{
		{`SELECT "id", "name", "slug", "logo", "color", '', "suspended_at" IS NOT NULL, "created_at" FROM "_orgs" WHERE "id" = ?1`,
			func(r store.Row) any { return map[string]any{"organization": scanOrganization(r)} }},
		{selectPerson + `WHERE m."org" = ?1 ORDER BY m."user_id"`, func(r store.Row) any { return map[string]any{"member": scanPerson(r)} }},
		{selectTeam + `ORDER BY t."id"`, func(r store.Row) any { return map[string]any{"team": scanTeam(r)} }},
		{`SELECT "team", "user_id" FROM "_team_members" WHERE "org" = ?1 ORDER BY "team", "user_id"`,
			func(r store.Row) any {
				return map[string]any{"teamMember": map[string]string{"team": r.Text(0), "userId": r.Text(1)}}
			}},
		{selectInvitation + `ORDER BY i."id"`, func(r store.Row) any { return map[string]any{"invitation": scanInvitation(r, now)} }},
		{selectDomain + `ORDER BY d."domain"`, func(r store.Row) any { return map[string]any{"domain": scanDomain(r)} }},
	} {
		if err := c.Query(part.sql, []any{org}, func(r store.Row) error { return out.Encode(part.line(r)) }); err != nil {
			return err
		}
	}
	return nil
}
