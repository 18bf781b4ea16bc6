package attack

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

const nowhere = "01890000-0000-7000-8000-000000000000"

func TestAttack037_ForeignIDs(t *testing.T) {
	_, ada, eve := two(t)
	project, task := plant(t, ada)
	graphql := func(format string) func(id string) *testkit.Response {
		return func(id string) *testkit.Response { return eve.GraphQL(fmt.Sprintf(format, id), nil) }
	}
	rest := func(method, path string, body any) func(id string) *testkit.Response {
		return func(id string) *testkit.Response { return eve.Do(method, fmt.Sprintf(path, id), body) }
	}
	doors := map[string]func(id string) *testkit.Response{
		"get":             rest("GET", "/api/tasks/%s", nil),
		"get with fields": rest("GET", "/api/tasks/%s?include=project", nil),
		"patch":           rest("PATCH", "/api/tasks/%s", map[string]any{"title": "mine"}),
		"delete":          rest("DELETE", "/api/tasks/%s", nil),
		"list":            rest("GET", "/api/tasks?id=%s", nil),
		"list through":    rest("GET", "/api/tasks?project.id=%s", nil),
		"aggregate":       rest("GET", "/api/tasks:aggregate?id=%s&max=title", nil),
		"batch": func(id string) *testkit.Response {
			return eve.Do("POST", "/api/batch", map[string]any{"operations": []any{map[string]any{"method": "DELETE", "path": "/api/tasks/" + id}}})
		},
		"graphql get":    graphql(`{ getTask(id: %q) { id title project { name } } }`),
		"graphql list":   graphql(`{ listTasks(filter: {id: {eq: %q}}) { items { title } total } }`),
		"graphql update": graphql(`mutation { updateTask(input: {id: %q, title: "mine"}) { title } }`),
		"graphql delete": graphql(`mutation { deleteTask(input: {id: %q}) { title } }`),
	}
	for name, door := range doors {
		foreign, missing := silent(t, door(task)), door(nowhere)
		got := strings.ReplaceAll(string(foreign.Body), task, nowhere)
		if foreign.StatusCode != missing.StatusCode || withoutRequest(got) != withoutRequest(string(missing.Body)) {
			t.Errorf("%s: a foreign row answers\n%d %s\na missing one\n%d %s", name, foreign.StatusCode, foreign.Body, missing.StatusCode, missing.Body)
		}
	}
	if got := ada.Get("/api/tasks/" + task).Want(200).String("title"); got != canary {
		t.Errorf("the row is now %q", got)
	}
	ada.Get("/api/projects/" + project).Want(200)
}

// withoutRequest drops the request id, which differs in every answer.
func withoutRequest(body string) string {
	i := strings.Index(body, `"requestId"`)
	if i < 0 {
		return body
	}
	return body[:i]
}

func TestAttack038_NoRulesDenyAll(t *testing.T) {
	_, ada, _ := two(t)
	ada.Get("/api/lockeds").WantCode(403, "access/denied")
	ada.Do("POST", "/api/lockeds", map[string]any{"text": "x"}).WantCode(403, "access/denied")
	ada.Get("/api/lockeds:aggregate").WantCode(403, "access/denied")
	r := ada.GraphQL(`{ listLockeds { items { id } } }`, nil).Want(200)
	if r.String("errors", 0, "errorType") != "Unauthorized" {
		t.Errorf("GraphQL: %s", r.Body)
	}
}

func TestAttack039_ForeignTenantInBody(t *testing.T) {
	_, ada, eve := two(t)
	project, task := plant(t, ada)
	for _, field := range []string{"_org", "org", "organization", "organizationId", "tenantId"} {
		eve.Do("POST", "/api/tasks", map[string]any{"title": "x", field: ada.Org}).WantCode(400, "query/unknown_field")
		ada.Do("PATCH", "/api/tasks/"+task, map[string]any{field: eve.Org}).WantCode(400, "query/unknown_field")
	}
	// The same id in another organization is another row.
	eve.Do("PUT", "/api/projects", map[string]any{"id": project, "name": "mine"}).Want(201)
	if got := ada.Get("/api/projects/" + project).Want(200).String("name"); got != canary {
		t.Errorf("an upsert by a foreign key changed the row to %q", got)
	}
}

