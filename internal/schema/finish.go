package schema

import (
	"cmp"
	"slices"
	"strings"
)

// collisions reports names that two things claim: tables, paths, types and
// operations.
func (c *checker) collisions() {
	tables, paths := map[string]*modelDef{}, map[string]*modelDef{}
	for _, m := range c.order {
		at := spanOf(m.Pos, m.Name)
		if other := tables[strings.ToLower(m.Table)]; other != nil {
			help := "rename one, or give it another table by @mapsTo"
			c.errorf(at, "duplicate_table", help, "`%s` and `%s` have the same table `%s`", other.Name, m.Name, m.Table)
		}
		if other := paths[strings.ToLower(m.Path)]; other != nil {
			c.errorf(at, "duplicate_path", "rename one of them", "`%s` and `%s` have the same REST path `/api/%s`", other.Name, m.Name, m.Path)
		}
		tables[strings.ToLower(m.Table)], paths[strings.ToLower(m.Path)] = m, m
	}
	c.typeCollisions()
	c.operationCollisions()
	c.renames()
}

// renames reports former names that are still in use, or claimed twice.
func (c *checker) renames() {
	types := map[string]bool{}
	for _, m := range c.order {
		if m.RenamedFrom != "" && (c.defs[m.RenamedFrom] != nil || types[m.RenamedFrom]) {
			c.errorf(spanOf(m.Pos, m.Name), "renamed", "remove @renamedFrom from one, or the other type", "`%s` is renamed from `%s`, which another type is or was", m.Name, m.RenamedFrom)
		}
		types[m.RenamedFrom] = true
		fields := map[string]bool{}
		for _, f := range m.Fields {
			if f.RenamedFrom != "" && (m.fields[f.RenamedFrom] != nil || fields[f.RenamedFrom]) {
				c.errorf(spanOf(f.Pos, f.Name), "renamed", "remove @renamedFrom from one, or the other field", "`%s` is renamed from `%s`, which another field is or was", f.Name, f.RenamedFrom)
			}
			fields[f.RenamedFrom] = true
		}
	}
}

// typeCollisions reports types that have the name of one that is generated.
func (c *checker) typeCollisions() {
	generated := map[string]string{} // by name, for whom
	for _, m := range c.order {
		for _, form := range [][2]string{
			{"Model", "Connection"}, {"Model", "FilterInput"}, {"Model", "ConditionInput"}, {"ModelSubscription", "FilterInput"},
			{"Create", "Input"}, {"Update", "Input"}, {"Delete", "Input"},
		} {
			generated[form[0]+m.Name+form[1]] = m.Name
		}
	}
	for _, e := range c.s.Enums {
		generated["Model"+e.Name+"Input"], generated["Model"+e.Name+"ListInput"] = e.Name, e.Name
	}
	check := func(name string, at Pos) {
		if owner := generated[name]; owner != "" || inputName.MatchString(name) {
			c.errorf(spanOf(at, name), "reserved_name", "rename the type", "`%s` is the name of a type that is made for `%s`", name, cmp.Or(owner, "filters"))
		}
	}
	for _, m := range c.order {
		check(m.Name, m.Pos)
	}
	for _, e := range c.s.Enums {
		check(e.Name, e.Pos)
	}
	for _, e := range c.s.Embedded {
		check(e.Name, e.Pos)
	}
}

// operationCollisions reports GraphQL operations that two models claim.
func (c *checker) operationCollisions() {
	claimed := [3]map[string]*modelDef{{}, {}, {}} // queries, mutations, subscriptions
	told := map[[2]*modelDef]bool{}                // one word about two models is enough
	claim := func(root int, m *modelDef, at span, names ...string) {
		for _, name := range names {
			if name == "" {
				continue
			}
			if other := claimed[root][name]; other != nil && !told[[2]*modelDef{other, m}] {
				told[[2]*modelDef{other, m}] = true
				c.errorf(at, "duplicate_operation", "rename one of them in @model or by queryField", "the operation `%s` of `%s` is one of `%s` too", name, m.Name, other.Name)
			}
			claimed[root][name] = m
		}
	}
	for _, m := range c.order {
		at := spanOf(m.Pos, m.Name)
		claim(0, m, at, m.Ops.Get, m.Ops.List)
		claim(1, m, at, m.Ops.Create, m.Ops.Update, m.Ops.Delete)
		claim(2, m, at, slices.Concat(m.Ops.OnCreate, m.Ops.OnUpdate, m.Ops.OnDelete)...)
		for _, x := range m.Indexes {
			claim(0, m, span{x.Pos, 6}, x.QueryField)
		}
	}
}

// finish makes the schema's maps and its hash.
func (c *checker) finish() {
	for _, m := range c.order {
		aliases := map[string]bool{}
		for _, f := range m.Fields {
			if m.fields[f.Alias] != nil || aliases[f.Alias] {
				f.Alias = "" // one name leads to one field
			}
			aliases[f.Alias] = true
		}
		m.settleNames()
		c.s.Models = append(c.s.Models, m.Model)
		c.s.models[m.Name] = m.Model
		c.s.paths[m.Path] = m.Model
	}
	if !c.diags.HasErrors() {
		c.s.Hash = c.s.hash()
	}
}
