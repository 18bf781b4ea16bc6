// Package schema is schema.graphql as one immutable value: what the data is and
// who may touch it. It parses, checks and compares; it knows
// neither SQL nor HTTP, and it reads no file by itself.
package schema

// Schema is a checked schema. It is immutable and safe for concurrent use.
type Schema struct {
	Models   []*Model    // in file order; join models of @manyToMany last
	Enums    []*Enum     // in file order
	Embedded []*Embedded // object types without @model, in file order
	Hash     string      // of the canonical form; equal hashes mean equal schemas
	Roles    []string    // of organizations, as the configuration has them; no part of the hash
	AWS      bool        // the file uses AWS scalars: implicit fields have them too

	models map[string]*Model // by name
	paths  map[string]*Model // by REST path
}

// Model returns the model of that name, or nil.
func (s *Schema) Model(name string) *Model { return s.models[name] }

// ModelAt returns the model that REST serves under /api/{path}, or nil.
func (s *Schema) ModelAt(path string) *Model { return s.paths[path] }

// Scope says who shares a model's rows.
type Scope uint8

// The scopes. Tenant is what a model has unless it says otherwise.
const (
	Tenant Scope = iota // rows belong to one organization
	Global              // rows are shared by all organizations
)

// Model is one @model type: a table, its rules, and the operations on it.
type Model struct {
	Name   string // "Task", as written
	Plural string // "Tasks": GraphQL's list operations
	Path   string // "tasks": REST's /api/{path}, lower camel case
	Table  string // the physical table; Name unless @mapsTo
	Doc    string
	Scope  Scope

	Fields  []*Field // stored fields and relations: an implicit id, declared ones in file order, then implicit ones
	Key     []*Field // the primary key, without the tenant
	Indexes []*Index // @index, and those that relations need
	Search  *Search  // @search, or nil
	Rules   []*Rule  // OR-ed; none: everyone is denied
	Ops     Ops

	CreatedAt, UpdatedAt *Field // nil where the timestamps are turned off
	Version              *Field // "version"; implicit, or hidden where the app declares a field of that name

	OnOwnerDelete OwnerDelete // what happens to the rows of a user who is removed

	Join        bool   // made by @manyToMany
	ReadOnly    bool   // built in, served by a view of the system tables: no writes
	RenamedFrom string // the table's former name, for the next migration, or ""
	Pos         Pos
	// Profile is the table of the fields that the app gives a built-in model by
	// `extend type`: one row for each of the model's at most, under the same id. Its
	// fields have the names of the model's; it is on no door. Nil without any.
	Profile *Model

	fields map[string]*Field
}

// Field returns the field of that name, or nil.
func (m *Model) Field(name string) *Field { return m.fields[name] }

// Ops holds the GraphQL names of the generated operations; "" is turned off.
type Ops struct {
	Get, List, Create, Update, Delete string
	OnCreate, OnUpdate, OnDelete      []string // subscription names
	PublicSubscriptions               bool     // subscriptions: {level: public}
}

// Kind tells what a field holds.
type Kind uint8

// The kinds of field.
const (
	ScalarKind   Kind = iota // Field.Scalar
	EnumKind                 // Field.Enum
	EmbeddedKind             // Field.Embedded, stored as JSON
	RelationKind             // Field.Relation; stores nothing itself
)

// Field is one field of a model or of an embedded type.
type Field struct {
	Name     string
	Column   string // physical name; Name unless renamed by @refersTo; "" for relations
	Doc      string
	Model    *Model // nil in an embedded type
	Kind     Kind
	TypeName string // as written: "AWSDateTime", "TaskStatus", "Project"
	Scalar   Scalar
	Enum     *Enum
	Embedded *Embedded
	Relation *Relation

	List         bool // stored as a JSON array, unless a relation
	Required     bool // T!
	ElemRequired bool // [T!]

	Default    *string  // @default's text, checked; nil when there is none
	Checks     []*Check // @validate
	Unique     bool     // @unique: within the tenant, among non-null values
	ReadOnly   bool     // set by the server: timestamps, version
	Implicit   bool     // not written in the file: id, owner, foreign keys, timestamps, version
	Hidden     bool     // stored but on no door (the version, where the app has a field of that name)
	Deprecated string   // @deprecated's reason, or ""
	// Alias is the name that Amplify gives the same implicit key
	// ("blogPostsId" for "blogId"), or "". A door for Amplify's clients may
	// serve it beside Name.
	Alias       string
	Broken      bool    // stands in for a field with mistakes, in a schema with errors
	Rules       []*Rule // field-level rules; nil: the model's rules
	RenamedFrom string
	Pos         Pos
}

// Stored tells whether the field is a column.
func (f *Field) Stored() bool { return f.Kind != RelationKind }

// Plain tells whether the field is one scalar or enum value: what can be
// compared, sorted, indexed and grouped by.
func (f *Field) Plain() bool {
	return !f.List && (f.Kind == EnumKind || f.Kind == ScalarKind && f.Scalar != JSON)
}

// RelationType tells which side of a relation a field is.
type RelationType uint8

// The sides. A @manyToMany field is a HasMany to its join model.
const (
	HasOne RelationType = iota
	HasMany
	BelongsTo
)

