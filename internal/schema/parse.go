package schema

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/loam-dev/loam/internal/form"
)

// StandardRoles are the roles that organizations have without a configuration.
func StandardRoles() []string { return []string{"owner", "admin", "member"} }

// Parse reads and checks a schema file, for organizations with the standard
// roles. The schema is nil where the diagnostics have an error. It never
// panics, whatever the source.
func Parse(name, source string) (*Schema, Diagnostics) {
	s, ds := ParseAll(name, source, StandardRoles())
	if ds.HasErrors() {
		return nil, ds
	}
	return s, ds
}

// ParseAll is Parse for the roles of a configuration (nil where they are not
// known, and any will do), and also returns a schema with errors, for other rooms
// to find their mistakes in as well: what is wrong in it is left out or a String.
// It is nil only for a file that is too large or no text.
func ParseAll(name, source string, roles []string) (*Schema, Diagnostics) {
	r := &reporter{file: name}
	first := span{Pos{1, 1}, 1}
	switch {
	case len(source) > maxSource:
		r.errorf(first, "too_large", "split it into several backends", "the file has %d bytes; the limit is %d", len(source), maxSource)
		return nil, r.result()
	case !utf8.ValidString(source):
		r.errorf(first, "encoding", "save the file as UTF-8", "the file is not valid UTF-8")
		return nil, r.result()
	}
	doc := readSyntax(r, newlines(source))
	c := newChecker(r, doc, roles)
	c.check()
	return c.s, r.result()
}

// checker turns syntax into a Schema. Each step reports what is wrong and
// leaves something behind that the next steps can work with.
type checker struct {
	*reporter
	doc        *document
	s          *Schema
	directives map[string]*directiveSpec
	plurals    *form.Pluralizer

	scalars   map[string]Scalar
	defs      map[string]*ast.Definition
	models    map[string]*modelDef
	order     []*modelDef // in file order, join models last
	enums     map[string]*Enum
	embedded  map[string]*Embedded
	links     []*link  // relations, in file order
	typeNames []string // all that a field may be typed with
}

// modelDef is a model in the making.
type modelDef struct {
	*Model
	def         *ast.Definition
	auth        []args // of @auth(rules:)
	hasAuth     bool
	authSpan    span
	byColumn    map[string]*Field
	links       []*link
	incoming    []*link
	keyed       bool
	keyArgs     *args
	indexes     []indexDef
	uniques     []args
	search      *args
	timing      timing
	fieldDef    map[string]*ast.FieldDefinition
	fieldAth    map[*Field]args
	implicit    []*Field        // to come after the declared fields
	own         []*Field        // of a built-in model: the app's own fields
	ownerDelete *args           // @model, where it has onOwnerDelete
	demanded    map[*Field]bool // those of own that are required and have no default
}

// timing says what @model(timestamps:) wants; "" turns a field off.
type timing struct{ createdAt, updatedAt string }

// indexDef is an @index yet to be resolved.
type indexDef struct {
	field *Field
	args  args
}

func newChecker(r *reporter, doc *document, roles []string) *checker {
	c := &checker{
		reporter: r, doc: doc, plurals: form.NewPluralizer(), directives: map[string]*directiveSpec{},
		scalars: map[string]Scalar{}, defs: map[string]*ast.Definition{},
		models: map[string]*modelDef{}, enums: map[string]*Enum{}, embedded: map[string]*Embedded{},
		s: &Schema{Roles: roles, models: map[string]*Model{}, paths: map[string]*Model{}},
	}
	for _, d := range directiveSpecs() {
		c.directives[d.name] = &d
	}
	for _, s := range scalarSpecs() {
		c.scalars[s.name] = s.scalar
	}
	return c
}

