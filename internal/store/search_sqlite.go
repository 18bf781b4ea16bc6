package store

import (
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/schema"
)

// searchSuffix names a model's full-text table.
const searchSuffix = "__search"

// fromIndex reads the rows that FTS5 has for the words.
func (b *builder) fromIndex(t table, n *access.Node) {
	index := `"` + n.Model.Table + searchSuffix + `"`
	b.raw(" FROM ", index, ` JOIN "`, n.Model.Table, `" `, t.alias, " ON ", t.alias, `."_rowid"=`, index, ".rowid")
	b.where(t)
	b.match(n)
}

// match writes the condition of a search. The tenant is a term of the index,
// so that only its own rows are candidates.
func (b *builder) match(n *access.Node) {
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

// highlighted counts the marks that FTS5 puts before each hit.
func (b *builder) highlighted(t table, n *access.Node, f *schema.Field) {
	place := slices.Index(n.Model.Search.Fields, f)
	if n.Model.Scope == schema.Tenant {
		place++ // "_org" leads the index
	}
	b.raw("(length(highlight(")
	b.name(n.Model.Table + searchSuffix)
	b.raw(",")
	b.int(place)
	b.raw(",char(1),''))-length(")
	b.column(t, f)
	b.raw("))")
}
