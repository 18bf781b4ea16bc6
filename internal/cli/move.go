package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/move"
)

// moveOptions are the flags of `loam move`.
type moveOptions struct {
	place
	to             string
	dryRun, cancel bool
}

func (c *console) moveCommand() *cobra.Command {
	o := &moveOptions{}
	cmd := &cobra.Command{
		Use:   "move",
		Short: "Take a backend to PostgreSQL, or back to a file",
		Long: `Take a backend with all that it has, users, sessions, keys, rows, the change log
and the audit log, to an empty PostgreSQL database, or from there to a new file.
Who is signed in stays so, and what follows a list goes on where it was.

Every row is compared before the new database counts. The old one then refuses to
be served and to be written to; it is left as it was, and may be deleted once you
are sure. Interrupted in whatever way, the same command goes on: until its last
step the old database is the one in use, and at no moment are both.

The file is encrypted with the master key, where one is given. sqlite:// names the
data directory that the file is made in; without a path it is --data.`,
		Example: `  loam move --to postgres://desk:...@db.internal/desk --dry-run   # says what there is
  loam move --to postgres://desk:...@db.internal/desk
  loam move --to sqlite:///srv/desk/data --database postgres://desk:...@db.internal/desk
  loam move --cancel                 # gives up one that was interrupted`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (o.to == "") != o.cancel {
				return usage(cmd, "name the new database with --to, postgres://... or sqlite://..., or give up with --cancel")
			}
			return c.move(cmd.Context(), o)
		},
	}
	o.flags(cmd, false)
	o.keyFlag(cmd)
	cmd.Flags().StringVar(&o.to, "to", "", "where to: the URL of an empty PostgreSQL database, or sqlite:// with a data directory")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "only say what would go across")
	cmd.Flags().BoolVar(&o.cancel, "cancel", false, "give up a move that was interrupted; the new database is yours to empty")
	return cmd
}

func (c *console) move(ctx context.Context, o *moveOptions) error {
	p, err := c.openProject(o.dir)
	if err != nil {
		return err
	}
	if o.isNew(p.config) {
		return fault.New(fault.CLINoProject, "there is no database in %s to move; name its directory with --data, or its URL with --database", o.dataDir())
	}
	from, err := o.options(p.config, false, c.log())
	if err != nil {
		return err
	}
	if o.cancel {
		if err := backend.CancelMove(ctx, from); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.out, "%s is what it was; nothing moves\n", from.Where())
		return err
	}
	to, err := o.target(from)
	if err != nil {
		return err
	}
	say := func(line string) { fmt.Fprintln(c.out, line) }
	if o.dryRun {
		done, err := backend.TryMove(ctx, from, to, say)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.out, "would move %d rows of %d tables to %s\n", done.Rows, done.Tables, to.Where())
		return err
	}
	if err := carryKey(from, to); err != nil {
		return err
	}
	done, err := backend.Move(ctx, from, to, say)
	if err != nil {
		return err
	}
	return c.moved(from, to, done)
}

// target is where a move goes to: the same environment in another database.
func (o *moveOptions) target(from backend.Options) (backend.Options, error) {
	to := from
	path, file := strings.CutPrefix(o.to, "sqlite://")
	switch {
	case file:
		to.Database = ""
		if path != "" {
			to.Data = filepath.Clean(path)
		}
	case strings.HasPrefix(o.to, "postgres://"), strings.HasPrefix(o.to, "postgresql://"):
		to.Database = o.to
	default:
		return to, fault.New(fault.CLIUsage, "--to is neither postgres://user:password@host/database nor sqlite://DIRECTORY; `loam move --help` shows how it is called")
	}
	if to.Where() == from.Where() {
		return to, fault.New(fault.MoveTarget, "%s is where the backend is already", to.Where())
	}
	return to, nil
}

// carryKey takes the development key along to another data directory: what it has
// sealed goes there as well.
func carryKey(from, to backend.Options) error {
	name := filepath.Join(to.Data, developmentKey)
	key, err := os.ReadFile(filepath.Join(from.Data, developmentKey))
	if from.Encrypt || to.Data == from.Data || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = os.MkdirAll(to.Data, 0o700)
	}
	if err == nil {
		err = os.WriteFile(name, key, 0o600)
	}
	if err != nil {
		return fault.New(fault.CLIFiles, "%s can't be written; give the user that runs loam the right to", name).Because(err)
	}
	return nil
}

// moved says what to do from now on.
func (c *console) moved(from, to backend.Options, done move.Result) error {
	if done.Again {
		fmt.Fprintf(c.out, "%s was moved to %s before\n", from.Where(), to.Where())
	} else {
		fmt.Fprintf(c.out, "moved %d rows of %d tables to %s; writes were paused for %v\n", done.Rows, done.Tables, to.Where(), done.Paused.Round(time.Millisecond))
	}
	next := "set LOAM_DATABASE_URL, or database.url in loam.yaml, to its URL"
	if to.Database == "" {
		next = "serve with --data " + to.Data + ", without LOAM_DATABASE_URL and database.url"
	}
	_, err := fmt.Fprintf(c.out, "From now on %s. %s takes no writes any more: keep it until you are sure, then delete it.\n", next, from.Where())
	return err
}
