package realtime

import (
	"context"
	"slices"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// How a list asks the database again: when rows are missing that it does not know,
// and always where other rows have a say in it.

// touch notes a change that may have changed the list.
func (l *list) touch(v *view, ch *store.Change) {
	if ch.Seq <= l.seq {
		return
	}
	if ch.Op == query.Delete && ch.Model == v.watch.Grant().Node().Model {
		l.deleted[query.KeyID(ch.Key)] = true
	}
	l.refresh(v)
}

// refresh has the list read anew, soon.
func (l *list) refresh(v *view) {
	l.dirty = true
	if !v.working {
		v.work(true)
		go l.work(v, v.hub.service)
	}
}

// tellRows tells everybody all rows anew.
func (v *view) tellRows(s *data.Service) error {
	for _, sub := range v.subs {
		e, err := v.rows(s, sub.watch)
		if err != nil {
			return err
		}
		sub.sink.Tell(sub, e)
	}
	v.hub.metrics.events.Add(uint64(len(v.subs)))
	return nil
}

// work reads the list as long as something touches it. In between it rests, the
// longer the dearer the list is.
func (l *list) work(v *view, s *data.Service) {
	h := v.hub
	for {
		h.deep <- struct{}{}
		h.mu.Lock()
		if !l.dirty || len(v.subs) == 0 {
			v.work(false)
			h.mu.Unlock()
			<-h.deep
			return
		}
		l.dirty = false
		h.mu.Unlock()

		began := time.Now()
		snap, err := l.ask(s, v.watch)
		took := time.Since(began)
		<-h.deep
		h.check()

		h.mu.Lock()
		if err != nil {
			v.work(false)
			v.end(lost(err))
			h.mu.Unlock()
			return
		}
		if err := l.renew(v, s, snap); err != nil {
			v.end(lost(err))
		}
		again := l.dirty
		h.mu.Unlock()
		if again {
			time.Sleep(restBetween + 4*took)
		}
	}
}

// ask reads the list from the database: with a few rows more than it shows where
// it can keep them true itself.
func (l *list) ask(s *data.Service, w access.Watch) (store.Snapshot, error) {
	ctx, cancel := context.WithTimeout(context.Background(), readPatience)
	defer cancel()
	if w.Deep() {
		return s.Snapshot(ctx, w, l.limit, false)
	}
	return s.Snapshot(ctx, w, l.limit+l.spare, true)
}

// renew takes a snapshot in place of what the list knew, and tells the difference.
func (l *list) renew(v *view, s *data.Service, snap store.Snapshot) error {
	before, end, after, total := slices.Clone(l.visible()), l.end(), snap.Seq, l.total
	if !v.watch.Deep() && after < v.hub.pos && !v.hub.recent.covers(after) {
		l.dirty = true // too old already to be brought up to now
		return nil
	}
	l.fill(v.watch, snap)
	if !v.watch.Deep() {
		v.hub.recent.after(after, func(ch *store.Change) {
			if ch.Model == v.watch.Grant().Node().Model && ch.Org == v.watch.Org() {
				l.apply(v.watch, ch)
				after = ch.Seq
			}
		})
	}
	short := !v.watch.Deep() && l.short()
	l.dirty = l.dirty || !v.watch.Deep() && l.spent()
	changes := l.ending(l.difference(before, after, l.deleted), end, after)
	clear(l.deleted)
	if v.watch.Grant().Node().Count && l.total != total {
		return v.tellRows(s)
	}
	for _, e := range changes {
		if short {
			e.Resume = 0
		}
		v.tell(e)
	}
	return nil
}

func (r *recent) covers(pos int64) bool { return pos >= r.from }

// tableOf is where the rows of a model are that have a say in a watch.
func tableOf(w access.Watch, m *schema.Model) table {
	if m.Scope == schema.Global {
		return table{model: m}
	}
	return table{m, w.Grant().Principal().Org}
}
