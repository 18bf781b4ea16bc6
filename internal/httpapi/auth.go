package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"

	strict "github.com/go-json-experiment/json"

	"github.com/loam-dev/loam/internal/apikey"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/tenant"
)

// decode reads a body into T. A field that T lacks is an error: nobody sets a
// role or an id by adding it to a sign-up.
func decode[T any](c *call) (T, error) {
	body, err := c.body()
	if err == nil {
		_, err = object(body)
	}
	if err != nil {
		var none T
		return none, err
	}
	return decodeBody[T](body)
}

// decodeBody takes names as they are documented, in that case alone.
func decodeBody[T any](body []byte) (T, error) {
	var in T
	err := strict.Unmarshal(body, &in, strict.RejectUnknownMembers(true))
	if err == nil {
		return in, nil
	}
	misfit, ok := errors.AsType[*strict.SemanticError](err)
	if !ok {
		return in, fault.New(fault.QueryMalformed, "the body does not fit").Because(err)
	}
	field := strings.Join(slices.Collect(misfit.JSONPointer.Tokens()), ".")
	switch {
	case errors.Is(err, strict.ErrUnknownName):
		name := misfit.JSONPointer.LastToken()
		return in, fault.New(fault.QueryUnknownField, "unknown field %q; leave it out%s", name, schema.DidYouMean(name, fieldNames(misfit.GoType))).At(field)
	case misfit.GoType == nil:
		return in, fault.New(fault.QueryMalformed, "the body does not fit").At(field).Because(err)
	}
	return in, fault.New(fault.QueryBadValue, "%s must be a %s", field, misfit.GoType.Kind()).At(field)
}

// fieldNames are those that a body may have which is read into t.
func fieldNames(t reflect.Type) (names []string) {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// answer encodes what a room returned. Tokens and members are nobody else's:
// never cached.
func (c *call) answer(status int, v any, err error) (reply, error) {
	if err != nil {
		return reply{}, err
	}
	c.out.Set("Cache-Control", "no-store")
	if v == nil {
		return reply{status: status}, nil
	}
	body, err := json.Marshal(c.keep(v))
	return reply{status: status, body: body}, err
}

func signUp(c *call) (reply, error) {
	in, err := decodeSignUp(c)
	if err != nil {
		return reply{}, err
	}
	return c.signedUp(c.api.Auth.SignUp(c.Context(), in, c.client()))
}

// decodeSignUp reads a new user, with the app's own fields among the others.
func decodeSignUp(c *call) (auth.SignUp, error) {
	in, own, err := decodeProfile[auth.SignUp](c, "User")
	in.Profile, in.Profiles = own, c.profiles()
	return in, err
}

func signIn(c *call) (reply, error) {
	in, err := decode[auth.SignIn](c)
	if err != nil {
		return reply{}, err
	}
	return c.signedIn(c.api.Auth.SignIn(c.Context(), in, c.client()))
}

func refresh(c *call) (reply, error) {
	in, err := c.refreshToken()
	if err != nil {
		return reply{}, err
	}
	session, err := c.api.Auth.Refresh(c.Context(), in)
	return c.answer(http.StatusOK, session, err)
}

func signOut(c *call) (reply, error) {
	c.dropCookies()
	return c.answer(http.StatusNoContent, nil, c.api.Auth.SignOut(c.Context(), c.by))
}

// list is a whole list, in the shape of a page.
type list[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"nextCursor"`
}

func listKeys(c *call) (reply, error) {
	keys, err := c.api.Auth.ListKeys(c.Context(), c.by)
	return c.answer(http.StatusOK, list[apikey.Key]{Items: keys}, err)
}

func createKey(c *call) (reply, error) {
	in, err := decode[apikey.Request](c)
	if err != nil {
		return reply{}, err
	}
	key, err := c.api.Auth.CreateKey(c.Context(), c.by, in)
	return c.answer(http.StatusCreated, key, err)
}

func revokeKey(c *call) (reply, error) {
	return c.answer(http.StatusNoContent, nil, c.api.Auth.RevokeKey(c.Context(), c.by, c.PathValue("key")))
}

func listOrganizations(c *call) (reply, error) {
	orgs, err := c.api.Tenant.List(c.Context(), c.by)
	return c.answer(http.StatusOK, list[tenant.Organization]{Items: orgs}, err)
}

func createOrganization(c *call) (reply, error) {
	in, err := decode[tenant.NewOrganization](c)
	if err != nil {
		return reply{}, err
	}
	org, err := c.api.Tenant.Create(c.Context(), c.by, in)
	return c.answer(http.StatusCreated, org, err)
}

func switchOrganization(c *call) (reply, error) {
	session, err := c.api.Auth.Switch(c.Context(), c.by, c.PathValue("org"))
	return c.answer(http.StatusOK, session, err)
}

func listMembers(c *call) (reply, error) {
	page, err := c.page("members")
	if err != nil {
		return reply{}, err
	}
	people, err := c.tenants().Members(c.Context(), c.by, c.PathValue("org"), page)
	return c.answer(http.StatusOK, people, err)
}

func addMember(c *call) (reply, error) {
	in, err := decode[tenant.NewMember](c)
	if err != nil {
		return reply{}, err
	}
	person, err := c.api.Tenant.Add(c.Context(), c.by, c.PathValue("org"), in)
	return c.answer(http.StatusCreated, person, err)
}

func changeMember(c *call) (reply, error) {
	in, err := decode[tenant.ChangeMember](c)
	if err != nil {
		return reply{}, err
	}
	person, err := c.tenants().SetRole(c.Context(), c.by, c.PathValue("org"), c.PathValue("user"), in)
	return c.answer(http.StatusOK, person, err)
}

func removeMember(c *call) (reply, error) {
	return c.answer(http.StatusNoContent, nil, c.tenants().Remove(c.Context(), c.by, c.PathValue("org"), c.PathValue("user")))
}
