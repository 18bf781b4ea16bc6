package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
)

// taken is a job whose lease we hold. A lease is known by its owner and the
// number of the run: whoever comes late with an older one changes nothing.
type taken struct {
	id       string
	owner    string
	kind     string
	payload  []byte
	attempt  int
	attempts int // at most
}

// dispatch hands due jobs to runs until ctx ends.
func (q *Queue) dispatch(ctx, running context.Context) {
	pause := firstLook
	timer := time.NewTimer(0)
	defer timer.Stop()
	for turn := 0; ; turn++ {
		select {
		case <-ctx.Done():
			return
		case <-q.nudge:
			pause = firstLook
		case <-timer.C:
			pause = min(2*pause, poll)
		}
		wait := pause
		if free := q.workers - len(q.slots); free > 0 {
			jobs, next, err := q.take(ctx, turn, free)
			if err != nil && ctx.Err() == nil {
				q.log.Error("looking for jobs", "error", err)
			}
			for _, j := range jobs {
				select {
				case q.slots <- struct{}{}:
				case <-ctx.Done(): // held until the end: another node has it once its lease is over
					return
				}
				q.runs.Go(func() { q.run(running, j) })
			}
			if len(jobs) > 0 {
				wait = 0
			}
			wait = min(wait, max(next, time.Millisecond))
		}
		timer.Reset(wait) // where all are busy, the end of a run is a nudge
	}
}

// take leases due jobs, up to n: one of each kind in turn, so that a flood of one
// kind does not keep the others waiting. Where none is due it says when one is.
func (q *Queue) take(ctx context.Context, turn, n int) (jobs []taken, next time.Duration, err error) {
	due, next, err := q.due(ctx)
	if err != nil || len(due) == 0 {
		return nil, next, err
	}
	err = q.engine.Write(ctx, func(c store.Conn) error {
		jobs = jobs[:0]
		for left := len(due); left > 0 && len(jobs) < n; turn++ {
			kind := due[turn%len(due)]
			j, err := q.lease(c, kind)
			if err != nil {
				return err
			}
			if left--; j != nil {
				jobs, left = append(jobs, *j), len(due)
			}
		}
		return nil
	})
	if err != nil {
		q.node = uuid.NewString() // if that was committed after all, those leases are nobody's and run out
		return nil, poll, wrap("taking jobs", err)
	}
	return jobs, next, nil
}

