package auth

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tokens"
)

// Grant is what a user lets an application of auth.clients do in their name.
type Grant struct {
	UserID  string
	Parent  string // the user's own session, in which they let it
	Client  string // its id
	Scope   string
	Offline bool // it goes on without them: there is a refresh token
}

// Opened is the session of an application before its transaction is durable.
type Opened struct {
	o       opening
	offline bool
	proved  string
}

// Session is the id of the session.
func (o Opened) Session() string { return o.o.session }

// ClientSession is what an application gets.
type ClientSession struct {
	Session
	ID       string // of the session
	Scope    string
	ProvedAt string // when the user last showed a secret, in the canonical form
}

// LogValue logs a session without its tokens.
func (s ClientSession) LogValue() slog.Value {
	return slog.StringValue("session of an application for " + s.User.ID)
}

// OpenClient opens an application's session within the caller's transaction, in
// the organization of the user's own session; that one must not have ended.
func (s *Service) OpenClient(ctx context.Context, c store.Conn, g Grant, from Client) (Opened, error) {
	proved, err := ownSession(c, &access.Principal{Kind: access.User, UserID: g.UserID, SessionID: g.Parent})
	if err != nil {
		return Opened{}, err
	}
	user, org, err := sessionAccount(c, g.Parent)
	if err != nil {
		return Opened{}, err
	}
	if user.disabled {
		return Opened{}, disabled()
	}
	now := s.now()
	o := opening{session: newID(), user: user.User, client: g.Client, scope: g.Scope}
	if o.org, err = s.active(c, user.ID, org); err != nil {
		return Opened{}, err
	}
	o.refresh = s.refresh.Mint(o.session)
	idle := s.life
	if g.Offline {
		idle = s.idle
	}
	if _, err = c.Exec(`INSERT INTO "_sessions" ("id", "user_id", "org", "token", "address", "agent", "created_at", "refreshed_at",
		"expires_at", "ends_at", "method", "proved_at", "client", "scope", "parent")
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)`,
		o.session, user.ID, o.org.id(), tokens.Digest(o.refresh), from.network(), from.agent(), stamp(now), stamp(now.Add(idle)),
		stamp(now.Add(sessionLife)), string(ByClient), proved, g.Client, g.Scope, g.Parent); err != nil {
		return Opened{}, err
	}
	n, err := c.Exec(`DELETE FROM "_sessions" WHERE "user_id" = ?1 AND "client" = ?2 AND "id" <=
		(SELECT "id" FROM "_sessions" WHERE "user_id" = ?1 AND "client" = ?2 ORDER BY "id" DESC LIMIT 1 OFFSET ?3)`, user.ID, g.Client, maxOfClient)
	if err != nil {
		return Opened{}, err
	}
	o.crowded = n > 0
	return Opened{o, g.Offline, proved}, s.record(ctx, c, audit.Event{Action: "auth.sign_in", Org: o.org.id(), Actor: "user:" + user.ID,
		Target: "session:" + o.session, Details: map[string]any{"method": string(ByClient), "client": g.Client, "scope": g.Scope}})
}

// ClientTokens makes the tokens of a session that OpenClient opened, once that is
// durable.
func (s *Service) ClientTokens(ctx context.Context, o Opened) (ClientSession, error) {
	session, err := s.answer(ctx, o.o)
	return o.with(session), err
}

// with is what the application gets.
func (o Opened) with(session Session) ClientSession {
	if !o.offline {
		session.RefreshToken = ""
	}
	return ClientSession{session, o.o.session, o.o.scope, o.proved}
}

// RefreshClient is Refresh for the session of an application, which has shown
// that it is the one.
func (s *Service) RefreshClient(ctx context.Context, client string, token Secret) (ClientSession, error) {
	session, ok := s.refresh.Session(token)
	if !ok {
		return ClientSession{}, tokens.Refused()
	}
	own, err := s.claimsAhead(ctx, session)
	if err != nil {
		return ClientSession{}, err
	}
	moved := Opened{offline: true}
	var refused error // not returned from the transaction: ending the session must last
	err = s.engine.Write(ctx, func(c store.Conn) (err error) {
		if moved.o, refused, err = s.rotate(ctx, c, client, session, tokens.Digest(token)); err != nil || refused != nil {
			return err
		}
		return c.Query(`SELECT "scope", "proved_at" FROM "_sessions" WHERE "id" = ?1`, []any{session}, func(r store.Row) error {
			moved.o.scope, moved.proved = r.Text(0), r.Text(1)
			return nil
		})
	})
	switch {
	case err != nil:
		return ClientSession{}, wrap("refreshing an application's session", err)
	case refused != nil:
		if moved.o.user.ID != "" {
			s.Forget(moved.o.user.ID)
		}
		return ClientSession{}, refused
	}
	renewed, err := s.mint(moved.o, own)
	return moved.with(renewed), err
}

