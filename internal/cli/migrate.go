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

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// migrationsDirectory is inside the project.
const migrationsDirectory = "migrations"

// migrateOptions are the flags of `loam migrate`.
type migrateOptions struct {
	place
	allow       []string
	yes, asJSON bool
}

func (c *console) migrateCommand() *cobra.Command {
	o := &migrateOptions{}
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Change the database to match the schema",
		Long: `Change the database to match the schema, in one transaction: if a step fails,
schema and data stay as they were. What was run is written to migrations/ as SQL
with a checksum, to be reviewed and kept; a file there that was edited after it
was applied is refused.

A step that loses or makes up data is refused unless it is allowed by its name,
which loam diff and the refusal tell.`,
		Example: `  loam migrate
  loam migrate --yes                        # ask nothing, as in CI
  loam migrate --allow drop:Task.body       # lose the bodies of all tasks`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.migrate(cmd.Context(), o) },
	}
	o.flags(cmd, false)
	o.keyFlag(cmd)
	cmd.Flags().StringArrayVar(&o.allow, "allow", nil, "a step that may lose or make up data, by its name; may be given several times")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	jsonFlag(cmd, &o.asJSON)
	return cmd
}

func (c *console) migrate(ctx context.Context, o *migrateOptions) (err error) {
	p, err := c.openProject(o.dir)
	if err != nil {
		return err
	}
	files, err := readMigrations(filepath.Join(o.dir, migrationsDirectory))
	if err != nil {
		return err
	}
	b, err := o.openAlone(ctx, p.config, c.log())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	if err := b.Migrator.Verify(ctx, files); err != nil {
		return err
	}
	if ok, err := c.agreed(ctx, b, p, o); !ok || err != nil {
		return err
	}
	done, err := b.Migrator.Apply(ctx, p.compiled.Schema, store.ApplyOptions{Source: p.schemaText, Allow: o.allow})
	if err != nil {
		return advise(err)
	}
	return c.migrated(done, o)
}

// agreed shows the plan and asks, where there is something to do and somebody
// to ask.
func (c *console) agreed(ctx context.Context, b *backend.Backend, p *project, o *migrateOptions) (bool, error) {
	plan, err := b.Migrator.Plan(ctx, p.compiled.Schema)
	if err != nil {
		return false, err
	}
	if err := plan.Refusal(o.allow); err != nil {
		return false, advise(err)
	}
	if plan.Empty() {
		return true, nil
	}
	// What can't be kept in migrations/ is not run.
	dir := filepath.Join(o.dir, migrationsDirectory)
	if err := makeWritable(dir, 0o755); err != nil {
		return false, fault.New(fault.CLIFiles, "%s can't be written; give the user that runs loam the right to", dir).Because(err)
	}
	if o.yes || o.asJSON || !c.asks {
		return true, nil
	}
	if err := c.showPlan(plan); err != nil {
		return false, err
	}
	fmt.Fprintf(c.out, "Run %s? [y/N] ", counted(len(plan.Steps), "step"))
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

// migrated writes the file of a migration and says what was done.
func (c *console) migrated(done *store.Migration, o *migrateOptions) error {
	if done == nil {
		if o.asJSON {
			return c.printJSON(struct {
				Steps []store.Step `json:"steps"`
			}{[]store.Step{}})
		}
		_, err := fmt.Fprintf(c.out, "the database matches %s\n", schemaFile)
		return err
	}
	path := filepath.Join(o.dir, migrationsDirectory, done.File())
	if err := writeFile(path, done.SQL); err != nil {
		return err
	}
	if o.asJSON {
		return c.printJSON(struct {
			Version int          `json:"version"`
			Name    string       `json:"name"`
			File    string       `json:"file"`
			Steps   []store.Step `json:"steps"`
		}{done.Version, done.Name, path, done.Plan.Steps})
	}
	_, err := fmt.Fprintf(c.out, "migrated: %s\nwrote %s\n", inWords(done.Plan), path)
	return err
}

// writeFile writes a new file of the project, with its directory.
func writeFile(path, text string) error {
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		return fault.New(fault.CLIFiles, "%s can't be written; check the directory and its owner", path).Because(err)
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