// check runs the steps in the order of their needs: names, fields, keys, then
// what refers to them.
func (c *checker) check() {
	c.declare()
	for _, e := range c.s.Enums {
		c.enumValues(e)
	}
	for _, e := range c.s.Embedded {
		c.embeddedFields(e)
	}
	c.embeddedLoops()
	for _, m := range c.order {
		c.modelFields(m)
	}
	c.builtInModels()
	for _, m := range c.order {
		c.modelKey(m)
	}
	c.manyToMany()
	c.relations()
	for _, m := range c.order {
		c.modelAuth(m)
	}
	c.joinRules()
	for _, m := range c.order {
		c.systemFields(m)
	}
	for _, m := range c.order {
		c.modelIndexes(m)
		c.modelSearch(m)
	}
	c.collisions()
	c.finish()
}

// pos is a place in the file of a place in the syntax.
func (c *checker) pos(p *ast.Position) Pos {
	if p == nil {
		return Pos{1, 1}
	}
	return c.doc.parts[p.Src].place(p.Start)
}

func (c *checker) span(p *ast.Position) span {
	if p == nil {
		return span{Pos{1, 1}, 1}
	}
	return span{c.pos(p), max(1, p.End-p.Start)}
}

// directiveSpan covers the @ and the name.
func (c *checker) directiveSpan(d *ast.Directive) span {
	p := c.pos(d.Position)
	return span{Pos{p.Line, max(1, p.Column-1)}, len(d.Name) + 1}
}

// declare collects the file's types by kind, and reports what is no part of
// the language.
func (c *checker) declare() {
	seen := map[string]bool{}
	for _, def := range c.doc.Definitions {
		at := spanOf(c.pos(def.Position), def.Name)
		if seen[def.Name] {
			c.errorf(at, "duplicate_type", "rename or remove one of them", "type `%s` is declared twice", def.Name)
			continue
		}
		seen[def.Name] = true
		if !c.typeName(def, at) {
			continue
		}
		c.defs[def.Name] = def
		switch def.Kind {
		case ast.Enum:
			e := &Enum{Name: def.Name, Doc: def.Description, Pos: at.Pos}
			c.enums[def.Name] = e
			c.s.Enums = append(c.s.Enums, e)
		case ast.Object:
			c.declareObject(def, at)
		default:
			c.unservedKind(def, at)
		}
	}
	c.unservedTopLevel()
	c.typeNames = slices.Concat(slices.Collect(maps.Keys(c.scalars)), slices.Collect(maps.Keys(c.models)),
		slices.Collect(maps.Keys(c.enums)), slices.Collect(maps.Keys(c.embedded)))
	slices.Sort(c.typeNames)
	if n := len(c.order); n > maxModels {
		c.errorf(span{c.order[maxModels].Pos, 1}, "too_many", "split the schema", "%d models; the limit is %d", n, maxModels)
		c.order = c.order[:maxModels]
	}
	if n := len(c.s.Enums) + len(c.s.Embedded); n > maxTypes {
		c.errorf(span{Pos{1, 1}, 1}, "too_many", "split the schema", "%d enums and embedded types; the limit is %d", n, maxTypes)
	}
	if len(c.order) == 0 && len(c.embedded) == 0 && len(c.diags) == 0 {
		c.warnf(span{Pos{1, 1}, 1}, "empty", "write type Task @model @auth(rules: [{ allow: member }]) { title: String! }", "the schema has no model")
	}
}

func (c *checker) declareObject(def *ast.Definition, at span) {
	if len(def.Interfaces) > 0 {
		c.errorf(at, "not_served", "remove `implements` and repeat the fields", "interfaces are not served yet")
	}
	if !c.meansModel(def) {
		e := &Embedded{Name: def.Name, Doc: def.Description, Pos: at.Pos, fields: map[string]*Field{}}
		c.embedded[def.Name] = e
		c.s.Embedded = append(c.s.Embedded, e)
		return
	}
	m := &modelDef{
		Model: &Model{Name: def.Name, Doc: def.Description, Table: def.Name, Pos: at.Pos, fields: map[string]*Field{}},
		def:   def, byColumn: map[string]*Field{}, fieldDef: map[string]*ast.FieldDefinition{}, fieldAth: map[*Field]args{},
	}
	c.models[def.Name] = m
	c.order = append(c.order, m)
}

