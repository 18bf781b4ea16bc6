package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/loam-dev/loam/internal/store"
)

// The statements around those of the store. The role that policies bind and the
// setting that they read are of the transaction alone, so that neither this pool nor
// one in between ever hands them on.
const (
	enter       = `SELECT set_config('role', '%s', true), set_config('` + store.OrgSetting + `', $1, true)`
	limitsToo   = `, set_config('statement_timeout', $2, true), set_config('idle_in_transaction_session_timeout', $3, true)`
	locksToo    = `, set_config('lock_timeout', $4, true)`
	readOnlyToo = `, set_config('statement_timeout', $2, true), set_config('transaction_read_only', 'on', true)`
	lockWriter  = `SELECT id FROM "_writer" WHERE id = 1 FOR NO KEY UPDATE`
	touchWriter = `SELECT id FROM "_writer" WHERE id = 1 FOR KEY SHARE SKIP LOCKED` // beside every writer; what it leaves in the log is as much of a commit as any
	deferAll    = "SET CONSTRAINTS ALL DEFERRED"
	waitAtEnd   = `SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', '0', true)`
)

// entering are the statements that take a transaction to a role and an organization.
type entering struct{ first, group, only, again string }

func enteringAs(role string) entering {
	again := fmt.Sprintf(enter, role)
	return entering{first: again + limitsToo, group: again + limitsToo + locksToo, only: again + readOnlyToo, again: again}
}

// transaction is one run of a function, and the store.Conn that it is given. What
// opens it goes to the server together with its first statement.
type transaction struct {
	engine  *Engine
	session *session
	purpose purpose
	ctx     context.Context

	pipe    *pgconn.Pipeline
	began   bool
	wanted  string // whose rows the next statement may touch
	entered string // whose the server has been told
	reading *reading
	args    arguments
	own     arguments // of the statements around fn's
	ahead   int       // results to come before those of fn's statement
	sums    sums      // to be added before the end
	sharing           // with others

	useless   bool    // the connection, to a server that takes no writes any more
	delivered bool    // fn has been given a row
	failed    error   // there is no transaction any more; why
	verdict   verdict // on what failed
}

var _ store.Conn = (*transaction)(nil)

// Enter implements store.Conn.
func (t *transaction) Enter(org string) {
	if t.purpose != forRebuilding {
		t.wanted = org
	}
}

// Query implements store.Conn.
func (t *transaction) Query(sql string, args []any, fn func(store.Row) error) error {
	_, err := t.run(sql, args, fn)
	return err
}

// Exec implements store.Conn.
func (t *transaction) Exec(sql string, args ...any) (int64, error) {
	tag, err := t.run(sql, args, nil)
	if err != nil || !(tag.Insert() || tag.Update() || tag.Delete()) {
		return 0, err
	}
	return tag.RowsAffected(), nil
}

// Await implements store.Conn. In a group others need not wait for the answer.
func (t *transaction) Await(sql string, args []any, fn func(store.Row) error, then func(error) error) error {
	if t.group == nil || !t.group.mayAwait() {
		return then(t.Query(sql, args, fn))
	}
	return t.group.await(sql, args, fn, then)
}

// Later implements store.Conn: it goes along with what follows it.
func (t *transaction) Later(sql string, args ...any) error {
	if err := t.begin(sql, args); err != nil {
		return err
	}
	t.session.send(t.pipe, t.session.take(sql, t.pipe), t.engine.named(), &t.args)
	t.ahead++
	return nil
}

// Sum implements store.Conn.
func (t *transaction) Sum(sql, key string, a, b int64) error {
	if err := t.ready(len(sql)); err != nil {
		return err
	}
	if strings.IndexByte(key, 0) >= 0 {
		return unstorable(errors.New("U+0000 in a key"))
	}
	t.sums.add(sumOf{sql, key}, [2]int64{a, b})
	return nil
}

// Script implements store.Conn. What it defines belongs to the login role.
func (t *transaction) Script(sql string) error {
	before := t.wanted
	defer func() { t.wanted = before }()
	t.wanted = store.Everyone
	for _, one := range split(translate(sql)) {
		if err := t.begin(one, nil); err != nil {
			return err
		}
		t.pipe.SendQueryParams(one, nil, nil, nil, nil)
		if _, err := t.results(columns{}, nil); err != nil {
			return err
		}
	}
	return nil
}

