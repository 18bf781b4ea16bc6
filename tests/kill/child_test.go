package kill

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/sqlite"
)

const (
	writers = 8
	readers = 8
	window  = 300 // rows that a writer keeps; it deletes older ones
)

const tables = `
CREATE TABLE IF NOT EXISTS entry (
	writer INTEGER NOT NULL, seq INTEGER NOT NULL, payload TEXT NOT NULL,
	PRIMARY KEY (writer, seq)
) STRICT;
CREATE INDEX IF NOT EXISTS entry_by_payload ON entry (substr(payload, 1, 12));
CREATE TABLE IF NOT EXISTS last (writer INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT;`

// errDeliberate fails a write after it has written: nothing of it may stay.
var errDeliberate = errors.New("deliberate")

// work writes and reads until standard input ends, then closes the database.
func work(path string, encrypted bool) error {
	e, err := openDatabase(path, encrypted)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	err = e.Write(context.Background(), func(c store.Conn) error { return c.Script(tables) })
	if err != nil {
		return fmt.Errorf("create tables: %w", err)
	}
	if os.Getenv(backupVar) != "" {
		s, err := keepBackups(e)
		if err != nil {
			return fmt.Errorf("backups: %w", err)
		}
		for s.Status().Snapshot == nil {
			time.Sleep(time.Millisecond)
		}
		fmt.Println("snapshot")
	}
	ctx, cancel := context.WithCancel(context.Background())
	var latest [writers]atomic.Int64
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() { report(ctx, "write", write(ctx, e, w, &latest[w])) })
	}
	for range readers {
		all.Go(func() { report(ctx, "read", read(ctx, e, &latest)) })
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	cancel()
	all.Wait()
	return e.Close()
}

func report(ctx context.Context, what string, err error) {
	if err != nil && !(ctx.Err() != nil && fault.Is(err, fault.StoreCancelled)) {
		fmt.Printf("FAIL %s: %v\n", what, err)
	}
}

// write appends rows one by one and acknowledges each when it is durable. Every
// eighth write fails on purpose.
func write(ctx context.Context, e *sqlite.Engine, w int, latest *atomic.Int64) error {
	seq, err := lastOf(ctx, e, w)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		seq++
		if seq%8 == 0 {
			if err := e.Write(ctx, func(c store.Conn) error { return spoil(c, w, seq) }); !errors.Is(err, errDeliberate) {
				return err
			}
		}
		if err := e.Write(ctx, func(c store.Conn) error { return add(c, w, seq) }); err != nil {
			return err
		}
		latest.Store(seq)
		fmt.Printf("ack %d %d\n", w, seq)
	}
	return nil
}

func lastOf(ctx context.Context, e *sqlite.Engine, w int) (seq int64, err error) {
	err = e.Read(ctx, func(c store.Conn) error {
		return c.Query("SELECT seq FROM last WHERE writer = ?", []any{w}, func(r store.Row) error {
			seq = r.Int(0)
			return nil
		})
	})
	return seq, err
}

// add writes one row, counts it, and lets the oldest one go.
func add(c store.Conn, w int, seq int64) error {
	if _, err := c.Exec("INSERT INTO entry VALUES (?, ?, ?)", w, seq, payload(w, seq)); err != nil {
		return err
	}
	if _, err := c.Exec("INSERT INTO last VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq", w, seq); err != nil {
		return err
	}
	_, err := c.Exec("DELETE FROM entry WHERE writer = ? AND seq <= ?", w, seq-window)
	return err
}

func spoil(c store.Conn, w int, seq int64) error {
	if _, err := c.Exec("UPDATE entry SET payload = 'spoiled' WHERE writer = ?", w); err != nil {
		return err
	}
	if _, err := c.Exec("INSERT INTO entry VALUES (?, ?, 'never')", w, seq); err != nil {
		return err
	}
	return errDeliberate
}

// read checks random writers until ctx ends: what has been acknowledged must be
// there, and whole.
func read(ctx context.Context, e *sqlite.Engine, latest *[writers]atomic.Int64) error {
	for ctx.Err() == nil {
		w := rand.IntN(writers)
		acked := latest[w].Load()
		err := e.Read(ctx, func(c store.Conn) error {
			if rand.IntN(50) == 0 {
				return checkWriter(c, w, acked)
			}
			return checkRow(c, w, acked)
		})
		if err != nil {
			return err
		}
		// Eight readers without a pause would leave the writers no processor.
		time.Sleep(time.Duration(rand.Int64N(int64(time.Millisecond))))
	}
	return nil
}

// checkRow looks up one row that a writer keeps for now.
func checkRow(c store.Conn, w int, acked int64) error {
	var last int64
	err := c.Query("SELECT seq FROM last WHERE writer = ?", []any{w}, func(r store.Row) error {
		last = r.Int(0)
		return nil
	})
	if err != nil || last == 0 {
		return err
	}
	if last < acked {
		return fmt.Errorf("writer %d: acknowledged %d, stored %d", w, acked, last)
	}
	seq := last - rand.Int64N(min(last, window))
	found := false
	err = c.Query("SELECT payload FROM entry WHERE writer = ? AND seq = ?", []any{w, seq}, func(r store.Row) error {
		found = true
		if r.Text(0) != payload(w, seq) {
			return fmt.Errorf("writer %d: row %d is not what was written", w, seq)
		}
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("writer %d: row %d is missing, the last is %d", w, seq, last)
	}
	return err
}

// checkWriter looks at all rows of a writer in one snapshot: none acknowledged
// is missing, none is left over, and each is what was written.
func checkWriter(c store.Conn, w int, acked int64) error {
	var last, want int64
	err := c.Query("SELECT seq FROM last WHERE writer = ?", []any{w}, func(r store.Row) error {
		last = r.Int(0)
		return nil
	})
	if err != nil {
		if acked == 0 && strings.Contains(err.Error(), "no such table") {
			return nil // killed before the tables were made
		}
		return err
	}
	if last < acked {
		return fmt.Errorf("writer %d: acknowledged %d, stored %d", w, acked, last)
	}
	want = max(0, last-window)
	err = c.Query("SELECT seq, payload FROM entry WHERE writer = ? ORDER BY seq", []any{w}, func(r store.Row) error {
		want++
		if r.Int(0) != want {
			return fmt.Errorf("writer %d: row %d where %d should be", w, r.Int(0), want)
		}
		if r.Text(1) != payload(w, want) {
			return fmt.Errorf("writer %d: row %d is not what was written", w, want)
		}
		return nil
	})
	if err == nil && want != last {
		err = fmt.Errorf("writer %d: rows end at %d, the count says %d", w, want, last)
	}
	return err
}

// payload is the text that a writer stores in a row: mostly short, sometimes
// longer than a page.
func payload(w int, seq int64) string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%d", w, seq)
	sum := h.Sum64()
	size := 20 + int(sum%400)
	if sum%16 == 0 {
		size = int(sum>>8) & 0x3fff
	}
	piece := fmt.Sprintf("%016x-", sum)
	return piece + strings.Repeat(piece, size/len(piece))
}
