package migrate

import (
	"fmt"
	"slices"
	"strings"
)

// Diff plans the way from one layout to another. It knows no SQL and sees no
// data: what a step would do to rows is settled when a Migrator counts them.
func Diff(old, new Layout) Plan {
	d := differ{old: old, new: new}
	d.match()
	for i := range old.Tables {
		if !slices.ContainsFunc(d.changes, func(c *tableChange) bool { return c.was == &old.Tables[i] }) {
			d.dropTable(&old.Tables[i])
		}
	}
	d.renameTables()
	for _, c := range d.changes {
		d.renameColumns(c)
	}
	for _, c := range d.changes {
		if c.was == nil {
			d.createTable(c)
			continue
		}
		d.oldIndexes(c)
		d.columns(c)
		d.key(c)
		d.oldReferences(c)
	}
	for _, c := range d.changes {
		if c.was != nil {
			d.newIndexes(c)
		}
	}
	for _, c := range d.changes {
		if c.was != nil {
			d.newReferences(c)
		}
	}
	return Plan{Steps: d.steps, changes: d.changes}
}

type differ struct {
	old, new Layout
	changes  []*tableChange // one a new table, in order
	steps    []Step
}

// tableChange is a table before and after.
type tableChange struct {
	was     *Table // as it is in the database; nil for a new one
	old     *Table // was, under its new names
	new     *Table
	columns map[string]*Column // by new name: the column of was that it comes from
}

// from is the column of was that a new column comes from, or nil.
func (c *tableChange) from(column string) *Column { return c.columns[column] }

// continues tells whether a column of was lives on.
func (c *tableChange) continues(o *Column) bool {
	for _, from := range c.columns {
		if from == o {
			return true
		}
	}
	return false
}

// renames tells whether the table, or one of the columns, which go by their new
// names, had another name before.
func (c *tableChange) renames(columns []string) bool {
	return c.was.Name != c.new.Name || slices.ContainsFunc(columns, func(column string) bool {
		o := c.from(column)
		return o != nil && o.Name != column
	})
}

func (d *differ) add(s Step) { d.steps = append(d.steps, s) }

// createTable makes a new table. One that extends a built-in model concerns the
// rows that the model has already.
func (d *differ) createTable(c *tableChange) {
	s := Step{Kind: createTable, Subject: c.new.Model, Risk: Safe, Words: "creates table " + c.new.Model, change: c}
	if lacking := c.new.lacking(); len(lacking) > 0 {
		s.Risk, s.offence = Blocked, "have no value for "+strings.Join(lacking, ", ")
		s.remedy = "give the field @default, or leave it optional until they have one"
	}
	d.add(s)
}

// lacking names the columns that the rows of the extended model would have no
// value for.
func (t *Table) lacking() []string {
	var names []string
	for _, c := range t.Columns {
		if t.Extends != "" && c.Required && !c.filled() && !slices.Contains(t.Key, c.Name) {
			names = append(names, c.Field)
		}
	}
	return names
}

func (d *differ) dropTable(t *Table) {
	d.add(Step{
		Kind: dropTable, Subject: t.Model, Risk: Destructive, Flag: "drop:" + t.Model,
		Words: "drops table " + t.Model, offence: "would be lost", table: t,
	})
}

func (d *differ) renameTables() {
	var renamed []*tableChange
	for _, c := range d.changes {
		if c.was != nil && c.was.Name != c.new.Name {
			renamed = append(renamed, c)
		}
	}
	for _, c := range inOrder(renamed, func(c *tableChange) (from, to string) { return c.was.Name, c.new.Name }) {
		d.add(Step{
			Kind: renameTable, Subject: c.new.Model, Risk: Slow, change: c,
			Words: fmt.Sprintf("renames table %s to %s", c.was.Name, c.new.Name),
		})
	}
}

func (d *differ) renameColumns(c *tableChange) {
	var renamed []*Column
	for i := range c.new.Columns {
		if o := c.from(c.new.Columns[i].Name); o != nil && o.Name != c.new.Columns[i].Name {
			renamed = append(renamed, &c.new.Columns[i])
		}
	}
	for _, n := range inOrder(renamed, func(n *Column) (from, to string) { return c.from(n.Name).Name, n.Name }) {
		risk := Safe
		if slices.Contains(c.old.Search, n.Name) || slices.ContainsFunc(c.old.Indexes, func(x Index) bool { return slices.Contains(x.Columns, n.Name) }) {
			risk = Slow // they are made again under the new name
		}
		d.add(Step{
			Kind: renameColumn, Subject: n.Field, Risk: risk, change: c, column: n,
			Words: fmt.Sprintf("renames column %s.%s to %s", c.new.Model, c.from(n.Name).Name, n.Name),
		})
	}
}

