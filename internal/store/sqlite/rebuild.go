package sqlite

import (
	"errors"
	"fmt"

	"github.com/loam-dev/loam/internal/store"
)

// rebuild runs a job in a transaction of its own, without foreign keys until
// its end: dropping a table that others refer to would otherwise delete the
// rows that refer to it, or fail. No neighbour may run under that.
func (w *writer) rebuild(j *job) {
	if !w.start(j) {
		return
	}
	if err := w.mend(); err != nil {
		w.answer(err)
		return
	}
	// The pragma does nothing inside a transaction, so it comes before it.
	if err := w.conn.run("PRAGMA foreign_keys = OFF"); err != nil {
		w.answer(err)
		return
	}
	defer func() {
		if w.file.filling {
			return
		}
		if err := w.conn.run("PRAGMA foreign_keys = ON"); err != nil {
			w.file.log.Error("switching foreign keys on again", "error", err)
			w.broken = true
		}
	}()
	if err := w.open(); err != nil {
		w.answer(err)
		return
	}
	j.err = w.call(j, false)
	if j.err == nil && !w.file.filling {
		j.err = w.checkReferences()
	}
	if j.err != nil {
		w.undo(j, false)
		return
	}
	w.kept++
	w.join()
	w.commit()
}

// checkReferences fails for the first row that refers to nothing.
func (w *writer) checkReferences() error {
	var broken *store.ConstraintError
	err := w.conn.Query("PRAGMA foreign_key_check", nil, func(r store.Row) error {
		broken = &store.ConstraintError{
			Kind:  store.ForeignKeyViolation,
			Table: r.Text(0),
			Cause: fmt.Errorf("row %d refers to no row of %s", r.Int(1), r.Text(2)),
		}
		return errStop
	})
	if broken != nil {
		return broken
	}
	return err
}

// errStop ends a Query early.
var errStop = errors.New("stop")
