package migrate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/loam-dev/loam/internal/store"
)

// PostgreSQL alters tables where they are. References go first: those that end,
// and those whose columns, or whose key on the other side, change under them,
// which come back at the end together with those of new tables. A table of
// another scope has no rows (see changeScope), so it is made anew.

// postgresPlan is a plan in the writing.
type postgresPlan struct {
	postgresDDL
	plan    *Plan
	remade  map[*tableChange]bool
	unkeyed map[*tableChange]bool // has lost the key that it is to lose
	dropped []*Table              // those still there, in the order that they go
	wanted  map[*Column]bool      // before the transaction, by an index or a reference
	awaited map[*tableChange]bool // likewise: new tables
}

func (d postgresDDL) write(p *Plan) {
	w := &postgresPlan{postgresDDL: d, plan: p, remade: map[*tableChange]bool{}, unkeyed: map[*tableChange]bool{}, wanted: map[*Column]bool{}, awaited: map[*tableChange]bool{}}
	lastRename := -1
	for i, s := range p.Steps {
		switch s.Kind {
		case renameTable, renameColumn:
			lastRename = i
		case changeScope:
			w.remade[s.change] = true
		case dropTable:
			w.dropped = append(w.dropped, s.table)
		}
	}
	ended, kept, made := []Step{}, []Step{}, []Step{}
	for i, s := range p.Steps {
		s.check, s.mend = w.check(p, s), mend(s)
		if s.Kind == changeColumn && !s.nullness && w.recodes(s) {
			s.recode = w.recoding(s)
			s.SQL = []string{s.note()}
		}
		s.SQL = append(s.SQL, w.statements(s)...)
		if i == lastRename {
			s.SQL = append(s.SQL, w.renames()...)
		}
		if s.Kind == dropReference {
			ended = append(ended, s)
		} else {
			kept = append(kept, s)
		}
	}
	for _, c := range p.changes {
		for i, r := range c.new.References {
			switch {
			case c.was == nil:
				made = append(made, w.join(c, r, Safe, ""))
			case slices.ContainsFunc(c.old.References, r.equal) && !w.stands(c, r):
				ended = append(ended, w.lift(c, &c.old.References[slices.IndexFunc(c.old.References, r.equal)]))
				made = append(made, w.join(c, c.new.References[i], Slow, " again"))
			}
		}
	}
	p.Steps = slices.Concat(ended, kept, made)
	w.besides()
}

func (w *postgresPlan) lift(c *tableChange, r *Reference) Step {
	return Step{
		Kind: dropReference, Subject: c.new.Model, Risk: Slow, change: c, reference: r, SQL: []string{w.dropReference(c, r)},
		Words: fmt.Sprintf("lifts the reference from %s(%s) to %s", c.new.Model, strings.Join(r.Columns, ", "), r.Parent),
	}
}

func (w *postgresPlan) join(c *tableChange, r Reference, risk Risk, again string) Step {
	return Step{
		Kind: addReference, Subject: c.new.Model, Risk: risk, change: c, SQL: []string{w.addReference(c.new, r)},
		Words: fmt.Sprintf("makes %s(%s) a reference to %s%s", c.new.Model, strings.Join(r.Columns, ", "), r.Parent, again),
	}
}

// dropReference goes by the names from before the plan: r is one of c.old.
func (w *postgresPlan) dropReference(c *tableChange, r *Reference) string {
	i := slices.IndexFunc(c.old.References, func(o Reference) bool { return o.equal(*r) })
	return dropConstraint(c.was, w.referenceName(c.was, c.was.References[i]))
}

func dropConstraint(t *Table, name string) string {
	return "ALTER TABLE " + ident(t.Name) + " DROP CONSTRAINT " + ident(name)
}

// stands tells whether a reference that is there before and after can stay while
// the plan is carried out.
func (w *postgresPlan) stands(c *tableChange, r Reference) bool {
	if w.remade[c] || !w.still(c, r.Columns) {
		return false
	}
	p := w.plan.changeTo(r.Parent)
	if p == nil {
		return true // a system table
	}
	if p.was == nil || w.remade[p] || !w.still(p, r.To) {
		return false
	}
	leadsTo := func(columns []string) bool {
		return len(columns) == len(r.To) && !slices.ContainsFunc(columns, func(column string) bool { return !slices.Contains(r.To, column) })
	}
	if leadsTo(p.old.Key) && !slices.Equal(p.old.Key, p.new.Key) {
		return false
	}
	return !slices.ContainsFunc(p.old.Indexes, func(x Index) bool { return x.Unique && leadsTo(x.Columns) && !p.keeps(x) })
}

