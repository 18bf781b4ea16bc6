package tenant_test

import (
	"context"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
	"github.com/loam-dev/loam/internal/tenant"
)

func TestSlugsComeOfNames(t *testing.T) {
	p := newPlace(t, tenant.Register{})
	ada := p.user("ada")
	for _, c := range [][2]string{
		{"Acme", "acme"},
		{"ACME", "acme-2"},
		{"acme!", "acme-3"},
		{"Ärger & Co.", "arger-co"},
		{"Ada's organization", "adas-organization"},
		{"東京", "organization"},
		{"Admin", "organization-2"},
		{"-", "organization-3"},
		{strings.Repeat("long ", 30), "long-long-long-long-long-long-long-long"},
	} {
		org, err := p.Create(context.Background(), ada, tenant.NewOrganization{Name: c[0]})
		if err != nil || org.Slug != c[1] {
			t.Errorf("%q has the slug %q, %v; want %q", c[0], org.Slug, err, c[1])
		}
	}
	for range 20 {
		org, err := p.Create(context.Background(), ada, tenant.NewOrganization{Name: "Acme"})
		if err != nil || !strings.HasPrefix(org.Slug, "acme-") {
			t.Errorf("%q, %v", org.Slug, err)
		}
	}
}

func TestChangingAnOrganization(t *testing.T) {
	p := newPlace(t, tenant.Register{})
	ctx := context.Background()
	owner := p.user("owner")
	org, others := p.organization(owner, tenant.Admin, tenant.Member)
	text := func(s string) *string { return &s }
	got, err := p.Change(ctx, others[0], org, tenant.ChangeOrganization{Name: text(" New "), Logo: text("https://example.com/a.png"), Color: text("#1A7F37")})
	want := tenant.Organization{ID: org, Name: "New", Slug: "acme", Logo: "https://example.com/a.png", Color: "#1a7f37", Role: tenant.Admin, CreatedAt: got.CreatedAt}
	if err != nil || got != want {
		t.Errorf("changed to %+v, %v", got, err)
	}
	got, err = p.Change(ctx, owner, org, tenant.ChangeOrganization{Logo: text(""), Color: text("")})
	if err != nil || got.Logo != "" || got.Color != "" || got.Name != "New" {
		t.Errorf("cleared to %+v, %v", got, err)
	}
	_, err = p.Change(ctx, others[1], org, tenant.ChangeOrganization{Name: text("x")})
	is(t, "by a member", err, fault.TenantNotAllowed)
	_, err = p.Change(ctx, owner, org, tenant.ChangeOrganization{Color: text("red")})
	is(t, "a colour's name", err, fault.TenantBadBrand)
	_, err = p.Change(ctx, p.user("stranger"), org, tenant.ChangeOrganization{Name: text("x")})
	is(t, "by a stranger", err, fault.TenantNotFound)
}

// TestUndeclaredRole: who has a role that the configuration no longer declares
// is a member who may do nothing here, until given another.
func TestUndeclaredRole(t *testing.T) {
	p := newPlace(t, tenant.Register{})
	ctx := context.Background()
	owner := p.user("owner")
	org, others := p.organization(owner, tenant.Admin)
	lost := others[0]
	if err := p.engine.Write(ctx, func(c store.Conn) error {
		_, err := c.Exec(`UPDATE "_members" SET "role" = 'billing' WHERE "user_id" = ?1`, lost.UserID)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	_, err := p.Members(ctx, lost, org, tenant.Page{})
	is(t, "reading members", err, fault.TenantNotAllowed)
	_, err = p.SetRole(ctx, lost, org, lost.UserID, tenant.ChangeMember{Role: tenant.Member})
	is(t, "changing a role", err, fault.TenantNotAllowed)
	_, err = p.Get(ctx, lost, org)
	is(t, "reading the organization", err, "")
	_, err = p.SetRole(ctx, owner, org, lost.UserID, tenant.ChangeMember{Role: "billing"})
	is(t, "giving it", err, fault.TenantBadRole)
	_, err = p.SetRole(ctx, owner, org, lost.UserID, tenant.ChangeMember{Role: tenant.Member})
	is(t, "giving another", err, "")
	roles, err := p.Roles(ctx, lost, org)
	if err != nil || len(roles) != 3 || roles[0].Key != string(tenant.Owner) || len(roles[0].Permissions) != len(config.Permissions()) {
		t.Errorf("the roles are %+v, %v", roles, err)
	}
}

// TestUpgrades brings the tables of the first version to the shape of this one: those
// on SQLite, which was all there was then.
func TestUpgrades(t *testing.T) {
	p := newPlaceOn(t, tenant.Register{}, store.SQLite)
	ctx := context.Background()
	p.script(`DROP TABLE "_team_members"; DROP TABLE "_teams"; DROP TABLE "_members"; DROP TABLE "_orgs"`,
		`CREATE TABLE "_orgs" ("id" TEXT NOT NULL PRIMARY KEY, "name" TEXT NOT NULL, "created_at" TEXT NOT NULL, "updated_at" TEXT NOT NULL) STRICT`,
		`CREATE TABLE "_members" ("org" TEXT NOT NULL REFERENCES "_orgs" ("id") ON DELETE CASCADE, "user_id" TEXT NOT NULL REFERENCES "_users" ("id") ON DELETE CASCADE,
			"role" TEXT NOT NULL CHECK ("role" IN ('owner', 'admin', 'member')), "created_at" TEXT NOT NULL, "updated_at" TEXT NOT NULL, PRIMARY KEY ("org", "user_id")) STRICT`)
	ada := p.user("ada")
	const now = "2025-01-01T00:00:00.000Z"
	if err := p.engine.Write(ctx, func(c store.Conn) error {
		if _, err := c.Exec(`INSERT INTO "_orgs" VALUES ('a', 'Acme', ?1, ?1), (?2, 'Everyone', ?1, ?1)`, now, tenant.None); err != nil {
			return err
		}
		_, err := c.Exec(`INSERT INTO "_members" VALUES ('a', ?1, 'owner', ?2, ?2)`, ada.UserID, now)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	migrator := migrate.New(p.engine, migrate.Options{SystemTables: append(auth.Tables(), tenant.Tables()...),
		Upgrades: tenant.Upgrades(), Views: tenant.Views()})
	for range 2 {
		if err := migrator.Prepare(ctx); err != nil {
			t.Fatal(err)
		}
	}
	orgs, err := p.List(ctx, &access.Principal{Kind: access.User, UserID: ada.UserID})
	if want := (tenant.Organization{ID: "a", Name: "Acme", Slug: "a", Role: tenant.Owner, CreatedAt: now}); err != nil || len(orgs) != 1 || orgs[0] != want {
		t.Errorf("after the upgrade: %+v, %v", orgs, err)
	}
	if _, err := p.Enlist(ctx, "cli", "a", tenant.NewMember{UserID: p.user("bob").UserID}); err != nil {
		t.Error(err)
	}
}
