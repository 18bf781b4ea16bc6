package auth

import (
	"context"
	"encoding/json"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/person"
	"github.com/loam-dev/loam/internal/store"
)

// Profiles keeps the fields that the app gives its users by `extend type User`,
// under the schema in force. The data room has it.
type Profiles interface {
	// PrepareUser checks the fields that somebody sends about a user; create is
	// for a new one, who must give what is required. by is nil for the server
	// itself. What it returns writes them inside the caller's transaction, after
	// the user is there.
	PrepareUser(by *access.Principal, id string, fields map[string]json.RawMessage, create bool) (write func(store.Conn) error, err error)
	// UserProfile reads those that the caller may see.
	UserProfile(c store.Conn, by *access.Principal, id string) (map[string]json.RawMessage, error)
	// MayRemoveUser refuses a user whom rows refer to that the schema keeps from
	// losing them.
	MayRemoveUser(ctx context.Context, id string) error
}

// RowsJob is the kind of the jobs that do with the rows of a user who is gone what
// the schema says; the payload is the user's id, as JSON.
const RowsJob = "auth.rows"

// ChangeMe is what users change of themselves; nil stays.
type ChangeMe struct {
	Name    *string
	Profile map[string]json.RawMessage // the fields of extend type User
}

// Profile is who a caller is, with the fields that the app keeps of them.
type Profile struct {
	Me
	Fields map[string]json.RawMessage
}

// MarshalJSON puts the app's own fields beside those of the user: none has the
// name of one of those.
func (p Profile) MarshalJSON() ([]byte, error) {
	user, err := json.Marshal(p.User)
	if err != nil {
		return nil, err
	}
	if len(p.Fields) > 0 {
		own, err := json.Marshal(p.Fields)
		if err != nil {
			return nil, err
		}
		user = append(append(user[:len(user)-1], ','), own[1:]...)
	}
	return json.Marshal(struct {
		User         json.RawMessage `json:"user"`
		Organization *Organization   `json:"organization"`
	}{user, p.Organization})
}

// Profile returns the caller's account with the app's own fields.
func (s *Service) Profile(ctx context.Context, p *access.Principal, profiles Profiles) (Profile, error) {
	me, err := s.Me(ctx, p)
	if err != nil {
		return Profile{}, err
	}
	out := Profile{Me: me}
	err = s.engine.Read(ctx, func(c store.Conn) error {
		out.Fields, err = profiles.UserProfile(c, p, p.UserID)
		return err
	})
	return out, wrap("reading a profile", err)
}

// ChangeMe changes the caller's name and the app's own fields of them.
func (s *Service) ChangeMe(ctx context.Context, p *access.Principal, in ChangeMe, profiles Profiles) (Profile, error) {
	if p.Kind != access.User {
		return Profile{}, signInFirst()
	}
	var name any
	if in.Name != nil {
		text, err := person.Name(*in.Name)
		if err != nil {
			return Profile{}, err
		}
		name = text
	}
	write, err := profiles.PrepareUser(p, p.UserID, in.Profile, false)
	if err != nil {
		return Profile{}, err
	}
	err = s.engine.Write(ctx, func(c store.Conn) error {
		n, err := c.Exec(`UPDATE "_users" SET "name" = COALESCE(?1, "name"), "updated_at" = ?2 WHERE "id" = ?3`, name, stamp(s.now()), p.UserID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.AuthUserNotFound, "there is no user %q", p.UserID)
		}
		return write(c)
	})
	if err != nil {
		return Profile{}, wrap("changing a user", err)
	}
	s.Forget(p.UserID)
	return s.Profile(ctx, p, profiles)
}
