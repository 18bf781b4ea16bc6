package sdkgen

import (
	"slices"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// filter writes the type of a model's filters.
func (t *types) filter(m *schema.Model) {
	self := t.models[m].filter
	t.line()
	t.line("/** Rows that meet all of this. */")
	t.line("export interface ", self, " {")
	relations := readableRelations(m)
	for _, f := range visible(m) {
		switch {
		case f.Relation == nil:
			t.line("  ", f.Name, "?: ", t.tests(f))
		case slices.Contains(relations, f):
			t.line("  ", f.Name, "?: ", t.models[f.Relation.Target].filter)
		}
	}
	for _, word := range []string{"and", "or"} {
		if m.Field(word) == nil {
			t.line("  ", word, "?: readonly ", self, "[]")
		}
	}
	if m.Field("not") == nil {
		t.line("  not?: ", self)
	}
	t.line("}")
}

// The kinds of filter that fields share.
const (
	textFilter   = "TextFilter"
	numberFilter = "NumberFilter"
	choiceFilter = "ChoiceFilter" // of enums and booleans
	listFilter   = "ListFilter"
	objectFilter = "ObjectFilter"
	manyFilter   = "ObjectListFilter"
	sizeFilter   = "SizeFilter"
)

// tests is the type of what a field is compared with: a value, or operators.
func (t *types) tests(f *schema.Field) string {
	one := t.element(f)
	or := " | "
	if !f.Required {
		or = " | null | "
	}
	isObject := f.Kind == schema.EmbeddedKind || f.Kind == schema.ScalarKind && f.Scalar == schema.JSON
	switch {
	case isObject && f.List:
		return t.shared(manyFilter)
	case isObject:
		return t.shared(objectFilter)
	case f.List:
		return t.shared(listFilter) + "<" + one + ">"
	case f.Kind == schema.EnumKind, f.Scalar == schema.Boolean:
		return one + or + t.shared(choiceFilter) + "<" + one + ">"
	case isNumber(f):
		return one + or + t.shared(numberFilter)
	}
	return one + or + t.shared(textFilter)
}

// shared names a filter that fields share, and remembers that it is needed.
func (t *types) shared(kind string) string {
	if t.filters[kind] == "" {
		t.filters[kind] = t.name(kind)
	}
	return t.filters[kind]
}

// sharedFilters writes the filters that were needed.
func (t *types) sharedFilters() {
	text := &schema.Field{Kind: schema.ScalarKind, Scalar: schema.String}
	number := &schema.Field{Kind: schema.ScalarKind, Scalar: schema.Int}
	for _, kind := range []struct {
		name, of, one string
		like          *schema.Field
	}{
		{textFilter, "", "string", text},
		{numberFilter, "", "number", number},
		{choiceFilter, "<T>", "T", &schema.Field{Kind: schema.EnumKind}},
		{listFilter, "<T>", "T", &schema.Field{Kind: schema.ScalarKind, Scalar: schema.String, List: true}},
		{objectFilter, "", "never", &schema.Field{Kind: schema.EmbeddedKind}},
		{manyFilter, "", "never", &schema.Field{Kind: schema.EmbeddedKind, List: true}},
	} {
		if name := t.filters[kind.name]; name != "" {
			t.line()
			t.line("export interface ", name, kind.of, " {")
			for _, op := range query.Operators(kind.like) {
				t.operator(op, kind.one)
			}
			t.line("}")
		}
	}
	if name := t.filters[sizeFilter]; name != "" {
		t.line()
		t.line("export interface ", name, " {")
		for _, op := range query.Operators(number) {
			if op != "isNull" {
				t.operator(op, "number")
			}
		}
		t.line("}")
	}
}

// operator writes one operator with the type of what it compares with; those that
// say another's in Amplify's words are left out.
func (t *types) operator(op, one string) {
	switch op {
	case "attributeExists", "attributeType":
		return
	case "eq", "ne":
		one += " | null"
	case "between":
		one = "readonly [" + one + ", " + one + "]"
	case "in", "notIn":
		one = "readonly " + one + "[]"
	case "isNull":
		one = "boolean"
	case "size":
		one = "number | " + t.shared(sizeFilter)
	}
	t.line("  ", op, "?: ", one)
}
