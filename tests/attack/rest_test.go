package attack

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

func TestAttack061_OraclesOnHiddenFields(t *testing.T) {
	_, ada, _ := two(t)
	plant(t, ada)
	bob := ada.Join("bob@example.com", "member")
	filter := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return "/api/projects?filter=" + url.QueryEscape(string(text))
	}
	secret := map[string]any{"secret": map[string]any{"beginsWith": "c"}}
	for _, path := range []string{
		"/api/projects?secret.beginsWith=c",
		"/api/projects?secret.isNull=false",
		"/api/projects?secret.size.gt=1",
		"/api/projects?sort=secret",
		"/api/projects?sort=-name,secret",
		"/api/projects:aggregate?groupBy=secret",
		"/api/tasks?project.secret.beginsWith=c",
		"/api/tasks?include=project&include.project.secret.beginsWith=c",
		"/api/projects?include=tasks&include.tasks.project.secret=c",
		filter(map[string]any{"or": []any{secret, map[string]any{"name": "x"}}}),
		filter(map[string]any{"not": secret}),
		filter(map[string]any{"tasks": map[string]any{"project": secret}}),
	} {
		bob.Get(path).WantCode(403, "access/field_denied")
	}
	for _, query := range []string{
		`{ listProjects(filter: {secret: {beginsWith: "c"}}) { items { id } } }`,
		`{ listProjects(filter: {not: {secret: {beginsWith: "c"}}}) { items { id } } }`,
		`{ listProjects(sort: [{field: secret}]) { items { id } } }`,
		`{ aggregateProjects(groupBy: [secret]) { count } }`,
		`{ listTasks(filter: {project: {secret: {beginsWith: "c"}}}) { items { id } } }`,
		`mutation { updateProject(input: {id: "x"}, condition: {secret: {beginsWith: "c"}}) { id } }`,
	} {
		r := bob.GraphQL(query, nil)
		if r.String("errors", 0, "extensions", "code") != "access/field_denied" {
			t.Errorf("%s: %s", query, r.Body)
		}
	}
	// A filter through a relation sees only the rows that the caller may list.
	ada.Do("POST", "/api/notes", map[string]any{"id": "n", "text": canary}).Want(201)
	ada.Do("POST", "/api/tasks", map[string]any{"title": "x", "noteId": "n"}).Want(201)
	if n := bob.Get("/api/tasks?note.text.beginsWith=c").Want(200).Len("items"); n != 0 {
		t.Errorf("a hidden note answered a filter: %d rows", n)
	}
}

// injections are texts that break out of a careless statement.
var injections = []string{`x" OR 1=1 --`, `x' OR '1'='1`, `title"; DROP TABLE "Task"; --`, `(select 1)`, `title COLLATE NOCASE`, `_rowid`, `rowid`, `_org`, `_version`, `*`, `title->>'a'`, "title\x00", `"`, `'`}

func TestAttack062_SQLInjection(t *testing.T) {
	_, ada, eve := two(t)
	plant(t, ada)
	for _, text := range injections {
		q := url.QueryEscape(text)
		for _, path := range []string{
			"/api/tasks?" + q + "=1", "/api/tasks?title." + q + "=1", "/api/tasks?sort=" + q, "/api/tasks?fields=" + q, "/api/tasks?include=" + q,
			"/api/tasks:aggregate?groupBy=" + q, "/api/tasks:aggregate?sum=" + q, "/api/" + url.PathEscape(text), "/api/tasks?cursor=" + q, "/api/tasks?limit=" + q,
		} {
			r := silent(t, eve.Get(path))
			if r.StatusCode < 400 || r.StatusCode >= 500 {
				t.Errorf("%s: %d %s", path, r.StatusCode, r.Body)
			}
			leaks(t, path, r.Body)
		}
		for _, path := range []string{"/api/tasks?title=" + q, "/api/tasks?title.contains=" + q, "/api/tasks?title.in=" + q, "/api/tasks?search=" + q, "/api/tasks/" + url.PathEscape(text)} {
			r := silent(t, eve.Get(path))
			if r.StatusCode >= 500 || r.Len("items") > 0 {
				t.Errorf("%s: %d %s", path, r.StatusCode, r.Body)
			}
			leaks(t, path, r.Body)
		}
		if strings.Contains(text, "\x00") {
			continue
		}
		if got := eve.Do("POST", "/api/tasks", map[string]any{"title": text}).Want(201).String("title"); got != text {
			t.Errorf("%q came back as %q", text, got)
		}
		id := eve.Get("/api/tasks?title="+q).Want(200).String("items", 0, "id")
		eve.Do("DELETE", "/api/tasks/"+id, nil).Want(204)
	}
	for _, operators := range []string{`"a" OR "b"`, `title:x`, `NEAR(a b)`, `a*`, `^a`, `-a`, `a AND`, `{title}: a`, `_org : x`, strings.Repeat("a ", 100)} {
		eve.Get("/api/tasks?search=" + url.QueryEscape(operators)).Want(200)
	}
}

