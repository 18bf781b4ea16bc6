package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store/migrate"
)

// migrationsDirectory is inside the project, and for a database beside another
// one inside its data directory.
const migrationsDirectory = "migrations"

// migrateOptions are the flags of `loam migrate`.
type migrateOptions struct {
	place
	migrations  string
	allow       []string
	yes, asJSON bool
	adopt       adoption
}

// migrationsDir is where the migrations of the database are kept.
func (o *migrateOptions) migrationsDir() string {
	if o.migrations != "" {
		return o.migrations
	}
	return filepath.Join(o.dir, migrationsDirectory)
}

func (c *console) migrateCommand() *cobra.Command {
	o := &migrateOptions{}
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Change the database to match the schema",
		Long: `Change the database to match the schema, in one transaction: if a step fails,
schema and data stay as they were. What was run is written to migrations/ as SQL
with a checksum, to be reviewed and kept; a file there that was edited after it
was applied is refused, and so is one of another database: a second database,
such as staging's, keeps its migrations elsewhere.

A step that loses or makes up data is refused unless it is allowed by its name,
which loam diff and the refusal tell.

On PostgreSQL servers may go on meanwhile: indexes are built, references checked
and columns filled before that transaction, beside them. Killed in the middle, it
goes on where it was when it is run again; run with the schema of before, it
takes back what it had built.`,
		Example: `  loam migrate
  loam migrate --yes                        # ask nothing, as in CI
  loam migrate --allow drop:Task.body       # lose the bodies of all tasks
  loam migrate --data staging --migrations staging/migrations
  loam migrate --adopt-into Acme --owner ada@acme.test   # after tenancy: organizations`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.migrate(cmd.Context(), o) },
	}
	o.flags(cmd, false)
	o.keyFlag(cmd)
	cmd.Flags().StringVar(&o.migrations, "migrations", "", "where to keep what was run; migrations inside the project unless given")
	withEnvironment(cmd.Flags(), "migrations", "LOAM_MIGRATIONS")
	completeDirectories(cmd, "migrations")
	cmd.Flags().StringArrayVar(&o.allow, "allow", nil, "a step that may lose or make up data, by its name; may be given several times")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	jsonFlag(cmd, &o.asJSON)
	o.adopt.flags(cmd)
	return cmd
}

func (c *console) migrate(ctx context.Context, o *migrateOptions) (err error) {
	p, err := c.openProject(o.dir)
	if err != nil {
		return err
	}
	files, err := readMigrations(o.migrationsDir())
	if err != nil {
		return err
	}
	b, err := o.openAlone(ctx, p.config, c.log())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	if err := b.Migrator.Verify(ctx, files); err != nil {
		return o.elsewhere(err)
	}
	next, err := b.Migrator.Next(ctx, p.compiled.Schema)
	if err != nil {
		return err
	}
	if ok, err := c.agreed(next, files, o); !ok || err != nil {
		return err
	}
	done, err := b.Migrator.Apply(ctx, p.compiled.Schema, migrate.ApplyOptions{Source: p.schemaText, Allow: o.allow, Tidy: true, Progress: c.stepping()})
	if err != nil {
		return advise(err)
	}
	if err := c.migrated(done, files, o); err != nil {
		return err
	}
	return c.adopted(ctx, b, p, &o.adopt)
}

// quick is how long a step may take before its progress is worth showing.
const quick = time.Second

// stepping shows how far a long step has come: in one line on a terminal, in a line for
// every tenth elsewhere.
func (c *console) stepping() func(step string, part float64) {
	var now string
	var began time.Time
	tenths := 0
	return func(step string, part float64) {
		if step != now {
			now, began, tenths = step, time.Now(), 0
		}
		if time.Since(began) < quick {
			return
		}
		line := fmt.Sprintf("[%-20s] %3.0f%% %s", strings.Repeat("#", int(20*part)), 100*part, step)
		switch {
		case c.redraws && part < 1:
			fmt.Fprint(c.err, "\r\x1b[K"+line)
		case c.redraws:
			fmt.Fprintln(c.err, "\r\x1b[K"+line)
		case int(10*part) > tenths:
			tenths = int(10 * part)
			fmt.Fprintln(c.err, line)
		}
	}
}

