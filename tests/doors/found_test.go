package doors

import (
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

// What the random tests of tests/invariant found, each in its smallest form.

// A list without a sort has one order on every door: that of the primary key.
func TestListOrderOfCompositeKey(t *testing.T) {
	s := testkit.New(t, `
type Slot @model @auth(rules: [{ allow: member }]) {
  shelf: ID! @primaryKey(sortKeyFields: ["place"])
  place: Int!
}`)
	ada := s.SignUp("ada@example.com")
	for _, slot := range []map[string]any{{"shelf": "b", "place": 1}, {"shelf": "a", "place": 2}} {
		ada.Do("POST", "/api/slots", slot).Want(201)
	}
	rest := ada.Get("/api/slots").Want(200)
	graph := ada.GraphQL(`{ listSlots { items { shelf } } }`, nil).Want(200)
	for i, want := range []string{"a", "b"} {
		if got := rest.String("items", i, "shelf"); got != want {
			t.Errorf("REST: row %d is of shelf %q, want %q", i, got, want)
		}
		if got := graph.String("data", "listSlots", "items", i, "shelf"); got != want {
			t.Errorf("GraphQL: row %d is of shelf %q, want %q", i, got, want)
		}
	}
}

// A row whose reference GraphQL promises never to be null is null itself where
// the caller may read none of the rows that it refers to.
func TestPromisedReferenceToHiddenModel(t *testing.T) {
	s := testkit.New(t, `
type Plan @model @auth(rules: [{ allow: member, roles: ["owner"] }]) { name: String! }
type Order @model @auth(rules: [{ allow: member }]) { plan: Plan! @belongsTo }`)
	ada := s.SignUp("ada@example.com")
	amy := ada.Join("amy@example.com", "member")
	plan := ada.Do("POST", "/api/plans", map[string]any{"name": "x"}).Want(201)
	ada.Do("POST", "/api/orders", map[string]any{"planId": plan.String("id")}).Want(201)
	r := amy.GraphQL(`{ listOrders { items { id plan { name } } } }`, nil).Want(200)
	promised := s.Anonymous().GraphQL(`{ __type(name: "Order") { fields { name type { kind } } } }`, nil)
	for i := range promised.Len("data", "__type", "fields") {
		if promised.String("data", "__type", "fields", i, "name") == "plan" && promised.String("data", "__type", "fields", i, "type", "kind") != "NON_NULL" {
			t.Fatal("plan is not promised; the case needs another schema")
		}
	}
	if r.Len("data", "listOrders", "items") != 1 || r.Value("data", "listOrders", "items", 0) != nil {
		t.Errorf("got %s", r.Body)
	}
}
