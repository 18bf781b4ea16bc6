package wire

import (
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/testkit"
)

const hiding = `
type Tree @model @auth(rules: [{ allow: member }, { allow: owner }]) {
  name: String!
  root: Tree @belongsTo
  branches: [Tree] @hasMany
  secret: Secret! @belongsTo
  vault: Vault! @belongsTo
  private: [Page] @hasMany @auth(rules: [{ allow: owner }])
  grove: Grove! @belongsTo
  diaries: [Diary] @hasMany
  salary: Int @auth(rules: [{ allow: owner }])
  code: Int @auth(rules: [{ allow: member, roles: ["admin"] }])
}
type Secret @model @auth(rules: [{ allow: owner }]) { text: String! }
type Vault @model @auth(rules: [{ allow: member, roles: ["admin"] }]) { text: String! }
type Page @model @auth(rules: [{ allow: member }]) { text: String!, tree: Tree @belongsTo }
type Grove @model @auth(rules: [{ allow: member }]) { text: String! }
type Diary @model @auth(rules: [{ allow: owner }]) { text: String!, tree: Tree @belongsTo }
`

// What the types say may be null, is so for somebody; what they say is there, is.
func TestNullIsWhereTheTypesSay(t *testing.T) {
	s := testkit.New(t, hiding)
	ada := s.SignUp("ada@example.com").Join("root@example.com", "admin")
	mia := ada.Join("mia@example.com", "member")
	id := func(path string, body map[string]any) string {
		return ada.Do("POST", path, body).Want(201).String("id")
	}
	tree := id("/api/trees", map[string]any{"name": "Oak", "salary": 3, "code": 7,
		"secretId": id("/api/secrets", map[string]any{"text": "a"}), "vaultId": id("/api/vaults", map[string]any{"text": "b"}), "groveId": id("/api/groves", map[string]any{"text": "c"})})
	id("/api/diaries", map[string]any{"text": "e", "treeId": tree})

	compiled, diags := backend.Compile("schema.graphql", hiding, schema.StandardRoles())
	if compiled == nil {
		t.Fatal(diags)
	}
	types := string(compiled.TypeScript(config.Default())[0].Text)
	read := "/api/trees/" + tree + "?include=root,branches,secret,grove,private,diaries"
	all, own := ada.Get(read).Want(200), mia.Get(read).Want(200)
	for _, c := range []struct{ field, typed, forAda, forMia string }{
		{"root", "kind: 'maybe'", "null", "null"},
		{"branches", "kind: 'many'", "list", "list"},
		{"secret", "kind: 'maybe'", "row", "null"},
		{"grove", "kind: 'one'", "row", "row"},
		{"private", "kind: 'masked'", "list", "null"},
		{"diaries", "kind: 'many'", "list", "list"},
		{"salary", "salary?: number | null", "value", "null"},
		{"code", "code?: number | null", "value", "left out"},
	} {
		if ada, mia := shape(all.Value(), c.field), shape(own.Value(), c.field); ada != c.forAda || mia != c.forMia {
			t.Errorf("%s is %s for its owner, want %s, and %s for another, want %s", c.field, ada, c.forAda, mia, c.forMia)
		}
		if !strings.Contains(types, c.typed) || strings.HasPrefix(c.typed, "kind") && !relation(types, c.field, c.typed) {
			t.Errorf("%s is not typed %s", c.field, c.typed)
		}
	}
	// What is asked for by its name, and kept from the caller in every row, is an error.
	for _, ask := range []string{"fields=code", "include=vault"} {
		mia.Get("/api/trees/"+tree+"?"+ask).WantCode(403, "access/field_denied")
	}
	if got := shape(mia.Get("/api/trees/"+tree+"?fields=salary").Want(200).Value(), "salary"); got != "null" {
		t.Errorf("salary, by its name, is %s", got)
	}
	if !relation(types, "vault", "kind: 'one'") {
		t.Error("vault, for who may read it, is not typed to be there")
	}
}

func relation(types, field, kind string) bool {
	for line := range strings.Lines(types) {
		if strings.HasPrefix(line, "    "+field+": { model: ") {
			return strings.Contains(line, kind)
		}
	}
	return false
}

func shape(row any, field string) string {
	object, _ := row.(map[string]any)
	value, has := object[field]
	switch value.(type) {
	case nil:
		if has {
			return "null"
		}
		return "left out"
	case map[string]any:
		return "row"
	case []any:
		return "list"
	}
	return "value"
}
