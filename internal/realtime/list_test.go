package realtime

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// byRank is the order of the test's lists: a number, and the id.
var byRank = []query.Order{{Field: &schema.Field{Name: "rank"}}, {Field: &schema.Field{Name: "id"}}}

func row(id string, rank int64, text string) *entry {
	return &entry{id: id, sort: []any{rank, id}, shown: []byte(text)}
}

// client is what somebody knows who applies events one after the other.
type client []*entry

func (c client) apply(t *testing.T, events []*Event) client {
	t.Helper()
	for _, e := range events {
		c = slices.DeleteFunc(slices.Clone(c), func(r *entry) bool { return r.id == e.ID })
		if e.Row != nil {
			if e.Index > len(c) {
				t.Fatalf("%s is to stand at %d of %d", e.ID, e.Index, len(c))
			}
			c = slices.Insert(c, e.Index, &entry{id: e.ID, shown: e.Row})
		}
	}
	return c
}

func say(rows []*entry) string {
	var out []string
	for _, r := range rows {
		out = append(out, r.id+string(r.shown))
	}
	return fmt.Sprint(out)
}

// TestMoved changes random rows of a list that knows few more than it shows: who is
// told of each knows what it shows, which is what all rows in order begin with, and what
// follows it.
func TestMoved(t *testing.T) {
	for seed := range uint64(300) {
		g := rand.New(rand.NewPCG(seed, 1))
		l := &list{limit: 1 + g.IntN(4), spare: 1 + g.IntN(3), order: byRank, whole: true}
		var all []*entry // the truth
		var known client
		var end []any // what it knows to follow
		hear := func(events []*Event) {
			known = known.apply(t, events)
			for _, e := range events {
				if e.End != nil {
					end = *e.End
				}
			}
			if !reflect.DeepEqual(end, l.end()) {
				t.Fatalf("seed %d: told that %v ends the list, %v does", seed, end, l.end())
			}
		}
		refill := func() {
			l.rows = slices.Clone(all[:min(len(all), l.limit+l.spare)])
			l.whole = len(l.rows) == len(all)
		}
		for n := range 120 {
			id := fmt.Sprint("r", g.IntN(14))
			before := l.end()
			op := query.Update
			old := slices.IndexFunc(all, func(r *entry) bool { return r.id == id })
			was := slices.IndexFunc(l.rows, func(r *entry) bool { return r.id == id })
			var shown []byte
			if was >= 0 {
				shown = l.rows[was].shown
				l.rows = slices.Delete(l.rows, was, was+1)
			}
			if old >= 0 {
				all = slices.Delete(all, old, old+1)
			}
			is := -1
			if g.IntN(3) == 0 {
				op = query.Delete
			} else {
				next := row(id, g.Int64N(6), fmt.Sprint(".", n))
				all = append(all, next)
				slices.SortFunc(all, func(a, b *entry) int { return l.compare(a.sort, b.sort) })
				is = l.insert(next)
			}
			hear(l.ending(l.moved(&store.Change{Seq: int64(n), Op: op}, id, was, is, shown), before, int64(n)))
			if say(known) != say(l.visible()) {
				t.Fatalf("seed %d, step %d: told of %s, shown are %s", seed, n, say(known), say(l.visible()))
			}
			if want := all[:min(len(all), l.limit)]; !l.short() && say(known) != say(want) {
				t.Fatalf("seed %d, step %d: shown are %s, the rows begin with %s", seed, n, say(known), say(want))
			}
			var follows []any
			if len(all) > l.limit {
				follows = all[l.limit-1].sort
			}
			if !l.spent() && !reflect.DeepEqual(end, follows) {
				t.Fatalf("seed %d, step %d: told that %v ends the list, %v does", seed, n, end, follows)
			}
			if l.spent() && g.IntN(2) == 0 { // the database answers, sooner or later
				shown, before := slices.Clone(l.visible()), l.end()
				refill()
				hear(l.ending(l.difference(shown, int64(n), nil), before, int64(n)))
				if say(known) != say(l.visible()) {
					t.Fatalf("seed %d, step %d: told of %s, read anew are %s", seed, n, say(known), say(l.visible()))
				}
			}
		}
	}
}

