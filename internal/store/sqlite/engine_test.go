package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// testKey is the key of encrypted test databases.
var testKey = []byte("0123456789abcdef0123456789ABCDEF")

// openEngine opens a database in a directory of the test, with the limits
// changed as the test needs them, and closes it at the test's end.
func openEngine(t testing.TB, o Options, change ...func(*limits)) *Engine {
	t.Helper()
	lim := defaultLimits()
	for _, f := range change {
		f(&lim)
	}
	if o.Path == "" {
		o.Path = filepath.Join(t.TempDir(), "loam.db")
	}
	e, err := open(context.Background(), o, lim)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// script runs SQL that must succeed.
func script(t testing.TB, e *Engine, sql string) {
	t.Helper()
	err := e.Write(context.Background(), func(c store.Conn) error { return c.Script(sql) })
	if err != nil {
		t.Fatal(err)
	}
}

// texts reads the first column of a query.
func texts(t testing.TB, e *Engine, sql string, args ...any) (got []string) {
	t.Helper()
	err := e.Read(context.Background(), func(c store.Conn) error {
		got = nil
		return c.Query(sql, args, func(r store.Row) error {
			got = append(got, r.Text(0))
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func wantTexts(t testing.TB, e *Engine, sql string, want ...string) {
	t.Helper()
	if got := texts(t, e, sql); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%s: got %q, want %q", sql, got, want)
	}
}

// bothWays runs a test on a plain and on an encrypted database.
func bothWays(t *testing.T, test func(t *testing.T, o Options)) {
	t.Run("plain", func(t *testing.T) { test(t, Options{}) })
	t.Run("encrypted", func(t *testing.T) { test(t, Options{Key: testKey}) })
}

func TestValuesRoundTrip(t *testing.T) {
	bothWays(t, func(t *testing.T, o Options) {
		e := openEngine(t, o)
		script(t, e, "CREATE TABLE v (id INTEGER PRIMARY KEY, t, b, i, f, o, n)")
		ctx := context.Background()
		err := e.Write(ctx, func(c store.Conn) error {
			n, err := c.Exec("INSERT INTO v VALUES (?,?,?,?,?,?,?)", 1, "text \x00 naïve", []byte{0, 255}, int64(-1<<63), 1.5, true, nil)
			if err == nil && n != 1 {
				t.Errorf("changed %d rows", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = e.Read(ctx, func(c store.Conn) error {
			return c.Query("SELECT t, b, i, f, o, n, '' FROM v", nil, func(r store.Row) error {
				got := fmt.Sprintf("%q %v %d %v %v %v %q", r.Text(0), r.Bytes(1), r.Int(2), r.Float(3), r.Bool(4), r.Null(5), r.Text(6))
				want := `"text \x00 naïve" [0 255] -9223372036854775808 1.5 true true ""`
				if got != want {
					t.Errorf("got %s, want %s", got, want)
				}
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestGroupIsolatesNeighbours(t *testing.T) {
	e := openEngine(t, Options{})
	script(t, e, "CREATE TABLE t (id TEXT PRIMARY KEY) STRICT; INSERT INTO t VALUES ('taken')")
	release := holdWriter(t, e)
	refused := errors.New("refused")
	jobs := map[string]func(store.Conn) error{
		"error": func(store.Conn) error { return refused },
		"panic": func(store.Conn) error { panic("job") },
		"taken": func(c store.Conn) error { _, err := c.Exec("INSERT INTO t VALUES ('taken')"); return err },
	}
	var wg sync.WaitGroup
	outcome := make([]error, 40)
	for i := range outcome {
		name := []string{"ok", "error", "panic", "taken"}[i%4]
		wg.Go(func() {
			outcome[i] = e.Write(context.Background(), func(c store.Conn) error {
				if _, err := c.Exec("INSERT INTO t VALUES (?)", fmt.Sprintf("%s-%02d", name, i)); err != nil {
					return err
				}
				if job := jobs[name]; job != nil {
					return job(c)
				}
				return nil
			})
		})
	}
	waitQueued(t, e, len(outcome))
	release()
	wg.Wait()
	want := []string{"taken"}
	for i, err := range outcome {
		var ok bool
		switch i % 4 {
		case 0:
			ok = err == nil
			want = append(want, fmt.Sprintf("ok-%02d", i))
		case 1:
			ok = errors.Is(err, refused)
		case 2:
			ok = fault.Is(err, fault.InternalError) && strings.Contains(err.Error(), "panic in a write: job")
		case 3:
			broken, is := errors.AsType[*store.ConstraintError](err)
			ok = is && broken.Kind == store.UniqueViolation
		}
		if !ok {
			t.Errorf("job %d: %v", i, err)
		}
	}
	if got := texts(t, e, "SELECT id FROM t"); len(got) != len(want) {
		t.Errorf("kept %q, want %q", got, want)
	}
}
