package graphql

import (
	"encoding/json"
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
// json.Number.
func (e *execution) arguments(f field) map[string]any {
	args := f.ArgumentMap(e.vars)
	for name, value := range args {
		args[name] = plain(value)
	}
	return args
}

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
