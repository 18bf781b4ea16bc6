package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/loam-dev/loam/bench/process"
)

// loam is the real binary on a copy of bench/loam: serve, which encrypts, or dev
// without a master key, which does not.
func loam(dir, name, verb, masterKey string) *peer {
	binary, project, data := filepath.Join(dir, "loam"), filepath.Join(dir, name+"-project"), filepath.Join(dir, name+"-data")
	var env []string
	about := "loam " + verb + " without a master key: the file is plain"
	if masterKey != "" {
		env = append(env, "LOAM_MASTER_KEY="+masterKey)
		about = "loam " + verb + " with a master key: the file is encrypted"
	}
	return &peer{
		name:  name,
		about: about,
		data:  data,
		env:   env,
		build: func(ctx context.Context) error {
			if err := os.CopyFS(project, os.DirFS(here("loam"))); err != nil {
				return err
			}
			return process.Build(ctx, ".", "./cmd/loam", binary)
		},
		fill: loamFill,
		command: func(addr string) []string {
			return []string{binary, verb, "--dir", project, "--data", data, "--addr", addr}
		},
		signIn: loamSignIn,
		asks:   loamRequests,
	}
}

// loamPostgres is the same binary on PostgreSQL.
func loamPostgres(dir, name string) *peer {
	p := loam(dir, name, "serve", fileKey)
	p.about, p.extra, p.postgres = "loam serve on PostgreSQL", true, true
	command := p.command
	p.command = func(addr string) []string { return append(command(addr), "--database", p.database.url) }
	p.fill = func(ctx context.Context, p *peer) error {
		if err := loamFill(ctx, p); err != nil {
			return err
		}
		return onDatabase(ctx, p, "ANALYZE") // the cluster does so for nobody by itself
	}
	return p
}

// openPostgres is the same without row-level security, which is what that costs.
func openPostgres(dir string) *peer {
	p := loamPostgres(dir, "loam-postgres-open")
	p.about = "the same without row-level security, to see what that costs"
	fill := p.fill
	p.fill = func(ctx context.Context, p *peer) error {
		if err := fill(ctx, p); err != nil {
			return err
		}
		return onDatabase(ctx, p, `DO $$ DECLARE t text; BEGIN
			FOR t IN SELECT relname FROM pg_class WHERE relrowsecurity LOOP EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', t); END LOOP;
		END $$`)
	}
	return p
}

// threeNodes is the same binary three times on one database: what it costs that there are
// several. Where they share the cores of one machine they are not faster than one.
func threeNodes(dir string) *peer {
	p := loamPostgres(dir, "loam-postgres-three")
	p.about, p.nodes = "three servers of loam serve on one PostgreSQL database", 3
	command := p.command
	p.command = func(addr string) []string { return append(command(addr), "--data", filepath.Join(p.data, addr)) }
	return p
}

func onDatabase(ctx context.Context, p *peer, sql string) error {
	db, err := pgx.Connect(ctx, p.database.url)
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	_, err = db.Exec(ctx, sql)
	return err
}

func loamSignIn(ctx context.Context, p *peer) error {
	var out struct{ AccessToken string }
	err := p.call(ctx, "POST", "/auth/sign-in", map[string]string{"email": email, "password": password}, &out)
	p.token = out.AccessToken
	return err
}

// loamFill makes the user and the rows over the API.
func loamFill(ctx context.Context, p *peer) error {
	var user struct{ AccessToken string }
	err := p.call(ctx, "POST", "/auth/sign-up", map[string]string{"email": email, "password": password, "name": "Ada"}, &user)
	if err != nil {
		return err
	}
	p.token = user.AccessToken
	if p.rows.People, err = p.create(ctx, "people", people, func(i int) map[string]string {
		return map[string]string{"name": fmt.Sprintf("Person %d", i)}
	}); err != nil {
		return err
	}
	if p.rows.Projects, err = p.create(ctx, "projects", projects, func(i int) map[string]string {
		return map[string]string{"name": fmt.Sprintf("Project %d", i)}
	}); err != nil {
		return err
	}
	p.rows.Tasks, err = p.create(ctx, "tasks", projects*tasks, func(i int) map[string]string {
		return map[string]string{
			"title": title(i), "body": body, "status": status(i),
			"projectId": p.rows.project(i), "assigneeId": p.rows.person(i),
		}
	})
	return err
}

// create posts n rows, many at once so that they share commits, and returns
// their ids.
func (p *peer) create(ctx context.Context, path string, n int, row func(int) map[string]string) ([]string, error) {
	list := make([]string, n)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(32)
	for i := range n {
		group.Go(func() error {
			var out struct{ ID string }
			err := p.call(ctx, "POST", "/api/"+path, row(i), &out)
			list[i] = out.ID
			return err
		})
	}
	return list, group.Wait()
}
