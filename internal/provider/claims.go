package provider

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
)

// person is what an application learns of a user: by the scopes that it has.
type person struct {
	Subject       string `json:"sub"`
	Name          string `json:"name,omitempty"`
	Locale        string `json:"locale,omitempty"`
	Email         string `json:"email,omitempty"`
	EmailVerified *bool  `json:"email_verified,omitempty"`
	Org           string `json:"org,omitempty"`
	OrgName       string `json:"org_name,omitempty"`
	Role          string `json:"role,omitempty"`
}

// idClaims are what an ID token says (OpenID Connect Core 1.0, section 2).
type idClaims struct {
	Issuer     string `json:"iss"`
	Audience   string `json:"aud"`
	Expires    int64  `json:"exp"`
	IssuedAt   int64  `json:"iat"`
	AuthTime   int64  `json:"auth_time"`
	Nonce      string `json:"nonce,omitempty"`
	AccessHash string `json:"at_hash,omitempty"`
	Session    string `json:"sid"`
	person
}

// Introspection is what a token is good for (RFC 7662).
type Introspection struct {
	Active    bool   `json:"active"`
	Scope     string `json:"scope,omitempty"`
	Client    string `json:"client_id,omitempty"`
	TokenType string `json:"token_type,omitempty"`
	Subject   string `json:"sub,omitempty"`
	Issuer    string `json:"iss,omitempty"`
	IssuedAt  int64  `json:"iat,omitempty"`
	Expires   int64  `json:"exp,omitempty"`
}

func has(scope, one string) bool { return slices.Contains(strings.Fields(scope), one) }

// about says of a user what a scope lets an application know.
func about(user auth.User, org *auth.Organization, scope string) person {
	p := person{Subject: user.ID}
	if has(scope, scopeProfile) {
		p.Name, p.Locale = user.Name, user.Locale
	}
	if has(scope, scopeEmail) && user.Email != "" {
		p.Email, p.EmailVerified = user.Email, &user.EmailVerified
	}
	if has(scope, scopeOrg) && org != nil {
		p.Org, p.OrgName, p.Role = org.ID, org.Name, org.Role
	}
	return p
}

// idToken makes the ID token of a session, for its client alone.
func (s *Service) idToken(client config.Client, session auth.ClientSession, nonce string) (auth.Secret, error) {
	proved, err := time.Parse(time.RFC3339, session.ProvedAt)
	if err != nil {
		return "", wrap("reading when a user signed in", err)
	}
	sum := sha256.Sum256([]byte(session.AccessToken))
	now := s.now()
	return s.auth.SignIDToken(idClaims{
		Issuer: s.issuer, Audience: client.ID, IssuedAt: now.Unix(), Expires: now.Add(time.Duration(session.ExpiresIn) * time.Second).Unix(),
		AuthTime: proved.Unix(), Nonce: nonce, AccessHash: base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2]), Session: session.ID,
		person: about(session.User, session.Organization, session.Scope),
	})
}

// UserInfo says of the user of an access token what its scope lets the
// application know.
func (s *Service) UserInfo(ctx context.Context, token string) (any, error) {
	p, err := s.auth.Verify(ctx, token)
	if fault.Of(err).Kind() == fault.Unauthenticated && err != nil {
		return nil, fault.New(fault.ProviderInvalidToken, "%s", fault.Of(err).Message).Because(err)
	}
	if err != nil {
		return nil, err
	}
	if p.Client == "" || !slices.Contains(p.Scopes, scopeOpenID) {
		return nil, fault.New(fault.ProviderInsufficientScope, "this endpoint is for tokens of applications with the scope openid; a user's own token reads /auth/me")
	}
	me, err := s.auth.Me(ctx, p)
	if err != nil {
		return nil, err
	}
	return about(me.User, me.Organization, strings.Join(p.Scopes, " ")), nil
}

// Introspect tells a client with a secret whether an access token of its own is
// good at this moment. Of any other token it says nothing.
func (s *Service) Introspect(ctx context.Context, in Credentials, token string) (Introspection, error) {
	client, err := s.authenticate(in)
	if err != nil {
		return Introspection{}, err
	}
	if !client.Secret.Given() {
		return Introspection{}, fault.New(fault.ProviderInvalidClient, "only a client with a secret asks about tokens")
	}
	p, err := s.auth.Verify(ctx, token)
	if err != nil && fault.Of(err).Kind() == fault.Internal {
		return Introspection{}, err
	}
	if err != nil || p.Client != client.ID {
		return Introspection{}, nil
	}
	var said struct{ Iat, Exp int64 }
	if _, payload, ok := strings.Cut(token, "."); ok { // it was verified: only its times are missing
		payload, _, _ = strings.Cut(payload, ".")
		raw, err := base64.RawURLEncoding.DecodeString(payload)
		if err == nil {
			err = json.Unmarshal(raw, &said)
		}
		if err != nil {
			return Introspection{}, wrap("reading a token's times", err)
		}
	}
	return Introspection{true, strings.Join(p.Scopes, " "), client.ID, "Bearer", p.UserID, s.issuer, said.Iat, said.Exp}, nil
}

