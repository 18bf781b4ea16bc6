package auth

import (
	"context"
	"errors"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/attempt"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tokens"
)

// FirstAdmin is what somebody sends who has read the token of OfferAdmin, to make
// the account that administers the server.
type FirstAdmin struct {
	Token    Secret `json:"token"`
	Email    string `json:"email"`
	Password Secret `json:"password"`
	Name     string `json:"name"`
}

// SetUp makes the first admin, or a signed-in caller who sends the token alone that
// admin. Whoever guesses at tokens waits as one does who guesses at passwords, and has
// no password hashed. Who has the token vouches for the address.
func (s *Service) SetUp(ctx context.Context, p *access.Principal, in FirstAdmin, from Client) (SignedIn, error) {
	end, err := s.attempts.networks.Begin(ctx, from.network())
	if err != nil {
		return SignedIn{}, err
	}
	result := attempt.Unchecked
	defer func() { end(result) }()
	if p.Kind == access.User && in.Email == "" {
		if err = s.ClaimAdmin(ctx, p, ClaimAdmin{in.Token}); fault.Is(err, fault.AuthBadTicket) {
			result = attempt.Failed
		}
		return SignedIn{}, err
	}
	proof := Proof{Token: in.Token}
	if err = s.offered(ctx, &proof); fault.Is(err, fault.AuthBadTicket) {
		result = attempt.Failed
	}
	if err != nil {
		return SignedIn{}, err
	}
	if !s.settings.Password.Enabled {
		return SignedIn{}, fault.New(fault.AuthMethodOff, "nobody has a password here: sign in, and open the link once more").At("password")
	}
	if in.Password == "" {
		return SignedIn{}, fault.New(fault.AuthBadPassword, "choose a password of at least %d characters", s.settings.Password.MinLength).At("password")
	}
	user, err := s.newAccount(ctx, SignUp{Email: in.Email, Password: in.Password, Name: in.Name})
	if err != nil {
		return SignedIn{}, err
	}
	user.EmailVerified, user.admin = true, true
	var o opening
	err = s.engine.Write(ctx, func(c store.Conn) error {
		if _, refused, err := s.redeem(c, toAdminister, proof); err != nil || refused != nil {
			result = attempt.Failed
			return errors.Join(err, refused)
		}
		if err := s.insertNew(ctx, c, user); err != nil {
			return err
		}
		if err := s.beFirst(ctx, c, user.ID); err != nil {
			return err
		}
		o, err = s.admit(ctx, c, user, ByPassword, from)
		return err
	})
	if err != nil {
		return SignedIn{}, wrap("making the first administrator", err)
	}
	return s.signedIn(ctx, o)
}

// offered refuses a token that is none, before anything else is looked at.
func (s *Service) offered(ctx context.Context, proof *Proof) error {
	if proof.Token == "" {
		return badTicket()
	}
	if err := proof.check(); err != nil {
		return err
	}
	good := false
	err := s.engine.Read(ctx, func(c store.Conn) error {
		return c.Query(`SELECT 1 FROM "_tickets" WHERE "purpose" = ?1 AND "token" = ?2 AND "used_at" IS NULL AND "expires_at" > ?3
			AND NOT EXISTS (SELECT 1 FROM "_users" WHERE "admin" = 1 AND "disabled_at" IS NULL)`,
			[]any{string(toAdminister), tokens.Digest(proof.Token), stamp(s.now())}, func(store.Row) error { good = true; return nil })
	})
	if err == nil && !good {
		err = badTicket()
	}
	return wrap("looking for a token", err)
}

// beFirst makes a user admin where there is none: one update decides.
func (s *Service) beFirst(ctx context.Context, c store.Conn, id string) error {
	n, err := c.Exec(`UPDATE "_users" SET "admin" = 1, "updated_at" = ?1 WHERE "id" = ?2 AND "email" IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM "_users" WHERE "admin" = 1 AND "disabled_at" IS NULL)`, stamp(s.now()), id)
	if err == nil && n == 0 {
		err = badTicket()
	}
	if err != nil {
		return err
	}
	return s.record(ctx, c, audit.Event{Action: "admin.claimed", Actor: "user:" + id, Target: "user:" + id})
}
