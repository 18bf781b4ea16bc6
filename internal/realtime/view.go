package realtime

import (
	"reflect"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/store"
)

// view is what all subscribers share who are told the same: a feed or a list, of
// one class of caller. The hub's lock guards it.
type view struct {
	hub   *Hub
	class string
	watch access.Watch
	subs  []*Subscription
	round uint64 // the last change that it was asked about
	behind
	feed *feed // one of the two
	list *list
}

// behind is what a view has yet to ask the database about.
type behind struct {
	working bool
	waiting []*store.Change // of a feed
	done    int64           // of a feed that is at work: told up to here
}

// work notes that the database is being asked, or is not any more.
func (v *view) work(is bool) {
	v.working = is
	if is {
		v.hub.working++
	} else {
		v.hub.working--
	}
}

// tables are those whose rows have a say in the view.
func (v *view) tables() []table {
	own := v.watch.Grant().Node().Model
	if !v.deepList() {
		return []table{{own, v.watch.Org()}}
	}
	models := v.watch.Models()
	out := make([]table, 0, len(models))
	for _, m := range models {
		out = append(out, tableOf(v.watch, m))
	}
	return out
}

// deepList tells whether the view is a list that only the database can keep.
func (v *view) deepList() bool { return v.list != nil && v.watch.Deep() }

// take has the view look at a change that may concern it.
func (v *view) take(ch *store.Change) {
	switch {
	case v.feed != nil:
		v.feed.take(v, ch)
	case v.watch.Deep():
		v.list.touch(v, ch)
	default:
		v.list.take(v, ch)
	}
}

// tell tells everybody; of a feed's changes, those who do not know of it already. Who
// follows a list knows what the list is, no more and no less.
func (v *view) tell(e *Event) {
	for _, s := range v.subs {
		if v.list != nil || e.change > s.from {
			s.sink.Tell(s, e)
		}
	}
	v.hub.metrics.events.Add(uint64(len(v.subs)))
}

// join adds a subscriber, and the view itself where it is the first one. One who has
// left in the meantime stays away.
func (v *view) join(s *Subscription) {
	if s.left {
		return
	}
	if len(v.subs) == 0 {
		v.hub.views[v.class] = v
		v.hub.index.add(v)
	} else if v.feed != nil { // those of thousands are equal
		s.watch = v.watch
		if first := v.subs[0].want.Read; reflect.DeepEqual(s.want.Read, first) {
			s.want.Read = first
		}
	}
	s.view, s.spot = v, len(v.subs)
	v.subs = append(v.subs, s)
	v.hub.subs++
}

func (v *view) leave(s *Subscription) {
	last := len(v.subs) - 1
	v.subs[s.spot] = v.subs[last]
	v.subs[s.spot].spot = s.spot
	v.subs[last] = nil
	v.subs = v.subs[:last]
	s.view = nil
	v.hub.subs--
	if last == 0 {
		v.hub.index.remove(v)
		delete(v.hub.views, v.class)
	}
}

// end ends all its subscriptions.
func (v *view) end(why error) {
	for len(v.subs) > 0 {
		s := v.subs[len(v.subs)-1]
		v.leave(s)
		v.hub.quota.leave(s)
		s.sink.End(s, why)
	}
}
