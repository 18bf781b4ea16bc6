// Package stats keeps what the requests of a server were like, by the minute: how
// many of each operation, how many went wrong, and how long they took. Recording one
// takes no memory. Each node adds a row a minute to a table of the database, so that
// nodes add up, a restart loses at most a minute and a move takes it all along; a
// minute without requests has none. It knows nothing of what the operations do.
package stats

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loam-dev/loam/internal/store"
)

// The limits of the room.
const (
	maxOperations = 250                // told apart in a minute by one node; the rest are Other
	keptInMinute  = 64                 // of those, the busiest that are stored by name
	keepMinutes   = 2 * 24 * time.Hour // then they are hours
	keepHours     = 14 * 24 * time.Hour
	maxStored     = 64 << 20 // bytes of all rows; the oldest make room
	maxPending    = 60       // minutes that wait while the database does not answer
	late          = 5 * time.Minute
)

// Other is what operations beyond the limit are counted as.
const Other = "other"

// Gauges are what is measured once a minute.
type Gauges struct {
	Connections int // live, of this node
	Database    int64
}

// Options are what a Recorder needs.
type Options struct {
	Engine      store.Engine
	Node        string // one of its own for each process
	Connections func() int
	Log         *slog.Logger
	Now         func() time.Time
}

// Recorder counts requests. It is safe for concurrent use; a nil Recorder counts
// nothing.
type Recorder struct {
	opts Options

	mu      sync.RWMutex
	minute  int64 // that current counts, Unix seconds
	current map[operation]*counts

	flushing sync.Mutex
	pending  []row // that could not be stored yet
	stop     context.CancelFunc
	gone     sync.WaitGroup
}

// operation is a kind of request: a route, and what of it: a model, a field.
type operation struct{ route, of string }

// name is how an operation is shown: in the route's place for a model, or behind it.
func (o operation) name() string {
	switch {
	case o.of == "":
		return o.route
	case strings.Contains(o.route, "{plural}"):
		return strings.Replace(o.route, "{plural}", o.of, 1)
	}
	return o.route + " " + o.of
}

// counts are those of one operation under way.
type counts struct {
	all, client, server, micros atomic.Uint64
	times                       [buckets]atomic.Uint32
}

// New makes a recorder. The system table must exist.
func New(o Options) *Recorder {
	return &Recorder{opts: o, current: map[operation]*counts{}, minute: o.Now().Unix() / 60 * 60}
}

// Start stores what was counted, once a minute, until Close.
func (r *Recorder) Start(ctx context.Context) {
	ctx, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	r.gone.Go(func() {
		for {
			now := r.opts.Now()
			select {
			case <-ctx.Done():
				return
			case <-time.After(now.Truncate(time.Minute).Add(time.Minute).Sub(now)):
			}
			if err := r.Flush(ctx); err != nil && ctx.Err() == nil {
				r.opts.Log.Warn("the figures of a minute are not stored yet", "error", err)
			}
		}
	})
}

// Close stores what is left.
func (r *Recorder) Close(ctx context.Context) error {
	if r == nil || r.stop == nil {
		return nil
	}
	r.stop()
	r.gone.Wait()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	return r.Flush(ctx)
}

// closing is how long the last minute may take to be stored.
const closing = 2 * time.Second

// Record counts a request. The texts may be the caller's: what is kept is copied.
func (r *Recorder) Record(route, of string, status int, took time.Duration) {
	if r == nil {
		return
	}
	key := operation{route, of}
	r.mu.RLock()
	c := r.current[key]
	if c == nil {
		r.mu.RUnlock()
		r.meet(key)
		r.mu.RLock()
		if c = r.current[key]; c == nil {
			c = r.current[operation{route: Other}] // there from the first that was one too many
		}
	}
	if c != nil { // a minute may just have ended
		c.add(status, took)
	}
	r.mu.RUnlock()
}

func (c *counts) add(status int, took time.Duration) {
	c.all.Add(1)
	switch {
	case status >= 500:
		c.server.Add(1)
	case status >= 400:
		c.client.Add(1)
	}
	micros := max(took.Microseconds(), 0)
	c.micros.Add(uint64(micros))
	c.times[bucketOf(micros)].Add(1)
}

// meet makes room for an operation that was not seen in this minute.
func (r *Recorder) meet(key operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current[key] != nil {
		return
	}
	if len(r.current) >= maxOperations {
		key = operation{route: Other}
	}
	if r.current[key] == nil {
		r.current[operation{strings.Clone(key.route), strings.Clone(key.of)}] = &counts{}
	}
}

// Flush stores the minute that has been counted, together with those that could not
// be stored before.
func (r *Recorder) Flush(ctx context.Context) error {
	r.flushing.Lock()
	defer r.flushing.Unlock()
	r.mu.Lock()
	was, at := r.current, r.minute
	r.current, r.minute = make(map[operation]*counts, len(was)), r.opts.Now().Unix()/60*60
	r.mu.Unlock()
	connections := 0
	if r.opts.Connections != nil {
		connections = r.opts.Connections()
	}
	if len(was) > 0 || connections > 0 {
		size, err := r.size(ctx)
		if err != nil {
			size = 0 // unknown; the counts are worth more
		}
		r.pending = append(r.pending, row{at: at, node: r.opts.Node, data: encode(figuresOf(was), Gauges{connections, size})})
	}
	if over := len(r.pending) - maxPending; over > 0 {
		r.pending = r.pending[over:]
	}
	if len(r.pending) == 0 {
		return nil
	}
	if err := r.store(ctx, r.pending); err != nil {
		return fmt.Errorf("stats: storing: %w", err)
	}
	r.pending = nil
	return nil
}

// figuresOf are the counts as plain figures, the busiest by name and the rest as one.
func figuresOf(of map[operation]*counts) map[string]*Figures {
	out := make(map[string]*Figures, len(of))
	for op, c := range of {
		f := &Figures{Count: c.all.Load(), ClientErrors: c.client.Load(), ServerErrors: c.server.Load(), Micros: c.micros.Load()}
		for i := range c.times {
			f.times[i] = uint64(c.times[i].Load())
		}
		sum(out, op.name(), f)
	}
	busiest(out, keptInMinute)
	return out
}
