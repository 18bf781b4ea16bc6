package migrate

import (
	"fmt"
	"strings"

	"github.com/loam-dev/loam/internal/store"
)

// sqliteDDL writes the SQL of layouts and plans for SQLite.
//
// A table has an integer key of its own, _rowid, because the full-text index
// refers to its rows by it; the model's key is a unique constraint beside it.
type sqliteDDL struct{ values }

func newSQLiteDDL() sqliteDDL { return sqliteDDL{values{sqliteScalars{}}} }

func (sqliteDDL) dialect() string { return "SQLite" }

// create returns the statements that make a table with all that belongs to it.
func (d sqliteDDL) create(t *Table) []string {
	stmts := []string{d.table(t, t.Name)}
	for _, x := range t.Indexes {
		stmts = append(stmts, d.createIndex(t, x))
	}
	return append(stmts, d.createSearch(t)...)
}

// table is the CREATE TABLE of t under the name as.
func (d sqliteDDL) table(t *Table, as string) string {
	lines := []string{ident(store.RowidColumn) + " INTEGER PRIMARY KEY"}
	if t.Tenant {
		lines = append(lines, ident(store.OrgColumn)+" TEXT NOT NULL")
	}
	for _, c := range t.Columns {
		lines = append(lines, d.column(c))
	}
	lines = append(lines, "UNIQUE ("+idents(t.scoped(t.Key))+")")
	for _, r := range t.References {
		lines = append(lines, d.reference(r))
	}
	return "CREATE TABLE " + ident(as) + " (\n  " + strings.Join(lines, ",\n  ") + "\n) STRICT"
}

func (sqliteDDL) column(c Column) string {
	var b strings.Builder
	b.WriteString(ident(c.Name))
	switch c.Type {
	case IntegerColumn, BooleanColumn:
		b.WriteString(" INTEGER")
	case RealColumn:
		b.WriteString(" REAL")
	default:
		b.WriteString(" TEXT")
	}
	if c.Required {
		b.WriteString(" NOT NULL")
	}
	if c.Type == BooleanColumn {
		fmt.Fprintf(&b, " CHECK (%s IN (0, 1))", ident(c.Name))
	}
	return b.String()
}

func (sqliteDDL) reference(r Reference) string {
	columns, to := r.Columns, r.To
	if r.Tenant {
		columns, to = append([]string{store.OrgColumn}, columns...), append([]string{store.OrgColumn}, to...)
	}
	key := "FOREIGN KEY (" + idents(columns) + ") REFERENCES " + ident(r.Parent) + " (" + idents(to) + ")"
	if r.Cascade {
		key += " ON DELETE CASCADE"
	}
	return key
}

func (sqliteDDL) createIndex(t *Table, x Index) string {
	unique := ""
	if x.Unique {
		unique = "UNIQUE "
	}
	return "CREATE " + unique + "INDEX " + ident(t.indexName(x)) + " ON " + ident(t.Name) + " (" + idents(t.scoped(x.Columns)) + ")"
}

func (sqliteDDL) dropIndex(t *Table, x Index) string {
	return "DROP INDEX " + ident(t.indexName(x))
}

// createSearch makes the full-text index, what keeps it up to date, and fills
// it from the rows that are there.
func (d sqliteDDL) createSearch(t *Table) []string {
	if len(t.Search) == 0 {
		return nil
	}
	fts, columns := ident(t.searchName()), t.scoped(t.Search)
	values := func(row string) string {
		list := make([]string, len(columns))
		for i, c := range columns {
			list[i] = row + "." + ident(c)
		}
		return row + "." + ident(store.RowidColumn) + ", " + strings.Join(list, ", ")
	}
	add := "INSERT INTO " + fts + " (rowid, " + idents(columns) + ") VALUES (" + values("new") + ");"
	remove := "INSERT INTO " + fts + " (" + fts + ", rowid, " + idents(columns) + ") VALUES ('delete', " + values("old") + ");"
	trigger := func(suffix, event, body string) string {
		return "CREATE TRIGGER " + ident(t.searchName()+"."+suffix) + " AFTER " + event + " ON " + ident(t.Name) + " BEGIN\n  " + body + "\nEND"
	}
	return []string{
		"CREATE VIRTUAL TABLE " + fts + " USING fts5(" + idents(columns) +
			", content=" + ident(t.Name) + ", content_rowid=" + ident(store.RowidColumn) + ", tokenize='unicode61 remove_diacritics 2')",
		trigger("insert", "INSERT", add),
		trigger("delete", "DELETE", remove),
		trigger("update", "UPDATE OF "+idents(columns), remove+"\n  "+add),
		"INSERT INTO " + fts + " (" + fts + ") VALUES ('rebuild')",
	}
}

// dropSearch takes the full-text index away, its triggers first.
func (sqliteDDL) dropSearch(t *Table) []string {
	if len(t.Search) == 0 {
		return nil
	}
	var stmts []string
	for _, suffix := range []string{"insert", "delete", "update"} {
		stmts = append(stmts, "DROP TRIGGER "+ident(t.searchName()+"."+suffix))
	}
	return append(stmts, "DROP TABLE "+ident(t.searchName()))
}

// drop takes a table away with all that belongs to it.
func (d sqliteDDL) drop(t *Table) []string {
	return append(d.dropSearch(t), "DROP TABLE "+ident(t.Name))
}

func (d sqliteDDL) view(v store.View, l Layout) (sql, mark string) {
	columns, from := d.columns(v, l, func(text string) string { return text })
	sql = "CREATE VIEW " + ident(v.Name) + " AS SELECT " + columns + "\n  FROM " + from
	return sql, sql
}

func (sqliteDDL) hasTable() string {
	return `SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1`
}

func (sqliteDDL) views() string {
	return `SELECT name, sql FROM sqlite_schema WHERE type = 'view' ORDER BY name`
}

func (sqliteDDL) due(_ store.Conn, systemTables []string) ([]string, error) { return systemTables, nil }

// grants has nothing to do: who opens the file owns it.
func (sqliteDDL) grants(store.Conn) error { return nil }

// adopt neither.
func (sqliteDDL) adopt(store.Conn, Layout) error { return nil }

func (sqliteDDL) systemTables() []string {
	return systemTables(`CREATE TABLE IF NOT EXISTS _changes (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, org TEXT, model TEXT NOT NULL,
  key TEXT NOT NULL, op TEXT NOT NULL, before TEXT, after TEXT, actor TEXT
) STRICT`,
		`CREATE INDEX IF NOT EXISTS _changes_model ON _changes (model, org)`) // and the row's own number, which is seq
}
