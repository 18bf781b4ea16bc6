package store

import (
	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/schema"
)

// searching is how an engine finds words.
type searching struct {
	from func(*builder, table, *access.Node)                // as from, of the rows that have them all
	hits func(*builder, table, *access.Node, *schema.Field) // how many of a field's words are among them, or begin with the last
}

// fromSearch is from for the rows that a search finds.
func (b *builder) fromSearch(t table, n *access.Node) { b.words.search.from(b, t, n) }

// score writes how well a row meets the search: hits in each field, an earlier
// field counting more, against the field's length. It looks at the row alone:
// bm25 would weigh words by how rare they are in everybody's rows, and so tell
// one tenant about another's.
func (b *builder) score(t table, n *access.Node) {
	b.raw("(")
	for i, f := range n.Model.Search.Fields {
		if i > 0 {
			b.raw("+")
		}
		if !searches(n, f) {
			b.raw("0")
			continue
		}
		b.raw("coalesce(")
		b.words.search.hits(b, t, n, f)
		b.raw("*")
		b.int(len(n.Model.Search.Fields) - i)
		b.raw(".0/(16+length(")
		b.column(t, f)
		b.raw(")),0)")
	}
	b.raw(")")
}

func searches(n *access.Node, f *schema.Field) bool {
	for _, s := range n.Search.Fields {
		if s == f {
			return true
		}
	}
	return false
}

// afterScore is after for a ranked search, whose score leads the order.
func (b *builder) afterScore(t table, n *access.Node) {
	if n.After == nil {
		return
	}
	b.raw(" AND (")
	b.score(t, n)
	b.raw("<")
	b.argument(floatKind, n.After[0])
	b.raw(" OR ")
	b.score(t, n)
	b.raw("=")
	b.argument(floatKind, n.After[0])
	rest := *n.Bound
	rest.After = n.After[1:]
	b.after(t, &rest)
	b.raw(")")
}
