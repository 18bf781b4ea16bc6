package schema

import (
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// relationNames are the directives that make a field a relation.
var relationNames = []string{"hasOne", "hasMany", "belongsTo", "manyToMany"}

func (c *checker) enumValues(e *Enum) {
	def := c.defs[e.Name]
	c.checkDirectives(def.Directives, onEnum, "an enum")
	if len(def.EnumValues) == 0 {
		c.errorf(spanOf(e.Pos, e.Name), "empty", "write enum "+e.Name+" { ONE OTHER }", "enum `%s` has no values", e.Name)
	}
	if len(def.EnumValues) > maxValues {
		c.errorf(spanOf(e.Pos, e.Name), "too_many", "use a model instead", "enum `%s` has %d values; the limit is %d", e.Name, len(def.EnumValues), maxValues)
		def.EnumValues = def.EnumValues[:maxValues]
	}
	for _, v := range def.EnumValues {
		at := spanOf(c.pos(v.Position), v.Name)
		switch {
		case e.Has(v.Name):
			c.errorf(at, "duplicate_value", "remove one of them", "value `%s` stands twice in `%s`", v.Name, e.Name)
			continue
		case v.Name == "true" || v.Name == "false" || v.Name == "null":
			c.errorf(at, "reserved_name", "write "+strings.ToUpper(v.Name), "`%s` can't be an enum value", v.Name)
		case strings.HasPrefix(v.Name, "__"):
			c.errorf(at, "reserved_name", "write "+strings.TrimLeft(v.Name, "_"), "names that start with __ belong to GraphQL")
		}
		reason := ""
		for _, found := range c.checkDirectives(v.Directives, onEnumValue, "an enum value") {
			reason = deprecation(found.args)
		}
		e.Values, e.Docs, e.Deprecated = append(e.Values, v.Name), append(e.Docs, v.Description), append(e.Deprecated, reason)
	}
}

func deprecation(a args) string {
	if reason := a.text("reason"); reason != "" {
		return reason
	}
	return "no longer supported"
}

// applied is a directive of the language where it may stand, with its arguments.
type applied struct {
	name string
	args args
}

// checkDirectives reports directives that are unknown, not served, misplaced
// or repeated, and returns the others in file order.
func (c *checker) checkDirectives(list ast.DirectiveList, on place, where string) []applied {
	var found []applied
	seen := map[string]bool{}
	for _, d := range list {
		at := c.directiveSpan(d)
		spec := c.directives[d.Name]
		switch {
		case spec == nil:
			c.errorf(at, "unknown_directive", c.directiveHelp(d.Name, on), "unknown directive `@%s`", d.Name)
			continue
		case spec.instead != "":
			c.errorf(at, "not_served", spec.instead, "`@%s` is not served yet", d.Name)
			continue
		case spec.on&on == 0:
			c.errorf(at, "misplaced", placeHelp(spec, on), "`@%s` can't stand on %s", d.Name, where)
			continue
		case seen[d.Name] && !spec.repeatable:
			c.errorf(at, "repeated", "keep one of them", "`@%s` stands twice", d.Name)
			continue
		}
		seen[d.Name] = true
		found = append(found, applied{d.Name, c.arguments(d, spec)})
	}
	return found
}

// directiveHelp says which directives may stand at a place.
func (c *checker) directiveHelp(got string, on place) string {
	if on == onEmbedded {
		on = onModel // a type whose @model is mistyped looks like an embedded one
	}
	if len(c.diags) >= maxDiagnostics {
		return ""
	}
	var names []string
	for _, d := range c.directives {
		if d.on&on != 0 && d.instead == "" {
			names = append(names, d.name)
		}
	}
	slices.Sort(names)
	if near := c.nearest(got, names); near != "" {
		return "did you mean `@" + near + "`?"
	}
	return "one of: @" + strings.Join(names, ", @")
}

func placeHelp(spec *directiveSpec, on place) string {
	switch {
	case spec.on&onModel != 0 && on == onEmbedded:
		return "add @model to the type, or remove it"
	case spec.on&onModel != 0 && spec.on&onField == 0:
		return "write it after the name of a type with @model"
	case spec.on&onField != 0 && spec.on&onModel == 0:
		return "write it after a field of a type with @model"
	default:
		return "write it on a type with @model, or on a field of one"
	}
}

func (c *checker) embeddedFields(e *Embedded) {
	def := c.defs[e.Name]
	c.checkDirectives(def.Directives, onEmbedded, "a type without @model, which is embedded in rows")
	c.countFields(def, e.Name)
	for _, fd := range def.Fields {
		at := spanOf(c.pos(fd.Position), fd.Name)
		f := &Field{Name: fd.Name, Doc: fd.Description, Pos: at.Pos}
		if !c.fieldName(e.fields, fd, at, e.Name) {
			continue
		}
		known := c.fieldType(f, fd.Type, e.Name)
		for _, found := range c.checkDirectives(fd.Directives, onEmbedded1, "a field of an embedded type") {
			f.Deprecated = deprecation(found.args)
		}
		if known && f.Kind == RelationKind {
			c.errorf(c.span(fd.Type.Position), "embedded_relation", "keep the id: `"+f.Name+"Id: ID`", "an embedded type can't refer to model `%s`", f.TypeName)
			known = false
		}
		if known {
			e.Fields = append(e.Fields, f)
		}
		e.fields[f.Name] = f
	}
}

func (c *checker) countFields(def *ast.Definition, name string) {
	at := spanOf(c.pos(def.Position), name)
	if len(def.Fields) == 0 {
		c.errorf(at, "empty", "write { title: String! } with the fields", "type `%s` has no fields", name)
	}
	if len(def.Fields) > maxFields {
		c.errorf(at, "too_many", "split the type, or move fields into embedded types", "type `%s` has %d fields; the limit is %d", name, len(def.Fields), maxFields)
		def.Fields = def.Fields[:maxFields]
	}
}

// fieldName reports names that can't be, and tells whether the field can be
// looked at further.
func (c *checker) fieldName(fields map[string]*Field, fd *ast.FieldDefinition, at span, owner string) bool {
	switch {
	case fields[fd.Name] != nil:
		c.errorf(at, "duplicate_field", "rename or remove one of them", "field `%s` stands twice in `%s`", fd.Name, owner)
		return false
	case strings.HasPrefix(fd.Name, "_"):
		c.errorf(at, "reserved_name", "write "+strings.TrimLeft(fd.Name, "_"), "field names that start with _ belong to the system")
		return false
	case len(fd.Name) > longestName:
		c.errorf(at, "reserved_name", "choose a shorter name", "the field name has %d characters; the limit is %d", len(fd.Name), longestName)
		return false
	}
	for name := range fields {
		if len(name) == len(fd.Name) && strings.EqualFold(name, fd.Name) {
			c.errorf(at, "duplicate_field", "rename one of them", "fields `%s` and `%s` of `%s` differ only in case", name, fd.Name, owner)
			return false
		}
	}
	if len(fd.Arguments) > 0 {
		c.errorf(at, "not_served", "remove the arguments", "arguments on a field are not served yet")
	}
	return true
}

// fieldType resolves a field's type; false where there is none of that name.
func (c *checker) fieldType(f *Field, t *ast.Type, owner string) bool {
	f.Required = t.NonNull
	if t.Elem != nil {
		f.List = true
		t = t.Elem
		f.ElemRequired = t.NonNull
	}
	at := spanOf(c.pos(t.Position), t.Name())
	if t.Elem != nil {
		c.errorf(at, "nested_list", "write ["+t.Name()+"], or embed a type that has the inner list", "a list of lists is not served")
		return false
	}
	f.TypeName = t.NamedType
	switch {
	case c.scalars[f.TypeName] != "":
		f.Kind, f.Scalar = ScalarKind, c.scalars[f.TypeName]
		c.s.AWS = c.s.AWS || strings.HasPrefix(f.TypeName, "AWS")
	case c.enums[f.TypeName] != nil:
		f.Kind, f.Enum = EnumKind, c.enums[f.TypeName]
	case c.embedded[f.TypeName] != nil:
		f.Kind, f.Embedded = EmbeddedKind, c.embedded[f.TypeName]
	case c.models[f.TypeName] != nil || isBuiltIn(f.TypeName) && c.defs[f.TypeName] == nil:
		f.Kind = RelationKind
	case c.doc.broken[f.TypeName]:
		return false
	case f.TypeName == "File":
		c.errorf(at, "not_served", "keep an address for now: `"+f.Name+": URL`", "the type `File` is not served yet")
		return false
	default:
		help := "declare it with type or enum, or use a scalar such as String"
		if near := c.nearest(f.TypeName, c.typeNames); near != "" {
			help = "did you mean `" + near + "`?"
		}
		c.errorf(at, "unknown_type", help, "unknown type `%s` of `%s.%s`", f.TypeName, owner, f.Name)
		return false
	}
	return true
}

// embeddedLoops reports embedded types that hold themselves without end: a row
// must have a size.
func (c *checker) embeddedLoops() {
	depth := map[*Embedded]int{}
	var walk func(e *Embedded, path []*Embedded) int
	walk = func(e *Embedded, path []*Embedded) int {
		if i := slices.Index(path, e); i >= 0 {
			c.errorf(spanOf(path[i].Pos, path[i].Name), "embedded_loop", "make it a model with @model and refer to it", "embedded type `%s` holds itself", e.Name)
			return 0
		}
		if d, ok := depth[e]; ok {
			return d
		}
		deepest := 0
		for _, f := range e.Fields {
			if f.Embedded != nil && len(path) <= maxEmbedded {
				deepest = max(deepest, walk(f.Embedded, append(path, e)))
			}
		}
		depth[e] = deepest + 1
		if deepest+1 > maxEmbedded {
			c.errorf(spanOf(e.Pos, e.Name), "too_deep", "make an inner type a model", "embedded types are nested more than %d deep", maxEmbedded)
		}
		return deepest + 1
	}
	for _, e := range c.s.Embedded {
		walk(e, nil)
	}
}

// modelFields reads a model's directives and fields.
func (c *checker) modelFields(m *modelDef) {
	for _, found := range c.checkDirectives(m.def.Directives, onModel, "a type") {
		c.modelDirective(m, found)
	}
	c.countFields(m.def, m.Name)
	for _, fd := range m.def.Fields {
		at := spanOf(c.pos(fd.Position), fd.Name)
		if !c.fieldName(m.fields, fd, at, m.Name) {
			continue
		}
		f := &Field{Name: fd.Name, Column: fd.Name, Doc: fd.Description, Model: m.Model, Pos: at.Pos}
		m.fields[f.Name], m.fieldDef[f.Name] = f, fd
		if !c.fieldType(f, fd.Type, m.Name) {
			f.Kind, f.Scalar, f.Broken = ScalarKind, String, true // stands in, so that what names the field finds it
			continue
		}
		c.queryWord(f, at)
		m.Fields = append(m.Fields, f)
		c.modelField(m, f, fd)
	}
}

func (c *checker) queryWord(f *Field, at span) {
	if slices.Contains(queryWords, f.Name) {
		c.warnf(at, "query_word", "in a URL filter by it with `filter={\""+f.Name+"\":{\"eq\":...}}`, or rename it", "`%s` is also a parameter of every list in REST", f.Name)
	}
}

// queryWords are the parameters of a REST list.
var queryWords = []string{"sort", "limit", "cursor", "include", "fields", "count", "filter", "search"}

// modelField applies a field's directives.
func (c *checker) modelField(m *modelDef, f *Field, fd *ast.FieldDefinition) {
	validated := false
	for _, found := range c.checkDirectives(fd.Directives, onField, "a field") {
		if found.name == "default" && validated {
			c.errorf(found.args.at, "order", "move @default before @validate", "`@validate` must follow `@default`")
		}
		validated = validated || found.name == "validate"
		if slices.Contains(relationNames, found.name) {
			c.addLink(m, f, fd, found)
			continue
		}
		c.fieldDirective(m, f, found)
	}
	if f.Kind != RelationKind {
		if other := m.byColumn[strings.ToLower(f.Column)]; other != nil {
			c.errorf(span{f.Pos, len(f.Name)}, "duplicate_column", "give one of them another @refersTo", "`%s` and `%s` have the same column `%s`", other.Name, f.Name, f.Column)
		}
		m.byColumn[strings.ToLower(f.Column)] = f
		return
	}
	f.Column = ""
	linked := slices.ContainsFunc(m.links, func(l *link) bool { return l.field == f })
	switch {
	case linked:
	case f.List:
		c.errorf(span{f.Pos, len(f.Name)}, "no_relation", "add @hasMany (or @manyToMany)", "`%s.%s` leads to model `%s`, but doesn't say how", m.Name, f.Name, f.TypeName)
	default:
		c.errorf(span{f.Pos, len(f.Name)}, "no_relation", "add @belongsTo (or @hasOne)", "`%s.%s` leads to model `%s`, but doesn't say how", m.Name, f.Name, f.TypeName)
	}
}

func (c *checker) fieldDirective(m *modelDef, f *Field, found applied) {
	a := found.args
	stored := func() bool {
		if f.Kind == RelationKind {
			c.errorf(a.at, "misplaced", "write it on the field that holds the key", "`@%s` can't stand on a relation", found.name)
		}
		return f.Kind != RelationKind
	}
	switch found.name {
	case "auth":
		m.fieldAth[f] = a
	case "deprecated":
		f.Deprecated = deprecation(a)
	case "renamedFrom":
		f.RenamedFrom = c.formerName(a, f.Name, m.Name+"."+f.Name) // of a relation: its key's, see renamedKeys
	case "refersTo":
		if stored() && a.has("name") && c.physicalName(a, "column") {
			f.Column = a.text("name")
		}
	case "unique":
		if a.has("fields") {
			c.errorf(a.at, "misplaced", "write @unique(fields: [...]) on the type", "`fields` of @unique stands on the type")
		}
		f.Unique = stored() && c.plain(f, a.at, "unique")
	case "primaryKey":
		c.keyDirective(m, f, a)
	case "index":
		if len(m.indexes) == maxIndexes {
			c.errorf(a.at, "too_many", "remove some", "`%s` has more than %d indexes", m.Name, maxIndexes)
		}
		if stored() && c.plain(f, a.at, "index") && len(m.indexes) <= maxIndexes {
			m.indexes = append(m.indexes, indexDef{f, a})
		}
	case "default":
		if stored() {
			c.defaultValue(f, a)
		}
	case "validate":
		if stored() {
			c.validation(f, a)
		}
	}
}

// plain reports that a directive needs one comparable value.
func (c *checker) plain(f *Field, at span, directive string) bool {
	if !f.Plain() {
		c.errorf(at, "not_plain", "use it on a single scalar or enum value", "`@%s` can't stand on `%s`: lists, embedded types and JSON are not compared", directive, f.Name)
	}
	return f.Plain()
}

// formerName reads @renamedFrom.
func (c *checker) formerName(a args, now, what string) string {
	name := a.text("name")
	if name == now {
		c.errorf(a.at, "renamed", "write the name that it had before, or remove the directive", "`%s` is renamed from itself", what)
		return ""
	}
	return name
}

// physicalName checks a name that goes into the database.
func (c *checker) physicalName(a args, noun string) bool {
	name := a.text("name")
	switch {
	case nameAt.FindString(name) != name || name == "":
		c.errorf(a.span("name"), "bad_argument", "use letters, digits and _", "`%s` can't be the name of a %s", name, noun)
	case strings.HasPrefix(name, "_") || strings.HasPrefix(strings.ToLower(name), "sqlite_"):
		c.errorf(a.span("name"), "reserved_name", "choose another name", "names that start with _ or sqlite_ belong to the system")
	case len(name) > longestName:
		c.errorf(a.span("name"), "reserved_name", "choose a shorter name", "the name has %d characters; the limit is %d", len(name), longestName)
	default:
		return true
	}
	return false
}

// fieldNames are the names that a suggestion may offer.
func (m *modelDef) fieldNames() []string { return slices.Sorted(maps.Keys(m.fields)) }

// lookup finds a field of a model by name, or reports that there is none.
func (c *checker) lookup(m *modelDef, w word) *Field {
	f := m.fields[w.text]
	if f == nil {
		var names []string
		if len(c.diags) < maxDiagnostics {
			names = m.fieldNames()
		}
		c.errorf(w.span, "unknown_field", c.didYouMean(w.text, names), "unknown field `%s` on %s", w.text, m.Name)
	}
	return f
}

// plainField finds a field that can be part of a key or an index.
func (c *checker) plainField(m *modelDef, w word, use string) *Field {
	f := c.lookup(m, w)
	if f == nil {
		return nil
	}
	if f.Kind == RelationKind {
		help := "name the field that holds the key"
		if m.fields[f.Name+"Id"] != nil {
			help = "write `" + f.Name + "Id`"
		}
		c.errorf(w.span, "not_plain", help, "`%s` is a relation and can't be part of %s", w.text, use)
		return nil
	}
	if !f.Plain() {
		c.errorf(w.span, "not_plain", "use a single scalar or enum value", "`%s` can't be part of %s: lists, embedded types and JSON are not compared", w.text, use)
		return nil
	}
	return f
}
