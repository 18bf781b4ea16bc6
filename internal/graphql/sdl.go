// Package graphql is the GraphQL door: it makes the served schema from the
// app's, and turns documents into what package query asks for. It holds no
// rule and no SQL, and it answers no HTTP by itself.
package graphql

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/loam-dev/loam/internal/schema"
)

// Dialect says how closely the served schema follows Amplify's where Loam has
// names of its own.
type Dialect uint8

const (
	// Native serves Loam's names only.
	Native Dialect = iota
	// Amplify also serves what Amplify would have generated for the same file:
	// the implicit keys under Amplify's names (schema.Field.Alias) and its AWS
	// scalars in implicit fields. An implicit key then goes by two names, so
	// neither is required in an input.
	Amplify
)

// DialectOf is Amplify for a file that comes from there: it uses AWS scalars,
// or has nothing in it that only Loam knows. Else it is Native.
func DialectOf(s *schema.Schema) Dialect {
	if s.AWS || len(s.Models) > 0 && !slices.ContainsFunc(s.Models, loamsOwn) {
		return Amplify
	}
	return Native
}

// loamsOwn tells whether a model uses what the language of Amplify lacks.
func loamsOwn(m *schema.Model) bool {
	if m.Scope == schema.Global || m.Search != nil || m.ReadOnly || slices.ContainsFunc(m.Rules, ownRule) {
		return true
	}
	return slices.ContainsFunc(m.Fields, func(f *schema.Field) bool {
		return f.Unique || slices.ContainsFunc(f.Rules, ownRule) || !f.Implicit && f.Kind == schema.ScalarKind && !sharedScalar(f.Scalar)
	})
}

func ownRule(r *schema.Rule) bool {
	return r.Allow == schema.AllowMember || r.Allow == schema.AllowWhere
}

// sharedScalar tells whether Amplify has the scalar under the same name.
func sharedScalar(s schema.Scalar) bool {
	return slices.Contains([]schema.Scalar{schema.ID, schema.String, schema.Int, schema.Float, schema.Boolean}, s)
}

// OperationKind tells what a root field does.
type OperationKind uint8

// The kinds of operation.
const (
	GetOne OperationKind = iota
	ListPage
	IndexPage // a page of the rows under one value of an index's first field
	SearchPage
	AggregateRows
	CreateOne
	UpdateOne
	DeleteOne
	UpsertOne
	OnCreate
	OnUpdate
	OnDelete
	OnChange // all changes of rows, with what they mean to the filter
)

// Operation is what one root field does.
type Operation struct {
	Kind  OperationKind
	Model *schema.Model
	Index *schema.Index // IndexPage
	Key   KeyArgs       // ListPage, IndexPage
	// Owners are the arguments of a subscription that name an owner; the
	// caller must be that owner.
	Owners []*schema.Field
}

// API is the GraphQL schema made from a Loam schema, and what its names mean.
// It is immutable and safe for concurrent use.
type API struct {
	Schema  *ast.Schema
	Dialect Dialect

	Queries, Mutations, Subscriptions map[string]*Operation // by root field

	Types       map[string]*schema.Model    // by object type
	Connections map[string]*schema.Model    // by connection type: items, nextToken, total
	Embedded    map[string]*schema.Embedded // by object type
	// Nested holds the sort conditions that a to-many field takes.
	Nested map[*schema.Field][]KeyArgs
}

// NewAPI makes the GraphQL schema of s. The diagnostics, without a file name,
// tell which names would stand for two things; then there is no API.
func NewAPI(s *schema.Schema, d Dialect) (*API, schema.Diagnostics) {
	b := newBuilder(s, d)
	b.shared()
	for _, e := range s.Enums {
		b.enum(e)
	}
	for _, e := range s.Embedded {
		b.embedded(e)
	}
	for _, m := range s.Models {
		n := namesOf(m)
		b.object(m, n)
		b.inputs(m, n)
		b.operations(m, n)
	}
	// Loam's additions give way to names that the app chose.
	for _, m := range s.Models {
		n := namesOf(m)
		b.aggregates(m, n)
		b.additions(m, n)
		b.changes(m, n)
	}
	b.roots()
	if b.clashes != nil {
		return nil, b.clashes
	}
	return b.api, nil
}

// SDL prints the schema in the GraphQL schema language, types by name.
func (a *API) SDL() string {
	var out strings.Builder
	formatter.NewFormatter(&out, formatter.WithIndent("  ")).FormatSchema(a.Schema)
	return out.String()
}