func TestAttack040_ForeignRelation(t *testing.T) {
	_, ada, eve := two(t)
	project, task := plant(t, ada)
	foreign := eve.Do("POST", "/api/tasks", map[string]any{"title": "x", "projectId": project}).WantCode(400, "data/no_reference")
	missing := eve.Do("POST", "/api/tasks", map[string]any{"title": "x", "projectId": nowhere}).WantCode(400, "data/no_reference")
	if withoutRequest(string(foreign.Body)) != withoutRequest(string(missing.Body)) {
		t.Errorf("foreign %s\nmissing %s", foreign.Body, missing.Body)
	}
	// A row of the same organization that the caller may not see is as good as missing.
	note := ada.Do("POST", "/api/notes", map[string]any{"text": canary}).Want(201).String("id")
	bob := ada.Join("bob@example.com", "member")
	bob.Do("POST", "/api/tasks", map[string]any{"title": "x", "noteId": note}).WantCode(400, "data/no_reference")
	ada.Do("PATCH", "/api/tasks/"+task, map[string]any{"noteId": note}).Want(200)
	bob.Do("PATCH", "/api/tasks/"+task, map[string]any{"noteId": note}).WantCode(400, "data/no_reference")
	r := silent(t, bob.Get("/api/tasks/"+task+"?include=note&fields=id")).Want(200)
	if r.Value("note") != nil {
		t.Errorf("a hidden row came along: %s", r.Body)
	}
}

func TestAttack041_UniqueAcrossTenants(t *testing.T) {
	_, ada, eve := two(t)
	plant(t, ada)
	eve.Do("POST", "/api/projects", map[string]any{"name": canary}).Want(201)
	eve.Do("POST", "/api/projects", map[string]any{"name": canary}).WantCode(409, "data/duplicate")
}

func TestAttack043_HostileIDs(t *testing.T) {
	_, ada, _ := two(t)
	for _, id := range []string{"role:admin", "../x", "Mixed", "a b", "", strings.Repeat("a", 129), "-x", "a/b", "a\u0000b", "é"} {
		r := ada.Do("POST", "/api/tasks", map[string]any{"title": "x", "id": id})
		if r.StatusCode != 400 {
			t.Errorf("id %q: %d %s", id, r.StatusCode, r.Body)
		}
	}
	ada.Do("POST", "/api/tasks", map[string]any{"title": "x", "id": "my-own_1"}).Want(201)
}

func TestAttack044_AggregatesOverVisibleRows(t *testing.T) {
	_, ada, eve := two(t)
	plant(t, ada)
	ada.Do("POST", "/api/notes", map[string]any{"text": canary}).Want(201)
	bob := ada.Join("bob@example.com", "member")
	for _, c := range []struct {
		by   *testkit.Client
		path string
		at   []any
		want any
	}{
		{eve, "/api/tasks?count=true", []any{"total"}, 0.0},
		{eve, "/api/tasks:aggregate?max=title&sum=points", []any{"items", 0, "count"}, 0.0},
		{eve, "/api/tasks?search=canary", []any{"items"}, nil},
		{bob, "/api/notes?count=true", []any{"total"}, 0.0},
		{bob, "/api/notes:aggregate?max=text", []any{"items", 0, "max", "text"}, nil},
		{bob, "/api/notes?search=canary&count=true", []any{"total"}, 0.0},
	} {
		r := silent(t, c.by.Get(c.path)).Want(200)
		if got := r.Value(c.at...); got != c.want && !(c.want == nil && r.Len(c.at...) == 0) {
			t.Errorf("%s: %v, want %v\n%s", c.path, got, c.want, r.Body)
		}
	}
	for _, path := range []string{"/api/projects:aggregate?max=secret", "/api/projects:aggregate?groupBy=secret"} {
		bob.Get(path).WantCode(403, "access/field_denied")
	}
}

func TestAttack047_MissingClaimDenies(t *testing.T) {
	_, ada, _ := two(t)
	ada.Get("/api/claimeds").WantCode(403, "access/denied") // no claim, no groups: no rule applies
	ada.Do("POST", "/api/claimeds", map[string]any{"text": "x"}).WantCode(403, "access/denied")
}

func TestAttack048_ReadOnlyKey(t *testing.T) {
	s, ada, _ := two(t)
	key := func(readOnly bool) *testkit.Client {
		c := s.Anonymous()
		c.Header.Set("X-Api-Key", ada.Do("POST", "/auth/keys", map[string]any{"name": "k", "readOnly": readOnly}).Want(201).String("key"))
		return c
	}
	reader, writer := key(true), key(false)
	id := writer.Do("POST", "/api/opens", map[string]any{"text": "x"}).Want(201).String("id")
	reader.Get("/api/opens/" + id).Want(200)
	reader.Do("POST", "/api/opens", map[string]any{"text": "x"}).WantCode(403, "access/denied")
	reader.Do("PATCH", "/api/opens/"+id, map[string]any{"text": "y"}).WantCode(403, "access/denied")
	reader.Do("DELETE", "/api/opens/"+id, nil).WantCode(403, "access/denied")
	reader.Do("POST", "/api/batch", map[string]any{"operations": []any{map[string]any{"method": "DELETE", "path": "/api/opens/" + id}}}).WantCode(403, "access/denied")
	if r := reader.GraphQL(`mutation { deleteOpen(input: {id: "`+id+`"}) { id } }`, nil); r.String("errors", 0, "errorType") != "Unauthorized" {
		t.Errorf("GraphQL: %s", r.Body)
	}
	// A key acts for nobody: it is under public rules alone, and manages nothing.
	writer.Get("/api/tasks").WantCode(403, "access/denied")
	writer.Do("POST", "/auth/keys", map[string]any{"name": "k"}).Want(http.StatusUnauthorized)
	writer.Get("/auth/me").Want(http.StatusUnauthorized)
}

