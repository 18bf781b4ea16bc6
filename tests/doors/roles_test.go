package doors

import (
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

const clerks = `
organizations:
  roles:
    clerk: { name: Accounting, permissions: [members.read, teams.manage] }
`

// A role of loam.yaml is one that members can have, that rules name, and that
// the OpenAPI document lists. Teams count from the moment that one is in them.
func TestRolesAndTeamsInRules(t *testing.T) {
	s := testkit.New(t, `
type Invoice @model @auth(rules: [{ allow: member, roles: ["clerk"] }]) { total: Int! }
type Ticket @model @auth(rules: [{ allow: member, team: "support" }]) { title: String! }
type Shift @model @auth(rules: [{ allow: member, operations: [create] }, { allow: where, filter: { teamId: { in: "$user.teams" } }, operations: [read] }]) { teamId: ID }`,
		testkit.Settings(clerks, nil))
	ada, bob := s.SignUp("ada@example.com"), s.SignUp("bob@example.com")
	members := "/auth/organizations/" + ada.Org + "/members"
	ada.Do("POST", members, map[string]any{"userId": bob.UserID, "role": "cleric"}).WantCode(400, "tenant/bad_role")
	ada.Enlist(bob.Org, "member")
	ada.Do("POST", members, map[string]any{"userId": bob.UserID, "role": "clerk"}).Want(201)
	bob.Switch(ada.Org)

	bob.Do("POST", "/api/invoices", map[string]any{"total": 1}).Want(201)
	ada.Get("/api/invoices").WantCode(403, "access/denied") // an owner, and no clerk
	enum := ada.Get("/api/openapi.json").Want(200).String("components", "schemas", "AuthRole", "enum", 3)
	if enum != "clerk" {
		t.Errorf("the document lists the role %q", enum)
	}

	teams := "/auth/organizations/" + ada.Org + "/teams"
	support := bob.Do("POST", teams, map[string]any{"name": "Support"}).Want(201).String("id")
	other := bob.Do("POST", teams, map[string]any{"name": "Other"}).Want(201).String("id")
	for _, id := range []string{support, other} {
		ada.Do("POST", "/api/shifts", map[string]any{"teamId": id}).Want(201)
	}
	ada.Get("/api/tickets").WantCode(403, "access/denied")
	ada.Get("/api/shifts").WantCode(403, "access/denied")
	mine := teams + "/" + support + "/members/" + ada.UserID
	bob.Do("PUT", mine, nil).Want(204)
	ada.Do("POST", "/api/tickets", map[string]any{"title": "one"}).Want(201)
	if got := ada.Get("/api/shifts").Want(200); got.String("items", 0, "teamId") != support || got.Len("items") != 1 {
		t.Errorf("a member of one team reads %s", got.Body)
	}
	bob.Do("DELETE", mine, nil).Want(204)
	ada.Get("/api/tickets").WantCode(403, "access/denied")
}
