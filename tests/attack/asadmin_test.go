package attack

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/testkit"
)

// above has a caller ask as an admin of the server, inside an organization; "" is none.
func above(c *testkit.Client, org string) *testkit.Client {
	other := *c
	other.Header = c.Header.Clone()
	value := "admin"
	if org != "" {
		value += "; organization=" + org
	}
	other.Header.Set("Loam-As", value)
	return &other
}

// TestAttack140_HeaderOfOthers: asking as admin is for an admin of the server, in a
// session of their own. Nobody else learns so much as whether the organization is there.
func TestAttack140_HeaderOfOthers(t *testing.T) {
	s, ada, b := provided(t)
	project, _ := plant(t, ada)
	eve := s.SignUp("eve@example.com")
	boss := root(t, s)
	code := consent(t, b, asking("web", shop)).Get("code")
	application := s.Anonymous()
	application.Header.Set("Authorization", "Bearer "+exchange(s, code).Want(200).String("access_token"))
	key := s.Anonymous()
	key.Header.Set("X-Api-Key", boss.Do("POST", "/auth/keys", map[string]any{"name": "k"}).Want(201).String("key"))
	acting := s.Anonymous()
	acting.Header.Set("Authorization", "Bearer "+boss.Do("POST", "/auth/admin/users/"+eve.UserID+"/impersonate", map[string]any{"reason": "x"}).Want(201).String("accessToken"))
	for name, c := range map[string]*testkit.Client{
		"nobody": s.Anonymous(), "a stranger": eve, "an owner": ada, "a member": ada.Join("mia@example.com", "member"), "an application": application,
		"an admin's key": key, "an admin who acts as a user": acting,
	} {
		for _, org := range []string{ada.Org, eve.Org, "no-such", ""} {
			for door, ask := range map[string]func(c *testkit.Client) *testkit.Response{
				"a list":    func(c *testkit.Client) *testkit.Response { return c.Get("/api/projects") },
				"a row":     func(c *testkit.Client) *testkit.Response { return c.Get("/api/projects/" + project) },
				"totals":    func(c *testkit.Client) *testkit.Response { return c.Get("/api/projects:aggregate?max=secret") },
				"a batch":   entrances["batch"],
				"a write":   entrances["REST, a write"],
				"GraphQL":   entrances["GraphQL"],
				"mutations": entrances["GraphQL, a write"],
				"live": func(c *testkit.Client) *testkit.Response {
					return c.Do("GET", "/api/projects", nil, "Accept", "text/event-stream")
				},
			} {
				if r := silent(t, ask(above(c, org))); r.StatusCode != 403 || r.String("code") != "access/as_admin" {
					t.Errorf("%s by %s in %q: %d %s", door, name, org, r.StatusCode, r.Body)
				}
			}
		}
	}
	if r, w := above(eve, ada.Org).TryDial("/graphql", "graphql-transport-ws"); w != nil {
		w.WriteJSON(map[string]any{"type": "connection_init"})
		if got := w.Closed(); got != 4403 {
			t.Errorf("a stranger's WebSocket ends with %d: %d", got, r.StatusCode)
		}
	}
	for _, r := range onRecord(t, s, "access.denied") {
		if r["actor"] == "user:"+eve.UserID && r["details"].(map[string]any)["why"] == "access/as_admin" {
			return
		}
	}
	t.Error("the tries are not on record")
}

