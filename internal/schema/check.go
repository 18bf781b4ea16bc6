package schema

import (
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/loam-dev/loam/internal/form"
)

// OK tells whether a stored value passes the check. Null always does.
func (k *Check) OK(value any) bool { return value == nil || k.test == nil || k.test(value) }

// defaultValue reads @default.
func (c *checker) defaultValue(f *Field, a args) {
	switch {
	case a.missing("value"):
		c.errorf(a.at, "missing_argument", "write @default(value: \"...\")", "`@default` needs `value`")
		return
	case !a.has("value"):
		return
	case f.List || f.Kind == EmbeddedKind:
		c.errorf(a.at, "bad_default", "remove it; set the value where rows are made", "`%s` can't have a default: only single scalars and enum values can", f.Name)
		return
	case len(a.text("value")) > longestDefault:
		c.errorf(a.at, "bad_default", "use a shorter value", "the default has %d bytes; the limit is %d", len(a.text("value")), longestDefault)
		return
	}
	text := a.text("value")
	if _, err := f.element(text, true); err != nil {
		c.errorf(a.span("value"), "bad_default", "it "+err.what, "the default `%s` does not fit `%s`", shorten(text), f.Name)
		return
	}
	f.Default = &text
}

func shorten(s string) string {
	if utf8.RuneCountInString(s) > 40 {
		return string([]rune(s)[:40]) + "..."
	}
	return s
}

// validation reads @validate.
func (c *checker) validation(f *Field, a args) {
	if !a.has("type") || !a.has("value") {
		return
	}
	k := &Check{Type: CheckType(a.text("type")), Value: a.text("value"), Message: a.text("errorMessage")}
	numeric := f.Kind == ScalarKind && slices.Contains([]Scalar{Int, Float, Timestamp}, f.Scalar)
	textual := f.Kind == ScalarKind && slices.Contains([]Scalar{String, ID, Email, URL, Phone}, f.Scalar)
	compares := slices.Contains([]CheckType{Gt, Lt, Gte, Lte}, k.Type)
	switch {
	case f.List:
		c.errorf(a.at, "bad_check", "remove it", "`@validate` checks single values, and `%s` is a list", f.Name)
		return
	case compares && !numeric:
		c.errorf(a.span("type"), "bad_check", "use it on Int, Float or Timestamp", "`%s` compares numbers, and `%s` has type %s", k.Type, f.Name, f.TypeName)
		return
	case !compares && !textual:
		c.errorf(a.span("type"), "bad_check", "use it on text", "`%s` checks text, and `%s` has type %s", k.Type, f.Name, f.TypeName)
		return
	}
	if slices.ContainsFunc(f.Checks, func(other *Check) bool { return other.Type == k.Type && k.Type != Matches }) {
		c.errorf(a.at, "repeated", "keep one of them", "`%s` has two checks of type `%s`", f.Name, k.Type)
		return
	}
	if len(f.Checks) == maxChecks {
		c.errorf(a.at, "too_many", "join some of them", "`%s` has more than %d checks", f.Name, maxChecks)
		return
	}
	if len(k.Value) > longestCheck {
		c.errorf(a.span("value"), "too_many", "use a shorter one", "the value has %d bytes; the limit is %d", len(k.Value), longestCheck)
		return
	}
	if problem := k.compile(); problem != "" {
		c.errorf(a.span("value"), "bad_check", problem, "`%s` can't be the value of `%s`", shorten(k.Value), k.Type)
		return
	}
	f.Checks = append(f.Checks, k)
}

// compile makes the test; it returns what to write instead where it can't.
func (k *Check) compile() string {
	switch k.Type {
	case Gt, Lt, Gte, Lte:
		limit, err := strconv.ParseFloat(k.Value, 64)
		if err != nil || !form.IsNumber(k.Value) {
			return "write a number in quotes"
		}
		k.test = func(v any) bool { return k.compares(v, limit) }
	case MinLength, MaxLength:
		limit, err := strconv.Atoi(k.Value)
		if err != nil || limit < 0 {
			return "write a number of characters in quotes"
		}
		k.test = func(v any) bool {
			s, _ := v.(string)
			n := utf8.RuneCountInString(s)
			return k.Type == MinLength && n >= limit || k.Type == MaxLength && n <= limit
		}
	case StartsWith:
		k.test = func(v any) bool { s, _ := v.(string); return strings.HasPrefix(s, k.Value) }
	case EndsWith:
		k.test = func(v any) bool { s, _ := v.(string); return strings.HasSuffix(s, k.Value) }
	case Matches:
		pattern, err := regexp.Compile(k.Value)
		if err != nil {
			return "write an RE2 expression; " + strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		}
		k.test = func(v any) bool { s, _ := v.(string); return pattern.MatchString(s) }
	}
	return ""
}

// compares whole numbers as such: a float64 has no room for every int64.
func (k *Check) compares(v any, limit float64) bool {
	order := 0
	switch v := v.(type) {
	case int64:
		order = new(big.Float).SetInt64(v).Cmp(big.NewFloat(limit))
	case float64:
		order = big.NewFloat(v).Cmp(big.NewFloat(limit))
	}
	switch k.Type {
	case Gt:
		return order > 0
	case Lt:
		return order < 0
	case Gte:
		return order >= 0
	default:
		return order <= 0
	}
}
