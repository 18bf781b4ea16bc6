// Package tenant keeps organizations and who belongs to them with which role.
// It is not about who a caller is (auth), nor does it isolate rows: that is the
// store's, which takes the active organization from the caller's Principal.
package tenant

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/mail"
	"github.com/loam-dev/loam/internal/store"
)

// The limits of the room.
const (
	maxOrganizations = 100             // that one user belongs to
	maxName          = 200             // characters
	minSlug          = 2               // characters
	maxSlug          = 63              // characters, as a label of a host name may have
	derivedSlug      = 40              // characters of a slug that is made of a name, before a number
	maxURL           = 2048            // bytes of a logo's address
	maxReason        = 500             // characters that say why an organization is suspended
	maxOffers        = 100             // invitations that one user is shown
	lookupTime       = 5 * time.Second // for the DNS to answer
	maxBuckets       = 32768           // organizations whose requests are counted
	rateShards       = 16              // keep requests on several cores out of each other's way
	rateKnown        = time.Minute     // after which an organization's limit is read again
	invitationLife   = 7 * 24 * time.Hour
	invitationWindow = 24 * time.Hour // in which a closed invitation still counts
	defaultPage      = 100            // members a page
	maxPage          = 1000
)

// None is the organization that everything lives in where tenancy is off.
const None = "00000000-0000-0000-0000-000000000000"

// Organization is one organization as a member sees it.
type Organization struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Slug      string `json:"slug"`      // unique, for addresses; changes and may become another's, the id never
	Logo      string `json:"logo"`      // an https URL, or ""
	Color     string `json:"color"`     // "#1a7f37", or ""
	Role      Role   `json:"role"`      // the caller's
	Suspended bool   `json:"suspended"` // by an admin of the server: nobody works in it
	CreatedAt string `json:"createdAt"`
}

// Accounts is what tenant needs to know of users; the auth room has it, and
// backend joins them.
type Accounts interface {
	// AccountByEmail returns the id of the account with that address, or "",
	// inside the caller's transaction.
	AccountByEmail(c store.Conn, email string) (string, error)
	// Address returns the one spelling of an address that accounts are known by.
	Address(email string) (string, error)
	// Forget is told of each user whose membership has changed, after the commit.
	Forget(userID string)
	// RemoveOrganization removes the keys of an organization that is no more, and
	// what leads users back to it, inside the caller's transaction.
	RemoveOrganization(c store.Conn, org string) error
	// ForgetKeys is told, likewise, when an organization has been closed, whose
	// API keys end with it.
	ForgetKeys()
	// ForgetAll is told, likewise, when a domain has another owner, who may say how
	// its users sign in.
	ForgetAll()
}

// Mailer sends a message if the caller's transaction commits. The mail room has
// it.
type Mailer interface {
	Send(c store.Conn, m mail.Message) error
}

// Outside is what the room reaches beyond the database. What is left out is not
// done.
type Outside struct {
	Mailer   Mailer
	Link     func(token string) string // where one answers an invitation; nil: the mail has the token alone
	Resolver Resolver
	Rows     Rows
}

// Service manages organizations. It is safe for concurrent use.
type Service struct {
	engine   store.Engine
	register Register
	accounts Accounts
	outside  Outside
	rates    *rates
	now      func() time.Time
	above    bool // of ForAdmins
}

// New makes the service. The system tables must exist.
func New(engine store.Engine, register Register, accounts Accounts, outside Outside) *Service {
	s := &Service{engine: engine, register: register, accounts: accounts, outside: outside, rates: newRates(register.Shared), now: register.clock()}
	if register.Jobs != nil {
		register.Jobs.Handle(deleteJob, func(ctx context.Context, org []byte) error { return s.Purge(ctx, string(org)) })
	}
	return s
}

// NewOrganization is what a user sends to found an organization.
type NewOrganization struct {
	Name string `json:"name"`
}

// Create founds an organization that the caller owns. It does not become the
// active one: switching is a step of its own.
func (s *Service) Create(ctx context.Context, p *access.Principal, in NewOrganization) (Organization, error) {
	if err := signedIn(p); err != nil {
		return Organization{}, err
	}
	if s.register.AdminsFound && !p.Admin {
		return Organization{}, fault.New(fault.AccessDenied, "only an administrator of the server founds organizations here")
	}
	return s.found(ctx, p.UserID, p.Subject(), in)
}

// Found makes an organization for a user, who owns it: Create for seeds and the
// command line, which act for no caller.
func (s *Service) Found(ctx context.Context, userID string, in NewOrganization) (Organization, error) {
	return s.found(ctx, userID, audit.System, in)
}

func (s *Service) found(ctx context.Context, userID, actor string, in NewOrganization) (Organization, error) {
	if err := s.withOrganizations(); err != nil {
		return Organization{}, err
	}
	name, err := displayName(in.Name)
	if err != nil {
		return Organization{}, err
	}
	org := Organization{ID: newID(), Name: name, Role: Owner, CreatedAt: stamp(s.now())}
	err = s.engine.Write(ctx, func(c store.Conn) error {
		var err error
		if org.Slug, err = s.register.found(ctx, c, org, userID, actor); err != nil {
			return err
		}
		return s.register.roomForOrganization(c, userID)
	})
	if err != nil {
		return Organization{}, wrap("founding an organization", err)
	}
	s.accounts.Forget(userID)
	return org, nil
}

// List returns the caller's organizations, oldest membership first:
// maxOrganizations at most.
func (s *Service) List(ctx context.Context, p *access.Principal) ([]Organization, error) {
	if err := signedIn(p); err != nil {
		return nil, err
	}
	var orgs []Organization
	err := s.engine.Read(ctx, func(c store.Conn) error {
		orgs = []Organization{}
		return c.Query(selectOrganization+`WHERE m."user_id" = ?1 AND o."deleted_at" IS NULL ORDER BY m."created_at", o."id" LIMIT ?2`,
			[]any{p.UserID, s.register.perUser()}, func(r store.Row) error {
				orgs = append(orgs, scanOrganization(r))
				return nil
			})
	})
	return orgs, wrap("listing organizations", err)
}

// signedIn lets users pass. An API key manages nothing.
func signedIn(p *access.Principal) error {
	if p.Kind != access.User {
		return signInFirst()
	}
	return nil
}

func signInFirst() *fault.Error {
	return fault.New(fault.AccessSignIn, "sign in first: send Authorization: Bearer <access token>")
}

func notFound() *fault.Error {
	return fault.New(fault.TenantNotFound, "there is no such organization among yours")
}

// displayName checks a name for people to read.
func displayName(text string) (string, error) {
	name := strings.TrimSpace(text)
	if name == "" || len([]rune(name)) > maxName || strings.ContainsFunc(name, unicode.IsControl) {
		return "", fault.New(fault.TenantBadName, "a name has 1 to %d characters and no control characters", maxName).At("name")
	}
	return name, nil
}

// stamp writes a time in the canonical form, whose order is time order.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// newID makes a UUIDv7: ids sort by the time they were made.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// wrap names the operation that failed, for the log.
func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("tenant: %s: %w", operation, err)
}
