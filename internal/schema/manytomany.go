package schema

import (
	"slices"
	"strings"
)

// manyToMany makes the join model of each pair of @manyToMany fields, as
// Amplify makes it: a row per pair, with both keys, both references and an
// index over each key.
func (c *checker) manyToMany() {
	pairs := map[string][]*link{}
	var names []string
	for _, l := range c.links {
		if l.kind != "manyToMany" || !l.args.has("relationName") {
			continue
		}
		name := upperFirst(l.args.text("relationName"))
		if nameAt.FindString(name) != name || strings.HasPrefix(name, "_") {
			c.errorf(l.args.span("relationName"), "bad_argument", "use letters and digits", "`%s` can't be the name of a model", name)
			continue
		}
		if pairs[name] == nil {
			names = append(names, name)
		}
		pairs[name] = append(pairs[name], l)
	}
	for _, name := range names {
		c.joinPair(name, pairs[name])
	}
}

// joinPair checks one relation's sides and makes its join model.
func (c *checker) joinPair(name string, sides []*link) {
	one := sides[0]
	at := one.args.span("relationName")
	switch {
	case len(sides) == 1:
		c.errorf(at, "one_side", "add "+lowerFirst(one.m.Name)+"s: ["+one.m.Name+"] @manyToMany(relationName: \""+name+"\") to "+one.field.TypeName,
			"relation `%s` has only one side", name)
		return
	case len(sides) > 2:
		c.errorf(sides[2].args.span("relationName"), "repeated", "give it another relationName", "relation `%s` has more than two sides", name)
		return
	case sides[0].m == sides[1].m:
		c.errorf(at, "not_served", "write the join model yourself: type "+name+" @model with two @belongsTo", "a @manyToMany of `%s` with itself is not served", one.m.Name)
		return
	case sides[0].field.TypeName != sides[1].m.Name || sides[1].field.TypeName != sides[0].m.Name:
		c.errorf(at, "one_side", "let both fields lead to each other's model", "the sides of relation `%s` don't lead to each other", name)
		return
	case c.defs[name] != nil || c.models[name] != nil:
		c.errorf(at, "duplicate_type", "give the relation another name", "relation `%s` has the name of a type", name)
		return
	}
	join := &modelDef{
		Model: &Model{Name: name, Table: name, Join: true, Pos: one.field.Pos, fields: map[string]*Field{},
			Doc: "Joins " + sides[0].m.Name + " and " + sides[1].m.Name + "."},
		byColumn: map[string]*Field{}, fieldAth: map[*Field]args{}, hasAuth: true, timing: timing{"createdAt", "updatedAt"},
	}
	c.nameOperations(join, args{c: c, at: at})
	if sides[0].m.Scope == Global && sides[1].m.Scope == Global {
		join.Scope = Global
	}
	c.models[name] = join
	c.order = append(c.order, join)
	c.modelKey(join)
	for i, side := range sides {
		c.joinSide(join, side, sides[1-i])
	}
	join.Fields, join.implicit = append(join.Fields, join.implicit...), nil
}

// joinSide adds one side's key, its index and its reference to the join model,
// and gives the other side its way through.
func (c *checker) joinSide(join *modelDef, side, other *link) {
	m := side.m
	field := lowerFirst(m.Name)
	ref := &Field{Name: field, Kind: RelationKind, TypeName: m.Name, Model: join.Model, Required: true, Implicit: true, Pos: side.field.Pos}
	var key []*Field
	for i, to := range m.Key {
		name := field + upperFirst(to.Name)
		if i > 0 {
			name = field + to.Name // Amplify keeps the case of sort keys
		}
		key = append(key, join.addImplicit(&Field{Name: name, Kind: to.Kind, TypeName: to.TypeName, Scalar: to.Scalar, Enum: to.Enum, Required: true}))
	}
	ref.Relation = &Relation{Type: BelongsTo, Target: m.Model, From: key, To: m.Key, OnDelete: Cascade, Inverse: side.field}
	join.addImplicit(ref)
	ref.Column = ""
	x := &Index{Name: "by" + upperFirst(m.Name), Fields: key, Pos: side.field.Pos}
	names := make([]string, len(key))
	for i, f := range key {
		names[i] = upperFirst(f.Name)
	}
	x.QueryField = lowerFirst(c.plurals.Plural(join.Name)) + "By" + strings.Join(names, "And")
	join.Indexes = append(join.Indexes, x)
	other.join = ref // the other side's rows lead to this one
}

