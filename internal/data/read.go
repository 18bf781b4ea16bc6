package data

import (
	"context"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/store"
)

// Result is the answer to a read.
type Result struct {
	Rows    []byte   // JSON texts joined by commas
	Count   int      // rows in Rows
	Next    string   // the cursor of the next page, or ""
	Total   int64    // where the read asked
	Version int64    // of the row of a Get
	Denied  []string // paths of selected fields that are null because the caller may not read them
	store.Origin
}

// Read answers a read for a caller. An error that follows from the rows has the
// result's Origin with it.
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
	page, err := s.store.Read(ctx, grant, r.Behind, r.Memory)
	if err != nil {
		return Result{Origin: page.Origin}, err
	}
	if r.Op == query.Get && page.Count == 0 {
		return Result{Origin: page.Origin}, fault.New(fault.DataNotFound, "there is no such %s, or none that you may see", r.Model)
	}
	if r.Op == query.Aggregate && page.Next != nil {
		return Result{Origin: page.Origin}, fault.New(fault.QueryTooComplex, "there are more than %d groups; filter the rows, or group by fewer fields", query.MaxGroups).At("groupBy")
	}
	return s.result(by, grant, page)
}

func denied(paths []string) error {
	return fault.New(fault.AccessFieldDenied, "you may not read %s", paths[0]).At(paths[0])
}

func (s *Service) result(by *access.Principal, grant access.Grant, page store.Page) (Result, error) {
	out := Result{Rows: page.Rows, Count: page.Count, Total: page.Total, Version: page.Version, Denied: grant.Denied(), Origin: page.Origin}
	var err error
	if page.Next != nil {
		if out.Next, err = s.cursors.seal(by, grant.Node().Bound, page.Next); err != nil {
			return out, err
		}
	}
	out.Rows, err = s.cursors.sealNested(by, grant.Node().Bound, page.Rows)
	return out, err
}
