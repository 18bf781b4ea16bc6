package graphql

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/loam-dev/loam/internal/schema"
)

const sortDirection = "ModelSortDirection"

// The operators of each kind of filter: Amplify's, and Loam's beside them.
// What lists take (contains, size) stands in every kind, since Amplify filters
// a list by the input of its elements.
var (
	orderOps   = []string{"eq", "ne", "lt", "le", "gt", "ge", "between", "in", "notIn", "contains", "notContains", "size", "isNull", "attributeExists", "attributeType"}
	textOps    = append([]string{"beginsWith"}, orderOps...)
	choiceOps  = []string{"eq", "ne", "in", "notIn", "contains", "notContains", "size", "isNull", "attributeExists", "attributeType"}
	enumOps    = []string{"eq", "ne", "in", "notIn", "isNull", "attributeExists"}
	listOps    = []string{"contains", "notContains", "size", "isNull", "attributeExists"}
	presentOps = []string{"isNull", "attributeExists", "attributeType"}
	sizeOps    = []string{"eq", "ne", "lt", "le", "gt", "ge", "between", "in", "notIn"}
	keyOps     = []string{"eq", "lt", "le", "gt", "ge", "between"}
	textKeyOps = append([]string{"beginsWith"}, keyOps...)

	eventOps       = []string{"eq", "ne", "lt", "le", "gt", "ge", "between", "in", "notIn"}
	eventTextOps   = append([]string{"beginsWith", "contains", "notContains"}, eventOps...)
	eventChoiceOps = []string{"eq", "ne"}

	attributeTypes = []string{"binary", "binarySet", "bool", "list", "map", "number", "numberSet", "string", "stringSet", "_null"}
)

// operators is an input object with one field an operator, for values of type
// base.
func operators(name, base string, ops []string) *ast.Definition {
	def := &ast.Definition{Kind: ast.InputObject, Name: name, Fields: make(ast.FieldList, len(ops))}
	for i, op := range ops {
		t := named(base)
		switch op {
		case "between", "in", "notIn":
			t = listOf(t)
		case "attributeExists", "isNull":
			t = named("Boolean")
		case "attributeType":
			t = named("ModelAttributeTypes")
		case "size":
			t = named("ModelSizeInput")
		}
		def.Fields[i] = input(op, t)
	}
	return def
}

// shared defines what every schema's filters are made of.
func (b *builder) shared() {
	for _, kind := range []struct {
		base       string
		ops, event []string
	}{
		{"String", textOps, eventTextOps}, {"ID", textOps, eventTextOps},
		{"Int", orderOps, eventOps}, {"Float", orderOps, eventOps}, {"Boolean", choiceOps, eventChoiceOps},
	} {
		filter := operators("Model"+kind.base+"Input", kind.base, kind.ops)
		filter.Description = "Compares a field, or with contains, notContains and size a list."
		b.define(filter, "the filters", schema.Pos{})
		b.define(operators("ModelSubscription"+kind.base+"Input", kind.base, kind.event), "the filters", schema.Pos{})
	}
	b.define(operators("ModelSizeInput", "Int", sizeOps), "the filters", schema.Pos{})
	b.define(enumOf("ModelAttributeTypes", attributeTypes), "the filters", schema.Pos{})
	b.define(enumOf(sortDirection, []string{"ASC", "DESC"}), "the filters", schema.Pos{})
}

func enumOf(name string, values []string) *ast.Definition {
	def := &ast.Definition{Kind: ast.Enum, Name: name}
	for _, v := range values {
		def.EnumValues = append(def.EnumValues, &ast.EnumValueDefinition{Name: v})
	}
	return def
}

// comparedAs is the one of String, ID, Int, Float and Boolean as which filters
// compare a field's values.
func comparedAs(f *schema.Field) string {
	if f.Kind != schema.ScalarKind {
		return "String"
	}
	switch f.Scalar {
	case schema.ID, schema.Int, schema.Float, schema.Boolean:
		return string(f.Scalar)
	case schema.Timestamp:
		return "Int"
	}
	return "String"
}

// operatorInput is the type of a field's filter.
func (b *builder) operatorInput(f *schema.Field) string {
	switch f.Kind {
	case schema.EnumKind:
		return b.enumInput(f)
	case schema.EmbeddedKind:
		b.once("ModelPresenceInput", func() *ast.Definition { return operators("ModelPresenceInput", "", presentOps) })
		return "ModelPresenceInput"
	}
	return "Model" + comparedAs(f) + "Input"
}

func (b *builder) enumInput(f *schema.Field) string {
	if !f.List {
		name := "Model" + f.Enum.Name + "Input"
		b.once(name, func() *ast.Definition { return operators(name, f.Enum.Name, enumOps) })
		return name
	}
	name := "Model" + f.Enum.Name + "ListInput"
	b.once(name, func() *ast.Definition {
		def := operators(name, f.Enum.Name, listOps)
		whole := listOf(named(f.Enum.Name))
		def.Fields = append(def.Fields, input("eq", whole), input("ne", whole))
		return def
	})
	return name
}

// keyCondition is the type of a condition on one sort field.
func (b *builder) keyCondition(f *schema.Field) string {
	base, ops := comparedAs(f), textKeyOps
	switch base {
	case "Int", "Float":
		ops = keyOps
	case "Boolean":
		ops = eventChoiceOps
	}
	name := "Model" + base + "KeyConditionInput"
	b.once(name, func() *ast.Definition { return operators(name, base, ops) })
	return name
}

// specifications of the scalars that have one: the form of every answer.
var specifications = map[string]string{
	"Date":     "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
	"DateTime": "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
	"Email":    "https://www.rfc-editor.org/rfc/rfc5322#section-3.4.1",
	"URL":      "https://www.rfc-editor.org/rfc/rfc3986",
	"Phone":    "https://www.itu.int/rec/T-REC-E.164",
	"JSON":     "https://www.rfc-editor.org/rfc/rfc8259",
}

const awsSpecification = "https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html"

// scalar defines a scalar when it is first used.
func (b *builder) scalar(name string) {
	if _, known := b.api.Schema.Types[name]; known {
		return
	}
	def := &ast.Definition{Kind: ast.Scalar, Name: name}
	url := specifications[name]
	if len(name) > 3 && name[:3] == "AWS" {
		url = awsSpecification
	}
	if url != "" {
		def.Directives = ast.DirectiveList{{
			Name:      "specifiedBy",
			Arguments: ast.ArgumentList{{Name: "url", Value: &ast.Value{Kind: ast.StringValue, Raw: url}}},
		}}
	}
	b.define(def, "the scalars", schema.Pos{})
}
