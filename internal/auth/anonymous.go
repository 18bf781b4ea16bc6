package auth

import (
	"context"
	"errors"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// SignInAnonymously makes a user without an address and signs them in. They may do
// what the rules let a signed-in user do, in an organization of their own, and
// keep all of it when they become a real one: by SignUp with their token, or by
// linking another provider.
func (s *Service) SignInAnonymously(ctx context.Context, from Client) (SignedIn, error) {
	if !s.settings.Anonymous {
		return SignedIn{}, fault.New(fault.AuthMethodOff, "anonymous use is off: set auth.anonymous in loam.yaml")
	}
	if err := s.mails.count(ctx, "", from); err != nil { // accounts are not free either
		return SignedIn{}, err
	}
	user := account{User: User{ID: newID(), CreatedAt: stamp(s.now())}}
	if err := s.mayJoin(ctx, user.User, ByAnonymous, nil); err != nil {
		return SignedIn{}, err
	}
	var o opening
	err := s.engine.Write(ctx, func(c store.Conn) error {
		err := s.insertNew(ctx, c, user)
		if err == nil {
			o, err = s.admit(ctx, c, user, ByAnonymous, from)
		}
		return err
	})
	if err != nil {
		return SignedIn{}, wrap("signing in anonymously", err)
	}
	return s.signedIn(ctx, o)
}

// Become is what an anonymous user sends to become a real one.
func (s *Service) Become(ctx context.Context, p *access.Principal, in SignUp, from Client) (SignedUp, error) {
	if p.Kind != access.User {
		return SignedUp{}, signInFirst()
	}
	return s.signUp(ctx, in, p.UserID, from, func(c store.Conn, user *account) error {
		was, err := findAccount(c, selectAccount+`WHERE u."id" = ?1`, p.UserID)
		if errors.Is(err, errNoAccount) {
			return revoked()
		}
		if err == nil && was.Email != "" {
			err = fault.New(fault.AuthNotAnonymous, "only an anonymous user becomes another; sign out first to sign up anew")
		}
		if err != nil {
			return err
		}
		user.CreatedAt, user.org = was.CreatedAt, was.org
		n, err := c.Exec(`UPDATE "_users" SET "email" = ?1, "name" = ?2, "locale" = ?3, "password" = ?4, "updated_at" = ?5
			WHERE "id" = ?6 AND "email" IS NULL AND NOT EXISTS (SELECT 1 FROM "_users" WHERE "email" = ?1)`,
			user.Email, user.Name, user.Locale, user.password, stamp(s.now()), was.ID)
		if err == nil && n == 0 {
			err = emailTaken()
		}
		return err
	})
}
