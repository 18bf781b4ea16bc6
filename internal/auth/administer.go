package auth

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/person"
	"github.com/loam-dev/loam/internal/store"
)

// What admins of the server do to accounts: the steps, within the transaction of
// who has asked whether the caller may (the admin room).

// Fresh refuses a session that is not the user's own, and one whose user has not
// shown a secret lately.
func (s *Service) Fresh(ctx context.Context, p *access.Principal) error {
	return s.engine.Read(ctx, func(c store.Conn) error { return s.fresh(c, p) })
}

// NewUser is an account that an admin makes. Without a password its user is mailed
// a link to choose one.
type NewUser struct {
	Email    string `json:"email"`
	Name     string `json:"name"`
	Locale   string `json:"locale"`
	Verified bool   `json:"verified"` // the address is known to be theirs
	Password Secret `json:"password"`
}

// Prepare checks a new account and hashes its password. What it returns stores the
// account inside the caller's transaction, with an organization to start in.
func (s *Service) Prepare(ctx context.Context, in NewUser) (put func(store.Conn) (User, error), err error) {
	user, err := s.newAccount(ctx, SignUp{Email: in.Email, Name: in.Name, Locale: in.Locale, Password: in.Password})
	if err != nil {
		return nil, err
	}
	user.EmailVerified = in.Verified
	return func(c store.Conn) (User, error) {
		if err := insertAccount(c, user); err != nil {
			return User{}, err
		}
		if err := s.orgs.First(c, user.ID, user.Name); err != nil {
			return User{}, err
		}
		if in.Password != "" {
			return user.User, nil
		}
		return user.User, s.sendTicket(c, toReset, ticket{user: user.ID, email: user.Email}, user, Ask{})
	}, nil
}

// ChangeUser says what of an account becomes different; nil stays.
type ChangeUser struct {
	Name     *string   `json:"name"`
	Email    *string   `json:"email"` // unverified, unless Verified says otherwise
	Verified *bool     `json:"verified"`
	Disabled *bool     `json:"disabled"`
	Admin    *bool     `json:"admin"` // of the server
	Groups   *[]string `json:"groups"`
	Reset    bool      `json:"reset"` // the password is void, and a link to choose another is mailed
	SignOut  bool      `json:"-"`     // every session ends
}

// check refuses what does not fit, and brings the rest to the form that is stored.
func (in *ChangeUser) check() error {
	if in.Name != nil {
		name, err := person.Name(*in.Name)
		if err != nil {
			return err
		}
		in.Name = &name
	}
	if in.Email != nil {
		email, err := person.Email(*in.Email)
		if err != nil {
			return err
		}
		in.Email = &email
	}
	if in.Groups != nil && len(*in.Groups) > person.MaxGroups {
		return fault.New(fault.AuthBadName, "a user is in at most %d groups", person.MaxGroups).At("groups")
	}
	return nil
}

// Amend changes an account inside the caller's transaction. It returns what has
// changed, for the audit log, and of whom tokens may be known: tell Forget of them
// after the commit. KeepAdmin refuses what would leave the server without an admin.
func (s *Service) Amend(c store.Conn, id string, in ChangeUser, keepAdmin bool) (changes map[string]any, forget []string, err error) {
	if err := in.check(); err != nil {
		return nil, nil, err
	}
	user, err := findAccount(c, selectAccount+`WHERE u."id" = ?1`, id)
	if errors.Is(err, errNoAccount) {
		err = fault.New(fault.AuthUserNotFound, "there is no user %q", id)
	}
	if err != nil {
		return nil, nil, err
	}
	a := &amending{Service: s, c: c, user: user, now: stamp(s.now()), changes: map[string]any{}}
	if err = a.apply(in); err != nil {
		return nil, nil, err
	}
	stepsDown := user.admin && (in.Admin != nil && !*in.Admin || in.Disabled != nil && *in.Disabled)
	if stepsDown && keepAdmin {
		if err = s.KeepAdmin(c); err != nil {
			return nil, nil, err
		}
	}
	if stepsDown {
		forget, err = endImpersonations(c, id, a.now)
	}
	if err == nil && a.out {
		err = endSessions(c, id, "", a.now)
	}
	return a.changes, append(forget, id), err
}

// KeepAdmin refuses what has left the server without an admin.
func (s *Service) KeepAdmin(c store.Conn) error {
	some := false
	err := c.Query(`SELECT 1 FROM "_users" WHERE "admin" = 1 AND "disabled_at" IS NULL LIMIT 1`, nil, func(store.Row) error { some = true; return nil })
	if err == nil && !some {
		err = fault.New(fault.AuthLastAdmin, "this is the last administrator of the server: make another user one first")
	}
	return err
}

// HasAdmin tells whether somebody administers the server.
func (s *Service) HasAdmin(ctx context.Context) (has bool, err error) {
	err = s.engine.Read(ctx, s.KeepAdmin)
	if fault.Is(err, fault.AuthLastAdmin) {
		return false, nil
	}
	return err == nil, wrap("looking for an administrator", err)
}