// due lists the kinds that have a job to take now, or else says how long until
// one is.
func (q *Queue) due(ctx context.Context) (kinds []string, next time.Duration, err error) {
	now := q.now()
	err = q.engine.Read(ctx, func(c store.Conn) error {
		kinds, next = nil, poll
		for _, kind := range q.kinds {
			err := c.Query(`SELECT "due_at" FROM "_jobs" WHERE "kind" = ?1 AND "dead_at" IS NULL AND ("owner" IS NULL OR "owner" <> ?2)
				ORDER BY "due_at" LIMIT 1`, []any{kind, q.node}, func(r store.Row) error {
				at, err := time.Parse(time.RFC3339, r.Text(0))
				if wait := at.Sub(now); wait <= 0 {
					kinds = append(kinds, kind)
				} else {
					next = min(next, wait)
				}
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return kinds, next, wrap("looking for due jobs", err)
}

// lease takes one job of a kind, or returns nil. What this server runs itself is
// not up for taking, whatever the clock says of its lease. The second look at
// due_at is for a database that lets two servers find the same row.
func (q *Queue) lease(c store.Conn, kind string) (j *taken, err error) {
	now := q.now()
	err = c.Query(`UPDATE "_jobs" SET "owner" = ?2, "due_at" = ?3, "attempts" = "attempts" + 1
		WHERE "id" = (SELECT "id" FROM "_jobs" WHERE "kind" = ?1 AND "dead_at" IS NULL AND "due_at" <= ?4
			AND ("owner" IS NULL OR "owner" <> ?2) ORDER BY "due_at", "id" LIMIT 1)
		AND "due_at" <= ?4 AND "dead_at" IS NULL
		RETURNING "id", "payload", "attempts", "max_attempts"`,
		[]any{kind, q.node, form.Stamp(now.Add(lease)), form.Stamp(now)}, func(r store.Row) error {
			j = &taken{r.Text(0), q.node, kind, append([]byte{}, r.Bytes(1)...), int(r.Int(2)), int(r.Int(3))}
			return nil
		})
	return j, err
}

// run does one job and says how it ended.
func (q *Queue) run(ctx context.Context, j taken) {
	defer q.Wake()
	defer func() { <-q.slots }()
	run, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	var err error
	if j.attempt > j.attempts {
		err = Permanent(errors.New("every run ended with its server"))
	} else {
		renewed := make(chan struct{})
		go func() { defer close(renewed); q.renew(run, cancel, j) }()
		err = q.handle(run, j)
		cancel()
		<-renewed
	}
	q.settle(ctx, j, err)
}

// handle calls the handler; a panic is a failure like any other.
func (q *Queue) handle(ctx context.Context, j taken) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return q.handlers[j.kind](ctx, j.payload)
}

// renew keeps the lease until ctx ends, and ends the run if it was lost.
func (q *Queue) renew(ctx context.Context, lost context.CancelFunc, j taken) {
	tick := time.NewTicker(lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		kept, err := q.change(ctx, `UPDATE "_jobs" SET "due_at" = ?4 WHERE "id" = ?1 AND "owner" = ?2 AND "attempts" = ?3`, j, form.Stamp(q.now().Add(lease)))
		if err == nil && !kept {
			q.log.Warn("a job was taken over by another server while it ran", "kind", j.kind, "job", j.id)
			lost()
			return
		}
	}
}

// settle records how a run ended. It tries until it can: a job that is done and
// stays would be done again.
func (q *Queue) settle(ctx context.Context, j taken, failure error) {
	for ended := false; ; ended = true {
		err := q.record(context.WithoutCancel(ctx), j, failure, ctx.Err() != nil)
		if err == nil {
			return
		}
		q.log.Error("recording how a job ended", "kind", j.kind, "job", j.id, "error", err)
		if ended && ctx.Err() != nil {
			return // the lease runs out, and the job runs once more
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func (q *Queue) record(ctx context.Context, j taken, failure error, stopped bool) error {
	const held = ` WHERE "id" = ?1 AND "owner" = ?2 AND "attempts" = ?3`
	now := q.now()
	_, lasting := errors.AsType[permanent](failure)
	var err error
	switch {
	case failure == nil:
		_, err = q.change(ctx, `DELETE FROM "_jobs"`+held, j)
	case stopped && !lasting:
		_, err = q.change(ctx, `UPDATE "_jobs" SET "owner" = NULL, "due_at" = ?4, "attempts" = "attempts" - 1`+held, j, form.Stamp(now))
	case lasting || j.attempt >= j.attempts:
		q.log.Error("a job is given up", "kind", j.kind, "job", j.id, "runs", j.attempt, "error", failure)
		_, err = q.change(ctx, `UPDATE "_jobs" SET "owner" = NULL, "dead_at" = ?4, "error" = ?5`+held, j, form.Stamp(now), reason(failure))
	default:
		wait := backoff(j.attempt)
		q.log.Warn("a job failed and will run again", "kind", j.kind, "job", j.id, "run", j.attempt, "in", wait.Round(time.Second), "error", failure)
		_, err = q.change(ctx, `UPDATE "_jobs" SET "owner" = NULL, "due_at" = ?4, "error" = ?5`+held, j, form.Stamp(now.Add(wait)), reason(failure))
	}
	return err
}

// change runs a statement on a job whose lease we hold: false where we do not.
func (q *Queue) change(ctx context.Context, statement string, j taken, more ...any) (held bool, err error) {
	err = q.engine.Write(ctx, func(c store.Conn) error {
		n, err := c.Exec(statement, append([]any{j.id, j.owner, j.attempt}, more...)...)
		held = n > 0
		return err
	})
	return held, wrap("keeping a job's books", err)
}

// reason is as much of an error as is kept.
func reason(err error) string {
	text := strings.ToValidUTF8(err.Error(), "")
	return strings.ToValidUTF8(text[:min(len(text), maxError)], "")
}