func TestAttack051_CreateWithoutRead(t *testing.T) {
	_, ada, _ := two(t)
	r := ada.Do("POST", "/api/drops", map[string]any{"text": canary, "hidden": canary}).Want(201)
	silent(t, r)
	if r.String("id") == "" || strings.Contains(string(r.Body), "text") {
		t.Errorf("want the id alone: %s", r.Body)
	}
	silent(t, ada.GraphQL(`mutation { createDrop(input: {text: "`+canary+`"}) { id text } }`, nil))
	ada.Get("/api/drops/"+r.String("id")).WantCode(403, "access/denied")
}

// A reference that only the other side declares is under the same rule.
func TestAttack040_OneSidedRelation(t *testing.T) {
	s := testkit.New(t, `
type Folder @model @auth(rules: [{ allow: owner }]) {
  name: String
  files: [Entry] @hasMany
}
type Entry @model @auth(rules: [{ allow: member }]) {
  name: String
}`)
	ada := s.SignUp("ada@example.com")
	bob := ada.Join("bob@example.com", "member")
	folder := ada.Do("POST", "/api/folders", map[string]any{"name": "x"}).Want(201).String("id")
	entry := bob.Do("POST", "/api/entries", map[string]any{"name": "x"}).Want(201).String("id")
	var answers []string
	for _, target := range []string{folder, nowhere} {
		for _, r := range []*testkit.Response{
			bob.Do("POST", "/api/entries", map[string]any{"name": "x", "folderFilesId": target}),
			bob.Do("PATCH", "/api/entries/"+entry, map[string]any{"folderFilesId": target}),
		} {
			answers = append(answers, withoutRequest(string(r.WantCode(400, "data/no_reference").Body)))
		}
	}
	if answers[0] != answers[2] || answers[1] != answers[3] {
		t.Errorf("a hidden folder and a missing one answer differently:\n%s", strings.Join(answers, "\n"))
	}
	ada.Do("PATCH", "/api/entries/"+entry, map[string]any{"folderFilesId": folder}).Want(200)
}

// Where tenancy is off, to sign up is to become a member: that must not open
// everybody's address.
func TestAttack014_AddressesWithoutTenancy(t *testing.T) {
	s := testkit.New(t, `
type Post @model @auth(rules: [{ allow: member }]) {
  text: String
  author: User @belongsTo
}`, testkit.NoTenancy)
	ada, eve := s.SignUp("ada@example.com"), s.SignUp("eve@example.com")
	id := ada.Do("POST", "/api/posts", map[string]any{"text": "x", "authorId": ada.UserID}).Want(201).String("id")
	for _, path := range []string{"/api/users?fields=id,email", "/api/users?email.beginsWith=ada", "/api/users:aggregate?max=email", "/api/posts/" + id + "?include=author&fields=id,author.email"} {
		if r := eve.Get(path).Want(200); strings.Contains(string(r.Body), "@example.com") {
			t.Errorf("%s: %s", path, r.Body)
		}
	}
	if n := eve.Get("/api/users?email.beginsWith=ada").Want(200).Len("items"); n != 0 {
		t.Errorf("an address answered a filter: %d rows", n)
	}
	eve.Get("/auth/organizations/"+eve.Org+"/members").WantCode(403, "tenant/not_allowed")
}

// The organization is the token's: nothing else in a request names one.
func TestAttack046_TenantBesideTheToken(t *testing.T) {
	_, ada, eve := two(t)
	_, task := plant(t, ada)
	for _, header := range []string{"X-Org", "X-Org-Id", "X-Organization", "X-Tenant-Id", "X-Loam-Org", "X-Forwarded-Host", "X-Original-Url", "X-Rewrite-Url"} {
		silent(t, eve.Do("GET", "/api/tasks/"+task, nil, header, ada.Org)).Want(404)
	}
	silent(t, eve.Do("GET", "/api/tasks/"+task, nil, "Cookie", "org="+ada.Org+"; token="+ada.Header.Get("Authorization"))).Want(404)
	eve.Get("/api/tasks?org="+ada.Org).WantCode(400, "query/unknown_field")
	eve.Do("POST", "/auth/organizations/"+ada.Org+"/switch", nil).WantCode(404, "tenant/not_found")
}
