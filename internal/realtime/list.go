package realtime

import (
	"bytes"
	"slices"
	"sort"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/store"
)

// list keeps the first rows of a sorted list true. Of a list that package access
// can judge it knows a few more rows than it shows, so that one that leaves has a
// successor; of any other it knows what the database last said.
type list struct {
	limit int
	spare int // rows that it knows beyond those, and up to twice as many
	order []query.Order
	rows  []*entry // in order
	whole bool     // no row follows them
	seq   int64    // the rows are of this moment, at least
	read  bool
	ahead bool // of a deep list: the rows may be of a later moment

	dirty   bool            // the database is to be asked
	deleted map[string]bool // rows deleted since it last was, by id
	total   int64
}

// entry is a row in a list.
type entry struct {
	id    string
	sort  []any
	shown []byte // as its subscribers see it
}

func newList(w access.Watch, spare int) *list {
	n := w.Grant().Node()
	return &list{limit: n.Limit, spare: spare, order: n.Sort, deleted: map[string]bool{}}
}

// visible are the rows that subscribers know.
func (l *list) visible() []*entry { return l.rows[:min(l.limit, len(l.rows))] }

// fill takes the rows of a snapshot, of which the images are masked here. What a
// snapshot with images is ahead of its position is taken back: when it is told, the
// list changes as it did. A deep list stays ahead, and is read again then.
func (l *list) fill(w access.Watch, snap store.Snapshot) {
	l.rows = make([]*entry, len(snap.Rows))
	for i, row := range snap.Rows {
		e := &entry{id: l.idOf(w, row.Sort), sort: row.Sort, shown: row.Text}
		if row.Image != nil {
			e.shown = w.Append(nil, row.Image)
		}
		l.rows[i] = e
	}
	l.whole, l.seq, l.total, l.read, l.ahead = !snap.More, snap.Seq, snap.Total, true, snap.Ahead
	l.undo(w, snap.Undo)
}

// idOf finds a row's id among the values that it is sorted by: the key is always
// one of them.
func (l *list) idOf(w access.Watch, values []any) string {
	key := make([]any, 0, 1)
	for _, f := range w.Grant().Node().Model.Key {
		for i, o := range l.order {
			if o.Field == f {
				key = append(key, values[len(values)-len(l.order)+i]) // a score leads
			}
		}
	}
	return query.KeyID(key)
}

func (l *list) compare(a, b []any) int {
	for i, o := range l.order {
		if c := access.Compare(a[i], b[i]); c != 0 {
			if o.Desc {
				return -c
			}
			return c
		}
	}
	return 0
}

// take changes the list as the change does, and tells of it.
func (l *list) take(v *view, ch *store.Change) {
	if ch.Seq <= l.seq {
		return
	}
	for _, e := range l.apply(v.watch, ch) {
		if l.short() { // what is shown is not what the rewound list would be
			e.Resume = 0
		}
		v.tell(e)
	}
	if l.spent() {
		l.refresh(v)
	}
}

// short tells whether rows are missing that only the database knows.
func (l *list) short() bool { return !l.whole && len(l.rows) < l.limit }

// spent tells whether none is left in reserve: whether any follows is not known then.
func (l *list) spent() bool { return !l.whole && len(l.rows) <= l.limit }

// apply changes the list, and returns what there is to tell.
func (l *list) apply(w access.Watch, ch *store.Change) []*Event {
	l.seq = ch.Seq
	end := l.end()
	id := query.KeyID(ch.Key)
	was := l.find(ch, id)
	var next *entry
	if ch.After != nil && w.Sees(ch.After) {
		next = l.entry(w, id, ch.After)
	}
	if was < 0 && next == nil {
		return nil
	}
	var shown []byte
	if was >= 0 {
		shown = l.rows[was].shown
	}
	if was >= 0 {
		l.rows = slices.Delete(l.rows, was, was+1)
	}
	is := -1
	if next != nil {
		is = l.insert(next)
	}
	return l.ending(l.moved(ch, id, was, is, shown), end, ch.Seq)
}

// moved is what to tell of one row that stood at a place, -1 for none, and stands at
// another now; shown is what was to be seen of it.
func (l *list) moved(ch *store.Change, id string, was, is int, shown []byte) []*Event {
	saw, sees := was >= 0 && was < l.limit, is >= 0 && is < l.limit
	var out []*Event
	switch {
	case saw && sees:
		if row := l.rows[is].shown; was != is || !bytes.Equal(row, shown) {
			out = []*Event{{Op: Update, ID: id, Index: is, Row: row}}
		}
	case saw:
		op := Remove
		if ch.Op == query.Delete {
			op = Delete
		}
		out = []*Event{{Op: op, ID: id}}
		if last := l.limit - 1; len(l.rows) > last { // another moves up
			out = append(out, &Event{Op: Insert, ID: l.rows[last].id, Index: last, Row: l.rows[last].shown})
		}
	case sees:
		if len(l.rows) > l.limit { // another is pushed out
			out = []*Event{{Op: Remove, ID: l.rows[l.limit].id}}
		}
		out = append(out, &Event{Op: Insert, ID: id, Index: is, Row: l.rows[is].shown})
	}
	return numbered(out, ch.Seq-1, ch.Seq)
}

