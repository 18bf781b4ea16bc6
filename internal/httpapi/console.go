package httpapi

import (
	"cmp"
	"context"
	"net/http"

	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/console"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/stats"
)

// The console: its page, and what it asks for beyond the doors that all have.

// consolePolicy is accountPolicy, with fonts of its own and frames of this server: the
// mailbox shows a message in one.
const consolePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: https:; font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// immutable is how long a browser keeps what never changes under its name.
const immutable = "public, max-age=31536000, immutable"

// consolePage answers every address of the console with its one page.
func consolePage(c *call) (reply, error) {
	file, ok := console.Page()
	return c.consoleFile(file, ok)
}

func consoleAsset(c *call) (reply, error) {
	file, ok := console.Asset(c.PathValue("file"), c.Header.Get("Accept-Encoding"))
	return c.consoleFile(file, ok)
}

func (c *call) consoleFile(file console.File, ok bool) (reply, error) {
	if !ok {
		return consoleNothing(c)
	}
	c.out.Set("Content-Security-Policy", consolePolicy)
	c.out.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.out.Set("Referrer-Policy", "no-referrer")
	c.out.Set("X-Frame-Options", "DENY") // for browsers without frame-ancestors
	c.out.Set("Cache-Control", "no-cache")
	if file.Lasting {
		c.out.Set("Cache-Control", immutable)
		c.out.Add("Vary", "Accept-Encoding")
	}
	if file.Encoding != "" {
		c.out.Set("Content-Encoding", file.Encoding)
	}
	return reply{status: http.StatusOK, body: file.Body, mime: file.Mime}, nil
}

// consoleNothing keeps the page from answering for what is no page.
func consoleNothing(c *call) (reply, error) {
	return reply{}, fault.New(fault.HTTPNotFound, "there is nothing at %s", c.URL.Path)
}

func consoleWaits(c *call) (reply, error) {
	has, err := c.api.Auth.HasAdmin(c.Context())
	return c.answer(http.StatusOK, struct {
		Needed bool `json:"needed"`
	}{!has}, err)
}

func consoleSetUp(c *call) (reply, error) {
	in, err := decode[auth.FirstAdmin](c)
	if err != nil {
		return reply{}, err
	}
	made, err := c.api.Auth.SetUp(c.Context(), c.by, in, c.client())
	if err == nil && made.Session == nil && made.Challenge == nil {
		return c.answer(http.StatusNoContent, nil, nil)
	}
	return c.answer(http.StatusCreated, made, err)
}

func consoleSelf(c *call) (reply, error) {
	me, err := c.api.Auth.Me(c.Context(), c.by)
	if err != nil {
		return reply{}, err
	}
	until, err := c.api.Auth.FreshUntil(c.Context(), c.by)
	return c.answer(http.StatusOK, c.api.Console.Self(me.User, until), err)
}

// consoleOverview is what requests were like, and what there is now.
func consoleOverview(c *call) (reply, error) {
	type now struct {
		Connections   int    `json:"connections"` // of the server that answers
		Subscriptions int    `json:"subscriptions"`
		Database      int64  `json:"database"` // bytes
		Nodes         int    `json:"nodes"`
		StartedAt     string `json:"startedAt"`
	}
	if c.api.Stats == nil {
		return consoleNothing(c)
	}
	o, err := c.api.Stats.Overview(c.Context(), cmp.Or(c.URL.Query().Get("range"), "hour"))
	return c.answer(http.StatusOK, struct {
		stats.Overview
		Now now `json:"now"`
	}{o, now{c.api.Sockets.Stats().Connections, c.api.Hub.Stats().Subscriptions, o.Database, o.Nodes, c.api.Console.StartedAt()}}, err)
}

func consoleSchema(c *call) (reply, error) {
	if c.app == nil {
		return consoleNothing(c)
	}
	return c.answer(http.StatusOK, c.api.Console.Schema(c.app.Data), nil)
}

func consoleExplain(c *call) (reply, error) {
	in, err := decode[console.Why](c)
	if err != nil {
		return reply{}, err
	}
	if c.app == nil {
		return consoleNothing(c)
	}
	org, err := c.api.meant(c.Context(), in.Organization)
	if err != nil {
		return reply{}, err
	}
	user := ""
	if in.User != "" {
		found, err := c.api.Admin.User(c.Context(), in.User)
		if err != nil {
			return reply{}, err
		}
		user = found.ID
	}
	why, err := c.api.Console.Explain(c.Context(), in, c.app.Data, c.by, org, user)
	return c.answer(http.StatusOK, why, err)
}

// meant is the id of an organization that a request names, as Loam-As does.
func (a *API) meant(ctx context.Context, named string) (string, error) {
	if named == "" && a.Project.Organizations {
		return "", nil
	}
	return a.Tenant.Meant(ctx, named)
}
