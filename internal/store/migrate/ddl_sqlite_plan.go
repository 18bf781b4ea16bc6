package migrate

import (
	"math"
	"slices"
	"strconv"
	"strings"

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
		s.check, s.mend = w.check(p, s), mend(s)
		if s.Kind == changeColumn && !s.nullness && recodes(s.change.from(s.column.Name), s.column) {
			s.recode = w.recoding(s)
			s.SQL = []string{s.note()}
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

func (sqliteDDL) recoding(s Step) *recoding {
	column := func(table, column string) cells { return sqliteCells{ident(table), ident(column)} }
	return newRecoding(s, column, "UPDATE "+ident(s.change.new.Name)+" SET "+ident(s.column.Name)+" = ?2 WHERE "+ident(store.RowidColumn)+" = ?1")
}

// sqliteCells are the values of a column, by rowid.
type sqliteCells struct{ table, column string }

// recodePage is how many rows are looked at between two writes.
const recodePage = 500

func (v sqliteCells) each(c store.Conn, fn func(cell) error) error {
	rowid := ident(store.RowidColumn)
	page := "SELECT " + rowid + ", " + v.column + " FROM " + v.table + " WHERE " + rowid + " > ?1 AND " + v.column +
		" IS NOT NULL ORDER BY " + rowid + " LIMIT ?2"
	for last := strconv.FormatInt(math.MinInt64, 10); ; {
		list, err := readCells(c, page, last, recodePage)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, at := range list {
			if err := fn(at); err != nil {
				return err
			}
		}
		last = list[len(list)-1].place
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
