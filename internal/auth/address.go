package auth

import (
	"context"
	"errors"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/person"
	"github.com/loam-dev/loam/internal/store"
)

// ChangeEmail is what a user sends who wants another address.
type ChangeEmail struct {
	Email    string `json:"email"`
	Password Secret `json:"password"` // or a fresh sign-in
	Redirect string `json:"redirect"`
}

// EmailChange is how far a change of the address is.
type EmailChange struct {
	Changed bool   `json:"changed"`
	Email   string `json:"email"`             // the address in force
	Waiting string `json:"waiting,omitempty"` // for the old or the new address to be confirmed
}

// AskEmailChange mails a link to the new address, and one to the old where that
// is verified: both must be followed. An address that somebody else has gets a
// mail that says so, in place of the link. Whoever asks can't tell: they get the
// same answer and mail, and their change waits for the new address as any does.
func (s *Service) AskEmailChange(ctx context.Context, p *access.Principal, in ChangeEmail, from Client) error {
	email, err := person.Email(in.Email)
	if err != nil {
		return err
	}
	if err := s.mayRedirect(in.Redirect); err != nil {
		return err
	}
	user, err := s.reauthenticate(ctx, p, in.Password, from)
	if err != nil {
		return err
	}
	if email == user.Email {
		return fault.New(fault.AuthBadEmail, "this is your address already").At("email")
	}
	if err := s.mails.count(ctx, email, from); err != nil {
		return err
	}
	ask := Ask{Redirect: in.Redirect}
	err = s.engine.Write(ctx, func(c store.Conn) error {
		taken, err := s.AccountByEmail(c, email)
		if err != nil {
			return err
		}
		move := ticket{user: user.ID, email: email, data: email}
		if taken == "" {
			err = s.sendTicket(c, toMove, move, user, ask)
		} else if _, _, err = s.issue(c, toMove, move); err == nil { // a token that nobody has
			stranger := account{User: User{Locale: user.Locale}} // the owner is told nothing of who asks
			err = s.mail(c, stranger, email, "account_exists", "", map[string]any{"Link": s.page("sign-in")})
		}
		if err := unlessFull(err); err != nil {
			return err
		}
		if user.EmailVerified {
			if err := s.sendTicket(c, toLeave, ticket{user: user.ID, email: user.Email, data: email}, user, ask); err != nil {
				return err
			}
		}
		return s.record(ctx, c, audit.Event{Action: "auth.address_change_asked", Org: p.Org, Actor: p.Subject(), Target: p.Subject()})
	})
	return wrap("beginning to change an address", err)
}

// ConfirmEmailChange takes the token of one of the two links. With the second the
// address changes, and the sessions of other devices end.
func (s *Service) ConfirmEmailChange(ctx context.Context, p Proof) (EmailChange, error) {
	if err := p.check(); err != nil {
		return EmailChange{}, err
	}
	if p.Token == "" {
		return EmailChange{}, badTicket()
	}
	var change EmailChange
	var refused error
	var moved string
	err := s.engine.Write(ctx, func(c store.Conn) error {
		change, moved = EmailChange{}, ""
		var t ticket
		var err error
		waiting := toMove
		if t, refused, err = s.redeem(c, toLeave, p); err == nil && refused != nil {
			waiting = toLeave
			t, refused, err = s.redeem(c, toMove, p)
		}
		if err != nil || refused != nil {
			return err
		}
		user, err := findAccount(c, selectAccount+`WHERE u."id" = ?1`, t.user)
		if err != nil {
			return err
		}
		change.Email = user.Email
		open, err := s.isOpen(c, waiting, user.ID)
		if err != nil {
			return err
		}
		if open {
			change.Waiting = map[purpose]string{toLeave: "old", toMove: "new"}[waiting]
			return nil
		}
		moved = user.ID
		change = EmailChange{Changed: true, Email: t.data}
		return s.move(ctx, c, user, t.data)
	})
	if errors.Is(err, errNoAccount) {
		refused, err = badTicket(), nil
	}
	if err == nil {
		err = refused
	}
	if moved != "" {
		s.Forget(moved)
	}
	return change, wrap("changing an address", err)
}

// isOpen tells whether a ticket of the user still waits. One that has expired
// waits for ever: the change is asked for anew.
func (s *Service) isOpen(c store.Conn, to purpose, user string) (open bool, err error) {
	err = c.Query(`SELECT 1 FROM "_tickets" WHERE "purpose" = ?1 AND "user_id" = ?2 AND "used_at" IS NULL`,
		[]any{string(to), user}, func(store.Row) error { open = true; return nil })
	return open, err
}

// move gives an account its new address, which is verified by the link to it.
func (s *Service) move(ctx context.Context, c store.Conn, user account, email string) error {
	now := stamp(s.now())
	n, err := c.Exec(`UPDATE "_users" SET "email" = ?1, "verified_at" = ?2, "updated_at" = ?2 WHERE "id" = ?3
		AND NOT EXISTS (SELECT 1 FROM "_users" WHERE "email" = ?1)`, email, now, user.ID)
	if err == nil && n == 0 {
		err = badTicket()
	}
	if err == nil {
		_, err = c.Exec(`DELETE FROM "_tickets" WHERE "user_id" = ?1`, user.ID)
	}
	if err == nil {
		err = endSessions(c, user.ID, "", now)
	}
	if err == nil {
		err = s.orgs.JoinByDomain(c, user.ID, email)
	}
	if err == nil {
		err = s.record(ctx, c, audit.Event{Action: "auth.address_changed", Actor: "user:" + user.ID, Target: "user:" + user.ID})
	}
	return err
}
