package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store/migrate"
)

// editorSchemaFile is the JSON Schema of loam.yaml, in the data directory,
// where the first line of a new loam.yaml points editors to.
const editorSchemaFile = "loam.schema.json"

func (c *console) devCommand() *cobra.Command {
	at := &place{local: true}
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Serve a project and follow every edit of its schema",
		Long: `Serve a project and follow every edit of its schema: on save the database is
migrated, the API is the new one, and so is the typed client where there is one
(see loam generate ts), well within a second. An edit with mistakes shows them,
and the last good schema stays served. A change that would lose or
make up data is named and not made; in a terminal you are asked.

A new database starts with what seed.json holds. Introspection and GraphiQL are
open to everybody. The database is not encrypted, unless LOAM_MASTER_KEY is set.`,
		Example: `  loam dev
  loam dev --dir ./backend --addr 127.0.0.1:9000
  rm -r .loam && loam dev      # start over with the seed`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return unlessStopped(cmd.Context(), c.dev(cmd.Context(), at))
		},
	}
	at.flags(cmd, true)
	at.keyFlag(cmd)
	return cmd
}

// dev serves a project while it is edited.
func (c *console) dev(ctx context.Context, at *place) (err error) {
	edits, stop, err := watch(at.dir, schemaFile, configFile)
	if err != nil {
		return err
	}
	defer stop()
	p, err := readProject(os.DirFS(at.dir), at.dir, forDevelopment())
	if err != nil {
		return err
	}
	if p.config == nil {
		return c.usable(p)
	}
	if err := p.settings.Format(c.err, p.configText, c.color); err != nil {
		return err
	}
	log := c.log()
	at.mail = os.DirFS(filepath.Join(at.dir, mailDir))
	at.draft = func() string {
		text, err := readFile(os.DirFS(at.dir), schemaFile)
		if err != nil { // between two writes of an editor
			return ""
		}
		return text
	}
	s, err := at.listen(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	b, err := at.open(ctx, p.config, true, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	if err := writeFile(filepath.Join(at.dataDir(), editorSchemaFile), string(config.JSONSchema())); err != nil {
		return err
	}
	d := &development{console: c, backend: b, dir: at.dir, files: os.DirFS(at.dir), config: p.configText}
	if err := d.start(ctx, p); err != nil {
		return err
	}
	c.welcome(address(s), nil)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return c.serve(ctx, at, s, backend.NewSite(b), unmoved, log) })
	group.Go(func() error { return d.follow(ctx, edits) })
	return group.Wait()
}

// development is a backend whose schema is being edited.
type development struct {
	*console
	backend *backend.Backend
	dir     string
	files   fs.FS
	schema  string   // the text that was last looked at
	config  string   // likewise
	roles   []string // likewise; nil where loam.yaml had errors
	served  string   // the schema in force
	held    *project // waits for leave to lose data
	flags   []string // of held, that would allow it
}

// start serves the project's schema, or where that can't be served, the one
// that the database was last at.
func (d *development) start(ctx context.Context, p *project) error {
	fresh, err := isFresh(ctx, d.backend)
	if err != nil {
		return err
	}
	d.schema, d.roles = p.schemaText, p.roles()
	if d.take(ctx, p) {
		if !fresh {
			return nil
		}
		return d.plant(ctx, p.config)
	}
	state, err := d.backend.Migrator.Status(ctx, &schema.Schema{})
	if err != nil {
		return err
	}
	last, _ := backend.Compile(schemaFile, state.Source, p.config.Roles.Keys())
	if state.Source == "" || last == nil {
		return fault.New(fault.CLIMistakes, "there is no earlier schema to serve; correct %s first", schemaFile)
	}
	d.served = state.Source
	return d.backend.Use(last)
}

// plant gives a new database its seed. A seed that does not fit is said, and
// what fits is served.
func (d *development) plant(ctx context.Context, config *config.Config) error {
	s, err := readSeed(d.files)
	if s != nil && err == nil {
		err = s.plant(ctx, d.backend, config)
	}
	switch {
	case err != nil:
		fmt.Fprintf(d.err, "seed: %s; correct it, and remove the data directory to start over\n", explain(err))
	case s != nil && len(s.Users)+len(s.Organizations) > 0:
		fmt.Fprintf(d.out, "seed: planted %s and %s\n", counted(len(s.Users), "user"), counted(len(s.Organizations), "organization"))
	}
	return nil
}

