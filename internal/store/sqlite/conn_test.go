package sqlite

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

func TestConstraints(t *testing.T) {
	e := openEngine(t, Options{})
	script(t, e, `
CREATE TABLE parent (id TEXT PRIMARY KEY) STRICT;
CREATE TABLE t (
	_org TEXT NOT NULL, id TEXT NOT NULL, slug TEXT NOT NULL, size INTEGER CHECK (size < 10), mail TEXT,
	parent TEXT REFERENCES parent, PRIMARY KEY (_org, id), UNIQUE (_org, slug)) STRICT;
CREATE UNIQUE INDEX by_mail ON t (lower(mail));
INSERT INTO t VALUES ('o', '1', 'a', 1, 'A@x', NULL)`)
	for _, test := range []struct {
		sql     string
		kind    store.ConstraintKind
		table   string
		columns []string
	}{
		{"INSERT INTO t VALUES ('o', '1', 'b', 1, NULL, NULL)", store.UniqueViolation, "t", []string{"_org", "id"}},
		{"INSERT INTO t VALUES ('o', '2', 'a', 1, NULL, NULL)", store.UniqueViolation, "t", []string{"_org", "slug"}},
		{"INSERT INTO t VALUES ('o', '2', 'b', 1, 'a@X', NULL)", store.UniqueViolation, "", nil},
		{"INSERT INTO t VALUES ('o', '2', NULL, 1, NULL, NULL)", store.NotNullViolation, "t", []string{"slug"}},
		{"INSERT INTO t VALUES ('o', '2', 'b', 99, NULL, NULL)", store.CheckViolation, "", nil},
		{"INSERT INTO t VALUES ('o', '2', 'b', 'many', NULL, NULL)", store.CheckViolation, "t", []string{"size"}},
		{"INSERT INTO t VALUES ('o', '2', 'b', 1, NULL, 'nobody')", store.ForeignKeyViolation, "", nil},
	} {
		err := e.Write(context.Background(), execute(test.sql))
		got, ok := errors.AsType[*store.ConstraintError](err)
		if !ok {
			t.Errorf("%s: %v", test.sql, err)
			continue
		}
		if got.Kind != test.kind || got.Table != test.table || !reflect.DeepEqual(got.Columns, test.columns) {
			t.Errorf("%s: got %+v", test.sql, got)
		}
	}
	wantTexts(t, e, "SELECT count(*) FROM t", "1")
}

