package schema

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// The names of the built-in models.
const (
	userModel         = "User"
	organizationModel = "Organization"
)

// builtIn is a model that the system's own tables hold. Doors read it as any
// other; the app adds fields of its own to it by `extend type`.
type builtIn struct {
	name, doc    string
	plural, path string
	table        string // of the app's own fields
	fields       []builtInField
	taken        []string // further names that the app's own fields can't have
}

type builtInField struct {
	name     string
	scalar   Scalar
	required bool
}

// builtIns lists them. The names that are taken are those of what stands beside
// the app's own fields in a request or an answer.
func builtIns() []builtIn {
	return []builtIn{
		{
			name: userModel, doc: "A user who is a member of the active organization.", plural: "Users", path: "users", table: "_user_profiles",
			fields: []builtInField{{"id", ID, true}, {"name", String, false}, {"email", Email, false}, {"role", String, false}, {"createdAt", DateTime, true}},
			taken: []string{"updatedAt", "version", "profile", "password", "currentPassword", "emailVerified", "verified", "admin", "groups", "roles", "disabled",
				"anonymous", "locale", "picture", "organization", "organizations", "invitation", "redirect", "code", "token", "ticket", "challenge", "captcha", "teams"},
		},
		{
			name: organizationModel, doc: "The active organization.", plural: "Organizations", path: "organizations", table: "_organization_profiles",
			fields: []builtInField{{"id", ID, true}, {"name", String, true}, {"slug", String, true}, {"logo", URL, false}, {"color", String, false}, {"createdAt", DateTime, true}},
			taken: []string{"updatedAt", "version", "profile", "role", "owner", "members", "teams", "domains", "suspended", "suspendedAt", "colour",
				"locale", "limits", "usage"},
		},
	}
}

func isBuiltIn(name string) bool { return name == userModel || name == organizationModel }

// extendsBuiltIn tells whether an extension is of a built-in model.
func (c *checker) extendsBuiltIn(def *ast.Definition) bool {
	return isBuiltIn(def.Name) && def.Kind == ast.Object && c.defs[def.Name] == nil
}

// builtInModels adds the built-in models that the schema refers to or extends.
func (c *checker) builtInModels() {
	for _, b := range builtIns() {
		var extensions []*ast.Definition
		for _, def := range c.doc.Extensions {
			if def.Name == b.name && c.extendsBuiltIn(def) {
				extensions = append(extensions, def)
			}
		}
		first := slices.IndexFunc(c.links, func(l *link) bool { return l.field.TypeName == b.name })
		if first < 0 && len(extensions) == 0 || c.defs[b.name] != nil || c.doc.broken[b.name] {
			continue
		}
		var at Pos
		if len(extensions) > 0 {
			at = c.pos(extensions[0].Position)
		} else {
			at = c.links[first].field.Pos
		}
		c.builtInModel(b, at, extensions)
	}
}

func (c *checker) builtInModel(b builtIn, at Pos, extensions []*ast.Definition) {
	m := &modelDef{
		Model: &Model{Name: b.name, Doc: b.doc, Pos: at, Plural: b.plural, Path: b.path, Table: b.name, ReadOnly: true, fields: map[string]*Field{},
			Ops: Ops{Get: "get" + b.name, List: "list" + b.plural}},
		hasAuth: true, byColumn: map[string]*Field{}, fieldDef: map[string]*ast.FieldDefinition{}, fieldAth: map[*Field]args{}, keyed: true,
		demanded: map[*Field]bool{},
	}
	for _, def := range extensions {
		c.extend(m, b, def)
	}
	m.own, m.Fields = m.Fields, nil
	for _, spec := range b.fields {
		typeName := string(spec.scalar)
		if spec.scalar == Email || spec.scalar == DateTime || spec.scalar == URL {
			typeName = c.awsName(spec.scalar) // after the app's own fields, which may be the first with an AWS scalar
		}
		f := &Field{Name: spec.name, Column: spec.name, Model: m.Model, TypeName: typeName, Scalar: spec.scalar, Required: spec.required, ReadOnly: true, Implicit: true}
		m.Fields = append(m.Fields, f)
		m.fields[f.Name], m.byColumn[strings.ToLower(f.Name)] = f, f
	}
	m.Key, m.CreatedAt = m.Fields[:1:1], m.fields["createdAt"]
	m.Fields = append(m.Fields, m.own...)
	m.Rules = []*Rule{{Allow: AllowMember, Ops: Read}}
	c.models[b.name] = m
	c.order = append(c.order, m)
}

