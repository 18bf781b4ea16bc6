package sdkgen

import (
	"strings"
	"testing"
)

// What the client takes a new row to be until the server answers. That the server answers the
// same is asked in tests/client; that it has the row's type, by compiling the goldens.
func TestDrafts(t *testing.T) {
	const member = "allow: member"
	for _, c := range []struct{ name, rule, fields, want string }{
		{"what may be left out is null", member, "a: String, b: [Int], c: JSON, d: [String!]", "({ id, at }) => ({ id, a: null, b: null, c: null, d: null, createdAt: at, updatedAt: at, version: 1 })"},
		{"what must be given is the input's", member, "a: String!, b: [Int!]!", "({ id, at }) => ({ id, createdAt: at, updatedAt: at, version: 1 })"},
		{"defaults", member, `a: Int! @default(value: "3"), b: Boolean @default(value: "false"), c: String @default(value: "it's \"so\""), d: JSON @default(value: "{\"a\":[1]}")`,
			`({ id, at }) => ({ id, a: 3, b: false, c: "it's \"so\"", d: {"a":[1]}, createdAt: at, updatedAt: at, version: 1 })`},
		{"times of the app's own", member, "createdAt: Timestamp, updatedAt: String", "({ id, at }) => ({ id, createdAt: Math.floor(Date.parse(at) / 1000), updatedAt: at, version: 1 })"},
		{"the owner", "allow: owner", "a: String", "({ id, by, at }) => ({ id, a: null, owner: by, createdAt: at, updatedAt: at, version: 1 })"},
		{"owners", `allow: owner, ownerField: "all"`, "all: [String]", "({ id, by, at }) => ({ id, all: [by], createdAt: at, updatedAt: at, version: 1 })"},
		{"an owner by another claim", `allow: owner, identityClaim: "email"`, "owner: String", "({ id, at }) => ({ id, owner: null, createdAt: at, updatedAt: at, version: 1 })"},
		{"a key that is given", member, `code: ID! @primaryKey(sortKeyFields: ["n"]), n: Int!`, "({ at }) => ({ createdAt: at, updatedAt: at, version: 1 })"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := load(t, "draft", "type Thing @model @auth(rules: [{ "+c.rule+" }]) {\n"+strings.ReplaceAll(c.fields, ", ", "\n")+"\n}")
			if got, known := draftRow(s.Model("Thing")); !known || got != c.want {
				t.Errorf("a new row is %v\n%s\nwant\n%s", known, got, c.want)
			}
		})
	}
}

// Who can't be created has no draft, whose type would not compile.
func TestNoDraft(t *testing.T) {
	s := load(t, "draft", `type Thing @model @auth(rules: [{ allow: member }]) { text: String! @auth(rules: [{ allow: member, operations: [read] }]) }`)
	if text := string(TypeScript(s, TSOptions{})[0].Text); !strings.Contains(text, "const drafts: loam.Drafts<Schema> = {\n}\n") {
		t.Error(text)
	}
}
