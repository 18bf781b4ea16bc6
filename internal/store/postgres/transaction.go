package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// purpose is what a transaction is for.
type purpose uint8

const (
	forReading    purpose = iota // one snapshot
	forOneRead                   // of one statement, which is its own transaction
	forWriting                   // one at a time, on whatever node
	forRows                      // beside others
	forGroup                     // several of those
	forRebuilding                // as the login role, with foreign keys checked at the end
	forProbing                   // whether a commit is kept; of what it writes nobody is told
)

func (p purpose) reads() bool { return p <= forOneRead }

func (p purpose) begin() string {
	if p == forReading {
		return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	return "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
}

// once runs fn in one transaction, and tells whether another try may help.
func (e *Engine) once(ctx context.Context, p purpose, fn func(store.Conn) error) (again verdict, err error) {
	if err := e.lending.enter(ctx); err != nil {
		return final, err
	}
	began := time.Now()
	lent, err := e.pool.Acquire(ctx)
	if err != nil {
		e.lending.leave()
		return e.unconnected(ctx, err, time.Since(began))
	}
	t := &transaction{engine: e, session: e.sessionOf(lent), purpose: p, ctx: ctx}
	if p == forRebuilding {
		t.wanted = store.Everyone
	}
	unwatch := watch(ctx, t.session.pg)
	settled := false
	defer func() { // also of a panic in fn
		unwatch()
		if !settled {
			t.undo(lent)
		}
	}()
	err = t.call(fn)
	unwatch()
	switch {
	case t.failed != nil && (t.verdict != final || err == nil):
		err = t.failed
	case err == nil && p == forReading:
		settled = true
		t.leave(lent)
	case err == nil && p != forOneRead:
		err = t.commit()
	}
	return t.mayRepeat(), err
}

// call runs fn. A panic in what writes is an error, as it is on SQLite.
func (t *transaction) call(fn func(store.Conn) error) (err error) {
	if !t.purpose.reads() {
		defer func() {
			if p := recover(); p != nil {
				err = fault.Of(fmt.Errorf("panic in a write: %v\n%s", p, debug.Stack()))
			}
		}()
	}
	return fn(t)
}

// mayRepeat is the verdict on the transaction. A read that has handed out rows is
// not run again: they may be on their way to the client.
func (t *transaction) mayRepeat() verdict {
	if t.purpose.reads() && t.delivered {
		return final
	}
	return t.verdict
}

// watch breaks the connection when ctx ends, which has the server end the statement;
// unwatch puts an end to that, and returns once it can't happen any more.
func watch(ctx context.Context, pg *pgconn.PgConn) (unwatch func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	var mu sync.Mutex
	over := false
	stop := context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			_ = pg.Conn().SetDeadline(time.Unix(1, 0))
		}
	})
	return func() {
		stop()
		mu.Lock()
		defer mu.Unlock()
		over = true
	}
}

// flush sends what is in the pipeline.
func (t *transaction) flush() error {
	limit := t.engine.statementLimit(t.purpose)
	deadline := time.Time{}
	if limit > 0 {
		deadline = time.Now().Add(limit + t.engine.answerLimit(t.purpose))
	}
	if err := t.session.pg.Conn().SetDeadline(deadline); err != nil {
		return err
	}
	if err := t.ctx.Err(); err != nil && t.purpose != forGroup { // or the deadline has taken the place of watch's
		_ = t.session.pg.Conn().SetDeadline(time.Unix(1, 0))
		return err
	}
	return t.pipe.Sync()
}

// next is the next result of the pipeline.
func (t *transaction) next() (*pgconn.ResultReader, error) {
	for {
		result, err := t.pipe.GetResults()
		if err != nil {
			return nil, err
		}
		switch result := result.(type) {
		case *pgconn.ResultReader:
			return result, nil
		case *pgconn.StatementDescription:
			t.session.prepared(result)
		case *pgconn.CloseComplete:
		default:
			return nil, fmt.Errorf("postgres: an answer of type %T where rows were due", result)
		}
	}
}

// synced reads on to the end of what was sent, past results that nobody wants. It
// returns the first error on the way.
func (t *transaction) synced() (first error) {
	for {
		result, err := t.pipe.GetResults()
		if first == nil {
			first = err
		}
		switch result := result.(type) {
		case *pgconn.PipelineSync:
			return first
		case *pgconn.StatementDescription:
			t.session.prepared(result)
		case nil:
			if _, ok := errors.AsType[*pgconn.PgError](err); !ok || t.session.pg.IsClosed() {
				return errors.Join(first, errEnded)
			}
		}
	}
}

