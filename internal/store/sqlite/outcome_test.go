package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// insert writes one row of a table t.
func insert(e *Engine, ctx context.Context, id string) error {
	return e.Write(ctx, func(c store.Conn) error {
		_, err := c.Exec("INSERT INTO t VALUES (?)", id)
		return err
	})
}

// together runs jobs so that they share one transaction, in this order, and
// returns their errors.
func together(t *testing.T, e *Engine, jobs ...func() error) []error {
	t.Helper()
	release := holdWriter(t, e)
	outcome := make([]error, len(jobs))
	var all sync.WaitGroup
	for i, job := range jobs {
		all.Go(func() { outcome[i] = job() })
		waitQueued(t, e, i+1)
	}
	release()
	all.Wait()
	return outcome
}

// endless is a query that ends only by interruption.
const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

func TestCancelledBeforeStart(t *testing.T) {
	e := openEngine(t, Options{})
	script(t, e, "CREATE TABLE t (id TEXT PRIMARY KEY) STRICT")
	ctx, cancel := context.WithCancelCause(context.Background())
	cause := errors.New("the client hung up")
	release := holdWriter(t, e)
	done := make(chan error)
	go func() { done <- insert(e, ctx, "never") }()
	waitQueued(t, e, 1)
	cancel(cause)
	if err := <-done; !fault.Is(err, fault.StoreCancelled) || !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	release()
	if err := insert(e, context.Background(), "next"); err != nil {
		t.Error(err)
	}
	if err := insert(e, ctx, "never"); !fault.Is(err, fault.StoreCancelled) {
		t.Errorf("with a context that has ended: %v", err)
	}
	err := e.Read(ctx, func(store.Conn) error { t.Error("read with a context that has ended"); return nil })
	if !fault.Is(err, fault.StoreCancelled) {
		t.Errorf("read: %v", err)
	}
	wantTexts(t, e, "SELECT id FROM t", "next")
}

func TestCancelledAfterItsWorkIsAnsweredTruly(t *testing.T) {
	e := openEngine(t, Options{})
	script(t, e, "CREATE TABLE t (id TEXT PRIMARY KEY) STRICT")
	ctx, cancel := context.WithCancel(context.Background())
	err := e.Write(ctx, func(c store.Conn) error {
		_, err := c.Exec("INSERT INTO t VALUES ('kept')")
		cancel()
		return err
	})
	if err != nil {
		t.Errorf("the row was kept, but the answer is %v", err)
	}
	wantTexts(t, e, "SELECT id FROM t", "kept")
}

