package store

import (
	"context"
	"strconv"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
)

// How the change log has an order that is safe to follow.
//
// SQLite has one writer, so that an entry's number is its position. Beside each other,
// writers draw numbers and commit in another order: who has read up to a number may
// have passed entries that are still in flight. On PostgreSQL an entry therefore has no
// position until it is committed. One who holds the row of _log gives the next ones to
// all entries that it sees, in the order of their numbers:
//
//   - Positions only grow, and those of one step are seen all at once: behind a
//     position nothing appears any more.
//   - What waited for another write, for the lock of a row or for its answer, has drawn
//     a higher number, and is not seen without it: it comes behind it.
//
// It asks no transaction but those that write to the log, so that none which stands
// idle somewhere holds it up.

// sequenced is how many entries one step gives a position.
const sequenced = 5000

// Sequence gives every entry of the log that is committed its position. Where there is
// nothing to do it writes nothing. Any node may do it at any time.
func (s *Store) Sequence(ctx context.Context) error {
	if s.engine.Dialect() != PostgreSQL {
		return nil
	}
	for {
		due := false
		err := s.engine.ReadOne(ctx, func(c Conn) error {
			due = false
			return c.Query(`SELECT 1 FROM "_changes" WHERE pos IS NULL ORDER BY seq LIMIT 1`, nil, func(Row) error { due = true; return nil })
		})
		if err != nil || !due {
			return err
		}
		n := int64(0)
		if err := s.engine.WriteRows(ctx, func(c Conn) (err error) { n, err = sequence(c); return err }); err != nil || n < sequenced {
			return err
		}
	}
}

// sequence is one step. The second statement sees what the last one who had the lock
// has done.
func sequence(c Conn) (int64, error) {
	if err := c.Query(`SELECT pos FROM "_log" WHERE id = 1 FOR UPDATE`, nil, nil); err != nil {
		return 0, err
	}
	n, limit := int64(0), strconv.Itoa(sequenced)
	err := c.Query(`WITH due AS (
		SELECT seq, row_number() OVER (ORDER BY seq) AS n FROM (SELECT seq FROM "_changes" WHERE pos IS NULL ORDER BY seq LIMIT `+limit+`) e
	), given AS (
		UPDATE "_changes" AS c SET pos = l.pos + due.n FROM due, "_log" AS l WHERE c.seq = due.seq AND c.pos IS NULL
	), counted AS (
		UPDATE "_log" SET pos = pos + (SELECT count(*) FROM due) WHERE EXISTS (SELECT 1 FROM due)
	)
	SELECT count(*) FROM due`, nil, func(r Row) error { n = r.Int(0); return nil })
	return n, err
}

// A snapshot sees all that is committed, and so it may see what has no position yet and
// comes behind its own: which it says, so that what it reads can be taken back to there.

// The limits of what a snapshot may be ahead of its position.
const (
	maxAhead   = 1000 // changes of its model in its organization
	aheadTries = 10   // snapshots, each after all was given a position
)

// atPosition runs a snapshot until it is not too far ahead.
func (s *Store) atPosition(ctx context.Context, read func() (tooFar bool, err error)) error {
	for range aheadTries {
		if err := s.Sequence(ctx); err != nil {
			return err
		}
		if tooFar, err := read(); err != nil || !tooFar {
			return err
		}
	}
	return fault.New(fault.StoreBusy, "more than %d rows of the list were written while it was read, %d times; try again shortly", maxAhead, aheadTries)
}

// position reads the position that a snapshot is of, and what it is ahead of it.
func (s *Store) position(c Conn, g access.Grant, images bool, out *Snapshot) (tooFar bool, err error) {
	pos := wordsOf(s.engine.Dialect()).position
	err = c.Query(`SELECT coalesce(max(`+pos+`), 0) FROM "_changes"`, nil, func(r Row) error { out.Seq = r.Int(0); return nil })
	if err != nil || s.engine.Dialect() != PostgreSQL {
		return false, err
	}
	m, org := g.Node().Model, g.Principal().Org
	if !images {
		return false, c.Query(`SELECT 1 FROM "_changes" WHERE pos IS NULL AND (org = ?1 OR org IS NULL) LIMIT 1`, []any{org}, func(Row) error {
			out.Ahead = true
			return nil
		})
	}
	if m.Scope == schema.Global {
		org = ""
	}
	ahead, err := s.changes(c, Following{Model: m, Org: org, Limit: maxAhead + 1, unsequenced: true})
	out.Ahead, out.Undo = len(ahead.All) > 0, ahead.All
	return ahead.More, err
}
