package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// The contract of store.Engine, held against both.

const plainTable = "CREATE TABLE t (id TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT"

// open opens an engine with tables in it.
func open(t *testing.T, d store.Dialect, tables ...string) store.Engine {
	t.Helper()
	e := storetest.Open(t, d)
	storetest.Tables(t, e, tables...)
	return e
}

func execute(sql string, args ...any) func(store.Conn) error {
	return func(c store.Conn) error { _, err := c.Exec(sql, args...); return err }
}

func query(sql string, args ...any) func(store.Conn) error {
	return func(c store.Conn) error { return c.Query(sql, args, nil) }
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func insert(e store.Engine, ctx context.Context, id string) error {
	return e.Write(ctx, execute("INSERT INTO t VALUES (?1, 0)", id))
}

// texts reads the first column of a query.
func texts(t testing.TB, e store.Engine, sql string, args ...any) (got []string) {
	t.Helper()
	must(t, e.Read(context.Background(), func(c store.Conn) (err error) {
		got, err = textsIn(c, sql, args...)
		return err
	}))
	return got
}

func textsIn(c store.Conn, sql string, args ...any) (got []string, err error) {
	err = c.Query(sql, args, func(r store.Row) error {
		got = append(got, r.Text(0))
		return nil
	})
	return got, err
}

func wantTexts(t testing.TB, e store.Engine, sql string, want ...string) {
	t.Helper()
	if got := texts(t, e, sql); !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", sql, got, want)
	}
}

func TestValuesRoundTrip(t *testing.T) {
	const columns = "id INTEGER PRIMARY KEY, t TEXT, b BLOB, i INTEGER, f REAL, o INTEGER, n TEXT"
	storetest.EachDialect(t, func(t *testing.T, d store.Dialect) {
		e := open(t, d, "CREATE TABLE v ("+columns+") STRICT")
		for i, v := range [][]any{
			{"text \x01 naïve 😀 '\"\\$1?1", []byte{0, 255, '\\'}, int64(-1 << 63), 1.5, true, nil},
			{"", []byte{}, 1<<63 - 1, -0.1, false, nil},
			{strings.Repeat("long ", 100000), []byte(strings.Repeat("\x00", 300000)), 0, 1e300, 1, ""},
		} {
			must(t, e.Write(context.Background(), func(c store.Conn) error {
				n, err := c.Exec("INSERT INTO v VALUES (?1,?2,?3,?4,?5,?6,?7)", append([]any{i}, v...)...)
				if err == nil && n != 1 {
					t.Errorf("changed %d rows", n)
				}
				return err
			}))
			want := fmt.Sprintf("%q %v %v %v %v %v", v[0], v[1], v[2], v[3], v[4] == true || v[4] == 1, v[5] == nil)
			must(t, e.Read(context.Background(), func(c store.Conn) error {
				return c.Query("SELECT t, b, i, f, o, n, count(*) OVER () FROM v WHERE id = ?1", []any{i}, func(r store.Row) error {
					got := fmt.Sprintf("%q %v %d %v %v %v", r.Text(0), r.Bytes(1), r.Int(2), r.Float(3), r.Bool(4), r.Null(5))
					if got != want || r.Int(6) != 1 || r.Text(6) != "1" {
						t.Errorf("row %d: got %.300s, want %.300s", i, got, want)
					}
					return nil
				})
			}))
		}
	})
}