// TestAttack140_HeaderElsewhere: where no rule of the schema decides, the header
// changes nothing.
func TestAttack140_HeaderElsewhere(t *testing.T) {
	s, ada, _ := two(t)
	plant(t, ada)
	boss := root(t, s)
	for _, path := range []string{"/auth/me", "/auth/organizations", "/auth/sessions", "/auth/organizations/" + ada.Org, "/auth/organizations/" + ada.Org + "/members", "/channels/room"} {
		plain, with := boss.Get(path), silent(t, above(boss, ada.Org).Get(path))
		if plain.StatusCode != with.StatusCode || with.StatusCode == 200 && string(plain.Body) != string(with.Body) {
			t.Errorf("%s: %d %s, with the header %d %s", path, plain.StatusCode, plain.Body, with.StatusCode, with.Body)
		}
	}
	if r := above(ada, ada.Org).Get("/auth/me"); r.StatusCode != 200 {
		t.Errorf("the account of a member who sends the header: %d %s", r.StatusCode, r.Body)
	}
	for _, value := range []string{"user", "admin; org=x", "admin; organization", "admin;; ", "Admin=1", `admin; organization="`, "admin, admin", "admin; organization=a; organization=b"} {
		if r := boss.Do("GET", "/api/projects", nil, "Loam-As", value); r.StatusCode != 400 || r.String("code") != "http/bad_header" {
			t.Errorf("%q: %d %s", value, r.StatusCode, r.Body)
		}
	}
}

// TestAttack140_OneOrganization: above the rules is not above the tenant's condition.
func TestAttack140_OneOrganization(t *testing.T) {
	s, ada, eve := two(t)
	boss := root(t, s)
	project, task := plant(t, ada)
	note := ada.Do("POST", "/api/notes", map[string]any{"text": canary}).Want(201).String("id")
	setting := above(boss, "").Do("POST", "/api/settings", map[string]any{"value": "shared"}).Want(201).String("id")

	in := above(boss, ada.Org) // everything there
	for _, path := range []string{"/api/projects/" + project, "/api/tasks/" + task, "/api/notes/" + note, "/api/notes", "/api/tasks?title=" + canary, "/api/projects?include=tasks"} {
		if r := in.Get(path).Want(200); !strings.Contains(string(r.Body), canary) {
			t.Errorf("%s shows %s", path, r.Body)
		}
	}
	in.Get("/api/lockeds").Want(200)
	in.Get("/api/projects:aggregate?max=secret").Want(200)
	if r := in.Get("/api/projects/" + project).Want(200); r.String("secret") != canary {
		t.Errorf("a field behind a rule: %s", r.Body)
	}

	for name, c := range map[string]*testkit.Client{"another organization": above(boss, eve.Org), "none": above(boss, ""), "no header": boss} {
		for _, r := range []*testkit.Response{
			c.Get("/api/projects"), c.Get("/api/projects/" + project), c.Get("/api/tasks?project.name=" + canary), c.Get("/api/projects:aggregate?count=true&max=name"),
			c.Do("PATCH", "/api/projects/"+project, map[string]any{"name": "x"}), c.Do("DELETE", "/api/projects/"+project, nil),
			c.Do("POST", "/api/tasks", map[string]any{"title": "x", "projectId": project}),
			c.Do("POST", "/api/batch", map[string]any{"operations": []any{map[string]any{"method": "DELETE", "path": "/api/tasks/" + task}}}),
			c.GraphQL(`{ getProject(id: "`+project+`") { name secret tasks { items { title } } } listNotes { items { text } } }`, nil),
			c.GraphQL(`mutation { deleteTask(input: {id: "`+task+`"}) { title } }`, nil),
		} {
			silent(t, r)
		}
		if r := c.Get("/api/settings/" + setting); name != "no header" && r.StatusCode != 200 {
			t.Errorf("what all share, in %s: %d", name, r.StatusCode)
		}
	}
	above(boss, eve.Org).Get("/api/projects/"+project).WantCode(404, "data/not_found")
	above(boss, "").Get("/api/projects").WantCode(403, "access/no_organization")
	above(boss, "no-such").Get("/api/projects").WantCode(404, "tenant/not_found")
	if r := ada.Get("/api/projects/" + project).Want(200); r.String("name") != canary {
		t.Errorf("it was changed: %s", r.Body)
	}
	// What an admin was answered is nobody else's to be answered again.
	once := map[string]any{"title": "once"}
	in.Do("POST", "/api/tasks", once, "Idempotency-Key", "k1").Want(201)
	if r := boss.Do("POST", "/api/tasks", once, "Idempotency-Key", "k1").Want(201); r.Value("id") == nil {
		t.Errorf("%s", r.Body)
	}
	page := in.Get("/api/tasks?limit=1").Want(200)
	boss.Enlist(ada.Org, "member")
	member := s.SignIn("root@example.com")
	member.Switch(ada.Org)
	member.Get("/api/tasks?limit=1&cursor="+page.String("nextCursor")).WantCode(400, "query/bad_cursor")
}