// agreed shows the next migration and asks, where there is one and somebody to
// ask.
func (c *console) agreed(next *migrate.Migration, files map[string]string, o *migrateOptions) (bool, error) {
	if next == nil {
		return true, nil
	}
	if err := next.Unclaimed(files); err != nil {
		return false, o.elsewhere(err)
	}
	if err := next.Plan.Refusal(o.allow); err != nil {
		return false, advise(err)
	}
	// What can't be kept in migrations/ is not run.
	dir := o.migrationsDir()
	if err := makeWritable(dir, 0o755); err != nil {
		return false, fault.New(fault.CLIFiles, "%s can't be written; give the user that runs loam the right to", dir).Because(err)
	}
	if o.yes || o.asJSON || !c.asks {
		return true, nil
	}
	if err := c.showPlan(next.Plan); err != nil {
		return false, err
	}
	fmt.Fprintf(c.out, "Run %s? [y/N] ", counted(len(next.Plan.Steps), "step"))
	answer, err := bufio.NewReader(c.in).ReadString('\n')
	if err != nil && answer == "" {
		return false, nil
	}
	return isYes(answer), nil
}

func isYes(answer string) bool {
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}

// advise turns the names that a refusal ends with into the command to run.
func advise(err error) error {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Code != fault.MigrateRefused {
		return err
	}
	before, names, found := strings.Cut(e.Message, "allow it by name: ")
	if !found {
		return err
	}
	return fault.New(e.Code, "%srun `loam migrate --allow %s`", before, strings.Join(strings.Fields(names), " --allow "))
}

// elsewhere adds to the refusal of another database's files where this one's
// may go.
func (o *migrateOptions) elsewhere(err error) error {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Code != fault.MigrateForeign {
		return err
	}
	taken, free := o.migrationsDir(), filepath.Join(o.dataDir(), migrationsDirectory)
	if taken == free {
		free = "DIR"
	}
	return fault.New(e.Code, "in %s, %s, with --migrations %s", taken, e.Message, free)
}

// migrated writes the file of a migration, unless it is there already, and says
// what was done.
func (c *console) migrated(done *migrate.Migration, files map[string]string, o *migrateOptions) error {
	if done == nil {
		if o.asJSON {
			return c.printJSON(struct {
				Steps []migrate.Step `json:"steps"`
			}{[]migrate.Step{}})
		}
		_, err := fmt.Fprintf(c.out, "the database matches %s\n", schemaFile)
		return err
	}
	path, wrote := filepath.Join(o.migrationsDir(), done.File()), "wrote %s"
	if _, kept := files[done.File()]; kept {
		wrote = "%s is this migration already"
	} else if err := writeFile(path, done.SQL); err != nil {
		return err
	}
	if o.asJSON {
		return c.printJSON(struct {
			Version int            `json:"version"`
			Name    string         `json:"name"`
			File    string         `json:"file"`
			Steps   []migrate.Step `json:"steps"`
		}{done.Version, done.Name, path, done.Plan.Steps})
	}
	_, err := fmt.Fprintf(c.out, "migrated: %s\n"+wrote+"\n", inWords(done.Plan), path)
	return err
}

// writeFile writes a new file of the project, with its directory.
func writeFile(path, text string) error {
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		return unwritable(path, err)
	}
	return nil
}

// readMigrations reads the files of migrations/ by name.
func readMigrations(dir string) (map[string]string, error) {
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return files, nil
	}
	for _, entry := range entries {
		if err == nil && filepath.Ext(entry.Name()) == ".sql" {
			files[entry.Name()], err = readFile(os.DirFS(dir), entry.Name())
		}
	}
	if err != nil {
		return nil, unreadable(dir, err)
	}
	return files, nil
}
