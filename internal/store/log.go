package store

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// Change is one entry of the change log: who reads it has been asked by no rule,
// and judges each row with an access.Watch before it shows it to anybody.
type Change struct {
	Seq           int64 // its position: no entry comes before one that was read
	At            string
	Org           string // "" for a model that all share
	Model         *schema.Model
	Key           []any // in the order of Model.Key, canonical
	Op            query.WriteOp
	Before, After *Image // nil where there was or is no row
}

// Changes are entries of the log, in order.
type Changes struct {
	All  []Change // without those of models that the schema has no more
	Last int64    // the position of the last one looked at
	More bool     // there may be others behind it
}

// Changes reads the entries behind a position: at most Limit, or fewer where their
// texts are large. Without Until, all that is committed has its position.
func (s *Store) Changes(ctx context.Context, f Following) (Changes, error) {
	if f.Until == 0 {
		if err := s.Sequence(ctx); err != nil {
			return Changes{Last: f.After}, err
		}
	}
	var out Changes
	err := s.engine.ReadOne(ctx, func(c Conn) (err error) {
		out, err = s.changes(c, f)
		return err
	})
	return out, err
}

func (s *Store) changes(c Conn, f Following) (Changes, error) {
	sql, args := f.statement(wordsOf(s.engine.Dialect()).position)
	out := Changes{Last: f.After}
	seen, size := 0, 0
	err := c.Query(sql, args, func(r Row) error {
		if size > maxChanges {
			return nil
		}
		out.Last = r.Int(0)
		seen, size = seen+1, size+len(r.Bytes(6))+len(r.Bytes(7))
		out.More = seen == f.Limit || size > maxChanges
		ch, err := s.change(r)
		if err == nil && ch.Model != nil {
			out.All = append(out.All, ch)
		}
		return err
	})
	return out, err
}

// maxChanges is in bytes, of the rows that one call of Changes returns; the last
// one may go beyond.
const maxChanges = 4 << 20

// Following says which entries of the log are asked for.
type Following struct {
	After int64
	Until int64         // the last one; 0 for no end
	Limit int           // entries
	Model *schema.Model // one model's alone, in Org; nil: everything
	Org   string

	unsequenced bool // in place of those behind a position
}

func (f Following) statement(position string) (string, []any) {
	sql, order := `SELECT `+position+`, at, coalesce(org, ''), model, key, op, before, after FROM "_changes" WHERE `+position+` > ?1`, position
	if f.unsequenced {
		sql, order = `SELECT ?1, at, coalesce(org, ''), model, key, op, before, after FROM "_changes" WHERE `+position+` IS NULL`, "seq"
	}
	args := []any{f.After}
	if f.Model != nil {
		args = append(args, f.Model.Name)
		sql += " AND model = ?2 AND org"
		if f.Org == "" {
			sql += " IS NULL"
		} else {
			args = append(args, f.Org)
			sql += " = ?3"
		}
	}
	if f.Until > 0 {
		args = append(args, f.Until)
		sql += " AND " + position + " <= ?" + strconv.Itoa(len(args))
	}
	args = append(args, f.Limit)
	return sql + " ORDER BY " + order + " LIMIT ?" + strconv.Itoa(len(args)), args
}

func (s *Store) change(r Row) (Change, error) {
	m := s.schema.Model(r.Text(3))
	if m == nil || m.ReadOnly {
		return Change{}, nil
	}
	ch := Change{Seq: r.Int(0), At: r.Text(1), Org: r.Text(2), Model: m, Op: opsByName[r.Text(5)]}
	if (ch.Org == "") != (m.Scope == schema.Global) {
		return Change{}, nil // of a time when the model was another's
	}
	var err error
	if ch.Key, err = keyOf(m, r.Bytes(4)); err != nil {
		return ch, err
	}
	if !r.Null(6) {
		ch.Before = newImage(m, bytes.Clone(r.Bytes(6)))
	}
	if !r.Null(7) {
		ch.After = newImage(m, bytes.Clone(r.Bytes(7)))
	}
	return ch, nil
}

// Copy is the same change, for another goroutine.
func (c *Change) Copy() *Change {
	out := *c
	if c.Before != nil {
		out.Before = newImage(c.Model, c.Before.text)
	}
	if c.After != nil {
		out.After = newImage(c.Model, c.After.text)
	}
	return &out
}

var opsByName = map[string]query.WriteOp{"create": query.Create, "update": query.Update, "delete": query.Delete}

func keyOf(m *schema.Model, text []byte) ([]any, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil || len(raw) != len(m.Key) {
		return nil, fault.Of(err)
	}
	key := make([]any, len(raw))
	for i, f := range m.Key {
		key[i] = canonical(f, raw[i])
	}
	return key, nil
}

// Image is a row as the change log keeps it: the JSON of its stored fields, each
// typed when it is first asked for. It is not safe for concurrent use until then.
type Image struct {
	model  *schema.Model
	text   []byte
	raw    map[*schema.Field][]byte
	values map[*schema.Field]any
}

func newImage(m *schema.Model, text []byte) *Image { return &Image{model: m, text: text} }

// Text is the row as one JSON object.
func (im *Image) Text() []byte { return im.text }

