package auth

import (
	"context"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Device is one of a user's sessions as they see it.
type Device struct {
	ID         string `json:"id"`
	Current    bool   `json:"current"`
	Method     Method `json:"method"`
	Client     string `json:"client,omitempty"` // the name of the application whose session it is
	Address    string `json:"address"`          // an IPv4 address, or an IPv6 /64
	Agent      string `json:"agent"`            // User-Agent
	CreatedAt  string `json:"createdAt"`
	LastUsedAt string `json:"lastUsedAt"` // when it was last refreshed
}

// Sessions lists the caller's live sessions, newest first: maxSessions at most.
func (s *Service) Sessions(ctx context.Context, p *access.Principal) ([]Device, error) {
	if p.Kind != access.User {
		return nil, signInFirst()
	}
	var list []Device
	err := s.engine.Read(ctx, func(c store.Conn) error {
		list = []Device{}
		return c.Query(`SELECT "id", "method", "client", "address", "agent", "created_at", "refreshed_at" FROM "_sessions"
			WHERE "user_id" = ?1 AND "revoked_at" IS NULL AND "expires_at" > ?2 AND "impersonator" = '' ORDER BY "id" DESC`,
			[]any{p.UserID, stamp(s.now())}, func(r store.Row) error {
				list = append(list, Device{r.Text(0), r.Text(0) == p.SessionID, Method(r.Text(1)), s.ClientName(r.Text(2)), r.Text(3), r.Text(4), r.Text(5), r.Text(6)})
				return nil
			})
	})
	return list, wrap("listing sessions", err)
}

// EndSession ends one of the caller's sessions, at once on every door.
func (s *Service) EndSession(ctx context.Context, p *access.Principal, id string) error {
	if p.Kind != access.User {
		return signInFirst()
	}
	err := s.engine.Write(ctx, func(c store.Conn) error {
		if err := s.CloseSession(c, p.UserID, id); err != nil {
			return err
		}
		return s.record(ctx, c, audit.Event{Action: "auth.session_ended", Org: p.Org, Actor: p.Subject(), Target: "session:" + id})
	})
	s.Forget(p.UserID)
	return wrap("ending a session", err)
}

// CloseSession ends one session of a user inside the caller's transaction. Tell Forget
// of the user after the commit.
func (s *Service) CloseSession(c store.Conn, user, id string) error {
	n, err := c.Exec(`UPDATE "_sessions" SET "revoked_at" = ?1 WHERE "id" = ?2 AND "user_id" = ?3 AND "revoked_at" IS NULL`, stamp(s.now()), id, user)
	if err == nil && n == 0 {
		err = fault.New(fault.AuthNoSession, "there is no such session")
	}
	return err
}

// EndSessions ends the caller's sessions everywhere, or everywhere else.
func (s *Service) EndSessions(ctx context.Context, p *access.Principal, keepThis bool) error {
	if p.Kind != access.User {
		return signInFirst()
	}
	kept := ""
	if keepThis {
		kept = p.SessionID
	}
	err := s.engine.Write(ctx, func(c store.Conn) error {
		if err := endSessions(c, p.UserID, kept, stamp(s.now())); err != nil {
			return err
		}
		return s.record(ctx, c, audit.Event{Action: "auth.sessions_ended", Org: p.Org, Actor: p.Subject(), Target: p.Subject()})
	})
	s.Forget(p.UserID)
	return wrap("ending the sessions", err)
}

// endSessions ends all sessions of a user but one, and the sign-ins that wait for
// a second proof. The caller forgets their tokens once that is committed.
func endSessions(c store.Conn, user, kept, now string) error {
	if _, err := c.Exec(`DELETE FROM "_challenges" WHERE "user_id" = ?1`, user); err != nil {
		return err
	}
	_, err := c.Exec(`UPDATE "_sessions" SET "revoked_at" = ?1 WHERE "user_id" = ?2 AND "id" <> ?3 AND "revoked_at" IS NULL`, now, user, kept)
	return err
}