// throughJoin resolves a @manyToMany field: a list of join rows, and from each
// of them to the far side.
func (c *checker) throughJoin(l *link) {
	l.rel.Type = HasMany
	if l.join == nil {
		l.rel = nil
		l.field.Relation = nil
		return
	}
	join := l.join.Model
	near := join.fields[lowerFirst(l.m.Name)].Relation
	l.rel.Target, l.rel.From, l.rel.To, l.rel.Far = join, l.m.Key, near.From, l.join
	l.rel.Inverse = join.fields[lowerFirst(l.m.Name)]
	l.target = c.models[join.Name]
}

// joinRules gives each join model what both sides' rules allow. It is careful:
// a rule counts only where the other side has one that allows the same callers.
func (c *checker) joinRules() {
	for _, m := range c.order {
		if !m.Join {
			continue
		}
		var sides []*Model
		for _, f := range m.Fields {
			if f.Relation != nil {
				sides = append(sides, f.Relation.Target)
			}
		}
		if len(sides) != 2 {
			continue
		}
		for _, a := range sides[0].Rules {
			for _, b := range sides[1].Rules {
				if r := both(a, b); r != nil && !slices.ContainsFunc(m.Rules, func(have *Rule) bool { return sameCallers(have, r) && have.Ops == r.Ops }) {
					m.Rules = append(m.Rules, r)
				}
			}
		}
		for _, r := range m.Rules {
			if r.Allow == AllowOwner {
				r.OwnerField = c.ownerField(m, "owner", spanOf(m.Pos, m.Name))
			}
		}
		if len(m.Rules) == 0 && len(sides[0].Rules) > 0 && len(sides[1].Rules) > 0 {
			c.warnf(spanOf(m.Pos, m.Name), "no_rules", "write the join model yourself, with its rules: type "+m.Name+" @model with two @belongsTo",
				"no rule of `%s` allows the same callers as one of `%s`, so nobody may use `%s`", sides[0].Name, sides[1].Name, m.Name)
		}
	}
}

// both is the rule for callers whom a and b allow, or nil where that can't be
// said without a look at the rows.
func both(a, b *Rule) *Rule {
	ops := a.Ops & b.Ops
	if ops == 0 || a.Allow == AllowWhere || b.Allow == AllowWhere || a.GroupsField != nil || b.GroupsField != nil {
		return nil
	}
	narrow := func(of *Rule) *Rule {
		if of.Allow == AllowOwner && (of.OwnerField == nil || of.OwnerField.Name != "owner" || of.OwnerField.List) {
			return nil
		}
		r := *of
		r.Ops, r.OwnerField = ops, nil
		return &r
	}
	switch {
	case sameCallers(a, b):
		return narrow(a)
	case a.Allow == AllowMember && b.Allow == AllowMember:
		return commonMembers(a, b, ops)
	case a.Allow == AllowPrivate && a.Provider == "userPools" && b.Provider == a.Provider && b.Allow != AllowPublic:
		return narrow(b)
	case b.Allow == AllowPrivate && b.Provider == "userPools" && a.Provider == b.Provider && a.Allow != AllowPublic:
		return narrow(a)
	}
	return nil
}

// commonMembers is the rule for members whose role and team both rules name.
func commonMembers(a, b *Rule, ops Operation) *Rule {
	r := *a
	r.Ops = ops
	var someRole, someTeam bool
	r.Roles, someRole = common(a.Roles, b.Roles)
	r.Teams, someTeam = common(a.Teams, b.Teams)
	if !someRole || !someTeam {
		return nil
	}
	return &r
}

// common is what two lists share, of which an empty one stands for everything;
// ok is false where that is nothing.
func common(a, b []string) (both []string, ok bool) {
	switch {
	case len(a) == 0:
		return b, true
	case len(b) == 0:
		return a, true
	}
	both = slices.DeleteFunc(slices.Clone(a), func(one string) bool { return !slices.Contains(b, one) })
	return both, len(both) > 0
}

// sameCallers tells whether two rules allow the same callers, whatever the
// operations.
func sameCallers(a, b *Rule) bool {
	fieldName := func(f *Field) string {
		if f == nil {
			return ""
		}
		return f.Name
	}
	return a.Allow == b.Allow && a.Provider == b.Provider && a.IdentityClaim == b.IdentityClaim && a.GroupClaim == b.GroupClaim &&
		slices.Equal(a.Groups, b.Groups) && slices.Equal(a.Roles, b.Roles) && slices.Equal(a.Teams, b.Teams) && a.Filter == nil && b.Filter == nil &&
		fieldName(a.OwnerField) == fieldName(b.OwnerField) && fieldName(a.GroupsField) == fieldName(b.GroupsField)
}
