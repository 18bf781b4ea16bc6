package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/password"
	"github.com/loam-dev/loam/internal/person"
	"github.com/loam-dev/loam/internal/store"
)

// User is an account as its owner sees it.
type User struct {
	ID            string `json:"id"`
	Email         string `json:"email,omitempty"` // "": an anonymous user
	EmailVerified bool   `json:"emailVerified"`
	Name          string `json:"name"`
	Locale        string `json:"locale,omitempty"` // a language, such as "en" or "de-CH"
	CreatedAt     string `json:"createdAt"`
}

// Organization is the one that a session acts in, and the user's role there.
type Organization struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"`
}

// Me is who a caller is.
type Me struct {
	User         User          `json:"user"`
	Organization *Organization `json:"organization"`
}

// account is a user with what only this room may see.
type account struct {
	User
	password string // PHC string, "" where they sign in another way
	org      string // last active
	disabled bool
	groups   []string
	admin    bool
	proved   time.Time // when another provider saw a proof of who they are; zero: now
	lost     []string  // ids of API keys that expel has ended, and of users who have lost something
}

// errNoAccount is what looking for an account that is not there returns.
var errNoAccount = errors.New("no such account")

// selectAccount ends in a condition on the users, u.
const selectAccount = `SELECT u."id", COALESCE(u."email", ''), u."name", u."created_at", COALESCE(u."password", ''), u."org",
	u."disabled_at" IS NOT NULL, u."groups", u."admin", u."verified_at" IS NOT NULL, u."locale" FROM "_users" u `

// findAccount runs a selectAccount with its condition.
func findAccount(c store.Conn, sql string, args ...any) (account, error) {
	var a account
	found := false
	err := c.Query(sql, args, func(r store.Row) error {
		found = true
		a = account{
			User:     User{r.Text(0), r.Text(1), r.Bool(9), r.Text(2), r.Text(10), r.Text(3)},
			password: r.Text(4), org: r.Text(5), disabled: r.Bool(6), admin: r.Bool(8),
		}
		return json.Unmarshal([]byte(r.Text(7)), &a.groups)
	})
	if err == nil && !found {
		err = errNoAccount
	}
	return a, err
}

