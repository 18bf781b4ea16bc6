package store

import (
	"context"
	"time"

	"github.com/loam-dev/loam/internal/form"
)

// How far back the change log goes.

// LogEnd is the number of the change log's last entry, 0 where it has none.
func LogEnd(c Conn) (last int64, err error) {
	err = c.Query(`SELECT coalesce(max(seq), 0) FROM "_changes"`, nil, func(r Row) error { last = r.Int(0); return nil })
	return last, err
}

// LogBounds are the positions of the first and the last entry that somebody may
// still follow the log from: 0 and 0 while there is none. The last one is never
// removed.
func (s *Store) LogBounds(ctx context.Context) (first, last int64, err error) {
	if err := s.Sequence(ctx); err != nil {
		return 0, 0, err
	}
	pos := wordsOf(s.engine.Dialect()).position
	err = s.engine.ReadOne(ctx, func(c Conn) error {
		return c.Query(`SELECT coalesce((SELECT min(`+pos+`) FROM "_changes"), 0),
			coalesce((SELECT max(`+pos+`) + 1 FROM "_changes" WHERE model = '' AND org IS NULL), 0),
			coalesce((SELECT max(`+pos+`) FROM "_changes"), 0)`, nil, func(r Row) error {
			first, last = max(r.Int(0), r.Int(1)), r.Int(2)
			return nil
		})
	})
	return first, last, err
}

// BreakLog says in the log that what follows can't be read with what was before:
// the form of the rows has changed, or whose they are.
func BreakLog(c Conn, now time.Time) error {
	_, err := c.Exec(`INSERT INTO "_changes"(at,model,key,op) VALUES (?1,'','[]','break')`, form.Stamp(now))
	return err
}

// PruneLog removes the entries from before a moment, but the last. It stops at the
// first younger one, so that no entry is missing between two that are there, and
// leaves those alone that have no position yet.
func (s *Store) PruneLog(ctx context.Context, before time.Time) error {
	pos := wordsOf(s.engine.Dialect()).position
	return s.sweep(ctx, func(c Conn) (int64, error) {
		var end int64
		if err := c.Query(`SELECT coalesce(min(CASE WHEN at >= ?1 THEN pos END), max(pos) + 1, 0) FROM
			(SELECT `+pos+` AS pos, at FROM "_changes" WHERE `+pos+` < (SELECT max(`+pos+`) FROM "_changes") ORDER BY `+pos+` LIMIT ?2) e`,
			[]any{form.Stamp(before), batchRows}, func(r Row) error { end = r.Int(0); return nil }); err != nil {
			return 0, err
		}
		return c.Exec(`DELETE FROM "_changes" WHERE `+pos+` < ?1`, end)
	})
}
