package sdkgen

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// object is a JSON object whose members keep their order, so that equal
// schemas make equal documents.
type object []member

type member struct {
	key   string
	value any // nil, bool, int, string, json.Number, object, written, []string, []object or []any
}

// written is an object whose members are text already: a large document holds
// little else in memory.
type written []byte

// add returns the object with one more member.
func (w written) add(key string, value any) written {
	if len(w) > 0 {
		w = append(w, ',')
	}
	return appendJSON(append(appendText(w, key), ':'), value)
}

// and returns the object with further members; those that say nothing, such
// as an empty description, are left out.
func (o object) and(members ...member) object {
	out := make(object, len(o), len(o)+len(members))
	copy(out, o)
	for _, m := range members {
		if !empty(m.value) {
			out = append(out, m)
		}
	}
	return out
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case object:
		return v == nil
	case []string:
		return len(v) == 0
	case []object:
		return len(v) == 0
	}
	return false
}

// appendJSON writes a value as compact JSON.
func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case json.Number:
		return append(b, v...)
	case string:
		return appendText(b, v)
	case object:
		b = append(b, '{')
		for i, m := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(append(appendText(b, m.key), ':'), m.value)
		}
		return append(b, '}')
	case written:
		return append(append(append(b, '{'), v...), '}')
	case []string:
		return appendList(b, v)
	case []object:
		return appendList(b, v)
	case []any:
		return appendList(b, v)
	}
	panic(fmt.Sprintf("sdkgen: no JSON value: %T", v))
}

func appendList[T any](b []byte, list []T) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(b, v)
	}
	return append(b, ']')
}

// appendText writes a JSON string. Names, which are most of them, need no
// escape.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			text, err := json.Marshal(s)
			if err != nil {
				panic("sdkgen: a string always encodes: " + err.Error())
			}
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
