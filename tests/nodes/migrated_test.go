package nodes

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/testkit"
)

const before = `
enum Mood { GOOD BAD }
type Note @model @auth(rules: [{ allow: member }]) { title: String! text: String mood: Mood }`

// migration is what one server does to the tables while another serves them.
type migration struct {
	name, old, new string
	back           string // undoes it, where the other can't serve its schema beside that one
}

func migrations() []migration {
	return []migration{
		{"dropped column", "text: String", "", "text: String"},
		{"renamed column", "text: String", `body: String @renamedFrom(name: "text")`, `text: String`},
		{"renamed model", "type Note @model", `type Memo @model @renamedFrom(name: "Note")`, `type Note @model @renamedFrom(name: "Memo")`},
		{"another type", "text: String", "text: Int", "text: String"},
		{"required", "text: String", `text: String! @default(value: "x")`, "text: String"},
		{"column", "text: String", "text: String more: Int", ""},
		{"required column with a default", "text: String", `text: String rank: Int! @default(value: "3")`, ""},
		{"model that refers", "type Note", "type Remark @model @auth(rules: [{ allow: member }]) { note: Note! @belongsTo }\ntype Note", ""},
		{"index", "title: String!", "title: String! @index", ""},
		{"search", "type Note @model", `type Note @model @search(fields: ["title"])`, ""},
		{"optional", "title: String!", "title: String", ""},
		{"value of an enum", "GOOD BAD", "GOOD BAD FAIR", ""},
		{"rule", "allow: member }]) { title", `allow: member, roles: ["owner", "admin"] }]) { title`, ""},
	}
}

// A server whose database another one migrates serves on, without one failed request,
// where its own schema still suits the tables; where it does not, it says so.
func TestMigratedByAnother(t *testing.T) {
	t.Setenv("LOAM_TEST_ENGINE", "postgres")
	dir := testkit.In(t.TempDir())
	a, b := testkit.New(t, before, dir), testkit.New(t, before, dir)
	none := func() *backend.Compiled { return nil }
	if err := b.Backend.Keep(t.Context(), none); err != nil {
		t.Fatal(err)
	}
	ada := a.SignUp("ada@example.com").At(b)
	now := before
	for _, m := range migrations() {
		t.Run(m.name, func(t *testing.T) {
			busy := work(t, ada)
			was := now
			now = strings.Replace(was, m.old, m.new, 1)
			a.Use(now)
			if m.back == "" {
				time.Sleep(250 * time.Millisecond) // it has heard
				if n := busy.end(); n > 0 {
					t.Errorf("%d requests were refused", n)
				}
				ada.Get("/api/notes?limit=1").Want(200)
				b.Anonymous().Get("/readyz").Want(200)
				return
			}
			soon(t, 503, func() *testkit.Response { return b.Anonymous().Get("/readyz") })
			busy.end()
			for _, path := range []string{"/api/notes", "/api/notes/x", "/graphql?query=%7BlistNotes%7Bitems%7Bid%7D%7D%7D"} {
				ada.Get(path).WantCode(503, string(fault.MigrateOutdated))
			}
			now = strings.Replace(was, m.old, m.back, 1)
			a.Use(now)
			soon(t, 200, func() *testkit.Response { return ada.Get("/api/notes") })
		})
	}
}

// A server that has the files of the schema that another one has migrated to takes it
// into use by itself.
func TestTakesTheNewestIntoUse(t *testing.T) {
	t.Setenv("LOAM_TEST_ENGINE", "postgres")
	dir := testkit.In(t.TempDir())
	a, b := testkit.New(t, before, dir), testkit.New(t, before, dir)
	newest := strings.Replace(before, "text: String", "text: String more: Int", 1)
	if err := b.Backend.Keep(t.Context(), func() *backend.Compiled {
		c, _ := backend.Compile("schema.graphql", newest, nil)
		return c
	}); err != nil {
		t.Fatal(err)
	}
	ada := a.SignUp("ada@example.com").At(b)
	ada.Get("/api/notes?fields=more").Want(400)
	live := ada.Follow("/api/notes", "")
	live.Next()
	a.Use(newest)
	soon(t, 200, func() *testkit.Response { return ada.Get("/api/notes?fields=more") })
	if e := live.Next(); e.Name != "error" || !strings.Contains(e.Data, string(fault.RealtimeRestart)) {
		t.Errorf("who followed is told %+v", e)
	}
}

// worker writes and reads without a pause.
type worker struct {
	stop    chan struct{}
	group   sync.WaitGroup
	mu      sync.Mutex
	refused int
}

func work(t *testing.T, c *testkit.Client) *worker {
	w := &worker{stop: make(chan struct{})}
	ask := func(method, path string, body any) string {
		r := c.Do(method, path, body)
		switch {
		case r.StatusCode == http.StatusServiceUnavailable && r.String("code") == string(fault.MigrateOutdated):
			w.mu.Lock()
			w.refused++
			w.mu.Unlock()
		case r.StatusCode >= 500:
			t.Errorf("%s %s: %d %s", method, path, r.StatusCode, r.Body)
		case r.StatusCode == http.StatusCreated:
			return r.String("id")
		}
		return ""
	}
	for i := range 2 {
		w.group.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-w.stop:
					return
				default:
				}
				id := ask("POST", "/api/notes", map[string]any{"title": fmt.Sprintf("%d-%d", i, n), "mood": "GOOD"})
				ask("GET", "/api/notes?limit=10", nil)
				if id != "" {
					ask("PATCH", "/api/notes/"+id, map[string]any{"mood": "BAD"})
					ask("GET", "/api/notes/"+id, nil)
					ask("DELETE", "/api/notes/"+id, nil)
				}
			}
		})
	}
	return w
}

// end returns how many requests were refused.
func (w *worker) end() int {
	close(w.stop)
	w.group.Wait()
	return w.refused
}
