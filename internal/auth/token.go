package auth

import (
	"time"

	"github.com/go-json-experiment/json"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/tokens"
	"github.com/loam-dev/loam/internal/vault"
)

// Secret is a token or a password on its way through the doors: encoded as
// itself in JSON, but never printed or logged.
type Secret = vault.Text

// claims are what an access token says. Org and Role are for other services to
// read; this server asks the database, so that a change counts at once.
type claims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	Subject   string `json:"sub"`
	Session   string `json:"sid"`
	Org       string `json:"org,omitempty"`
	Role      string `json:"role,omitempty"`
	Client    string `json:"client_id,omitempty"` // of an application's token, as is Scope
	Scope     string `json:"scope,omitempty"`
	Actor     *actor `json:"act,omitempty"`
	IssuedAt  int64  `json:"iat"`
	NotBefore int64  `json:"nbf"`
	Expires   int64  `json:"exp"`

	Own map[string]any `json:",embed"` // that the app's hook has added
}

// actor is who acts as the subject of a token (RFC 8693).
type actor struct {
	Subject string `json:"sub"`
}

// mintAccess makes an access token of a session, with the app's own claims.
func (s *Service) mintAccess(o opening, own map[string]any) (Secret, error) {
	return s.sign(claims{Client: o.client, Scope: o.scope, Own: own}, o, s.life)
}

// sign makes a token of a session that is good for a while.
func (s *Service) sign(c claims, o opening, life time.Duration) (Secret, error) {
	now := s.now()
	c.Issuer, c.Audience, c.Subject, c.Session, c.Org = s.issuer, s.issuer, o.user.ID, o.session, o.org.id()
	c.IssuedAt, c.NotBefore, c.Expires = now.Unix(), now.Unix(), now.Add(life).Unix()
	if o.org != nil {
		c.Role = o.org.Role
	}
	payload, err := json.Marshal(c)
	if err != nil {
		return "", wrap("encoding a token", err)
	}
	return s.keys.Sign(payload)
}

// readAccess checks an access token by itself: signature, kind, issuer and
// times. Whether its session still lives is for the caller to ask.
func (s *Service) readAccess(token string) (claims, error) {
	payload, err := s.keys.Read(token)
	if err != nil {
		return claims{}, err
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return claims{}, tokens.Refused().Because(err)
	}
	if c.Issuer != s.issuer || c.Audience != s.issuer || c.Subject == "" || c.Session == "" {
		return claims{}, tokens.Refused()
	}
	if !c.current(s.now()) {
		return claims{}, fault.New(fault.AuthExpired, "the access token has expired: send the refresh token to /auth/refresh")
	}
	return c, nil
}

// current tells whether the token's time is now. One from the future, which a
// clock that was set back makes of a good one, is to be refreshed like an old one.
func (c claims) current(now time.Time) bool {
	soon := now.Add(tokens.ClockLeeway)
	return now.Before(time.Unix(c.Expires, 0)) && !soon.Before(time.Unix(c.NotBefore, 0)) && !soon.Before(time.Unix(c.IssuedAt, 0))
}

func revoked() *fault.Error {
	return fault.New(fault.AuthRevoked, "the session has ended or its organization has changed: refresh the token, or sign in again")
}
