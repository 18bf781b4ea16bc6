package store

import (
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/schema"
)

// fromFound reads the rows that loam_find has for the words. Under row security
// the planner would look through all rows: the condition on a tsvector is not
// leakproof, and may not be asked before the policy's. So the database's owner
// finds the places of the rows, by the organization's own terms, and the server
// reads them as any other.
func (b *builder) fromFound(t table, n *access.Node) {
	b.from(t)
	if n.Model.Scope == schema.Global { // no policy is on it
		b.terms(t, n, n.Model.Search.Fields)
	} else {
		b.places(t, n)
	}
	if len(n.Search.Fields) < len(n.Model.Search.Fields) { // the index has all fields together
		b.terms(t, n, n.Search.Fields)
	}
}

func (b *builder) places(t table, n *access.Node) {
	b.raw(" AND ", t.alias, ".ctid=ANY(ARRAY(SELECT loam_find(")
	b.literal(`"` + n.Model.Table + `"`)
	b.raw(",ARRAY[")
	for i, f := range n.Model.Search.Fields {
		if i > 0 {
			b.raw(",")
		}
		b.literal(f.Column)
	}
	b.raw("],")
	b.lead(n)
	b.raw(",")
	b.wanted(n)
	b.raw(")))")
}

// terms writes that the words are all in some of the fields.
func (b *builder) terms(t table, n *access.Node, fields []*schema.Field) {
	b.raw(" AND loam_search(")
	b.lead(n)
	b.raw(",ARRAY[")
	b.columns(t, fields)
	b.raw("]) @@ loam_query(")
	b.lead(n)
	b.raw(",")
	b.wanted(n)
	b.raw(")")
}

// lead writes whose terms of the index are looked for.
func (b *builder) lead(n *access.Node) {
	if n.Model.Scope == schema.Tenant {
		b.ownTenant()
	} else {
		b.raw("''")
	}
}

// wanted writes the words of the search, which are told from each other and folded
// as those of the rows are: once for the statement.
func (b *builder) wanted(n *access.Node) {
	if b.searchArg == 0 {
		b.args = append(b.args, strings.Join(n.Search.Words, " "))
		b.searchArg = len(b.args)
	}
	b.raw("(SELECT loam_words(")
	b.placeholder(b.searchArg)
	b.raw("::text))")
}

func (b *builder) found(t table, n *access.Node, f *schema.Field) {
	b.raw("loam_hits(")
	b.column(t, f)
	b.raw(",")
	b.wanted(n)
	b.raw(")")
}
