package sdkgen

import (
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// addFilter adds the filter of a model: what the parameter `filter` holds.
func (d *document) addFilter(m *schema.Model) {
	self := ref(d.models[m].filter)
	properties := object{}
	for _, f := range visible(m) {
		if f.Relation != nil {
			properties = append(properties, member{f.Name, ref(d.models[f.Relation.Target].filter)})
			continue
		}
		properties = append(properties, member{f.Name, ref(d.filterOf(f))})
	}
	for _, word := range []string{"and", "or"} {
		if m.Field(word) == nil {
			properties = append(properties, member{word, object{{"type", "array"}, {"items", self}}})
		}
	}
	if m.Field("not") == nil {
		properties = append(properties, member{"not", self})
	}
	d.add(d.models[m].filter, closed(objectSchema("Rows that meet all of this.", properties, nil)))
}

// The filters that fields share, in the order in which they are written.
func sharedFilters() []*schema.Field {
	var fields []*schema.Field
	for _, list := range []bool{false, true} {
		for _, s := range []schema.Scalar{schema.ID, schema.String, schema.Int, schema.Float, schema.Boolean, schema.Date, schema.Time,
			schema.DateTime, schema.Timestamp, schema.Email, schema.URL, schema.Phone, schema.IPAddress, schema.JSON} {
			fields = append(fields, &schema.Field{Kind: schema.ScalarKind, Scalar: s, List: list})
		}
	}
	return append(fields, &schema.Field{Kind: schema.EmbeddedKind}, &schema.Field{Kind: schema.EmbeddedKind, List: true})
}

// filterOf names the filter of a field, and remembers that it is needed.
func (d *document) filterOf(f *schema.Field) string {
	key := filterKey(f)
	if d.filters[key] == "" {
		d.filters[key] = d.name(key + "Filter")
	}
	return d.filters[key]
}

// filterKey tells filters apart: equal fields share one.
func filterKey(f *schema.Field) string {
	key := "Object"
	switch f.Kind {
	case schema.EnumKind:
		key = f.Enum.Name
	case schema.ScalarKind:
		key = string(f.Scalar)
	}
	if f.List {
		return key + "List"
	}
	return key
}

// addFilters adds the filters of fields that models need.
func (d *document) addFilters() {
	fields := sharedFilters()
	for _, e := range d.schema.Enums {
		for _, list := range []bool{false, true} {
			fields = append(fields, &schema.Field{Kind: schema.EnumKind, Enum: e, List: list})
		}
	}
	for _, f := range fields {
		if name := d.filters[filterKey(f)]; name != "" {
			d.add(name, closed(objectSchema("", d.operators(f), nil)))
		}
	}
}

// operators describes each operator of a field and what it compares with.
func (d *document) operators(f *schema.Field) object {
	one := object{{"type", "object"}}
	if f.Kind != schema.EmbeddedKind {
		one = d.element(f)
	}
	properties := object{}
	for _, op := range query.Operators(f) {
		operand := one
		switch op {
		case "eq", "ne":
			operand = orNull(one)
		case "between":
			operand = object{{"type", "array"}, {"items", one}, {"minItems", 2}, {"maxItems", 2}}
		case "in", "notIn":
			operand = object{{"type", "array"}, {"items", one}, {"maxItems", query.MaxIn}}
		case "isNull", "attributeExists":
			operand = object{{"type", "boolean"}}
		case "attributeType":
			operand = object{{"type", "string"}}
		case "size":
			operand = sizes()
		}
		properties = append(properties, member{op, operand})
	}
	return properties
}

// sizes compares the length of a text or list.
func sizes() object {
	n := object{{"type", "integer"}}
	properties := object{}
	for _, op := range []string{"eq", "ne", "lt", "le", "gt", "ge"} {
		properties = append(properties, member{op, n})
	}
	return closed(objectSchema("", properties, nil))
}

// inURL lists the operators that have a parameter of their own: those of daily
// use. Every other one works in a URL as well, and filter has them all.
func inURL(f *schema.Field) []string {
	var ops []string
	switch {
	case f.Kind == schema.EmbeddedKind, f.Kind == schema.ScalarKind && f.Scalar == schema.JSON:
		return nil
	case f.List:
		ops = []string{"contains"}
	case f.Kind == schema.EnumKind:
		ops = []string{"eq", "ne", "in"}
	case f.Scalar == schema.Boolean:
		ops = []string{"eq"}
	case f.Scalar == schema.ID:
		ops = []string{"eq", "ne", "in"}
	case f.Scalar == schema.String:
		ops = []string{"eq", "ne", "in", "contains", "beginsWith"}
	case f.Scalar == schema.Email, f.Scalar == schema.URL, f.Scalar == schema.Phone, f.Scalar == schema.IPAddress:
		ops = []string{"eq", "in", "contains", "beginsWith"}
	default:
		ops = []string{"eq", "gt", "gte", "lt", "lte"}
	}
	if !f.Required {
		ops = append(ops, "isNull")
	}
	return ops
}

// equal is the one operator of the URLs that filter little.
func equal(f *schema.Field) []string {
	if f.Plain() {
		return []string{"eq"}
	}
	return nil
}

// filterParameters are the filters of a URL. A field that has the name of a
// parameter is reached by its operator: limit.eq.
func (d *document) filterParameters(m *schema.Model, reserved []string, operators func(*schema.Field) []string) []object {
	var parameters []object
	for _, f := range visible(m) {
		if f.Relation != nil {
			continue
		}
		for _, op := range operators(f) {
			name, value := f.Name+"."+op, d.element(f)
			switch op {
			case "eq":
				if !slices.Contains(reserved, f.Name) {
					name = f.Name
				}
			case "in": // several, joined by commas
				value = object{{"type", "string"}}
			case "contains", "beginsWith":
				if !f.List { // a part of a text, which need not have its format
					value = object{{"type", "string"}}
				}
			case "isNull":
				value = object{{"type", "boolean"}}
			}
			parameters = append(parameters, object{{"name", name}, {"in", "query"}, {"schema", value}})
		}
	}
	return parameters
}

// jsonFilter is the parameter that holds a whole filter.
func (d *document) jsonFilter(m *schema.Model) object {
	return object{
		{"name", "filter"}, {"in", "query"},
		{"description", "A " + d.models[m].filter + " as JSON text, for and, or, not and relations."},
		{"schema", object{{"type", "string"}, {"contentSchema", ref(d.models[m].filter)}}}, // with contentMediaType, generators take it for a file
	}
}

// include is the parameter that opens relations; none where there are none.
func include(m *schema.Model) []object {
	var names []string
	for _, f := range visible(m) {
		if f.Relation != nil {
			names = append(names, "`"+f.Name+"`")
		}
	}
	if names == nil {
		return nil
	}
	return []object{{
		{"name", "include"}, {"in", "query"},
		{"description", "Relations to answer inside the row, joined by commas: " + strings.Join(names, ", ") +
			". A dotted one goes on from there; `include.<relation>.limit`, `.sort`, `.fields` and filters shape a list."},
		{"schema", object{{"type", "string"}}},
	}}
}
