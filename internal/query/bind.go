package query

import (
	"fmt"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
)

// Bind checks a read against the schema and types its values. Errors are
// faults that name the field at fault by its dotted path.
func Bind(s *schema.Schema, r *Read, limits Limits) (*Bound, error) {
	m := s.Model(r.Model)
	if m == nil {
		return nil, fault.New(fault.QueryUnknownModel, "there is no model %q", r.Model)
	}
	b := &binder{Limits: limits}
	return b.read(m, r, 0, 1)
}

// binder counts what the limits bound while one query is walked.
type binder struct {
	Limits
	fields int
	rows   int
}

func (b *binder) read(m *schema.Model, r *Read, depth, cost int) (*Bound, error) {
	if depth > b.Depth {
		return nil, fault.New(fault.QueryTooComplex, "relations are nested deeper than %d levels", b.Depth)
	}
	out := &Bound{Model: m, Op: r.Op, Cursor: r.Cursor, Count: r.Count, Limit: 1}
	var err error
	if r.Op == Get {
		if out.Key, err = bindKey(m, r.Key); err != nil {
			return nil, err
		}
	} else if r.Op != Follow {
		if out.Limit, err = b.pageSize(r.Limit); err != nil {
			return nil, err
		}
	}
	if cost *= out.Limit; cost > MaxCost {
		return nil, fault.New(fault.QueryTooComplex,
			"the query may touch %d rows, more than %d; ask for smaller pages of the nested lists", cost, MaxCost).At("limit")
	}
	if b.rows += cost; b.rows > MaxRows {
		return nil, fault.New(fault.QueryTooComplex,
			"the lists of the query may touch more than %d rows together; ask for smaller pages or fewer lists", MaxRows).At("limit")
	}
	if out.Where, err = BindFilter(m, r.Filter, b.Conds); err != nil {
		return nil, err
	}
	if r.Op == Search {
		if out.Search, err = bindTerms(m, r.Search); err != nil {
			return nil, err
		}
		out.Search.Sorted = len(r.Sort) > 0
	}
	if r.Op == Aggregate {
		out.Limit = MaxGroups
		out.Totals, err = bindTotals(m, r.Totals)
		return out, err
	}
	if r.Op == List || r.Op == Search {
		if out.Sort, err = bindSort(m, r.Sort); err != nil {
			return nil, err
		}
	}
	for _, p := range r.Parts {
		part := BoundPart{Kind: p.Kind, As: p.As, Literal: p.Literal}
		if p.Kind == Items {
			if part.Select, err = b.selection(m, p.Select, depth, cost); err != nil {
				return nil, err
			}
		}
		out.Parts = append(out.Parts, part)
	}
	if r.Parts == nil || r.Select != nil {
		out.Select, err = b.selection(m, r.Select, depth, cost)
	}
	return out, err
}

func (b *binder) pageSize(limit int) (int, error) {
	switch {
	case limit == 0:
		return min(DefaultPage, b.Page), nil
	case limit < 0 || limit > b.Page:
		return 0, fault.New(fault.QueryLimit, "limit is %d; it goes from 1 to %d", limit, b.Page).At("limit")
	}
	return limit, nil
}

func bindKey(m *schema.Model, key map[string]any) ([]any, error) {
	values := make([]any, len(m.Key))
	for i, f := range m.Key {
		v, ok := key[f.Name]
		if !ok || v == nil {
			return nil, fault.New(fault.QueryRequired, "%s is part of the key of %s and is missing", f.Name, m.Name).At(f.Name)
		}
		value, err := coerce(f, v)
		if err != nil {
			return nil, err
		}
		values[i] = value
	}
	return values, nil
}

// coerce types one value of a stored field; a Text is typed as text.
func coerce(f *schema.Field, v any) (any, error) {
	if t, ok := v.(Text); ok {
		return f.Coerce(string(t), true)
	}
	return f.Coerce(v, false)
}

func bindSort(m *schema.Model, sort []Sort) ([]Order, error) {
	if len(sort) > MaxSort {
		return nil, fault.New(fault.QueryTooComplex, "sort has %d fields, more than %d", len(sort), MaxSort).At("sort")
	}
	orders := make([]Order, 0, len(sort)+len(m.Key))
	has := func(f *schema.Field) bool {
		for _, o := range orders {
			if o.Field == f {
				return true
			}
		}
		return false
	}
	for _, s := range sort {
		f, err := FieldOf(m, s.Field)
		if err != nil {
			return nil, err
		}
		if !f.Plain() {
			return nil, fault.New(fault.QueryNotSortable, "%s can't be sorted by; sort by a plain field", f.Name).At("sort")
		}
		if !has(f) {
			orders = append(orders, Order{f, s.Desc})
		}
	}
	desc := len(orders) > 0 && orders[len(orders)-1].Desc
	for _, f := range m.Key {
		if !has(f) {
			orders = append(orders, Order{f, desc})
		}
	}
	return orders, nil
}

// FieldOf finds a model's visible field by name, with a suggestion when there
// is none.
func FieldOf(m *schema.Model, name string) (*schema.Field, error) {
	if f := m.Field(name); f != nil && !f.Hidden {
		return f, nil
	}
	names := make([]string, 0, len(m.Fields))
	for _, f := range m.Fields {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	}
	hint := schema.DidYouMean(name, names)
	if side := joined(m, name); side != nil {
		hint = "; " + m.Name + " joins two models: did you mean `" + side.Name + "." + name + "`?"
	}
	return nil, fault.New(fault.QueryUnknownField, "unknown field %q on %s%s", clip(name), m.Name, hint).At(clip(name))
}

