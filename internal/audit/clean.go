package audit

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/loam-dev/loam/internal/form"
)

const (
	redacted = "[redacted]"
	ellipsis = "…" // ends what was cut
)

// secretKey finds the names under which a secret may come. It is a net below
// callers, who are not to hand one over.
var secretKey = form.Pattern(`(?i)passw|passphrase|secret|token|cookie|authorization|credential|signature|recovery|otp|hash|^code$|private_?key|api_?key|^key$|seed|salt|^pin$`)

// secretText finds texts that are secrets by their form: API keys and every
// other token of ours, webhook secrets, JSON web tokens, password hashes.
var secretText = form.Pattern(`\bloam[a-z]?_[A-Za-z0-9]|\bwhsec_|\beyJ[A-Za-z0-9_-]{8,}\.|\$(argon2|2[aby]|scrypt|pbkdf2)[a-z0-9-]*\$|-----BEGIN`)

// clean makes a text one that can't pretend to be another record, or move a
// terminal's cursor: whatever does not print is written as an escape. It cuts
// the text to maxText.
func clean(text string) string {
	if plain(text) {
		return text
	}
	var b strings.Builder
	n := 0
	for _, r := range strings.ToValidUTF8(text, "�") {
		if n++; n > maxText {
			b.WriteString(ellipsis)
			break
		}
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	if secretText().MatchString(b.String()) {
		return redacted
	}
	return b.String()
}

// plain tells texts that clean would not change, as nearly all are.
func plain(text string) bool {
	if len(text) > maxText {
		return false
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return !secretText().MatchString(text)
}

// encode writes details as JSON with its keys in order. Where they are too
// large, what they hold gives way to that fact.
func encode(details map[string]any) (string, error) {
	if len(details) == 0 {
		return "{}", nil
	}
	text, err := json.Marshal(harmless(details, 0))
	if err != nil {
		return "", fmt.Errorf("audit: encoding details: %w", err)
	}
	if len(text) > maxDetails {
		return fmt.Sprintf(`{"cut":"the details had %d bytes, more than %d"}`, len(text), maxDetails), nil
	}
	return string(text), nil
}

// harmless is a value without secrets, control characters or bulk. A type that
// is none of JSON's is written as it prints, which for a secret is not itself.
func harmless(value any, depth int) any {
	if depth > maxDepth {
		return ellipsis
	}
	switch v := value.(type) {
	case nil, bool, int, int64:
		return v
	case float64:
		return harmlessNumber(v)
	case string:
		return clean(v)
	case map[string]any:
		return harmlessObject(v, depth)
	case fmt.Formatter, fmt.Stringer, error:
		return clean(fmt.Sprint(v))
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.String:
		return clean(v.String())
	case reflect.Slice, reflect.Array:
		out := make([]any, 0, min(v.Len(), maxItems+1))
		for i := range v.Len() {
			if i == maxItems {
				return append(out, ellipsis)
			}
			out = append(out, harmless(v.Index(i).Interface(), depth+1))
		}
		return out
	}
	return clean(fmt.Sprint(value))
}

// harmlessNumber is a number that JSON has, or its name.
func harmlessNumber(v float64) any {
	if v-v != 0 { // infinite or none
		return fmt.Sprint(v)
	}
	return v
}

func harmlessObject(object map[string]any, depth int) map[string]any {
	out := make(map[string]any, min(len(object), maxKeys))
	for i, key := range slices.Sorted(maps.Keys(object)) {
		switch {
		case i == maxKeys:
			out[ellipsis] = fmt.Sprintf("%d more", len(object)-maxKeys)
			return out
		case secretKey().MatchString(key):
			out[clean(key)] = redacted
		default:
			out[clean(key)] = harmless(object[key], depth+1)
		}
	}
	return out
}
