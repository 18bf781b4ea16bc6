package graphql

import (
	"encoding/json"
	"reflect"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// field is the selections of one response key, merged.
type field struct {
	*ast.Field                  // the first of them: its name and arguments are everybody's
	set        ast.SelectionSet // of all of them
}

// collect gathers the fields of a selection by response key, in order, with
// fragments unfolded and @skip and @include obeyed.
func (e *execution) collect(set ast.SelectionSet, typeName string) []field {
	var out []field
	e.gather(set, typeName, &out)
	return out
}

func (e *execution) gather(set ast.SelectionSet, typeName string, out *[]field) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if e.included(s.Directives) {
				merge(out, s)
			}
		case *ast.InlineFragment:
			if e.included(s.Directives) && (s.TypeCondition == "" || s.TypeCondition == typeName) {
				e.gather(s.SelectionSet, typeName, out)
			}
		case *ast.FragmentSpread:
			def := e.doc.Fragments.ForName(s.Name)
			if e.included(s.Directives) && def.TypeCondition == typeName {
				e.gather(def.SelectionSet, typeName, out)
			}
		}
	}
}

func merge(out *[]field, f *ast.Field) {
	for i := range *out {
		if (*out)[i].Alias == f.Alias {
			known := (*out)[i].set
			(*out)[i].set = append(known[:len(known):len(known)], f.SelectionSet...)
			return
		}
	}
	*out = append(*out, field{f, f.SelectionSet})
}

func (e *execution) included(directives ast.DirectiveList) bool {
	if d := directives.ForName("skip"); d != nil && e.condition(d) {
		return false
	}
	d := directives.ForName("include")
	return d == nil || e.condition(d)
}

func (e *execution) condition(d *ast.Directive) bool {
	yes, _ := d.ArgumentMap(e.vars)["if"].(bool)
	return yes
}

// arguments are a field's arguments as package query takes values: numbers as
// json.Number, and what GraphQL lets a client abbreviate in full: one value for
// a list of one, a number for an ID.
func (e *execution) arguments(f field) map[string]any {
	args := f.ArgumentMap(e.vars)
	for name, value := range args {
		if def := f.Definition.Arguments.ForName(name); def != nil {
			args[name] = e.coerce(value, def.Type)
		}
	}
	return args
}

func (e *execution) coerce(v any, t *ast.Type) any {
	if v == nil {
		return nil
	}
	if t.Elem != nil {
		items := listValue(v)
		out := make([]any, len(items))
		for i, item := range items {
			out[i] = e.coerce(item, t.Elem)
		}
		return out
	}
	def := e.api.Schema.Types[t.NamedType]
	object, ok := v.(map[string]any)
	if ok && def.Kind == ast.InputObject {
		out := make(map[string]any, len(object))
		for name, value := range object {
			out[name] = e.coerce(value, def.Fields.ForName(name).Type)
		}
		return out
	}
	v = plain(v)
	if n, ok := v.(json.Number); ok && t.NamedType == "ID" {
		return n.String()
	}
	return v
}

// listValue is a value for a list: a list as it is, also one of the typed slices
// that gqlparser makes of a single value in a variable, and a single value as a
// list of one.
func listValue(v any) []any {
	if items, ok := v.([]any); ok {
		return items
	}
	r := reflect.ValueOf(v)
	if r.Kind() != reflect.Slice {
		return []any{v}
	}
	items := make([]any, r.Len())
	for i := range items {
		items[i] = r.Index(i).Interface()
	}
	return items
}

// plain gives numbers, however deep inside a scalar's value, the type that
// package query takes.
func plain(v any) any {
	switch v := v.(type) {
	case int:
		return json.Number(strconv.Itoa(v))
	case int64:
		return json.Number(strconv.FormatInt(v, 10))
	case float64:
		return json.Number(strconv.FormatFloat(v, 'g', -1, 64))
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = plain(item)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[key] = plain(item)
		}
		return out
	}
	return v
}
