package realtime

import (
	"cmp"
	"context"
	"slices"

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
	l, missed, err := j.rewind(ctx, since)
	if err != nil || l == nil {
		if err == nil {
			err = j.anew(ctx)
		}
		return err
	}
	for range catchUpTries {
		if err := j.current(ctx); err != nil {
			return err
		}
		known := l.seq >= j.pos || j.recent.after(l.seq, func(ch *store.Change) {
			if j.concerns(ch) {
				missed = append(missed, l.apply(j.watch, ch)...)
			}
		})
		if known {
			j.joinAt(l, missed)
			j.mu.Unlock()
			return nil
		}
		until := j.pos
		j.mu.Unlock()
		changes, err := j.past(ctx, l.seq, until)
		if err != nil {
			return err
		}
		for i := range changes {
			missed = append(missed, l.apply(j.watch, &changes[i])...)
		}
		l.seq = until
	}
	return fault.New(fault.RealtimeSlow, "more is written than this list can catch up with; narrow its filter")
}

// joinAt tells what was missed, and joins the list that others follow already, or
// this one. The lock is held.
func (j *joining) joinAt(l *list, missed []*Event) {
	for _, e := range missed {
		j.sub.sink.Tell(j.sub, e)
	}
	l.seq = max(l.seq, j.pos)
	j.sub.from = l.seq
	v := j.views[j.class]
	if v == nil {
		v = &view{hub: j.Hub, class: j.class, watch: j.watch, list: l}
	}
	v.join(j.sub)
	if v.list == l && l.short() {
		l.refresh(v)
	}
}

func (j *joining) concerns(ch *store.Change) bool {
	return ch.Model == j.watch.Grant().Node().Model && ch.Org == j.watch.Org()
}

// past reads what the log has of the list's model between two positions; until 0
// is its end. It reads a little more than maxRewind at most.
func (j *joining) past(ctx context.Context, since, until int64) ([]store.Change, error) {
	var out []store.Change
	f := store.Following{After: since, Until: until, Limit: readAhead, Model: j.watch.Grant().Node().Model, Org: j.watch.Org()}
	for {
		page, err := j.service.Changes(ctx, f)
		out = append(out, page.All...)
		if err != nil || !page.More || len(out) > maxRewind {
			return out, err
		}
		f.After = page.Last
	}
}

// rewind is the list as of a position, brought up to a moment after it, and what
// there was to tell on the way. A nil list is too far back.
func (j *joining) rewind(ctx context.Context, since int64) (*list, []*Event, error) {
	l := newList(j.watch)
	past, err := j.past(ctx, since, 0)
	if err != nil || len(past) > maxRewind {
		return nil, nil, err
	}
	snap, err := j.service.Snapshot(ctx, j.watch, l.limit+slack+2*len(past), true)
	if fault.Is(err, fault.QueryTooComplex) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if snap.Seq > since {
		if past, err = j.past(ctx, since, snap.Seq); err != nil || len(past) > maxRewind {
			return nil, nil, err
		}
	} else {
		past = nil
	}
	l.fill(j.watch, snap)
	l.undo(j, past)
	var missed []*Event
	for i := range past {
		missed = append(missed, l.apply(j.watch, &past[i])...)
	}
	l.seq = max(snap.Seq, since)
	return l, missed, nil
}

// undo takes changes back: the rows that they changed are again what they were, as
// far as the list reaches.
func (l *list) undo(j *joining, past []store.Change) {
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
		if ch.Before == nil || !j.watch.Sees(ch.Before) {
			continue
		}
		if e := l.entry(j.watch, id, ch.Before); l.whole || end != nil && l.compare(e.sort, end) <= 0 {
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
	l := newList(j.watch)
	snap, err := l.ask(j.service, j.watch)
	if err != nil {
		return err
	}
	l.fill(j.watch, snap)
	for _, m := range j.watch.Models() {
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
	}
	j.sub.from = max(since, v.list.seq)
	v.join(j.sub)
	if v.list == l && j.pos > l.seq && j.touched(l.seq) {
		l.refresh(v)
	}
	return nil
}
