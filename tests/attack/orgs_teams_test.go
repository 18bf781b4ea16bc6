package attack

import (
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

// TestAttack032_TeamsAndRoles: what a team or a role allowed is refused on every
// door with the request after the change, and a new team of the old slug lets in
// nobody of the old one.
func TestAttack032_TeamsAndRoles(t *testing.T) {
	s := testkit.New(t, `
type Deal @model @auth(rules: [{ allow: member, team: ["sales"] }, { allow: member, roles: ["owner"] }]) {
  text: String
}`)
	ada := s.SignUp("ada@example.com")
	bob := ada.Join("bob@example.com", "member")
	path := "/auth/organizations/" + ada.Org
	sales := func() string {
		return path + "/teams/" + ada.Do("POST", path+"/teams", map[string]any{"name": "Sales", "slug": "sales"}).Want(201).String("id")
	}
	member := "/members/" + bob.UserID
	deal := ada.Do("POST", "/api/deals", map[string]any{"text": canary}).Want(201).String("id")
	open := func() {
		t.Helper()
		bob.Get("/api/deals/" + deal).Want(200)
		bob.Do("PATCH", "/api/deals/"+deal, map[string]any{"text": canary}).Want(200)
	}
	closed := func() {
		t.Helper()
		for _, r := range []*testkit.Response{
			bob.Get("/api/deals/" + deal), bob.Get("/api/deals"), bob.Do("PATCH", "/api/deals/"+deal, map[string]any{"text": "x"}),
			bob.Get("/api/deals:aggregate?max=text"),
		} {
			silent(t, r).WantCode(403, "access/denied")
		}
		silent(t, bob.GraphQL(`{ listDeals { items { text } } }`, nil))
	}
	closed()
	team := sales()
	closed()
	ada.Do("PUT", team+member, nil).Want(204)
	open()
	ada.Do("DELETE", team+member, nil).Want(204)
	closed()
	ada.Do("PUT", team+member, nil).Want(204)
	open()
	ada.Do("PATCH", team, map[string]any{"slug": "sales-emea"}).Want(200)
	closed()
	ada.Do("PATCH", team, map[string]any{"slug": "sales"}).Want(200)
	open()
	ada.Do("DELETE", team, nil).Want(204)
	closed()
	team = sales() // of the same name and slug
	closed()
	bob.Do("PUT", team+member, nil).WantCode(403, "tenant/not_allowed")
	closed()
	ada.Do("PATCH", path+member, map[string]any{"role": "owner"}).Want(200)
	open()
	ada.Do("PATCH", path+member, map[string]any{"role": "member"}).Want(200)
	closed()
	ada.Do("PUT", team+member, nil).Want(204)
	open()
	ada.Do("DELETE", path+member, nil).Want(204)
	bob.Get("/api/deals/"+deal).WantCode(401, "auth/revoked_token")
}
