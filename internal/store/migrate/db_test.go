package migrate_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
	"github.com/loam-dev/loam/internal/store/sqlite"
)

// database is a real database under migration.
type database struct {
	testing.TB
	*sqlite.Engine
	*migrate.Migrator
}

// fatal is what a test and a property have in common.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

func openDatabase(t testing.TB) *database {
	t.Helper()
	e, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "loam.db"), Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return &database{t, e, migrate.New(e, migrate.Options{
		SystemTables: []string{`CREATE TABLE IF NOT EXISTS _users (id TEXT PRIMARY KEY) STRICT`},
		Views:        []store.View{{Name: "User", Columns: "u.id", From: "_users u", ID: "u.id"}},
	})}
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
	return d.Apply(context.Background(), parse(d, source), migrate.ApplyOptions{Source: source, Allow: allow})
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

// rows answers a query's rows, each as one text.
func (d *database) rows(sql string) []string {
	d.Helper()
	return rowsOf(d, d.Engine, sql)
}

func rowsOf(t fatal, e *sqlite.Engine, sql string) []string {
	t.Helper()
	var list []string
	err := e.Read(context.Background(), func(c store.Conn) error {
		list = nil
		return c.Query("SELECT json_array("+sql[len("SELECT "):strings.Index(sql, " FROM ")]+")"+sql[strings.Index(sql, " FROM "):], nil, func(r store.Row) error {
			list = append(list, r.Text(0))
			return nil
		})
	})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return list
}

// dump is all that a database holds, structure and rows, but for the clock.
func (d *database) dump() string {
	d.Helper()
	var b strings.Builder
	for _, row := range d.rows(`SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name`) {
		b.WriteString(row + "\n")
	}
	for _, row := range d.rows(`SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' AND name <> 'sqlite_stat1' ORDER BY name`) {
		table := strings.Trim(row, `[]"`)
		columns := d.rows(`SELECT name FROM pragma_table_info('` + table + `') ORDER BY cid`)
		for i, c := range columns {
			columns[i] = `hex("` + strings.Trim(c, `[]"`) + `")`
		}
		fmt.Fprintf(&b, "%s %s\n", table, d.rows("SELECT "+strings.Join(columns, ", ")+` FROM "`+table+`" ORDER BY 1`))
	}
	return b.String()
}

// structure is what a database is made of, whatever order its columns were
// added in.
func structure(t fatal, e *sqlite.Engine) []string {
	t.Helper()
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
// full-text indexes are not those of its rows.
func sound(t fatal, e *sqlite.Engine) {
	t.Helper()
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
