package migrate

import "strconv"

// sqliteScalars writes the values of columns for SQLite.
type sqliteScalars struct{}

func (sqliteScalars) null(*Column) string { return "NULL" }

func (sqliteScalars) now(*Column) string { return "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')" }

func (sqliteScalars) constant(n *Column, value string) string {
	switch n.Type {
	case IntegerColumn:
		if i, err := strconv.ParseInt(value, 10, 64); err == nil {
			return strconv.FormatInt(i, 10)
		}
	case RealColumn:
		if f, err := strconv.ParseFloat(value, 64); err == nil {
			return strconv.FormatFloat(f, 'e', -1, 64)
		}
	case BooleanColumn:
		if value == "true" {
			return "1"
		}
		return "0"
	}
	return literal(value)
}

func (sqliteScalars) text(e string, _ *Column) string { return e }

func (d sqliteScalars) convert(e string, from, to *Column) (value, fits string) {
	switch {
	case conversionOf(from, to) == kept:
		return e, ""
	case from.List && to.List:
		if len(to.Values) > 0 && (len(from.Values) > 0 || from.textual()) {
			return e, "NOT EXISTS (SELECT 1 FROM json_each(" + e + ") WHERE value NOT IN (" + literals(to.Values) + "))"
		}
		return e, "json_array_length(" + e + ") = 0"
	case to.List && from.Of == "JSON":
		return e, "json_type(" + e + ") = 'array'"
	case to.List && from.accepted(to):
		return "CASE WHEN " + e + " IS NOT NULL THEN json_array(" + d.element(e, from) + ") END", ""
	case from.List && from.accepted(to):
		if to.Type == JSONColumn {
			return e + " -> 0", "json_array_length(" + e + ") <= 1"
		}
		return e + " ->> 0", "json_array_length(" + e + ") <= 1"
	case from.List || to.List:
		return "NULL", never
	case to.Of == "JSON":
		return "CASE WHEN " + e + " IS NOT NULL THEN json_quote(" + d.element(e, from) + ") END", ""
	case from.Of == "JSON" && to.embedded():
		return e, "json_type(" + e + ") = 'object'"
	case from.Of == "JSON" && to.Of == "String":
		return "CASE json_type(" + e + ") WHEN 'text' THEN " + e + " ->> '$' ELSE " + e + " END", ""
	case from.Type == JSONColumn || to.Type == JSONColumn:
		return "NULL", never
	case len(to.Values) > 0:
		return e, e + " IN (" + literals(to.Values) + ")"
	case to.Type == TextColumn:
		return d.toText(e, from, to)
	}
	return d.toNumber(e, from, to)
}

// element is a value as JSON functions take it.
func (sqliteScalars) element(e string, from *Column) string {
	switch from.Type {
	case BooleanColumn:
		return "json(CASE " + e + " WHEN 1 THEN 'true' ELSE 'false' END)"
	case JSONColumn:
		return "json(" + e + ")"
	}
	return e
}

func (sqliteScalars) toText(e string, from, to *Column) (value, fits string) {
	switch {
	case from.Of == "Timestamp" && to.Of == "DateTime":
		return "strftime('%Y-%m-%dT%H:%M:%fZ', " + e + ", 'unixepoch')", ""
	case from.Of == "Date" && to.Of == "DateTime":
		return e + " || 'T00:00:00.000Z'", ""
	case from.Of == "DateTime" && to.Of == "Date":
		return "substr(" + e + ", 1, 10)", e + " LIKE '%T00:00:00.000Z'"
	case recodes(from, to):
		return e, "substr(" + e + ", 1, 1) <> char(1)" // see misfit
	case to.Of != "String" && (to.Of != "ID" || from.Type != IntegerColumn):
		return "NULL", never
	case from.Type == BooleanColumn:
		return "CASE " + e + " WHEN 1 THEN 'true' WHEN 0 THEN 'false' END", ""
	}
	return "CAST(" + e + " AS TEXT)", ""
}

func (sqliteScalars) toNumber(e string, from, to *Column) (value, fits string) {
	whole := "CAST(" + e + " AS INTEGER)"
	inRange := ""
	if to.Of == "Int" {
		inRange = " AND " + whole + " BETWEEN -2147483648 AND 2147483647"
	}
	switch {
	case from.Of == "DateTime" && to.Of == "Timestamp":
		return "CAST(strftime('%s', " + e + ") AS INTEGER)", e + " LIKE '%.000Z'"
	case from.Type == TextColumn && to.Type == IntegerColumn:
		return whole, "CAST(" + whole + " AS TEXT) = " + e + inRange
	case from.Type == TextColumn && to.Type == RealColumn:
		return "CAST(" + e + " AS REAL)", "CASE WHEN json_valid(" + e + ") THEN json_type(" + e + ") IN ('integer', 'real') END"
	case from.Type == TextColumn:
		return e + " = 'true'", e + " IN ('true', 'false')"
	case to.Type == BooleanColumn:
		return whole, e + " IN (0, 1)"
	case to.Type == RealColumn:
		return "CAST(" + e + " AS REAL)", ""
	case from.Type == BooleanColumn:
		return e, ""
	}
	return whole, whole + " = " + e + inRange
}
