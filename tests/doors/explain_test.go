package doors

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

// ruled has rules of each kind, on models, on fields, on relations and on their keys.
const ruled = `
type Project @model @auth(rules: [
  { allow: member, roles: ["owner"] }
  { allow: where, filter: { name: { ne: "closed" } }, operations: [read] }
]) { name: String! @unique tasks: [Task] @hasMany }
type Task @model @auth(rules: [
  { allow: member, roles: ["owner", "admin"] }
  { allow: owner }
  { allow: where, filter: { assigneeId: { eq: "$user.id" } }, operations: [read, update] }
  { allow: where, filter: { project: { name: { eq: "open" } } }, operations: [read] }
  { allow: public, provider: apiKey, operations: [list] }
]) {
  title: String!
  points: Int! @default(value: "1")
  assigneeId: ID
  secret: String @auth(rules: [{ allow: member, roles: ["owner"] }])
  note: String @auth(rules: [{ allow: where, filter: { points: { gt: 3 } } }, { allow: member, roles: ["owner"], operations: [read, update] }])
  grade: String @auth(rules: [{ allow: member, operations: [read] }, { allow: where, filter: { project: { name: { eq: "open" } } } }])
  projectId: ID @auth(rules: [{ allow: member, roles: ["owner", "admin"] }, { allow: where, filter: { points: { lt: 9 } } }])
  project: Project @belongsTo
  remarks: [Remark] @hasMany
}
type Remark @model @auth(rules: [{ allow: member, roles: ["owner", "admin"] }]) { text: String! task: Task @belongsTo }
type News @model(scope: GLOBAL) @auth(rules: [{ allow: private, operations: [read, update] }, { allow: public, provider: iam, operations: [get] }, { allow: groups, groups: ["press"] }]) {
  head: String!
  draft: String @auth(rules: [{ allow: groups, groups: ["press"] }, { allow: owner, operations: [read] }])
}`

// explaining asks the console, and the doors in the callers' names.
type explaining struct {
	t       *testing.T
	boss    *testkit.Client
	org     string
	callers map[string]*testkit.Client
	seen    map[string]int // verdicts, by what they are about
}

func (x *explaining) ask(by, model, op string, about map[string]any) *testkit.Response {
	x.t.Helper()
	in := map[string]any{"model": model, "operation": op, "organization": x.org}
	if c := x.callers[by]; c.UserID != "" {
		in["user"] = c.UserID
	}
	for name, v := range about {
		in[name] = v
	}
	return x.boss.Do("POST", "/console/api/explain", in).Want(200)
}

// agree fails where what is explained is not what a door does. What only a value that is
// not there yet could tell is left open.
func (x *explaining) agree(what string, d any, does bool, answer *testkit.Response) {
	x.t.Helper()
	said := d.(map[string]any)
	verdict := said["verdict"].(string)
	x.seen[strings.Fields(what)[0]+" "+verdict]++
	if said["why"] == "" {
		x.t.Errorf("%s: %s without a reason", what, verdict)
	}
	if verdict == "depends" || (verdict == "allowed") == does {
		return
	}
	x.t.Errorf("%s is explained as %s, since %s; and the door: %d %s", what, verdict, said["why"], answer.StatusCode, answer.Body)
}

func (x *explaining) reads(by, model, path, id string, fields []string, include string) {
	c := x.callers[by]
	what := " " + model + " " + id + " by " + by
	e := x.ask(by, model, "get", map[string]any{"id": id})
	got := c.Get(path + "/" + id)
	x.agree("get"+what, e.Value(), got.StatusCode == 200, got)
	if e.String("verdict") == "depends" {
		x.t.Errorf("get%s is left open: %s", what, e.Body)
	}
	for i := range e.Len("fields") {
		name, read := e.String("fields", i, "name"), e.Value("fields", i, "read")
		answer := got
		if name == include {
			answer = c.Get(path + "/" + id + "?include=" + include)
		} else if !slices.Contains(fields, name) {
			continue
		}
		x.agree("read"+what+" "+name, read, answer.StatusCode == 200 && answer.Value(name) != nil, answer)
	}
	listed := c.Get(path)
	x.agree("list"+what, x.ask(by, model, "list", map[string]any{"id": id}).Value(), listed.StatusCode == 200 && strings.Contains(string(listed.Body), `"`+id+`"`), listed)
}

// writes gives each field the value that it has.
func (x *explaining) writes(by, model, path, id string, row map[string]any) {
	c := x.callers[by]
	e := x.ask(by, model, "update", map[string]any{"id": id})
	for i := range e.Len("fields") {
		name := e.String("fields", i, "name")
		value, has := row[name]
		if !has || name == "id" {
			continue
		}
		got := c.Do("PATCH", path+"/"+id, map[string]any{name: value})
		x.agree("write "+model+" "+id+" "+name+" by "+by, e.Value("fields", i, "write"), got.StatusCode == 200, got)
	}
	if d := x.ask(by, model, "delete", map[string]any{"id": id}); d.String("verdict") != "allowed" {
		got := c.Do("DELETE", path+"/"+id, nil)
		x.agree("delete "+model+" "+id+" by "+by, d.Value(), got.StatusCode == 204, got)
	}
}