// meansModel tells whether a type has @model, or something so near to it that
// taking it for another kind of type would only add to the confusion.
func (c *checker) meansModel(def *ast.Definition) bool {
	return slices.ContainsFunc(def.Directives, func(d *ast.Directive) bool {
		return d.Name == "model" || c.directives[d.Name] == nil && nearest(d.Name, []string{"model"}) != ""
	})
}

// typeName reports names that the language keeps for itself, and tells
// whether the type can be looked at further.
func (c *checker) typeName(def *ast.Definition, at span) bool {
	name := def.Name
	switch {
	case def.Kind == ast.Object && (name == "Query" || name == "Mutation" || name == "Subscription"):
		c.errorf(at, "not_served", "remove it; every @model has its operations, and functions come in a later version", "custom fields on %s are not served yet", name)
		return false
	case strings.HasPrefix(name, "_"):
		c.errorf(at, "reserved_name", c.didYouMean(name, []string{strings.TrimLeft(name, "_")}), "type names that start with _ belong to the system")
		return false
	case strings.HasPrefix(strings.ToLower(name), "sqlite_"):
		c.errorf(at, "reserved_name", "rename the type and keep the table by @mapsTo", "names that start with sqlite_ belong to the database")
		return false
	case len(name) > longestName:
		c.errorf(at, "reserved_name", "choose a shorter name", "the type name has %d characters; the limit is %d", len(name), longestName)
		return false
	case def.Kind == ast.Scalar:
		return true
	}
	if _, ok := c.scalars[name]; ok || slices.Contains(reservedTypes, name) {
		c.errorf(at, "reserved_name", "rename the type, for example `App"+name+"`", "`%s` is a type of the language", name)
		return false
	}
	return true
}

var reservedTypes = []string{"File", "Organization", "ModelSortDirection", "ModelAttributeTypes", "ModelSizeInput", "PageInfo"}

// unservedKind reports a definition that is no type of the language.
func (c *checker) unservedKind(def *ast.Definition, at span) {
	switch {
	case def.Kind == ast.InputObject && def.Name == "AMPLIFY":
		c.errorf(at, "not_served", "remove it and write @auth(rules: [{ allow: public }]) on the models that shall be open", "a global rule for all models is not served")
	case def.Kind == ast.InputObject:
		c.errorf(at, "not_served", "remove it; inputs are made from the models", "input types of your own are not served yet")
	case def.Kind == ast.Scalar:
		if _, ok := c.scalars[def.Name]; ok {
			c.errorf(at, "not_served", "remove the line", "`%s` is built in", def.Name)
			return
		}
		c.errorf(at, "not_served", "use String with @validate, or JSON", "scalars of your own are not served")
	case def.Kind == ast.Union:
		c.errorf(at, "not_served", "use one type with optional fields", "unions are not served yet")
	default:
		c.errorf(at, "not_served", "repeat the fields in each type", "interfaces are not served yet")
	}
	c.doc.broken[def.Name] = true // named already: what uses it needs no second word
}

func (c *checker) unservedTopLevel() {
	for _, def := range c.doc.Extensions {
		at := spanOf(c.pos(def.Position), def.Name)
		if c.extendsBuiltIn(def) {
			continue // see builtInModels
		}
		help := "write its fields into `type " + def.Name + "`"
		c.errorf(at, "not_served", help, "`extend` is served for User and Organization alone")
	}
	for _, def := range slices.Concat(c.doc.Schema, c.doc.SchemaExtension) {
		c.errorf(c.span(def.Position), "not_served", "remove it; the root types are made from the models", "a `schema` block is not served")
	}
	for _, def := range slices.Concat(c.doc.Directives, c.doc.DirectiveExtensions) {
		c.errorf(spanOf(c.pos(def.Position), def.Name), "not_served", "remove it; Loam's directives are built in", "directives of your own are not served")
	}
}
