package store

import (
	"context"
	"encoding/json"

	"github.com/loam-dev/loam/internal/schema"
)

// Past is one change of a row, as the log has it.
type Past struct {
	Seq           int64
	At            string
	Op            string
	Before, After []byte // the whole row in JSON, nil where there was or is none
	Actor         string
}

// History reads what happened to one row, newest first: at most limit changes from
// before a position, 0 for the newest. No rule is asked.
func (s *Store) History(ctx context.Context, m *schema.Model, org string, key []any, before int64, limit int) ([]Past, error) {
	text, err := json.Marshal(key)
	if err != nil {
		return nil, err
	}
	var out []Past
	err = s.engine.Read(ctx, func(c Conn) error {
		out = nil
		return c.Query(`SELECT seq, at, op, before, after, coalesce(actor, '') FROM "_changes"
			WHERE model = ?1 AND coalesce(org, '') = ?2 AND key = ?3 AND (?4 = 0 OR seq < ?4) ORDER BY seq DESC LIMIT ?5`,
			[]any{m.Name, org, string(text), before, limit}, func(r Row) error {
				p := Past{Seq: r.Int(0), At: r.Text(1), Op: r.Text(2), Actor: r.Text(5)}
				if !r.Null(3) {
					p.Before = []byte(r.Text(3))
				}
				if !r.Null(4) {
					p.After = []byte(r.Text(4))
				}
				out = append(out, p)
				return nil
			})
	})
	return out, err
}
