package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// User is an account as an admin of the server sees it.
type User struct {
	auth.User
	Admin       bool     `json:"admin"`
	Groups      []string `json:"groups"`
	DisabledAt  *string  `json:"disabledAt"`
	HasPassword bool     `json:"hasPassword"`
	UpdatedAt   string   `json:"updatedAt"`
}

// Account is a user with what else is known of them.
type Account struct {
	User
	Organizations []Membership `json:"organizations"`
	Identities    []string     `json:"identities"` // the providers that sign in to it
	Sessions      int64        `json:"sessions"`   // that are alive
	LastSignInAt  *string      `json:"lastSignInAt"`
}

// Membership is an organization of a user's.
type Membership struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Slug string `json:"slug"`
	Role string `json:"role"`
}

// Users is a page of them. NextCursor is nil on the last.
type Users struct {
	Items      []User  `json:"items"`
	NextCursor *string `json:"nextCursor"`
}

// Search says which users are wanted. The zero Search is all, newest first.
type Search struct {
	Text     string // in the address or the name
	Disabled *bool
	Admin    *bool
	Org      string // that they are a member of
	Sort     string // createdAt, email or name; with - before it the other way round; "": -createdAt
	Limit    int    // 0: 100; at most 1,000
	Cursor   string // the NextCursor of the page before
}

// orders are what a list is sorted by. An anonymous user has no address.
var orders = map[string]string{"createdAt": `u."created_at"`, "email": `COALESCE(u."email", '')`, "name": `lower(u."name")`}

const selectUser = `SELECT u."id", COALESCE(u."email", ''), u."verified_at" IS NOT NULL, u."name", u."locale", u."created_at", u."admin", u."groups",
	u."disabled_at", u."password" IS NOT NULL, u."updated_at"`

func scanUser(r store.Row) (User, error) {
	u := User{
		User:  auth.User{ID: r.Text(0), Email: r.Text(1), EmailVerified: r.Bool(2), Name: r.Text(3), Locale: r.Text(4), CreatedAt: r.Text(5)},
		Admin: r.Bool(6), Groups: []string{}, HasPassword: r.Bool(9), UpdatedAt: r.Text(10),
	}
	if !r.Null(8) {
		at := r.Text(8)
		u.DisabledAt = &at
	}
	return u, json.Unmarshal([]byte(r.Text(7)), &u.Groups)
}

// Users returns a page of users.
func (s *Service) Users(ctx context.Context, in Search) (Users, error) {
	name, down := strings.CutPrefix(in.Sort, "-")
	if in.Sort == "" {
		name, down = "createdAt", true
	}
	by, ok := orders[name]
	switch {
	case !ok:
		return Users{}, fault.New(fault.QueryNotSortable, "sort by createdAt, email or name, with - before it for the other way round").At("sort")
	case in.Limit < 0 || in.Limit > maxPage:
		return Users{}, fault.New(fault.QueryLimit, "limit is from 1 to %d", maxPage).At("limit")
	case in.Limit == 0:
		in.Limit = defaultPage
	}
	if len(in.Text) > maxSearch {
		return Users{}, fault.New(fault.QueryBadValue, "search for at most %d bytes", maxSearch).At("search")
	}
	after, direction, beyond := place{}, "ASC", ">"
	if down {
		direction, beyond = "DESC", "<"
	}
	if in.Cursor != "" {
		var err error
		if after, err = readCursor(in.Cursor); err != nil {
			return Users{}, err
		}
	}
	sql := fmt.Sprintf(selectUser+`, %[1]s FROM "_users" u
		WHERE (?1 = '' OR replace(COALESCE(u."email", ''), ?1, '') <> COALESCE(u."email", '') OR replace(lower(u."name"), ?1, '') <> lower(u."name"))
		AND (CAST(?2 AS BIGINT) IS NULL OR (u."disabled_at" IS NOT NULL) = (CAST(?2 AS BIGINT) = 1)) AND (CAST(?3 AS BIGINT) IS NULL OR u."admin" = CAST(?3 AS BIGINT))
		AND (?4 = '' OR EXISTS (SELECT 1 FROM "_members" m WHERE m."user_id" = u."id" AND m."org" = ?4))
		AND (?6 = '' OR (%[1]s, u."id") %[3]s (?5, ?6))
		ORDER BY %[1]s %[2]s, u."id" %[2]s LIMIT ?7`, by, direction, beyond)
	found := Users{}
	var last place
	err := s.engine.Read(ctx, func(c store.Conn) error {
		found = Users{Items: []User{}}
		return c.Query(sql, []any{strings.ToLower(in.Text), orNull(in.Disabled), orNull(in.Admin), in.Org, after.Value, after.ID, in.Limit + 1}, func(r store.Row) error {
			u, err := scanUser(r)
			if found.Items = append(found.Items, u); len(found.Items) == in.Limit {
				last = place{r.Text(11), u.ID}
			}
			return err
		})
	})
	if len(found.Items) > in.Limit {
		found.Items, found.NextCursor = found.Items[:in.Limit], last.cursor()
	}
	return found, wrap("listing users", err)
}

func orNull(b *bool) any {
	if b == nil {
		return nil
	}
	return *b
}

// User returns an account by its id, or by its address.
func (s *Service) User(ctx context.Context, ref string) (Account, error) {
	var a Account
	err := s.engine.Read(ctx, func(c store.Conn) (err error) {
		id, err := s.find(c, ref)
		if err == nil {
			a, err = read(c, id)
		}
		return err
	})
	return a, wrap("reading a user", err)
}