// still tells whether columns keep their values and their order.
func (w *postgresPlan) still(c *tableChange, columns []string) bool {
	return !slices.ContainsFunc(columns, func(column string) bool {
		o, n := c.from(column), c.new.column(column)
		return o == nil || conversionOf(o, n) != kept || storedType(o) != storedType(n) || o.Required != n.Required
	})
}

// statements are those of one step.
func (w *postgresPlan) statements(s Step) []string {
	c := s.change
	switch s.Kind {
	case dropTable:
		return w.dropTable(s.table)
	case createTable:
		return w.create(c.new)
	case renameTable:
		return []string{"ALTER TABLE " + ident(c.was.Name) + " RENAME TO " + ident(c.new.Name)}
	case renameColumn:
		return []string{"ALTER TABLE " + ident(c.new.Name) + " RENAME COLUMN " + ident(c.from(s.column.Name).Name) + " TO " + ident(s.column.Name)}
	case dropReference:
		return []string{w.dropReference(c, s.reference)}
	case changeScope:
		return append([]string{"DROP TABLE " + ident(c.new.Name)}, w.create(c.new)...)
	case addReference:
		return []string{w.addReference(c.new, *s.reference)}
	}
	if w.remade[c] {
		return nil
	}
	return append(w.unkey(c), w.alter(s)...)
}

// alter changes a table where it is.
func (w *postgresPlan) alter(s Step) []string {
	c, table := s.change, "ALTER TABLE "+ident(s.change.new.Name)+" "
	switch s.Kind {
	case dropIndex:
		return []string{w.dropIndex(c, *s.index)}
	case dropColumn:
		return []string{table + "DROP COLUMN " + ident(s.column.Name)}
	case addColumn:
		return w.addColumn(c, s.column, table)
	case changeColumn:
		if s.nullness {
			return w.changeNullness(c, s.column, table)
		}
		return w.changeType(c, s.column, table)
	case changeKey:
		return []string{table + "ADD " + w.key(c.new)}
	case createIndex:
		return []string{w.createIndex(c.new, *s.index)}
	case createSearch:
		return w.createSearch(c.new)
	case dropSearch:
		return []string{"DROP INDEX " + ident(w.searchName(c.old))}
	}
	return nil
}

// dropTable takes a table away, after the references of those that are to go
// after it.
func (w *postgresPlan) dropTable(t *Table) []string {
	var stmts []string
	w.dropped = slices.DeleteFunc(w.dropped, func(o *Table) bool { return o == t })
	for _, child := range w.dropped {
		for _, r := range child.References {
			if r.Parent == t.Name {
				stmts = append(stmts, dropConstraint(child, w.referenceName(child, r)))
			}
		}
	}
	return append(stmts, "DROP TABLE "+ident(t.Name))
}

// unkey takes away a key that changes, before its columns do.
func (w *postgresPlan) unkey(c *tableChange) []string {
	if w.unkeyed[c] || slices.Equal(c.old.Key, c.new.Key) {
		return nil
	}
	w.unkeyed[c] = true
	return []string{dropConstraint(c.new, w.keyName(c.new))}
}

func (w *postgresPlan) dropIndex(c *tableChange, x Index) string {
	return "DROP INDEX " + ident(w.indexName(c.old, x))
}

// addColumn gives the rows that are there their value by a default: PostgreSQL does
// that without touching them. That of a required column stays, for servers which don't
// know the column yet; who does know it always says its value.
func (w *postgresPlan) addColumn(c *tableChange, n *Column, table string) []string {
	value := ""
	if n.filled() {
		value = w.fill(n)
	} else if z := c.stopgap(n); z != nil && n.Required {
		value = w.constant(n, *z)
	}
	if value == "" {
		return []string{table + "ADD COLUMN " + w.column(n)}
	}
	add := table + "ADD COLUMN " + w.column(n) + " DEFAULT " + value
	if n.Required && n.filled() {
		return []string{add}
	}
	return []string{add, table + "ALTER COLUMN " + ident(n.Name) + " DROP DEFAULT"}
}

func (w *postgresPlan) changeType(c *tableChange, n *Column, table string) []string {
	o, column := c.from(n.Name), ident(n.Name)
	conversion, same := conversionOf(o, n), storedType(o) == storedType(n)
	if conversion == kept && same {
		return nil
	}
	var stmts []string
	if o.Required && !n.Required {
		stmts = append(stmts, table+"ALTER COLUMN "+column+" DROP NOT NULL")
	}
	value := w.value(c, n, column)
	if same {
		return append(stmts, "UPDATE "+ident(c.new.Name)+" SET "+column+" = "+value+" WHERE "+column+" IS NOT NULL")
	}
	return append(stmts, table+"ALTER COLUMN "+column+" DROP DEFAULT, ALTER COLUMN "+column+" TYPE "+declaredType(n)+" USING "+value)
}

