package tenant

import (
	"context"
	"io"

	"github.com/loam-dev/loam/internal/store"
)

// UsageLimit is the most that an organization may have, for the store to hold what
// grows against, inside the transaction that writes; 0 is any number.
func (r Register) UsageLimit(c store.Conn, org string) (store.Usage, error) {
	limits, err := r.LimitsOf(c, org)
	return store.Usage{Rows: limits.Rows, Bytes: limits.Storage}, err
}

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
