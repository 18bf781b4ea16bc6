package tenant_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tenant"
)

// exec runs a statement.
func (p *place) exec(sql string, args ...any) {
	p.Helper()
	if err := p.engine.Write(context.Background(), func(c store.Conn) error {
		_, err := c.Exec(sql, args...)
		return err
	}); err != nil {
		p.Fatal(err)
	}
}

// verified makes a user whose address is theirs.
func (p *place) verified(name string) *access.Principal {
	p.Helper()
	who := p.user(name)
	p.exec(`UPDATE "_users" SET "verified_at" = "created_at" WHERE "id" = ?1`, who.UserID)
	return who
}

// invited invites an address and returns the token that was mailed.
func (p *place) invited(by *access.Principal, org, email string, role tenant.Role) (tenant.Invitation, tenant.Token) {
	p.Helper()
	i, err := p.Invite(context.Background(), by, org, tenant.NewInvitation{Email: email, Role: role})
	if err != nil {
		p.Fatal(err)
	}
	return i, p.token()
}

// token is the one of the newest message.
func (p *place) token() tenant.Token {
	p.Helper()
	text, ok := p.mail[len(p.mail)-1].Data["Code"].(string)
	if !ok || len(text) < 40 {
		p.Fatalf("the message has no token: %v", p.mail[len(p.mail)-1])
	}
	return tenant.Token(text)
}

func TestInviting(t *testing.T) {
	p := newPlace(t, tenant.Register{})
	ctx := context.Background()
	owner := p.user("owner")
	org, others := p.organization(owner, tenant.Admin, tenant.Member)
	i, token := p.invited(others[0], org, " Ada@Example.com", "")
	if i.Email != "ada@example.com" || i.Role != tenant.Member || i.InvitedBy != others[0].UserID || i.Expired {
		t.Errorf("%+v", i)
	}
	m := p.mail[0]
	if m.To != "ada@example.com" || m.Template != "invitation" || m.Org != org || m.Data["Organization"] != "Acme" || m.Data["Expires"] != 7*24*time.Hour {
		t.Errorf("%+v", m)
	}
	if text := fmt.Sprintf("%v %s %+v %#v", token, token, token, token); strings.Contains(text, string(token)) {
		t.Errorf("a token is printed: %s", text)
	}
	offer, err := p.Offer(ctx, token)
	if err != nil || offer.Organization.Name != "Acme" || offer.Email != "a**@example.com" || offer.Role != tenant.Member || !strings.HasPrefix(offer.Inviter, "admin-") {
		t.Errorf("the offer is %+v, %v", offer, err)
	}
	for name, c := range map[string]struct {
		by   *access.Principal
		in   tenant.NewInvitation
		want fault.Code
	}{
		"again":            {owner, tenant.NewInvitation{Email: "ada@example.com"}, fault.TenantInvited},
		"a member":         {owner, tenant.NewInvitation{Email: "owner@example.com"}, fault.TenantMember},
		"no address":       {owner, tenant.NewInvitation{Email: "ada"}, fault.AuthBadEmail},
		"no role":          {owner, tenant.NewInvitation{Email: "x@example.com", Role: "root"}, fault.TenantBadRole},
		"by a member":      {others[1], tenant.NewInvitation{Email: "x@example.com"}, fault.TenantNotAllowed},
		"above one's role": {others[0], tenant.NewInvitation{Email: "x@example.com", Role: tenant.Owner}, fault.TenantNotAllowed},
		"by a stranger":    {p.user("stranger"), tenant.NewInvitation{Email: "x@example.com"}, fault.TenantNotFound},
	} {
		_, err := p.Invite(ctx, c.by, org, c.in)
		is(t, name, err, c.want)
	}
	// An owner's invitation to ownership is not an admin's to resend or revoke.
	high, _ := p.invited(owner, org, "next@example.com", tenant.Owner)
	_, err = p.Resend(ctx, others[0], org, high.ID)
	is(t, "resending what one may not give", err, fault.TenantNotAllowed)
	is(t, "revoking it", p.Revoke(ctx, others[0], org, high.ID), fault.TenantNotAllowed)

	_, err = p.Resend(ctx, owner, org, i.ID)
	is(t, "resending", err, "")
	_, err = p.Offer(ctx, token)
	is(t, "the old token", err, fault.TenantNoInvitation)
	fresh := p.token()
	_, err = p.Offer(ctx, fresh)
	is(t, "the new token", err, "")
	list, err := p.Invitations(ctx, owner, org, tenant.Page{Limit: 1})
	if err != nil || len(list.Items) != 1 || list.NextCursor == nil || list.Items[0].ID != i.ID {
		t.Errorf("the list is %+v, %v", list, err)
	}
	is(t, "revoking", p.Revoke(ctx, owner, org, i.ID), "")
	is(t, "again", p.Revoke(ctx, owner, org, i.ID), fault.TenantNoInvitation)
	_, err = p.Accept(ctx, p.verified("ada"), tenant.Answer{Token: fresh})
	is(t, "accepting what is revoked", err, fault.TenantNoInvitation)
}

