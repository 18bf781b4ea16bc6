package tenant_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tenant"
)

// publish sets the record that a claim asks for.
func (p *place) publish(d tenant.Domain) {
	if p.dns == nil {
		p.dns = map[string][]string{}
	}
	p.dns[d.Record+"."] = append(p.dns[d.Record+"."], "v=spf1 -all", d.Value)
}

// owned claims a domain and shows it to be the organization's.
func (p *place) owned(by *access.Principal, org, domain string) tenant.Domain {
	p.Helper()
	d, err := p.Claim(context.Background(), by, org, tenant.NewDomain{Domain: domain})
	if err != nil {
		p.Fatal(err)
	}
	p.publish(d)
	if d, err = p.VerifyDomain(context.Background(), by, org, domain); err != nil || d.VerifiedAt == nil {
		p.Fatal(d, err)
	}
	return d
}

// joins confirms a new user's address and tells whether that made them a member.
func (p *place) joins(org, email string) bool {
	p.Helper()
	who := p.user(fmt.Sprint("user", time.Now().UnixNano()))
	if err := p.engine.Write(context.Background(), func(c store.Conn) error {
		return tenant.Register{}.JoinByDomain(c, who.UserID, email)
	}); err != nil {
		p.Fatal(err)
	}
	return p.role(org, who) != ""
}

// TestAttack102_DomainsNeedProof: a domain is an organization's by the DNS
// alone, in one spelling, and no longer than it holds it.
func TestAttack102_DomainsNeedProof(t *testing.T) {
	p := newPlace(t, tenant.Register{})
	ctx := context.Background()
	ada, eve := p.user("ada"), p.user("eve")
	acme, members := p.organization(ada, tenant.Admin, tenant.Member)
	evil, _ := p.organization(eve)
	on := true
	join := tenant.ChangeDomain{AutoJoin: &on}
	for _, bad := range []string{"", "com", "co.uk", "github.io", "gmail.com", "GMAIL.com.", "localhost", "127.0.0.1", "acme.example:443",
		"acme.example/x", "*.acme.example", "-acme.example", "acme..example", "acme.example..", "a cme.example", "ada@acme.example", "xn--a.example", "acme.example." + "\x00"} {
		_, err := p.Claim(ctx, ada, acme, tenant.NewDomain{Domain: bad})
		is(t, bad, err, fault.TenantBadDomain)
	}
	// Whatever eve claims, nothing follows without the record.
	theirs, err := p.Claim(ctx, eve, evil, tenant.NewDomain{Domain: "ACME.example."})
	if err != nil || theirs.Domain != "acme.example" || theirs.Record != "_loam-challenge.acme.example" {
		t.Fatalf("%+v, %v", theirs, err)
	}
	_, err = p.VerifyDomain(ctx, eve, evil, "acme.example")
	is(t, "without a record", err, fault.TenantUnproved)
	_, err = p.SetDomain(ctx, eve, evil, "acme.example", join)
	is(t, "joining by it", err, fault.TenantUnproved)
	mine, err := p.Claim(ctx, members[0], acme, tenant.NewDomain{Domain: "acme.example"})
	if err != nil || mine.Value == theirs.Value {
		t.Fatalf("%+v, %v", mine, err)
	}
	p.publish(mine)
	_, err = p.VerifyDomain(ctx, eve, evil, "acme.example")
	is(t, "with another's record", err, fault.TenantUnproved)
	_, err = p.VerifyDomain(ctx, ada, acme, "Acme.Example")
	is(t, "with the record", err, "")
	p.publish(theirs) // the DNS is careless
	_, err = p.VerifyDomain(ctx, eve, evil, "acme.example")
	is(t, "what another has", err, fault.TenantDomainTaken)
	_, err = p.Claim(ctx, members[1], acme, tenant.NewDomain{Domain: "other.example"})
	is(t, "by a member", err, fault.TenantNotAllowed)

	if p.joins(acme, "x@acme.example") {
		t.Error("joined where that is off")
	}
	_, err = p.SetDomain(ctx, ada, acme, "acme.example", join)
	is(t, "auto-join", err, "")
	for email, want := range map[string]bool{
		"x@acme.example": true, "x@ACME.Example": true, "x@acme.example.": true, "x@sub.acme.example": false, "x@acme.example.org": false,
		"x@notacme.example": false, "acme.example": true, "x@acme.example@evil.example": false, "x@": false, "x@ａcme.example": true, "x@аcme.example": false,
	} {
		if got := p.joins(acme, email); got != want {
			t.Errorf("%q joins: %t", email, got)
		}
	}
	is(t, "releasing", p.Release(ctx, ada, acme, "acme.example"), "")
	if p.joins(acme, "x@acme.example") {
		t.Error("joined by a domain that was released")
	}
	again, err := p.Claim(ctx, ada, acme, tenant.NewDomain{Domain: "acme.example"})
	if err != nil || again.VerifiedAt != nil || again.AutoJoin || again.Value == mine.Value {
		t.Errorf("claimed anew: %+v, %v", again, err)
	}
}

