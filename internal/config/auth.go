package config

import (
	"slices"
	"time"
)

// AuthConfig says how users sign in.
type AuthConfig struct {
	Email          EmailConfig
	Password       PasswordConfig
	Anonymous      bool     // one may use the app before one signs up
	Passkeys       bool     // WebAuthn
	PasskeyOrigins []string // the sites that may ask for one; without, the server's own
	TOTP           bool     // codes of an authenticator app
	SecondFactor   string   // who needs one: optional, required or admins
	SignUp         string   // who gets an account: open, invited or closed
	Impersonation  string   // what admins of the server may do as another user: off, read or write
	Sessions       SessionsConfig
	Redirects      []string   // where links and other providers may lead back to, exactly
	Providers      []Provider // in the order of the file
	Clients        []Client   // likewise
	Hooks          HooksConfig
}

// EmailConfig says what an e-mail address is good for.
type EmailConfig struct {
	Confirm string // how a new user shows that it is theirs: none, code or link
	Code    bool   // one signs in by a mailed code
	Link    bool   // one signs in by a mailed link
}

// PasswordConfig says what a password must be like.
type PasswordConfig struct {
	Enabled      bool
	MinLength    int  // characters
	RefuseCommon bool // those that are on lists of common ones
}

// SessionsConfig says how long a sign-in lasts.
type SessionsConfig struct {
	AccessToken  time.Duration // how long an access token is valid
	RefreshToken time.Duration // how long a session lives without use
	Cookies      bool          // browsers may have their tokens in cookies
}

// Provider is somebody else who says who a user is: a social or company
// sign-in by OAuth 2 or OpenID Connect.
type Provider struct {
	ID           string // in addresses: /auth/providers/google
	Kind         string // google, github, microsoft, apple or oidc
	Name         string // on the button; "" where it is not given
	ClientID     string
	ClientSecret Secret
	Issuer       string // of kind oidc
	Tenant       string // of kind microsoft
	TeamID       string // of kind apple, as are KeyID and PrivateKey
	KeyID        string
	PrivateKey   Secret   // PEM
	Scopes       []string // beside those that sign-in needs
}

// Client is an app that signs its users in here: Loam is its OpenID provider.
type Client struct {
	ID              string
	Name            string // on the page that asks for consent; "" where it is not given
	Secret          Secret // none: a public client, such as an app on a phone
	Redirects       []string
	LogoutRedirects []string
	Scopes          []string // those that it may ask for; empty: all
	Consent         string   // ask or skip
}

// HooksConfig are the addresses that are asked at a step of sign-in.
type HooksConfig struct {
	BeforeSignUp, AfterConfirmation, BeforeToken Hook
}

// Hook is one of them; without a URL there is none.
type Hook struct {
	URL     string
	Secret  Secret // that signs each call, after the Standard Webhooks specification
	Timeout time.Duration
}

// Provider returns the provider of an id.
func (a *AuthConfig) Provider(id string) (Provider, bool) {
	i := slices.IndexFunc(a.Providers, func(p Provider) bool { return p.ID == id })
	if i < 0 {
		return Provider{}, false
	}
	return a.Providers[i], true
}

// Client returns the client of an id.
func (a *AuthConfig) Client(id string) (Client, bool) {
	i := slices.IndexFunc(a.Clients, func(c Client) bool { return c.ID == id })
	if i < 0 {
		return Client{}, false
	}
	return a.Clients[i], true
}

// hookKeys are the hooks by their keys.
var hookKeys = []string{"beforeSignUp", "afterConfirmation", "beforeToken"}

// hook is the hook of a key while loam.yaml is read, as are provider and client.
func (a *AuthConfig) hook(key string) *Hook {
	switch key {
	case "beforeSignUp":
		return &a.Hooks.BeforeSignUp
	case "afterConfirmation":
		return &a.Hooks.AfterConfirmation
	}
	return &a.Hooks.BeforeToken
}

func (a *AuthConfig) provider(id string) *Provider {
	i := slices.IndexFunc(a.Providers, func(p Provider) bool { return p.ID == id })
	if i < 0 {
		a.Providers = append(a.Providers, Provider{ID: id})
		i = len(a.Providers) - 1
	}
	return &a.Providers[i]
}

func (a *AuthConfig) client(id string) *Client {
	i := slices.IndexFunc(a.Clients, func(c Client) bool { return c.ID == id })
	if i < 0 {
		a.Clients = append(a.Clients, Client{ID: id})
		i = len(a.Clients) - 1
	}
	return &a.Clients[i]
}
