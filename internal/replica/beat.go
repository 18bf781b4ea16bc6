package replica

import (
	"context"
	"time"

	"github.com/loam-dev/loam/internal/store"
)

// Tables returns the room's system table, as statements that run in order at every
// start. A beat is in microseconds since its server began.
func Tables(d store.Dialect) []string {
	if d != store.PostgreSQL {
		return nil
	}
	return []string{`CREATE TABLE IF NOT EXISTS "_beats" (
		"node" text COLLATE "C" PRIMARY KEY,
		"beat" bigint NOT NULL,
		"at" timestamptz NOT NULL DEFAULT now()
	) WITH (fillfactor = 50)`} // each row changes in its place
}

const (
	writeBeat  = `INSERT INTO "_beats" ("node", "beat") VALUES (?1, ?2) ON CONFLICT ("node") DO UPDATE SET "beat" = excluded."beat", "at" = now()`
	pruneBeats = `DELETE FROM "_beats" WHERE "at" < now() - interval '1 day'`
	readBeat   = `SELECT "beat", pg_is_in_recovery() FROM "_beats" WHERE "node" = ?1`
)

// beat writes to the server's row until ctx ends. Without it the standbys are further
// behind by the minute, as far as anyone can tell, and the primary is asked.
func (s *Set) beat(ctx context.Context) {
	pruned, failing := time.Time{}, false
	for ctx.Err() == nil {
		next := time.After(s.every)
		err := s.write(ctx, writeBeat, s.node, time.Since(s.began).Microseconds())
		if err == nil && time.Since(pruned) > s.pruning {
			err = s.write(ctx, pruneBeats)
			pruned = time.Now()
		}
		if failed := err != nil && ctx.Err() == nil; failed != failing {
			if failing = failed; failed {
				s.log.Warn("how far the replicas are behind can't be told: the primary answers in their place", "error", err)
			} else {
				s.log.Info("how far the replicas are behind is told again")
			}
		}
		for _, c := range s.standbys {
			select {
			case c.beaten <- struct{}{}:
			default:
			}
		}
		select {
		case <-next:
		case <-ctx.Done():
		}
	}
}

func (s *Set) write(ctx context.Context, sql string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	return s.primary.WriteQuietly(ctx, func(c store.Conn) error {
		_, err := c.Exec(sql, args...)
		return err
	})
}
