package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store/migrate"
)

func (c *console) serveCommand() *cobra.Command {
	at := &place{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve a project in production",
		Long: `Serve a project in production: the database is encrypted with the master key,
introspection is for admins, and logs are JSON on the standard error output.

It refuses to start without a strong master key, with a schema that does not
match the database, or with a data directory that it can't write, and says all
of its reasons at once. A database that does not exist yet is made.

Of several servers on one PostgreSQL database, those that have the schema from
before a migration serve it on where that only added to the tables; one that reads
its files from a directory where the new schema is takes it into use by itself.
They wake each other through the database, or behind a pooler through NATS, where
--nats, LOAM_NATS_URL or nats.url says where that is. It need not be there: without
it each looks for what the others have changed a few times a second.

Told to stop by SIGTERM, it says so at /readyz at once. For --drain-delay it answers
on, until a load balancer has noticed; then it takes no connection any more, tells
live clients to resume elsewhere, and finishes the requests under way, for which they
have 20 seconds. A second SIGTERM ends it at once.`,
		Example: `  export LOAM_MASTER_KEY=$(loam keys generate)   # once: keep it, the data can't be read without it
  loam serve --addr :8080
  loam serve --dir /srv/app --data /var/lib/app --key-file /etc/app/master.key
  loam serve --drain-delay 5s                    # behind a load balancer that asks /readyz every 2 seconds`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if at.linger < 0 || at.linger > longestLinger {
				return usage(cmd, "--drain-delay is from 0 to %s", longestLinger)
			}
			return unlessStopped(cmd.Context(), c.production(cmd.Context(), at))
		},
	}
	at.flags(cmd, true)
	at.keyFlag(cmd)
	cmd.Flags().DurationVar(&at.linger, "drain-delay", 0, "how long to answer on after SIGTERM while /readyz says 503")
	withEnvironment(cmd.Flags(), "drain-delay", "LOAM_DRAIN_DELAY")
	return cmd
}

// longestLinger bounds --drain-delay.
const longestLinger = 5 * time.Minute

// production serves a project once nothing speaks against it.
func (c *console) production(ctx context.Context, at *place) (err error) {
	p, err := c.fit(at)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(c.err, nil))
	at.mail = os.DirFS(filepath.Join(at.dir, mailDir))
	s, err := at.listen(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	b, err := at.open(ctx, p.config, false, log)
	if err != nil {
		return err
	}
	site := backend.NewSite(b)
	defer func() { err = errors.Join(err, site.Close()) }()
	fresh, err := isFresh(ctx, b)
	if err != nil {
		return err
	}
	if fresh {
		log.Info("made a new database")
		_, err = b.Migrator.Apply(ctx, p.compiled.Schema, migrate.ApplyOptions{Source: p.schemaText})
	} else {
		err = matches(ctx, b, p, at.databaseURL(p.config) != "")
	}
	if err != nil {
		return err
	}
	if err := b.Use(p.compiled); err != nil {
		return err
	}
	if err := b.Keep(ctx, p.newest(at.dir)); err != nil {
		return err
	}
	log.Info("serving", "address", s.Addr())
	err = c.serve(ctx, at, s, site, moves(ctx, site, log), log)
	log.Info("stopped")
	return err
}

// fit checks all that can be checked before the database is opened.
func (c *console) fit(at *place) (*project, error) {
	var reasons []string
	object := func(err error) {
		if err != nil {
			reasons = append(reasons, explain(err))
		}
	}
	v, err := at.master()
	if v == nil && err == nil {
		err = fault.New(fault.VaultNoKey, "there is no master key: set %s to the output of `loam keys generate`, or name a file with --key-file", masterKey)
	}
	object(err)
	p, err := readProject(os.DirFS(at.dir), at.dir, forServing())
	if err == nil {
		err = c.usable(p)
	}
	if err != nil || at.databaseURL(p.config) == "" {
		object(at.makeData())
	}
	object(err)
	switch len(reasons) {
	case 0:
		return p, nil
	case 1:
		return nil, fault.New(fault.CLIRefuses, "will not serve: %s", reasons[0])
	}
	for i := range reasons {
		reasons[i] = fmt.Sprintf("(%d) %s", i+1, reasons[i])
	}
	return nil, fault.New(fault.CLIRefuses, "will not serve, for %d reasons: %s", len(reasons), strings.Join(reasons, " "))
}

// matches refuses a database whose tables are not what the schema needs. A
// schema that changes none of them, such as one with other rules, goes live. Where
// others may have migrated the database since it had this schema, one that suits the
// tables is served on.
func matches(ctx context.Context, b *backend.Backend, p *project, shared bool) error {
	plan, err := b.Migrator.Plan(ctx, p.compiled.Schema)
	if err != nil {
		return err
	}
	if plan.Empty() {
		_, err = b.Migrator.Apply(ctx, p.compiled.Schema, migrate.ApplyOptions{Source: p.schemaText})
		return err
	}
	state, err := b.Migrator.Status(ctx, p.compiled.Schema)
	switch {
	case err != nil:
		return err
	case shared && state.Applied && state.Outdated == nil:
		return nil
	case shared && state.Applied:
		return fault.New(fault.CLIRefuses, "will not serve: %s", explain(state.Outdated))
	}
	return fault.New(fault.CLIRefuses, "will not serve: the database does not match %s, which %s; run `loam migrate`", schemaFile, inWords(plan))
}
