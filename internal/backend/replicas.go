package backend

import (
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/replica"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// replicate has reads that ask for it answered by the standbys that there are.
func (b *Backend) replicate() (err error) {
	primary, ok := b.engine.(replica.Primary)
	switch {
	case len(b.opts.Replicas) == 0:
		return nil
	case !ok:
		return fault.New(fault.StoreUnsuitable, "replicas are of a PostgreSQL database, and the rows are in a file: set LOAM_DATABASE_URL or database.url, or take the replicas out")
	}
	b.replicas, err = replica.Open(replica.Options{URLs: b.opts.Replicas, Primary: primary, Log: b.opts.Log})
	if err == nil {
		b.observeReplicas()
	}
	return err
}

// rows is the store under a schema.
func (b *Backend) rows(s *schema.Schema) *store.Store {
	rows := store.New(b.engine, s, b.opts.Now).Limited(b.usage).Witnessed(b.console.Wrote)
	if b.replicas != nil {
		return rows.Replicated(b.replicas)
	}
	return rows
}
