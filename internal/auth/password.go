package auth

import (
	"context"
	"errors"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// SignUp is what a new user sends. These fields are all there are: a door that
// decodes strictly refuses id, role, verified and the like as unknown.
type SignUp struct {
	Email    string `json:"email"`
	Password Secret `json:"password"`
	Name     string `json:"name"`
}

// SignIn is what a user sends to sign in with a password.
type SignIn struct {
	Email    string `json:"email"`
	Password Secret `json:"password"`
}

// SignUp makes an account with its first organization and signs it in. No mail
// confirms the address here, so a taken one is answered as such; what that
// tells an attacker is bounded by the limit per network.
func (s *Service) SignUp(ctx context.Context, in SignUp, from Client) (Session, error) {
	end, err := s.networks.begin(ctx, from.network())
	if err != nil {
		return Session{}, err
	}
	result := unchecked
	defer func() { end(result) }()

	if _, err := newPassword(string(in.Password)); err != nil {
		return Session{}, err
	}
	user, err := s.newAccount(ctx, in)
	if err != nil {
		return Session{}, err
	}
	var opened opening
	err = s.engine.Write(ctx, func(c store.Conn) error {
		err := insertAccount(c, user)
		if err == nil {
			err = s.orgs.First(c, user.ID, user.Name)
		}
		if err == nil {
			opened, err = s.open(c, user, ByPassword, from)
		}
		return err
	})
	if err != nil {
		if fault.Is(err, fault.AuthEmailTaken) {
			result = failed
		}
		return Session{}, wrap("signing up", err)
	}
	return s.answer(opened)
}

// SignIn opens a session for the right password. An unknown address, a wrong
// password and an account without one answer alike and take as long. Attempts
// are counted before a password is hashed, by account in any spelling and by
// network.
func (s *Service) SignIn(ctx context.Context, in SignIn, from Client) (SignedIn, error) {
	email, err := canonicalEmail(in.Email)
	if err != nil {
		return SignedIn{}, err
	}
	password, err := givenPassword(string(in.Password))
	if err != nil {
		return SignedIn{}, err
	}
	result := unchecked
	for _, attempt := range []struct {
		limiter *limiter
		key     string
	}{{s.networks, from.network()}, {s.accounts, email}} {
		end, err := attempt.limiter.begin(ctx, attempt.key)
		if err != nil {
			return SignedIn{}, err
		}
		defer func() { end(result) }()
	}
	user, err := s.checkPassword(ctx, email, password)
	if err != nil {
		if fault.Is(err, fault.AuthWrong) {
			result = failed
		}
		return SignedIn{}, err
	}
	result = passed
	return s.signIn(ctx, user, ByPassword, from)
}

// checkPassword returns the account that the password opens.
func (s *Service) checkPassword(ctx context.Context, email, password string) (account, error) {
	var user account
	err := s.engine.Read(ctx, func(c store.Conn) error {
		var err error
		user, err = findAccount(c, selectAccount+`WHERE u."email" = ?1`, email)
		return err
	})
	if err != nil && !errors.Is(err, errNoAccount) {
		return account{}, wrap("finding an account", err)
	}
	right, err := s.hasher.check(ctx, user.password, password)
	switch {
	case err != nil:
		return account{}, err
	case !right:
		return account{}, fault.New(fault.AuthWrong, "the email address or the password is wrong")
	}
	return user, nil
}
