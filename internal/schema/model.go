package schema

import (
	"slices"
	"strings"
)

// modelDirective applies a directive of a type.
func (c *checker) modelDirective(m *modelDef, found applied) {
	a := found.args
	switch found.name {
	case "model":
		c.modelArguments(m, a)
	case "auth":
		m.hasAuth, m.authSpan, m.auth = true, a.at, a.objects("rules", authRule)
	case "search":
		m.search = &a
	case "unique":
		m.uniques = append(m.uniques, a)
	case "mapsTo", "refersTo":
		if a.has("name") && c.physicalName(a, "table") {
			m.Table = a.text("name")
		}
	case "renamedFrom":
		m.RenamedFrom = c.formerName(a, m.Name, m.Name)
	}
}

// modelArguments reads @model: the operations' names, the timestamps, the scope.
func (c *checker) modelArguments(m *modelDef, a args) {
	if a.text("scope") == "GLOBAL" {
		m.Scope = Global
	}
	m.OnOwnerDelete = map[string]OwnerDelete{"DELETE": DeleteRows, "CLEAR": ClearOwner}[a.text("onOwnerDelete")]
	if a.has("onOwnerDelete") {
		m.ownerDelete = &a
	}
	c.nameOperations(m, a)
	m.timing = timing{"createdAt", "updatedAt"}
	if a.null("timestamps") {
		m.timing = timing{}
		return
	}
	times := a.object("timestamps", c.argument("model", "timestamps").fields)
	pick := func(name string, into *string) {
		switch {
		case times.null(name):
			*into = ""
		case times.has(name):
			w := times.list(name)[0]
			if nameAt.FindString(w.text) != w.text || w.text == "" || strings.HasPrefix(w.text, "_") {
				c.errorf(w.span, "bad_argument", "use letters and digits", "`%s` can't be the name of a field", w.text)
				return
			}
			*into = w.text
		}
	}
	pick("createdAt", &m.timing.createdAt)
	pick("updatedAt", &m.timing.updatedAt)
}

// argument finds an argument's spec.
func (c *checker) argument(directive, name string) argSpec {
	specs := c.directives[directive].args
	return specs[slices.IndexFunc(specs, func(s argSpec) bool { return s.name == name })]
}

// nameOperations fills Ops: what @model renames, turns off or leaves alone.
func (c *checker) nameOperations(m *modelDef, a args) {
	upper := upperFirst(m.Name)
	m.Plural = c.plurals.Plural(upper)
	m.Path = lowerFirst(m.Plural)
	op := func(group, name, standard string) string {
		in := a.object(group, c.argument("model", group).fields)
		switch {
		case a.null(group) || in.null(name):
			return ""
		case in.has(name):
			return c.operationName(in.list(name)[0], standard)
		}
		return standard
	}
	m.Ops = Ops{
		Get: op("queries", "get", "get"+upper), List: op("queries", "list", "list"+m.Plural),
		Create: op("mutations", "create", "create"+upper), Update: op("mutations", "update", "update"+upper),
		Delete: op("mutations", "delete", "delete"+upper),
	}
	in := a.object("subscriptions", c.argument("model", "subscriptions").fields)
	if a.null("subscriptions") || in.text("level") == "off" {
		return
	}
	m.Ops.PublicSubscriptions = in.text("level") == "public"
	subscribe := func(name, mutation string) []string {
		switch {
		case mutation == "" || in.null(name):
			return nil
		case !in.has(name):
			return []string{name + upper}
		}
		var names []string
		for _, w := range in.list(name) {
			names = append(names, c.operationName(w, name+upper))
		}
		return names
	}
	m.Ops.OnCreate = subscribe("onCreate", m.Ops.Create)
	m.Ops.OnUpdate = subscribe("onUpdate", m.Ops.Update)
	m.Ops.OnDelete = subscribe("onDelete", m.Ops.Delete)
}

// operationName checks a name given for an operation; standard stands in for
// one that can't be.
func (c *checker) operationName(w word, standard string) string {
	if nameAt.FindString(w.text) != w.text || w.text == "" || strings.HasPrefix(w.text, "__") || len(w.text) > longestName {
		c.errorf(w.span, "bad_argument", "use letters and digits, or null to turn it off", "`%s` can't be the name of an operation", w.text)
		return standard
	}
	return w.text
}

// awsName is the name that an implicit field's scalar has in this schema.
func (c *checker) awsName(s Scalar) string {
	if c.s.AWS {
		return "AWS" + string(s)
	}
	return string(s)
}