func (d *differ) columns(c *tableChange) {
	if c.was.Tenant != c.new.Tenant {
		to, why := "GLOBAL", "would be shared by all organizations"
		if c.new.Tenant {
			to, why = "TENANT", "belong to no organization"
		}
		d.add(Step{
			Kind: changeScope, Subject: c.new.Model, Risk: Blocked, change: c, offence: why,
			remedy: "make a new model with the other scope and copy them over",
			Words:  fmt.Sprintf("makes the scope of %s %s", c.new.Model, to),
		})
	}
	for i := range c.was.Columns {
		o := &c.was.Columns[i]
		if c.continues(o) {
			continue
		}
		d.add(Step{
			Kind: dropColumn, Subject: o.Field, Risk: Destructive, Flag: "drop:" + o.Field, change: c, column: o,
			Words: "drops column " + o.Field, offence: "hold a value",
		})
	}
	for i := range c.new.Columns {
		n := &c.new.Columns[i]
		if o := c.from(n.Name); o != nil {
			d.changeColumn(c, o, n)
		} else {
			d.addColumn(c, n)
		}
	}
}

func (d *differ) addColumn(c *tableChange, n *Column) {
	s := Step{Kind: addColumn, Subject: n.Field, Risk: Safe, change: c, column: n, Words: "adds column " + n.Field}
	switch {
	case n.filled():
		s.Words += ", filled with " + n.fillWords()
		if n.Required {
			s.Risk = Slow
		}
	case n.Required:
		s.Words += ", required"
		s = d.require(c, n, s)
	}
	d.add(s)
}

// require marks a step that needs a value where rows have none.
func (d *differ) require(c *tableChange, n *Column, s Step) Step {
	s.offence = "have no value"
	s.Risk, s.remedy = Blocked, "give the field @default, or leave it optional until they have one"
	if z := c.stopgap(n); z != nil {
		s.Risk, s.Flag = Destructive, "require:"+n.Field
		s.remedy = fmt.Sprintf("%q would be put in its place", *z)
	}
	return s
}

// stopgap is a value for rows that have none, where one makes sense.
func (c *tableChange) stopgap(n *Column) *string {
	if slices.Contains(c.new.Key, n.Name) || slices.ContainsFunc(c.new.References, func(r Reference) bool { return slices.Contains(r.Columns, n.Name) }) {
		return nil
	}
	if slices.ContainsFunc(c.new.Indexes, func(x Index) bool { return x.Unique && slices.Contains(x.Columns, n.Name) }) {
		return nil
	}
	return n.zero()
}

func (d *differ) changeColumn(c *tableChange, o, n *Column) {
	if o.describes() != n.describes() || o.Type != n.Type || !sameValues(o, n) {
		s := Step{Kind: changeColumn, Subject: n.Field, Risk: Safe, change: c, column: n}
		s.Words = fmt.Sprintf("changes %s from %s to %s", n.Field, o.describes(), n.describes())
		if o.describes() == n.describes() {
			s.Words = fmt.Sprintf("changes the values of enum %s, which %s has", n.Of, n.Field)
		}
		switch conversionOf(o, n) {
		case rewritten:
			s.Risk = Slow
		case narrowed:
			s.Risk, s.Flag = Destructive, "narrow:"+n.Field
			s.offence, s.remedy = "have a value that is no "+n.describes(), "it would be emptied"
			switch z := c.stopgap(n); {
			case !n.Required:
			case n.filled():
				s.remedy = "it would become " + n.fillWords()
			case z != nil:
				s.remedy = fmt.Sprintf("it would become %q", *z)
			default:
				s.Risk, s.Flag, s.remedy = Blocked, "", "change them first"
			}
		}
		d.add(s)
	}
	switch {
	case o.Required == n.Required:
	case !n.Required:
		d.add(Step{Kind: changeColumn, Subject: n.Field, Risk: Slow, change: c, column: n, nullness: true, Words: "makes " + n.Field + " optional"})
	default:
		s := Step{Kind: changeColumn, Subject: n.Field, Risk: Slow, change: c, column: n, nullness: true, Words: "makes " + n.Field + " required"}
		if n.filled() {
			s.Words += ", filled with " + n.fillWords() + " where it is empty"
		} else {
			s = d.require(c, n, s)
		}
		d.add(s)
	}
}

