package migrate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/store"
)

// ddl is how a database's own language writes layouts and plans.
type ddl interface {
	dialect() string
	// write fills in the SQL of each step of a plan, and the queries that count the
	// rows that it would harm.
	write(p *Plan)
	// view makes a view under a layout, and is the mark by which views knows it again.
	view(v store.View, l Layout) (sql, mark string)
	// systemTables are the store's own tables.
	systemTables() []string
	// due leaves out the statements that would stop others for nothing.
	due(c store.Conn, systemTables []string) ([]string, error)
	// grants lets the server's own role use what is there now.
	grants(c store.Conn) error
	// adopt lets that role at a layout's tables, and the views, where the database was
	// restored under another name or owner and only another role is let at them.
	adopt(c store.Conn, l Layout) error
	// hasTable answers a row where there is a table of that name.
	hasTable() string
	// views answers each view's name and mark.
	views() string
}

// ddlOf takes the server's role as well, where it has one.
func ddlOf(d store.Dialect, role string) ddl {
	if d == store.PostgreSQL {
		return newPostgresDDL(role)
	}
	return newSQLiteDDL()
}

// ident quotes an identifier.
func ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func idents(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = ident(s)
	}
	return strings.Join(quoted, ", ")
}

// literal quotes a string literal.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func literals(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = literal(s)
	}
	return strings.Join(quoted, ", ")
}

// scalars is how a database writes the values of columns.
type scalars interface {
	null(n *Column) string
	now(n *Column) string
	// constant is the literal of a value as @default writes it.
	constant(n *Column, value string) string
	// text is a value in the form that doors write.
	text(e string, c *Column) string
	// convert is the value e of one type as one of another, and the condition under
	// which there is such a value; none means always.
	convert(e string, from, to *Column) (value, fits string)
}

// never is the condition of a conversion that no value survives.
const never = "false"

// values is what the databases have in common about the rows of a plan.
type values struct{ scalars }

// value is what a row has in a column of its new form, where from is what it
// had before.
func (v values) value(c *tableChange, n *Column, from string) string {
	o := c.from(n.Name)
	if o == nil {
		from = v.null(n)
		if n.filled() {
			return v.fill(n)
		}
	} else if converted, fits := v.convert(from, o, n); fits != "" {
		from = "CASE WHEN " + fits + " THEN " + converted + " END"
	} else {
		from = converted
	}
	switch {
	case !n.Required, o != nil && o.Required && conversionOf(o, n) == kept:
		return from
	case n.filled():
		return "coalesce(" + from + ", " + v.fill(n) + ")"
	}
	if z := c.stopgap(n); z != nil {
		return "coalesce(" + from + ", " + v.constant(n, *z) + ")"
	}
	return from
}

// fill is what a column gives the rows that are there already.
func (v values) fill(n *Column) string {
	if n.Default == nil {
		return v.now(n)
	}
	return v.constant(n, *n.Default)
}

// check counts the rows that a step would harm, before anything is done.
func (v values) check(p *Plan, s Step) string {
	if s.offence == "" {
		return ""
	}
	c := s.change
	count := func(where string) string {
		return "SELECT count(*) FROM " + ident(c.was.Name) + where
	}
	switch s.Kind {
	case createTable:
		return "SELECT count(*) FROM " + ident(c.new.References[0].Parent) // it extends: see lacking
	case dropTable:
		return "SELECT count(*) FROM " + ident(s.table.Name)
	case dropColumn:
		return count(" WHERE " + ident(s.column.Name) + " IS NOT NULL")
	case changeColumn:
		from := c.from(s.column.Name)
		if s.nullness {
			return count(" WHERE " + ident(from.Name) + " IS NULL")
		}
		_, fits := v.convert(ident(from.Name), from, s.column)
		if fits == "" {
			fits = "true"
		}
		return count(" WHERE " + ident(from.Name) + " IS NOT NULL AND (" + fits + ") IS NOT TRUE")
	case changeKey:
		present := strings.ReplaceAll(allPresent(c.new.Key, ""), " IS NOT NULL", " IS NULL")
		return groups("sum(n)", v.before(c, c.new.Key, asItIs), "true", c.new.scoped(c.new.Key),
			" HAVING count(*) > 1 OR "+strings.ReplaceAll(present, " AND ", " OR "))
	case createIndex:
		return groups("sum(n - 1)", v.before(c, s.index.Columns, asItIs), allPresent(s.index.Columns, ""), c.new.scoped(s.index.Columns), "")
	case addReference:
		return v.dangling(p, s)
	}
	if s.Kind == addColumn && c.new.Extends != "" {
		return "SELECT count(*) FROM " + ident(c.new.References[0].Parent)
	}
	return count("") // changeScope, and addColumn of a required one
}

// groups sums up over the groups of rows that have the same columns.
func groups(sum, rows, where string, columns []string, having string) string {
	return "SELECT CAST(coalesce(" + sum + ", 0) AS bigint) FROM (SELECT count(*) AS n FROM (" + rows + ") AS r WHERE " + where +
		" GROUP BY " + idents(columns) + having + ") AS g"
}

// dangling counts the rows that a new reference leads nowhere from.
func (v values) dangling(p *Plan, s Step) string {
	c, r := s.change, s.reference
	q := "SELECT count(*) FROM (" + v.before(c, r.Columns, v.text) + ") AS c WHERE " + allPresent(r.Columns, "c.")
	parent := p.changeTo(r.Parent)
	if parent.was == nil {
		return q
	}
	return q + " AND NOT EXISTS (SELECT 1 FROM (" + v.before(parent, r.To, v.text) + ") AS p WHERE " + r.matches() + ")"
}

