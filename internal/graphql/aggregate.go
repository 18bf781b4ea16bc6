package graphql

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// aggregate answers an aggregate: it asks for the totals that the selection
// names, and gives each group the selection's shape.
func (e *execution) aggregate(f field, op *Operation) error {
	args := e.arguments(f)
	read := &query.Read{Model: op.Model.Name, Op: query.Aggregate}
	filter, _ := args["filter"].(map[string]any)
	renamed, err := e.api.Rename(op.Model, filter)
	if err != nil {
		return err
	}
	if renamed != nil {
		read.Filter = renamed
	}
	names, _ := args["groupBy"].([]any)
	for _, name := range names {
		if text, ok := name.(string); ok {
			read.Totals.GroupBy = append(read.Totals.GroupBy, e.schemaName(op.Model, text))
		}
	}
	typeName := f.Definition.Type.Name()
	members := e.collect(f.set, typeName)
	e.totals(&read.Totals, members, op.Model)
	result, err := e.read(read)
	if err != nil {
		return err
	}
	var groups []map[string]json.RawMessage
	if err := json.Unmarshal(slices.Concat([]byte("["), result.Rows, []byte("]")), &groups); err != nil {
		return err
	}
	e.out.WriteByte('[')
	for i, group := range groups {
		if i > 0 {
			e.out.WriteByte(',')
		}
		if err := e.group(members, typeName, group, op.Model); err != nil {
			return err
		}
	}
	e.out.WriteByte(']')
	return nil
}

func (e *execution) schemaName(m *schema.Model, name string) string {
	if f := e.api.FieldOf(m, name); f != nil {
		return f.Name
	}
	return name
}

// totals adds the fields that are selected below sum, avg, min and max.
func (e *execution) totals(t *query.Totals, members []field, m *schema.Model) {
	for _, member := range members {
		list := map[string]*[]string{"sum": &t.Sum, "avg": &t.Avg, "min": &t.Min, "max": &t.Max}[member.Name]
		if list == nil {
			continue
		}
		for _, f := range e.collect(member.set, member.Definition.Type.Name()) {
			if name := e.schemaName(m, f.Name); f.Name != "__typename" && !slices.Contains(*list, name) {
				*list = append(*list, name)
			}
		}
	}
}

// group writes one group in the selection's shape.
func (e *execution) group(members []field, typeName string, group map[string]json.RawMessage, m *schema.Model) error {
	e.out.WriteByte('{')
	for i, member := range members {
		e.key(i, member.Alias)
		switch member.Name {
		case "__typename":
			e.out.WriteString(strconv.Quote(typeName))
		case "count":
			e.out.Write(group["count"])
		default:
			var values map[string]json.RawMessage
			if err := json.Unmarshal(group[member.Name], &values); err != nil {
				return err
			}
			e.values(member, values, m)
		}
	}
	e.out.WriteByte('}')
	return nil
}

func (e *execution) values(member field, values map[string]json.RawMessage, m *schema.Model) {
	typeName := member.Definition.Type.Name()
	e.out.WriteByte('{')
	for i, f := range e.collect(member.set, typeName) {
		e.key(i, f.Alias)
		value, ok := values[e.schemaName(m, f.Name)]
		switch {
		case f.Name == "__typename":
			e.out.WriteString(strconv.Quote(typeName))
		case !ok || bytes.Equal(value, []byte("null")):
			e.out.WriteString("null")
		default:
			e.out.Write(value)
		}
	}
	e.out.WriteByte('}')
}
