// Package auth says who a caller is: users, their sessions and tokens, API keys.
// Each way of signing in is one file (password.go is the first). It is not about
// what a caller may do (access) nor about organizations (tenant), and it does
// not speak HTTP: a door decodes, calls and encodes.
package auth

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/apikey"
	"github.com/loam-dev/loam/internal/attempt"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/hooks"
	"github.com/loam-dev/loam/internal/password"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tokens"
	"github.com/loam-dev/loam/internal/vault"
)

// The limits and lifetimes of the room.
const (
	sessionLife = 365 * 24 * time.Hour // after which a session ends in any case
	freshFor    = 10 * time.Minute     // after a secret was shown: what may be changed that a stolen token must not
	maxSessions = 100                  // per user; a further sign-in ends the oldest
	maxOfClient = 20                   // likewise, of one application's sessions of a user
)

// Organizations is what auth needs to know of organizations. Every method runs
// inside the caller's transaction. The tenant room has it; backend joins them.
type Organizations interface {
	// First gives a new user an organization to start in.
	First(c store.Conn, userID, name string) error
	// JoinByDomain lets a user whose address has been shown to be theirs into the
	// organization that has its domain.
	JoinByDomain(c store.Conn, userID, email string) error
	// Invites refuses a token that is no open invitation for the address.
	Invites(c store.Conn, token, email string) error
	// AcceptFor makes a new user a member by an invitation, whose token was mailed
	// to the address and so proves it.
	AcceptFor(c store.Conn, token, userID, email string) error
	// Leave ends the memberships of a user whose account goes, with the
	// organizations that nobody else is in. It refuses for the last owner of others.
	Leave(ctx context.Context, c store.Conn, userID string) error
	// Disown undoes what somebody else did in organizations with the user's account,
	// and returns who has lost a membership, by organization.
	Disown(ctx context.Context, c store.Conn, userID string) (lost map[string][]string, err error)
	// Active returns the organization if the user is a member of it, else the
	// one that the user joined first, with the role there; "" without any.
	Active(c store.Conn, userID, org string) (id, name, role string, err error)
	// Standing refuses an organization that is suspended or deleted, or that the
	// user is no member of; "" asks for no user.
	Standing(c store.Conn, org, userID string) error
	// May tells whether a role has a permission.
	May(role, permission string) bool
	// Teams returns the slugs and ids of the user's teams in an organization.
	Teams(c store.Conn, org, userID string) (slugs, ids []string, err error)
	// Leads tells whether the user is an owner or admin of others.
	Leads(c store.Conn, userID string) (bool, error)
}

// Gate keeps out who must come another way: the federation room has the
// organizations that want their members to sign in with their own provider.
type Gate interface {
	// MayEnter refuses a way in, inside the transaction that opens the session.
	MayEnter(c store.Conn, userID, email string, how Method) error
	// Stays tells whether a session that began so goes on: the way in is still
	// there, and still one of the user's.
	Stays(c store.Conn, userID, email string, how Method) (bool, error)
}

// Config is what New needs.
type Config struct {
	Engine        store.Engine
	Vault         *vault.Vault
	Organizations Organizations
	Audit         *audit.Log
	Mailer        Mailer
	Queue         Queue
	Hooks         *hooks.Hooks
	Factors       Factors
	Gate          Gate // nil: nobody is kept out
	Settings      config.AuthConfig
	Limits        config.Limits
	Attempts      *attempt.Ledger  // counts those of all nodes; nil: there is this one alone
	Issuer        string           // names this environment in its tokens; another's are refused
	URL           string           // where users reach the server: what mailed links start with
	Now           func() time.Time // nil: the clock
}

// Service signs users in and verifies what they show. It is safe for concurrent
// use.
type Service struct {
	*apikey.Keys
	engine   store.Engine
	orgs     Organizations
	audit    *audit.Log
	mailer   Mailer
	queue    Queue
	gate     Gate
	hooks    *hooks.Hooks
	settings config.AuthConfig
	issuer   string
	url      string
	life     time.Duration // of an access token
	idle     time.Duration // that ends a session
	now      func() time.Time
	keys     *tokens.Keyring
	idKeys   *tokens.Keyring // of ID tokens; nil without an application that takes one
	refresh  tokens.Refresh
	codes    *vault.MAC // what is stored of codes
	hasher   *password.Hasher
	attempts attempts
	mails    mails
	factors  factors
	tokens   *tokens.Cache // verified access tokens, by user
}

// New reads the signing keys, and makes the first one where there is none. The
// system tables must exist. A vault with another master key than the one that
// sealed the keys is an error.
func New(ctx context.Context, cfg Config) (*Service, error) {
	now := cfg.Now
	if now == nil {
		now = time.Now
	}
	life := cfg.Settings.Sessions.AccessToken
	signing := cfg.Vault.Sealer("auth/signing")
	keys, err := tokens.OpenKeyring(ctx, tokens.Access(), cfg.Engine, signing, life, now)
	if err != nil {
		return nil, err
	}
	var idKeys *tokens.Keyring
	if len(cfg.Settings.Clients) > 0 {
		if idKeys, err = tokens.OpenKeyring(ctx, tokens.ID(), cfg.Engine, signing, life, now); err != nil {
			return nil, err
		}
	}
	factors, err := newFactors(cfg.Factors, cfg.Vault, now)
	if err != nil {
		return nil, err
	}
	return &Service{
		Keys:     apikey.New(cfg.Engine, cfg.Organizations, cfg.Audit, now),
		engine:   cfg.Engine,
		orgs:     cfg.Organizations,
		audit:    cfg.Audit,
		mailer:   cfg.Mailer,
		queue:    cfg.Queue,
		gate:     cfg.Gate,
		hooks:    cfg.Hooks,
		settings: cfg.Settings,
		issuer:   cfg.Issuer,
		url:      strings.TrimSuffix(cfg.URL, "/"),
		life:     life,
		idle:     min(cfg.Settings.Sessions.RefreshToken, sessionLife),
		now:      now,
		keys:     keys,
		idKeys:   idKeys,
		refresh:  tokens.NewRefresh(cfg.Vault.MAC("auth/refresh")),
		codes:    cfg.Vault.MAC("auth/codes"),
		hasher:   password.New(password.Options{}),
		attempts: newAttempts(cfg.Limits.SignIn, now, cfg.Attempts),
		mails:    newMails(cfg.Limits.Mail, now, cfg.Attempts),
		factors:  factors,
		tokens:   tokens.NewCache(now),
	}, nil
}

// Client is where a request comes from, as far as the door knows.
type Client struct {
	Addr  netip.Addr // the zero Addr is not limited
	Agent string     // User-Agent; cut to 200 bytes where it is stored
}

// network names the block that a client can hop within at no cost: an IPv4
// address, or an IPv6 /64, in one spelling; "" for none.
func (c Client) network() string {
	if !c.Addr.IsValid() {
		return ""
	}
	addr := c.Addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	block, err := addr.Prefix(64)
	if err != nil {
		return addr.String()
	}
	return block.String()
}

// agent returns the User-Agent, cut and valid, as a session keeps it.
func (c Client) agent() string {
	return strings.ToValidUTF8(c.Agent[:min(len(c.Agent), 200)], "")
}

// stamp writes a time in the canonical form, whose order is time order.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// newID makes a UUIDv7: ids sort by the time they were made.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// random returns n unguessable bytes. Go ends the process if the system has none.
func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// wrap names the operation that failed, for the log.
func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("auth: %s: %w", operation, err)
}
