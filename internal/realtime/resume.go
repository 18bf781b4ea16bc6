package realtime

import (
	"cmp"
	"context"
	"slices"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/store"
)

// How a subscriber who was away is told what they missed: from the changes judged
// last where those suffice, else from the log.

// gone tells whether the log is without some of what came after a position: too
// old, or of times that this database has not seen.
func (j *joining) gone(ctx context.Context, since int64) (bool, error) {
	first, last, err := j.service.LogBounds(ctx)
	return since+1 < first || since > last, err
}

// resumeFeed tells what came after a position, and joins the feed then.
func (j *joining) resumeFeed(ctx context.Context, f *feed, since int64, gone bool) error {
	if gone {
		if err := j.current(ctx); err != nil {
			return err
		}
		defer j.mu.Unlock()
		j.joinFeed(f, &Event{Op: Gap, Resume: j.pos})
		return nil
	}
	n := j.watch.Grant().Node()
	for range catchUpTries {
		if err := j.current(ctx); err != nil {
			return err
		}
		if j.pos <= since || !j.watch.Deep() && j.recent.after(since, func(ch *store.Change) { j.catchUp(f, ch) }) {
			j.joinFeed(f, nil)
			j.sub.from = max(j.sub.from, since)
			j.mu.Unlock()
			return nil
		}
		until := j.pos
		j.mu.Unlock()
		changes, err := j.service.Changes(ctx, store.Following{After: since, Until: until, Limit: readAhead, Model: n.Model, Org: j.watch.Org()})
		if err != nil {
			return err
		}
		for i := range changes.All {
			if err := j.tellPast(ctx, f, &changes.All[i]); err != nil {
				return err
			}
		}
		if since = changes.Last; !changes.More {
			since = until
		}
	}
	return fault.New(fault.RealtimeSlow, "more is written than this subscription can catch up with; narrow its filter, or start from now")
}

// catchUp tells of a change that is in memory. The lock is held.
func (j *joining) catchUp(f *feed, ch *store.Change) {
	if ch.Model == j.watch.Grant().Node().Model && ch.Org == j.watch.Org() && !f.ignores(ch) {
		if e := f.judge(j.watch, ch); e != nil {
			j.sub.sink.Tell(j.sub, e)
		}
	}
}

// tellPast tells of a change that was read from the log.
func (j *joining) tellPast(ctx context.Context, f *feed, ch *store.Change) error {
	if f.ignores(ch) {
		return nil
	}
	var e *Event
	var err error
	if j.watch.Deep() {
		e, err = f.judgeDeep(ctx, j.service, j.watch, ch)
	} else {
		e = f.judge(j.watch, ch)
	}
	if err == nil && e != nil {
		j.mu.Lock()
		j.sub.sink.Tell(j.sub, e)
		j.mu.Unlock()
	}
	return err
}

// anew is list for one who asked for more than there is to tell.
func (j *joining) anew(ctx context.Context) error {
	j.mu.Lock()
	j.sub.sink.Tell(j.sub, &Event{Op: Gap})
	j.mu.Unlock()
	return j.list(ctx)
}

// resumeList takes the list back to a position, tells what came after, and joins it.
func (j *joining) resumeList(ctx context.Context, since int64) error {
	if j.watch.Deep() {
		return j.resumeDeep(ctx, since)
	}
	l, err := j.rewind(ctx, since)
	for range catchUpTries {
		if err != nil {
			return err
		}
		if l == nil {
			return j.anew(ctx)
		}
		if err = j.current(ctx); err != nil {
			return err
		}
		if l.forward(j, j.pos) {
			err = j.joinAt(l)
			j.mu.Unlock()
			return err
		}
		until := j.pos
		j.mu.Unlock()
		if l.lost {
			return j.list(ctx)
		}
		l, err = j.more(ctx, l, until)
	}
	return fault.New(fault.RealtimeSlow, "more is written than this list can catch up with; narrow its filter")
}

// joinAt tells what was missed, and joins the list that others follow already, or
// this one. The lock is held, and the list is of the moment that the hub is at.
func (j *joining) joinAt(l *rewound) error {
	v := j.views[j.class]
	if v != nil && (v.list.seq > l.seq || l.seq > j.pos || v.list.short()) {
		return j.show(v) // what the others know is something else just now
	}
	for _, e := range l.missed {
		j.sub.sink.Tell(j.sub, e)
	}
	if v == nil {
		v = &view{hub: j.Hub, class: j.class, watch: j.watch, list: l.list}
	}
	v.join(j.sub)
	if v.list.spent() {
		v.list.refresh(v)
	}
	return nil
}

func (j *joining) concerns(ch *store.Change) bool {
	return ch.Model == j.watch.Grant().Node().Model && ch.Org == j.watch.Org()
}

// past reads what the log has of the list's model between two positions; until 0
// is its end. It reads a little more than bounds.rewind at most.
func (j *joining) past(ctx context.Context, since, until int64) ([]store.Change, error) {
	var out []store.Change
	f := store.Following{After: since, Until: until, Limit: readAhead, Model: j.watch.Grant().Node().Model, Org: j.watch.Org()}
	for {
		page, err := j.service.Changes(ctx, f)
		out = append(out, page.All...)
		if err != nil || !page.More || len(out) > j.bounds.rewind {
			return out, err
		}
		f.After = page.Last
	}
}

