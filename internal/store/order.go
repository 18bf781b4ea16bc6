package store

import (
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// orderBy writes the order of a page. Nulls come first upwards and last
// downwards, on every engine.
func (b *builder) orderBy(t table, n *query.Bound) {
	if len(n.Sort) == 0 {
		return
	}
	b.raw(" ORDER BY ")
	b.orderColumns(t, n)
}

func (b *builder) orderColumns(t table, n *query.Bound) {
	for i, o := range n.Sort {
		if i > 0 {
			b.raw(",")
		}
		b.column(t, o.Field)
		if o.Desc {
			b.raw(" DESC")
		}
		b.nulls(o)
	}
}

// nulls puts them where they belong, where there may be any: an index that has no
// nulls is in the database's own order.
func (b *builder) nulls(o query.Order) {
	switch {
	case neverNull(o.Field):
	case o.Desc:
		b.raw(b.words.nullsLast)
	default:
		b.raw(b.words.nullsFirst)
	}
}

// after writes the condition that a page starts behind the row whose sort
// values are given.
func (b *builder) after(t table, n *query.Bound) {
	if n.After == nil {
		return
	}
	b.raw(" AND ")
	if uniform(n.Sort) {
		b.afterTuple(t, n)
		return
	}
	b.afterEach(t, n.Sort, n.After)
}

// uniform tells whether a comparison of tuples says it: one direction, and no
// nulls among the fields. An index serves that best.
func uniform(sort []query.Order) bool {
	for _, o := range sort {
		if o.Desc != sort[0].Desc || !neverNull(o.Field) {
			return false
		}
	}
	return true
}

func neverNull(f *schema.Field) bool {
	if f.Required {
		return true
	}
	for _, k := range f.Model.Key {
		if k == f {
			return true
		}
	}
	return false
}

func (b *builder) afterTuple(t table, n *query.Bound) {
	b.raw("(")
	for i, o := range n.Sort {
		if i > 0 {
			b.raw(",")
		}
		b.column(t, o.Field)
	}
	if n.Sort[0].Desc {
		b.raw(")<(")
	} else {
		b.raw(")>(")
	}
	for i, v := range n.After {
		if i > 0 {
			b.raw(",")
		}
		b.arg(n.Sort[i].Field, v)
	}
	b.raw(")")
}

// afterEach says it field by field: behind in the first, or equal there and
// behind in the rest.
func (b *builder) afterEach(t table, sort []query.Order, values []any) {
	o, v := sort[0], values[0]
	if word := bound(o, v); word != "" && len(sort) > 1 {
		b.column(t, o.Field)
		b.raw(word)
		b.arg(o.Field, v)
		b.raw(" AND ")
	}
	b.raw("(")
	b.behind(t, o, v)
	if len(sort) > 1 {
		b.raw(" OR ")
		b.column(t, o.Field)
		if v == nil {
			b.raw(" IS NULL")
		} else {
			b.raw("=")
			b.arg(o.Field, v)
		}
		b.raw(" AND ")
		b.afterEach(t, sort[1:], values[1:])
	}
	b.raw(")")
}

// bound says again of the first field what the alternatives say together: that is
// what an index can look for.
func bound(o query.Order, v any) string {
	switch {
	case v == nil:
		return ""
	case !o.Desc:
		return ">="
	case neverNull(o.Field):
		return "<="
	}
	return "" // nulls may follow
}

func (b *builder) behind(t table, o query.Order, v any) {
	switch {
	case v == nil && o.Desc:
		b.raw("false") // nulls are the last
	case v == nil:
		b.column(t, o.Field)
		b.raw(" IS NOT NULL")
	case o.Desc:
		b.raw("(")
		b.column(t, o.Field)
		b.raw("<")
		b.arg(o.Field, v)
		if !neverNull(o.Field) {
			b.raw(" OR ")
			b.column(t, o.Field)
			b.raw(" IS NULL")
		}
		b.raw(")")
	default:
		b.column(t, o.Field)
		b.raw(">")
		b.arg(o.Field, v)
	}
}
