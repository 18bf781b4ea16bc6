package realtime

import "sync/atomic"

// Stats are the hub's figures.
type Stats struct {
	Subscriptions int    // now
	Views         int    // now: of so many classes of subscribers the changes are judged
	Working       int    // now: views that ask the database what they show
	Position      int64  // in the change log
	Changes       uint64 // judged since the start
	Events        uint64 // told since the start, one for each subscriber
}

type metrics struct{ changes, events atomic.Uint64 }

// Stats are the figures of this moment.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Stats{h.subs, len(h.views), h.working, h.pos, h.metrics.changes.Load(), h.metrics.events.Load()}
}
