package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/loam-dev/loam/internal/store"
)

// writer owns the connection that writes. Writes queue up while a commit waits
// for the disk, and the next commit takes them all.
type writer struct {
	file    *file
	conn    *conn
	epoch   *atomic.Int64 // grows with each commit, before it is answered
	janitor *janitor
	queue   chan *job
	stop    chan struct{} // closed by drain: finish what waits, then end
	gone    chan struct{} // closed when the loop has ended
	jobs    sync.Pool

	listeners store.Listeners // told of each commit
	feed      *Feed           // is handed what each commit changes; nil: nobody asked
	keepLog   bool            // a feed may want to go on with it: it is emptied only where it has grown long

	current  *job   // runs now
	group    []*job // ran in the open transaction, to be answered at its commit
	kept     int    // those of group whose writes are in the transaction
	broken   bool   // the driver panicked: the connection is to be replaced
	walPages int    // length of the log after the last commit
	restart  int    // length of the log at which the writer restarts it
	dirty    bool   // something was committed since the last tidying
	tuned    time.Time
	full     time.Time // when a write last found no room; zero: it is long ago
}

// job is one call of Write on its way through the queue.
type job struct {
	ctx   context.Context
	fn    func(store.Conn) error
	how   manner
	state atomic.Int32
	err   error
	done  chan struct{}
}

// manner is how a job runs.
type manner uint8

const (
	grouped manner = iota // in a transaction with others
	alone                 // Rebuild: in a transaction of its own
	between               // in none, between two
)

// A job belongs to its caller until the writer starts it; the caller may take
// it back until then.
const (
	waiting int32 = iota
	started
	takenBack
)

func newWriter(f *file, c *conn, epoch *atomic.Int64, janitor *janitor) *writer {
	w := &writer{
		file:    f,
		conn:    c,
		epoch:   epoch,
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
func (w *writer) write(ctx context.Context, fn func(store.Conn) error, how manner) error {
	if ctx.Err() != nil {
		return cancelled(ctx, nil)
	}
	select {
	case <-w.stop:
		return closed()
	default:
	}
	j := w.jobs.Get().(*job)
	j.ctx, j.fn, j.how, j.err = ctx, fn, how, nil
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
			if w.dirty {
				idle.Reset(w.file.idleAfter)
			}
		case <-w.stop:
			for j := w.next(); j != nil; j = w.next() {
				w.commitTogether(j)
			}
			return
		}
	}
}

// another is next for a group that is open. Where nobody waits, it lets those
// come first who are about to: the callers of the last commit, mostly. It makes
// groups nearly twice as large, and nobody waits for it on an idle machine.
func (w *writer) another() *job {
	if len(w.queue) == 0 {
		runtime.Gosched()
	}
	return w.next()
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

// drain lets the writes that wait finish and ends the loop.
func (w *writer) drain() {
	close(w.stop)
	<-w.gone
}

// close folds the log into the file, unless a feed is to go on with it. drain comes first, and all readers must be
// gone.
func (w *writer) close() error {
	if w.keepLog {
		_, err := w.conn.db.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true)
		return errors.Join(err, w.conn.close())
	}
	if _, _, err := w.conn.db.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE); err != nil {
		w.file.log.Warn("the log stays beside the database until it is opened again", "error", err)
	}
	return w.conn.close()
}
