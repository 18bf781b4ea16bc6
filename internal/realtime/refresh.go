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
		v.working = true
		go l.work(v, v.hub.service)
	}
}

// work reads the list as long as something touches it. In between it rests, the
// longer the dearer the list is.
func (l *list) work(v *view, s *data.Service) {
	h := v.hub
	for {
		h.deep <- struct{}{}
		h.mu.Lock()
		if !l.dirty || len(v.subs) == 0 {
			v.working = false
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

		h.mu.Lock()
		if err != nil {
			v.working = false
			v.end(lost(err))
			h.mu.Unlock()
			return
		}
		l.renew(v, snap)
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
	return s.Snapshot(ctx, w, l.limit+slack, true)
}

// renew takes a snapshot in place of what the list knew, and tells the difference.
func (l *list) renew(v *view, snap store.Snapshot) {
	before, after, total := slices.Clone(l.visible()), snap.Seq, l.total
	if !v.watch.Deep() && after < v.hub.pos && !v.hub.recent.covers(after) {
		l.dirty = true // too old already to be brought up to now
		return
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
	for _, e := range l.difference(before, after, l.deleted) {
		v.tell(e)
	}
	if v.watch.Grant().Node().Count && l.total != total {
		v.tell(&Event{Op: Rows, Resume: after, Page: l.page(), change: after})
	}
	clear(l.deleted)
	l.dirty = l.dirty || !v.watch.Deep() && l.short()
}

func (r *recent) covers(pos int64) bool { return pos >= r.from }

// tableOf is where the rows of a model are that have a say in a watch.
func tableOf(w access.Watch, m *schema.Model) table {
	if m.Scope == schema.Global {
		return table{model: m}
	}
	return table{m, w.Grant().Principal().Org}
}
