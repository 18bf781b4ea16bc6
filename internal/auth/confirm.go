package auth

import (
	"context"
	"encoding/json"

	"github.com/loam-dev/loam/internal/attempt"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/hooks"
	"github.com/loam-dev/loam/internal/store"
)

// The values of auth.email.confirm and auth.signUp.
const (
	confirmNone   = "none"
	confirmByCode = "code"
	signUpOpen    = "open"
	signUpInvited = "invited"
)

// pending is what a second sign-up with an address sets once that is confirmed. Its
// password is not among it, nor does the first one's stay: a mail that somebody
// else has asked for may be followed by the address's owner, who then sets one.
type pending struct {
	Name string `json:"name"`
}

// AskConfirmation mails a new code or link to an address that waits for one.
func (s *Service) AskConfirmation(ctx context.Context, in Ask, from Client) error {
	return s.ask(ctx, toConfirm, in, from)
}

// Confirm takes a new user's address as theirs and signs them in.
func (s *Service) Confirm(ctx context.Context, p Proof, from Client) (SignedIn, error) {
	if err := p.check(); err != nil {
		return SignedIn{}, err
	}
	return s.prove(ctx, toConfirm, p, from, nil, func(c store.Conn, user *account, t ticket) error {
		var waiting pending
		if t.data != "" {
			if err := json.Unmarshal([]byte(t.data), &waiting); err != nil {
				return wrap("reading a sign-up", err)
			}
		}
		if t.data != "" && !user.EmailVerified { // of two who signed up; the other may be signed in
			if err := s.expel(ctx, c, user); err != nil {
				return err
			}
			user.Name = waiting.Name
			if _, err := c.Exec(`UPDATE "_users" SET "name" = ?1 WHERE "id" = ?2`, waiting.Name, user.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// prove redeems a ticket of an account, by a proof that was checked, lets change happen, takes the address as
// verified and signs in, all in one transaction. Wrong codes count as attempts on
// the account. What is slow is for prepare, before the transaction; nil is nothing.
func (s *Service) prove(ctx context.Context, to purpose, p Proof, from Client, prepare func() error, change func(store.Conn, *account, ticket) error) (SignedIn, error) {
	end, err := s.attempt(ctx, p.Email, from)
	if err != nil {
		return SignedIn{}, err
	}
	result := attempt.Unchecked
	defer func() { end(result) }()
	if prepare != nil {
		if err := prepare(); err != nil {
			return SignedIn{}, err
		}
	}
	var o opening
	var refused error
	err = s.engine.Write(ctx, func(c store.Conn) (err error) {
		o, refused, err = s.proved(ctx, c, to, p, from, change)
		return err
	})
	switch {
	case err != nil:
		return SignedIn{}, wrap("redeeming a ticket", err)
	case refused != nil:
		result = attempt.Failed
		return SignedIn{}, refused
	}
	result = attempt.Passed
	s.Forget(o.user.ID)
	return s.signedIn(ctx, o)
}

// proved is prove inside its transaction.
func (s *Service) proved(ctx context.Context, c store.Conn, to purpose, p Proof, from Client, change func(store.Conn, *account, ticket) error) (o opening, refused, err error) {
	t, refused, err := s.redeem(c, to, p)
	if err == nil && refused != nil && p.Code != "" {
		err = s.recordWrongCode(ctx, c, to, p)
	}
	if err != nil || refused != nil {
		return opening{}, refused, err
	}
	if t.user == "" {
		if t.user, err = s.joinByMail(ctx, c, t.email); err != nil {
			return opening{}, nil, err
		}
	}
	user, err := findAccount(c, selectAccount+`WHERE u."id" = ?1`, t.user)
	if err != nil {
		return opening{}, nil, err
	}
	if user.Email != t.email { // it has moved on since
		return opening{}, badTicket(), nil
	}
	if err = change(c, &user, t); err != nil {
		return opening{}, nil, err
	}
	if err = s.verify(ctx, c, &user); err != nil {
		return opening{}, nil, err
	}
	o, err = s.admit(ctx, c, user, ByEmail, from)
	return o, nil, err
}

// recordWrongCode notes a code that is none, for an address that waits for one or
// not in the same time.
func (s *Service) recordWrongCode(ctx context.Context, c store.Conn, to purpose, p Proof) error {
	return s.record(ctx, c, audit.Event{Action: "auth.code_refused", Outcome: audit.Failure, Actor: "anonymous",
		Details: map[string]any{"email": p.Email, "purpose": string(to)}})
}

// verify takes the account's address as its user's own.
func (s *Service) verify(ctx context.Context, c store.Conn, user *account) error {
	if user.EmailVerified {
		return nil
	}
	user.EmailVerified = true
	now := stamp(s.now())
	if _, err := c.Exec(`UPDATE "_users" SET "verified_at" = ?1, "updated_at" = ?1 WHERE "id" = ?2`, now, user.ID); err != nil {
		return err
	}
	if err := s.record(ctx, c, audit.Event{Action: "auth.address_verified", Actor: "user:" + user.ID, Target: "user:" + user.ID}); err != nil {
		return err
	}
	if err := s.orgs.JoinByDomain(c, user.ID, user.Email); err != nil {
		return err
	}
	return s.confirmed(c, user.User, "")
}

// confirmed tells the app's hook of an account that has become real.
func (s *Service) confirmed(c store.Conn, user User, method string) error {
	return s.hooks.AfterConfirmation(c, hooks.Confirmed{ID: user.ID, Email: user.Email, Name: user.Name, Method: method})
}

// sendConfirmation mails the code or link that a new user's address waits for.
func (s *Service) sendConfirmation(c store.Conn, user account, data string, in Ask) error {
	return s.sendTicket(c, toConfirm, ticket{user: user.ID, email: user.Email, data: data}, user, in)
}

// pendingSignUp is what the newest sign-up with an address wants to set.
func pendingSignUp(c store.Conn, email string) (data string, err error) {
	err = c.Query(`SELECT "data" FROM "_tickets" WHERE "purpose" = ?1 AND "email" = ?2 AND "used_at" IS NULL ORDER BY "id" DESC LIMIT 1`,
		[]any{string(toConfirm), email}, func(r store.Row) error {
			data = r.Text(0)
			return nil
		})
	return data, err
}

func unconfirmed() *fault.Error {
	return fault.New(fault.AuthUnconfirmed, "confirm the email address first: send the code or the link's token of our mail to /auth/confirm, or ask for another at /auth/confirm/resend")
}
