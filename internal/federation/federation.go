// Package federation signs users in with somebody else's identity provider:
// OAuth 2.0 and OpenID Connect providers that loam.yaml names, and the SAML or
// OpenID Connect provider of an organization. Each kind of provider is one file. The room proves who somebody is to that provider; which
// account that means, and the session, are auth's. It does not speak HTTP to the
// caller: a door decodes, calls and encodes.
package federation

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/vault"
)

// The limits and lifetimes of the room.
const (
	flowLife       = 10 * time.Minute // between leaving for the provider and coming back
	codeLife       = time.Minute      // between coming back and the exchange
	clockSkew      = time.Minute      // by which a provider's clock may differ
	metadataLife   = time.Hour        // after which a provider's metadata is read again
	keysRetry      = 5 * time.Second  // and where they can't be read, so long not tried again
	keysEvery      = time.Minute      // keys of one provider are read at most so often
	maxFlows       = 1000             // that began within flowLife, from one address block
	maxIssuers     = 1000             // whose metadata is kept in memory
	maxRedirect    = 2048             // bytes of a redirect
	maxAnswer      = 256 << 10        // bytes of one parameter that a provider sends back
	maxToken       = 64 << 10         // bytes of an ID token
	maxSubject     = 255              // bytes of a subject
	maxKeySet      = 100              // keys of one provider
	maxGroups      = 1000             // of a user, or of a connection's mapping
	maxConnections = 20               // of one organization
	maxDomains     = 50               // of one connection
	maxLabel       = 200              // bytes of a connection's name, of a group or an attribute
	maxMetadata    = 256 << 10        // bytes of a SAML provider's metadata
	maxEmail       = 254              // bytes
)

// Kind is a kind of identity provider.
type Kind string

// The kinds, each in a file of its own.
const (
	Google    Kind = "google"
	GitHub    Kind = "github"
	Microsoft Kind = "microsoft"
	Apple     Kind = "apple"
	OpenID    Kind = "oidc"
)

// Provider is one identity provider as loam.yaml names it.
type Provider struct {
	Name         string // in URLs; the kind where it is not given
	Label        string // for people; the name where it is not given
	Kind         Kind
	ClientID     string
	ClientSecret auth.Secret
	Issuer       string      // oidc: the issuer's URL; github: of GitHub Enterprise Server
	Tenant       string      // microsoft: a tenant's id, or common, organizations, consumers
	TeamID       string      // apple
	KeyID        string      // apple
	PrivateKey   auth.Secret // apple: PKCS#8 in PEM
	Scopes       []string    // beyond those that are always asked for
}

// Identity is who somebody is to a provider. EmailVerified says that the
// provider vouches for the address: nothing else in an Identity is a proof of it.
type Identity struct {
	Provider      string   `json:"provider"` // the name of the way in
	Subject       string   `json:"subject"`  // stable at the provider, and unique there
	Email         string   `json:"email"`
	EmailVerified bool     `json:"emailVerified"`
	Name          string   `json:"name"`
	Locale        string   `json:"locale"`
	Groups        []string `json:"groups,omitempty"` // of a connection's provider
	// ProvedAt is when they last showed who they are there; zero where it does not say.
	ProvedAt time.Time `json:"provedAt,omitzero"`
}

// Options are what New needs.
type Options struct {
	Engine    store.Engine
	Vault     *vault.Vault
	Orgs      Organizations // nil: no connections of organizations
	Audit     *audit.Log    // nil records nothing
	HTTP      *http.Client  // every call to a provider goes through it
	URL       string        // of this server, without a slash at its end; "" where only a loopback address serves
	Redirects []string      // where an answer may go, exactly as they are sent
	Providers []Provider
	Changed   func()           // told, after the commit, when sessions may have ended by a change of connections; nil: nobody is
	Now       func() time.Time // nil: the clock
}

// Service is the ways in of one environment. It is immutable but for its caches,
// and safe for concurrent use.
type Service struct {
	engine           store.Engine
	orgs             Organizations
	audit            *audit.Log
	sealer           *vault.Sealer
	connectionSealer *vault.Sealer
	http             *http.Client
	url              string
	redirects        []string
	ways             []namedWay
	issuers          *issuers
	changed          func()
	now              func() time.Time
}

