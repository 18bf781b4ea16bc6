package migrate

import (
	"context"
	"fmt"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// How a migration waits for its tables on PostgreSQL. One that stood in line for
// a table would have all later statements on it stand behind it, so it gives up
// soon, and tries again later.
const (
	lockTimeout   = 2 * time.Second // in line for a table; see Options
	lockPatience  = time.Minute     // in all, pauses included
	shortestPause = 50 * time.Millisecond
	longestPause  = 5 * time.Second
)

// alter runs fn in the transaction of a migration. SQLite runs one that leaves
// the tables as they are among ordinary writes.
func (m *Migrator) alter(ctx context.Context, tables bool, fn func(store.Conn) error) error {
	r, ok := m.engine.(store.Rebuilder)
	switch {
	case ok && m.engine.Dialect() == store.PostgreSQL:
		return m.locked(ctx, r, fn)
	case ok && tables:
		return r.Rebuild(ctx, fn)
	}
	return m.engine.Write(ctx, fn)
}

// locked runs fn on PostgreSQL while no other node migrates or writes what only
// one may write at a time.
func (m *Migrator) locked(ctx context.Context, r store.Rebuilder, fn func(store.Conn) error) error {
	start := m.opts.Now()
	for pause := shortestPause; ; pause = min(2*pause, longestPause) {
		err := r.Rebuild(ctx, func(c store.Conn) error {
			if err := c.Query(`SELECT id FROM "_writer" WHERE id = 1 FOR UPDATE`, nil, nil); err != nil {
				return err
			}
			if err := c.Script(fmt.Sprintf("SET LOCAL lock_timeout = %d; SET CONSTRAINTS ALL IMMEDIATE", m.opts.LockTimeout.Milliseconds())); err != nil {
				return err
			}
			return fn(c)
		})
		if !fault.Is(err, fault.StoreBusy) {
			return err
		}
		if m.opts.Now().Sub(start) > lockPatience {
			return fault.New(fault.StoreBusy, "a table was in use for all of %v; end what has been reading it for long, or try again later", lockPatience).Because(err)
		}
		if err := m.opts.Pause(ctx, pause); err != nil {
			return err
		}
	}
}

// pause waits, or answers why there is no more use in it.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
