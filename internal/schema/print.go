package schema

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// hash is of the canonical print: comments, blanks and the order of types and
// fields don't matter; everything that a client or the database could notice
// does.
func (s *Schema) hash() string {
	sum := sha256.Sum256([]byte(s.canonical()))
	return hex.EncodeToString(sum[:])
}

// canonical prints every resolved property, one line a thing, sorted.
func (s *Schema) canonical() string {
	lines := []string{fmt.Sprintf("schema aws=%t", s.AWS)}
	for _, e := range s.Enums {
		lines = append(lines, fmt.Sprintf("enum %s %q %q %q %q", e.Name, e.Doc, e.Values, e.Docs, e.Deprecated))
	}
	for _, e := range s.Embedded {
		lines = append(lines, fmt.Sprintf("embedded %s %q", e.Name, e.Doc))
		for _, f := range e.Fields {
			lines = append(lines, "field "+e.Name+"."+printField(f))
		}
	}
	for _, m := range s.Models {
		lines = append(lines, fmt.Sprintf("model %s %q table=%s path=%s scope=%d key=%q ops=%q public=%t times=%s,%s join=%t read=%t from=%s",
			m.Name, m.Doc, m.Table, m.Path, m.Scope, fieldNames(m.Key), fmt.Sprint(m.Ops), m.Ops.PublicSubscriptions,
			nameOf(m.CreatedAt), nameOf(m.UpdatedAt), m.Join, m.ReadOnly, m.RenamedFrom))
		for _, f := range m.Fields {
			lines = append(lines, "field "+m.Name+"."+printField(f))
		}
		if m.OnOwnerDelete != KeepRows {
			lines = append(lines, fmt.Sprintf("owner %s delete=%d", m.Name, m.OnOwnerDelete))
		}
		if m.Profile != nil {
			for _, f := range m.Profile.Fields {
				lines = append(lines, "profile "+m.Name+"."+printField(f))
			}
		}
		for _, x := range m.Indexes {
			lines = append(lines, fmt.Sprintf("index %s.%s %q unique=%t query=%s", m.Name, x.Name, fieldNames(x.Fields), x.Unique, x.QueryField))
		}
		if m.Search != nil {
			lines = append(lines, fmt.Sprintf("search %s %q", m.Name, fieldNames(m.Search.Fields)))
		}
		for _, r := range m.Rules {
			lines = append(lines, "rule "+m.Name+" "+printRule(r))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func printField(f *Field) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %q column=%s type=%s list=%t required=%t,%t read=%t hidden=%t implicit=%t unique=%t from=%s deprecated=%q alias=%s",
		f.Name, f.Doc, f.Column, f.TypeName, f.List, f.Required, f.ElemRequired, f.ReadOnly, f.Hidden, f.Implicit, f.Unique, f.RenamedFrom, f.Deprecated, f.Alias)
	if f.Default != nil {
		fmt.Fprintf(&b, " default=%q", *f.Default)
	}
	for _, k := range f.Checks {
		fmt.Fprintf(&b, " check=%s,%q,%q", k.Type, k.Value, k.Message)
	}
	if r := f.Relation; r != nil {
		fmt.Fprintf(&b, " relation=%d,%s,%q,%q,%d,%d,%s,%s", r.Type, r.Target.Name, fieldNames(r.From), fieldNames(r.To), r.Limit, r.OnDelete, nameOf(r.Far), nameOf(r.Inverse))
	}
	if f.Rules != nil {
		rules := make([]string, len(f.Rules))
		for i, r := range f.Rules {
			rules[i] = printRule(r)
		}
		slices.Sort(rules)
		fmt.Fprintf(&b, " rules=%q", rules)
	}
	return b.String()
}

func printRule(r *Rule) string {
	filter := ""
	if r.Filter != nil {
		text, _ := json.Marshal(r.Filter.Value) // of plain values: it can't fail
		filter = string(text)
	}
	return fmt.Sprintf("%s %s ops=%d owner=%s,%s groups=%q,%s,%s roles=%q teams=%q filter=%s",
		r.Allow, r.Provider, r.Ops, nameOf(r.OwnerField), r.IdentityClaim, r.Groups, nameOf(r.GroupsField), r.GroupClaim, r.Roles, r.Teams, filter)
}

func fieldNames(fields []*Field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

func nameOf(f *Field) string {
	if f == nil {
		return ""
	}
	return f.Name
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
