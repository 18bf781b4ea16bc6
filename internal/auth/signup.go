package auth

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/attempt"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/hooks"
	"github.com/loam-dev/loam/internal/store"
)

// SignUp is what a new user sends. These fields and those of the app's own
// profile are all there are: a door refuses id, role, verified and the like.
type SignUp struct {
	Email      string `json:"email"`
	Password   Secret `json:"password"`
	Name       string `json:"name"`
	Locale     string `json:"locale"`
	Redirect   string `json:"redirect"`   // where the link of the confirmation leads; see Ask
	Invitation Secret `json:"invitation"` // the token of an invitation to an organization

	Profile  map[string]json.RawMessage `json:"-"` // the fields of extend type User
	Profiles Profiles                   `json:"-"` // under the schema in force; nil where there is none
	Verified bool                       `json:"-"` // AddUsers: who plants the user vouches for the address
}

// SignedUp is a new user, who is signed in unless the address waits to be confirmed.
type SignedUp struct {
	User  User
	Waits bool
	SignedIn
}

// SignUp makes an account with its first organization. Where loam.yaml asks for a
// confirmed address, the answer is the same for one that is taken: its mail tells.
// Where it does not, a taken address is answered as such, which tells an attacker
// no more than the limit per network lets it.
func (s *Service) SignUp(ctx context.Context, in SignUp, from Client) (SignedUp, error) {
	return s.signUp(ctx, in, "", from, func(c store.Conn, user *account) error {
		if in.Invitation != "" { // starts in the organization that invites
			return s.insertAlone(ctx, c, *user)
		}
		return s.insertNew(ctx, c, *user)
	})
}

// signUp checks what a new user sends and lets put store the account: a new one, or
// that of the anonymous user whose id is as.
func (s *Service) signUp(ctx context.Context, in SignUp, as string, from Client, put func(store.Conn, *account) error) (SignedUp, error) {
	if !s.settings.Password.Enabled {
		return SignedUp{}, passwordsOff()
	}
	if in.Invitation == "" && s.settings.SignUp != signUpOpen {
		return SignedUp{}, signUpClosed(s.settings.SignUp)
	}
	if err := s.mayRedirect(in.Redirect); err != nil {
		return SignedUp{}, err
	}
	end, err := s.attempts.networks.Begin(ctx, from.network())
	if err != nil {
		return SignedUp{}, err
	}
	result, made := attempt.Unchecked, attempt.Unchecked
	defer func() { end(result) }()
	endMade, err := s.attempts.newcomers.Begin(ctx, from.network())
	if err != nil {
		return SignedUp{}, err
	}
	defer func() { endMade(made) }()
	user, err := s.newAccount(ctx, in)
	if err != nil {
		return SignedUp{}, err
	}
	if user.password == "" {
		return SignedUp{}, fault.New(fault.AuthBadPassword, "choose a password of at least %d characters", s.settings.Password.MinLength).At("password")
	}
	user.ID = cmp.Or(as, user.ID)
	if put, err = in.prepared(user.ID, put); err != nil {
		return SignedUp{}, err
	}
	if err := s.mayJoin(ctx, user.User, ByPassword, in.Profile); err != nil {
		return SignedUp{}, err
	}
	up, opened, err := s.signUpWithin(ctx, in, user, from, put)
	if err != nil || up.Waits {
		result = attempt.Failed // a taken address, or a mail: both count
	}
	if err != nil || up.Waits {
		return up, wrap("signing up", err)
	}
	made = attempt.Failed // it counts, though it went well
	up.SignedIn, err = s.signedIn(ctx, opened)
	return up, err
}