func TestJoiningByDomain(t *testing.T) {
	p := newPlace(t, tenant.Register{Limits: &config.OrganizationLimits{Members: 4, Domains: 2}})
	ctx := context.Background()
	owner, root := p.user("owner"), p.user("root")
	root.Admin = true
	org, members := p.organization(owner, tenant.Admin)
	admin := members[0]
	p.owned(admin, org, "bücher.example")
	on := true
	give := func(by *access.Principal, role tenant.Role) error {
		_, err := p.SetDomain(ctx, by, org, "xn--bcher-kva.example", tenant.ChangeDomain{AutoJoin: &on, Role: &role})
		return err
	}
	is(t, "owners", give(owner, tenant.Owner), fault.TenantBadRole)
	is(t, "admins, by an admin", give(admin, tenant.Admin), "")
	list, err := p.Domains(ctx, admin, org)
	if err != nil || len(list) != 1 || list[0].Domain != "xn--bcher-kva.example" || !list[0].AutoJoin || list[0].Role != tenant.Admin {
		t.Errorf("%+v, %v", list, err)
	}
	if !p.joins(org, "x@bücher.example") {
		t.Error("an address in the domain's other form does not join")
	}
	_, err = p.Suspend(ctx, root, org, tenant.Suspension{})
	is(t, "suspending", err, "")
	if p.joins(org, "x@bücher.example") {
		t.Error("joined a suspended organization")
	}
	_, err = p.Restore(ctx, root, org)
	is(t, "restoring", err, "")
	late := p.user("late")
	if err := p.engine.Write(ctx, func(c store.Conn) error {
		register := tenant.Register{Limits: &config.OrganizationLimits{Members: 3}}
		return register.JoinByDomain(c, late.UserID, "x@bücher.example")
	}); err != nil {
		t.Errorf("a full organization keeps somebody from signing up: %v", err)
	}
	people, err := p.Members(ctx, owner, org, tenant.Page{})
	if err != nil || len(people.Items) != 3 {
		t.Errorf("%d members, %v", len(people.Items), err)
	}
	_, err = p.Claim(ctx, owner, org, tenant.NewDomain{Domain: "two.example"})
	is(t, "a second domain", err, "")
	_, err = p.Claim(ctx, owner, org, tenant.NewDomain{Domain: "two.example"})
	is(t, "again", err, "")
	_, err = p.Claim(ctx, owner, org, tenant.NewDomain{Domain: "three.example"})
	is(t, "a third", err, fault.TenantLimit)
	off := newPlace(t, tenant.Register{NoDomains: true})
	who := off.user("owner")
	other, _ := off.organization(who)
	_, err = off.Claim(ctx, who, other, tenant.NewDomain{Domain: "one.example"})
	is(t, "where there are none", err, fault.TenantNoDomains)
}

// TestRequestsPerMinute of one organization, which are no other's.
func TestRequestsPerMinute(t *testing.T) {
	now := time.Now()
	p := newPlace(t, tenant.Register{Now: func() time.Time { return now }, Limits: &config.OrganizationLimits{RequestsPerMinute: 60}})
	ctx := context.Background()
	root := p.user("root")
	root.Admin = true
	org, _ := p.organization(p.user("owner"))
	other, _ := p.organization(p.user("other"))
	admit := func(org string, n int) (refused int, last error) {
		for range n {
			if err := p.Admit(ctx, &access.Principal{Org: org}); err != nil {
				refused, last = refused+1, err
			}
		}
		return refused, last
	}
	n, err := admit(org, 70)
	is(t, "ten too many", err, fault.TenantTooMany)
	if after := fault.Of(err).RetryAfter; n != 10 || after <= 0 || after > time.Second {
		t.Errorf("%d refused, for %s", n, after)
	}
	if n, _ := admit(other, 60); n != 0 {
		t.Errorf("another organization pays: %d refused", n)
	}
	now = now.Add(2 * time.Second)
	if n, _ := admit(org, 5); n != 3 {
		t.Errorf("two seconds later: %d refused of 5", n)
	}
	more, none := int64(600), int64(0)
	_, err = p.SetLimits(ctx, root, org, tenant.Override{RequestsPerMinute: &more})
	is(t, "raising", err, "")
	now = now.Add(2 * time.Second)
	if n, _ := admit(org, 25); n != 5 {
		t.Errorf("of 600 a minute: %d refused of 25", n)
	}
	_, err = p.SetLimits(ctx, root, org, tenant.Override{RequestsPerMinute: &none})
	is(t, "lifting", err, "")
	if n, _ := admit(org, 1000); n != 0 {
		t.Errorf("%d refused without a limit", n)
	}
	err = p.engine.Write(ctx, func(c store.Conn) error { // as another node does
		_, err := c.Exec(`UPDATE "_orgs" SET "limits" = '{"requestsPerMinute":1}'`)
		return err
	})
	is(t, "lowering", err, "")
	p.ForgetAllLimits()
	if n, _ := admit(org, 3); n != 2 {
		t.Errorf("after all limits were forgotten: %d refused of 3", n)
	}
}