// changeNullness makes the indexes anew that order the column's nulls.
func (w *postgresPlan) changeNullness(c *tableChange, n *Column, table string) []string {
	column, stmts := ident(n.Name), []string(nil)
	value := ""
	if n.filled() {
		value = w.fill(n)
	} else if z := c.stopgap(n); z != nil {
		value = w.constant(n, *z)
	}
	switch {
	case !n.Required:
		stmts = append(stmts, table+"ALTER COLUMN "+column+" DROP NOT NULL, ALTER COLUMN "+column+" DROP DEFAULT")
	default:
		if value != "" { // under a lock, or others write further nulls meanwhile
			stmts = append(stmts, "LOCK TABLE "+ident(c.new.Name)+" IN SHARE ROW EXCLUSIVE MODE", "UPDATE "+ident(c.new.Name)+" SET "+column+" = "+value+" WHERE "+column+" IS NULL")
		}
		stmts = append(stmts, table+"ALTER COLUMN "+column+" SET NOT NULL")
	}
	for _, x := range c.new.Indexes {
		if c.keeps(x) && slices.Contains(x.Columns, n.Name) {
			stmts = append(stmts, w.dropIndex(c, x), w.createIndex(c.new, x))
		}
	}
	return stmts
}

// renames gives keys, indexes and references the names that follow from those of
// tables and columns.
func (w *postgresPlan) renames() []string {
	type rename struct{ from, to, sql string }
	var list []rename
	add := func(from, to, sql string) {
		if from != to {
			list = append(list, rename{from, to, sql + ident(from) + " RENAME TO " + ident(to)})
		}
	}
	for _, c := range w.plan.changes {
		if c.was == nil {
			continue
		}
		add(w.keyName(c.was), w.keyName(c.old), "ALTER INDEX ")
		if len(c.was.Search) > 0 {
			add(w.searchName(c.was), w.searchName(c.old), "ALTER INDEX ")
		}
		for i, x := range c.was.Indexes {
			add(w.indexName(c.was, x), w.indexName(c.old, c.old.Indexes[i]), "ALTER INDEX ")
		}
		for i, r := range c.was.References {
			from, to := w.referenceName(c.was, r), w.referenceName(c.old, c.old.References[i])
			if from != to && slices.ContainsFunc(c.new.References, c.old.References[i].equal) && w.stands(c, c.old.References[i]) {
				list = append(list, rename{from, to, "ALTER TABLE " + ident(c.new.Name) + " RENAME CONSTRAINT " + ident(from) + " TO " + ident(to)})
			}
		}
	}
	var stmts []string
	for _, r := range inOrder(list, func(r rename) (from, to string) { return r.from, r.to }) {
		stmts = append(stmts, r.sql)
	}
	return stmts
}

// recodes tells of the changes of type that need the values looked at one by one.
func (w *postgresPlan) recodes(s Step) bool {
	from := s.change.from(s.column.Name)
	return recodes(from, s.column) && storedType(from) == "text"
}

func (postgresDDL) recoding(s Step) *recoding {
	column := func(table, column string) cells { return postgresCells{table, column} }
	return newRecoding(s, column, "UPDATE "+ident(s.change.new.Name)+" SET "+ident(s.column.Name)+" = ?2 WHERE ctid = CAST(CAST(?1 AS text) AS tid)")
}

// postgresCells are the values of a column by where they stand in the table's
// file. What is written moves to a place further on, or to one that was passed.
type postgresCells struct{ table, column string }

// recodeBlocks is how many of the table's blocks are looked at between two writes.
const recodeBlocks = 16

// blocksOf is how many blocks a table's file has.
func blocksOf(c store.Conn, table string) (blocks int64, err error) {
	size := `SELECT pg_relation_size(CAST(CAST(?1 AS text) AS regclass)) / CAST(current_setting('block_size') AS bigint)`
	err = c.Query(size, []any{ident(table)}, func(r store.Row) error { blocks = r.Int(0); return nil })
	return blocks, err
}

func (v postgresCells) each(c store.Conn, fn func(cell) error) error {
	blocks, err := blocksOf(c, v.table)
	if err != nil {
		return err
	}
	at := func(block int64) string { return "(" + strconv.FormatInt(block, 10) + ",0)" }
	page := "SELECT CAST(ctid AS text), " + ident(v.column) + " FROM " + ident(v.table) +
		" WHERE ctid >= CAST(CAST(?1 AS text) AS tid) AND ctid < CAST(CAST(?2 AS text) AS tid) AND " + ident(v.column) + " IS NOT NULL"
	for block := int64(0); block < blocks; block += recodeBlocks {
		list, err := readCells(c, page, at(block), at(block+recodeBlocks))
		if err != nil {
			return err
		}
		for _, cell := range list {
			if err := fn(cell); err != nil {
				return err
			}
		}
	}
	return nil
}