// signUpWithin is the transaction of a sign-up: the new user is in, or waits for
// their address to be confirmed. The token of an invitation, which was mailed to
// the address, has confirmed it.
func (s *Service) signUpWithin(ctx context.Context, in SignUp, user account, from Client, put func(store.Conn, *account) error) (up SignedUp, o opening, err error) {
	up.Waits = in.Invitation == "" && s.settings.Email.Confirm != confirmNone
	err = s.engine.Write(ctx, func(c store.Conn) error {
		if in.Invitation != "" { // first, or one that is none would tell whether the address is taken
			if err := s.orgs.Invites(c, string(in.Invitation), user.Email); err != nil {
				return err
			}
		}
		err := put(c, &user)
		switch {
		case up.Waits && fault.Is(err, fault.AuthEmailTaken):
			return s.signUpAgain(c, user, in)
		case err != nil:
			return err
		case up.Waits:
			return unlessFull(s.sendConfirmation(c, user, "", Ask{Redirect: in.Redirect, Locale: in.Locale}))
		case in.Invitation != "":
			if err = s.orgs.AcceptFor(c, string(in.Invitation), user.ID, user.Email); err == nil {
				err = s.verify(ctx, c, &user)
			}
		default:
			err = s.confirmed(c, user.User, string(ByPassword))
		}
		if err == nil {
			o, err = s.admit(ctx, c, user, ByPassword, from)
		}
		return err
	})
	up.User = user.User
	return up, o, err
}

// mayJoin asks the app's hook whether somebody may have an account, before any
// transaction.
func (s *Service) mayJoin(ctx context.Context, user User, how Method, profile map[string]json.RawMessage) error {
	who := hooks.SignUp{Email: user.Email, Name: user.Name, Method: string(how), Language: user.Locale}
	for name, value := range profile {
		if who.Profile == nil {
			who.Profile = map[string]any{}
		}
		who.Profile[name] = value
	}
	return s.hooks.BeforeSignUp(ctx, who)
}

// mayJoinBy is mayJoin for who comes by another provider and has no account yet.
func (s *Service) mayJoinBy(ctx context.Context, e External) error {
	if s.hooks == nil {
		return nil
	}
	known := ""
	if err := s.engine.Read(ctx, func(c store.Conn) (err error) {
		if known, err = identityOwner(c, e); err == nil && known == "" {
			known, err = s.AccountByEmail(c, e.Email)
		}
		return err
	}); err != nil || known != "" {
		return wrap("looking for an account", err)
	}
	return s.mayJoin(ctx, User{Email: e.Email, Name: e.Name, Locale: e.Locale}, ByProvider+Method(e.Provider), nil)
}

// prepared checks the app's own fields, as ones that the new user sets of themself:
// a field with rules of its own is no easier to set while signing up. What it
// returns stores them behind the account.
func (in SignUp) prepared(id string, put func(store.Conn, *account) error) (func(store.Conn, *account) error, error) {
	if in.Profiles == nil {
		return put, nil
	}
	write, err := in.Profiles.PrepareUser(&access.Principal{Kind: access.User, UserID: id, Username: id}, id, in.Profile, true)
	return func(c store.Conn, user *account) error {
		if err := put(c, user); err != nil {
			return err
		}
		return write(c)
	}, err
}

// signUpAgain mails the owner of a taken address. One who never confirmed it gets
// a confirmation, and sets a password once that is followed.
func (s *Service) signUpAgain(c store.Conn, user account, in SignUp) error {
	owner, err := findAccount(c, selectAccount+`WHERE u."email" = ?1`, user.Email)
	if err != nil {
		return err
	}
	ask := Ask{Redirect: in.Redirect, Locale: in.Locale}
	if owner.EmailVerified {
		err = s.mail(c, owner, owner.Email, "account_exists", in.Locale, map[string]any{"Link": s.page("sign-in")})
	} else {
		var data []byte
		if data, err = json.Marshal(pending{user.Name}); err == nil {
			err = s.sendConfirmation(c, owner, string(data), ask)
		}
	}
	return unlessFull(err)
}

// unlessFull lets pass that an address gets no more mail for now: kinds of message
// are counted apart, so that the answer would tell whether the address is taken.
func unlessFull(err error) error {
	if fault.Is(err, fault.MailTooMany) {
		return nil
	}
	return err
}

func signUpClosed(rule string) *fault.Error {
	if rule == signUpInvited {
		return fault.New(fault.AuthSignUpClosed, "sign-up is by invitation: ask a member to invite you, and sign up by the link of that mail")
	}
	return fault.New(fault.AuthSignUpClosed, "sign-up is closed: an administrator makes the accounts")
}
