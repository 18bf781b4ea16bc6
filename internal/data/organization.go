package data

import (
	"context"
	"io"

	"github.com/loam-dev/loam/internal/store"
)

// What is done with all rows of an organization at once, for the room that keeps
// organizations: no rule is asked.

// ExportOrganization writes every row as JSON Lines, of one moment.
func (s *Service) ExportOrganization(ctx context.Context, org string, w io.Writer) error {
	return s.store.ExportOrganization(ctx, org, w)
}

// DeleteOrganization removes every row with its history. It may be called again
// after a failure, and goes on.
func (s *Service) DeleteOrganization(ctx context.Context, org string) error {
	return s.store.DeleteOrganization(ctx, org)
}

// MoveOrganization makes the rows of one organization another's, which has none.
func (s *Service) MoveOrganization(ctx context.Context, from, to string, also func(store.Conn) error) error {
	return s.store.MoveOrganization(ctx, from, to, also)
}

// CountRows counts the rows of each model in an organization.
func (s *Service) CountRows(ctx context.Context, org string) (map[string]int64, error) {
	return s.store.CountRows(ctx, org)
}

// HashRows digests the rows of every organization by model.
func (s *Service) HashRows(ctx context.Context) ([]store.RowHash, error) {
	return s.store.HashRows(ctx)
}
