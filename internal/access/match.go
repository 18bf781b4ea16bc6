package access

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// Row is a row in memory: the canonical value of each stored field; a field
// that is missing is null.
type Row interface {
	Field(f *schema.Field) any
}

// MapRow is a Row by field names.
type MapRow map[string]any

// Field returns the field's value.
func (r MapRow) Field(f *schema.Field) any { return r[f.Name] }

// needsDatabase tells whether the condition looks beyond its own row.
func needsDatabase(c *query.Cond) bool {
	needs := false
	c.Walk(func(n *query.Cond) { needs = needs || n.Test == query.Related })
	return needs
}

// Match tells whether a row meets a condition that looks at no other row. It
// gives the same answer as the SQL that package store makes of it.
func Match(c *query.Cond, by *Principal, row Row) bool {
	if c == nil {
		return true
	}
	switch c.Test {
	case query.All:
		return true
	case query.None:
		return false
	case query.And:
		for _, kid := range c.Kids {
			if !Match(kid, by, row) {
				return false
			}
		}
		return true
	case query.Or:
		return slices.ContainsFunc(c.Kids, func(kid *query.Cond) bool { return Match(kid, by, row) })
	case query.Not:
		return !Match(c.Kids[0], by, row)
	case query.Related:
		panic("access: a condition on related rows can't be matched in memory")
	}
	return matchField(c, by, row.Field(c.Field))
}

func matchField(c *query.Cond, by *Principal, value any) bool {
	switch c.Test {
	case query.IsNull:
		return value == nil
	case query.NotNull:
		return value != nil
	case query.Ne, query.NotIn, query.NotContains:
		positive := *c
		positive.Test = map[query.Test]query.Test{query.Ne: query.Eq, query.NotIn: query.In, query.NotContains: query.Contains}[c.Test]
		return !matchField(&positive, by, value)
	}
	if value == nil {
		return false
	}
	if c.Size {
		value = sizeOf(c.Field, value)
	}
	args := make([]any, len(c.Args))
	for i, a := range c.Args {
		if args[i] = a.Value; a.Var != "" {
			args[i] = by.Value(a.Var)
		}
		if args[i] == nil {
			return false
		}
	}
	return compare(c, value, args)
}

func compare(c *query.Cond, value any, args []any) bool {
	switch c.Test {
	case query.Eq:
		return order(value, args[0]) == 0
	case query.Lt:
		return order(value, args[0]) == -1
	case query.Le:
		return atMost(value, args[0])
	case query.Gt:
		return order(args[0], value) == -1
	case query.Ge:
		return atMost(args[0], value)
	case query.Between:
		return atMost(args[0], value) && atMost(value, args[1])
	case query.In:
		return has(args[0], value)
	case query.BeginsWith:
		return strings.HasPrefix(value.(string), args[0].(string))
	case query.Contains:
		if c.Field.List {
			return has(elements(value), args[0])
		}
		return strings.Contains(value.(string), args[0].(string))
	case query.Overlaps:
		for _, e := range elements(value) {
			if has(args[0], e) {
				return true
			}
		}
	}
	return false
}

func atMost(a, b any) bool {
	o := order(a, b)
	return o == -1 || o == 0
}

// has tells whether a list has a value; a single value is a list of one.
func has(list, value any) bool {
	items, ok := list.([]any)
	if !ok {
		items = []any{list}
	}
	return slices.ContainsFunc(items, func(item any) bool { return order(item, value) == 0 })
}

// elements are the values of a stored list.
func elements(value any) []any {
	text, ok := value.(schema.JSONText)
	if !ok {
		return nil
	}
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.UseNumber()
	var items []any
	if dec.Decode(&items) != nil {
		return nil
	}
	for i, item := range items {
		if n, ok := item.(json.Number); ok {
			items[i] = number(n)
		}
	}
	return items
}

func number(n json.Number) any {
	if i, err := n.Int64(); err == nil {
		return i
	}
	f, err := n.Float64()
	if err != nil {
		return nil
	}
	return f
}

func sizeOf(f *schema.Field, value any) any {
	if f.List {
		return int64(len(elements(value)))
	}
	text, _ := value.(string)
	return int64(utf8.RuneCountInString(text))
}

// Compare orders two values of one field as the database sorts them: nulls first.
func Compare(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return order(a, b)
}

// order compares two canonical values of one type, as the database does:
// texts by bytes, numbers by value, false before true: -1, 0 or 1. Values of
// different types have no order: -2.
func order(a, b any) int {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
	case bool:
		if y, ok := b.(bool); ok {
			return cmp.Compare(boolInt(x), boolInt(y))
		}
	case int64:
		switch y := b.(type) {
		case int64:
			return cmp.Compare(x, y)
		case float64:
			return cmp.Compare(float64(x), y)
		}
	case float64:
		switch y := b.(type) {
		case int64:
			return cmp.Compare(x, float64(y))
		case float64:
			return cmp.Compare(x, y)
		}
	}
	return -2
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
