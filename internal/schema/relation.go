package schema

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// How a relation gets its key, in one rule each:
//
//   - @belongsTo keeps the other's key beside itself: `project` has
//     `projectId`. It uses the field where the file declares it, or those that
//     `fields` names.
//   - @hasMany without arguments is the other side of the one @belongsTo that
//     leads back. Where none leads back, the other model gets
//     `<model><Field>Id`, as in Amplify.
//   - @hasOne without arguments keeps the key on its own model in
//     `<model><Field>Id`, as in Amplify.
//
// Amplify names the key of a @belongsTo without fields after its @hasMany, and
// beside a @hasOne `<model><Field>Id`. That name is kept in Field.Alias; where
// the file declares a field of that name, it is the key.

// link is a relation in the making.
type link struct {
	m      *modelDef
	field  *Field
	kind   string
	args   args
	target *modelDef
	rel    *Relation
	join   *Field // manyToMany: the join model's reference to the other side
}

func (l *link) span() span { return span{l.field.Pos, len(l.field.Name)} }

// addLink remembers a relation field.
func (c *checker) addLink(m *modelDef, f *Field, fd *ast.FieldDefinition, found applied) {
	a := found.args
	many := found.name == "hasMany" || found.name == "manyToMany"
	switch {
	case f.Kind != RelationKind:
		c.errorf(spanOf(c.pos(fd.Type.Position), fd.Type.Name()), "not_a_model", "write the type of a model", "`@%s` leads to a model, but `%s` is none", found.name, f.TypeName)
		return
	case slices.ContainsFunc(m.links, func(l *link) bool { return l.field == f }):
		c.errorf(a.at, "repeated", "keep one of them", "`%s` has two relation directives", f.Name)
		return
	case many && !f.List:
		c.errorf(span{f.Pos, len(f.Name)}, "not_a_list", "write "+f.Name+": ["+f.TypeName+"]", "`@%s` leads to many, so its field is a list", found.name)
		f.List = true
	case !many && f.List:
		c.errorf(span{f.Pos, len(f.Name)}, "a_list", "write "+f.Name+": "+f.TypeName+", or use @hasMany", "`@%s` leads to one, so its field is no list", found.name)
		f.List = false
	}
	if a.has("limit") {
		if n := a.number("limit"); n < 1 || n > maxPageLimit {
			c.errorf(a.span("limit"), "bad_argument", "write limit: 100", "`limit` is from 1 to %d", maxPageLimit)
		}
	}
	if a.has("fields") && a.has("references") {
		c.errorf(a.span("references"), "bad_argument", "keep one of them", "`fields` and `references` exclude each other")
	}
	l := &link{m: m, field: f, kind: found.name, args: a}
	c.links, m.links = append(c.links, l), append(m.links, l)
}

// relations resolves the links: those that hold a key first, as the others
// pair with them.
func (c *checker) relations() {
	for _, l := range c.links {
		l.target = c.models[l.field.TypeName]
	}
	for _, kind := range []string{"belongsTo", "hasOne", "hasMany", "manyToMany"} {
		for _, l := range c.links {
			if l.kind != kind || l.target == nil {
				continue
			}
			l.rel = &Relation{Target: l.target.Model, Limit: l.args.number("limit")}
			l.field.Relation = l.rel
			switch kind {
			case "belongsTo":
				c.belongsTo(l)
			case "hasOne":
				c.hasOne(l)
			case "hasMany":
				c.hasMany(l)
			default:
				c.throughJoin(l)
			}
		}
	}
	c.renamedKeys()
	c.inverses()
	for _, l := range c.links {
		if l.rel != nil && len(l.rel.From) > 0 && len(l.rel.To) > 0 {
			c.sameTypes(l)
			c.scopes(l)
			l.target.incoming = append(l.target.incoming, l)
		}
	}
}

