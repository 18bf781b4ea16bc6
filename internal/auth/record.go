package auth

import (
	"context"

	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/store"
)

// record adds an event to the audit log inside the caller's transaction, with
// the origin that ctx has. Its error undoes what it tells of.
func (s *Service) record(ctx context.Context, c store.Conn, e audit.Event) error {
	return s.audit.Append(c, e.From(ctx))
}
