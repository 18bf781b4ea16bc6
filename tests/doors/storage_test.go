package doors

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

const notes = `type Note @model @auth(rules: [{ allow: member }]) { text: String @unique n: Int }
type Twig @model @auth(rules: [{ allow: member }]) { note: Note @belongsTo(onDelete: CASCADE) on: Twig @belongsTo(onDelete: CASCADE) by: Twig @belongsTo }
type Post @model @auth(rules: [{ allow: member }]) { no: Int! @primaryKey pins: [Pin] @hasMany }
type Pin @model @auth(rules: [{ allow: member }]) { post: Post @belongsTo }`

// stores is a server whose admin reads what organizations have and sets limits.
func stores(t *testing.T) (s *testkit.Server, limit func(org string, bytes int64), usage func(org string) (rows, bytes int64)) {
	s = testkit.New(t, notes)
	root := s.SignUp("root@example.com")
	if err := s.Backend.Auth.SetAdmin(t.Context(), root.UserID, true); err != nil {
		t.Fatal(err)
	}
	limit = func(org string, bytes int64) {
		root.Do("PUT", "/auth/admin/organizations/"+org+"/limits", map[string]any{"storage": bytes}).Want(200)
	}
	return s, limit, func(org string) (int64, int64) {
		r := root.Do("GET", "/auth/admin/organizations/"+org, nil).Want(200)
		return int64(r.Value("usage", "rows").(float64)), int64(r.Value("usage", "storage").(float64))
	}
}

// TestStorageLimit: an organization whose rows have as many bytes as they may gets
// no more by any door; what makes them fewer always goes through.
func TestStorageLimit(t *testing.T) {
	s, limit, usage := stores(t)
	ada, eve := s.SignUp("ada@example.com"), s.SignUp("eve@example.com")
	long := strings.Repeat("é", 500)
	note := ada.Do("POST", "/api/notes", map[string]any{"text": long}).Want(201).String("id")
	rows, bytes := usage(ada.Org)
	if rows != 1 || bytes < 1000 || bytes > 1300 {
		t.Fatalf("%d rows of %d bytes", rows, bytes)
	}
	limit(ada.Org, bytes)
	for door, r := range map[string]*testkit.Response{
		"create":  ada.Do("POST", "/api/notes", `{}`),
		"upsert":  ada.Do("PUT", "/api/notes", `{"text":"b"}`),
		"batch":   ada.Do("POST", "/api/batch", `{"operations":[{"method":"POST","path":"/api/notes","body":{}}]}`),
		"update":  ada.Do("PATCH", "/api/notes/"+note, map[string]any{"text": long + "e"}),
		"graphql": ada.GraphQL(`mutation { createNote(input: {}) { id } }`, nil),
		"change":  ada.GraphQL(`mutation($i: ID!, $t: String) { updateNote(input: { id: $i, text: $t }) { id } }`, map[string]any{"i": note, "t": long + "e"}),
	} {
		want := fmt.Sprintf("at most %d bytes: delete or shorten rows, or ask for a higher limits.organization.storage", bytes)
		if body := string(r.Body); !strings.Contains(body, "tenant/limit") || !strings.Contains(body, want) || r.StatusCode != http.StatusForbidden && r.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", door, r.StatusCode, body)
		}
	}
	if r, b := usage(ada.Org); r != rows || b != bytes {
		t.Errorf("what was refused counts: %d rows of %d bytes", r, b)
	}
	eve.Do("POST", "/api/notes", map[string]any{"text": long}).Want(201)
	ada.Do("PATCH", "/api/notes/"+note, map[string]any{"text": strings.Repeat("e", 1000)}).Want(200)

	limit(ada.Org, 10) // what is over a new limit stays, and may shrink
	ada.Do("PATCH", "/api/notes/"+note, map[string]any{"text": "short"}).Want(200)
	ada.Do("PATCH", "/api/notes/"+note, map[string]any{"text": "longer than that"}).WantCode(403, "tenant/limit")
	ada.Do("DELETE", "/api/notes/"+note, nil).Want(204)
	if r, b := usage(ada.Org); r != 0 || b != 0 {
		t.Errorf("of nothing there are %d rows of %d bytes", r, b)
	}
	limit(ada.Org, 0)
	ada.Do("POST", "/api/notes", map[string]any{"text": long}).Want(201)
}

// TestStorageOfCascade: a delete that reaches rows in several ways counts, and logs,
// each of them once.
func TestStorageOfCascade(t *testing.T) {
	s, limit, usage := stores(t)
	ada := s.SignUp("ada@example.com")
	ada.Do("POST", "/api/twigs", `{}`).Want(201)
	rows, bytes := usage(ada.Org)
	note := ada.Do("POST", "/api/notes", `{"text":"root"}`).Want(201).String("id")
	twig := func(on any) string {
		return ada.Do("POST", "/api/twigs", map[string]any{"noteId": note, "onId": on, "byId": on}).Want(201).String("id")
	}
	first := twig(nil)
	twig(twig(first))
	ada.Do("PATCH", "/api/twigs/"+first, map[string]any{"byId": first}).Want(200)
	limit(ada.Org, 10)
	ada.Do("DELETE", "/api/notes/"+note, nil).Want(204)
	if r, b := usage(ada.Org); r != rows || b != bytes {
		t.Errorf("%d rows of %d bytes are left, want %d of %d", r, b, rows, bytes)
	}
	ada.Do("GET", "/api/twigs", nil).Want(200)
}

// TestStorageOfADelete: a delete goes through above the limit, even one after which
// there is more: it puts null for the numbers that referred to the row.
func TestStorageOfADelete(t *testing.T) {
	s, limit, usage := stores(t)
	ada := s.SignUp("ada@example.com")
	ada.Do("POST", "/api/posts", `{"no":7}`).Want(201)
	pins := make([]map[string]any, 80)
	for i := range pins {
		pins[i] = map[string]any{"method": "POST", "path": "/api/pins", "body": map[string]any{"postNo": 7}}
	}
	ada.Do("POST", "/api/batch", map[string]any{"operations": pins}).Want(200)
	_, before := usage(ada.Org)
	limit(ada.Org, 10)
	ada.Do("DELETE", "/api/posts/7", nil).Want(204)
	if rows, bytes := usage(ada.Org); rows != 80 || bytes <= before {
		t.Errorf("%d rows of %d bytes, were %d", rows, bytes, before)
	}
}

// TestStorageAtOnce: writers at the same time do not pass the limit together.
func TestStorageAtOnce(t *testing.T) {
	s, limit, usage := stores(t)
	ada := s.SignUp("ada@example.com")
	ada.Do("POST", "/api/notes", `{"n":100}`).Want(201)
	_, one := usage(ada.Org)
	limit(ada.Org, 10*one)
	var writers sync.WaitGroup
	for i := range 24 {
		writers.Go(func() { ada.Do("POST", "/api/notes", map[string]any{"n": 100 + i}) })
	}
	writers.Wait()
	if rows, bytes := usage(ada.Org); rows != 10 || bytes != 10*one {
		t.Errorf("%d rows of %d bytes, want 10 of %d", rows, bytes, 10*one)
	}
}
