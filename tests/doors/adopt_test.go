package doors

import (
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

// TestAdopt: a product without organizations turns tenancy on. All rows are one
// organization's, whose users see them; a new organization sees none.
func TestAdopt(t *testing.T) {
	const app = `
type Box @model @auth(rules: [{ allow: member }]) { name: String! @unique leaves: [Leaf] @hasMany }
type Leaf @model @search(fields: ["text"]) @auth(rules: [{ allow: member }]) { text: String box: Box! @belongsTo }`
	dir := t.TempDir()
	t.Run("off", func(t *testing.T) {
		s := testkit.New(t, app, testkit.NoTenancy, testkit.In(dir))
		ada := s.SignUp("ada@example.com")
		s.SignUp("bob@example.com")
		for _, name := range []string{"a", "b"} {
			box := ada.Do("POST", "/api/boxes", map[string]any{"name": name}).Want(201).String("id")
			ada.Do("POST", "/api/leaves", map[string]any{"text": "green", "boxId": box}).Want(201)
		}
	})
	s := testkit.New(t, app, testkit.In(dir))
	if _, err := s.Backend.Adopt(t.Context(), "Acme", "eve@example.com"); err == nil {
		t.Error("a stranger owns it")
	}
	org, err := s.Backend.Adopt(t.Context(), "Acme", "Ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Backend.Adopt(t.Context(), "Again", "ada@example.com"); err == nil {
		t.Error("adopted twice")
	}
	ada, bob, eve := s.SignIn("ada@example.com"), s.SignIn("bob@example.com"), s.SignUp("eve@example.com")
	for who, c := range map[string]*testkit.Client{"ada": ada, "bob": bob} {
		if c.Org != org.ID {
			t.Errorf("%s acts in %q", who, c.Org)
		}
		if got := c.Get("/api/leaves?include=box&search=green").Want(200); got.Len("items") != 2 || got.String("items", 0, "box", "name") == "" {
			t.Errorf("%s: %s", who, got.Body)
		}
	}
	if got := ada.Get("/auth/organizations").Want(200); got.Len("items") != 1 || got.String("items", 0, "role") != "owner" || got.String("items", 0, "name") != "Acme" {
		t.Errorf("%s", got.Body)
	}
	if got := eve.Get("/api/leaves").Want(200); got.Len("items") != 0 {
		t.Errorf("a new organization sees %s", got.Body)
	}
	eve.Do("POST", "/api/boxes", map[string]any{"name": "a"}).Want(201)
	ada.Do("POST", "/api/boxes", map[string]any{"name": "a"}).WantCode(409, "data/duplicate")
}
