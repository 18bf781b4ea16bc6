package access

import (
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// Grant is leave to run one read for one caller. Only Policy.Read makes one
// that is worth anything; the zero Grant panics where it is used.
type Grant struct {
	by     *Principal
	node   *Node
	denied []string
}

// Node is one level of a read with the rules woven in: the rows that Rule and
// Where let through, and of each the Fields.
type Node struct {
	*query.Bound
	Rule   *query.Cond // nil: every row of the tenant
	Where  *query.Cond // the caller's filter, each field behind its own rule
	Fields []Out
	Parts  []Part
	// Whole tells that Fields are all stored fields of the model, none masked: the
	// row as the change log keeps it.
	Whole bool
}

// Out is one selected field. Mask is a condition on the row under which the
// value is shown, else null; Denied shows null always.
type Out struct {
	query.BoundField
	Mask   *query.Cond
	Denied bool
	Sub    *Node
}

// Part is one key of a nested page.
type Part struct {
	query.BoundPart
	Fields []Out
}

// Node is what was granted.
func (g Grant) Node() *Node {
	if g.node == nil {
		panic("access: a grant that no policy made")
	}
	return g.node
}

// Principal is whom it was granted to.
func (g Grant) Principal() *Principal { return g.by }

// Denied lists the dotted paths of the selected fields that are null because
// no rule lets the caller read them, whatever the row.
func (g Grant) Denied() []string { return g.denied }

// Read weaves the rules into a bound read. What a caller may not read can't be
// filtered, sorted, searched or grouped by either: access/field_denied.
func (p *Policy) Read(by *Principal, b *query.Bound) (Grant, error) {
	w := weaver{Policy: p, by: by}
	node, err := w.node(b, b.Op.Operation(), "")
	if err != nil {
		return Grant{}, err
	}
	return Grant{by: by, node: node, denied: w.denied}, nil
}

type weaver struct {
	*Policy
	by     *Principal
	denied []string
}

func (w *weaver) node(b *query.Bound, op schema.Operation, path string) (*Node, error) {
	v, err := w.model(b.Model, w.by, op)
	if err != nil {
		return nil, err
	}
	return w.under(v, b, op, path)
}

// under is node where the model's verdict is known.
func (w *weaver) under(v verdict, b *query.Bound, op schema.Operation, path string) (*Node, error) {
	n := &Node{Bound: b, Rule: v.cond}
	var err error
	if n.Where, err = w.condition(b.Where); err != nil {
		return nil, err
	}
	for _, o := range b.Sort {
		if err := w.wholly(o.Field, "sort by"); err != nil {
			return nil, err
		}
	}
	if b.Search != nil {
		if n.Bound, err = w.searchable(b); err != nil {
			return nil, err
		}
	}
	if b.Totals != nil {
		return n, w.totals(b.Totals)
	}
	if b.Parts == nil || b.Select != nil {
		n.Fields = w.selection(b.Model, b.Select, op, path)
		n.Whole = b.Select == nil && w.models[b.Model].open
	}
	for _, part := range b.Parts {
		out := Part{BoundPart: part}
		if part.Kind == query.Items {
			out.Fields = w.selection(b.Model, part.Select, op, path+part.As+".")
		}
		n.Parts = append(n.Parts, out)
	}
	return n, nil
}

// wholly demands that the caller may read the field in every row.
func (w *weaver) wholly(f *schema.Field, doing string) error {
	if v := w.field(f, w.by, schema.List); !v.allowed || v.cond != nil {
		return fault.New(fault.AccessFieldDenied, "you may not read %s of every %s, so you may not %s it", f.Name, f.Model.Name, doing).At(f.Name)
	}
	return nil
}

func (w *weaver) searchable(b *query.Bound) (*query.Bound, error) {
	terms := *b.Search
	terms.Fields = nil
	for _, f := range b.Search.Fields {
		if w.wholly(f, "search") == nil {
			terms.Fields = append(terms.Fields, f)
		}
	}
	if len(terms.Fields) == 0 {
		return nil, fault.New(fault.AccessFieldDenied, "you may not read any field that %s is searched by", b.Model.Name)
	}
	out := *b
	out.Search = &terms
	return &out, nil
}

func (w *weaver) totals(t *query.BoundTotals) error {
	for _, fields := range [][]*schema.Field{t.GroupBy, t.Sum, t.Avg, t.Min, t.Max} {
		for _, f := range fields {
			if err := w.wholly(f, "aggregate"); err != nil {
				return err
			}
		}
	}
	return nil
}

// condition puts every field of a caller's filter behind the rules: a field's
// own, and the target's where the filter goes through a relation.
func (w *weaver) condition(c *query.Cond) (*query.Cond, error) {
	if c == nil || c.Field == nil && len(c.Kids) == 0 {
		return c, nil
	}
	var mask *query.Cond
	if c.Field != nil {
		v := w.field(c.Field, w.by, schema.List)
		if !v.allowed {
			return nil, fault.New(fault.AccessFieldDenied, "you may not read %s of %s, so you may not filter by it", c.Field.Name, c.Field.Model.Name).At(c.Field.Name)
		}
		mask = v.cond
	}
	out := c
	if len(c.Kids) > 0 {
		copied := *c
		copied.Kids = make([]*query.Cond, len(c.Kids))
		for i, kid := range c.Kids {
			woven, err := w.condition(kid)
			if err != nil {
				return nil, err
			}
			copied.Kids[i] = woven
		}
		out = &copied
	}
	if c.Test == query.Related {
		v, err := w.model(c.Field.Relation.Target, w.by, schema.List)
		if err != nil {
			return nil, err
		}
		link := w.linked(c.Field, w.by, schema.List)
		if !link.allowed {
			return nil, fault.New(fault.AccessFieldDenied, "you may not read what %s of %s stands on, so you may not filter by it", c.Field.Name, c.Field.Model.Name).At(c.Field.Name)
		}
		out.Kids[0] = query.AllOf(v.cond, link.cond, out.Kids[0])
	}
	return query.AllOf(mask, out), nil
}

// selection puts every selected field behind its rules. The default selection
// leaves out what the caller may never read.
func (w *weaver) selection(m *schema.Model, fields []query.BoundField, op schema.Operation, path string) []Out {
	if fields == nil {
		return w.rest(m, op)
	}
	out := make([]Out, 0, len(fields))
	for _, f := range fields {
		if f.IsRest {
			out = append(out, w.rest(m, op)...)
		} else {
			out = append(out, w.out(f, op, path))
		}
	}
	return out
}

// rest is every plain field that the caller may read.
func (w *weaver) rest(m *schema.Model, op schema.Operation) []Out {
	mp := w.models[m]
	if len(mp.fields) == 0 {
		return mp.defaults
	}
	out := make([]Out, 0, len(mp.defaults))
	for _, o := range mp.defaults {
		if v := w.field(o.Field, w.by, op); v.allowed {
			o.Mask = v.cond
			out = append(out, o)
		}
	}
	return out
}

func (w *weaver) out(f query.BoundField, op schema.Operation, path string) Out {
	out := Out{BoundField: f}
	if f.IsLiteral || f.Field.Model == nil {
		return out
	}
	v := w.field(f.Field, w.by, op)
	out.Mask, out.Denied = v.cond, !v.allowed
	if v.allowed && f.Sub != nil {
		under := schema.Get
		if f.Field.Relation.ToMany() {
			under = schema.List
		}
		link := w.linked(f.Field, w.by, under)
		sub, err := w.node(f.Sub, under, path+f.As+".")
		out.Sub, out.Denied = sub, err != nil || !link.allowed
		if err == nil {
			sub.Rule = query.AllOf(sub.Rule, link.cond)
		}
	}
	if out.Denied {
		w.denied = append(w.denied, path+f.As)
	}
	return out
}
