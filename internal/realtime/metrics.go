package realtime

import (
	"sync/atomic"
	"time"
)

// LagBounds are the upper bounds of the buckets of Stats.Lag; the last bucket has
// none.
var LagBounds = [...]time.Duration{time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, time.Second, 5 * time.Second}

// Stats are the hub's figures, since it was made unless they say now.
type Stats struct {
	Subscriptions int // now
	Views         int // now: of so many classes of subscribers the changes are judged
	Position      int64
	Changes       uint64 // judged
	Events        uint64 // told, one for each subscriber
	// Lag counts changes by the time from their writing until all subscribers were
	// told, as LagBounds divide it. LagSum is its sum.
	Lag    [len(LagBounds) + 1]uint64
	LagSum time.Duration
}

type metrics struct {
	events atomic.Uint64
	lags   [len(LagBounds) + 1]atomic.Uint64
	lagSum atomic.Int64
}

func (m *metrics) told(n int) { m.events.Add(uint64(n)) }

func (m *metrics) lag(d time.Duration) {
	i := 0
	for i < len(LagBounds) && d > LagBounds[i] {
		i++
	}
	m.lags[i].Add(1)
	m.lagSum.Add(int64(d))
}

// Stats are the figures of this moment.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	s := Stats{Subscriptions: h.subs, Views: len(h.views), Position: h.pos}
	h.mu.Unlock()
	s.Events, s.LagSum = h.metrics.events.Load(), time.Duration(h.metrics.lagSum.Load())
	for i := range h.metrics.lags {
		s.Lag[i] = h.metrics.lags[i].Load()
		s.Changes += s.Lag[i]
	}
	return s
}