// TestAttack008_InvitationNeedsTheAddress: a token in other hands, or for an
// address that its account never confirmed, makes nobody a member.
func TestAttack008_InvitationNeedsTheAddress(t *testing.T) {
	p := newPlace(t, tenant.Register{})
	ctx := context.Background()
	owner := p.user("owner")
	org, _ := p.organization(owner)
	i, token := p.invited(owner, org, "victim@example.com", tenant.Admin)
	eve, squatter := p.verified("eve"), p.user("victim") // who signed up with the address and never confirmed it
	for name, c := range map[string]struct {
		by   *access.Principal
		a    tenant.Answer
		want fault.Code
	}{
		"another account":         {eve, tenant.Answer{Token: token}, fault.TenantNotInvited},
		"another account, by id":  {eve, tenant.Answer{ID: i.ID}, fault.TenantNoInvitation},
		"unconfirmed":             {squatter, tenant.Answer{Token: token}, fault.TenantUnverified},
		"unconfirmed, by id":      {squatter, tenant.Answer{ID: i.ID}, fault.TenantNoInvitation},
		"nobody":                  {&access.Principal{}, tenant.Answer{Token: token}, fault.AccessSignIn},
		"neither":                 {eve, tenant.Answer{}, fault.QueryRequired},
		"both":                    {eve, tenant.Answer{ID: i.ID, Token: token}, fault.QueryRequired},
		"truncated":               {squatter, tenant.Answer{Token: token[:len(token)-1]}, fault.TenantNoInvitation},
		"in another case":         {squatter, tenant.Answer{Token: tenant.Token(strings.ToUpper(string(token)))}, fault.TenantNoInvitation},
		"the hash for the token":  {squatter, tenant.Answer{Token: "loami_"}, fault.TenantNoInvitation},
		"another invitation's id": {squatter, tenant.Answer{ID: org}, fault.TenantNoInvitation},
	} {
		_, err := p.Accept(ctx, c.by, c.a)
		is(t, name, err, c.want)
	}
	if offers, err := p.Offers(ctx, squatter); err != nil || len(offers) != 0 {
		t.Errorf("an unconfirmed address is shown %+v, %v", offers, err)
	}
	err := p.engine.Write(ctx, func(c store.Conn) error {
		return tenant.Register{}.AcceptFor(c, string(token), eve.UserID, "eve@example.com")
	})
	is(t, "signing up with another address", err, fault.TenantNotInvited)
	if p.role(org, eve) != "" || p.role(org, squatter) != "" {
		t.Fatal("somebody else has joined")
	}
	// Confirmed, it is theirs, by token or from the list.
	p.exec(`UPDATE "_users" SET "verified_at" = "created_at" WHERE "id" = ?1`, squatter.UserID)
	offers, err := p.Offers(ctx, squatter)
	if err != nil || len(offers) != 1 || offers[0].ID != i.ID {
		t.Fatalf("shown %+v, %v", offers, err)
	}
	joined, err := p.Accept(ctx, squatter, tenant.Answer{ID: i.ID})
	if err != nil || joined.ID != org || joined.Role != tenant.Admin {
		t.Errorf("joined %+v, %v", joined, err)
	}
	_, err = p.Accept(ctx, squatter, tenant.Answer{Token: token})
	is(t, "again", err, fault.TenantNoInvitation)
}

// TestInvitationIsUsedOnce: of a hundred who accept at once, one does.
func TestInvitationIsUsedOnce(t *testing.T) {
	p := newPlace(t, tenant.Register{})
	owner := p.user("owner")
	org, _ := p.organization(owner)
	_, token := p.invited(owner, org, "ada@example.com", tenant.Member)
	ada := p.verified("ada")
	var group sync.WaitGroup
	accepted := make(chan error, 100)
	for range cap(accepted) {
		group.Go(func() {
			_, err := p.Accept(context.Background(), ada, tenant.Answer{Token: token})
			accepted <- err
		})
	}
	group.Wait()
	close(accepted)
	n := 0
	for err := range accepted {
		if err == nil {
			n++
		} else if !fault.Is(err, fault.TenantNoInvitation) {
			t.Error(err)
		}
	}
	if n != 1 {
		t.Errorf("accepted %d times", n)
	}
}