// before selects columns as they will be, in a form, from the table as it is. Of a
// column whose values are yet to be looked at one by one it selects the texts.
func (v values) before(c *tableChange, columns []string, form func(e string, c *Column) string) string {
	var list []string
	if c.new.Tenant && c.was.Tenant {
		list = append(list, ident(store.OrgColumn))
	} else if c.new.Tenant {
		list = append(list, "NULL AS "+ident(store.OrgColumn))
	}
	for _, column := range columns {
		o, n := c.from(column), c.new.column(column)
		value := ""
		switch {
		case o == nil:
			value = form(v.value(c, n, ""), n)
		case recodes(o, n):
			value = v.text(ident(o.Name), o)
		default:
			value = form(v.value(c, n, ident(o.Name)), n)
		}
		list = append(list, value+" AS "+ident(column))
	}
	return fmt.Sprintf("SELECT %s FROM %s", strings.Join(list, ", "), ident(c.was.Name))
}

func asItIs(e string, _ *Column) string { return e }

// mend is what a step does about the rows that it would harm, where that takes
// a statement of its own.
func mend(s Step) string {
	if s.Risk != Destructive {
		return ""
	}
	switch s.Kind {
	case createIndex:
		return separate(s)
	case addReference:
		return detach(s)
	}
	return ""
}

// separate empties a column in all but the first of the rows that have the same
// values under an index that is unique from now on: first by their key.
func separate(s Step) string {
	c, columns := s.change, s.index.Columns
	t := ident(c.new.Name)
	var same []string
	for _, column := range c.new.scoped(columns) {
		same = append(same, "o."+ident(column)+" = "+t+"."+ident(column))
	}
	key := func(of string) string {
		var list []string
		for _, column := range c.new.Key {
			list = append(list, of+ident(column))
		}
		return "(" + strings.Join(list, ", ") + ")"
	}
	return "UPDATE " + t + " SET " + ident(c.loosest(columns)) + " = NULL WHERE " + allPresent(columns, "") +
		" AND EXISTS (SELECT 1 FROM " + t + " AS o WHERE " + strings.Join(same, " AND ") + " AND " + key("o.") + " < " + key(t+".") + ")"
}

// detach empties references that lead nowhere.
func detach(s Step) string {
	c, r := s.change, s.reference
	return "UPDATE " + ident(c.new.Name) + " AS c SET " + ident(c.loosest(r.Columns)) + " = NULL WHERE " + allPresent(r.Columns, "c.") +
		" AND NOT EXISTS (SELECT 1 FROM " + ident(r.Parent) + " AS p WHERE " + r.matches() + ")"
}

// matches is the condition that joins the child c to its parent p.
func (r *Reference) matches() string {
	var list []string
	if r.Tenant {
		list = append(list, "p."+ident(store.OrgColumn)+" = c."+ident(store.OrgColumn))
	}
	for i, column := range r.Columns {
		list = append(list, "p."+ident(r.To[i])+" = c."+ident(column))
	}
	return strings.Join(list, " AND ")
}

func allPresent(columns []string, of string) string {
	list := make([]string, len(columns))
	for i, column := range columns {
		list[i] = of + ident(column) + " IS NOT NULL"
	}
	return strings.Join(list, " AND ")
}

// changeTo is the change that a table, by its new name, comes from; nil for a
// system table.
func (p *Plan) changeTo(table string) *tableChange {
	i := slices.IndexFunc(p.changes, func(c *tableChange) bool { return c.new.Name == table })
	if i < 0 {
		return nil
	}
	return p.changes[i]
}

// systemTables are the store's own tables, in the words that every engine takes,
// and the change log in the engine's own.
func systemTables(log ...string) []string {
	return append(log,
		`CREATE TABLE IF NOT EXISTS _schema (
  id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, hash TEXT NOT NULL,
  source TEXT NOT NULL, layout TEXT NOT NULL, at TEXT NOT NULL
) STRICT`,
		`CREATE TABLE IF NOT EXISTS _migrations (
  version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, plan TEXT NOT NULL, at TEXT NOT NULL
) STRICT`,
		// Who ran which of them, and for how long: not known of those from before this table.
		`CREATE TABLE IF NOT EXISTS _migration_runs (
  version INTEGER PRIMARY KEY, loam TEXT NOT NULL, node TEXT NOT NULL, millis INTEGER NOT NULL
) STRICT`,
		`CREATE TABLE IF NOT EXISTS _schemas (hash TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT`, // those that the database has had
		noteSchema,
		`CREATE TABLE IF NOT EXISTS _upgrades (name TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT`,
		`CREATE TABLE IF NOT EXISTS _usage (org TEXT PRIMARY KEY, rows INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
		`CREATE TABLE IF NOT EXISTS _idempotency (
  caller TEXT NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL, answer BLOB NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (caller, key)
) STRICT`,
		`CREATE INDEX IF NOT EXISTS _idempotency_at ON _idempotency (at)`, // those that are due are forgotten with each write
	)
}

// noteSchema keeps for good that the database has had the schema of now.
const noteSchema = `INSERT INTO _schemas (hash, at) SELECT hash, at FROM _schema WHERE id = 1 ON CONFLICT (hash) DO NOTHING`
