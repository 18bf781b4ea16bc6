// Package nodes runs several servers on one PostgreSQL database: what one of them
// changes counts on the others.
package nodes

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/testkit"
)

// within is how soon a change counts everywhere, on a machine that has other things to
// do; a second is promised. What nobody tells a node of, it remembers for a minute.
const within = 5 * time.Second

// pair is two servers on one database. Who runs them is signed in on the first.
type pair struct {
	*testing.T
	a, b *testkit.Server
	boss *testkit.Client
	dir  string
	dns  zone
}

// zone is what the DNS says.
type zone map[string]string

// LookupTXT is asked where a domain is verified.
func (z zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	return []string{z[name]}, nil
}

// start starts them; options are for the first alone.
func start(t *testing.T, options ...testkit.Option) *pair {
	t.Helper()
	none := func(*backend.Options) {}
	return startIn(t, t.TempDir(), func(o *backend.Options) {
		for _, option := range options {
			option(o)
		}
	}, none)
}

// startIn starts them on the database of a directory.
func startIn(t *testing.T, dir string, first, second testkit.Option) *pair {
	t.Helper()
	t.Setenv("LOAM_TEST_ENGINE", "postgres")
	p := &pair{T: t, dir: dir, dns: zone{}}
	both := func(o *backend.Options) { o.Data, o.Resolver = p.dir, p.dns }
	p.a, p.b = testkit.New(t, tickets, first, both), testkit.New(t, tickets, second, both)
	p.boss = p.a.SignUp("boss@example.com")
	if err := p.a.Backend.Auth.SetAdmin(t.Context(), p.boss.UserID, true); err != nil {
		t.Fatal(err)
	}
	return p
}

const tickets = `
type Ticket @model @auth(rules: [{ allow: member }, { allow: public, provider: apiKey }]) { title: String }
type Deal @model @auth(rules: [{ allow: member, team: ["sales"] }]) { text: String }`

// soon asks until the answer has the status, and no longer than a change may take.
func soon(t *testing.T, status int, ask func() *testkit.Response) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		r := ask()
		if r.StatusCode == status {
			return
		}
		if time.Since(began) > within {
			t.Fatalf("%s after the change: %d, want %d\n%s", within, r.StatusCode, status, r.Body)
		}
	}
}

// people are an organization: its owner, a member in sales, and an API key.
type people struct {
	ada, bob, key *testkit.Client
	keyID         string
	domain        string // of their addresses
	path, team    string
}

func (p *pair) people(t *testing.T, i int) people {
	domain := fmt.Sprintf("acme%d.example", i)
	ada := p.a.SignUp("ada@" + domain)
	w := people{ada: ada, bob: ada.Join("bob@"+domain, "member"), key: p.a.Anonymous(), path: "/auth/organizations/" + ada.Org, domain: domain}
	key := ada.Do("POST", "/auth/keys", map[string]any{"name": "k"}).Want(201)
	w.key.Header.Set("X-Api-Key", key.String("key"))
	w.keyID = key.String("id")
	w.team = w.path + "/teams/" + ada.Do("POST", w.path+"/teams", map[string]any{"name": "Sales", "slug": "sales"}).Want(201).String("id")
	ada.Do("PUT", w.team+"/members/"+w.bob.UserID, nil).Want(204)
	return w
}

// change is what is done on one server, and what is answered on the other then.
type change struct {
	name   string
	key    bool   // the API key is asked, not bob
	path   string // what is asked for; "": /api/tickets
	before int    // what is answered before; 0: 200
	do     func(w people)
	status int
}

