package sqlite

import (
	"strconv"

	"github.com/ncruces/go-sqlite3"
)

// registerFloat makes loam_float, which writes a number as JSON in the fewest
// digits that are the number again: SQLite's own way takes 17 of them, or not, by a
// rule that no other engine has.
func registerFloat(db *sqlite3.Conn) error {
	const jsonSubtype = 'J' // what json_object takes as it stands
	return db.CreateFunction("loam_float", 1, sqlite3.DETERMINISTIC|sqlite3.INNOCUOUS|sqlite3.RESULT_SUBTYPE, func(ctx sqlite3.Context, arg ...sqlite3.Value) {
		if arg[0].Type() == sqlite3.NULL {
			ctx.ResultNull()
			return
		}
		ctx.ResultText(formatFloat(arg[0].Float()))
		ctx.ResultSubtype(jsonSubtype)
	})
}

// formatFloat writes a number as PostgreSQL does.
func formatFloat(f float64) string {
	text := strconv.FormatFloat(f, 'e', -1, 64)
	for i := len(text) - 1; i > 0; i-- {
		if text[i] != 'e' {
			continue
		}
		if exponent, err := strconv.Atoi(text[i+1:]); err == nil && (exponent < -4 || exponent >= 15) {
			return text
		}
		break
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
