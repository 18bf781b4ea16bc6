package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// Every write moves one unit between two accounts, so each snapshot must hold
// the same sum, and each read must see the write that returned before it began.
func TestReadersSeeSnapshotsUnderSixtyFourWriters(t *testing.T) {
	bothWays(t, func(t *testing.T, o Options) {
		const accounts, rounds = 64, 10
		e := openEngine(t, o)
		script(t, e, `CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL, moves INTEGER NOT NULL) STRICT;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 63) INSERT INTO account SELECT i, 100, 0 FROM n`)
		ctx := context.Background()
		var answered [accounts]atomic.Int64
		var writers, readers sync.WaitGroup
		for w := range accounts {
			writers.Go(func() {
				for i := range rounds {
					err := e.Write(ctx, func(c store.Conn) error { return move(c, w, (w+i+1)%accounts) })
					if err != nil {
						t.Error(err)
						return
					}
					answered[w].Add(1)
				}
			})
		}
		stop := make(chan struct{})
		for r := range 8 {
			readers.Go(func() {
				for i := r; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					w := i % accounts
					before := answered[w].Load()
					if err := e.Read(ctx, func(c store.Conn) error { return audit(c, w, before) }); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		writers.Wait()
		close(stop)
		readers.Wait()
		wantTexts(t, e, "SELECT sum(moves) FROM account", fmt.Sprint(accounts*rounds))
	})
}

func move(c store.Conn, from, to int) error {
	if _, err := c.Exec("UPDATE account SET balance = balance - 1, moves = moves + 1 WHERE id = ?", from); err != nil {
		return err
	}
	_, err := c.Exec("UPDATE account SET balance = balance + 1 WHERE id = ?", to)
	return err
}

// audit reads the sum by two statements, between which a commit may fall.
func audit(c store.Conn, w int, before int64) error {
	var sum int64
	add := func(r store.Row) error { sum += r.Int(0); return nil }
	for _, sql := range []string{"SELECT sum(balance) FROM account WHERE id < 32", "SELECT sum(balance) FROM account WHERE id >= 32"} {
		if err := c.Query(sql, nil, add); err != nil {
			return err
		}
	}
	if sum != 6400 {
		return fmt.Errorf("the snapshot sums to %d", sum)
	}
	return c.Query("SELECT moves FROM account WHERE id = ?", []any{w}, func(r store.Row) error {
		if r.Int(0) < before {
			return fmt.Errorf("account %d: %d moves were answered, the read sees %d", w, before, r.Int(0))
		}
		return nil
	})
}

func TestFullQueueRefusesWrites(t *testing.T) {
	e := openEngine(t, Options{}, func(l *limits) { l.queue = 2 })
	script(t, e, "CREATE TABLE t (id TEXT PRIMARY KEY) STRICT")
	release := holdWriter(t, e)
	var all sync.WaitGroup
	for i := range 2 {
		all.Go(func() {
			if err := insert(e, context.Background(), fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
	}
	waitQueued(t, e, 2)
	err := insert(e, context.Background(), "too many")
	if !fault.Is(err, fault.StoreBusy) || fault.Of(err).RetryAfter <= 0 {
		t.Errorf("got %v", err)
	}
	release()
	all.Wait()
	wantTexts(t, e, "SELECT count(*) FROM t", "2")
}

func TestReadsWaitWithinLimits(t *testing.T) {
	e := openEngine(t, Options{Readers: 2}, func(l *limits) { l.readerWait, l.readQueue = 30*time.Millisecond, 3 })
	inside, leave := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			err := e.Read(context.Background(), func(store.Conn) error {
				inside <- struct{}{}
				<-leave
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-inside
	}
	nothing := func(store.Conn) error { return nil }
	if err := e.Read(context.Background(), nothing); !fault.Is(err, fault.StoreBusy) {
		t.Errorf("after waiting: %v", err)
	}
	e.readers.file.readerWait = time.Minute
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if err := e.Read(ctx, nothing); !fault.Is(err, fault.StoreCancelled) {
		t.Errorf("with little time: %v", err)
	}
	outcome := make(chan error, 10)
	for range 10 {
		go func() { outcome <- e.Read(context.Background(), nothing) }()
	}
	for range 7 {
		if err := <-outcome; !fault.Is(err, fault.StoreBusy) {
			t.Errorf("beyond the line: %v", err)
		}
	}
	close(leave)
	for range 3 {
		if err := <-outcome; err != nil {
			t.Errorf("in line: %v", err)
		}
	}
	all.Wait()
}

// Reads that overlap without a gap keep a checkpoint from ever finding the log
// unused; it must stay small all the same, and vanish in a quiet moment.
func TestLogStaysBounded(t *testing.T) {
	bothWays(t, func(t *testing.T, o Options) {
		o.Path = filepath.Join(t.TempDir(), "loam.db")
		e := openEngine(t, o, func(l *limits) {
			l.walSoftPages, l.walHardPages, l.walKeptBytes = 20, 60, 100<<10
			l.idleAfter = 20 * time.Millisecond
		})
		script(t, e, "CREATE TABLE t (id TEXT PRIMARY KEY) STRICT")
		ctx, cancel := context.WithCancel(context.Background())
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				for ctx.Err() == nil {
					_ = e.Read(ctx, func(c store.Conn) error {
						time.Sleep(time.Millisecond)
						return c.Query("SELECT id FROM t WHERE id > '7'", nil, nil)
					})
				}
			})
		}
		largest, written := int64(0), int64(0)
		for i := range 300 {
			if err := insert(e, context.Background(), fmt.Sprintf("%04d-%s", i, strings.Repeat("x", 3000))); err != nil {
				t.Fatal(err)
			}
			written += 8 << 10 // a page of the table and one of its index, at least
			largest = max(largest, logSize(t, o.Path))
		}
		cancel()
		readers.Wait()
		if largest > written/3 || largest == 0 {
			t.Errorf("the log grew to %d KiB while at least %d KiB were written", largest>>10, written>>10)
		}
		for range 200 {
			if logSize(t, o.Path) == 0 {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("the log still has %d bytes", logSize(t, o.Path))
	})
}

func logSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
