// Package data is the narrow waist: every door builds a query, and here it is
// bound, granted and run. It adds nothing to what the rooms below decide but
// sealed cursors, so that no door can differ from another.
package data

import (
	"time"

	"github.com/loam-dev/loam/internal/access"
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
