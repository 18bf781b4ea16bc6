package migrate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// SQLite alters tables by little: it adds optional columns and it renames.
// Everything else makes the table anew, moves the rows over under their rowids,
// drops the old one and takes its name, which needs foreign keys to be off.
// A rename takes away the indexes whose names follow from it, a rewriting takes
// them all; those that stay are made again afterwards.

// write fills in the SQL of each step, and the checks, whose names are those
// that the tables have before the plan.
func (d sqliteDDL) write(p *Plan) {
	w := &sqlitePlan{sqliteDDL: d, plan: p, rewritten: map[*tableChange]bool{}, renamed: map[*tableChange]bool{}}
	last := map[*tableChange]int{} // each table's last rename
	for i, s := range p.Steps {
		switch {
		case s.Kind == renameTable, s.Kind == renameColumn:
			w.renamed[s.change] = true
			last[s.change] = i
		case s.change != nil && s.change.was != nil && !d.inPlace(s):
			w.rewritten[s.change] = true
		}
	}
	var steps []Step
	begun, moved := map[*tableChange]bool{}, false
	for i, s := range p.Steps {
		if !moved && finishing(s.Kind) {
			steps, moved = append(steps, w.rewrites()...), true
		}
		s.check, s.mend = w.check(s), w.mend(s)
		if s.Kind == changeColumn && !s.nullness && recodes(s.change.from(s.column.Name), s.column) {
			s.recode = w.recoding(s)
			s.SQL = []string{"-- each " + s.column.Field + " is brought into the form of " + s.column.Of + "; what is none is marked"}
		}
		if w.renamed[s.change] && !begun[s.change] {
			begun[s.change] = true
			s.SQL = d.dismantle(s.change)
		}
		s.SQL = append(s.SQL, w.statements(s)...)
		if at, ok := last[s.change]; ok && at == i && !w.rewritten[s.change] {
			s.SQL = append(s.SQL, d.reassemble(s.change, s.change.renames)...)
		}
		steps = append(steps, s)
	}
	if !moved {
		steps = append(steps, w.rewrites()...)
	}
	p.Steps = steps
}

// sqlitePlan is a plan in the writing.
type sqlitePlan struct {
	sqliteDDL
	plan      *Plan
	rewritten map[*tableChange]bool
	renamed   map[*tableChange]bool
}

// finishing tells of the steps that come when all tables have their new form.
func finishing(k stepKind) bool {
	switch k {
	case createIndex, createSearch, addReference:
		return true
	}
	return false
}

// inPlace tells whether a step leaves the table where it is.
func (sqliteDDL) inPlace(s Step) bool {
	switch s.Kind {
	case addColumn:
		return !s.column.Required
	case changeColumn:
		return !s.nullness && s.change.from(s.column.Name).Type == s.column.Type
	case createIndex, dropIndex, createSearch, dropSearch:
		return true
	}
	return false
}

// statements are those of one step.
func (w *sqlitePlan) statements(s Step) []string {
	c := s.change
	switch s.Kind {
	case dropTable:
		return w.drop(s.table)
	case createTable:
		return w.create(c.new)
	case renameTable:
		return renameTableSQL(c.was.Name, c.new.Name)
	case renameColumn:
		return []string{"ALTER TABLE " + ident(c.new.Name) + " RENAME COLUMN " + ident(c.from(s.column.Name).Name) + " TO " + ident(s.column.Name)}
	case dropIndex:
		if !c.renames(s.index.Columns) {
			return []string{w.dropIndex(c.old, *s.index)}
		}
	case dropSearch:
		if !c.renames(c.old.Search) && !w.rewritten[c] {
			return w.dropSearch(c.old)
		}
	case createSearch:
		return w.createSearch(c.new)
	case createIndex:
		return []string{w.createIndex(c.new, *s.index)}
	case addColumn, changeColumn:
		if !w.rewritten[c] {
			return w.alter(s)
		}
	}
	return nil
}

