// Package console is what the console at /console is made of: its files, and what
// it is told about the environment beyond the doors that every client has. Who may
// ask is decided by a door's guard.
package console

import (
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/store"
)

// Options are what a Service needs.
type Options struct {
	Engine   store.Engine
	Audit    *audit.Log
	Config   *config.Config // loam.yaml
	Dev      bool
	People   People
	Files    Files
	Migrator Migrator
	Data     string // the data directory
	Where    string // the database, without what is secret of its address
	Node     string // what this server is called among those of one database
	Now      func() time.Time
}

// Service answers the console. It is safe for concurrent use.
type Service struct {
	opts  Options
	began time.Time
	seen  *lru.Cache[look, struct{}] // looks that are on record
}

// New makes the service. The system tables must exist.
func New(o Options) (*Service, error) {
	seen, err := lru.New[look, struct{}](rememberedLooks)
	return &Service{opts: o, began: o.Now(), seen: seen}, err
}

// Tables are the room's system tables.
func Tables() []string {
	return []string{`CREATE TABLE IF NOT EXISTS "_console_looks" (
		"session" TEXT NOT NULL,
		"org" TEXT NOT NULL,
		"at" TEXT NOT NULL,
		PRIMARY KEY ("session", "org")
	) STRICT, WITHOUT ROWID`}
}

// wrap names the operation that failed, for the log.
func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("console: %s: %w", operation, err)
}
