package graphql

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/loam-dev/loam/internal/schema"
)

// inputs defines what a model's operations take.
func (b *builder) inputs(m *schema.Model, n names) {
	for _, def := range []*ast.Definition{
		b.filter(m, n.filter), b.condition(m, n), b.subscriptionFilter(m, n), b.fieldEnum(m, n), sortInput(n),
	} {
		b.define(def, "model "+m.Name, m.Pos)
	}
	if m.Ops.Create != "" {
		b.define(b.createInput(m, n), "model "+m.Name, m.Pos)
	}
	if m.Ops.Update != "" {
		b.define(b.updateInput(m, n), "model "+m.Name, m.Pos)
	}
	if m.Ops.Delete != "" {
		b.define(b.deleteInput(m, n), "model "+m.Name, m.Pos)
	}
}

// filter selects rows; a relation's filter selects those with a related row
// that matches.
func (b *builder) filter(m *schema.Model, name string) *ast.Definition {
	def := &ast.Definition{Kind: ast.InputObject, Name: name, Fields: make(ast.FieldList, 0, len(m.Fields)+3)}
	for _, f := range m.Fields {
		b.filterField(def, f)
	}
	combine(def, m, "and", "or", "not")
	return def
}

// condition is what a row must meet for a mutation to go ahead: a filter, less
// the key, which the input names. An owner stays even in the key, as it does
// for Amplify.
func (b *builder) condition(m *schema.Model, n names) *ast.Definition {
	def := &ast.Definition{Kind: ast.InputObject, Name: n.condition, Fields: make(ast.FieldList, 0, len(m.Fields)+3)}
	owners := ownerFields(m, schema.AllOperations)
	for _, f := range m.Fields {
		if !slices.Contains(m.Key, f) || slices.Contains(owners, f) {
			b.filterField(def, f)
		}
	}
	combine(def, m, "and", "or", "not")
	return def
}

func (b *builder) filterField(def *ast.Definition, f *schema.Field) {
	if f.Relation != nil {
		def.Fields = append(def.Fields, input(f.Name, named(namesOf(f.Relation.Target).filter)))
		return
	}
	for _, name := range b.served(f) {
		def.Fields = append(def.Fields, input(name, named(b.operatorInput(f))))
	}
}

// subscriptionFilter selects events. An owner's field takes the operators of
// a plain filter there, as Amplify's do.
func (b *builder) subscriptionFilter(m *schema.Model, n names) *ast.Definition {
	def := &ast.Definition{Kind: ast.InputObject, Name: n.subFilter}
	owners := ownerFields(m, schema.AllOperations)
	for _, f := range m.Fields {
		if f.Relation != nil || f.Kind == schema.EmbeddedKind {
			continue
		}
		t := named("ModelSubscription" + comparedAs(f) + "Input")
		if slices.Contains(owners, f) {
			t = named("ModelStringInput")
		}
		for _, name := range b.served(f) {
			def.Fields = append(def.Fields, input(name, t))
		}
	}
	combine(def, m, "and", "or")
	return def
}

// combine adds the combinators, unless the model has a field of that name.
func combine(def *ast.Definition, m *schema.Model, combinators ...string) {
	for _, name := range combinators {
		t := named(def.Name)
		if name != "not" {
			t = listOf(t)
		}
		if m.Field(name) == nil {
			def.Fields = append(def.Fields, input(name, t))
		}
	}
}

// ownerFields lists the fields that the model's owner rules for any of ops
// name, each once.
func ownerFields(m *schema.Model, ops schema.Operation) []*schema.Field {
	var fields []*schema.Field
	add := func(rules []*schema.Rule) {
		for _, r := range rules {
			if r.Allow == schema.AllowOwner && r.Ops&ops != 0 && r.OwnerField != nil && !slices.Contains(fields, r.OwnerField) {
				fields = append(fields, r.OwnerField)
			}
		}
	}
	add(m.Rules)
	for _, f := range m.Fields {
		add(f.Rules)
	}
	return fields
}

