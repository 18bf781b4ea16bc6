package sdkgen

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/schema"
)

// drafts is what the runtime knows of new rows: how they look until the server answers.
func (t *types) drafts(schemaName string) {
	t.line()
	t.line("const drafts: loam.Drafts<", schemaName, "> = {")
	for _, m := range t.schema.Models {
		if allowed(m)&schema.Create == 0 {
			continue
		}
		made, known := draftRow(m)
		if !known {
			continue
		}
		t.line("  ", m.Path, ": {")
		t.line("    row: ", made, ",")
		t.line("    relations: {", draftRelations(m), "},")
		t.line("  },")
	}
	t.line("}")
}

// draftRow is a function that makes what a new row has beside its input. False where there
// is a required field that nobody gives: the server refuses every such row.
func draftRow(m *schema.Model) (string, bool) {
	var fields, uses []string
	for _, f := range visible(m) {
		if f.Relation != nil || mustGive(m, f) {
			continue
		}
		use, value := draftValue(m, f)
		if value == "null" && f.Required {
			return "", false
		}
		if use != "" && !slices.Contains(uses, use) {
			uses = append(uses, use)
		}
		if value != f.Name {
			value = f.Name + ": " + value
		}
		fields = append(fields, value)
	}
	from := "()"
	if uses != nil {
		from = "({ " + strings.Join(uses, ", ") + " })"
	}
	return from + " => ({ " + strings.Join(fields, ", ") + " })", true
}

// draftValue is what a new row has in a field that its input leaves out, as the server fills
// it, and what of the write that is made of: its id, at what time, by whom.
func draftValue(m *schema.Model, f *schema.Field) (use, value string) {
	switch {
	case f == m.CreatedAt || f == m.UpdatedAt:
		if f.Scalar == schema.Timestamp {
			return "at", "Math.floor(Date.parse(at) / 1000)"
		}
		return "at", "at"
	case f == m.Version:
		return "", "1"
	case f == madeID(m):
		return "id", "id"
	case f.Default != nil:
		return "", literal(f)
	case owns(m, f) && f.List:
		return "by", "[by]"
	case owns(m, f):
		return "by", "by"
	}
	return "", "null"
}

// owns tells whether the server makes the caller's id the value of a new row's field.
func owns(m *schema.Model, f *schema.Field) bool {
	return slices.ContainsFunc(m.Rules, func(r *schema.Rule) bool {
		return r.Allow == schema.AllowOwner && r.OwnerField == f && (r.Ops&schema.Create != 0 || f.Implicit) &&
			slices.Contains([]string{"", "sub", "sub::username"}, r.IdentityClaim)
	})
}

// literal is a field's default in TypeScript.
func literal(f *schema.Field) string {
	value, err := f.Coerce(*f.Default, true)
	if text, ok := value.(schema.JSONText); ok {
		return string(text)
	}
	text, failed := json.Marshal(value)
	if err != nil || failed != nil {
		panic("sdkgen: a default that the schema has checked")
	}
	if s := string(text); s[0] == '"' && !strings.ContainsAny(s, `\'`) {
		return "'" + s[1:len(s)-1] + "'"
	}
	return string(text)
}

// draftRelations are the kinds of a model's relations, and of those to one row the fields
// that name it, by which the runtime finds it in other rows.
func draftRelations(m *schema.Model) string {
	var parts []string
	for _, f := range readableRelations(m) {
		of := []string{relationKind(f)}
		if f.Relation.Type == schema.BelongsTo {
			for _, from := range f.Relation.From {
				of = append(of, from.Name)
			}
		}
		parts = append(parts, f.Name+": ['"+strings.Join(of, "', '")+"']")
	}
	if parts == nil {
		return ""
	}
	return " " + strings.Join(parts, ", ") + " "
}
