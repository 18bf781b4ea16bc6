package postgres

import (
	"container/list"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/loam-dev/loam/internal/fault"
)

// session is a connection to the server and the statements prepared on it. What
// is true of a transaction alone is in transaction.
type session struct {
	pg        *pgconn.PgConn
	bound     int
	byText    map[string]*statement
	recent    *list.List // of *statement, the latest in front
	preparing []*statement
	stale     []string // names that the server is to forget
	names     int64    // the engine's, when the statements were prepared
}

// statement is a text of store's or a room's on one session.
type statement struct {
	source      string // as it was given
	sql         string // for the server
	name        string // of the prepared statement
	description *pgconn.StatementDescription
	underway    bool    // its preparation is on the way
	columns     columns // once they are known
	place       *list.Element
}

const sessionKey = "loam" // in a connection's custom data

// begin gives a new connection its session.
func begin(c *pgx.Conn, bound int) {
	c.PgConn().CustomData()[sessionKey] = &session{pg: c.PgConn(), bound: bound, byText: map[string]*statement{}, recent: list.New()}
}

// sessionOf is the session of a connection. Its statements are prepared anew where
// those of another turned out to be of older tables.
func (e *Engine) sessionOf(c *pgxpool.Conn) *session {
	s := c.Conn().PgConn().CustomData()[sessionKey].(*session)
	if now := e.names.Load(); s.names != now {
		for s.recent.Len() > 0 {
			s.forget(s.recent.Front().Value.(*statement))
		}
		s.names = now
	}
	return s
}

// named tells whether statements are prepared under a name.
func (e *Engine) named() bool { return !e.unnamed.Load() }

// misnamed is told of an error over prepared statements: the tables have changed
// since, or a pooler has another server behind the connection than the one that
// knows the name.
func (e *Engine) misnamed(err error) {
	e.names.Add(1)
	if pg, _ := errors.AsType[*pgconn.PgError](err); pg.Code != "0A000" && e.unnamed.CompareAndSwap(false, true) {
		e.log.Info("there is a pooler before the database that keeps no prepared statements: each is sent in full", "error", err)
	}
}

// take returns the statement of a text. A new one makes room for itself.
func (s *session) take(source string, pipe *pgconn.Pipeline) *statement {
	if st, ok := s.byText[source]; ok {
		s.recent.MoveToFront(st.place)
		return st
	}
	for s.recent.Len() >= s.bound {
		s.forget(s.recent.Back().Value.(*statement))
	}
	for _, name := range s.stale {
		pipe.SendDeallocate(name)
	}
	s.stale = s.stale[:0]
	st := &statement{source: source, sql: translate(source)}
	// The name tells the text: whatever server a pooler puts behind this connection,
	// a name that is there stands for this text and no other.
	sum := sha256.Sum256([]byte(st.sql))
	st.name = "loam_" + hex.EncodeToString(sum[:12])
	st.place = s.recent.PushFront(st)
	s.byText[source] = st
	return st
}

func (s *session) forget(st *statement) {
	s.recent.Remove(st.place)
	delete(s.byText, st.source)
	if st.description != nil {
		s.stale = append(s.stale, st.name)
	}
}

// send puts a statement into the pipeline, and its preparation before it where it
// has none. A pooler that hands out servers by the transaction may not know names:
// then the text goes along each time. It returns how the columns will come.
func (s *session) send(pipe *pgconn.Pipeline, st *statement, named bool, a *arguments) (as columns) {
	switch {
	case !named:
		pipe.SendQueryParams(st.sql, a.values, nil, a.formats, nil)
	case st.description != nil:
		pipe.SendQueryStatement(st.description, a.values, a.formats, st.columns.formats)
		return st.columns
	default:
		if !st.underway {
			pipe.SendPrepare(st.name, st.sql, nil)
			st.underway = true
			s.preparing = append(s.preparing, st)
		}
		pipe.SendQueryPrepared(st.name, a.values, a.formats, nil)
	}
	return as
}

// prepared notes that the server has the statement that was sent first.
func (s *session) prepared(d *pgconn.StatementDescription) {
	st := s.preparing[0]
	s.preparing = s.preparing[1:]
	d.Name = st.name
	st.underway = false
	st.description = d
	st.columns = formsOf(d.Fields)
}

// unprepared forgets the statements that the server may not have, because of an
// error.
func (s *session) unprepared() {
	for _, st := range s.preparing {
		s.forget(st)
	}
	s.preparing = s.preparing[:0]
}

// arguments are the values of one statement in the form of the protocol: the
// server knows their types. Bytes go as they are, all else as text.
type arguments struct {
	values  [][]byte
	formats []int16
	text    []byte
}

const (
	asText int16 = iota
	asBytes
)

// set encodes the arguments, into what earlier ones have left.
func (a *arguments) set(args []any, most int) error {
	a.values, a.formats, a.text = a.values[:0], a.formats[:0], a.text[:0]
	size := 0
	for _, arg := range args {
		size += lengthOf(arg)
	}
	if size > most {
		return fault.New(fault.StoreTooLarge, "the values of a statement have more than %d bytes", most)
	}
	a.text = slices.Grow(a.text, size+1)
	for i, arg := range args {
		if err := a.add(i, arg); err != nil {
			return err
		}
	}
	return nil
}

// lengthOf is at least what a value takes.
func lengthOf(arg any) int {
	if s, ok := arg.(string); ok {
		return len(s)
	}
	return 32 // a number; bytes are not copied
}

func (a *arguments) add(i int, arg any) error {
	format, from := asText, len(a.text)
	var value []byte
	switch v := arg.(type) {
	case nil:
	case string:
		if strings.IndexByte(v, 0) >= 0 {
			return unstorable(errors.New("U+0000 in a text"))
		}
		a.text = append(a.text, v...)
		value = a.text[from:]
	case int64:
		a.text = strconv.AppendInt(a.text, v, 10)
		value = a.text[from:]
	case int:
		a.text = strconv.AppendInt(a.text, int64(v), 10)
		value = a.text[from:]
	case bool: // of a boolean or, in system tables, of an integer
		a.text = append(a.text, "01"[boolDigit(v)])
		value = a.text[from:]
	case float64:
		a.text = strconv.AppendFloat(a.text, v, 'g', -1, 64)
		value = a.text[from:]
	case []byte:
		value, format = v, asBytes
	default:
		return fmt.Errorf("postgres: argument %d has type %T", i, arg)
	}
	if value != nil {
		value = value[:len(value):len(value)]
	}
	a.values = append(a.values, value)
	a.formats = append(a.formats, format)
	return nil
}

func boolDigit(b bool) int {
	if b {
		return 1
	}
	return 0
}
