package invariant

import (
	"math"
	"net/url"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// totals is an aggregate, with the fields of each kind.
type totals struct {
	m      *schema.Model
	filter map[string]any
	fields map[string][]string // by groupBy, sum, avg, min, max
}

var kindsOfTotal = []string{"sum", "avg", "min", "max"}

func (w *world) totals(c *caller) *totals {
	q := &totals{m: pick(w.g, w.schema.Models...), fields: map[string][]string{}}
	if w.g.chance(0.6) {
		q.filter = w.filter(q.m, c, 0)
	}
	for _, f := range q.m.Fields {
		if !f.Plain() || f.Hidden {
			continue
		}
		if w.g.chance(0.1) && len(q.fields["groupBy"]) < 2 {
			q.fields["groupBy"] = append(q.fields["groupBy"], f.Name)
		}
		for _, kind := range kindsOfTotal {
			number := f.Kind == schema.ScalarKind && (f.Scalar == schema.Int || f.Scalar == schema.Float) && f != q.m.Version
			if (number || kind == "min" || kind == "max") && w.g.chance(0.15) && len(q.fields[kind]) < 3 {
				q.fields[kind] = append(q.fields[kind], f.Name)
			}
		}
	}
	return q
}

// checkAggregate holds totals against a sum by hand.
func (w *world) checkAggregate(c *caller) {
	q := w.totals(c)
	verdict := w.model(q.m, c, schema.List)
	if verdict == fine {
		verdict = w.filterVerdict(q.m, q.filter, c)
	}
	for _, names := range q.fields {
		for _, name := range names {
			if _, whole := w.field(q.m.Field(name), c, schema.List); !whole && verdict == fine {
				verdict = forbidden
			}
		}
	}
	v := url.Values{}
	for kind, names := range q.fields {
		if len(names) > 0 {
			v.Set(kind, strings.Join(names, ","))
		}
	}
	if q.filter != nil {
		v.Set("filter", text(q.filter))
	}
	a := w.do(c, "GET", "/api/"+q.m.Path+":aggregate?"+v.Encode(), nil)
	if a.status != verdict {
		w.fatalf("REST answers %d, the oracle says %d", a.status, verdict)
	}
	groups, code := w.aggregateGraphQL(q, c)
	if verdict != fine {
		if !strings.HasPrefix(code, "access/") {
			w.fatalf("GraphQL answers with code %q, the oracle says %d", code, verdict)
		}
		return
	}
	want := w.groups(q, c)
	items, _ := asObject(a.value())["items"].([]any)
	w.equalGroups("REST", q, items, want)
	w.equalGroups("GraphQL", q, groups, want)
	w.asked++
}

func (w *world) aggregateGraphQL(q *totals, c *caller) ([]any, string) {
	d := &document{w: w, vars: map[string]any{}}
	var args []string
	if q.filter != nil {
		args = append(args, "filter: "+d.variable("Model"+q.m.Name+"FilterInput", q.filter))
	}
	parts := []string{"count"}
	if names := q.fields["groupBy"]; len(names) > 0 {
		args = append(args, "groupBy: ["+strings.Join(names, ", ")+"]")
		parts = append(parts, "group { "+strings.Join(names, " ")+" }")
	}
	for _, kind := range kindsOfTotal {
		if names := q.fields[kind]; len(names) > 0 {
			parts = append(parts, kind+" { "+strings.Join(names, " ")+" }")
		}
	}
	call := "aggregate" + strings.ToUpper(q.m.Plural[:1]) + q.m.Plural[1:]
	if len(args) > 0 {
		call += "(" + strings.Join(args, ", ") + ")"
	}
	a := w.do(c, "POST", "/graphql", map[string]any{"query": d.text("query", "{ page: "+call+" { "+strings.Join(parts, " ")+" } }"), "variables": d.vars})
	v := asObject(a.value())
	if errs, _ := v["errors"].([]any); len(errs) > 0 {
		code, _ := asObject(asObject(errs[0])["extensions"])["code"].(string)
		return nil, code
	}
	groups, _ := asObject(v["data"])["page"].([]any)
	return groups, ""
}

// group is some rows that have their group's fields in common.
type group struct {
	key  []any
	rows []*row
}

func (w *world) groups(q *totals, c *caller) []*group {
	rows := w.arranged(w.visible(c, q.m, schema.List), q.filter, nil, c)
	names := q.fields["groupBy"]
	if len(names) == 0 {
		return []*group{{rows: rows}}
	}
	by := map[string]*group{}
	for _, r := range rows {
		var key []any
		for _, name := range names {
			key = append(key, r.v[name])
		}
		id := text(key)
		if by[id] == nil {
			by[id] = &group{key: key}
		}
		by[id].rows = append(by[id].rows, r)
	}
	out := make([]*group, 0, len(by))
	for _, g := range by {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b *group) int {
		for i := range a.key {
			if n := compare(a.key[i], b.key[i]); n != 0 {
				return n
			}
		}
		return 0
	})
	return out
}