// run sends a statement and hands its rows to fn.
func (t *transaction) run(sql string, args []any, fn func(store.Row) error) (none pgconn.CommandTag, _ error) {
	if err := t.begin(sql, args); err != nil {
		return none, err
	}
	return t.results(t.session.send(t.pipe, t.session.take(sql, t.pipe), t.engine.named(), &t.args), fn)
}

// begin sees to all that comes before a statement.
func (t *transaction) begin(sql string, args []any) error {
	if t.group != nil {
		if err := t.group.settle(); err != nil {
			return err
		}
	}
	return t.start(sql, args)
}

// start is begin beside what is awaited.
func (t *transaction) start(sql string, args []any) error {
	if err := t.ready(len(sql)); err != nil {
		return err
	}
	if err := t.args.set(args, t.engine.valueBytes); err != nil {
		return err
	}
	t.open()
	return nil
}

// ready tells whether a statement may be sent.
func (t *transaction) ready(length int) error {
	switch {
	case t.failed != nil:
		return fmt.Errorf("postgres: a statement after one that failed: %w", t.failed)
	case t.ctx.Err() != nil:
		return cancelled(t.ctx, nil)
	case length > t.engine.statementBytes:
		return fmt.Errorf("postgres: a statement of %d bytes, more than %d", length, t.engine.statementBytes)
	case strings.IndexByte(t.wanted, 0) >= 0:
		return unstorable(errors.New("U+0000 in an organization"))
	case t.began && t.purpose == forOneRead:
		return errors.New("postgres: a second statement where there was to be one")
	case t.reading != nil:
		return t.reading.keep(t)
	}
	return nil
}

// open puts into the pipeline what has to come before the next statement.
func (t *transaction) open() {
	if t.pipe == nil {
		t.pipe = t.session.pg.StartPipeline(context.Background())
	}
	if !t.began || t.entered != t.wanted {
		t.enter()
	}
	if t.fresh {
		t.fresh, t.before = false, t.entered
		t.prelude(savepoint)
	}
}

// enter takes the transaction, which it begins, to the organization that is wanted.
func (t *transaction) enter() {
	enter := &t.engine.asServer
	if t.wanted == store.Everyone {
		enter = &t.engine.asOwner
	}
	t.entered = t.wanted
	if t.began {
		t.prelude(enter.again, t.wanted)
		return
	}
	t.began = true
	if t.purpose == forOneRead { // all up to the end of what is sent is one transaction
		t.prelude(enter.only, t.wanted, millis(t.engine.statement))
		return
	}
	t.prelude(t.purpose.begin())
	limit := millis(t.engine.statementLimit(t.purpose))
	if t.purpose == forGroup {
		t.prelude(enter.group, t.wanted, limit, t.engine.standingMillis, millis(t.engine.groupLock))
		return
	}
	t.prelude(enter.first, t.wanted, limit, t.engine.standingMillis)
	switch t.purpose {
	case forWriting:
		t.prelude(lockWriter)
	case forRebuilding:
		t.prelude(deferAll)
	}
}

// prelude puts a statement of our own into the pipeline.
func (t *transaction) prelude(sql string, args ...any) {
	if err := t.own.set(args, t.engine.valueBytes); err != nil {
		panic("postgres: " + err.Error())
	}
	t.session.send(t.pipe, t.session.take(sql, t.pipe), t.engine.named(), &t.own)
	t.ahead++
}

// passed reads past what was sent before the last statement, from the first result on.
func (t *transaction) passed(rows *pgconn.ResultReader) (_ *pgconn.ResultReader, err error) {
	for ; t.ahead > 0; t.ahead-- {
		if _, err = rows.Close(); err != nil {
			return nil, err
		}
		t.foreign = max(0, t.foreign-1)
		if rows, err = t.next(); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// results sends what is in the pipeline and hands the rows of its last statement to fn.
func (t *transaction) results(as columns, fn func(store.Row) error) (tag pgconn.CommandTag, err error) {
	if err := t.flush(); err != nil {
		return tag, t.fail(err)
	}
	rows, err := t.next()
	if err == nil {
		rows, err = t.passed(rows)
	}
	if err != nil {
		return tag, t.fail(err)
	}
	r := reading{rows: rows, outer: t.reading, row: row{columns: as.or(rows)}}
	t.reading = &r
	defer func() {
		if t.reading = r.outer; !r.closed { // fn has panicked; a group goes on
			_ = r.close(t)
		}
	}()
	for r.next() {
		if fn == nil {
			continue
		}
		t.delivered = true
		if err := fn(&r.row); err != nil {
			return tag, errors.Join(err, r.close(t))
		}
	}
	err = r.close(t)
	return r.tag, err
}
