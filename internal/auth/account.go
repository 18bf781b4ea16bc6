package auth

import (
	"context"
	"strconv"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/jobs"
	"github.com/loam-dev/loam/internal/store"
)

// DeleteAccount is what a user sends who leaves for good.
type DeleteAccount struct {
	Password Secret `json:"password"` // or a fresh sign-in
}

// Delete removes the caller's account, at once on every door, with the
// organizations that nobody else is in. One that would be left without an owner
// keeps them from going, as do rows that the schema says need them. What becomes
// of the rows that they own, the schema says too, and a job sees to it.
func (s *Service) Delete(ctx context.Context, p *access.Principal, in DeleteAccount, profiles Profiles, from Client) error {
	user, err := s.reauthenticate(ctx, p, in.Password, from)
	if err == nil && profiles != nil {
		err = profiles.MayRemoveUser(ctx, user.ID)
	}
	if err != nil {
		return err
	}
	var others []string // as whom they act
	err = s.engine.Write(ctx, func(c store.Conn) error {
		err := s.Remove(ctx, c, user.ID, "auth.account_deleted", p.Subject())
		if err == nil && user.admin {
			if others, err = endImpersonations(c, user.ID, stamp(s.now())); err == nil {
				err = s.KeepAdmin(c)
			}
		}
		return err
	})
	for _, id := range append(others, user.ID) {
		s.Forget(id)
	}
	s.ForgetKeys()
	return wrap("deleting an account", err)
}

// Remove deletes an account within the caller's transaction, and records that as an
// action. Tell Forget of it after the commit, and ForgetKeys, since organizations
// may go along.
func (s *Service) Remove(ctx context.Context, c store.Conn, user, action, actor string) error {
	if err := s.orgs.Leave(ctx, c, user); err != nil {
		return err
	}
	if err := s.record(ctx, c, audit.Event{Action: action, Actor: actor, Target: "user:" + user}); err != nil {
		return err
	}
	n, err := c.Exec(`DELETE FROM "_users" WHERE "id" = ?1`, user) // and what refers to it
	if err == nil && n == 0 {
		err = fault.New(fault.AuthUserNotFound, "there is no user %q", user)
	}
	if err != nil {
		return err
	}
	return s.queue.Add(c, jobs.Job{Kind: RowsJob, Payload: []byte(strconv.Quote(user))})
}

// expel removes whatever was set up on an account whose address nobody had shown
// to be theirs, before the one who has now comes in: passwords, factors, linked
// identities, API keys, tickets and sessions, and the people whom the account has
// brought into organizations, with their keys. Organizations and rows stay: where
// addresses are not confirmed they are as a rule the user's own.
func (s *Service) expel(ctx context.Context, c store.Conn, user *account) error {
	now := stamp(s.now())
	if _, err := c.Exec(`UPDATE "_users" SET "password" = NULL, "updated_at" = ?1 WHERE "id" = ?2`, now, user.ID); err != nil {
		return err
	}
	for _, table := range ownTables {
		if _, err := c.Exec(`DELETE FROM `+table+` WHERE "user_id" = ?1`, user.ID); err != nil {
			return err
		}
	}
	if err := s.factors.Drop(c, user.ID); err != nil {
		return err
	}
	user.password = ""
	gone, err := s.orgs.Disown(ctx, c, user.ID)
	if err != nil {
		return err
	}
	gone[""] = []string{user.ID}
	for org, users := range gone {
		for _, id := range users {
			ended, err := s.EndKeysOf(c, id, org)
			if err != nil {
				return err
			}
			user.lost = append(append(user.lost, id), ended...)
		}
	}
	if err := endSessions(c, user.ID, "", now); err != nil {
		return err
	}
	return s.record(ctx, c, audit.Event{Action: "auth.credentials_dropped", Actor: "user:" + user.ID, Target: "user:" + user.ID})
}

// ownTables hold what proves a user to be who they are, beside the password and
// the factors.
var ownTables = []string{`"_identities"`, `"_tickets"`, `"_challenges"`}

// keepsAWayIn refuses a change that would lock a user out.
func (s *Service) keepsAWayIn(c store.Conn, user string) error {
	has, err := s.factors.Of(c, user)
	if err != nil || has.Passkeys > 0 {
		return err
	}
	ways := 0
	err = c.Query(`SELECT (SELECT COUNT(*) FROM "_users" WHERE "id" = ?1 AND ("password" IS NOT NULL OR "verified_at" IS NOT NULL AND ?2))
		+ (SELECT COUNT(*) FROM "_identities" WHERE "user_id" = ?1)`, []any{user, s.settings.Email.Code || s.settings.Email.Link},
		func(r store.Row) error { ways = int(r.Int(0)); return nil })
	if err == nil && ways == 0 {
		err = fault.New(fault.AuthLastWay, "this is your last way to sign in: set a password or link another first")
	}
	return err
}
