package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/loam-dev/loam/internal/store"
)

// conn is one connection with its prepared statements: the store.Conn that Read
// and Write hand out. One goroutine at a time uses it.
type conn struct {
	file  *file
	db    *sqlite3.Conn
	cache cache
	ctx   context.Context // of the read or write that has the connection

	// sheltered is set while other writes in the transaction would be lost with
	// this one: SQLite undoes the whole transaction when a writing statement is
	// interrupted.
	sheltered bool
	// driving is set while the driver runs. It stays set when the driver
	// panics, and the connection is then good for nothing but closing.
	driving bool

	inSnapshot bool  // BEGIN is in force between two reads
	snapshot   int64 // the epoch in which it began
}

var _ store.Conn = (*conn)(nil)

func newConn(f *file, db *sqlite3.Conn) *conn {
	return &conn{file: f, db: db, ctx: context.Background(), cache: newCache(f.statements)}
}

// enter binds the connection to a request's context, leave frees it.
func (c *conn) enter(ctx context.Context) {
	c.ctx = ctx
	c.db.SetInterrupt(ctx)
}

func (c *conn) leave() {
	c.ctx = context.Background()
	c.db.SetInterrupt(c.ctx)
}

// Enter has nothing to do: what a statement may touch is in the statement.
func (c *conn) Enter(string) {}

// Query implements store.Conn.
func (c *conn) Query(sql string, args []any, fn func(store.Row) error) error {
	s, err := c.begin(sql, args)
	if err != nil {
		return err
	}
	defer c.end(s)
	for c.step(s) {
		if fn == nil {
			continue
		}
		if err := fn(&s.row); err != nil {
			return err
		}
	}
	return c.file.translate(c.ctx, s.Err())
}

// Exec implements store.Conn.
func (c *conn) Exec(sql string, args ...any) (int64, error) {
	s, err := c.begin(sql, args)
	if err != nil {
		return 0, err
	}
	defer c.end(s)
	c.driving = true
	err = s.Exec()
	var changed int64
	if err == nil && s.counts {
		changed = c.db.Changes()
	}
	c.driving = false
	return changed, c.file.translate(c.ctx, err)
}

// Await implements store.Conn.
func (c *conn) Await(sql string, args []any, fn func(store.Row) error, then func(error) error) error {
	return then(c.Query(sql, args, fn))
}

// Later implements store.Conn: the way to the database is short.
func (c *conn) Later(sql string, args ...any) error {
	_, err := c.Exec(sql, args...)
	return err
}

// Sum implements store.Conn: nobody writes beside this.
func (c *conn) Sum(sql, key string, a, b int64) error { return c.Later(sql, key, a, b) }

// Script implements store.Conn.
func (c *conn) Script(sql string) error {
	if c.sheltered {
		c.shelter()
		defer c.db.SetInterrupt(c.ctx)
	}
	c.driving = true
	err := c.db.Exec(sql)
	c.driving = false
	return c.file.translate(c.ctx, err)
}

// run is Exec without arguments and without the caller's context: BEGIN, COMMIT
// and their kin.
func (c *conn) run(sql string) error {
	_, err := c.Exec(sql)
	return err
}

func (c *conn) step(s *statement) bool {
	c.driving = true
	more := s.Step()
	c.driving = false
	return more
}

// begin takes a prepared statement and binds args to it; end gives it back.
func (c *conn) begin(sql string, args []any) (*statement, error) {
	c.driving = true
	s, err := c.cache.take(c.db, sql)
	c.driving = false
	if err != nil {
		return nil, c.file.translate(c.ctx, err)
	}
	if c.sheltered && s.writes {
		c.shelter()
	}
	c.driving = true
	err = s.bind(args)
	c.driving = false
	if err != nil {
		c.end(s)
		return nil, c.file.translate(c.ctx, err)
	}
	return s, nil
}

// end resets the statement; an error of its last step has been seen already.
func (c *conn) end(s *statement) {
	if c.driving {
		return // the driver panicked inside the statement
	}
	c.driving = true
	c.cache.give(s)
	c.driving = false
	if c.sheltered && s.writes {
		c.db.SetInterrupt(c.ctx)
	}
}

// shelter lets a writing statement run on for a while after its caller has
// gone, for the sake of the neighbours in its transaction.
func (c *conn) shelter() {
	if c.ctx.Done() != nil {
		c.db.SetInterrupt(patient{c.ctx, time.Now().Add(c.file.writePatience)})
	}
}

// patient is a context that does not end before a point in time.
type patient struct {
	context.Context
	until time.Time
}

func (p patient) Err() error {
	if time.Now().Before(p.until) {
		return nil
	}
	return p.Context.Err()
}

// inTransaction tells whether BEGIN is in force: SQLite ends a transaction by
// itself on some errors.
func (c *conn) inTransaction() bool { return !c.db.GetAutocommit() }

// danglingReferences tells whether a deferred foreign key is unmet so far.
func (c *conn) danglingReferences() (bool, error) {
	n, _, err := c.db.Status(sqlite3.DBSTATUS_DEFERRED_FKS, false)
	return n > 0, err
}

// close finalises the statements and closes the connection.
func (c *conn) close() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("sqlite: closing a broken connection: %v", p)
		}
	}()
	c.leave()
	return errors.Join(c.cache.close(), c.db.Close())
}
