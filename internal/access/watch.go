package access

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// Watch is leave to follow the changes of the rows that a read shows. Only
// Policy.Watch makes one that is worth anything; the zero Watch panics where it
// is used. It judges rows in memory as the statement of its Grant would.
type Watch struct {
	grant  Grant
	row    *query.Cond // rule and filter, the caller's variables replaced by their values
	fields []Out       // likewise their masks
	told   []Out       // all that the caller may read of a row
	deep   bool
	class  string
}

// Image is a row as the change log keeps it.
type Image interface {
	Row
	JSON(f *schema.Field) []byte // of a stored field; "null" without one
	Text() []byte                // all stored fields as one object
}

// Watch weaves the rules of listening into a bound read; those of a List hold as
// well, since a live list shows what the list does.
func (p *Policy) Watch(by *Principal, b *query.Bound) (Watch, error) {
	w := weaver{Policy: p, by: by}
	v, err := w.listen(b.Model)
	if err != nil {
		return Watch{}, err
	}
	op := b.Op.Operation()
	n, err := w.under(v, b, op, "")
	if err != nil {
		return Watch{}, err
	}
	if b.Op != query.Follow {
		list, err := w.model(b.Model, by, op)
		if err != nil {
			return Watch{}, err
		}
		if !bytes.Equal(list.cond.Append(nil), n.Rule.Append(nil)) {
			n.Rule = query.AllOf(list.cond, n.Rule)
		}
	}
	out := Watch{grant: Grant{by: by, node: n, denied: w.denied}, row: resolve(query.AllOf(n.Rule, n.Where), by), deep: n.Count || n.Search != nil || n.After != nil || n.Parts != nil}
	out.fields, out.told = resolveOuts(n.Fields, by), resolveOuts(w.rest(b.Model, op), by)
	for _, o := range out.fields {
		out.deep = out.deep || o.Sub != nil || needsDatabase(o.Mask)
	}
	out.deep = out.deep || needsDatabase(out.row)
	class := sha256.Sum256(appendNode(append(fmt.Appendf(nil, "%s\x00%d\x00", classOrg(by, b.Model), b.Op), b.Model.Name...), n, by))
	out.class = string(class[:])
	return out, nil
}

func classOrg(by *Principal, m *schema.Model) string {
	if m.Scope == schema.Global {
		return ""
	}
	return by.Org
}

// listen judges whether the caller may follow a model at all. Where the schema
// makes its subscriptions public, any caller with credentials may.
func (w *weaver) listen(m *schema.Model) (verdict, error) {
	if m.ReadOnly {
		return verdict{}, fault.New(fault.RealtimeNotFollowed, "changes of %s are not followed; ask for it again in a while", m.Name)
	}
	if m.Ops.PublicSubscriptions && w.by.Kind != Anonymous && (m.Scope == schema.Global || w.by.Org != "") {
		return verdict{allowed: true}, nil
	}
	return w.model(m, w.by, schema.Listen)
}

// Grant is the read itself, for what only the database can tell.
func (w Watch) Grant() Grant {
	if w.grant.node == nil {
		panic("access: a watch that no policy made")
	}
	return w.grant
}

// RowGrant is leave to read the one row as the watch shows it.
func (w Watch) RowGrant(key []any) Grant {
	n := *w.Grant().node
	bound := *n.Bound
	bound.Op, bound.Key, bound.Limit, bound.Sort, bound.Count = query.Get, key, 1, nil, false
	n.Bound = &bound
	return Grant{by: w.grant.by, node: &n}
}

// Org is the organization whose rows are watched, "" for those of all.
func (w Watch) Org() string { return classOrg(w.grant.by, w.grant.node.Model) }

// Condition is what a row must meet to be seen, free of variables; nil: nothing.
func (w Watch) Condition() *query.Cond { return w.row }

// Deep tells whether the rows, or what is shown of them, depend on other rows:
// only the database can judge them then.
func (w Watch) Deep() bool { return w.deep }

// Class is a digest, equal for watches that show the same of every row, whoever
// asks.
func (w Watch) Class() string { return w.class }

// Sees tells whether the row is one of those watched.
func (w Watch) Sees(row Row) bool { return Match(w.row, nil, row) }

// Tells tells whether a caller who sees the row before and after a change can
// see that there was one, beside its version and time of change.
func (w Watch) Tells(before, after Image) bool {
	for i := range w.told {
		o := &w.told[i]
		if m := o.Field.Model; o.Field == m.UpdatedAt || o.Field == m.Version || needsDatabase(o.Mask) {
			continue
		}
		was, is := shown(o, before), shown(o, after)
		if was != is || was && !bytes.Equal(before.JSON(o.Field), after.JSON(o.Field)) {
			return true
		}
	}
	return !bytes.Equal(w.Append(nil, before), w.Append(nil, after))
}

