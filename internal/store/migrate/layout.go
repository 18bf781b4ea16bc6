package migrate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// layoutFormat counts the shapes that the system tables and the stored layout
// have had. A database with a higher one belongs to a newer Loam.
const layoutFormat = 1

// Layout is what the database must look like for a schema: pure data, the same
// for every engine, kept as JSON beside the data it describes.
type Layout struct {
	Format int     `json:"format"`
	Tables []Table `json:"tables"`
}

// Table is one model's table. A tenant's table has the column _org ahead of its
// columns, its key, its indexes and its references; none of them lists it.
type Table struct {
	Name        string      `json:"name"`
	Model       string      `json:"model"`
	Tenant      bool        `json:"tenant"`
	Columns     []Column    `json:"columns"`
	Key         []string    `json:"key"`
	Indexes     []Index     `json:"indexes,omitempty"`
	References  []Reference `json:"references,omitempty"`
	Search      []string    `json:"search,omitempty"` // columns of the full-text index
	RenamedFrom string      `json:"renamedFrom,omitempty"`
	// Extends names the built-in model whose fields of the app's own the table
	// holds; then a row goes with the one that has the model's.
	Extends string `json:"extends,omitempty"`
}

// ColumnType is how a column stores its values.
type ColumnType string

// The types. A JSON column holds lists, embedded types and JSON values.
const (
	TextColumn    ColumnType = "text"
	IntegerColumn ColumnType = "integer"
	RealColumn    ColumnType = "real"
	BooleanColumn ColumnType = "boolean"
	JSONColumn    ColumnType = "json"
)

// Column is one stored field.
type Column struct {
	Name     string     `json:"name"`
	Field    string     `json:"field"` // as people know it
	Type     ColumnType `json:"type"`
	Of       string     `json:"of"`             // scalar, enum or embedded type
	List     bool       `json:"list,omitempty"` // of Of, as JSON
	Required bool       `json:"required,omitempty"`
	Values   []string   `json:"values,omitempty"` // of an enum
	// Default is @default's value as text: what a new column gives the rows that
	// are there already. Now stands for the time of the migration.
	Default     *string `json:"default,omitempty"`
	Now         bool    `json:"now,omitempty"`
	RenamedFrom string  `json:"renamedFrom,omitempty"`
}

// Index is an index over columns, in order. Its name follows from them.
type Index struct {
	Columns []string `json:"columns"`
	Unique  bool     `json:"unique,omitempty"`
}

// Reference is a foreign key.
type Reference struct {
	Columns []string `json:"columns"`
	Parent  string   `json:"parent"`            // table
	To      []string `json:"to"`                // its columns
	Tenant  bool     `json:"tenant"`            // within one organization: _org leads on both sides
	Cascade bool     `json:"cascade,omitempty"` // the row goes with the parent's, a system table's
}

// LayoutOf derives the layout of a schema.
func LayoutOf(s *schema.Schema) Layout {
	l := Layout{Format: layoutFormat}
	at := map[*schema.Model]int{}
	for _, m := range s.Models {
		if m.ReadOnly {
			if m.Profile != nil {
				l.Tables = append(l.Tables, profileOf(m))
			}
			continue
		}
		at[m] = len(l.Tables)
		l.Tables = append(l.Tables, tableOf(m))
	}
	for _, m := range s.Models {
		for _, f := range m.Fields {
			if f.Relation == nil {
				continue
			}
			child, ref, ok := referenceOf(m, f.Relation)
			if !ok {
				continue
			}
			t := &l.Tables[at[child]]
			if !slices.ContainsFunc(t.References, ref.equal) {
				t.References = append(t.References, ref)
			}
		}
	}
	for i := range l.Tables {
		l.Tables[i].settleIndexes()
	}
	return l
}

func (l Layout) table(name string) *Table {
	for i := range l.Tables {
		if l.Tables[i].Name == name {
			return &l.Tables[i]
		}
	}
	return nil
}

func tableOf(m *schema.Model) Table {
	t := Table{Name: m.Table, Model: m.Name, Tenant: m.Scope == schema.Tenant, Key: columnsOf(m.Key), RenamedFrom: m.RenamedFrom}
	for _, f := range m.Fields {
		if f.Stored() {
			t.Columns = append(t.Columns, columnOf(m, f))
		}
	}
	for _, x := range m.Indexes {
		t.Indexes = append(t.Indexes, Index{Columns: columnsOf(x.Fields), Unique: x.Unique})
	}
	if m.Search != nil {
		t.Search = columnsOf(m.Search.Fields)
	}
	return t
}

// profileOf is the table of the app's own fields of a built-in model. What is
// kept of a user or an organization ends with them, whoever removes them, so
// that an id which is used again inherits nothing.
func profileOf(m *schema.Model) Table {
	t := tableOf(m.Profile)
	t.Model, t.Extends = m.Name+".profile", m.Name
	holder := map[string]string{"User": "_users", "Organization": "_orgs"}[m.Name]
	t.References = []Reference{{Columns: t.Key, Parent: holder, To: []string{"id"}, Cascade: true}}
	return t
}