// leaks fails the test where an error shows how the answer is made.
func leaks(t *testing.T, what string, body []byte) {
	t.Helper()
	for _, word := range []string{"SELECT ", "sqlite", "SQLITE", "syntax error", "no such column", ".go:", "goroutine", "/internal/", "json_object"} {
		if strings.Contains(string(body), word) {
			t.Errorf("%s: the answer shows %q:\n%s", what, word, body)
		}
	}
}

func TestAttack063_ForgedCursors(t *testing.T) {
	_, ada, eve := two(t)
	for i := range 3 {
		ada.Do("POST", "/api/tasks", map[string]any{"title": fmt.Sprint("t", i)}).Want(201)
	}
	bob := ada.Join("bob@example.com", "member")
	cursor := ada.Get("/api/tasks?limit=1&sort=title").Want(200).String("nextCursor")
	if got := ada.Get("/api/tasks?limit=1&sort=title&cursor="+cursor).Want(200).String("items", 0, "title"); got != "t1" {
		t.Errorf("the second page starts with %q", got)
	}
	const bad = "query/bad_cursor"
	eve.Get("/api/tasks?limit=1&sort=title&cursor="+cursor).WantCode(400, bad)
	bob.Get("/api/tasks?limit=1&sort=title&cursor="+cursor).WantCode(400, bad)
	ada.Get("/api/tasks?limit=1&sort=-title&cursor="+cursor).WantCode(400, bad)
	ada.Get("/api/tasks?limit=1&sort=title&title.ne=x&cursor="+cursor).WantCode(400, bad)
	ada.Get("/api/projects?limit=1&cursor="+cursor).WantCode(400, bad)
	for _, forged := range []string{"x", cursor[:len(cursor)-2], cursor + "AA", strings.ToLower(cursor), strings.Repeat("A", 4000), "eyJhIjoxfQ"} {
		ada.Get("/api/tasks?limit=1&sort=title&cursor="+forged).WantCode(400, bad)
	}
}