// belongsTo finds or makes the key beside the reference.
func (c *checker) belongsTo(l *link) {
	l.rel.Type, l.rel.To = BelongsTo, l.target.Key
	name := "fields"
	if l.args.has("references") {
		name = "references"
	}
	switch {
	case l.args.has(name):
		l.rel.From = c.keyFields(l.m, l.args.list(name), l)
	default:
		l.rel.From = c.besideKey(l)
	}
	c.onDelete(l)
}

// besideKey is a reference's own key: `project` has `projectId`, or
// `product` has `productSku` where the other's key is `sku`.
func (c *checker) besideKey(l *link) []*Field {
	var key []*Field
	for _, to := range l.target.Key {
		name, alias := l.field.Name+upperFirst(to.Name), c.alias(l, to)
		if f := l.m.fields[alias]; f != nil && l.m.fields[name] == nil && f.Plain() {
			key = append(key, f)
			continue
		}
		key = append(key, c.keyField(l, l.m, name, alias, to, l.field.Required))
	}
	return key
}

// renamedKeys passes the former name of a reference on to the key that is made
// for it: `project @renamedFrom(name: "task")` renames `taskId`.
func (c *checker) renamedKeys() {
	for _, l := range c.links {
		former := l.field.RenamedFrom
		if former == "" {
			continue
		}
		l.field.RenamedFrom = ""
		if l.rel == nil || l.rel.Type != BelongsTo || slices.ContainsFunc(l.rel.From, func(f *Field) bool { return !f.Implicit }) {
			c.errorf(l.span(), "misplaced", "write it on the field that holds the key", "`@renamedFrom` can't stand on `%s`: it has no column of its own", l.field.Name)
			continue
		}
		for i, f := range l.rel.From {
			f.RenamedFrom = former + upperFirst(l.rel.To[i].Name)
		}
	}
}

// alias is Amplify's name for the key of a reference without fields: it goes
// by the first field of the other model that leads back.
func (c *checker) alias(l *link, to *Field) string {
	for _, other := range l.target.links {
		switch {
		case other.field.TypeName != l.m.Name:
		case other.kind == "hasOne":
			return lowerFirst(l.m.Name) + upperFirst(l.field.Name) + upperFirst(to.Name)
		case other.kind == "hasMany" && bare(other):
			return lowerFirst(other.m.Name) + upperFirst(other.field.Name) + upperFirst(to.Name)
		case other.kind == "hasMany":
			return ""
		}
	}
	return ""
}

// bare tells whether a relation leaves its key to us.
func bare(l *link) bool {
	return !l.args.has("fields") && !l.args.has("references") && !l.args.has("indexName")
}

// keyField finds the field of that name on m, or makes one that can hold to.
func (c *checker) keyField(l *link, m *modelDef, name, alias string, to *Field, required bool) *Field {
	f := m.fields[name]
	if f == nil {
		if other := m.byColumn[strings.ToLower(name)]; other != nil {
			c.errorf(l.span(), "duplicate_column", "rename `"+other.Name+"`, or give the relation `fields`", "the key `%s` of `%s` has the column of `%s`", name, l.field.Name, other.Name)
		}
		made := &Field{Name: name, Column: name, Kind: to.Kind, TypeName: to.TypeName, Scalar: to.Scalar, Enum: to.Enum, Required: required, Alias: alias}
		if alias == name || m.fields[alias] != nil {
			made.Alias = ""
		}
		m.addImplicit(made)
		made.Pos = l.field.Pos
		return made
	}
	if !f.Plain() {
		c.errorf(span{f.Pos, len(f.Name)}, "not_plain", "write "+name+": "+to.TypeName, "`%s` is the key of relation `%s`, so it holds one value", name, l.field.Name)
	}
	if required && !f.Required && l.field.Required {
		c.warnf(span{f.Pos, len(f.Name)}, "optional_key", "write "+name+": "+f.TypeName+"!, or make `"+l.field.Name+"` optional", "`%s` is required, but its key `%s` is not", l.field.Name, name)
	}
	return f
}