// amending is a change of one account.
type amending struct {
	*Service
	c       store.Conn
	user    account
	now     string
	changes map[string]any
	out     bool // the sessions end
}

// set changes one column of the account.
func (a *amending) set(column string, value any) error {
	_, err := a.c.Exec(`UPDATE "_users" SET `+column+` = ?1, "updated_at" = ?2 WHERE "id" = ?3`, value, a.now, a.user.ID)
	return err
}

// flag sets a column to the time from which something holds, or to none.
func (a *amending) flag(name, column string, on, was bool) error {
	if on == was {
		return nil
	}
	a.changes[name] = on
	if on {
		return a.set(column, a.now)
	}
	return a.set(column, nil)
}

func (a *amending) apply(in ChangeUser) error {
	a.out = in.SignOut
	if in.Name != nil && *in.Name != a.user.Name {
		a.changes["name"] = *in.Name
		if err := a.set(`"name"`, *in.Name); err != nil {
			return err
		}
		a.user.Name = *in.Name
	}
	if in.Email != nil && *in.Email != a.user.Email {
		if err := a.move(*in.Email); err != nil {
			return err
		}
	}
	if in.Verified != nil {
		if err := a.flag("verified", `"verified_at"`, *in.Verified, a.user.EmailVerified); err != nil {
			return err
		}
	}
	if in.Disabled != nil {
		a.out = a.out || *in.Disabled
		if err := a.flag("disabled", `"disabled_at"`, *in.Disabled, a.user.disabled); err != nil {
			return err
		}
	}
	if in.Admin != nil && *in.Admin != a.user.admin {
		a.changes["admin"] = *in.Admin
		if err := a.set(`"admin"`, *in.Admin); err != nil {
			return err
		}
	}
	if in.Groups != nil {
		list, err := json.Marshal(append([]string{}, *in.Groups...))
		if err != nil {
			return err
		}
		a.changes["groups"] = *in.Groups
		if err := a.set(`"groups"`, string(list)); err != nil {
			return err
		}
	}
	if in.Reset {
		return a.reset()
	}
	return nil
}

// move gives the account another address. What was mailed to the old one, and who
// is signed in by it, ends.
func (a *amending) move(email string) error {
	other, err := a.AccountByEmail(a.c, email)
	if err == nil && other != "" {
		return fault.New(fault.AuthEmailTaken, "another account has this address").At("email")
	}
	if err == nil {
		err = a.set(`"email"`, email)
	}
	if err == nil {
		err = a.set(`"verified_at"`, nil)
	}
	if err == nil {
		_, err = a.c.Exec(`DELETE FROM "_tickets" WHERE "user_id" = ?1`, a.user.ID)
	}
	a.changes["email"] = map[string]any{"before": a.user.Email, "after": email}
	a.user.Email, a.user.EmailVerified, a.out = email, false, true
	return err
}

// reset voids the password and mails a link to choose another.
func (a *amending) reset() error {
	if a.user.Email == "" {
		return fault.New(fault.AuthBadEmail, "the account has no address to mail a link to").At("reset")
	}
	if err := a.set(`"password"`, nil); err != nil {
		return err
	}
	a.changes["reset"], a.out = true, true
	return a.sendTicket(a.c, toReset, ticket{user: a.user.ID, email: a.user.Email}, a.user, Ask{})
}

// OfferAdmin makes the token by which one signed-in user becomes the first admin,
// and voids the one before; "" where the server has an admin.
func (s *Service) OfferAdmin(ctx context.Context) (token Secret, err error) {
	err = s.engine.Write(ctx, func(c store.Conn) error {
		token = ""
		if err := s.KeepAdmin(c); !fault.Is(err, fault.AuthLastAdmin) {
			return err
		}
		token, _, err = s.issue(c, toAdminister, ticket{})
		return err
	})
	return token, wrap("offering to administer the server", err)
}

// ClaimAdmin is what a user sends who has read that token on the server's terminal.
type ClaimAdmin struct {
	Token Secret `json:"token"`
}

// ClaimAdmin makes the caller the first admin. One update decides among several
// who show the token, and another that there is no admin yet.
func (s *Service) ClaimAdmin(ctx context.Context, p *access.Principal, in ClaimAdmin) error {
	proof := Proof{Token: in.Token}
	if in.Token == "" {
		return badTicket()
	}
	if err := proof.check(); err != nil {
		return err
	}
	err := s.engine.Write(ctx, func(c store.Conn) error {
		if _, err := ownSession(c, p); err != nil {
			return err
		}
		if _, refused, err := s.redeem(c, toAdminister, proof); err != nil || refused != nil {
			return errors.Join(err, refused)
		}
		return s.beFirst(ctx, c, p.UserID)
	})
	s.Forget(p.UserID)
	return wrap("claiming to administer the server", err)
}