type builder struct {
	api     *API
	schema  *schema.Schema
	dialect Dialect
	owners  map[string]string // of each type and root field: what it was made for
	clashes schema.Diagnostics

	query, mutation, subscription *ast.Definition
}

func newBuilder(s *schema.Schema, d Dialect) *builder {
	size := 32 + 16*len(s.Models) + 2*len(s.Embedded) + 3*len(s.Enums)
	b := &builder{
		schema:  s,
		dialect: d,
		owners:  make(map[string]string, size),
		api: &API{
			Dialect: d,
			Schema: &ast.Schema{
				Types:         make(map[string]*ast.Definition, size),
				Directives:    map[string]*ast.DirectiveDefinition{},
				PossibleTypes: make(map[string][]*ast.Definition, size),
				Implements:    map[string][]*ast.Definition{},
			},
			Queries:       make(map[string]*Operation, 4*len(s.Models)),
			Mutations:     make(map[string]*Operation, 4*len(s.Models)),
			Subscriptions: make(map[string]*Operation, 3*len(s.Models)),
			Types:         make(map[string]*schema.Model, len(s.Models)),
			Connections:   make(map[string]*schema.Model, len(s.Models)),
			Embedded:      make(map[string]*schema.Embedded, len(s.Embedded)),
			Nested:        map[*schema.Field][]KeyArgs{},
		},
		query:        &ast.Definition{Kind: ast.Object, Name: "Query"},
		mutation:     &ast.Definition{Kind: ast.Object, Name: "Mutation"},
		subscription: &ast.Definition{Kind: ast.Object, Name: "Subscription"},
	}
	prelude := validator.PreludeDocument()
	for _, def := range prelude.Definitions {
		b.define(def, "GraphQL", schema.Pos{})
	}
	for _, dir := range prelude.Directives {
		b.api.Schema.Directives[dir.Name] = dir
	}
	return b
}

// define adds a type. A second one of the same name is a clash; pos is the
// place in the schema file to blame for it.
func (b *builder) define(def *ast.Definition, owner string, pos schema.Pos) {
	if b.clash("type", def.Name, owner, pos) {
		return
	}
	b.api.Schema.Types[def.Name] = def
	if def.Kind == ast.Object || def.Kind == ast.InputObject {
		b.api.Schema.PossibleTypes[def.Name] = []*ast.Definition{def}
	}
}

// once adds a type that several models share.
func (b *builder) once(name string, make func() *ast.Definition) {
	if _, ok := b.api.Schema.Types[name]; !ok {
		b.define(make(), "the filters", schema.Pos{})
	}
}

func (b *builder) clash(kind, name, owner string, pos schema.Pos) bool {
	key := kind + " " + name
	other, taken := b.owners[key]
	if !taken {
		b.owners[key] = owner
		return false
	}
	b.clashes = append(b.clashes, schema.Diagnostic{
		Code: "schema/name_clash", Pos: pos, Length: 1,
		Message:    "the GraphQL " + kind + " `" + name + "` of " + owner + " is also that of " + other,
		Suggestion: "rename one of them",
	})
	return true
}

// root adds an operation; a name that is taken is a clash.
func (b *builder) root(to *ast.Definition, ops map[string]*Operation, field *ast.FieldDefinition, op Operation) {
	if b.clash("field of "+to.Name, field.Name, "model "+op.Model.Name, op.Model.Pos) {
		return
	}
	to.Fields = append(to.Fields, field)
	ops[field.Name] = &op
}

// extra adds an operation of Loam's own, unless its name is taken.
func (b *builder) extra(to *ast.Definition, ops map[string]*Operation, field *ast.FieldDefinition, op Operation) {
	if _, taken := b.owners["field of "+to.Name+" "+field.Name]; !taken {
		b.root(to, ops, field, op)
	}
}

func (b *builder) roots() {
	if len(b.query.Fields) == 0 {
		b.query.Fields = ast.FieldList{{Name: "_empty", Type: named("Boolean"), Description: "GraphQL demands a query; this schema has none."}}
	}
	for _, root := range []struct {
		def *ast.Definition
		in  **ast.Definition
	}{
		{b.query, &b.api.Schema.Query}, {b.mutation, &b.api.Schema.Mutation}, {b.subscription, &b.api.Schema.Subscription},
	} {
		if len(root.def.Fields) > 0 {
			b.define(root.def, "GraphQL", schema.Pos{})
			*root.in = root.def
		}
	}
	b.query.Fields = append(slices.Clip(b.query.Fields), validator.QueryIntrospectionFields()...)
}
