package backend

import (
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/tenant"
)

// requestLimits are those of one query or batch.
func requestLimits(l config.RequestLimits) data.Limits {
	return data.Limits{Limits: query.Limits{Page: l.PageSize, Depth: l.Depth, Conds: l.Filter}, Batch: l.Batch}
}

// organizationLimits are those of an organization that has none of its own.
func organizationLimits(l config.OrganizationLimits) *tenant.Limits {
	return &tenant.Limits{Members: int64(l.Members), Teams: int64(l.Teams), Invitations: int64(l.Invitations), Domains: int64(l.Domains),
		Rows: int64(l.Rows), Storage: l.Storage, RequestsPerMinute: int64(l.RequestsPerMinute)}
}
