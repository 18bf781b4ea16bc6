package httpapi

import (
	"context"
	"mime"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/socket"
)

// An admin of the server may ask the doors of rows as such, above the rules and
// inside one organization: Loam-As: admin; organization=<id or slug>.
const asHeader = "Loam-As"

// takesAs tells whether the route's answer depends on the header.
func (r route) takesAs() bool {
	return r.guard == anyone && (strings.Contains(r.pattern, " /api/") || strings.HasSuffix(r.pattern, " /graphql"))
}

// ascent is a caller who asks as admin: it verifies them, and that they still are
// one, whenever it is asked.
type ascent struct {
	api    *API
	verify socket.Verify // the caller's own
	asked  string        // the organization, as it was named
	known  atomic.Pointer[ascended]
}

type ascended struct {
	from, to *access.Principal
}

// above puts the caller above the rules, where the request asks for it.
func (c *call) above(r route) error {
	said := c.Header.Values(asHeader)
	if len(said) == 0 || !r.takesAs() {
		return nil
	}
	kind, params, err := mime.ParseMediaType(strings.Join(said, ", "))
	asked, named := params["organization"]
	if err != nil || kind != "admin" || len(params) > 1 || len(params) == 1 && !named {
		return fault.New(fault.HTTPHeader, "%s is admin; organization=<id>, or admin alone for what all organizations share", asHeader).At(asHeader)
	}
	verify, err := c.verifier()
	if err != nil {
		return err
	}
	c.as = &ascent{api: c.api, verify: verify, asked: asked}
	by := c.by
	if c.by, err = c.as.climb(c.Context(), by); err == nil && c.Header.Get("Authorization") == "" {
		err = c.ownPage()
	}
	if err != nil {
		c.by = by
		if fault.Is(err, fault.AccessAsAdmin) && by.Kind != access.Anonymous {
			c.deny(r.pattern, "", fault.Of(err))
		}
		return err
	}
	if err := c.api.Console.Look(c.Context(), c.by); err != nil {
		return err
	}
	if c.api.Project.Console.Data == "write" && !c.wantsEvents() && !c.wantsSocket() {
		fresh := c.api.Auth.Fresh(c.Context(), by)
		if fresh != nil && !fault.Is(fresh, fault.AuthReauthenticate) {
			return fresh
		}
		c.by = c.by.Writing(fresh == nil)
	}
	return nil
}

// Verify is whom the caller stands for now.
func (a *ascent) Verify(ctx context.Context) (*access.Principal, error) {
	by, err := a.verify(ctx)
	if err != nil {
		return nil, err
	}
	return a.climb(ctx, by)
}

// climb refuses who is no admin, before it so much as looks for the organization.
func (a *ascent) climb(ctx context.Context, by *access.Principal) (*access.Principal, error) {
	if known := a.known.Load(); known != nil && known.from == by {
		return known.to, nil
	}
	switch {
	case by.Kind != access.User || !by.Admin || by.Impersonator != "" || by.Client != "":
		return nil, fault.New(fault.AccessAsAdmin, "%s is for an admin of the server, in a session of their own", asHeader).At(asHeader)
	case a.api.Project.Console.Data == "off":
		return nil, fault.New(fault.AccessAsAdmin, "nobody asks for rows as admin here: console.data in loam.yaml is off").At(asHeader)
	}
	org, err := a.api.meant(ctx, a.asked)
	if err != nil {
		return nil, err
	}
	to := by.Superuser(org)
	a.known.Store(&ascended{by, to})
	return to, nil
}

// ownPage refuses a page of any other site, whatever it would read or change with the
// visitor's cookies: even one whose calls on the app's behalf are allowed.
func (c *call) ownPage() error {
	change := c.WithContext(c.Context())
	change.Method = http.MethodPost // sites are asked only of what changes something
	if err := http.NewCrossOriginProtection().Check(change); err != nil {
		return fault.New(fault.HTTPForeign, "an admin's cookies count for this from the console's own pages alone").Because(err)
	}
	return nil
}
