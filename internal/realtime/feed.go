package realtime

import (
	"context"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/store"
)

// feed tells of changes one by one and remembers none.
type feed struct{ writes Writes }

func (f *feed) take(v *view, ch *store.Change) {
	if f.ignores(ch) {
		return
	}
	if v.watch.Deep() {
		f.wait(v, ch)
		return
	}
	if e := f.judge(v.watch, ch); e != nil {
		v.tell(e)
	}
}

// ignores tells whether the feed never tells of such a write.
func (f *feed) ignores(ch *store.Change) bool {
	if f.writes == Changes {
		return false
	}
	return map[query.WriteOp]Writes{query.Create: Creates, query.Update: Updates, query.Delete: Deletes}[ch.Op]&f.writes == 0
}

// judge says what a change means to the feed, or nil.
func (f *feed) judge(w access.Watch, ch *store.Change) *Event {
	was := ch.Before != nil && w.Sees(ch.Before)
	is := ch.After != nil && w.Sees(ch.After)
	if was && is && !w.Tells(ch.Before, ch.After) {
		return nil
	}
	e := f.event(ch, was, is)
	switch {
	case e == nil || e.Op == Remove:
	case is:
		e.Row = w.Append(nil, ch.After)
	default:
		e.Row = w.Append(nil, ch.Before)
	}
	return e
}

// event is what is told of a row that was to be seen before, or is now.
func (f *feed) event(ch *store.Change, was, is bool) *Event {
	e := &Event{Resume: ch.Seq, ID: query.KeyID(ch.Key), change: ch.Seq}
	switch {
	case is && was, is && f.writes&Updates != 0 && ch.Op == query.Update:
		e.Op = Update
	case is:
		e.Op = Insert
	case was && ch.Op == query.Delete:
		e.Op = Delete
	case was && f.writes == Changes:
		e.Op = Remove
	default:
		return nil
	}
	return e
}

// judgeDeep is judge for what only the database can tell: other rows are as they
// are now, and so is the row itself.
func (f *feed) judgeDeep(ctx context.Context, s *data.Service, w access.Watch, ch *store.Change) (*Event, error) {
	was, is := false, false
	var row []byte
	var err error
	if ch.Before != nil && (f.writes == Changes || ch.Op == query.Delete) {
		if was, err = s.Meets(ctx, w, ch.Before); err != nil {
			return nil, err
		}
	}
	if ch.After != nil {
		if row, err = s.Row(ctx, w, ch.Key); err != nil {
			return nil, err
		}
		is = row != nil
	}
	e := f.event(ch, was, is)
	switch {
	case e == nil || e.Op == Remove:
	case is:
		e.Row = row
	default:
		e.Row = w.AppendShallow(nil, ch.Before)
	}
	return e, nil
}

// wait has a change judged by the database, after those that wait already.
func (f *feed) wait(v *view, ch *store.Change) {
	if len(v.waiting) >= maxWaiting {
		v.end(fault.New(fault.RealtimeSlow, "%d changes wait to be judged by what other rows say; connect again and resume from the last event", maxWaiting))
		return
	}
	v.waiting = append(v.waiting, ch.Copy())
	if !v.working {
		v.work(true)
		v.done = ch.Seq - 1
		go f.work(v, v.hub.service)
	}
}

// work judges what waits, and tells of it in order.
func (f *feed) work(v *view, s *data.Service) {
	h := v.hub
	h.deep <- struct{}{}
	defer func() { <-h.deep }()
	for {
		h.mu.Lock()
		if len(v.waiting) == 0 || len(v.subs) == 0 {
			v.waiting = nil
			v.work(false)
			h.mu.Unlock()
			return
		}
		batch := v.waiting
		v.waiting = nil
		h.mu.Unlock()
		for _, ch := range batch {
			ctx, cancel := context.WithTimeout(context.Background(), readPatience)
			e, err := f.judgeDeep(ctx, s, v.watch, ch)
			cancel()
			h.mu.Lock()
			switch {
			case err != nil:
				v.end(lost(err))
			case e != nil:
				v.tell(e)
			}
			v.done = ch.Seq
			h.mu.Unlock()
		}
	}
}

// lost ends a subscription whose view can't be kept.
func lost(err error) error {
	return fault.New(fault.RealtimeRestart, "what follows could not be read; connect again and resume from the last event").Because(err)
}
