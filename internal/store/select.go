package store

import (
	"strconv"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// object writes a row of the answer as one JSON text: by a function where the
// engine has one that is the fastest and every value is a column; text put
// together where a value is the text of a nested select, which would otherwise be
// parsed again at each level.
func (b *builder) object(t table, fields []access.Out) {
	nested, strict := false, false
	for i := range fields {
		nested = nested || fields[i].Sub != nil || fields[i].Embedded != nil
		strict = strict || fields[i].NonNull
	}
	if b.words.object == "" || nested || strict {
		b.concat(t, fields, strict)
		return
	}
	b.raw(b.words.object)
	for i := range fields {
		if i > 0 {
			b.raw(",")
		}
		b.literal(fields[i].As)
		b.raw(",")
		b.masked(t, &fields[i], "null", b.value)
	}
	b.raw(")")
}

// concat puts an object together. A strict one is NULL where a value that it
// can't be without is.
func (b *builder) concat(t table, fields []access.Out, strict bool) {
	open, glue, end := "concat(", ",", ")"
	if strict {
		open, glue, end = "(", "||", ")"
	}
	b.raw(open)
	for i := range fields {
		if strict && i > 0 {
			b.raw(glue)
		} else {
			b.next(i, glue)
		}
		b.memberKey(i, fields[i].As)
		b.raw(glue)
		null := "'null'"
		if fields[i].NonNull {
			null = "NULL"
		}
		b.masked(t, &fields[i], null, b.text)
	}
	if len(fields) == 0 {
		b.raw("'{'")
	}
	b.raw(glue, "'}'", end)
}

// mostMembers are written by one call of concat: a function of PostgreSQL takes
// 100 arguments.
const mostMembers = 40

// next goes on to the i-th member of an object that concat puts together.
func (b *builder) next(i int, glue string) {
	switch {
	case i == 0:
	case i%mostMembers == 0:
		b.raw(")||concat(")
	default:
		b.raw(glue)
	}
}

// memberKey writes what leads the i-th member's value: `{"key":` or `,"key":`.
func (b *builder) memberKey(i int, key string) {
	lead := ","
	if i == 0 {
		lead = "{"
	}
	b.literal(lead + jsonText(key) + ":")
}

// constant writes a text as JSON text.
func (b *builder) constant(s string) { b.literal(jsonText(s)) }

func jsonText(s string) string {
	return string(form.AppendQuoted(make([]byte, 0, len(s)+2), []byte(s)))
}

// masked writes a field's value behind the condition under which the caller
// may see it.
func (b *builder) masked(t table, out *access.Out, null string, write func(table, *access.Out)) {
	switch {
	case out.Denied:
		b.raw(null)
	case out.Mask != nil:
		b.raw("CASE WHEN ")
		b.cond(t, out.Mask)
		b.raw(" THEN ")
		write(t, out)
		b.raw(" ELSE ", null, " END")
	default:
		write(t, out)
	}
}

// text writes a field as JSON text; never NULL.
func (b *builder) text(t table, out *access.Out) {
	f := out.Field
	switch {
	case out.IsLiteral:
		b.constant(out.Literal)
	case out.Sub != nil && f.Relation.ToMany():
		b.many(t, out)
	case out.Sub != nil:
		b.one(t, out)
	case out.Embedded != nil:
		b.raw("coalesce(")
		b.embedded(t.alias+`."`+f.Column+`"`, f, out.Embedded)
		b.raw(",'null')")
	default:
		k := kindOf(f)
		if out.Encoded {
			k = textKind
		}
		b.jsonOf(k, t.alias, `."`, f.Column, `"`)
	}
}

func isJSON(f *schema.Field) bool {
	return f.List || f.Kind == schema.EmbeddedKind || f.Kind == schema.ScalarKind && f.Scalar == schema.JSON
}

func isBool(f *schema.Field) bool { return f.Kind == schema.ScalarKind && f.Scalar == schema.Boolean }

// one writes a to-one relation: the related row's object, or null.
func (b *builder) one(from table, out *access.Out) {
	if !out.NonNull {
		b.raw("coalesce(")
	}
	to := b.use(out.Sub.Model)
	b.raw("(SELECT ")
	b.object(to, out.Sub.Fields)
	b.source(from, to, out)
	b.raw(" LIMIT 1)")
	if !out.NonNull {
		b.raw(",'null')")
	}
}

// source writes FROM, with the joins, and WHERE of a nested select.
func (b *builder) source(from, to table, out *access.Out, joins ...string) {
	b.from(to, joins...)
	b.link(from, to, out.Field.Relation)
	b.and(to, out.Sub.Rule)
	b.and(to, out.Sub.Where)
}

// many writes a to-many relation: an array, or the parts that were asked for.
// The rows are chosen first and made into JSON after, so that only the page
// costs anything.
func (b *builder) many(from table, out *access.Out) {
	n := out.Sub
	if n.Parts == nil {
		b.array(from, out, n.Fields)
		return
	}
	b.raw("concat(")
	for i, part := range n.Parts {
		b.next(i, ",")
		b.memberKey(i, part.As)
		b.raw(",")
		switch part.Kind {
		case query.Items:
			b.array(from, out, part.Fields)
		case query.NextCursor:
			b.nextPage(from, out)
		case query.Total:
			b.raw("(SELECT count(*)")
			b.source(from, b.use(n.Model), out)
			b.raw(")")
		default:
			b.constant(part.Literal)
		}
	}
	if len(n.Parts) == 0 {
		b.raw("'{'")
	}
	b.raw(",'}')")
}

func (b *builder) array(from table, out *access.Out, fields []access.Out) {
	to, rows := b.use(out.Sub.Model), b.use(out.Sub.Model)
	b.raw("(SELECT concat('[',", b.words.join, "coalesce(")
	b.object(to, fields)
	b.raw(",'null'),','),']') FROM (SELECT ", rows.alias, ".*")
	b.page(from, rows, out)
	b.limit(out.Sub.Limit, 0)
	b.raw(") ", to.alias, ")")
}

// page writes what follows SELECT and the columns for the rows of a nested list, in
// order.
func (b *builder) page(from, rows table, out *access.Out, joins ...string) {
	b.source(from, rows, out, joins...)
	b.after(rows, out.Sub.Bound)
	b.orderBy(rows, out.Sub.Bound)
}

func (b *builder) sortColumns(t table, n *access.Node) {
	for i, o := range n.Sort {
		if i > 0 {
			b.raw(",")
		}
		b.column(t, o.Field)
		b.raw(" AS c")
		b.int(i)
	}
}

// nextPage writes the sort values of a nested list's last row where another
// row follows it, else null. Package data seals them into a cursor.
func (b *builder) nextPage(from table, out *access.Out) {
	b.raw("coalesce((SELECT concat('['")
	for i, o := range out.Sub.Sort {
		if i > 0 {
			b.raw(",','")
		}
		b.raw(",")
		b.jsonOf(kindOf(o.Field), "l.c", strconv.Itoa(i))
	}
	b.raw(",']'")
	b.raw(") FROM (SELECT ")
	last, next := b.use(out.Sub.Model), b.use(out.Sub.Model)
	b.sortColumns(last, out.Sub)
	b.page(from, last, out)
	b.limit(1, out.Sub.Limit-1)
	b.raw(") l WHERE EXISTS (SELECT 1")
	b.page(from, next, out)
	b.limit(1, out.Sub.Limit)
	b.raw(")),'null')")
}

func (b *builder) limit(n, offset int) {
	b.raw(" LIMIT ")
	b.int(n)
	if offset > 0 {
		b.raw(" OFFSET ")
		b.int(offset)
	}
}

// embedded writes the selected fields of an embedded value, or of each in a
// list of them.
func (b *builder) embedded(value string, f *schema.Field, fields []query.BoundField) {
	b.raw("CASE WHEN ", value, " IS NOT NULL THEN ")
	if f.List {
		alias := b.use(nil).alias
		each := b.words.each
		b.raw("(SELECT concat('[',", b.words.join, "CASE WHEN ", each[1], alias, each[2], " THEN 'null' ELSE ")
		b.members(alias+".value", fields)
		b.raw(" END,','),']') FROM ", each[0], value, ") ", alias, ")")
	} else {
		b.members(value, fields)
	}
	b.raw(" END")
}

func (b *builder) members(value string, fields []query.BoundField) {
	b.raw("concat(")
	for i, f := range fields {
		b.next(i, ",")
		b.memberKey(i, f.As)
		b.raw(",")
		switch {
		case f.IsLiteral:
			b.constant(f.Literal)
		case f.Embedded != nil:
			b.raw("coalesce(")
			b.embedded(value+b.words.member[0]+f.Field.Name+b.words.member[1], f.Field, f.Embedded)
			b.raw(",'null')")
		default:
			b.raw("coalesce(", value, b.words.member[0], f.Field.Name, b.words.member[1], ",'null')")
		}
	}
	if len(fields) == 0 {
		b.raw("'{'")
	}
	b.raw(",'}')")
}
