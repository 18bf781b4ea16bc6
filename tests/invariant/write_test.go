package invariant

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
)

// write is one change that a caller asks for.
type write struct {
	op    string // create, update, delete, upsert
	m     *schema.Model
	key   []any // update, delete
	input map[string]any
	stale bool // demands a version that the row does not have
}

// refusals is the set of statuses with which a write may be refused; a write
// without any must succeed.
type refusals map[int]bool

func (r refusals) add(status int) { r[status] = true }

// checkWrite changes something, or fails to, and holds all rows of everybody
// against what the oracle says of it.
func (w *world) checkWrite(c *caller) {
	n := 1
	if w.g.chance(0.2) {
		n = 2 + w.g.IntN(2)
	}
	var writes []*write
	for range n {
		if x := w.draw(c); x != nil {
			writes = append(writes, x)
		}
	}
	if len(writes) == 0 {
		return
	}
	before := maps.Clone(w.rows)
	refused := refusals{}
	for _, x := range writes {
		w.attempt(x, c, refused)
	}
	status, body := w.perform(writes, c)
	if len(refused) == 0 != (status < 300) || status >= 300 && !refused[status] {
		w.fatalf("answered %d; the oracle allows %v (none: success)", status, slices.Sorted(maps.Keys(refused)))
	}
	if len(refused) > 0 {
		w.rows = before
	}
	w.settle(len(refused) > 0)
	if len(refused) == 0 && len(writes) == 1 && body != nil {
		w.echoed(writes[0], c, body)
	}
	w.asked++
}

// draw draws a write: about own rows, hidden ones, other tenants' and none.
func (w *world) draw(c *caller) *write {
	x := &write{m: pick(w.g, w.schema.Models...), op: pick(w.g, "create", "create", "update", "update", "delete", "upsert")}
	rows := w.rows[x.m.Name]
	if x.m.ReadOnly || x.op != "create" && len(rows) == 0 {
		return nil
	}
	org := c.org
	if c.kind == "anonymous" {
		org = w.orgs()[0]
	}
	strange := pick(w.g, w.orgs()...)
	if x.m.Scope == schema.Global { // everybody's rows carry nobody's canaries
		org, strange = "", ""
	}
	if x.op == "create" || x.op == "upsert" {
		x.input = w.input(x.m, org)
		if w.g.chance(0.15) { // a reference to a stranger's row
			w.point(x.m, x.input, strange)
		}
		if !w.complete(x.m, x.input) {
			return nil
		}
		own := keep(rows, func(r *row) bool { return r.org == org }) // a stranger's key would plant a canary here
		if x.op == "upsert" && len(own) > 0 && w.g.chance(0.7) {
			r := pick(w.g, own...)
			for _, f := range x.m.Key {
				x.input[f.Name] = r.v[f.Name]
			}
		}
		return x
	}
	x.key = pick(w.g, rows...).key()
	if w.g.chance(0.1) {
		x.key[0] = "none"
	}
	x.stale = w.g.chance(0.1)
	if x.op == "update" {
		x.input = w.input(x.m, org)
		maps.DeleteFunc(x.input, func(name string, v any) bool {
			f := x.m.Field(name)
			return slices.Contains(x.m.Key, f) || w.g.chance(0.6) || v == nil && f.Required
		})
		w.whole(x.m, x.input)
	}
	return x
}

// whole drops the halves of references: a key of several fields goes together.
func (w *world) whole(m *schema.Model, in map[string]any) {
	for _, f := range m.Fields {
		if f.Relation == nil || f.Relation.ToMany() || len(f.Relation.From) < 2 {
			continue
		}
		for _, from := range f.Relation.From {
			delete(in, from.Name)
		}
	}
}

