package doors

import (
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

// TestDeletingAnAccount: it keeps to what the schema says of the user's rows, and
// takes the organizations along that nobody else is in.
func TestDeletingAnAccount(t *testing.T) {
	s := testkit.New(t, `
type Note @model(onOwnerDelete: DELETE) @auth(rules: [{ allow: owner }, { allow: member, operations: [read] }]) { text: String! }
type Task @model @auth(rules: [{ allow: member }]) { title: String!  assignee: User @belongsTo(onDelete: RESTRICT) }
`)
	ada := s.SignUp("ada@example.com")
	bob := ada.Join("bob@example.com", "member")
	own := bob.Do("POST", "/auth/organizations", map[string]any{"name": "Bob alone"}).Want(201).String("id")
	bob.Do("POST", "/api/notes", map[string]any{"text": "bob's"}).Want(201)
	task := ada.Do("POST", "/api/tasks", map[string]any{"title": "x", "assigneeId": bob.UserID}).Want(201).String("id")

	bob.Do("DELETE", "/auth/me", map[string]any{"password": "a wrong password"}).Want(401)
	bob.Do("DELETE", "/auth/me", nil).WantCode(409, "data/referenced")
	ada.Do("PATCH", "/api/tasks/"+task, map[string]any{"assigneeId": nil}).Want(200)
	bob.Do("DELETE", "/auth/me", nil).Want(204)
	bob.Get("/auth/me").Want(401)
	s.Anonymous().Do("POST", "/auth/sign-in", map[string]any{"email": "bob@example.com", "password": "correct horse battery"}).Want(401)
	again := s.SignUp("bob@example.com")
	if again.UserID == bob.UserID {
		t.Error("the id came back")
	}
	again.Get("/auth/organizations/" + own).Want(404)

	ada.Join("carl@example.com", "member")
	ada.Do("DELETE", "/auth/me", nil).WantCode(403, "tenant/last_owner")
}
