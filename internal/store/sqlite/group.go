package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// commitTogether runs first and what else is waiting in one transaction.
func (w *writer) commitTogether(first *job) {
	defer w.survive()
	deadline := time.Now().Add(w.file.groupTime)
	for j := first; j != nil; j = w.another() {
		if j.how != grouped {
			w.commit()
			w.single(j)
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

// single runs a job that shares its turn with no other.
func (w *writer) single(j *job) {
	switch {
	case j.how == alone:
		w.rebuild(j)
	case w.start(j):
		if err := w.mend(); err != nil {
			w.answer(err)
			return
		}
		w.answer(j.fn(nil))
	}
}

// do runs one job in the open transaction, or in a new one.
func (w *writer) do(j *job) {
	if !w.start(j) {
		return
	}
	if len(w.group) == 0 {
		if err := w.open(); err != nil {
			w.answer(err)
			return
		}
	}
	// The first job needs no savepoint: what undoes it is a rollback of all.
	nested := w.kept > 0
	if nested {
		if err := w.conn.run("SAVEPOINT job"); err != nil {
			w.lose(err)
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
			w.lose(err)
			return
		}
	}
	w.kept++
	w.join()
}

// start makes j the current job, unless its caller has left.
func (w *writer) start(j *job) bool {
	if !j.state.CompareAndSwap(waiting, started) {
		return false
	}
	w.current = j
	if j.ctx.Err() != nil {
		w.answer(cancelled(j.ctx, nil))
		return false
	}
	return true
}

// join has the current job wait for the group's commit.
func (w *writer) join() {
	w.group = append(w.group, w.current)
	w.current = nil
}

// answer answers the current job, which is not in the group.
func (w *writer) answer(err error) {
	w.current.err = err
	w.current.done <- struct{}{}
	w.current = nil
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
		return errors.New("sqlite: a write ended the transaction it was given")
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
		w.lose(j.err)
	case !w.conn.inTransaction():
		w.lose(j.err)
	case !nested:
		if err := w.conn.run("ROLLBACK"); err != nil {
			w.lose(err)
			return
		}
		w.answer(j.err)
	default:
		if err := w.conn.run("ROLLBACK TO job"); err != nil {
			w.lose(err)
			return
		}
		if err := w.conn.run("RELEASE job"); err != nil {
			w.lose(err)
			return
		}
		// It may have failed over what a neighbour wrote, so it is answered
		// when that is certain.
		w.join()
	}
}

// lose answers everybody when the transaction could not be kept: err to the
// current job, and that they may try again to the others.
func (w *writer) lose(err error) {
	if !w.broken && w.conn.inTransaction() {
		if undone := w.conn.run("ROLLBACK"); undone != nil {
			w.file.log.Error("rolling back a group of writes", "error", undone)
		}
	}
	w.mindRoom(err)
	shared := err
	if !fault.Is(err, fault.StoreFull) {
		shared = w.file.busy(fmt.Errorf("a neighbour's write undid the shared transaction: %w", err))
	}
	for _, neighbour := range w.group {
		neighbour.err = shared
	}
	w.answerAll()
	w.answer(err)
}

// commit makes the group's writes durable, then answers its jobs.
func (w *writer) commit() {
	if len(w.group) == 0 {
		return
	}
	err := w.conn.run("COMMIT")
	if err != nil {
		if w.conn.inTransaction() {
			if undone := w.conn.run("ROLLBACK"); undone != nil {
				w.file.log.Error("rolling back a group of writes", "error", undone)
			}
		}
		w.bury()
		for _, j := range w.group {
			j.err = uncertain(err)
		}
	}
	w.mindRoom(err)
	w.epoch.Add(1)
	w.dirty = true
	w.listeners.Tell()
	w.answerAll()
}

// bury has a commit that failed stay so. The log may have all of it, where what failed is
// the sync, or the frame that SQLite fills a sector up with: a process that is killed then
// would find it made. So a page of something that is not committed is written over its
// first one, which needs no room.
func (w *writer) bury() {
	err := w.conn.run("BEGIN IMMEDIATE")
	if err == nil {
		err = w.conn.run("CREATE TABLE _buried (x)")
		err = errors.Join(err, w.file.translate(context.Background(), w.conn.db.CacheFlush()), w.conn.run("ROLLBACK"))
	}
	if log, wrong := os.OpenFile(w.file.path+"-wal", os.O_RDWR, 0); wrong == nil {
		err = errors.Join(err, log.Sync(), log.Close())
	}
	if err != nil && !fault.Is(err, fault.StoreFull) { // without room for it, there is nothing to bury
		w.file.log.Warn("a write that was refused may be found made if the server is killed now", "error", err)
	}
}

// mindRoom has the log say that the disk is full, and that it is not any more, each
// once: a disk may be full off and on.
func (w *writer) mindRoom(err error) {
	switch {
	case fault.Is(err, fault.StoreFull):
		if w.full.IsZero() {
			w.file.log.Error("the disk is full: writes are refused until there is room, and reads go on", "path", w.file.path, "error", err)
		}
		w.full = time.Now()
	case err == nil && !w.full.IsZero() && time.Since(w.full) >= w.file.roomAfter:
		w.file.log.Info("there is room on the disk again: writes go on", "path", w.file.path)
		w.full = time.Time{}
	}
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
	if w.current != nil {
		w.answer(err)
	}
}

func (w *writer) answerAll() {
	for i, j := range w.group {
		j.done <- struct{}{}
		w.group[i] = nil
	}
	w.group = w.group[:0]
	w.kept = 0
}