// extend reads the fields of one `extend type`.
func (c *checker) extend(m *modelDef, b builtIn, def *ast.Definition) {
	for _, d := range def.Directives {
		c.errorf(c.directiveSpan(d), "misplaced", "remove it; a field may have @auth of its own", "`@%s` can't stand on `extend type %s`", d.Name, def.Name)
	}
	if len(def.Interfaces) > 0 {
		c.errorf(spanOf(c.pos(def.Position), def.Name), "not_served", "remove `implements`", "interfaces are not served yet")
	}
	c.countFields(def, def.Name)
	for _, fd := range def.Fields {
		at := spanOf(c.pos(fd.Position), fd.Name)
		if b.takes(fd.Name) {
			c.errorf(at, "reserved_name", "choose another name, for example `my"+upperFirst(fd.Name)+"`", "`%s` of %s belongs to the system", fd.Name, m.Name)
			continue
		}
		if !c.fieldName(m.fields, fd, at, m.Name) {
			continue
		}
		f := &Field{Name: fd.Name, Column: fd.Name, Doc: fd.Description, Model: m.Model, Pos: at.Pos}
		m.fields[f.Name], m.fieldDef[f.Name] = f, fd
		if !c.fieldType(f, fd.Type, m.Name) {
			f.Kind, f.Scalar, f.Broken = ScalarKind, String, true
			continue
		}
		if f.Kind == RelationKind {
			c.errorf(at, "extended_relation", "keep the id: `"+f.Name+"Id: ID`, or refer to "+m.Name+" from a model of your own",
				"`%s` of %s leads to a model; a field of a built-in model holds a value", f.Name, m.Name)
			f.Kind, f.Scalar, f.Broken = ScalarKind, String, true
			continue
		}
		c.queryWord(f, at)
		m.Fields = append(m.Fields, f)
		fd.Directives = c.profileDirectives(m, fd)
		c.modelField(m, f, fd)
		if b.takes(f.Column) {
			c.errorf(at, "duplicate_column", "give it another @refersTo", "the column `%s` of %s belongs to the system", f.Column, m.Name)
		}
		if f.Required && f.Default == nil {
			m.demanded[f], f.Required = true, false
		}
	}
	if len(m.Fields) > maxFields {
		c.errorf(spanOf(m.Pos, m.Name), "too_many", "move fields into embedded types", "`%s` has %d fields of your own; the limit is %d", m.Name, len(m.Fields), maxFields)
		m.Fields = m.Fields[:maxFields]
	}
}

// takes tells whether the system has the name for itself, in any case.
func (b builtIn) takes(name string) bool {
	return slices.ContainsFunc(b.taken, func(t string) bool { return strings.EqualFold(t, name) }) ||
		slices.ContainsFunc(b.fields, func(f builtInField) bool { return strings.EqualFold(f.name, name) })
}

// profileDirectives leaves out, with a diagnostic, what can't stand on a field
// of a built-in model. A profile is shared by all organizations of a user, so
// that a unique one would tell of users whom the caller does not see.
func (c *checker) profileDirectives(m *modelDef, fd *ast.FieldDefinition) ast.DirectiveList {
	var kept ast.DirectiveList
	for _, d := range fd.Directives {
		switch d.Name {
		case "unique":
			c.errorf(c.directiveSpan(d), "misplaced", "remove it, or keep the value in a model of your own",
				"`@unique` can't stand on a field of %s: a refused value would tell of rows of other organizations", m.Name)
		case "index", "primaryKey":
			c.errorf(c.directiveSpan(d), "misplaced", "remove it", "`@%s` can't stand on a field of %s: its rows are found by their organization", d.Name, m.Name)
		default:
			kept = append(kept, d)
		}
	}
	return kept
}

// keepProfile makes the table of a built-in model's own fields. Where such a
// field is required and has no default, only those rows have it for sure that
// were made with it, so that it is required of who writes it, and may be null to
// who reads it.
func (m *modelDef) keepProfile() {
	if len(m.own) == 0 {
		return
	}
	table := ""
	for _, b := range builtIns() {
		if b.name == m.Name {
			table = b.table
		}
	}
	p := &Model{Name: m.Name, Doc: m.Doc, Table: table, Pos: m.Pos, fields: map[string]*Field{}}
	if m.Name == userModel {
		p.Scope = Global // a user is the same one in every organization
	}
	add := func(f Field) *Field {
		f.Model = p
		p.Fields = append(p.Fields, &f)
		p.fields[f.Name] = &f
		return &f
	}
	id := add(*m.Key[0])
	id.ReadOnly = false
	p.Key = []*Field{id}
	for _, f := range m.own {
		own := add(*f)
		own.Required = f.Required || m.demanded[f]
	}
	p.Version = add(Field{Name: "_version", Column: "_version", TypeName: "Int", Scalar: Int, Required: true, ReadOnly: true, Implicit: true, Hidden: true})
	m.Profile = p
}
