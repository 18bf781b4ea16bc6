package migrate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
	"github.com/loam-dev/loam/internal/store/postgres"
	"github.com/loam-dev/loam/internal/store/sqlite"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// database is a real database under migration.
type database struct {
	testing.TB
	store.Engine
	*migrate.Migrator
}

// fatal is what a test and a property have in common.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

// each runs a test on an empty database of each engine.
func each(t *testing.T, test func(t *testing.T, d *database)) {
	storetest.EachDialect(t, func(t *testing.T, dialect store.Dialect) { test(t, openDatabase(t, dialect)) })
}

func openDatabase(t testing.TB, dialect store.Dialect) *database {
	t.Helper()
	return databaseOn(t, storetest.Open(t, dialect))
}

func databaseOn(t testing.TB, e store.Engine) *database {
	return &database{t, e, migrate.New(e, migrate.Options{
		Loam: "v9", Node: "here",
		SystemTables: []string{`CREATE TABLE IF NOT EXISTS _users (id TEXT PRIMARY KEY) STRICT`},
		Views:        []store.View{{Name: "User", Columns: "u.id", From: "_users u", ID: "u.id"}},
	})}
}

// opener opens empty databases, one after the other: files, or schemas of one
// database, which are made sooner than databases are.
type opener struct {
	dialect store.Dialect
	dir     string
	url     string
	base    store.Engine
	n       int
}

func newOpener(t testing.TB, dialect store.Dialect) *opener {
	t.Helper()
	o := &opener{dialect: dialect, dir: t.TempDir()}
	if dialect == store.PostgreSQL {
		o.url = storetest.URL(t)
		var err error
		if o.base, err = postgres.Open(t.Context(), postgres.Options{URL: o.url, Connections: 1}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = o.base.Close() })
	}
	return o
}

func (o *opener) open(t fatal) store.Engine {
	t.Helper()
	o.n++
	ctx := context.Background()
	if o.dialect == store.SQLite {
		e, err := sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(o.dir, strconv.Itoa(o.n), "loam.db"), Readers: 1})
		if err != nil {
			t.Fatalf("%v", err)
		}
		return e
	}
	schema := "s" + strconv.Itoa(o.n)
	if err := o.base.(store.Rebuilder).Rebuild(ctx, func(c store.Conn) error { return c.Script("CREATE SCHEMA " + schema) }); err != nil {
		t.Fatalf("%v", err)
	}
	e, err := postgres.Open(ctx, postgres.Options{URL: o.url + "&search_path=" + schema, Connections: 2})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return e
}

func parse(t fatal, source string) *schema.Schema {
	t.Helper()
	s, ds := schema.Parse("schema.graphql", source)
	if s == nil {
		t.Fatalf("%s\n%v", source, ds)
	}
	return s
}

// apply migrates to a schema.
func (d *database) apply(source string, allow ...string) (*migrate.Migration, error) {
	return d.Apply(context.Background(), parse(d, source), migrate.ApplyOptions{Source: source, Allow: allow, Tidy: true})
}

func (d *database) mustApply(source string, allow ...string) *migrate.Migration {
	d.Helper()
	m, err := d.apply(source, allow...)
	if err != nil {
		d.Fatal(err)
	}
	return m
}

// exec runs statements.
func (d *database) exec(sql string) {
	d.Helper()
	if err := d.Write(context.Background(), func(c store.Conn) error { return c.Script(sql) }); err != nil {
		d.Fatalf("%s: %v", sql, err)
	}
}

// words are the steps of SQLite's plan as this database's.
func (d *database) words(sqlite string) string {
	if d.Dialect() == store.SQLite {
		return sqlite
	}
	return strings.ReplaceAll(sqlite, "; rewrites table Task", "")
}

// rows answers a query's rows, each as a JSON list of texts.
func (d *database) rows(sql string) []string {
	d.Helper()
	return rowsOf(d, d.Engine, sql)
}

func rowsOf(t fatal, e store.Engine, sql string) []string {
	t.Helper()
	list, _, _ := strings.Cut(strings.TrimPrefix(strings.Join(strings.Fields(sql), " "), "SELECT "), " FROM ")
	columns := len(topLevel(list))
	var rows []string
	err := e.Read(context.Background(), func(c store.Conn) error {
		rows = nil
		c.Enter(store.Everyone)
		return c.Query(sql, nil, func(r store.Row) error {
			row := make([]any, columns)
			for i := range row {
				if !r.Null(i) {
					row[i] = plain(r.Text(i))
				}
			}
			rows = append(rows, asJSON(row))
			return nil
		})
	})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return rows
}

// texts is what rows answers where the values are those of JSON lists.
func texts(lists ...string) []string {
	var rows []string
	for _, list := range lists {
		var row []any
		d := json.NewDecoder(strings.NewReader(list))
		d.UseNumber()
		if err := d.Decode(&row); err != nil {
			panic(list)
		}
		for i, v := range row {
			if v != nil {
				row[i] = plain(fmt.Sprint(v))
			}
		}
		rows = append(rows, asJSON(row))
	}
	return rows
}

// plain is a whole real without its fraction.
func plain(s string) string { return strings.TrimSuffix(s, ".0") }

