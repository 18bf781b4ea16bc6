package doors

import (
	"strings"
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

const board = `
type Project @model @auth(rules: [{ allow: member }, { allow: private, operations: [read] }]) { name: String! @unique tasks: [Task] @hasMany }
type Task @model @auth(rules: [
  { allow: member, roles: ["owner"] }
  { allow: where, filter: { and: [{ assigneeId: { eq: "$user.id" } }, { points: { gt: 3 } }] }, operations: [read, update] }
  { allow: where, filter: { project: { name: { eq: "open" } } }, operations: [read] }
]) {
  title: String! @validate(type: maxLength, value: "200")
  points: Int
  assigneeId: ID
  secret: String @auth(rules: [{ allow: member, roles: ["owner"] }])
  project: Project! @belongsTo
}
enum Color { RED GREEN }
`

// Why somebody sees a row, or does not, is said rule by rule.
func TestConsoleExplain(t *testing.T) {
	s := testkit.New(t, board)
	boss := adminOf(t, s)
	ada := s.SignUp("ada@example.com")
	mia := ada.Join("mia@example.com", "member")
	project := ada.Do("POST", "/api/projects", map[string]any{"name": "closed"}).Want(201).String("id")
	task := ada.Do("POST", "/api/tasks", map[string]any{"title": "x", "points": 5, "projectId": project, "assigneeId": mia.UserID}).Want(201).String("id")
	ask := func(in map[string]any) *testkit.Response {
		in["organization"] = ada.Org
		return boss.Do("POST", "/console/api/explain", in).Want(200)
	}
	for what, c := range map[string]struct {
		in                   map[string]any
		verdict, filter, why string
		field                string
	}{
		"an owner":            {map[string]any{"model": "Task", "operation": "update", "id": task, "user": "ada@example.com"}, "allowed", "", "a rule allows it: members of the organization with the role owner may create, read, update and delete", "a rule allows it: members of the organization with the role owner may create, read, update and delete"},
		"who it is for":       {map[string]any{"model": "tasks", "operation": "update", "id": task, "user": mia.UserID}, "allowed", "assigneeId is the caller's id and points is above 3", "a rule allows it: every signed-in user, where assigneeId is the caller's id and points is above 3 may read and update", "no rule lets them change it; the caller's role is member, not owner"},
		"that, to delete":     {map[string]any{"model": "Task", "operation": "delete", "id": task, "user": mia.UserID}, "refused", "", "no rule of Task lets them delete it; the caller's role is member, not owner", "no rule lets them read it; the caller's role is member, not owner"},
		"a row of values":     {map[string]any{"model": "Task", "operation": "update", "row": map[string]any{"points": 2, "assigneeId": mia.UserID}, "user": mia.UserID}, "refused", "assigneeId is the caller's id and points is above 3", "the row is not one that a rule lets them change: where assigneeId is the caller's id and points is above 3; the caller's role is member, not owner", "the row is refused: "},
		"what others decide":  {map[string]any{"model": "Task", "operation": "get", "row": map[string]any{"points": 2, "projectId": project}, "user": mia.UserID}, "refused", "(assigneeId is the caller's id and points is above 3) or its project has: (name is \"open\")", "the row is not one that a rule lets them read: where (assigneeId is the caller's id and points is above 3) or its project has: (name is \"open\"); the caller's role is member, not owner", "the row is not shown: the row is not one"},
		"any row":             {map[string]any{"model": "Task", "operation": "update", "user": mia.UserID}, "depends", "assigneeId is the caller's id and points is above 3", "it depends on the row: where assigneeId is the caller's id and points is above 3", "no rule lets them change it; the caller's role is member, not owner"},
		"with another role":   {map[string]any{"model": "Task", "operation": "delete", "user": mia.UserID, "role": "owner"}, "allowed", "", "a rule allows it: members of the organization with the role owner may create, read, update and delete", "a rule allows it: members of the organization with the role owner may create, read, update and delete"},
		"nobody":              {map[string]any{"model": "Task", "operation": "list"}, "refused", "", "sign in to use Task: send Authorization: Bearer <access token>", "the row is not shown: sign in"},
		"an API key":          {map[string]any{"model": "Task", "operation": "list", "apiKey": true}, "refused", "", "no rule of Task lets them list it; nobody is signed in", "the row is not shown: no rule of Task lets them"},
		"who is of elsewhere": {map[string]any{"model": "Project", "operation": "list", "user": "root@example.com"}, "refused", "", "Project belongs to an organization, and they are a member of none, or not of the one that is asked about", ""},
	} {
		r := ask(c.in)
		if r.String("verdict") != c.verdict || r.String("filter") != c.filter || r.String("why") != c.why {
			t.Errorf("%s: %s: %s, where %s", what, r.String("verdict"), r.String("why"), r.String("filter"))
		}
		if why := aboutField(r, "secret"); !strings.HasPrefix(why, c.field) || why == "" && c.field != "" {
			t.Errorf("%s: the field is explained as %s", what, why)
		}
	}
	if r := ask(map[string]any{"model": "Task", "operation": "get", "id": "none", "user": mia.UserID}); r.Value("exists") != false {
		t.Errorf("a row that is not there: %s", r.Body)
	}
	boss.Do("POST", "/console/api/explain", map[string]any{"model": "Task", "operation": "fly"}).Want(400)
	boss.Do("POST", "/console/api/explain", map[string]any{"model": "Task", "operation": "get", "organization": ada.Org, "row": map[string]any{"points": "many"}}).WantCode(400, "query/bad_value")
}

// aboutField is the sentence of a field: to write it, where that was asked.
func aboutField(r *testkit.Response, name string) string {
	for i := range r.Len("fields") {
		if r.String("fields", i, "name") != name {
			continue
		}
		if why := r.String("fields", i, "write", "why"); why != "" {
			return why
		}
		return r.String("fields", i, "read", "why")
	}
	return ""
}

func TestConsoleSchema(t *testing.T) {
	s := testkit.New(t, board)
	r := adminOf(t, s).Get("/console/api/schema").Want(200)
	edges := map[string]string{}
	for i := range r.Len("edges") {
		edges[r.String("edges", i, "from")+"."+r.String("edges", i, "field")] = r.String("edges", i, "to") + " " + r.String("edges", i, "type") + " " + r.String("edges", i, "inverse")
	}
	if edges["Task.project"] != "Project belongsTo tasks" || edges["Project.tasks"] != "Task hasMany project" {
		t.Errorf("the edges are %v", edges)
	}
	if r.String("models", 0, "rules", 0, "words") != "members of the organization may create, read, update and delete" || r.String("models", 0, "path") != "projects" || r.String("enums", 0, "values", 1) != "GREEN" {
		t.Errorf("the schema is %s", r.Body)
	}
	if r.String("diagnostics", 0, "severity") == "error" || r.String("source") != board || r.Value("inForce") != true {
		t.Errorf("the remarks are %v", r.Value("diagnostics"))
	}
}

// What happened to a row is told newest first, with who did it, and whether as admin.
func TestConsoleHistory(t *testing.T) {
	s := testkit.New(t, jotted)
	boss := adminOf(t, s)
	ada := s.SignUp("ada@example.com")
	id := ada.Do("POST", "/api/notes", map[string]any{"text": "one"}).Want(201).String("id")
	boss.Do("PATCH", "/api/notes/"+id, map[string]any{"text": "two"}, "Loam-As", "admin; organization="+ada.Org).Want(200)
	ada.Do("DELETE", "/api/notes/"+id, nil).Want(204)
	path := "/console/api/history/notes/" + id + "?organization=" + ada.Org
	first := boss.Get(path + "&limit=2").Want(200)
	if first.String("items", 0, "operation") != "delete" || first.String("items", 1, "actor") != "user:"+boss.UserID || first.Value("items", 1, "asAdmin") != true ||
		first.String("items", 1, "actorName") != "root@example.com" || first.String("items", 1, "changes", 0, "before") != "one" || first.String("items", 1, "changes", 0, "after") != "two" {
		t.Errorf("the history is %s", first.Body)
	}
	rest := boss.Get(path + "&limit=2&cursor=" + first.String("nextCursor")).Want(200)
	if rest.Len("items") != 1 || rest.String("items", 0, "operation") != "create" || rest.Value("nextCursor") != nil {
		t.Errorf("the rest is %s", rest.Body)
	}
	if other := boss.Get("/console/api/history/notes/" + id + "?organization=" + boss.Org).Want(200); other.Len("items") != 0 {
		t.Errorf("another organization's history is %s", other.Body)
	}
	boss.Get("/console/api/history/notes/"+id).WantCode(403, "access/no_organization")
}

// Live connections are listed, and closed.
func TestConsoleConnections(t *testing.T) {
	s := testkit.New(t, jotted)
	boss := adminOf(t, s)
	ada := s.SignUp("ada@example.com")
	live := ada.Follow("/api/notes", "")
	live.Next()
	r := boss.Get("/console/api/connections").Want(200)
	if r.Len("items") != 1 || r.String("items", 0, "subject") != "user:"+ada.UserID || r.String("items", 0, "protocol") != "sse" || r.String("items", 0, "organization") != ada.Org {
		t.Errorf("the connections are %s", r.Body)
	}
	if r.String("items", 0, "name") != "ada@example.com" || r.Value("items", 0, "subscriptions") != 1.0 || r.String("items", 0, "node") == "" || r.Value("nextCursor") != nil {
		t.Errorf("the connection is %s", r.Body)
	}
	second := ada.Follow("/api/notes", "")
	second.Next()
	if r := boss.Get("/console/api/connections?limit=1").Want(200); r.Len("items") != 1 || r.Value("nextCursor") == nil {
		t.Errorf("the first page is %s", r.Body)
	} else if r := boss.Get("/console/api/connections?limit=1&cursor=" + r.String("nextCursor")).Want(200); r.Len("items") != 1 {
		t.Errorf("the second page is %s", r.Body)
	}
	boss.Get("/console/api/connections?limit=1000").WantCode(400, "query/limit")
	boss.Get("/console/api/connections?cursor=x").WantCode(400, "query/bad_cursor")
	boss.Do("DELETE", "/console/api/connections/"+r.String("items", 0, "id"), nil).Want(204)
	if e := live.Next(); e.Name != "error" {
		t.Errorf("it ends with %+v", e)
	}
	boss.Do("DELETE", "/console/api/connections/99", nil).Want(404)
	if r := boss.Get("/console/api/users/ada@example.com/sessions").Want(200); r.Len("items") != 1 {
		t.Errorf("the sessions are %s", r.Body)
	}
	if r := boss.Get("/console/api/audit?action=admin.connection_closed").Want(200); r.Len("items") != 1 {
		t.Errorf("the log is %s", r.Body)
	}
}

// The migrations that were run say when, where, by which version and for how long; the
// one that waits, what it would do.
func TestConsoleMigrations(t *testing.T) {
	draft := jotted
	s := testkit.New(t, jotted, func(o *backend.Options) { o.Draft = func() string { return draft } })
	boss := adminOf(t, s)
	r := boss.Get("/console/api/migrations").Want(200)
	if r.Len("applied") != 1 || r.Value("pending") != nil || r.String("applied", 0, "sql") == "" || r.String("applied", 0, "at") == "" ||
		r.String("applied", 0, "run", "node") == "" || r.String("applied", 0, "run", "loam") == "" || r.Value("applied", 0, "run", "millis").(float64) < 0 {
		t.Errorf("the migrations are %s", r.Body)
	}
	draft = strings.Replace(jotted, "text:", "rank: Int text:", 1)
	if r := boss.Get("/console/api/migrations").Want(200); !strings.Contains(r.String("pending", "sql"), "rank") || r.Len("pending", "steps") != 1 || r.String("pending", "refusal") != "" {
		t.Errorf("what waits is %s", r.Body)
	}
	s.Use(draft)
	if r := boss.Get("/console/api/migrations").Want(200); r.Len("applied") != 2 || r.Value("applied", 0, "version") != 2.0 || r.Value("pending") != nil {
		t.Errorf("then they are %s", r.Body)
	}
	s.SignUp("ada@example.com").Get("/console/api/migrations").Want(404)
}
