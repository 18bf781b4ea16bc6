package auth

import (
	"context"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tokens"
)

// Signing in by a mail that has a code, a link or both, as loam.yaml says.

// AskSignIn mails a code or link to sign in with. Where everybody may sign up, an
// unknown address gets one too, and its account by using it.
func (s *Service) AskSignIn(ctx context.Context, in Ask, from Client) error {
	if err := s.mailed(); err != nil {
		return err
	}
	return s.ask(ctx, toSignIn, in, from)
}

// SignInByMail signs in with the code or the link's token. Whoever reads the mail
// of an address that was never confirmed is its first owner: what somebody else
// may have set up under it goes.
func (s *Service) SignInByMail(ctx context.Context, p Proof, from Client) (SignedIn, error) {
	if err := s.mailed(); err != nil {
		return SignedIn{}, err
	}
	if err := p.check(); err != nil {
		return SignedIn{}, err
	}
	ask := func() error {
		email, err := s.newcomer(ctx, p)
		if err != nil || email == "" {
			return err
		}
		return s.mayJoin(ctx, User{Email: email}, ByEmail, nil)
	}
	return s.prove(ctx, toSignIn, p, from, ask, func(c store.Conn, user *account, _ ticket) error {
		if user.EmailVerified {
			return nil
		}
		return s.expel(ctx, c, user)
	})
}

// newcomer is the address of a proof that would make an account, or "": for the
// hook, which is asked before the transaction.
func (s *Service) newcomer(ctx context.Context, p Proof) (email string, err error) {
	if s.hooks == nil {
		return "", nil
	}
	err = s.engine.Read(ctx, func(c store.Conn) error {
		return c.Query(`SELECT "email" FROM "_tickets" WHERE "purpose" = ?1 AND "user_id" IS NULL AND "used_at" IS NULL
			AND "expires_at" > ?5 AND ("token" = ?2 OR "email" = ?3 AND "code" = ?4 AND "tries" < ?6)`,
			[]any{string(toSignIn), tokens.Digest(p.Token), p.Email, s.codeDigest(toSignIn, p.Email, p.Code), stamp(s.now()), maxTries},
			func(r store.Row) error { email = r.Text(0); return nil })
	})
	return email, wrap("reading a ticket", err)
}

// joinByMail makes the account of an address that has none.
func (s *Service) joinByMail(ctx context.Context, c store.Conn, email string) (id string, err error) {
	if known, err := s.AccountByEmail(c, email); err != nil || known != "" {
		return known, err // signed up since
	}
	if s.settings.SignUp != signUpOpen {
		return "", badTicket()
	}
	user := account{User: User{ID: newID(), Email: email, CreatedAt: stamp(s.now())}}
	return user.ID, s.insertNew(ctx, c, user)
}

func (s *Service) mailed() error {
	if s.settings.Email.Code || s.settings.Email.Link {
		return nil
	}
	return fault.New(fault.AuthMethodOff, "signing in by mail is off: set auth.email.code or auth.email.link in loam.yaml")
}
