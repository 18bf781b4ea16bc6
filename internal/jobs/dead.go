package jobs

import (
	"context"

	"github.com/loam-dev/loam/internal/store"
)

// Dead is a job that was given up. It is kept for keepDead, of maxDead the newest.
type Dead struct {
	ID        string `json:"id"`
	Kind      string `json:"kind"`
	Key       string `json:"key,omitempty"`
	Attempts  int    `json:"attempts"`
	Error     string `json:"error"` // of the last run
	CreatedAt string `json:"createdAt"`
	DeadAt    string `json:"deadAt"`
}

// Dead lists jobs that were given up, newest first: n at most.
func (q *Queue) Dead(ctx context.Context, n int) ([]Dead, error) {
	list := []Dead{}
	err := q.engine.Read(ctx, func(c store.Conn) error {
		list = list[:0]
		return c.Query(`SELECT "id", "kind", "key", "attempts", "error", "created_at", "dead_at" FROM "_jobs"
			WHERE "dead_at" IS NOT NULL ORDER BY "dead_at" DESC, "id" DESC LIMIT ?1`, []any{n}, func(r store.Row) error {
			list = append(list, Dead{r.Text(0), r.Text(1), r.Text(2), int(r.Int(3)), r.Text(4), r.Text(5), r.Text(6)})
			return nil
		})
	})
	return list, wrap("listing dead jobs", err)
}

// Revive gives a dead job all its runs again. It tells whether it was there, and
// not when a newer job of its kind has its key.
func (q *Queue) Revive(ctx context.Context, id string) (found bool, err error) {
	err = q.engine.Write(ctx, func(c store.Conn) error {
		n, err := c.Exec(`UPDATE "_jobs" SET "dead_at" = NULL, "attempts" = 0, "due_at" = ?2 WHERE "id" = ?1 AND "dead_at" IS NOT NULL
			AND NOT EXISTS (SELECT 1 FROM "_jobs" AS o WHERE o."kind" = "_jobs"."kind" AND o."key" = "_jobs"."key" AND o."dead_at" IS NULL)`, id, stamp(q.now()))
		found = n > 0
		return err
	})
	q.Wake()
	return found, wrap("reviving a job", err)
}

// tidy removes dead jobs that are old or too many.
func (q *Queue) tidy(ctx context.Context) error {
	horizon := q.now().Add(-keepDead)
	return wrap("removing dead jobs", q.engine.Write(ctx, func(c store.Conn) error {
		if _, err := c.Exec(`DELETE FROM "_jobs" WHERE "dead_at" < ?1`, stamp(horizon)); err != nil {
			return err
		}
		_, err := c.Exec(`DELETE FROM "_jobs" WHERE "id" IN (SELECT "id" FROM "_jobs" WHERE "dead_at" IS NOT NULL
			ORDER BY "dead_at" DESC, "id" DESC LIMIT ?1 OFFSET ?2)`, maxWaiting, maxDead)
		return err
	}))
}