// Discovery is the document at /.well-known/openid-configuration.
func (s *Service) Discovery() (map[string]any, error) {
	methods := []string{"client_secret_basic", "client_secret_post", "none"}
	return map[string]any{
		"issuer":                                         s.issuer,
		"authorization_endpoint":                         s.issuer + authorizePath,
		"token_endpoint":                                 s.issuer + "/oauth/token",
		"userinfo_endpoint":                              s.issuer + "/oauth/userinfo",
		"revocation_endpoint":                            s.issuer + "/oauth/revoke",
		"introspection_endpoint":                         s.issuer + "/oauth/introspect",
		"end_session_endpoint":                           s.issuer + "/oauth/end-session",
		"jwks_uri":                                       s.issuer + "/.well-known/jwks.json",
		"scopes_supported":                               scopes(),
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"grant_types_supported":                          []string{"authorization_code", "refresh_token"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{"RS256"},
		"token_endpoint_auth_methods_supported":          methods,
		"revocation_endpoint_auth_methods_supported":     methods,
		"introspection_endpoint_auth_methods_supported":  methods[:2],
		"code_challenge_methods_supported":               []string{"S256"},
		"prompt_values_supported":                        []string{"none", "login", "consent", "select_account"},
		"claims_supported":                               []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "sid", "name", "locale", "email", "email_verified", "org", "org_name", "role"},
		"authorization_response_iss_parameter_supported": true,
		"claims_parameter_supported":                     false,
		"request_parameter_supported":                    false,
		"request_uri_parameter_supported":                false,
	}, s.On()
}

// Logout is a client's wish that the user be signed out (OpenID Connect
// RP-Initiated Logout 1.0).
type Logout struct {
	Hint     string // an ID token, however old
	Client   string
	Redirect string
	State    string
}

// hinted is what an ID token tells of a session.
type hinted struct {
	Issuer  string `json:"iss"`
	Client  string `json:"aud"`
	Subject string `json:"sub"`
	Session string `json:"sid"`
}

func (s *Service) readHint(token string) (said hinted, err error) {
	payload, err := s.auth.ReadIDToken(token)
	if err == nil {
		err = json.Unmarshal(payload, &said)
	}
	if err == nil && said.Issuer != s.issuer {
		err = fault.New(fault.ProviderInvalidRequest, "the ID token is of another issuer")
	}
	return said, err
}

// SignOut ends the session that an ID token tells of, with the one of the browser
// that it began in, and says where the browser goes: "" for nowhere. Without an ID
// token, ask tells that anybody may have sent the browser here: the user is to be
// asked, and nothing has ended.
func (s *Service) SignOut(ctx context.Context, p *access.Principal, in Logout) (to string, ask bool, err error) {
	said, err := s.readHint(in.Hint)
	known := err == nil
	if known {
		if in.Client != "" && in.Client != said.Client {
			return "", false, fault.New(fault.ProviderInvalidRequest, "client_id and id_token_hint are of two clients")
		}
		in.Client = said.Client
	}
	if in.Redirect != "" {
		client, ok := s.client(in.Client)
		if !ok || !slices.Contains(client.LogoutRedirects, in.Redirect) {
			return "", false, fault.New(fault.ProviderRedirect, "the post_logout_redirect_uri is none of the application's: add it to its logoutRedirects in loam.yaml, exactly as it is sent, and send client_id or id_token_hint along")
		}
		to = in.Redirect
		if in.State != "" {
			to = withQuery(to, map[string][]string{"state": {in.State}})
		}
	}
	if !known {
		return to, p.Kind == access.User, nil
	}
	if p.Kind == access.User && p.UserID == said.Subject && p.Client == "" {
		if err := s.auth.SignOut(ctx, p); err != nil {
			return "", false, err
		}
	}
	return to, false, s.auth.EndWithParent(ctx, said.Subject, said.Client, said.Session)
}
