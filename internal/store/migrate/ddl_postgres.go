package migrate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/loam-dev/loam/internal/store"
)

// postgresDDL writes the SQL of layouts and plans for PostgreSQL.
//
// The server's statements run as a role that owns nothing, and row-level security
// shows that role the rows of the transaction's organization alone. It is forced:
// the owner, as who migrations run, sees all by a policy of its own.
type postgresDDL struct {
	values
	role string // the server's
}

func newPostgresDDL(role string) postgresDDL {
	if role == "" {
		panic("migrate: PostgreSQL without a role for the server")
	}
	return postgresDDL{values{postgresScalars{}}, role}
}

func (postgresDDL) dialect() string { return "PostgreSQL" }

// longestPostgresName is in bytes; PostgreSQL cuts longer ones off and says nothing.
const longestPostgresName = 63

// shortened is a name that PostgreSQL keeps: a long one ends with a hash of the
// whole.
func shortened(name string) string {
	if len(name) <= longestPostgresName {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	end := longestPostgresName - 1 - 16
	for !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end] + "." + hex.EncodeToString(sum[:8])
}

func (postgresDDL) keyName(t *Table) string { return shortened(t.Name + ".pkey") }

func (postgresDDL) indexName(t *Table, x Index) string { return shortened(t.indexName(x)) }

func (postgresDDL) referenceName(t *Table, r Reference) string {
	return shortened(t.Name + "." + strings.Join(r.Columns, ".") + "." + r.Parent + "." + strings.Join(r.To, ".") + ".fkey")
}

// create returns the statements that make a table, but for its references: the
// tables and keys that they lead to may come later.
func (d postgresDDL) create(t *Table) []string {
	var lines []string
	if t.Tenant {
		lines = append(lines, ident(store.OrgColumn)+` text COLLATE "C" NOT NULL`)
	}
	for i := range t.Columns {
		lines = append(lines, d.column(&t.Columns[i]))
	}
	lines = append(lines, d.key(t))
	stmts := []string{"CREATE TABLE " + ident(t.Name) + " (\n  " + strings.Join(lines, ",\n  ") + "\n)"}
	for _, x := range t.Indexes {
		stmts = append(stmts, d.createIndex(t, x))
	}
	return slices.Concat(stmts, d.createSearch(t), d.isolate(t))
}

// isolate lets the server's role use a table, a tenant's one within one
// organization.
func (d postgresDDL) isolate(t *Table) []string {
	name := ident(t.Name)
	grant := "GRANT " + allRows + " ON " + name + " TO " + d.role
	if !t.Tenant {
		return []string{grant}
	}
	own := ident(store.OrgColumn) + " = " + currentOrg
	return []string{
		"ALTER TABLE " + name + " ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
		"CREATE POLICY tenant ON " + name + " TO " + d.role + " USING (" + own + ") WITH CHECK (" + own + ")",
		"CREATE POLICY owner ON " + name + " TO CURRENT_USER USING (true) WITH CHECK (true)",
		grant,
	}
}

const (
	allRows    = "SELECT, INSERT, UPDATE, DELETE"
	currentOrg = "nullif(current_setting('" + store.OrgSetting + "', true), '')" // of no row where there is none
)

func (d postgresDDL) column(c *Column) string {
	column := ident(c.Name) + " " + declaredType(c)
	if c.Required {
		column += " NOT NULL"
	}
	return column
}

func (d postgresDDL) key(t *Table) string {
	return "CONSTRAINT " + ident(d.keyName(t)) + " PRIMARY KEY (" + idents(t.scoped(t.Key)) + ")"
}

func (d postgresDDL) addReference(t *Table, r Reference) string {
	columns, to := r.Columns, r.To
	if r.Tenant {
		columns, to = append([]string{store.OrgColumn}, columns...), append([]string{store.OrgColumn}, to...)
	}
	key := "ALTER TABLE " + ident(t.Name) + " ADD CONSTRAINT " + ident(d.referenceName(t, r)) + " FOREIGN KEY (" + idents(columns) + ") REFERENCES " +
		ident(r.Parent) + " (" + idents(to) + ")"
	if r.Cascade {
		key += " ON DELETE CASCADE"
	}
	return key + " DEFERRABLE INITIALLY IMMEDIATE"
}

// createIndex makes an index in the order that pages have: nulls come first.
func (d postgresDDL) createIndex(t *Table, x Index) string {
	unique := ""
	if x.Unique {
		unique = "UNIQUE "
	}
	var columns []string
	for _, name := range t.scoped(x.Columns) {
		column := ident(name)
		if c := t.column(name); c != nil && !c.Required {
			column += " NULLS FIRST"
		}
		columns = append(columns, column)
	}
	return "CREATE " + unique + "INDEX " + ident(d.indexName(t, x)) + " ON " + ident(t.Name) + " (" + strings.Join(columns, ", ") + ")"
}

func (postgresDDL) searchName(t *Table) string { return shortened(t.searchName()) }

// createSearch makes the index that loam_find looks into. It leads with the
// organization as every other one does.
func (d postgresDDL) createSearch(t *Table) []string {
	if len(t.Search) == 0 {
		return nil
	}
	org := "''"
	if t.Tenant {
		org = ident(store.OrgColumn)
	}
	return []string{"CREATE INDEX " + ident(d.searchName(t)) + " ON " + ident(t.Name) + " USING gin (loam_search(" + org + ", ARRAY[" + idents(t.Search) + "]))"}
}

