// Package attack holds the attacks that the doors must survive, numbered as in
// the catalog of attacks that the project keeps to. Each test drives the real
// routes and fails if its defence is removed.
package attack

import (
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

// app has one model of each kind that the attacks need.
const app = `
type Project @model @auth(rules: [{ allow: member }]) {
  name: String! @unique
  secret: String @auth(rules: [{ allow: member, roles: ["owner"] }])
  tasks: [Task] @hasMany
}
type Task @model @search(fields: ["title"]) @auth(rules: [{ allow: member }]) {
  title: String!
  points: Int
  project: Project @belongsTo
  note: Note @belongsTo
}
type Note @model @search(fields: ["text"]) @auth(rules: [{ allow: owner }]) {
  text: String!
  tasks: [Task] @hasMany
}
type Drop @model @auth(rules: [{ allow: member, operations: [create] }]) {
  text: String!
  hidden: String
}
type Locked @model {
  text: String
}
type Claimed @model @auth(rules: [
  { allow: where, filter: { text: { ne: "$user.claims.team" } } }
  { allow: groups, groupsField: "teams" }
]) {
  text: String
  teams: [String]
}
type Setting @model(scope: GLOBAL) @auth(rules: [{ allow: public, operations: [read] }, { allow: private, operations: [read] }]) {
  value: String
}
type Open @model @auth(rules: [{ allow: public }]) {
  text: String
}
`

// two makes two users, each the owner of an organization of their own.
func two(t *testing.T, options ...testkit.Option) (s *testkit.Server, ada, eve *testkit.Client) {
	t.Helper()
	s = testkit.New(t, app, options...)
	return s, s.SignUp("ada@example.com"), s.SignUp("eve@example.com")
}

// canary is a text that only Ada's organization has.
const canary = "canary-7f3a"

// plant makes a project and a task of Ada's with the canary in them.
func plant(t *testing.T, ada *testkit.Client) (project, task string) {
	t.Helper()
	project = ada.Do("POST", "/api/projects", map[string]any{"name": canary, "secret": canary}).Want(201).String("id")
	task = ada.Do("POST", "/api/tasks", map[string]any{"title": canary, "points": 5, "projectId": project}).Want(201).String("id")
	return project, task
}

// silent fails the test where an answer shows the canary.
func silent(t *testing.T, r *testkit.Response) *testkit.Response {
	t.Helper()
	if strings.Contains(string(r.Body), canary) {
		t.Fatalf("%s %s shows another's row:\n%s", r.Request.Method, r.Request.URL, r.Body)
	}
	return r
}
