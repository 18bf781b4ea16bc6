package graphql

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/loam-dev/loam/internal/fault"
)

// introspect answers __schema and __type from the served schema.
func (e *execution) introspect(f field) error {
	if e.silent && !e.by.Admin {
		return fault.New(fault.GraphQLSilent, "introspection is for admins here")
	}
	if f.Name == "__schema" {
		return e.describe(f, e.api.Schema)
	}
	name, _ := e.arguments(f)["name"].(string)
	def := e.api.Schema.Types[name]
	if def == nil {
		e.out.WriteString("null")
		return nil
	}
	return e.describe(f, typeRef{def: def})
}

// typeRef is a type as __Type shows it: a definition, or a wrapper around one.
type typeRef struct {
	def  *ast.Definition
	kind string    // NON_NULL or LIST
	of   *ast.Type // what the wrapper is around
}

func (e *execution) ref(t *ast.Type) typeRef {
	if t.NonNull {
		inner := *t
		inner.NonNull = false
		return typeRef{kind: "NON_NULL", of: &inner}
	}
	if t.Elem != nil {
		return typeRef{kind: "LIST", of: t.Elem}
	}
	return typeRef{def: e.api.Schema.Types[t.NamedType]}
}

// describe writes a value of the introspection schema in the selection's
// shape. Values are nil, strings, bools, slices and the cases of member.
func (e *execution) describe(f field, v any) error {
	switch v := v.(type) {
	case nil:
		e.out.WriteString("null")
		return nil
	case string, bool:
		text, err := json.Marshal(v)
		e.out.Write(text)
		return err
	case []any:
		e.out.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				e.out.WriteByte(',')
			}
			if err := e.describe(f, item); err != nil {
				return err
			}
		}
		e.out.WriteByte(']')
		return nil
	}
	typeName := f.Definition.Type.Name()
	e.out.WriteByte('{')
	for i, sub := range e.collect(f.set, typeName) {
		e.key(i, sub.Alias)
		var value any = typeName
		if sub.Name != "__typename" {
			value = e.member(v, sub)
		}
		if err := e.describe(sub, value); err != nil {
			return err
		}
	}
	e.out.WriteByte('}')
	return nil
}

func (e *execution) member(v any, f field) any {
	switch v := v.(type) {
	case *ast.Schema:
		return e.schemaMember(v, f.Name)
	case typeRef:
		return e.typeMember(v, f)
	case *ast.FieldDefinition:
		return e.fieldMember(v, f)
	case *ast.ArgumentDefinition:
		return e.inputMember(f.Name, v.Name, v.Description, v.Type, v.DefaultValue, v.Directives)
	case *ast.EnumValueDefinition:
		return described(f.Name, v.Name, v.Description, v.Directives)
	case *ast.DirectiveDefinition:
		return e.directiveMember(v, f)
	}
	return nil
}

func (e *execution) schemaMember(s *ast.Schema, name string) any {
	root := func(def *ast.Definition) any {
		if def == nil {
			return nil
		}
		return typeRef{def: def}
	}
	switch name {
	case "description":
		return orNil(s.Description)
	case "queryType":
		return root(s.Query)
	case "mutationType":
		return root(s.Mutation)
	case "subscriptionType":
		return root(s.Subscription)
	case "types":
		var out []any
		for _, name := range slices.Sorted(maps.Keys(s.Types)) {
			out = append(out, typeRef{def: s.Types[name]})
		}
		return out
	case "directives":
		out := []any{}
		for _, name := range slices.Sorted(maps.Keys(s.Directives)) {
			out = append(out, s.Directives[name])
		}
		return out
	}
	return nil
}

func (e *execution) typeMember(t typeRef, f field) any {
	if t.of != nil {
		switch f.Name {
		case "kind":
			return t.kind
		case "ofType":
			return e.ref(t.of)
		}
		return nil
	}
	switch f.Name {
	case "kind":
		return string(t.def.Kind)
	case "name":
		return t.def.Name
	case "description":
		return orNil(t.def.Description)
	case "specifiedByURL":
		if d := t.def.Directives.ForName("specifiedBy"); d != nil {
			return d.Arguments.ForName("url").Value.Raw
		}
	case "isOneOf":
		if t.def.Kind == ast.InputObject {
			return t.def.Directives.ForName("oneOf") != nil
		}
	case "interfaces":
		if t.def.Kind == ast.Object {
			return []any{}
		}
	case "fields", "enumValues", "inputFields":
		return e.contents(t.def, f)
	}
	return nil
}

// contents lists what a type is made of, where it is of the kind that has it.
func (e *execution) contents(def *ast.Definition, f field) any {
	deprecated, _ := e.arguments(f)["includeDeprecated"].(bool)
	out := []any{}
	keep := func(v any, directives ast.DirectiveList) {
		if deprecated || directives.ForName("deprecated") == nil {
			out = append(out, v)
		}
	}
	switch {
	case f.Name == "fields" && def.Kind == ast.Object:
		for _, member := range def.Fields {
			if !strings.HasPrefix(member.Name, "__") {
				keep(member, member.Directives)
			}
		}
	case f.Name == "inputFields" && def.Kind == ast.InputObject:
		for _, member := range def.Fields {
			keep(&ast.ArgumentDefinition{Name: member.Name, Description: member.Description, Type: member.Type,
				DefaultValue: member.DefaultValue, Directives: member.Directives}, member.Directives)
		}
	case f.Name == "enumValues" && def.Kind == ast.Enum:
		for _, value := range def.EnumValues {
			keep(value, value.Directives)
		}
	default:
		return nil
	}
	return out
}

func (e *execution) fieldMember(def *ast.FieldDefinition, f field) any {
	switch f.Name {
	case "args":
		return e.args(def.Arguments)
	case "type":
		return e.ref(def.Type)
	}
	return described(f.Name, def.Name, def.Description, def.Directives)
}

func (e *execution) args(defs ast.ArgumentDefinitionList) any {
	out := []any{}
	for _, a := range defs {
		out = append(out, a)
	}
	return out
}

func (e *execution) inputMember(member, name, description string, t *ast.Type, value *ast.Value, directives ast.DirectiveList) any {
	switch member {
	case "type":
		return e.ref(t)
	case "defaultValue":
		if value == nil {
			return nil
		}
		return value.String()
	}
	return described(member, name, description, directives)
}

func (e *execution) directiveMember(def *ast.DirectiveDefinition, f field) any {
	switch f.Name {
	case "args":
		return e.args(def.Arguments)
	case "locations":
		out := []any{}
		for _, l := range def.Locations {
			out = append(out, string(l))
		}
		return out
	case "isRepeatable":
		return def.IsRepeatable
	}
	return described(f.Name, def.Name, def.Description, nil)
}

// described answers what fields, arguments, enum values and directives have in
// common.
func described(member, name, description string, directives ast.DirectiveList) any {
	d := directives.ForName("deprecated")
	switch member {
	case "name":
		return name
	case "description":
		return orNil(description)
	case "isDeprecated":
		return d != nil
	case "deprecationReason":
		if d == nil {
			return nil
		}
		if reason := d.Arguments.ForName("reason"); reason != nil {
			return reason.Value.Raw
		}
		return "No longer supported"
	}
	return nil
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}
