package graphql

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// selection turns a selection on a model's type into what package query takes.
func (e *execution) selection(set ast.SelectionSet, m *schema.Model) ([]query.Field, error) {
	fields := e.collect(set, m.Name)
	out := make([]query.Field, 0, len(fields))
	for _, f := range fields {
		sel, err := e.selected(f, m)
		if err != nil {
			return nil, err
		}
		out = append(out, sel)
	}
	return out, nil
}

func (e *execution) selected(f field, m *schema.Model) (query.Field, error) {
	if f.Name == "__typename" {
		return query.Field{As: f.Alias, Literal: m.Name}, nil
	}
	def := e.api.FieldOf(m, f.Name)
	out := query.Field{Name: def.Name, As: f.Alias}
	var err error
	switch {
	case def.Relation != nil && def.Relation.ToMany():
		out.Read, err = e.many(f, def)
	case def.Relation != nil:
		out.Read = &query.Read{Model: def.Relation.Target.Name}
		out.Read.Select, err = e.selection(f.set, def.Relation.Target)
		out.NonNull = f.Definition.Type.NonNull
	case def.Embedded != nil:
		out.Select = e.embedded(f.set, def.Embedded)
	case def.TypeName == "AWSJSON":
		out.Encoded = true
	}
	return out, err
}

// many reads a to-many field: a page inside the page.
func (e *execution) many(f field, def *schema.Field) (*query.Read, error) {
	m := def.Relation.Target
	read, err := e.list(m, f, e.api.Nested[def])
	if err != nil {
		return nil, err
	}
	typeName := f.Definition.Type.Name()
	read.Parts = []query.Part{}
	for _, member := range e.collect(f.set, typeName) {
		part := query.Part{As: member.Alias}
		switch member.Name {
		case "items":
			part.Kind = query.Items
			if part.Select, err = e.selection(member.set, m); err != nil {
				return nil, err
			}
		case "nextToken":
			part.Kind = query.NextCursor
		case "total":
			part.Kind = query.Total
		default:
			part.Kind, part.Literal = query.Constant, typeName
		}
		read.Parts = append(read.Parts, part)
	}
	return read, nil
}

func (e *execution) embedded(set ast.SelectionSet, t *schema.Embedded) []query.Field {
	fields := e.collect(set, t.Name)
	out := make([]query.Field, 0, len(fields))
	for _, f := range fields {
		if f.Name == "__typename" {
			out = append(out, query.Field{As: f.Alias, Literal: t.Name})
			continue
		}
		sel := query.Field{Name: f.Name, As: f.Alias}
		if def := t.Field(f.Name); def.Embedded != nil {
			sel.Select = e.embedded(f.set, def.Embedded)
		}
		out = append(out, sel)
	}
	return out
}
