package doors

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/testkit"
)

// adminOf makes a user who administers the server.
func adminOf(t *testing.T, s *testkit.Server) *testkit.Client {
	t.Helper()
	c := s.SignUp("root@example.com")
	if err := s.Backend.Auth.SetAdmin(t.Context(), c.UserID, true); err != nil {
		t.Fatal(err)
	}
	return c
}

const jotted = "type Note @model @auth(rules: [{ allow: member }]) { text: String! }"

// The overview counts what the doors answer, by operation, at once.
func TestConsoleOverview(t *testing.T) {
	s := testkit.New(t, jotted)
	boss := adminOf(t, s)
	id := boss.Do("POST", "/api/notes", map[string]any{"text": "x"}).Want(201).String("id")
	for range 3 {
		boss.Get("/api/notes/" + id).Want(200)
	}
	boss.Get("/api/notes/none").Want(404)
	boss.Get("/api/nothing").Want(404)
	boss.GraphQL("query Named { a: listNotes { items { id } } }", nil).Want(200)
	o := boss.Get("/console/api/overview").Want(200)
	got := map[string][2]any{}
	for i := range o.Len("busiest") {
		got[o.String("busiest", i, "operation")] = [2]any{o.Value("busiest", i, "count"), o.Value("busiest", i, "clientErrors")}
	}
	for name, want := range map[string][2]any{"GET /api/notes/{id}": {4.0, 1.0}, "POST /api/notes": {1.0, 0.0}, "POST /graphql listNotes": {1.0, 0.0}, "GET /api/{plural}": {1.0, 1.0}} {
		if got[name] != want {
			t.Errorf("%s: %v, want %v, of %v", name, got[name], want, got)
		}
	}
	if n := o.Len("at"); n != 60 || o.Len("series", "requests") != 60 || o.Value("series", "requests", 59).(float64) < 6 || o.Value("now", "database").(float64) <= 0 || o.Value("now", "nodes") != 1.0 {
		t.Errorf("the overview is %s", o.Body)
	}
	boss.Get("/console/api/overview?range=14d").Want(200)
	boss.Get("/console/api/overview?range=year").WantCode(400, "http/bad_parameter")
}

// BenchmarkCounted is a small request to a server that counts it, and to one that does not.
func BenchmarkCounted(b *testing.B) {
	for name, counted := range map[string]bool{"counted": true, "not": false} {
		b.Run(name, func(b *testing.B) {
			s := testkit.New(b, jotted, func(o *backend.Options) { o.Idle = !counted })
			c := s.SignUp("ada@example.com")
			id := c.Do("POST", "/api/notes", map[string]any{"text": "x"}).Want(201).String("id")
			h := s.Backend.Handler()
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/api/notes/"+id, nil)
				r.Header = c.Header
				w := httptest.NewRecorder()
				if h.ServeHTTP(w, r); w.Code != 200 {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
