package console

import (
	"context"
	"slices"

	"github.com/loam-dev/loam/internal/store/migrate"
)

// Migrations are those that the database has had, newest first, and what the schema's
// file would do to it.
type Migrations struct {
	Version int         `json:"version"`
	Applied []Migration `json:"applied"`
	Pending *Pending    `json:"pending"` // nil: nothing
}

// Migration is one that was run.
type Migration struct {
	Version  int            `json:"version"`
	Name     string         `json:"name"`
	At       string         `json:"at"`
	Checksum string         `json:"checksum"`
	SQL      string         `json:"sql"`
	Steps    []migrate.Step `json:"steps"`
	Run      *migrate.Run   `json:"run"` // nil where an earlier version of Loam ran it, which kept no record
}

// Pending is one that would be run.
type Pending struct {
	SQL     string         `json:"sql"`
	Steps   []migrate.Step `json:"steps"`
	Refusal string         `json:"refusal"` // why it is not run by itself; ""
}

// Migrator reads them.
type Migrator struct {
	Applied func(context.Context) ([]*migrate.Migration, error)
	Next    func(context.Context) (*migrate.Migration, error)
}

// Migrations reads them.
func (s *Service) Migrations(ctx context.Context) (Migrations, error) {
	out := Migrations{Applied: []Migration{}}
	applied, err := s.opts.Migrator.Applied(ctx)
	if err != nil {
		return out, wrap("reading migrations", err)
	}
	for _, m := range slices.Backward(applied) {
		out.Version = max(out.Version, m.Version)
		out.Applied = append(out.Applied, Migration{m.Version, m.Name, m.At, m.Checksum, m.SQL, m.Plan.Steps, m.Run})
	}
	next, err := s.opts.Migrator.Next(ctx)
	if err != nil {
		return out, wrap("planning a migration", err)
	}
	if next != nil {
		out.Pending = &Pending{SQL: next.SQL, Steps: next.Plan.Steps}
		if refused := next.Plan.Refusal(nil); refused != nil {
			out.Pending.Refusal = refused.Error()
		}
	}
	return out, nil
}
