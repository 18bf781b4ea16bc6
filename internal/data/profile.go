package data

import (
	"encoding/json"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// The fields of `extend type User` and `extend type Organization`. The rooms
// that keep users and organizations write them inside transactions of their own.

// PrepareUser checks the fields that somebody sends about a user, for the room
// that makes and changes users: their types, and the rules that a field has of
// its own. create is for a new user, who must give what is required. by is who
// sends them, nil for the server itself. What it returns writes them inside the
// caller's transaction, with an entry in the change log; the user must be there.
func (s *Service) PrepareUser(by *access.Principal, id string, fields map[string]json.RawMessage, create bool) (func(store.Conn) error, error) {
	return s.prepare("User", by, id, fields, create)
}

// PrepareOrganization is PrepareUser for an organization: by acts in it, with
// the role there.
func (s *Service) PrepareOrganization(by *access.Principal, id string, fields map[string]json.RawMessage, create bool) (func(store.Conn) error, error) {
	return s.prepare("Organization", by, id, fields, create)
}

// UserProfile reads the own fields of a user that the caller may see, by name:
// of one who has none yet, the defaults. by is nil for the server itself.
func (s *Service) UserProfile(c store.Conn, by *access.Principal, id string) (map[string]json.RawMessage, error) {
	return s.profile("User", c, by, id)
}

// OrganizationProfile is UserProfile for an organization.
func (s *Service) OrganizationProfile(c store.Conn, by *access.Principal, id string) (map[string]json.RawMessage, error) {
	return s.profile("Organization", c, by, id)
}

// UserFields lists the own fields of users: those that somebody who signs up must
// give, or with by those that this user may change of themselves.
func (s *Service) UserFields(by *access.Principal) []*schema.Field {
	m := s.extended("User")
	if m == nil {
		return nil
	}
	var fields []*schema.Field
	for _, f := range m.Profile.Fields {
		switch {
		case f.Implicit:
		case by == nil && f.Required && f.Default == nil, by != nil && s.policy.MayWriteProfile(by, m.Field(f.Name), by.UserID):
			fields = append(fields, f)
		}
	}
	return fields
}

// extended returns a built-in model that has fields of the app's own, or nil.
func (s *Service) extended(name string) *schema.Model {
	if m := s.schema.Model(name); m != nil && m.Profile != nil {
		return m
	}
	return nil
}

// actor is who acts on the row of an organization, or on a user.
func actor(by *access.Principal, m *schema.Model, id string) *access.Principal {
	who := access.Principal{Kind: access.System}
	if by != nil {
		who = *by
	}
	if m.Profile.Scope == schema.Tenant {
		who.Org = id
	}
	return &who
}

func (s *Service) prepare(model string, by *access.Principal, id string, fields map[string]json.RawMessage, create bool) (func(store.Conn) error, error) {
	m := s.extended(model)
	if m == nil {
		for name := range fields {
			return nil, fault.New(fault.QueryUnknownField, "unknown field %q; leave it out, or declare it in `extend type %s`", name, model).At(name)
		}
		return func(store.Conn) error { return nil }, nil
	}
	input := make(map[string]any, len(fields))
	for name, text := range fields {
		var err error
		if input[name], err = query.DecodeJSON(text); err != nil {
			return nil, err
		}
	}
	who := actor(by, m, id)
	insert, lacking := s.grantProfile(who, m, query.Create, id, input)
	if create {
		return s.write(insert), lacking
	}
	update, err := s.grantProfile(who, m, query.Update, id, input)
	if err != nil || len(fields) == 0 {
		return func(store.Conn) error { return nil }, err
	}
	return func(c store.Conn) error {
		_, err := s.store.WriteIn(c, update)
		if !fault.Is(err, fault.DataNotFound) {
			return err
		}
		if lacking != nil { // a user from before the field, or one who came in without it
			return lacking
		}
		return s.write(insert)(c)
	}, nil
}

func (s *Service) grantProfile(by *access.Principal, m *schema.Model, op query.WriteOp, id string, input map[string]any) (access.WriteGrant, error) {
	b, err := query.BindProfile(m, op, id, input)
	if err != nil {
		return access.WriteGrant{}, err
	}
	return s.policy.WriteProfile(by, m, b)
}

func (s *Service) write(g access.WriteGrant) func(store.Conn) error {
	return func(c store.Conn) error {
		_, err := s.store.WriteIn(c, g)
		return err
	}
}

func (s *Service) profile(model string, c store.Conn, by *access.Principal, id string) (map[string]json.RawMessage, error) {
	m := s.extended(model)
	if m == nil {
		return nil, nil
	}
	grant := s.policy.ReadProfile(actor(by, m, id), m, id)
	out := map[string]json.RawMessage{}
	page, err := s.store.ReadIn(c, grant)
	if err != nil {
		return nil, err
	}
	if page.Count > 0 {
		return out, json.Unmarshal(page.Rows, &out)
	}
	for _, f := range grant.Node().Fields {
		var value any
		if text := f.Field.Default; text != nil {
			if value, err = f.Field.Coerce(*text, true); err != nil {
				return nil, err
			}
		}
		if out[f.As], err = json.Marshal(value); err != nil {
			return nil, err
		}
	}
	return out, nil
}
