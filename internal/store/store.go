// Package store is the only reader and writer of the app's rows. It turns a
// granted read into one SQL statement that answers in JSON, and granted writes
// into one transaction with their entries in the change log. It takes nothing
// but grants of package access; it decides nothing about who may do what.
package store

import (
	"context"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
)

// The limits of one write.
const (
	MaxDependent = 1000           // rows that a delete may re-point or take along
	maxCascade   = 16             // levels of cascading deletes
	keepAnswers  = 24 * time.Hour // of requests with an Idempotency-Key
)

// MaxAnswer is in bytes: what one read may answer with, or the writes of one
// transaction. It is held in memory as a whole.
const MaxAnswer = 32 << 20

// TooLarge is the error of an answer beyond MaxAnswer.
func TooLarge() error {
	return fault.New(fault.QueryTooComplex, "the answer is larger than %d MiB; ask for fewer rows or fields at once", MaxAnswer>>20)
}

// Names that every table has beside its fields.
const (
	OrgColumn     = "_org" // of a tenant's table
	VersionColumn = "_version"
	RowidColumn   = "_rowid" // an integer key of the table's own
)

// Store runs grants on one engine under one schema. It is immutable and safe
// for concurrent use; a new schema is a new Store on the same engine.
type Store struct {
	engine     Engine
	schema     *schema.Schema
	referrers  map[*schema.Model][]reference
	rows       map[*schema.Model]bool // those that count as an organization's; see usage.go
	usageLimit UsageLimit
	witness    Witness
	replicas   Replicas // nil: none
	now        func() time.Time
}

// Witness is told, inside its transaction, of each write that somebody above the
// rules has granted; its error undoes it.
type Witness func(ctx context.Context, c Conn, by *access.Principal, m *schema.Model, w Written) error

// Witnessed is the same store with a witness.
func (s *Store) Witnessed(w Witness) *Store {
	out := *s
	out.witness = w
	return &out
}

// New makes a store. The database must match the schema; see Migrator.
func New(engine Engine, s *schema.Schema, now func() time.Time) *Store {
	return &Store{engine: engine, schema: s, referrers: referrersOf(s), rows: ownRows(s), now: now}
}