func (d *differ) key(c *tableChange) {
	if !slices.Equal(c.old.Key, c.new.Key) {
		d.add(Step{
			Kind: changeKey, Subject: c.new.Model, Risk: Blocked, change: c, offence: "have no value for it or that of another row", remedy: "change them first",
			Words: fmt.Sprintf("makes (%s) the key of %s", strings.Join(c.new.Key, ", "), c.new.Model),
		})
	}
}

func (d *differ) oldReferences(c *tableChange) {
	for i, r := range c.old.References {
		if !slices.ContainsFunc(c.new.References, r.equal) {
			d.add(Step{
				Kind: dropReference, Subject: c.new.Model, Risk: Slow, change: c, reference: &c.old.References[i],
				Words: fmt.Sprintf("ends the reference from %s(%s) to %s", c.new.Model, strings.Join(r.Columns, ", "), r.Parent),
			})
		}
	}
}

// newReferences come last: the rows and the keys that they need are there then.
func (d *differ) newReferences(c *tableChange) {
	for i, r := range c.new.References {
		if slices.ContainsFunc(c.old.References, r.equal) {
			continue
		}
		s := Step{
			Kind: addReference, Subject: c.new.Model, Risk: Slow, change: c, reference: &c.new.References[i],
			Words: fmt.Sprintf("makes %s(%s) a reference to %s", c.new.Model, strings.Join(r.Columns, ", "), r.Parent),
		}
		if slices.ContainsFunc(r.Columns, func(column string) bool { return c.from(column) != nil }) {
			s.offence, s.remedy, s.Risk = "refer to no row of "+r.Parent, "change them first", Blocked
			if c.loosest(r.Columns) != "" {
				s.Risk, s.Flag, s.remedy = Destructive, "reference:"+c.new.column(r.Columns[0]).Field, "the reference would be emptied"
			}
		}
		d.add(s)
	}
}

// loosest is the first of the columns that may be emptied, or "".
func (c *tableChange) loosest(columns []string) string {
	for _, column := range columns {
		if !c.new.column(column).Required {
			return column
		}
	}
	return ""
}

// oldIndexes go before the columns change: values may be the same for a while,
// or for good.
func (d *differ) oldIndexes(c *tableChange) {
	for i, x := range c.old.Indexes {
		if !c.keeps(x) {
			d.add(Step{
				Kind: dropIndex, Subject: c.new.Model, Risk: Safe, change: c, index: &c.old.Indexes[i],
				Words: fmt.Sprintf("drops the index of %s over %s", c.new.Model, strings.Join(x.Columns, ", ")),
			})
		}
	}
	if len(c.old.Search) > 0 && !slices.Equal(c.old.Search, c.new.Search) {
		d.add(Step{Kind: dropSearch, Subject: c.new.Model, Risk: Safe, change: c, Words: "drops the full-text index of " + c.new.Model})
	}
}

// keeps tells whether a table has an index before and after, and whether what
// is unique stays so: values may have become the same.
func (c *tableChange) keeps(x Index) bool {
	both := slices.ContainsFunc(c.old.Indexes, x.equal) && slices.ContainsFunc(c.new.Indexes, x.equal)
	return both && !(x.Unique && slices.ContainsFunc(x.Columns, func(column string) bool {
		o, n := c.from(column), c.new.column(column)
		return o == nil || conversionOf(o, n) == narrowed || n.Required && !o.Required
	}))
}

func (d *differ) newIndexes(c *tableChange) {
	for i, x := range c.new.Indexes {
		if c.keeps(x) {
			continue
		}
		s := Step{
			Kind: createIndex, Subject: c.new.Model, Risk: Slow, change: c, index: &c.new.Indexes[i],
			Words: fmt.Sprintf("indexes %s by %s", c.new.Model, strings.Join(x.Columns, ", ")),
		}
		if x.Unique {
			s.Words = fmt.Sprintf("makes %s(%s) unique", c.new.Model, strings.Join(x.Columns, ", "))
			s.offence, s.remedy, s.Risk = "have the value of another row", "change them first", Blocked
			if loose := c.loosest(x.Columns); loose != "" {
				s.Risk, s.Flag, s.remedy = Destructive, "unique:"+c.new.column(x.Columns[0]).Field, loose+" would be emptied in all but the first"
			}
		}
		d.add(s)
	}
	if len(c.new.Search) > 0 && !slices.Equal(c.old.Search, c.new.Search) {
		d.add(Step{
			Kind: createSearch, Subject: c.new.Model, Risk: Slow, change: c,
			Words: fmt.Sprintf("makes a full-text index of %s over %s", c.new.Model, strings.Join(c.new.Search, ", ")),
		})
	}
}
