package sqlite

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Snapshot is the database as it was between two commits. It is for one goroutine, and
// only while the function runs that it was given to.
type Snapshot struct {
	At       time.Time
	Pages    uint32     // in the file
	PageSize int        // bytes
	Feed     *Feed      // the engine's, or nil
	Commits  int64      // that the feed had captured; what it hands out later follows
	Conn     store.Conn // reads it

	blocks *blocks
}

// Snapshot runs fn over the database as it is between two commits. Others read and
// write meanwhile; what they commit stays in the log until fn returns. One runs at a time.
func (e *Engine) Snapshot(ctx context.Context, now func() time.Time, fn func(*Snapshot) error) error {
	select {
	case e.snapshots <- struct{}{}:
		defer func() { <-e.snapshots }()
	default:
		return fault.New(fault.StoreBusy, "a backup is being made; wait for its end, and try again").After(time.Minute)
	}
	f := e.writer.file
	c, err := f.connect(ctx, forReading)
	if err != nil {
		return err
	}
	defer func() {
		if err := c.close(); err != nil {
			f.log.Warn("closing the connection of a snapshot", "error", err)
		}
	}()
	file, err := os.Open(f.path)
	if err != nil {
		return unwritable(f.path, err)
	}
	defer file.Close()
	s := &Snapshot{Conn: c}
	if s.blocks, err = newBlocks(file, f.key); err != nil {
		return err
	}
	resume, err := e.still(ctx, now, c, s)
	if err != nil {
		return err
	}
	defer resume()
	c.enter(ctx)
	return fn(s)
}

// snapshotWait is how long a snapshot waits between two tries to find no read in the
// way of a whole checkpoint.
const snapshotWait = 500 * time.Millisecond

// still has the database file hold all that is committed, keeps it so, and begins a
// read transaction of that moment. Reads that began earlier are waited for.
func (e *Engine) still(ctx context.Context, now func() time.Time, c *conn, s *Snapshot) (resume func(), err error) {
	for {
		err := e.writer.between(ctx, func() error {
			if err := e.writer.checkpoint(sqlite3.CHECKPOINT_FULL); err != nil {
				return err
			}
			if resume == nil {
				resume = e.janitor.pause()
			}
			s.At, s.Feed = now(), e.writer.feed
			return s.begin(c)
		})
		switch {
		case err == nil:
			return resume, nil
		case resume != nil:
			resume()
			return nil, err
		case !errors.Is(err, sqlite3.BUSY):
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, cancelled(ctx, err)
		case <-time.After(snapshotWait):
		}
	}
}

func (s *Snapshot) begin(c *conn) error {
	if err := c.run("BEGIN"); err != nil {
		return err
	}
	for pragma, to := range map[string]func(int64){
		"PRAGMA page_count": func(n int64) { s.Pages = uint32(n) },
		"PRAGMA page_size":  func(n int64) { s.PageSize = int(n) },
	} {
		if err := c.Query(pragma, nil, func(r store.Row) error { to(r.Int(0)); return nil }); err != nil {
			return err
		}
	}
	// A read of a table is what the transaction's view begins with.
	if err := c.Query("SELECT count(*) FROM sqlite_schema", nil, nil); err != nil {
		return err
	}
	if s.Feed != nil {
		s.Commits = s.Feed.captures()
	}
	return nil
}

// captures is how many commits were captured.
func (f *Feed) captures() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.commits
}

// Read returns the pages from one on, counted from 1, and at most so many. They are
// valid until the next call.
func (s *Snapshot) Read(first uint32, most int) ([]byte, error) {
	size := int64(s.PageSize)
	from := int64(first-1) * size
	to := min(from+int64(most)*size, int64(s.Pages)*size)
	data, err := s.blocks.read(from, to)
	if short := to - from - int64(len(data)); err == nil && short > 0 {
		data = append(data, make([]byte, short)...) // free pages at the end, never written
	}
	return data, err
}
