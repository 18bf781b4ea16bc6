// Package doors tests what each door answers, through the doors alone.
package doors

import (
	"fmt"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

const tracker = `
type Project @model @auth(rules: [{ allow: member }]) {
  name: String!
  archived: Boolean! @default(value: "false")
  tasks: [Task] @hasMany
}
type Task @model @search(fields: ["title", "body"]) @auth(rules: [
  { allow: member, operations: [read, create] }
  { allow: owner }
  { allow: where, filter: { assigneeId: { eq: "$user.id" } }, operations: [update] }
]) {
  title: String! @validate(type: maxLength, value: "200")
  body: String
  points: Int
  status: TaskStatus! @default(value: "TODO") @index(name: "byStatus", sortKeyFields: ["createdAt"], queryField: "tasksByStatus")
  project: Project! @belongsTo(onDelete: CASCADE)
  assignee: User @belongsTo
  tags: [String!]
}
enum TaskStatus { TODO DOING DONE }
`

func TestREST(t *testing.T) {
	s := testkit.New(t, tracker)
	ada := s.SignUp("ada@example.com")
	project := ada.Do("POST", "/api/projects", map[string]any{"name": "Engine"}).Want(201)
	made := ada.Do("POST", "/api/tasks", map[string]any{
		"title": "Write notes", "projectId": project.String("id"), "points": 3, "assigneeId": ada.UserID, "tags": []string{"a", "b"},
	}).Want(201)
	task := "/api/tasks/" + made.String("id")
	if made.Header.Get("Location") != task || made.Header.Get("ETag") != `"1"` {
		t.Errorf("headers: %v", made.Header)
	}
	for _, c := range []struct {
		path string
		at   []any
		want any
	}{
		{task, []any{"status"}, "TODO"}, // the default
		{task, []any{"owner"}, ada.UserID},
		{task, []any{"tags", 1}, "b"},
		{task + "?fields=title", []any{"points"}, nil},
		{task + "?include=project,assignee", []any{"assignee", "role"}, "owner"},
		{"/api/tasks?status.in=TODO,DOING&project.name.beginsWith=En&sort=-createdAt&limit=1&count=true", []any{"total"}, 1.0},
		{"/api/tasks?status=DONE", []any{"items", 0}, nil},
		{"/api/tasks?tags.contains=a&points.between=1,3", []any{"items", 0, "title"}, "Write notes"},
		{`/api/tasks?filter={"or":[{"points":9},{"not":{"title":{"contains":"x"}}}]}`, []any{"items", 0, "points"}, 3.0},
		{"/api/projects?include=tasks.assignee&include.tasks.limit=5&include.tasks.sort=-createdAt", []any{"items", 0, "tasks", 0, "assignee", "id"}, ada.UserID},
		{"/api/projects?include=tasks&include.tasks.status=DONE", []any{"items", 0, "tasks", 0}, nil},
		{"/api/projects?fields=name,tasks.title", []any{"items", 0, "tasks", 0, "title"}, "Write notes"},
		{"/api/tasks?search=note", []any{"items", 0, "title"}, "Write notes"},
		{"/api/tasks:aggregate?groupBy=status&sum=points", []any{"items", 0, "sum", "points"}, 3.0},
		{"/api/tasks:aggregate?groupBy=status&sum=points", []any{"items", 0, "group", "status"}, "TODO"},
		{"/api/users", []any{"items", 0, "email"}, "ada@example.com"},
	} {
		if got := ada.Get(c.path).Want(200).Value(c.at...); got != c.want {
			t.Errorf("%s: %v is %v, want %v", c.path, c.at, got, c.want)
		}
	}
	if got := ada.Do("PATCH", task, map[string]any{"status": "DONE", "body": nil}).Want(200).Value("version"); got != 2.0 {
		t.Errorf("the version is %v", got)
	}
	eve := s.SignUp("eve@example.com")
	eve.Get(task).WantCode(404, "data/not_found")
	s.Anonymous().Get(task).WantCode(401, "access/sign_in")
	ada.Do("DELETE", "/api/projects/"+project.String("id"), nil).Want(204)
	ada.Get(task).Want(404) // it went with its project
}

// TestPages walks lists by their cursors, on both doors, whatever the order.
func TestPages(t *testing.T) {
	s := testkit.New(t, tracker)
	ada := s.SignUp("ada@example.com")
	project := ada.Do("POST", "/api/projects", map[string]any{"name": "Engine"}).Want(201).String("id")
	for i := range 7 {
		body := map[string]any{"title": string(rune('a' + i)), "projectId": project}
		if i%3 > 0 {
			body["points"] = i % 3 // and null for the others
		}
		ada.Do("POST", "/api/tasks", body).Want(201)
	}
	for sort, want := range map[string]string{
		"title": "abcdefg", "-title": "gfedcba", "points,title": "adgbecf", "-points,title": "cfbeadg", "points,-title": "gdaebfc", "createdAt": "abcdefg", "": "abcdefg",
	} {
		for limit := 1; limit <= 4; limit++ {
			var got, cursor string
			for page := 0; page < 8; page++ {
				path := fmt.Sprintf("/api/tasks?sort=%s&limit=%d&cursor=%s", sort, limit, cursor)
				if sort == "" {
					path = fmt.Sprintf("/api/tasks?limit=%d&cursor=%s", limit, cursor)
				}
				r := ada.Get(path).Want(200)
				for i := range r.Len("items") {
					got += r.String("items", i, "title")
				}
				if cursor = r.String("nextCursor"); cursor == "" {
					break
				}
			}
			if got != want {
				t.Errorf("sort=%s limit=%d: %s, want %s", sort, limit, got, want)
			}
		}
	}
	// A list inside a list has cursors of its own.
	var got, token string
	for range 8 {
		r := ada.GraphQL(`query($t: String) { listProjects { items { tasks(limit: 2, nextToken: $t, sort: [{field: points}, {field: title, direction: DESC}]) { items { title } nextToken total } } } }`,
			map[string]any{"t": token}).Want(200)
		tasks := []any{"data", "listProjects", "items", 0, "tasks"}
		for i := range r.Len(append(tasks, "items")...) {
			got += r.String(append(tasks, "items", i, "title")...)
		}
		if r.Value(append(tasks, "total")...) != 7.0 {
			t.Fatalf("%s", r.Body)
		}
		if token = r.String(append(tasks, "nextToken")...); token == "" {
			break
		}
	}
	if got != "gdaebfc" {
		t.Errorf("nested: %s", got)
	}
	// So has one in the answer to a mutation.
	const answer = `{ tasks(limit: 2, nextToken: $t) { items { title } nextToken } } }`
	first := ada.GraphQL(`mutation($id: ID!, $t: String) { updateProject(input: {id: $id, name: "x"}) `+answer, map[string]any{"id": project}).Want(200)
	token = first.String("data", "updateProject", "tasks", "nextToken")
	second := ada.GraphQL(`mutation($id: ID!, $t: String) { updateProject(input: {id: $id, name: "y"}) `+answer, map[string]any{"id": project, "t": token}).Want(200)
	if got := second.String("data", "updateProject", "tasks", "items", 0, "title"); token == "" || got != "c" {
		t.Errorf("in a mutation: %s then %s", first.Body, second.Body)
	}
}

// TestTooManyGroups: an aggregate is whole or refused, never cut.
func TestTooManyGroups(t *testing.T) {
	s := testkit.New(t, `type Point @model @auth(rules: [{ allow: member }]) { x: Int! }`)
	ada := s.SignUp("ada@example.com")
	fill := func(from, n int) {
		var ops []any
		for i := range n {
			ops = append(ops, map[string]any{"method": "POST", "path": "/api/points", "body": map[string]any{"x": from + i}})
		}
		ada.Do("POST", "/api/batch", map[string]any{"operations": ops}).Want(200)
	}
	for i := range 10 {
		fill(i*100, 100)
	}
	if n := ada.Get("/api/points:aggregate?groupBy=x").Want(200).Len("items"); n != 1000 {
		t.Errorf("%d groups, want 1000", n)
	}
	fill(1000, 1)
	ada.Get("/api/points:aggregate?groupBy=x").WantCode(400, "query/too_complex")
	if r := ada.GraphQL(`{ aggregatePoints(groupBy: [x]) { count } }`, nil); r.String("errors", 0, "extensions", "code") != "query/too_complex" {
		t.Errorf("GraphQL: %.300s", r.Body)
	}
	if n := ada.Get("/api/points:aggregate?sum=x").Want(200).Value("items", 0, "count"); n != 1001.0 {
		t.Errorf("%v rows in all", n)
	}
}
