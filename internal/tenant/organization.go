package tenant

import (
	"context"
	"net/url"
	"regexp"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// ChangeOrganization says what of an organization becomes different; nil stays.
type ChangeOrganization struct {
	Name  *string `json:"name"`
	Slug  *string `json:"slug"`
	Logo  *string `json:"logo"`  // "": none
	Color *string `json:"color"` // "": none
}

const selectOrganization = `SELECT o."id", o."name", o."slug", o."logo", o."color", m."role", o."suspended_at" IS NOT NULL, o."created_at"
	FROM "_members" m JOIN "_orgs" o ON o."id" = m."org" `

func scanOrganization(r store.Row) Organization {
	return Organization{r.Text(0), r.Text(1), r.Text(2), r.Text(3), r.Text(4), Role(r.Text(5)), r.Bool(6), r.Text(7)}
}

// Get returns an organization of the caller's.
func (s *Service) Get(ctx context.Context, p *access.Principal, org string) (Organization, error) {
	var o Organization
	err := s.look(ctx, p, org, func(c store.Conn, _ Role) (err error) {
		o, err = s.organization(c, org, p.UserID)
		return err
	})
	return o, wrap("reading an organization", err)
}

func (s *Service) organization(c store.Conn, org, userID string) (o Organization, err error) {
	err = c.Query(selectOrganization+`WHERE m."org" = ?1 AND m."user_id" = ?2`, []any{org, userID}, func(r store.Row) error {
		o = scanOrganization(r)
		return nil
	})
	if err == nil && o.ID == "" { // an admin of the server is no member
		err = notFound()
	}
	return o, err
}

// Change gives an organization another name, slug, logo or colour; it needs
// organization.update. The slug that it had is free at once, and nothing goes
// with it: everything refers to the id.
func (s *Service) Change(ctx context.Context, p *access.Principal, org string, in ChangeOrganization) (Organization, error) {
	return s.change(ctx, p, org, in, func(store.Conn, Role) error { return nil })
}

// change lets also do what else changes, in the same transaction.
func (s *Service) change(ctx context.Context, p *access.Principal, org string, in ChangeOrganization, also func(store.Conn, Role) error) (Organization, error) {
	if err := s.withOrganizations(); err != nil {
		return Organization{}, err
	}
	if err := in.check(); err != nil {
		return Organization{}, err
	}
	var changed Organization
	err := s.permit(ctx, p, org, config.OrganizationUpdate, func(c store.Conn, role Role) error {
		if in.Slug != nil {
			if err := freeSlug(c, org, *in.Slug); err != nil {
				return err
			}
		}
		if _, err := c.Exec(`UPDATE "_orgs" SET "name" = COALESCE(?2, "name"), "slug" = COALESCE(?3, "slug"), "logo" = COALESCE(?4, "logo"),
			"color" = COALESCE(?5, "color") WHERE "id" = ?1`, org, orNull(in.Name), orNull(in.Slug), orNull(in.Logo), orNull(in.Color)); err != nil {
			return err
		}
		if err := also(c, role); err != nil {
			return err
		}
		var err error
		if changed, err = s.organization(c, org, p.UserID); err != nil {
			return err
		}
		return s.register.record(ctx, c, audit.Event{Action: "org.changed", Org: org, Actor: p.Subject(), Target: "org:" + org,
			Details: map[string]any{"name": changed.Name, "slug": changed.Slug}})
	})
	return changed, wrap("changing an organization", err)
}

// freeSlug refuses a slug that another organization has.
func freeSlug(c store.Conn, org, slug string) error {
	return c.Query(`SELECT 1 FROM "_orgs" WHERE "slug" = ?1 AND "id" <> ?2`, []any{slug, org}, func(store.Row) error {
		return fault.New(fault.TenantSlugTaken, "another organization has the slug %q: choose another", slug).At("slug")
	})
}

// check refuses values that do not fit, and brings the name to the form that is
// stored.
func (in *ChangeOrganization) check() error {
	if in.Name != nil {
		name, err := displayName(*in.Name)
		if err != nil {
			return err
		}
		in.Name = &name
	}
	if in.Slug != nil {
		if err := checkSlug(*in.Slug); err != nil {
			return err
		}
	}
	if in.Logo != nil && *in.Logo != "" {
		if err := checkLogo(*in.Logo); err != nil {
			return err
		}
	}
	if in.Color != nil && *in.Color != "" {
		lower := strings.ToLower(*in.Color)
		if !regexp.MustCompile(`^#[0-9a-f]{6}$`).MatchString(lower) {
			return fault.New(fault.TenantBadBrand, "write the colour as #rrggbb, or \"\" for none").At("color")
		}
		in.Color = &lower
	}
	return nil
}

// checkLogo takes the address of an image that mail programs and pages fetch by
// themselves. The server never does.
func checkLogo(text string) error {
	u, err := url.Parse(text)
	if err != nil || len(text) > maxURL || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsAny(text, " \"'<>\\\n\r\t") {
		return fault.New(fault.TenantBadBrand, "the logo is an https:// address without a user in it, of at most %d bytes, or \"\" for none", maxURL).At("logo")
	}
	return nil
}

// withOrganizations refuses what makes no sense without organizations.
func (s *Service) withOrganizations() error {
	if s.register.Off {
		return withoutOrganizations()
	}
	return nil
}

func withoutOrganizations() *fault.Error {
	return fault.New(fault.TenantOff, "this backend has no organizations: loam.yaml says tenancy: off")
}

// orNull is an argument for a statement: NULL for nil.
func orNull(text *string) any {
	if text == nil {
		return nil
	}
	return *text
}