// numbered says of the events of one step where to resume: the last one alone tells
// that the whole of it was told. Who has seen a part may come back to before, if it
// does no harm to be told that part again.
func numbered(events []*Event, before, seq int64) []*Event {
	for i, e := range events {
		e.change, e.Resume = seq, before
		if i == len(events)-1 {
			e.Resume = seq
		}
	}
	return events
}

// ending has the last event of a step say what follows the list now, where that is
// something else than before; an event of its own says so where there is no other.
func (l *list) ending(events []*Event, before []any, seq int64) []*Event {
	now := l.end()
	if slices.EqualFunc(now, before, func(a, b any) bool { return access.Compare(a, b) == 0 }) {
		return events
	}
	if len(events) == 0 {
		events = []*Event{{Op: Next, change: seq, Resume: seq}}
	}
	events[len(events)-1].End = &now
	return events
}

func (l *list) entry(w access.Watch, id string, row access.Image) *entry {
	return &entry{id: id, sort: l.sortOf(row), shown: w.Append(nil, row)}
}

func (l *list) sortOf(row access.Row) []any {
	values := make([]any, len(l.order))
	for i, o := range l.order {
		values[i] = row.Field(o.Field)
	}
	return values
}

// find is where the row stood, by what it was sorted by.
func (l *list) find(ch *store.Change, id string) int {
	if ch.Before == nil {
		return -1
	}
	values := l.sortOf(ch.Before)
	i := sort.Search(len(l.rows), func(i int) bool { return l.compare(l.rows[i].sort, values) >= 0 })
	if i < len(l.rows) && l.rows[i].id == id {
		return i
	}
	return -1
}

// insert puts a row in its place; one behind all that are known is known only
// where no other can stand between.
func (l *list) insert(e *entry) int {
	i := sort.Search(len(l.rows), func(i int) bool { return l.compare(l.rows[i].sort, e.sort) >= 0 })
	if i == len(l.rows) && !l.whole {
		return -1
	}
	l.rows = slices.Insert(l.rows, i, e)
	if most := l.limit + 2*l.spare; len(l.rows) > most {
		clear(l.rows[most:])
		l.rows, l.whole = l.rows[:most], false
	}
	return i
}

// difference is what to tell those who know the rows before, so that they know the
// ones of now. Who applies the events one after the other has each row where its
// index says.
func (l *list) difference(before []*entry, seq int64, deleted map[string]bool) []*Event {
	var out []*Event
	now := l.visible()
	add := func(e *Event) { out = append(out, e) }
	stays := make(map[string]*entry, len(now))
	for _, e := range now {
		stays[e.id] = e
	}
	known := make([]*entry, 0, len(now)+1)
	for _, e := range before {
		switch {
		case stays[e.id] != nil:
			known = append(known, e)
		case deleted[e.id]:
			add(&Event{Op: Delete, ID: e.id})
		default:
			add(&Event{Op: Remove, ID: e.id})
		}
	}
	for i, e := range now {
		at := i
		for at < len(known) && known[at].id != e.id {
			at++
		}
		switch {
		case at >= len(known):
			add(&Event{Op: Insert, ID: e.id, Index: i, Row: e.shown})
		case at > i || !bytes.Equal(known[at].shown, e.shown):
			add(&Event{Op: Update, ID: e.id, Index: i, Row: e.shown})
			known = slices.Delete(known, at, at+1)
		default:
			known = slices.Delete(known, at, at+1)
		}
		known = slices.Insert(known, i, e)
	}
	return numbered(out, 0, seq)
}

// page is the list as a whole.
func (l *list) page() *Page {
	p := &Page{Total: l.total}
	for i, e := range l.visible() {
		if i > 0 {
			p.Items = append(p.Items, ',')
		}
		p.Items = append(p.Items, e.shown...)
	}
	return p
}

// end is what the last row that is shown is sorted by, where others follow it.
func (l *list) end() []any {
	if l.whole && len(l.rows) <= l.limit || len(l.rows) == 0 {
		return nil
	}
	return l.rows[min(l.limit, len(l.rows))-1].sort
}
