package postgres

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loam-dev/loam/internal/fault"
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
}

func newLine(length int) line {
	return line{make(chan *job, length), make(chan struct{}), make(chan struct{}), new(atomic.Int64)}
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
	for ; j != nil; j = e.grouped.next() {
		g := &group{transaction: transaction{engine: e, session: e.sessionOf(lent), purpose: forGroup}}
		if !g.run(j) {
			break
		}
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

// group is a transaction of several jobs.
type group struct {
	transaction
	kept, refused []*job
}

// sharing is what a transaction needs to know where it is a group's.
type sharing struct {
	before  string // whose rows it was about when the job began
	fresh   bool   // the job, which is to have a savepoint, has sent nothing yet
	nested  bool   // it has one
	foreign int    // results ahead that are of earlier jobs
}

// The statements around a job that is not the group's first.
const (
	savepoint = "SAVEPOINT job"
	release   = "RELEASE SAVEPOINT job"
	undoJob   = "ROLLBACK TO SAVEPOINT job"
)

// undoing is the statement that takes back what fails.
func (t *transaction) undoing() string {
	if t.nested {
		return undoJob
	}
	return "ROLLBACK"
}

// run runs a job and others that wait, and commits. What can't be done together, for
// locks that others hold or a connection that broke, is done one by one. It tells
// whether the connection is of further use.
func (g *group) run(j *job) bool {
	e := g.engine
	defer g.end()
	deadline := time.Now().Add(e.groupTime)
	for n := 1; j != nil; n++ {
		if !g.share(j) {
			e.apart(append(append(g.kept, g.refused...), j)...)
			return false
		}
		e.grouped.done()
		if n == e.groupJobs || time.Now().After(deadline) {
			break
		}
		j = e.grouped.next()
	}
	g.ctx, g.wanted, g.fresh = context.Background(), g.entered, false
	var err error
	if len(g.kept) > 0 {
		err = g.commit()
	}
	switch {
	case g.failed != nil: // nothing was kept
		e.apart(append(g.kept, g.refused...)...)
		return false
	case err != nil: // who was refused may have been for what another wrote
		e.apart(g.refused...)
	default:
		for _, j := range g.refused {
			j.finish(j.err)
		}
	}
	for _, j := range g.kept {
		j.finish(err)
	}
	return err == nil
}

// share runs one job within the transaction, and undoes it where it fails. It tells
// whether there is a transaction any more.
func (g *group) share(j *job) bool {
	if j.ctx.Err() != nil {
		j.err = cancelled(j.ctx, nil)
		g.refused = append(g.refused, j)
		return true
	}
	kept := g.sums
	g.sums = nil
	g.nested = len(g.kept) > 0
	g.ctx, g.wanted, g.fresh, g.foreign = j.ctx, "", g.nested, g.ahead
	unwatch := g.interrupt(j.ctx)
	j.err = g.call(j.fn)
	unwatch()
	if j.err == nil {
		j.err = g.failed
	}
	added := g.sums
	g.sums = kept
	if j.err == nil {
		for of, n := range added {
			g.sums.add(of, n)
		}
		if g.nested && !g.fresh {
			g.prelude(release)
		}
		g.kept = append(g.kept, j)
		return true
	}
	if g.failed != nil && (g.foreign > 0 || g.verdict > conflict || g.session.pg.IsClosed()) {
		return false
	}
	if again := g.failed != nil && j.ctx.Err() == nil && (g.verdict == conflict || fault.Is(g.failed, fault.StoreBusy) || fault.Is(g.failed, fault.StoreCancelled)); again {
		g.engine.apart(j)
	} else {
		g.refused = append(g.refused, j)
	}
	g.takeBack()
	return true
}

// takeBack undoes the job that failed.
func (g *group) takeBack() {
	g.failed, g.verdict, g.reading, g.delivered = nil, final, nil, false
	switch {
	case g.fresh || !g.began: // it has sent nothing
	case g.nested:
		g.prelude(undoJob)
		g.prelude(release)
		g.entered = g.before // the role and the setting are as they were, too
	default:
		g.prelude("ROLLBACK")
		g.began, g.entered = false, ""
	}
}

// interrupt has the server end the statement of a job whose caller leaves: the
// connection is the group's. What it returns ends that. The server may come to hear of
// it when another's statement runs, which then goes on alone.
func (g *group) interrupt(ctx context.Context) (unwatch func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	var mu sync.Mutex
	over := false
	stop := context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			within, cancel := context.WithTimeout(context.Background(), g.engine.dial)
			defer cancel()
			_ = g.session.pg.CancelRequest(within) // the statement has a limit of its own
		}
	})
	return func() {
		stop()
		mu.Lock()
		defer mu.Unlock()
		over = true
	}
}
