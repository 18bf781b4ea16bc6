package access

import (
	"bytes"
	"encoding/json"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// Append writes the row as the caller may see it: the object that the read would
// answer with. The watch must not be Deep.
func (w Watch) Append(b []byte, row Image) []byte {
	if w.grant.node.Whole {
		return append(b, row.Text()...)
	}
	return appendRow(b, w.fields, row)
}

// AppendShallow is Append for a watch of any kind: what stands on other rows is
// null. It is for a row that is gone.
func (w Watch) AppendShallow(b []byte, row Image) []byte {
	fields := make([]Out, len(w.fields))
	for i, o := range w.fields {
		o.Denied = o.Denied || o.Sub != nil || needsDatabase(o.Mask)
		fields[i] = o
	}
	return appendRow(b, fields, row)
}

func appendRow(b []byte, fields []Out, row Image) []byte {
	b = append(b, '{')
	for i := range fields {
		o := &fields[i]
		b = appendKey(b, i, o.As)
		if !shown(o, row) {
			b = append(b, "null"...)
			continue
		}
		b = appendField(b, &o.BoundField, row)
	}
	return append(b, '}')
}

func appendKey(b []byte, i int, as string) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	return append(append(append(b, '"'), as...), `":`...) // a GraphQL name: nothing to escape
}

func appendField(b []byte, f *query.BoundField, row Image) []byte {
	if f.IsLiteral {
		return appendString(b, f.Literal)
	}
	return appendValue(b, f, row.JSON(f.Field))
}

// appendValue writes a stored value, given as JSON, in the form that was asked
// for.
func appendValue(b []byte, f *query.BoundField, value []byte) []byte {
	switch {
	case value == nil:
		return append(b, "null"...)
	case string(value) == "null":
		return append(b, value...)
	case f.Embedded != nil:
		return appendEmbedded(b, f, value)
	case f.Encoded && structured(f.Field):
		return appendString(b, string(value))
	}
	return append(b, value...)
}

func structured(f *schema.Field) bool {
	return f.List || f.Kind == schema.EmbeddedKind || f.Kind == schema.ScalarKind && f.Scalar == schema.JSON
}

// appendEmbedded writes the selected fields of an embedded object, or of each in
// a list of them.
func appendEmbedded(b []byte, f *query.BoundField, value []byte) []byte {
	if !f.Field.List {
		return appendMembers(b, f.Embedded, value)
	}
	var items []json.RawMessage
	if json.Unmarshal(value, &items) != nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, item := range items {
		if i > 0 {
			b = append(b, ',')
		}
		if bytes.Equal(item, []byte("null")) {
			b = append(b, item...)
		} else {
			b = appendMembers(b, f.Embedded, item)
		}
	}
	return append(b, ']')
}

func appendMembers(b []byte, fields []query.BoundField, object []byte) []byte {
	var members map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil {
		return append(b, "null"...)
	}
	b = append(b, '{')
	for i := range fields {
		f := &fields[i]
		b = appendKey(b, i, f.As)
		if f.IsLiteral {
			b = appendString(b, f.Literal)
			continue
		}
		value := members[f.Field.Name]
		if f.Embedded == nil { // the statement answers it as it is stored
			if value == nil {
				value = json.RawMessage("null")
			}
			b = append(b, value...)
			continue
		}
		b = appendValue(b, f, value)
	}
	return append(b, '}')
}

func appendString(b []byte, s string) []byte {
	out, err := jsontext.AppendQuote(b, s)
	if err != nil {
		panic("access: a stored text is UTF-8: " + err.Error())
	}
	return out
}
