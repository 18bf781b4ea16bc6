// Package storetest opens databases for tests: the same test runs on SQLite and on a
// real PostgreSQL server, each time on a database of its own.
//
// The server is one for each test binary. It is started by the first test that asks
// for it, on a port of loopback, and is gone with the process, however that ends.
package storetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/postgres"
	"github.com/loam-dev/loam/internal/store/sqlite"
)

// Each runs a test on an empty database of each engine.
func Each(t *testing.T, test func(t *testing.T, e store.Engine)) {
	EachDialect(t, func(t *testing.T, d store.Dialect) { test(t, Open(t, d)) })
}

// EachDialect runs a test for each engine; it opens what databases it needs.
func EachDialect(t *testing.T, test func(t *testing.T, d store.Dialect)) {
	t.Run("sqlite", func(t *testing.T) { test(t, store.SQLite) })
	t.Run("postgres", func(t *testing.T) { test(t, store.PostgreSQL) })
}

// Chosen is the engine that the tests of other rooms run on: that of
// LOAM_TEST_ENGINE, "postgres" or, as it comes, "sqlite".
func Chosen(t testing.TB) store.Dialect {
	switch name := os.Getenv("LOAM_TEST_ENGINE"); name {
	case "", "sqlite":
		return store.SQLite
	case "postgres":
		return store.PostgreSQL
	default:
		t.Fatalf("LOAM_TEST_ENGINE is %q, not sqlite or postgres", name)
		return 0
	}
}

// Room opens a database of the chosen engine, with the tables of some rooms.
func Room(t testing.TB, tables ...string) store.Engine {
	e := Open(t, Chosen(t))
	Tables(t, e, tables...)
	return e
}

// Database is one that can be opened several times, on SQLite one after the other.
type Database struct {
	Dialect store.Dialect
	Where   string // a URL or a path
}

// New makes an empty database.
func New(t testing.TB, d store.Dialect) Database {
	t.Helper()
	if d == store.PostgreSQL {
		return Database{d, URL(t)}
	}
	return Database{d, filepath.Join(t.TempDir(), "loam.db")}
}

// Open opens the database, and closes it at the test's end.
func (d Database) Open(t testing.TB) store.Engine {
	t.Helper()
	e, err := d.Connect(t.Context())
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

// Connect opens the database for who closes it.
func (d Database) Connect(ctx context.Context) (store.Engine, error) {
	if d.Dialect == store.PostgreSQL {
		return postgres.Open(ctx, postgres.Options{URL: d.Where, Connections: 8})
	}
	return sqlite.Open(ctx, sqlite.Options{Path: d.Where, Readers: 2})
}

// Open opens an empty database, and closes it at the test's end.
func Open(t testing.TB, d store.Dialect) store.Engine {
	t.Helper()
	return New(t, d).Open(t)
}

// Tables makes the tables of a room where a test does without the migrator, and lets
// the server's role at them.
func Tables(t testing.TB, e store.Engine, statements ...string) {
	t.Helper()
	sql := strings.Join(statements, ";\n")
	if e.Dialect() == store.PostgreSQL {
		sql += `;
DO $$ BEGIN EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO ` + e.(store.Isolator).AppRole() + `', current_schema()); END $$`
	}
	if err := e.(store.Rebuilder).Rebuild(t.Context(), func(c store.Conn) error { return c.Script(sql) }); err != nil {
		t.Fatal(err)
	}
}

// Dump is all that a database holds, column by column, for who looks for secrets.
func Dump(t testing.TB, e store.Engine) string {
	t.Helper()
	columns := `SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table'`
	if e.Dialect() == store.PostgreSQL {
		columns = `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()`
	}
	var all strings.Builder
	err := e.Read(t.Context(), func(c store.Conn) error {
		c.Enter(store.Everyone)
		all.Reset()
		return c.Query(columns, nil, func(of store.Row) error {
			fmt.Fprintf(&all, "\n%s.%s:", of.Text(0), of.Text(1))
			return c.Query(`SELECT "`+of.Text(1)+`" FROM "`+of.Text(0)+`"`, nil, func(r store.Row) error {
				all.WriteByte(' ')
				all.Write(r.Bytes(0))
				return nil
			})
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