// renameTableSQL goes by a third name where the two differ in case alone, which
// SQLite takes for the same.
func renameTableSQL(from, to string) []string {
	rename := func(from, to string) string { return "ALTER TABLE " + ident(from) + " RENAME TO " + ident(to) }
	if strings.EqualFold(from, to) {
		return []string{rename(from, to+".new"), rename(to+".new", to)}
	}
	return []string{rename(from, to)}
}

// recoding reads and writes the values of a text column that is to hold a
// narrower kind of text, page by page.
func (sqliteDDL) recoding(s Step) *recoding {
	from, rowid := s.change.from(s.column.Name), ident(store.RowidColumn)
	page := func(table, column string) string {
		return "SELECT " + rowid + ", " + ident(column) + " FROM " + ident(table) + " WHERE " + rowid + " > ?1 AND " + ident(column) +
			" IS NOT NULL ORDER BY " + rowid + " LIMIT ?2"
	}
	table := s.change.new.Name
	return &recoding{
		scalar: schema.Scalar(s.column.Of),
		before: page(s.change.was.Name, from.Name),
		page:   page(table, s.column.Name),
		put:    "UPDATE " + ident(table) + " SET " + ident(s.column.Name) + " = ?2 WHERE " + rowid + " = ?1",
	}
}

// alter changes a column where it is.
func (d sqliteDDL) alter(s Step) []string {
	c, n := s.change, s.column
	table, column := ident(c.new.Name), ident(n.Name)
	if s.Kind == addColumn {
		stmts := []string{"ALTER TABLE " + table + " ADD COLUMN " + d.column(*n)}
		if n.filled() {
			stmts = append(stmts, "UPDATE "+table+" SET "+column+" = "+d.fill(n))
		}
		return stmts
	}
	if conversionOf(c.from(n.Name), n) == kept {
		return nil
	}
	return []string{"UPDATE " + table + " SET " + column + " = " + d.value(c, n, column) + " WHERE " + column + " IS NOT NULL"}
}

// dismantle drops the indexes whose names the renames change.
func (d sqliteDDL) dismantle(c *tableChange) []string {
	var stmts []string
	if c.renames(c.old.Search) {
		stmts = d.dropSearch(c.was)
	}
	for i, x := range c.old.Indexes {
		if c.renames(x.Columns) {
			stmts = append(stmts, d.dropIndex(c.was, c.was.Indexes[i]))
		}
	}
	return stmts
}

// reassemble makes the indexes again that a table had, keeps, and has lost.
func (d sqliteDDL) reassemble(c *tableChange, lost func(columns []string) bool) []string {
	var stmts []string
	for _, x := range c.new.Indexes {
		if c.keeps(x) && lost(x.Columns) {
			stmts = append(stmts, d.createIndex(c.new, x))
		}
	}
	if slices.Equal(c.old.Search, c.new.Search) && lost(c.new.Search) {
		stmts = append(stmts, d.createSearch(c.new)...)
	}
	return stmts
}

// rewrites are the steps that make tables anew.
func (w *sqlitePlan) rewrites() []Step {
	var steps []Step
	for _, c := range w.plan.changes {
		if !w.rewritten[c] {
			continue
		}
		s := Step{Kind: rewriteTable, Subject: c.new.Model, Risk: Slow, Words: "rewrites table " + c.new.Model, change: c}
		if !c.renames(c.old.Search) {
			s.SQL = w.dropSearch(c.old)
		}
		s.SQL = append(s.SQL, w.move(c)...)
		s.SQL = append(s.SQL, w.reassemble(c, func([]string) bool { return true })...)
		steps = append(steps, s)
	}
	return steps
}

// move takes the rows of a table to its new form.
func (d sqliteDDL) move(c *tableChange) []string {
	columns, values := []string{store.RowidColumn}, []string{ident(store.RowidColumn)}
	if c.new.Tenant {
		columns = append(columns, store.OrgColumn)
		if c.old.Tenant {
			values = append(values, ident(store.OrgColumn))
		} else {
			values = append(values, "NULL") // of no row: see changeScope
		}
	}
	for i := range c.new.Columns {
		n := &c.new.Columns[i]
		columns, values = append(columns, n.Name), append(values, d.value(c, n, ident(n.Name)))
	}
	next := c.new.Name + ".new"
	return append([]string{
		d.table(c.new, next),
		"INSERT INTO " + ident(next) + " (" + idents(columns) + ")\nSELECT " + strings.Join(values, ", ") + "\nFROM " + ident(c.new.Name),
		"DROP TABLE " + ident(c.new.Name),
	}, renameTableSQL(next, c.new.Name)...)
}

