package schema

import (
	"strings"
	"testing"
)

// TestPhysicalNames: names that are the same up to where a database cuts them
// off stay apart, and short ones are what the file says.
func TestPhysicalNames(t *testing.T) {
	long := strings.Repeat("x", 100)
	s, ds := Parse("schema.graphql", `type A`+long+` @model @auth(rules: [{ allow: member }]) { a: Int `+long+`1: Int `+long+`2: Int }
type A`+long+`s @model @auth(rules: [{ allow: member }]) { b: Int @refersTo(name: "`+long+`") }
extend type User { `+long+`: Int }`)
	if s == nil {
		t.Fatal(ds)
	}
	check := func(seen map[string]bool, name string) {
		if len(name) > longestPhysical || seen[name] {
			t.Errorf("%s: %d bytes, seen before: %v", name, len(name), seen[name])
		}
		seen[name] = true
	}
	tables := map[string]bool{}
	for _, m := range s.Models {
		check(tables, m.Table)
		fields, columns := m.Fields, map[string]bool{}
		if m.Profile != nil {
			fields = m.Profile.Fields
		}
		for _, f := range fields {
			check(columns, f.Column)
		}
		if len(fields) > 0 && fields[0].Column != fields[0].Name && len(fields[0].Name) <= longestPhysical && fields[0].Name != "b" {
			t.Errorf("%s has the column %s", fields[0].Name, fields[0].Column)
		}
	}
}
