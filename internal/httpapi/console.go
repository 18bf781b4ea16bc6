package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/console"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/socket"
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

func consoleHistory(c *call) (reply, error) {
	if c.app == nil {
		return consoleNothing(c)
	}
	q := c.URL.Query()
	org, err := c.api.meant(c.Context(), q.Get("organization"))
	if err != nil {
		return reply{}, err
	}
	limit, err := c.api.Console.Limit(q.Get("limit"))
	if err != nil {
		return reply{}, err
	}
	path := c.URL.EscapedPath()
	past, err := c.api.Console.History(c.Context(), c.app.Data, c.by, org, c.PathValue("plural"), path[strings.LastIndexByte(path, '/')+1:], q.Get("cursor"), limit)
	return c.answer(http.StatusOK, past, err)
}

func consoleMigrations(c *call) (reply, error) {
	all, err := c.api.Console.Migrations(c.Context())
	return c.answer(http.StatusOK, all, err)
}

func consoleSettings(c *call) (reply, error) {
	return c.answer(http.StatusOK, c.api.Console.Settings(), nil)
}

// consoleConnections are those of all servers of the database; of one, by `node`.
func consoleConnections(c *call) (reply, error) {
	type item struct {
		socket.Connection
		Name string `json:"name"` // the user's address
	}
	q := c.URL.Query()
	limit, err := c.api.Console.Limit(q.Get("limit"))
	if err != nil {
		return reply{}, err
	}
	found, err := c.api.Sockets.List(c.Context(), socket.Asked{Node: q.Get("node"), Cursor: q.Get("cursor"), Limit: limit})
	if err != nil {
		return reply{}, err
	}
	page := struct {
		list[item]
		Nodes []socket.Node `json:"nodes"`
	}{list[item]{Items: []item{}}, found.Nodes}
	name := c.api.Console.Namer(c.Context())
	for _, one := range found.Items {
		page.Items = append(page.Items, item{one, name(one.Subject)})
	}
	if found.Cursor != "" {
		page.NextCursor = &found.Cursor
	}
	return c.answer(http.StatusOK, page, nil)
}

func consoleHangUp(c *call) (reply, error) {
	id := c.PathValue("id")
	err := c.api.Sockets.End(c.Context(), id, audit.Event{Action: "admin.connection_closed", Actor: c.by.Subject(), Target: "connection:" + id})
	return c.answer(http.StatusNoContent, nil, err)
}

func consoleSessions(c *call) (reply, error) {
	user, err := c.api.Admin.User(c.Context(), c.PathValue("user"))
	if err != nil {
		return reply{}, err
	}
	sessions, err := c.api.Auth.Sessions(c.Context(), &access.Principal{Kind: access.User, UserID: user.ID, SessionID: c.by.SessionID})
	return c.answer(http.StatusOK, list[auth.Device]{Items: sessions}, err)
}

// consoleEndSession ends one of a user's sessions.
func consoleEndSession(c *call) (reply, error) {
	err := c.api.Admin.EndSession(c.Context(), c.by, c.PathValue("user"), c.PathValue("session"))
	return c.answer(http.StatusNoContent, nil, err)
}

// consoleAudit is the log of everything, of an organization, or of what belongs to none.
func consoleAudit(c *call) (reply, error) {
	f, page, err := c.auditQuery("target", "organization", "cursor", "limit")
	if err != nil {
		return reply{}, err
	}
	org := c.URL.Query().Get("organization")
	if org == "" {
		records, err := c.api.Audit.ListAll(c.Context(), f, page)
		return c.answer(http.StatusOK, records, err)
	}
	if org == "none" { // which no organization's slug may be
		org = ""
	} else if org, err = c.api.Tenant.Meant(c.Context(), org); err != nil {
		return reply{}, err
	}
	records, err := c.api.Audit.List(c.Context(), org, f, page)
	return c.answer(http.StatusOK, records, err)
}
