package auth

import (
	"cmp"
	"context"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/attempt"
	"github.com/loam-dev/loam/internal/factor"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/password"
	"github.com/loam-dev/loam/internal/store"
)

// Reauthenticate is a proof of who the caller is, once more: one of the three.
type Reauthenticate struct {
	Password Secret `json:"password"`
	Code     Secret `json:"code"` // of the authenticator app
	factor.Assertion
}

// ReauthenticateOptions begin a fresh proof by passkey.
func (s *Service) ReauthenticateOptions(ctx context.Context, p *access.Principal) (options factor.PasskeyOptions, err error) {
	if p.Kind != access.User {
		return options, signInFirst()
	}
	err = s.engine.Read(ctx, func(c store.Conn) error {
		user, err := findAccount(c, selectAccount+`WHERE u."id" = ?1`, p.UserID)
		if err == nil {
			options, err = s.factors.AssertOptions(c, user.holder(), p.SessionID, true)
		}
		return err
	})
	return options, wrap("beginning a fresh proof by passkey", err)
}

// Reauthenticate notes that the caller has just shown a secret, for what needs
// that. Wrong ones count like those of a sign-in.
func (s *Service) Reauthenticate(ctx context.Context, p *access.Principal, in Reauthenticate, from Client) error {
	if p.Kind != access.User {
		return signInFirst()
	}
	var user account
	if err := s.engine.Read(ctx, func(c store.Conn) (err error) {
		user, err = findAccount(c, selectAccount+`WHERE u."id" = ?1`, p.UserID)
		return err
	}); err != nil {
		return wrap("finding an account", err)
	}
	key := factorKey(p.UserID)
	if in.Password != "" {
		key = cmp.Or(user.Email, key)
	}
	end, err := s.attempts.networks.Begin(ctx, from.network())
	if err != nil {
		return err
	}
	result := attempt.Unchecked
	defer func() { end(result) }()
	endUser, err := s.attempts.accounts.Begin(ctx, key)
	if err != nil {
		return err
	}
	defer func() { endUser(result) }()
	if err := s.reprove(ctx, p, user, in); err != nil {
		if fault.Is(err, fault.AuthWrong) || fault.Is(err, fault.FactorWrongCode) || fault.Is(err, fault.FactorPasskey) {
			result = attempt.Failed
		}
		return wrap("proving a session anew", err)
	}
	result = attempt.Passed
	return nil
}

// reprove checks the proof and notes its time on the session.
func (s *Service) reprove(ctx context.Context, p *access.Principal, user account, in Reauthenticate) error {
	switch {
	case in.Password != "":
		given, err := password.Given(string(in.Password))
		if err != nil {
			return err
		}
		right, err := s.hasher.Check(ctx, user.password, given)
		if err != nil {
			return err
		}
		if !right {
			return fault.New(fault.AuthWrong, "the password is wrong").At("password")
		}
	case in.Code == "" && in.Passkey == nil:
		return fault.New(fault.QueryRequired, "send a password, a code or a passkey's answer").At("password")
	}
	return s.engine.Write(ctx, func(c store.Conn) error {
		_, err := ownSession(c, p)
		switch {
		case err != nil:
			return err
		case in.Password != "":
		case in.Passkey != nil:
			err = s.factors.Assert(c, user.holder(), p.SessionID, in.Assertion)
		default:
			err = s.factors.UseTOTP(c, user.ID, in.Code)
		}
		if err == nil {
			_, err = c.Exec(`UPDATE "_sessions" SET "proved_at" = ?1 WHERE "id" = ?2`, stamp(s.now()), p.SessionID)
		}
		return err
	})
}
