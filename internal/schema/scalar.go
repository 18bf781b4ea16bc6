package schema

import "slices"

// Scalar is a scalar type of the language.
type Scalar string

// The scalars. Each AWS scalar has a plain twin that means the same; a field
// keeps the name it was written with (Field.TypeName) so that clients see it.
const (
	ID        Scalar = "ID"
	String    Scalar = "String"
	Int       Scalar = "Int"
	Float     Scalar = "Float"
	Boolean   Scalar = "Boolean"
	Date      Scalar = "Date"
	Time      Scalar = "Time"
	DateTime  Scalar = "DateTime"
	Timestamp Scalar = "Timestamp"
	Email     Scalar = "Email"
	URL       Scalar = "URL"
	Phone     Scalar = "Phone"
	IPAddress Scalar = "IPAddress"
	JSON      Scalar = "JSON"
)

// scalarSpec is one name of a scalar, with the form of its values.
type scalarSpec struct {
	name   string
	scalar Scalar
	form   string // what a value must look like, for errors and the reference
}

// scalarSpecs returns every name of every scalar, in the order of the reference.
func scalarSpecs() []scalarSpec {
	specs := []scalarSpec{
		{"ID", ID, "text of 1 to 128 characters without control characters"},
		{"String", String, "text of at most 1 MiB in UTF-8, without NUL"},
		{"Int", Int, "a whole number from -2147483648 to 2147483647"},
		{"Float", Float, "a finite number"},
		{"Boolean", Boolean, "true or false"},
		{"Date", Date, "a date such as 2026-01-31"},
		{"Time", Time, "a time of day such as 14:30:00 or 14:30:00.000"},
		{"DateTime", DateTime, "a time with its offset such as 2026-01-31T14:30:00Z"},
		{"Timestamp", Timestamp, "whole seconds since 1970"},
		{"Email", Email, "an address such as ada@example.com"},
		{"URL", URL, "an absolute address such as https://example.com/page"},
		{"Phone", Phone, "an international number such as +12025550123"},
		{"IPAddress", IPAddress, "an IPv4 or IPv6 address, or a range such as 10.0.0.0/8"},
		{"JSON", JSON, "any JSON value, at most 32 levels deep"},
	}
	for _, s := range specs[slices.IndexFunc(specs, func(s scalarSpec) bool { return s.scalar == Date }):] {
		specs = append(specs, scalarSpec{"AWS" + s.name, s.scalar, s.form})
	}
	specs[len(specs)-1].form = "a JSON value, as text"
	return specs
}
