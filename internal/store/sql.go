package store

import (
	"strconv"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// builder writes one statement and gathers its arguments. Every value is an
// argument, so that equal shapes make equal text and share one prepared
// statement; names come from the schema alone, never from a caller.
//
// A table is read only through from (and fromSearch), and changed only by the
// three statements of write.go and delete.go. Each of them goes on through
// where, which puts the tenant's condition first; an INSERT sets the tenant.
type builder struct {
	words     *words
	sql       []byte
	args      []any
	by        *access.Principal
	org       string
	orgArg    int  // the tenant's place among args, or 0
	searchArg int  // that of the words of a search, or 0
	deciding  bool // what is asked decides about a write, and must be so until it is done
	tables    int
	lists     int     // relations to many that the condition being written is inside of
	beside    *beside // of the list whose rows are being written; nil where relations are sub-selects
}

func (s *Store) builder(by *access.Principal) *builder {
	return &builder{words: wordsOf(s.engine.Dialect()), by: by, org: by.Org, sql: make([]byte, 0, 512), args: make([]any, 0, 8)}
}

// query runs the statement in the caller's organization: for the database, too,
// there is no other.
func (b *builder) query(c Conn, fn func(Row) error) error {
	c.Enter(b.org)
	return c.Query(string(b.sql), b.args, fn)
}

// await is query, of which the caller goes on in then.
func (b *builder) await(c Conn, fn func(Row) error, then func(error) error) error {
	c.Enter(b.org)
	return c.Await(string(b.sql), b.args, fn, then)
}

func (b *builder) raw(parts ...string) {
	for _, p := range parts {
		b.sql = append(b.sql, p...)
	}
}

func (b *builder) name(s string) {
	b.sql = append(b.sql, '"')
	b.sql = append(b.sql, s...)
	b.sql = append(b.sql, '"')
}

// literal writes a text that the schema or a selection names, such as a key of
// the answer.
func (b *builder) literal(s string) {
	b.sql = append(b.sql, '\'')
	for i := 0; i < len(s); i++ {
		if s[i] == '\'' {
			b.sql = append(b.sql, '\'')
		}
		b.sql = append(b.sql, s[i])
	}
	b.sql = append(b.sql, '\'')
}

func (b *builder) int(n int) { b.sql = strconv.AppendInt(b.sql, int64(n), 10) }

// table is one use of a model's table in a statement, under an alias.
type table struct {
	model *schema.Model
	alias string
}

func (b *builder) column(t table, f *schema.Field) {
	b.raw(t.alias, `."`, f.Column, `"`)
}

// from writes the table, what it is joined with, and the WHERE clause that every
// statement starts with: the tenant's condition.
func (b *builder) from(t table, joins ...string) {
	b.raw(` FROM "`, t.model.Table, `" `, t.alias)
	b.raw(joins...)
	b.where(t)
}

func (b *builder) use(m *schema.Model) table {
	t := table{m, "t" + strconv.Itoa(b.tables)}
	b.tables++
	return t
}

func (b *builder) where(t table) {
	b.raw(" WHERE ")
	b.tenant(t)
}

// tenant writes the condition that keeps a statement within the caller's
// organization. It is the only one of its kind, and has no other branch.
func (b *builder) tenant(t table) {
	if t.model.Scope == schema.Global {
		b.raw("true")
		return
	}
	b.raw(t.alias, `."_org"=`)
	b.ownTenant()
}

// ownTenant writes the caller's organization, which a statement on a tenant's
// table can't be without.
func (b *builder) ownTenant() {
	if b.org == "" {
		panic("store: a tenant's table without a tenant")
	}
	if b.orgArg == 0 {
		b.args = append(b.args, b.org)
		b.orgArg = len(b.args)
	}
	b.placeholder(b.orgArg)
	b.raw(b.words.types[textKind])
}

// and adds a condition; nil is true.
func (b *builder) and(t table, c *query.Cond) {
	if c != nil {
		b.raw(" AND ")
		b.cond(t, c)
	}
}

// key adds the condition on the primary key.
func (b *builder) key(t table, key []any) {
	for i, f := range t.model.Key {
		b.raw(" AND ")
		b.column(t, f)
		b.raw("=")
		b.arg(f, key[i])
	}
}

// cond writes a condition. NULL never escapes it into a NOT: a negation asks
// whether its inside IS NOT TRUE.
func (b *builder) cond(t table, c *query.Cond) {
	switch c.Test {
	case query.All:
		b.raw("true")
	case query.None:
		b.raw("false")
	case query.And:
		b.joined(t, c.Kids, " AND ")
	case query.Or:
		b.joined(t, c.Kids, " OR ")
	case query.Not:
		b.raw("(")
		b.cond(t, c.Kids[0])
		b.raw(") IS NOT TRUE")
	case query.Related:
		b.related(t, c)
	default:
		b.compare(t, c)
	}
}

func (b *builder) joined(t table, kids []*query.Cond, word string) {
	b.raw("(")
	for i, kid := range kids {
		if i > 0 {
			b.raw(word)
		}
		b.cond(t, kid)
	}
	b.raw(")")
}

// related asks row by row. The second list on a path is looked through once for
// the whole statement instead: asked row by row, a path that goes back and forth
// between two models would multiply their rows with each step.
func (b *builder) related(t table, c *query.Cond) {
	if c.Field.Relation.ToMany() {
		b.lists++
		defer func() { b.lists-- }()
		if b.lists > 1 {
			b.among(t, c)
			return
		}
	}
	b.raw("EXISTS (SELECT 1")
	to := b.use(c.Field.Relation.Target)
	b.from(to)
	b.link(t, to, c.Field.Relation)
	b.and(to, c.Kids[0])
	if b.deciding && !to.model.ReadOnly {
		b.raw(b.words.lockRelied)
	}
	b.raw(")")
}

// among asks whether a row's key is among those of the related rows.
func (b *builder) among(t table, c *query.Cond) {
	r := c.Field.Relation
	b.raw("(")
	b.columns(t, r.From)
	b.raw(") IN (SELECT ")
	to := b.use(r.Target)
	b.columns(to, r.To)
	b.from(to)
	b.and(to, c.Kids[0])
	b.raw(")")
}

func (b *builder) columns(t table, fields []*schema.Field) {
	for i, f := range fields {
		if i > 0 {
			b.raw(",")
		}
		b.column(t, f)
	}
}

// link joins a related row to its origin.
func (b *builder) link(from, to table, r *schema.Relation) {
	for i := range r.From {
		b.raw(" AND ")
		b.column(to, r.To[i])
		b.raw("=")
		b.column(from, r.From[i])
	}
}

// compare writes a test of one field. An argument that the caller does not
// have, or that is of another type, makes it false.
func (b *builder) compare(t table, c *query.Cond) {
	k := compared(c)
	args := make([]any, len(c.Args))
	for i, a := range c.Args {
		if args[i] = a.Value; a.Var != "" {
			args[i] = b.by.Value(a.Var)
		}
		_, list := args[i].([]any)
		if args[i] == nil || a.Var != "" && !list && !fits(k, args[i]) {
			b.raw("false")
			return
		}
	}
	switch c.Test {
	case query.IsNull:
		b.subject(t, c)
		b.raw(" IS NULL")
	case query.NotNull:
		b.subject(t, c)
		b.raw(" IS NOT NULL")
	case query.Ne, query.NotIn, query.NotContains:
		positive := *c
		positive.Test = map[query.Test]query.Test{query.Ne: query.Eq, query.NotIn: query.In, query.NotContains: query.Contains}[c.Test]
		b.raw("(")
		b.compare(t, &positive)
		b.raw(") IS NOT TRUE")
	case query.In:
		b.subject(t, c)
		b.oneOf(k, args[0])
	case query.Contains, query.Overlaps:
		b.contains(t, c, args[0])
	case query.BeginsWith:
		b.beginsWith(t, c, args[0].(string))
	case query.Between:
		b.subject(t, c)
		b.raw(" BETWEEN ")
		b.argument(k, args[0])
		b.raw(" AND ")
		b.argument(k, args[1])
	default:
		b.subject(t, c)
		b.raw(map[query.Test]string{query.Eq: "=", query.Lt: "<", query.Le: "<=", query.Gt: ">", query.Ge: ">="}[c.Test])
		b.argument(k, args[0])
	}
}

// compared is the kind of what a comparison looks at.
func compared(c *query.Cond) kind {
	switch {
	case c.Size:
		return integerKind
	case c.Field.List:
		return elementKind(c.Field)
	}
	return kindOf(c.Field)
}

// subject is what a comparison looks at: the field, or its size.
func (b *builder) subject(t table, c *query.Cond) {
	switch {
	case c.Size && c.Field.List:
		b.raw("json_array_length(")
		b.column(t, c.Field)
	case c.Size:
		b.raw("length(")
		b.bare(t, c.Field)
	default:
		b.column(t, c.Field)
		return
	}
	b.raw(")")
}

func (b *builder) contains(t table, c *query.Cond, arg any) {
	if !c.Field.List {
		b.raw(b.words.find)
		b.bare(t, c.Field)
		b.raw(",")
		b.argument(textKind, arg)
		b.raw(")>0")
		return
	}
	k := elementKind(c.Field)
	b.raw(b.words.has[k][0])
	b.column(t, c.Field)
	b.raw(b.words.has[k][1])
	b.oneOf(k, arg)
	b.raw(")")
}

// beginsWith is a range, so that an index serves it.
func (b *builder) beginsWith(t table, c *query.Cond, prefix string) {
	b.bare(t, c.Field)
	b.raw(">=")
	b.argument(textKind, prefix)
	if end, ok := afterPrefix(prefix); ok {
		b.raw(" AND ")
		b.bare(t, c.Field)
		b.raw("<")
		b.argument(textKind, end)
	}
}

// afterPrefix is the least text above every text with the prefix, in the order
// of code points; none where all such characters are the last one there is.
func afterPrefix(prefix string) (string, bool) {
	runes := []rune(prefix)
	for i := len(runes) - 1; i >= 0; i-- {
		next := runes[i] + 1
		if next == 0xD800 {
			next = 0xE000 // no surrogates in UTF-8
		}
		if next <= 0x10FFFF {
			return string(append(runes[:i:i], next)), true
		}
	}
	return "", false
}
