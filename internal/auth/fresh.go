package auth

import (
	"context"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// fresh refuses a caller whose session has not shown a secret lately: what a
// stolen token must not do alone asks for it. Neither an API key nor a session
// that somebody else acts in ever is fresh.
func (s *Service) fresh(c store.Conn, p *access.Principal) error {
	proved, err := ownSession(c, p)
	if err == nil && proved < stamp(s.now().Add(-freshFor)) {
		err = fault.New(fault.AuthReauthenticate,
			"show who you are once more: send your password, a code of your authenticator app or a passkey to /auth/reauthenticate, or sign in again (by a provider with prompt=login), and repeat this within %s", freshFor)
	}
	return err
}

// ownSession refuses a session that is not the user's own: an admin's who acts as
// them, or an application's. It returns when a secret was last shown in it.
func ownSession(c store.Conn, p *access.Principal) (proved string, err error) {
	if p.Kind != access.User {
		return "", signInFirst()
	}
	own := false
	if err := c.Query(`SELECT "proved_at", "impersonator" = '' AND "client" = '' FROM "_sessions"
		WHERE "id" = ?1 AND "user_id" = ?2 AND "revoked_at" IS NULL`, []any{p.SessionID, p.UserID}, func(r store.Row) error {
		proved, own = r.Text(0), r.Bool(1)
		return nil
	}); err != nil {
		return "", err
	}
	switch {
	case proved == "":
		return "", revoked()
	case !own:
		return "", fault.New(fault.AuthNotAllowed, "only the user does this, in a session of their own")
	}
	return proved, nil
}

// FreshUntil is when the caller's proof of who they are grows too old for what needs
// a fresh one; "" where it has.
func (s *Service) FreshUntil(ctx context.Context, p *access.Principal) (until string, err error) {
	err = s.engine.Read(ctx, func(c store.Conn) error {
		proved, err := ownSession(c, p)
		if err != nil {
			return err
		}
		at, err := time.Parse(time.RFC3339, proved)
		if end := at.Add(freshFor); err == nil && end.After(s.now()) {
			until = stamp(end)
		}
		return err
	})
	return until, wrap("looking how fresh a proof is", err)
}
