package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// verdict tells what becomes of a transaction that met an error.
type verdict uint8

const (
	final    verdict = iota
	conflict         // with another transaction: it may run again
	lost             // its connection: it may run again on another
	absent           // there is no connection to be had: it may come to run later
	unnamed          // the prepared statements are not where they should be: again without names, or anew
)

// judge reads what the server said, or that it said nothing.
func judge(err error) verdict {
	e, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok:
		if _, known := errors.AsType[*fault.Error](err); known {
			return final
		}
		return lost
	case e.Code == "40001", e.Code == "40P01":
		return conflict
	case e.Code == "26000", e.Code == "42P05", e.Code == "0A000" && e.Routine == "RevalidateCachedQuery":
		return unnamed
	case e.Code == "08P01": // a mistake of ours
		return final
	case e.Code[:2] == "08", e.Code == "57P01", e.Code == "57P02", e.Code == "57P03", e.Code == "53300", e.Code == "25P03":
		return lost
	}
	return final
}

// demoted tells of a server that takes no writes: a standby by now, or before it is
// something else.
func demoted(e *pgconn.PgError) bool {
	return e.Code == "25006" || e.Code == "0A000" && e.Routine == "call_bool_check_hook" // of transaction_read_only
}

// translate turns the server's error into what the store expects: a
// *store.ConstraintError, a fault that the caller can act on, or, for our own
// mistakes, an ordinary error.
func (e *Engine) translate(ctx context.Context, err error) error {
	if _, known := errors.AsType[*fault.Error](err); known {
		return err
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if ok {
		if kind, broken := constraintKind(pg.Code); broken {
			return &store.ConstraintError{Kind: kind, Table: pg.TableName, Cause: err}
		}
	}
	switch {
	case ctx.Err() != nil && (!ok || pg.Code == "57014"):
		return cancelled(ctx, err)
	case !ok:
		return e.unreachable(err)
	case pg.Code == "57014":
		return fault.New(fault.StoreCancelled, "the database took longer than %v over a statement; nothing was written", e.statement).Because(err)
	case pg.Message == store.Moved:
		return fault.New(fault.StoreMoved, "the backend is moving to another database; try again shortly").After(e.retryAfter).Because(err)
	case pg.Code == "53100":
		e.sayFull(err)
		return fault.New(fault.StoreFull, "there is no room left for this write; nothing of it was kept").Because(err)
	case pg.Code == "22021", pg.Code == "22P05":
		return unstorable(err)
	case pg.Code == "54000", pg.Code == "54001", pg.Code == "22001":
		return fault.New(fault.StoreTooLarge, "a value, a row or a key of an index is larger than PostgreSQL takes").Because(err)
	case pg.Code == "55P03", pg.Code[:2] == "53", judge(err) == conflict, judge(err) == unnamed:
		return fault.New(fault.StoreBusy, "the database is busy; try again shortly").After(e.retryAfter).Because(err)
	case pg.Code == "42703", pg.Code == "42P01", pg.Code == "42883", pg.Code == "42804":
		return fault.New(fault.MigrateOutdated, "a table is not what this server knows: the database was migrated meanwhile; another server answers, or this one once it has the newer schema").
			After(e.retryAfter).Because(err)
	case pg.Code == "XX001", pg.Code == "XX002":
		return fault.New(fault.StoreCorrupt, "the database is damaged; restore the latest backup").Because(err)
	case judge(err) == lost:
		return e.unreachable(err)
	}
	return fmt.Errorf("postgres: %w", err)
}

// sayFull has the log say now and then that the server has no room.
func (e *Engine) sayFull(cause error) {
	last, now := e.fullAt.Load(), time.Now().UnixNano()
	if now-last >= int64(e.fullEvery) && e.fullAt.CompareAndSwap(last, now) {
		e.log.Error("the database's disk is full: writes are refused until there is room, and reads go on", "error", cause)
	}
}

func (e *Engine) unreachable(cause error) error {
	return fault.New(fault.StoreUnreachable, "the database can't be reached; try again shortly").After(e.retryAfter).Because(cause)
}

// uncertain is the answer to a COMMIT that was sent and not answered.
func (e *Engine) uncertain(cause error) error {
	return fault.New(fault.StoreUncertain,
		"the database was lost while it saved this change, which may be there or not; with the same Idempotency-Key it is safe to try again").
		After(e.retryAfter).Because(cause)
}

// unstorable is the answer to a text that PostgreSQL can't keep.
func unstorable(cause error) error {
	return fault.New(fault.StoreUnstorable, "a text holds the character U+0000, which the database can't keep; leave it out").Because(cause)
}

// cancelled is the answer to a caller who left before the work was done.
func cancelled(ctx context.Context, cause error) error {
	if err := context.Cause(ctx); err != nil {
		cause = err
	}
	return fault.New(fault.StoreCancelled, "the request ended before the database was done; nothing was written").Because(cause)
}

func closed() error {
	return fault.New(fault.Unready, "the server is stopping; try again shortly").After(time.Second)
}

// constraintKind tells the SQLSTATEs of broken constraints.
func constraintKind(code string) (store.ConstraintKind, bool) {
	switch code {
	case "23505", "23P01":
		return store.UniqueViolation, true
	case "23503", "23001":
		return store.ForeignKeyViolation, true
	case "23502":
		return store.NotNullViolation, true
	case "23514", "22P02", "22003": // on SQLite a value of the wrong type breaks a check
		return store.CheckViolation, true
	}
	return 0, false
}

const findColumns = `SELECT a.attname
FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace CROSS JOIN LATERAL (
	SELECT k.conkey AS columns FROM pg_constraint k WHERE k.conrelid = t.oid AND k.conname = $3
	UNION ALL
	SELECT (i.indkey::int2[])[0:i.indnkeyatts - 1] FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
	WHERE i.indrelid = t.oid AND x.relname = $3 AND i.indexprs IS NULL
	LIMIT 1
) k CROSS JOIN LATERAL unnest(k.columns) WITH ORDINALITY u(number, place)
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = u.number
WHERE n.nspname = $1 AND t.relname = $2 ORDER BY u.place`

// locate finds the columns of a broken constraint by its name: the server's message
// tells them in its own language, or not at all where a policy is. The transaction is
// over by then; the server does not go on with one that had an error. What it returns
// is why they are not known.
func (t *transaction) locate(broken *store.ConstraintError) error {
	pg, ok := errors.AsType[*pgconn.PgError](broken.Cause)
	switch {
	case !ok || t.session.pg.IsClosed():
		return nil
	case pg.ColumnName != "":
		broken.Columns = []string{pg.ColumnName}
		return nil
	case pg.ConstraintName == "":
		return nil
	}
	key := constraintKey{pg.SchemaName, pg.TableName, pg.ConstraintName}
	if columns, ok := t.engine.columns.Get(key); ok {
		broken.Columns = slices.Clone(columns)
		return nil
	}
	columns, err := t.columnsOf(key)
	if err != nil {
		t.afresh() // the results of what comes next are told by their number
		t.engine.log.Warn("finding the columns of a constraint", "constraint", key.name, "error", err)
		return err
	}
	t.engine.columns.Add(key, columns)
	broken.Columns = slices.Clone(columns)
	return nil
}

func (t *transaction) columnsOf(key constraintKey) (columns []string, err error) {
	t.pipe.SendQueryParams(t.undoing(), nil, nil, nil, nil)
	t.pipe.SendQueryParams(findColumns, [][]byte{[]byte(key.schema), []byte(key.table), []byte(key.name)}, nil, nil, nil)
	if err := t.flush(); err != nil {
		return nil, err
	}
	if _, err := t.next(); err != nil {
		return nil, err
	}
	rows, err := t.next()
	if err != nil {
		return nil, err
	}
	for rows.NextRow() {
		columns = append(columns, string(rows.Values()[0]))
	}
	return columns, t.synced()
}

type constraintKey struct{ schema, table, name string }
