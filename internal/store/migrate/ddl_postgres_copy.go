package migrate

import (
	"slices"
	"strings"
)

// copyColumn gives a column another type beside the servers, where each value there is
// has its equal in that: by a second column, which a trigger keeps level with what they
// write, and which takes the place of the first inside of the transaction. The statements
// ahead of that can be run again, so that values which were copied stay copied.
func (w *postgresPlan) copyColumn(s *Step) *beside {
	c, n := s.change, s.column
	o := c.from(n.Name)
	if s.recode != nil || len(s.SQL) == 0 || !w.stays(c) || !w.copies(c, o, n) {
		return nil
	}
	table, next := ident(c.new.Name), ident(shortened(n.Name+".next")) // of no field
	name := ident(shortened(c.new.Name + "." + n.Name + ".next"))
	checked, check := shortened(c.new.Name+"."+n.Name+".fits"), "" // which goes with the column that it is about
	switch _, fits := w.convert(next, o, n); {
	case n.Required:
		check = next + " IS NOT NULL"
	case fits != "":
		check = next + " IS NOT NULL OR " + ident(n.Name) + " IS NULL"
	}
	b := &beside{copies: true, holds: check != ""}
	b.ahead = []string{
		"ALTER TABLE " + table + " ADD COLUMN IF NOT EXISTS " + next + " " + declaredType(n),
		"CREATE OR REPLACE FUNCTION " + name + "() RETURNS trigger LANGUAGE plpgsql AS $copy$ BEGIN NEW." + next + " := " + w.equal("NEW."+ident(n.Name), o, n) + "; RETURN NEW; END $copy$",
		"CREATE OR REPLACE TRIGGER " + name + " BEFORE INSERT OR UPDATE ON " + table + " FOR EACH ROW EXECUTE FUNCTION " + name + "()",
		"UPDATE " + table + " SET " + next + " = " + w.equal(ident(n.Name), o, n) + " WHERE " + next + " IS NULL AND " + ident(n.Name) + " IS NOT NULL",
	}
	b.undo = []string{"DROP TRIGGER IF EXISTS " + name + " ON " + table, "DROP FUNCTION IF EXISTS " + name + "()", "ALTER TABLE " + table + " DROP COLUMN IF EXISTS " + next}
	b.then = []string{
		"DROP TRIGGER " + name + " ON " + table, "DROP FUNCTION " + name + "()", // of the indexes over it the next ones are there
		"ALTER TABLE " + table + " DROP COLUMN " + ident(n.Name), "ALTER TABLE " + table + " RENAME COLUMN " + next + " TO " + ident(n.Name),
	}
	if check != "" {
		i := w.checking(c, checked, "ALTER TABLE "+table+" ADD CONSTRAINT "+ident(checked)+" CHECK ("+check+")")
		b.ahead = slices.Concat(b.ahead, i.undo, i.ahead)
	}
	if n.Required {
		b.then = append(b.then, "ALTER TABLE "+table+" ALTER COLUMN "+ident(n.Name)+" SET NOT NULL", dropConstraint(c.new, checked))
	}
	for _, x := range c.new.Indexes {
		if slices.Contains(x.Columns, n.Name) {
			create := w.createIndex(c.new, x)
			columns := strings.LastIndex(create, " (")
			i := w.concurrently(c, w.indexName(c.new, x), create[:columns]+strings.Replace(create[columns:], ident(n.Name), next, 1))
			b.ahead = slices.Concat(b.ahead, i.undo, i.ahead)
			b.undo = slices.Concat(i.undo, b.undo)
			b.then = append(b.then, i.then...)
		}
	}
	return b
}

// equal is the value of another type that stands for one; NULL where there is none.
func (w *postgresPlan) equal(e string, o, n *Column) string {
	value, fits := w.convert(e, o, n)
	if fits == "" {
		return value
	}
	return "CASE WHEN " + fits + " THEN " + value + " END"
}

// copies tells whether nothing but indexes, which stay, stands on a column.
func (w *postgresPlan) copies(c *tableChange, o, n *Column) bool {
	over := func(columns []string) bool { return slices.Contains(columns, n.Name) }
	if o.Required != n.Required || over(c.new.Key) || over(c.new.Search) || over(c.was.Search) {
		return false
	}
	for _, t := range w.plan.changes {
		references := t.new.References
		if t.old != nil {
			references = slices.Concat(references, t.old.References)
		}
		for _, r := range references {
			if t == c && over(r.Columns) || r.Parent == c.new.Name && over(r.To) {
				return false
			}
		}
	}
	return !slices.ContainsFunc(slices.Concat(c.was.Indexes, c.new.Indexes), func(x Index) bool {
		rest := slices.DeleteFunc(slices.Clone(x.Columns), func(name string) bool { return name == n.Name })
		return over(x.Columns) && !(c.keeps(x) && w.still(c, rest))
	})
}
