package graphql

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/loam-dev/loam/internal/schema"
)

// names holds the names of the types made for a model. They are Amplify's.
type names struct {
	model                                        string // with a capital
	connection, filter, condition, subFilter     string
	create, update, remove                       string
	fields, sort, aggregate, numbers, aggregated string // Loam's
	change                                       string
}

func namesOf(m *schema.Model) names {
	model := upperFirst(m.Name)
	return names{
		model:      model,
		connection: "Model" + model + "Connection",
		filter:     "Model" + model + "FilterInput",
		condition:  "Model" + model + "ConditionInput",
		subFilter:  "ModelSubscription" + model + "FilterInput",
		create:     "Create" + model + "Input",
		update:     "Update" + model + "Input",
		remove:     "Delete" + model + "Input",
		fields:     "Model" + model + "Field",
		sort:       "Model" + model + "SortInput",
		aggregate:  "Model" + model + "Aggregate",
		numbers:    "Model" + model + "AggregateNumbers",
		aggregated: "Model" + model + "AggregateValues",
		change:     model + "Change",
	}
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

func named(name string) *ast.Type { return &ast.Type{NamedType: name} }

func listOf(elem *ast.Type) *ast.Type { return &ast.Type{Elem: elem} }

func nonNull(t *ast.Type) *ast.Type {
	c := *t
	c.NonNull = true
	return &c
}

func arg(name string, t *ast.Type) *ast.ArgumentDefinition {
	return &ast.ArgumentDefinition{Name: name, Type: t}
}

func input(name string, t *ast.Type) *ast.FieldDefinition {
	return &ast.FieldDefinition{Name: name, Type: t}
}

func deprecated(reason string) ast.DirectiveList {
	if reason == "" {
		return nil
	}
	return ast.DirectiveList{{
		Name:      "deprecated",
		Arguments: ast.ArgumentList{{Name: "reason", Value: &ast.Value{Kind: ast.StringValue, Raw: reason}}},
	}}
}

// typeName is the name of a stored field's type as clients see it.
func (b *builder) typeName(f *schema.Field) string {
	if f.Kind != schema.ScalarKind {
		return f.TypeName
	}
	name := f.TypeName
	if b.dialect == Amplify && f.Implicit && f.Scalar == schema.DateTime {
		name = "AWSDateTime"
	}
	b.scalar(name)
	return name
}

// wrapped puts a field's list around its named type.
func wrapped(f *schema.Field, name string) *ast.Type {
	t := named(name)
	if f.List {
		t = listOf(&ast.Type{NamedType: name, NonNull: f.ElemRequired})
	}
	return t
}

// served lists the names that a field goes by.
func (b *builder) served(f *schema.Field) []string {
	if f.Hidden {
		return nil
	}
	if b.aliased(f) {
		return []string{f.Name, f.Alias}
	}
	return []string{f.Name}
}

func (b *builder) aliased(f *schema.Field) bool {
	return b.dialect == Amplify && f.Alias != ""
}

func (b *builder) enum(e *schema.Enum) {
	def := &ast.Definition{Kind: ast.Enum, Name: e.Name, Description: e.Doc}
	for i, value := range e.Values {
		v := &ast.EnumValueDefinition{Name: value}
		if i < len(e.Docs) {
			v.Description = e.Docs[i]
		}
		if i < len(e.Deprecated) {
			v.Directives = deprecated(e.Deprecated[i])
		}
		def.EnumValues = append(def.EnumValues, v)
	}
	b.define(def, "enum "+e.Name, e.Pos)
}

// embedded defines an embedded type and the input that writes it.
func (b *builder) embedded(e *schema.Embedded) {
	b.api.Embedded[e.Name] = e
	object := &ast.Definition{Kind: ast.Object, Name: e.Name, Description: e.Doc}
	in := &ast.Definition{Kind: ast.InputObject, Name: e.Name + "Input", Description: e.Doc}
	for _, f := range e.Fields {
		field := &ast.FieldDefinition{
			Name: f.Name, Description: f.Doc, Directives: deprecated(f.Deprecated),
			Type: wrapped(f, b.typeName(f)),
		}
		field.Type.NonNull = f.Required
		object.Fields = append(object.Fields, field)
		value := &ast.FieldDefinition{Name: f.Name, Description: f.Doc, Type: wrapped(f, b.inputName(f))}
		value.Type.NonNull = f.Required && f.Default == nil
		in.Fields = append(in.Fields, value)
	}
	b.define(object, "embedded type "+e.Name, e.Pos)
	b.define(in, "embedded type "+e.Name, e.Pos)
}

// object defines a model's type and its connection.
func (b *builder) object(m *schema.Model, n names) {
	b.api.Types[m.Name] = m
	b.api.Connections[n.connection] = m
	def := &ast.Definition{Kind: ast.Object, Name: m.Name, Description: m.Doc, Fields: make(ast.FieldList, 0, len(m.Fields))}
	for _, f := range m.Fields {
		if f.Relation != nil {
			def.Fields = append(def.Fields, b.relation(f))
			continue
		}
		for _, name := range b.served(f) {
			t := wrapped(f, b.typeName(f))
			t.NonNull = f.Required
			def.Fields = append(def.Fields, &ast.FieldDefinition{
				Name: name, Description: f.Doc, Type: t, Directives: deprecated(f.Deprecated),
			})
		}
	}
	b.define(def, "model "+m.Name, m.Pos)
	b.connection(m, n.connection)
}

func (b *builder) connection(m *schema.Model, name string) {
	b.define(&ast.Definition{Kind: ast.Object, Name: name, Fields: ast.FieldList{
		{Name: "items", Type: nonNull(listOf(named(m.Name)))},
		{Name: "nextToken", Type: named("String"), Description: "Of the next page; null on the last one."},
		{Name: "total", Type: named("Int"), Description: "How many rows match in all. They are counted only when this is asked for."},
	}}, "model "+m.Name, m.Pos)
}

// relation is the object field that leads to another model.
func (b *builder) relation(f *schema.Field) *ast.FieldDefinition {
	r := f.Relation
	def := &ast.FieldDefinition{Name: f.Name, Description: f.Doc, Directives: deprecated(f.Deprecated)}
	if !r.ToMany() {
		def.Type = named(r.Target.Name)
		def.Type.NonNull = f.Required
		return def
	}
	n := b.referred(r.Target)
	for _, key := range b.nestedKeys(r) {
		b.api.Nested[f] = append(b.api.Nested[f], key)
		def.Arguments = append(def.Arguments, b.sortArg(r.Target, key))
	}
	def.Arguments = append(def.Arguments,
		arg("filter", named(n.filter)), arg("sortDirection", named(sortDirection)),
		arg("limit", named("Int")), arg("nextToken", named("String")),
		arg("sort", listOf(&ast.Type{NamedType: n.sort, NonNull: true})))
	def.Type = named(n.connection)
	return def
}

// referred gives the names under which relations and index queries know a
// model. Amplify capitalizes a model's name for its own operations only, so
// that a model "task" has both ModelTaskConnection and ModeltaskConnection.
func (b *builder) referred(m *schema.Model) names {
	n := namesOf(m)
	if b.dialect == Native || n.model == m.Name {
		return n
	}
	raw := n
	raw.connection, raw.filter = "Model"+m.Name+"Connection", "Model"+m.Name+"FilterInput"
	if _, known := b.api.Connections[raw.connection]; !known {
		b.api.Connections[raw.connection] = m
		b.connection(m, raw.connection)
		b.define(b.filter(m, raw.filter), "model "+m.Name, m.Pos)
	}
	return raw
}
