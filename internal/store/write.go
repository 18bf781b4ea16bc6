package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// Written is the outcome of one write.
type Written struct {
	Op      query.WriteOp   `json:"op"`               // of an Upsert: what it turned out to be
	Key     []any           `json:"key"`              // in the order of Model.Key
	Row     json.RawMessage `json:"row"`              // the row as the caller may read it; its key alone where the caller may not
	Version int64           `json:"version"`          // of the row after the write
	Denied  []string        `json:"denied,omitempty"` // as of access.Change
}

// Write runs granted writes as one transaction: all of them or none. Each row
// that changes gets its entry in the change log. An error names the write by
// its place, "operations.2.title", where there are several.
func (s *Store) Write(ctx context.Context, grants []access.WriteGrant, once *Once) ([]Written, error) {
	watched := s.witness != nil && slices.ContainsFunc(grants, func(g access.WriteGrant) bool { return g.Principal().Kind == access.Superuser })
	if len(grants) == 1 && once == nil && grants[0].Change().Op == query.Create && !watched {
		return s.createOne(ctx, grants[0])
	}
	var out []Written
	run := s.engine.WriteRows
	if watched { // the record of who did it has a row that many wait for
		run = func(ctx context.Context, fn func(Conn) error) error { return WriteAlone(ctx, s.engine, fn) }
	}
	err := run(ctx, func(c Conn) error {
		var done bool
		var err error
		if out, done, err = once.begin(c, s.now(), wordsOf(s.engine.Dialect()).skipLocked); err != nil || done {
			return err
		}
		out = make([]Written, 0, len(grants))
		size, counted := 0, tally{}
		for i, g := range grants {
			w := writing{store: s, conn: c, by: g.Principal(), tally: counted}
			written, err := w.change(g.Change())
			if err != nil {
				return InBatch(i, len(grants), err)
			}
			if size += len(written.Row); size > MaxAnswer {
				return TooLarge()
			}
			out = append(out, written)
			if watched {
				if err := s.witness(ctx, c, g.Principal(), g.Change().Model, written); err != nil {
					return err
				}
			}
		}
		if err := s.settle(c, counted); err != nil {
			return err
		}
		return once.finish(c, out)
	})
	return out, err
}

// WriteIn runs a granted write inside a transaction that somebody else runs.
func (s *Store) WriteIn(c Conn, g access.WriteGrant) (Written, error) {
	w := writing{store: s, conn: c, by: g.Principal(), tally: tally{}}
	written, err := w.change(g.Change())
	if err == nil {
		err = s.settle(c, w.tally)
	}
	return written, err
}

// InBatch puts the place of a write among `of` before the path that its error
// names; the only one of its request has none.
func InBatch(i, of int, err error) error {
	if of == 1 {
		return err
	}
	e := fault.Of(err)
	field := "operations." + strconv.Itoa(i)
	if e.Field != "" {
		field += "." + e.Field
	}
	return e.At(field)
}

// writing is one write under way.
type writing struct {
	store *Store
	conn  Conn
	by    *access.Principal
	tally tally
	grows bool // what was asked for may add to what there is: no delete
}

func (w *writing) change(c *access.Change) (Written, error) {
	w.grows = c.Op != query.Delete
	switch c.Op {
	case query.Update:
		return w.update(c)
	case query.Delete:
		return w.delete(c)
	case query.Upsert:
		return w.upsert(c)
	}
	return w.create(c)
}

// image writes the whole row as the change log keeps it.
func (b *builder) image(t table) {
	fields := make([]access.Out, 0, len(t.model.Fields))
	for _, f := range t.model.Fields {
		if f.Stored() {
			fields = append(fields, access.Out{BoundField: query.BoundField{Field: f, As: f.Name}})
		}
	}
	b.object(t, fields)
}

// image is a row as the change log keeps it.
type image struct {
	text    []byte
	version int64
	key     []any
}

