package sdkgen

import (
	"strings"
	"testing"
)

// What an answer has of a relation, by the rules of its target.
func TestRelationKinds(t *testing.T) {
	const member = "{ allow: member }"
	for _, c := range []struct {
		name, rules string // of who is referred to
		field       string // the reference
		want        string
	}{
		{"all members see it", member, "top: Top! @belongsTo", "one"},
		{"the reference may be empty", member, "top: Top @belongsTo", "maybe"},
		{"the key is elsewhere", member, "top: Top @hasOne", "maybe"},
		{"all members see it, and owners do more", member + ", { allow: owner }", "top: Top! @belongsTo", "one"},
		{"owners see theirs", "{ allow: owner }", "top: Top! @belongsTo", "maybe"},
		{"only admins see it: others get an error", `{ allow: member, roles: ["admin"] }`, "top: Top! @belongsTo", "one"},
		{"admins see all, owners theirs", `{ allow: owner }, { allow: member, roles: ["admin"] }`, "top: Top! @belongsTo", "maybe"},
		{"a team sees all, owners theirs", `{ allow: owner }, { allow: member, team: "core" }`, "top: Top! @belongsTo", "maybe"},
		{"keys see all, members some", `{ allow: public, provider: apiKey }, { allow: where, filter: { name: { eq: "a" } } }`, "top: Top! @belongsTo", "maybe"},
		{"members see all, some more see some", member + `, { allow: where, filter: { name: { eq: "a" } } }`, "top: Top! @belongsTo", "one"},
		{"who is signed in sees all, owners too", "{ allow: private }, { allow: owner }", "top: Top! @belongsTo", "one"},
		{"all members list it, owners get theirs", "{ allow: member, operations: [list] }, { allow: owner, operations: [get] }", "top: Top! @belongsTo", "maybe"},
		{"the reference has rules", member, `top: Top! @belongsTo @auth(rules: [` + member + `])`, "maybe"},
		{"a list of what owners see theirs of", "{ allow: owner }", "top: [Top] @hasMany", "many"},
		{"a list with rules", member, `top: [Top] @hasMany @auth(rules: [` + member + `])`, "masked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := load(t, "kinds", `
type Top @model @auth(rules: [`+c.rules+`]) { name: String! }
type Low @model @auth(rules: [{ allow: member }]) { name: String!, `+c.field+` }`)
			if got := relationKind(s.Model("Low").Field("top")); got != c.want {
				t.Errorf("it is %q, want %q", got, c.want)
			}
		})
	}
}

// Who may have left is never there for sure.
func TestUsersMayHaveLeft(t *testing.T) {
	s := load(t, "users", `type Low @model @auth(rules: [{ allow: member }]) { who: User! @belongsTo }`)
	if text := string(TypeScript(s, TSOptions{})[0].Text); !strings.Contains(text, "who: { model: UserModel; kind: 'maybe' }") {
		t.Error("a user is taken to be there")
	}
}
