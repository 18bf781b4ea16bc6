package auth

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/loam-dev/loam/internal/fault"
)

// claims are what an access token says. Org and Role are for other services to
// read; this server asks the database, so that a change counts at once.
type claims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	Subject   string `json:"sub"`
	Session   string `json:"sid"`
	Org       string `json:"org,omitempty"`
	Role      string `json:"role,omitempty"`
	IssuedAt  int64  `json:"iat"`
	NotBefore int64  `json:"nbf"`
	Expires   int64  `json:"exp"`
}

// mintAccess makes an access token of a session.
func (s *Service) mintAccess(user, session, org, role string) (Secret, error) {
	now := s.now()
	payload, err := json.Marshal(claims{
		Issuer: s.issuer, Audience: s.issuer, Subject: user, Session: session, Org: org, Role: role,
		IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Add(s.life).Unix(),
	})
	if err != nil {
		return "", wrap("encoding a token", err)
	}
	signed, err := (*s.keys.live.Load())[0].signer.Sign(payload)
	if err != nil {
		return "", wrap("signing a token", err)
	}
	token, err := signed.CompactSerialize()
	return Secret(token), wrap("signing a token", err)
}

// readAccess checks an access token by itself: signature, kind, issuer and
// times. Whether its session still lives is for the caller to ask.
func (s *Service) readAccess(token string) (claims, error) {
	if len(token) > maxToken || !oneSpelling(token) {
		return claims{}, badToken()
	}
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return claims{}, badToken().Because(err)
	}
	header := signed.Signatures[0].Protected
	key, ok := s.keys.public(header.KeyID)
	if kind, _ := header.ExtraHeaders[jose.HeaderType].(string); !ok || kind != tokenType || header.JSONWebKey != nil {
		return claims{}, badToken()
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return claims{}, badToken().Because(err)
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return claims{}, badToken().Because(err)
	}
	if c.Issuer != s.issuer || c.Audience != s.issuer || c.Subject == "" || c.Session == "" {
		return claims{}, badToken()
	}
	if !c.current(s.now()) {
		return claims{}, fault.New(fault.AuthExpired, "the access token has expired: send the refresh token to /auth/refresh")
	}
	return c, nil
}

// current tells whether the token's time is now. One from the future, which a
// clock that was set back makes of a good one, is to be refreshed like an old one.
func (c claims) current(now time.Time) bool {
	soon := now.Add(clockLeeway)
	return now.Before(time.Unix(c.Expires, 0)) && !soon.Before(time.Unix(c.NotBefore, 0)) && !soon.Before(time.Unix(c.IssuedAt, 0))
}

// oneSpelling refuses the other texts that a lenient base64 reads as the same
// token: line breaks, and bits in the last character's tail.
func oneSpelling(token string) bool {
	for part := range strings.SplitSeq(token, ".") {
		raw, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || base64.RawURLEncoding.EncodeToString(raw) != part {
			return false
		}
	}
	return true
}

func badToken() *fault.Error {
	return fault.New(fault.AuthBadToken, "the token is not valid here: sign in again")
}

func revoked() *fault.Error {
	return fault.New(fault.AuthRevoked, "the session has ended or its organization has changed: refresh the token, or sign in again")
}
