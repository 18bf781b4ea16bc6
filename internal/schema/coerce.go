package schema

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/loam-dev/loam/internal/fault"
)

// JSONText is a list, an embedded object or a JSON value as it is stored:
// canonical JSON, keys sorted or in the order of the type.
type JSONText string

// Coerce checks a value for the field and returns it as it is stored: nil,
// bool, int64, float64, string or JSONText. v is as decoded from JSON (nil,
// bool, string, json.Number, []any, map[string]any); text says that it comes
// from a URL, where every scalar is a string. Errors are *fault.Error with the
// path of the value at fault.
func (f *Field) Coerce(v any, text bool) (any, error) {
	if v == nil {
		if f.Required {
			return nil, fault.New(fault.QueryRequired, "%s is required and can't be null", f.Name).At(f.Name)
		}
		return nil, nil
	}
	value, err := f.value(v, text)
	if err != nil {
		return nil, err.fault(f.Name)
	}
	return value, nil
}

// CoerceOperand checks what a filter compares the field with: a value of the
// field's type, for a list one of its elements. Null stays nil.
func (f *Field) CoerceOperand(v any, text bool) (any, error) {
	if v == nil {
		return nil, nil
	}
	value, err := f.element(v, text)
	if err != nil {
		return nil, err.fault(f.Name)
	}
	return value, nil
}

// misfit says what keeps a value from fitting, and where inside the field.
type misfit struct {
	path []string // innermost first
	code fault.Code
	what string // "must be a whole number ..."
}

func badValue(format ...string) *misfit {
	return &misfit{code: fault.QueryBadValue, what: strings.Join(format, "")}
}

func (m *misfit) under(key string) *misfit {
	m.path = append(m.path, key)
	return m
}

func (m *misfit) fault(field string) *fault.Error {
	path := append(m.path, field)
	slices.Reverse(path)
	at := strings.Join(path, ".")
	return fault.New(m.code, "%s %s", at, m.what).At(at)
}

func (f *Field) value(v any, text bool) (any, *misfit) {
	if !f.List {
		return f.element(v, text)
	}
	list, ok := v.([]any)
	if !ok && text {
		list, ok = []any{v}, true
	}
	switch {
	case !ok:
		return nil, badValue("must be a list")
	case len(list) > MaxList:
		return nil, badValue("has ", strconv.Itoa(len(list)), " elements; the limit is ", strconv.Itoa(MaxList))
	}
	b := []byte{'['}
	for i, item := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if item == nil {
			if f.ElemRequired {
				return nil, badValue("can't be null").under(strconv.Itoa(i))
			}
			b = append(b, "null"...)
			continue
		}
		value, err := f.element(item, text)
		if err != nil {
			return nil, err.under(strconv.Itoa(i))
		}
		if b = appendStored(b, value); len(b) > MaxJSON {
			return nil, badValue("is larger than ", strconv.Itoa(MaxJSON), " bytes")
		}
	}
	return JSONText(append(b, ']')), nil
}

// element checks one value that is not null.
func (f *Field) element(v any, text bool) (any, *misfit) {
	switch f.Kind {
	case EnumKind:
		s, ok := v.(string)
		if !ok || !f.Enum.Has(s) {
			return nil, notInEnum(f.Enum, v)
		}
		return s, nil
	case EmbeddedKind:
		return f.Embedded.object(v, text)
	case RelationKind:
		return nil, badValue("is a relation; set the field that holds its key")
	}
	if f.Scalar == JSON {
		return jsonValue(v, text || f.TypeName == "AWSJSON")
	}
	value, ok := f.Scalar.canonical(v, text)
	if !ok {
		return nil, badValue("must be ", f.Scalar.form())
	}
	return value, nil
}

func notInEnum(e *Enum, v any) *misfit {
	s, ok := v.(string)
	if !ok {
		return badValue("must be a value of ", e.Name, " as text")
	}
	if near := nearest(s, e.Values); near != "" {
		return badValue("must be a value of ", e.Name, "; did you mean ", near, "?")
	}
	if len(e.Values) > mostListed {
		return badValue("must be a value of ", e.Name)
	}
	return badValue("must be one of ", strings.Join(e.Values, ", "))
}

// object checks an embedded object and writes it in the order of its type.
func (e *Embedded) object(v any, text bool) (any, *misfit) {
	if s, ok := v.(string); ok && text {
		decoded, err := decodeJSON(s)
		if err != nil {
			return nil, err
		}
		v = decoded
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, badValue("must be an object of type ", e.Name)
	}
	b := []byte{'{'}
	known := 0
	for _, f := range e.Fields {
		value, given := object[f.Name]
		if given {
			known++
		}
		if value == nil {
			if f.Required {
				return nil, (&misfit{code: fault.QueryRequired, what: "is required"}).under(f.Name)
			}
			continue
		}
		stored, err := f.value(value, false)
		if err != nil {
			return nil, err.under(f.Name)
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = appendStored(append(appendText(b, f.Name), ':'), stored)
		if len(b) > MaxJSON {
			return nil, badValue("is larger than ", strconv.Itoa(MaxJSON), " bytes")
		}
	}
	if known < len(object) {
		return nil, e.unknownKey(object)
	}
	return JSONText(append(b, '}')), nil
}

// unknownKey names the first key, in order, that the type does not have.
func (e *Embedded) unknownKey(object map[string]any) *misfit {
	var unknown []string
	for key := range object {
		if e.fields[key] == nil {
			unknown = append(unknown, key)
		}
	}
	key := slices.Min(unknown)
	names := slices.Collect(maps.Keys(e.fields))
	slices.Sort(names)
	what := "is no field of " + e.Name
	if near := nearest(key, names); near != "" {
		what += "; did you mean " + near + "?"
	}
	if len(key) > longestName {
		key = key[:longestName]
	}
	return (&misfit{code: fault.QueryUnknownField, what: what}).under(strings.ToValidUTF8(key, "?"))
}

// jsonValue checks a JSON value; one given as text is parsed first.
func jsonValue(v any, text bool) (any, *misfit) {
	if s, ok := v.(string); ok && text {
		decoded, err := decodeJSON(s)
		if err != nil {
			return nil, err
		}
		v = decoded
	}
	b, err := appendJSON(nil, v, 0)
	if err != nil {
		return nil, err
	}
	if len(b) > MaxJSON {
		return nil, badValue("is larger than ", strconv.Itoa(MaxJSON), " bytes")
	}
	return JSONText(b), nil
}

// decodeJSON reads a JSON text: one value, no key twice.
func decodeJSON(s string) (any, *misfit) {
	if len(s) > MaxJSON {
		return nil, badValue("is larger than ", strconv.Itoa(MaxJSON), " bytes")
	}
	if !jsontext.Value(s).IsValid() {
		return nil, badValue("must be one valid JSON value, with no key twice")
	}
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, badValue("must be one valid JSON value")
	}
	return v, nil
}
