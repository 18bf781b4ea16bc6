package store

import (
	"context"
	"slices"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// Page is what a read answers with.
type Page struct {
	Rows    []byte // the rows as JSON texts, joined by commas
	Count   int    // how many there are in Rows
	Next    []any  // the sort values of the last row where more rows follow, else nil
	Total   int64  // all rows that match, where the read asked
	Version int64  // of the row of a Get
	Origin
}

// Read runs a granted read as one statement, and another one where the caller
// asked for the total. A replica may answer where that may be behind: by so much at
// most, 0 being not at all. The rows are written into memory, as far as that reaches.
func (s *Store) Read(ctx context.Context, g access.Grant, behind time.Duration, memory []byte) (page Page, err error) {
	fn := func(c Conn) error {
		page = Page{Rows: memory[:0]}
		return page.read(s, c, g.Principal(), g.Node())
	}
	one := !g.Node().Count
	if behind > 0 && s.replicas != nil {
		if was, read, err := s.replicas.Read(ctx, behind, one, fn); read || err != nil {
			page.Origin = Origin{Replica: read, Behind: was}
			return page, err
		}
	}
	run := s.engine.Read
	if one {
		run = s.engine.ReadOne
	}
	err = run(ctx, fn)
	return page, err
}

// ReadIn runs a granted read inside a transaction that somebody else runs.
func (s *Store) ReadIn(c Conn, g access.Grant) (Page, error) {
	var page Page
	err := page.read(s, c, g.Principal(), g.Node())
	return page, err
}

func (p *Page) read(s *Store, c Conn, by *access.Principal, n *access.Node) error {
	if err := p.rows(s, c, by, n); err != nil || !n.Count {
		return err
	}
	b := s.builder(by)
	b.raw("SELECT count(*)")
	b.matching(n)
	return b.query(c, func(r Row) error {
		p.Total = r.Int(0)
		return nil
	})
}

// reserved is how many bytes at most are kept ready for the rows behind the first.
const reserved = 32 << 10

func (p *Page) rows(s *Store, c Conn, by *access.Principal, n *access.Node) error {
	b := s.builder(by)
	a := b.read(n)
	var last []any
	return b.query(c, func(r Row) error {
		if p.Count == n.Limit {
			p.Next = last
			return nil
		}
		if p.Count++; p.Count > 1 {
			p.Rows = append(p.Rows, ',')
		}
		if p.Rows = a.append(p.Rows, r); len(p.Rows) > MaxAnswer {
			return TooLarge()
		}
		if p.Count == 1 && n.Limit > 1 {
			p.Rows = slices.Grow(p.Rows, min(len(p.Rows)*n.Limit*9/8, reserved))
		}
		if a.version >= 0 {
			p.Version = r.Int(a.version)
		}
		if p.Count == n.Limit && n.Op != query.Get {
			last = a.sorted(r)
		}
		return nil
	})
}

// sortValue reads a sort column in its canonical type; the score of a search,
// which is no field, is a float.
func sortValue(r Row, i int, f *schema.Field) any {
	switch {
	case r.Null(i):
		return nil
	case f == nil:
		return r.Float(i)
	case isBool(f):
		return r.Bool(i)
	case f.Kind == schema.ScalarKind && (f.Scalar == schema.Int || f.Scalar == schema.Timestamp):
		return r.Int(i)
	case f.Kind == schema.ScalarKind && f.Scalar == schema.Float:
		return r.Float(i)
	}
	return r.Text(i)
}

// read writes the statement of a read: the row first, then what the next page
// starts after.
func (b *builder) read(n *access.Node) *answer {
	if n.Op == query.Aggregate {
		b.aggregate(n)
		return wholeText()
	}
	t := b.use(n.Model)
	b.raw("SELECT ")
	a := b.answer(t, n.Fields)
	if n.Op == query.Get {
		if !n.Model.ReadOnly {
			a.version = b.also(a, t, n.Model.Version)
		}
		b.rowsOf(t, n)
		b.key(t, n.Key)
		return a
	}
	b.list(t, n, n.Limit, a)
	return a
}

// list goes on from the columns of a list's rows: with what each is sorted by, and the
// rows themselves, one more than the limit.
func (b *builder) list(t table, n *access.Node, limit int, a *answer) {
	if n.Ranked() {
		b.raw(",")
		b.score(t, n)
		a.sort = append(a.sort, sortColumn{nil, a.take()})
	}
	for _, o := range n.Sort {
		a.sort = append(a.sort, sortColumn{o.Field, b.also(a, t, o.Field)})
	}
	b.rowsOf(t, n)
	if n.Ranked() {
		b.afterScore(t, n)
		b.raw(" ORDER BY ")
		b.score(t, n)
		b.raw(" DESC,")
		b.orderColumns(t, n.Bound)
	} else {
		b.after(t, n.Bound)
		b.orderBy(t, n.Bound)
	}
	// As an argument: a statement serves pages of any size, and PostgreSQL takes the plan
	// for any values in place of one made anew for these at each execution.
	b.raw(" LIMIT ")
	b.argument(integerKind, int64(limit)+1)
}

// matching writes FROM and WHERE of all rows that a read may show.
func (b *builder) matching(n *access.Node) table {
	t := b.use(n.Model)
	b.rowsOf(t, n)
	return t
}

func (b *builder) rowsOf(t table, n *access.Node) {
	if n.Search != nil {
		b.fromSearch(t, n)
	} else {
		b.from(t)
	}
	b.and(t, n.Rule)
	b.and(t, n.Where)
}

// aggregate writes the statement of an aggregate: one object a group.
func (b *builder) aggregate(n *access.Node) {
	t := b.use(n.Model)
	totals := n.Totals
	b.raw("SELECT concat(")
	b.memberKey(0, "group")
	b.raw(",")
	b.aggregated(t, totals.GroupBy, "")
	b.raw(",")
	b.memberKey(1, "count")
	b.raw(",count(*)")
	for _, a := range []struct {
		name   string
		fields []*schema.Field
	}{{"sum", totals.Sum}, {"avg", totals.Avg}, {"min", totals.Min}, {"max", totals.Max}} {
		b.raw(",")
		b.memberKey(2, a.name)
		b.raw(",")
		b.aggregated(t, a.fields, a.name)
	}
	b.raw(",'}')")
	b.rowsOf(t, n)
	b.grouped(t, totals.GroupBy)
	b.limit(n.Limit+1, 0)
}

func (b *builder) grouped(t table, by []*schema.Field) {
	if len(by) == 0 {
		return
	}
	b.raw(" GROUP BY ")
	b.columns(t, by)
	order := query.Bound{Model: t.model}
	for _, f := range by {
		order.Sort = append(order.Sort, query.Order{Field: f})
	}
	b.orderBy(t, &order)
}

// aggregated writes an object of fields, each inside the function.
func (b *builder) aggregated(t table, fields []*schema.Field, function string) {
	if len(fields) == 0 {
		b.raw("'{}'")
		return
	}
	b.raw("concat(")
	for i, f := range fields {
		b.next(i, ",")
		b.memberKey(i, f.Name)
		b.raw(",")
		k := kindOf(f)
		shown := k
		if function == "avg" {
			shown = floatKind
		}
		total := b.words.total[function][k]
		b.jsonOf(shown, total[0], t.alias, `."`, f.Column, `"`, total[1])
	}
	b.raw(",'}')")
}
