package migrate

import (
	"strconv"

	"github.com/loam-dev/loam/internal/schema"
)

// postgresScalars writes the values of columns for PostgreSQL. What becomes of a
// value is what becomes of it in SQLite.
type postgresScalars struct{}

// storedType is the database's type of a column.
func storedType(c *Column) string {
	switch c.Type {
	case IntegerColumn:
		return "bigint"
	case RealColumn:
		return "double precision"
	case BooleanColumn:
		return "boolean"
	case JSONColumn:
		return "json"
	}
	if len(c.Values) == 0 {
		switch schema.Scalar(c.Of) {
		case schema.DateTime:
			return "timestamptz"
		case schema.Date:
			return "date"
		}
	}
	return "text"
}

// declaredType compares text byte by byte, as SQLite does.
func declaredType(c *Column) string {
	if t := storedType(c); t != "text" {
		return t
	}
	return `text COLLATE "C"`
}

func (postgresScalars) null(n *Column) string { return "NULL::" + storedType(n) }

func (postgresScalars) now(*Column) string { return "date_trunc('milliseconds', now())" }

func (postgresScalars) constant(n *Column, value string) string {
	switch t := storedType(n); t {
	case "bigint":
		if i, err := strconv.ParseInt(value, 10, 64); err == nil {
			return strconv.FormatInt(i, 10) + "::bigint"
		}
	case "double precision":
		if f, err := strconv.ParseFloat(value, 64); err == nil {
			return strconv.FormatFloat(f, 'e', -1, 64) + "::double precision"
		}
	case "boolean":
		return strconv.FormatBool(value == "true")
	case "text":
		return literal(value)
	default:
		return literal(value) + "::" + t
	}
	return literal(value)
}

func (d postgresScalars) convert(e string, from, to *Column) (value, fits string) {
	null := d.null(to)
	switch {
	case conversionOf(from, to) == kept:
		if storedType(from) != storedType(to) {
			return d.text(e, from), ""
		}
		return e, ""
	case from.List && to.List:
		if len(to.Values) > 0 && (len(from.Values) > 0 || from.textual()) {
			return e, "NOT EXISTS (SELECT 1 FROM json_array_elements_text(" + e + ") AS v WHERE v NOT IN (" + literals(to.Values) + "))"
		}
		return e, "json_array_length(" + e + ") = 0"
	case to.List && from.Of == "JSON":
		return e, "json_typeof(" + e + ") = 'array'"
	case to.List && from.accepted(to):
		return "('[' || " + d.element(e, from) + " || ']')::json", ""
	case from.List && from.accepted(to):
		fits = "json_array_length(" + e + ") <= 1"
		if to.Type == JSONColumn {
			return e + " -> 0", fits
		}
		return "(" + e + " ->> 0)::" + storedType(to), fits
	case from.List || to.List:
		return null, never
	case to.Of == "JSON":
		return d.element(e, from) + "::json", ""
	case from.Of == "JSON" && to.embedded():
		return e, "json_typeof(" + e + ") = 'object'"
	case from.Of == "JSON" && to.Of == "String":
		return "CASE json_typeof(" + e + ") WHEN 'string' THEN " + e + " #>> '{}' ELSE " + e + "::text END", ""
	case from.Type == JSONColumn || to.Type == JSONColumn:
		return null, never
	case len(to.Values) > 0:
		return d.text(e, from), d.text(e, from) + " IN (" + literals(to.Values) + ")"
	case to.Type == TextColumn:
		return d.toText(e, from, to)
	}
	return d.toNumber(e, from, to)
}

// text is a value as text: what is stored as a type of the database's own in the
// form that doors write, and a whole real with its ".0".
func (postgresScalars) text(e string, from *Column) string {
	switch storedType(from) {
	case "text":
		return e
	case "timestamptz":
		return "to_char(" + e + ` AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
	case "date":
		return "to_char(" + e + ", 'YYYY-MM-DD')"
	case "double precision":
		return "regexp_replace(" + e + `::text, '^(-?[0-9]+)(e|$)', '\1.0\2')`
	}
	return e + "::text"
}

// element is a value as the text of JSON.
func (d postgresScalars) element(e string, from *Column) string {
	switch storedType(from) {
	case "text", "timestamptz", "date":
		return "to_json(" + d.text(e, from) + ")::text"
	}
	return d.text(e, from)
}

func (d postgresScalars) toText(e string, from, to *Column) (value, fits string) {
	null := d.null(to)
	switch {
	case from.Of == "Timestamp" && to.Of == "DateTime": // of years that SQLite has a name for
		return "CASE WHEN " + e + " BETWEEN -62135596800 AND 253402300799 THEN to_timestamp(" + e + ") END", ""
	case from.Of == "Date" && to.Of == "DateTime":
		return e + "::timestamp AT TIME ZONE 'UTC'", ""
	case from.Of == "DateTime" && to.Of == "Date":
		return "(" + e + " AT TIME ZONE 'UTC')::date", "(" + e + " AT TIME ZONE 'UTC')::time = '00:00'"
	case recodes(from, to) && storedType(from) == "text":
		return e + "::" + storedType(to), "substr(" + e + ", 1, 1) <> chr(1)" // see misfit
	case recodes(from, to) && to.Of == "ID":
		return d.text(e, from), ""
	case to.Of != "String" && (to.Of != "ID" || from.Type != IntegerColumn):
		return null, never
	}
	return d.text(e, from), ""
}

func (d postgresScalars) toNumber(e string, from, to *Column) (value, fits string) {
	least, most := "-9223372036854775808", "9223372036854775807"
	if to.Of == "Int" {
		least, most = "-2147483648", "2147483647"
	}
	text := d.text(e, from)
	switch {
	case from.Of == "DateTime" && to.Of == "Timestamp":
		return "extract(epoch FROM " + e + ")::bigint", "date_trunc('second', " + e + ") = " + e
	case from.Type == TextColumn && to.Type == IntegerColumn:
		return text + "::bigint", "CASE WHEN " + text + " ~ '^(0|-?[1-9][0-9]{0,18})$' THEN " + text + "::numeric BETWEEN " + least + " AND " + most + " END"
	case from.Type == TextColumn && to.Type == RealColumn:
		return text + "::double precision", "CASE WHEN length(" + text + ") <= 400 AND " + text + ` ~ '^[ \t\n\r]*-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?[ \t\n\r]*$' THEN ` +
			text + "::numeric = 0 OR abs(" + text + "::numeric) BETWEEN 1e-307 AND 1.797e308 END"
	case from.Type == TextColumn:
		return text + " = 'true'", text + " IN ('true', 'false')"
	case to.Type == BooleanColumn:
		return e + " = 1", e + " IN (0, 1)"
	case from.Type == BooleanColumn:
		return e + "::integer::" + storedType(to), ""
	case to.Type == RealColumn:
		return e + "::double precision", ""
	}
	value = e + "::bigint"
	if from.Type == IntegerColumn {
		return value, e + " BETWEEN " + least + " AND " + most
	}
	if to.Of != "Int" {
		least, most = "-9223372036854775808", "9223372036854774784" // the last real before 2^63
	}
	return value, "trunc(" + e + ") = " + e + " AND " + e + " BETWEEN " + least + " AND " + most
}
