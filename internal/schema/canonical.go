package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The form of a DateTime and of a Time as stored: of one width, so that the
// order of the texts is the order of the times.
const (
	DateTimeLayout = "2006-01-02T15:04:05.000Z"
	TimeLayout     = "15:04:05.000"
	DateLayout     = "2006-01-02"
)

const (
	firstSecond = -62135596800 // of the year 1
	lastSecond  = 253402300799 // of the year 9999
	mostDigits  = 400          // of a JSON number
)

// form is what a value of the scalar looks like, for messages.
func (s Scalar) form() string {
	for _, spec := range scalarSpecs() {
		if spec.scalar == s {
			return spec.form
		}
	}
	return "a " + string(s)
}

// canonical returns a value as it is stored.
func (s Scalar) canonical(v any, text bool) (any, bool) {
	switch s {
	case Boolean:
		if t, ok := v.(string); ok && text {
			return t == "true", t == "true" || t == "false"
		}
		b, ok := v.(bool)
		return b, ok
	case Int:
		n, ok := integer(v, text)
		return n, ok && n >= math.MinInt32 && n <= math.MaxInt32
	case Timestamp:
		n, ok := integer(v, text)
		return n, ok && n >= firstSecond && n <= lastSecond
	case Float:
		return number(v, text)
	}
	t, ok := v.(string)
	if !ok && s == ID { // GraphQL takes whole numbers for ids
		if n, whole := integer(v, false); whole {
			t, ok = strconv.FormatInt(n, 10), true
		}
	}
	if !ok || len(t) > MaxString || !utf8.ValidString(t) || strings.IndexByte(t, 0) >= 0 {
		return nil, false
	}
	switch s {
	case ID:
		return t, t != "" && utf8.RuneCountInString(t) <= MaxID && !strings.ContainsFunc(t, control)
	case Date:
		return date(t)
	case Time:
		return timeOfDay(t)
	case DateTime:
		return dateTime(t)
	case Email:
		return email(t)
	case URL:
		return webAddress(t)
	case Phone:
		return phone(t)
	case IPAddress:
		return ipAddress(t)
	default:
		return t, true
	}
}

func control(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }

// numeral is the text of a number.
func numeral(v any, text bool) (string, bool) {
	s := ""
	switch v := v.(type) {
	case json.Number:
		s = string(v)
	case string:
		if text {
			s = v
		}
	case int, int64, float64:
		s = fmt.Sprint(v)
	}
	return s, isNumber(s)
}

// integer takes whole numbers, 3.0 included as JSON does not tell them apart.
func integer(v any, text bool) (int64, bool) {
	s, ok := numeral(v, text)
	if !ok {
		return 0, false
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(s, 64)
	return int64(f), err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53
}

func number(v any, text bool) (any, bool) {
	s, ok := numeral(v, text)
	if !ok {
		return nil, false
	}
	f, err := strconv.ParseFloat(s, 64) // out of range is an error
	if f == 0 {
		f = 0 // no negative zero: it would differ as text and be equal as number
	}
	return f, err == nil
}

// isNumber tells whether s is a number as JSON writes them.
func isNumber(s string) bool {
	return s != "" && len(s) <= mostDigits && (s[0] == '-' || s[0] >= '0' && s[0] <= '9') && json.Valid([]byte(s))
}

func date(s string) (any, bool) {
	if len(s) != len(DateLayout) {
		return nil, false
	}
	t, err := time.Parse(DateLayout, s)
	return s, err == nil && t.Year() >= 1
}

// timeOfDay takes 14:30, 14:30:00 and 14:30:00.5, with an offset in UTC.
func timeOfDay(s string) (any, bool) {
	if len(s) < 5 || len(s) > 24 || s[2] != ':' || strings.ContainsRune(s, ',') {
		return nil, false
	}
	for _, layout := range []string{"15:04:05", "15:04", "15:04:05Z07:00", "15:04Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC().Format(TimeLayout), true
		}
	}
	return nil, false
}