func shown(o *Out, row Row) bool { return !o.Denied && Match(o.Mask, nil, row) }

// Models are the models whose rows have a say in what the watch shows.
func (w Watch) Models() []*schema.Model {
	seen := []*schema.Model{w.grant.node.Model}
	add := func(m *schema.Model) {
		if !slices.Contains(seen, m) {
			seen = append(seen, m)
		}
	}
	w.grant.node.walk(func(n *Node) {
		add(n.Model)
		for _, c := range []*query.Cond{n.Rule, n.Where} {
			related(c, add)
		}
		for i := range n.Fields {
			related(n.Fields[i].Mask, add)
		}
		for i := range n.Parts {
			for j := range n.Parts[i].Fields {
				related(n.Parts[i].Fields[j].Mask, add)
			}
		}
	})
	return seen
}

func related(c *query.Cond, add func(*schema.Model)) {
	c.Walk(func(c *query.Cond) {
		if c.Test == query.Related {
			add(c.Field.Relation.Target)
		}
	})
}

// walk calls fn for the node and all those it selects.
func (n *Node) walk(fn func(*Node)) {
	fn(n)
	each := func(fields []Out) {
		for i := range fields {
			if fields[i].Sub != nil {
				fields[i].Sub.walk(fn)
			}
		}
	}
	each(n.Fields)
	for i := range n.Parts {
		each(n.Parts[i].Fields)
	}
}

// resolve replaces the caller's variables by their values. A test of one that
// the caller lacks is false, and its negation true.
func resolve(c *query.Cond, by *Principal) *query.Cond {
	if c == nil {
		return nil
	}
	out := *c
	if len(c.Kids) > 0 {
		out.Kids = make([]*query.Cond, len(c.Kids))
		for i, kid := range c.Kids {
			out.Kids[i] = resolve(kid, by)
		}
	}
	if !slices.ContainsFunc(c.Args, func(a query.Operand) bool { return a.Var != "" }) {
		return &out
	}
	out.Args = make([]query.Operand, len(c.Args))
	for i, a := range c.Args {
		if a.Var != "" {
			a = query.Operand{Value: by.Value(a.Var)}
		}
		if a.Value == nil {
			if c.Test == query.Ne || c.Test == query.NotIn || c.Test == query.NotContains {
				return &query.Cond{Test: query.All}
			}
			return &query.Cond{Test: query.None}
		}
		out.Args[i] = a
	}
	return &out
}

// resolveOuts is resolve for the masks of fields; those without any are shared.
func resolveOuts(fields []Out, by *Principal) []Out {
	if !slices.ContainsFunc(fields, func(o Out) bool { return o.Mask != nil }) {
		return fields
	}
	out := slices.Clone(fields)
	for i := range out {
		out[i].Mask = resolve(out[i].Mask, by)
	}
	return out
}

// appendNode writes all that decides what a node shows to the caller.
func appendNode(b []byte, n *Node, by *Principal) []byte {
	b = resolve(n.Rule, by).Append(append(b, '{'))
	b = resolve(n.Where, by).Append(b)
	b = fmt.Appendf(b, "%d,%t,%#v", n.Limit, n.Count, n.After)
	for _, o := range n.Sort {
		b = fmt.Appendf(b, " %s %t", o.Field.Name, o.Desc)
	}
	if n.Search != nil {
		b = fmt.Appendf(b, "?%q %t", n.Search.Words, n.Search.Sorted)
		for _, f := range n.Search.Fields {
			b = append(append(b, ' '), f.Name...)
		}
	}
	b = appendOuts(b, n.Fields, by)
	for _, p := range n.Parts {
		b = appendOuts(fmt.Appendf(b, "|%d %q %q", p.Kind, p.As, p.Literal), p.Fields, by)
	}
	return append(b, '}')
}

func appendOuts(b []byte, fields []Out, by *Principal) []byte {
	for i := range fields {
		o := &fields[i]
		b = appendSelected(b, &o.BoundField)
		b = resolve(o.Mask, by).Append(fmt.Appendf(b, "%t", o.Denied))
		if o.Sub != nil {
			b = appendNode(b, o.Sub, by)
		}
	}
	return b
}

func appendSelected(b []byte, f *query.BoundField) []byte {
	b = fmt.Appendf(b, ";%q %t %q %t %t", f.As, f.IsLiteral, f.Literal, f.Encoded, f.NonNull)
	if f.Field != nil {
		b = fmt.Appendf(b, " %s %s %t", f.Field.Name, f.Field.TypeName, f.Field.List)
	}
	if f.Embedded != nil {
		b = append(b, '[')
		for i := range f.Embedded {
			b = appendSelected(b, &f.Embedded[i])
		}
		b = append(b, ']')
	}
	return b
}