func TestLongStatementsEndWithTheirContext(t *testing.T) {
	e := openEngine(t, Options{})
	script(t, e, "CREATE TABLE t (id TEXT PRIMARY KEY) STRICT")
	run := func(c store.Conn) error { return c.Query(endless, nil, nil) }
	for name, do := range map[string]func(context.Context) error{
		"read":           func(ctx context.Context) error { return e.Read(ctx, run) },
		"read in write":  func(ctx context.Context) error { return e.Write(ctx, run) },
		"write":          func(ctx context.Context) error { return e.Write(ctx, execute("INSERT INTO t "+endless)) },
		"script":         func(ctx context.Context) error { return e.Write(ctx, scripted("INSERT INTO t "+endless)) },
		"read in script": func(ctx context.Context) error { return e.Write(ctx, scripted(endless)) },
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		err := do(ctx)
		cancel()
		if !fault.Is(err, fault.StoreCancelled) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := insert(e, context.Background(), "afterwards"); err != nil {
		t.Error(err)
	}
	wantTexts(t, e, "SELECT id FROM t", "afterwards")
}

func execute(sql string) func(store.Conn) error {
	return func(c store.Conn) error { _, err := c.Exec(sql); return err }
}

func scripted(sql string) func(store.Conn) error {
	return func(c store.Conn) error { return c.Script(sql) }
}

func TestCancelledWriteSparesItsNeighbours(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const long = "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT i FROM n"
	e := openEngine(t, Options{}, func(l *limits) { l.writePatience = time.Minute })
	script(t, e, "CREATE TABLE t (id ANY PRIMARY KEY) STRICT")
	outcome := together(t, e,
		func() error { return insert(e, context.Background(), "before") },
		func() error {
			return e.Write(ctx, func(c store.Conn) error {
				time.AfterFunc(5*time.Millisecond, cancel)
				_, err := c.Exec(long)
				if err == nil {
					err = ctx.Err()
				}
				return err
			})
		},
		func() error { return insert(e, context.Background(), "after") },
	)
	if outcome[0] != nil || outcome[2] != nil || !errors.Is(outcome[1], context.Canceled) {
		t.Errorf("got %v", outcome)
	}
	wantTexts(t, e, "SELECT id FROM t ORDER BY 1", "after", "before")
}

func TestRunawayWriteIsCutAndItsNeighboursAreTold(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	e := openEngine(t, Options{}, func(l *limits) { l.writePatience = time.Millisecond })
	script(t, e, "CREATE TABLE t (id ANY PRIMARY KEY) STRICT")
	outcome := together(t, e,
		func() error { return insert(e, context.Background(), "before") },
		func() error {
			return e.Write(ctx, func(c store.Conn) error {
				time.AfterFunc(5*time.Millisecond, cancel)
				return execute("INSERT INTO t " + endless)(c)
			})
		},
		func() error { return insert(e, context.Background(), "after") },
	)
	if !fault.Is(outcome[0], fault.StoreBusy) || !fault.Is(outcome[1], fault.StoreCancelled) || outcome[2] != nil {
		t.Errorf("got %v", outcome)
	}
	wantTexts(t, e, "SELECT id FROM t", "after")
}

func TestDeferredReferenceFailsItsOwnWrite(t *testing.T) {
	e := openEngine(t, Options{})
	script(t, e, `CREATE TABLE t (id TEXT PRIMARY KEY) STRICT;
CREATE TABLE child (parent TEXT REFERENCES t DEFERRABLE INITIALLY DEFERRED) STRICT`)
	outcome := together(t, e,
		func() error { return insert(e, context.Background(), "a") },
		func() error {
			return e.Write(context.Background(), execute("INSERT INTO child VALUES ('nobody')"))
		},
		func() error { return insert(e, context.Background(), "b") },
	)
	broken, ok := errors.AsType[*store.ConstraintError](outcome[1])
	if outcome[0] != nil || outcome[2] != nil || !ok || broken.Kind != store.ForeignKeyViolation {
		t.Errorf("got %v", outcome)
	}
	wantTexts(t, e, "SELECT id FROM t UNION ALL SELECT parent FROM child", "a", "b")
}

func TestFailedCommitFailsTheGroupAndNothingElse(t *testing.T) {
	e := openEngine(t, Options{})
	script(t, e, "CREATE TABLE t (id TEXT PRIMARY KEY) STRICT; INSERT INTO t VALUES ('there')")
	refuse := false // only the writer touches it
	e.writer.conn.db.CommitHook(func() bool { return !refuse })
	outcome := together(t, e,
		func() error { return insert(e, context.Background(), "a") },
		func() error { return insert(e, context.Background(), "there") },
		func() error {
			return e.Write(context.Background(), func(c store.Conn) error {
				refuse = true
				_, err := c.Exec("INSERT INTO t VALUES ('b')")
				return err
			})
		},
	)
	for i, err := range outcome {
		if !fault.Is(err, fault.InternalError) {
			t.Errorf("job %d: %v", i, err)
		}
	}
	wantTexts(t, e, "SELECT id FROM t", "there")
	err := e.Write(context.Background(), func(c store.Conn) error {
		refuse = false
		_, err := c.Exec("INSERT INTO t VALUES ('later')")
		return err
	})
	if err != nil {
		t.Error(err)
	}
	wantTexts(t, e, "SELECT id FROM t ORDER BY 1", "later", "there")
}

func TestFullDatabase(t *testing.T) {
	bothWays(t, func(t *testing.T, o Options) {
		e := openEngine(t, o)
		script(t, e, "CREATE TABLE t (id TEXT PRIMARY KEY) STRICT; PRAGMA max_page_count = 20")
		var err error
		n := 0
		for ; err == nil; n++ {
			err = insert(e, context.Background(), fmt.Sprintf("%d-%s", n, strings.Repeat("x", 3000)))
		}
		if !fault.Is(err, fault.StoreFull) {
			t.Errorf("got %v", err)
		}
		if got := len(texts(t, e, "SELECT id FROM t")); got != n-1 {
			t.Errorf("%d rows, %d were acknowledged", got, n-1)
		}
		script(t, e, "DELETE FROM t; PRAGMA max_page_count = 10000")
		if err := insert(e, context.Background(), strings.Repeat("x", 100000)); err != nil {
			t.Errorf("with room again: %v", err)
		}
	})
}

func TestBrokenConnectionIsReplaced(t *testing.T) {
	e := openEngine(t, Options{})
	script(t, e, "CREATE TABLE t (id TEXT PRIMARY KEY) STRICT")
	outcome := together(t, e,
		func() error { return insert(e, context.Background(), "lost") },
		func() error {
			return e.Write(context.Background(), func(c store.Conn) error {
				c.(*conn).driving = true // as it stands after a panic in the driver
				panic("out of memory")
			})
		},
		func() error { return insert(e, context.Background(), "kept") },
	)
	if !fault.Is(outcome[0], fault.StoreBusy) || !fault.Is(outcome[1], fault.InternalError) || outcome[2] != nil {
		t.Errorf("got %v", outcome)
	}
	wantTexts(t, e, "SELECT id FROM t", "kept")
}

func TestDurableAcrossReopening(t *testing.T) {
	bothWays(t, func(t *testing.T, o Options) {
		o.Path = filepath.Join(t.TempDir(), "deep", "down", "loam.db")
		for i := range 3 {
			e, err := Open(context.Background(), o)
			if err != nil {
				t.Fatal(err)
			}
			script(t, e, "CREATE TABLE IF NOT EXISTS t (id TEXT PRIMARY KEY) STRICT")
			if err := insert(e, context.Background(), fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
			if got := len(texts(t, e, "SELECT id FROM t")); got != i+1 {
				t.Errorf("%d rows after opening %d times", got, i+1)
			}
			if err := errors.Join(e.Close(), e.Close()); err != nil {
				t.Fatal(err)
			}
			if left, err := os.Stat(o.Path + "-wal"); err == nil && left.Size() > 0 {
				t.Errorf("Close left a log of %d bytes", left.Size())
			}
		}
	})
}

func TestCloseLetsWaitingWritesFinish(t *testing.T) {
	path := filepath.Join(t.TempDir(), "loam.db")
	e, err := Open(context.Background(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	script(t, e, "CREATE TABLE t (id TEXT PRIMARY KEY) STRICT")
	release := holdWriter(t, e)
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			if err := insert(e, context.Background(), fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
	}
	waitQueued(t, e, 10)
	closing := make(chan error)
	go func() { closing <- e.Close() }()
	<-e.writer.stop
	if err := insert(e, context.Background(), "late"); !fault.Is(err, fault.Unready) {
		t.Errorf("write while closing: %v", err)
	}
	release()
	all.Wait()
	if err := <-closing; err != nil {
		t.Fatal(err)
	}
	if err := e.Read(context.Background(), execute("SELECT 1")); !fault.Is(err, fault.Unready) {
		t.Errorf("read after closing: %v", err)
	}
	e = openEngine(t, Options{Path: path})
	if got := len(texts(t, e, "SELECT id FROM t")); got != 10 {
		t.Errorf("%d rows", got)
	}
}
