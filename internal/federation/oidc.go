package federation

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/loam-dev/loam/internal/auth"
)

// openID is any OpenID Connect issuer. The kinds that have quirks are this with
// other rules.
type openID struct {
	issuers *issuers
	http    *http.Client
	now     func() time.Time

	client   string
	secret   func() (auth.Secret, error) // "" for a public client
	issuer   string                      // that is asked what it is
	named    string                      // that its document must name
	scopes   []string
	extra    map[string]string   // further parameters of the authorization request
	anew     map[string]string   // those of one that wants the user to sign in anew
	formPost bool                // the answer is posted by a form
	issued   func(claims) bool   // is the token's issuer right; nil: it must be the issuer
	subject  func(claims) string // nil: sub
	verified func(claims) bool   // does the provider vouch for the address
	groups   string              // the claim that lists a user\'s groups; "" for none
}

// claims are what an ID token or the userinfo endpoint says of a user.
type claims struct {
	Issuer        string          `json:"iss"`
	Subject       string          `json:"sub"`
	AuthorizedFor string          `json:"azp"`
	NotBefore     *float64        `json:"nbf"`
	IssuedAt      float64         `json:"iat"`
	Email         string          `json:"email"`
	EmailVerified json.RawMessage `json:"email_verified"`
	DomainOwned   json.RawMessage `json:"xms_edov"` // Microsoft: the tenant owns the address's domain
	Tenant        string          `json:"tid"`      // Microsoft
	Name          string          `json:"name"`
	Locale        string          `json:"locale"`
	all           map[string]any
}

// UnmarshalJSON keeps all claims beside those with a meaning here.
func (c *claims) UnmarshalJSON(text []byte) error {
	type plain claims
	if err := json.Unmarshal(text, (*plain)(c)); err != nil {
		return err
	}
	return json.Unmarshal(text, &c.all)
}

// openID is a provider of kind oidc: an issuer by its URL.
func (s *Service) openID(p Provider) (*openID, error) {
	if !secureURL(p.Issuer) || strings.Contains(p.Issuer, "?") {
		return nil, misconfigured("the provider %q needs issuer, its https URL as its own discovery document names it", p.Name)
	}
	return s.issuedBy(p, p.Issuer), nil
}

// issuedBy is the plain form of an issuer's way, with all rules at their
// strictest.
func (s *Service) issuedBy(p Provider, issuer string) *openID {
	return &openID{
		issuers: s.issuers, http: s.http, now: s.now,
		client: p.ClientID, secret: func() (auth.Secret, error) { return p.ClientSecret, nil },
		issuer: issuer, named: issuer,
		scopes:   append([]string{oidc.ScopeOpenID, "email", "profile"}, p.Scopes...),
		anew:     map[string]string{"prompt": "login", "max_age": "0"},
		verified: claims.vouched,
	}
}

// vouched tells whether email_verified is the boolean true. A text "true" is
// none: who sends that has not read what the claim is, and may have filled it
// with what a user typed.
func (c claims) vouched() bool { return string(c.EmailVerified) == "true" }

func (o *openID) posts() bool { return o.formPost }

func (o *openID) authorize(ctx context.Context, t trip) (string, error) {
	is, err := o.issuers.discover(ctx, o.issuer, o.named)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(t.Verifier), oidc.Nonce(t.Nonce)}
	extra := o.extra
	if !t.Anew.IsZero() {
		extra = o.anew
	}
	for name, value := range extra {
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	if o.formPost {
		options = append(options, oauth2.SetAuthURLParam("response_mode", "form_post"))
	}
	config := o.config(is, "", t)
	return config.AuthCodeURL(t.State, options...), nil
}

// config is the OAuth client towards an issuer.
func (o *openID) config(is *issuer, secret auth.Secret, t trip) *oauth2.Config {
	endpoint := is.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader // what holds where the document is silent
	if secret == "" || slices.Contains(is.AuthStyles, "client_secret_post") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{ClientID: o.client, ClientSecret: string(secret), Endpoint: endpoint, RedirectURL: t.Callback, Scopes: o.scopes}
}

func (o *openID) identify(ctx context.Context, t trip, answer url.Values) (Identity, error) {
	who, err := o.claims(ctx, t, answer)
	if err != nil {
		return Identity{}, err
	}
	subject := who.Subject
	if o.subject != nil {
		subject = o.subject(who)
	}
	groups := who.list(o.groups)
	if len(groups) > maxGroups {
		return Identity{}, refused("the token lists more than %d groups", maxGroups)
	}
	return Identity{
		Subject: subject, Email: who.Email, EmailVerified: who.Email != "" && o.verified(who),
		Name: who.Name, Locale: who.Locale, Groups: groups, ProvedAt: who.provedAt(),
	}, nil
}

// provedAt is the claim auth_time, or the zero time where it is missing or none.
func (c claims) provedAt() time.Time {
	const latest = 1 << 40 // what is later is no time in seconds
	at, _ := c.all["auth_time"].(float64)
	if !(at > 0 && at < latest) {
		return time.Time{}
	}
	return time.Unix(int64(at), 0).UTC()
}

