package tenant_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/mail"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/tenant"
	"github.com/loam-dev/loam/internal/vault"
)

// place is the room with the room beside it, over a database on disk.
type place struct {
	*tenant.Service
	testing.TB
	auth   *auth.Service
	engine store.Engine
	mail   []mail.Message // sent, or undone with its transaction
	dns    map[string][]string
}

// Send keeps a message: place is the room's mailer.
func (p *place) Send(_ store.Conn, m mail.Message) error {
	p.mail = append(p.mail, m)
	return nil
}

// LookupTXT answers from a map: place is the room's resolver.
func (p *place) LookupTXT(_ context.Context, name string) ([]string, error) {
	if texts, ok := p.dns[name]; ok {
		return texts, nil
	}
	return nil, &net.DNSError{IsNotFound: true}
}

func newPlace(t testing.TB, register tenant.Register) *place {
	return newPlaceOn(t, register, storetest.Chosen(t))
}

func newPlaceOn(t testing.TB, register tenant.Register, d store.Dialect) *place {
	t.Helper()
	ctx := context.Background()
	engine := storetest.Open(t, d)
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(rand.Uint32())
	}
	keys, err := vault.Parse(hex.EncodeToString(key))
	if err != nil {
		t.Fatal(err)
	}
	p := &place{TB: t, engine: engine}
	for range 2 { // a second start finds everything there
		if err := migrate.New(engine, migrate.Options{SystemTables: append(auth.Tables(), tenant.Tables()...)}).Prepare(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if p.auth, err = auth.New(ctx, auth.Config{Engine: engine, Vault: keys, Organizations: register, Settings: config.Default().Auth, Limits: config.Default().Limits, Issuer: "test"}); err != nil {
		t.Fatal(err)
	}
	p.Service = tenant.New(engine, register, p.auth, tenant.Outside{Mailer: p, Resolver: p})
	return p
}

func (p *place) script(statements ...string) {
	p.Helper()
	err := p.engine.Write(context.Background(), func(c store.Conn) error {
		for _, sql := range statements {
			if err := c.Script(sql); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		p.Fatal(err)
	}
}

// user adds an account without an organization, and its caller.
func (p *place) user(name string) *access.Principal {
	p.Helper()
	users, err := p.auth.AddUsers(context.Background(), []auth.SignUp{{Email: name + "@example.com", Name: name}})
	if err != nil {
		p.Fatal(err)
	}
	return &access.Principal{Kind: access.User, UserID: users[0].ID}
}

// organization founds one with the owner, and a user per role given.
func (p *place) organization(owner *access.Principal, roles ...tenant.Role) (string, []*access.Principal) {
	p.Helper()
	ctx := context.Background()
	org, err := p.Create(ctx, owner, tenant.NewOrganization{Name: "Acme"})
	if err != nil {
		p.Fatal(err)
	}
	var others []*access.Principal
	for _, role := range roles {
		u := p.user(string(role) + "-" + uuid.NewString())
		if err := p.Appoint(ctx, org.ID, u.UserID, role); err != nil {
			p.Fatal(err)
		}
		others = append(others, u)
	}
	return org.ID, others
}

// acquaint makes users members of an organization of their own.
func (p *place) acquaint(users ...*access.Principal) {
	p.Helper()
	org, _ := p.organization(p.user(uuid.NewString()))
	for _, u := range users {
		if err := p.Appoint(context.Background(), org, u.UserID, tenant.Member); err != nil {
			p.Fatal(err)
		}
	}
}

// role reads the stored role, "" for none.
func (p *place) role(org string, who *access.Principal) (role tenant.Role) {
	p.Helper()
	err := p.engine.Read(context.Background(), func(c store.Conn) error {
		role = ""
		return c.Query(`SELECT "role" FROM "_members" WHERE "org" = ?1 AND "user_id" = ?2`, []any{org, who.UserID}, func(r store.Row) error {
			role = tenant.Role(r.Text(0))
			return nil
		})
	})
	if err != nil {
		p.Fatal(err)
	}
	return role
}

// is checks that an error is a fault of the code, or no error for "".
func is(t testing.TB, what string, err error, want fault.Code) {
	t.Helper()
	if want == "" && err != nil || want != "" && !fault.Is(err, want) {
		t.Errorf("%s: got %v, want %q", what, err, want)
	}
}

func TestOrganizations(t *testing.T) {
	p := newPlace(t, tenant.Register{})
	ctx := context.Background()
	ada := p.user("ada")
	if orgs, err := p.List(ctx, ada); err != nil || len(orgs) != 0 || orgs == nil {
		t.Errorf("without any: %v, %v", orgs, err)
	}
	first, err := p.Create(ctx, ada, tenant.NewOrganization{Name: " First "})
	is(t, "creating", err, "")
	second, err := p.Create(ctx, ada, tenant.NewOrganization{Name: "First"}) // names need not differ
	is(t, "creating another", err, "")
	orgs, err := p.List(ctx, ada)
	if err != nil || !slices.Equal(orgs, []tenant.Organization{first, second}) || first.Name != "First" || first.Role != tenant.Owner {
		t.Errorf("the list is %+v, %v", orgs, err)
	}
	for _, name := range []string{"", " ", "a\nb", strings.Repeat("x", 201)} {
		_, err := p.Create(ctx, ada, tenant.NewOrganization{Name: name})
		is(t, name, err, fault.TenantBadName)
	}
	_, err = p.Create(ctx, &access.Principal{}, tenant.NewOrganization{Name: "x"})
	is(t, "creating as nobody", err, fault.AccessSignIn)
	_, err = p.Found(ctx, uuid.NewString(), tenant.NewOrganization{Name: "x"})
	is(t, "for a user that is not", err, fault.TenantNoUser)
	for range 98 {
		if _, err := p.Create(ctx, ada, tenant.NewOrganization{Name: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = p.Create(ctx, ada, tenant.NewOrganization{Name: "x"})
	is(t, "one too many", err, fault.TenantLimit)
	if orgs, _ = p.List(ctx, ada); len(orgs) != 100 {
		t.Errorf("%d organizations", len(orgs))
	}
}

// TestAttack037_ForeignOrganizations: to who is no member, an organization
// answers like one that does not exist, whatever is asked of it.
func TestAttack037_ForeignOrganizations(t *testing.T) {
	p := newPlace(t, tenant.Register{})
	ctx := context.Background()
	owner, stranger := p.user("owner"), p.user("stranger")
	org, _ := p.organization(owner)
	answers := map[string][]string{}
	for _, id := range []string{org, uuid.NewString(), tenant.None, "", "../x", "' OR 1=1 --"} {
		for name, ask := range map[string]func() error{
			"members": func() error { _, err := p.Members(ctx, stranger, id, tenant.Page{}); return err },
			"add": func() error {
				_, err := p.Add(ctx, stranger, id, tenant.NewMember{UserID: stranger.UserID})
				return err
			},
			"add by address": func() error {
				_, err := p.Add(ctx, stranger, id, tenant.NewMember{Email: "owner@example.com"})
				return err
			},
			"role": func() error {
				_, err := p.SetRole(ctx, stranger, id, owner.UserID, tenant.ChangeMember{Role: tenant.Member})
				return err
			},
			"remove": func() error { return p.Remove(ctx, stranger, id, owner.UserID) },
			"leave":  func() error { return p.Remove(ctx, stranger, id, stranger.UserID) },
		} {
			err := ask()
			is(t, name, err, fault.TenantNotFound)
			answers[fault.Of(err).Message] = append(answers[fault.Of(err).Message], name)
		}
	}
	if len(answers) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
	if p.role(org, owner) != tenant.Owner || p.role(org, stranger) != "" {
		t.Error("a stranger has changed something")
	}
}

// TestAttack114_RolesByRole lets every role do everything to every role.
func TestAttack114_RolesByRole(t *testing.T) {
	p := newPlace(t, tenant.Register{})
	ctx := context.Background()
	roles := []tenant.Role{tenant.Owner, tenant.Admin, tenant.Member}
	may := func(caller, target, becomes tenant.Role) bool {
		return caller == tenant.Owner || caller == tenant.Admin && target != tenant.Owner && becomes != tenant.Owner
	}
	want := func(allowed bool) fault.Code {
		if allowed {
			return ""
		}
		return fault.TenantNotAllowed
	}
	root := p.user("root")
	org, callers := p.organization(root, roles...)
	for _, caller := range callers {
		role := p.role(org, caller)
		for _, to := range roles {
			newcomer := p.user("new-" + uuid.NewString())
			p.acquaint(caller, newcomer)
			_, err := p.Add(ctx, caller, org, tenant.NewMember{UserID: newcomer.UserID, Role: to})
			is(t, fmt.Sprintf("%s adds a %s", role, to), err, want(may(role, tenant.Member, to)))
		}
		for _, target := range roles {
			for _, to := range roles {
				victim := p.user("victim-" + uuid.NewString())
				is(t, "appointing", p.Appoint(ctx, org, victim.UserID, target), "")
				_, err := p.SetRole(ctx, caller, org, victim.UserID, tenant.ChangeMember{Role: to})
				is(t, fmt.Sprintf("%s makes a %s a %s", role, target, to), err, want(may(role, target, to)))
				if err != nil && p.role(org, victim) != target {
					t.Errorf("%s was refused and made a %s a %s", role, target, p.role(org, victim))
				}
			}
			victim := p.user("victim-" + uuid.NewString())
			is(t, "appointing", p.Appoint(ctx, org, victim.UserID, target), "")
			err := p.Remove(ctx, caller, org, victim.UserID)
			is(t, fmt.Sprintf("%s removes a %s", role, target), err, want(may(role, target, tenant.Member)))
		}
		_, err := p.SetRole(ctx, caller, org, caller.UserID, tenant.ChangeMember{Role: tenant.Owner})
		is(t, fmt.Sprintf("%s promotes themself", role), err, want(role == tenant.Owner))
		is(t, "leaving", p.Remove(ctx, caller, org, caller.UserID), "")
		_, err = p.Members(ctx, caller, org, tenant.Page{})
		is(t, "having left", err, fault.TenantNotFound)
	}
}

// TestAttack114_LastOwner: an organization keeps an owner, even when all of its
// owners leave or demote each other at once.
func TestAttack114_LastOwner(t *testing.T) {
	p := newPlace(t, tenant.Register{})
	ctx := context.Background()
	owner := p.user("owner")
	org, _ := p.organization(owner, tenant.Admin)
	err := p.Remove(ctx, owner, org, owner.UserID)
	is(t, "the last owner leaves", err, fault.TenantLastOwner)
	if fault.Of(err).Status() != 403 {
		t.Errorf("status %d", fault.Of(err).Status())
	}
	_, err = p.SetRole(ctx, owner, org, owner.UserID, tenant.ChangeMember{Role: tenant.Member})
	is(t, "the last owner steps down", err, fault.TenantLastOwner)
	is(t, "appointed down", p.Appoint(ctx, org, owner.UserID, tenant.Admin), fault.TenantLastOwner)
	_, err = p.SetRole(ctx, owner, org, owner.UserID, tenant.ChangeMember{Role: tenant.Owner})
	is(t, "the last owner stays", err, "")

	for round := range 10 {
		org, owners := p.organization(p.user(fmt.Sprint("owner", round)), slices.Repeat([]tenant.Role{tenant.Owner}, 8)...)
		var group sync.WaitGroup
		for i, who := range owners {
			next := owners[(i+1)%len(owners)]
			group.Go(func() {
				_, _ = p.SetRole(ctx, who, org, next.UserID, tenant.ChangeMember{Role: tenant.Member})
			})
			group.Go(func() { _ = p.Remove(ctx, who, org, who.UserID) })
		}
		group.Wait()
		// The founder is an owner yet: whoever is left now goes, one by one.
		people, err := p.people(org)
		if err != nil {
			t.Fatal(err)
		}
		var leaving sync.WaitGroup
		for _, person := range people {
			leaving.Go(func() {
				_ = p.Remove(ctx, &access.Principal{Kind: access.User, UserID: person}, org, person)
			})
		}
		leaving.Wait()
		if n := p.owners(org); n != 1 {
			t.Fatalf("round %d: %d owners are left", round, n)
		}
	}
}

// people lists the members' ids.
func (p *place) people(org string) (ids []string, err error) {
	err = p.engine.Read(context.Background(), func(c store.Conn) error {
		ids = nil
		return c.Query(`SELECT "user_id" FROM "_members" WHERE "org" = ?1`, []any{org}, func(r store.Row) error {
			ids = append(ids, r.Text(0))
			return nil
		})
	})
	return ids, err
}

func (p *place) owners(org string) (n int64) {
	p.Helper()
	err := p.engine.Read(context.Background(), func(c store.Conn) error {
		return c.Query(`SELECT COUNT(*) FROM "_members" WHERE "org" = ?1 AND "role" = 'owner'`, []any{org}, func(r store.Row) error {
			n = r.Int(0)
			return nil
		})
	})
	if err != nil {
		p.Fatal(err)
	}
	return n
}

func TestAddingMembers(t *testing.T) {
	p := newPlace(t, tenant.Register{})
	ctx := context.Background()
	owner, guest, stranger := p.user("owner"), p.user("guest"), p.user("stranger")
	org, _ := p.organization(owner)
	p.acquaint(owner, guest)
	for name, test := range map[string]struct {
		in   tenant.NewMember
		want fault.Code
	}{
		"nobody":          {tenant.NewMember{}, fault.TenantNoUser},
		"both":            {tenant.NewMember{UserID: guest.UserID, Email: "guest@example.com"}, fault.TenantNoUser},
		"unknown id":      {tenant.NewMember{UserID: uuid.NewString()}, fault.TenantStranger},
		"unknown address": {tenant.NewMember{Email: "nobody@example.com"}, fault.TenantStranger},
		"stranger's id":   {tenant.NewMember{UserID: stranger.UserID}, fault.TenantStranger},
		"their address":   {tenant.NewMember{Email: "stranger@example.com"}, fault.TenantStranger},
		"bad address":     {tenant.NewMember{Email: "nobody"}, fault.AuthBadEmail},
		"bad role":        {tenant.NewMember{UserID: guest.UserID, Role: "root"}, fault.TenantBadRole},
		"role in capital": {tenant.NewMember{UserID: guest.UserID, Role: "Owner"}, fault.TenantBadRole},
		"themself":        {tenant.NewMember{UserID: owner.UserID}, fault.TenantMember},
	} {
		_, err := p.Add(ctx, owner, org, test.in)
		is(t, name, err, test.want)
	}
	added, err := p.Add(ctx, owner, org, tenant.NewMember{Email: " GUEST@example.com"})
	if err != nil || added.UserID != guest.UserID || added.Role != tenant.Member || added.Email != "guest@example.com" {
		t.Errorf("added %+v, %v", added, err)
	}
	_, err = p.Add(ctx, owner, org, tenant.NewMember{UserID: guest.UserID, Role: tenant.Admin})
	is(t, "twice", err, fault.TenantMember)
	if p.role(org, guest) != tenant.Member {
		t.Error("adding again changes the role")
	}
	_, err = p.SetRole(ctx, owner, org, uuid.NewString(), tenant.ChangeMember{Role: tenant.Admin})
	is(t, "changing who is no member", err, fault.TenantNoMember)
	_, err = p.SetRole(ctx, owner, org, guest.UserID, tenant.ChangeMember{})
	is(t, "changing to no role", err, fault.TenantBadRole)
	is(t, "removing who is no member", p.Remove(ctx, owner, org, uuid.NewString()), fault.TenantNoMember)
}

func TestMembersComeInPages(t *testing.T) {
	p := newPlace(t, tenant.Register{})
	ctx := context.Background()
	owner := p.user("owner")
	org, others := p.organization(owner, slices.Repeat([]tenant.Role{tenant.Member}, 24)...)
	var seen []string
	page, pages := tenant.Page{Limit: 10}, 0
	for {
		people, err := p.Members(ctx, others[3], org, page)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, person := range people.Items {
			seen = append(seen, person.UserID)
		}
		if people.NextCursor == nil {
			break
		}
		page.After = *people.NextCursor
	}
	if pages != 3 || len(seen) != 25 || !slices.IsSorted(seen) || len(slices.Compact(seen)) != 25 {
		t.Errorf("%d pages with %d members", pages, len(seen))
	}
	for _, limit := range []int{-1, 1001, 1 << 40} {
		_, err := p.Members(ctx, owner, org, tenant.Page{Limit: limit})
		is(t, fmt.Sprint("limit ", limit), err, fault.QueryLimit)
	}
}

// TestTenancyOff puts everyone into one organization, without a way into
// another and with nobody above the rest.
func TestTenancyOff(t *testing.T) {
	p := newPlace(t, tenant.Register{Off: true})
	ctx := context.Background()
	var users []auth.Session
	for _, name := range []string{"first", "second"} {
		session, err := p.auth.SignUp(ctx, auth.SignUp{Email: name + "@example.com", Password: "a password"}, auth.Client{})
		if err != nil {
			t.Fatal(err)
		}
		who, err := p.auth.Verify(ctx, string(session.AccessToken))
		if err != nil || who.Org != tenant.None || who.Role != "member" || session.Session.Organization.ID != tenant.None {
			t.Errorf("%s is %+v, %v", name, who, err)
		}
		_, err = p.Create(ctx, who, tenant.NewOrganization{Name: "x"})
		is(t, "founding", err, fault.TenantOff)
		users = append(users, *session.Session)
	}
	is(t, "appointing", p.Appoint(ctx, tenant.None, users[1].User.ID, tenant.Admin), "")
	if who, err := p.auth.Verify(ctx, string(users[1].AccessToken)); err != nil || who.Role != "admin" {
		t.Errorf("the appointed admin is %+v, %v", who, err)
	}
	added := p.user("added")
	is(t, "enrolling", p.engine.Write(ctx, tenant.Register{Off: true}.Enroll), "")
	if p.role(tenant.None, added) != tenant.Member {
		t.Error("a user from before is not enrolled")
	}
}

// TestKnown tells the organizations of a backend from all other ids.
func TestKnown(t *testing.T) {
	ctx := context.Background()
	p, off := newPlace(t, tenant.Register{}), newPlace(t, tenant.Register{Off: true})
	org, _ := p.organization(p.user("ada"))
	for name, test := range map[string]struct {
		of        *tenant.Service
		ref, want string
	}{
		"one": {p.Service, org, org}, "none": {p.Service, "", ""}, "another's": {off.Service, org, ""}, "everyone's with organizations": {p.Service, tenant.None, ""},
		"everyone's with tenancy off": {off.Service, tenant.None, tenant.None}, "the one there is": {off.Service, "", tenant.None},
	} {
		if got, err := test.of.Meant(ctx, test.ref); got != test.want || (got == "") != fault.Is(err, fault.TenantNotFound) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestUserView shows the members of each organization, and nothing secret.
func TestUserView(t *testing.T) {
	p := newPlace(t, tenant.Register{})
	if err := migrate.New(p.engine, migrate.Options{Views: tenant.Views()}).Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	org, others := p.organization(p.user("owner"), tenant.Admin)
	p.organization(p.user("stranger"))
	var rows []string
	err := p.engine.Read(context.Background(), func(c store.Conn) error {
		rows = nil
		c.Enter(org)
		return c.Query(`SELECT "id", "name", "role", "email", "createdAt", "updatedAt", "_version" FROM "User" WHERE "_org" = ?1 ORDER BY "id"`,
			[]any{org}, func(r store.Row) error {
				if len(r.Text(4)) != 24 || len(r.Text(5)) != 24 || r.Int(6) != 1 || r.Text(3) == "" {
					t.Errorf("the row of %s is incomplete", r.Text(1))
				}
				rows = append(rows, r.Text(0)+" "+r.Text(2))
				return nil
			})
	})
	if err != nil || len(rows) != 2 || rows[1] != others[0].UserID+" admin" {
		t.Errorf("the view shows %q, %v", rows, err)
	}
}
