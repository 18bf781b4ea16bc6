// Package doors tests what each door answers, through the doors alone.
package doors

import (
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

func TestRESTRoundTrip(t *testing.T) {
	s := testkit.New(t, tracker)
	ada := s.SignUp("ada@example.com")
	p := ada.Do("POST", "/api/projects", map[string]any{"name": "Engine"}).Want(201)
	task := ada.Do("POST", "/api/tasks", map[string]any{"title": "Write notes", "projectId": p.String("id"), "points": 3, "assigneeId": ada.UserID, "tags": []string{"a", "b"}}).Want(201)
	t.Log(string(task.Body), task.Header)
	t.Log(string(ada.Get("/api/tasks?status=DOING,&include=project,assignee").Body))
	t.Log(string(ada.Get("/api/tasks?status.in=TODO,DOING&include=project,assignee&project.name.beginsWith=En&sort=-createdAt&limit=1&count=true").Want(200).Body))
	t.Log(string(ada.Get("/api/projects?include=tasks.assignee&include.tasks.limit=5&include.tasks.sort=-createdAt").Want(200).Body))
	t.Log(string(ada.Get("/api/tasks?search=note").Want(200).Body))
	t.Log(string(ada.Get("/api/tasks:aggregate?groupBy=status&sum=points").Want(200).Body))
	t.Log(string(ada.Do("PATCH", "/api/tasks/"+task.String("id"), map[string]any{"status": "DONE"}, "If-Match", `"1"`).Want(200).Body))
	t.Log(string(ada.Do("PATCH", "/api/tasks/"+task.String("id"), map[string]any{"status": "DONE"}, "If-Match", `"1"`).WantCode(412, "data/version").Body))
	t.Log(string(ada.GraphQL(`{ listProjects(limit: 2) { items { id name tasks(limit: 1, sortDirection: DESC) { items { id title project { name } assignee { name } tags } nextToken total __typename } } nextToken total } }`, nil).Want(200).Body))
	t.Log(string(ada.GraphQL(`mutation { a: createProject(input: {name: "x"}) { id name version } b: createProject(input: {name: "y"}) { id } }`, nil).Want(200).Body))
	eve := s.SignUp("eve@example.com")
	eve.Get("/api/tasks/"+task.String("id")).WantCode(404, "data/not_found")
	t.Log(string(eve.Get("/api/tasks").Want(200).Body))
	ada.Do("DELETE", "/api/projects/"+p.String("id"), nil).Want(204)
	t.Log(string(ada.Get("/api/tasks").Want(200).Body))
}
