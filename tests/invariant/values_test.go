package invariant

import (
	"fmt"
	"math"
	"slices"

	"github.com/loam-dev/loam/internal/schema"
)

// canary is a text that occurs once and says whose it is.
func (g *gen) canary(tag string) string {
	g.serial++
	return fmt.Sprintf("%sx%d", tag, g.serial)
}

var words = []string{
	"red", "green zebra", "Zebra", "ab", "abc", "a_b", "100%", "é", "ß red", `"q"`, `a\b`, " ", "", "\U0001F600 blue", "line\nbreak", "'; --", "\U0010FFFF", "\uD7FF", "$user.id",
}

// scalar draws a value of a plain field, canonical already; few enough of each
// kind that filters hit.
func (g *gen) scalar(f *schema.Field, tag string) any {
	if f.Kind == schema.EnumKind {
		return pick(g, f.Enum.Values...)
	}
	switch f.Scalar {
	case schema.Int:
		return pick(g, -3, -1, 0, 1, 2, 3, 5, math.MaxInt32, math.MinInt32)
	case schema.Float:
		return pick(g, 0, 0.1, 0.30000000000000004, -2.5, 1e21, 5, 1e-7, 123456789.12345679, 2.0/3, -1.7e300)
	case schema.Boolean:
		return g.chance(0.5)
	case schema.Date:
		return pick(g, "2026-01-31", "1999-12-31", "2024-02-29")
	case schema.Time:
		return pick(g, "00:00:00.000", "14:30:00.000", "23:59:59.999")
	case schema.DateTime:
		return pick(g, "2026-01-31T14:30:00.000Z", "1999-12-31T23:59:59.999Z", "2026-01-31T14:30:00.001Z")
	case schema.Timestamp:
		return pick(g, 0, -5, 1700000000, 1700000001)
	case schema.Email:
		return pick(g, "x@example.com", "y@example.com", g.canary(tag)+"@example.com")
	case schema.URL:
		return pick(g, "https://example.com/a", "https://example.com/b?c=d", "https://example.com/"+g.canary(tag))
	case schema.Phone:
		return pick(g, "+12025550123", "+12025550124")
	case schema.IPAddress:
		return pick(g, "10.0.0.1", "::1", "10.0.0.0/8")
	case schema.ID:
		return pick(g, "k1", "k2", "k3", g.canary(tag))
	}
	if g.chance(0.3) {
		return pick(g, words...) + " " + g.canary(tag)
	}
	return pick(g, words...)
}

// value draws a value of a field.
func (g *gen) value(f *schema.Field, tag string) any {
	if !f.Required && g.chance(0.25) {
		return nil
	}
	if !f.List {
		return g.element(f, tag)
	}
	list := make([]any, g.IntN(4))
	for i := range list {
		if f.ElemRequired || g.chance(0.9) {
			list[i] = g.element(f, tag)
		}
	}
	return list
}

func (g *gen) element(f *schema.Field, tag string) any {
	switch {
	case f.Kind == schema.EmbeddedKind:
		object := map[string]any{}
		for _, inner := range f.Embedded.Fields {
			if v := g.value(inner, tag); v != nil {
				object[inner.Name] = v
			}
		}
		return object
	case f.Kind == schema.ScalarKind && f.Scalar == schema.JSON:
		return pick[any](g, 5, true, "text "+g.canary(tag), []any{1, "a", nil}, map[string]any{"k": 1.5, "s": g.canary(tag)}, map[string]any{})
	}
	return g.scalar(f, tag)
}

// input draws the fields of a new row that a client sends.
func (w *world) input(m *schema.Model, org string) map[string]any {
	g, tag := w.g, w.tags[org]
	in := map[string]any{}
	for _, f := range m.Fields {
		if !f.Stored() || f.ReadOnly || f.Hidden {
			continue
		}
		switch f.Name {
		case "id":
			in["id"] = pick(g, "s1", "s2", "s3", "s4", "s5", "s6", g.canary(tag), g.canary(tag))
			continue
		case "mark":
			in["mark"] = fmt.Sprintf("m%d %s", g.IntN(10), g.canary(tag))
			continue
		case "owner":
			in["owner"] = pick[any](g, nil, w.anyUser(), w.anyUser())
			continue
		case "owners":
			in["owners"] = pick[any](g, nil, []any{}, []any{w.anyUser(), w.someone().email}, []any{w.someone().email, nil})
			continue
		case "team":
			in["team"] = pick[any](g, nil, "red", "blue", "member", "admin", w.someTeam(), w.someTeam())
			continue
		case "teams":
			in["teams"] = pick[any](g, nil, []any{}, []any{"red"}, []any{"blue", "red"})
			continue
		}
		in[f.Name] = g.value(f, tag)
		for slices.Contains(m.Key, f) && in[f.Name] == "" {
			in[f.Name] = g.value(f, tag) // an empty key has no address
		}
	}
	w.point(m, in, org)
	return in
}

