package httpapi

import (
	"net/http"
	"strconv"

	"github.com/loam-dev/loam/internal/admin"
	"github.com/loam-dev/loam/internal/apikey"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/tenant"
	"github.com/loam-dev/loam/internal/userfile"
)

// What admins of the server do. Who may is the guard's to say.

func claimAdmin(c *call) (reply, error) {
	in, err := decode[auth.ClaimAdmin](c)
	if err == nil {
		err = c.api.Auth.ClaimAdmin(c.Context(), c.by, in)
	}
	return c.answer(http.StatusNoContent, nil, err)
}

// yesNo reads a parameter that is true or false; nil where it is missing.
func (c *call) yesNo(name string) (*bool, error) {
	text := c.URL.Query().Get(name)
	if text == "" {
		return nil, nil
	}
	b := text == "true"
	if !b && text != "false" {
		return nil, fault.New(fault.HTTPParameter, "%s is %q; it is true or false", name, text).At(name)
	}
	return &b, nil
}

// is is yesNo where missing means no.
func (c *call) is(name string) (bool, error) {
	b, err := c.yesNo(name)
	return b != nil && *b, err
}

func adminUsers(c *call) (reply, error) {
	page, err := c.page("users")
	if err != nil {
		return reply{}, err
	}
	q := c.URL.Query()
	in := admin.Search{Text: q.Get("search"), Sort: q.Get("sort"), Limit: page.Limit, Cursor: page.After}
	if in.Disabled, err = c.yesNo("disabled"); err != nil {
		return reply{}, err
	}
	if in.Admin, err = c.yesNo("admin"); err != nil {
		return reply{}, err
	}
	if org := q.Get("org"); org != "" {
		if in.Org, err = c.api.Tenant.Named(c.Context(), org); err != nil {
			return reply{}, err
		}
	}
	users, err := c.api.Admin.Users(c.Context(), in)
	return c.answer(http.StatusOK, users, err)
}

func adminUser(c *call) (reply, error) {
	user, err := c.api.Admin.User(c.Context(), c.PathValue("user"))
	return c.answer(http.StatusOK, user, err)
}

func adminCreateUser(c *call) (reply, error) {
	in, err := decode[auth.NewUser](c)
	if err != nil {
		return reply{}, err
	}
	user, err := c.api.Admin.Create(c.Context(), c.by, in)
	return c.answer(http.StatusCreated, user, err)
}

func adminChangeUser(c *call) (reply, error) {
	in, err := decode[auth.ChangeUser](c)
	if err != nil {
		return reply{}, err
	}
	user, err := c.api.Admin.Change(c.Context(), c.by, c.PathValue("user"), in)
	return c.answer(http.StatusOK, user, err)
}

func adminDeleteUser(c *call) (reply, error) {
	return c.answer(http.StatusNoContent, nil, c.api.Admin.Delete(c.Context(), c.by, c.PathValue("user"), c.profiles()))
}

func adminSignOut(c *call) (reply, error) {
	return c.answer(http.StatusNoContent, nil, c.api.Admin.SignOut(c.Context(), c.by, c.PathValue("user")))
}

// adminImpersonate answers with a session to show as a bearer token. It is never
// put into cookies: the admin's own session would be gone.
func adminImpersonate(c *call) (reply, error) {
	in, err := decode[auth.Impersonate](c)
	if err != nil {
		return reply{}, err
	}
	user, err := c.api.Admin.User(c.Context(), c.PathValue("user"))
	if err != nil {
		return reply{}, err
	}
	c.Header.Del(cookieHeader)
	session, err := c.api.Auth.Impersonate(c.Context(), c.by, user.ID, in, c.client())
	return c.answer(http.StatusCreated, session, err)
}

// adminImport reads a file of users as it comes. The parameters of Firebase's hash,
// one of which is a secret, are headers.
func adminImport(c *call) (reply, error) {
	format := userfile.Format{Kind: c.URL.Query().Get("format")}
	var o admin.ImportOptions
	var err error
	for name, to := range map[string]*bool{"dryRun": &o.DryRun, "update": &o.Update, "stopAtError": &o.StopAtError} {
		if *to, err = c.is(name); err != nil {
			return reply{}, err
		}
	}
	if format.Kind == "firebase" {
		format.Firebase = userfile.FirebaseHash{SignerKey: auth.Secret(c.Header.Get("Firebase-Signer-Key")), SaltSeparator: c.Header.Get("Firebase-Salt-Separator")}
		for name, to := range map[string]*int{"Firebase-Rounds": &format.Firebase.Rounds, "Firebase-Memory-Cost": &format.Firebase.MemoryCost} {
			if *to, err = strconv.Atoi(c.Header.Get(name)); err != nil {
				return reply{}, fault.New(fault.HTTPParameter, "send the header %s: a number, which Firebase's console shows with the hash parameters", name)
			}
		}
	}
	report, err := c.api.Admin.Import(c.Context(), c.by, c.Request.Body, format, o)
	return c.answer(http.StatusOK, report, err)
}

func adminRotateKeys(c *call) (reply, error) {
	return c.answer(http.StatusNoContent, nil, c.api.Admin.RotateKeys(c.Context(), c.by))
}

func adminKeys(c *call) (reply, error) {
	org, err := c.api.Tenant.Meant(c.Context(), c.URL.Query().Get("org"))
	if err != nil {
		return reply{}, err
	}
	keys, err := c.api.Auth.KeysOf(c.Context(), org)
	return c.answer(http.StatusOK, list[apikey.Key]{Items: keys}, err)
}

