package httpapi

import (
	"encoding/json"
	"net/http"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/tenant"
)

// decodeProfile reads a body into T, as decode does, and apart from it the
// fields that the app gives a built-in model.
func decodeProfile[T any](c *call, model string) (T, map[string]json.RawMessage, error) {
	var in T
	body, err := c.body()
	if err != nil {
		return in, nil, err
	}
	if _, err := object(body); err != nil {
		return in, nil, err
	}
	known := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &known); err != nil {
		return in, nil, fault.New(fault.QueryMalformed, "the body does not fit").Because(err)
	}
	own := map[string]json.RawMessage{}
	if m := c.app.model(model); m != nil && m.Profile != nil {
		for _, f := range m.Profile.Fields {
			if value, sent := known[f.Name]; sent && !f.Implicit {
				own[f.Name] = value
				delete(known, f.Name)
			}
		}
	}
	if body, err = json.Marshal(known); err != nil {
		return in, nil, err
	}
	in, err = decodeBody[T](body)
	return in, own, err
}

// profiles are the app's own fields of users; nil before there is a schema.
func (c *call) profiles() auth.Profiles {
	if c.app == nil {
		return nil
	}
	return c.app.Data
}

// served refuses what needs a schema before there is one.
func (c *call) served() error {
	if c.app == nil {
		return fault.New(fault.Unready, "no schema is served yet: mend schema.graphql, or wait for the server to start")
	}
	return c.app.Refuses
}

func me(c *call) (reply, error) {
	if err := c.served(); err != nil {
		return reply{}, err
	}
	who, err := c.api.Auth.Profile(c.Context(), c.by, c.app.Data)
	return c.answer(http.StatusOK, who, err)
}

// ownField is a field of `extend type User`, for a page that asks for it.
type ownField struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`             // a scalar without AWS before it; otherwise the name of an enum or of an embedded type
	Values   []string `json:"values,omitempty"` // of an enum
	List     bool     `json:"list"`
	Required bool     `json:"required"`
}

// ownFields are those that a sign-up must have, or with by those that this user
// may change.
func (c *call) ownFields(by *access.Principal) []ownField {
	out := []ownField{}
	if c.app == nil {
		return out
	}
	for _, f := range c.app.Data.UserFields(by) {
		field := ownField{Name: f.Name, Type: f.TypeName, List: f.List, Required: f.Required}
		switch f.Kind {
		case schema.ScalarKind:
			if f.Scalar != schema.JSON { // AWSJSON is sent as a text
				field.Type = string(f.Scalar)
			}
		case schema.EnumKind:
			field.Values = f.Enum.Values
		}
		out = append(out, field)
	}
	return out
}

func myFields(c *call) (reply, error) {
	return c.answer(http.StatusOK, list[ownField]{Items: c.ownFields(c.by)}, c.served())
}

func changeMe(c *call) (reply, error) {
	if err := c.served(); err != nil {
		return reply{}, err
	}
	type change struct {
		Name *string `json:"name"`
	}
	in, own, err := decodeProfile[change](c, "User")
	if err != nil {
		return reply{}, err
	}
	if in.Name == nil && len(own) == 0 {
		return reply{}, fault.New(fault.QueryRequired, "send what is to change: name, or fields of `extend type User`")
	}
	who, err := c.api.Auth.ChangeMe(c.Context(), c.by, auth.ChangeMe{Name: in.Name, Profile: own}, c.app.Data)
	return c.answer(http.StatusOK, who, err)
}

func changeOrganization(c *call) (reply, error) {
	if err := c.served(); err != nil {
		return reply{}, err
	}
	in, own, err := decodeProfile[tenant.ChangeOrganization](c, "Organization")
	if err != nil {
		return reply{}, err
	}
	org, err := c.api.Tenant.ChangeProfile(c.Context(), c.by, c.PathValue("org"), in, own, c.app.Data)
	return c.answer(http.StatusOK, org, err)
}
