package query_test

import (
	"encoding/json"
	"testing"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// What a text contains or begins with is any text, whatever form the whole of
// it has.
func TestPartsOfTypedTexts(t *testing.T) {
	s, diags := schema.Parse("schema.graphql", `
type Person @model @auth(rules: [{ allow: member }]) {
  email: Email
  born: Date
  site: URL
  phone: Phone
  address: IPAddress
  ids: [ID]
  notes: [JSON]
}`)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	m := s.Model("Person")
	for _, c := range []struct {
		field, op string
		value     any
		ok        bool
	}{
		{"email", "contains", "@example.", true},
		{"email", "notContains", "+", true},
		{"born", "beginsWith", "1999-12", true},
		{"createdAt", "beginsWith", "2026-", true},
		{"site", "beginsWith", "https://", true},
		{"phone", "beginsWith", "+1", true},
		{"address", "beginsWith", "10.", true},
		{"id", "contains", "", true},
		{"id", "beginsWith", 5, false},
		{"email", "eq", "@example.", false},
		{"born", "lt", "1999-12", false},
		{"ids", "contains", "", false}, // of a list it is an element
		{"notes", "size", json.Number("2"), true},
		{"notes", "contains", "x", false}, // nothing compares JSON
	} {
		_, err := query.BindFilter(m, map[string]any{c.field: map[string]any{c.op: c.value}}, query.DefaultLimits.Conds)
		if (err == nil) != c.ok {
			t.Errorf("%s %s %v: %v", c.field, c.op, c.value, err)
		}
	}
}

// A variable in a list would be taken for a text, so that the rule never held.
func TestVariablesOfRules(t *testing.T) {
	s, diags := schema.Parse("schema.graphql", `type Person @model @auth(rules: [{ allow: member }]) { name: String }`)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	for _, c := range []struct {
		tests map[string]any
		ok    bool
	}{
		{map[string]any{"eq": "$user.id"}, true},
		{map[string]any{"in": "$user.groups"}, true},
		{map[string]any{"in": []any{"$user.id", "x"}}, false},
		{map[string]any{"between": []any{"a", "$user.id"}}, false},
		{map[string]any{"in": []any{"$$user.id", "x"}}, true},
	} {
		if _, err := query.BindRule(s.Model("Person"), map[string]any{"name": c.tests}); (err == nil) != c.ok {
			t.Errorf("%v: %v", c.tests, err)
		}
	}
}
