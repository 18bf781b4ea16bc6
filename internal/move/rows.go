package move

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// The limits of one step: what is in memory, and how long either database is held up
// by it.
const (
	batchRows  = 500
	batchBytes = 4 << 20 // the last row may go beyond
	togetherAt = 100     // rows of one statement
	mostValues = 30000   // of one statement: SQLite takes 32,766
)

// statement collects the text of a statement and its arguments.
type statement struct {
	strings.Builder
	args []any
}

func (s *statement) say(parts ...string) *statement {
	for _, p := range parts {
		s.WriteString(p)
	}
	return s
}

func (s *statement) arg(v any) {
	s.args = append(s.args, v)
	s.say("?", strconv.Itoa(len(s.args)))
}

func (s *statement) list(values []any) {
	for i, v := range values {
		if i > 0 {
			s.say(", ")
		}
		s.arg(v)
	}
}

// tuple is a comparison of several columns with as many values.
func (s *statement) tuple(columns []string, operator string, values []any) {
	s.say("(", strings.Join(columns, ", "), ") ", operator, " (")
	s.list(values)
	s.say(")")
}

// equal is a condition on the key, or on any columns.
func (s *statement) equal(columns []string, values []any) {
	s.say("(")
	for i, c := range columns {
		if i > 0 {
			s.say(" AND ")
		}
		s.say(c, " = ")
		s.arg(values[i])
	}
	s.say(")")
}

// anyOf is the condition of one of many keys.
func (s *statement) anyOf(columns []string, keys [][]any) {
	for i, key := range keys {
		if i > 0 {
			s.say(" OR ")
		}
		s.equal(columns, key)
	}
}

// values reads a row's columns from a place on.
func (t *table) values(r store.Row, from int) (row []any, size int) {
	row = make([]any, len(t.columns))
	for i, c := range t.columns {
		row[i], size = valueOf(r, from+i, c.kind, size)
	}
	return row, size
}

func valueOf(r store.Row, i int, k kind, size int) (any, int) {
	if r.Null(i) {
		return nil, size + 8
	}
	switch k {
	case integerKind:
		return r.Int(i), size + 8
	case floatKind:
		return r.Float(i), size + 8
	case bytesKind:
		b := append([]byte{}, r.Bytes(i)...)
		return b, size + len(b)
	}
	text := r.Text(i)
	return text, size + len(text)
}

func same(a, b []any) bool {
	for i := range a {
		x, isBytes := a[i].([]byte)
		y, both := b[i].([]byte)
		if isBytes != both || isBytes && !bytes.Equal(x, y) || !isBytes && a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

// name is a key as a word that tells it from others.
func name(key []any) string {
	text, err := json.Marshal(key)
	if err != nil {
		return fmt.Sprint(key) // a number that JSON has not
	}
	return string(text)
}

// page reads rows in the order of their keys: those behind after, up to until; nil is
// without an end. more tells that there are others.
func (t *table) page(ctx context.Context, e store.Engine, after, until []any) (rows [][]any, more bool, err error) {
	d := e.Dialect()
	var s statement
	s.say("SELECT ", strings.Join(t.all(d, ""), ", "), " FROM ", ident(t.name), " WHERE ", t.keys(d, "")[0], " IS NOT NULL")
	for _, bound := range []struct {
		operator string
		values   []any
	}{{">", after}, {"<=", until}} {
		if bound.values != nil {
			s.say(" AND ")
			s.tuple(t.keys(d, ""), bound.operator, bound.values)
		}
	}
	s.say(" ORDER BY ", strings.Join(t.keys(d, ""), ", "), " LIMIT ", strconv.Itoa(batchRows+1))
	err = e.Read(ctx, func(c store.Conn) error {
		c.Enter(store.Everyone)
		rows, more = nil, false
		size := 0
		return c.Query(s.String(), s.args, func(r store.Row) error {
			if more = more || len(rows) == batchRows || size > batchBytes; more {
				return nil
			}
			row, n := t.values(r, 0)
			rows, size = append(rows, row), size+n
			return nil
		})
	})
	return rows, more, err
}

// insert puts rows into the target. One that another row stands in the way of, which
// was copied before it changed, is left out: what has changed since is on the list.
func (t *table) insert(c store.Conn, d store.Dialect, rows [][]any) error {
	names := t.all(d, "")
	position := -1
	if t.name == changeLog && d == store.PostgreSQL {
		names, position = append(names, `"seq"`), t.key[0]
	}
	for len(rows) > 0 {
		n := min(len(rows), togetherAt, max(1, mostValues/len(names)))
		var s statement
		s.say("INSERT INTO ", ident(t.name), " (", strings.Join(names, ", "), ") VALUES ")
		for i, row := range rows[:n] {
			if i > 0 {
				s.say(", ")
			}
			if position >= 0 {
				row = append(row[:len(row):len(row)], row[position])
			}
			s.say("(")
			s.list(row)
			s.say(")")
		}
		s.say(" ON CONFLICT DO NOTHING")
		if _, err := c.Exec(s.String(), s.args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// with reads the rows of the target that have one of many keys, by name.
func (t *table) with(c store.Conn, d store.Dialect, keys [][]any) (map[string][]any, error) {
	found := map[string][]any{}
	for len(keys) > 0 {
		n := min(len(keys), togetherAt)
		var s statement
		s.say("SELECT ", strings.Join(t.all(d, ""), ", "), " FROM ", ident(t.name), " WHERE ")
		s.anyOf(t.keys(d, ""), keys[:n])
		if err := c.Query(s.String(), s.args, func(r store.Row) error {
			row, _ := t.values(r, 0)
			found[name(t.keyOf(row))] = row
			return nil
		}); err != nil {
			return nil, err
		}
		keys = keys[n:]
	}
	return found, nil
}

// remove deletes the rows that have one of many keys.
func remove(c store.Conn, from string, columns []string, keys [][]any) error {
	for len(keys) > 0 {
		n := min(len(keys), togetherAt)
		var s statement
		s.say("DELETE FROM ", from, " WHERE ")
		s.anyOf(columns, keys[:n])
		if _, err := c.Exec(s.String(), s.args...); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

// write runs fn on a database for the rows of all organizations.
func write(ctx context.Context, e store.Engine, fn func(store.Conn) error) error {
	return e.WriteRows(ctx, func(c store.Conn) error {
		c.Enter(store.Everyone)
		return fn(c)
	})
}

// refused says which row the target does not take.
func (t *table) refused(row []any, err error) error {
	what := err.Error()
	if e, ok := errors.AsType[*fault.Error](err); ok {
		if e.Kind() == fault.Unavailable || e.Kind() == fault.Timeout || e.Kind() == fault.StorageFull {
			return err
		}
		what = e.Message
	}
	return fault.New(fault.MoveRefused, "the new database does not take the row %s of %s: %s. Change the row, and run the command again: it goes on from there", name(t.keyOf(row)), t.name, what).Because(err)
}
