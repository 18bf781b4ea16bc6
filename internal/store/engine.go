package store

import (
	"context"
	"fmt"
)

// Engine is a database: SQLite or PostgreSQL. It knows connections and
// transactions and nothing of models.
type Engine interface {
	Dialect() Dialect
	// Read runs fn on a reader's connection, inside one read transaction: fn
	// sees one snapshot. fn may run again after a lost connection.
	Read(ctx context.Context, fn func(Conn) error) error
	// ReadOne is Read for a fn of one statement: it costs less on PostgreSQL.
	ReadOne(ctx context.Context, fn func(Conn) error) error
	// Write runs fn inside a transaction and returns once what it wrote is
	// durable. Concurrent calls may share a commit; each has its own savepoint,
	// so that an error from fn undoes fn's writes alone. fn must not wait for
	// anything but the database. On PostgreSQL it may run again, before anything is
	// kept: what it tells the caller it sets anew.
	Write(ctx context.Context, fn func(Conn) error) error
	// WriteRows is Write for store's own statements. On PostgreSQL it runs beside
	// others: what it relies on, its statements have locked.
	WriteRows(ctx context.Context, fn func(Conn) error) error
	// Notify has a signal sent on c after each commit. None is sent while c is full:
	// several commits may make one. Of other nodes' commits it is sent as a favour: who
	// must know of them looks now and then.
	Notify(c chan<- struct{})
	Close() error
}

// Dialect is the SQL that an engine speaks.
type Dialect uint8

// The dialects.
const (
	SQLite Dialect = iota
	PostgreSQL
)

// Everyone is entered for what looks at the rows of all organizations: it belongs
// to no caller.
const Everyone = "*"

// Rebuilder is an engine that has to lift its checks, within a transaction of its
// own, to replace tables that others refer to.
type Rebuilder interface {
	Rebuild(ctx context.Context, fn func(Conn) error) error
}

// Loner is an engine on which a write can have a transaction of its own, where WriteRows
// may have it share one: for a row that many wait for, which is not to stay locked for
// longer than its own write takes.
type Loner interface {
	WriteAlone(ctx context.Context, fn func(Conn) error) error
}

// WriteAlone is WriteRows in a transaction of its own, where the engine has such.
func WriteAlone(ctx context.Context, e Engine, fn func(Conn) error) error {
	if l, ok := e.(Loner); ok {
		return l.WriteAlone(ctx, fn)
	}
	return e.WriteRows(ctx, fn)
}

// Conn runs statements inside the transaction it was handed for. It is not
// safe for concurrent use, and not to be kept after fn returns. Statements are
// prepared once per connection and cached by their text.
type Conn interface {
	// Enter names the organization whose rows the statements that follow may touch,
	// "" for none and Everyone for those of all. It is the database's own look at
	// what each statement says as well, where the database has one.
	Enter(org string)
	// Query runs one statement and hands each row to fn; fn may be nil. Args are nil,
	// bool, int, int64, float64, string or []byte.
	Query(sql string, args []any, fn func(Row) error) error
	// Await is Query for who returns what it returns, and goes on in then: that is given
	// Query's error, and its own is fn's. What others write who share the commit may come
	// between the two.
	Await(sql string, args []any, fn func(Row) error, then func(error) error) error
	// Exec runs one statement and tells how many rows it changed.
	Exec(sql string, args ...any) (int64, error)
	// Later is Exec for a statement whose outcome nobody waits for. It runs in its place
	// among the others; its error may be told by one that follows, or by the end.
	Later(sql string, args ...any) error
	// Sum runs a statement before the transaction ends, with ?1 the key and ?2 and ?3
	// the sums of what was added under it, by others who share the commit as well: one
	// row that all of them count in is then held for as long as a commit takes.
	Sum(sql, key string, a, b int64) error
	// Script runs several statements without arguments: migrations.
	Script(sql string) error
}

// Row is one row of a result; what it returns is valid until fn returns.
// Columns count from 0.
type Row interface {
	Null(i int) bool
	Text(i int) string  // "" for NULL
	Bytes(i int) []byte // borrowed: copy to keep
	Int(i int) int64
	Float(i int) float64
	Bool(i int) bool
}

// ConstraintKind tells which kind of constraint a write broke.
type ConstraintKind uint8

// The kinds of constraint.
const (
	UniqueViolation ConstraintKind = iota + 1
	ForeignKeyViolation
	NotNullViolation
	CheckViolation
)

// ConstraintError is what Query and Exec return for a write that broke a
// constraint. Columns is empty where the engine does not tell.
type ConstraintError struct {
	Kind    ConstraintKind
	Table   string
	Columns []string
	Cause   error
}

func (e *ConstraintError) Error() string {
	return fmt.Sprintf("constraint %d on %s%v: %v", e.Kind, e.Table, e.Columns, e.Cause)
}

func (e *ConstraintError) Unwrap() error { return e.Cause }
