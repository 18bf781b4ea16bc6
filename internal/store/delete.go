package store

import (
	"errors"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// deleting removes a row and sees to the rows that refer to it, as the schema
// says: the database's own actions would pass the change log by.
type deleting struct {
	*writing
	touched int
}

// row deletes one. What the log has of it is what the statement found: the rows
// that went before may have changed it, or taken it along.
func (d *deleting) row(m *schema.Model, key []any, depth int) error {
	if depth > maxCascade {
		return fault.New(fault.DataReferenced, "the delete cascades deeper than %d levels; delete the rows below first", maxCascade)
	}
	for _, ref := range d.store.referrers[m] {
		if err := d.referrers(m, key, ref, depth); err != nil {
			return err
		}
	}
	b := d.store.builder(d.by)
	t := table{m, b.quotedTable(m)}
	b.raw("DELETE FROM ", t.alias)
	b.where(t)
	b.key(t, key)
	b.raw(" RETURNING ")
	b.image(t)
	image, err := d.imageOf(b)
	if err != nil {
		return elsewhere(m, err)
	}
	if image == nil {
		return nil
	}
	return d.log(m, key, query.Delete, image, nil)
}

// elsewhere is the error of a delete that the rows of other organizations stand
// against: they are not the caller's to change, or to hear about.
func elsewhere(m *schema.Model, err error) error {
	if broken, ok := errors.AsType[*ConstraintError](err); ok && broken.Kind == ForeignKeyViolation {
		return fault.New(fault.DataReferenced, "this %s is shared and still in use, so it can't be deleted", m.Name).Because(err)
	}
	return err
}

// child is a row that refers to the one that goes.
type child struct {
	key   []any
	image []byte
}

func (d *deleting) referrers(m *schema.Model, key []any, ref reference, depth int) error {
	if ref.child.Scope == schema.Tenant && d.by.Org == "" {
		return nil // no organization's rows are the caller's to change; the foreign key stands for them
	}
	children, err := d.children(m, key, ref)
	if err != nil || len(children) == 0 {
		return err
	}
	if ref.onDelete == schema.Restrict {
		return fault.New(fault.DataReferenced, "rows of %s still refer to this %s; delete or re-point them first", ref.child.Name, m.Name)
	}
	if d.touched += len(children); d.touched > MaxDependent {
		return fault.New(fault.DataReferenced, "the delete would change more than %d rows that refer to this %s; delete or re-point them first", MaxDependent, m.Name)
	}
	for _, c := range children {
		if ref.onDelete == schema.Cascade {
			err = d.row(ref.child, c.key, depth+1)
		} else {
			err = d.unset(ref, c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// children reads the rows that refer to a row through one reference: one more
// than may be touched, at most.
func (d *deleting) children(m *schema.Model, key []any, ref reference) ([]child, error) {
	b := d.store.builder(d.by)
	t := b.use(ref.child)
	b.raw("SELECT ")
	b.image(t)
	for _, f := range ref.child.Key {
		b.raw(",")
		b.bare(t, f)
	}
	b.from(t)
	for i, f := range ref.from {
		b.raw(" AND ")
		b.column(t, f)
		b.raw("=")
		b.referenced(m, key, ref.to[i])
	}
	b.limit(MaxDependent+1, 0)
	b.lock(t, ref.onDelete == schema.Cascade)
	var children []child
	err := b.query(d.conn, func(r Row) error {
		c := child{image: append([]byte(nil), r.Bytes(0)...)}
		for i, f := range ref.child.Key {
			c.key = append(c.key, sortValue(r, 1+i, f))
		}
		children = append(children, c)
		return nil
	})
	return children, err
}

// referenced writes the value of a field that a reference points to: a part of
// the key, or a unique field of the row.
func (b *builder) referenced(m *schema.Model, key []any, f *schema.Field) {
	for i, k := range m.Key {
		if k == f {
			b.arg(f, key[i])
			return
		}
	}
	b.raw("(SELECT ")
	t := b.use(m)
	b.column(t, f)
	b.from(t)
	b.key(t, key)
	b.raw(")")
}

// unset takes a reference out of a row that may do without.
func (d *deleting) unset(ref reference, c child) error {
	b := d.store.builder(d.by)
	t := table{ref.child, b.quotedTable(ref.child)}
	b.raw("UPDATE ", t.alias, ` SET "_version"="_version"+1`)
	for _, f := range ref.from {
		if !neverNull(f) {
			b.raw(",")
			b.name(f.Column)
			b.raw("=NULL")
		}
	}
	b.where(t)
	b.key(t, c.key)
	b.raw(" RETURNING ")
	b.image(t)
	after, err := d.imageOf(b)
	if err != nil {
		return err
	}
	return d.log(ref.child, c.key, query.Update, c.image, after)
}

// imageOf runs a statement that answers the image of one row, or nothing.
func (d *deleting) imageOf(b *builder) (image []byte, err error) {
	err = b.query(d.conn, func(r Row) error {
		image = append([]byte(nil), r.Bytes(0)...)
		return nil
	})
	return image, err
}