func columnOf(m *schema.Model, f *schema.Field) Column {
	c := Column{
		Name: f.Column, Field: m.Name + "." + f.Name, Of: string(f.Scalar), List: f.List,
		Required: f.Required, Default: defaultOf(f), RenamedFrom: f.RenamedFrom,
	}
	switch f.Kind {
	case schema.EnumKind:
		c.Of, c.Values, c.Type = f.Enum.Name, f.Enum.Values, TextColumn
	case schema.EmbeddedKind:
		c.Of, c.Type = f.Embedded.Name, JSONColumn
	default:
		c.Type = typeOf(f.Scalar)
	}
	if f.List {
		c.Type = JSONColumn
	}
	switch f {
	case m.Version:
		one := "1"
		c.Default = &one
	case m.CreatedAt, m.UpdatedAt:
		c.Now = true
	}
	return c
}

// defaultOf is the text of a default in the form that values are stored in.
func defaultOf(f *schema.Field) *string {
	if f.Default == nil {
		return nil
	}
	value, err := f.Coerce(*f.Default, true)
	if err != nil {
		return f.Default // the schema's check has let it pass
	}
	text := fmt.Sprint(value)
	return &text
}

func typeOf(s schema.Scalar) ColumnType {
	switch s {
	case schema.Int, schema.Timestamp:
		return IntegerColumn
	case schema.Float:
		return RealColumn
	case schema.Boolean:
		return BooleanColumn
	case schema.JSON:
		return JSONColumn
	default:
		return TextColumn
	}
}

func columnsOf(fields []*schema.Field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Column
	}
	return names
}

// referenceOf is the foreign key that a relation stands on, and the model whose
// table has it. There is none where the parent's columns do not identify a row,
// or where the parent is no table.
func referenceOf(m *schema.Model, r *schema.Relation) (*schema.Model, Reference, bool) {
	child, from, parent, to := m, r.From, r.Target, r.To
	keyed := slices.Equal(r.From, m.Key)
	if r.Type == schema.HasMany || r.Type == schema.HasOne && keyed && !slices.Equal(r.To, r.Target.Key) {
		child, from, parent, to = r.Target, r.To, m, r.From
	} else if r.Type == schema.HasOne && keyed {
		return nil, Reference{}, false // both keys: nothing tells who comes first
	}
	crosses := child.Scope == schema.Global && parent.Scope == schema.Tenant
	if child.ReadOnly || parent.ReadOnly || crosses || len(from) == 0 || len(from) != len(to) || !identifies(parent, to) {
		return nil, Reference{}, false
	}
	return child, Reference{
		Columns: columnsOf(from), Parent: parent.Table, To: columnsOf(to),
		Tenant: parent.Scope == schema.Tenant,
	}, true
}

// identifies tells whether the fields are the model's key or a unique index.
func identifies(m *schema.Model, fields []*schema.Field) bool {
	same := func(of []*schema.Field) bool {
		return len(of) == len(fields) && !slices.ContainsFunc(of, func(f *schema.Field) bool { return !slices.Contains(fields, f) })
	}
	return same(m.Key) || slices.ContainsFunc(m.Indexes, func(x *schema.Index) bool { return x.Unique && same(x.Fields) })
}

// settleIndexes completes the declared indexes: each foreign key has one, those
// that are not unique end with the key, so that they serve pages, and none that
// another serves is left.
func (t *Table) settleIndexes() {
	for _, r := range t.References {
		if !startsWith(t.Key, r.Columns) && !slices.ContainsFunc(t.Indexes, func(x Index) bool { return startsWith(x.Columns, r.Columns) }) {
			t.Indexes = append(t.Indexes, Index{Columns: r.Columns})
		}
	}
	for i, x := range t.Indexes {
		if x.Unique {
			continue
		}
		full := slices.Clone(x.Columns)
		for _, k := range t.Key {
			if !slices.Contains(full, k) {
				full = append(full, k)
			}
		}
		t.Indexes[i].Columns = full
	}
	var kept []Index
	for i, x := range t.Indexes {
		if !t.serves(i, x) {
			kept = append(kept, x)
		}
	}
	t.Indexes = kept
}

// serves tells whether the key or another index does all that index i does.
func (t *Table) serves(i int, x Index) bool {
	if x.Unique && slices.Equal(x.Columns, t.Key) || !x.Unique && startsWith(t.Key, x.Columns) {
		return true
	}
	for j, other := range t.Indexes {
		same := slices.Equal(other.Columns, x.Columns)
		switch {
		case i == j:
		case same && other.Unique == x.Unique && j < i,
			same && other.Unique && !x.Unique,
			!same && !x.Unique && startsWith(other.Columns, x.Columns):
			return true
		}
	}
	return false
}

func startsWith(columns, with []string) bool {
	return len(columns) >= len(with) && slices.Equal(columns[:len(with)], with)
}

func (t *Table) column(name string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// scoped puts _org ahead of a tenant table's columns.
func (t *Table) scoped(columns []string) []string {
	if !t.Tenant {
		return columns
	}
	return append([]string{store.OrgColumn}, columns...)
}

// indexName is unique in the database: no table's name has a dot.
func (t *Table) indexName(x Index) string {
	name := t.Name + "." + strings.Join(x.Columns, ".")
	if x.Unique {
		name += ".unique"
	}
	return name
}

// searchName is the table of the full-text index.
func (t *Table) searchName() string { return t.Name + "__search" }

func (x Index) equal(y Index) bool {
	return x.Unique == y.Unique && slices.Equal(x.Columns, y.Columns)
}

func (r Reference) equal(o Reference) bool {
	return r.Parent == o.Parent && r.Tenant == o.Tenant && r.Cascade == o.Cascade && slices.Equal(r.Columns, o.Columns) && slices.Equal(r.To, o.To)
}