func (w *world) equalGroups(what string, q *totals, got []any, want []*group) {
	if len(got) != len(want) {
		w.fatalf("%s has %d groups, the oracle %d", what, len(got), len(want))
	}
	for i, item := range got {
		g := asObject(item)
		if g["count"] != float64(len(want[i].rows)) {
			w.fatalf("%s: group %d counts %v rows, the oracle %d", what, i, g["count"], len(want[i].rows))
		}
		for n, name := range q.fields["groupBy"] {
			if v := asObject(g["group"])[name]; compare(v, want[i].key[n]) != 0 {
				w.fatalf("%s: group %d is of %s %v, the oracle says %v", what, i, name, v, want[i].key[n])
			}
		}
		for _, kind := range kindsOfTotal {
			for _, name := range q.fields[kind] {
				v, e := asObject(g[kind])[name], total(kind, name, want[i].rows)
				if !near(v, e) {
					w.fatalf("%s: %s of %s in group %d is %v, the oracle says %v", what, kind, name, i, v, e)
				}
			}
		}
	}
}

// total computes one figure over the values that are there; null without any.
func total(kind, name string, rows []*row) any {
	var out any
	sum, n := 0.0, 0.0
	for _, r := range rows {
		v := r.v[name]
		if v == nil {
			continue
		}
		n++
		if f, ok := v.(float64); ok {
			sum += f
		}
		if out == nil || kind == "min" && compare(v, out) < 0 || kind == "max" && compare(v, out) > 0 {
			out = v
		}
	}
	switch {
	case n == 0:
		return nil
	case kind == "sum":
		return sum
	case kind == "avg":
		return sum / n
	}
	return out
}

func near(a, b any) bool {
	x, ok1 := a.(float64)
	y, ok2 := b.(float64)
	if ok1 && ok2 {
		return math.Abs(x-y) <= 1e-9*max(1, math.Abs(x), math.Abs(y))
	}
	return compare(a, b) == 0
}

// checkMatch holds a condition in memory against the same one in SQL, row by
// row of every organization: a caller's filter, or a rule's, that looks at no
// other row.
func (w *world) checkMatch(c *caller) {
	m := pick(w.g, w.schema.Models...)
	if m.ReadOnly {
		return
	}
	filter := w.filter(m, c, 0)
	if throughRelation(m, filter) {
		return
	}
	cond, err := query.BindFilter(m, numbers(filter), query.DefaultLimits.Conds)
	if err != nil {
		w.fatalf("binding %s: %v", text(filter), err)
	}
	for i, org := range w.orgs() {
		if m.Scope == schema.Global && i > 0 {
			break
		}
		inSQL := map[string]bool{}
		for _, r := range w.matching(m, org, filter) {
			inSQL[text(r.key())] = true
		}
		for _, r := range w.rows[m.Name] {
			if m.Scope == schema.Tenant && r.org != org {
				continue
			}
			if matches := access.Match(cond, &access.Principal{}, stored{r}); matches != inSQL[text(r.key())] {
				w.fatalf("filter %s of %s: in memory %v, in SQL %v, for %s", text(filter), m.Name, matches, !matches, text(r.v))
			}
		}
	}
	w.matchRules(m)
	w.asked++
}

// matchRules holds every rule that can be matched in memory against the oracle.
func (w *world) matchRules(m *schema.Model) {
	for _, rule := range m.Rules {
		if rule.Allow != schema.AllowWhere || throughRelation(m, asObject(rule.Filter.Value)) {
			continue
		}
		cond, err := query.BindRule(m, rule.Filter.Value)
		if err != nil {
			w.fatalf("binding the rule %s: %v", text(rule.Filter.Value), err)
		}
		for _, c := range w.callers {
			if !w.applies(rule, c) {
				continue
			}
			by := c.principal()
			for _, r := range w.within(c, m) {
				if got, want := access.Match(cond, by, stored{r}), w.meets(rule, c, r); got != want {
					w.fatalf("rule %s for %s: in memory %v, the oracle says %v, for %s", text(rule.Filter.Value), c.name, got, want, text(r.v))
				}
			}
		}
	}
}

func throughRelation(m *schema.Model, filter map[string]any) bool {
	for key, value := range filter {
		switch key {
		case "and", "or":
			for _, item := range value.([]any) {
				if throughRelation(m, asObject(item)) {
					return true
				}
			}
		case "not":
			if throughRelation(m, asObject(value)) {
				return true
			}
		default:
			if m.Field(key).Relation != nil {
				return true
			}
		}
	}
	return false
}

// stored shows a row in the types that the store keeps.
type stored struct{ *row }

func (s stored) Field(f *schema.Field) any {
	v := s.v[f.Name]
	switch {
	case v == nil:
		return nil
	case f.List, f.Kind == schema.EmbeddedKind, f.Kind == schema.ScalarKind && f.Scalar == schema.JSON:
		return schema.JSONText(text(v))
	case f.Kind == schema.ScalarKind && (f.Scalar == schema.Int || f.Scalar == schema.Timestamp):
		return int64(v.(float64))
	}
	return v
}