func adminCreateKey(c *call) (reply, error) {
	type request struct {
		apikey.Request
		Org string `json:"org"`
	}
	in, err := decode[request](c)
	if err != nil {
		return reply{}, err
	}
	org, err := c.api.Tenant.Meant(c.Context(), in.Org)
	if err != nil {
		return reply{}, err
	}
	key, err := c.api.Auth.AddKey(c.Context(), c.by, org, in.Request)
	return c.answer(http.StatusCreated, key, err)
}

func adminRevokeKey(c *call) (reply, error) {
	org, err := c.api.Tenant.Meant(c.Context(), c.URL.Query().Get("org"))
	if err != nil {
		return reply{}, err
	}
	return c.answer(http.StatusNoContent, nil, c.api.Auth.EndKey(c.Context(), c.by, org, c.PathValue("key")))
}

func adminJobs(c *call) (reply, error) {
	page, err := c.page("jobs")
	if err != nil {
		return reply{}, err
	}
	state := c.URL.Query().Get("state")
	if state != "" && state != "dead" && state != "waiting" {
		return reply{}, fault.New(fault.HTTPParameter, "state is %q; it is dead or waiting", state).At("state")
	}
	jobs, err := c.api.Admin.Jobs(c.Context(), state != "waiting", page)
	return c.answer(http.StatusOK, jobs, err)
}

func adminRetryJob(c *call) (reply, error) {
	return c.answer(http.StatusNoContent, nil, c.api.Admin.RetryJob(c.Context(), c.by, c.PathValue("id")))
}

func adminDropJob(c *call) (reply, error) {
	return c.answer(http.StatusNoContent, nil, c.api.Admin.DropJob(c.Context(), c.by, c.PathValue("id")))
}

func adminOrganizations(c *call) (reply, error) {
	page, err := c.page("organizations")
	if err != nil {
		return reply{}, err
	}
	found, err := c.api.Tenant.Records(c.Context(), c.by, c.URL.Query().Get("search"), page)
	return c.answer(http.StatusOK, found, err)
}

// adminFound founds an organization for a user, who is named by id or address.
func adminFound(c *call) (reply, error) {
	type founding struct {
		tenant.NewOrganization
		Owner string `json:"owner"`
	}
	in, err := decode[founding](c)
	if err != nil {
		return reply{}, err
	}
	owner, err := c.api.Admin.User(c.Context(), in.Owner)
	if err != nil {
		return reply{}, err
	}
	record, err := c.api.Tenant.Establish(c.Context(), c.by.Subject(), owner.ID, in.NewOrganization)
	return c.answer(http.StatusCreated, record, err)
}

// organization is the id of the one that the path names, by id or slug.
func (c *call) organization() (string, error) {
	return c.api.Tenant.Named(c.Context(), c.PathValue("org"))
}

func adminOrganization(c *call) (reply, error) {
	org, err := c.organization()
	if err != nil {
		return reply{}, err
	}
	record, err := c.api.Tenant.Record(c.Context(), c.by, org)
	return c.answer(http.StatusOK, record, err)
}

func adminChangeOrganization(c *call) (reply, error) {
	in, err := decode[tenant.ChangeOrganization](c)
	if err != nil {
		return reply{}, err
	}
	org, err := c.organization()
	if err != nil {
		return reply{}, err
	}
	record, err := c.api.Tenant.Amend(c.Context(), c.by.Subject(), org, in)
	return c.answer(http.StatusOK, record, err)
}

func adminAddMember(c *call) (reply, error) {
	in, err := decode[tenant.NewMember](c)
	if err != nil {
		return reply{}, err
	}
	org, err := c.organization()
	if err != nil {
		return reply{}, err
	}
	person, err := c.api.Tenant.Enlist(c.Context(), c.by.Subject(), org, in)
	return c.answer(http.StatusCreated, person, err)
}

func suspendOrganization(c *call) (reply, error) {
	in, err := decode[tenant.Suspension](c)
	if err != nil {
		return reply{}, err
	}
	org, err := c.organization()
	if err != nil {
		return reply{}, err
	}
	record, err := c.api.Tenant.Suspend(c.Context(), c.by, org, in)
	return c.answer(http.StatusOK, record, err)
}

func restoreOrganization(c *call) (reply, error) {
	org, err := c.organization()
	if err != nil {
		return reply{}, err
	}
	record, err := c.api.Tenant.Restore(c.Context(), c.by, org)
	return c.answer(http.StatusOK, record, err)
}

func limitOrganization(c *call) (reply, error) {
	in, err := decode[tenant.Override](c)
	if err != nil {
		return reply{}, err
	}
	org, err := c.organization()
	if err != nil {
		return reply{}, err
	}
	record, err := c.api.Tenant.SetLimits(c.Context(), c.by, org, in)
	return c.answer(http.StatusOK, record, err)
}

func adminDeleteOrganization(c *call) (reply, error) {
	in, err := decode[tenant.Deletion](c)
	if err != nil {
		return reply{}, err
	}
	org, err := c.organization()
	if err != nil {
		return reply{}, err
	}
	return c.answer(http.StatusNoContent, nil, c.api.Tenant.Abolish(c.Context(), c.by.Subject(), org, in))
}

func adminExportOrganization(c *call) (reply, error) {
	org, err := c.organization()
	if err == nil {
		err = c.api.Tenant.TakeAlong(c.Context(), c.by.Subject(), org)
	}
	if err != nil {
		return reply{}, err
	}
	return c.export(org), nil
}
