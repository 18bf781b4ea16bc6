package nodes

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/bus/bustest"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/testkit"
)

const theConnections = "/console/api/connections"

// listed asks until the page is as wanted: a machine that is busy may let a server be
// late with its answer.
func listed(t *testing.T, by *testkit.Client, path, what string, is func(*testkit.Response) bool) *testkit.Response {
	t.Helper()
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		r := by.Get(path).Want(200)
		if is(r) {
			return r
		}
		if time.Since(began) > goesOn {
			t.Fatalf("%s: %s", what, r.Body)
		}
	}
}

// end ends a connection. One that was late to answer may have ended it by the next try.
func end(t *testing.T, by *testkit.Client, id string, status int) {
	t.Helper()
	late := false
	for began := time.Now(); ; late = true {
		r := by.Do("DELETE", theConnections+"/"+id, nil)
		if r.StatusCode != 503 {
			if r.StatusCode != status && !(late && r.StatusCode == 404) {
				t.Fatalf("ending %s: %d %s", id, r.StatusCode, r.Body)
			}
			return
		}
		if time.Since(began) > goesOn {
			t.Fatalf("ending %s: %s", id, r.Body)
		}
	}
}

// silent are the servers that did not answer.
func silent(r *testkit.Response) (out []string) {
	for i := range r.Len("nodes") {
		if r.Value("nodes", i, "silent") == true {
			out = append(out, r.String("nodes", i, "id"))
		}
	}
	return out
}

func ids(r *testkit.Response) (out []string) {
	for i := range r.Len("items") {
		out = append(out, r.String("items", i, "id"))
	}
	return out
}

// nodeOf is the id of the server that has a connection.
func nodeOf(id string) string { node, _, _ := strings.Cut(id, "."); return node }

// Whichever server is asked lists the connections of all, page by page, and ends any.
func TestConnectionsOfAll(t *testing.T) {
	p := start(t)
	ada := p.a.SignUp("ada@example.com")
	var live []*testkit.Events
	for i := range 5 { // in turn on the one and the other
		at := ada
		if i%2 == 1 {
			at = ada.At(p.b)
		}
		e := at.Follow("/api/tickets", "")
		e.Next()
		live = append(live, e)
	}
	all := listed(t, p.boss, theConnections, "both list five", func(r *testkit.Response) bool { return r.Len("items") == 5 && r.Len("nodes") == 2 && silent(r) == nil })
	want := ids(all)
	first, second := nodeOf(want[0]), nodeOf(want[1])
	for i, id := range want {
		if nodeOf(id) != []string{first, second}[i%2] || first == second {
			t.Errorf("they are not by age: %v", want)
		}
		if name := all.String("items", i, "node"); !strings.HasSuffix(name, "("+nodeOf(id)+")") { // one machine has both
			t.Errorf("%s is of %q", id, name)
		}
	}
	for i, n := range map[string]float64{first: 3, second: 2} {
		if j := slices.IndexFunc([]int{0, 1}, func(j int) bool { return all.String("nodes", j, "id") == i }); j < 0 || all.Value("nodes", j, "connections") != n {
			t.Errorf("the servers are %v", all.Value("nodes"))
		}
	}
	p.pages(want)
	there := p.boss.At(p.b)
	listed(t, there, theConnections+"?node="+first, "the other lists those of the first", func(r *testkit.Response) bool {
		return slices.Equal(ids(r), []string{want[0], want[2], want[4]}) && r.Len("nodes") == 2
	})
	end(t, there, want[0], 204)
	end(t, p.boss, want[1], 204)
	for i, e := range live[:2] {
		if told := e.Next(); told.Name != "error" || !strings.Contains(told.Data, "realtime/expired") {
			t.Errorf("connection %d ends with %+v", i, told)
		}
	}
	listed(t, there, theConnections, "three are left", func(r *testkit.Response) bool { return slices.Equal(ids(r), want[2:]) })
	for _, gone := range []string{want[0], want[1], first + ".99", second + ".99", "nobody.1", "1", second + ".x"} {
		end(t, p.boss, gone, 404)
	}
	log := p.boss.Get("/console/api/audit?action=admin.connection_closed").Want(200)
	if log.Len("items") != 2 || log.String("items", 0, "target") != "connection:"+want[1] || log.String("items", 0, "actor") != "user:"+p.boss.UserID || log.String("items", 0, "address") == "" {
		t.Errorf("on record is %s", log.Body)
	}
	ada.Get(theConnections).Want(404)
	ada.Do("DELETE", theConnections+"/"+want[2], nil).Want(404)
}

// pages reads them two by two.
func (p *pair) pages(want []string) {
	p.Helper()
	var got []string
	for cursor := ""; ; {
		r := listed(p.T, p.boss, theConnections+"?limit=2&cursor="+url.QueryEscape(cursor), "a page", func(r *testkit.Response) bool { return silent(r) == nil })
		got = append(got, ids(r)...)
		if r.Value("nextCursor") == nil {
			break
		}
		if cursor = r.String("nextCursor"); r.Len("items") != 2 {
			p.Fatalf("a page has %s", r.Body)
		}
	}
	if !slices.Equal(got, want) {
		p.Errorf("the pages have %v, want %v", got, want)
	}
}

