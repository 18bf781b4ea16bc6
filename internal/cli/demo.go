package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store/migrate"
)

const demoDir = "demo" // inside the project: the app that is served at /demo

func (c *console) demoCommand() *cobra.Command {
	at := &place{local: true}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Serve an example with data in it, to look around",
		Long: `Serve an example with data in it, to look around: a task tracker with two
organizations, six users, an admin of the server and 500 tasks. Open /demo in two
windows, as two people: each shows what the other does. /console is for the admin.
It prints who can sign in, and three commands to paste.
Nothing is left behind unless --data says where to keep it.`,
		Example: `  loam demo
  loam demo --addr 127.0.0.1:9000
  loam demo --data ./demo-data     # keep what you change`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			files, dir := c.example, "the example"
			if cmd.Flags().Changed("dir") {
				files, dir = os.DirFS(at.dir), at.dir
			}
			ctx := cmd.Context()
			if at.data != "" {
				return unlessStopped(ctx, c.demo(ctx, at, files, dir))
			}
			return at.withTemporary(func(p *place) error { return unlessStopped(ctx, c.demo(ctx, p, files, dir)) })
		},
	}
	at.flags(cmd, true)
	cmd.Flags().Lookup("dir").Usage = "a project to serve in place of the example (or LOAM_DIR)"
	cmd.Flags().Lookup("data").Usage = "a directory to keep the data in; one that is removed at the end unless given (or LOAM_DATA)"
	cmd.Flags().Lookup("dir").DefValue = ""
	return cmd
}

// demo serves a project with its seed.
func (c *console) demo(ctx context.Context, at *place, files fs.FS, dir string) (err error) {
	p, err := readProject(files, dir, forDevelopment())
	if err != nil {
		return err
	}
	if err := c.usable(p); err != nil {
		return err
	}
	planted, err := readSeed(files)
	if err != nil {
		return err
	}
	if at.demo, err = demoPage(files); err != nil {
		return err
	}
	log := c.log()
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
	fresh, err := isFresh(ctx, b)
	if err != nil {
		return err
	}
	if _, err := b.Migrator.Apply(ctx, p.compiled.Schema, migrate.ApplyOptions{Source: p.schemaText}); err != nil {
		return err
	}
	if err := b.Use(p.compiled); err != nil {
		return err
	}
	if planted != nil && fresh {
		if err := planted.plant(ctx, b, p.config); err != nil {
			return err
		}
	}
	if at.demo != nil {
		fmt.Fprintf(c.out, "App      %s/demo (open it in two windows, as two people)\n", at.url)
	}
	c.welcome(address(s), planted)
	c.invite(address(s), planted, p.compiled.Schema, files == c.example)
	return c.serve(ctx, at, s, backend.NewSite(b), unmoved, log)
}

// demoPage is the project's app at /demo, as it is built; nil where it has none.
func demoPage(files fs.FS) (fs.FS, error) {
	if _, err := fs.Stat(files, demoDir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return fs.Sub(files, demoDir)
}

// welcome says what there is to see and how.
func (c *console) welcome(url string, s *seed) {
	fmt.Fprintf(c.out, "REST     %[1]s/api\nGraphQL  %[1]s/graphql\nMail     %[1]s/_mail\nConsole  %[1]s/console\n", url)
	if s == nil || len(s.Users) == 0 {
		return
	}
	fmt.Fprint(c.out, "\nSign in as\n")
	for _, u := range s.Users {
		fmt.Fprintf(c.out, "  %-22s %q  %s\n", u.Email, u.Password, strings.Join(s.rolesOf(u.Email), ", "))
	}
}

// invite prints three commands that work when pasted: a sign-in, a list and a
// GraphQL query; of the example, or of any schema's first model.
func (c *console) invite(url string, s *seed, of *schema.Schema, example bool) {
	if s == nil || len(s.Users) == 0 || len(of.Models) == 0 {
		return
	}
	first := of.Models[0]
	list, query := first.Path+"?limit=5", fmt.Sprintf("{ %s(limit: 5) { items { %s } } }", first.Ops.List, first.Key[0].Name)
	if example {
		list = "tasks?status=DOING&limit=5&include=project,assignee"
		query = "{ listProjects(limit: 3) { items { name tasks(limit: 2) { items { title status assignee { name } } } } } }"
	}
	fmt.Fprintf(c.out, `
Try it: sign in, then ask
  TOKEN=$(curl -s %[1]s/auth/sign-in -H 'Content-Type: application/json' -d '{"email":"%[2]s","password":"%[3]s"}' | sed 's/.*"accessToken":"\([^"]*\)".*/\1/')
  curl -s '%[1]s/api/%[4]s' -H "Authorization: Bearer $TOKEN"
  curl -s %[1]s/graphql -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"query":"%[5]s"}'

`, url, s.Users[0].Email, s.Users[0].Password, list, query)
}

// rolesOf lists what a user is, and where: "owner of Acme".
func (s *seed) rolesOf(email string) []string {
	var roles []string
	for _, u := range s.Users {
		if u.Email == email && u.Admin {
			roles = append(roles, "admin of the server, at /console")
		}
	}
	for _, o := range s.Organizations {
		for _, m := range o.Members {
			if m.Email == email {
				roles = append(roles, fmt.Sprintf("%s of %s", m.Role, o.Name))
			}
		}
	}
	return roles
}

// log is what development logs with: warnings, for people to read.
func (c *console) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
