package console

import (
	"fmt"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/schema"
)

// Schema is the schema in force as the console draws it.
type Schema struct {
	File        string       `json:"file"`
	Source      string       `json:"source"` // in dev the file as it was last saved, which may not be in force
	InForce     bool         `json:"inForce"`
	Hash        string       `json:"hash"`
	Models      []Model      `json:"models"`
	Enums       []Enum       `json:"enums"`
	Embedded    []Embedded   `json:"embedded"`
	Edges       []Edge       `json:"edges"`
	Diagnostics []Diagnostic `json:"diagnostics"`
}

// Place is a place in the file, counted from 1.
type Place struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Model is one model.
type Model struct {
	Name       string               `json:"name"`
	Plural     string               `json:"plural"`
	Path       string               `json:"path"`
	Scope      string               `json:"scope"`
	Doc        string               `json:"doc"`
	Join       bool                 `json:"join"`
	ReadOnly   bool                 `json:"readOnly"` // built in
	Key        []string             `json:"key"`
	Fields     []Field              `json:"fields"`
	Indexes    []Index              `json:"indexes"`
	Search     []string             `json:"search"`
	Rules      []access.RuleInWords `json:"rules"`
	Operations map[string]string    `json:"operations"` // of GraphQL, by what they do
	Pos        Place                `json:"pos"`
}

// Field is one field.
type Field struct {
	Name       string               `json:"name"`
	Type       string               `json:"type"` // as written: [String!]!
	Kind       string               `json:"kind"`
	List       bool                 `json:"list"`
	Required   bool                 `json:"required"`
	Implicit   bool                 `json:"implicit"`
	ReadOnly   bool                 `json:"readOnly"`
	Unique     bool                 `json:"unique"`
	Default    *string              `json:"default"`
	Doc        string               `json:"doc"`
	Deprecated string               `json:"deprecated"`
	Directives []string             `json:"directives"`
	Enum       []string             `json:"enum,omitempty"`
	Relation   *Relation            `json:"relation,omitempty"`
	Rules      []access.RuleInWords `json:"rules,omitempty"`
}

// Relation is where a field leads.
type Relation struct {
	Type   string   `json:"type"`
	Target string   `json:"target"`
	From   []string `json:"from"`
	To     []string `json:"to"`
}

// Index is one index.
type Index struct {
	Name       string   `json:"name"`
	Fields     []string `json:"fields"`
	Unique     bool     `json:"unique"`
	Implicit   bool     `json:"implicit"`
	QueryField string   `json:"queryField"`
}

// Enum is an enumeration.
type Enum struct {
	Name   string   `json:"name"`
	Doc    string   `json:"doc"`
	Values []string `json:"values"`
}

// Embedded is an object type that is no model.
type Embedded struct {
	Name   string  `json:"name"`
	Doc    string  `json:"doc"`
	Fields []Field `json:"fields"`
}

// Edge is one relation field, from its model to where it leads.
type Edge struct {
	From     string `json:"from"`
	Field    string `json:"field"`
	To       string `json:"to"`
	Type     string `json:"type"`
	Inverse  string `json:"inverse"`
	Required bool   `json:"required"`
}

// Diagnostic is a remark on the file.
type Diagnostic struct {
	Severity   string `json:"severity"`
	Code       string `json:"code"`
	Message    string `json:"message"`
	Suggestion string `json:"suggestion"`
	Line       int    `json:"line"`
	Column     int    `json:"column"`
	Length     int    `json:"length"`
	Text       string `json:"text"` // the line
}

// Files are the schema's file in force, and what is to be said of a text of it.
type Files struct {
	InForce  func() string
	Draft    func() string // as it is being edited; nil outside of development
	Diagnose func(source string) schema.Diagnostics
}

