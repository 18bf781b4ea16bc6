package tenant

import (
	"context"
	"io"

	"github.com/loam-dev/loam/internal/store"
)

// UsageLimit is the most that an organization may have, for the store to hold what
// grows against, inside the transaction that writes; 0 is any number. It is read once a
// minute, and again when it has changed: what Admit reads is the same.
func (s *Service) UsageLimit(c store.Conn, org string) (store.Usage, error) {
	now := s.now()
	if most, known := s.rates.usage(org, now); known {
		return most, nil
	}
	limits, err := s.rates.read(org, now, func() (Limits, error) { return s.register.LimitsOf(c, org) })
	return limits.usage(), err
}

func (l Limits) usage() store.Usage { return store.Usage{Rows: l.Rows, Bytes: l.Storage} }

// Rows are the rows of all models of an organization, under the schema in force:
// what is done with them as a whole. The store has it.
type Rows interface {
	// ExportOrganization writes every row as JSON Lines, {"model": ..., "row": ...},
	// of one moment.
	ExportOrganization(ctx context.Context, org string, w io.Writer) error
	// DeleteOrganization removes every row with its history, in steps: what a
	// server that died has left, the next call removes.
	DeleteOrganization(ctx context.Context, org string) error
	// CountRows counts the rows of each model.
	CountRows(ctx context.Context, org string) (map[string]int64, error)
}