// find returns the id of a user that is named by it, or by an address.
func (s *Service) find(c store.Conn, ref string) (id string, err error) {
	if strings.Contains(ref, "@") {
		id, err = s.auth.AccountByEmail(c, ref)
	} else {
		err = c.Query(`SELECT "id" FROM "_users" WHERE "id" = ?1`, []any{ref}, func(r store.Row) error { id = r.Text(0); return nil })
	}
	if err == nil && id == "" {
		err = fault.New(fault.AuthUserNotFound, "there is no user %q", ref)
	}
	return id, err
}

// read returns a user who is there.
func read(c store.Conn, id string) (a Account, err error) {
	a = Account{Organizations: []Membership{}, Identities: []string{}}
	err = c.Query(selectUser+` FROM "_users" u WHERE u."id" = ?1`, []any{id}, func(r store.Row) (err error) {
		a.User, err = scanUser(r)
		return err
	})
	if err == nil {
		err = c.Query(`SELECT o."id", o."name", o."slug", m."role" FROM "_members" m JOIN "_orgs" o ON o."id" = m."org"
			WHERE m."user_id" = ?1 AND o."deleted_at" IS NULL ORDER BY m."created_at", o."id"`, []any{id}, func(r store.Row) error {
			a.Organizations = append(a.Organizations, Membership{r.Text(0), r.Text(1), r.Text(2), r.Text(3)})
			return nil
		})
	}
	if err == nil {
		err = c.Query(`SELECT "provider" FROM "_identities" WHERE "user_id" = ?1 ORDER BY "provider"`, []any{id}, func(r store.Row) error {
			a.Identities = append(a.Identities, r.Text(0))
			return nil
		})
	}
	if err == nil {
		err = c.Query(`SELECT COUNT(*) FILTER (WHERE "revoked_at" IS NULL), MAX("created_at") FROM "_sessions" WHERE "user_id" = ?1 AND "impersonator" = ''`,
			[]any{id}, func(r store.Row) error {
				if a.Sessions = r.Int(0); !r.Null(1) {
					at := r.Text(1)
					a.LastSignInAt = &at
				}
				return nil
			})
	}
	return a, err
}

// Create makes an account.
func (s *Service) Create(ctx context.Context, by *access.Principal, in auth.NewUser) (a Account, err error) {
	put, err := s.auth.Prepare(ctx, in)
	if err != nil {
		return Account{}, err
	}
	err = s.act(ctx, "making a user", func(c store.Conn) ([]string, error) {
		user, err := put(c)
		if err != nil {
			return nil, err
		}
		if a, err = read(c, user.ID); err != nil {
			return nil, err
		}
		return nil, s.record(ctx, c, by, "admin.user_created", "user:"+user.ID, map[string]any{"email": user.Email, "verified": in.Verified})
	})
	return a, err
}

// Change changes an account. Only the command line takes the last admin away.
func (s *Service) Change(ctx context.Context, by *access.Principal, ref string, in auth.ChangeUser) (a Account, err error) {
	err = s.act(ctx, "changing a user", func(c store.Conn) ([]string, error) {
		id, err := s.find(c, ref)
		if err != nil {
			return nil, err
		}
		changes, forget, err := s.auth.Amend(c, id, in, by.Kind != access.System)
		if err != nil {
			return nil, err
		}
		if a, err = read(c, id); err != nil || len(changes) == 0 {
			return forget, err
		}
		return forget, s.record(ctx, c, by, actionOf(changes), "user:"+id, changes)
	})
	return a, err
}

// actionOf names a change in the audit log: those that are looked for by name, and
// the others.
func actionOf(changes map[string]any) string {
	names := map[string][2]string{
		"disabled": {"admin.user_enabled", "admin.user_disabled"},
		"admin":    {"admin.admin_revoked", "admin.admin_granted"},
	}
	for field, name := range names {
		if on, only := changes[field].(bool); only && len(changes) == 1 {
			if on {
				return name[1]
			}
			return name[0]
		}
	}
	return "admin.user_changed"
}

// Delete removes an account for good, unless there are rows that the schema says need
// it; profiles are those of the schema in force, nil where there is none.
func (s *Service) Delete(ctx context.Context, by *access.Principal, ref string, profiles auth.Profiles) error {
	user, err := s.User(ctx, ref)
	if err == nil && profiles != nil {
		err = profiles.MayRemoveUser(ctx, user.ID)
	}
	if err != nil {
		return err
	}
	defer s.auth.ForgetKeys() // of organizations that go along
	return s.act(ctx, "deleting a user", func(c store.Conn) ([]string, error) {
		no := false
		_, forget, err := s.auth.Amend(c, user.ID, auth.ChangeUser{Admin: &no}, by.Kind != access.System) // who acts by it acts no more
		if err == nil {
			err = s.auth.Remove(ctx, c, user.ID, "admin.user_deleted", by.Subject())
		}
		return forget, err
	})
}

// SignOut ends every session of a user, at once on every door.
func (s *Service) SignOut(ctx context.Context, by *access.Principal, ref string) error {
	return s.act(ctx, "signing a user out", func(c store.Conn) ([]string, error) {
		id, err := s.find(c, ref)
		if err != nil {
			return nil, err
		}
		_, forget, err := s.auth.Amend(c, id, auth.ChangeUser{SignOut: true}, false)
		if err == nil {
			err = s.record(ctx, c, by, "admin.sessions_ended", "user:"+id, nil)
		}
		return forget, err
	})
}

// EndSession ends one session of a user, at once on every door.
func (s *Service) EndSession(ctx context.Context, by *access.Principal, ref, session string) error {
	return s.act(ctx, "ending a session", func(c store.Conn) ([]string, error) {
		id, err := s.find(c, ref)
		if err == nil {
			err = s.auth.CloseSession(c, id, session)
		}
		if err == nil {
			err = s.record(ctx, c, by, "admin.session_ended", "user:"+id, map[string]any{"session": session})
		}
		return []string{id}, err
	})
}
