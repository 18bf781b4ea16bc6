package access

import (
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// The app's own fields of a built-in model are written by those who may change
// the user or the organization at all, which is for the rooms that keep them to
// decide. What is decided here are the rules that a field has of its own.

// WriteProfile grants a write of a built-in model's own fields, bound by
// query.BindProfile. A caller of kind System is not asked for by any rule: the
// server acts.
func (p *Policy) WriteProfile(by *Principal, m *schema.Model, b *query.BoundWrite) (WriteGrant, error) {
	for _, a := range b.Set {
		if a.Implied || by.Kind == System {
			continue
		}
		if !p.profileField(by, m.Field(a.Field.Name), b.Op.Operation(), b.Key[0]) {
			return WriteGrant{}, fault.New(fault.AccessFieldDenied, "you may not write %s of %s", a.Field.Name, m.Name).At(a.Field.Name)
		}
	}
	return WriteGrant{by, &Change{BoundWrite: b}}, nil
}

// MayWriteProfile tells whether the rules of a field of its own let the caller
// change it in one row.
func (p *Policy) MayWriteProfile(by *Principal, f *schema.Field, id string) bool {
	return p.profileField(by, f, schema.Update, id)
}

// ReadProfile grants a read of those own fields of one row that the caller may
// see there.
func (p *Policy) ReadProfile(by *Principal, m *schema.Model, id string) Grant {
	n := &Node{Bound: &query.Bound{Model: m.Profile, Op: query.Get, Key: []any{id}, Limit: 1}}
	for _, f := range m.Profile.Fields {
		if f.Implicit || by.Kind != System && !p.profileField(by, m.Field(f.Name), schema.Get, id) {
			continue
		}
		n.Fields = append(n.Fields, Out{BoundField: query.BoundField{As: f.Name, Field: f}})
	}
	return Grant{by: by, node: n}
}

// profileField asks a field's own rules. Of the row they can look at the id
// alone: whose it is.
func (p *Policy) profileField(by *Principal, f *schema.Field, op schema.Operation, id any) bool {
	rules, has := p.models[f.Model].fields[f]
	if !has {
		return true
	}
	for i := range rules {
		v := judge(rules[i:i+1], by, op)
		if v.allowed && aboutID(v.cond, f.Model) && Match(v.cond, by, MapRow{f.Model.Key[0].Name: id}) {
			return true
		}
	}
	return false
}

// aboutID tells whether a condition looks at nothing but the model's id.
func aboutID(c *query.Cond, m *schema.Model) bool {
	only := true
	c.Walk(func(n *query.Cond) { only = only && (n.Field == nil || n.Field == m.Key[0]) })
	return only
}