// follow takes edits up, and answers to questions, until ctx ends.
func (d *development) follow(ctx context.Context, edits <-chan error) error {
	answers := make(chan string)
	if d.asks {
		go func() {
			for lines := bufio.NewScanner(d.in); lines.Scan(); {
				select {
				case answers <- lines.Text():
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-edits:
			if err != nil {
				return err
			}
			d.edited(ctx)
		case answer := <-answers:
			d.answered(ctx, answer)
		}
	}
}

// edited looks at the files again. Whatever is wrong with them, the schema in
// force stays.
func (d *development) edited(ctx context.Context) {
	p, err := readProject(d.files, ".", forDevelopment())
	if err != nil {
		fmt.Fprintf(d.err, "schema: %s can't be read; still serving the last one\n", schemaFile)
		return
	}
	if p.configText != d.config {
		d.config = p.configText
		if err := p.settings.Format(d.err, p.configText, d.color); err != nil || p.config == nil {
			return
		}
		fmt.Fprintf(d.out, "%s: changed; start loam dev again to use it\n", configFile)
	}
	if p.schemaText == d.schema && p.schemaText == d.served && slices.Equal(p.roles(), d.roles) {
		return
	}
	d.schema, d.roles, d.held = p.schemaText, p.roles(), nil
	d.take(ctx, p)
}

// take serves a project's schema, and tells whether it could.
func (d *development) take(ctx context.Context, p *project) bool {
	if err := p.schema.Format(d.err, p.schemaText, d.color); err != nil {
		return false
	}
	if p.compiled == nil {
		fmt.Fprintln(d.err, "schema: not taken up, for the mistakes above")
		return false
	}
	plan, err := d.backend.Migrator.Plan(ctx, p.compiled.Schema)
	if err != nil {
		fmt.Fprintln(d.err, "schema: "+explain(err))
		return false
	}
	if refused := plan.Refusal(nil); refused != nil {
		d.hold(p, plan, refused)
		return false
	}
	return d.apply(ctx, p, nil)
}

// apply migrates to a schema and serves it.
func (d *development) apply(ctx context.Context, p *project, allow []string) bool {
	began := time.Now()
	done, err := d.backend.Migrator.Apply(ctx, p.compiled.Schema, migrate.ApplyOptions{Source: p.schemaText, Allow: allow, Tidy: true})
	if err == nil {
		err = d.backend.Use(p.compiled)
	}
	if err != nil {
		fmt.Fprintln(d.err, "schema: "+explain(err))
		return false
	}
	d.served = p.schemaText
	change := "no table changes"
	if done != nil {
		change = inWords(done.Plan)
	}
	fmt.Fprintf(d.out, "schema: %s (%d ms)\n", change, time.Since(began).Milliseconds())
	d.generate(p)
	return true
}

// generate brings the client up to the schema in force, where the project has one.
func (d *development) generate(p *project) {
	if p.config == nil || !p.hasClient(d.dir) {
		return
	}
	began, dir := time.Now(), p.clientDir(d.dir)
	p.keepReact(dir)
	changed, err := writeClient(dir, p.compiled.TypeScript(p.config))
	switch {
	case err != nil:
		fmt.Fprintln(d.err, "client: "+explain(err))
	case changed > 0:
		fmt.Fprintf(d.out, "client: %s: %s\n", dir, told(changed, began))
	}
}

// hold names what a schema would lose, and asks where somebody is there.
func (d *development) hold(p *project, plan migrate.Plan, refused error) {
	if !fault.Is(refused, fault.MigrateRefused) {
		fmt.Fprintln(d.err, "schema: not taken up: "+explain(refused))
		return
	}
	d.held, d.flags = p, nil
	var losses []string
	for _, s := range plan.Steps {
		if s.Risk == migrate.Destructive {
			d.flags, losses = append(d.flags, s.Flag), append(losses, s.Words+", but "+s.Harm)
		}
	}
	if d.asks {
		fmt.Fprintf(d.out, "schema: %s. Do it? [y/N] ", strings.Join(losses, "; "))
		return
	}
	fmt.Fprintf(d.err, "schema: not taken up: %s; if that is meant, stop loam dev and run `loam migrate --allow %s`\n",
		strings.Join(losses, "; "), strings.Join(d.flags, " --allow "))
}

// answered is a line that somebody typed.
func (d *development) answered(ctx context.Context, answer string) {
	held := d.held
	if held == nil {
		return
	}
	d.held = nil
	if !isYes(answer) {
		fmt.Fprintln(d.out, "schema: left as it was")
		return
	}
	d.apply(ctx, held, d.flags)
}
