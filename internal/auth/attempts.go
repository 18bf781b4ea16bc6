package auth

import (
	"context"
	"sync"
	"time"

	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
)

// limits say how a limiter slows guessing down.
type limits struct {
	free   int           // failures that cost nothing but the attempt
	most   time.Duration // the longest back-off, so that nobody is locked out for good
	forget time.Duration // quiet time after which failures no longer count
	resets bool          // a success clears the count
	queue  int           // attempts on one key that may wait for the outcome of others
	keys   int           // counters in memory, at most
}

// attempts slow down who guesses secrets: for one account, from one network, and
// over all accounts. A success from a network clears nothing: an attacker may own
// an account.
type attempts struct{ accounts, networks, everyone *limiter }

func newAttempts(l config.SignInLimits, now func() time.Time) attempts {
	return attempts{
		accounts: newLimiter(limits{free: l.Free, most: l.LongestWait, forget: time.Hour, resets: true, queue: 128, keys: 1 << 17}, now),
		networks: newLimiter(limits{free: l.PerNetwork, most: time.Minute, forget: time.Hour, queue: 512, keys: 1 << 17}, now),
		everyone: newLimiter(limits{free: l.Global, most: 2 * time.Second, forget: time.Minute, queue: 512, keys: 1}, now),
	}
}

// attempt begins an attempt on an account from a client, or refuses it. What it
// returns is told the outcome, once. account is the address in its one spelling.
func (s *Service) attempt(ctx context.Context, account string, from Client) (func(outcome), error) {
	all := ""
	if s.attempts.everyone.free > 0 {
		all = "*"
	}
	var ends []func(outcome)
	end := func(o outcome) {
		for _, one := range ends {
			one(o)
		}
	}
	for _, count := range []struct {
		by  *limiter
		key string
	}{{s.attempts.everyone, all}, {s.attempts.networks, from.network()}, {s.attempts.accounts, account}} {
		one, err := count.by.begin(ctx, count.key)
		if err != nil {
			end(unchecked)
			return nil, err
		}
		ends = append(ends, one)
	}
	return end, nil
}

// mails slow down who makes the server send mail, to one address or from one
// network: each one counts, past the free ones the wait doubles up to an hour.
type mails struct{ addresses, networks *limiter }

func newMails(l config.MailLimits, now func() time.Time) mails {
	return mails{
		addresses: newLimiter(limits{free: l.PerAddress, most: time.Hour, forget: time.Hour, queue: 16, keys: 1 << 17}, now),
		networks:  newLimiter(limits{free: l.PerNetwork, most: time.Hour, forget: time.Hour, queue: 128, keys: 1 << 17}, now),
	}
}

// count counts a mail, or refuses it.
func (m mails) count(ctx context.Context, address string, from Client) error {
	for _, sent := range []struct {
		by  *limiter
		key string
	}{{m.networks, from.network()}, {m.addresses, address}} {
		end, err := sent.by.begin(ctx, sent.key)
		if err != nil {
			return err
		}
		end(failed)
	}
	return nil
}

// limiter counts failed attempts by key: an account, or a network. After the
// free ones each failure doubles a back-off that starts at one second. Attempts
// in flight count as failures until they end, so that however many arrive at
// once, no more are checked than if they had come one after another.
type limiter struct {
	limits
	now func() time.Time

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

func newLimiter(l limits, now func() time.Time) *limiter {
	return &limiter{limits: l, now: now, entries: make(map[string]*counter)}
}

// outcome is how an attempt ended.
type outcome int

const (
	unchecked outcome = iota // refused or given up before the secret was looked at
	failed
	passed
)

// begin waits until an attempt may be checked, or refuses it with
// fault.AuthTooMany. The caller reports the outcome to what it returns, once.
func (l *limiter) begin(ctx context.Context, key string) (func(outcome), error) {
	if key == "" {
		return func(outcome) {}, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		c := l.counter(key)
		if wait := c.until.Sub(l.now()); wait > 0 {
			return nil, tooMany(wait)
		}
		if c.failures+c.running < l.free || c.running == 0 {
			c.running++
			return func(o outcome) { l.end(key, c, o) }, nil
		}
		if c.waiting >= l.queue {
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
func (l *limiter) end(key string, c *counter, o outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.running--
	switch {
	case o == failed:
		c.failures++
		c.last = l.now()
		if c.failures >= l.free {
			c.until = c.last.Add(min(l.most, time.Second<<min(c.failures-l.free, 30)))
		}
	case o == passed && l.resets:
		c.failures, c.until = 0, time.Time{}
	}
	close(c.ended)
	c.ended = make(chan struct{})
	if c.idle() && c.failures == 0 {
		delete(l.entries, key)
	}
}

// counter returns the key's counter, with old failures forgotten.
func (l *limiter) counter(key string) *counter {
	c := l.entries[key]
	if c == nil {
		l.makeRoom()
		c = &counter{ended: make(chan struct{})}
		l.entries[key] = c
	} else if c.failures > 0 && l.now().Sub(c.last) > l.forget {
		c.failures, c.until = 0, time.Time{}
	}
	return c
}

// makeRoom drops, of a few idle counters, the one with the oldest failure. To
// push a counter out on purpose takes more failures than there is room for.
func (l *limiter) makeRoom() {
	if len(l.entries) < l.keys {
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