// lookup reads the row that a write is about, and decides: no row that the
// caller may see is "not found", a visible one that no rule lets them change
// is "denied".
func (w *writing) lookup(c *access.Change, find func(*builder, table)) (image, error) {
	b := w.store.builder(w.by)
	t := b.use(c.Model)
	b.raw("SELECT ")
	b.image(t)
	b.raw(`,`, t.alias, `."_version"`)
	for i, cond := range []*query.Cond{c.Rule, c.Seen, c.Condition} {
		b.deciding = i != 1 // what the caller may see only words the error
		b.raw(",(true")
		b.and(t, cond)
		b.raw(")")
	}
	b.deciding = false
	for _, f := range c.Model.Key {
		b.raw(",")
		b.bare(t, f)
	}
	b.from(t)
	find(b, t)
	b.lock(t, c.Op == query.Delete)

	var row image
	var allowed, seen, met bool
	err := b.query(w.conn, func(r Row) error {
		row.text = append([]byte(nil), r.Bytes(0)...)
		row.version, allowed, seen, met = r.Int(1), r.Bool(2), r.Bool(3), r.Bool(4)
		for i, f := range c.Model.Key {
			row.key = append(row.key, sortValue(r, 5+i, f))
		}
		return nil
	})
	switch {
	case err != nil:
		return row, err
	case row.text == nil || !allowed && !seen:
		return row, missing(c.Model)
	case !allowed:
		return row, fault.New(fault.AccessDenied, "no rule of %s lets you %s this row", c.Model.Name,
			map[query.WriteOp]string{query.Update: "update", query.Delete: "delete"}[c.Op])
	case c.Version != nil && *c.Version != row.version:
		return row, fault.New(fault.DataVersion, "the row is not at version %d any more; read it again and retry", *c.Version)
	case !met:
		return row, fault.New(fault.DataCondition, "the row does not meet the condition")
	}
	return row, nil
}

func missing(m *schema.Model) error {
	return fault.New(fault.DataNotFound, "there is no such %s, or none that you may see", m.Name)
}

func (w *writing) update(c *access.Change) (Written, error) {
	row, err := w.lookup(c, func(b *builder, t table) { b.key(t, c.Key) })
	if err != nil {
		return Written{}, err
	}
	return w.modify(c, row)
}

// modify changes a row that was looked up.
func (w *writing) modify(c *access.Change, row image) (Written, error) {
	b := w.store.builder(w.by)
	t := table{c.Model, b.quotedTable(c.Model)}
	b.raw("UPDATE ", t.alias, ` SET "_version"="_version"+1`)
	for _, a := range c.Set {
		b.raw(",")
		b.name(a.Field.Column)
		b.raw("=")
		b.arg(a.Field, a.Value)
	}
	b.where(t)
	b.key(t, row.key)
	b.raw(" RETURNING ")
	b.image(t)
	checks, err := w.checks(b, t, c, row.key)
	if err != nil {
		return Written{}, err
	}
	r := returned{checks: checks}
	if err := r.verdict(b.query(w.conn, r.scan)); err != nil {
		return Written{}, w.constraint(c, err)
	}
	after := r.image
	if after == nil {
		return Written{}, missing(c.Model)
	}
	if err := w.checkAgain(c, row.key); err != nil {
		return Written{}, err
	}
	if err := w.log(c.Model, row.key, query.Update, row.text, after); err != nil {
		return Written{}, err
	}
	return w.answer(c, query.Update, image{key: row.key, text: after, version: row.version + 1})
}

func (w *writing) delete(c *access.Change) (Written, error) {
	row, err := w.lookup(c, func(b *builder, t table) { b.key(t, c.Key) })
	if err != nil {
		return Written{}, err
	}
	answer, err := w.answer(c, query.Delete, row)
	if err != nil {
		return Written{}, err
	}
	d := deleting{writing: w}
	return answer, d.row(c.Model, row.key, 0)
}

// mostRaces is how often an upsert looks again for a row that was there when it
// was to be created, and gone when it was to be changed.
const mostRaces = 3

// upsert changes the row that has the unique key, or creates it.
func (w *writing) upsert(c *access.Change) (Written, error) {
	for range mostRaces {
		written, done, err := w.upsertOnce(c)
		if done || err != nil {
			return written, err
		}
	}
	return Written{}, duplicateOf(c.Model, c.Conflict) // by a row that the caller may not see
}

func (w *writing) upsertOnce(c *access.Change) (written Written, done bool, err error) {
	row, err := w.lookup(c.Update, func(b *builder, t table) {
		for _, f := range c.Conflict {
			value, _ := c.BoundWrite.Value(f)
			b.raw(" AND ")
			b.column(t, f)
			b.raw("=")
			b.arg(f, value)
		}
	})
	if row.text == nil && fault.Is(err, fault.DataNotFound) {
		if c.Version != nil {
			return written, false, fault.New(fault.DataVersion, "there is no row to be at version %d; leave the version out to create one", *c.Version)
		}
		return w.insert(c.Insert, c.Conflict)
	}
	if err != nil {
		return written, false, err
	}
	written, err = w.modify(c.Update, row)
	return written, true, err
}

