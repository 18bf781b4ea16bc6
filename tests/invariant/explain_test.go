package invariant

import (
	"slices"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// checkExplain holds what is explained of a row against the Grant that a read of it gets,
// and both against the oracle.
func (w *world) checkExplain(c *caller) {
	m := pick(w.g, w.schema.Models...)
	by := c.principal()
	for name, op := range access.Operations() {
		if op == schema.Listen && (m.Ops.PublicSubscriptions || m.ReadOnly) || op == schema.SearchOp { // the schema's word goes before the rules'
			continue
		}
		w.holds(c, m, name, op, w.explained(by, m, op, nil), nil)
		for _, r := range w.within(c, m) {
			w.holds(c, m, name, op, w.explained(by, m, op, stored{r}), r)
		}
	}
	w.asked++
}

func (w *world) explained(by *access.Principal, m *schema.Model, op schema.Operation, r access.Row) access.Explanation {
	e, err := w.c.Policy.Explain(by, m, op, access.About{Row: r})
	if err != nil {
		w.fatalf("explaining %s: %v", m.Name, err)
	}
	return e
}

func (w *world) holds(c *caller, m *schema.Model, name string, op schema.Operation, e access.Explanation, r *row) {
	some, whole := w.anyRule(m.Rules, c, op)
	want := access.Refused
	writes := op&(schema.Create|schema.Update|schema.Delete) != 0
	switch {
	case w.model(m, c, op) != fine || writes && (c.readOnly || m.ReadOnly) || !some:
	case whole || r != nil && w.allows(m.Rules, c, op, r):
		want = access.Allowed
	case r == nil:
		want = access.Depends
	}
	depends := r != nil && e.Verdict == access.Depends && wide(m, nil) // only the database knows
	if e.Verdict != want && !depends {
		w.fatalf("%s of %s by %s is explained as %s, the oracle says %s: %+v of %s", name, m.Name, c.name, e.Verdict, want, e, text(r))
	}
	if e.Verdict == access.Allowed && !slices.ContainsFunc(e.Rules, func(x access.RuleExplained) bool { return x.Verdict != access.Refused && x.Verdict != access.NotAsked }) && c.kind != "superuser" {
		w.fatalf("%s of %s by %s: no rule allows what is allowed: %+v", name, m.Name, c.name, e)
	}
	for _, f := range e.Fields {
		field := m.Field(f.Name)
		if field.Relation != nil || r == nil || e.Verdict == access.Depends || f.Read.Verdict == access.Depends {
			continue
		}
		row := e.Verdict == access.Allowed
		if shows := row && w.shows(field, c, op, r); op&schema.Read != 0 && shows != (f.Read.Verdict == access.Allowed) {
			w.fatalf("%s of %s.%s by %s is explained as %+v, the oracle says %v", name, m.Name, f.Name, c.name, f.Read, shows)
		}
		if f.Write != nil && f.Write.Verdict == access.Allowed && !(row && w.shows(field, c, op, r)) {
			w.fatalf("%s of %s.%s by %s is explained as %+v, the oracle says no", name, m.Name, f.Name, c.name, *f.Write)
		}
	}
	if op != schema.Get || r == nil || depends {
		return
	}
	key := map[string]any{}
	for _, k := range m.Key {
		key[k.Name] = numbers(r.v[k.Name])
	}
	bound, err := query.Bind(w.schema, &query.Read{Model: m.Name, Op: query.Get, Key: key}, query.DefaultLimits)
	if err != nil {
		w.fatalf("binding %v: %v", key, err)
	}
	grant, err := w.c.Policy.Read(c.principal(), bound)
	if err == nil && asksOthers(grant.Node().Rule) { // which are not in memory
		return
	}
	granted := err == nil && access.Match(grant.Node().Rule, c.principal(), stored{r})
	if granted != (e.Verdict == access.Allowed) {
		w.fatalf("a get of %s by %s is explained as %s, and granted: %v", m.Name, c.name, e.Verdict, granted)
	}
}

// asksOthers tells whether a condition is about other rows than its own.
func asksOthers(c *query.Cond) bool {
	return c != nil && (c.Test == query.Related || slices.ContainsFunc(c.Kids, asksOthers))
}
