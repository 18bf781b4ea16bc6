package store

import (
	"maps"
	"slices"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
)

// What an organization has is summed up by the transactions that change it, in one
// row of _usage: nobody ever reads a table for it, and the sums are as durable as
// the rows are.

const addUsage = `INSERT INTO "_usage" (org, rows, bytes) VALUES (?1, ?2, ?3)
	ON CONFLICT (org) DO UPDATE SET rows = "_usage".rows + excluded.rows, bytes = "_usage".bytes + excluded.bytes`

// Usage is what an organization has, or may have.
type Usage struct {
	Rows  int64 `json:"rows"`
	Bytes int64 `json:"storage"` // of the rows' JSON, as the change log has it
}

// UsageLimit returns the most that an organization may have, inside the
// transaction that writes; 0 is any number.
type UsageLimit func(c Conn, org string) (Usage, error)

// Limited is the store with a limit on what an organization has.
func (s *Store) Limited(most UsageLimit) *Store {
	limited := *s
	limited.usageLimit = most
	return &limited
}

// tally is what a transaction adds to what one organization or another has.
type tally map[string]added

type added struct {
	Usage
	limited bool // something has grown that a limit may refuse
}

// count notes a change of a row. The fields of a built-in model are no rows of the
// app's. What a delete does to other rows is never refused: it is the way back
// below a limit.
func (w *writing) count(m *schema.Model, before, after []byte) {
	if m.Scope != schema.Tenant || !w.store.rows[m] {
		return
	}
	sum := w.tally[w.by.Org]
	if before == nil {
		sum.Rows++
	}
	if after == nil {
		sum.Rows--
	}
	sum.Bytes += int64(len(after) - len(before))
	sum.limited = sum.limited || w.grows && len(after) > len(before)
	w.tally[w.by.Org] = sum
}

// settle writes the tally down, and refuses one over a limit. Where there is a limit,
// others of the organization wait from here on.
func (s *Store) settle(c Conn, t tally) error {
	for _, org := range slices.Sorted(maps.Keys(t)) { // in one order: none waits for one that waits for it
		sum := t[org]
		if sum.Usage == (Usage{}) {
			continue
		}
		var most, total Usage
		var err error
		if sum.limited && s.usageLimit != nil {
			if most, err = s.usageLimit(c, org); err != nil {
				return err
			}
		}
		if most == (Usage{}) {
			if err := c.Sum(addUsage, org, sum.Rows, sum.Bytes); err != nil {
				return err
			}
			continue
		}
		if err := c.Query(addUsage+" RETURNING rows, bytes", []any{org, sum.Rows, sum.Bytes}, total.scan); err != nil {
			return err
		}
		switch {
		case sum.Rows > 0 && most.Rows > 0 && total.Rows > most.Rows:
			return fault.New(fault.TenantLimit, "this organization has at most %d rows: delete some, or ask for a higher limits.organization.rows", most.Rows)
		case sum.Bytes > 0 && most.Bytes > 0 && total.Bytes > most.Bytes:
			return fault.New(fault.TenantLimit, "this organization stores at most %d bytes: delete or shorten rows, or ask for a higher limits.organization.storage", most.Bytes)
		}
	}
	return nil
}

// ownRows are the models whose rows count.
func ownRows(s *schema.Schema) map[*schema.Model]bool {
	rows := map[*schema.Model]bool{}
	for _, m := range s.Models {
		rows[m] = !m.ReadOnly && m.Scope == schema.Tenant
	}
	return rows
}

// UsageOf tells what an organization has in all.
func UsageOf(c Conn, org string) (u Usage, err error) {
	err = c.Query(`SELECT rows, bytes FROM "_usage" WHERE org = ?1`, []any{org}, u.scan)
	return u, err
}

func (u *Usage) scan(r Row) error {
	u.Rows, u.Bytes = r.Int(0), r.Int(1)
	return nil
}

// SizeOf is the SQL expression of the bytes that a row of a model counts, for a
// statement that calls its table by the alias.
func SizeOf(d Dialect, m *schema.Model, alias string) string {
	b := &builder{words: wordsOf(d)}
	b.size(table{m, alias})
	return string(b.sql)
}

// size writes the bytes that a row counts.
func (b *builder) size(t table) {
	b.raw("octet_length(")
	b.image(t)
	b.raw(")")
}

// system is the server itself, at work in one organization or, for "", on what
// all of them share.
func system(org string) *access.Principal { return &access.Principal{Kind: access.System, Org: org} }