// answer is the row as the caller may see it: its image where that is all of
// it, else read back.
func (w *writing) answer(c *access.Change, op query.WriteOp, row image) (Written, error) {
	out := Written{Op: op, Key: row.key, Version: row.version, Denied: c.Denied}
	switch {
	case c.Answer != nil && c.Answer.Whole && c.Answer.Rule == nil:
		out.Row = row.text
	case c.Answer != nil:
		n := *c.Answer
		bound := *n.Bound
		bound.Key = row.key
		n.Bound = &bound
		var page Page
		if err := page.rows(w.store, w.conn, w.by, &n); err != nil {
			return out, err
		}
		out.Row = page.Rows
	}
	if out.Row == nil {
		out.Row = keyObject(c.Model, row.key)
	}
	return out, nil
}

func keyObject(m *schema.Model, key []any) []byte {
	object := make(map[string]any, len(key))
	for i, f := range m.Key {
		object[f.Name] = key[i]
	}
	text, err := json.Marshal(object)
	if err != nil {
		panic("store: a key of canonical values always encodes: " + err.Error())
	}
	return text
}

// constraint turns what the database refused into the caller's error.
func (w *writing) constraint(c *access.Change, err error) error {
	broken, ok := errors.AsType[*ConstraintError](err)
	if !ok {
		return err
	}
	switch broken.Kind {
	case UniqueViolation:
		return duplicate(c.Model, broken)
	case ForeignKeyViolation:
		return w.brokenReference(c, broken)
	}
	known := func(f *schema.Field) bool { return neverNull(f) && slices.Contains(broken.Columns, f.Column) }
	if broken.Kind == NotNullViolation && !slices.ContainsFunc(c.Model.Fields, known) || broken.Kind == CheckViolation { // a migration checks so that a column is never null
		return fault.New(fault.MigrateOutdated, "rows of %s need a value that this server does not know to be required: the database is being migrated; another server answers", c.Model.Name).Because(err)
	}
	return fault.New(fault.InternalError, "the database refused the row").Because(err)
}

// duplicate names the fields of the unique key that already has the value.
func duplicate(m *schema.Model, broken *ConstraintError) error {
	var fields []*schema.Field
	for _, column := range broken.Columns {
		for _, f := range m.Fields {
			if f.Stored() && f.Column == column {
				fields = append(fields, f)
			}
		}
	}
	if fields == nil {
		fields = m.Key[:1]
	}
	return duplicateOf(m, fields).Because(broken)
}

func duplicateOf(m *schema.Model, fields []*schema.Field) *fault.Error {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	name := strings.Join(names, "+")
	return fault.New(fault.DataDuplicate, "another %s already has this %s", m.Name, name).At(name)
}

// brokenReference finds out which reference has no target. An engine that can be
// asked nothing after an error tells the columns.
func (w *writing) brokenReference(c *access.Change, broken *ConstraintError) error {
	none := fault.New(fault.DataNoReference, "a reference of the row has no target").Because(broken)
	for _, ref := range c.Refs {
		if sameColumns(ref.Field.Relation.From, broken.Columns) {
			return access.NoReference(ref.Field)
		}
	}
	if len(broken.Columns) > 0 {
		return none
	}
	for _, ref := range c.Refs {
		r := ref.Field.Relation
		b := w.store.builder(w.by)
		b.raw("SELECT 1")
		t := b.use(r.Target)
		b.from(t)
		for i, f := range r.From {
			value, _ := c.Value(f)
			b.raw(" AND ")
			b.column(t, r.To[i])
			b.raw("=")
			b.arg(r.To[i], value)
		}
		found := false
		err := b.query(w.conn, func(Row) error { found = true; return nil })
		if err != nil {
			return err
		}
		if !found {
			return access.NoReference(ref.Field)
		}
	}
	return none
}

// sameColumns tells whether a foreign key, which the organization may lead, is of
// the fields.
func sameColumns(fields []*schema.Field, columns []string) bool {
	if len(columns) > 0 && columns[0] == OrgColumn {
		columns = columns[1:]
	}
	return slices.EqualFunc(fields, columns, func(f *schema.Field, c string) bool { return f.Column == c })
}
