package form

import (
	"encoding/binary"
	"math"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// AppendQuoted appends a text in JSON. Most have nothing to be escaped.
func AppendQuoted(to, text []byte) []byte {
	if plain(text) {
		return append(append(append(to, '"'), text...), '"')
	}
	out, err := jsontext.AppendQuote(to, text)
	if err != nil {
		panic("form: a stored text is UTF-8: " + err.Error())
	}
	return out
}

// plain tells whether a text stands in JSON as it is: printable ASCII without quotes and
// backslashes. It looks at eight bytes at a time: in a byte below 0x80, the sum with
// 0x60 has its high bit from 0x20 on, and a byte that is equal to another leaves zero
// where they are XORed.
func plain(text []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; len(text) >= 8; text = text[8:] {
		w := binary.LittleEndian.Uint64(text)
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		if (w|^(w&^highs+ones*0x60)|(quote-ones)&^quote|(slash-ones)&^slash)&highs != 0 {
			return false
		}
	}
	for _, c := range text {
		if c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// year2000 is PostgreSQL's beginning of time, in microseconds from Unix's.
const year2000 = 946_684_800_000_000

// AppendMoment appends a time that PostgreSQL sends as microseconds since 2000, as
// AppendStamp does.
func AppendMoment(to []byte, n int64) []byte {
	switch n {
	case math.MaxInt64:
		return append(to, "infinity"...)
	case math.MinInt64:
		return append(to, "-infinity"...)
	}
	return AppendStamp(to, time.UnixMicro(n+year2000))
}