func TestAttack064_WrongShapes(t *testing.T) {
	_, ada, _ := two(t)
	for _, body := range []string{
		`{"title":{"$ne":""}}`, `{"title":["a"]}`, `{"title":1}`, `{"title":true}`, `{"title":null}`, `{"title":"a","points":"1"}`, `{"title":"a","points":1.5}`,
		`{"title":"a","points":99999999999}`, `{"title":"a","points":1e400}`, `{"title":"a","title":"b"}`, `{"title":"a","__proto__":{}}`, `{"title":"a","constructor":1}`,
		`{"title":"a","extra":1}`, `[]`, `"x"`, `null`, `1`, ``, `{`, `{"title":"a"}}`, `{"title":"a"}{}`, `{"title":"\u0000"}`, "{\"title\":\"\xff\"}", `{"title":"\ud800"}`,
		`{"title":"a","version":7}`, `{"title":"a","project":{"id":"x"}}`, `{"title":"a","createdAt":"2020-01-01T00:00:00Z"}`, strings.Repeat(`{"title":`, 5000),
		`{"title":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + `}`,
	} {
		r := ada.Do("POST", "/api/tasks", body)
		if r.StatusCode != 400 {
			t.Errorf("%.80s: %d %.300s", body, r.StatusCode, r.Body)
		}
		leaks(t, body[:min(len(body), 60)], r.Body)
	}
	if n := ada.Get("/api/tasks").Len("items"); n != 0 {
		t.Errorf("%d rows were written", n)
	}
	for _, body := range []string{`{"email":{"$ne":""},"password":"x"}`, `{"email":[],"password":null}`, `{"email":"a@b.co","password":"correct horse battery","role":"owner"}`, `{"email":"a@b.co","password":"correct horse battery","verified":true,"id":"x"}`} {
		ada.Do("POST", "/auth/sign-up", body).Want(400)
	}
}

func TestAttack065_SystemTables(t *testing.T) {
	_, ada, _ := two(t)
	for _, name := range []string{"_users", "_sessions", "_keys", "_changes", "_members", "_orgs", "_api_keys", "_schema", "sqlite_master", "Task", "task", "Task__search", "%5Fusers"} {
		r := ada.Get("/api/" + name)
		if r.StatusCode != 404 {
			t.Errorf("/api/%s: %d %s", name, r.StatusCode, r.Body)
		}
	}
}

func TestAttack066_RedirectingParameters(t *testing.T) {
	_, ada, _ := two(t)
	plant(t, ada)
	for _, param := range []string{"collection=projects", "model=Project", "table=Project", "plural=projects", "from=_users", "redirectClassNameForKey=note"} {
		ada.Get("/api/tasks?"+param).WantCode(400, "query/unknown_field")
	}
}

func TestAttack068_Limits(t *testing.T) {
	_, ada, _ := two(t)
	ids := strings.TrimSuffix(strings.Repeat("a,", 5000), ",")
	deep := strings.Repeat(`{"not":`, 60) + `{}` + strings.Repeat(`}`, 60)
	wide := `{"or":[` + strings.TrimSuffix(strings.Repeat(`{"title":"x"},`, 400), ",") + `]}`
	for path, code := range map[string]string{
		"/api/tasks?limit=1000000000":                                         "query/limit",
		"/api/tasks?limit=0":                                                  "query/limit",
		"/api/tasks?limit=-1":                                                 "query/limit",
		"/api/tasks?limit=1e3":                                                "query/limit",
		"/api/tasks?limit=99999999999999999999":                               "query/limit",
		"/api/tasks?offset=1000000000000":                                     "query/unknown_field",
		"/api/tasks?id.in=" + ids:                                             "query/too_complex",
		"/api/tasks?filter=" + url.QueryEscape(deep):                          "query/too_complex",
		"/api/tasks?filter=" + url.QueryEscape(wide):                          "query/too_complex",
		"/api/tasks?sort=id,title,points,createdAt,updatedAt,version":         "query/too_complex",
		"/api/tasks?include=" + strings.Repeat("project.tasks.", 20) + "note": "query/too_complex",
		"/api/tasks?search=" + strings.Repeat("a", 300):                       "query/too_complex",
		"/api/tasks?title=a&title=b":                                          "http/bad_parameter",
	} {
		ada.Get(path).WantCode(400, code)
	}
	ada.Get("/api/tasks?title=" + strings.Repeat("a", 17000)).Want(413)
}

func TestAttack069_BatchIsAllOrNothing(t *testing.T) {
	_, ada, eve := two(t)
	_, task := plant(t, ada)
	op := func(method, path string, body any) map[string]any {
		return map[string]any{"method": method, "path": path, "body": body}
	}
	r := eve.Do("POST", "/api/batch", map[string]any{"operations": []any{
		op("POST", "/api/tasks", map[string]any{"title": "mine"}),
		op("PATCH", "/api/tasks/"+task, map[string]any{"title": "mine"}),
	}})
	r.WantCode(404, "data/not_found")
	if got := r.String("field"); got != "operations.1" {
		t.Errorf("the error is at %q", got)
	}
	if n := eve.Get("/api/tasks").Len("items"); n != 0 {
		t.Errorf("%d rows of the failed batch stayed", n)
	}
	var many []any
	for range 101 {
		many = append(many, op("POST", "/api/tasks", map[string]any{"title": "x"}))
	}
	eve.Do("POST", "/api/batch", map[string]any{"operations": many}).WantCode(400, "data/batch_limit")
	g := eve.GraphQL(`mutation { a: createTask(input: {title: "mine"}) { id } b: updateTask(input: {id: "`+task+`", title: "mine"}) { id } }`, nil)
	if g.Value("data", "a") != nil || g.String("errors", 0, "path", 0) != "b" {
		t.Errorf("GraphQL: %s", g.Body)
	}
	if n := eve.Get("/api/tasks").Len("items"); n != 0 {
		t.Errorf("%d rows of the failed document stayed", n)
	}
}

func TestAttack070_ConstraintErrors(t *testing.T) {
	_, ada, _ := two(t)
	plant(t, ada)
	r := ada.Do("POST", "/api/projects", map[string]any{"name": canary}).WantCode(409, "data/duplicate")
	leaks(t, "duplicate", silent(t, r).Body)
	if r.String("field") != "name" {
		t.Errorf("the error names %q", r.String("field"))
	}
	leaks(t, "malformed", ada.GraphQL("{ listTasks {{{", nil).Body)
	leaks(t, "malformed", ada.Do("POST", "/graphql", `{"query":`).Body)
	leaks(t, "variables", ada.GraphQL("query($n: Int!) { listTasks(limit: $n) { items { id } } }", map[string]any{"n": "x"}).Body)
}

// Sums beyond a Float's range have no place in JSON.
func TestAttack064_SumsBeyondFloat(t *testing.T) {
	s := testkit.New(t, `
type Reading @model @auth(rules: [{ allow: member }]) {
  value: Float
}`)
	ada := s.SignUp("ada@example.com")
	for _, value := range []string{"1.7e308", "1.7e308", "-1.7e308"} {
		ada.Do("POST", "/api/readings", `{"value":`+value+`}`).Want(201)
	}
	r := ada.Get("/api/readings:aggregate?sum=value&avg=value&value.gt=0").Want(200)
	if r.Value("items", 0, "sum", "value") != nil || r.Value("items", 0, "avg", "value") != nil {
		t.Errorf("%s", r.Body)
	}
	ada.Do("POST", "/api/readings", `{"value":1e309}`).WantCode(400, "query/bad_value")
	ada.Get("/api/readings?value.gt=1e999999").WantCode(400, "query/bad_value")
}

// A version that must match makes no row where there is none.
func TestAttack039_VersionOfNoRow(t *testing.T) {
	_, ada, _ := two(t)
	ada.Do("PUT", "/api/tasks", map[string]any{"id": "x", "title": "x"}, "If-Match", `"3"`).WantCode(412, "data/version")
	if n := ada.Get("/api/tasks").Len("items"); n != 0 {
		t.Errorf("%d tasks were made", n)
	}
	ada.Do("PUT", "/api/tasks", map[string]any{"id": "x", "title": "x"}).Want(201)
	ada.Do("PUT", "/api/tasks", map[string]any{"id": "x", "title": "y"}, "If-Match", `"1"`).Want(200)
}

// A relation tells the key that it stands on: it is hidden where that is.
func TestAttack061_HiddenKeyThroughItsRelation(t *testing.T) {
	s := testkit.New(t, `
type Case @model @auth(rules: [{ allow: member }]) {
  title: String
  clientId: ID @auth(rules: [{ allow: member, roles: ["owner"] }])
  client: Client @belongsTo(fields: ["clientId"])
}
type Client @model @auth(rules: [{ allow: member }]) {
  name: String
  cases: [Case] @hasMany(references: ["clientId"])
}
type Letter @model @auth(rules: [{ allow: member }]) {
  owner: String
  clientId: ID @auth(rules: [{ allow: owner }])
  client: Reader @belongsTo(fields: ["clientId"])
}
type Reader @model @auth(rules: [{ allow: member }]) {
  name: String
  letters: [Letter] @hasMany(references: ["clientId"])
}`)
	ada := s.SignUp("ada@example.com")
	bob := ada.Join("bob@example.com", "member")
	ada.Do("POST", "/api/clients", map[string]any{"id": "c", "name": canary}).Want(201)
	ada.Do("POST", "/api/cases", map[string]any{"id": "x", "title": "x", "clientId": "c"}).Want(201)
	ada.Do("POST", "/api/readers", map[string]any{"id": "c", "name": canary}).Want(201)
	ada.Do("POST", "/api/letters", map[string]any{"id": "x", "clientId": "c", "owner": ada.UserID}).Want(201)

	// No rule of the key lets Bob read it.
	for _, path := range []string{"/api/cases?client.id=c", "/api/cases?client.name.beginsWith=c", "/api/clients?cases.title=x"} {
		bob.Get(path).WantCode(403, "access/field_denied")
	}
	silent(t, bob.Get("/api/cases?include=client"))
	if r := bob.Get("/api/clients?include=cases"); strings.Contains(string(r.Body), `"id":"x"`) {
		t.Errorf("the other side tells: %s", r.Body)
	}
	silent(t, bob.GraphQL("{ listCases { items { id client { id name } } } }", nil))
	// The rule of the key depends on the row.
	for _, path := range []string{"/api/letters?client.id=c", "/api/readers?letters.id=x"} {
		if n := bob.Get(path).Want(200).Len("items"); n != 0 {
			t.Errorf("%s: %d rows", path, n)
		}
		if n := ada.Get(path).Want(200).Len("items"); n != 1 {
			t.Errorf("%s: %d rows for the owner", path, n)
		}
	}
	silent(t, bob.Get("/api/letters?include=client"))
	if n := bob.Get("/api/readers?include=letters").Want(200).Len("items", 0, "letters"); n != 0 {
		t.Errorf("the other side tells of %d letters", n)
	}
	if n := ada.Get("/api/readers?include=letters").Want(200).Len("items", 0, "letters"); n != 1 {
		t.Errorf("the owner sees %d letters", n)
	}
}

// A text in a filter is that text: no pattern of LIKE, GLOB or a regular
// expression is in it.
func TestAttack067_PatternsAreText(t *testing.T) {
	_, ada, _ := two(t)
	for _, title := range []string{"100%", "abc", "a_c", "[a-z]*"} {
		ada.Do("POST", "/api/tasks", map[string]any{"title": title}).Want(201)
	}
	for _, c := range []struct {
		op, text string
		want     int
	}{
		{"contains", "%", 1}, {"contains", "_", 1}, {"contains", "a_c", 1}, {"contains", "*", 1}, {"contains", "[a-z]", 1},
		{"beginsWith", "%", 0}, {"beginsWith", "a_", 1}, {"beginsWith", "_", 0}, {"eq", "a%", 0}, {"contains", "(a+)+$", 0},
	} {
		path := "/api/tasks?title." + c.op + "=" + url.QueryEscape(c.text)
		if n := ada.Get(path).Want(200).Len("items"); n != c.want {
			t.Errorf("%s: %d rows, want %d", path, n, c.want)
		}
	}
}

// A row that is made again with the id of one that is gone inherits nothing.
func TestAttack042_RecycledIDs(t *testing.T) {
	_, ada, _ := two(t)
	project, task := plant(t, ada)
	ada.Do("DELETE", "/api/projects/"+project, nil).Want(204)
	ada.Do("POST", "/api/projects", map[string]any{"id": project, "name": "another"}).Want(201)
	r := silent(t, ada.Get("/api/projects/"+project+"?include=tasks")).Want(200)
	if r.Len("tasks") != 0 || r.Value("secret") != nil {
		t.Errorf("%s", r.Body)
	}
	if got := ada.Get("/api/tasks/" + task).Want(200).Value("projectId"); got != nil {
		t.Errorf("the task still refers to %v", got)
	}
}

// From the moment that a schema is in force, its rules are: whatever was cached
// or under way.
func TestAttack045_RulesTightenUnderLoad(t *testing.T) {
	const open = `type Memo @model @auth(rules: [{ allow: member }]) { text: String }`
	const closed = `type Memo @model @auth(rules: [{ allow: member, roles: ["owner"] }]) { text: String }`
	s := testkit.New(t, open)
	ada := s.SignUp("ada@example.com")
	bob := ada.Join("bob@example.com", "member")
	id := ada.Do("POST", "/api/memos", map[string]any{"text": canary}).Want(201).String("id")
	stop := make(chan struct{})
	var all sync.WaitGroup
	defer all.Wait()
	defer close(stop)
	for range 2 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if r := bob.Get("/api/memos"); r.StatusCode != 200 && r.StatusCode != 403 {
					t.Errorf("%d %s", r.StatusCode, r.Body)
				}
			}
		})
	}
	for range 10 {
		s.Use(closed)
		silent(t, bob.Get("/api/memos")).WantCode(403, "access/denied")
		silent(t, bob.Do("GET", "/api/memos/"+id, nil, "If-None-Match", `"1"`)).Want(403)
		silent(t, bob.GraphQL("{ listMemos { items { text } } }", nil))
		s.Use(open)
		bob.Get("/api/memos").Want(200)
		if r := bob.GraphQL("{ listMemos { items { text } } }", nil); r.Len("data", "listMemos", "items") != 1 {
			t.Errorf("%s", r.Body)
		}
	}
}
