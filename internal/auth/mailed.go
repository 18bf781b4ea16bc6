package auth

import (
	"context"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
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
	return s.prove(ctx, toSignIn, p, from, func(c store.Conn, user *account, _ ticket) error {
		if user.EmailVerified {
			return nil
		}
		return s.expel(ctx, c, user)
	})
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
