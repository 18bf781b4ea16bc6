package tenant

import (
	"context"

	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Leave ends every membership of a user whose account goes, within the caller's
// transaction, and deletes the organizations that nobody else is in. Where others
// would be left without an owner it refuses, and names the organization.
func (r Register) Leave(ctx context.Context, c store.Conn, userID string) error {
	stuck := ""
	if err := c.Query(`SELECT o."name" FROM "_members" m JOIN "_orgs" o ON o."id" = m."org"
		WHERE m."user_id" = ?1 AND m."role" = 'owner' AND m."org" <> ?2 AND o."deleted_at" IS NULL
		AND EXISTS (SELECT 1 FROM "_members" x WHERE x."org" = m."org" AND x."user_id" <> ?1)
		AND NOT EXISTS (SELECT 1 FROM "_members" x WHERE x."org" = m."org" AND x."user_id" <> ?1 AND x."role" = 'owner') LIMIT 1`,
		[]any{userID, None}, func(row store.Row) error { stuck = row.Text(0); return nil }); err != nil {
		return err
	}
	if stuck != "" {
		return fault.New(fault.TenantLastOwner, "the account is the last owner of %q, which has other members: make one of them an owner, or delete the organization, first", stuck)
	}
	var orgs []string
	if err := c.Query(`SELECT "org" FROM "_members" WHERE "user_id" = ?1`, []any{userID}, func(row store.Row) error {
		orgs = append(orgs, row.Text(0))
		return nil
	}); err != nil {
		return err
	}
	for _, org := range orgs {
		if err := r.closeAlone(ctx, c, org, userID); err != nil {
			return err
		}
		if _, err := c.Exec(`DELETE FROM "_members" WHERE "org" = ?1 AND "user_id" = ?2`, org, userID); err != nil {
			return err
		}
		if err := r.Audit.Append(c, audit.Event{Action: "org.member_left", Org: org, Actor: "user:" + userID, Target: "user:" + userID}.From(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// closeAlone deletes an organization that the user alone is in.
func (r Register) closeAlone(ctx context.Context, c store.Conn, org, userID string) error {
	others := org == None
	err := c.Query(`SELECT 1 FROM "_members" WHERE "org" = ?1 AND "user_id" <> ?2 LIMIT 1`, []any{org, userID},
		func(store.Row) error { others = true; return nil })
	if err != nil || others {
		return err
	}
	if err := r.close(c, org); err != nil {
		return err
	}
	return r.record(ctx, c, audit.Event{Action: "org.deleted", Org: org, Actor: "user:" + userID, Target: "org:" + org})
}
