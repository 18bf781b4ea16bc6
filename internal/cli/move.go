package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/httpapi"
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

A server that runs (loam serve) goes on to serve meanwhile, and then serves from the
new database; what is written in the moment of the change waits for less than a
second. Say where the database is before its next start.

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
	asked := httpapi.Move{To: o.to, DryRun: o.dryRun, Cancel: o.cancel}
	mover := alone(from)
	if transport := o.running(ctx); transport != nil {
		defer transport.CloseIdleConnections()
		mover = newOperator(transport).move
		if path, file := strings.CutPrefix(o.to, "sqlite://"); file && path != "" {
			if path, err = filepath.Abs(path); err != nil {
				return err
			}
			asked.To = "sqlite://" + path // the server may have another working directory
		}
	}
	answer, err := mover(ctx, asked, func(line string) { fmt.Fprintln(c.out, line) })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.out, answer)
	return err
}

// alone moves a backend that no server has open.
func alone(from backend.Options) httpapi.Mover {
	return func(ctx context.Context, m httpapi.Move, report func(string)) (any, error) {
		return carryOut(m, from, mover{
			run: func(to backend.Options) (move.Result, error) { return backend.Move(ctx, from, to, report) },
			try: func(to backend.Options) (move.Result, error) { return backend.TryMove(ctx, from, to, report) },
			end: func() error { return backend.CancelMove(ctx, from) },
		})
	}
}

// moves moves the backend of a site, which serves, until the server stops.
func moves(stopping context.Context, site *backend.Site, log *slog.Logger) httpapi.Mover {
	return func(ctx context.Context, m httpapi.Move, report func(string)) (any, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(stopping, cancel)()
		from := site.Backend().Options()
		return carryOut(m, from, mover{
			run: func(to backend.Options) (move.Result, error) {
				log.Info("moving", "to", to.Where())
				done, err := site.Move(ctx, to, report)
				if err != nil {
					log.Error("the move has stopped", "to", to.Where(), "error", err)
				} else {
					log.Info("moved", "to", to.Where(), "rows", done.Rows, "paused", done.Paused.String())
				}
				return done, err
			},
			try: func(to backend.Options) (move.Result, error) { return site.TryMove(ctx, to, report) },
			end: func() error { return site.CancelMove(ctx) }, serves: true,
		})
	}
}

// unmoved answers for servers that are not moved while they serve.
func unmoved(context.Context, httpapi.Move, func(string)) (any, error) {
	return nil, fault.New(fault.StoreHeld, "loam dev serves this backend; stop it first: only loam serve is moved while it runs")
}

// mover is what can be done about a move.
type mover struct {
	run, try func(to backend.Options) (move.Result, error)
	end      func() error
	serves   bool
}

// carryOut does what is asked and says, for people, what came of it.
func carryOut(m httpapi.Move, from backend.Options, by mover) (string, error) {
	if m.Cancel {
		return from.Where() + " is what it was; nothing moves", by.end()
	}
	to, err := target(m.To, from)
	if err != nil {
		return "", err
	}
	if m.DryRun {
		done, err := by.try(to)
		return fmt.Sprintf("would move %d rows of %d tables to %s", done.Rows, done.Tables, to.Where()), err
	}
	if err := carryKey(from, to); err != nil {
		return "", err
	}
	done, err := by.run(to)
	if err != nil {
		return "", err
	}
	return moved(from, to, done, by.serves), nil
}

// move asks the server that runs.
func (o *operator) move(ctx context.Context, m httpapi.Move, report func(string)) (any, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	res, err := o.send(ctx, "POST", "/move", bytes.NewReader(text), nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	for lines := json.NewDecoder(res.Body); ; {
		var news httpapi.MoveNews
		if err := lines.Decode(&news); err != nil {
			return nil, fault.New(fault.CLIRefuses, "the server broke off; run the same command again, which goes on where it was").Because(err)
		}
		switch {
		case news.Code != "":
			return nil, fault.New(news.Code, "%s", news.Detail)
		case news.Line == "":
			var answer string
			err := json.Unmarshal(news.Result, &answer)
			return answer, err
		}
		report(news.Line)
	}
}

// target is where a move goes to: the same environment in another database.
func target(url string, from backend.Options) (backend.Options, error) {
	to := from
	path, file := strings.CutPrefix(url, "sqlite://")
	switch {
	case file:
		to.Database = ""
		if path != "" {
			to.Data = filepath.Clean(path)
		}
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		to.Database = url
	default:
		return to, fault.New(fault.CLIUsage, "--to is neither postgres://user:password@host/database nor sqlite://DIRECTORY; `loam move --help` shows how it is called")
	}
	here, err := filepath.Abs(from.Where())
	there, failed := filepath.Abs(to.Where())
	if err != nil || failed != nil {
		return to, errors.Join(err, failed)
	}
	if here == there {
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
func moved(from, to backend.Options, done move.Result, serves bool) string {
	what := fmt.Sprintf("moved %d rows of %d tables to %s; writes were paused for %v", done.Rows, done.Tables, to.Where(), done.Paused.Round(time.Millisecond))
	if done.Again {
		what = fmt.Sprintf("%s was moved to %s before", from.Where(), to.Where())
	}
	when := "From now on"
	if serves {
		when = "It is served from there already. Before the next start"
	}
	next := "set LOAM_DATABASE_URL, or database.url in loam.yaml, to its URL"
	if to.Database == "" {
		next = "serve with --data " + to.Data + ", without LOAM_DATABASE_URL and database.url"
	}
	return fmt.Sprintf("%s\n%s %s. %s takes no writes any more: keep it until you are sure, then delete it.", what, when, next, from.Where())
}
