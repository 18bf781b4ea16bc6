package store

import (
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/schema"
)

// searchSuffix names a model's full-text table.
const searchSuffix = "__search"

// fromSearch is from for the rows that a search finds.
func (b *builder) fromSearch(t table, n *access.Node) {
	index := `"` + n.Model.Table + searchSuffix + `"`
	b.raw(" FROM ", index, ` JOIN "`, n.Model.Table, `" `, t.alias, " ON ", t.alias, `."_rowid"=`, index, ".rowid")
	b.where(t)
	b.match(t, n)
}

// match writes the condition of a search. The tenant is a term of the index,
// so that only its own rows are candidates.
func (b *builder) match(t table, n *access.Node) {
	var text strings.Builder
	if n.Model.Scope == schema.Tenant {
		text.WriteString(`"_org" : "` + b.org + `" AND `)
	}
	text.WriteString("{")
	for i, f := range n.Search.Fields {
		if i > 0 {
			text.WriteString(" ")
		}
		text.WriteString(`"` + f.Column + `"`)
	}
	text.WriteString("} : (")
	for i, word := range n.Search.Words {
		if i > 0 {
			text.WriteString(" AND ")
		}
		text.WriteString(`"` + word + `"`)
		if i == len(n.Search.Words)-1 {
			text.WriteString(" *")
		}
	}
	text.WriteString(")")
	b.raw(" AND ")
	b.name(n.Model.Table + searchSuffix)
	b.raw(" MATCH ")
	b.argument(textKind, text.String())
}

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
		place := i
		if n.Model.Scope == schema.Tenant {
			place++ // "_org" leads the index
		}
		b.raw("coalesce((length(highlight(")
		b.name(n.Model.Table + searchSuffix)
		b.raw(",")
		b.int(place)
		b.raw(",char(1),''))-length(")
		b.column(t, f)
		b.raw("))*")
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