// keyFields resolves the fields that a relation names on m.
func (c *checker) keyFields(m *modelDef, words []word, l *link) []*Field {
	var key []*Field
	for _, w := range words {
		f := c.plainField(m, w, "a relation's key")
		if f == nil {
			return nil
		}
		key = append(key, f)
	}
	return key
}

func (c *checker) onDelete(l *link) {
	required := slices.ContainsFunc(l.rel.From, func(f *Field) bool { return f.Required })
	switch l.args.text("onDelete") {
	case "CASCADE":
		l.rel.OnDelete = Cascade
	case "RESTRICT":
		l.rel.OnDelete = Restrict
	case "SET_NULL":
		if required || len(l.rel.From) == 0 {
			c.errorf(l.args.span("onDelete"), "bad_argument", "write RESTRICT or CASCADE, or make the reference optional", "`%s` is required, so its key can't be set to null", l.field.Name)
		}
	default:
		if required {
			l.rel.OnDelete = Restrict
		}
	}
	if slices.ContainsFunc(l.rel.From, func(f *Field) bool { return slices.Contains(l.m.Key, f) }) && l.rel.OnDelete == SetNull {
		l.rel.OnDelete = Restrict
	}
}

// hasOne keeps its key on its own model, unless `references` names the
// other's fields.
func (c *checker) hasOne(l *link) {
	l.rel.Type = HasOne
	switch {
	case l.args.has("references"):
		l.rel.From = l.m.Key
		l.rel.To = c.keyFields(l.target, l.args.list("references"), l)
	case l.args.has("fields"):
		l.rel.From = c.keyFields(l.m, l.args.list("fields"), l)
		l.rel.To = l.target.Key
	default:
		l.rel.To = l.target.Key
		for _, to := range l.target.Key {
			name := lowerFirst(l.m.Name) + upperFirst(l.field.Name) + upperFirst(to.Name)
			l.rel.From = append(l.rel.From, c.keyField(l, l.m, name, "", to, l.field.Required))
		}
	}
}

// hasMany pairs with the reference that leads back, or with the index or
// fields that it names, or makes a key on the other model. `fields` alone
// match the start of the other's primary key.
func (c *checker) hasMany(l *link) {
	l.rel.Type, l.rel.From = HasMany, l.m.Key
	switch {
	case l.args.has("references"):
		l.rel.To = c.keyFields(l.target, l.args.list("references"), l)
	case l.args.has("indexName"):
		c.overIndex(l)
	case l.args.has("fields"):
		l.rel.From = c.keyFields(l.m, l.args.list("fields"), l)
		l.rel.To = l.target.Key[:min(len(l.rel.From), len(l.target.Key))]
	default:
		l.rel.To = c.backKey(l)
	}
}

// overIndex takes the key from an index of the other model.
func (c *checker) overIndex(l *link) {
	if l.args.has("fields") {
		l.rel.From = c.keyFields(l.m, l.args.list("fields"), l)
	}
	var names []string
	for _, d := range l.target.indexes {
		name := c.nameOf(l.target, d)
		names = append(names, name)
		if name != l.args.text("indexName") {
			continue
		}
		l.rel.To = []*Field{d.field}
		for _, w := range d.args.list("sortKeyFields") {
			if f := l.target.fields[w.text]; f != nil && len(l.rel.To) < len(l.rel.From) {
				l.rel.To = append(l.rel.To, f)
			}
		}
		if len(l.rel.From) > len(l.rel.To) {
			l.rel.From = l.rel.From[:len(l.rel.To)]
		}
		return
	}
	c.errorf(l.args.span("indexName"), "unknown_index", c.didYouMean(l.args.text("indexName"), names), "`%s` has no index `%s`", l.target.Name, l.args.text("indexName"))
}

