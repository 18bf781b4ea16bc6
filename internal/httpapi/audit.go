package httpapi

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
)

func listAudit(c *call) (reply, error) {
	f, page, err := c.auditQuery("cursor", "limit")
	if err != nil {
		return reply{}, err
	}
	org := c.PathValue("org")
	if err := c.api.Tenant.MayAudit(c.Context(), c.by, org); err != nil {
		return reply{}, err
	}
	records, err := c.api.Audit.List(c.Context(), org, f, page)
	return c.answer(http.StatusOK, records, err)
}

// exportAudit streams; that somebody took the log along is itself a record.
func exportAudit(c *call) (reply, error) {
	f, _, err := c.auditQuery()
	if err != nil {
		return reply{}, err
	}
	org := c.PathValue("org")
	may := func(ctx context.Context) error { return c.api.Tenant.MayAudit(ctx, c.by, org) }
	if err := may(c.Context()); err != nil {
		return reply{}, err
	}
	if c.Method != http.MethodHead {
		if err := c.api.Audit.Write(c.Context(), audit.Event{Action: "audit.exported", Org: org, Actor: c.by.Subject()}); err != nil {
			return reply{}, err
		}
	}
	c.out.Set("Cache-Control", "no-store")
	c.out.Set("Content-Disposition", `attachment; filename="audit.jsonl"`)
	return reply{status: http.StatusOK, mime: "application/jsonl", stream: func(ctx context.Context, w io.Writer) error {
		return c.api.Audit.Export(ctx, org, f, w, may)
	}}, nil
}

// auditQuery reads the parameters of a list of records, and also some. Any other one is
// an error: a filter that is misspelled must not show everything.
func (c *call) auditQuery(also ...string) (f audit.Filter, page audit.Page, err error) {
	names := append([]string{"action", "actor", "since", "until"}, also...)
	for name, values := range c.URL.Query() {
		if len(values) > 1 {
			return f, page, fault.New(fault.HTTPParameter, "%q is there twice", name).At(name)
		}
		if !slices.Contains(names, name) {
			return f, page, fault.New(fault.HTTPParameter, "there is no parameter %q here; there are %s", name, strings.Join(names, ", ")).At(name)
		}
		value := values[0]
		switch name {
		case "action":
			f.Action = value
		case "actor":
			f.Actor = value
		case "target":
			f.Target = value
		case "since":
			f.Since, err = moment(name, value)
		case "until":
			f.Until, err = moment(name, value)
		case "cursor":
			page.Cursor = value
		case "limit":
			page.Limit, err = strconv.Atoi(value)
			if err != nil || page.Limit < 1 {
				err = fault.New(fault.QueryLimit, "limit is %q; it is a number of records, from 1", value).At("limit")
			}
		}
		if err != nil {
			return f, page, err
		}
	}
	return f, page, f.Check()
}

func moment(name, value string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, value)
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, fault.New(fault.AuditBadFilter, "%s is %q; it is a time such as 2026-01-02T15:04:05Z", name, value).At(name)
	}
	return t, nil
}

// recordDenied records that a user was refused what is done under /auth and /console/api: to
// members, keys, organizations, users. What the rules of models refuse is
// everyday, and is not recorded. The answer is a refusal in any case.
func (c *call) recordDenied(pattern string, refusal *fault.Error) {
	console := strings.HasPrefix(c.URL.Path, "/console/api/")
	if c.by.Kind != access.User || !console && !strings.HasPrefix(c.URL.Path, "/auth/") {
		return
	}
	org := c.PathValue("org") // of which they are a member: to others it is not there
	if org == "" {
		org = c.by.Org
	}
	if console || strings.HasPrefix(c.URL.Path, "/auth/admin/") {
		org = ""
	}
	c.deny(pattern, org, refusal)
}

// deny records a refusal.
func (c *call) deny(pattern, org string, refusal *fault.Error) {
	err := c.api.Audit.Deny(c.Context(), audit.Event{Action: "access.denied", Org: org, Actor: c.by.Subject(),
		Details: map[string]any{"route": pattern, "path": c.URL.Path, "why": string(refusal.Code)}})
	if err != nil {
		c.api.Log.Error("a refusal is not recorded", "request", c.id, "error", err)
	}
}
