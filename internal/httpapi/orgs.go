package httpapi

import (
	"context"
	"io"
	"net/http"
	"strconv"

	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/tenant"
)

// page reads which part of a list of things is wanted.
func (c *call) page(things string) (tenant.Page, error) {
	page := tenant.Page{After: c.URL.Query().Get("cursor")}
	if limit := c.URL.Query().Get("limit"); limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 {
			return page, fault.New(fault.QueryLimit, "limit is %q; it is a number of %s, from 1", limit, things).At("limit")
		}
		page.Limit = n
	}
	return page, nil
}

// tenants is what manages organizations: those of the caller, or under anyOrganization
// all of them.
func (c *call) tenants() *tenant.Service {
	if c.orgs != nil {
		return c.orgs
	}
	return c.api.Tenant
}

// anyOrganization opens a door of members to admins of the server, in an organization
// that the path names by id or slug.
func anyOrganization(door func(*call) (reply, error)) func(*call) (reply, error) {
	return func(c *call) (reply, error) {
		org, err := c.organization()
		if err != nil {
			return reply{}, err
		}
		c.SetPathValue("org", org)
		c.orgs = c.api.Tenant.ForAdmins()
		return door(c)
	}
}

func getOrganization(c *call) (reply, error) {
	if err := c.served(); err != nil {
		return reply{}, err
	}
	org, err := c.api.Tenant.GetProfile(c.Context(), c.by, c.PathValue("org"), c.app.Data)
	return c.answer(http.StatusOK, org, err)
}

func listRoles(c *call) (reply, error) {
	roles, err := c.tenants().Roles(c.Context(), c.by, c.PathValue("org"))
	return c.answer(http.StatusOK, list[config.Role]{Items: roles}, err)
}

func deleteOrganization(c *call) (reply, error) {
	in, err := decode[tenant.Deletion](c)
	if err != nil {
		return reply{}, err
	}
	return c.answer(http.StatusNoContent, nil, c.api.Tenant.Delete(c.Context(), c.by, c.PathValue("org"), in))
}

// exportOrganization streams; that somebody took all of it along is on record.
func exportOrganization(c *call) (reply, error) {
	org := c.PathValue("org")
	if err := c.api.Tenant.MayExport(c.Context(), c.by, org); err != nil {
		return reply{}, err
	}
	return c.export(org), nil
}

// export is everything that an organization has.
func (c *call) export(org string) reply {
	c.out.Set("Cache-Control", "no-store")
	c.out.Set("Content-Disposition", `attachment; filename="organization.jsonl"`)
	return reply{status: http.StatusOK, mime: "application/jsonl", stream: func(ctx context.Context, w io.Writer) error {
		return c.api.Tenant.Export(ctx, org, w)
	}}
}
