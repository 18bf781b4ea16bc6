package auth

import (
	"context"
	"errors"
	"log/slog"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/hooks"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tokens"
)

// Session is what signing in answers.
type Session struct {
	User         User          `json:"user"`
	Organization *Organization `json:"organization"`
	AccessToken  Secret        `json:"accessToken,omitempty"` // absent where they are in cookies
	RefreshToken Secret        `json:"refreshToken,omitempty"`
	ExpiresIn    int           `json:"expiresIn"` // seconds that the access token lives
}

// LogValue logs a session without its tokens.
func (s Session) LogValue() slog.Value { return slog.StringValue("session of " + s.User.ID) }

// Refresh is what a client sends for new tokens.
type Refresh struct {
	RefreshToken Secret `json:"refreshToken"`
}

// Method is how somebody proved who they are when a session began. Ways in that
// are configured by name follow a colon: "provider:google".
type Method string

// The methods.
const (
	ByPassword  Method = "password"
	ByEmail     Method = "email" // a code or link in a mail
	ByPasskey   Method = "passkey"
	ByAnonymous Method = "anonymous"
	ByProvider  Method = "provider:"
	ByClient    Method = "client" // an application that signs in with Loam
	ByAdmin     Method = "impersonation"
)

// SignedIn is what signing in answers: a session, or the challenge that stands
// before it.
type SignedIn struct {
	*Session
	Challenge     *Challenge `json:"challenge,omitempty"`
	RecoveryCodes []Secret   `json:"recoveryCodes,omitempty"` // shown once, where answering the challenge made them
}

// LogValue logs an answer without its secrets.
func (s SignedIn) LogValue() slog.Value {
	if s.Session == nil {
		return slog.StringValue("challenge")
	}
	return s.Session.LogValue()
}

// opening is a session within the transaction that opens or moves it.
type opening struct {
	session string
	user    User
	org     *Organization
	refresh Secret
	crowded bool     // older sessions were ended to make room
	lost    []string // what ended on the way: of account.lost

	client, scope string // of an application's session

	challenge *Challenge // instead of a session
	codes     []Secret   // for recovery, to be shown once
}

// answer mints the access token, outside the transaction, with the claims that
// the app's hook wants in it.
func (s *Service) answer(ctx context.Context, o opening) (Session, error) {
	own, err := s.ownClaims(ctx, o)
	if err != nil {
		return Session{}, err
	}
	return s.mint(o, own)
}

// ownClaims asks the app's hook for claims.
func (s *Service) ownClaims(ctx context.Context, o opening) (map[string]any, error) {
	to := hooks.Token{UserID: o.user.ID, Email: o.user.Email, Name: o.user.Name, SessionID: o.session}
	if o.org != nil {
		to.Organization, to.Role = o.org.ID, o.org.Role
	}
	return s.hooks.BeforeToken(ctx, to)
}

func (s *Service) mint(o opening, own map[string]any) (Session, error) {
	if o.crowded {
		s.Forget(o.user.ID)
	}
	token, err := s.mintAccess(o, own)
	if err != nil {
		return Session{}, err
	}
	return Session{o.user, o.org, token, o.refresh, int(s.life.Seconds())}, nil
}

// signIn lets in someone who has proved who they are.
func (s *Service) signIn(ctx context.Context, user account, how Method, from Client) (SignedIn, error) {
	var o opening
	err := s.engine.Write(ctx, func(c store.Conn) (err error) {
		o, err = s.admit(ctx, c, user, how, from)
		return err
	})
	if err != nil {
		return SignedIn{}, wrap("signing in", err)
	}
	return s.signedIn(ctx, o)
}

