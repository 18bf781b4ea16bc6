package doors

import (
	"strings"
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

// An upsert that finds its row is an update: what the rules say of a new row
// does not matter then.
func TestUpsertThatUpdatesNeedsNoLeaveToCreate(t *testing.T) {
	s := testkit.New(t, `
type Memo @model @auth(rules: [{ allow: member }]) {
  owner: ID
  text: String @auth(rules: [{ allow: owner }])
}`)
	ada := s.SignUp("ada@example.com")
	ada.Do("POST", "/api/memos", map[string]any{"id": "one", "owner": ada.UserID, "text": "x"}).Want(201)
	ada.Do("PUT", "/api/memos", map[string]any{"id": "one", "text": "y"}).Want(200)
	ada.Do("PUT", "/api/memos", map[string]any{"id": "two", "text": "y"}).WantCode(403, "access/denied")
}

// A shared row that another organization's rows refer to can't be deleted, and
// the refusal says nothing of them.
func TestDeleteOfSharedRowInUseElsewhere(t *testing.T) {
	s := testkit.New(t, `
type Country @model(scope: GLOBAL) @auth(rules: [{ allow: private }]) { name: String! }
type Office @model @auth(rules: [{ allow: member }]) { country: Country @belongsTo(onDelete: CASCADE) }`)
	ada, eve := s.SignUp("ada@example.com"), s.SignUp("eve@example.com")
	country := ada.Do("POST", "/api/countries", map[string]any{"name": "Chile"}).Want(201).String("id")
	ada.Do("POST", "/api/offices", map[string]any{"countryId": country}).Want(201)
	eve.Do("POST", "/api/offices", map[string]any{"countryId": country}).Want(201)
	eve.Do("DELETE", "/api/countries/"+country, nil).WantCode(409, "data/referenced")
	if n := eve.Get("/api/offices").Len("items"); n != 1 {
		t.Errorf("the refused delete took eve's office along: %d left", n)
	}
	office := ada.Get("/api/offices").String("items", 0, "id")
	ada.Do("DELETE", "/api/offices/"+office, nil).Want(204)
	eve.Do("DELETE", "/api/countries/"+country, nil).Want(204)
}

// The condition of a mutation is no oracle on a row that the caller may change
// but not read.
func TestAttack061_ConditionOnHiddenRow(t *testing.T) {
	s := testkit.New(t, `
type Vote @model @auth(rules: [{ allow: member, roles: ["owner"] }, { allow: member, operations: [update] }]) { choice: String note: String }`)
	ada := s.SignUp("ada@example.com")
	amy := ada.Join("amy@example.com", "member")
	ada.Do("POST", "/api/votes", map[string]any{"id": "one", "choice": "yes"}).Want(201)
	for _, choice := range []string{"yes", "no"} {
		r := amy.GraphQL(`mutation($c: String) { updateVote(input: {id: "one", note: "x"}, condition: {choice: {eq: $c}}) { id } }`, map[string]any{"c": choice})
		if code := r.String("errors", 0, "extensions", "code"); code != "data/condition_failed" {
			t.Errorf("condition %q: code %q, want data/condition_failed\n%s", choice, code, r.Body)
		}
	}
	amy.Do("PATCH", "/api/votes/one", map[string]any{"note": "x"}).Want(200)
}

// A row must not be what makes its own reference or its own rule hold: who may
// see a project that is shared with them can't share a hidden one with
// themselves.
func TestAttack040_ReferenceThatLetsItselfIn(t *testing.T) {
	s := testkit.New(t, `
type Project @model @auth(rules: [{ allow: member, roles: ["owner"] }, { allow: where, filter: { shares: { userId: { eq: "$user.id" } } }, operations: [read] }]) {
  name: String!
  shares: [Share] @hasMany
}
type Share @model @auth(rules: [{ allow: member }]) { project: Project! @belongsTo userId: ID }
type Invite @model @auth(rules: [{ allow: member, roles: ["owner"] }, { allow: where, filter: { parent: { children: { userId: { eq: "$user.id" } } } } }]) {
  parent: Invite @belongsTo
  children: [Invite] @hasMany
  userId: ID
}`)
	ada := s.SignUp("ada@example.com")
	amy := ada.Join("amy@example.com", "member")
	hidden := ada.Do("POST", "/api/projects", map[string]any{"name": "hidden"}).Want(201).String("id")
	shown := ada.Do("POST", "/api/projects", map[string]any{"name": "shown"}).Want(201).String("id")
	ada.Do("POST", "/api/shares", map[string]any{"projectId": shown, "userId": amy.UserID}).Want(201)

	mine := map[string]any{"id": "mine", "projectId": hidden, "userId": amy.UserID}
	amy.Do("POST", "/api/shares", mine).WantCode(400, "data/no_reference")
	amy.Do("PUT", "/api/shares", mine).WantCode(400, "data/no_reference")
	mine["projectId"] = shown
	amy.Do("POST", "/api/shares", mine).Want(201)
	amy.Do("PATCH", "/api/shares/mine", map[string]any{"projectId": hidden}).WantCode(400, "data/no_reference")
	amy.Get("/api/projects/"+hidden).WantCode(404, "data/not_found")

	root := ada.Do("POST", "/api/invites", map[string]any{}).Want(201).String("id")
	if r := amy.Do("POST", "/api/invites", map[string]any{"parentId": root, "userId": amy.UserID}); r.StatusCode == 201 {
		t.Error("a new row was what made its own rule hold")
	}
}

// A caller without an organization who deletes a shared row that organizations
// use is told so, and changes nothing.
func TestGuestDeletesSharedRow(t *testing.T) {
	s := testkit.New(t, `
type Kind @model(scope: GLOBAL) @auth(rules: [{ allow: public, provider: iam }]) { name: String! }
type Thing @model @auth(rules: [{ allow: member }]) { kind: Kind @belongsTo }`)
	ada, guest := s.SignUp("ada@example.com"), s.Anonymous()
	kind := guest.Do("POST", "/api/kinds", map[string]any{"name": "a"}).Want(201).String("id")
	thing := ada.Do("POST", "/api/things", map[string]any{"kindId": kind}).Want(201).String("id")
	guest.Do("DELETE", "/api/kinds/"+kind, nil).WantCode(409, "data/referenced")
	if got := ada.Get("/api/things/" + thing).Want(200).String("kindId"); got != kind {
		t.Errorf("the reference is %q", got)
	}
	ada.Do("DELETE", "/api/kinds/"+kind, nil).Want(204) // her own row's reference is unset
	if r := ada.Get("/api/things/" + thing).Want(200); r.Value("kindId") != nil {
		t.Errorf("the reference stayed: %s", r.Body)
	}
}

// A denied field is one error, also of an upsert, which is judged as two writes.
func TestUpsertNamesADeniedFieldOnce(t *testing.T) {
	s := testkit.New(t, `type Item @model @auth(rules: [{ allow: member }]) {
	  code: String! @unique
	  cost: Int @auth(rules: [{ allow: member, roles: ["owner"] }])
	}`)
	bob := s.SignUp("ada@example.com").Join("bob@example.com", "member")
	for range 2 { // inserts, then updates
		r := bob.GraphQL(`mutation { upsertItem(input: {code: "a"}) { code cost } }`, nil).Want(200)
		if r.String("data", "upsertItem", "code") != "a" || r.Len("errors") != 1 || r.String("errors", 0, "path", 1) != "cost" {
			t.Errorf("%s", r.Body)
		}
	}
}

// A version to match is refused for a new row on every door, and a mismatch does
// not tell which version the row has.
func TestVersionsOnEveryDoor(t *testing.T) {
	s := testkit.New(t, `type Item @model @auth(rules: [{ allow: member, operations: [create, update] }]) { name: String }`)
	ada := s.SignUp("ada@example.com")
	id := ada.Do("POST", "/api/items", map[string]any{"name": "a"}).Want(201).String("id")
	op := map[string]any{"method": "POST", "path": "/api/items", "body": map[string]any{"name": "b"}, "ifMatch": 7}
	r := ada.Do("POST", "/api/batch", map[string]any{"operations": []any{op}}).WantCode(400, "query/bad_value")
	if r.String("field") != "operations.0.ifMatch" {
		t.Errorf("the error is at %q", r.String("field"))
	}
	for range 40 {
		ada.Do("PATCH", "/api/items/"+id, map[string]any{"name": "b"}).Want(200)
	}
	r = ada.Do("PATCH", "/api/items/"+id, map[string]any{"name": "c"}, "If-Match", `"7"`).WantCode(412, "data/version")
	if strings.Contains(r.String("detail"), "41") {
		t.Errorf("a row that can't be read shows its version: %s", r.Body)
	}
}
