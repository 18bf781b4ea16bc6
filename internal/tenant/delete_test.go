package tenant_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tenant"
)

// rows of an app without any, whose removal fails as often as it is told to.
type rows struct{ fail int }

func (r *rows) ExportOrganization(_ context.Context, org string, w io.Writer) error {
	_, err := fmt.Fprintf(w, "{\"model\":\"Task\",\"row\":%q}\n", org)
	return err
}

func (r *rows) DeleteOrganization(context.Context, string) error {
	if r.fail--; r.fail >= 0 {
		return errors.New("the server died")
	}
	return nil
}

func (r *rows) CountRows(context.Context, string) (map[string]int64, error) { return nil, nil }

func TestDeletingAnOrganization(t *testing.T) {
	p := newPlace(t, tenant.Register{})
	p.Service = tenant.New(p.engine, tenant.Register{}, p.auth, tenant.Outside{Mailer: p, Resolver: p, Rows: &rows{fail: 2}})
	ctx := context.Background()
	owner := p.verified("owner")
	org, others := p.organization(owner, tenant.Admin)
	other, _ := p.organization(owner)
	team, err := p.AddTeam(ctx, owner, org, tenant.NewTeam{Name: "Sales"})
	is(t, "a team", err, "")
	is(t, "its member", p.Assign(ctx, owner, org, team.ID, owner.UserID), "")
	_, token := p.invited(owner, org, "ada@example.com", tenant.Member)
	p.owned(owner, org, "acme.example")

	var out bytes.Buffer
	is(t, "exporting as an admin", p.MayExport(ctx, others[0], org), "")
	is(t, "exporting as a stranger", p.MayExport(ctx, p.user("eve"), org), fault.TenantNotFound)
	is(t, "exporting", p.Export(ctx, org, &out), "")
	for _, want := range []string{`{"organization":{"id":"` + org, `{"member":{"userId":"` + owner.UserID, `"slug":"sales"`, `{"teamMember":`,
		`"email":"ada@example.com"`, `"domain":"acme.example"`, `{"model":"Task","row":"` + org} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the export lacks %s:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), string(token)) || strings.Contains(out.String(), other) {
		t.Errorf("the export has more than it may:\n%s", out.String())
	}

	is(t, "as an admin", p.Delete(ctx, others[0], org, tenant.Deletion{Confirm: "acme"}), fault.TenantNotAllowed)
	for _, confirm := range []string{"", "Acme", org} {
		is(t, "unconfirmed", p.Delete(ctx, owner, org, tenant.Deletion{Confirm: confirm}), fault.TenantUnconfirmed)
	}
	is(t, "purging what is not deleted", p.Purge(ctx, org), "")
	is(t, "deleting", p.Delete(ctx, owner, org, tenant.Deletion{Confirm: "acme"}), "")
	// Gone for everyone, before anything is removed.
	_, err = p.Get(ctx, owner, org)
	is(t, "reading", err, fault.TenantNotFound)
	is(t, "deleting again", p.Delete(ctx, owner, org, tenant.Deletion{Confirm: "acme"}), fault.TenantNotFound)
	_, err = p.Offer(ctx, token)
	is(t, "its invitation", err, fault.TenantNoInvitation)
	is(t, "appointing", p.Appoint(ctx, org, p.user("x").UserID, tenant.Member), fault.TenantNotFound)
	is(t, "its standing", p.engine.Read(ctx, func(c store.Conn) error { return tenant.Register{}.Standing(c, org, "") }), fault.TenantNotFound)
	if orgs, err := p.List(ctx, owner); err != nil || len(orgs) != 1 || orgs[0].ID != other {
		t.Errorf("the owner has %+v, %v", orgs, err)
	}
	// Slug and domain are free, and lead nowhere.
	fresh, _ := p.organization(owner)
	p.owned(owner, fresh, "acme.example")
	if o, err := p.Get(ctx, owner, fresh); err != nil || o.Slug != "acme" {
		t.Errorf("the new one is %+v, %v", o, err)
	}
	for range 2 {
		if err := p.Purge(ctx, org); err == nil {
			t.Error("a purge that failed says that it did not")
		}
	}
	is(t, "purging", p.Purge(ctx, org), "")
	is(t, "again", p.Purge(ctx, org), "")
	for _, table := range []string{"_members", "_teams", "_team_members", "_invitations", "_domains", "_api_keys"} {
		if err := p.engine.Read(ctx, func(c store.Conn) error {
			return c.Query(`SELECT 1 FROM "`+table+`" WHERE "org" = ?1`, []any{org}, func(store.Row) error { return fmt.Errorf("%s has a row left", table) })
		}); err != nil {
			t.Error(err)
		}
	}
	if p.role(fresh, owner) != tenant.Owner || p.role(other, owner) != tenant.Owner {
		t.Error("another organization has lost its owner")
	}
	_, err = p.Change(ctx, &access.Principal{Kind: access.User, UserID: owner.UserID}, fresh, tenant.ChangeOrganization{Slug: &other})
	is(t, "an id for a slug", err, fault.TenantBadSlug)
}