// admit is signIn within the caller's transaction: every way in ends here.
func (s *Service) admit(ctx context.Context, c store.Conn, user account, how Method, from Client) (opening, error) {
	if user.disabled {
		return opening{}, disabled()
	}
	if how == ByPassword && !user.EmailVerified && s.settings.Email.Confirm != confirmNone {
		return opening{}, unconfirmed()
	}
	if s.gate != nil {
		if err := s.gate.MayEnter(c, user.ID, user.Email, how); err != nil {
			return opening{}, err
		}
	}
	challenge, err := s.challenge(c, user, how, from)
	if err != nil || challenge != nil {
		return opening{challenge: challenge, user: user.User, lost: user.lost}, err
	}
	o, err := s.enter(ctx, c, user, how, from)
	o.lost = user.lost
	return o, err
}

// enter opens the session of who has proved all that they owe.
func (s *Service) enter(ctx context.Context, c store.Conn, user account, how Method, from Client) (opening, error) {
	o, err := s.open(c, user, how, from)
	if err != nil {
		return opening{}, err
	}
	return o, s.record(ctx, c, audit.Event{Action: "auth.sign_in", Org: o.org.id(), Actor: "user:" + user.ID, Target: "session:" + o.session,
		Details: map[string]any{"method": string(how)}})
}

// signedIn is what the door answers, once the transaction of admit is durable.
func (s *Service) signedIn(ctx context.Context, o opening) (SignedIn, error) {
	for _, id := range o.lost {
		s.ForgetKey(id)
		s.Forget(id)
	}
	if o.challenge != nil {
		return SignedIn{Challenge: o.challenge}, nil
	}
	session, err := s.answer(ctx, o)
	if err != nil {
		return SignedIn{}, err
	}
	return SignedIn{Session: &session, RecoveryCodes: o.codes}, nil
}

// open stores a new session in the organization that the user last acted in.
func (s *Service) open(c store.Conn, user account, how Method, from Client) (opening, error) {
	org, err := s.active(c, user.ID, user.org)
	if err != nil {
		return opening{}, err
	}
	o := opening{session: newID(), user: user.User, org: org}
	o.refresh = s.refresh.Mint(o.session)
	now := s.now()
	proved := now
	if !user.proved.IsZero() && user.proved.Before(now) {
		proved = user.proved
	}
	if _, err = c.Exec(`INSERT INTO "_sessions"
		("id", "user_id", "org", "token", "address", "agent", "created_at", "refreshed_at", "expires_at", "ends_at", "method", "proved_at")
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9, ?10, ?11)`,
		o.session, user.ID, org.id(), tokens.Digest(o.refresh), from.network(), from.agent(),
		stamp(now), stamp(now.Add(s.idle)), stamp(now.Add(sessionLife)), string(how), stamp(proved)); err != nil {
		return opening{}, err
	}
	n, err := c.Exec(`DELETE FROM "_sessions" WHERE "user_id" = ?1 AND "client" = '' AND "id" <=
		(SELECT "id" FROM "_sessions" WHERE "user_id" = ?1 AND "client" = '' ORDER BY "id" DESC LIMIT 1 OFFSET ?2)`, user.ID, maxSessions)
	o.crowded = n > 0
	return o, err
}

// methodOf is how a session began.
func (s *Service) methodOf(c store.Conn, session string) (how Method) {
	how = ByPassword
	_ = c.Query(`SELECT `+began+` WHERE s."id" = ?1`, []any{session}, func(r store.Row) error {
		how = Method(r.Text(0))
		return nil
	}) // an ended session began like the usual one
	return how
}

// id is the organization's id, "" for none.
func (o *Organization) id() string {
	if o == nil {
		return ""
	}
	return o.ID
}

// Refresh gives new tokens for a refresh token, which is used up: one update
// decides who of several redeemers gets them. A token that was used before is
// in two hands, so its session ends, for the thief and for the owner.
func (s *Service) Refresh(ctx context.Context, in Refresh) (Session, error) {
	session, ok := s.refresh.Session(in.RefreshToken)
	if !ok {
		return Session{}, tokens.Refused()
	}
	own, err := s.claimsAhead(ctx, session)
	if err != nil {
		return Session{}, err
	}
	var moved opening
	var refused error // not returned from the transaction: ending the session must last
	err = s.engine.Write(ctx, func(c store.Conn) (err error) {
		moved, refused, err = s.rotate(ctx, c, "", session, tokens.Digest(in.RefreshToken))
		return err
	})
	switch {
	case err != nil:
		return Session{}, wrap("refreshing a session", err)
	case refused != nil:
		if moved.user.ID != "" {
			s.Forget(moved.user.ID)
		}
		return Session{}, refused
	}
	return s.mint(moved, own)
}