func (x *explaining) creates(by, model, path string, row map[string]any) {
	x.t.Helper()
	text, err := json.Marshal(row)
	if err != nil {
		x.t.Fatal(err)
	}
	what := "create " + model + " " + string(text) + " by " + by
	e := x.ask(by, model, "create", map[string]any{"row": row})
	got := x.callers[by].Do("POST", path, row)
	x.agree(what, e.Value(), got.StatusCode == 201, got)
	if e.String("verdict") == "depends" {
		x.t.Errorf("%s is left open: %s", what, e.Body)
	}
	if got.StatusCode == 201 {
		x.callers["owner"].Do("DELETE", path+"/"+url.PathEscape(got.String("id")), nil)
	}
}

// What is explained, of a row and of each field, is what the doors do.
func TestExplainAgreesWithDoors(t *testing.T) {
	s := testkit.New(t, ruled)
	owner := s.SignUp("ada@example.com")
	x := &explaining{t, adminOf(t, s), owner.Org, map[string]*testkit.Client{"owner": owner, "admin": owner.Join("bo@example.com", "admin"), "member": owner.Join("mia@example.com", "member"),
		"assignee": owner.Join("al@example.com", "member"), "outsider": s.SignUp("out@example.com"), "nobody": s.Anonymous()}, map[string]int{}}
	member, assignee := x.callers["member"], x.callers["assignee"]
	project := map[string]string{}
	for _, name := range []string{"open", "other", "closed"} {
		project[name] = owner.Do("POST", "/api/projects", map[string]any{"name": name}).Want(201).String("id")
	}
	rows := []map[string]any{
		{"title": "a", "points": 5, "assigneeId": assignee.UserID, "secret": "s", "note": "n", "grade": "g", "projectId": project["open"]},
		{"title": "b", "points": 2, "assigneeId": member.UserID, "secret": "s", "note": "n", "grade": "g", "projectId": project["other"]},
		{"title": "c", "points": 9, "assigneeId": assignee.UserID, "secret": "s", "note": "n", "grade": "g", "projectId": project["closed"]},
		{"title": "d", "points": 9, "assigneeId": "none", "secret": "s", "note": "n", "grade": "g", "projectId": project["open"]},
	}
	for _, row := range rows {
		id := owner.Do("POST", "/api/tasks", row)
		if id.StatusCode == 403 { // who may create it with its note
			bare := map[string]any{}
			for name, v := range row {
				if name != "note" && name != "grade" {
					bare[name] = v
				}
			}
			id = owner.Do("POST", "/api/tasks", bare).Want(201)
			asAdmin := []string{"Loam-As", "admin; organization=" + x.org}
			x.boss.Do("PATCH", "/api/tasks/"+id.String("id"), map[string]any{"note": row["note"], "grade": row["grade"]}, asAdmin...).Want(200)
		}
		owner.Do("POST", "/api/remarks", map[string]any{"text": "r", "taskId": id.String("id")}).Want(201)
		for by := range x.callers {
			x.reads(by, "Task", "/api/tasks", id.String("id"), []string{"title", "points", "assigneeId", "secret", "note", "grade", "projectId", "owner"}, "project")
			x.reads(by, "Task", "/api/tasks", id.String("id"), []string{"title"}, "remarks")
			x.writes(by, "Task", "/api/tasks", id.String("id"), row)
		}
	}
	for by := range x.callers {
		x.reads(by, "Project", "/api/projects", project["closed"], []string{"name"}, "tasks")
		for _, row := range []map[string]any{{"title": "x"}, {"title": "x", "secret": "s"}, {"title": "x", "note": "n"}, {"title": "x", "note": "n", "points": 4},
			{"title": "x", "projectId": project["open"], "grade": "g"}, {"title": "x", "projectId": project["other"], "grade": "g"}, {"title": "x", "projectId": project["closed"]},
			{"title": "x", "projectId": "none"}, {"title": "x", "projectId": project["other"], "points": 9}} {
			if by != "outsider" { // whose door is another organization
				x.creates(by, "Task", "/api/tasks", row)
			}
		}
		x.creates(by, "News", "/api/news", map[string]any{"head": "h", "draft": "d"})
	}
	for _, kind := range []string{"get", "read", "list", "write", "create", "delete"} {
		if x.seen[kind+" allowed"] == 0 && kind != "delete" || x.seen[kind+" refused"] == 0 {
			t.Errorf("the table has too little of %s: %v", kind, x.seen)
		}
	}
}
