package sqlite

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// writer owns the connection that writes. Writes queue up while a commit waits
// for the disk, and the next commit takes them all.
type writer struct {
	file    *file
	conn    *conn
	commits *atomic.Int64 // counts the commits, each before it is answered
	janitor *janitor
	queue   chan *job
	stop    chan struct{} // closed by drain: finish what waits, then end
	gone    chan struct{} // closed when the loop has ended
	once    sync.Once
	jobs    sync.Pool

	group    []*job // done in the transaction that is open, to be answered at its commit
	kept     int    // those of group whose writes are in the transaction
	broken   bool   // the driver panicked: the connection is to be replaced
	walPages int    // length of the log after the last commit
	restart  int    // length of the log at which the writer restarts it
	dirty    bool   // something was committed since the last tidying
	tuned    time.Time
}

// job is one call of Write on its way through the queue.
type job struct {
	ctx   context.Context
	fn    func(store.Conn) error
	alone bool // Rebuild: in a transaction of its own
	state atomic.Int32
	err   error
	done  chan struct{}
}

// A job belongs to its caller until the writer starts it; the caller may take
// it back until then.
const (
	waiting int32 = iota
	started
	takenBack
)

func newWriter(f *file, c *conn, commits *atomic.Int64, janitor *janitor) *writer {
	w := &writer{
		file:    f,
		conn:    c,
		commits: commits,
		janitor: janitor,
		queue:   make(chan *job, f.queue),
		stop:    make(chan struct{}),
		gone:    make(chan struct{}),
		restart: f.walHardPages,
		tuned:   time.Now(),
	}
	w.jobs.New = func() any { return &job{done: make(chan struct{}, 1)} }
	w.watchLog()
	go w.loop()
	return w
}

// write queues fn and waits for its outcome.
func (w *writer) write(ctx context.Context, fn func(store.Conn) error, alone bool) error {
	if ctx.Err() != nil {
		return cancelled(ctx, nil)
	}
	select {
	case <-w.stop:
		return closed()
	default:
	}
	j := w.jobs.Get().(*job)
	j.ctx, j.fn, j.alone, j.err = ctx, fn, alone, nil
	j.state.Store(waiting)
	select {
	case w.queue <- j:
	default:
		return w.file.busy(fmt.Errorf("%d writes are waiting", cap(w.queue)))
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if j.state.CompareAndSwap(waiting, takenBack) {
			return cancelled(ctx, nil)
		}
		<-j.done
	case <-w.gone:
		if !j.state.CompareAndSwap(waiting, takenBack) {
			<-j.done
			break
		}
		return closed()
	}
	err := j.err
	j.ctx, j.fn = nil, nil
	w.jobs.Put(j)
	return err
}

func (w *writer) loop() {
	defer close(w.gone)
	idle := time.NewTimer(w.file.idleAfter)
	for {
		select {
		case j := <-w.queue:
			w.commitTogether(j)
			idle.Reset(w.file.idleAfter)
		case <-idle.C:
			w.tidy()
		case <-w.stop:
			for j := w.next(); j != nil; j = w.next() {
				w.commitTogether(j)
			}
			return
		}
	}
}

// next takes a waiting job without waiting for one.
func (w *writer) next() *job {
	select {
	case j := <-w.queue:
		return j
	default:
		return nil
	}
}

// commitTogether runs first and what else is waiting in one transaction.
func (w *writer) commitTogether(first *job) {
	defer w.survive()
	deadline := time.Now().Add(w.file.groupTime)
	for j := first; j != nil; j = w.next() {
		if j.alone {
			w.commit()
			w.rebuild(j)
			return
		}
		w.do(j)
		if len(w.group) >= w.file.groupJobs || time.Now().After(deadline) {
			break
		}
	}
	w.commit()
	w.mindLog()
}

// do runs one job in the open transaction, or in a new one.
func (w *writer) do(j *job) {
	if !j.state.CompareAndSwap(waiting, started) {
		return
	}
	if j.ctx.Err() != nil {
		j.answer(cancelled(j.ctx, nil))
		return
	}
	if len(w.group) == 0 {
		if err := w.open(); err != nil {
			j.answer(err)
			return
		}
	}
	// The first job needs no savepoint: what undoes it is a rollback of all.
	nested := w.kept > 0
	if nested {
		if err := w.conn.run("SAVEPOINT job"); err != nil {
			w.lose(j, err)
			return
		}
	}
	j.err = w.call(j, nested)
	if j.err != nil {
		w.undo(j, nested)
		return
	}
	if nested {
		if err := w.conn.run("RELEASE job"); err != nil {
			w.lose(j, err)
			return
		}
	}
	w.kept++
	w.group = append(w.group, j)
}

