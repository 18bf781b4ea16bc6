package store

import (
	"context"
	"encoding/json"

	"github.com/loam-dev/loam/internal/schema"
)

// Past is one change of a row, as the log has it.
type Past struct {
	At            string
	Op            string
	Before, After []byte // the whole row in JSON, nil where there was or is none
	Actor         string
}

// Asked says which part of a row's history is read: that from before a position, 0 for
// the newest, at most Limit changes found among the model's Within entries there.
type Asked struct {
	Before        int64
	Limit, Within int
}

// History reads what happened to one row, newest first, and the position to go on from,
// 0 where the log has nothing older of the model. The log is not indexed by rows: see
// docs/explain/storage.md. No rule is asked.
func (s *Store) History(ctx context.Context, m *schema.Model, org string, key []any, a Asked) (found []Past, next int64, err error) {
	text, err := json.Marshal(key)
	if err != nil {
		return nil, 0, err
	}
	if err := s.Sequence(ctx); err != nil {
		return nil, 0, err
	}
	pos := wordsOf(s.engine.Dialect()).position
	from := ` FROM "_changes" WHERE model = ?1 AND org = ?2 AND ` + pos + ` < ?3`
	args := []any{m.Name, org, a.Before}
	if a.Before == 0 {
		args[2] = int64(1) << 62
	}
	if org == "" {
		from = ` FROM "_changes" WHERE model = ?1 AND org IS NULL AND ?2 = '' AND ` + pos + ` < ?3`
	}
	err = s.engine.Read(ctx, func(c Conn) error {
		found, next = nil, 0
		entries := 0
		err := c.Query(`SELECT count(*), coalesce(min(pos), 0) FROM (SELECT `+pos+` AS pos`+from+` ORDER BY `+pos+` DESC LIMIT ?4) e`, append(args, a.Within), func(r Row) error {
			entries, next = int(r.Int(0)), r.Int(1)
			return nil
		})
		if err != nil {
			return err
		}
		first := next
		if entries < a.Within {
			next = 0
		}
		return c.Query(`SELECT `+pos+`, at, op, before, after, coalesce(actor, '')`+from+` AND `+pos+` >= ?4 AND key = ?5 ORDER BY `+pos+` DESC LIMIT ?6`,
			append(args, first, string(text), a.Limit), func(r Row) error {
				p := Past{At: r.Text(1), Op: r.Text(2), Actor: r.Text(5)}
				if !r.Null(3) {
					p.Before = []byte(r.Text(3))
				}
				if !r.Null(4) {
					p.After = []byte(r.Text(4))
				}
				if found = append(found, p); len(found) == a.Limit {
					next = r.Int(0)
				}
				return nil
			})
	})
	return found, next, err
}