// TestInvitationsEnd by time, by their inviter's fall, and by the
// organization's.
func TestInvitationsEnd(t *testing.T) {
	now := time.Now()
	p := newPlace(t, tenant.Register{Now: func() time.Time { return now }})
	ctx := context.Background()
	owner, root := p.user("owner"), p.user("root")
	root.Admin = true
	org, others := p.organization(owner, tenant.Admin)
	admin := others[0]
	i, token := p.invited(admin, org, "ada@example.com", tenant.Admin)
	holds := func(what string, want fault.Code) {
		t.Helper()
		_, err := p.Offer(ctx, token)
		is(t, what, err, want)
	}
	holds("at first", "")
	_, err := p.Suspend(ctx, root, org, tenant.Suspension{})
	is(t, "suspending", err, "")
	holds("of a suspended organization", fault.TenantNoInvitation)
	_, err = p.Restore(ctx, root, org)
	is(t, "restoring", err, "")
	holds("restored", "")
	_, err = p.SetRole(ctx, owner, org, admin.UserID, tenant.ChangeMember{Role: tenant.Member})
	is(t, "demoting", err, "")
	holds("whose inviter was demoted", fault.TenantNoInvitation)
	is(t, "removing", p.Remove(ctx, owner, org, admin.UserID), "")
	holds("whose inviter was removed", fault.TenantNoInvitation)
	_, err = p.Resend(ctx, owner, org, i.ID)
	is(t, "resending by another", err, "")
	token = p.token()
	holds("with another inviter", "")
	now = now.Add(7 * 24 * time.Hour)
	holds("a week later", fault.TenantNoInvitation)
	list, err := p.Invitations(ctx, owner, org, tenant.Page{})
	if err != nil || len(list.Items) != 1 || !list.Items[0].Expired {
		t.Errorf("the list is %+v, %v", list, err)
	}
	_, token = p.invited(owner, org, "ada@example.com", tenant.Member)
	holds("invited anew", "")
	is(t, "declining", p.Decline(ctx, &access.Principal{}, tenant.Answer{Token: token}), "")
	holds("declined", fault.TenantNoInvitation)
	is(t, "declining again", p.Decline(ctx, &access.Principal{}, tenant.Answer{Token: token}), fault.TenantNoInvitation)
	is(t, "declining by id as nobody", p.Decline(ctx, &access.Principal{}, tenant.Answer{ID: i.ID}), fault.AccessSignIn)
}

func TestInvitationsAreLimited(t *testing.T) {
	now := time.Now()
	p := newPlace(t, tenant.Register{Now: func() time.Time { return now }, Limits: &config.OrganizationLimits{Invitations: 3, Members: 2}})
	ctx := context.Background()
	owner := p.user("owner")
	org, _ := p.organization(owner)
	invite := func(n int) error {
		i, err := p.Invite(ctx, owner, org, tenant.NewInvitation{Email: fmt.Sprintf("user%d@example.com", n)})
		if err == nil {
			is(t, "revoking", p.Revoke(ctx, owner, org, i.ID), "")
		}
		return err
	}
	for n := range 3 {
		is(t, "inviting", invite(n), "")
	}
	is(t, "one too many of a day", invite(3), fault.TenantLimit)
	now = now.Add(25 * time.Hour)
	is(t, "a day later", invite(3), "")
	// A place that is gone by the time of acceptance is not there to take.
	_, first := p.invited(owner, org, "ada@example.com", tenant.Member)
	_, second := p.invited(owner, org, "eve@example.com", tenant.Member)
	ada, eve := p.verified("ada"), p.verified("eve")
	_, err := p.Accept(ctx, ada, tenant.Answer{Token: first})
	is(t, "the last place", err, "")
	_, err = p.Accept(ctx, eve, tenant.Answer{Token: second})
	is(t, "no place", err, fault.TenantLimit)
	is(t, "leaving", p.Remove(ctx, ada, org, ada.UserID), "")
	_, err = p.Accept(ctx, eve, tenant.Answer{Token: second})
	is(t, "the place of who left", err, "")
}

// TestAttack014_InvitingTellsNothing: the one who invites can't tell whether an
// address has an account.
func TestAttack014_InvitingTellsNothing(t *testing.T) {
	p := newPlace(t, tenant.Register{})
	ctx := context.Background()
	owner := p.user("owner")
	org, _ := p.organization(owner)
	p.verified("known")
	p.user("unconfirmed")
	var answers []tenant.Invitation
	for _, email := range []string{"known@example.com", "unconfirmed@example.com", "unknown@example.com"} {
		i, err := p.Invite(ctx, owner, org, tenant.NewInvitation{Email: email})
		is(t, email, err, "")
		i.ID, i.Email, i.CreatedAt, i.ExpiresAt = "", "", "", ""
		answers = append(answers, i)
		last := p.mail[len(p.mail)-1]
		if last.To != email || len(last.Data) != 4 {
			t.Errorf("%s is mailed %+v", email, last)
		}
	}
	if answers[0] != answers[1] || answers[1] != answers[2] {
		t.Errorf("the answers differ: %+v", answers)
	}
}
