package backend

import (
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/query"
)

// requestLimits are those of one query or batch.
func requestLimits(l config.RequestLimits) data.Limits {
	return data.Limits{Limits: query.Limits{Page: l.PageSize, Depth: l.Depth, Conds: l.Filter}, Batch: l.Batch}
}
