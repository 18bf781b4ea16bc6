package replica

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/postgres"
)

// standby is one of a set. It is looked at on a connection of its own, which no number
// of reads keeps waiting.
type standby struct {
	set          *Set
	reads, looks *postgres.Replica
	beaten       chan struct{} // there is something new to be seen
	reading      atomic.Int64
	seen         atomic.Pointer[sight] // nil: it is not to be used
	told         atomic.Int64          // when the log was last told of a read that failed
}

// sight is a standby as it was last seen.
type sight struct {
	has  time.Duration   // after the set began: what was committed by then
	good context.Context // ends once the standby is lost from sight, so that no read waits for it
	lose context.CancelFunc
}

func (s *Set) join(url, role string) (*standby, error) {
	c := &standby{set: s, beaten: make(chan struct{}, 1)}
	var err error
	if c.reads, err = postgres.OpenReplica(postgres.Options{URL: url, Log: s.log}, role); err != nil {
		return nil, err
	}
	if c.looks, err = postgres.OpenReplica(postgres.Options{URL: url, Connections: 1, Log: s.log}, role); err != nil {
		return nil, errors.Join(err, c.reads.Close())
	}
	return c, nil
}

func (c *standby) close() error {
	c.lose()
	return errors.Join(c.reads.Close(), c.looks.Close())
}

// watch looks at the standby until ctx ends.
func (c *standby) watch(ctx context.Context) {
	why := ""
	for ctx.Err() == nil {
		has, err := c.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			if c.see(has) {
				c.set.log.Info("a replica answers reads", "replica", c.looks.Where())
			}
			why = ""
		default:
			c.lose()
			if text := err.Error(); text != why {
				why = text
				c.set.log.Warn("a replica is not used: the primary answers in its place", "replica", c.looks.Where(), "error", err)
			}
		}
		select {
		case <-c.beaten:
			pause(ctx, c.set.settle)
		case <-time.After(2 * c.set.every): // the primary is away, but this one can be lost as well
		case <-ctx.Done():
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

var (
	errPrimary = errors.New("it is no standby: it takes writes")
	errUnheard = errors.New("it has not heard of this server yet: it is far behind, or follows another primary")
)

// look asks the standby how far it has come.
func (c *standby) look(ctx context.Context) (has time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.set.patience)
	defer cancel()
	found, follows := false, false
	err = c.looks.ReadOne(ctx, func(q store.Conn) error {
		return q.Query(readBeat, []any{c.set.node}, func(r store.Row) error {
			found, has, follows = true, time.Duration(r.Int(0))*time.Microsecond, r.Bool(1)
			return nil
		})
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return 0, fmt.Errorf("no answer within %v", c.set.patience)
	case err == nil && !found:
		return 0, errUnheard
	case err == nil && !follows:
		return 0, errPrimary
	}
	return has, err
}

// see notes how far the standby has come, and tells whether it had been lost.
func (c *standby) see(has time.Duration) (again bool) {
	for {
		before := c.seen.Load()
		now := &sight{has: has}
		if before != nil {
			now.good, now.lose = before.good, before.lose
		} else {
			now.good, now.lose = context.WithCancel(context.Background())
		}
		if c.seen.CompareAndSwap(before, now) {
			return before == nil
		}
	}
}

// lose takes the standby out of use until it is seen again.
func (c *standby) lose() {
	if before := c.seen.Swap(nil); before != nil {
		before.lose()
	}
}

// errLost is of a read on a standby that was lost meanwhile.
var errLost = errors.New("the replica is lost")

// read runs fn on the standby, and tells how far that may have been behind.
func (c *standby) read(ctx context.Context, one bool, fn func(store.Conn) error) (behind time.Duration, err error) {
	at := c.seen.Load()
	if at == nil {
		return 0, errLost
	}
	c.reading.Add(1)
	defer c.reading.Add(-1)
	behind = time.Since(c.set.began) - at.has
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(at.good, cancel)()
	run := c.reads.Read
	if one {
		run = c.reads.ReadOne
	}
	if err = run(ctx, fn); err != nil && at.good.Err() != nil {
		err = errLost
	}
	return behind, err
}

// failed tells whether what a read met is to be tried on another server. A standby
// that can't be reached is out of use until it is seen again: it costs the next read
// nothing.
func (c *standby) failed(err error) bool {
	if errors.Is(err, errLost) {
		return true
	}
	if !elsewhere(err) {
		return false
	}
	if fault.Is(err, fault.StoreUnreachable) {
		c.lose()
	}
	now := time.Now().UnixNano()
	if last := c.told.Load(); now-last > int64(c.set.quiet) && c.told.CompareAndSwap(last, now) {
		c.set.log.Warn("a replica failed a read, which goes elsewhere", "replica", c.reads.Where(), "error", err)
	}
	return true
}