// rewound is a list as of a position, with what is known of the time since.
type rewound struct {
	*list
	ahead  []store.Change // not applied yet
	known  int64          // there is nothing else up to here
	missed []*Event       // what was to be told on the way
	lost   bool           // more rows left the list than it had to spare
}

// rewind is the list as of a position; nil where that is too far back.
func (j *joining) rewind(ctx context.Context, since int64) (*rewound, error) {
	past, err := j.past(ctx, since, 0)
	if err != nil || len(past) > j.bounds.rewind {
		return nil, err
	}
	l := &rewound{list: newList(j.watch, j.bounds.spare)}
	snap, err := j.service.Snapshot(ctx, j.watch, l.limit+l.spare+2*len(past), true)
	if fault.Is(err, fault.QueryTooComplex) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	past = nil
	if snap.Seq > since {
		if past, err = j.past(ctx, since, snap.Seq); err != nil || len(past) > j.bounds.rewind {
			return nil, err
		}
	}
	l.fill(j.watch, snap)
	l.undo(j.watch, past)
	l.seq, l.ahead, l.known, l.lost = since, past, max(since, snap.Seq), l.short()
	j.mu.Lock()
	pos := j.pos
	j.mu.Unlock()
	l.forward(j, min(pos, l.known))
	return l, nil
}

// more has a list know the changes up to a position; nil where there are too many.
func (j *joining) more(ctx context.Context, l *rewound, until int64) (*rewound, error) {
	past, err := j.past(ctx, l.known, until)
	if err != nil || len(past) > j.bounds.rewind {
		return nil, err
	}
	l.ahead, l.known = append(l.ahead, past...), until
	return l, nil
}

// forward brings the list up to a position, if it knows enough: beyond that, it asks
// the changes that the hub keeps in memory, and the hub's lock must be held.
func (l *rewound) forward(j *joining, to int64) bool {
	for len(l.ahead) > 0 && l.ahead[0].Seq <= to {
		l.step(j, &l.ahead[0])
		l.ahead = l.ahead[1:]
	}
	if l.known < to {
		covered := j.recent.after(l.known, func(ch *store.Change) {
			if j.concerns(ch) {
				l.step(j, ch)
			}
		})
		if !covered {
			return false
		}
		l.known = to
	}
	l.seq = max(l.seq, to)
	return !l.lost
}

func (l *rewound) step(j *joining, ch *store.Change) {
	l.missed = append(l.missed, l.apply(j.watch, ch)...)
	l.lost = l.lost || l.short()
}

// undo takes changes back: the rows that they changed are again what they were, as
// far as the list reaches.
func (l *list) undo(w access.Watch, past []store.Change) {
	if len(past) == 0 {
		return
	}
	changed := map[string]bool{}
	var old []*entry
	var end []any
	if len(l.rows) > 0 {
		end = l.rows[len(l.rows)-1].sort
	}
	for i := range past {
		ch := &past[i]
		id := query.KeyID(ch.Key)
		if changed[id] {
			continue
		}
		changed[id] = true
		if ch.Before == nil || !w.Sees(ch.Before) {
			continue
		}
		if e := l.entry(w, id, ch.Before); l.whole || end != nil && l.compare(e.sort, end) <= 0 {
			old = append(old, e)
		}
	}
	l.rows = slices.DeleteFunc(l.rows, func(e *entry) bool { return changed[e.id] })
	l.rows = append(l.rows, old...)
	slices.SortFunc(l.rows, func(a, b *entry) int { return cmp.Or(l.compare(a.sort, b.sort), cmp.Compare(a.id, b.id)) })
}

// resumeDeep joins a list that only the database can judge: what it was then is not
// to be had, so that it is sent anew where anything with a say in it has changed.
func (j *joining) resumeDeep(ctx context.Context, since int64) error {
	l := newList(j.watch, j.bounds.spare)
	snap, err := l.ask(j.service, j.watch)
	if err != nil {
		return err
	}
	l.fill(j.watch, snap)
	for _, m := range j.watch.Models() { // what the rows are ahead of their position is found as well
		t := tableOf(j.watch, m)
		if m.ReadOnly {
			continue
		}
		page, err := j.service.Changes(ctx, store.Following{After: since, Limit: 1, Model: m, Org: t.org})
		if err != nil {
			return err
		}
		if page.Last > since {
			return j.list(ctx)
		}
	}
	if err := j.current(ctx); err != nil {
		return err
	}
	defer j.mu.Unlock()
	v := j.views[j.class]
	if v == nil {
		v = &view{hub: j.Hub, class: j.class, watch: j.watch, list: l}
	} else if v.list.seq < since || v.list.seq > l.seq || v.list.ahead {
		return j.show(v) // read at another time, when it may have been something else
	}
	v.join(j.sub)
	if v.list == l && j.pos > l.seq && j.touched(l.seq) {
		l.refresh(v)
	}
	return nil
}
