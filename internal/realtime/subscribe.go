package realtime

import (
	"context"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/store"
)

// Subscribe has a caller follow a feed or a live list. The sink may be told of the
// first events before Subscribe returns.
func (h *Hub) Subscribe(ctx context.Context, by *access.Principal, r Request, sink Sink) (*Subscription, error) {
	h.mu.Lock()
	service, resting := h.service, h.resting
	h.mu.Unlock()
	switch {
	case service == nil && resting != nil:
		return nil, resting
	case service == nil:
		return nil, fault.New(fault.Unready, "the server has no schema yet")
	}
	w, err := service.Watch(by, r.Read)
	if err != nil {
		return nil, err
	}
	j := joining{h, service, w, &Subscription{hub: h, sink: sink, want: r, watch: w, place: data.PlaceOf(by, w, r.name())}, r.class(w)}
	h.mu.Lock()
	err = h.quota.admit(j.sub, by)
	h.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if err := j.begin(ctx, r); err != nil {
		j.sub.Close()
		return nil, err
	}
	return j.sub, nil
}

// begin starts what was asked for: from now on, or where the subscriber was.
func (j *joining) begin(ctx context.Context, r Request) error {
	f := &feed{r.Writes}
	if r.Since == "" {
		if r.Read.Op == query.Follow {
			return j.feed(ctx, f)
		}
		return j.list(ctx)
	}
	since, same, err := j.positions.Open(r.Since, j.sub.place)
	if err != nil {
		return err
	}
	gone, err := j.gone(ctx, since)
	if err != nil {
		return err
	}
	switch {
	case r.Read.Op == query.Follow:
		return j.resumeFeed(ctx, f, since, gone || !same)
	case since != 0 && gone:
		return j.anew(ctx)
	case since == 0 || !same: // nothing is missing, but what there was is not to be had
		return j.list(ctx)
	}
	return j.resumeList(ctx, since)
}

// joining is a subscription on its way into the hub.
type joining struct {
	*Hub
	service *data.Service
	watch   access.Watch
	sub     *Subscription
	class   string
}

// current locks the hub, awake, if it still follows the schema that the
// subscription is bound to.
func (j *joining) current(ctx context.Context) error {
	j.mu.Lock()
	if j.service != j.Hub.service {
		j.mu.Unlock()
		return fault.New(fault.RealtimeRestart, "the schema has changed; connect again and resume from the last event")
	}
	if err := j.wakeUp(ctx); err != nil {
		j.mu.Unlock()
		return err
	}
	return nil
}

// feed joins a feed from now on.
func (j *joining) feed(ctx context.Context, f *feed) error {
	if err := j.current(ctx); err != nil {
		return err
	}
	defer j.mu.Unlock()
	j.joinFeed(f, &Event{Op: Start, Resume: j.pos})
	return nil
}

// joinFeed joins the feed after a first event, if any: writes of one kind have none.
func (j *joining) joinFeed(f *feed, first *Event) {
	j.sub.from = j.pos
	v := j.views[j.class]
	if v == nil {
		v = &view{hub: j.Hub, class: j.class, watch: j.watch, feed: f}
	}
	if f.writes == Changes && first != nil {
		j.sub.sink.Tell(j.sub, first)
	}
	v.join(j.sub)
}

// list joins a live list, whose rows are sent first.
func (j *joining) list(ctx context.Context) error {
	return j.joinList(ctx, newList(j.watch, j.bounds.spare))
}

// joinList joins the list that others follow already, or reads one and brings it
// up to now.
func (j *joining) joinList(ctx context.Context, l *list) error {
	for range catchUpTries {
		if err := j.current(ctx); err != nil {
			return err
		}
		v := j.views[j.class]
		if v == nil && l.read && j.upToDate(l) {
			v = &view{hub: j.Hub, class: j.class, watch: j.watch, list: l}
		}
		if v != nil {
			err := j.show(v)
			j.mu.Unlock()
			return err
		}
		j.mu.Unlock()
		snap, err := l.ask(j.service, j.watch)
		if err != nil {
			return err
		}
		l.fill(j.watch, snap)
	}
	return fault.New(fault.RealtimeSlow, "more is written than this list can catch up with; narrow its filter")
}

// upToDate applies what was judged since the list was read.
func (j *joining) upToDate(l *list) bool {
	if j.watch.Deep() {
		return l.seq >= j.pos || !j.touched(l.seq)
	}
	if l.seq >= j.pos {
		return !l.spent()
	}
	n := j.watch.Grant().Node()
	return j.recent.after(l.seq, func(ch *store.Change) {
		if ch.Model == n.Model && ch.Org == j.watch.Org() {
			l.apply(j.watch, ch)
		}
	}) && !l.spent()
}

// touched tells whether anything that has a say in the list was changed behind a
// position, as far as that is in memory.
func (j *joining) touched(pos int64) bool {
	found := false
	known := j.recent.after(pos, func(ch *store.Change) {
		for _, m := range j.watch.Models() {
			found = found || table{ch.Model, ch.Org} == tableOf(j.watch, m)
		}
	})
	return found || !known
}

// show sends the rows of a list and joins it.
func (j *joining) show(v *view) error {
	e, err := v.rows(j.service, j.watch)
	if err != nil {
		return err
	}
	j.sub.sink.Tell(j.sub, e)
	v.join(j.sub)
	return nil
}

// rows tells one subscriber all rows of a list.
func (v *view) rows(s *data.Service, w access.Watch) (*Event, error) {
	e := &Event{Op: Rows, Resume: v.list.seq, Page: v.list.page()}
	switch {
	case v.watch.Deep():
	case v.list.short():
		e.Resume = 0
	default:
		e.Resume = max(e.Resume, v.hub.pos)
	}
	e.Page.Counted = v.watch.Grant().Node().Count
	var err error
	if end := v.list.end(); end != nil {
		e.Page.Next, err = s.Cursor(w, end) // which is the subscriber's own
	}
	return e, err
}