// attempt does a write in the oracle's memory, or says why not.
func (w *world) attempt(x *write, c *caller, refused refusals) {
	if c.readOnly {
		refused.add(forbidden)
		return
	}
	var old *row
	key := x.key
	if x.op == "upsert" {
		for _, f := range x.m.Key {
			key = append(key, norm(x.input[f.Name]))
		}
	}
	for _, r := range w.within(c, x.m) {
		if key != nil && reflect.DeepEqual(r.key(), key) {
			old = r
		}
	}
	switch x.op {
	case "upsert":
		inserts, updates := w.may(x, c, schema.Create, refused), w.may(x, c, schema.Update, refused)
		switch {
		case !inserts || !updates:
			w.refer(x, c, &row{m: x.m, org: c.org, v: norm(x.input).(map[string]any)}, refused)
		case old == nil:
			w.create(x, c, refused)
		default:
			w.update(x, c, old, refused)
		}
	case "create":
		if w.may(x, c, schema.Create, refused) {
			w.create(x, c, refused)
		}
	case "update":
		if w.may(x, c, schema.Update, refused) {
			w.update(x, c, old, refused)
		}
	case "delete":
		if w.may(x, c, schema.Delete, refused) && w.standing(x, c, old, schema.Delete, refused) {
			w.remove(c, old, refused)
		}
	}
}

// may is what can be said without a look at the row.
func (w *world) may(x *write, c *caller, op schema.Operation, refused refusals) bool {
	if v := w.model(x.m, c, op); v != fine {
		refused.add(v)
		return false
	}
	for name := range x.input {
		if some, _ := w.field(x.m.Field(name), c, op); !some {
			refused.add(forbidden)
			return false
		}
	}
	return true
}

// permits is what the rules say of a row, and of the fields that change.
func (w *world) permits(x *write, c *caller, op schema.Operation, r *row) bool {
	if !w.allows(x.m.Rules, c, op, r) {
		return false
	}
	for name := range x.input {
		f := x.m.Field(name)
		if x.op == "upsert" && op == schema.Update && slices.Contains(x.m.Key, f) {
			continue
		}
		if !w.shows(f, c, op, r) {
			return false
		}
	}
	return true
}

func (w *world) create(x *write, c *caller, refused refusals) {
	r := &row{m: x.m, org: c.org, v: map[string]any{}}
	if x.m.Scope == schema.Global {
		r.org = ""
	}
	for name, v := range x.input {
		r.v[name] = norm(v)
	}
	w.own(r, c)
	if !w.permits(x, c, schema.Create, r) {
		refused.add(forbidden)
	}
	w.refer(x, c, r, refused)
	if w.taken(x.m, r.org, r.v) {
		refused.add(409)
	}
	w.rows[x.m.Name] = append(slices.Clip(w.rows[x.m.Name]), r)
}

// own makes the caller the owner of a new row that names none.
func (w *world) own(r *row, c *caller) {
	for _, rule := range r.m.Rules {
		if rule.Allow != schema.AllowOwner || rule.Ops&schema.Create == 0 || c.kind != "user" || r.v[rule.OwnerField.Name] != nil {
			continue
		}
		var me any = c.id
		if rule.IdentityClaim == "email" {
			me = c.email
		}
		if rule.OwnerField.List {
			me = []any{me}
		}
		r.v[rule.OwnerField.Name] = me
	}
}

// refer holds the references that a write sets against what the caller sees.
func (w *world) refer(x *write, c *caller, r *row, refused refusals) {
	for _, f := range x.m.Fields {
		if f.Relation == nil || f.Relation.ToMany() {
			continue
		}
		set, complete := false, true
		for _, from := range f.Relation.From {
			_, given := x.input[from.Name]
			set = set || given && x.input[from.Name] != nil
			complete = complete && r.v[from.Name] != nil
		}
		if !set {
			continue
		}
		if w.model(f.Relation.Target, c, schema.Get) != fine {
			refused.add(400)
			continue
		}
		sees := slices.ContainsFunc(w.related(f, r, c), func(t *row) bool { return w.allows(t.m.Rules, c, schema.Get, t) })
		if complete && !sees {
			refused.add(400)
		}
	}
}

