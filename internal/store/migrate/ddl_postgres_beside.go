package migrate

import (
	"regexp"
	"slices"
	"strings"
)

// What a migration can do to tables in use before its transaction, statement by
// statement, while the servers of before go on: build indexes, check references and
// required columns, fill these. None of it holds others up for longer than it takes to
// get a lock, and what is left for the transaction is done in no time.

// beside is how a step is done that way.
type beside struct {
	ahead []string // before the transaction; see Migrator.build
	undo  []string // takes back what of ahead was done, be it all or nothing
	then  []string // inside the transaction, in place of the step's own SQL
	index string   // what ahead builds alone; "" where it does something else
	holds bool     // what is written from then on may be refused

	copies bool // a column whose values all have an equal; ahead can be run again where it was not finished
}

// text is by what one is known again; "" of none.
func (b *beside) text() string {
	if b == nil {
		return ""
	}
	return strings.Join(b.ahead, ";\n")
}

// alone tells of statements that PostgreSQL runs outside of transactions alone, or that
// take long but leave others alone.
var alone = regexp.MustCompile(`^(CREATE (UNIQUE )?INDEX CONCURRENTLY|DROP INDEX CONCURRENTLY|ALTER TABLE "([^"]|"")+" VALIDATE CONSTRAINT) `)

// besides says of each step whether it can be done that way. New columns and tables are
// made that way only where an index or a reference wants them there.
func (w *postgresPlan) besides() {
	for i := range w.plan.Steps {
		switch s := &w.plan.Steps[i]; s.Kind {
		case createIndex:
			s.beside = w.buildIndex(s.change, *s.index)
		case createSearch:
			s.beside = w.buildSearch(s.change)
		case addReference:
			s.beside = w.checkReference(s.change, s.reference)
		case changeColumn:
			if s.beside = w.checkNullness(s); !s.nullness {
				s.beside = w.copyColumn(s)
			}
		}
	}
	for i := range w.plan.Steps {
		switch s := &w.plan.Steps[i]; {
		case s.Kind == addColumn && w.wanted[s.column]:
			s.beside = &beside{
				ahead: s.SQL[:1],
				undo:  []string{"ALTER TABLE IF EXISTS " + ident(s.change.new.Name) + " DROP COLUMN IF EXISTS " + ident(s.column.Name)},
				then:  s.SQL[1:],
			}
		case s.Kind == createTable && w.awaited[s.change]:
			s.beside = &beside{
				ahead: []string{strings.Join(s.SQL, ";\n")}, // nobody sees it without its policies
				undo:  []string{"DROP TABLE IF EXISTS " + ident(s.change.new.Name)},
			}
		}
	}
}

// stays tells whether a table and its columns keep their names, and it its key.
func (w *postgresPlan) stays(c *tableChange) bool {
	return c.was != nil && !w.remade[c] && c.was.Name == c.new.Name && slices.Equal(c.old.Key, c.new.Key) &&
		!slices.ContainsFunc(c.new.Columns, func(n Column) bool { return c.renames([]string{n.Name}) })
}

// settled tells whether columns have their values before the transaction already, or
// can. It notes the new ones among them as wanted.
func (w *postgresPlan) settled(c *tableChange, columns []string) bool {
	var added []*Column
	for _, name := range columns {
		o, n := c.from(name), c.new.column(name)
		switch {
		case o != nil && (conversionOf(o, n) != kept || storedType(o) != storedType(n)):
			return false
		case o == nil && (n.Required && !n.filled() || c.was.column(name) != nil):
			return false
		case o == nil:
			added = append(added, n)
		}
	}
	for _, n := range added {
		w.wanted[n] = true
	}
	return true
}

// concurrently builds an index beside writers, under a name of its own where the table
// has another of that name until the transaction.
func (w *postgresPlan) concurrently(c *tableChange, name, create string) *beside {
	taken := len(c.was.Search) > 0 && w.searchName(c.was) == name ||
		slices.ContainsFunc(c.was.Indexes, func(x Index) bool { return w.indexName(c.was, x) == name })
	b := &beside{index: name, holds: strings.HasPrefix(create, "CREATE UNIQUE ")}
	if taken {
		b.index = shortened(name + ".next")
		b.then = []string{"ALTER INDEX " + ident(b.index) + " RENAME TO " + ident(name)}
	}
	create = strings.Replace(create, "INDEX "+ident(name), "INDEX CONCURRENTLY "+ident(b.index), 1)
	b.ahead, b.undo = []string{create}, []string{"DROP INDEX CONCURRENTLY IF EXISTS " + ident(b.index)}
	return b
}

func (w *postgresPlan) buildIndex(c *tableChange, x Index) *beside {
	if !w.stays(c) || !w.settled(c, x.Columns) {
		return nil
	}
	return w.concurrently(c, w.indexName(c.new, x), w.createIndex(c.new, x))
}

