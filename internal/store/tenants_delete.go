package store

import (
	"context"
	"slices"
	"unicode/utf8"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// window is how many entries of the change log one step looks through.
const window = 20_000

// DeleteOrganization removes every row of an organization, its change log and
// the answers kept for its requests; the change log gets no entry of that. It
// works in small transactions, so that others write meanwhile: what a server that
// died has left, the next call removes. Nobody may write to the organization any
// more.
func (s *Store) DeleteOrganization(ctx context.Context, org string) error {
	order := s.childrenFirst()
	for _, ref := range order.loops {
		if err := s.untie(ctx, org, ref); err != nil {
			return err
		}
	}
	for _, m := range order.models {
		limit := batchRows
		if order.whole[m] {
			limit = 0 // all
		}
		if err := s.sweep(ctx, func(c Conn) (int64, error) { return s.deleteBatch(c, m, org, limit) }); err != nil {
			return err
		}
	}
	if err := s.forgetHistory(ctx, org); err != nil {
		return err
	}
	return s.engine.WriteRows(ctx, func(c Conn) error {
		_, err := c.Exec(`DELETE FROM "_usage" WHERE org = ?1`, org)
		return err
	})
}

// deletion is the order in which tables are emptied.
type deletion struct {
	models []*schema.Model
	loops  []reference            // to be unset first: they lead round in a circle
	whole  map[*schema.Model]bool // to be emptied by one statement: a circle that can't be unset
}

// childrenFirst orders the tables so that what refers goes before what it refers
// to.
func (s *Store) childrenFirst() deletion {
	d := deletion{whole: map[*schema.Model]bool{}}
	const under, done = 1, 2
	state := map[*schema.Model]int{}
	var visit func(m *schema.Model)
	visit = func(m *schema.Model) {
		state[m] = under
		for _, ref := range s.referrers[m] {
			switch {
			case !s.rows[ref.child]:
			case state[ref.child] == under:
				if defaultOnDelete(ref.from) == schema.SetNull {
					d.loops = append(d.loops, ref)
				} else {
					d.whole[ref.child] = true
				}
			case state[ref.child] == 0:
				visit(ref.child)
			}
		}
		state[m] = done
		d.models = append(d.models, m)
	}
	for _, m := range s.tenantModels() {
		if state[m] == 0 {
			visit(m)
		}
	}
	return d
}

// sweep runs steps, each a transaction, until one finds nothing more to do.
func (s *Store) sweep(ctx context.Context, step func(Conn) (int64, error)) error {
	for {
		var n int64
		err := s.engine.WriteRows(ctx, func(c Conn) (err error) {
			n, err = step(c)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

func (s *Store) deleteBatch(c Conn, m *schema.Model, org string, limit int) (int64, error) {
	b := s.builder(system(org))
	t := table{m, b.quotedTable(m)}
	b.raw("DELETE FROM ", t.alias)
	b.where(t)
	if limit > 0 {
		b.some(m, nil, limit)
	}
	b.raw(" RETURNING ")
	b.size(t)
	var sum added
	err := b.query(c, func(r Row) error {
		sum.Rows--
		sum.Bytes -= r.Int(0)
		return nil
	})
	if err != nil || !s.rows[m] {
		return -sum.Rows, err
	}
	return -sum.Rows, s.settle(c, tally{org: sum})
}

// some narrows a statement to the first of the rows that meet a condition.
func (b *builder) some(m *schema.Model, c *query.Cond, limit int) {
	b.raw(" AND (")
	b.columns(table{m, b.quotedTable(m)}, m.Key)
	b.raw(") IN (SELECT ")
	t := b.use(m)
	b.columns(t, m.Key)
	b.first(t, c, limit)
	b.raw(")")
}

func (b *builder) first(t table, c *query.Cond, limit int) {
	b.from(t)
	b.and(t, c)
	b.byKey(t)
	b.limit(limit, 0)
}

// untie unsets a reference of rows that are about to go.
func (s *Store) untie(ctx context.Context, org string, ref reference) error {
	loose := slices.DeleteFunc(slices.Clone(ref.from), neverNull)
	return s.sweep(ctx, func(c Conn) (int64, error) {
		tied := &query.Cond{Test: query.NotNull, Field: loose[0]}
		b := s.builder(system(org))
		t := b.use(ref.child)
		b.raw("SELECT ")
		b.size(t)
		b.first(t, tied, batchRows)
		rows := int64(0)
		var sum added
		if err := b.query(c, func(r Row) error {
			rows++
			sum.Bytes -= r.Int(0)
			return nil
		}); err != nil || rows == 0 {
			return 0, err
		}
		b = s.builder(system(org))
		t = table{ref.child, b.quotedTable(ref.child)}
		b.raw("UPDATE ", t.alias, " SET ")
		for i, f := range loose {
			if i > 0 {
				b.raw(",")
			}
			b.name(f.Column)
			b.raw("=NULL")
		}
		b.where(t)
		b.some(ref.child, tied, batchRows)
		b.raw(" RETURNING ")
		b.size(t)
		if err := b.query(c, func(r Row) error { sum.Bytes += r.Int(0); return nil }); err != nil {
			return 0, err
		}
		return rows, s.settle(c, tally{org: sum})
	})
}

// forgetHistory removes an organization's change log and the answers to its
// requests with an Idempotency-Key.
func (s *Store) forgetHistory(ctx context.Context, org string) error {
	var last int64
	err := s.engine.Read(ctx, func(c Conn) error {
		return c.Query(`SELECT coalesce(max(seq), 0) FROM "_changes"`, nil, func(r Row) error { last = r.Int(0); return nil })
	})
	for from := int64(0); err == nil && from < last; from += window {
		err = s.engine.WriteRows(ctx, func(c Conn) error {
			_, err := c.Exec(`DELETE FROM "_changes" WHERE seq > ?1 AND seq <= ?2 AND org = ?3`, from, from+window, org)
			return err
		})
	}
	if err != nil {
		return err
	}
	return s.sweep(ctx, func(c Conn) (int64, error) {
		return c.Exec(`DELETE FROM "_idempotency" WHERE (caller, key) IN (SELECT caller, key FROM "_idempotency" WHERE caller >= ?1 AND caller < ?2 LIMIT ?3)`,
			org+" ", org+"!", batchRows) // "!" follows the blank that ends the organization
	})
}

// MoveOrganization makes all that is one organization's another's, which has
// nothing yet, in one transaction. also runs in it, before it ends.
func (s *Store) MoveOrganization(ctx context.Context, from, to string, also func(Conn) error) error {
	run := s.engine.Write
	if r, ok := s.engine.(Rebuilder); ok {
		run = r.Rebuild // a row and those that refer to it do not change at once
	}
	return run(ctx, func(c Conn) error {
		for _, m := range s.tenantModels() {
			b := s.builder(system(from))
			t := table{m, b.quotedTable(m)}
			b.raw("UPDATE ", t.alias, ` SET "`, OrgColumn, `"=`)
			b.argument(textKind, to)
			if !s.rows[m] { // the organization's own fields
				b.raw(",")
				b.name(m.Key[0].Column)
				b.raw("=")
				b.arg(m.Key[0], to)
			}
			b.where(t)
			c.Enter(Everyone) // two organizations at once
			if _, err := c.Exec(string(b.sql), b.args...); err != nil {
				return err
			}
		}
		for _, sql := range []string{
			`UPDATE "_changes" SET org = ?2 WHERE org = ?1`,
			`UPDATE "_usage" SET org = ?2 WHERE org = ?1`,
		} {
			if _, err := c.Exec(sql, from, to); err != nil {
				return err
			}
		}
		if _, err := c.Exec(`UPDATE "_idempotency" SET caller = ?3 || substr(caller, ?4) WHERE caller >= ?1 AND caller < ?2`,
			from+" ", from+"!", to, utf8.RuneCountInString(from)+1); err != nil {
			return err
		}
		if err := BreakLog(c, s.now()); err != nil {
			return err
		}
		return also(c)
	})
}