// standing finds the row that a write is about and whether it may go ahead: a
// row that the caller may neither see nor change does not exist.
func (w *world) standing(x *write, c *caller, old *row, op schema.Operation, refused refusals) bool {
	if old == nil {
		refused.add(404)
		return false
	}
	sees := w.model(x.m, c, schema.Get) == fine && w.allows(x.m.Rules, c, schema.Get, old)
	switch permitted := w.permits(x, c, op, old); {
	case !permitted && !sees:
		refused.add(404)
	case !permitted:
		refused.add(forbidden)
	case x.stale:
		refused.add(412)
	default:
		return true
	}
	return false
}

func (w *world) update(x *write, c *caller, old *row, refused refusals) {
	if old != nil {
		r := &row{m: x.m, org: old.org, v: maps.Clone(old.v)}
		for name, v := range x.input {
			r.v[name] = norm(v)
		}
		w.refer(x, c, r, refused)
		if !w.standing(x, c, old, schema.Update, refused) {
			return
		}
		w.replace(old, nil)
		if w.taken(x.m, r.org, r.v) {
			refused.add(409)
		}
		w.rows[x.m.Name] = append(w.rows[x.m.Name], r)
		return
	}
	w.refer(x, c, &row{m: x.m, org: c.org, v: norm(x.input).(map[string]any)}, refused) // refused before anybody looks for the row
	w.standing(x, c, nil, schema.Update, refused)
}

// replace puts a row in another's place, or takes it out.
func (w *world) replace(old, with *row) {
	var out []*row
	for _, r := range w.rows[old.m.Name] {
		switch {
		case r != old:
			out = append(out, r)
		case with != nil:
			out = append(out, with)
		}
	}
	w.rows[old.m.Name] = out
}

// remove deletes a row, and does to those that refer to it what the schema says.
func (w *world) remove(c *caller, old *row, refused refusals) {
	for _, m := range w.schema.Models {
		for _, f := range m.Fields {
			r := f.Relation
			if r == nil || r.Target != old.m || r.ToMany() || slices.Equal(r.From, m.Key) && r.Type != schema.BelongsTo {
				continue
			}
			for _, child := range slices.Clone(w.rows[m.Name]) {
				if child.org == old.org || old.org == "" {
					w.orphan(c, child, f, old, refused)
				}
			}
		}
	}
	w.replace(old, nil)
}

func (w *world) orphan(c *caller, child *row, f *schema.Field, old *row, refused refusals) {
	for i, from := range f.Relation.From {
		if child.v[from.Name] == nil || child.v[from.Name] != old.v[f.Relation.To[i].Name] {
			return
		}
	}
	if child.org != "" && child.org != c.org { // a shared row that strangers use stays
		refused.add(409)
		return
	}
	required := slices.ContainsFunc(f.Relation.From, func(k *schema.Field) bool { return k.Required })
	switch {
	case f.Relation.OnDelete == schema.Restrict || required && f.Relation.OnDelete != schema.Cascade:
		refused.add(409)
	case f.Relation.OnDelete == schema.Cascade:
		w.remove(c, child, refused)
	default:
		r := &row{m: child.m, org: child.org, v: maps.Clone(child.v)}
		for _, from := range f.Relation.From {
			r.v[from.Name] = nil
		}
		w.replace(child, r)
	}
}

// perform sends the writes through a door, and returns the status, and the row
// that REST answers a single one with.
func (w *world) perform(writes []*write, c *caller) (int, any) {
	stale := slices.ContainsFunc(writes, func(x *write) bool { return x.stale })
	if w.g.chance(0.4) && !stale {
		return w.mutate(writes, c), nil
	}
	methods := map[string]string{"create": "POST", "update": "PATCH", "delete": "DELETE", "upsert": "PUT"}
	var operations []any
	for _, x := range writes {
		path := "/api/" + x.m.Path
		if x.key != nil {
			path = w.path(x.m, x.key)
		}
		op := map[string]any{"method": methods[x.op], "path": path}
		if x.input != nil {
			op["body"] = x.input
		}
		if x.stale {
			op["ifMatch"] = "99"
		}
		operations = append(operations, op)
	}
	if len(writes) > 1 {
		return w.do(c, "POST", "/api/batch", map[string]any{"operations": operations}).status, nil
	}
	var headers []string
	if stale {
		headers = []string{"If-Match", `"99"`}
	}
	op := operations[0].(map[string]any)
	a := w.do(c, op["method"].(string), op["path"].(string), op["body"], headers...)
	if len(a.body) == 0 {
		return a.status, nil
	}
	return a.status, a.value()
}

