package admin

import (
	"context"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/jobs"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tenant"
)

// Jobs is a page of background jobs. NextCursor is nil on the last.
type Jobs struct {
	Items      []jobs.Entry `json:"items"`
	NextCursor *string      `json:"nextCursor"`
}

// Jobs returns a page of the jobs that were given up, or of those that wait or run,
// newest first.
func (s *Service) Jobs(ctx context.Context, dead bool, page tenant.Page) (Jobs, error) {
	if page.Limit < 0 || page.Limit > maxPage {
		return Jobs{}, fault.New(fault.QueryLimit, "limit is from 1 to %d", maxPage).At("limit")
	}
	if page.Limit == 0 {
		page.Limit = defaultPage
	}
	list, err := s.jobs.List(ctx, dead, page.After, page.Limit+1)
	if err != nil {
		return Jobs{}, err
	}
	found := Jobs{Items: list}
	if len(list) > page.Limit {
		found.Items, found.NextCursor = list[:page.Limit], &list[page.Limit-1].ID
	}
	return found, nil
}

// RetryJob gives a job that was given up all its runs again, from now on.
func (s *Service) RetryJob(ctx context.Context, by *access.Principal, id string) error {
	defer s.jobs.Wake()
	return s.settle(ctx, by, "admin.job_retried", id, s.jobs.Revive)
}

// DropJob removes a job that was given up.
func (s *Service) DropJob(ctx context.Context, by *access.Principal, id string) error {
	return s.settle(ctx, by, "admin.job_dropped", id, s.jobs.Drop)
}

// settle changes a job and puts it on record.
func (s *Service) settle(ctx context.Context, by *access.Principal, action, id string, change func(store.Conn, string) (kind string, err error)) error {
	return s.act(ctx, action, func(c store.Conn) ([]string, error) {
		kind, err := change(c, id)
		if err != nil {
			return nil, err
		}
		return nil, s.record(ctx, c, by, action, "job:"+id, map[string]any{"kind": kind})
	})
}