var errEnded = errors.New("postgres: the connection has ended")

// fail notes that the transaction is lost to an error of the server's or of the
// connection, and answers what fn is to see.
func (t *transaction) fail(err error) error {
	t.verdict = judge(err)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && !t.purpose.reads() && demoted(pg) {
		t.verdict, t.useless = absent, true
	}
	t.ahead = 0
	t.afresh()
	t.session.unprepared()
	switch {
	case t.verdict == unnamed:
		t.engine.misnamed(err)
	case t.verdict == lost || t.verdict == absent:
		t.engine.lostAt.Store(time.Now().UnixNano())
		if t.ctx.Err() != nil {
			t.verdict = final
		} else if silent, ok := errors.AsType[net.Error](err); ok && silent.Timeout() {
			t.engine.pool.Reset() // the others won't have an answer either
		}
	}
	if t.failed = t.engine.translate(t.ctx, err); t.useless {
		t.failed = t.engine.unreachable(err)
	}
	if broken, ok := errors.AsType[*store.ConstraintError](t.failed); ok {
		if err := t.locate(broken); err != nil {
			if passing, ok := errors.AsType[*fault.Error](t.engine.translate(t.ctx, err)); ok {
				t.verdict, t.failed = judge(err), passing
			}
		}
	}
	return t.failed
}

// afresh reads past the results of a pipeline that had an error, and begins another:
// pgx keeps the descriptions of the statements that the server has skipped, and would
// read later results by them.
func (t *transaction) afresh() {
	if t.session.pg.IsClosed() {
		return
	}
	_ = t.synced()
	_ = t.pipe.Close()
	t.pipe = t.session.pg.StartPipeline(context.Background())
}

// commit makes a write durable.
func (t *transaction) commit() error {
	t.sumUp()
	if !t.began {
		return nil
	}
	t.prelude("COMMIT")
	t.ahead-- // COMMIT is the last one
	_ = t.session.pg.Conn().SetDeadline(time.Now().Add(t.engine.commitLimit(t.purpose)))
	err := t.pipe.Sync()
	var tag pgconn.CommandTag
	if err == nil {
		var rows *pgconn.ResultReader
		if rows, err = t.next(); err == nil {
			rows, err = t.passed(rows)
		}
		if t.ahead = 0; err == nil {
			if tag, err = rows.Close(); err == nil {
				err = t.synced()
			}
		}
	}
	refused, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case err == nil && tag.String() == "COMMIT":
		if t.purpose != forProbing {
			t.engine.committed()
		}
		return nil
	case err == nil:
		return errors.New("postgres: a write ended the transaction it was given")
	case ok && refused.SeverityUnlocalized == "ERROR":
		return t.fail(err)
	}
	t.engine.lostAt.Store(time.Now().UnixNano())
	return t.engine.uncertain(err)
}

// undo ends a transaction that is not to be kept, and frees the connection.
func (t *transaction) undo(lent *pgxpool.Conn) {
	t.end()
	t.release(lent)
}

// end leaves nothing of the transaction on the connection, but what was committed.
func (t *transaction) end() {
	if t.pipe == nil {
		return
	}
	_ = t.session.pg.Conn().SetDeadline(time.Now().Add(t.engine.answer))
	if t.ahead > 0 && !t.session.pg.IsClosed() { // what nobody has waited for
		_ = t.pipe.Sync()
		_ = t.synced()
	}
	t.session.unprepared()
	_ = t.pipe.Close()
	if !t.session.pg.IsClosed() && t.session.pg.TxStatus() != 'I' {
		_, _ = t.session.pg.Exec(context.Background(), "ROLLBACK").ReadAll()
	}
	if t.useless {
		_ = t.session.pg.Close(context.Background())
	}
}

// leave ends a read. Its caller does not wait for that.
func (t *transaction) leave(lent *pgxpool.Conn) {
	if t.pipe == nil {
		t.release(lent)
		return
	}
	t.prelude("COMMIT")
	_ = t.session.pg.Conn().SetDeadline(time.Now().Add(t.engine.answer))
	sent := t.pipe.Sync()
	go func() {
		defer t.release(lent)
		if sent == nil {
			_ = t.synced()
		}
		t.session.unprepared()
		_ = t.pipe.Close()
	}()
}

// release gives the connection back; the pool closes one that is not fit for use.
func (t *transaction) release(lent *pgxpool.Conn) {
	_ = t.session.pg.Conn().SetDeadline(time.Time{})
	lent.Release()
	t.engine.lending.leave()
}
