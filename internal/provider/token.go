package provider

import (
	"context"

	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tokens"
)

// Exchange is what a client sends to the token endpoint.
type Exchange struct {
	Credentials
	GrantType string
	Code      string
	Redirect  string // the redirect_uri of the request that gave the code
	Verifier  string // of PKCE
	Refresh   auth.Secret
}

// Tokens is the answer (RFC 6749, section 5.1).
type Tokens struct {
	AccessToken  auth.Secret `json:"access_token"`
	TokenType    string      `json:"token_type"`
	ExpiresIn    int         `json:"expires_in"`
	RefreshToken auth.Secret `json:"refresh_token,omitempty"`
	IDToken      auth.Secret `json:"id_token,omitempty"`
	Scope        string      `json:"scope"`
}

// Token gives tokens for a code or a refresh token.
func (s *Service) Token(ctx context.Context, in Exchange, from auth.Client) (Tokens, error) {
	client, err := s.authenticate(in.Credentials)
	if err != nil {
		return Tokens{}, err
	}
	switch in.GrantType {
	case "authorization_code":
		return s.exchange(ctx, client, in, from)
	case "refresh_token":
		session, err := s.auth.RefreshClient(ctx, client.ID, in.Refresh)
		if err != nil {
			return Tokens{}, notGranted(err)
		}
		return s.tokens(client, session, "")
	}
	return Tokens{}, fault.New(fault.ProviderUnsupportedGrant, "grant_type is authorization_code or refresh_token")
}

// exchange uses a code up: one update decides who of several has it, and a code
// that comes again ends the session which it gave.
func (s *Service) exchange(ctx context.Context, client config.Client, in Exchange, from auth.Client) (Tokens, error) {
	var opened auth.Opened
	var nonce, replayed string
	var refused error // not returned from the transaction: what it ends must last
	now := form.Stamp(s.now())
	err := s.engine.Write(ctx, func(c store.Conn) error {
		refused, replayed = nil, ""
		grant, id := auth.Grant{Client: client.ID}, ""
		if err := c.Query(`UPDATE "_authorizations" SET "used_at" = ?1
			WHERE "code" = ?2 AND "client" = ?3 AND "redirect" = ?4 AND "challenge" = ?5 AND "used_at" IS NULL AND "expires_at" > ?1
			RETURNING "id", "user_id", "session", "scope", "nonce"`,
			[]any{now, tokens.Digest(in.Code), client.ID, in.Redirect, tokens.Digest(in.Verifier)}, func(r store.Row) error {
				id, grant.UserID, grant.Parent, grant.Scope, nonce = r.Text(0), r.Text(1), r.Text(2), r.Text(3), r.Text(4)
				return nil
			}); err != nil {
			return err
		}
		if id == "" {
			refused = fault.New(fault.ProviderInvalidGrant, "the code was used, is older than %s, or is not of this client, redirect_uri and code_verifier: begin again", codeLife)
			return s.endReplayed(ctx, c, client, in.Code, &replayed)
		}
		grant.Offline = has(grant.Scope, scopeOffline)
		var err error
		if opened, err = s.auth.OpenClient(ctx, c, grant, from); err != nil {
			return notGranted(err)
		}
		_, err = c.Exec(`UPDATE "_authorizations" SET "granted" = ?1 WHERE "id" = ?2`, opened.Session(), id)
		return err
	})
	if replayed != "" {
		s.auth.Forget(replayed)
	}
	if err != nil {
		return Tokens{}, wrap("exchanging a code", err)
	}
	if refused != nil {
		return Tokens{}, refused
	}
	session, err := s.auth.ClientTokens(ctx, opened)
	if err != nil {
		return Tokens{}, err
	}
	return s.tokens(client, session, nonce)
}

// endReplayed ends the session that a used code gave, and says whose it was.
func (s *Service) endReplayed(ctx context.Context, c store.Conn, client config.Client, code string, user *string) error {
	session := ""
	err := c.Query(`SELECT "granted" FROM "_authorizations" WHERE "code" = ?1 AND "client" = ?2 AND "used_at" IS NOT NULL`,
		[]any{tokens.Digest(code), client.ID}, func(r store.Row) error {
			session = r.Text(0)
			return nil
		})
	if err == nil && session != "" {
		*user, err = s.auth.EndReplayed(ctx, c, session)
	}
	return err
}

// tokens is the answer of the token endpoint.
func (s *Service) tokens(client config.Client, session auth.ClientSession, nonce string) (Tokens, error) {
	t := Tokens{AccessToken: session.AccessToken, TokenType: "Bearer", ExpiresIn: session.ExpiresIn, RefreshToken: session.RefreshToken, Scope: session.Scope}
	if !has(session.Scope, scopeOpenID) {
		return t, nil
	}
	var err error
	t.IDToken, err = s.idToken(client, session, nonce)
	return t, err
}

// notGranted says of a session that can't be opened or refreshed what OAuth says.
func notGranted(err error) error {
	for _, code := range []fault.Code{fault.AuthBadToken, fault.AuthRevoked, fault.AuthTokenReused, fault.AuthDisabled, fault.AuthNotAllowed, fault.AuthHookRefused} {
		if fault.Is(err, code) {
			return fault.New(fault.ProviderInvalidGrant, "%s", fault.Of(err).Message).Because(err)
		}
	}
	return err
}

// EndToken ends the session of a token that a client shows (RFC 7009). A token
// that is none of its own is answered alike.
func (s *Service) EndToken(ctx context.Context, in Credentials, token auth.Secret) error {
	client, err := s.authenticate(in)
	if err != nil {
		return err
	}
	return s.auth.EndClientSession(ctx, client.ID, token)
}
