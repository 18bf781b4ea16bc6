package query

import (
	"net/url"
	"strconv"
	"strings"
)

// KeyPath is a row's key as it stands in the row's URL: its values in order,
// escaped and joined by commas.
func KeyPath(key []any) string {
	parts := make([]string, len(key))
	for i, v := range key {
		parts[i] = url.PathEscape(keyText(v))
	}
	return strings.Join(parts, ",")
}

// KeyID names a row among those of its model: the value of its key, or the form
// of KeyPath where it has several.
func KeyID(key []any) string {
	if len(key) == 1 {
		return keyText(key[0])
	}
	return KeyPath(key)
}

func keyText(v any) string {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case string:
		return v
	}
	return ""
}