func dateTime(s string) (any, bool) {
	if len(s) < len("2006-01-02T15:04Z") || len(s) > 40 || s[10] != 'T' || s[13] != ':' || strings.ContainsRune(s, ',') {
		return nil, false
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04Z07:00", s)
	}
	t = t.UTC()
	return t.Format(DateTimeLayout), err == nil && t.Year() >= 1 && t.Year() <= 9999
}

func email(s string) (any, bool) {
	if len(s) > MaxEmail || strings.ContainsAny(s, "[]<>\" ") || strings.ContainsFunc(s, control) {
		return nil, false
	}
	a, err := mail.ParseAddress(s)
	return s, err == nil && a.Name == "" && a.Address == s
}

// webAddress takes addresses that a browser may follow: no javascript: and
// no data:.
func webAddress(s string) (any, bool) {
	if len(s) > MaxURL || strings.ContainsFunc(s, control) || strings.ContainsRune(s, ' ') {
		return nil, false
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, false
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https", "ws", "wss", "ftp", "ftps", "sftp", "s3":
		return s, u.Hostname() != ""
	case "mailto", "tel":
		return s, u.Opaque != ""
	}
	return nil, false
}

// phone takes E.164, spaces and punctuation between the digits dropped.
func phone(s string) (any, bool) {
	if len(s) > 40 || !strings.HasPrefix(s, "+") {
		return nil, false
	}
	digits := strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "").Replace(s[1:])
	if len(digits) < 7 || len(digits) > 15 || digits[0] == '0' {
		return nil, false
	}
	for _, r := range digits {
		if r < '0' || r > '9' {
			return nil, false
		}
	}
	return "+" + digits, true
}

func ipAddress(s string) (any, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.String(), a.Zone() == ""
	}
	p, err := netip.ParsePrefix(s)
	return p.String(), err == nil
}

// appendStored writes a stored value into a JSON text.
func appendStored(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		text, _ := json.Marshal(v) // finite: canonical saw to it
		return append(b, text...)
	case JSONText:
		return append(b, v...)
	case string:
		return appendText(b, v)
	}
	panic(fmt.Sprintf("schema: no stored value: %T", v))
}

// appendText writes a JSON string.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch ch := s[i]; {
		case ch == '"' || ch == '\\':
			b = append(b, '\\', ch)
		case ch == '\n':
			b = append(b, '\\', 'n')
		case ch < ' ':
			b = fmt.Appendf(b, "\\u%04x", ch)
		default:
			b = append(b, ch)
		}
	}
	return append(b, '"')
}

// appendJSON writes a decoded JSON value, keys sorted.
func appendJSON(b []byte, v any, depth int) ([]byte, *misfit) {
	if depth > MaxJSONDepth {
		return nil, badValue("is nested more than ", strconv.Itoa(MaxJSONDepth), " deep")
	}
	if len(b) > MaxJSON {
		return nil, badValue("is larger than ", strconv.Itoa(MaxJSON), " bytes")
	}
	var bad *misfit
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case string:
		return appendJSONText(b, v)
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			if b, bad = appendJSON(b, item, depth+1); bad != nil {
				return nil, bad.under(strconv.Itoa(i))
			}
		}
		return append(b, ']'), nil
	case map[string]any:
		b = append(b, '{')
		for i, key := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b = append(b, ',')
			}
			if b, bad = appendJSONText(b, key); bad != nil {
				return nil, bad
			}
			if b, bad = appendJSON(append(b, ':'), v[key], depth+1); bad != nil {
				return nil, bad.under(key)
			}
		}
		return append(b, '}'), nil
	case json.Number:
		if _, finite := number(v, false); !finite {
			return nil, badValue("has a number out of range")
		}
		return append(b, v...), nil
	case int, int64, float64:
		f, finite := number(v, false)
		if !finite {
			return nil, badValue("has a number out of range")
		}
		return appendStored(b, f), nil
	}
	return nil, badValue("must be a JSON value")
}

func appendJSONText(b []byte, s string) ([]byte, *misfit) {
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 || len(b)+len(s) > MaxJSON {
		return nil, badValue("has text with NUL or invalid UTF-8, or is larger than ", strconv.Itoa(MaxJSON), " bytes")
	}
	return appendText(b, s), nil
}
