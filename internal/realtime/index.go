package realtime

import (
	"math"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// index finds the views that a change may concern: by model and organization, and
// by the value of a field that a row must have to be in the view. A change costs
// what it touches, not how many listen.
type index map[table]*shelf

type table struct {
	model *schema.Model
	org   string // "" where all organizations share the rows
}

// shelf holds the views of one table.
type shelf struct {
	all     leaf // those that any row may be in
	byField map[*schema.Field]map[any]*leaf
}

// leaf is a set of views.
type leaf struct{ views map[*view]struct{} }

func (l *leaf) add(v *view) {
	if l.views == nil {
		l.views = make(map[*view]struct{}, 1)
	}
	l.views[v] = struct{}{}
}

// maxPairs bounds in how many places one view stands.
const maxPairs = 32

// pair is a value that a field may have.
type pair struct {
	field *schema.Field
	value any
}

// pairs are such that a row has one of them if it meets the condition; false
// where there are none to say.
func pairs(c *query.Cond) ([]pair, bool) {
	if c == nil {
		return nil, false
	}
	switch c.Test {
	case query.None:
		return nil, true
	case query.Eq, query.In:
		return compared(c)
	case query.And:
		var best []pair
		found := false
		for _, kid := range c.Kids {
			if p, ok := pairs(kid); ok && (!found || better(p, best)) {
				best, found = p, true
			}
		}
		return best, found
	case query.Or:
		var all []pair
		for _, kid := range c.Kids {
			p, ok := pairs(kid)
			if !ok || len(all)+len(p) > maxPairs {
				return nil, false
			}
			all = append(all, p...)
		}
		return all, true
	}
	return nil, false
}

func compared(c *query.Cond) ([]pair, bool) {
	if c.Size || !c.Field.Plain() {
		return nil, false
	}
	values, many := c.Args[0].Value.([]any)
	if !many {
		values = []any{c.Args[0].Value}
	}
	if len(values) > maxPairs {
		return nil, false
	}
	out := make([]pair, len(values))
	for i, v := range values {
		out[i] = pair{c.Field, hashable(v)}
	}
	return out, true
}

// better prefers what fewer rows are likely to have: few values, of fields that
// can tell many rows apart.
func better(a, b []pair) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == 0
	}
	if coarse(a[0].field) != coarse(b[0].field) {
		return coarse(b[0].field)
	}
	return len(a) < len(b)
}

func coarse(f *schema.Field) bool {
	return f.Kind == schema.EnumKind || f.Scalar == schema.Boolean
}

// hashable makes equal values one: a whole number is the same whatever its type.
func hashable(v any) any {
	if n, ok := v.(float64); ok && n == math.Trunc(n) && math.Abs(n) < 1<<53 {
		return int64(n)
	}
	return v
}

func (x index) shelf(t table) *shelf {
	s := x[t]
	if s == nil {
		s = &shelf{byField: map[*schema.Field]map[any]*leaf{}}
		x[t] = s
	}
	return s
}

// add puts a view where the changes that may concern it look for it.
func (x index) add(v *view) {
	for _, t := range v.tables() {
		s := x.shelf(t)
		p, narrow := pairs(v.watch.Condition())
		if !narrow || v.deepList() { // what other rows do can let any row in
			s.all.add(v)
			continue
		}
		for _, at := range p {
			byValue := s.byField[at.field]
			if byValue == nil {
				byValue = map[any]*leaf{}
				s.byField[at.field] = byValue
			}
			l := byValue[at.value]
			if l == nil {
				l = &leaf{}
				byValue[at.value] = l
			}
			l.add(v)
		}
	}
}

func (x index) remove(v *view) {
	for _, t := range v.tables() {
		s := x[t]
		if s == nil {
			continue
		}
		delete(s.all.views, v)
		p, _ := pairs(v.watch.Condition())
		for _, at := range p {
			byValue := s.byField[at.field]
			l := byValue[at.value]
			if l == nil {
				continue
			}
			if delete(l.views, v); len(l.views) == 0 {
				delete(byValue, at.value)
			}
			if len(byValue) == 0 {
				delete(s.byField, at.field)
			}
		}
		if len(s.all.views) == 0 && len(s.byField) == 0 {
			delete(x, t)
		}
	}
}

// candidates calls fn once for each view that the change may concern.
func (x index) candidates(ch *store.Change, round uint64, fn func(*view)) {
	s := x[table{ch.Model, ch.Org}]
	if s == nil {
		return
	}
	each := func(l *leaf) {
		for v := range l.views {
			if v.round != round {
				v.round = round
				fn(v)
			}
		}
	}
	each(&s.all)
	for f, byValue := range s.byField {
		for _, im := range []*store.Image{ch.Before, ch.After} {
			if im == nil {
				continue
			}
			if l := byValue[hashable(im.Field(f))]; l != nil {
				each(l)
			}
		}
	}
}
