package data

import (
	"context"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/store"
)

// Write runs writes for a caller as one transaction. once may be nil.
func (s *Service) Write(ctx context.Context, by *access.Principal, writes []*query.Write, once *store.Once) ([]store.Written, error) {
	if len(writes) == 0 || len(writes) > s.limits.Batch {
		return nil, fault.New(fault.DataBatchLimit, "a batch has 1 to %d operations; this one has %d", s.limits.Batch, len(writes)).At("operations")
	}
	stamp := query.Stamp{Now: s.now().UTC().Format(store.TimeFormat), ID: newID}
	grants := make([]access.WriteGrant, len(writes))
	bounds := make([]*query.BoundWrite, len(writes))
	for i, w := range writes {
		var err error
		if bounds[i], err = query.BindWrite(s.schema, w, stamp, s.limits.Limits); err != nil {
			return nil, store.InBatch(i, len(writes), err)
		}
		if grants[i], err = s.policy.Write(by, bounds[i]); err != nil {
			return nil, store.InBatch(i, len(writes), err)
		}
	}
	return s.store.Write(ctx, grants, once)
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