func BenchmarkAdmit(b *testing.B) {
	p := newPlace(b, tenant.Register{Limits: &config.OrganizationLimits{RequestsPerMinute: 10_000_000}})
	org, _ := p.organization(p.user("owner"))
	who := &access.Principal{Org: org}
	for b.Loop() {
		if err := p.Admit(context.Background(), who); err != nil {
			b.Fatal(err)
		}
	}
}

// TestWithoutOrganizations: nothing of organizations answers, and all of it
// answers alike.
func TestWithoutOrganizations(t *testing.T) {
	p := newPlace(t, tenant.Register{Off: true})
	ctx := context.Background()
	who := p.verified("ada")
	is(t, "enrolling", p.engine.Write(ctx, tenant.Register{Off: true}.Enroll), "")
	is(t, "appointing", p.Appoint(ctx, tenant.None, who.UserID, tenant.Owner), "")
	who.Admin = true
	var failed []string
	for name, ask := range map[string]func(org string) error{
		"change":        func(org string) error { _, err := p.Change(ctx, who, org, tenant.ChangeOrganization{}); return err },
		"teams":         func(org string) error { _, err := p.ListTeams(ctx, who, org); return err },
		"a team":        func(org string) error { _, err := p.AddTeam(ctx, who, org, tenant.NewTeam{Name: "x"}); return err },
		"rename a team": func(org string) error { _, err := p.ChangeTeam(ctx, who, org, "x", tenant.ChangeTeam{}); return err },
		"end a team":    func(org string) error { return p.RemoveTeam(ctx, who, org, "x") },
		"assign":        func(org string) error { return p.Assign(ctx, who, org, "x", who.UserID) },
		"unassign":      func(org string) error { return p.Unassign(ctx, who, org, "x", who.UserID) },
		"team members":  func(org string) error { _, err := p.TeamMembers(ctx, who, org, "x", tenant.Page{}); return err },
		"invitations":   func(org string) error { _, err := p.Invitations(ctx, who, org, tenant.Page{}); return err },
		"invite": func(org string) error {
			_, err := p.Invite(ctx, who, org, tenant.NewInvitation{Email: "x@example.com"})
			return err
		},
		"resend":  func(org string) error { _, err := p.Resend(ctx, who, org, "x"); return err },
		"revoke":  func(org string) error { return p.Revoke(ctx, who, org, "x") },
		"offer":   func(string) error { _, err := p.Offer(ctx, "x"); return err },
		"offers":  func(string) error { _, err := p.Offers(ctx, who); return err },
		"accept":  func(string) error { _, err := p.Accept(ctx, who, tenant.Answer{Token: "x"}); return err },
		"decline": func(string) error { return p.Decline(ctx, who, tenant.Answer{Token: "x"}) },
		"domains": func(org string) error { _, err := p.Domains(ctx, who, org); return err },
		"claim": func(org string) error {
			_, err := p.Claim(ctx, who, org, tenant.NewDomain{Domain: "a.example"})
			return err
		},
		"verify":  func(org string) error { _, err := p.VerifyDomain(ctx, who, org, "a.example"); return err },
		"release": func(org string) error { return p.Release(ctx, who, org, "a.example") },
		"suspend": func(org string) error { _, err := p.Suspend(ctx, who, org, tenant.Suspension{}); return err },
		"restore": func(org string) error { _, err := p.Restore(ctx, who, org); return err },
		"limits":  func(org string) error { _, err := p.SetLimits(ctx, who, org, tenant.Override{}); return err },
		"records": func(string) error { _, err := p.Records(ctx, who, "", tenant.Page{}); return err },
		"record":  func(org string) error { _, err := p.Record(ctx, who, org); return err },
	} {
		for _, org := range []string{tenant.None, "another"} {
			if err := ask(org); !fault.Is(err, fault.TenantOff) {
				failed = append(failed, fmt.Sprint(name, " of ", org, ": ", err))
			}
		}
	}
	slices.Sort(failed)
	for _, line := range failed {
		t.Error(line)
	}
	if p.joins(tenant.None, "x@a.example") {
		t.Error("joined by domain")
	}
}
