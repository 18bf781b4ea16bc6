package signal

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/store"
)

// Tail reads what has been committed to a table of PostgreSQL's since it last looked, by
// whichever node and in whatever order: each row has the number of its transaction in
// the column tx. It is not safe for concurrent use.
type Tail struct {
	Engine  store.Engine
	Table   string
	Columns []string
	Order   string        // of the columns that one look's rows are ordered by
	Kept    time.Duration // rows may be gone after that

	snapshot string    // of the last look, as PostgreSQL writes it
	looked   time.Time // when that was
	level    bool      // nothing was missed up to there
}

// Lose has the next look tell that it may have missed something.
func (t *Tail) Lose() { t.level = false }

// Look returns the rows that were committed since the last look, up to a number; missed
// tells that there may have been others: at the first look, after an error, a long
// while or too many at once, and of a database that is behind the one of the last
// look, such as one restored.
func Look[T any](ctx context.Context, t *Tail, most int, scan func(store.Row) T) (rows []T, missed bool, err error) {
	now := time.Now().Round(0) // also of a machine that was asleep
	if t.snapshot == "" {
		t.snapshot = "1:1:"
	}
	var snapshot string
	var behind bool
	last := len(t.Columns)
	err = t.Engine.ReadOne(ctx, func(c store.Conn) error {
		rows, snapshot, behind = nil, "", false
		return c.Query(t.statement(), []any{t.snapshot, most + 1}, func(row store.Row) error {
			snapshot, behind = row.Text(last+1), row.Bool(last+2)
			if !row.Null(last) {
				rows = append(rows, scan(row))
			}
			return nil
		})
	})
	if err != nil {
		t.level = false
		return nil, true, err
	}
	missed = !t.level || behind || len(rows) > most || now.Sub(t.looked) > t.Kept/2
	t.snapshot, t.looked, t.level = snapshot, now, true
	return rows, missed, nil
}

// statement finds the rows of transactions that the last snapshot did not see. One that
// it saw under way is behind its xmin, and so is all that came later.
func (t *Tail) statement() string {
	return fmt.Sprintf(`SELECT s.%s, s."tx", CAST(pg_current_snapshot() AS text), pg_snapshot_xmin(pg_current_snapshot()) < pg_snapshot_xmin(CAST(?1 AS pg_snapshot))
		FROM (SELECT 1) AS look LEFT JOIN %q AS s ON s."tx" >= pg_snapshot_xmin(CAST(?1 AS pg_snapshot))
		AND NOT pg_visible_in_snapshot(s."tx", CAST(?1 AS pg_snapshot)) ORDER BY %s LIMIT ?2`, strings.Join(t.Columns, ", s."), t.Table, t.Order)
}
