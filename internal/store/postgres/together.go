package postgres

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/loam-dev/loam/internal/store"
)

// Writes of rows that wait at the same moment share a transaction and its commit, each
// in a savepoint of its own. Alone, each would pay for a flush of the log, and those of
// one organization would wait for each other's: all of them count in its one row of
// _usage.

// job is a write that waits for its turn, or has it.
type job struct {
	ctx   context.Context
	fn    func(store.Conn) error
	state atomic.Int32
	err   error // as far as is known
	done  chan struct{}
}

// A job belongs to its caller until it is taken; the caller may leave until then.
const (
	waiting int32 = iota
	taken
	left
)

// line is the writes that wait, and who takes them from it.
type line struct {
	jobs chan *job
	stop chan struct{}
	gone chan struct{}
	last *atomic.Int64 // when a job was last done, in Unix nanoseconds
	wary int           // groups to come that each of whose writes is undone by itself; the leader's
}

func newLine(length int) line {
	return line{make(chan *job, length), make(chan struct{}), make(chan struct{}), new(atomic.Int64), 0}
}

// close has those that wait refused, and tells whether the one under way ended in time.
func (l *line) close(wait time.Duration) error {
	close(l.stop)
	select {
	case <-l.gone:
		return nil
	case <-time.After(wait):
		return fmt.Errorf("postgres: writes of rows are still running after %v", wait)
	}
}

// next is the next job that waits, or nil. Where none does, it lets those come first
// who are about to: the callers of the last commit, mostly.
func (l *line) next() *job {
	if len(l.jobs) == 0 {
		runtime.Gosched()
	}
	for {
		select {
		case j := <-l.jobs:
			if j.state.CompareAndSwap(waiting, taken) {
				return j
			}
		default:
			return nil
		}
	}
}

// stalls tells whether nothing has been done for some time.
func (l *line) stalls(limit time.Duration) bool {
	return time.Since(time.Unix(0, l.last.Load())) > limit
}

// WriteAlone is WriteRows in a transaction that nobody shares.
func (e *Engine) WriteAlone(ctx context.Context, fn func(store.Conn) error) error {
	return e.run(ctx, forRows, fn)
}

// WriteRows is Write beside others. Where ctx ends before fn has begun, fn never runs;
// afterwards the answer says truly whether the write was kept.
func (e *Engine) WriteRows(ctx context.Context, fn func(store.Conn) error) error {
	if ctx.Err() != nil {
		return cancelled(ctx, nil)
	}
	select {
	case <-e.grouped.stop:
		return closed()
	default:
	}
	j := &job{ctx: ctx, fn: fn, done: make(chan struct{}, 1)}
	select {
	case e.grouped.jobs <- j:
	default:
		return e.writing.busy("%d writes wait already", e.writeQueue)
	}
	tick := time.NewTicker(e.groupStall)
	defer tick.Stop()
	limit := time.Now().Add(e.writeWait)
	for {
		var refused error
		select {
		case <-j.done:
			return j.err
		case <-ctx.Done():
			refused = cancelled(ctx, nil)
		case <-e.grouped.gone:
			refused = closed()
		case now := <-tick.C:
			switch {
			case j.state.Load() != waiting:
				continue
			case now.After(limit):
				refused = e.writing.busy("writes had to wait for more than %v", e.writeWait)
			case e.grouped.stalls(e.groupStall):
				if j.state.CompareAndSwap(waiting, left) {
					return e.run(ctx, forRows, fn)
				}
				continue
			default:
				continue
			}
		}
		if !j.state.CompareAndSwap(waiting, left) {
			<-j.done
			return j.err
		}
		return refused
	}
}

// lead runs what waits, until the engine closes.
func (e *Engine) lead() {
	defer close(e.grouped.gone)
	for {
		select {
		case j := <-e.grouped.jobs:
			if j.state.CompareAndSwap(waiting, taken) {
				e.serve(j)
			}
		case <-e.grouped.stop:
			return
		}
	}
}

// serve runs a job and those that come meanwhile on one connection, which it has beside
// those that are lent: who waits for one is many, who waits behind it as well.
func (e *Engine) serve(j *job) {
	e.grouped.done()
	ctx, cancel := context.WithTimeout(context.Background(), e.ping)
	lent, err := e.pool.Acquire(ctx)
	cancel()
	if err != nil { // each waits for the database by itself
		for ; j != nil; j = e.grouped.next() {
			e.apart(j)
		}
		return
	}
	for jobs := []*job{j}; len(jobs) > 0; {
		again, fit := newGroup(e, lent).run(jobs)
		if !fit {
			break
		}
		if len(again) > 0 {
			e.grouped.wary = e.waryGroups
		} else if j = e.grouped.next(); j != nil {
			again = append(again, j)
		}
		jobs = again
	}
	_ = lent.Conn().PgConn().Conn().SetDeadline(time.Time{})
	lent.Release()
}

func (l *line) done() { l.last.Store(time.Now().UnixNano()) }

// apart runs jobs in a transaction of its own each.
func (e *Engine) apart(jobs ...*job) {
	for _, j := range jobs {
		go func() { j.finish(e.run(j.ctx, forRows, j.fn)) }()
	}
}

func (j *job) finish(err error) {
	j.err = err
	j.done <- struct{}{}
}
