package auth

import (
	"context"
	"errors"

	"github.com/loam-dev/loam/internal/attempt"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/password"
	"github.com/loam-dev/loam/internal/person"
	"github.com/loam-dev/loam/internal/store"
)

// SignIn is what a user sends to sign in with a password.
type SignIn struct {
	Email    string `json:"email"`
	Password Secret `json:"password"`
}

// SignIn opens a session for the right password. An unknown address, a wrong
// password and an account without one answer alike and take as long: where
// accounts have come from elsewhere, whose hashes take a time of their own, a
// whole number of seconds. Attempts are counted before a password is hashed, by
// account in any spelling and by network.
func (s *Service) SignIn(ctx context.Context, in SignIn, from Client) (SignedIn, error) {
	email, err := person.Email(in.Email)
	if err != nil {
		return SignedIn{}, err
	}
	given, err := password.Given(string(in.Password))
	if err != nil {
		return SignedIn{}, err
	}
	if !s.settings.Password.Enabled {
		return SignedIn{}, passwordsOff()
	}
	end, err := s.attempt(ctx, email, from)
	if err != nil {
		return SignedIn{}, err
	}
	result, began := attempt.Unchecked, s.now()
	defer func() {
		if end(result); result == attempt.Failed && s.hasForeign(ctx) {
			s.hasher.Even(ctx, s.now().Sub(began))
		}
	}()
	user, err := s.checkPassword(ctx, email, given)
	if fault.Is(err, fault.AuthWrong) {
		result = attempt.Failed
		if err := s.recordFailure(ctx, user, email); err != nil {
			return SignedIn{}, err
		}
	}
	if err != nil {
		return SignedIn{}, err
	}
	result = attempt.Passed
	if err := s.upgradeHash(ctx, user.ID, user.password, given); err != nil {
		return SignedIn{}, err
	}
	return s.signIn(ctx, user, ByPassword, from)
}

// hasForeign tells whether some account still has a hash of another system.
func (s *Service) hasForeign(ctx context.Context) (has bool) {
	err := s.engine.Read(ctx, func(c store.Conn) error {
		return c.Query(`SELECT 1 FROM "_users" WHERE substr("password", 1, 9) = 'imported:' LIMIT 1`, nil, func(store.Row) error { has = true; return nil })
	})
	return has || err != nil
}

// checkPassword returns the account that the password opens.
func (s *Service) checkPassword(ctx context.Context, email, given string) (account, error) {
	var user account
	err := s.engine.Read(ctx, func(c store.Conn) error {
		var err error
		user, err = findAccount(c, selectAccount+`WHERE u."email" = ?1`, email)
		return err
	})
	if err != nil && !errors.Is(err, errNoAccount) {
		return account{}, wrap("finding an account", err)
	}
	right, err := s.hasher.Check(ctx, user.password, given)
	switch {
	case err != nil:
		return account{}, err
	case !right:
		return user, fault.New(fault.AuthWrong, "the email address or the password is wrong")
	}
	return user, nil
}

// upgradeHash replaces a hash that needs it, once the password that it is of is
// known to be right, and does nothing for others. It loses to any other change
// of the password. Where too many sign-ins wait, the next one sees to it.
func (s *Service) upgradeHash(ctx context.Context, userID, old, given string) error {
	if !password.NeedsUpgrade(old) {
		return nil
	}
	hash, err := s.hasher.Hash(ctx, given)
	if fault.Is(err, fault.AuthBusy) {
		return nil
	}
	if err == nil {
		err = s.engine.Write(ctx, func(c store.Conn) error {
			_, err := c.Exec(`UPDATE "_users" SET "password" = ?1 WHERE "id" = ?2 AND "password" = ?3`, hash, userID, old)
			return err
		})
	}
	return wrap("upgrading a password hash", err)
}

// recordFailure notes a wrong password, for an account or for an address without
// one in the same time.
func (s *Service) recordFailure(ctx context.Context, user account, email string) error {
	e := audit.Event{Action: "auth.sign_in_failed", Outcome: audit.Failure, Actor: "anonymous", Details: map[string]any{"email": email}}
	if user.ID != "" {
		e.Target = "user:" + user.ID
	}
	return wrap("recording a failed sign-in", s.engine.Write(ctx, func(c store.Conn) error { return s.record(ctx, c, e) }))
}

func passwordsOff() *fault.Error {
	return fault.New(fault.AuthMethodOff, "passwords are off here: sign in another way")
}