func (p *pair) changes() []change {
	suspend := func(w people) {
		p.boss.Do("POST", "/auth/admin/organizations/"+w.ada.Org+"/suspend", map[string]any{"reason": "unpaid"}).Want(200)
	}
	role := func(role string) func(people) {
		return func(w people) {
			w.ada.Do("PATCH", w.path+"/members/"+w.bob.UserID, map[string]any{"role": role}).Want(200)
		}
	}
	sql := func(script string) func(people) {
		return func(w people) {
			testkit.Meddle(p, p.dir, func(c store.Conn) error { _, err := c.Exec(script, w.ada.Org); return err })
		}
	}
	return []change{
		{name: "signed out", do: func(w people) { w.bob.Do("POST", "/auth/sign-out", nil).Want(204) }, status: 401},
		{name: "signed out everywhere", do: func(w people) { w.bob.Do("DELETE", "/auth/sessions", nil).Want(204) }, status: 401},
		{name: "disabled", do: func(w people) {
			p.boss.Do("PATCH", "/auth/admin/users/"+w.bob.UserID, map[string]any{"disabled": true}).Want(200)
		}, status: 401},
		{name: "deleted", do: func(w people) { p.boss.Do("DELETE", "/auth/admin/users/"+w.bob.UserID, nil).Want(204) }, status: 401},
		{name: "given a role", path: "/auth/keys", before: 403, do: role("admin"), status: 200},
		{name: "disabled by SQL", do: sql(`UPDATE "_users" SET "disabled_at" = "created_at" WHERE "id" IN (SELECT "user_id" FROM "_members" WHERE "org" = ?1)`), status: 401},
		{name: "to sign in elsewhere", do: func(w people) {
			domain := w.path + "/domains"
			claim := w.ada.Do("POST", domain, map[string]any{"domain": w.domain}).Want(201)
			p.dns[claim.String("record")+"."] = claim.String("value")
			w.ada.Do("POST", domain+"/"+w.domain+"/verify", nil).Want(200)
			w.ada.Do("POST", w.path+"/connections", map[string]any{"kind": "saml", "name": "IdP", "enforced": true,
				"saml": map[string]any{"metadata": testkit.NewSAMLProvider(p).Metadata()}}).Want(201)
		}, status: 401},
		{name: "removed", do: func(w people) { w.ada.Do("DELETE", w.path+"/members/"+w.bob.UserID, nil).Want(204) }, status: 401},
		{name: "out of the team", path: "/api/deals", do: func(w people) { w.ada.Do("DELETE", w.team+"/members/"+w.bob.UserID, nil).Want(204) }, status: 403},
		{name: "team with another slug", path: "/api/deals", do: func(w people) { w.ada.Do("PATCH", w.team, map[string]any{"slug": "emea"}).Want(200) }, status: 403},
		{name: "team deleted", path: "/api/deals", do: func(w people) { w.ada.Do("DELETE", w.team, nil).Want(204) }, status: 403},
		{name: "suspended", do: suspend, status: 403},
		{name: "suspended, the key", key: true, do: suspend, status: 403},
		{name: "key revoked", key: true, do: func(w people) { w.ada.Do("DELETE", "/auth/keys/"+w.keyID, nil).Want(204) }, status: 401},
		{name: "fewer requests", do: func(w people) {
			p.boss.Do("PUT", "/auth/admin/organizations/"+w.ada.Org+"/limits", map[string]any{"requestsPerMinute": 1}).Want(200)
		}, status: 429},
		{name: "organization deleted", key: true, do: func(w people) {
			slug := p.boss.Get("/auth/admin/organizations/" + w.ada.Org).Want(200).String("slug")
			w.ada.Do("DELETE", w.path, map[string]any{"confirm": slug}).Want(204)
		}, status: 401},
	}
}

// TestAttack032_OnAnotherNode: whoever loses a right by one server has lost it on
// another, which knew them, within a second.
func TestAttack032_OnAnotherNode(t *testing.T) {
	p := start(t)
	for i, test := range p.changes() {
		t.Run(test.name, func(t *testing.T) {
			w := p.people(t, i)
			who := w.bob.At(p.b)
			if test.key {
				who = w.key.At(p.b)
			}
			if test.path == "" {
				test.path = "/api/tickets"
			}
			for range 3 {
				who.Get(test.path).Want(max(test.before, 200))
			}
			test.do(w)
			soon(t, test.status, func() *testkit.Response { return who.Get(test.path) })
		})
	}
}

// A token is good on every node at once, whichever has the newest key; and what signs
// is soon the same key everywhere.
func TestKeysRotate(t *testing.T) {
	p := start(t)
	for range 3 {
		before := p.a.SignIn("boss@example.com")
		if err := p.a.Backend.Auth.RotateKeys(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, c := range []*testkit.Client{p.a.SignIn("boss@example.com"), before} {
			c.At(p.b).Get("/auth/me").Want(200)
		}
	}
	newest := p.a.Anonymous().Get("/.well-known/jwks.json").String("keys", 0, "kid")
	for began := time.Now(); p.b.Anonymous().Get("/.well-known/jwks.json").String("keys", 0, "kid") != newest; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > within {
			t.Fatal("the other server signs with a key of before")
		}
	}
}

// A job that one server has added is done by whichever works on jobs.
func TestJobsAreDoneElsewhere(t *testing.T) {
	p := start(t, func(o *backend.Options) { o.Idle = true })
	w := p.people(t, 1)
	p.boss.Do("DELETE", "/auth/admin/users/"+w.bob.UserID, nil).Want(204)
	left := 1
	for began := time.Now(); left > 0; time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatal("a job that another server has added is not done")
		}
		testkit.Meddle(t, p.dir, func(c store.Conn) error {
			return c.Query(`SELECT COUNT(*) FROM "_jobs" WHERE "kind" = ?1`, []any{auth.RowsJob}, func(r store.Row) error { left = int(r.Int(0)); return nil })
		})
	}
}
