package nodes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/testkit"
)

// lenient asks for a replica, as far behind as the server lets it be.
const lenient = "replica; max-lag=1h"

// replicated starts servers that have a standby to read from, the first of them only
// where it is a second behind at most.
func replicated(t *testing.T) (*pair, *storetest.Pair) {
	t.Helper()
	servers := storetest.NewPair(t)
	servers.Relax()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "database-url"), []byte(servers.URL()), 0o600); err != nil {
		t.Fatal(err)
	}
	lag := func(most time.Duration) testkit.Option {
		return func(o *backend.Options) {
			o.Replicas = []string{servers.Replica()}
			o.Config.Database.MaxLag = most
		}
	}
	return startIn(t, dir, lag(time.Second), lag(time.Hour)), servers
}

// from asks until the answer is from where it is to be.
func from(t *testing.T, where string, ask func() *testkit.Response) *testkit.Response {
	t.Helper()
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		r := ask().Want(200)
		if strings.HasPrefix(r.Header.Get("Loam-Read"), where) {
			return r
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("answered by %q, not by a %s", r.Header.Get("Loam-Read"), where)
		}
	}
}

// TestAttack032_OnAReplica: a standby that has fallen behind lets nobody in who has lost
// a right since: whom a request is from is not asked of it.
func TestAttack032_OnAReplica(t *testing.T) {
	p, servers := replicated(t)
	for i, test := range p.changes() {
		t.Run(test.name, func(t *testing.T) {
			w := p.people(t, i)
			who := w.bob.At(p.b)
			if test.key {
				who = w.key.At(p.b)
			}
			who.Header.Set("Loam-Read", lenient)
			if test.path == "" {
				test.path = "/api/tickets"
			}
			from(t, "replica", func() *testkit.Response { return who.Get("/api/tickets") })
			servers.Pause()
			defer servers.Resume()
			if r := who.Get(test.path).Want(max(test.before, 200)); test.before == 0 && !strings.HasPrefix(r.Header.Get("Loam-Read"), "replica") {
				t.Errorf("answered by %q", r.Header.Get("Loam-Read"))
			}
			test.do(w)
			soon(t, test.status, func() *testkit.Response { return who.Get(test.path) })
		})
	}
}

// A read is answered by a replica where it asks for one, that is near enough, and by the
// primary otherwise; each answer says so. What is no read is the primary's.
func TestReplica(t *testing.T) {
	p, servers := replicated(t)
	first := p.people(t, 0).ada
	ada := first.At(p.b)
	id := ada.Do("POST", "/api/tickets", map[string]any{"title": "one"}).Want(201).String("id")
	asks := func(how string) func() *testkit.Response {
		return func() *testkit.Response { return ada.Do("GET", "/api/tickets", nil, "Loam-Read", how) }
	}
	for began := time.Now(); from(t, "replica", asks("replica")).Len("items") != 1; time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatal("the replica does not follow")
		}
	}
	servers.Pause()
	ada.Do("PATCH", "/api/tickets/"+id, map[string]any{"title": "two"}, "Loam-Read", lenient).Want(200)
	late := ada.Do("POST", "/api/tickets", map[string]any{"title": "late"}).Want(201).String("id")
	graphql := func(document string) func() *testkit.Response {
		return func() *testkit.Response {
			return ada.Do("POST", "/graphql", map[string]any{"query": document}, "Loam-Read", lenient)
		}
	}
	for _, test := range []struct {
		name        string
		ask         func() *testkit.Response
		status      int
		from, holds string
	}{
		{"a list", asks(lenient), 200, "replica; lag=", `"one"`},
		{"a list with its count", func() *testkit.Response { return ada.Do("GET", "/api/tickets?count=true", nil, "Loam-Read", lenient) }, 200, "replica; lag=", `"total":1`},
		{"a row", func() *testkit.Response { return ada.Do("GET", "/api/tickets/"+id, nil, "Loam-Read", lenient) }, 200, "replica; lag=", `"one"`},
		{"a row that it has not", func() *testkit.Response { return ada.Do("GET", "/api/tickets/"+late, nil, "Loam-Read", lenient) }, 404, "replica; lag=", ""},
		{"an aggregate", func() *testkit.Response {
			return ada.Do("GET", "/api/tickets:aggregate", nil, "Loam-Read", lenient)
		}, 200, "replica; lag=", `"count":1`},
		{"a query", graphql(`{ listTickets { items { title } } getTicket(id: "` + id + `") { title } }`), 200, "replica; lag=", `"one"`},
		{"a mutation", graphql(`mutation { updateTicket(input: {id: "` + id + `", title: "two"}) { title } }`), 200, "", `"two"`},
		{"as of now", asks("primary"), 200, "primary", `"two"`},
		{"a list that is to be newer", asks("replica; max-lag=1ms"), 200, "primary", `"two"`},
		{"who does not ask", func() *testkit.Response { return ada.Get("/api/tickets") }, 200, "", `"two"`},
		{"something else", asks("standby"), 400, "", "Loam-Read is replica"},
		{"a lag of nothing", asks("replica; max-lag=soon"), 400, "", "Loam-Read is replica"},
		{"two parameters", asks("replica; max-lag=1s; max-lag=2s"), 400, "", "Loam-Read is replica"},
		{"something else of GraphQL", func() *testkit.Response {
			return ada.Do("POST", "/graphql", map[string]any{"query": "{ __typename }"}, "Loam-Read", "standby", "Accept", "application/graphql-response+json")
		}, 400, "", "Loam-Read is replica"},
	} {
		r := test.ask().Want(test.status)
		if got := r.Header.Get("Loam-Read"); !strings.HasPrefix(got, test.from) || (got == "") != (test.from == "") {
			t.Errorf("%s: answered by %q", test.name, got)
		}
		if !strings.Contains(string(r.Body), test.holds) {
			t.Errorf("%s: %s", test.name, r.Body)
		}
	}
	from(t, "primary", func() *testkit.Response { return first.Do("GET", "/api/tickets", nil, "Loam-Read", lenient) })
	servers.Resume()
	for began := time.Now(); from(t, "replica", asks("replica")).Len("items") != 2; time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatal("the replica does not follow")
		}
	}
	p.migrated(servers, ada)
	servers.Lose()
	for range 20 {
		ada.Do("GET", "/api/tickets", nil, "Loam-Read", lenient).Want(200)
	}
	from(t, "primary", asks(lenient))
}

// migrated has a replica that is behind a migration, whose reads the primary answers.
func (p *pair) migrated(servers *storetest.Pair, ada *testkit.Client) {
	p.Helper()
	servers.Pause()
	defer servers.Resume()
	p.b.Use(strings.Replace(tickets, "title: String", "title: String, more: String", 1))
	r := ada.Do("GET", "/api/tickets", nil, "Loam-Read", lenient).Want(200)
	if got := r.Header.Get("Loam-Read"); got != "primary" {
		p.Errorf("after a migration, answered by %q", got)
	}
}