// What SQLite lacks reads as what SQLite has in its place: at first, when the types of the
// columns are not known yet, and later, and where a row is kept beside another statement.
func TestTypesOfPostgreSQL(t *testing.T) {
	e := storetest.Open(t, store.PostgreSQL)
	want := []string{"1", "2", "3", "7", "3.5000000000000000", "1e+15", `{"a" : 1}`, `{"b": 2}`,
		"2026-01-02T01:04:05.000Z", "2026-01-02T03:04:05.678Z", "2026-01-02", "", "x",
		"1969-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "infinity", ""}
	for round := range 3 {
		must(t, e.Read(context.Background(), func(c store.Conn) error {
			return c.Query(`SELECT true, 2::int2, 3::int4, sum(x), avg(x), 1e15::float8, json_build_object('a', 1), '{"b": 2}'::jsonb,
	timestamptz '2026-01-02 03:04:05+02', timestamptz '2026-01-02 03:04:05.6789', date '2026-01-02', ''::bytea, 'x'::varchar,
	timestamptz '1969-12-31 23:59:59.9994', timestamptz '0001-01-01', timestamptz '9999-12-31 23:59:59.9999', timestamptz 'infinity', NULL::timestamptz
	FROM (VALUES (2::bigint), (5)) v(x)`,
				nil, func(r store.Row) error {
					for again := range 2 {
						var got []string
						for i := range want {
							got = append(got, r.Text(i))
						}
						if !slices.Equal(got, want) {
							t.Errorf("round %d, %d: got\n%q\nwant\n%q", round, again, got, want)
						}
						if r.Int(0) != 1 || !r.Bool(0) || r.Int(3) != 7 || r.Float(4) != 3.5 || r.Int(4) != 3 || r.Null(11) || !r.Null(17) {
							t.Errorf("got %v, %v, %v, %v, %v", r.Int(0), r.Bool(0), r.Int(3), r.Float(4), r.Null(11))
						}
						must(t, query("SELECT 1")(c))
					}
					return nil
				})
		}))
	}
}

func TestReadSeesOneSnapshot(t *testing.T) {
	storetest.EachDialect(t, func(t *testing.T, d store.Dialect) {
		e := open(t, d, plainTable)
		must(t, insert(e, context.Background(), "before"))
		must(t, e.Read(context.Background(), func(c store.Conn) error {
			for _, during := range []string{"one", "two"} {
				got, err := textsIn(c, "SELECT id FROM t")
				if err != nil || !slices.Equal(got, []string{"before"}) {
					t.Errorf("%q, %v", got, err)
				}
				must(t, insert(e, context.Background(), during))
			}
			return nil
		}))
		wantTexts(t, e, "SELECT id FROM t ORDER BY id", "before", "one", "two")
	})
}

func TestFailedWritesLeaveNothing(t *testing.T) {
	refused := errors.New("refused")
	storetest.EachDialect(t, func(t *testing.T, d store.Dialect) {
		e := open(t, d, plainTable, "INSERT INTO t VALUES ('taken', 0)")
		for i, run := range []func(context.Context, func(store.Conn) error) error{e.Write, e.WriteRows, e.(store.Rebuilder).Rebuild} {
			err := run(context.Background(), func(c store.Conn) error {
				must(t, execute("INSERT INTO t VALUES ('refused', 0)")(c))
				return refused
			})
			if !errors.Is(err, refused) {
				t.Errorf("%d, refused: %v", i, err)
			}
			err = run(context.Background(), func(c store.Conn) error {
				must(t, execute("INSERT INTO t VALUES ('panic', 0)")(c))
				panic("in a job")
			})
			if !fault.Is(err, fault.InternalError) || !strings.Contains(err.Error(), "panic in a write: in a job") {
				t.Errorf("%d, panic: %v", i, err)
			}
			err = run(context.Background(), func(c store.Conn) error {
				must(t, execute("INSERT INTO t VALUES ('before', 0)")(c))
				return execute("INSERT INTO t VALUES ('taken', 0)")(c)
			})
			broken, ok := errors.AsType[*store.ConstraintError](err)
			if !ok || broken.Kind != store.UniqueViolation {
				t.Errorf("%d, taken: %v", i, err)
			}
			err = run(context.Background(), func(c store.Conn) error {
				return c.Query("INSERT INTO t VALUES ('row', 0) RETURNING id", nil, func(store.Row) error { return refused })
			})
			if !errors.Is(err, refused) {
				t.Errorf("%d, refused row: %v", i, err)
			}
			must(t, run(context.Background(), execute("INSERT INTO t VALUES (?1, 0)", fmt.Sprint(i))))
		}
		wantTexts(t, e, "SELECT id FROM t ORDER BY id", "0", "1", "2", "taken")
	})
}

// Write is one at a time: what fn has read is true until it commits.
func TestWritesAreSerial(t *testing.T) {
	storetest.EachDialect(t, func(t *testing.T, d store.Dialect) {
		e := open(t, d, plainTable, "INSERT INTO t VALUES ('a', 0), ('b', 0)")
		const callers, rounds = 16, 10
		both(t, callers, func(int) error {
			for range rounds {
				err := e.Write(context.Background(), func(c store.Conn) error {
					var n int64
					err := c.Query("SELECT n FROM t WHERE id = 'a'", nil, func(r store.Row) error { n = r.Int(0); return nil })
					if err != nil {
						return err
					}
					return execute("UPDATE t SET n = ?1 WHERE id = 'a'", n+1)(c)
				})
				if err == nil {
					err = e.WriteRows(context.Background(), execute("UPDATE t SET n = n + 1 WHERE id = 'b'"))
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		wantTexts(t, e, "SELECT n FROM t ORDER BY id", fmt.Sprint(callers*rounds), fmt.Sprint(callers*rounds))
	})
}

// both runs callers at once.
func both(t *testing.T, callers int, fn func(i int) error) {
	t.Helper()
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			if err := fn(i); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// Two transactions that wait for each other both come through.
func TestRowsInOpposedOrders(t *testing.T) {
	storetest.EachDialect(t, func(t *testing.T, d store.Dialect) {
		e := open(t, d, plainTable, "INSERT INTO t VALUES ('a', 0), ('b', 0)")
		both(t, 2, func(i int) error {
			order := []string{"a", "b"}
			if i == 1 {
				order = []string{"b", "a"}
			}
			for range 10 {
				err := e.WriteRows(context.Background(), func(c store.Conn) error {
					for _, id := range order {
						if err := execute("UPDATE t SET n = n + 1 WHERE id = ?1", id)(c); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		wantTexts(t, e, "SELECT n FROM t", "20", "20")
	})
}

// endless is a query that ends only by interruption.
const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n"

func TestCancellation(t *testing.T) {
	storetest.EachDialect(t, func(t *testing.T, d store.Dialect) {
		e := open(t, d, plainTable)
		cause := errors.New("the client hung up")
		over, cancel := context.WithCancelCause(context.Background())
		cancel(cause)
		never := func(store.Conn) error { t.Error("ran with a context that has ended"); return nil }
		calls := map[string]func(context.Context, func(store.Conn) error) error{"read": e.Read, "one read": e.ReadOne, "write": e.Write, "rows": e.WriteRows}
		for name, run := range calls {
			if err := run(over, never); !fault.Is(err, fault.StoreCancelled) || !errors.Is(err, cause) {
				t.Errorf("%s before its start: %v", name, err)
			}
			for _, fn := range []func(store.Conn) error{query(endless), query("SELECT 1")} {
				if name == "one read" {
					fn = query(endless)
				}
				ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
				err := run(ctx, func(c store.Conn) error {
					for {
						if err := fn(c); err != nil {
							return err
						}
					}
				})
				cancel()
				if !fault.Is(err, fault.StoreCancelled) || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		// One who leaves after the work is done is told what became of it.
		ctx, leave := context.WithCancel(context.Background())
		must(t, e.Write(ctx, func(c store.Conn) error {
			defer leave()
			return execute("INSERT INTO t VALUES ('kept', 0)")(c)
		}))
		wantTexts(t, e, "SELECT id FROM t", "kept")
	})
}

func TestConstraints(t *testing.T) {
	storetest.EachDialect(t, func(t *testing.T, d store.Dialect) {
		e := open(t, d, "CREATE TABLE parent (_org TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (_org, id)) STRICT",
			`CREATE TABLE t (
	_org TEXT NOT NULL, id TEXT NOT NULL, slug TEXT NOT NULL, size INTEGER CHECK (size < 10), mail TEXT, "Odd, name" TEXT,
	parent TEXT, PRIMARY KEY (_org, id), UNIQUE (_org, slug),
	FOREIGN KEY (_org, parent) REFERENCES parent (_org, id)) STRICT`,
			"CREATE UNIQUE INDEX by_mail ON t (lower(mail))", `CREATE UNIQUE INDEX odd ON t ("Odd, name", _org)`,
			"INSERT INTO parent VALUES ('o', 'p')", "INSERT INTO t VALUES ('o', '1', 'a', 1, 'A@x', 'odd', 'p')")
		for _, test := range []struct {
			sql     string
			kind    store.ConstraintKind
			columns string // "" for what SQLite does not tell
		}{
			{"INSERT INTO t VALUES ('o', '1', 'b', 1, NULL, NULL, NULL)", store.UniqueViolation, "_org id"},
			{"INSERT INTO t VALUES ('o', '2', 'a', 1, NULL, NULL, NULL)", store.UniqueViolation, "_org slug"},
			{"INSERT INTO t VALUES ('o', '2', 'b', 1, 'a@X', NULL, NULL)", store.UniqueViolation, ""},
			{"INSERT INTO t VALUES ('o', '2', 'b', 1, NULL, 'odd', NULL)", store.UniqueViolation, "Odd, name _org"},
			{"INSERT INTO t VALUES ('o', '2', NULL, 1, NULL, NULL, NULL)", store.NotNullViolation, "slug"},
			{"INSERT INTO t VALUES ('o', '2', 'b', 99, NULL, NULL, NULL)", store.CheckViolation, "size"},
			{"INSERT INTO t VALUES ('o', '2', 'b', 1, NULL, NULL, 'nobody')", store.ForeignKeyViolation, "_org parent"},
			{"DELETE FROM parent WHERE id = 'p'", store.ForeignKeyViolation, "_org parent"},
		} {
			for range 2 { // the second time it is known
				err := e.Write(context.Background(), execute(test.sql))
				got, ok := errors.AsType[*store.ConstraintError](err)
				if !ok || got.Kind != test.kind {
					t.Errorf("%s: %v", test.sql, err)
					continue
				}
				columns := strings.Join(got.Columns, " ")
				if columns != test.columns && (d == store.PostgreSQL || columns != "" && test.columns != "Odd, name _org") {
					t.Errorf("%s: columns %q", test.sql, columns)
				}
				if got.Table != "t" && got.Table != "" {
					t.Errorf("%s: table %q", test.sql, got.Table)
				}
			}
		}
		wantTexts(t, e, "SELECT count(*) FROM t", "1")
	})
}

// A statement may be run again while its rows are being read, and after a row
// function that failed or panicked.
func TestStatementsNest(t *testing.T) {
	const sql = "SELECT CAST(?1 AS TEXT) UNION ALL SELECT 'second'"
	var walk func(t *testing.T, c store.Conn, depth int) (n int, err error)
	walk = func(t *testing.T, c store.Conn, depth int) (n int, err error) {
		if depth == 0 {
			return 1, nil
		}
		err = c.Query(sql, []any{fmt.Sprint(depth)}, func(r store.Row) error {
			first := r.Text(0)
			m, err := walk(t, c, depth-1)
			n += m
			if r.Text(0) != first || first != "second" && first != fmt.Sprint(depth) {
				t.Errorf("depth %d: the row became %q", depth, r.Text(0))
			}
			return err
		})
		return n, err
	}
	refused := errors.New("refused")
	storetest.Each(t, func(t *testing.T, e store.Engine) {
		for range 3 {
			must(t, e.Read(context.Background(), func(c store.Conn) error {
				err := c.Query(sql, []any{"1"}, func(store.Row) error { return refused })
				if !errors.Is(err, refused) {
					t.Errorf("got %v", err)
				}
				n, err := walk(t, c, 5)
				if n != 32 {
					t.Errorf("%d leaves", n)
				}
				return err
			}))
			func() {
				defer func() {
					if recover() == nil {
						t.Error("the panic was swallowed")
					}
				}()
				_ = e.Read(context.Background(), func(c store.Conn) error {
					return c.Query(sql, []any{"1"}, func(store.Row) error { panic("row") })
				})
			}()
		}
	})
}

func TestMisuseIsAnErrorOfOurs(t *testing.T) {
	storetest.EachDialect(t, func(t *testing.T, d store.Dialect) {
		e := open(t, d, plainTable)
		for name, fn := range map[string]func(store.Conn) error{
			"too few arguments": query("SELECT id FROM t WHERE id = ?1 AND n = ?2", "a"),
			"too many":          query("SELECT id FROM t WHERE id = ?1", "a", 2),
			"a strange type":    query("SELECT id FROM t WHERE id = ?1", struct{}{}),
			"two statements":    query("SELECT 1; SELECT 2"),
			"bad SQL":           query("SELEKT"),
			"no such column":    query(`SELECT "text" FROM t`),
			"a write in a read": execute("INSERT INTO t VALUES ('x', 1)"),
		} {
			want := fault.InternalError
			if name == "no such column" && d == store.PostgreSQL {
				want = fault.MigrateOutdated // another server may have dropped it
			}
			for _, read := range []func(context.Context, func(store.Conn) error) error{e.Read, e.ReadOne} {
				if err := read(context.Background(), fn); err == nil || fault.Of(err).Code != want {
					t.Errorf("%s: %v", name, err)
				}
			}
			if name == "a write in a read" {
				continue
			}
			err := e.Write(context.Background(), func(c store.Conn) error {
				must(t, execute("INSERT INTO t VALUES ('x', 1)")(c))
				return fn(c)
			})
			if err == nil || fault.Of(err).Code != want {
				t.Errorf("%s in a write: %v", name, err)
			}
		}
		wantTexts(t, e, "SELECT count(*) FROM t", "0")
	})
}

func TestExecCounts(t *testing.T) {
	storetest.EachDialect(t, func(t *testing.T, d store.Dialect) {
		e := open(t, d, "CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT", "CREATE TABLE u (id INTEGER) STRICT")
		for _, test := range []struct {
			sql  string
			want int64
		}{
			{"INSERT INTO t VALUES (1), (2), (3)", 3},
			{"WITH n(i) AS (VALUES (7), (8)) INSERT INTO u SELECT i FROM n", 2},
			{"UPDATE t SET id = id + 10 WHERE id > 1", 2},
			{"UPDATE t SET id = 0 WHERE id = 99", 0},
			{"SELECT id FROM t", 0},
			{"DELETE FROM t", 3},
		} {
			must(t, e.Write(context.Background(), func(c store.Conn) error {
				n, err := c.Exec(test.sql)
				if n != test.want {
					t.Errorf("%s: %d rows", test.sql, n)
				}
				return err
			}))
		}
	})
}

func TestNotify(t *testing.T) {
	storetest.EachDialect(t, func(t *testing.T, d store.Dialect) {
		e := open(t, d, plainTable)
		told := make(chan struct{}, 1)
		e.Notify(told)
		for i := range 3 {
			must(t, insert(e, context.Background(), fmt.Sprint(i)))
			select {
			case <-told:
			case <-time.After(time.Minute):
				t.Fatal("not told of a commit")
			}
		}
		must(t, insert(e, context.Background(), "nobody listens"))
		must(t, insert(e, context.Background(), "and nobody waits"))
	})
}

// Rebuild takes away what others refer to and puts it back.
func TestRebuild(t *testing.T) {
	storetest.EachDialect(t, func(t *testing.T, d store.Dialect) {
		e := open(t, d, "CREATE TABLE parent (id TEXT PRIMARY KEY) STRICT", "INSERT INTO parent VALUES ('old')",
			"CREATE TABLE child (id TEXT PRIMARY KEY, parent TEXT REFERENCES parent DEFERRABLE INITIALLY IMMEDIATE) STRICT",
			"INSERT INTO child VALUES ('c', 'old')")
		rebuild := e.(store.Rebuilder).Rebuild
		rename := func(c store.Conn) error { return execute("UPDATE parent SET id = 'new'")(c) }
		err := rebuild(context.Background(), rename)
		broken, ok := errors.AsType[*store.ConstraintError](err)
		if !ok || broken.Kind != store.ForeignKeyViolation {
			t.Errorf("a reference to nothing: %v", err)
		}
		must(t, rebuild(context.Background(), func(c store.Conn) error {
			return errors.Join(rename(c), execute("UPDATE child SET parent = 'new'")(c))
		}))
		wantTexts(t, e, "SELECT parent FROM child", "new")
	})
}

func TestClosing(t *testing.T) {
	storetest.EachDialect(t, func(t *testing.T, d store.Dialect) {
		e := open(t, d, plainTable)
		entered, let := make(chan struct{}), make(chan struct{})
		under := make(chan error)
		go func() {
			under <- e.Write(context.Background(), func(c store.Conn) error {
				close(entered)
				<-let
				return execute("INSERT INTO t VALUES ('under way', 0)")(c)
			})
		}()
		<-entered
		closing := make(chan error)
		go func() { closing <- e.Close() }()
		for refused := false; !refused; {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			refused = fault.Is(e.Write(ctx, query("SELECT 1")), fault.Unready)
			cancel()
		}
		close(let)
		if err := errors.Join(<-under, <-closing, e.Close()); err != nil {
			t.Error(err)
		}
		if err := e.Read(context.Background(), query("SELECT 1")); !fault.Is(err, fault.Unready) {
			t.Errorf("read after closing: %v", err)
		}
	})
}

// What is acknowledged is there for who opens the database next.
func TestAcknowledgedIsKept(t *testing.T) {
	storetest.EachDialect(t, func(t *testing.T, d store.Dialect) {
		db := storetest.New(t, d)
		e := db.Open(t)
		storetest.Tables(t, e, plainTable)
		both(t, 8, func(i int) error { return insert(e, context.Background(), fmt.Sprint(i)) })
		must(t, e.Close())
		wantTexts(t, db.Open(t), "SELECT count(*) FROM t", "8")
	})
}

func TestTooLarge(t *testing.T) {
	storetest.EachDialect(t, func(t *testing.T, d store.Dialect) {
		e := open(t, d, plainTable)
		if err := insert(e, context.Background(), strings.Repeat("x", 140<<20)); !fault.Is(err, fault.StoreTooLarge) {
			t.Errorf("got %v", fault.Of(err).Code)
		}
	})
}

func TestTextsOfPostgreSQL(t *testing.T) {
	e := open(t, store.PostgreSQL, plainTable)
	for _, text := range []string{"a\x00b", "\xff"} {
		if err := insert(e, context.Background(), text); !fault.Is(err, fault.StoreUnstorable) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := e.Read(context.Background(), query("SELECT id FROM t WHERE id = ?1", "\x00")); !fault.Is(err, fault.StoreUnstorable) {
		t.Errorf("read: %v", err)
	}
}
