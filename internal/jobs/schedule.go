package jobs

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
)

// schedule is work that comes round.
type schedule struct {
	name     string
	interval time.Duration
	run      func(context.Context) error
}

// Every runs fn once per interval, however many servers share the database. It
// runs beside the jobs; a run that fails or is killed is not made up for, so work
// that must be done is a job that fn adds. The first run is an interval after the
// first start.
//
// Between runs a server goes by its own time since it last saw a run, not by the
// clock: that may be set back or forth, and may differ between servers.
func (q *Queue) Every(name string, interval time.Duration, fn func(context.Context) error) {
	if q.started {
		panic("jobs: Every(" + name + ") after Start")
	}
	q.schedules = append(q.schedules, schedule{name, interval, fn})
}

// keep runs a schedule until ctx ends.
func (q *Queue) keep(ctx context.Context, s schedule) {
	seen, wait, err := q.first(ctx, s)
	for {
		if err != nil {
			if ctx.Err() == nil {
				q.log.Error("keeping a schedule", "schedule", s.name, "error", err)
			}
			wait = min(s.interval, time.Minute)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if err != nil {
			seen, wait, err = q.first(ctx, s)
			continue
		}
		wait = s.interval
		var won bool
		if seen, won, err = q.claim(ctx, s, seen); won {
			if failure := protect(ctx, s.run); failure != nil && ctx.Err() == nil {
				q.log.Error("a scheduled run failed", "schedule", s.name, "error", failure)
			}
		}
	}
}

// first reads where a schedule stands, or begins it, and says how long until it
// is due: an interval at most, whatever the clock was when that was written.
func (q *Queue) first(ctx context.Context, s schedule) (seen int64, wait time.Duration, err error) {
	now := q.now()
	err = q.engine.Write(ctx, func(c store.Conn) error {
		if _, err := c.Exec(`INSERT INTO "_schedules" ("name", "runs", "next_at") VALUES (?1, 0, ?2) ON CONFLICT ("name") DO NOTHING`,
			s.name, form.Stamp(now.Add(s.interval))); err != nil {
			return err
		}
		return c.Query(`SELECT "runs", "next_at" FROM "_schedules" WHERE "name" = ?1`, []any{s.name}, func(r store.Row) error {
			seen = r.Int(0)
			at, err := time.Parse(time.RFC3339, r.Text(1))
			wait = min(max(at.Sub(now), 0), s.interval)
			return err
		})
	})
	return seen, wait, wrap("reading a schedule", err)
}

// claim wins the next run for one server: that which finds the count of runs as
// it last saw it. The others learn the new count.
func (q *Queue) claim(ctx context.Context, s schedule, seen int64) (runs int64, won bool, err error) {
	err = q.engine.Write(ctx, func(c store.Conn) error {
		n, err := c.Exec(`UPDATE "_schedules" SET "runs" = "runs" + 1, "next_at" = ?3 WHERE "name" = ?1 AND "runs" = ?2`,
			s.name, seen, form.Stamp(q.now().Add(s.interval)))
		won = n > 0
		if err != nil {
			return err
		}
		return c.Query(`SELECT "runs" FROM "_schedules" WHERE "name" = ?1`, []any{s.name}, func(r store.Row) error {
			runs = r.Int(0)
			return nil
		})
	})
	return runs, won && err == nil, wrap("claiming a scheduled run", err)
}

// protect makes an error of a panic.
func protect(ctx context.Context, run func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return run(ctx)
}
