package tenant_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tenant"
)

// teams returns the slugs of the teams that a user is in.
func (p *place) teams(org string, who *access.Principal) (slugs []string) {
	p.Helper()
	err := p.engine.Read(context.Background(), func(c store.Conn) error {
		var ids []string
		var err error
		if slugs, ids, err = (tenant.Register{}).Teams(c, org, who.UserID); len(ids) != len(slugs) {
			return fmt.Errorf("%d ids of %d teams", len(ids), len(slugs))
		}
		return err
	})
	if err != nil {
		p.Fatal(err)
	}
	return slugs
}

func TestTeams(t *testing.T) {
	p := newPlace(t, tenant.Register{})
	ctx := context.Background()
	owner, stranger := p.user("owner"), p.user("stranger")
	org, others := p.organization(owner, tenant.Admin, tenant.Member)
	admin, member := others[0], others[1]
	sales, err := p.AddTeam(ctx, admin, org, tenant.NewTeam{Name: "Sales"})
	is(t, "making a team", err, "")
	north, err := p.AddTeam(ctx, admin, org, tenant.NewTeam{Name: "North", Slug: "north-1"})
	if err != nil || sales.Slug != "sales" || north.Slug != "north-1" {
		t.Fatalf("%+v, %+v, %v", sales, north, err)
	}
	_, err = p.AddTeam(ctx, admin, org, tenant.NewTeam{Name: "x", Slug: "sales"})
	is(t, "a slug twice", err, fault.TenantSlugTaken)
	_, err = p.AddTeam(ctx, admin, org, tenant.NewTeam{Name: "x", Slug: "No Slug"})
	is(t, "a bad slug", err, fault.TenantBadSlug)
	for _, who := range []*access.Principal{member, admin} {
		is(t, "assigning", p.Assign(ctx, admin, org, sales.ID, who.UserID), "")
		is(t, "again", p.Assign(ctx, admin, org, sales.ID, who.UserID), "")
	}
	is(t, "assigning to another", p.Assign(ctx, admin, org, north.ID, member.UserID), "")
	is(t, "assigning who is no member", p.Assign(ctx, admin, org, sales.ID, stranger.UserID), fault.TenantNoMember)
	if got := p.teams(org, member); !slices.Equal(got, []string{"north-1", "sales"}) {
		t.Errorf("the member is in %v", got)
	}
	people, err := p.TeamMembers(ctx, member, org, sales.ID, tenant.Page{Limit: 1})
	if err != nil || len(people.Items) != 1 || people.NextCursor == nil {
		t.Errorf("a page of a team: %+v, %v", people, err)
	}
	slug := "accounts"
	_, err = p.ChangeTeam(ctx, admin, org, sales.ID, tenant.ChangeTeam{Slug: &slug})
	is(t, "renaming", err, "")
	list, err := p.ListTeams(ctx, member, org)
	if err != nil || len(list) != 2 || list[0].Slug != "accounts" || list[0].Members != 2 {
		t.Errorf("the list is %+v, %v", list, err)
	}
	is(t, "leaving", p.Unassign(ctx, member, org, north.ID, member.UserID), "")
	is(t, "being left", p.Unassign(ctx, member, org, sales.ID, admin.UserID), fault.TenantNotAllowed)
	is(t, "leaving again", p.Unassign(ctx, member, org, north.ID, member.UserID), fault.TenantNoMember)
	// Who leaves the organization leaves its teams, and does not come back into them.
	is(t, "removing", p.Remove(ctx, owner, org, member.UserID), "")
	_, err = p.Enlist(ctx, "cli", org, tenant.NewMember{UserID: member.UserID})
	is(t, "coming back", err, "")
	if got := p.teams(org, member); len(got) != 0 {
		t.Errorf("who came back is in %v", got)
	}
	is(t, "ending", p.RemoveTeam(ctx, admin, org, sales.ID), "")
	if got := p.teams(org, admin); len(got) != 0 {
		t.Errorf("in %v, which is no more", got)
	}
	// A team of the same slug is another.
	again, err := p.AddTeam(ctx, admin, org, tenant.NewTeam{Name: "Accounts"})
	if err != nil || again.Slug != "accounts" || again.ID == sales.ID || again.Members != 0 {
		t.Errorf("the team anew: %+v, %v", again, err)
	}
}

