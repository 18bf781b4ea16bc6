package invariant

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/realtime"
	"github.com/loam-dev/loam/internal/schema"
)

// What followers are told, held against the oracle.

func (f *follower) hearList(e heard) {
	was := moment{}
	if n := len(f.lists); n > 0 {
		was = f.lists[n-1]
	}
	next := moment{position: e.position, known: slices.Clone(was.known), total: was.total, since: f.since}
	if e.Op == realtime.Rows {
		next.known, next.total = nil, e.Page.Total
		var items []json.RawMessage
		if err := json.Unmarshal([]byte("["+string(e.Page.Items)+"]"), &items); err != nil {
			f.fatalf("%s: no JSON: %s", f.url(), e.Page.Items)
		}
		for _, shown := range items {
			id := idOf(&row{m: f.q.m, v: asObject(decode(shown))})
			f.could(e, id, shown)
			next.known = append(next.known, item{id, string(shown)})
		}
		f.lists = append(f.lists, next)
		return
	}
	if e.Op == realtime.Next {
		f.lists = append(f.lists, next)
		return
	}
	f.could(e, e.ID, e.Row)
	next.known = slices.DeleteFunc(next.known, func(i item) bool { return i.id == e.ID })
	if e.Row != nil {
		if e.Index > len(next.known) {
			f.fatalf("%s: %s is told to stand at %d of %d", f.url(), e.ID, e.Index, len(next.known))
		}
		next.known = slices.Insert(next.known, e.Index, item{e.ID, string(e.Row)})
	}
	if (e.Op == realtime.Insert || e.Op == realtime.Update) != (e.Row != nil) {
		f.fatalf("%s: %v with the row %s", f.url(), e.Op, e.Row)
	}
	f.lists = append(f.lists, next)
}

// could demands that the row of an event could be seen at some time since the
// follower last knew everything, and that it was what is told of it.
func (f *follower) could(e heard, id string, row []byte) {
	var seen []string
	for _, s := range f.history.since(f.since, f.deep) {
		if e.Resume > 0 && s.seq > e.Resume+1 && !(f.deep && f.transactions != nil) {
			break
		}
		o := f.at(s)
		for _, r := range o.within(f.c, f.q.m) {
			if idOf(r) != id || !f.sees(o, r) {
				continue
			}
			shown := f.shows(o, r)
			if row == nil || reflect.DeepEqual(decode(row), any(shown)) {
				return
			}
			seen = append(seen, text(shown))
		}
	}
	f.fatalf("%s is told of %s in %s, %v at %d:\n  %s\nwhat could be seen of it since %d:\n  %s", f.c.name, id, f.url(), e.Op, e.Resume, row, f.states[f.since].seq, strings.Join(seen, "\n  "))
}

// checkList holds a list against the oracle's and against the server's answer.
func (f *follower) checkList() {
	m := f.lists[len(f.lists)-1]
	o := f.at(f.now())
	_, listed := o.list(f.q, f.c)
	rows := keep(listed, func(r *row) bool { return f.sees(o, r) })
	if f.count && m.total != int64(len(rows)) {
		f.fatalf("%s counts %d rows in %s, the oracle %d", f.c.name, m.total, f.url(), len(rows))
	}
	if len(m.known) != min(len(rows), f.limit) {
		f.fatalf("%s knows %d rows of %s, the oracle %d\n%s", f.c.name, len(m.known), f.url(), min(len(rows), f.limit), f.story())
	}
	for i, known := range m.known {
		if f.q.search != "" && len(f.q.sort) == 0 {
			break // the oracle does not rank
		}
		if want := text(f.shows(o, rows[i])); text(decode([]byte(known.row))) != want {
			f.fatalf("%s: row %d of %s is\n  %s\nthe oracle says\n  %s\n%s", f.c.name, i, f.url(), known.row, want, f.story())
		}
	}
	if len(listed) == len(rows) {
		f.asAnswered(m)
	}
}

// asAnswered holds a list against what the server answers, byte for byte.
func (f *follower) asAnswered(m moment) {
	a := f.do(f.c, "GET", f.url(), nil)
	var page struct{ Items []json.RawMessage }
	if err := json.Unmarshal(a.body, &page); err != nil || a.status != fine {
		f.fatalf("answered %d", a.status)
	}
	if len(page.Items) != len(m.known) {
		f.fatalf("%s knows %d rows of %s, the answer has %d", f.c.name, len(m.known), f.url(), len(page.Items))
	}
	for i, row := range page.Items {
		if string(row) != m.known[i].row {
			f.fatalf("%s: row %d of %s is\n  %s\nthe answer is\n  %s\n%s", f.c.name, i, f.url(), m.known[i].row, row, f.story())
		}
	}
}

