package migrate

import (
	"slices"
	"strings"
)

// Which new table and column continues which old one.

// match finds for each new table and column the old one that it continues.
func (d *differ) match() {
	origin := pairUp(tableTitles(d.old.Tables), tableTitles(d.new.Tables))
	renamed := map[string]string{}
	for i := range d.new.Tables {
		c := &tableChange{new: &d.new.Tables[i], columns: map[string]*Column{}}
		d.changes = append(d.changes, c)
		j, ok := origin[i]
		if !ok {
			continue
		}
		c.was = &d.old.Tables[j]
		renamed[c.was.Name] = c.new.Name
		for k, l := range pairUp(columnTitles(c.was.Columns), columnTitles(c.new.Columns)) {
			c.columns[c.new.Columns[k].Name] = &c.was.Columns[l]
		}
	}
	for _, c := range d.changes {
		if c.was != nil {
			c.old = d.underNewNames(c, renamed)
		}
	}
}

// title is what something may be recognized by.
type title struct{ name, known, from string }

func tableTitles(tables []Table) []title {
	var list []title
	for _, t := range tables {
		list = append(list, title{t.Name, t.Model, t.RenamedFrom})
	}
	return list
}

func columnTitles(columns []Column) []title {
	var list []title
	for _, c := range columns {
		_, field, _ := strings.Cut(c.Field, ".")
		list = append(list, title{c.Name, field, c.RenamedFrom})
	}
	return list
}

// pairUp maps the index of each new thing to that of the old one it continues:
// a rename first, unless it was applied before, then the same name, then the
// same name in the schema.
func pairUp(old, new []title) map[int]int {
	pairs, taken := map[int]int{}, map[int]bool{}
	find := func(is func(title) bool) int {
		for i, o := range old {
			if !taken[i] && is(o) {
				return i
			}
		}
		return -1
	}
	pair := func(i, j int) { pairs[i], taken[j] = j, true }
	for i, n := range new {
		applied := find(func(o title) bool { return o.name == n.name || o.known == n.known }) >= 0
		if n.from == "" || applied {
			continue
		}
		if j := find(func(o title) bool { return o.known == n.from || o.name == n.from }); j >= 0 {
			pair(i, j)
		}
	}
	for _, same := range []func(n, o title) bool{
		func(n, o title) bool { return n.name == o.name },
		func(n, o title) bool { return n.known == o.known },
	} {
		for i, n := range new {
			if _, done := pairs[i]; done {
				continue
			}
			if j := find(func(o title) bool { return same(n, o) }); j >= 0 {
				pair(i, j)
			}
		}
	}
	return pairs
}

// underNewNames is the old table as the renames leave it, its references to
// renamed tables included.
func (d *differ) underNewNames(c *tableChange, tables map[string]string) *Table {
	now := func(was *Table, column string) string {
		for _, other := range d.changes {
			if other.was != was {
				continue
			}
			for newName, o := range other.columns {
				if o.Name == column {
					return newName
				}
			}
		}
		return column
	}
	all := func(was *Table, columns []string) []string {
		list := make([]string, len(columns))
		for i, column := range columns {
			list[i] = now(was, column)
		}
		return list
	}
	t := *c.was
	t.Name, t.Model = c.new.Name, c.new.Model
	t.Columns = slices.Clone(t.Columns)
	for i := range t.Columns {
		t.Columns[i].Name = now(c.was, t.Columns[i].Name)
	}
	t.Key, t.Search = all(c.was, t.Key), all(c.was, t.Search)
	t.Indexes, t.References = slices.Clone(t.Indexes), slices.Clone(t.References)
	for i, x := range t.Indexes {
		t.Indexes[i].Columns = all(c.was, x.Columns)
	}
	for i, r := range t.References {
		parent := d.old.table(r.Parent)
		t.References[i].Columns, t.References[i].To = all(c.was, r.Columns), all(parent, r.To)
		if now, ok := tables[r.Parent]; ok {
			t.References[i].Parent = now
		}
	}
	return &t
}

// inOrder puts a rename after the one that frees its name. There is no circle:
// what already has a name is never renamed to it.
func inOrder[T any](renames []T, of func(T) (from, to string)) []T {
	var ordered []T
	for len(renames) > 0 {
		free := slices.IndexFunc(renames, func(r T) bool {
			_, to := of(r)
			return !slices.ContainsFunc(renames, func(other T) bool {
				from, target := of(other)
				return target != to && strings.EqualFold(from, to)
			})
		})
		free = max(free, 0)
		ordered = append(ordered, renames[free])
		renames = slices.Delete(renames, free, free+1)
	}
	return ordered
}
