package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// translate turns a driver's error into what the store expects: a
// *store.ConstraintError, a fault that the caller can act on, or, for our own
// mistakes, an ordinary error.
func (f *file) translate(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	code, ok := errors.AsType[sqlite3.ErrorCode](err)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return cancelled(ctx, err)
	case !ok:
		return err
	case code == sqlite3.CONSTRAINT && strings.Contains(err.Error(), store.Moved):
		return fault.New(fault.StoreMoved, "the backend is moving to another database; try again shortly").After(f.retryAfter).Because(err)
	case code == sqlite3.CONSTRAINT:
		return constraint(err)
	case code == sqlite3.INTERRUPT:
		return cancelled(ctx, err)
	case code == sqlite3.FULL, code == sqlite3.IOERR && f.full(err):
		return fault.New(fault.StoreFull, "there is no room left for this write; nothing of it was kept").Because(err)
	case code == sqlite3.BUSY, code == sqlite3.LOCKED:
		return f.busy(err)
	case code == sqlite3.TOOBIG:
		return fault.New(fault.StoreTooLarge, "a value or row has more than %d bytes", f.valueBytes).Because(err)
	case code == sqlite3.CORRUPT, code == sqlite3.NOTADB:
		return fault.New(fault.StoreCorrupt, "the database file is damaged; restore the latest backup").Because(fmt.Errorf("%s: %w", f.path, err))
	}
	return fmt.Errorf("sqlite: %w", err)
}

// full tells whether a failed write failed for want of room. SQLite forgets the
// system's reason while it undoes the transaction, so the disk is asked again.
func (f *file) full(err error) bool {
	extended, _ := errors.AsType[sqlite3.ExtendedErrorCode](err)
	switch extended {
	case sqlite3.IOERR_WRITE, sqlite3.IOERR_FSYNC, sqlite3.IOERR_TRUNCATE, sqlite3.IOERR_SHMSIZE:
		return outOfSpace(f.probe())
	}
	return outOfSpace(err)
}

// probe writes a small file beside the database, and removes it.
func (f *file) probe() error {
	path := f.path + "-probe"
	err := os.WriteFile(path, make([]byte, probeBytes), 0o600)
	return errors.Join(err, os.Remove(path))
}

func (f *file) busy(cause error) error {
	return fault.New(fault.StoreBusy, "the database is busy; try again shortly").After(f.retryAfter).Because(cause)
}

// cancelled is the answer to a caller who left before the work was done.
func cancelled(ctx context.Context, cause error) error {
	if err := context.Cause(ctx); err != nil {
		cause = err
	}
	return fault.New(fault.StoreCancelled, "the request ended before the database was done; nothing was written").Because(cause)
}

// uncertain is the answer to a group whose COMMIT failed. SQLite has undone it,
// but after a fault of the disk a crash might still bring it back.
func uncertain(err error) error {
	extended, _ := errors.AsType[sqlite3.ExtendedErrorCode](err)
	if _, known := errors.AsType[*fault.Error](err); known && extended != sqlite3.IOERR_FSYNC {
		return err
	}
	return fault.New(fault.InternalError, "the disk failed while the change was being saved; look whether it is there before you try again").Because(err)
}

// constraint reads which constraint was broken out of SQLite's message, its
// only account of it: "UNIQUE constraint failed: Task._org, Task.slug". For an
// index on an expression it names no column.
func constraint(err error) error {
	broken := &store.ConstraintError{Kind: store.CheckViolation, Cause: err}
	message := err.Error()
	extended, _ := errors.AsType[sqlite3.ExtendedErrorCode](err)
	switch extended {
	case sqlite3.CONSTRAINT_UNIQUE, sqlite3.CONSTRAINT_PRIMARYKEY, sqlite3.CONSTRAINT_ROWID:
		broken.Kind = store.UniqueViolation
		broken.Table, broken.Columns = columnsAfter(message, "UNIQUE constraint failed: ")
	case sqlite3.CONSTRAINT_NOTNULL:
		broken.Kind = store.NotNullViolation
		broken.Table, broken.Columns = columnsAfter(message, "NOT NULL constraint failed: ")
	case sqlite3.CONSTRAINT_DATATYPE: // cannot store TEXT value in INTEGER column Task.size
		broken.Table, broken.Columns = columnsAfter(message, " column ")
	case sqlite3.CONSTRAINT_FOREIGNKEY:
		broken.Kind = store.ForeignKeyViolation
	}
	return broken
}

func columnsAfter(message, marker string) (table string, columns []string) {
	_, list, _ := strings.Cut(message, marker)
	for name := range strings.SplitSeq(list, ", ") {
		t, column, ok := strings.Cut(name, ".")
		if !ok {
			return "", nil
		}
		table, columns = t, append(columns, column)
	}
	return table, columns
}
