package doors

import (
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

// TestOwnerWithoutCreateRule: an owner that nobody could set is set by the
// server, whichever rule let the row be made.
func TestOwnerWithoutCreateRule(t *testing.T) {
	s := testkit.New(t, `type Comment @model @auth(rules: [
	  { allow: member, operations: [read, create] }
	  { allow: owner, operations: [update, delete] }
	]) { text: String! }`)
	ada := s.SignUp("ada@example.com")
	bob := ada.Join("bob@example.com", "member")
	c := bob.Do("POST", "/api/comments", map[string]any{"text": "a"}).Want(201)
	if c.String("owner") != bob.UserID {
		t.Errorf("the owner is %q", c.String("owner"))
	}
	bob.Do("PATCH", "/api/comments/"+c.String("id"), map[string]any{"text": "b"}).Want(200)
	ada.Do("PATCH", "/api/comments/"+c.String("id"), map[string]any{"text": "c"}).WantCode(403, "access/denied")
}
