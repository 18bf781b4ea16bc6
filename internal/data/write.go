package data

import (
	"context"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/store"
)

// Write runs writes for a caller as one transaction. once may be nil.
func (s *Service) Write(ctx context.Context, by *access.Principal, writes []*query.Write, once *store.Once) ([]store.Written, error) {
	if len(writes) == 0 || len(writes) > s.limits.Batch {
		return nil, fault.New(fault.DataBatchLimit, "a batch has 1 to %d operations; this one has %d", s.limits.Batch, len(writes)).At("operations")
	}
	stamp := s.stamp()
	grants := make([]access.WriteGrant, len(writes))
	bounds := make([]*query.BoundWrite, len(writes))
	for i, w := range writes {
		var err error
		if bounds[i], err = query.BindWrite(s.schema, w, stamp, s.limits.Limits); err != nil {
			return nil, store.InBatch(i, len(writes), err)
		}
		if err := s.cursors.open(by, answerOf(bounds[i])); err != nil {
			return nil, store.InBatch(i, len(writes), err)
		}
		if grants[i], err = s.policy.Write(by, bounds[i]); err != nil {
			return nil, store.InBatch(i, len(writes), err)
		}
	}
	written, err := s.store.Write(ctx, grants, once)
	if err != nil {
		return nil, err
	}
	for i := range written {
		if written[i].Row, err = s.cursors.sealNested(by, answerOf(bounds[i]), written[i].Row); err != nil {
			return nil, err
		}
	}
	return written, nil
}

// answerOf is the read that a write's answer stands for: its lists have cursors
// as any others.
func answerOf(w *query.BoundWrite) *query.Bound {
	return &query.Bound{Model: w.Model, Select: w.Select}
}

// stamp is what the server puts into the rows that are written now.
func (s *Service) stamp() query.Stamp { return query.Stamp{Now: form.Stamp(s.now()), ID: newID} }

func newID() string { return uuid.Must(uuid.NewV7()).String() }
