package attack

import (
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/testkit"
)

const staff = `
extend type User {
  phone: Phone!
  bio: String
  salary: Int @default(value: "7") @auth(rules: [{ allow: owner, operations: [read] }])
}
type Draft @model(onOwnerDelete: DELETE) @auth(rules: [{ allow: member, operations: [read] }, { allow: owner }]) { text: String }
type Page @model(onOwnerDelete: CLEAR) @auth(rules: [{ allow: member, operations: [read] }, { allow: owner }]) { text: String }`

// TestAttack024_PrivateProfileFields: a new user sets of themself what the schema
// lets them, and nothing else: not a field that only the server sets, no id, and
// nothing of another user.
func TestAttack024_PrivateProfileFields(t *testing.T) {
	s := testkit.New(t, staff)
	send := func(email, more string) *testkit.Response {
		return s.Anonymous().Do("POST", "/auth/sign-up", `{"email":"`+email+`","password":"correct horse battery"`+more+`}`)
	}
	for more, code := range map[string]string{
		`,"phone":"+380441234567","salary":1000`:          "access/field_denied",
		`,"phone":"+380441234567","_version":1`:           "query/unknown_field",
		`,"phone":"+380441234567","id":"` + nowhere + `"`: "query/unknown_field",
		`,"phone":"+380441234567","verified":true`:        "query/unknown_field",
		`,"phone":"+380441234567","role":"owner"`:         "query/unknown_field",
		`,"bio":"no phone"`:                               "query/required",
		`,"phone":"none"`:                                 "query/bad_value",
	} {
		if r := send("eve@example.com", more); r.String("code") != code {
			t.Errorf("%s: %d %s, want %s", more, r.StatusCode, r.Body, code)
		}
	}
	r := send("eve@example.com", `,"phone":"+380 44 123 45 67","bio":"reads"`).Want(201) // none of the above made the account
	eve := s.Anonymous()
	eve.Header.Set("Authorization", "Bearer "+r.String("accessToken"))
	me := eve.Get("/auth/me").Want(200)
	if me.String("user", "phone") != "+380441234567" || me.Value("user", "salary") != 7.0 || me.String("user", "bio") != "reads" {
		t.Errorf("%s", me.Body)
	}
	eve.Do("PATCH", "/auth/me", `{"salary":1000}`).WantCode(403, "access/field_denied")
}

// TestAttack042_RowsOfARemovedUser: the rows of a user whose account is deleted go
// as the schema says, so that nobody inherits them with the id.
func TestAttack042_RowsOfARemovedUser(t *testing.T) {
	s := testkit.New(t, `
type Draft @model(onOwnerDelete: DELETE) @auth(rules: [{ allow: member, operations: [read] }, { allow: owner }]) { text: String }
type Page @model(onOwnerDelete: CLEAR) @auth(rules: [{ allow: member, operations: [read] }, { allow: owner }]) { text: String }`)
	ada := s.SignUp("ada@example.com")
	bob := ada.Join("bob@example.com", "member")
	for _, c := range []*testkit.Client{ada, bob} {
		c.Do("POST", "/api/drafts", `{"text":"a"}`).Want(201)
		c.Do("POST", "/api/pages", `{"text":"a"}`).Want(201)
	}
	bob.Do("DELETE", "/auth/me", `{"password":"correct horse battery"}`).Want(204)
	for until := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		drafts, pages := ada.Get("/api/drafts").Want(200), ada.Get("/api/pages?owner.attributeExists=false").Want(200)
		if drafts.Len("items") == 1 && drafts.String("items", 0, "owner") == ada.UserID && pages.Len("items") == 1 {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("%s\n%s", drafts.Body, pages.Body)
		}
	}
}

// TestAttack024_NamesInAnotherCase: a body says a thing once, under its own name. What
// another reader of the same body would have taken otherwise is refused.
func TestAttack024_NamesInAnotherCase(t *testing.T) {
	s, ada, eve := two(t)
	boss := root(t, s)
	mine := "/auth/organizations/" + ada.Org
	for _, c := range []struct {
		by                       *testkit.Client
		method, path, body, code string
		field, near              string
	}{
		{eve, "POST", "/auth/sign-in", `{"Email":"ada@example.com","password":"x"}`, "query/unknown_field", "Email", "`email`"},
		{eve, "POST", "/auth/sign-in", `{"email":"ada@example.com","password":"x","EMAIL":"eve@example.com"}`, "query/unknown_field", "EMAIL", "`email`"},
		{eve, "POST", "/auth/sign-in", `{"email":"ada@example.com","email":"eve@example.com","password":"x"}`, "query/malformed", "email", ""},
		{eve, "POST", "/auth/sign-up", `{"email":"new@example.com","Password":"correct horse battery"}`, "query/unknown_field", "Password", "`password`"},
		{eve, "POST", "/auth/sign-up", `{"email":"new@example.com","password":"correct horse battery","Verified":true}`, "query/unknown_field", "Verified", ""},
		{eve, "PATCH", "/auth/me", `{"NAME":"x"}`, "query/unknown_field", "NAME", "`name`"},
		{eve, "POST", "/auth/reauthenticate", `{"Password":"x"}`, "query/unknown_field", "Password", "`password`"},
		{eve, "POST", "/auth/refresh", `{"refreshtoken":"x"}`, "query/unknown_field", "refreshtoken", "`refreshToken`"},
		{eve, "POST", "/auth/keys", `{"name":"x","readonly":true}`, "query/unknown_field", "readonly", "`readOnly`"},
		{ada, "POST", mine + "/invitations", `{"email":"x@example.com","role":"member","Role":"owner"}`, "query/unknown_field", "Role", "`role`"},
		{ada, "POST", mine + "/connections", `{"kind":"saml","saml":{"Metadata":"x"}}`, "query/unknown_field", "saml.Metadata", "`metadata`"},
		{ada, "POST", mine + "/connections", `{"kind":"saml","enforced":"yes"}`, "query/bad_value", "enforced", "bool"},
		{boss, "PATCH", "/auth/admin/users/" + eve.UserID, `{"Admin":true}`, "query/unknown_field", "Admin", "`admin`"},
		{boss, "POST", "/auth/admin/organizations", `{"name":"x","OWNER":"eve@example.com"}`, "query/unknown_field", "OWNER", "`owner`"},
	} {
		r := c.by.Do(c.method, c.path, c.body).WantCode(400, c.code)
		if r.String("field") != c.field || !strings.Contains(r.String("detail"), c.near) {
			t.Errorf("%s %s: %s", c.path, c.body, r.Body)
		}
	}
}
