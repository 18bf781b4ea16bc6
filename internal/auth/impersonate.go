package auth

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tokens"
)

// The limits of acting as somebody else.
const (
	impersonationLife = 30 * time.Minute // it is not refreshed
	maxReason         = 500              // characters
)

// byAdminWriting is ByAdmin by one who may also write.
const byAdminWriting Method = ByAdmin + ":write"

// Impersonate is what an admin sends to act as a user for a while.
type Impersonate struct {
	Reason string `json:"reason"` // for the audit log
	Write  bool   `json:"write"`  // rows too, where auth.impersonation allows it
	Org    string `json:"org"`    // of the user's; "": where they last were
}

// impersonation is who acts in a session, and how they got in; by is "" where it
// is the user's own.
type impersonation struct {
	by  string // a subject
	how Method
}

// standing refuses a session whose admin is one no more, and one of a user who has
// become an admin since.
func (i impersonation) standing(c store.Conn, user account) error {
	if i.by == "" {
		return nil
	}
	admin, err := findAccount(c, selectAccount+`WHERE u."id" = ?1`, strings.TrimPrefix(i.by, "user:"))
	if errors.Is(err, errNoAccount) || err == nil && (!admin.admin || admin.disabled || user.admin) {
		return revoked()
	}
	return err
}

// Impersonate opens a session of a user for an admin of the server, whom the caller
// has verified as one with a fresh proof. It lasts impersonationLife, brings no
// refresh token, says in its token who acts, and reads only unless write is asked
// for and allowed. Nobody acts as another admin.
func (s *Service) Impersonate(ctx context.Context, p *access.Principal, userID string, in Impersonate, from Client) (Session, error) {
	in.Reason = strings.TrimSpace(in.Reason)
	if in.Reason == "" || len([]rune(in.Reason)) > maxReason || strings.ContainsFunc(in.Reason, unicode.IsControl) {
		return Session{}, fault.New(fault.QueryBadValue, "say in a reason of 1 to %d characters why you act as this user", maxReason).At("reason")
	}
	how := ByAdmin
	switch allowed := s.settings.Impersonation; {
	case allowed == "off":
		return Session{}, fault.New(fault.AuthNoImpersonation, "nobody acts as another user here: auth.impersonation in loam.yaml is off")
	case in.Write && allowed != "write":
		return Session{}, fault.New(fault.AuthNoImpersonation, "acting as a user is for reading here: auth.impersonation in loam.yaml would have to be write")
	case in.Write:
		how = byAdminWriting
	}
	o := opening{session: newID()}
	err := s.engine.Write(ctx, func(c store.Conn) error {
		user, err := findAccount(c, selectAccount+`WHERE u."id" = ?1`, userID)
		switch {
		case errors.Is(err, errNoAccount):
			return fault.New(fault.AuthUserNotFound, "there is no user %q", userID)
		case err != nil:
			return err
		case user.admin || user.ID == p.UserID:
			return fault.New(fault.AuthNoImpersonation, "nobody acts as an administrator of the server")
		case user.disabled:
			return fault.New(fault.AuthNoImpersonation, "the account is disabled: enable it first")
		}
		o.user = user.User
		if o.org, err = s.active(c, user.ID, cmp.Or(in.Org, user.org)); err != nil {
			return err
		}
		if in.Org != "" && o.org.id() != in.Org {
			return fault.New(fault.TenantNotFound, "there is no such organization among the user's").At("org")
		}
		return s.enterAs(ctx, c, p, o, how, in, from)
	})
	if err != nil {
		return Session{}, wrap("acting as a user", err)
	}
	token, err := s.sign(claims{Actor: &actor{p.UserID}}, o, impersonationLife)
	return Session{User: o.user, Organization: o.org, AccessToken: token, ExpiresIn: int(impersonationLife.Seconds())}, err
}

// enterAs stores the session. Its refresh token is one that nobody has.
func (s *Service) enterAs(ctx context.Context, c store.Conn, p *access.Principal, o opening, how Method, in Impersonate, from Client) error {
	now := s.now()
	if _, err := c.Exec(`INSERT INTO "_sessions"
		("id", "user_id", "org", "token", "address", "agent", "created_at", "refreshed_at", "expires_at", "ends_at", "method", "impersonator")
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?8, ?9, ?10)`,
		o.session, o.user.ID, o.org.id(), tokens.Digest(s.refresh.Mint(o.session)), from.network(), from.agent(),
		stamp(now), stamp(now.Add(impersonationLife)), string(how), p.Subject()); err != nil {
		return err
	}
	return s.record(ctx, c, audit.Event{Action: "admin.impersonation_started", Org: o.org.id(), Actor: p.Subject(), Target: "user:" + o.user.ID,
		Details: map[string]any{"reason": in.Reason, "write": in.Write, "session": o.session}})
}

// endImpersonations ends the sessions in which an admin acts as others, and returns
// whose they are.
func endImpersonations(c store.Conn, admin, now string) (users []string, err error) {
	err = c.Query(`UPDATE "_sessions" SET "revoked_at" = ?1 WHERE "impersonator" = ?2 AND "revoked_at" IS NULL RETURNING "user_id"`,
		[]any{now, "user:" + admin}, func(r store.Row) error {
			users = append(users, r.Text(0))
			return nil
		})
	return users, err
}