// story is how a list came to be what it is.
func (f *follower) story() string {
	var b strings.Builder
	for _, m := range f.lists[max(0, len(f.lists)-8):] {
		fmt.Fprintf(&b, "known since %d:", f.states[m.since].seq)
		for _, i := range m.known {
			b.WriteString(" " + i.id)
		}
		b.WriteString("\n")
	}
	for _, c := range f.changes[max(0, len(f.changes)-12):] {
		fmt.Fprintf(&b, "change %d: %d %s %s\n", c.seq, c.op, c.m.Name, c.id)
	}
	return b.String()
}

// ---- feeds

func (f *follower) hearChange(e heard) {
	f.positions = append(f.positions, position{e.position, e.Resume})
	if e.Op == realtime.Start {
		return
	}
	f.got = append(f.got, e)
	i, known := slices.BinarySearchFunc(f.changes, e.Resume, func(c *change, seq int64) int { return cmp.Compare(c.seq, seq) })
	if !known || f.changes[i].m != f.q.m || f.changes[i].id != e.ID || f.changes[i].org != "" && f.changes[i].org != f.c.org {
		f.fatalf("%s is told of %s at %d, which is no change of theirs", f.c.name, e.ID, e.Resume)
	}
	if !f.exact {
		f.couldChange(e, f.changes[i])
	}
}

// couldChange is could for a change that other rows have a say in: as they are when
// it is told.
func (f *follower) couldChange(e heard, c *change) {
	for _, s := range f.history.since(f.since, true) {
		o := f.at(s)
		rows := append(keep(o.within(f.c, f.q.m), func(r *row) bool { return idOf(r) == e.ID }), c.before, c.after)
		for _, r := range rows {
			if !f.sees(o, r) {
				continue
			}
			shown := f.shows(o, r)
			if e.Op == realtime.Delete { // what stands on other rows is null then
				for name, v := range asObject(decode(e.Row)) {
					if v == nil {
						shown[name] = nil
					}
				}
			}
			if e.Row == nil || reflect.DeepEqual(decode(e.Row), any(shown)) {
				return
			}
		}
	}
	f.fatalf("%s is told of %s in %s, %v at %d, which they could not see:\n  %s", f.c.name, e.ID, f.url(), e.Op, e.Resume, e.Row)
}

func (f *follower) checkFeed() {
	if f.exact {
		f.replayed(true)
	}
	f.got, f.from = nil, len(f.changes)
}

// replayed holds what a feed told against what the oracle makes of the log; all of
// it, or its beginning.
func (f *follower) replayed(all bool) {
	got := f.got
	o := f.at(f.now())
	for _, c := range f.changes[f.from:] {
		op, row, optional, told := f.expected(o, c)
		switch {
		case !told:
		case len(got) > 0 && got[0].Resume == c.seq && got[0].Op == op && (row == nil) == (got[0].Row == nil) && (row == nil || reflect.DeepEqual(decode(got[0].Row), any(row))):
			got = got[1:]
		case len(got) == 0 && !all:
			return
		case !optional:
			f.fatalf("%s should be told %v of %s at %d in %s:\n  %s\nand was told %s", f.c.name, op, c.id, c.seq, f.url(), text(row), said(got))
		}
	}
	if len(got) > 0 {
		f.fatalf("%s is told too much in %s: %s", f.c.name, f.url(), said(got))
	}
}

func said(got []heard) string {
	if len(got) == 0 {
		return "nothing more"
	}
	return fmt.Sprintf("%v of %s at %d: %s", got[0].Op, got[0].ID, got[0].Resume, got[0].Row)
}

// expected is what a change means to a feed. One that changes nothing of what is
// shown may be told or not.
func (f *follower) expected(o *oracle, c *change) (op realtime.Op, row map[string]any, optional, told bool) {
	if c.m != f.q.m || c.org != "" && c.org != f.c.org {
		return 0, nil, false, false
	}
	kind := map[query.WriteOp]realtime.Writes{query.Create: realtime.Creates, query.Update: realtime.Updates, query.Delete: realtime.Deletes}[c.op]
	changes := f.writes == realtime.Changes
	if !changes && f.writes&kind == 0 {
		return 0, nil, false, false
	}
	was, is := f.sees(o, c.before), f.sees(o, c.after)
	switch {
	case is && (was || !changes && kind == realtime.Updates):
		row = f.shows(o, c.after)
		if was {
			before, after := maps.Clone(row), f.shows(o, c.before)
			for _, field := range []*schema.Field{c.m.Version, c.m.UpdatedAt} {
				delete(before, field.Name)
				delete(after, field.Name)
			}
			optional = reflect.DeepEqual(before, after)
		}
		return realtime.Update, row, optional, true
	case is:
		return realtime.Insert, f.shows(o, c.after), false, true
	case was && c.op == query.Delete:
		return realtime.Delete, f.shows(o, c.before), false, true
	case was && changes:
		return realtime.Remove, nil, false, true
	}
	return 0, nil, false, false
}
