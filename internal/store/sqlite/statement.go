package sqlite

import (
	"container/list"
	"errors"
	"fmt"
	"strings"

	"github.com/ncruces/go-sqlite3"
)

// statement is a prepared statement with what is known of it.
type statement struct {
	*sqlite3.Stmt
	row    row
	params int
	writes bool          // changes the database
	counts bool          // tells how many rows it changed
	place  *list.Element // in the cache; nil for one that is not kept
	inUse  bool
}

func prepare(db *sqlite3.Conn, sql string) (*statement, error) {
	stmt, tail, err := db.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT)
	if err != nil {
		return nil, err
	}
	if stmt == nil || strings.Trim(tail, " \t\r\n;") != "" {
		return nil, errors.Join(fmt.Errorf("not one statement: %q", sql), stmt.Close())
	}
	s := &statement{Stmt: stmt, row: row{stmt}, params: stmt.BindCount()}
	s.writes = !stmt.ReadOnly()
	verb, _, _ := strings.Cut(strings.TrimSpace(sql), " ")
	switch strings.ToUpper(verb) {
	case "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH":
		s.counts = s.writes
	}
	return s, nil
}

// bind sets the arguments; texts and blobs are copied once, into SQLite.
func (s *statement) bind(args []any) error {
	if len(args) != s.params {
		return fmt.Errorf("%d arguments for %d parameters", len(args), s.params)
	}
	for i, arg := range args {
		if err := s.bindOne(i+1, arg); err != nil {
			return err
		}
	}
	return nil
}

func (s *statement) bindOne(i int, arg any) error {
	switch v := arg.(type) {
	case nil:
		return s.BindNull(i)
	case string:
		return s.BindText(i, v)
	case int64:
		return s.BindInt64(i, v)
	case int:
		return s.BindInt64(i, int64(v))
	case bool:
		return s.BindBool(i, v)
	case float64:
		return s.BindFloat(i, v)
	case []byte:
		if v == nil {
			return s.BindNull(i)
		}
		return s.BindBlob(i, v)
	}
	return fmt.Errorf("argument %d has type %T", i, arg)
}

// row is the row that a statement stands on.
type row struct{ *sqlite3.Stmt }

func (r *row) Null(i int) bool     { return r.ColumnType(i) == sqlite3.NULL }
func (r *row) Text(i int) string   { return string(r.ColumnRawBlob(i)) }
func (r *row) Bytes(i int) []byte  { return r.ColumnRawBlob(i) }
func (r *row) Int(i int) int64     { return r.ColumnInt64(i) }
func (r *row) Float(i int) float64 { return r.ColumnFloat(i) }
func (r *row) Bool(i int) bool     { return r.ColumnInt64(i) != 0 }

// cache keeps a connection's prepared statements by their text, the least
// recently used leaving first.
type cache struct {
	bound  int
	byText map[string]*statement
	recent *list.List // of *statement, the latest in front
}

func newCache(bound int) cache {
	return cache{bound: bound, byText: make(map[string]*statement), recent: list.New()}
}

// take returns the statement of a text, free of earlier arguments. A text that
// is in use further up the stack gets a second statement, which is not kept.
func (c *cache) take(db *sqlite3.Conn, sql string) (*statement, error) {
	s, kept := c.byText[sql]
	if kept && !s.inUse {
		s.inUse = true
		c.recent.MoveToFront(s.place)
		return s, nil
	}
	s, err := prepare(db, sql)
	if err != nil || kept {
		return s, err
	}
	s.inUse = true
	s.place = c.recent.PushFront(s)
	c.byText[sql] = s
	c.shrink()
	return s, nil
}

// give resets a statement and drops its arguments: they may be large, or
// somebody's data.
func (c *cache) give(s *statement) {
	if s.place == nil {
		_ = s.Close()
		return
	}
	_ = s.Reset()
	_ = s.ClearBindings()
	s.inUse = false
}

func (c *cache) shrink() {
	for e := c.recent.Back(); e != nil && c.recent.Len() > c.bound; {
		s, before := e.Value.(*statement), e.Prev()
		if !s.inUse {
			c.recent.Remove(e)
			delete(c.byText, s.SQL())
			_ = s.Close()
		}
		e = before
	}
}

func (c *cache) close() error {
	var errs []error
	for e := c.recent.Front(); e != nil; e = e.Next() {
		errs = append(errs, e.Value.(*statement).Close())
	}
	clear(c.byText)
	c.recent.Init()
	return errors.Join(errs...)
}
