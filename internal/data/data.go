// Package data is the narrow waist: every door builds a query, and here it is
// bound, granted and run. It adds nothing to what the rooms below decide but
// sealed cursors, so that no door can differ from another.
package data

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// Service answers queries under one schema. It is immutable and safe for
// concurrent use.
type Service struct {
	schema  *schema.Schema
	policy  *access.Policy
	store   *store.Store
	cursors cursors
	limits  Limits
	now     func() time.Time
}

// Limits are those that an app may set for itself.
type Limits struct {
	query.Limits
	Batch int // writes of one transaction
}

// DefaultLimits are the limits unless the app sets others.
var DefaultLimits = Limits{query.DefaultLimits, 100}

// New joins a schema, its policy and its store. The cursor key is 32 bytes and
// the same on every node.
func New(s *schema.Schema, p *access.Policy, st *store.Store, cursorKey []byte, limits Limits, now func() time.Time) (*Service, error) {
	c, err := newCursors(cursorKey)
	return &Service{schema: s, policy: p, store: st, cursors: c, limits: limits, now: now}, err
}

// Schema is the schema that the service answers under.
func (s *Service) Schema() *schema.Schema { return s.schema }

// Result is the answer to a read.
type Result struct {
	Rows    []byte   // JSON texts joined by commas
	Count   int      // rows in Rows
	Next    string   // the cursor of the next page, or ""
	Total   int64    // where the read asked
	Version int64    // of the row of a Get
	Denied  []string // paths of selected fields that are null because the caller may not read them
}

// Read answers a read for a caller.
func (s *Service) Read(ctx context.Context, by *access.Principal, r *query.Read) (Result, error) {
	bound, err := query.Bind(s.schema, r, s.limits.Limits)
	if err != nil {
		return Result{}, err
	}
	if err := s.cursors.open(by, bound); err != nil {
		return Result{}, err
	}
	grant, err := s.policy.Read(by, bound)
	if err != nil {
		return Result{}, err
	}
	if r.Strict && len(grant.Denied()) > 0 {
		return Result{}, denied(grant.Denied())
	}
	page, err := s.store.Read(ctx, grant)
	if err != nil {
		return Result{}, err
	}
	if r.Op == query.Get && page.Count == 0 {
		return Result{}, fault.New(fault.DataNotFound, "there is no such %s, or none that you may see", r.Model)
	}
	return s.result(by, grant, page)
}

func denied(paths []string) error {
	return fault.New(fault.AccessFieldDenied, "you may not read %s", paths[0]).At(paths[0])
}

func (s *Service) result(by *access.Principal, grant access.Grant, page store.Page) (Result, error) {
	out := Result{Rows: page.Rows, Count: page.Count, Total: page.Total, Version: page.Version, Denied: grant.Denied()}
	var err error
	if page.Next != nil {
		if out.Next, err = s.cursors.seal(by, grant.Node().Bound, page.Next); err != nil {
			return out, err
		}
	}
	out.Rows, err = s.cursors.sealNested(by, grant.Node().Bound, page.Rows)
	return out, err
}

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