func TestStatementsAreKeptWithinTheirBound(t *testing.T) {
	e := openEngine(t, Options{Readers: 1}, func(l *limits) { l.statements = 8 })
	err := e.Read(context.Background(), func(c store.Conn) error {
		hot := "SELECT 'hot'"
		for i := range 100 {
			for _, sql := range []string{hot, fmt.Sprintf("SELECT %d", i)} {
				if err := c.Query(sql, nil, nil); err != nil {
					return err
				}
			}
		}
		cache := &c.(*conn).cache
		if cache.recent.Len() != 8 || len(cache.byText) != 8 {
			t.Errorf("%d statements in line, %d by text", cache.recent.Len(), len(cache.byText))
		}
		if cache.byText[hot] == nil {
			t.Error("the one used most is gone")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A statement may be run again while its rows are being read, more deeply than
// the cache has room, and after a row function that failed or panicked.
func TestStatementsNest(t *testing.T) {
	e := openEngine(t, Options{Readers: 1}, func(l *limits) { l.statements = 2 })
	const sql = "SELECT ? UNION ALL SELECT 'second'"
	var walk func(c store.Conn, depth int) (n int, err error)
	walk = func(c store.Conn, depth int) (n int, err error) {
		if depth == 0 {
			return 1, nil
		}
		err = c.Query(sql, []any{fmt.Sprint(depth)}, func(r store.Row) error {
			first := r.Text(0)
			m, err := walk(c, depth-1)
			n += m
			if r.Text(0) != first || first != "second" && first != fmt.Sprint(depth) {
				t.Errorf("depth %d: the row became %q", depth, r.Text(0))
			}
			return err
		})
		return n, err
	}
	refused := errors.New("refused")
	read := func(fn func(store.Conn) error) error { return e.Read(context.Background(), fn) }
	for range 3 {
		err := read(func(c store.Conn) error {
			n, err := walk(c, 5)
			if n != 32 {
				t.Errorf("%d leaves", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		fail := func(store.Row) error { return refused }
		if err := read(func(c store.Conn) error { return c.Query(sql, []any{1}, fail) }); !errors.Is(err, refused) {
			t.Errorf("got %v", err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = read(func(c store.Conn) error {
				return c.Query(sql, []any{1}, func(store.Row) error { panic("row") })
			})
		}()
	}
}

func TestMisuseIsAnErrorOfOurs(t *testing.T) {
	e := openEngine(t, Options{})
	script(t, e, "CREATE TABLE t (id TEXT PRIMARY KEY) STRICT")
	query := func(sql string, args ...any) func(store.Conn) error {
		return func(c store.Conn) error { return c.Query(sql, args, nil) }
	}
	for name, fn := range map[string]func(store.Conn) error{
		"too few arguments": query("SELECT ?, ?", 1),
		"too many":          query("SELECT ?", 1, 2),
		"a strange type":    query("SELECT ?", struct{}{}),
		"two statements":    query("SELECT 1; SELECT 2"),
		"no statement":      query("  -- nothing"),
		"bad SQL":           query("SELEKT"),
		"quoted string":     query(`SELECT "text"`),
		"a write in a read": execute("INSERT INTO t VALUES ('x')"),
	} {
		if err := e.Read(context.Background(), fn); err == nil || fault.Of(err).Code != fault.InternalError {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantTexts(t, e, "SELECT count(*) FROM t", "0")
}

func TestExecCounts(t *testing.T) {
	e := openEngine(t, Options{})
	for _, test := range []struct {
		sql  string
		want int64
	}{
		{"CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT", 0},
		{"INSERT INTO t VALUES (1), (2), (3)", 3},
		{"CREATE TABLE u (id INTEGER) STRICT", 0},
		{"WITH n(i) AS (VALUES (7), (8)) INSERT INTO u SELECT i FROM n", 2},
		{"UPDATE t SET id = id + 10 WHERE id > 1", 2},
		{"UPDATE t SET id = 0 WHERE id = 99", 0},
		{"SELECT 1", 0},
		{"DELETE FROM t", 3},
	} {
		err := e.Write(context.Background(), func(c store.Conn) error {
			n, err := c.Exec(test.sql)
			if n != test.want {
				t.Errorf("%s: %d rows", test.sql, n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestTooLargeAValue(t *testing.T) {
	e := openEngine(t, Options{}, func(l *limits) { l.valueBytes = 10000 })
	script(t, e, "CREATE TABLE t (id TEXT PRIMARY KEY) STRICT")
	if err := insert(e, context.Background(), strings.Repeat("x", 20000)); !fault.Is(err, fault.StoreTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestRebuild(t *testing.T) {
	e := openEngine(t, Options{})
	script(t, e, `CREATE TABLE parent (id TEXT PRIMARY KEY) STRICT;
CREATE TABLE child (parent TEXT NOT NULL REFERENCES parent ON DELETE CASCADE) STRICT;
INSERT INTO parent VALUES ('p'); INSERT INTO child VALUES ('p')`)
	rebuild := func(copied string) error {
		return e.Rebuild(context.Background(), scripted(`CREATE TABLE new (id TEXT PRIMARY KEY, extra TEXT) STRICT;
INSERT INTO new SELECT id, NULL FROM parent WHERE `+copied+`; DROP TABLE parent; ALTER TABLE new RENAME TO parent`))
	}
	broken, ok := errors.AsType[*store.ConstraintError](rebuild("false"))
	if !ok || broken.Kind != store.ForeignKeyViolation || broken.Table != "child" {
		t.Errorf("a rebuild that loses a parent: %v", broken)
	}
	wantTexts(t, e, "SELECT name FROM pragma_table_info('parent')", "id")
	if err := rebuild("true"); err != nil {
		t.Fatal(err)
	}
	wantTexts(t, e, "SELECT name FROM pragma_table_info('parent')", "id", "extra")
	wantTexts(t, e, "SELECT parent FROM child", "p")
	err := e.Write(context.Background(), execute("INSERT INTO child VALUES ('nobody')"))
	if _, ok := errors.AsType[*store.ConstraintError](err); !ok {
		t.Errorf("foreign keys are off after a rebuild: %v", err)
	}
}