func (w *world) mutate(writes []*write, c *caller) int {
	d := &document{w: w, vars: map[string]any{}}
	var fields []string
	for i, x := range writes {
		in := maps.Clone(x.input)
		if in == nil {
			in = map[string]any{}
		}
		name, typ := map[string]string{"create": x.m.Ops.Create, "update": x.m.Ops.Update, "delete": x.m.Ops.Delete, "upsert": "upsert" + x.m.Name}[x.op], x.op
		if x.op == "upsert" {
			typ = "create"
		}
		for i, v := range x.key {
			in[x.m.Key[i].Name] = v
		}
		arg := d.variable(strings.ToUpper(typ[:1])+typ[1:]+x.m.Name+"Input!", in)
		fields = append(fields, fmt.Sprintf("w%d: %s(input: %s) { %s }", i, name, arg, x.m.Key[0].Name))
	}
	a := w.do(c, "POST", "/graphql", map[string]any{"query": d.text("mutation", "{ "+strings.Join(fields, " ")+" }"), "variables": d.vars})
	errs, _ := asObject(a.value())["errors"].([]any)
	if len(errs) == 0 {
		return 200
	}
	code, _ := asObject(asObject(errs[0])["extensions"])["code"].(string)
	entry, known := fault.Catalog[fault.Code(code)]
	if !known {
		w.fatalf("an error without a code")
	}
	return entry.Kind.Status()
}

// settle reads all rows of everybody: after a refusal they are as before, and
// after a write as the oracle says. What the server sets is taken over.
func (w *world) settle(unchanged bool) {
	for _, m := range w.schema.Models {
		if m.ReadOnly {
			continue
		}
		var now []*row
		for i, org := range w.orgs() {
			if m.Scope == schema.Tenant || i == 0 {
				now = append(now, w.stored(m, org)...)
			}
		}
		was := byKey(w.rows[m.Name])
		is := byKey(now)
		for id, r := range is {
			old := was[id]
			if old == nil {
				w.fatalf("%s is there, and the oracle knows no such row: %s", id, text(r.v))
			}
			for name, v := range r.v {
				f := m.Field(name)
				if (unchanged || !f.ReadOnly) && !reflect.DeepEqual(v, old.v[name]) {
					w.fatalf("%s: %s is %s, the oracle says %s", id, name, text(v), text(old.v[name]))
				}
			}
			delete(was, id)
		}
		for id, r := range was {
			w.fatalf("%s is gone, the oracle says %s", id, text(r.v))
		}
		w.rows[m.Name] = now
	}
}

func byKey(rows []*row) map[string]*row {
	out := map[string]*row{}
	for _, r := range rows {
		out[r.m.Name+" "+text(r.key())+" of "+r.org] = r
	}
	return out
}

// echoed holds the answer to a write against what the caller may read of the
// row: nothing but its key, where no rule lets them get it.
func (w *world) echoed(x *write, c *caller, body any) {
	if x.op == "delete" {
		return
	}
	got := asObject(body)
	for _, r := range w.within(c, x.m) {
		same := true
		for _, f := range x.m.Key {
			same = same && r.v[f.Name] == got[f.Name]
		}
		if !same {
			continue
		}
		want := map[string]any{}
		for _, f := range x.m.Key {
			want[f.Name] = r.v[f.Name]
		}
		if w.model(x.m, c, schema.Get) == fine && w.allows(x.m.Rules, c, schema.Get, r) {
			want = asObject(w.shown(r, c, schema.Get, nil, rest))
		}
		w.same("the answer to the write", []any{body}, []any{want}, false)
		return
	}
	w.fatalf("the answer is of a row that is not there: %s", text(body))
}
