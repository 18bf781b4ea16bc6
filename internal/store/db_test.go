package store_test

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
)

// database is a real database.
type database struct {
	testing.TB
	store.Engine
	*migrate.Migrator
}

func openDatabase(t testing.TB, e store.Engine) *database {
	t.Helper()
	d := &database{t, e, migrate.New(e, migrate.Options{SystemTables: []string{
		`CREATE TABLE IF NOT EXISTS _users (id TEXT PRIMARY KEY) STRICT`, `CREATE TABLE IF NOT EXISTS _orgs (id TEXT PRIMARY KEY) STRICT`}})}
	if err := d.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

func parse(t testing.TB, source string) *schema.Schema {
	t.Helper()
	s, ds := schema.Parse("schema.graphql", source)
	if s == nil {
		t.Fatalf("%s\n%v", source, ds)
	}
	return s
}

func (d *database) mustApply(source string) {
	d.Helper()
	if _, err := d.Apply(context.Background(), parse(d, source), migrate.ApplyOptions{Source: source}); err != nil {
		d.Fatal(err)
	}
}

// exec runs statements. The names of models and their fields are quoted for them,
// and 't' is a time.
func (d *database) exec(sql string) {
	d.Helper()
	if err := d.Write(context.Background(), func(c store.Conn) error { return c.Script(quoteNames(sql)) }); err != nil {
		d.Fatalf("%s: %v", sql, err)
	}
}

var modelName = regexp.MustCompile(`\b([A-Z][a-z]\w*|[a-z]+[A-Z]\w*)\b`)

func quoteNames(sql string) string {
	parts := strings.Split(strings.ReplaceAll(sql, "'t'", "'2026-01-01T00:00:00.000Z'"), "'")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = modelName.ReplaceAllString(parts[i], `"$1"`)
	}
	return strings.Join(parts, "'")
}

// rows answers a query's rows, each as one text.
func (d *database) rows(sql string) []string {
	d.Helper()
	var list []string
	columns, rest, _ := strings.Cut(strings.TrimPrefix(quoteNames(sql), "SELECT "), " FROM ")
	array := "json_array"
	if d.Dialect() == store.PostgreSQL {
		array = "json_build_array"
	}
	err := d.Read(context.Background(), func(c store.Conn) error {
		list = nil
		c.Enter(store.Everyone)
		return c.Query("SELECT "+array+"("+columns+") FROM "+rest, nil, func(r store.Row) error {
			list = append(list, strings.ReplaceAll(r.Text(0), ", ", ","))
			return nil
		})
	})
	if err != nil {
		d.Fatalf("%s: %v", sql, err)
	}
	return list
}

// sound fails for a database that is damaged or refers to nothing.
func (d *database) sound() {
	d.Helper()
	if d.Dialect() == store.PostgreSQL {
		return // whose foreign keys have no other state
	}
	if got := d.rows(`SELECT integrity_check FROM pragma_integrity_check`); !slices.Equal(got, []string{`["ok"]`}) {
		d.Fatalf("integrity check: %v", got)
	}
	if got := d.rows(`SELECT "table", parent FROM pragma_foreign_key_check`); len(got) > 0 {
		d.Fatalf("rows refer to nothing: %v", got)
	}
}

// recount sums up anew what organizations have, as for a database from before that.
func (d *database) recount() {
	d.Helper()
	d.exec(`DROP TABLE _usage`)
	if err := d.Prepare(context.Background()); err != nil {
		d.Fatal(err)
	}
}

// counted fails where the sums of what organizations have are not those of the rows.
func (d *database) counted() {
	d.Helper()
	const sums = `SELECT org, rows, bytes FROM _usage WHERE rows <> 0 OR bytes <> 0 ORDER BY org`
	got := d.rows(sums)
	d.recount()
	if want := d.rows(sums); !slices.Equal(got, want) {
		d.Fatalf("organizations have %v by the sums, %v by the rows", got, want)
	}
}

var errInjected = errors.New("injected")

// failing is an engine whose writes end at the n-th statement, as a kill ends
// them.
type failing struct {
	store.Engine
	left int
}

func (f *failing) Write(ctx context.Context, fn func(store.Conn) error) error {
	return f.Engine.Write(ctx, func(c store.Conn) error { return fn(&failingConn{c, f}) })
}

func (f *failing) WriteRows(ctx context.Context, fn func(store.Conn) error) error {
	return f.Engine.WriteRows(ctx, func(c store.Conn) error { return fn(&failingConn{c, f}) })
}

func (f *failing) fails() bool {
	f.left--
	return f.left == 0
}

type failingConn struct {
	store.Conn
	*failing
}

func (c *failingConn) Query(sql string, args []any, fn func(store.Row) error) error {
	if c.fails() {
		return errInjected
	}
	return c.Conn.Query(sql, args, fn)
}

func (c *failingConn) Exec(sql string, args ...any) (int64, error) {
	if c.fails() {
		return 0, errInjected
	}
	return c.Conn.Exec(sql, args...)
}
