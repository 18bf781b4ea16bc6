package store

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/loam-dev/loam/internal/schema"
)

// PostgreSQL wants the type of each parameter said, keeps moments as timestamptz,
// and takes writers side by side: what a write decides by is locked. Objects inside
// of others are put together as text: json_build_object writes blanks, and row_to_json
// over a sub-select has short keys and is slower.
var postgresWords = words{
	mark:  "$",
	types: postgresTypes("::", ""),
	bind:  postgresValue,

	in:    around{"=ANY(", ")"},
	lists: postgresTypes("::", "[]"),
	list:  postgresArray,

	has: allAround(around{"EXISTS (SELECT 1 FROM json_array_elements_text(", ") e WHERE e.value"}, map[kind]around{
		integerKind: {"EXISTS (SELECT 1 FROM json_array_elements_text(", ") e WHERE e.value::bigint"},
		floatKind:   {"EXISTS (SELECT 1 FROM json_array_elements_text(", ") e WHERE e.value::double precision"},
		boolKind:    {"EXISTS (SELECT 1 FROM json_array_elements_text(", ") e WHERE e.value::boolean"},
	}),
	without: [3]string{"(SELECT concat('[',string_agg(to_json(e.value)::text,','),']')::json FROM json_array_elements_text(", ") e WHERE e.value<>", ")"},
	find:    "strpos(",

	asColumns: true,
	json: allAround(around{"coalesce(", "::text,'null')"}, map[kind]around{
		textKind: {"coalesce(to_json(", "::text)::text,'null')"},
		timeKind: {"coalesce(to_char(", ` AT TIME ZONE 'UTC','"\""YYYY-MM-DD"T"HH24:MI:SS.MS"Z\""'),'null')`},
		dateKind: {"coalesce(to_char(", `,'"\""YYYY-MM-DD"\""'),'null')`},
	}),
	bare: [kinds]around{
		timeKind: {"to_char(", ` AT TIME ZONE 'UTC','YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`},
		dateKind: {"to_char(", ",'YYYY-MM-DD')"},
	},
	join:   "string_agg(",
	member: around{"->'", "'"},
	each:   [3]string{"json_array_elements(", "json_typeof(", ".value)='null'"},
	total: map[string][kinds]around{
		"sum": allAround(around{"sum(", ")"}, map[kind]around{floatKind: {"loam_sum(", ")"}}),
		"avg": allAround(around{"loam_avg(", "::double precision)"}, nil),
		"min": allAround(around{"min(", ")"}, map[kind]around{boolKind: {"bool_and(", ")"}}),
		"max": allAround(around{"max(", ")"}, map[kind]around{boolKind: {"bool_or(", ")"}}),
	},

	search: searching{(*builder).fromFound, (*builder).found},

	position: "pos",

	nullsFirst: " NULLS FIRST", nullsLast: " NULLS LAST",
	lockChanged: " FOR NO KEY UPDATE OF ", lockGoing: " FOR UPDATE OF ",
	lockRelied: " FOR SHARE",
	skipLocked: " FOR UPDATE SKIP LOCKED",
	blind:      true,
}

func postgresTypes(before, behind string) (out [kinds]string) {
	for k, name := range [kinds]string{"text", "bigint", "double precision", "boolean", "timestamptz", "date", "json"} {
		out[k] = before + name + behind
	}
	return out
}

// postgresValue is a canonical value as PostgreSQL binds it.
func postgresValue(value any) any {
	if v, ok := value.(schema.JSONText); ok {
		return string(v)
	}
	return value
}

// postgresArray is a list as the text of an array.
func postgresArray(items []any) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, item := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		switch v := item.(type) {
		case string:
			b.WriteByte('"')
			for j := 0; j < len(v); j++ {
				if v[j] == '"' || v[j] == '\\' {
					b.WriteByte('\\')
				}
				b.WriteByte(v[j])
			}
			b.WriteByte('"')
		case float64:
			b.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
		default:
			fmt.Fprint(&b, v)
		}
	}
	b.WriteByte('}')
	return b.String()
}