// TestAttack037_ForeignTeams: a team is reached through its own organization
// only, and by who has the permission.
func TestAttack037_ForeignTeams(t *testing.T) {
	p := newPlace(t, tenant.Register{})
	ctx := context.Background()
	ada, eve := p.user("ada"), p.user("eve")
	acme, members := p.organization(ada, tenant.Member)
	evil, _ := p.organization(eve)
	team, err := p.AddTeam(ctx, ada, acme, tenant.NewTeam{Name: "Secret"})
	is(t, "making a team", err, "")
	for _, c := range []struct {
		by   *access.Principal
		org  string
		want fault.Code
	}{
		{eve, acme, fault.TenantNotFound},
		{eve, evil, fault.TenantNoTeam},
		{members[0], acme, fault.TenantNotAllowed},
	} {
		name := "x"
		_, err := p.ChangeTeam(ctx, c.by, c.org, team.ID, tenant.ChangeTeam{Name: &name})
		is(t, "renaming", err, c.want)
		is(t, "ending", p.RemoveTeam(ctx, c.by, c.org, team.ID), c.want)
		is(t, "assigning", p.Assign(ctx, c.by, c.org, team.ID, c.by.UserID), c.want)
		is(t, "assigning another", p.Assign(ctx, c.by, c.org, team.ID, ada.UserID), c.want)
		is(t, "unassigning", p.Unassign(ctx, c.by, c.org, team.ID, ada.UserID), c.want)
		if c.want != fault.TenantNotAllowed {
			_, err = p.TeamMembers(ctx, c.by, c.org, team.ID, tenant.Page{})
			is(t, "its members", err, c.want)
		}
	}
	if got := p.teams(acme, eve); len(got) != 0 {
		t.Errorf("a stranger is in %v", got)
	}
}

func TestLimitsOfAnOrganization(t *testing.T) {
	p := newPlace(t, tenant.Register{Limits: &config.OrganizationLimits{Members: 3, Teams: 1}})
	ctx := context.Background()
	owner, root := p.user("owner"), p.user("root")
	root.Admin = true
	org, others := p.organization(owner, tenant.Member, tenant.Member)
	full := func(add func() error, want fault.Code) {
		t.Helper()
		is(t, "adding", add(), want)
	}
	member := func() error {
		_, err := p.Enlist(ctx, "cli", org, tenant.NewMember{UserID: p.user(fmt.Sprint("new", len(others))).UserID})
		others = append(others, nil)
		return err
	}
	team := func() error { _, err := p.AddTeam(ctx, owner, org, tenant.NewTeam{Name: "Team"}); return err }
	full(member, fault.TenantLimit)
	full(team, "")
	full(team, fault.TenantLimit)
	four, none := int64(4), int64(0)
	_, err := p.SetLimits(ctx, owner, org, tenant.Override{Members: &four})
	is(t, "by its owner", err, fault.AccessDenied)
	record, err := p.SetLimits(ctx, root, org, tenant.Override{Members: &four, Teams: &none})
	if err != nil || record.Limits.Members != 4 || record.Limits.Teams != 0 {
		t.Errorf("%+v, %v", record, err)
	}
	full(member, "")
	full(member, fault.TenantLimit)
	for range 3 {
		full(team, "")
	}
	if record, err = p.SetLimits(ctx, root, org, tenant.Override{}); err != nil || record.Limits.Members != 3 {
		t.Errorf("%+v, %v", record, err)
	}
	full(member, fault.TenantLimit)
	minus := int64(-1)
	_, err = p.SetLimits(ctx, root, org, tenant.Override{Rows: &minus})
	is(t, "a negative one", err, fault.QueryBadValue)
	_, err = p.SetLimits(ctx, root, tenant.None, tenant.Override{})
	is(t, "of everyone", err, fault.TenantNotFound)
}