// Relation connects a model to another: rows match where every From field
// equals its To field, always within the same tenant.
type Relation struct {
	Type    RelationType
	Target  *Model
	From    []*Field // on the model that has the relation field
	To      []*Field // on Target, same length
	Inverse *Field   // the matching relation field on Target, or nil
	Limit   int      // page size of a HasMany unless asked otherwise; 0: the default
	Far     *Field   // @manyToMany: the join model's BelongsTo that leads to the other side, else nil
	// OnDelete is what happens to rows that refer to a deleted one; on BelongsTo.
	OnDelete OnDelete
}

// ToMany tells whether the relation leads to a list.
func (r *Relation) ToMany() bool { return r.Type == HasMany }

// OnDelete says what a delete does to the rows that refer to the deleted one.
type OnDelete uint8

// SetNull is what optional references do unless they say otherwise, Restrict
// what required ones do.
const (
	SetNull OnDelete = iota
	Restrict
	Cascade
)

// OwnerDelete says what happens to the rows that a user owns when the user's
// account is deleted.
type OwnerDelete uint8

// KeepRows is what models do unless they say otherwise.
const (
	KeepRows   OwnerDelete = iota // they stay as they are
	DeleteRows                    // they are deleted, as @belongsTo says of those that refer to them
	ClearOwner                    // the owner field is emptied, or the user taken from the list
)

// Index is one index of a model, without the tenant that leads every one of
// them.
type Index struct {
	Name       string   // as @index names it, or made from the fields
	Fields     []*Field // partition key first, then sort keys
	Unique     bool
	QueryField string // GraphQL query over it, or ""
	Implicit   bool   // made for a relation or for @unique
	Pos        Pos
}

// Search is a full-text index over text fields.
type Search struct {
	Fields []*Field
	Pos    Pos
}

// Enum is an enumeration.
type Enum struct {
	Name   string
	Doc    string
	Values []string
	Docs   []string // one a value, "" without
	// Deprecated holds one @deprecated reason a value, "" without.
	Deprecated []string
	Pos        Pos
}

// Has tells whether the enum has the value.
func (e *Enum) Has(value string) bool {
	for _, v := range e.Values {
		if v == value {
			return true
		}
	}
	return false
}

// Embedded is an object type without @model, stored as JSON in its owner's row.
type Embedded struct {
	Name   string
	Doc    string
	Fields []*Field
	Pos    Pos

	fields map[string]*Field
}

// Field returns the field of that name, or nil.
func (e *Embedded) Field(name string) *Field { return e.fields[name] }

// CheckType is a @validate type.
type CheckType string

// The checks, named as Amplify names them.
const (
	Gt         CheckType = "gt"
	Lt         CheckType = "lt"
	Gte        CheckType = "gte"
	Lte        CheckType = "lte"
	MinLength  CheckType = "minLength"
	MaxLength  CheckType = "maxLength"
	StartsWith CheckType = "startsWith"
	EndsWith   CheckType = "endsWith"
	Matches    CheckType = "matches" // RE2
)

// Check is one @validate rule of a field.
type Check struct {
	Type    CheckType
	Value   string
	Message string // errorMessage, or ""
	test    func(value any) bool
}

// Words say what the check asks, to go after the field's name.
func (c Check) Words() string {
	return "must " + map[CheckType]string{
		Gt: "be more than ", Lt: "be less than ", Gte: "be at least ", Lte: "be at most ",
		MinLength: "not be shorter than ", MaxLength: "not be longer than ",
		StartsWith: "begin with ", EndsWith: "end with ", Matches: "match ",
	}[c.Type] + c.Value + map[CheckType]string{MinLength: " characters", MaxLength: " characters"}[c.Type]
}

// Allow is the first word of an @auth rule.
type Allow string

// The kinds of rule.
const (
	AllowPublic  Allow = "public"  // an API key; or a guest, where the provider says so
	AllowPrivate Allow = "private" // anyone signed in
	AllowOwner   Allow = "owner"   // the user that OwnerField names
	AllowGroups  Allow = "groups"  // a group of the caller's
	AllowMember  Allow = "member"  // a member of the active organization
	AllowWhere   Allow = "where"   // rows that Filter matches
)

// Operation is a set of operations a rule allows or a caller wants.
type Operation uint8

// The operations; "read" is Get|List|Listen|SearchOp.
const (
	Create Operation = 1 << iota
	Get
	List
	Listen
	SearchOp
	Update
	Delete

	Read          = Get | List | Listen | SearchOp
	AllOperations = Create | Read | Update | Delete
)

// Rule is one @auth rule.
type Rule struct {
	Allow    Allow
	Provider string // as written or Amplify's default: apiKey, iam, identityPool, userPools, oidc
	Ops      Operation

	OwnerField    *Field // owner
	IdentityClaim string // owner: claim to compare; "" means the user's id
	Groups        []string
	GroupsField   *Field   // groups held in the row
	GroupClaim    string   // claim that lists the caller's groups; "" means the session's groups
	Roles         []string // member: organization roles; empty means any
	Teams         []string // member: slugs of teams; empty: in whichever, or none
	Filter        *Literal // where: an object literal in the filter language; bound by package access

	Pos Pos
}

// Literal is a constant of the schema file with its place, for diagnostics.
// Value is nil, bool, string, json.Number, []any or map[string]any, as decoded
// from JSON; enum literals are strings.
type Literal struct {
	Value any
	Pos   Pos
	// Places gives the position of each key, by its dotted path ("or.0.ownerId").
	Places map[string]Pos
}

// Pos is a place in the schema file. Line and Column count from 1, Column in
// characters.
type Pos struct {
	Line, Column int
}
