package auth

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/person"
	"github.com/loam-dev/loam/internal/store"
)

// External is who another identity provider says somebody is. Provider and
// Subject name an identity for good; the address is what the provider says of it
// today, and counts only where EmailVerified is what the provider itself vouches for.
type External struct {
	Provider      string // "google", or "sso:<connection>"
	Subject       string
	Email         string
	EmailVerified bool
	Name          string
	Locale        string
	ProvedAt      time.Time // when they last showed who they are there; zero: just now, as far as is known
	// Join, where the provider is an organization's own, makes the account a member
	// of it inside the transaction that signs in, or refuses the account; it returns
	// the organization to act in. A new user gets no other. email is the account's.
	Join func(ctx context.Context, c store.Conn, userID, email string) (org string, err error)
}

// Identity is another provider's account that signs in to one here.
type Identity struct {
	Provider   string `json:"provider"`
	Email      string `json:"email,omitempty"` // as the provider said when it was last used
	CreatedAt  string `json:"createdAt"`
	LastUsedAt string `json:"lastUsedAt"`
}

// SignInExternal signs in who the provider names: by the identity that is linked,
// else by a verified address, else as a new user. An address that the provider
// does not vouch for links to nothing. Where an account with the address exists
// whose owner never showed it to be theirs, the one who comes with a verified
// address is its first owner, and what others set up under it goes.
func (s *Service) SignInExternal(ctx context.Context, e External, from Client) (SignedIn, error) {
	if e.EmailVerified {
		if err := s.mayJoinBy(ctx, e); err != nil && !fault.Is(err, fault.AuthBadEmail) {
			return SignedIn{}, err
		}
	}
	var o opening
	err := s.engine.Write(ctx, func(c store.Conn) error {
		user, err := s.accountOf(ctx, c, e)
		if err == nil && e.Join != nil {
			user.org, err = e.Join(ctx, c, user.ID, user.Email)
		}
		if err != nil {
			return err
		}
		user.proved = e.ProvedAt
		o, err = s.admit(ctx, c, user, ByProvider+Method(e.Provider), from)
		return err
	})
	if err != nil {
		return SignedIn{}, wrap("signing in by "+e.Provider, err)
	}
	s.Forget(o.user.ID)
	return s.signedIn(ctx, o)
}

// accountOf finds or makes the account of an identity.
func (s *Service) accountOf(ctx context.Context, c store.Conn, e External) (account, error) {
	owner, err := identityOwner(c, e)
	if err != nil {
		return account{}, err
	}
	if owner != "" {
		if err := s.touchIdentity(c, e); err != nil {
			return account{}, err
		}
		return findAccount(c, selectAccount+`WHERE u."id" = ?1`, owner)
	}
	email, err := person.Email(e.Email)
	if err != nil || !e.EmailVerified {
		return account{}, fault.New(fault.AuthUnverified, "%s does not say that the address is verified: verify it there, or sign in another way and link %s to your account",
			providerName(e.Provider), providerName(e.Provider))
	}
	user, err := findAccount(c, selectAccount+`WHERE u."email" = ?1`, email)
	switch {
	case errors.Is(err, errNoAccount):
		user, err = s.newExternal(ctx, c, e, email)
	case err == nil && !user.EmailVerified:
		if err = s.expel(ctx, c, &user); err == nil {
			err = s.verify(ctx, c, &user)
		}
	}
	if err == nil {
		err = s.link(ctx, c, user, e)
	}
	return user, err
}

// newExternal signs up who comes by another provider.
func (s *Service) newExternal(ctx context.Context, c store.Conn, e External, email string) (account, error) {
	if s.settings.SignUp != signUpOpen && !strings.HasPrefix(e.Provider, "sso:") {
		return account{}, signUpClosed(s.settings.SignUp)
	}
	user := account{User: User{ID: newID(), Email: email, CreatedAt: stamp(s.now())}}
	user.Name, _ = person.Name(e.Name) // a name that we do not take is none
	user.Locale, _ = person.Locale(e.Locale)
	insert := s.insertNew
	if e.Join != nil {
		insert = s.insertAlone
	}
	if err := insert(ctx, c, user); err != nil {
		return account{}, err
	}
	return user, s.verify(ctx, c, &user)
}

// MayLink refuses who may not begin to link an identity: a way in is added by a
// fresh proof, as every other one. An anonymous user has none to give.
func (s *Service) MayLink(ctx context.Context, p *access.Principal) error {
	return wrap("looking for a fresh proof", s.engine.Read(ctx, func(c store.Conn) error {
		stale := s.fresh(c, p)
		if !fault.Is(stale, fault.AuthReauthenticate) {
			return stale
		}
		user, err := findAccount(c, selectAccount+`WHERE u."id" = ?1`, p.UserID)
		if err == nil && user.Email == "" {
			err = s.keepsAWayIn(c, user.ID)
		}
		if fault.Is(err, fault.AuthLastWay) {
			return nil
		}
		return cmp.Or(err, stale)
	}))
}

