package doors

import (
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

// profiles extends both built-in models with fields of every kind.
const profiles = `
extend type User {
  bio: String @validate(type: maxLength, value: "20")
  theme: Theme! @default(value: "LIGHT")
  size: Int @default(value: "3")
  tags: [String!]
  address: Address
  salary: Int @default(value: "7") @auth(rules: [{ allow: owner, operations: [read] }, { allow: member, roles: ["owner"], operations: [read] }])
}
extend type Organization {
  plan: Plan! @default(value: "FREE") @auth(rules: [{ allow: member, operations: [read] }])
  vat: String @auth(rules: [{ allow: member, roles: ["owner", "admin"] }])
}
type Address { street: String city: String! }
enum Theme { LIGHT DARK }
enum Plan { FREE PAID }
type Task @model @auth(rules: [{ allow: member }]) {
  title: String
  author: User @belongsTo
}`

// TestProfileIsRead: fields of the app's own are those of any model on every door.
func TestProfileIsRead(t *testing.T) {
	s := testkit.New(t, profiles)
	ada := s.SignUp("ada@example.com")
	bob := ada.Join("bob@example.com", "member")
	row := bob.Get("/api/users/" + ada.UserID).Want(200)
	if row.String("theme") != "LIGHT" || row.Value("size") != 3.0 || row.Value("bio") != nil {
		t.Errorf("%s", row.Body)
	}
	ada.Do("POST", "/api/tasks", map[string]any{"title": "a", "authorId": bob.UserID}).Want(201)
	graph := bob.GraphQL(`{ listUsers(filter: {theme: {eq: LIGHT}, size: {gt: 2}}) { items { id theme size tags address { city } } total }
		listTasks(filter: {author: {size: {eq: 3}}}) { items { author { size } } }
		getOrganization(id: "`+bob.Org+`") { id name plan } listOrganizations { items { id } } }`, nil).Want(200)
	if graph.Len("data", "listUsers", "items") != 2 || graph.Value("data", "listTasks", "items", 0, "author", "size") != 3.0 ||
		graph.String("data", "getOrganization", "plan") != "FREE" || graph.Len("data", "listOrganizations", "items") != 1 {
		t.Errorf("%s", graph.Body)
	}
	if got := ada.Get("/api/users?sort=-theme,id&salary=7").Want(200); got.Len("items") != 2 {
		t.Errorf("%s", got.Body)
	}
	introspected := ada.GraphQL(`{ __type(name: "User") { fields { name type { kind ofType { name } } } } }`, nil).Want(200)
	if introspected.Len("data", "__type", "fields") != 11 {
		t.Errorf("%s", introspected.Body)
	}
}

// TestAttack061_HiddenProfileFields: what one may not read of a user can't be
// found out by a filter, a sort or a total either, nor through a relation.
func TestAttack061_HiddenProfileFields(t *testing.T) {
	s := testkit.New(t, profiles)
	ada := s.SignUp("ada@example.com")
	bob := ada.Join("bob@example.com", "member")
	if got := bob.Get("/api/users/" + ada.UserID).Want(200); got.Value("salary") != nil {
		t.Errorf("%s", got.Body)
	}
	if got := bob.Get("/api/users?salary=7").Want(200); got.Len("items") != 1 || got.String("items", 0, "id") != bob.UserID {
		t.Errorf("a filter finds others than oneself: %s", got.Body)
	}
	if got := bob.Get("/api/tasks?author.salary=7").Want(200); got.Len("items") != 0 {
		t.Errorf("%s", got.Body)
	}
	bob.Get("/api/users?sort=salary").WantCode(403, "access/field_denied")
	bob.Get("/api/users:aggregate?max=salary").WantCode(403, "access/field_denied")
	bob.Get("/api/organizations?vat=x").WantCode(403, "access/field_denied")
	bob.Get("/api/organizations?sort=vat").WantCode(403, "access/field_denied")
	eve := s.SignUp("eve@example.com")
	eve.Get("/api/users/"+ada.UserID).WantCode(404, "data/not_found")
	eve.Get("/api/organizations/"+ada.Org).WantCode(404, "data/not_found")
}

// TestProfileIsWritten: a user changes their own fields, and the organization's
// where their role lets them; each change is in the change log.
func TestProfileIsWritten(t *testing.T) {
	s := testkit.New(t, profiles)
	ada := s.SignUp("ada@example.com")
	bob := ada.Join("bob@example.com", "member")
	me := bob.Do("PATCH", "/auth/me", map[string]any{"name": "Bob", "bio": "counts", "tags": []string{"a", "b"}, "address": map[string]any{"city": "Kyiv"}, "size": nil}).Want(200)
	if me.String("user", "name") != "Bob" || me.String("user", "bio") != "counts" || me.String("user", "theme") != "LIGHT" || me.Value("user", "size") != nil {
		t.Errorf("%s", me.Body)
	}
	seen := ada.Get("/api/users/" + bob.UserID).Want(200)
	if seen.String("bio") != "counts" || seen.String("address", "city") != "Kyiv" || seen.Len("tags") != 2 || seen.String("theme") != "LIGHT" || seen.Value("size") != nil {
		t.Errorf("%s", seen.Body)
	}
	bob.Do("PATCH", "/auth/me", map[string]any{"theme": "DARK"}).Want(200)
	if got := ada.Get("/api/users?theme=DARK&tags.contains=a").Want(200); got.Len("items") != 1 {
		t.Errorf("%s", got.Body)
	}
	if got := bob.Get("/auth/me").Want(200); got.String("user", "theme") != "DARK" || got.String("user", "bio") != "counts" || got.String("user", "email") == "" {
		t.Errorf("%s", got.Body)
	}
	for body, code := range map[string]string{
		`{"theme":"GREY"}`:                        "query/bad_value",
		`{"theme":null}`:                          "query/required",
		`{"bio":"longer than twenty characters"}`: "query/check_failed",
		`{"address":{"street":"x"}}`:              "query/required",
		`{"tags":[null]}`:                         "query/bad_value",
		`{"shoe":1}`:                              "query/unknown_field",
		`{"_version":7}`:                          "query/unknown_field",
		`{"id":"` + ada.UserID + `","bio":"x"}`:   "query/unknown_field",
		`{"email":"x@y.zz","bio":"x"}`:            "query/unknown_field",
		`{"bio":"x","bio":"y"}`:                   "query/malformed",
		`{}`:                                      "query/required",
	} {
		bob.Do("PATCH", "/auth/me", body).WantCode(400, code)
	}
	bob.Do("PATCH", "/auth/me", `{"salary":9}`).WantCode(403, "access/field_denied")
	s.Anonymous().Do("PATCH", "/auth/me", `{"bio":"x"}`).WantCode(401, "access/sign_in")

	org := "/auth/organizations/" + ada.Org
	if got := ada.Do("PATCH", org, map[string]any{"name": "Acme", "vat": "UA1"}).Want(200); got.String("vat") != "UA1" || got.String("name") != "Acme" || got.String("plan") != "FREE" {
		t.Errorf("%s", got.Body)
	}
	if got := ada.Get("/api/organizations").Want(200); got.String("items", 0, "vat") != "UA1" || got.String("items", 0, "name") != "Acme" {
		t.Errorf("%s", got.Body)
	}
	if got := bob.Get(org).Want(200); got.Value("vat") != nil || got.String("plan") != "FREE" {
		t.Errorf("%s", got.Body)
	}
	ada.Do("PATCH", org, `{"plan":"PAID"}`).WantCode(403, "access/field_denied")
	bob.Do("PATCH", org, `{"vat":"x"}`).WantCode(403, "tenant/not_allowed")
	s.SignUp("eve@example.com").Do("PATCH", org, `{"vat":"x"}`).WantCode(404, "tenant/not_found")
}

// TestProfileIsAskedFor: a page of sign-up is told what a new user must give, and a
// page of a user's own what they may change. Nothing else is told to anybody.
func TestProfileIsAskedFor(t *testing.T) {
	const person = `
extend type User {
  phone: AWSPhone!
  place: Place!
  tags: [String!]
  theme: Place! @default(value: "HOME")
  salary: Int @auth(rules: [{ allow: owner, operations: [read] }])
}
enum Place { OFFICE HOME }
type Task @model @auth(rules: [{ allow: member }]) { title: String }`
	const phone = `{"name":"phone","type":"Phone","list":false,"required":true}`
	const place = `{"name":"place","type":"Place","values":["OFFICE","HOME"],"list":false,"required":true}`
	const own = `,{"name":"tags","type":"String","list":true,"required":false},{"name":"theme","type":"Place","values":["OFFICE","HOME"],"list":false,"required":true}`
	for config, want := range map[string]string{
		"":                           `"fields":[` + phone + "," + place + `]`,
		"auth:\n  signUp: invited\n": `"fields":[` + phone + "," + place + `]`,
		"auth:\n  signUp: closed\n":  `"fields":[]`,
	} {
		s := testkit.New(t, person, testkit.Settings(config, nil))
		if got := s.Anonymous().Get("/auth/settings").Want(200); !strings.Contains(string(got.Body), want) {
			t.Errorf("%q: %s, want %s", config, got.Body, want)
		}
		s.Anonymous().Get("/auth/me/fields").WantCode(401, "access/sign_in")
	}
	s := testkit.New(t, person)
	r := s.Anonymous().Do("POST", "/auth/sign-up", `{"email":"ada@example.com","password":"correct horse battery","phone":"+380441234567","place":"HOME"}`).Want(201)
	if got := s.Anonymous().Do("GET", "/auth/me/fields", nil, "Authorization", "Bearer "+r.String("accessToken")).Want(200); !strings.Contains(string(got.Body), `"items":[`+phone+","+place+own+`]`) {
		t.Errorf("%s", got.Body)
	}
	if got := testkit.New(t, "type Task @model @auth(rules: [{ allow: member }]) { title: String }").Anonymous().Get("/auth/settings").Want(200); !strings.Contains(string(got.Body), `"fields":[]`) {
		t.Errorf("%s", got.Body)
	}
}
