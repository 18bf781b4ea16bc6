package jobs

import (
	"context"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
)

// Entry is a job in the queue, without what it carries: that may be a secret.
type Entry struct {
	ID        string  `json:"id"`
	Kind      string  `json:"kind"`
	Attempts  int     `json:"attempts"`
	Error     string  `json:"error"` // of the last run that failed
	CreatedAt string  `json:"createdAt"`
	DueAt     *string `json:"dueAt"`  // when it runs next, or while it runs, when its server has to say that it still does
	DeadAt    *string `json:"deadAt"` // when it was given up
}

// List lists n jobs at most, newest first, from before the one with the id after,
// where that is not "": those that were given up, which are kept for keepDead, of
// maxDead the last ones; or those that wait or run.
func (q *Queue) List(ctx context.Context, dead bool, after string, n int) ([]Entry, error) {
	list := []Entry{}
	err := q.engine.Read(ctx, func(c store.Conn) error {
		list = list[:0]
		return c.Query(`SELECT "id", "kind", "attempts", "error", "created_at", "due_at", COALESCE("dead_at", '') FROM "_jobs"
			WHERE ("dead_at" IS NOT NULL) = ?1 AND (?2 = '' OR "id" < ?2) ORDER BY "id" DESC LIMIT ?3`, []any{dead, after, n}, func(r store.Row) error {
			e := Entry{ID: r.Text(0), Kind: r.Text(1), Attempts: int(r.Int(2)), Error: r.Text(3), CreatedAt: r.Text(4)}
			at := r.Text(5)
			e.DueAt = &at
			if dead {
				at = r.Text(6)
				e.DueAt, e.DeadAt = nil, &at
			}
			list = append(list, e)
			return nil
		})
	})
	return list, wrap("listing jobs", err)
}

// Revive gives a job that was given up all its runs again, inside the caller's
// transaction, and returns its kind: Wake afterwards.
func (q *Queue) Revive(c store.Conn, id string) (kind string, err error) {
	taken := false
	err = c.Query(`SELECT "kind", EXISTS (SELECT 1 FROM "_jobs" AS o WHERE o."kind" = j."kind" AND o."key" = j."key" AND o."dead_at" IS NULL)
		FROM "_jobs" AS j WHERE "id" = ?1 AND "dead_at" IS NOT NULL`, []any{id}, func(r store.Row) error {
		kind, taken = r.Text(0), r.Bool(1)
		return nil
	})
	switch {
	case err != nil:
		return "", wrap("looking for a job", err)
	case kind == "":
		return "", notDead(id)
	case taken:
		return "", fault.New(fault.JobsReplaced, "a newer job does the work of %q already", id)
	}
	_, err = c.Exec(`UPDATE "_jobs" SET "dead_at" = NULL, "attempts" = 0, "due_at" = ?2 WHERE "id" = ?1`, id, form.Stamp(q.now()))
	return kind, wrap("reviving a job", err)
}

// Drop removes a job that was given up, inside the caller's transaction, and
// returns its kind.
func (q *Queue) Drop(c store.Conn, id string) (kind string, err error) {
	err = c.Query(`DELETE FROM "_jobs" WHERE "id" = ?1 AND "dead_at" IS NOT NULL RETURNING "kind"`, []any{id}, func(r store.Row) error {
		kind = r.Text(0)
		return nil
	})
	if err == nil && kind == "" {
		err = notDead(id)
	}
	return kind, wrap("dropping a job", err)
}

func notDead(id string) *fault.Error {
	return fault.New(fault.JobsNotFound, "no job that was given up has the id %q", id)
}

// tidy removes dead jobs that are old or too many.
func (q *Queue) tidy(ctx context.Context) error {
	horizon := q.now().Add(-keepDead)
	return wrap("removing dead jobs", q.engine.Write(ctx, func(c store.Conn) error {
		if _, err := c.Exec(`DELETE FROM "_jobs" WHERE "dead_at" < ?1`, form.Stamp(horizon)); err != nil {
			return err
		}
		_, err := c.Exec(`DELETE FROM "_jobs" WHERE "id" IN (SELECT "id" FROM "_jobs" WHERE "dead_at" IS NOT NULL
			ORDER BY "dead_at" DESC, "id" DESC LIMIT ?1 OFFSET ?2)`, maxWaiting, maxDead)
		return err
	}))
}
