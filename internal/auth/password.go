package auth

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
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
}

// SignedUp is a new user, who is signed in unless the address waits to be confirmed.
type SignedUp struct {
	User  User
	Waits bool
	SignedIn
}

// SignIn is what a user sends to sign in with a password.
type SignIn struct {
	Email    string `json:"email"`
	Password Secret `json:"password"`
}

// SignUp makes an account with its first organization. Where loam.yaml asks for a
// confirmed address, the answer is the same for one that is taken: its mail tells.
// Where it does not, a taken address is answered as such, which tells an attacker
// no more than the limit per network lets it.
func (s *Service) SignUp(ctx context.Context, in SignUp, from Client) (SignedUp, error) {
	return s.signUp(ctx, in, "", from, func(c store.Conn, user *account) error {
		return s.insertNew(ctx, c, *user)
	})
}

// signUp checks what a new user sends and lets put store the account: a new one, or
// that of the anonymous user whose id is as.
func (s *Service) signUp(ctx context.Context, in SignUp, as string, from Client, put func(store.Conn, *account) error) (SignedUp, error) {
	if !s.settings.Password.Enabled {
		return SignedUp{}, passwordsOff()
	}
	if s.settings.SignUp != signUpOpen && (s.settings.SignUp != signUpInvited || in.Invitation == "") {
		return SignedUp{}, signUpClosed(s.settings.SignUp)
	}
	if err := s.mayRedirect(in.Redirect); err != nil {
		return SignedUp{}, err
	}
	end, err := s.attempts.networks.begin(ctx, from.network())
	if err != nil {
		return SignedUp{}, err
	}
	result := unchecked
	defer func() { end(result) }()
	user, err := s.newAccount(ctx, in)
	if err != nil {
		return SignedUp{}, err
	}
	if user.password == "" {
		return SignedUp{}, fault.New(fault.AuthBadPassword, "choose a password of at least %d characters", s.settings.Password.MinLength).At("password")
	}
	if as != "" {
		user.ID = as
	}
	writeProfile, err := in.prepare(user.ID)
	if err != nil {
		return SignedUp{}, err
	}
	var opened opening
	waits := s.settings.Email.Confirm != confirmNone
	err = s.engine.Write(ctx, func(c store.Conn) error {
		err := put(c, &user)
		if err == nil {
			err = writeProfile(c)
		}
		switch {
		case waits && fault.Is(err, fault.AuthEmailTaken):
			return s.signUpAgain(c, user, in)
		case err != nil:
			return err
		case waits:
			return s.sendConfirmation(c, user, "", Ask{Redirect: in.Redirect, Locale: in.Locale})
		}
		opened, err = s.admit(ctx, c, user, ByPassword, from)
		return err
	})
	if err != nil {
		if fault.Is(err, fault.AuthEmailTaken) {
			result = failed
		}
		return SignedUp{}, wrap("signing up", err)
	}
	if waits {
		result = failed // counts, for it mails
		return SignedUp{User: user.User, Waits: true}, nil
	}
	entered, err := s.signedIn(ctx, opened)
	return SignedUp{user.User, false, entered}, err
}

// prepare checks the app's own fields, as ones that the new user sets of themself:
// a field with rules of its own is no easier to set while signing up.
func (in SignUp) prepare(id string) (write func(store.Conn) error, err error) {
	if in.Profiles == nil {
		return func(store.Conn) error { return nil }, nil
	}
	return in.Profiles.PrepareUser(&access.Principal{Kind: access.User, UserID: id, Username: id}, id, in.Profile, true)
}

// signUpAgain mails the owner of a taken address. One who never confirmed it gets
// a confirmation, and what was sent now counts once that is followed.
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
		if data, err = json.Marshal(pending{user.Name, user.password}); err == nil {
			err = s.sendConfirmation(c, owner, string(data), ask)
		}
	}
	if fault.Is(err, fault.MailTooMany) {
		return nil // or the answer would tell that the address is taken
	}
	return err
}

// SignIn opens a session for the right password. An unknown address, a wrong
// password and an account without one answer alike and take as long. Attempts
// are counted before a password is hashed, by account in any spelling and by
// network.
func (s *Service) SignIn(ctx context.Context, in SignIn, from Client) (SignedIn, error) {
	email, err := canonicalEmail(in.Email)
	if err != nil {
		return SignedIn{}, err
	}
	password, err := givenPassword(string(in.Password))
	if err != nil {
		return SignedIn{}, err
	}
	if !s.settings.Password.Enabled {
		return SignedIn{}, passwordsOff()
	}
	end, err := s.attempt(ctx, email, from)
	if err != nil {
		return SignedIn{}, err
	}
	result := unchecked
	defer func() { end(result) }()
	user, err := s.checkPassword(ctx, email, password)
	if fault.Is(err, fault.AuthWrong) {
		result = failed
		if err := s.recordFailure(ctx, user, email); err != nil {
			return SignedIn{}, err
		}
	}
	if err != nil {
		return SignedIn{}, err
	}
	result = passed
	if err := s.upgradeHash(ctx, user.ID, user.password, password); err != nil {
		return SignedIn{}, err
	}
	return s.signIn(ctx, user, ByPassword, from)
}

// checkPassword returns the account that the password opens.
func (s *Service) checkPassword(ctx context.Context, email, password string) (account, error) {
	var user account
	err := s.engine.Read(ctx, func(c store.Conn) error {
		var err error
		user, err = findAccount(c, selectAccount+`WHERE u."email" = ?1`, email)
		return err
	})
	if err != nil && !errors.Is(err, errNoAccount) {
		return account{}, wrap("finding an account", err)
	}
	right, err := s.hasher.check(ctx, user.password, password)
	switch {
	case err != nil:
		return account{}, err
	case !right:
		return user, fault.New(fault.AuthWrong, "the email address or the password is wrong")
	}
	return user, nil
}

// recordFailure notes a wrong password, for an account or for an address without
// one in the same time.
func (s *Service) recordFailure(ctx context.Context, user account, email string) error {
	e := audit.Event{Action: "auth.sign_in_failed", Outcome: audit.Failure, Actor: "anonymous", Details: map[string]any{"email": email}}
	if user.ID != "" {
		e.Target = "user:" + user.ID
	}
	return wrap("recording a failed sign-in", s.engine.Write(ctx, func(c store.Conn) error { return s.record(ctx, c, e) }))
}

func passwordsOff() *fault.Error {
	return fault.New(fault.AuthMethodOff, "passwords are off here: sign in another way")
}

func signUpClosed(rule string) *fault.Error {
	if rule == signUpInvited {
		return fault.New(fault.AuthSignUpClosed, "sign-up is by invitation: ask a member to invite you, and sign up by the link of that mail")
	}
	return fault.New(fault.AuthSignUpClosed, "sign-up is closed: an administrator makes the accounts")
}