// EndClientSession ends the session of an application of which a token is shown,
// an access token or a refresh token, at once on every door. A token that is not
// that application's ends nothing.
func (s *Service) EndClientSession(ctx context.Context, client string, token Secret) error {
	session, ok := s.refresh.Session(token)
	if !ok {
		claims, err := s.readAccess(string(token))
		if err != nil {
			return nil
		}
		session = claims.Session
	}
	var user string
	err := s.engine.Write(ctx, func(c store.Conn) (err error) {
		user, err = s.endWhere(ctx, c, `"id" = ?2 AND "client" = ?3`, session, client)
		return err
	})
	if user != "" {
		s.Forget(user)
	}
	return wrap("ending an application's session", err)
}

// EndClient ends every session that an application has for a user, within the
// caller's transaction; Forget is for the caller to call.
func (s *Service) EndClient(c store.Conn, user, client string) error {
	_, err := c.Exec(`UPDATE "_sessions" SET "revoked_at" = ?1 WHERE "user_id" = ?2 AND "client" = ?3 AND "revoked_at" IS NULL`, stamp(s.now()), user, client)
	return err
}

// EndReplayed ends a session whose code was shown again, within the caller's
// transaction, and returns whose it was; "" where it had ended.
func (s *Service) EndReplayed(ctx context.Context, c store.Conn, session string) (user string, err error) {
	return s.endWhere(ctx, c, `"id" = ?2 AND "client" <> ?3`, session, "")
}

// endWhere ends the one live session that meets a condition and returns whose it was.
func (s *Service) endWhere(ctx context.Context, c store.Conn, condition, session, client string) (user string, err error) {
	if err = c.Query(`UPDATE "_sessions" SET "revoked_at" = ?1 WHERE "revoked_at" IS NULL AND `+condition+` RETURNING "user_id"`,
		[]any{stamp(s.now()), session, client}, func(r store.Row) error {
			user = r.Text(0)
			return nil
		}); err != nil || user == "" {
		return "", err
	}
	return user, s.record(ctx, c, audit.Event{Action: "auth.session_ended", Actor: "user:" + user, Target: "session:" + session})
}

// EndWithParent ends an application's session and the user's own that let it, as
// when the user signs out there. Both may have ended already.
func (s *Service) EndWithParent(ctx context.Context, user, client, session string) error {
	err := s.engine.Write(ctx, func(c store.Conn) error {
		parent := ""
		if err := c.Query(`SELECT "parent" FROM "_sessions" WHERE "id" = ?1 AND "user_id" = ?2 AND "client" = ?3`,
			[]any{session, user, client}, func(r store.Row) error {
				parent = r.Text(0)
				return nil
			}); err != nil || parent == "" {
			return err
		}
		for _, id := range []string{session, parent} {
			if _, err := s.endWhere(ctx, c, `"id" = ?2 AND "user_id" = ?3`, id, user); err != nil {
				return err
			}
		}
		return nil
	})
	s.Forget(user)
	return wrap("signing out of an application", err)
}

// Own tells when a session that is the user's own last saw a secret: no
// application's, and no admin's who acts as them. Others are refused.
func (s *Service) Own(ctx context.Context, p *access.Principal) (provedAt string, err error) {
	err = s.engine.Read(ctx, func(c store.Conn) (err error) {
		provedAt, err = ownSession(c, p)
		return err
	})
	return provedAt, wrap("reading a session", err)
}

// SignIDToken signs the claims of an ID token.
func (s *Service) SignIDToken(claims any) (Secret, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", wrap("encoding an ID token", err)
	}
	return s.idKeys.Sign(payload)
}

// ReadIDToken returns the claims of an ID token of ours, however old: it tells
// who was signed in, and nothing about now.
func (s *Service) ReadIDToken(token string) ([]byte, error) {
	if s.idKeys == nil {
		return nil, tokens.Refused()
	}
	return s.idKeys.Read(token)
}

// ClientName is what people call an application; its id where it has no name.
func (s *Service) ClientName(id string) string {
	if client, ok := s.settings.Client(id); ok && client.Name != "" {
		return client.Name
	}
	return id
}

// knows tells whether a session's application is still one of auth.clients; ""
// is the user.
func (s *Service) knows(client string) bool {
	_, ok := s.settings.Client(client)
	return ok || client == ""
}