// AddUsers makes accounts without sessions and without organizations, all or
// none, for seeds. Equal passwords are hashed once, so that their users share a
// hash; an empty one waits for another way of signing in. An error is at
// "users", the index of the user and maybe a field.
func (s *Service) AddUsers(ctx context.Context, in []SignUp) ([]User, error) {
	accounts, users := make([]account, len(in)), make([]User, len(in))
	for i, u := range in {
		var err error
		if accounts[i], err = s.unhashed(u); err != nil {
			return nil, ofUser(i, err)
		}
		accounts[i].EmailVerified = u.Verified
		users[i] = accounts[i].User
	}
	hashes := map[Secret]*string{}
	group, hashing := errgroup.WithContext(ctx)
	for i, u := range in {
		if hashes[u.Password] == nil {
			hash := new(string)
			hashes[u.Password] = hash
			group.Go(func() (err error) {
				*hash, err = s.hashNew(hashing, u.Password)
				return ofUser(i, err)
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	err := s.engine.Write(ctx, func(c store.Conn) error {
		for i, a := range accounts {
			a.password = *hashes[in[i].Password]
			if err := insertAccount(c, a); err != nil {
				return ofUser(i, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, wrap("adding users", err)
	}
	return users, nil
}

// ofUser says which of many users an error is about.
func ofUser(i int, err error) error {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	return e.At(strings.TrimSuffix(fmt.Sprintf("users.%d.%s", i, e.Field), "."))
}

// newAccount checks what a new user sends and hashes the password.
func (s *Service) newAccount(ctx context.Context, in SignUp) (account, error) {
	a, err := s.unhashed(in)
	if err != nil {
		return account{}, err
	}
	if a.password, err = s.hashNew(ctx, in.Password, a.Email, a.Name); err != nil {
		return account{}, err
	}
	return a, nil
}

// unhashed is a new account that lacks its password's hash.
func (s *Service) unhashed(in SignUp) (account, error) {
	email, err := person.Email(in.Email)
	if err != nil {
		return account{}, err
	}
	name, err := person.Name(in.Name)
	if err != nil {
		return account{}, err
	}
	language, err := person.Locale(in.Locale)
	if err != nil {
		return account{}, err
	}
	return account{User: User{ID: newID(), Email: email, Name: name, Locale: language, CreatedAt: stamp(s.now())}}, nil
}

// hashNew checks a password that somebody chooses and hashes it; "" where there
// is none.
func (s *Service) hashNew(ctx context.Context, chosen Secret, about ...string) (string, error) {
	if chosen == "" {
		return "", nil
	}
	text, err := password.Choose(string(chosen), s.settings.Password, about...)
	if err != nil {
		return "", err
	}
	return s.hasher.Hash(ctx, text)
}

// insertAccount stores a new account, or says that its address is taken.
func insertAccount(c store.Conn, a account) error {
	var password any
	if a.password != "" {
		password = a.password
	}
	var email, verified any
	if a.Email != "" {
		email = a.Email
	}
	if a.EmailVerified {
		verified = a.CreatedAt
	}
	n, err := c.Exec(`INSERT INTO "_users" ("id", "email", "verified_at", "name", "locale", "password", "created_at", "updated_at")
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) ON CONFLICT ("email") DO NOTHING`, a.ID, email, verified, a.Name, a.Locale, password, a.CreatedAt)
	if err == nil && n == 0 {
		return emailTaken()
	}
	return err
}

func emailTaken() *fault.Error {
	return fault.New(fault.AuthEmailTaken, "an account with this email address exists: sign in instead").At("email")
}

// insertNew stores a new account with the organization that it starts in.
func (s *Service) insertNew(ctx context.Context, c store.Conn, user account) error {
	if err := s.insertAlone(ctx, c, user); err != nil {
		return err
	}
	return s.orgs.First(c, user.ID, user.Name)
}

// insertAlone stores a new account whose first organization is seen to elsewhere.
func (s *Service) insertAlone(ctx context.Context, c store.Conn, user account) error {
	if err := insertAccount(c, user); err != nil {
		return err
	}
	return s.record(ctx, c, audit.Event{Action: "auth.sign_up", Actor: "user:" + user.ID, Target: "user:" + user.ID})
}

// Me returns the caller's account and active organization.
func (s *Service) Me(ctx context.Context, p *access.Principal) (Me, error) {
	if p.Kind != access.User {
		return Me{}, signInFirst()
	}
	var me Me
	err := s.engine.Read(ctx, func(c store.Conn) error {
		a, err := findAccount(c, selectAccount+`WHERE u."id" = ?1`, p.UserID)
		if err != nil {
			return err
		}
		me = Me{User: a.User}
		me.Organization, err = s.active(c, a.ID, p.Org)
		return err
	})
	if errors.Is(err, errNoAccount) {
		return Me{}, revoked()
	}
	return me, wrap("reading an account", err)
}

// active returns the organization to act in, or nil where the user has none.
func (s *Service) active(c store.Conn, user, org string) (*Organization, error) {
	id, name, role, err := s.orgs.Active(c, user, org)
	if err != nil || id == "" {
		return nil, err
	}
	return &Organization{ID: id, Name: name, Role: role}, nil
}

// AccountByEmail returns the id of the account with that address, in any
// spelling, or "" where there is none; inside the caller's transaction.
func (s *Service) AccountByEmail(c store.Conn, email string) (string, error) {
	canonical, err := person.Email(email)
	if err != nil {
		return "", err
	}
	a, err := findAccount(c, selectAccount+`WHERE u."email" = ?1`, canonical)
	if errors.Is(err, errNoAccount) {
		return "", nil
	}
	return a.ID, err
}

// Address returns the one spelling of an address that accounts are known by.
func (s *Service) Address(email string) (string, error) { return person.Email(email) }

// Forget makes every token of the user be looked up again: to call after any
// change to what the user may do, once it is committed.
func (s *Service) Forget(userID string) { s.tokens.Forget(userID) }

// Forgotten grows whenever what Verify or VerifyKey answers may have changed: who
// keeps an answer asks again then.
func (s *Service) Forgotten() uint64 { return s.tokens.Forgotten() + s.Keys.Forgotten() }

// SetDisabled keeps a user out, at once and on every door, or lets them in
// again. Disabling ends their sessions.
func (s *Service) SetDisabled(ctx context.Context, userID string, disabled bool) error {
	return s.changeUser(ctx, userID, ChangeUser{Disabled: &disabled})
}

// SetAdmin makes a user an admin of the server, or no longer one.
func (s *Service) SetAdmin(ctx context.Context, userID string, admin bool) error {
	return s.changeUser(ctx, userID, ChangeUser{Admin: &admin})
}

// SetGroups replaces the groups that the `groups` rules compare.
func (s *Service) SetGroups(ctx context.Context, userID string, groups []string) error {
	return s.changeUser(ctx, userID, ChangeUser{Groups: &groups})
}

// changeUser is Amend in a transaction of its own.
func (s *Service) changeUser(ctx context.Context, userID string, in ChangeUser) error {
	var forget []string
	err := s.engine.Write(ctx, func(c store.Conn) (err error) {
		_, forget, err = s.Amend(c, userID, in, false)
		return err
	})
	for _, id := range forget {
		s.Forget(id)
	}
	return wrap("changing a user", err)
}

func signInFirst() *fault.Error {
	return fault.New(fault.AccessSignIn, "sign in first: send Authorization: Bearer <access token>")
}