// Schema describes the schema in force.
func (s *Service) Schema(d *data.Service) Schema {
	files := s.opts.Files
	in := d.Schema()
	out := Schema{File: "schema.graphql", Source: files.InForce(), InForce: true, Hash: in.Hash, Models: []Model{}, Enums: []Enum{}, Embedded: []Embedded{}, Edges: []Edge{}, Diagnostics: []Diagnostic{}}
	if files.Draft != nil {
		if draft := files.Draft(); draft != "" && draft != out.Source {
			out.Source, out.InForce = draft, false
		}
	}
	for _, m := range in.Models {
		out.Models = append(out.Models, model(d, m))
		for _, f := range m.Fields {
			if r := f.Relation; r != nil {
				out.Edges = append(out.Edges, Edge{m.Name, f.Name, r.Target.Name, relationType(r), nameOf(r.Inverse), f.Required})
			}
		}
	}
	for _, e := range in.Enums {
		out.Enums = append(out.Enums, Enum{e.Name, e.Doc, e.Values})
	}
	for _, e := range in.Embedded {
		out.Embedded = append(out.Embedded, Embedded{e.Name, e.Doc, fieldsOf(nil, nil, e.Fields)})
	}
	lines := strings.Split(out.Source, "\n")
	for _, x := range files.Diagnose(out.Source) {
		one := Diagnostic{x.Severity.String(), x.Code, x.Message, x.Suggestion, x.Pos.Line, x.Pos.Column, x.Length, ""}
		if x.Pos.Line >= 1 && x.Pos.Line <= len(lines) {
			one.Text = lines[x.Pos.Line-1]
		}
		out.Diagnostics = append(out.Diagnostics, one)
	}
	return out
}

func model(d *data.Service, m *schema.Model) Model {
	out := Model{Name: m.Name, Plural: m.Plural, Path: m.Path, Scope: map[schema.Scope]string{schema.Tenant: "tenant", schema.Global: "global"}[m.Scope], Doc: m.Doc,
		Join: m.Join, ReadOnly: m.ReadOnly, Key: names(m.Key), Fields: fieldsOf(d, m, m.Fields), Indexes: []Index{}, Rules: d.InWords(m, nil), Pos: Place(m.Pos),
		Operations: map[string]string{"get": m.Ops.Get, "list": m.Ops.List, "create": m.Ops.Create, "update": m.Ops.Update, "delete": m.Ops.Delete}}
	if out.Rules == nil {
		out.Rules = []access.RuleInWords{}
	}
	for _, x := range m.Indexes {
		out.Indexes = append(out.Indexes, Index{x.Name, names(x.Fields), x.Unique, x.Implicit, x.QueryField})
	}
	if m.Search != nil {
		out.Search = names(m.Search.Fields)
	}
	return out
}

func fieldsOf(d *data.Service, m *schema.Model, fields []*schema.Field) []Field {
	out := []Field{}
	for _, f := range fields {
		if f.Hidden {
			continue
		}
		one := Field{Name: f.Name, Type: written(f), Kind: map[schema.Kind]string{schema.ScalarKind: "scalar", schema.EnumKind: "enum", schema.EmbeddedKind: "embedded", schema.RelationKind: "relation"}[f.Kind],
			List: f.List, Required: f.Required, Implicit: f.Implicit, ReadOnly: f.ReadOnly, Unique: f.Unique, Default: f.Default, Doc: f.Doc, Deprecated: f.Deprecated, Directives: directives(f)}
		if f.Enum != nil {
			one.Enum = f.Enum.Values
		}
		if r := f.Relation; r != nil {
			one.Relation = &Relation{relationType(r), r.Target.Name, names(r.From), names(r.To)}
			one.List = r.ToMany()
		}
		if m != nil {
			one.Rules = d.InWords(m, f)
		}
		out = append(out, one)
	}
	return out
}

func written(f *schema.Field) string {
	text := f.TypeName
	if f.List || f.Relation != nil && f.Relation.ToMany() {
		if f.ElemRequired {
			text += "!"
		}
		text = "[" + text + "]"
	}
	if f.Required {
		text += "!"
	}
	return text
}

// directives are those of a field, as they would be written.
func directives(f *schema.Field) []string {
	out := []string{}
	if f.Unique {
		out = append(out, "@unique")
	}
	if f.Default != nil {
		out = append(out, fmt.Sprintf("@default(value: %q)", *f.Default))
	}
	for _, c := range f.Checks {
		out = append(out, fmt.Sprintf("@validate(type: %s, value: %q)", c.Type, c.Value))
	}
	if f.Relation != nil && !f.Implicit {
		out = append(out, "@"+relationType(f.Relation))
	}
	if f.Rules != nil {
		out = append(out, "@auth")
	}
	return out
}

func relationType(r *schema.Relation) string {
	if r.Far != nil {
		return "manyToMany"
	}
	return map[schema.RelationType]string{schema.HasOne: "hasOne", schema.HasMany: "hasMany", schema.BelongsTo: "belongsTo"}[r.Type]
}

func names(fields []*schema.Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Name
	}
	return out
}

func nameOf(f *schema.Field) string {
	if f == nil {
		return ""
	}
	return f.Name
}