// namedWay is a configured provider with what talks to it.
type namedWay struct {
	Way
	way way
}

// Way is a configured way in, for the page that offers it.
type Way struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Kind  Kind   `json:"kind"`
}

// New makes the service; a provider that is not configured well is an error. The
// system tables must exist.
func New(o Options) (*Service, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Changed == nil {
		o.Changed = func() {}
	}
	s := &Service{
		engine: o.Engine, orgs: o.Orgs, audit: o.Audit, sealer: o.Vault.Sealer("federation/flow"), connectionSealer: o.Vault.Sealer("federation/connection"), http: o.HTTP,
		url: o.URL, redirects: slices.Clone(o.Redirects), changed: o.Changed, now: o.Now,
	}
	s.issuers = newIssuers(s.http, o.Now)
	for _, p := range o.Providers {
		if p.Name == "" {
			p.Name = string(p.Kind)
		}
		if p.Label == "" {
			p.Label = label(p)
		}
		w, err := s.way(p)
		if err != nil {
			return nil, err
		}
		if !nameForm().MatchString(p.Name) || strings.HasPrefix(p.Name, ssoPrefix) || s.configured(p.Name) != nil {
			return nil, misconfigured("the provider %q needs a name of its own, of lower-case letters, digits and dashes", p.Name)
		}
		s.ways = append(s.ways, namedWay{Way{p.Name, p.Label, p.Kind}, w})
	}
	return s, nil
}

// way makes what talks to a provider.
func (s *Service) way(p Provider) (way, error) {
	if p.ClientID == "" {
		return nil, misconfigured("the provider %q has no clientId", p.Name)
	}
	switch p.Kind {
	case Google:
		return s.google(p)
	case GitHub:
		return s.github(p)
	case Microsoft:
		return s.microsoft(p)
	case Apple:
		return s.apple(p)
	case OpenID:
		return s.openID(p)
	}
	return nil, misconfigured("the provider %q is of kind %q; the kinds are google, github, microsoft, apple and oidc", p.Name, p.Kind)
}

// Ways are the configured ways in, in the order of loam.yaml.
func (s *Service) Ways() []Way {
	ways := make([]Way, len(s.ways))
	for i, w := range s.ways {
		ways[i] = w.Way
	}
	return ways
}

// configured returns the way of that name in loam.yaml, or nil.
func (s *Service) configured(name string) way {
	for _, w := range s.ways {
		if w.Name == name {
			return w.way
		}
	}
	return nil
}

// find returns the way of that name: one of loam.yaml, or a connection of an
// organization.
func (s *Service) find(ctx context.Context, name string) (way, error) {
	if w := s.configured(name); w != nil {
		return w, nil
	}
	var of Connection
	err := s.engine.Read(ctx, func(c store.Conn) (err error) {
		of, err = s.connection(c, name)
		return err
	})
	if err != nil {
		return nil, wrap("finding a way in", err)
	}
	return s.wayOf(of)
}

// Prune removes the flows that nobody can finish any more, and says how many.
func (s *Service) Prune(ctx context.Context) (removed int64, err error) {
	err = s.engine.Write(ctx, func(c store.Conn) error {
		if removed, err = c.Exec(`DELETE FROM "_flows" WHERE "expires_at" <= ?1`, form.Stamp(s.now())); err != nil {
			return err
		}
		_, err = c.Exec(`DELETE FROM "_assertions" WHERE "expires_at" <= ?1`, form.Stamp(s.now()))
		return err
	})
	return removed, wrap("pruning flows", err)
}

func misconfigured(format string, args ...any) *fault.Error {
	return fault.New(fault.FederationMisconfigured, format, args...)
}

// newID makes a UUIDv7: ids sort by the time they were made.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// wrap names the operation that failed, for the log.
func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("federation: %s: %w", operation, err)
}

// label is what people call a provider.
func label(p Provider) string {
	known := map[Kind]string{Google: "Google", GitHub: "GitHub", Microsoft: "Microsoft", Apple: "Apple"}
	if known[p.Kind] != "" {
		return known[p.Kind]
	}
	return p.Name
}
