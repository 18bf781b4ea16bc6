// Package provider lets applications sign their users in with Loam: it is an
// OpenID provider for the clients of auth.clients, by the authorization code flow
// with PKCE and nothing else. Who a user is, and the sessions that applications
// get, are auth's; how the user signs in is the hosted pages'. It does not speak
// HTTP: a door decodes, calls and encodes.
package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/vault"
)

// The limits and lifetimes of the room.
const (
	codeLife    = time.Minute      // between the redirect and the exchange
	requestLife = 10 * time.Minute // that a question of consent waits
	signInLife  = time.Hour        // that a sign-in which a request asks for may take
	keepUsed    = 24 * time.Hour   // a used code, so that its second use is seen
	maxKept     = 100              // requests and codes of one user; a further one drops the oldest
	maxState    = 2048             // bytes of a state
	maxNonce    = 255              // bytes of a nonce
	maxScope    = 1000             // bytes of a scope
)

// The paths of the room's endpoints below the issuer, and of the sign-in page.
const (
	authorizePath = "/oauth/authorize"
	consentPath   = "/oauth/consent"
	signInPath    = "/account/sign-in"
)

// Scopes that an application can ask for.
const (
	scopeOpenID  = "openid"         // an ID token, and the userinfo endpoint
	scopeProfile = "profile"        // the name and language
	scopeEmail   = "email"          // the address
	scopeOrg     = "organization"   // the organization and the role there
	scopeOffline = "offline_access" // refresh tokens
	scopeAPI     = "api"            // the doors of data, as the user
)

func scopes() []string {
	return []string{scopeOpenID, scopeProfile, scopeEmail, scopeOrg, scopeOffline, scopeAPI}
}

// Options are what New needs.
type Options struct {
	Engine  store.Engine
	Vault   *vault.Vault
	Auth    *auth.Service
	Audit   *audit.Log
	Issuer  string // the URL that users reach the server at
	Clients []config.Client
	Now     func() time.Time // nil: the clock
}

// Service is the OpenID provider of one environment. It is immutable, and safe for
// concurrent use.
type Service struct {
	engine  store.Engine
	auth    *auth.Service
	audit   *audit.Log
	asked   *vault.MAC // of requests that wait for a sign-in
	issuer  string
	clients []config.Client
	now     func() time.Time
}

// New makes the service. The system tables must exist.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{engine: o.Engine, auth: o.Auth, audit: o.Audit, asked: o.Vault.MAC("provider/asked"),
		issuer: strings.TrimSuffix(o.Issuer, "/"), clients: slices.Clone(o.Clients), now: o.Now}
}

// On refuses where there is no client, or no URL to be an issuer.
func (s *Service) On() error {
	if len(s.clients) == 0 || s.issuer == "" {
		return fault.New(fault.ProviderOff, "no application signs in with this server: name one in auth.clients of loam.yaml, and set url")
	}
	return nil
}

// Prune removes the requests that nobody can finish any more, and the used codes
// whose second use would be old news.
func (s *Service) Prune(ctx context.Context) error {
	return wrap("pruning authorizations", s.engine.Write(ctx, func(c store.Conn) error {
		_, err := c.Exec(`DELETE FROM "_authorizations" WHERE "expires_at" <= ?1`, form.Stamp(s.now().Add(-keepUsed)))
		return err
	}))
}

// Tables returns the room's system tables as statements that run in order,
// inside the store's first transaction, at every start: each does nothing where
// its table exists. Times are text in the canonical form.
//
// An authorization is what a user was asked by a client, once: ticket stands for
// the question, code for the answer, granted is the session that the code gave.
// Both are stored as digests.
func Tables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS "_authorizations" (
			"id" TEXT NOT NULL PRIMARY KEY,
			"ticket" TEXT NOT NULL UNIQUE,
			"user_id" TEXT NOT NULL REFERENCES "_users" ("id") ON DELETE CASCADE,
			"session" TEXT NOT NULL,
			"client" TEXT NOT NULL,
			"redirect" TEXT NOT NULL,
			"scope" TEXT NOT NULL,
			"state" TEXT NOT NULL,
			"nonce" TEXT NOT NULL,
			"challenge" TEXT NOT NULL,
			"code" TEXT UNIQUE,
			"granted" TEXT NOT NULL DEFAULT '',
			"created_at" TEXT NOT NULL,
			"expires_at" TEXT NOT NULL,
			"decided_at" TEXT,
			"used_at" TEXT
		) STRICT`,
		`CREATE INDEX IF NOT EXISTS "_authorizations_user" ON "_authorizations" ("user_id", "id")`,
		`CREATE INDEX IF NOT EXISTS "_authorizations_expiry" ON "_authorizations" ("expires_at")`,
		`CREATE TABLE IF NOT EXISTS "_consents" (
			"user_id" TEXT NOT NULL REFERENCES "_users" ("id") ON DELETE CASCADE,
			"client" TEXT NOT NULL,
			"scope" TEXT NOT NULL,
			"created_at" TEXT NOT NULL,
			"updated_at" TEXT NOT NULL,
			PRIMARY KEY ("user_id", "client")
		) STRICT`,
	}
}

// newID makes a UUIDv7: ids sort by the time they were made.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// wrap names the operation that failed, for the log.
func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("provider: %s: %w", operation, err)
}
