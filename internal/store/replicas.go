package store

import (
	"context"
	"time"
)

// Replicas are servers that have what the primary had, some moments ago.
type Replicas interface {
	// Read runs fn on a replica that is behind by so much at most, and tells by how much
	// it may have been. One says that fn is a single statement; otherwise fn sees one
	// snapshot. Where none answers, read is false, and what fn has noted is void.
	Read(ctx context.Context, most time.Duration, one bool, fn func(Conn) error) (behind time.Duration, read bool, err error)
}

// Origin is where a read was answered.
type Origin struct {
	Replica bool          // not by the primary
	Behind  time.Duration // by how much at most
}

// Replicated is the store with replicas that reads may be answered by; nil is none.
func (s *Store) Replicated(r Replicas) *Store {
	replicated := *s
	replicated.replicas = r
	return &replicated
}