// TestAttack140_CrossSite: a page of another site asks nothing as admin with the
// cookies of its visitor, not even one that the app's own calls may come from.
func TestAttack140_CrossSite(t *testing.T) {
	s := testkit.New(t, app, testkit.Settings("api: {cors: {origins: ['https://app.example.com']}}", nil))
	ada := s.SignUp("ada@example.com")
	_, task := plant(t, ada)
	root(t, s)
	b := newJar(s)
	b.signInTo("root@example.com").Want(200)
	as := "admin; organization=" + ada.Org
	sites := map[string][]string{"the app's": {"Origin", "https://app.example.com", "Sec-Fetch-Site", "cross-site"}}
	for name, headers := range elsewhere {
		sites[name] = headers
	}
	for name, headers := range sites {
		headers = append([]string{"Loam-As", as}, headers...)
		for _, r := range []*testkit.Response{
			b.do("GET", "/api/tasks", nil, headers...), b.do("PATCH", "/api/tasks/"+task, map[string]any{"title": "x"}, headers...), b.do("DELETE", "/api/tasks/"+task, nil, headers...),
			b.do("POST", "/graphql", map[string]any{"query": "{ listTasks { items { title } } }"}, headers...),
			b.do("GET", "/api/tasks", nil, append(headers, "Accept", "text/event-stream")...),
		} {
			if silent(t, r); r.StatusCode != 403 || r.String("code") != "http/foreign_origin" {
				t.Errorf("%s: %s %s answers %d %s", name, r.Request.Method, r.Request.URL, r.StatusCode, r.Body)
			}
		}
	}
	b.do("GET", "/api/tasks/"+task, nil, "Loam-As", as, "Origin", s.URL, "Sec-Fetch-Site", "same-origin").Want(200)
	b.do("PATCH", "/api/tasks/"+task, map[string]any{"points": 1}, "Loam-As", as, "Origin", s.URL).Want(200)
}

// TestAttack141_Demoted: who was an admin a moment ago sees nothing more, neither by
// another request nor over a connection that is open.
func TestAttack141_Demoted(t *testing.T) {
	s, ada, eve := two(t)
	boss := root(t, s)
	plant(t, ada)
	in := above(boss, ada.Org)
	live := in.Follow("/api/projects", "")
	if e := live.Next(); e.Name != "rows" || !strings.Contains(e.Data, canary) {
		t.Fatalf("the list begins with %+v", e)
	}
	socket := in.Dial("/graphql", "graphql-transport-ws")
	socket.Init("{}")
	if err := s.Backend.Auth.SetAdmin(t.Context(), eve.UserID, true); err != nil {
		t.Fatal(err)
	}
	eve.Do("PATCH", "/auth/admin/users/"+boss.UserID, map[string]any{"admin": false}).Want(200)
	ada.Do("POST", "/api/projects", map[string]any{"name": "after-" + canary}).Want(201)
	for {
		e := live.Next()
		if strings.Contains(e.Data, "after-") {
			t.Fatalf("the list goes on with %+v", e)
		}
		if e.Name == "" || e.Name == "end" || e.Name == "error" {
			break
		}
	}
	silent(t, in.Get("/api/projects")).WantCode(403, "access/as_admin")
	silent(t, in.GraphQL("{ listProjects { items { name } } }", nil)).Want(403)
	if code := socket.Closed(); code != 4401 && code != 4403 {
		t.Errorf("the WebSocket ended with %d", code)
	}
}

