package graphql

import (
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
)

// FieldOf resolves a field of a model's object type or input to the schema's
// field; nil where the model has none of that name.
func (a *API) FieldOf(m *schema.Model, name string) *schema.Field {
	if f := m.Field(name); f != nil && !f.Hidden {
		return f
	}
	if a.Dialect == Amplify && name != "" {
		for _, f := range m.Fields {
			if f.Alias == name {
				return f
			}
		}
	}
	return nil
}

// Rename gives an input or a filter of m the schema's own names in place of
// Amplify's, which package query does not know. Both names of one field in one
// object are a fault. The object itself is left alone.
func (a *API) Rename(m *schema.Model, object map[string]any) (map[string]any, error) {
	if a.Dialect == Native || object == nil {
		return object, nil
	}
	renamed := make(map[string]any, len(object))
	for key, value := range object {
		name := key
		f := a.FieldOf(m, key)
		if f != nil {
			name = f.Name
		}
		if _, twice := renamed[name]; twice {
			return nil, fault.New(fault.QueryBadValue, "%s and %s are two names of one field; send one of them", f.Name, f.Alias).At(key)
		}
		var err error
		switch {
		case f != nil && f.Relation != nil:
			value, err = a.renameWithin(f.Relation.Target, value)
		case f == nil:
			value, err = a.renameWithin(m, value) // and, or, not
		}
		if err != nil {
			return nil, err
		}
		renamed[name] = value
	}
	return renamed, nil
}

func (a *API) renameWithin(m *schema.Model, value any) (any, error) {
	switch v := value.(type) {
	case map[string]any:
		return a.Rename(m, v)
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			var err error
			if items[i], err = a.renameWithin(m, item); err != nil {
				return nil, err
			}
		}
		return items, nil
	}
	return value, nil
}
