package invariant

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// ask is one question, to be put to every door.
type ask struct {
	m      *schema.Model
	search string
	filter map[string]any
	sort   []query.Sort
	sub    []*include
	flat   url.Values // the filter as parameters of a URL, where it can be said so
}

// include is a relation inside an answer.
type include struct {
	f      *schema.Field
	filter map[string]any // of to-many relations, as sort and limit are
	sort   []query.Sort
	limit  int
	sub    []*include
}

// operation is the operation whose rules the question is under.
func (q *ask) operation() schema.Operation {
	if q.search != "" {
		return schema.SearchOp
	}
	return schema.List
}

func (w *world) ask(c *caller) *ask {
	g := w.g
	q := &ask{m: pick(g, w.schema.Models...)}
	if g.chance(0.7) {
		q.filter = w.filter(q.m, c, 0)
	}
	if flat := (url.Values{}); g.chance(0.5) && q.filter != nil && flatten(q.m, "", q.filter, flat) {
		q.flat = flat
	}
	if g.chance(0.6) {
		q.sort = w.sorts(q.m)
	}
	if q.m.Search != nil && g.chance(0.25) {
		q.search = pick(g, "red", "green", "gr", "zebra red", "ab", "m3", "blue", "m", w.tags[pick(g, w.orgs()...)])
	}
	if g.chance(0.5) {
		q.sub = w.includes(q.m, c, 0)
	}
	return q
}

func (w *world) sorts(m *schema.Model) []query.Sort {
	var out []query.Sort
	for range 1 + w.g.IntN(2) {
		f := pick(w.g, m.Fields...)
		if f.Plain() && !f.Hidden && !slices.ContainsFunc(out, func(s query.Sort) bool { return s.Field == f.Name }) {
			out = append(out, query.Sort{Field: f.Name, Desc: w.g.chance(0.5)})
		}
	}
	return out
}

func (w *world) includes(m *schema.Model, c *caller, depth int) []*include {
	var out []*include
	for _, f := range m.Fields {
		if f.Relation == nil || !w.g.chance(0.5) || len(out) == 2 {
			continue
		}
		in := &include{f: f}
		if f.Relation.ToMany() {
			in.limit = pick(w.g, 1, 2, 3, 9)
			if w.g.chance(0.4) {
				in.filter = w.filter(f.Relation.Target, c, 1)
			}
			if w.g.chance(0.5) {
				in.sort = w.sorts(f.Relation.Target)
			}
		}
		if depth < 2 && w.g.chance(0.4) {
			in.sub = w.includes(f.Relation.Target, c, depth+1)
		}
		out = append(out, in)
	}
	return out
}

// ---- REST

// rest writes the question as a URL.
func (q *ask) rest(limit int, cursor string) string {
	v := url.Values{"limit": {strconv.Itoa(limit)}}
	if cursor == "" {
		v.Set("count", "true")
	} else {
		v.Set("cursor", cursor)
	}
	if q.flat != nil {
		maps.Copy(v, q.flat)
	} else if q.filter != nil {
		v.Set("filter", text(q.filter))
	}
	if len(q.sort) > 0 {
		v.Set("sort", sortText(q.sort))
	}
	if q.search != "" {
		v.Set("search", q.search)
	}
	includeText(v, "", q.sub)
	return "/api/" + q.m.Path + "?" + v.Encode()
}

// flatten says a filter as parameters, "project.name.beginsWith=A"; false where
// parameters can't.
func flatten(m *schema.Model, prefix string, filter map[string]any, out url.Values) bool {
	for key, value := range filter {
		f := m.Field(key)
		tests := asObject(value)
		if f == nil || len(tests) == 0 {
			return false
		}
		if f.Relation != nil {
			if !flatten(f.Relation.Target, prefix+key+".", tests, out) {
				return false
			}
			continue
		}
		for op, arg := range tests {
			name := prefix + key + "." + op
			if sizes, ok := arg.(map[string]any); ok {
				for inner, n := range sizes {
					out.Set(name+"."+inner, text(n))
				}
				continue
			}
			items, list := arg.([]any)
			if !list {
				items = []any{arg}
			}
			var parts []string
			for _, item := range items {
				part, isText := item.(string)
				if !isText {
					part = text(item)
				}
				if item == nil || list && (strings.Contains(part, ",") || len(items) == 0 || part == "") {
					return false
				}
				parts = append(parts, part)
			}
			if list && len(parts) == 0 {
				return false
			}
			if op == "eq" {
				name = prefix + key
			}
			out.Set(name, strings.Join(parts, ","))
		}
	}
	return true
}

func sortText(sort []query.Sort) string {
	var parts []string
	for _, s := range sort {
		sign := ""
		if s.Desc {
			sign = "-"
		}
		parts = append(parts, sign+s.Field)
	}
	return strings.Join(parts, ",")
}

