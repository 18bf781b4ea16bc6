package tenant

import (
	"context"

	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/store"
)

// bring notes who has brought a member into an organization: where somebody had
// brought that one, it is the first of them. "" is nobody.
func bring(c store.Conn, org, userID, by string) error {
	_, err := c.Exec(`UPDATE "_members" SET "brought_by" = COALESCE((SELECT NULLIF(b."brought_by", '') FROM "_members" b
		WHERE b."org" = ?1 AND b."user_id" = ?3), ?3) WHERE "org" = ?1 AND "user_id" = ?2`, org, userID, by)
	return err
}

// Disown undoes what somebody did with a user's account who was not the user, within
// the transaction that finds out: it revokes the invitations made with it, and
// ends the memberships of those brought in by it, and by them. An organization
// that has no owner then is the user's. It returns who has lost a membership, by
// organization. Rows stay, and so do members whom a domain, an identity provider
// or an admin of the server has brought.
func (r Register) Disown(ctx context.Context, c store.Conn, userID string) (lost map[string][]string, err error) {
	now := stamp(r.clock()())
	var events []audit.Event
	record := func(action, org, target string, details map[string]any) {
		details["why"] = "the owner of the address has come"
		events = append(events, audit.Event{Action: action, Org: org, Actor: audit.System, Target: target, Details: details})
	}
	if err := c.Query(`UPDATE "_invitations" SET "closed_at" = ?2 WHERE "closed_at" IS NULL AND ("invited_by" = ?1 OR EXISTS (SELECT 1 FROM "_members" m
		WHERE m."org" = "_invitations"."org" AND m."user_id" = "_invitations"."invited_by" AND m."brought_by" = ?1)) RETURNING "org", "id", "email"`,
		[]any{userID, now}, func(row store.Row) error {
			record("org.invitation_revoked", row.Text(0), "invitation:"+row.Text(1), map[string]any{"email": row.Text(2)})
			return nil
		}); err != nil {
		return nil, err
	}
	lost = map[string][]string{}
	if err := c.Query(`DELETE FROM "_members" WHERE "brought_by" = ?1 AND "user_id" <> ?1
		AND "org" IN (SELECT m."org" FROM "_members" m WHERE m."user_id" = ?1) RETURNING "org", "user_id", "role"`,
		[]any{userID}, func(row store.Row) error {
			lost[row.Text(0)] = append(lost[row.Text(0)], row.Text(1))
			record("org.member_removed", row.Text(0), "user:"+row.Text(1), map[string]any{"role": row.Text(2)})
			return nil
		}); err != nil {
		return nil, err
	}
	for org := range lost {
		n, err := c.Exec(`UPDATE "_members" SET "role" = ?3, "updated_at" = ?4 WHERE "org" = ?1 AND "user_id" = ?2
			AND NOT EXISTS (SELECT 1 FROM "_members" o WHERE o."org" = ?1 AND o."role" = ?3)`, org, userID, string(Owner), now)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			record("org.role_changed", org, "user:"+userID, map[string]any{"role": string(Owner)})
		}
	}
	for _, e := range events {
		if err := r.record(ctx, c, e); err != nil {
			return nil, err
		}
	}
	return lost, nil
}
