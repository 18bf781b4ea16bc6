package store

import (
	"context"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// createOne is Write of one create. It waits for one statement, beside those of others.
func (s *Store) createOne(ctx context.Context, g access.WriteGrant) ([]Written, error) {
	var out Written
	err := s.engine.WriteRows(ctx, func(c Conn) error {
		w := writing{store: s, conn: c, by: g.Principal(), tally: tally{}, grows: true}
		b, checks, err := w.insertion(g.Change(), nil)
		if err != nil {
			return err
		}
		r := returned{checks: checks}
		return b.await(c, r.scan, func(err error) error {
			var made bool
			out, made, err = w.inserted(g.Change(), &r, err)
			switch {
			case err != nil:
				return err
			case !made:
				return missing(g.Change().Model)
			case len(out.Row) > MaxAnswer:
				return TooLarge()
			}
			return s.settle(c, w.tally)
		})
	})
	return []Written{out}, err
}

func (w *writing) create(c *access.Change) (Written, error) {
	written, made, err := w.insert(c, nil)
	if err == nil && !made {
		err = missing(c.Model)
	}
	return written, err
}

// insert creates a row, unless there is one with the same values of the unique
// key `unless`: then it makes none and says so.
func (w *writing) insert(c *access.Change, unless []*schema.Field) (written Written, made bool, err error) {
	b, checks, err := w.insertion(c, unless)
	if err != nil {
		return written, false, err
	}
	r := returned{checks: checks}
	return w.inserted(c, &r, b.query(w.conn, r.scan))
}

// insertion is its statement.
func (w *writing) insertion(c *access.Change, unless []*schema.Field) (b *builder, checks []error, err error) {
	b = w.store.builder(w.by)
	t := b.use(c.Model)
	b.raw("INSERT INTO ")
	b.name(c.Model.Table)
	b.raw("(")
	if c.Model.Scope == schema.Tenant {
		b.raw(`"_org",`)
	}
	b.raw(`"_version"`)
	for _, a := range c.Set {
		if a.Field != c.Model.Version {
			b.raw(",")
			b.name(a.Field.Column)
		}
	}
	b.raw(") VALUES (")
	if c.Model.Scope == schema.Tenant {
		b.ownTenant()
		b.raw(",")
	}
	b.raw("1")
	for _, a := range c.Set {
		if a.Field != c.Model.Version {
			b.raw(",")
			b.arg(a.Field, a.Value)
		}
	}
	t.alias = b.quotedTable(c.Model)
	b.raw(")")
	b.unless(c.Model, unless)
	b.raw(" RETURNING ")
	b.image(t)
	checks, err = w.checks(b, t, c, nil)
	return b, checks, err
}

// inserted is what follows it.
func (w *writing) inserted(c *access.Change, r *returned, err error) (written Written, made bool, _ error) {
	after, err := r.image, r.verdict(err)
	if err != nil {
		return written, false, w.constraint(c, err)
	}
	if after == nil {
		return written, false, nil
	}
	if err := w.checkAgain(c, c.Key); err != nil {
		return written, false, err
	}
	if err := w.log(c.Model, c.Key, query.Create, nil, after); err != nil {
		return written, false, err
	}
	written, err = w.answer(c, query.Create, image{key: c.Key, text: after, version: 1})
	return written, true, err
}

// unless lets an INSERT do nothing where another row has the unique key.
func (b *builder) unless(m *schema.Model, unique []*schema.Field) {
	if unique == nil {
		return
	}
	b.raw(" ON CONFLICT (")
	if m.Scope == schema.Tenant {
		b.raw(`"_org",`)
	}
	for i, f := range unique {
		if i > 0 {
			b.raw(",")
		}
		b.name(f.Column)
	}
	b.raw(") DO NOTHING")
}

// quotedTable is how RETURNING names a table's columns.
func (b *builder) quotedTable(m *schema.Model) string { return `"` + m.Table + `"` }

// returned is what a statement returns of one row: its image, and whether it meets the
// checks.
type returned struct {
	checks []error
	image  []byte
	failed error
}

func (r *returned) scan(row Row) error {
	r.image = append([]byte(nil), row.Bytes(0)...)
	for i, check := range r.checks {
		if r.failed == nil && !row.Bool(1+i) {
			r.failed = check
		}
	}
	return nil
}

// verdict is the statement's error, or that of the first check that failed.
func (r *returned) verdict(err error) error {
	if err == nil {
		err = r.failed
	}
	return err
}
