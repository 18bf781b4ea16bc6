package store

import (
	"slices"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// checks sees to what the written row must meet. Where that looks at the row
// and its targets alone, RETURNING answers it, and checks returns the error of
// each column. Where it looks at further rows it is asked here, before the
// write: the row would be among them after it, and could let itself in.
func (w *writing) checks(b *builder, t table, c *access.Change, key []any) ([]error, error) {
	switch {
	case c.Wide():
		return nil, w.judge(c, key)
	case b.words.blind && refersToItself(c):
		return nil, nil // asked in checkAgain
	}
	return b.demands(t, c), nil
}

// refersToItself tells whether the row may be the target of one of its references.
func refersToItself(c *access.Change) bool {
	return slices.ContainsFunc(c.Refs, func(r access.Ref) bool { return r.Field.Relation.Target == c.Model })
}

// checkAgain asks what RETURNING could not see: the written row, as the target of
// a reference of its own.
func (w *writing) checkAgain(c *access.Change, key []any) error {
	b := w.store.builder(w.by)
	if !b.words.blind || c.Wide() || !refersToItself(c) {
		return nil
	}
	t := b.use(c.Model)
	b.raw("SELECT 1")
	errs := b.demands(t, c)
	if len(errs) == 0 {
		return nil
	}
	b.from(t)
	b.key(t, key)
	return w.asked(b, errs)
}

// asked runs a statement whose columns, but the first, are what a row must meet.
func (w *writing) asked(b *builder, errs []error) error {
	var failed error
	err := b.query(w.conn, func(r Row) error {
		for i, e := range errs {
			if failed == nil && !r.Bool(1+i) {
				failed = e
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return failed
}

// judge asks what the row must meet of the row as it will be; key is that of
// the row that changes, nil for a new one.
func (w *writing) judge(c *access.Change, key []any) error {
	b := w.store.builder(w.by)
	row := b.use(c.Model)
	b.raw("SELECT 1")
	errs := b.demands(row, c)
	b.raw(" FROM (SELECT ")
	old := b.use(c.Model)
	first := true
	for _, f := range c.Model.Fields {
		if !f.Stored() {
			continue
		}
		if !first {
			b.raw(",")
		}
		first = false
		if value, set := c.Value(f); set {
			b.arg(f, value)
		} else if key != nil {
			b.column(old, f)
		} else {
			b.null(f)
		}
		b.raw(" AS ")
		b.name(f.Column)
	}
	if c.Model.Scope == schema.Tenant {
		b.raw(",")
		b.ownTenant()
		b.raw(` AS "_org"`)
	}
	if key != nil {
		b.from(old)
		b.key(old, key)
	}
	b.raw(") ", row.alias)
	return w.asked(b, errs)
}

// demands adds to a statement's columns what the written row must meet: the rule of a new
// row, and for each reference a target that the caller may see. It returns the
// error of each.
func (b *builder) demands(t table, c *access.Change) []error {
	b.deciding = true
	defer func() { b.deciding = false }()
	var errs []error
	if c.Op == query.Create && c.Rule != nil {
		b.raw(",(")
		b.cond(t, c.Rule)
		b.raw(")")
		errs = append(errs, fault.New(fault.AccessDenied, "no rule of %s lets you create this row", c.Model.Name))
	}
	for _, ref := range c.Refs {
		if ref.Rule == nil && !ref.Field.Relation.Target.ReadOnly {
			continue // the foreign key says it
		}
		allowed := &query.Cond{Test: query.All}
		if ref.Rule != nil {
			allowed = ref.Rule
		}
		b.raw(",(")
		for _, f := range ref.Field.Relation.From {
			b.column(t, f)
			b.raw(" IS NULL OR ")
		}
		b.cond(t, &query.Cond{Test: query.Related, Field: ref.Field, Kids: []*query.Cond{allowed}})
		b.raw(")")
		errs = append(errs, access.NoReference(ref.Field))
	}
	return errs
}
