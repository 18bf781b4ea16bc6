package store

import (
	"encoding/json"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/schema"
)

// SQLite has four types, keeps moments as text and booleans as 0 and 1, and puts
// nulls first by itself. One writer at a time needs no locks.
var sqliteWords = words{
	mark: "?",
	bind: sqliteValue,

	in:   around{" IN (SELECT value FROM json_each(", "))"},
	list: sqliteList,

	has:     allAround(around{"EXISTS (SELECT 1 FROM json_each(", ") WHERE value"}, nil),
	without: [3]string{"(SELECT json_group_array(value) FROM json_each(", ") WHERE value<>", ")"},
	find:    "instr(",

	object: "json_object(",
	json: allAround(around{"json_quote(", ")"}, map[kind]around{
		floatKind: {"coalesce(loam_float(", "),'null')"},
		boolKind:  {"CASE ", " WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END"},
		jsonKind:  {"coalesce(", ",'null')"},
	}),
	join:   "group_concat(",
	member: around{"->'$.", "'"},
	each:   [3]string{"json_each(", "", ".type='null'"},
	total: map[string][kinds]around{
		"sum": allAround(around{"sum(", ")"}, map[kind]around{floatKind: {"nullif(nullif(sum(", "),9e999),-9e999)"}}), // JSON has no infinity
		"avg": allAround(around{"avg(", ")"}, map[kind]around{floatKind: {"nullif(nullif(avg(", "),9e999),-9e999)"}}),
		"min": allAround(around{"min(", ")"}, nil),
		"max": allAround(around{"max(", ")"}, nil),
	},

	search: searching{(*builder).fromIndex, (*builder).highlighted},

	position: "seq",
}

// sqliteValue is a canonical value as SQLite binds it.
func sqliteValue(value any) any {
	switch v := value.(type) {
	case schema.JSONText:
		return string(v)
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	}
	return value
}

// sqliteList is a list as the JSON text that json_each takes apart.
func sqliteList(items []any) string {
	text, err := json.Marshal(items)
	if err != nil {
		panic("store: a list of canonical values always encodes: " + err.Error())
	}
	return string(text)
}

// value writes a field as an argument of json_object.
func (b *builder) value(t table, out *access.Out) {
	f := out.Field
	switch {
	case out.IsLiteral:
		b.literal(out.Literal)
	case isJSON(f) && !out.Encoded:
		b.raw("json(")
		b.column(t, f)
		b.raw(")")
	case isBool(f):
		b.raw("CASE ")
		b.column(t, f)
		b.raw(" WHEN 1 THEN json('true') WHEN 0 THEN json('false') END")
	case kindOf(f) == floatKind:
		b.raw("loam_float(")
		b.column(t, f)
		b.raw(")")
	default:
		b.column(t, f)
	}
}
