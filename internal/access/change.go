package access

import (
	"encoding/json"
	"slices"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// WriteGrant is leave to run one write for one caller. Only Policy.Write makes
// one that is worth anything; the zero WriteGrant panics where it is used.
type WriteGrant struct {
	by     *Principal
	change *Change
}

// Change is a write with the rules woven in.
type Change struct {
	*query.BoundWrite
	// Rule is what the row must meet: before the change, or after it where the
	// row is new. Nil: every row of the tenant.
	Rule *query.Cond
	// Seen tells which rows the caller may get, so that a refusal is "not
	// found" for the others. None: no row.
	Seen *query.Cond
	// Refs are the references that the write sets to rows that the caller must
	// be able to see.
	Refs []Ref
	// Answer is the row as the caller may read it; nil where no rule allows
	// that, and then the answer is the key alone.
	Answer *Node
	Denied []string // as of Grant

	Insert, Update *Change // of an Upsert
}

// Ref is a reference that a write sets, and which of its targets will do.
type Ref struct {
	Field *schema.Field // the relation
	Rule  *query.Cond   // nil: any row of the tenant
}

// Wide tells whether what the written row must meet looks at other rows. It is
// then asked before the row is written: a row must not be what lets itself in.
func (c *Change) Wide() bool {
	if c.Op == query.Create && needsDatabase(c.Rule) {
		return true
	}
	return slices.ContainsFunc(c.Refs, func(r Ref) bool { return needsDatabase(r.Rule) })
}

// Change is what was granted.
func (g WriteGrant) Change() *Change {
	if g.change == nil {
		panic("access: a grant that no policy made")
	}
	return g.change
}

// Principal is whom it was granted to.
func (g WriteGrant) Principal() *Principal { return g.by }

// Write weaves the rules into a bound write, and fills in the owner of a new
// row.
func (p *Policy) Write(by *Principal, b *query.BoundWrite) (WriteGrant, error) {
	if err := by.mayWrite(); err != nil {
		return WriteGrant{}, err
	}
	w := weaver{Policy: p, by: by}
	if b.Op != query.Upsert {
		change, err := w.change(b)
		if err == nil && b.Op == query.Create {
			err = change.settle(by)
		}
		return WriteGrant{by, change}, err
	}
	insert, err := w.change(b.Insert)
	if err != nil {
		return WriteGrant{}, err
	}
	update, err := w.change(b.Update)
	if err != nil {
		return WriteGrant{}, err
	}
	return WriteGrant{by, &Change{BoundWrite: b, Insert: insert, Update: update, Seen: update.Seen}}, nil
}

// mayWrite refuses a caller who may not write, whatever the rules say.
func (p *Principal) mayWrite() error {
	switch {
	case p.ReadOnly && p.Kind == Superuser:
		return fault.New(fault.AccessDenied, "as admin you may only read here: console.data in loam.yaml says how far one goes; over a connection that stays nobody writes as admin")
	case p.Unproven:
		return fault.New(fault.AuthReauthenticate, "show who you are once more to write as admin: send your password, a code of your authenticator app or a passkey to /auth/reauthenticate, or sign in again, and repeat this")
	case p.ReadOnly && p.Impersonator != "":
		return fault.New(fault.AccessDenied, "who acts as another user may only read")
	case p.ReadOnly:
		return fault.New(fault.AccessDenied, "this API key may only read")
	}
	return nil
}

func (w *weaver) change(b *query.BoundWrite) (*Change, error) {
	v, err := w.model(b.Model, w.by, b.Op.Operation())
	if err != nil {
		return nil, err
	}
	c := &Change{BoundWrite: b, Rule: v.cond, Seen: &query.Cond{Test: query.None}}
	if b.Op == query.Create {
		w.fillOwner(b)
	}
	if c.Condition != nil {
		woven, err := w.condition(c.Condition)
		if err != nil {
			return nil, err
		}
		bound := *b
		bound.Condition = woven
		c.BoundWrite = &bound
	}
	if err := w.fields(c); err != nil {
		return nil, err
	}
	if c.Refs, err = w.refs(b); err != nil {
		return nil, err
	}
	w.answer(c)
	if b.Op != query.Create && c.Condition != nil { // it asks nothing of a row that the caller may not see
		c.Condition = query.AllOf(c.Seen, c.Condition)
	}
	return c, nil
}

// settle decides about a new row what can be decided without the database. That
// of an Upsert waits: there may be a row to update.
func (c *Change) settle(by *Principal) error {
	if c.Condition != nil && (needsDatabase(c.Condition) || !Match(c.Condition, by, MapRow(nil))) {
		return fault.New(fault.DataCondition, "the condition asks for a row that is not there yet")
	}
	if c.Rule != nil && !needsDatabase(c.Rule) {
		if !Match(c.Rule, by, newRow{c.BoundWrite}) {
			return fault.New(fault.AccessDenied, "no rule of %s lets you create this row", c.Model.Name)
		}
		c.Rule = nil
	}
	return nil
}

// fields puts each field that the caller writes behind its own rules.
func (w *weaver) fields(c *Change) error {
	for _, a := range c.Set {
		if a.Implied {
			continue
		}
		v := w.field(a.Field, w.by, c.Op.Operation())
		if !v.allowed {
			return fault.New(fault.AccessFieldDenied, "you may not write %s of %s", a.Field.Name, c.Model.Name).At(a.Field.Name)
		}
		c.Rule = query.AllOf(c.Rule, v.cond)
	}
	return nil
}

// answer grants the row back to the caller as a get would.
func (w *weaver) answer(c *Change) {
	w.denied = nil // of this change alone: an Upsert has two
	read := &query.Bound{Model: c.Model, Op: query.Get, Key: c.Key, Limit: 1, Select: c.Select}
	node, err := w.node(read, schema.Get, "")
	if err == nil {
		c.Answer, c.Seen = node, node.Rule
	}
	c.Denied = w.denied
}

// NoReference is the one answer for a target that is missing, foreign or
// hidden.
func NoReference(f *schema.Field) error {
	return fault.New(fault.DataNoReference, "there is no such %s, or none that you may see", f.Relation.Target.Name).At(f.Relation.From[0].Name)
}

// fillOwner makes the caller the owner of a new row where the input names none
// and the owner field is implicit, or an owner rule lets owners create. Amplify's composite spelling of the
// caller, "sub::username", becomes the plain one.
func (w *weaver) fillOwner(b *query.BoundWrite) {
	if w.by.Kind != User {
		return
	}
	for i := range w.models[b.Model].rules {
		r := &w.models[b.Model].rules[i]
		if r.Allow != schema.AllowOwner || r.Ops&schema.Create == 0 && !r.OwnerField.Implicit {
			continue // nobody but the server could set an implicit owner
		}
		me, ok := w.by.Value(identity(r.IdentityClaim)).(string)
		if !ok {
			continue
		}
		owner, given := b.Value(r.OwnerField)
		switch {
		case !given || owner == nil:
			b.Assign(r.OwnerField, ownerValue(r.OwnerField, me))
		case owner == w.by.UserID+"::"+w.by.Username:
			b.Assign(r.OwnerField, me)
		}
	}
}

func ownerValue(f *schema.Field, me string) any {
	if !f.List {
		return me
	}
	text, err := json.Marshal([]string{me})
	if err != nil {
		panic("access: a list of one string always encodes: " + err.Error())
	}
	return schema.JSONText(text)
}

// newRow is a row that a create is about to write.
type newRow struct{ *query.BoundWrite }

func (r newRow) Field(f *schema.Field) any {
	value, _ := r.Value(f)
	return value
}
