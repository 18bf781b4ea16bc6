package auth

import (
	"context"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/attempt"
	"github.com/loam-dev/loam/internal/factor"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/person"
	"github.com/loam-dev/loam/internal/store"
)

// SignInOptions begin a sign-in by passkey.
func (s *Service) SignInOptions() (factor.PasskeyOptions, error) {
	options, err := s.factors.SignInOptions()
	return options, wrap("beginning a sign-in by passkey", err)
}

// SignInByPasskey opens a session for who holds a passkey and was verified by it,
// which is two factors in one.
func (s *Service) SignInByPasskey(ctx context.Context, in factor.Assertion, from Client) (SignedIn, error) {
	end, err := s.attempts.networks.Begin(ctx, from.network())
	if err != nil {
		return SignedIn{}, err
	}
	result := attempt.Unchecked
	defer func() { end(result) }()
	o, err := s.openByPasskey(ctx, in, from)
	if err != nil {
		if fault.Is(err, fault.FactorPasskey) || fault.Is(err, fault.FactorOptions) {
			result = attempt.Failed
		}
		return SignedIn{}, wrap("signing in by passkey", err)
	}
	result = attempt.Passed
	return s.signedIn(ctx, o)
}

// openByPasskey checks the signature before it asks for the writer, and uses the
// answer up with it.
func (s *Service) openByPasskey(ctx context.Context, in factor.Assertion, from Client) (o opening, err error) {
	var shown factor.Shown
	if err := s.engine.Read(ctx, func(c store.Conn) (err error) {
		shown, err = s.factors.SignIn(c, in)
		return err
	}); err != nil {
		return opening{}, err
	}
	err = s.engine.Write(ctx, func(c store.Conn) error {
		if err := s.factors.Use(c, shown); err != nil {
			return err
		}
		user, err := findAccount(c, selectAccount+`WHERE u."id" = ?1`, shown.User)
		if err == nil {
			o, err = s.admit(ctx, c, user, ByPasskey, from)
		}
		return err
	})
	return o, err
}

// PasskeyOptions give the caller's browser what navigator.credentials.create takes.
func (s *Service) PasskeyOptions(ctx context.Context, p *access.Principal) (options factor.PasskeyOptions, err error) {
	err = s.changeFactor(ctx, p, func(c store.Conn, user account) (err error) {
		options, err = s.factors.RegisterOptions(c, user.holder(), p.SessionID)
		return err
	})
	return options, err
}

// AddPasskey registers what the browser has made.
func (s *Service) AddPasskey(ctx context.Context, p *access.Principal, in factor.NewPasskey) (added factor.Passkey, err error) {
	if in.Name, err = person.Name(in.Name); err != nil {
		return added, err
	}
	err = s.changeFactor(ctx, p, func(c store.Conn, user account) (err error) {
		if added, err = s.factors.Register(c, user.holder(), p.SessionID, in); err != nil {
			return err
		}
		return s.recordFactor(ctx, c, p, "auth.factor_added", kindPasskey)
	})
	return added, err
}

// ListPasskeys returns the caller's passkeys, oldest first.
func (s *Service) ListPasskeys(ctx context.Context, p *access.Principal) (keys []factor.Passkey, err error) {
	if p.Kind != access.User {
		return nil, signInFirst()
	}
	err = s.engine.Read(ctx, func(c store.Conn) (err error) {
		keys, err = s.factors.Passkeys(c, p.UserID)
		return err
	})
	return keys, wrap("listing passkeys", err)
}

// Name is another name for something.
type Name struct {
	Name string `json:"name"`
}

// RenamePasskey gives a passkey of the caller's another name.
func (s *Service) RenamePasskey(ctx context.Context, p *access.Principal, id string, in Name) (key factor.Passkey, err error) {
	if p.Kind != access.User {
		return key, signInFirst()
	}
	if in.Name, err = person.Name(in.Name); err != nil {
		return key, err
	}
	err = s.engine.Write(ctx, func(c store.Conn) (err error) {
		key, err = s.factors.Rename(c, p.UserID, id, in.Name)
		return err
	})
	return key, wrap("renaming a passkey", err)
}

// RemovePasskey ends a passkey of the caller's.
func (s *Service) RemovePasskey(ctx context.Context, p *access.Principal, id string) error {
	return s.changeFactor(ctx, p, func(c store.Conn, user account) error {
		if err := s.factors.Remove(c, user.ID, id); err != nil {
			return err
		}
		return s.recordFactor(ctx, c, p, "auth.factor_removed", kindPasskey)
	})
}
