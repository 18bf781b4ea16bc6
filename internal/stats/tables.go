package stats

import (
	"context"
	"fmt"
	"time"

	"github.com/loam-dev/loam/internal/store"
)

// Tables are the room's system tables. A row is a node's minute, or an hour of all.
func Tables() []string {
	return []string{`CREATE TABLE IF NOT EXISTS "_stats" (
		"step" INTEGER NOT NULL,
		"at" INTEGER NOT NULL,
		"node" TEXT NOT NULL,
		"data" BLOB NOT NULL,
		PRIMARY KEY ("step", "at", "node")
	) STRICT, WITHOUT ROWID`}
}

// The steps of what is stored, in seconds.
const (
	minutely = 60
	hourly   = 3600
)

// row is what one node counted in a minute.
type row struct {
	at   int64 // Unix seconds
	node string
	data []byte
}

// store adds rows, to what is there already of the same minute: a clock may be set back.
func (r *Recorder) store(ctx context.Context, rows []row) error {
	return r.opts.Engine.Write(ctx, func(c store.Conn) error {
		for _, row := range rows {
			all := map[string]*Figures{}
			before := false
			if err := c.Query(`SELECT "data" FROM "_stats" WHERE "step" = ?1 AND "at" = ?2 AND "node" = ?3`, []any{minutely, row.at, row.node}, func(known store.Row) error {
				before = true
				_, err := decode(known.Bytes(0), func(name string, f *Figures) { sum(all, name, f) })
				return err
			}); err != nil {
				return err
			}
			if before {
				g, err := decode(row.data, func(name string, f *Figures) { sum(all, name, f) })
				if err != nil {
					return err
				}
				row.data = encode(all, g)
			}
			if _, err := c.Exec(`INSERT INTO "_stats" ("step", "at", "node", "data") VALUES (?1, ?2, ?3, ?4)
				ON CONFLICT ("step", "at", "node") DO UPDATE SET "data" = excluded."data"`, minutely, row.at, row.node, row.data); err != nil {
				return err
			}
		}
		return nil
	})
}

// size is the database's, in bytes.
func (r *Recorder) size(ctx context.Context) (size int64, err error) {
	sql := `SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()`
	if r.opts.Engine.Dialect() == store.PostgreSQL {
		sql = `SELECT pg_database_size(current_database())`
	}
	err = r.opts.Engine.ReadOne(ctx, func(c store.Conn) error {
		return c.Query(sql, nil, func(row store.Row) error { size = row.Int(0); return nil })
	})
	return size, err
}

// Tidy makes hours of the minutes that are complete, and removes what is too old or
// too much. It runs on one node at a time.
func (r *Recorder) Tidy(ctx context.Context) error {
	now := r.opts.Now()
	var due []int64
	err := r.opts.Engine.Read(ctx, func(c store.Conn) error {
		due = nil
		return c.Query(`SELECT DISTINCT m."at" / ?1 * ?1 FROM "_stats" m WHERE m."step" = ?2 AND m."at" < ?3
			AND NOT EXISTS (SELECT 1 FROM "_stats" h WHERE h."step" = ?1 AND h."at" = m."at" / ?1 * ?1) ORDER BY 1`,
			[]any{hourly, minutely, now.Add(-late).Unix() / hourly * hourly}, func(row store.Row) error { due = append(due, row.Int(0)); return nil })
	})
	for _, hour := range due {
		if err == nil {
			err = r.roll(ctx, hour)
		}
	}
	if err == nil {
		err = r.prune(ctx, now)
	}
	if err != nil {
		return fmt.Errorf("stats: tidying: %w", err)
	}
	return nil
}

// roll makes one row of all that was counted in an hour. Gauges are the last ones.
func (r *Recorder) roll(ctx context.Context, hour int64) error {
	return r.opts.Engine.Write(ctx, func(c store.Conn) error {
		all := map[string]*Figures{}
		var last Gauges
		var lastAt int64
		err := c.Query(`SELECT "at", "data" FROM "_stats" WHERE "step" = ?1 AND "at" >= ?2 AND "at" < ?3 ORDER BY "at"`, []any{minutely, hour, hour + hourly}, func(row store.Row) error {
			g, err := decode(row.Bytes(1), func(name string, f *Figures) { sum(all, name, f) })
			if at := row.Int(0); at > lastAt {
				last, lastAt = Gauges{}, at
			}
			last.Connections, last.Database = last.Connections+g.Connections, max(last.Database, g.Database)
			return err
		})
		if err != nil {
			return err
		}
		busiest(all, keptInMinute)
		_, err = c.Exec(`INSERT INTO "_stats" ("step", "at", "node", "data") VALUES (?1, ?2, '', ?3)
			ON CONFLICT ("step", "at", "node") DO UPDATE SET "data" = excluded."data"`, hourly, hour, encode(all, last))
		return err
	})
}

func (r *Recorder) prune(ctx context.Context, now time.Time) error {
	return r.opts.Engine.Write(ctx, func(c store.Conn) error {
		for step, keep := range map[int64]time.Duration{minutely: keepMinutes, hourly: keepHours} {
			if _, err := c.Exec(`DELETE FROM "_stats" WHERE "step" = ?1 AND "at" < ?2`, step, now.Add(-keep).Unix()); err != nil {
				return err
			}
		}
		var stored int64
		if err := c.Query(`SELECT COALESCE(SUM(length("data")), 0) FROM "_stats"`, nil, func(row store.Row) error { stored = row.Int(0); return nil }); err != nil || stored <= maxStored {
			return err
		}
		_, err := c.Exec(`DELETE FROM "_stats" WHERE "step" = ?1 AND "at" < (SELECT MIN("at") + (MAX("at") - MIN("at")) / 2 FROM "_stats" WHERE "step" = ?1)`, minutely)
		return err
	})
}
