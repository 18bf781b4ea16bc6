package backend

import (
	"context"
	"sync"

	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/graphql"
	"github.com/loam-dev/loam/internal/httpapi"
)

// force is the schema in force, and what has it follow the database.
type force struct {
	sync.Mutex
	schema *Compiled
	newest func() *Compiled // nil: it does not follow
	at     string           // the hash of the database's schema that was last looked at
}

// Use serves a schema from now on; requests under way finish with the one that
// they began with. The database must match it: see Migrator.
func (b *Backend) Use(c *Compiled) error {
	b.force.Lock()
	defer b.force.Unlock()
	return b.use(c)
}

func (b *Backend) use(c *Compiled) error {
	service, err := data.New(c.Schema, c.Policy, b.rows(c.Schema), b.opts.Vault.Key("data/cursor").Bytes(), requestLimits(b.opts.Config.Limits.Request), b.opts.Now)
	if err != nil {
		return err
	}
	api, err := c.API(b.opts.Config)
	if err != nil {
		return err
	}
	executor, err := graphql.New(api, service, !b.opts.Dev)
	if err != nil {
		return err
	}
	b.app.Store(&httpapi.App{Data: service, GraphQL: executor, OpenAPI: sync.OnceValue(func() []byte { return c.OpenAPI(b.opts.Config) })})
	b.hub.Use(service)
	b.force.schema = c
	return nil
}

// Keep has the schema in force follow the database, which other nodes migrate: the
// newest one that this node has the files of is taken into use once it is the
// database's, and until then the one in force goes on to be served as long as the
// tables suit it. Once they don't, requests are refused.
func (b *Backend) Keep(ctx context.Context, newest func() *Compiled) error {
	b.force.Lock()
	b.force.newest = newest
	b.force.Unlock()
	return b.stand(ctx)
}

// stand holds the schema in force against what the database says.
func (b *Backend) stand(ctx context.Context) error {
	b.force.Lock()
	defer b.force.Unlock()
	if b.force.newest == nil {
		return nil
	}
	state, err := b.Migrator.Status(ctx, b.force.schema.Schema)
	switch {
	case fault.Is(err, fault.MigrateNewer):
		b.rest(err)
		return nil
	case err != nil:
		return err
	}
	moved := state.Hash != b.force.at
	b.force.at = state.Hash
	if moved && state.Hash != b.force.schema.Schema.Hash {
		if c := b.force.newest(); c != nil && c.Schema.Hash == state.Hash {
			b.opts.Log.Info("the database was migrated: serving its new schema", "version", state.Version)
			return b.use(c)
		}
		b.opts.Log.Warn("the database was migrated to a schema that this server does not have: it goes on with its own for as long as that can be; start it with the new one", "version", state.Version)
	}
	switch app := b.app.Load(); {
	case state.Outdated != nil:
		b.rest(state.Outdated)
	case app.Refuses != nil:
		b.opts.Log.Info("the tables suit this server's schema again")
		return b.use(b.force.schema)
	}
	return nil
}

// rest refuses what the schema in force says how to answer.
func (b *Backend) rest(why error) {
	app := *b.app.Load()
	if app.Refuses == nil {
		b.opts.Log.Error("requests are refused", "error", why)
		b.hub.Rest(why)
	}
	app.Refuses = why
	b.app.Store(&app)
}