func includeText(v url.Values, prefix string, sub []*include) {
	for _, in := range sub {
		path := prefix + in.f.Name
		if old := v.Get("include"); old != "" {
			v.Set("include", old+","+path)
		} else {
			v.Set("include", path)
		}
		if in.limit > 0 {
			v.Set("include."+path+".limit", strconv.Itoa(in.limit))
		}
		if in.filter != nil {
			v.Set("include."+path+".filter", text(in.filter))
		}
		if len(in.sort) > 0 {
			v.Set("include."+path+".sort", sortText(in.sort))
		}
		includeText(v, path+".", in.sub)
	}
}

// ---- GraphQL

// document gathers a document's variables while it is written.
type document struct {
	w    *world
	head []string
	vars map[string]any
}

func (d *document) variable(typ string, value any) string {
	name := fmt.Sprintf("v%d", len(d.head))
	d.head = append(d.head, "$"+name+": "+typ)
	d.vars[name] = value
	return "$" + name
}

func sortInput(sort []query.Sort) []any {
	var out []any
	for _, s := range sort {
		out = append(out, map[string]any{"field": s.Field, "direction": map[bool]string{false: "ASC", true: "DESC"}[s.Desc]})
	}
	return out
}

func (d *document) arguments(m *schema.Model, filter map[string]any, sort []query.Sort, limit int, cursor string) string {
	args := []string{"limit: " + strconv.Itoa(limit)}
	if filter != nil {
		args = append(args, "filter: "+d.variable("Model"+m.Name+"FilterInput", filter))
	}
	if len(sort) > 0 {
		args = append(args, "sort: "+d.variable("[Model"+m.Name+"SortInput!]", sortInput(sort)))
	}
	if cursor != "" {
		args = append(args, "nextToken: "+d.variable("String", cursor))
	}
	return strings.Join(args, ", ")
}

// graphQL writes the question as a document.
func (q *ask) graphQL(w *world, limit int, cursor string) (string, map[string]any) {
	d := &document{w: w, vars: map[string]any{}}
	args := d.arguments(q.m, q.filter, q.sort, limit, cursor)
	field := q.m.Ops.List
	if q.search != "" {
		field = "search" + strings.ToUpper(q.m.Plural[:1]) + q.m.Plural[1:]
		args += ", query: " + d.variable("String!", q.search)
	}
	body := fmt.Sprintf("{ page: %s(%s) { items { %s } nextToken total } }", field, args, d.selection(q.m, q.sub))
	return d.text("query", body), d.vars
}

func (d *document) text(kind, body string) string {
	if len(d.head) == 0 {
		return kind + " " + body
	}
	return kind + "(" + strings.Join(d.head, ", ") + ") " + body
}

// selection selects every stored field, and what is included.
func (d *document) selection(m *schema.Model, sub []*include) string {
	var out []string
	for _, f := range m.Fields {
		if f.Stored() && !f.Hidden {
			out = append(out, f.Name+embeddedSelection(f))
		}
	}
	for _, in := range sub {
		t := in.f.Relation.Target
		inner := d.selection(t, in.sub)
		if in.f.Relation.ToMany() {
			out = append(out, fmt.Sprintf("%s(%s) { items { %s } nextToken total }", in.f.Name, d.arguments(t, in.filter, in.sort, in.limit, ""), inner))
		} else {
			out = append(out, in.f.Name+" { "+inner+" }")
		}
	}
	return strings.Join(out, " ")
}

func embeddedSelection(f *schema.Field) string {
	if f.Embedded == nil {
		return ""
	}
	var out []string
	for _, inner := range f.Embedded.Fields {
		out = append(out, inner.Name+embeddedSelection(inner))
	}
	return " { " + strings.Join(out, " ") + " }"
}

// ---- what the oracle expects

// door tells how an answer is shaped.
type door bool

const (
	rest    door = false
	graphQL door = true
)

// list is the oracle's answer: whether the question may be asked, and the rows
// in order. The order of a ranked search is not the oracle's to say.
func (o *oracle) list(q *ask, c *caller) (int, []*row) {
	if v := o.model(q.m, c, q.operation()); v != fine {
		return v, nil
	}
	if v := o.filterVerdict(q.m, q.filter, c); v != fine {
		return v, nil
	}
	if !o.sortable(q.m, q.sort, c) {
		return forbidden, nil
	}
	rows := o.visible(c, q.m, q.operation())
	if q.search != "" {
		fields := o.searched(q.m, c)
		if len(fields) == 0 {
			return forbidden, nil
		}
		rows = keep(rows, func(r *row) bool { return found(r, fields, q.search) })
	}
	return fine, o.arranged(rows, q.filter, q.sort, c)
}

func keep(rows []*row, test func(*row) bool) []*row {
	var out []*row
	for _, r := range rows {
		if test(r) {
			out = append(out, r)
		}
	}
	return out
}

func (o *oracle) sortable(m *schema.Model, sort []query.Sort, c *caller) bool {
	return !slices.ContainsFunc(sort, func(s query.Sort) bool {
		_, whole := o.field(m.Field(s.Field), c, schema.List)
		return !whole
	})
}

func (o *oracle) arranged(rows []*row, filter map[string]any, sort []query.Sort, c *caller) []*row {
	e := &filtering{o, c, false}
	out := keep(rows, func(r *row) bool { return e.object(r, filter) })
	slices.SortFunc(out, func(a, b *row) int { return order(a, b, sort) })
	return out
}