// list is a claim that holds texts, or one.
func (c claims) list(name string) (texts []string) {
	switch value := c.all[name].(type) {
	case string:
		return []string{value}
	case []any:
		for _, one := range value {
			if text, ok := one.(string); ok {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

// claims exchanges the code and returns what the issuer says of the user.
func (o *openID) claims(ctx context.Context, t trip, answer url.Values) (claims, error) {
	is, err := o.issuers.discover(ctx, o.issuer, o.named)
	if err != nil {
		return claims{}, err
	}
	// RFC 9207: an answer that another issuer's user was tricked into. Where one
	// document is of many issuers, the token says which it is.
	if named := answer.Get("iss"); o.issued == nil && (named != "" && named != o.named || named == "" && is.NamesSelf) {
		return claims{}, refused("the answer names the issuer %q, not %q", shorten(named), o.named)
	}
	secret, err := o.secret()
	if err != nil {
		return claims{}, err
	}
	token, err := redeem(ctx, o.http, o.config(is, secret, t), t, answer)
	if err != nil {
		return claims{}, err
	}
	raw, _ := token.Extra("id_token").(string)
	who, err := o.verify(ctx, is, raw, token.AccessToken, t.Nonce)
	if err != nil || who.Email != "" || is.UserInfoAt == "" {
		return who, err
	}
	return o.complete(ctx, is, who, token)
}

// redeem exchanges the code that came back for tokens.
func redeem(ctx context.Context, client *http.Client, config *oauth2.Config, t trip, answer url.Values) (*oauth2.Token, error) {
	code := answer.Get("code")
	if code == "" {
		return nil, refused("the answer has no code")
	}
	token, err := config.Exchange(context.WithValue(ctx, oauth2.HTTPClient, client), code, oauth2.VerifierOption(t.Verifier))
	if err != nil {
		return nil, redeemError(err)
	}
	return token, nil
}

// verify checks an ID token against the issuer, the client and this flow.
func (o *openID) verify(ctx context.Context, is *issuer, raw, accessToken, nonce string) (claims, error) {
	if raw == "" || len(raw) > maxToken {
		return claims{}, refused("the ID token is missing or longer than %d bytes", maxToken)
	}
	keys := &attempt{keys: is.keys}
	verifier := oidc.NewVerifier(o.named, keys, &oidc.Config{
		ClientID: o.client, SupportedSigningAlgs: signedWith(is.Algorithms), SkipIssuerCheck: true, Now: o.now,
	})
	token, err := verifier.Verify(ctx, raw)
	if keys.unread != nil {
		return claims{}, keys.unread
	}
	if err != nil {
		return claims{}, refused("the ID token: %w", err)
	}
	var who claims
	if err := token.Claims(&who); err != nil {
		return claims{}, refused("reading the claims: %w", err)
	}
	now, latest := o.now(), float64(o.now().Add(clockSkew).Unix())
	right := who.Issuer == o.named
	if o.issued != nil {
		right = o.issued(who)
	}
	switch {
	case !right:
		return claims{}, refused("the token's issuer is %q", shorten(who.Issuer))
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) != 1:
		return claims{}, refused("the token has another nonce")
	case who.AuthorizedFor != "" && who.AuthorizedFor != o.client, who.AuthorizedFor == "" && len(token.Audience) > 1:
		return claims{}, refused("the token is authorized for %q", shorten(who.AuthorizedFor))
	case who.IssuedAt > latest, who.NotBefore != nil && *who.NotBefore > latest, !token.Expiry.After(now):
		return claims{}, refused("the token is not valid now")
	case who.Subject == "":
		return claims{}, refused("the token has no subject")
	}
	if token.AccessTokenHash != "" {
		if err := token.VerifyAccessToken(accessToken); err != nil {
			return claims{}, refused("the access token: %w", err)
		}
	}
	return who, nil
}

// signedWith are the algorithms that an issuer says it signs with, among those
// that are served; RS256 where it does not say.
func signedWith(said []string) []string {
	var algs []string
	for _, alg := range algorithms() {
		if slices.Contains(said, string(alg)) {
			algs = append(algs, string(alg))
		}
	}
	if len(algs) == 0 {
		algs = []string{oidc.RS256}
	}
	return algs
}

// complete adds what the userinfo endpoint says of the same subject, for issuers
// whose ID token is short.
func (o *openID) complete(ctx context.Context, is *issuer, who claims, token *oauth2.Token) (claims, error) {
	var more claims
	header := http.Header{"Authorization": {"Bearer " + token.AccessToken}}
	if err := getJSON(ctx, o.http, is.UserInfoAt, header, &more); err != nil {
		return claims{}, unreachable(err)
	}
	if more.Subject != who.Subject {
		return claims{}, refused("the userinfo endpoint speaks of another subject")
	}
	more.Issuer, more.Tenant = who.Issuer, who.Tenant
	if more.Name == "" {
		more.Name = who.Name
	}
	if more.Locale == "" {
		more.Locale = who.Locale
	}
	for name, value := range who.all {
		if _, ok := more.all[name]; !ok {
			more.all[name] = value
		}
	}
	return more, nil
}