// Link lets an identity sign in to the caller's account from now on. It makes an
// anonymous user a real one where the provider vouches for a free address.
func (s *Service) Link(ctx context.Context, p *access.Principal, e External) error {
	if p.Kind != access.User {
		return signInFirst()
	}
	err := s.engine.Write(ctx, func(c store.Conn) error {
		user, err := findAccount(c, selectAccount+`WHERE u."id" = ?1`, p.UserID)
		if err != nil {
			return err
		}
		owner, err := identityOwner(c, e)
		switch {
		case err != nil:
			return err
		case owner == user.ID:
			return s.touchIdentity(c, e)
		case owner != "":
			return fault.New(fault.AuthLinked, "this %s account is linked to another user here: unlink it there first", providerName(e.Provider))
		}
		if err := s.link(ctx, c, user, e); err != nil || user.Email != "" || !e.EmailVerified {
			return err
		}
		email, err := person.Email(e.Email)
		if err != nil {
			return nil // none that we take
		}
		n, err := c.Exec(`UPDATE "_users" SET "email" = ?1, "updated_at" = ?2 WHERE "id" = ?3
			AND NOT EXISTS (SELECT 1 FROM "_users" WHERE "email" = ?1)`, email, stamp(s.now()), user.ID)
		if err != nil || n == 0 {
			return err
		}
		user.Email = email
		return s.verify(ctx, c, &user)
	})
	if errors.Is(err, errNoAccount) {
		return revoked()
	}
	s.Forget(p.UserID)
	return wrap("linking "+e.Provider, err)
}

// Unlink ends that a provider signs in to the caller's account. The last way in
// stays.
func (s *Service) Unlink(ctx context.Context, p *access.Principal, provider string) error {
	if p.Kind != access.User {
		return signInFirst()
	}
	err := s.engine.Write(ctx, func(c store.Conn) error {
		if err := s.fresh(c, p); err != nil {
			return err
		}
		n, err := c.Exec(`DELETE FROM "_identities" WHERE "user_id" = ?1 AND "provider" = ?2`, p.UserID, provider)
		if err == nil && n == 0 {
			err = fault.New(fault.AuthNotLinked, "your account is not linked to %q", provider)
		}
		if err == nil {
			err = s.keepsAWayIn(c, p.UserID)
		}
		if err != nil {
			return err
		}
		return s.record(ctx, c, audit.Event{Action: "auth.identity_unlinked", Org: p.Org, Actor: p.Subject(), Target: p.Subject(),
			Details: map[string]any{"provider": provider}})
	})
	return wrap("unlinking "+provider, err)
}

// Identities lists the providers that sign in to the caller's account.
func (s *Service) Identities(ctx context.Context, p *access.Principal) ([]Identity, error) {
	if p.Kind != access.User {
		return nil, signInFirst()
	}
	var list []Identity
	err := s.engine.Read(ctx, func(c store.Conn) error {
		list = []Identity{}
		return c.Query(`SELECT "provider", "email", "created_at", "last_used_at" FROM "_identities" WHERE "user_id" = ?1 ORDER BY "created_at", "provider"`,
			[]any{p.UserID}, func(r store.Row) error {
				list = append(list, Identity{r.Text(0), r.Text(1), r.Text(2), r.Text(3)})
				return nil
			})
	})
	return list, wrap("listing identities", err)
}

// identityOwner is the user that an identity signs in to, or "".
func identityOwner(c store.Conn, e External) (user string, err error) {
	err = c.Query(`SELECT "user_id" FROM "_identities" WHERE "provider" = ?1 AND "subject" = ?2`, []any{e.Provider, e.Subject},
		func(r store.Row) error { user = r.Text(0); return nil })
	return user, err
}

func (s *Service) touchIdentity(c store.Conn, e External) error {
	_, err := c.Exec(`UPDATE "_identities" SET "email" = ?1, "last_used_at" = ?2 WHERE "provider" = ?3 AND "subject" = ?4`,
		e.Email[:min(len(e.Email), person.MaxEmail)], stamp(s.now()), e.Provider, e.Subject)
	return err
}

// link stores an identity of a user: one of each provider.
func (s *Service) link(ctx context.Context, c store.Conn, user account, e External) error {
	n, err := c.Exec(`INSERT INTO "_identities" ("provider", "subject", "user_id", "email", "created_at", "last_used_at")
		SELECT ?1, ?2, ?3, ?4, ?5, ?5 WHERE NOT EXISTS (SELECT 1 FROM "_identities" WHERE "user_id" = ?3 AND "provider" = ?1)`,
		e.Provider, e.Subject, user.ID, e.Email[:min(len(e.Email), person.MaxEmail)], stamp(s.now()))
	if err == nil && n == 0 {
		err = fault.New(fault.AuthLinked, "another %s account signs in here already: unlink it first", providerName(e.Provider))
	}
	if err != nil {
		return err
	}
	return s.record(ctx, c, audit.Event{Action: "auth.identity_linked", Actor: "user:" + user.ID, Target: "user:" + user.ID,
		Details: map[string]any{"provider": e.Provider}})
}

// providerName is how a message calls a provider.
func providerName(provider string) string {
	if strings.HasPrefix(provider, "sso:") {
		return "the company's sign-in"
	}
	return provider
}
