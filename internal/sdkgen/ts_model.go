package sdkgen

import (
	"strings"

	"github.com/loam-dev/loam/internal/schema"
)

// model writes the types of a model: a row, its inputs, its filter, and what the
// runtime's types ask of it.
func (t *types) model(m *schema.Model) {
	names, ops := t.models[m], allowed(m)
	t.line()
	t.doc("", m.Doc, "")
	t.line("export interface ", names.row, " {")
	for _, f := range visible(m) {
		if f.Relation == nil {
			t.doc("  ", fieldText(m, f), f.Deprecated)
			// One with rules of its own is left out for who may read it in no row, and null in the
			// rows where they may not. A required one is shown to all who see the row: the schema
			// is refused otherwise.
			t.line("  ", f.Name, optional(f.Rules != nil && !f.Required), ": ", t.value(f))
		}
	}
	t.line("}")
	create, update := "never", "never"
	if ops&schema.Create != 0 {
		create = names.create
		t.newRow(m)
	}
	if ops&schema.Update != 0 {
		update = names.update
		t.changedRow(m)
	}
	t.filter(m)
	t.line()
	t.line("export interface ", names.model, " {")
	t.line("  row: ", names.row)
	t.line("  key: ", t.key(m))
	t.line("  create: ", create)
	t.line("  update: ", update)
	t.line("  filter: ", names.filter)
	t.line("  plain: ", union(plainFields(m, func(*schema.Field) bool { return true })))
	t.line("  number: ", union(plainFields(m, isNumber)))
	t.relations(m)
	t.line("  can: ", union(methods(m, ops)))
	t.line("}")
}

func (t *types) newRow(m *schema.Model) {
	t.line()
	t.line("export interface ", t.models[m].create, " {")
	for _, f := range inputs(m) {
		if !writable(f, schema.Create) {
			continue
		}
		text := fieldText(m, f)
		if f.Default != nil {
			text = strings.TrimSpace(text + "\nDefault: `" + *f.Default + "`.")
		}
		t.doc("  ", text, f.Deprecated)
		t.line("  ", f.Name, optional(!mustGive(m, f)), ": ", t.input(f))
	}
	t.line("}")
}

// mustGive tells whether the input of a create must have a field.
func mustGive(m *schema.Model, f *schema.Field) bool {
	return f.Required && f.Default == nil && !f.ReadOnly && writable(f, schema.Create) && madeID(m) != f && f != m.CreatedAt && f != m.UpdatedAt
}

func (t *types) changedRow(m *schema.Model) {
	t.line()
	t.line("export interface ", t.models[m].update, " {")
	for _, f := range inputs(m) {
		if writable(f, schema.Update) && !isKey(m, f) {
			t.doc("  ", fieldText(m, f), f.Deprecated)
			t.line("  ", f.Name, "?: ", t.input(f))
		}
	}
	t.line("}")
}

func isKey(m *schema.Model, f *schema.Field) bool {
	for _, k := range m.Key {
		if k == f {
			return true
		}
	}
	return false
}

// writable tells whether a field's own rules leave writing it to anybody.
func writable(f *schema.Field, op schema.Operation) bool {
	if f.Rules == nil {
		return true
	}
	for _, r := range f.Rules {
		if r.Ops&op != 0 {
			return true
		}
	}
	return false
}

// key is what names a row: the value of its key, or the values of all its fields.
func (t *types) key(m *schema.Model) string {
	if len(m.Key) == 1 {
		return t.element(m.Key[0])
	}
	parts := make([]string, len(m.Key))
	for i, f := range m.Key {
		parts[i] = "readonly " + f.Name + ": " + t.element(f)
	}
	return "{ " + strings.Join(parts, "; ") + " }"
}

func (t *types) relations(m *schema.Model) {
	var lines []string
	for _, f := range readableRelations(m) {
		lines = append(lines, "    "+f.Name+": { model: "+t.models[f.Relation.Target].model+"; kind: '"+relationKind(f)+"' }")
	}
	if lines == nil {
		t.line("  relations: {}")
		return
	}
	t.line("  relations: {")
	t.line(strings.Join(lines, "\n"))
	t.line("  }")
}

// readableRelations are the relations to models that somebody may read.
func readableRelations(m *schema.Model) []*schema.Field {
	var out []*schema.Field
	for _, f := range visible(m) {
		if f.Relation != nil && allowed(f.Relation.Target)&(schema.Get|schema.List) != 0 {
			out = append(out, f)
		}
	}
	return out
}

// methods are the names of the methods that a collection has.
func methods(m *schema.Model, ops schema.Operation) []string {
	if m.Ops.PublicSubscriptions {
		ops |= schema.Listen
	}
	if m.ReadOnly {
		ops &^= schema.Listen // what the system keeps is in no change log
	}
	var out []string
	for _, way := range []struct {
		op    schema.Operation
		names []string
	}{
		{schema.List, []string{"list", "pages", "count", "aggregate"}}, {schema.SearchOp, []string{"search"}}, {schema.Listen, []string{"live"}},
		{schema.Get, []string{"get"}}, {schema.Create, []string{"create"}}, {schema.Update, []string{"update"}},
		{schema.Create | schema.Update, []string{"upsert"}}, {schema.Delete, []string{"delete"}},
	} {
		if ops&way.op == way.op && (way.op != schema.SearchOp || m.Search != nil) {
			out = append(out, way.names...)
		}
	}
	return out
}

func plainFields(m *schema.Model, fits func(*schema.Field) bool) []string {
	var names []string
	for _, f := range visible(m) {
		if f.Relation == nil && f.Plain() && fits(f) {
			names = append(names, f.Name)
		}
	}
	return names
}

func isNumber(f *schema.Field) bool {
	return f.Kind == schema.ScalarKind && (f.Scalar == schema.Int || f.Scalar == schema.Float || f.Scalar == schema.Timestamp)
}

func union(names []string) string {
	if len(names) == 0 {
		return "never"
	}
	return "'" + strings.Join(names, "' | '") + "'"
}

// value is the type of a stored field's value, as it is answered.
func (t *types) value(f *schema.Field) string { return t.typed(f, false) }

// input likewise, as it is written.
func (t *types) input(f *schema.Field) string { return t.typed(f, true) }

func (t *types) typed(f *schema.Field, input bool) string {
	v := t.element(f)
	if f.List {
		if !f.ElemRequired && v != "unknown" {
			v = "(" + v + " | null)"
		}
		v += "[]"
		if input {
			v = "readonly " + v
		}
	}
	if !f.Required && v != "unknown" {
		v += " | null"
	}
	return v
}

// element is the type of one value, or of one element of a list.
func (t *types) element(f *schema.Field) string {
	switch f.Kind {
	case schema.EnumKind:
		return t.app[f.Enum.Name]
	case schema.EmbeddedKind:
		return t.app[f.Embedded.Name]
	}
	switch f.Scalar {
	case schema.Int, schema.Float, schema.Timestamp:
		return "number"
	case schema.Boolean:
		return "boolean"
	case schema.JSON:
		return "unknown"
	}
	return "string"
}