// view makes a view that shows the server's role what it may see of the tables,
// and of organizations the transaction's own.
func (d postgresDDL) view(v store.View, l Layout) (sql, mark string) {
	columns, from := d.columns(v, l, func(text string) string { return "CAST(" + text + " AS timestamptz)" })
	name := ident(v.Name)
	sql = "CREATE VIEW " + name + " WITH (security_invoker) AS SELECT " + columns + "\n  FROM " + from
	if v.Org != "" {
		sql += "\n  WHERE current_setting('role') = 'none' OR " + v.Org + " = " + currentOrg
	}
	sum := sha256.Sum256([]byte(sql))
	mark = viewMark + hex.EncodeToString(sum[:])
	return sql + ";\nCOMMENT ON VIEW " + name + " IS '" + mark + "';\nGRANT SELECT ON " + name + " TO " + d.role, mark
}

// viewMark leads the comment that tells our views, and their text, from others.
const viewMark = "loam "

func (postgresDDL) views() string {
	return `SELECT c.relname, obj_description(c.oid, 'pg_class') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind = 'v' AND obj_description(c.oid, 'pg_class') LIKE '` + viewMark + `%' ORDER BY c.relname`
}

func (postgresDDL) hasTable() string {
	return `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relname = CAST(?1 AS text)`
}

// systemTables come after the functions that the store's statements call. An entry of
// the log gets its position once it is committed; see store's sequence.go.
func (postgresDDL) systemTables() []string {
	return systemTables(store.PostgresFunctions,
		`CREATE TABLE IF NOT EXISTS _changes (
  seq INTEGER PRIMARY KEY, pos bigint, at TEXT NOT NULL, org TEXT, model TEXT NOT NULL,
  key TEXT NOT NULL, op TEXT NOT NULL, before TEXT, after TEXT, actor TEXT
)`,
		`CREATE UNIQUE INDEX IF NOT EXISTS _changes_pos ON _changes (pos)`,
		`CREATE INDEX IF NOT EXISTS _changes_due ON _changes (seq) WHERE pos IS NULL`,
		`CREATE INDEX IF NOT EXISTS _changes_model ON _changes (model, org, pos)`,
		`CREATE TABLE IF NOT EXISTS _log (id INTEGER PRIMARY KEY CHECK (id = 1), pos bigint NOT NULL)`,
		`INSERT INTO _log (id, pos) VALUES (1, 0) ON CONFLICT (id) DO NOTHING`,
		`CREATE TABLE IF NOT EXISTS _building (id INTEGER PRIMARY KEY, ahead TEXT NOT NULL, undo TEXT NOT NULL, rows bigint NOT NULL, done bigint NOT NULL)`,
		`INSERT INTO _building (id, ahead, undo, rows, done) VALUES (0, '', '', 0, 0) ON CONFLICT (id) DO NOTHING`) // who builds has locked it
}

// makes finds the name of an index or trigger that a statement makes.
var makes = regexp.MustCompile(`^\s*CREATE (?:(?:UNIQUE )?INDEX IF NOT EXISTS|OR REPLACE TRIGGER) "?(\w+)"? [^;]*$`)

// due leaves out the indexes and triggers that are there: PostgreSQL locks a table
// against writes before it looks whether it has one.
func (postgresDDL) due(c store.Conn, systemTables []string) ([]string, error) {
	there := map[string]bool{}
	err := c.Query(`SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind = 'i' AND c.relname LIKE '\_%'
UNION SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND NOT t.tgisinternal`, nil, func(r store.Row) error {
		there[r.Text(0)] = true
		return nil
	})
	return slices.DeleteFunc(systemTables, func(sql string) bool {
		name := makes.FindStringSubmatch(sql)
		return name != nil && there[name[1]]
	}), err
}

// grants gives what system tables the server's role does not have yet. What only
// migrations write it may read.
func (d postgresDDL) grants(c store.Conn) error {
	var names []string
	err := c.Query(`SELECT current_schema() WHERE NOT has_schema_privilege('`+d.role+`', current_schema(), 'USAGE')`, nil, func(r store.Row) error {
		names = append(names, r.Text(0))
		return nil
	})
	for _, schema := range names {
		if err == nil {
			err = c.Script("GRANT USAGE ON SCHEMA " + ident(schema) + " TO " + d.role)
		}
	}
	if err != nil {
		return fmt.Errorf("granting the schema to %s: %w", d.role, err)
	}
	names = nil
	err = c.Query(`SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relname LIKE '\_%' AND pg_get_userbyid(c.relowner) = current_user
AND NOT has_table_privilege('`+d.role+`', c.oid, 'SELECT') ORDER BY c.relname`, nil, func(r store.Row) error {
		names = append(names, r.Text(0))
		return nil
	})
	for _, name := range names {
		if err != nil {
			break
		}
		may := allRows
		switch name {
		case "_building", "_schema", "_schemas", "_migrations", "_migration_runs", "_upgrades":
			may = "SELECT"
		}
		err = c.Script("GRANT " + may + " ON " + ident(name) + " TO " + d.role)
	}
	if err != nil {
		return fmt.Errorf("granting the system tables to %s: %w", d.role, err)
	}
	return nil
}