func asJSON(row []any) string {
	text, err := json.Marshal(row)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// dump is all that a database holds, structure and rows, but for the clock.
func (d *database) dump() string {
	d.Helper()
	var b strings.Builder
	for _, line := range structure(d, d.Engine) {
		b.WriteString(line + "\n")
	}
	tables := `SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' AND name <> 'sqlite_stat1' ORDER BY name`
	if d.Dialect() == store.PostgreSQL {
		tables = `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY 1`
	}
	for _, row := range d.rows(tables) {
		table := strings.Trim(row, `[]"`)
		list := "t::text"
		if d.Dialect() == store.SQLite {
			columns := d.rows(`SELECT name FROM pragma_table_info('` + table + `') ORDER BY cid`)
			for i, c := range columns {
				columns[i] = `quote("` + strings.Trim(c, `[]"`) + `")`
			}
			list = strings.Join(columns, ", ")
		}
		fmt.Fprintf(&b, "%s %s\n", table, d.rows("SELECT "+list+` FROM "`+table+`" t ORDER BY 1`))
	}
	return b.String()
}

// structure is what a database is made of, whatever order its columns were
// added in.
func structure(t fatal, e store.Engine) []string {
	t.Helper()
	if e.Dialect() == store.PostgreSQL {
		return postgresStructure(t, e)
	}
	var list []string
	for _, row := range rowsOf(t, e, `SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name`) {
		if head, body, ok := strings.Cut(row, "("); ok && strings.HasPrefix(row, `["table"`) {
			parts := topLevel(strings.ReplaceAll(body, `\n`, " "))
			slices.Sort(parts)
			row = head + "(" + strings.Join(parts, ", ")
		}
		list = append(list, row)
	}
	return list
}

// postgresStructure asks the catalog for all that DDL can make.
func postgresStructure(t fatal, e store.Engine) []string {
	t.Helper()
	const ours = ` c.relnamespace = current_schema()::regnamespace`
	var list []string
	for _, sql := range []string{
		`SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attcollation::regcollation, CASE WHEN NOT a.attnotnull THEN pg_get_expr(d.adbin, d.adrelid) END
			FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
			WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v') AND` + ours + ` ORDER BY 1, 2`,
		`SELECT c.relname, k.conname, pg_get_constraintdef(k.oid), k.convalidated FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE` + ours + ` ORDER BY 1, 2`,
		`SELECT c.relname, replace(pg_get_indexdef(c.oid), current_schema() || '.', ''), x.indisvalid FROM pg_class c JOIN pg_index x ON x.indexrelid = c.oid WHERE` + ours + ` ORDER BY 1`,
		`SELECT c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relacl, c.reloptions, obj_description(c.oid) FROM pg_class c WHERE c.relkind IN ('r', 'v') AND` + ours + ` ORDER BY 1`,
		`SELECT c.relname, pg_get_viewdef(c.oid) FROM pg_class c WHERE c.relkind = 'v' AND` + ours + ` ORDER BY 1`,
		`SELECT tablename, policyname, permissive, roles, cmd, qual, with_check FROM pg_policies WHERE schemaname = current_schema() ORDER BY 1, 2`,
	} {
		for _, row := range rowsOf(t, e, sql) {
			list = append(list, strings.ReplaceAll(row, e.(store.Isolator).AppRole(), "the server's role"))
		}
	}
	return list
}

// topLevel splits at the commas outside of parentheses.
func topLevel(s string) []string {
	var parts []string
	depth, from := 0, 0
	for i, r := range s {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
			if depth < 0 {
				return append(parts, strings.TrimSpace(s[from:i]))
			}
		case r == ',' && depth == 0:
			parts = append(parts, strings.TrimSpace(s[from:i]))
			from = i + 1
		}
	}
	return append(parts, strings.TrimSpace(s[from:]))
}

// sound fails for a database that is damaged, refers to nothing, or whose
// full-text indexes are not those of its rows; on PostgreSQL also for a tenant's
// table that its owner is not held to the policies of.
func sound(t fatal, e store.Engine) {
	t.Helper()
	if e.Dialect() == store.PostgreSQL {
		open := rowsOf(t, e, `SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = '_org' WHERE c.relkind = 'r'
			AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) = 2)`)
		if len(open) > 0 {
			t.Fatalf("tables without row-level security: %v", open)
		}
		return
	}
	if got := rowsOf(t, e, `SELECT integrity_check FROM pragma_integrity_check`); !slices.Equal(got, []string{`["ok"]`}) {
		t.Fatalf("integrity check: %v", got)
	}
	if got := rowsOf(t, e, `SELECT "table", parent FROM pragma_foreign_key_check`); len(got) > 0 {
		t.Fatalf("rows refer to nothing: %v", got)
	}
	for _, row := range rowsOf(t, e, `SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL%'`) {
		name := strings.Trim(row, `[]"`)
		err := e.Write(context.Background(), func(c store.Conn) error {
			return c.Script(`INSERT INTO "` + name + `" ("` + name + `", rank) VALUES ('integrity-check', 1)`)
		})
		if err != nil {
			t.Fatalf("full-text index %s: %v", name, err)
		}
	}
}