// inputName is the type that writes a field.
func (b *builder) inputName(f *schema.Field) string {
	if f.Kind == schema.EmbeddedKind {
		return f.TypeName + "Input"
	}
	return b.typeName(f)
}

// writable lists the fields that an input may set: what the file declares, and
// implicit keys of relations. An implicit owner is the caller, so nobody sends
// it.
func writable(m *schema.Model) []*schema.Field {
	owners := ownerFields(m, schema.AllOperations)
	fields := make([]*schema.Field, 0, len(m.Fields))
	for _, f := range m.Fields {
		set := f.Relation == nil && !f.Hidden && f != m.Version
		if f.Implicit && (f.ReadOnly || slices.Contains(owners, f)) {
			set = false
		}
		if set {
			fields = append(fields, f)
		}
	}
	return fields
}

func (b *builder) createInput(m *schema.Model, n names) *ast.Definition {
	def := &ast.Definition{Kind: ast.InputObject, Name: n.create}
	for _, f := range writable(m) {
		filled := f.Default != nil || f == m.CreatedAt || f == m.UpdatedAt || isServerID(f) || b.aliased(f)
		for _, name := range b.served(f) {
			t := wrapped(f, b.inputName(f))
			t.NonNull = f.Required && !filled
			def.Fields = append(def.Fields, &ast.FieldDefinition{Name: name, Description: f.Doc, Type: t})
		}
	}
	return def
}

// isServerID tells whether the field is the id that the server makes where
// the client sends none.
func isServerID(f *schema.Field) bool {
	return f.Name == "id" && f.Kind == schema.ScalarKind && f.Scalar == schema.ID
}

func (b *builder) updateInput(m *schema.Model, n names) *ast.Definition {
	def := &ast.Definition{Kind: ast.InputObject, Name: n.update}
	for _, f := range writable(m) {
		for _, name := range b.served(f) {
			t := wrapped(f, b.inputName(f))
			t.NonNull = slices.Contains(m.Key, f)
			def.Fields = append(def.Fields, &ast.FieldDefinition{Name: name, Description: f.Doc, Type: t})
		}
	}
	versioned(def, m)
	return def
}

func (b *builder) deleteInput(m *schema.Model, n names) *ast.Definition {
	def := &ast.Definition{Kind: ast.InputObject, Name: n.remove}
	for _, f := range m.Key {
		def.Fields = append(def.Fields, input(f.Name, nonNull(named(b.typeName(f)))))
	}
	versioned(def, m)
	return def
}

// versioned lets a write name the version that the row must still have.
func versioned(def *ast.Definition, m *schema.Model) {
	if m.Version != nil && !m.Version.Hidden {
		def.Fields = append(def.Fields, &ast.FieldDefinition{
			Name: m.Version.Name, Type: named("Int"),
			Description: "The version that the row must still have; without it, the last write wins.",
		})
	}
}

// fieldEnum lists the fields to sort and to group by.
func (b *builder) fieldEnum(m *schema.Model, n names) *ast.Definition {
	def := &ast.Definition{Kind: ast.Enum, Name: n.fields}
	for _, f := range m.Fields {
		if f.Plain() && !f.Hidden && !slices.Contains([]string{"true", "false", "null"}, f.Name) {
			def.EnumValues = append(def.EnumValues, &ast.EnumValueDefinition{Name: f.Name})
		}
	}
	return def
}

func sortInput(n names) *ast.Definition {
	direction := input("direction", named(sortDirection))
	direction.DefaultValue = &ast.Value{Kind: ast.EnumValue, Raw: "ASC"}
	return &ast.Definition{Kind: ast.InputObject, Name: n.sort, Fields: ast.FieldList{
		input("field", nonNull(named(n.fields))), direction,
	}}
}
