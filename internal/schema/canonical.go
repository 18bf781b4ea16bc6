package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/loam-dev/loam/internal/form"
)

const (
	firstSecond = -62135596800 // of the year 1
	lastSecond  = 253402300799 // of the year 9999
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
		n, ok := form.Integer(v, text)
		return n, ok && n >= math.MinInt32 && n <= math.MaxInt32
	case Timestamp:
		n, ok := form.Integer(v, text)
		return n, ok && n >= firstSecond && n <= lastSecond
	case Float:
		return form.Number(v, text)
	}
	t, ok := v.(string)
	if !ok && s == ID { // GraphQL takes whole numbers for ids
		if n, whole := form.Integer(v, false); whole {
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
		return form.Date(t)
	case Time:
		return form.Time(t)
	case DateTime:
		return form.DateTime(t)
	case Email:
		if len(t) > MaxEmail {
			return nil, false
		}
		return form.Email(t)
	case URL:
		if len(t) > MaxURL {
			return nil, false
		}
		return form.URL(t)
	case Phone:
		return form.Phone(t)
	case IPAddress:
		return form.IPAddress(t)
	default:
		return t, true
	}
}

func control(r rune) bool { return form.Control(r) }

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
		if _, finite := form.Number(v, false); !finite {
			return nil, badValue("has a number out of range")
		}
		return append(b, v...), nil
	case int, int64, float64:
		f, finite := form.Number(v, false)
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
