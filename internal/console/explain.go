package console

import (
	"context"
	"encoding/json"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/resturl"
)

// Why asks why somebody may do something with a row, or may not.
type Why struct {
	Model        string          `json:"model"`
	Operation    string          `json:"operation"` // create, get, list, listen, search, update or delete
	ID           string          `json:"id"`        // of a stored row, as in its path
	Row          json.RawMessage `json:"row"`       // or an object of values
	User         string          `json:"user"`      // by id or address; "": nobody, unless the rest says otherwise
	APIKey       bool            `json:"apiKey"`
	Organization string          `json:"organization"`
	Role         *string         `json:"role"` // in place of what the user really has there; likewise the others
	Teams        []string        `json:"teams"`
	Groups       []string        `json:"groups"`
	Claims       map[string]any  `json:"claims"`
}

// People says who a user would be in an organization, by their id.
type People func(ctx context.Context, user, org string) (*access.Principal, error)

// Explain answers, under the schema in force. org and user are the ids of those that
// the question names.
func (s *Service) Explain(ctx context.Context, in Why, d *data.Service, admin *access.Principal, org, user string) (data.Explained, error) {
	m := d.Schema().Model(in.Model)
	if m == nil {
		if m = d.Schema().ModelAt(in.Model); m == nil {
			return data.Explained{}, fault.New(fault.QueryUnknownModel, "there is no model %q", in.Model).At("model")
		}
	}
	op, known := access.Operations()[in.Operation]
	if !known {
		return data.Explained{}, fault.New(fault.QueryBadValue, "operation is create, get, list, listen, search, update or delete").At("operation")
	}
	q := data.Question{Model: m, Operation: op}
	if len(in.Row) > 0 && string(in.Row) != "null" {
		v, err := query.DecodeJSON(in.Row)
		if err != nil {
			return data.Explained{}, err
		}
		object, ok := v.(map[string]any)
		if !ok {
			return data.Explained{}, fault.New(fault.QueryBadValue, "row is an object of field values").At("row")
		}
		q.Values = object
	}
	if in.ID != "" {
		key, err := resturl.Key(m, in.ID)
		if err != nil {
			return data.Explained{}, err
		}
		q.Key, q.Values = key, nil
	}
	by, err := s.caller(ctx, in, org, user)
	if err != nil {
		return data.Explained{}, err
	}
	reader := admin.Superuser(org)
	if q.Key != nil {
		if err := s.look(ctx, reader, "id"); err != nil {
			return data.Explained{}, err
		}
	}
	why, err := d.Explain(ctx, by, reader, q)
	why.Operation = in.Operation
	return why, err
}

// caller is who the question is about.
func (s *Service) caller(ctx context.Context, in Why, org, user string) (*access.Principal, error) {
	invented := in.Role != nil || in.Teams != nil || in.Groups != nil || in.Claims != nil
	switch {
	case in.APIKey:
		return &access.Principal{Kind: access.APIKey, KeyID: "any", Org: org}, nil
	case user == "" && !invented:
		by := &access.Principal{}
		if !s.opts.Config.Organizations {
			by.Org = org
		}
		return by, nil
	}
	by := &access.Principal{Kind: access.User, UserID: "somebody", Username: "somebody", Org: org}
	if user != "" {
		var err error
		if by, err = s.opts.People(ctx, user, org); err != nil {
			return nil, err
		}
	}
	if in.Role != nil {
		by.Role = *in.Role
	} else if user != "" && by.Role == "" && s.opts.Config.Organizations {
		by.Org = "" // nobody is where they are no member
	}
	if in.Teams != nil {
		by.Teams = in.Teams
	}
	if in.Groups != nil {
		by.Groups = in.Groups
	}
	if in.Claims != nil {
		claims := map[string]any{}
		for name, v := range by.Claims {
			claims[name] = v
		}
		for name, v := range in.Claims {
			claims[name] = v
		}
		by.Claims = claims
	}
	return by, nil
}