// point sets the references of a new row to rows that are there, or to none.
func (w *world) point(m *schema.Model, in map[string]any, org string) {
	for _, f := range m.Fields {
		r := f.Relation
		if r == nil || r.ToMany() {
			continue
		}
		var targets []*row
		for _, t := range w.rows[r.Target.Name] {
			if t.org == "" || t.org == org {
				targets = append(targets, t)
			}
		}
		null := !r.From[0].Required && (len(targets) == 0 || w.g.chance(0.25))
		var to *row
		if !null && len(targets) > 0 {
			to = pick(w.g, targets...)
		}
		for i, from := range r.From {
			in[from.Name] = nil
			if to != nil {
				in[from.Name] = to.v[r.To[i].Name]
			}
		}
	}
}

// filter draws a caller's filter.
func (w *world) filter(m *schema.Model, c *caller, depth int) map[string]any {
	g := w.g
	if depth < 3 && g.chance(0.35) {
		sub := func() any { return w.filter(m, c, depth+1) }
		switch g.IntN(4) {
		case 0:
			return map[string]any{"or": []any{sub(), sub()}}
		case 1:
			return map[string]any{"not": sub()}
		case 2:
			return map[string]any{"and": []any{sub(), sub()}}
		}
		return pick(g, map[string]any{}, map[string]any{"or": []any{}}, map[string]any{"and": []any{}}, map[string]any{"not": map[string]any{}}, map[string]any{"or": []any{map[string]any{}}})
	}
	out := map[string]any{}
	for range 1 + g.IntN(2) {
		f := pick(g, m.Fields...)
		if f.Hidden {
			continue
		}
		if f.Relation != nil {
			if depth < 3 {
				out[f.Name] = w.filter(f.Relation.Target, c, depth+1)
			}
			continue
		}
		out[f.Name] = w.tests(f, c)
	}
	return out
}

// operand draws what a field may be compared with: often a value of some row's.
func (w *world) operand(f *schema.Field, c *caller) any {
	if f.Model != nil && w.g.chance(0.5) {
		for range 4 {
			rows := w.rows[f.Model.Name]
			if len(rows) == 0 {
				break
			}
			v := pick(w.g, rows...).v[f.Name] // another tenant's as well: it must find nothing
			if list, ok := v.([]any); ok && len(list) > 0 {
				v = list[0]
			}
			if _, list := v.([]any); v != nil && !list {
				return v
			}
		}
	}
	return w.g.scalar(f, w.tags[c.org])
}

func (w *world) tests(f *schema.Field, c *caller) map[string]any {
	g := w.g
	null := map[string]any{pick(g, "isNull", "attributeExists"): g.chance(0.5)}
	switch {
	case f.Kind == schema.EmbeddedKind, f.Kind == schema.ScalarKind && f.Scalar == schema.JSON:
		return null
	case g.chance(0.1):
		return null
	case f.List && g.chance(0.3):
		return map[string]any{"size": map[string]any{pick(g, "eq", "ne", "lt", "le", "gt", "ge"): g.IntN(4)}}
	case f.List:
		return map[string]any{pick(g, "contains", "notContains"): w.operand(f, c)}
	}
	v := w.operand(f, c)
	ops := []string{"eq", "ne", "in", "notIn"}
	if f.Kind == schema.ScalarKind && f.Scalar != schema.Boolean {
		ops = append(ops, "lt", "le", "gt", "ge", "between")
		if _, text := v.(string); text {
			ops = append(ops, "size", "contains", "notContains", "beginsWith")
		}
	}
	switch op := pick(g, ops...); op {
	case "in", "notIn":
		return map[string]any{op: pick(g, []any{}, []any{v}, []any{v, w.operand(f, c)})}
	case "between":
		return map[string]any{op: []any{v, w.operand(f, c)}}
	case "size":
		return map[string]any{op: map[string]any{pick(g, "eq", "lt", "ge"): g.IntN(8)}}
	case "beginsWith", "contains", "notContains":
		text := []rune(v.(string))
		from := g.IntN(len(text) + 1)
		if op == "beginsWith" {
			from = 0
		}
		return map[string]any{op: string(text[from : from+g.IntN(len(text)-from+1)])}
	case "eq", "ne":
		if g.chance(0.1) {
			return map[string]any{op: nil}
		}
		return map[string]any{op: v}
	default:
		if g.chance(0.2) {
			return map[string]any{op: v, "ne": w.operand(f, c)}
		}
		return map[string]any{op: v}
	}
}