// call runs the job's function. What it leaves behind must be something that a
// commit can't refuse, or the neighbours would be refused with it.
func (w *writer) call(j *job, nested bool) (err error) {
	c := w.conn
	c.enter(j.ctx)
	c.sheltered = nested
	defer func() {
		if p := recover(); p != nil {
			err = fault.Of(fmt.Errorf("panic in a write: %v\n%s", p, debug.Stack()))
		}
		c.sheltered = false
		c.leave()
	}()
	if err := j.fn(c); err != nil {
		return err
	}
	if !c.inTransaction() {
		return fmt.Errorf("sqlite: a write ended the transaction it was given")
	}
	dangling, err := c.danglingReferences()
	if err != nil {
		return c.file.translate(j.ctx, err)
	}
	if dangling {
		return &store.ConstraintError{Kind: store.ForeignKeyViolation, Cause: sqlite3.CONSTRAINT_FOREIGNKEY}
	}
	return nil
}

// undo takes back a job that failed, and only that one.
func (w *writer) undo(j *job, nested bool) {
	switch {
	case w.conn.driving:
		w.broken = true
		w.lose(j, j.err)
	case !w.conn.inTransaction():
		w.lose(j, j.err)
	case !nested:
		if err := w.conn.run("ROLLBACK"); err != nil {
			w.lose(j, err)
			return
		}
		w.group = append(w.group, j)
		w.answerAll()
	default:
		if err := w.conn.run("ROLLBACK TO job"); err != nil {
			w.lose(j, err)
			return
		}
		if err := w.conn.run("RELEASE job"); err != nil {
			w.lose(j, err)
			return
		}
		// It may have failed over what a neighbour wrote, so it is answered
		// when that is certain.
		w.group = append(w.group, j)
	}
}

// lose answers everybody when the transaction could not be kept.
func (w *writer) lose(j *job, err error) {
	if !w.broken && w.conn.inTransaction() {
		if undone := w.conn.run("ROLLBACK"); undone != nil {
			w.file.log.Error("rolling back a group of writes", "error", undone)
		}
	}
	shared := err
	if !fault.Is(err, fault.StoreFull) {
		shared = w.file.busy(fmt.Errorf("a neighbour's write undid the shared transaction: %w", err))
	}
	for _, neighbour := range w.group {
		neighbour.err = shared
	}
	j.err = err
	w.group = append(w.group, j)
	w.answerAll()
}

// commit makes the group's writes durable, then answers its jobs.
func (w *writer) commit() {
	if len(w.group) == 0 {
		return
	}
	if err := w.conn.run("COMMIT"); err != nil {
		if w.conn.inTransaction() {
			if undone := w.conn.run("ROLLBACK"); undone != nil {
				w.file.log.Error("rolling back a group of writes", "error", undone)
			}
		}
		for _, j := range w.group {
			j.err = err
		}
	}
	w.commits.Add(1)
	w.dirty = true
	w.answerAll()
}

// open begins a transaction, on a new connection if the last one broke.
func (w *writer) open() error {
	if err := w.mend(); err != nil {
		return err
	}
	return w.conn.run("BEGIN IMMEDIATE")
}

// mend replaces a broken connection.
func (w *writer) mend() error {
	if !w.broken {
		return nil
	}
	if err := w.conn.close(); err != nil {
		w.file.log.Error("replacing the connection that writes", "error", err)
	}
	c, err := w.file.connect(context.Background(), forWriting)
	if err != nil {
		return err
	}
	w.conn, w.broken = c, false
	w.watchLog()
	return nil
}

// survive answers a group whose transaction the driver itself panicked in,
// outside of any job: during a BEGIN or a COMMIT.
func (w *writer) survive() {
	p := recover()
	if p == nil {
		return
	}
	w.broken = true
	err := fault.Of(fmt.Errorf("panic in the database driver: %v\n%s", p, debug.Stack()))
	for _, j := range w.group {
		j.err = err
	}
	w.answerAll()
}

func (w *writer) answerAll() {
	for i, j := range w.group {
		j.done <- struct{}{}
		w.group[i] = nil
	}
	w.group = w.group[:0]
	w.kept = 0
}

func (j *job) answer(err error) {
	j.err = err
	j.done <- struct{}{}
}

// drain lets the writes that wait finish and ends the loop.
func (w *writer) drain() {
	w.once.Do(func() { close(w.stop) })
	<-w.gone
}

// close folds the log into the file. drain comes first, and all readers must be
// gone.
func (w *writer) close() error {
	if w.conn == nil {
		return nil
	}
	c := w.conn
	w.conn = nil
	if _, _, err := c.db.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE); err != nil {
		w.file.log.Warn("the log stays beside the database until it is opened again", "error", err)
	}
	return c.close()
}