// JSON is a field's value; "null" for one that the row was written without.
func (im *Image) JSON(f *schema.Field) []byte {
	if im.raw == nil {
		im.parse()
	}
	if raw := im.raw[f]; raw != nil {
		return raw
	}
	return []byte("null")
}

// Field is a field's canonical value.
func (im *Image) Field(f *schema.Field) any {
	if v, ok := im.values[f]; ok {
		return v
	}
	v := canonical(f, im.JSON(f))
	if im.values == nil {
		im.values = make(map[*schema.Field]any, 8)
	}
	im.values[f] = v
	return v
}

// parse takes the object apart. What is no JSON is no row of ours.
func (im *Image) parse() {
	im.raw = make(map[*schema.Field][]byte, len(im.model.Fields))
	d := jsontext.NewDecoder(bytes.NewReader(im.text))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return
		}
		f := im.model.Field(name.String())
		value, err := d.ReadValue()
		if err != nil {
			return
		}
		if f != nil {
			im.raw[f] = bytes.Clone(value)
		}
	}
}

// canonical types a stored field's JSON as the statement would answer it.
func canonical(f *schema.Field, raw []byte) any {
	switch {
	case len(raw) == 0 || raw[0] == 'n':
		return nil
	case isJSON(f):
		return schema.JSONText(raw)
	case raw[0] == 't' || raw[0] == 'f':
		return raw[0] == 't'
	case raw[0] == '"':
		text, err := jsontext.AppendUnquote(nil, raw)
		if err != nil {
			return nil
		}
		return string(text)
	case f.Kind == schema.ScalarKind && f.Scalar == schema.Float:
		n, err := strconv.ParseFloat(string(raw), 64)
		if err != nil {
			return nil
		}
		return n
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return nil
	}
	return n
}

// Snapshot is the rows of a list at one moment, and how far the change log went then.
type Snapshot struct {
	Seq   int64
	Ahead bool     // what comes behind Seq may have changed the rows already
	Undo  []Change // with images: all of that, which the rows are to be taken back over
	Rows  []SnapshotRow
	More  bool  // rows follow these
	Total int64 // where the read asked
}

// SnapshotRow is one row: as the grant shows it, or the whole of it.
type SnapshotRow struct {
	Text  []byte
	Image *Image // nil unless asked for
	Sort  []any  // the values that it is sorted by
}

// Snapshot reads the first rows of a granted list, and the position of the change
// log that they are of. With images it returns the rows as the log keeps them,
// whatever of them the caller may see: for who masks them with the watch that the
// grant is of.
func (s *Store) Snapshot(ctx context.Context, g access.Grant, limit int, images bool) (Snapshot, error) {
	var out Snapshot
	n := g.Node()
	b := s.builder(g.Principal())
	t := b.use(n.Model)
	b.raw("SELECT ")
	var a *answer
	if images {
		b.image(t)
		a = wholeText()
	} else {
		a = b.answer(t, n.Fields)
	}
	b.list(t, n, limit, a)
	var count *builder
	if n.Count {
		count = s.builder(g.Principal())
		count.raw("SELECT count(*)")
		count.matching(n)
	}
	read := func(c Conn) error {
		if count != nil {
			if err := count.query(c, func(r Row) error { out.Total = r.Int(0); return nil }); err != nil {
				return err
			}
		}
		size := 0
		return b.query(c, func(r Row) error {
			if len(out.Rows) == limit {
				out.More = true
				return nil
			}
			row := SnapshotRow{Text: a.append(nil, r), Sort: a.sorted(r)}
			if size += len(row.Text); size > MaxAnswer {
				return TooLarge()
			}
			if images {
				row.Image = newImage(n.Model, row.Text)
			}
			out.Rows = append(out.Rows, row)
			return nil
		})
	}
	err := s.atPosition(ctx, func() (tooFar bool, err error) {
		err = s.engine.Read(ctx, func(c Conn) error {
			out = Snapshot{}
			if tooFar, err = s.position(c, g, images, &out); err != nil || tooFar {
				return err
			}
			return read(c)
		})
		return tooFar, err
	})
	return out, err
}

// Meets asks the database whether a row, as it stood or stands in the log, meets
// the rule and the filter of a grant; other rows are as they are now.
func (s *Store) Meets(ctx context.Context, g access.Grant, row access.Row) (bool, error) {
	n := g.Node()
	b := s.builder(g.Principal())
	t := b.use(n.Model)
	b.raw("SELECT (true")
	b.and(t, n.Rule)
	b.and(t, n.Where)
	b.raw(") FROM (SELECT ")
	first := true
	for _, f := range n.Model.Fields {
		if !f.Stored() {
			continue
		}
		if !first {
			b.raw(",")
		}
		first = false
		b.arg(f, row.Field(f))
		b.raw(" AS ")
		b.name(f.Column)
	}
	if n.Model.Scope == schema.Tenant {
		b.raw(",")
		b.ownTenant()
		b.raw(` AS "`, OrgColumn, `"`)
	}
	b.raw(") ", t.alias)
	met := false
	err := s.engine.ReadOne(ctx, func(c Conn) error {
		return b.query(c, func(r Row) error { met = r.Bool(0); return nil })
	})
	return met, err
}