// mend is what a step does about the rows that it would harm, where that takes
// a statement of its own.
func (w *sqlitePlan) mend(s Step) string {
	if s.Risk != Destructive {
		return ""
	}
	switch s.Kind {
	case createIndex:
		return w.separate(s)
	case addReference:
		return w.detach(s)
	}
	return ""
}

// separate empties a column in all but the first of the rows that have the same
// values under an index that is unique from now on.
func (w *sqlitePlan) separate(s Step) string {
	c, columns := s.change, s.index.Columns
	t := ident(c.new.Name)
	return "UPDATE " + t + " SET " + ident(c.loosest(columns)) + " = NULL WHERE " + allPresent(columns, "") + " AND " + ident(store.RowidColumn) +
		" NOT IN (SELECT min(" + ident(store.RowidColumn) + ") FROM " + t + " GROUP BY " + idents(c.new.scoped(columns)) + ")"
}

// detach empties references that lead nowhere.
func (w *sqlitePlan) detach(s Step) string {
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

// check counts the rows that a step would harm, before anything is done.
func (w *sqlitePlan) check(s Step) string {
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
		_, fits := w.convert(ident(from.Name), from, s.column)
		return count(" WHERE " + ident(from.Name) + " IS NOT NULL AND NOT coalesce(" + fits + ", 0)")
	case changeKey:
		present := strings.ReplaceAll(allPresent(c.new.Key, ""), " IS NOT NULL", " IS NULL")
		return "SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM (" + w.before(c, c.new.Key) + ") GROUP BY " +
			idents(c.new.scoped(c.new.Key)) + " HAVING count(*) > 1 OR " + strings.ReplaceAll(present, " AND ", " OR ") + ")"
	case createIndex:
		return "SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM (" + w.before(c, s.index.Columns) + ") WHERE " +
			allPresent(s.index.Columns, "") + " GROUP BY " + idents(c.new.scoped(s.index.Columns)) + ")"
	case addReference:
		return w.dangling(s)
	}
	if s.Kind == addColumn && c.new.Extends != "" {
		return "SELECT count(*) FROM " + ident(c.new.References[0].Parent)
	}
	return count("") // changeScope, and addColumn of a required one
}

// dangling counts the rows that a new reference leads nowhere from.
func (w *sqlitePlan) dangling(s Step) string {
	c, r := s.change, s.reference
	q := "SELECT count(*) FROM (" + w.before(c, r.Columns) + ") AS c WHERE " + allPresent(r.Columns, "c.")
	i := slices.IndexFunc(w.plan.changes, func(p *tableChange) bool { return p.new.Name == r.Parent })
	parent := w.plan.changes[i]
	if parent.was == nil {
		return q
	}
	return q + " AND NOT EXISTS (SELECT 1 FROM (" + w.before(parent, r.To) + ") AS p WHERE " + r.matches() + ")"
}

// before selects columns as they will be from the table as it is.
func (d sqliteDDL) before(c *tableChange, columns []string) string {
	var list []string
	if c.new.Tenant && c.was.Tenant {
		list = append(list, ident(store.OrgColumn))
	} else if c.new.Tenant {
		list = append(list, "NULL AS "+ident(store.OrgColumn))
	}
	for _, column := range columns {
		from := "NULL"
		if o := c.from(column); o != nil {
			from = ident(o.Name)
		}
		list = append(list, d.value(c, c.new.column(column), from)+" AS "+ident(column))
	}
	return fmt.Sprintf("SELECT %s FROM %s", strings.Join(list, ", "), ident(c.was.Name))
}
