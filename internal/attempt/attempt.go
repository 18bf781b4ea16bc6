// Package attempt slows down who guesses: it counts attempts by a key, such as an
// account or a network, and makes the next one wait. What is attempted, and what
// the keys are, is for others to say. It counts in memory, and where several nodes
// share a database, there.
package attempt

import (
	"context"
	"sync"
	"time"

	"github.com/loam-dev/loam/internal/fault"
)

// Limits say how a Limiter slows guessing down.
type Limits struct {
	Kind   string        // of keys: names them in a ledger
	Free   int           // failures that cost nothing but the attempt
	Most   time.Duration // the longest back-off, so that nobody is locked out for good
	Forget time.Duration // quiet time after which failures no longer count
	Resets bool          // a success clears the count
	Queue  int           // attempts on one key that may wait for the outcome of others
	Keys   int           // counters in memory, at most
}

// Limiter counts failed attempts by key: an account, or a network. After the
// free ones each failure doubles a back-off that starts at one second. Attempts
// in flight count as failures until they end, so that however many arrive at
// once, no more are checked than if they had come one after another. It is safe for concurrent use.
type Limiter struct {
	Limits
	now    func() time.Time
	ledger *Ledger // nil: this node is alone

	mu      sync.Mutex
	entries map[string]*counter
}

type counter struct {
	failures int
	running  int
	waiting  int
	until    time.Time // refused before
	last     time.Time // the newest failure
	ended    chan struct{}
}

// New makes a Limiter. With a ledger, the attempts of all nodes count.
func New(l Limits, now func() time.Time, ledger *Ledger) *Limiter {
	return &Limiter{Limits: l, now: now, ledger: ledger, entries: make(map[string]*counter)}
}

// Outcome is how an attempt ended.
type Outcome int

const (
	Unchecked Outcome = iota // refused or given up before the secret was looked at
	Failed
	Passed
)

// Begin waits until an attempt may be checked, or refuses it with
// fault.AuthTooMany. The caller reports the outcome to what it returns, once. The key "" is not counted.
func (l *Limiter) Begin(ctx context.Context, key string) (func(Outcome), error) {
	if key == "" {
		return func(Outcome) {}, nil
	}
	c, err := l.begin(ctx, key)
	if err != nil {
		return nil, err
	}
	if l.ledger == nil {
		return func(o Outcome) { l.end(key, c, o) }, nil
	}
	if err := l.enter(ctx, key, c); err != nil {
		l.end(key, c, Unchecked)
		return nil, err
	}
	return func(o Outcome) {
		s, err := l.ledger.end(ctx, l.Limits, key, l.now(), o)
		if err != nil { // it runs on there until its lease ends; here it counts
			l.end(key, c, o)
			return
		}
		l.learn(c, s)
		l.end(key, c, Unchecked)
	}, nil
}

// enter counts the attempt in the ledger, once it may be checked by what other nodes do.
func (l *Limiter) enter(ctx context.Context, key string, c *counter) error {
	for range patience / ask {
		s, err := l.ledger.begin(ctx, l.Limits, key, l.now())
		if err != nil {
			return err
		}
		if l.learn(c, s); s.admitted {
			return nil
		}
		if wait := s.until.Sub(l.now()); wait > 0 {
			return tooMany(wait)
		}
		select {
		case <-time.After(ask):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return tooMany(time.Second)
}

// learn takes over what the ledger says of a key.
func (l *Limiter) learn(c *counter, s standing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.failures, c.until = s.failures, s.until; s.failures > 0 {
		c.last = l.now()
	}
}

// begin waits until an attempt may be checked by what this node does.
func (l *Limiter) begin(ctx context.Context, key string) (*counter, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		c := l.counter(key)
		if wait := c.until.Sub(l.now()); wait > 0 {
			return nil, tooMany(wait)
		}
		if c.failures+c.running < l.Free || c.running == 0 {
			c.running++
			return c, nil
		}
		if c.waiting >= l.Queue {
			return nil, tooMany(time.Second)
		}
		ended := c.ended
		c.waiting++
		l.mu.Unlock()
		select {
		case <-ended:
		case <-ctx.Done():
		}
		l.mu.Lock()
		c.waiting--
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// end records an outcome and lets those who wait for it look again.
func (l *Limiter) end(key string, c *counter, o Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.running--
	switch {
	case o == Failed:
		c.failures++
		c.last = l.now()
		if c.failures >= l.Free {
			c.until = c.last.Add(min(l.Most, time.Second<<min(c.failures-l.Free, 30)))
		}
	case o == Passed && l.Resets:
		c.failures, c.until = 0, time.Time{}
	}
	close(c.ended)
	c.ended = make(chan struct{})
	if c.idle() && c.failures == 0 {
		delete(l.entries, key)
	}
}

// counter returns the key's counter, with old failures forgotten.
func (l *Limiter) counter(key string) *counter {
	c := l.entries[key]
	if c == nil {
		l.makeRoom()
		c = &counter{ended: make(chan struct{})}
		l.entries[key] = c
	} else if c.failures > 0 && l.now().Sub(c.last) > l.Forget {
		c.failures, c.until = 0, time.Time{}
	}
	return c
}

// makeRoom drops, of a few idle counters, the one with the oldest failure. To
// push a counter out on purpose takes more failures than there is room for.
func (l *Limiter) makeRoom() {
	if len(l.entries) < l.Keys {
		return
	}
	const sample = 16
	oldest, looked := "", 0
	for key, c := range l.entries {
		if c.idle() && (oldest == "" || c.last.Before(l.entries[oldest].last)) {
			oldest = key
		}
		if looked++; looked == sample {
			break
		}
	}
	delete(l.entries, oldest)
}

func (c *counter) idle() bool { return c.running == 0 && c.waiting == 0 }

func tooMany(wait time.Duration) error {
	wait = wait.Truncate(time.Second) + time.Second
	return fault.New(fault.AuthTooMany, "too many attempts: try again in %s", wait).After(wait)
}
