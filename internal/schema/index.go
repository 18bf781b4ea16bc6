package schema

import (
	"slices"
	"strings"
)

// modelIndexes resolves @index and @unique, and adds the indexes that
// relations need where no other serves.
func (c *checker) modelIndexes(m *modelDef) {
	for _, d := range m.indexes {
		c.index(m, d)
	}
	for _, f := range m.Fields {
		if f.Unique && f.Plain() {
			c.addIndex(m, &Index{Name: "unique" + upperFirst(f.Name), Fields: []*Field{f}, Unique: true, Implicit: true, Pos: f.Pos})
		}
	}
	for _, a := range m.uniques {
		c.compositeUnique(m, a)
	}
	for _, f := range m.Fields {
		if f.Kind == RelationKind && f.Relation != nil && f.Relation.Type == BelongsTo {
			c.coverIndex(m, f.Relation.From, "by"+upperFirst(f.Name))
		}
	}
	for _, l := range m.incoming { // a parent's key on this model, without a @belongsTo
		c.coverIndex(m, l.rel.To, "by"+upperFirst(l.m.Name)+upperFirst(l.field.Name))
	}
	if n := len(m.Indexes); n > maxIndexes {
		c.errorf(spanOf(m.Pos, m.Name), "too_many", "remove some", "`%s` has %d indexes; the limit is %d", m.Name, n, maxIndexes)
	}
}

// index resolves one @index.
func (c *checker) index(m *modelDef, d indexDef) {
	x := &Index{Name: d.args.text("name"), Fields: []*Field{d.field}, Pos: d.args.at.Pos}
	x.Fields = c.keyOf(m, x.Fields, d.args, "sortKeyFields", "an index")
	automatic := c.indexed(m, d)
	switch {
	case d.args.null("queryField"):
	case d.args.has("queryField"):
		x.QueryField = c.operationName(d.args.list("queryField")[0], automatic)
	default:
		x.QueryField = automatic
	}
	x.Name = c.nameOf(m, d)
	if len(x.Name) > longestName || !indexName.MatchString(x.Name) {
		c.errorf(d.args.span("name"), "bad_argument", "use letters, digits, _, - and .", "`%s` can't be the name of an index", x.Name)
		return
	}
	if other := m.index(x.Name); other != nil {
		c.errorf(d.args.span("name"), "repeated", "give it another name", "`%s` has two indexes named `%s`", m.Name, x.Name)
		return
	}
	m.Indexes = append(m.Indexes, x)
}

// keyOf appends the fields that an argument names to key: each one plain, none
// twice, not too many.
func (c *checker) keyOf(m *modelDef, key []*Field, a args, name, use string) []*Field {
	for _, w := range a.list(name) {
		f := c.plainField(m, w, use)
		switch {
		case f == nil:
		case slices.Contains(key, f):
			c.errorf(w.span, "repeated", "remove it", "`%s` stands twice in %s", w.text, use)
		case len(key) == maxKeyFields:
			c.errorf(w.span, "too_many", "use fewer", "%s has more than %d fields", use, maxKeyFields)
			return key
		default:
			key = append(key, f)
		}
	}
	return key
}

// indexed is how Amplify names an index and its query: commentsByPostIDAndContent.
func (c *checker) indexed(m *modelDef, d indexDef) string {
	name := lowerFirst(c.plurals.Plural(m.Name)) + "By" + upperFirst(d.field.Name)
	for _, w := range d.args.list("sortKeyFields") {
		name += "And" + upperFirst(w.text)
	}
	return name
}

// nameOf is the index's name, given or made.
func (c *checker) nameOf(m *modelDef, d indexDef) string {
	if name := d.args.text("name"); name != "" {
		return name
	}
	return c.indexed(m, d)
}

func (m *modelDef) index(name string) *Index {
	for _, x := range m.Indexes {
		if strings.EqualFold(x.Name, name) {
			return x
		}
	}
	return nil
}

// addIndex adds an index of our own under a name that is free.
func (c *checker) addIndex(m *modelDef, x *Index) {
	if len(m.Indexes) > maxIndexes {
		return // said by modelIndexes
	}
	for name := x.Name; m.index(x.Name) != nil; {
		name += "_"
		x.Name = name
	}
	m.Indexes = append(m.Indexes, x)
}

// coverIndex adds an index over fields unless one, or the key, starts with them.
func (c *checker) coverIndex(m *modelDef, fields []*Field, name string) {
	if len(fields) == 0 {
		return
	}
	starts := func(of []*Field) bool {
		return len(of) >= len(fields) && slices.Equal(of[:len(fields)], fields)
	}
	if m.ReadOnly || starts(m.Key) || slices.ContainsFunc(m.Indexes, func(x *Index) bool { return starts(x.Fields) }) {
		return
	}
	c.addIndex(m, &Index{Name: name, Fields: fields, Implicit: true, Pos: m.Pos})
}

// compositeUnique resolves @unique(fields:) of a type.
func (c *checker) compositeUnique(m *modelDef, a args) {
	if a.missing("fields") {
		c.errorf(a.at, "missing_argument", "write @unique(fields: [\"a\", \"b\"]), or put @unique on the field", "`@unique` on a type needs `fields`")
		return
	}
	x := &Index{Name: "unique", Unique: true, Implicit: true, Pos: a.at.Pos}
	x.Fields = c.keyOf(m, nil, a, "fields", "@unique")
	for _, f := range x.Fields {
		x.Name += upperFirst(f.Name)
	}
	switch {
	case len(x.Fields) > 0:
		c.addIndex(m, x)
	case a.has("fields") && len(a.list("fields")) == 0:
		c.errorf(a.at, "missing_argument", "name the fields", "`@unique` on a type needs `fields`")
	}
}

// modelSearch resolves @search.
func (c *checker) modelSearch(m *modelDef) {
	if m.search == nil {
		return
	}
	s := &Search{Pos: m.search.at.Pos}
	for _, w := range m.search.list("fields") {
		f := c.lookup(m, w)
		switch {
		case f == nil:
		case f.Kind != ScalarKind || f.List || f.Scalar != String && f.Scalar != Email && f.Scalar != URL:
			c.errorf(w.span, "not_text", "name fields of type String", "`%s` has no text to search", w.text)
		case slices.Contains(s.Fields, f):
			c.errorf(w.span, "repeated", "remove it", "`%s` stands twice in @search", w.text)
		default:
			s.Fields = append(s.Fields, f)
		}
	}
	if n := len(m.search.list("fields")); m.search.has("fields") && (n == 0 || n > maxSearch) {
		c.errorf(m.search.at, "too_many", "write @search(fields: [\"title\"])", "`@search` takes 1 to %d fields, not %d", maxSearch, n)
	}
	m.Search = s
}