// joined is the side of a join model that has the field, for those who forget
// that a many-to-many relation leads to the rows that join.
func joined(m *schema.Model, name string) *schema.Field {
	if !m.Join {
		return nil
	}
	for _, f := range m.Fields {
		if f.Relation != nil && f.Relation.Target.Field(name) != nil {
			return f
		}
	}
	return nil
}

// clip keeps what a caller sent short enough for a message.
func clip(s string) string {
	const most = 64
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

func bindTerms(m *schema.Model, text string) (*Terms, error) {
	if m.Search == nil {
		return nil, fault.New(fault.QueryNoSearch, "%s has no search index; declare @search(fields: [...]) on it", m.Name).At("search")
	}
	if len(text) > MaxSearch {
		return nil, fault.New(fault.QueryTooComplex, "the search has %d bytes, more than %d", len(text), MaxSearch).At("search")
	}
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !isWordRune(r) })
	if len(words) == 0 {
		return nil, fault.New(fault.QueryRequired, "the search has no word in it").At("search")
	}
	return &Terms{Words: words, Fields: m.Search.Fields}, nil
}

func bindTotals(m *schema.Model, t Totals) (*BoundTotals, error) {
	out := &BoundTotals{}
	groups := []struct {
		name  string
		from  []string
		to    *[]*schema.Field
		fits  func(*schema.Field) bool
		needs string
	}{
		{"groupBy", t.GroupBy, &out.GroupBy, (*schema.Field).Plain, "a plain field"},
		{"sum", t.Sum, &out.Sum, isNumber, "a number"},
		{"avg", t.Avg, &out.Avg, isNumber, "a number"},
		{"min", t.Min, &out.Min, (*schema.Field).Plain, "a plain field"},
		{"max", t.Max, &out.Max, (*schema.Field).Plain, "a plain field"},
	}
	for _, g := range groups {
		for _, name := range g.from {
			f, err := FieldOf(m, name)
			if err != nil {
				return nil, err
			}
			if !g.fits(f) {
				return nil, fault.New(fault.QueryBadValue, "%s needs %s; %s is none", g.name, g.needs, name).At(g.name)
			}
			*g.to = append(*g.to, f)
		}
	}
	if n := len(out.GroupBy) + len(out.Sum) + len(out.Avg) + len(out.Min) + len(out.Max); n > MaxSort*4 {
		return nil, fault.New(fault.QueryTooComplex, "the aggregate names %d fields, more than %d", n, MaxSort*4)
	}
	return out, nil
}

func isNumber(f *schema.Field) bool {
	return f.Plain() && f.Kind == schema.ScalarKind && (f.Scalar == schema.Int || f.Scalar == schema.Float || f.Scalar == schema.Timestamp)
}

// selection binds the fields of one object.
func (b *binder) selection(m *schema.Model, fields []Field, depth, cost int) ([]BoundField, error) {
	if fields == nil {
		return nil, nil
	}
	if b.fields += len(fields); b.fields > MaxFields {
		return nil, fault.New(fault.QueryTooComplex, "the query selects more than %d fields", MaxFields)
	}
	out := make([]BoundField, 0, len(fields))
	for _, sel := range fields {
		if sel.Name == "" {
			out = append(out, BoundField{As: sel.As, Literal: sel.Literal, IsLiteral: true})
			continue
		}
		if sel.Name == Rest {
			out = append(out, BoundField{IsRest: true})
			continue
		}
		f, err := FieldOf(m, sel.Name)
		if err != nil {
			return nil, err
		}
		bound := BoundField{As: sel.As, Field: f, Encoded: sel.Encoded, NonNull: sel.NonNull}
		if bound.As == "" {
			bound.As = f.Name
		}
		switch {
		case f.Relation != nil:
			bound.Sub, err = b.related(f, sel.Read, depth, cost)
		case f.Embedded != nil && sel.Select != nil:
			bound.Embedded, err = b.embedded(f.Embedded, sel.Select, depth+1)
		}
		if err != nil {
			return nil, within(f.Name, err)
		}
		out = append(out, bound)
	}
	return out, nil
}

// related binds the read that a relation field stands for.
func (b *binder) related(f *schema.Field, r *Read, depth, cost int) (*Bound, error) {
	var read Read
	if r != nil {
		read = *r
	}
	read.Op = List
	if !f.Relation.ToMany() {
		read.Limit = 1
	} else if read.Limit == 0 {
		read.Limit = f.Relation.Limit
	}
	return b.read(f.Relation.Target, &read, depth+1, cost)
}

func (b *binder) embedded(e *schema.Embedded, fields []Field, depth int) ([]BoundField, error) {
	if b.fields += len(fields); b.fields > MaxFields || depth > MaxNesting {
		return nil, fault.New(fault.QueryTooComplex, "the query selects more than %d fields or %d levels", MaxFields, MaxNesting)
	}
	out := make([]BoundField, 0, len(fields))
	for _, sel := range fields {
		if sel.Name == "" {
			out = append(out, BoundField{As: sel.As, Literal: sel.Literal, IsLiteral: true})
			continue
		}
		f := e.Field(sel.Name)
		if f == nil {
			return nil, fault.New(fault.QueryUnknownField, "unknown field %q on %s", clip(sel.Name), e.Name).At(clip(sel.Name))
		}
		bound := BoundField{As: sel.As, Field: f}
		if f.Embedded != nil && sel.Select != nil {
			var err error
			if bound.Embedded, err = b.embedded(f.Embedded, sel.Select, depth+1); err != nil {
				return nil, within(f.Name, err)
			}
		}
		out = append(out, bound)
	}
	return out, nil
}

// within puts a name before the path of the error.
func within(name string, err error) error {
	e := fault.Of(err)
	if e.Field == "" {
		return e.At(name)
	}
	return e.At(fmt.Sprintf("%s.%s", name, e.Field))
}
