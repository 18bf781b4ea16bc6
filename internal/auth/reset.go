package auth

import (
	"context"
	"errors"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/attempt"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/password"
	"github.com/loam-dev/loam/internal/store"
)

// Reset is what somebody sends who has forgotten their password and can read the
// mail of their address.
type Reset struct {
	Proof
	Password Secret `json:"password"`
}

// AskReset mails a code and a link to set a new password with.
func (s *Service) AskReset(ctx context.Context, in Ask, from Client) error {
	return s.ask(ctx, toReset, in, from)
}

// Reset sets a new password, ends every session and every other ticket, and signs
// in. Where the address was never confirmed, what was set up before goes too: it
// may be somebody else's.
func (s *Service) Reset(ctx context.Context, in Reset, from Client) (SignedIn, error) {
	if err := in.check(); err != nil {
		return SignedIn{}, err
	}
	if in.Password == "" {
		return SignedIn{}, fault.New(fault.AuthBadPassword, "send the new password").At("password")
	}
	var hash string
	prepare := func() (err error) {
		hash, err = s.hashNew(ctx, in.Password, in.Email)
		return err
	}
	return s.prove(ctx, toReset, in.Proof, from, prepare, func(c store.Conn, user *account, _ ticket) error {
		if !user.EmailVerified {
			if err := s.expel(ctx, c, user); err != nil {
				return err
			}
		}
		if err := s.setPassword(ctx, c, user, hash, "auth.password_reset"); err != nil {
			return err
		}
		return s.mail(c, *user, user.Email, "password_changed", "", nil)
	})
}

// ChangePassword is what a user sends to change their password, or to get one.
type ChangePassword struct {
	Current Secret `json:"current"` // empty where there is none yet
	New     Secret `json:"new"`
}

// ChangePassword sets a new password and ends every session, this one too: the
// answer is a new one. A user who has no password shows by a fresh sign-in who
// they are.
func (s *Service) ChangePassword(ctx context.Context, p *access.Principal, in ChangePassword, from Client) (SignedIn, error) {
	user, err := s.reauthenticate(ctx, p, in.Current, from)
	if err != nil {
		return SignedIn{}, err
	}
	hash, err := s.hashNew(ctx, in.New, user.Email, user.Name)
	if err != nil {
		return SignedIn{}, err
	}
	if hash == "" {
		return SignedIn{}, fault.New(fault.AuthBadPassword, "send the new password").At("new")
	}
	var o opening
	err = s.engine.Write(ctx, func(c store.Conn) error {
		if err := s.setPassword(ctx, c, &user, hash, "auth.password_changed"); err != nil {
			return err
		}
		if user.Email != "" {
			if err := s.mail(c, user, user.Email, "password_changed", "", nil); err != nil && !fault.Is(err, fault.MailTooMany) {
				return err
			}
		}
		var err error
		o, err = s.open(c, user, s.methodOf(c, p.SessionID), from)
		return err
	})
	if err != nil {
		return SignedIn{}, wrap("changing a password", err)
	}
	s.Forget(user.ID)
	return s.signedIn(ctx, o)
}

// setPassword stores a hash and ends what the old password may have opened.
func (s *Service) setPassword(ctx context.Context, c store.Conn, user *account, hash, action string) error {
	now := stamp(s.now())
	n, err := c.Exec(`UPDATE "_users" SET "password" = ?1, "updated_at" = ?2 WHERE "id" = ?3`, hash, now, user.ID)
	if err == nil && n == 0 {
		err = errNoAccount
	}
	if err == nil {
		err = endSessions(c, user.ID, "", now)
	}
	if err == nil {
		_, err = c.Exec(`DELETE FROM "_tickets" WHERE "user_id" = ?1 AND "used_at" IS NULL`, user.ID)
	}
	if err == nil {
		err = s.record(ctx, c, audit.Event{Action: action, Actor: "user:" + user.ID, Target: "user:" + user.ID})
	}
	return err
}

// reauthenticate lets the caller pass who shows their password, or, where none is
// shown, has signed in just now.
func (s *Service) reauthenticate(ctx context.Context, p *access.Principal, shown Secret, from Client) (account, error) {
	if p.Kind != access.User {
		return account{}, signInFirst()
	}
	var user account
	err := s.engine.Read(ctx, func(c store.Conn) (err error) {
		if user, err = findAccount(c, selectAccount+`WHERE u."id" = ?1`, p.UserID); err != nil {
			return err
		}
		if shown != "" {
			_, err = ownSession(c, p)
			return err
		}
		return s.fresh(c, p)
	})
	if errors.Is(err, errNoAccount) {
		return account{}, revoked()
	}
	if err != nil || shown == "" {
		return user, wrap("looking for a fresh sign-in", err)
	}
	given, err := password.Given(string(shown))
	if err != nil {
		return account{}, err
	}
	end, err := s.attempt(ctx, attemptsOf(user.User), from)
	if err != nil {
		return account{}, err
	}
	result := attempt.Unchecked
	defer func() { end(result) }()
	right, err := s.hasher.Check(ctx, user.password, given)
	switch {
	case err != nil:
		return account{}, err
	case !right:
		result = attempt.Failed
		return account{}, fault.New(fault.AuthWrong, "the current password is wrong").At("current")
	}
	result = attempt.Passed
	return user, nil
}

// attemptsOf is the key by which attempts on an account are counted.
func attemptsOf(u User) string {
	if u.Email != "" {
		return u.Email
	}
	return u.ID
}
