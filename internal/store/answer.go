package store

import (
	"strconv"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/schema"
)

// answer is how the columns of a statement become rows in JSON. Where the database makes
// the text itself, that is the first column. PostgreSQL's functions for it cost more than
// the rest of a list (30 rows of 9 fields: 180 of 310 µs): there the fields are columns of
// their own, and related rows are records in the form of its protocol; see records.go.
type answer struct {
	columns int // so far, of the statement or the record
	whole   bool
	inside  bool // it is of a record
	members []member
	end     []byte // behind the last member
	version int    // the column of the row's version, or -1
	sort    []sortColumn
}

// member is one key of a row and its value.
type member struct {
	lead     []byte // the key, and the keys before it whose values are constant
	column   int
	form     kind          // jsonKind where the column is JSON text
	required bool          // the row is null where the value is
	inner    *answer       // how a record's own columns are read
	field    *schema.Field // whose value the column is, as it is stored; nil for any other
}

// sortColumn is a value that rows are sorted by; field is nil for the score of a search.
type sortColumn struct {
	field  *schema.Field
	column int
}

// wholeText is the answer of a statement whose first column is the row's text.
func wholeText() *answer { return &answer{whole: true, columns: 1, version: -1} }

func (a *answer) take() int {
	a.columns++
	return a.columns - 1
}

// answer writes the columns that a row is made of.
func (b *builder) answer(t table, fields []access.Out) *answer {
	if !b.words.asColumns {
		b.object(t, fields)
		return wholeText()
	}
	a := &answer{version: -1}
	b.fields(a, t, fields)
	return a
}

// fields writes the columns of fields.
func (b *builder) fields(a *answer, t table, fields []access.Out) {
	a.members = make([]member, 0, len(fields))
	keys := newKeys(len(fields))
	for i := range fields {
		out := &fields[i]
		keys.next(i, out.As)
		switch {
		case out.Denied && !out.NonNull:
			keys.text = append(keys.text, "null"...)
		case out.IsLiteral && out.Mask == nil && !out.Denied:
			keys.text = form.AppendQuoted(keys.text, []byte(out.Literal))
		default:
			m := keys.member(b, a)
			m.required = out.NonNull
			b.field(a, &m, t, out)
			a.members = append(a.members, m)
		}
	}
	keys.close(b, a)
}

// field writes the column of a member.
func (b *builder) field(a *answer, m *member, t table, out *access.Out) {
	switch {
	case out.Sub != nil:
		send, end := "record_send(", ")"
		switch {
		case a.inside:
			send, end = "", ""
		case out.Field.Relation.ToMany() && out.Sub.Parts == nil:
			send = "array_send("
		}
		b.raw(send)
		b.masked(t, out, "NULL", func(t table, out *access.Out) { b.relation(t, out, m) })
		b.raw(end)
	case out.IsLiteral || out.Embedded != nil:
		b.masked(t, out, "NULL", b.text)
	default:
		if m.form = kindOf(out.Field); out.Encoded {
			m.form = textKind
		}
		b.masked(t, out, "NULL", func(t table, out *access.Out) {
			if b.column(t, out.Field); a.inside {
				b.sent(kindOf(out.Field))
			}
		})
		if out.Mask == nil && !out.Denied {
			m.field = out.Field
		}
	}
}

// keys are those of a row, in one piece.
type keys struct {
	text []byte
	from int // what belongs to no member yet
}

func newKeys(n int) keys { return keys{text: append(make([]byte, 0, 24*n+2), '{')} }

// next goes on to the i-th key.
func (k *keys) next(i int, as string) {
	if i > 0 {
		k.text = append(k.text, ',')
	}
	k.text = append(form.AppendQuoted(k.text, []byte(as)), ':')
}

// member is the key's, and a column of its own. What it is made of is the caller's.
func (k *keys) member(b *builder, a *answer) member {
	m := member{lead: k.text[k.from:len(k.text):len(k.text)], column: a.take(), form: jsonKind}
	if k.from = len(k.text); m.column > 0 {
		b.raw(",")
	}
	return m
}

// close ends the row. No columns would be no row.
func (k *keys) close(b *builder, a *answer) {
	if a.end = append(k.text, '}')[k.from:]; a.columns == 0 {
		b.raw("NULL")
		a.take()
	}
}

// also returns the column of a field, which it writes where it is not among those of
// the row.
func (b *builder) also(a *answer, t table, f *schema.Field) int {
	for i := range a.members {
		if a.members[i].field == f {
			return a.members[i].column
		}
	}
	b.raw(",")
	b.column(t, f)
	return a.take()
}

// append appends the row that the columns make.
func (a *answer) append(to []byte, r Row) []byte {
	if a.whole {
		if r.Null(0) { // a row without what it can't be without
			return append(to, "null"...)
		}
		return append(to, r.Bytes(0)...)
	}
	from := len(to)
	for i := range a.members {
		m := &a.members[i]
		to = append(to, m.lead...)
		at, null := len(to), r.Null(m.column)
		if null {
			to = append(to, "null"...)
		} else {
			to = m.append(to, r)
		}
		if m.lacking(null, to[at:]) {
			return append(to[:from], "null"...)
		}
	}
	return append(to, a.end...)
}

// lacking tells whether a row can't be because of its value: one without what it can't be
// without, which may be a row of that kind.
func (m *member) lacking(null bool, value []byte) bool {
	return m.required && (null || m.inner != nil && string(value) == "null")
}

// append appends a value of a row, of which those of some kinds are text already.
func (m *member) append(to []byte, r Row) []byte {
	switch m.form {
	case timeKind:
		return append(append(append(to, '"'), r.Bytes(m.column)...), '"')
	case integerKind:
		return append(to, r.Bytes(m.column)...)
	case boolKind:
		return strconv.AppendBool(to, r.Bool(m.column))
	}
	return m.appendSent(to, r.Bytes(m.column))
}

// sorted reads what the row is sorted by.
func (a *answer) sorted(r Row) []any {
	values := make([]any, len(a.sort))
	for i, s := range a.sort {
		values[i] = sortValue(r, s.column, s.field)
	}
	return values
}
