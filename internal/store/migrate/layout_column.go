package migrate

import (
	"slices"

	"github.com/loam-dev/loam/internal/schema"
)

// What one column's change means, for every engine alike.

// filled tells whether rows that are there already get a value.
func (c *Column) filled() bool { return c.Now || c.Default != nil }

func (c *Column) fillWords() string {
	if c.Now {
		return "the time of the migration"
	}
	if *c.Default == "" {
		return `""`
	}
	return *c.Default
}

// zero is the value that stands for nothing in the column's type, as @default
// would write it; nil where there is none.
func (c *Column) zero() *string {
	z := ""
	switch {
	case c.List:
		z = "[]"
	case len(c.Values) > 0:
		z = c.Values[0]
	case c.Type == IntegerColumn, c.Type == RealColumn:
		z = "0"
	case c.Type == BooleanColumn:
		z = "false"
	case c.Of != "String":
		return nil
	}
	return &z
}

// describes is the column's type as the schema writes it.
func (c *Column) describes() string {
	if c.List {
		return "[" + c.Of + "]"
	}
	return c.Of
}

func sameValues(a, b *Column) bool {
	if len(a.Values) != len(b.Values) {
		return false
	}
	for _, v := range a.Values {
		if !slices.Contains(b.Values, v) {
			return false
		}
	}
	return true
}

// conversion tells what a change of type does to values.
type conversion uint8

const (
	kept      conversion = iota // each value stays as it is
	rewritten                   // each value has its equal in the new type
	narrowed                    // some values may have none
)

func conversionOf(from, to *Column) conversion {
	switch {
	case from.List == to.List && from.accepted(to), from.List && !to.List && to.Of == "JSON":
		return kept
	case !from.List && to.List && from.accepted(to):
		return rewritten
	case from.List || to.List:
		return narrowed
	case to.Of == "JSON",
		to.Of == "String",
		from.Of == "Boolean" && (to.Type == IntegerColumn || to.Type == RealColumn),
		from.Type == IntegerColumn && (to.Type == RealColumn || to.Of == "ID"),
		from.Of == "Int" && to.Type == IntegerColumn,
		from.Of == "Timestamp" && to.Of == "DateTime",
		from.Of == "Date" && to.Of == "DateTime":
		if !from.embedded() {
			return rewritten
		}
	}
	return narrowed
}

// accepted tells whether every value, as it stands, is one of the other type.
func (c *Column) accepted(to *Column) bool {
	switch {
	case len(to.Values) > 0:
		return len(c.Values) > 0 && !slices.ContainsFunc(c.Values, func(v string) bool { return !slices.Contains(to.Values, v) })
	case c.Of == to.Of:
		return true
	case c.embedded():
		return to.embedded() || to.Of == "JSON" && !c.List
	}
	return to.Of == "String" && (len(c.Values) > 0 || c.textual())
}

// embedded tells whether the column, or its list, holds an embedded type.
func (c *Column) embedded() bool {
	return len(c.Values) == 0 && !c.textual() && typeOf(schema.Scalar(c.Of)) == TextColumn
}

// textual tells whether the column, or its list, holds a scalar that is text.
func (c *Column) textual() bool {
	switch schema.Scalar(c.Of) {
	case schema.ID, schema.String, schema.Date, schema.Time, schema.DateTime, schema.Email, schema.URL, schema.Phone, schema.IPAddress:
		return true
	}
	return false
}
