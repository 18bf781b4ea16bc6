package store

import (
	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
)

// How many rows an organization has is counted by the transactions that make and
// remove them, in one row of _usage: nobody ever counts a table for it, and the
// number is as durable as the rows are.

const addUsage = `INSERT INTO "_usage" (org, rows) VALUES (?1, ?2) ON CONFLICT (org) DO UPDATE SET rows = rows + excluded.rows RETURNING rows`

// RowLimit returns the most rows that an organization may have, inside the
// transaction that writes; 0 is any number.
type RowLimit func(c Conn, org string) (int64, error)

// Limited is the store with a limit on the rows of an organization.
func (s *Store) Limited(rows RowLimit) *Store {
	limited := *s
	limited.rowLimit = rows
	return &limited
}

// tally is what a transaction adds to the rows of one organization or another.
type tally map[string]int64

// count notes a row that came or went. The fields of a built-in model are no
// rows of the app's.
func (w *writing) count(m *schema.Model, rows int64) {
	if m.Scope == schema.Tenant && w.tally != nil && w.store.rows[m] {
		w.tally[w.by.Org] += rows
	}
}

// settle writes the tally down, and refuses one over the limit.
func (s *Store) settle(c Conn, t tally) error {
	for org, rows := range t {
		if rows == 0 {
			continue
		}
		var total int64
		if err := c.Query(addUsage, []any{org, rows}, func(r Row) error { total = r.Int(0); return nil }); err != nil {
			return err
		}
		if rows < 0 || s.rowLimit == nil {
			continue
		}
		limit, err := s.rowLimit(c, org)
		if err != nil {
			return err
		}
		if limit > 0 && total > limit {
			return fault.New(fault.TenantLimit, "this organization has at most %d rows: delete some, or ask for a higher limits.organization.rows", limit)
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

// Usage tells how many rows an organization has in all.
func (s *Store) Usage(c Conn, org string) (rows int64, err error) {
	err = c.Query(`SELECT rows FROM "_usage" WHERE org = ?1`, []any{org}, func(r Row) error { rows = r.Int(0); return nil })
	return rows, err
}

// system is the server itself, at work in one organization or, for "", on what
// all of them share.
func system(org string) *access.Principal { return &access.Principal{Kind: access.System, Org: org} }