// A server that dies is told of as one that does not answer, and is forgotten after a
// while; one that stops is forgotten at once. Nothing of a question stays behind.
func TestConnectionsOfTheDead(t *testing.T) {
	p := start(t)
	sql := func(text string) {
		testkit.Meddle(t, p.dir, func(c store.Conn) error { _, err := c.Exec(text); return err })
	}
	sql(`INSERT INTO "_nodes" ("id", "name") VALUES ('dead', 'gone.example')`)
	r := listed(t, p.boss, theConnections, "one does not answer", func(r *testkit.Response) bool {
		return slices.Equal(silent(r), []string{"dead"}) && r.Len("nodes") == 3
	})
	if i := slices.IndexFunc([]int{0, 1, 2}, func(i int) bool { return r.String("nodes", i, "id") == "dead" }); r.String("nodes", i, "name") != "gone.example" || r.Value("nodes", i, "connections") != nil {
		t.Errorf("the servers are %s", r.Body)
	}
	if r := p.boss.Do("DELETE", theConnections+"/dead.1", nil); r.StatusCode != 503 || r.String("code") != "loam/unavailable" || !strings.Contains(r.String("detail"), "gone.example") {
		t.Errorf("ending one of it answers %d %s", r.StatusCode, r.Body)
	}
	sql(`UPDATE "_nodes" SET "at" = now() - interval '31 seconds' WHERE "id" = 'dead'`)
	listed(t, p.boss, theConnections, "it is forgotten", func(r *testkit.Response) bool { return r.Len("nodes") == 2 && silent(r) == nil })
	end(t, p.boss, "dead.1", 404)
	sql(`DELETE FROM "_nodes"`) // as a crash of the database does
	listed(t, p.boss, theConnections, "the other is found again", func(r *testkit.Response) bool { return r.Len("nodes") == 2 && silent(r) == nil })
	testkit.Meddle(t, p.dir, func(c store.Conn) error {
		return c.Query(`SELECT (SELECT count(*) FROM "_node_questions") + (SELECT count(*) FROM "_node_answers") + (SELECT count(*) FROM "_nodes" WHERE "id" = 'dead')`, nil, func(r store.Row) error {
			if n := r.Int(0); n != 0 {
				return fmt.Errorf("%d rows of questions are left", n)
			}
			return nil
		})
	})
}

// It makes no difference what wakes the servers, a database that lets them listen, NATS,
// or nothing.
func TestConnectionsBehindAPooler(t *testing.T) {
	for name, nats := range map[string]string{"alone": "", "with NATS": bustest.Start(t, nil).URL()} {
		t.Run(name, func(t *testing.T) {
			pooled := storetest.Pooler(t, storetest.URL(t))
			a, b := node(t, pooled, nats), node(t, pooled, nats)
			boss := a.SignUp("boss@example.com")
			if err := a.Backend.Auth.SetAdmin(context.Background(), boss.UserID, true); err != nil {
				t.Fatal(err)
			}
			live := boss.At(b).Follow("/api/tickets", "")
			live.Next()
			r := listed(t, boss, theConnections, "it is listed", func(r *testkit.Response) bool { return r.Len("items") == 1 && r.Len("nodes") == 2 })
			end(t, boss, r.String("items", 0, "id"), 204)
			if told := live.Next(); told.Name != "error" {
				t.Errorf("it ends with %+v", told)
			}
		})
	}
}

// Who is alone asks nobody, and a server that stops is nobody's any more.
func TestConnectionsOfOne(t *testing.T) {
	t.Setenv("LOAM_TEST_ENGINE", "postgres")
	dir := t.TempDir()
	a := testkit.New(t, tickets, testkit.In(dir))
	boss := a.SignUp("boss@example.com")
	if err := a.Backend.Auth.SetAdmin(t.Context(), boss.UserID, true); err != nil {
		t.Fatal(err)
	}
	t.Run("two", func(t *testing.T) {
		testkit.New(t, tickets, testkit.In(dir), func(*backend.Options) {})
		listed(t, boss, theConnections, "two are there", func(r *testkit.Response) bool { return r.Len("nodes") == 2 })
	})
	if r := boss.Get(theConnections).Want(200); r.Len("nodes") != 1 {
		t.Errorf("the servers are %s", r.Body)
	}
	asked := func() (n int64) {
		testkit.Meddle(t, dir, func(c store.Conn) error {
			return c.Query(`SELECT count(*) FROM "_signals" WHERE "kind" = 'question'`, nil, func(r store.Row) error { n = r.Int(0); return nil })
		})
		return n
	}
	before := asked()
	boss.Get(theConnections).Want(200)
	if n := asked(); before == 0 || n != before {
		t.Errorf("it asked %d questions, %d before", n, before)
	}
}