// keyDirective remembers @primaryKey.
func (c *checker) keyDirective(m *modelDef, f *Field, a args) {
	if m.keyArgs != nil {
		c.errorf(a.at, "repeated", "keep one, and name the key's other fields in sortKeyFields", "`%s` has two @primaryKey", m.Name)
		return
	}
	if f.Kind == RelationKind {
		c.errorf(a.at, "misplaced", "write it on the field that holds the key", "`@primaryKey` can't stand on a relation")
		return
	}
	m.keyArgs = &a
	m.Key = []*Field{f}
}

// modelKey settles the primary key: @primaryKey, or `id`.
func (c *checker) modelKey(m *modelDef) {
	if m.keyed {
		return
	}
	m.keyed = true
	if m.keyArgs == nil {
		c.idKey(m)
		return
	}
	m.Key = c.keyOf(m, m.Key, *m.keyArgs, "sortKeyFields", "the primary key")
	for _, f := range m.Key {
		if !f.Required && f.Plain() {
			c.errorf(span{f.Pos, len(f.Name)}, "optional_key", "write "+f.Name+": "+f.TypeName+"!", "`%s` is part of the key, so it must be required", f.Name)
		}
		if f.Default != nil {
			c.warnf(span{f.Pos, len(f.Name)}, "default_key", "remove @default", "`%s` is part of the key; a default would make the second row a duplicate", f.Name)
		}
	}
	if first := m.Key[0]; !first.Plain() {
		c.plain(first, m.keyArgs.at, "primaryKey")
	}
}

// idKey makes `id` the key; the field is implicit unless declared.
func (c *checker) idKey(m *modelDef) {
	f := m.fields["id"]
	if f == nil {
		f = &Field{Name: "id", Column: "id", Model: m.Model, TypeName: "ID", Scalar: ID, Required: true, Implicit: true, Pos: m.Pos}
		if other := m.byColumn["id"]; other != nil {
			c.errorf(span{other.Pos, len(other.Name)}, "duplicate_column", "give it another @refersTo, or declare id", "`%s` has the column of the implicit `id`", other.Name)
		}
		m.Fields = append([]*Field{f}, m.Fields...)
		m.fields["id"], m.byColumn["id"] = f, f
	}
	if f.Kind != ScalarKind || f.List || f.Scalar != ID && f.Scalar != String && f.Scalar != Int {
		c.errorf(span{f.Pos, 2}, "bad_key", "write id: ID!, or mark another field with @primaryKey", "`id` of `%s` can't be a key", m.Name)
	} else if !f.Required {
		c.warnf(span{f.Pos, 2}, "optional_key", "write id: "+f.TypeName+"!", "`id` is the key of `%s`, so it is required", m.Name)
		f.Required = true
	}
	m.Key = []*Field{f}
}

// addImplicit adds a field that the file does not have.
func (m *modelDef) addImplicit(f *Field) *Field {
	f.Model, f.Implicit, f.Pos = m.Model, true, m.Pos
	if f.Column == "" {
		f.Column = f.Name
	}
	m.implicit = append(m.implicit, f)
	m.fields[f.Name], m.byColumn[strings.ToLower(f.Column)] = f, f
	return f
}

// systemFields adds the timestamps and the version, and puts the implicit
// fields behind the declared ones.
func (c *checker) systemFields(m *modelDef) {
	if !m.ReadOnly {
		m.CreatedAt = c.timeField(m, m.timing.createdAt)
		m.UpdatedAt = c.timeField(m, m.timing.updatedAt)
		version := &Field{Name: "version", Column: "_version", TypeName: "Int", Scalar: Int, Required: true, ReadOnly: true}
		if m.fields["version"] != nil {
			version.Name, version.Hidden = "_version", true
		}
		m.Version = m.addImplicit(version)
	}
	m.Fields = append(m.Fields, m.implicit...)
	m.implicit = nil
	m.keepProfile()
	if len(m.Fields) > maxFields+mostImplicit {
		c.errorf(spanOf(m.Pos, m.Name), "too_many", "make fewer models refer to it", "`%s` has %d fields with those for relations and rules; the limit is %d", m.Name, len(m.Fields), maxFields+mostImplicit)
	}
}

// timeField finds or makes a timestamp; nil where it is turned off.
func (c *checker) timeField(m *modelDef, name string) *Field {
	if name == "" {
		return nil
	}
	f := m.fields[name]
	if f == nil {
		return m.addImplicit(&Field{Name: name, TypeName: c.awsName(DateTime), Scalar: DateTime, Required: true, ReadOnly: true})
	}
	if f.Kind != ScalarKind || f.List || f.Scalar != DateTime && f.Scalar != String && f.Scalar != Timestamp {
		c.errorf(span{f.Pos, len(f.Name)}, "bad_timestamp", "write "+name+": "+c.awsName(DateTime)+", or name another field in @model(timestamps:)",
			"`%s` is set to the time by the server, so it can't have type %s", name, f.TypeName)
	}
	return f
}
