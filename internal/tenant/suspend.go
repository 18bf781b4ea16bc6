package tenant

import (
	"context"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Record is an organization as an admin of the server sees it.
type Record struct {
	ID           string      `json:"id"`
	Name         string      `json:"name"`
	Slug         string      `json:"slug"`
	Members      int64       `json:"members"`
	SuspendedAt  *string     `json:"suspendedAt"`
	SuspendedFor string      `json:"suspendedFor"` // the reason; not shown to its members
	Limits       Limits      `json:"limits"`       // in force
	Usage        store.Usage `json:"usage"`
	CreatedAt    string      `json:"createdAt"`
}

// Records is a page of them. NextCursor is nil on the last.
type Records struct {
	Items      []Record `json:"items"`
	NextCursor *string  `json:"nextCursor"`
}

// Suspension says why an organization is closed for now.
type Suspension struct {
	Reason string `json:"reason"`
}

const selectRecord = `SELECT o."id", o."name", o."slug", (SELECT COUNT(*) FROM "_members" m WHERE m."org" = o."id"),
	o."suspended_at", o."suspended_for", o."limits", o."created_at" FROM "_orgs" o WHERE o."deleted_at" IS NULL AND o."id" <> '` + None + `' `

func (s *Service) scanRecord(r store.Row) (Record, error) {
	record := Record{ID: r.Text(0), Name: r.Text(1), Slug: r.Text(2), Members: r.Int(3), SuspendedFor: r.Text(5), CreatedAt: r.Text(7)}
	if !r.Null(4) {
		at := r.Text(4)
		record.SuspendedAt = &at
	}
	var err error
	record.Limits, err = s.register.limits(r.Bytes(6))
	return record, err
}

// Records returns a page of all organizations, by id, whose name or slug begins
// with a text; for admins of the server.
func (s *Service) Records(ctx context.Context, p *access.Principal, search string, page Page) (Records, error) {
	if err := s.admin(p); err != nil {
		return Records{}, err
	}
	limit, err := page.limit()
	if err != nil {
		return Records{}, err
	}
	var found Records
	err = s.engine.Read(ctx, func(c store.Conn) error {
		found = Records{Items: []Record{}}
		err := c.Query(selectRecord+`AND o."id" > ?1 AND (?2 = '' OR substr(lower(o."name"), 1, length(?2)) = ?2 OR substr(o."slug", 1, length(?2)) = ?2)
			ORDER BY o."id" LIMIT ?3`, []any{page.After, strings.ToLower(search), limit + 1}, func(r store.Row) error {
			record, err := s.scanRecord(r)
			found.Items = append(found.Items, record)
			return err
		})
		for i := range found.Items {
			if err == nil {
				found.Items[i].Usage, err = store.UsageOf(c, found.Items[i].ID)
			}
		}
		return err
	})
	if len(found.Items) > limit {
		found.Items = found.Items[:limit]
		found.NextCursor = &found.Items[limit-1].ID
	}
	return found, wrap("listing all organizations", err)
}

// Record returns an organization; for admins of the server, who need not be
// members of it.
func (s *Service) Record(ctx context.Context, p *access.Principal, org string) (Record, error) {
	if err := s.admin(p); err != nil {
		return Record{}, err
	}
	var record Record
	err := s.engine.Read(ctx, func(c store.Conn) (err error) {
		record, err = s.record(c, org)
		return err
	})
	return record, wrap("reading an organization", err)
}

func (s *Service) record(c store.Conn, org string) (record Record, err error) {
	err = c.Query(selectRecord+`AND o."id" = ?1`, []any{org}, func(r store.Row) (err error) {
		record, err = s.scanRecord(r)
		return err
	})
	if err == nil && record.ID == "" {
		err = fault.New(fault.TenantNotFound, "there is no such organization")
	}
	if err == nil {
		record.Usage, err = store.UsageOf(c, org)
	}
	return record, err
}

// Suspend closes an organization to its members and API keys, at once and on
// every door, until Restore; for admins of the server.
func (s *Service) Suspend(ctx context.Context, p *access.Principal, org string, in Suspension) (Record, error) {
	if len([]rune(in.Reason)) > maxReason {
		return Record{}, fault.New(fault.QueryBadValue, "a reason has at most %d characters", maxReason).At("reason")
	}
	return s.standing(ctx, p, org, stamp(s.now()), in.Reason)
}

// Restore opens a suspended organization again.
func (s *Service) Restore(ctx context.Context, p *access.Principal, org string) (Record, error) {
	return s.standing(ctx, p, org, nil, "")
}

func (s *Service) standing(ctx context.Context, p *access.Principal, org string, since any, reason string) (Record, error) {
	if err := s.admin(p); err != nil {
		return Record{}, err
	}
	var record Record
	var members []string
	err := s.engine.Write(ctx, func(c store.Conn) (err error) {
		if _, err := s.record(c, org); err != nil {
			return err
		}
		if _, err := c.Exec(`UPDATE "_orgs" SET "suspended_at" = CASE WHEN CAST(?2 AS TEXT) IS NULL THEN NULL ELSE COALESCE("suspended_at", CAST(?2 AS TEXT)) END,
			"suspended_for" = ?3, "updated_at" = ?4 WHERE "id" = ?1`, org, since, reason, stamp(s.now())); err != nil {
			return err
		}
		if members, err = membersOf(c, org); err != nil {
			return err
		}
		if record, err = s.record(c, org); err != nil {
			return err
		}
		action := "org.suspended"
		if since == nil {
			action = "org.restored"
		}
		return s.register.record(ctx, c, audit.Event{Action: action, Org: org, Actor: p.Subject(), Target: "org:" + org,
			Details: map[string]any{"reason": reason}})
	})
	s.forgetUsers(members)
	s.accounts.ForgetKeys()
	return record, wrap("suspending or restoring an organization", err)
}

// membersOf lists the ids of an organization's members.
func membersOf(c store.Conn, org string) (ids []string, err error) {
	err = c.Query(`SELECT "user_id" FROM "_members" WHERE "org" = ?1`, []any{org}, func(r store.Row) error {
		ids = append(ids, r.Text(0))
		return nil
	})
	return ids, err
}

// forgetUsers makes what is known of users be looked up again.
func (s *Service) forgetUsers(ids []string) {
	for _, id := range ids {
		s.accounts.Forget(id)
	}
}

// admin lets admins of the server pass, where there are organizations.
func (s *Service) admin(p *access.Principal) error {
	if p.Kind != access.System {
		if err := signedIn(p); err != nil {
			return err
		}
	}
	if !p.Admin {
		return fault.New(fault.AccessDenied, "only an administrator of the server does this")
	}
	return s.withOrganizations()
}

// limit is how many items the page has.
func (p Page) limit() (int, error) {
	if p.Limit < 0 || p.Limit > maxPage {
		return 0, fault.New(fault.QueryLimit, "limit is from 1 to %d", maxPage).At("limit")
	}
	if p.Limit == 0 {
		return defaultPage, nil
	}
	return p.Limit, nil
}