// claimsAhead asks the hook before a refresh token is used up: where it can't be
// asked, the client still has its token.
func (s *Service) claimsAhead(ctx context.Context, session string) (map[string]any, error) {
	if s.hooks == nil {
		return nil, nil
	}
	o := opening{session: session}
	err := s.engine.Read(ctx, func(c store.Conn) error {
		user, org, err := sessionAccount(c, session)
		if err == nil {
			o.user = user.User
			o.org, err = s.active(c, user.ID, org)
		}
		return err
	})
	if errors.Is(err, errNoAccount) {
		return nil, revoked()
	}
	if err != nil {
		return nil, wrap("reading a session", err)
	}
	return s.ownClaims(ctx, o)
}

// rotate puts a new refresh token in the place of the one whose digest is
// shown, or says why not. An application's token is good for that application
// alone; client is "" for the user's own.
func (s *Service) rotate(ctx context.Context, c store.Conn, client, session, shown string) (o opening, refused, err error) {
	o = opening{session: session, refresh: s.refresh.Mint(session), client: client}
	now := s.now()
	n, err := c.Exec(`UPDATE "_sessions" SET "token" = ?1, "refreshed_at" = ?2,
		"expires_at" = CASE WHEN ?3 < "ends_at" THEN ?3 ELSE "ends_at" END
		WHERE "id" = ?4 AND "token" = ?5 AND "client" = ?6 AND "revoked_at" IS NULL AND "expires_at" > ?2`,
		tokens.Digest(o.refresh), stamp(now), stamp(now.Add(s.idle)), session, shown, client)
	if err != nil {
		return o, nil, err
	}
	user, org, err := sessionAccount(c, session)
	if errors.Is(err, errNoAccount) {
		return o, revoked(), nil
	}
	if err != nil {
		return o, nil, err
	}
	o.user = user.User
	if n == 0 {
		refused, err = s.endReused(ctx, c, o.user.ID, session, shown, stamp(now))
		return o, refused, err
	}
	if user.disabled {
		return o, disabled(), nil
	}
	if err = s.goesOn(c, user, s.methodOf(c, session)); fault.Is(err, fault.AuthRevoked) {
		return o, err, nil
	} else if err != nil {
		return o, nil, err
	}
	o.org, err = s.active(c, user.ID, org)
	if err == nil && o.org.id() != org && client != "" { // the user let it into that organization alone
		return o, revoked(), nil
	}
	if err == nil && o.org.id() != org {
		_, err = c.Exec(`UPDATE "_sessions" SET "org" = ?1 WHERE "id" = ?2`, o.org.id(), session)
	}
	return o, nil, err
}

// sessionAccount returns whose session it is and the organization it acts in.
func sessionAccount(c store.Conn, session string) (user account, org string, err error) {
	if err = c.Query(`SELECT "org" FROM "_sessions" WHERE "id" = ?1`, []any{session}, func(r store.Row) error {
		org = r.Text(0)
		return nil
	}); err != nil {
		return account{}, "", err
	}
	user, err = findAccount(c, selectAccount+`JOIN "_sessions" s ON s."user_id" = u."id" WHERE s."id" = ?1`, session)
	return user, org, err
}

// endReused ends a live session whose used-up token was shown again.
func (s *Service) endReused(ctx context.Context, c store.Conn, user, session, shown, now string) (refused, err error) {
	n, err := c.Exec(`UPDATE "_sessions" SET "revoked_at" = ?1
		WHERE "id" = ?2 AND "token" <> ?3 AND "revoked_at" IS NULL`, now, session, shown)
	if err == nil && n > 0 {
		err = s.record(ctx, c, audit.Event{Action: "auth.token_reused", Outcome: audit.Denied, Actor: "user:" + user, Target: "session:" + session})
		return fault.New(fault.AuthTokenReused, "this refresh token was used before: its session was ended, sign in again"), err
	}
	return revoked(), err
}