// TestDifference turns random lists into others by events, of which the last alone
// says that all is told.
func TestDifference(t *testing.T) {
	for seed := range uint64(500) {
		g := rand.New(rand.NewPCG(seed, 2))
		some := func() []*entry {
			var out []*entry
			for _, i := range g.Perm(8)[:g.IntN(8)] {
				out = append(out, row(fmt.Sprint("r", i), int64(i), fmt.Sprint(".", g.IntN(2))))
			}
			return out
		}
		before := some()
		l := &list{limit: 5, order: byRank, rows: some(), whole: true}
		events := l.difference(before, 9, map[string]bool{"r0": true, "r1": true})
		if got := client(before).apply(t, events); say(got) != say(l.visible()) {
			t.Fatalf("seed %d: from %s to %s, not %s", seed, say(before), say(got), say(l.visible()))
		}
		for i, e := range events {
			if e.Resume != 0 && i < len(events)-1 || i == len(events)-1 && e.Resume != 9 {
				t.Errorf("seed %d: event %d of %d resumes at %d", seed, i, len(events), e.Resume)
			}
			if gone := e.ID == "r0" || e.ID == "r1"; e.Row == nil && gone != (e.Op == Delete) {
				t.Errorf("seed %d: %v of %s", seed, e.Op, e.ID)
			}
		}
	}
}

// TestRecent: the changes kept in memory are all those behind a position, or it is
// said that they are not.
func TestRecent(t *testing.T) {
	r := recent{from: 10}
	for seq := int64(11); seq <= 20; seq += 2 { // the log has gaps for who reads one model
		r.add(&store.Change{Seq: seq}, 3)
	}
	for _, test := range []struct {
		after int64
		known bool
		want  string
	}{{9, false, "[]"}, {12, false, "[]"}, {13, true, "[15 17 19]"}, {14, true, "[15 17 19]"}, {15, true, "[17 19]"}, {16, true, "[17 19]"}, {19, true, "[]"}, {50, true, "[]"}} {
		got := []int64{}
		known := r.after(test.after, func(ch *store.Change) { got = append(got, ch.Seq) })
		if known != test.known || fmt.Sprint(got) != test.want {
			t.Errorf("after %d: %v %v, want %v %s", test.after, known, got, test.known, test.want)
		}
	}
}

// TestPairs: a row that meets a condition has one of its pairs.
func TestPairs(t *testing.T) {
	text, status, flags := &schema.Field{Name: "text", Kind: schema.ScalarKind, Scalar: schema.String}, &schema.Field{Name: "status", Kind: schema.EnumKind}, &schema.Field{Name: "flags", Kind: schema.ScalarKind, Scalar: schema.String, List: true}
	is := func(f *schema.Field, test query.Test, v any) *query.Cond {
		return &query.Cond{Test: test, Field: f, Args: []query.Operand{{Value: v}}}
	}
	many := make([]any, maxPairs+1)
	size := is(text, query.Eq, int64(3))
	size.Size = true
	for name, test := range map[string]struct {
		cond *query.Cond
		want string // "-": none to say
	}{
		"everything":           {nil, "-"},
		"nothing":              {&query.Cond{Test: query.None}, ""},
		"one value":            {is(text, query.Eq, "a"), "text=a"},
		"some values":          {is(text, query.In, []any{"a", "b"}), "text=a text=b"},
		"too many values":      {is(text, query.In, many), "-"},
		"a number, whole":      {is(text, query.Eq, 5.0), "text=5"},
		"no value":             {is(text, query.Ne, "a"), "-"},
		"a size":               {size, "-"},
		"an element":           {is(flags, query.Eq, "a"), "-"},
		"not":                  {&query.Cond{Test: query.Not, Kids: []*query.Cond{is(text, query.Eq, "a")}}, "-"},
		"the finer of both":    {query.AllOf(is(status, query.Eq, "X"), is(text, query.In, []any{"a", "b"})), "text=a text=b"},
		"the one that says":    {query.AllOf(is(text, query.Ne, "b"), is(status, query.Eq, "X")), "status=X"},
		"either":               {query.AnyOf(is(status, query.Eq, "X"), is(text, query.Eq, "a")), "status=X text=a"},
		"either, one says not": {query.AnyOf(is(status, query.Eq, "X"), is(text, query.Ne, "a")), "-"},
		"nothing or one":       {query.AnyOf(&query.Cond{Test: query.None}, is(text, query.Eq, "a")), "text=a"},
		"nothing and one":      {query.AllOf(is(text, query.Eq, "a"), &query.Cond{Test: query.None}), ""},
	} {
		got, ok := pairs(test.cond)
		said := "-"
		if ok {
			said = ""
			for i, p := range got {
				if i > 0 {
					said += " "
				}
				said += fmt.Sprintf("%s=%v", p.field.Name, p.value)
			}
		}
		if said != test.want {
			t.Errorf("%s: %q, want %q", name, said, test.want)
		}
	}
}