// order is the order of a list: the fields asked for, then the key in the last
// one's direction; nulls first upwards.
func order(a, b *row, sort []query.Sort) int {
	full := slices.Clone(sort)
	desc := len(sort) > 0 && sort[len(sort)-1].Desc
	for _, f := range a.m.Key {
		full = append(full, query.Sort{Field: f.Name, Desc: desc})
	}
	for _, s := range full {
		if n := compare(a.v[s.Field], b.v[s.Field]); n != 0 {
			if s.Desc {
				return -n
			}
			return n
		}
	}
	return 0
}

// searched lists the fields that a search looks at: those that the caller may
// read in every row.
func (o *oracle) searched(m *schema.Model, c *caller) []string {
	var out []string
	for _, f := range m.Search.Fields {
		if _, whole := o.field(f, c, schema.List); whole {
			out = append(out, f.Name)
		}
	}
	return out
}

// found tells whether every word occurs, the last one as a prefix.
func found(r *row, fields []string, search string) bool {
	var tokens []string
	for _, name := range fields {
		s, _ := r.v[name].(string)
		tokens = append(tokens, strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 127)
		})...)
	}
	terms := strings.Fields(search)
	for i, term := range terms {
		hit := slices.ContainsFunc(tokens, func(t string) bool {
			return t == term || i == len(terms)-1 && strings.HasPrefix(t, term)
		})
		if !hit {
			return false
		}
	}
	return true
}

// shown is a row as a door shows it; nil where GraphQL can't show the row
// because a reference that it declares as never null is.
func (o *oracle) shown(r *row, c *caller, op schema.Operation, sub []*include, d door) any {
	out := map[string]any{}
	for _, f := range r.m.Fields {
		if !f.Stored() || f.Hidden {
			continue
		}
		some, _ := o.field(f, c, op)
		switch {
		case !some && d == rest:
			continue // not in the default selection
		case !some || !o.shows(f, c, op, r):
			out[f.Name] = nil
		default:
			out[f.Name] = embeddedValue(f, r.v[f.Name], d)
		}
	}
	for _, in := range sub {
		v := o.included(r, c, op, in, d)
		if v == nil && d == graphQL && o.promised(r.m.Name, in.f.Name) {
			return nil
		}
		out[in.f.Name] = v
	}
	return out
}

func (o *oracle) included(r *row, c *caller, op schema.Operation, in *include, d door) any {
	if o.includeVerdict(in, c, op) != fine || !o.shows(in.f, c, op, r) {
		return nil
	}
	under := schema.Get
	if in.f.Relation.ToMany() {
		under = schema.List
	}
	rows := keep(o.related(in.f, r, c), func(t *row) bool { return o.allows(t.m.Rules, c, under, t) })
	if !in.f.Relation.ToMany() {
		if len(rows) == 0 {
			return nil
		}
		return o.shown(rows[0], c, under, in.sub, d)
	}
	rows = o.arranged(rows, in.filter, in.sort, c)
	items := []any{}
	for _, r := range rows[:min(len(rows), in.limit)] {
		items = append(items, o.shown(r, c, under, in.sub, d))
	}
	if d == rest {
		return items
	}
	return map[string]any{"items": items, "nextToken": len(rows) > in.limit, "total": float64(len(rows))}
}

// includeVerdict is whether the caller may include a relation at all. What is
// denied further in is null there, and refused by REST, which asks strictly.
func (o *oracle) includeVerdict(in *include, c *caller, op schema.Operation) int {
	if some, _ := o.field(in.f, c, op); !some {
		return forbidden
	}
	under := schema.Get
	if in.f.Relation.ToMany() {
		under = schema.List
	}
	t := in.f.Relation.Target
	if o.model(t, c, under) != fine || o.filterVerdict(t, in.filter, c) != fine || !o.sortable(t, in.sort, c) {
		return forbidden
	}
	return fine
}

// strict is whether every relation that is included may be.
func (o *oracle) strict(sub []*include, c *caller, op schema.Operation) int {
	for _, in := range sub {
		if v := o.includeVerdict(in, c, op); v != fine {
			return v
		}
		under := schema.Get
		if in.f.Relation.ToMany() {
			under = schema.List
		}
		if v := o.strict(in.sub, c, under); v != fine {
			return v
		}
	}
	return fine
}

// embeddedValue is an embedded value as a door shows it: REST leaves out what
// is not there, GraphQL says null.
func embeddedValue(f *schema.Field, v any, d door) any {
	if f.Embedded == nil || v == nil || d == rest {
		return v
	}
	if list, ok := v.([]any); ok {
		out := make([]any, len(list))
		for i, item := range list {
			out[i] = embeddedObject(f, item)
		}
		return out
	}
	return embeddedObject(f, v)
}

func embeddedObject(f *schema.Field, v any) any {
	if v == nil {
		return nil
	}
	out := map[string]any{}
	for _, inner := range f.Embedded.Fields {
		out[inner.Name] = embeddedValue(inner, v.(map[string]any)[inner.Name], graphQL)
	}
	return out
}