// SignOut ends the caller's session, at once on every door.
func (s *Service) SignOut(ctx context.Context, p *access.Principal) error {
	if p.Kind != access.User {
		return signInFirst()
	}
	err := s.engine.Write(ctx, func(c store.Conn) error {
		_, err := c.Exec(`UPDATE "_sessions" SET "revoked_at" = ?1 WHERE "id" = ?2 AND "revoked_at" IS NULL`,
			stamp(s.now()), p.SessionID)
		if err != nil {
			return err
		}
		return s.record(ctx, c, audit.Event{Action: "auth.sign_out", Org: p.Org, Actor: p.Subject(), Target: "session:" + p.SessionID})
	})
	s.Forget(p.UserID)
	return wrap("signing out", err)
}

// Switch moves the caller's session to another organization of theirs and gives
// new tokens for it; the refresh token from before is used up.
func (s *Service) Switch(ctx context.Context, p *access.Principal, org string) (Session, error) {
	if p.Kind != access.User || p.Client != "" {
		return Session{}, signInFirst()
	}
	moved := opening{session: p.SessionID, refresh: s.refresh.Mint(p.SessionID)}
	now := stamp(s.now())
	err := s.engine.Write(ctx, func(c store.Conn) error {
		user, err := findAccount(c, selectAccount+`WHERE u."id" = ?1`, p.UserID)
		if err != nil {
			return err
		}
		moved.user = user.User
		if moved.org, err = s.active(c, p.UserID, org); err != nil {
			return err
		}
		if org == "" || moved.org.id() != org {
			if err := s.orgs.Standing(c, org, p.UserID); fault.Is(err, fault.TenantSuspended) {
				return err
			}
			return fault.New(fault.TenantNotFound, "there is no such organization among yours")
		}
		n, err := c.Exec(`UPDATE "_sessions" SET "org" = ?1, "token" = ?2 WHERE "id" = ?3 AND "revoked_at" IS NULL AND "expires_at" > ?4`,
			org, tokens.Digest(moved.refresh), p.SessionID, now)
		if err == nil && n == 0 {
			return revoked()
		}
		if err == nil {
			_, err = c.Exec(`UPDATE "_users" SET "org" = ?1 WHERE "id" = ?2`, org, p.UserID)
		}
		return err
	})
	if errors.Is(err, errNoAccount) {
		return Session{}, revoked()
	}
	if err != nil {
		return Session{}, wrap("switching the organization", err)
	}
	return s.answer(ctx, moved)
}

// Prune removes the sessions and tickets that have expired or ended long ago, and
// says how many sessions.
func (s *Service) Prune(ctx context.Context) (removed int64, err error) {
	now := s.now()
	err = s.engine.Write(ctx, func(c store.Conn) error {
		removed, err = c.Exec(`DELETE FROM "_sessions" WHERE ("expires_at" <= ?1 OR "revoked_at" <= ?2)
			AND "id" NOT IN (SELECT "parent" FROM "_sessions")`, // it says how these began
			stamp(now), stamp(now.Add(-s.idle)))
		if err == nil {
			_, err = c.Exec(`DELETE FROM "_challenges" WHERE "expires_at" <= ?1`, stamp(now))
		}
		if err == nil {
			err = s.factors.Prune(c)
		}
		if err == nil {
			_, err = c.Exec(`DELETE FROM "_tickets" WHERE "expires_at" <= ?1`, stamp(now.Add(-keepTickets)))
		}
		return err
	})
	return removed, wrap("pruning sessions and tickets", err)
}

func disabled() *fault.Error {
	return fault.New(fault.AuthDisabled, "this account is disabled: ask an administrator")
}