// backKey is the key of the reference that leads back to l, or a new one.
func (c *checker) backKey(l *link) []*Field {
	var back, siblings []*link
	for _, other := range l.target.links {
		if other.kind == "belongsTo" && other.target == l.m {
			back = append(back, other)
		}
	}
	for _, other := range l.m.links {
		if other.kind == "hasMany" && other.target == l.target && bare(other) {
			siblings = append(siblings, other)
		}
	}
	switch {
	case len(back) == 1 && len(siblings) == 1:
		return back[0].rel.From
	case len(back) > 0:
		first := back[0].field.Name + "Id"
		if len(back[0].rel.From) > 0 {
			first = back[0].rel.From[0].Name
		}
		c.errorf(l.span(), "ambiguous", "write @hasMany(references: [\""+first+"\"])",
			"`%s.%s` could be the other side of several references between `%s` and `%s`", l.m.Name, l.field.Name, l.m.Name, l.target.Name)
		return nil
	case l.target.ReadOnly:
		c.errorf(l.span(), "read_only", "make a model of your own between them", "`%s` is built in and can't hold a key", l.target.Name)
		return nil
	}
	var key []*Field
	for _, to := range l.m.Key {
		name := lowerFirst(l.m.Name) + upperFirst(l.field.Name) + upperFirst(to.Name)
		key = append(key, c.keyField(l, l.target, name, "", to, l.field.Required))
	}
	return key
}

// inverses joins the two sides that share a key.
func (c *checker) inverses() {
	for _, l := range c.links {
		if l.rel == nil || l.rel.Inverse != nil || len(l.rel.From) == 0 {
			continue
		}
		for _, other := range l.target.links {
			if other != l && other.target == l.m && other.rel != nil && other.rel.Inverse == nil &&
				other.rel.Type != l.rel.Type && slices.Equal(other.rel.From, l.rel.To) && slices.Equal(other.rel.To, l.rel.From) {
				l.rel.Inverse, other.rel.Inverse = other.field, l.field
				break
			}
		}
	}
}

// sameTypes reports keys that can't match: another number or other types.
func (c *checker) sameTypes(l *link) {
	if len(l.rel.From) != len(l.rel.To) {
		c.errorf(l.span(), "key_type", "name as many fields as the key has", "`%s` connects %d fields with %d", l.field.Name, len(l.rel.From), len(l.rel.To))
		return
	}
	for i, from := range l.rel.From {
		to := l.rel.To[i]
		text := func(f *Field) bool { return f.Kind == ScalarKind && (f.Scalar == ID || f.Scalar == String) }
		if from.Kind == to.Kind && from.Scalar == to.Scalar && from.Enum == to.Enum || text(from) && text(to) {
			continue
		}
		c.errorf(l.span(), "key_type", "give both the same type", "`%s.%s` has type %s, but `%s.%s` has type %s", from.Model.Name, from.Name, from.TypeName, to.Model.Name, to.Name, to.TypeName)
	}
}

// scopes reports a relation that would lead out of an organization's rows.
func (c *checker) scopes(l *link) {
	if l.m.Scope == Global && l.target.Scope == Tenant {
		c.errorf(l.span(), "scope", "make `"+l.m.Name+"` a model of the organization too, or `"+l.target.Name+"` global", "global model `%s` can't refer to `%s`, whose rows belong to organizations", l.m.Name, l.target.Name)
	}
	held := l.rel.Type == HasMany || l.rel.Type == HasOne && slices.Equal(l.rel.From, l.m.Key)
	if held && l.m.Scope == Tenant && l.target.Scope == Global {
		c.errorf(l.span(), "scope", "make `"+l.target.Name+"` a model of the organization too, or let `"+l.m.Name+"` refer to it with @belongsTo",
			"rows of the global model `%s` can't hold the key of `%s`, whose rows belong to organizations", l.target.Name, l.m.Name)
	}
}