// TestAttack142_WritesAsAdmin: they need the proof that whatever admins do needs, are
// as loam.yaml says, and each is on record, as is the first look.
func TestAttack142_WritesAsAdmin(t *testing.T) {
	var ahead atomic.Int64
	clock := func(o *backend.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	}
	s, ada, eve := two(t, clock)
	boss := root(t, s)
	_, task := plant(t, ada)
	in := above(boss, ada.Org)
	for range 3 {
		in.Get("/api/tasks").Want(200)
		above(boss, eve.Org).Get("/api/tasks").Want(200)
	}
	looks := onRecord(t, s, "admin.rows_seen")
	if len(looks) != 2 || looks[1]["organization"] != ada.Org || looks[1]["actor"] != "user:"+boss.UserID {
		t.Errorf("looks are recorded as %v", looks)
	}
	writes := []func(c *testkit.Client) *testkit.Response{
		func(c *testkit.Client) *testkit.Response {
			return c.Do("PATCH", "/api/tasks/"+task, map[string]any{"points": 7})
		},
		entrances["REST, a write"], entrances["batch"], entrances["GraphQL, a write"],
	}
	for _, write := range writes {
		if r := write(in); r.StatusCode >= 300 || strings.Contains(string(r.Body), `"errors"`) {
			t.Errorf("%s %s: %d %s", r.Request.Method, r.Request.URL, r.StatusCode, r.Body)
		}
	}
	if got := onRecord(t, s, "admin.row_written"); len(got) != len(writes) || got[len(got)-1]["target"] != "row:Task/"+task || got[0]["organization"] != ada.Org {
		t.Errorf("writes are recorded as %v", got)
	}
	if r := s.Anonymous().Do("POST", "/api/tasks", map[string]any{"title": "x"}, "Loam-As", "admin; organization="+ada.Org); r.StatusCode != 403 {
		t.Errorf("nobody's write: %d", r.StatusCode)
	}
	ahead.Store(int64(11 * time.Minute)) // the proof is old now
	for _, write := range writes {
		r := write(in)
		if !strings.Contains(string(r.Body), "auth/reauthenticate") {
			t.Errorf("an old proof: %s %s: %d %s", r.Request.Method, r.Request.URL, r.StatusCode, r.Body)
		}
	}
	in.Get("/api/tasks").Want(200)
	boss.Do("POST", "/auth/reauthenticate", map[string]any{"password": password}).Want(204)
	in.Do("PATCH", "/api/tasks/"+task, map[string]any{"points": 8}).Want(200)
}

// TestAttack142_AsConfigured: console.data is for the doors to keep, not for the page.
func TestAttack142_AsConfigured(t *testing.T) {
	for data, want := range map[string][2]int{"write": {200, 200}, "read": {200, 403}, "off": {403, 403}} {
		s := testkit.New(t, app, testkit.Settings(fmt.Sprintf("console: {data: %s}", data), nil))
		ada := s.SignUp("ada@example.com")
		_, task := plant(t, ada)
		boss := root(t, s)
		in := above(boss, ada.Org)
		if r := in.Get("/api/tasks/" + task); r.StatusCode != want[0] {
			t.Errorf("%s: a read: %d %s", data, r.StatusCode, r.Body)
		}
		if r := boss.Get("/console/api/history/tasks/" + task + "?organization=" + ada.Org); r.StatusCode != want[0] {
			t.Errorf("%s: a row's history: %d %s", data, r.StatusCode, r.Body)
		}
		if r := boss.Do("POST", "/console/api/explain", map[string]any{"model": "Task", "operation": "get", "id": task, "organization": ada.Org}); r.StatusCode != want[0] {
			t.Errorf("%s: why a row is shown: %d %s", data, r.StatusCode, r.Body)
		}
		if r := in.Do("PATCH", "/api/tasks/"+task, map[string]any{"points": 7}); r.StatusCode != want[1] {
			t.Errorf("%s: a write: %d %s", data, r.StatusCode, r.Body)
		}
		if r := in.GraphQL(`mutation { deleteTask(input: {id: "`+task+`"}) { id } }`, nil); (r.StatusCode == 200 && r.Value("errors") == nil) != (want[1] == 200) {
			t.Errorf("%s: a mutation: %d %s", data, r.StatusCode, r.Body)
		}
	}
}
