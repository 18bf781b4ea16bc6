package store

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// Where rows leave as columns, related rows leave as PostgreSQL's records: a ROW inside
// of its row, a list an ARRAY of them, in the form in which the protocol sends them
// (src/backend/utils/adt: record_send, array_send). The database puts no text together
// then, which was a third of a nested list's time there, and of each value does what it
// does for a column.

// record writes a row as one value, and says how it is read.
func (b *builder) record(t table, fields []access.Out) *answer {
	a := &answer{version: -1, inside: true}
	b.raw("ROW(")
	b.fields(a, t, fields)
	b.raw(")")
	return a
}

// sent goes on from a column to the type that appendSent takes it for, of which a view may
// have another. A date and a float are sent as their text.
func (b *builder) sent(k kind) {
	if k == floatKind || k == dateKind {
		k = textKind
	}
	b.raw(b.words.types[k])
}

// relation writes the rows that a field relates to: a record, or of many an array.
func (b *builder) relation(from table, out *access.Out, m *member) {
	m.form = recordKind
	switch many := out.Field.Relation.ToMany(); {
	case many && out.Sub.Parts == nil:
		m.form, m.inner = recordsKind, b.relatedMany(from, out, out.Sub.Fields)
	case many:
		m.inner = b.connection(from, out)
	case b.beside != nil:
		m.inner = b.beside.join(b, from, b.use(out.Sub.Model), out)
	default:
		m.inner = b.single(from, b.use(out.Sub.Model), out, "")
	}
}

func (b *builder) single(from, to table, out *access.Out, as string) *answer {
	b.raw("(SELECT ")
	a := b.record(to, out.Sub.Fields)
	b.raw(as)
	b.source(from, to, out)
	b.raw(" LIMIT 1)")
	return a
}

// relatedMany chooses the rows first and makes them into records after, so that only the
// page costs anything.
func (b *builder) relatedMany(from table, out *access.Out, fields []access.Out) *answer {
	to, rows := b.use(out.Sub.Model), b.use(out.Sub.Model)
	joined, outer := beside{rows: rows}, b.beside
	if b.beside = nil; inOrder(out) {
		b.beside = &joined
	}
	b.raw("ARRAY(SELECT ")
	a := b.record(to, fields)
	b.beside = outer
	b.raw(" FROM (SELECT ", rows.alias, ".*", string(joined.columns))
	b.page(from, rows, out, string(joined.joins))
	b.limit(out.Sub.Limit, 0)
	b.raw(") ", to.alias, ")")
	return a
}

// connection writes the parts of a list that were asked for.
func (b *builder) connection(from table, out *access.Out) *answer {
	a := &answer{version: -1, inside: true}
	keys := newKeys(len(out.Sub.Parts))
	b.raw("ROW(")
	for i, part := range out.Sub.Parts {
		keys.next(i, part.As)
		if part.Kind == query.Constant {
			keys.text = form.AppendQuoted(keys.text, []byte(part.Literal))
			continue
		}
		m := keys.member(b, a)
		switch part.Kind {
		case query.Items:
			m.form, m.inner = recordsKind, b.relatedMany(from, out, part.Fields)
		case query.NextCursor:
			b.nextPage(from, out)
		case query.Total:
			m.form = integerKind
			b.raw("(SELECT count(*)")
			b.source(from, b.use(out.Sub.Model), out)
			b.raw(")")
		}
		a.members = append(a.members, m)
	}
	keys.close(b, a)
	b.raw(")")
	return a
}

// beside is what the rows of a list are joined with as they are chosen.
type beside struct {
	rows    table  // as they are chosen
	columns []byte // what is joined, for who makes the rows into records
	joins   []byte
}

// join writes the name of a related row's record, and joins it. PostgreSQL remembers
// then, where that pays by its statistics, what it has found for the same key; of a
// sub-select it does not.
func (s *beside) join(b *builder, from, to table, out *access.Out) *answer {
	name := fmt.Sprintf(`"+%s"`, to.alias) // of no field
	b.raw(from.alias, ".", name)
	sql := b.sql
	b.sql, b.beside = s.joins, nil
	b.raw(" LEFT JOIN LATERAL ")
	a := b.single(s.rows, to, out, " AS one")
	b.raw(" ", to.alias, " ON true")
	b.sql, b.beside, s.joins = sql, s, b.sql
	s.columns = fmt.Append(s.columns, ",", to.alias, ".one AS ", name)
	return a
}

// inOrder tells whether an index has the rows of a nested list in its order, so that
// no more of them are looked at, and joined, than are shown.
func inOrder(out *access.Out) bool {
	r := out.Field.Relation
	if r.Far != nil || !uniform(out.Sub.Sort) {
		return false
	}
	want := slices.Clone(r.To)
	for _, o := range out.Sub.Sort {
		want = append(want, o.Field)
	}
	return slices.ContainsFunc(r.Target.Indexes, func(x *schema.Index) bool {
		has := slices.Concat(x.Fields, r.Target.Key)
		return len(has) >= len(want) && slices.Equal(has[:len(want)], want)
	})
}

// appendRecord appends the row that a record is: the number of its columns, and of each
// its type, its length or -1, and its bytes; numbers of four bytes, big end first.
func (a *answer) appendRecord(to, record []byte) []byte {
	from, rest := len(to), record[4:]
	for i := range a.members {
		var value []byte
		value, rest = cut(rest[4:])
		m := &a.members[i]
		to = append(to, m.lead...)
		at := len(to)
		if to = m.appendSent(to, value); m.lacking(value == nil, to[at:]) {
			return append(to[:from], "null"...)
		}
	}
	return append(to, a.end...)
}

// appendRecords appends the rows of an array: how many dimensions it has, which is one
// or, where it is empty, none; then two numbers that say nothing here, the rows, and the
// index of the first.
func (a *answer) appendRecords(to, array []byte) []byte {
	to = append(to, '[')
	if binary.BigEndian.Uint32(array) > 0 {
		n, rest := int(binary.BigEndian.Uint32(array[12:])), array[20:]
		for i := range n {
			if i > 0 {
				to = append(to, ',')
			}
			var record []byte
			record, rest = cut(rest)
			to = a.appendRecord(to, record)
		}
	}
	return append(to, ']')
}

// cut takes a value off that its length leads; nil is NULL.
func cut(b []byte) (value, rest []byte) {
	n := int32(binary.BigEndian.Uint32(b))
	if b = b[4:]; n < 0 {
		return nil, b
	}
	return b[:n:n], b[n:]
}

// appendSent appends a value of a record.
func (m *member) appendSent(to, v []byte) []byte {
	if v == nil {
		return append(to, "null"...)
	}
	switch m.form {
	case textKind:
		return form.AppendQuoted(to, v)
	case timeKind:
		return append(form.AppendMoment(append(to, '"'), int64(binary.BigEndian.Uint64(v))), '"')
	case dateKind:
		return append(append(append(to, '"'), v...), '"')
	case boolKind:
		return strconv.AppendBool(to, v[0] != 0)
	case integerKind:
		return strconv.AppendInt(to, int64(binary.BigEndian.Uint64(v)), 10)
	case recordKind:
		return m.inner.appendRecord(to, v)
	case recordsKind:
		return m.inner.appendRecords(to, v)
	}
	return append(to, v...)
}