func (w *postgresPlan) buildSearch(c *tableChange) *beside {
	if !w.stays(c) || !w.settled(c, c.new.Search) {
		return nil
	}
	return w.concurrently(c, w.searchName(c.new), w.createSearch(c.new)[0])
}

// checkReference has a new reference hold for what is written from now on, and then
// looks at the rows that are there.
func (w *postgresPlan) checkReference(c *tableChange, r *Reference) *beside {
	if r == nil || !w.stays(c) || slices.ContainsFunc(c.was.References, func(o Reference) bool { return w.referenceName(c.was, o) == w.referenceName(c.new, *r) }) {
		return nil
	}
	p := w.plan.changeTo(r.Parent)
	switch {
	case p == nil: // a system table
	case p.was == nil && w.taken(p.new.Name):
		return nil
	case p.was != nil && !(w.stays(p) && w.still(p, r.To) && p.keyIs(r.To)):
		return nil
	}
	if !w.settled(c, r.Columns) {
		return nil
	}
	if p != nil && p.was == nil {
		w.awaited[p] = true
	}
	return w.checking(c, w.referenceName(c.new, *r), w.addReference(c.new, *r))
}

// taken tells whether the database may have another table or view of a name until the
// transaction.
func (w *postgresPlan) taken(name string) bool {
	return slices.ContainsFunc(w.plan.views, func(view string) bool { return strings.EqualFold(view, name) }) ||
		slices.ContainsFunc(w.plan.changes, func(c *tableChange) bool { return c.was != nil && c.was.Name == name }) ||
		slices.ContainsFunc(w.plan.Steps, func(s Step) bool { return s.Kind == dropTable && s.table.Name == name })
}

// checking adds a constraint in two steps, of which the first does not look at rows and
// the second stops nobody.
func (w *postgresPlan) checking(c *tableChange, name, add string) *beside {
	table := ident(c.new.Name)
	return &beside{
		ahead: []string{add + " NOT VALID", "ALTER TABLE " + table + " VALIDATE CONSTRAINT " + ident(name)},
		undo: []string{"DO $$ BEGIN IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass(" + literal(table) + ") AND conname = " + literal(name) + // no lock for nothing
			") THEN ALTER TABLE " + table + " DROP CONSTRAINT " + ident(name) + "; END IF; END $$"},
		holds: true,
	}
}

// keyIs tells whether columns are the key of a table that stays, in whatever order.
func (c *tableChange) keyIs(columns []string) bool {
	return len(columns) == len(c.old.Key) && !slices.ContainsFunc(columns, func(column string) bool { return !slices.Contains(c.old.Key, column) })
}

// lastOver tells whether no later step changes the order of an index again.
func (w *postgresPlan) lastOver(x Index, s *Step) bool {
	last := s
	for i := range w.plan.Steps {
		if o := &w.plan.Steps[i]; o.nullness && o.change == s.change && slices.Contains(x.Columns, o.column.Name) {
			last = o
		}
	}
	return last == s
}

// checkNullness fills a column that becomes required, and holds it to that by a
// constraint which PostgreSQL takes as proof. The indexes that order its nulls are built
// anew in either case.
func (w *postgresPlan) checkNullness(s *Step) *beside {
	c, n := s.change, s.column
	if !s.nullness || !w.stays(c) || !w.settled(c, []string{n.Name}) {
		return nil
	}
	table, name := ident(c.new.Name), shortened(c.new.Name+"."+n.Name+".required")
	b := &beside{}
	fill := slices.DeleteFunc(slices.Clone(s.SQL), func(sql string) bool { return !strings.HasPrefix(sql, "UPDATE ") })
	if len(fill) > 0 && slices.ContainsFunc(c.old.Indexes, func(x Index) bool { return x.Unique && slices.Contains(x.Columns, n.Name) && !c.keeps(x) }) {
		return nil // the one value that all are to get waits until they may have the same
	}
	if n.Required {
		b = w.checking(c, name, "ALTER TABLE "+table+" ADD CONSTRAINT "+ident(name)+" CHECK ("+ident(n.Name)+" IS NOT NULL)")
		b.ahead = slices.Insert(b.ahead, 1, fill...) // what was written meanwhile
		b.then = []string{"ALTER TABLE " + table + " ALTER COLUMN " + ident(n.Name) + " SET NOT NULL", "ALTER TABLE " + table + " DROP CONSTRAINT " + ident(name)}
	} else {
		b.then = s.SQL[:1]
	}
	var indexes []string
	for _, x := range c.new.Indexes {
		if c.keeps(x) && slices.Contains(x.Columns, n.Name) && w.lastOver(x, s) {
			i := w.concurrently(c, w.indexName(c.new, x), w.createIndex(c.new, x))
			indexes, b.undo = append(indexes, i.ahead...), append(b.undo, i.undo...)
			b.then = slices.Concat(b.then, []string{w.dropIndex(c, x)}, i.then)
		}
	}
	b.ahead = slices.Concat(fill, indexes, b.ahead)
	if len(b.ahead) == 0 {
		return nil
	}
	return b
}
