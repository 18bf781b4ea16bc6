package schema

// Scalar is a scalar type of the language.
type Scalar string

// The scalars. Each AWS scalar has a plain twin that means the same; a field
// keeps the name it was written with so that clients see it.
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
