package sqlite

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// The write-ahead log is folded into the database file by three hands. The
// janitor does most of it, on a connection of its own, while reads and writes go
// on. Where constant traffic keeps it from ever reaching the log's end, the
// writer restarts the log between two commits. In a quiet moment the writer
// empties it.

// watchLog keeps the length of the log as each commit leaves it. It also takes
// the place of SQLite's own checkpoints, which would run inside a commit.
func (w *writer) watchLog() {
	w.conn.db.WALHook(func(_ *sqlite3.Conn, _ string, pages int) error {
		w.walPages = pages
		w.feed.capture(pages)
		return nil
	})
}

// mindLog sees to a log that has grown long.
func (w *writer) mindLog() {
	switch {
	case w.broken:
	case w.walPages >= w.restart:
		w.restartLog()
	case w.walPages >= w.file.walSoftPages:
		w.janitor.wake()
	}
}

// restartLog has the next commit begin the log anew. Reads that began long ago
// can prevent it; then the log may grow a little further before the next try.
func (w *writer) restartLog() {
	if err := w.checkpoint(sqlite3.CHECKPOINT_RESTART); err != nil {
		w.restart = w.walPages + w.file.walSoftPages
		return
	}
	w.restart = w.file.walHardPages
	w.walPages = 0
}

// tidy empties the log and lets SQLite look after its statistics.
func (w *writer) tidy() {
	if !w.dirty || w.broken {
		return
	}
	defer w.survive()
	if time.Since(w.tuned) >= w.file.optimizeEvery {
		w.tuned = time.Now()
		if err := w.conn.db.Exec("PRAGMA analysis_limit = 400; PRAGMA optimize"); err != nil {
			w.file.log.Warn("updating the query planner's statistics", "error", err)
		}
	}
	if w.keepLog {
		w.dirty = false
		return
	}
	if err := w.checkpoint(sqlite3.CHECKPOINT_TRUNCATE); err == nil {
		w.walPages, w.restart, w.dirty = 0, w.file.walHardPages, false
	}
}

// checkpoint folds in the whole log, waiting for the janitor, who would have it
// refused, and a little for reads under way.
func (w *writer) checkpoint(mode sqlite3.CheckpointMode) error {
	w.janitor.folding.Lock()
	defer w.janitor.folding.Unlock()
	if w.janitor.paused {
		return errPaused
	}
	defer w.janitor.settle()()
	db := w.conn.db
	_ = db.BusyTimeout(w.file.restartWait)
	_, _, err := db.WALCheckpoint("main", mode)
	_ = db.BusyTimeout(w.file.busyWait)
	return err
}

// janitor checkpoints in the background.
type janitor struct {
	file   *file
	settle func() (resume func()) // has the readers let go of the log
	calls  chan struct{}
	quit   chan struct{}
	gone   chan struct{}

	folding sync.Mutex // held during a checkpoint, whoever does it
	paused  bool       // a snapshot is being copied from the database file
}

// errPaused is why a checkpoint is left to a later time.
var errPaused = errors.New("sqlite: a snapshot is being taken")

// pause has the database file stay as it is until resume; commits go into the log
// meanwhile.
func (j *janitor) pause() (resume func()) {
	set := func(to bool) {
		j.folding.Lock()
		defer j.folding.Unlock()
		j.paused = to
	}
	set(true)
	return func() { set(false); j.wake() }
}

func newJanitor(f *file, settle func() (resume func())) *janitor {
	j := &janitor{
		file:   f,
		settle: settle,
		calls:  make(chan struct{}, 1),
		quit:   make(chan struct{}),
		gone:   make(chan struct{}),
	}
	go j.loop()
	return j
}

// wake asks for a checkpoint; it does not wait for it.
func (j *janitor) wake() {
	select {
	case j.calls <- struct{}{}:
	default:
	}
}

func (j *janitor) stop() {
	close(j.quit)
	<-j.gone
}

func (j *janitor) loop() {
	defer close(j.gone)
	var c *conn
	for {
		select {
		case <-j.quit:
			if c != nil {
				if err := c.close(); err != nil {
					j.file.log.Warn("closing the connection for checkpoints", "error", err)
				}
			}
			return
		case <-j.calls:
			c = j.checkpoint(c)
		}
	}
}

// checkpoint folds in what no read or write is in the way of, on c or on a
// connection that it opens.
func (j *janitor) checkpoint(c *conn) (_ *conn) {
	defer func() {
		if p := recover(); p != nil {
			j.file.log.Error("panic in the database driver during a checkpoint", "panic", p)
		}
	}()
	if c == nil {
		opened, err := j.file.connect(context.Background(), forCheckpoints)
		if err != nil {
			j.file.log.Warn("opening a connection for checkpoints", "error", err)
			return nil
		}
		c = opened
	}
	j.folding.Lock()
	defer j.folding.Unlock()
	if j.paused {
		return c
	}
	defer j.settle()()
	if _, _, err := c.db.WALCheckpoint("main", sqlite3.CHECKPOINT_PASSIVE); err != nil {
		j.file.log.Warn("folding the log into the database", "error", err)
	}
	return c
}
