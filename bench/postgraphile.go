package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/jackc/pgx/v5"

	"github.com/loam-dev/loam/bench/process"
)

// postgraphile is PostGraphile as it comes, on the tables of the bare handler: a token
// says which organization its bearer is in, and row-level security shows them its rows.
// It writes no change log.
func postgraphile(dir string) *peer {
	home := filepath.Join(dir, "postgraphile")
	p := barePostgres(dir)
	p.name, p.about = "postgraphile", "PostGraphile 4 as it comes, with row-level security by organization"
	p.data = filepath.Join(dir, "postgraphile-data")
	tables, seed := p.build, p.seed
	p.build = func(ctx context.Context) error {
		if err := os.CopyFS(home, os.DirFS(here("postgraphile"))); err != nil {
			return err
		}
		if err := process.Run(ctx, "npm", "ci", "--prefix", home, "--no-audit", "--no-fund", "--loglevel=error"); err != nil {
			return err
		}
		return tables(ctx)
	}
	p.seed = func(ctx context.Context) error {
		if err := seed(ctx); err != nil {
			return err
		}
		db, err := pgx.Connect(ctx, p.database.url)
		if err != nil {
			return err
		}
		defer db.Close(ctx)
		_, err = db.Exec(ctx, membership)
		return err
	}
	p.env = []string{"PATH=" + os.Getenv("PATH"), "NODE_ENV=production"}
	p.command = func(addr string) []string {
		host, port, _ := net.SplitHostPort(addr)
		return []string{filepath.Join(home, "node_modules", ".bin", "postgraphile"), "--connection", p.database.url, "--schema", "public",
			"--host", host, "--port", port, "--jwt-secret", fileKey, "--jwt-role", "role", "--disable-graphiql", "--disable-query-log", "--dynamic-json"}
	}
	p.signIn = func(context.Context, *peer) (err error) {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(fileKey)}, nil)
		if err != nil {
			return err
		}
		p.token, err = jwt.Signed(signer).Claims(map[string]any{"aud": "postgraphile", "role": "member", "org": "the-one", "exp": time.Now().Add(time.Hour).Unix()}).Serialize()
		return err
	}
	p.asks = postgraphileRequests
	return p
}

// membership is what its users are told to write: a role, policies by what the token
// says, and columns that fill themselves.
var membership = `CREATE ROLE member; GRANT member TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON task, project, person TO member;
ALTER TABLE task ADD UNIQUE (id); ALTER TABLE task ALTER id SET DEFAULT gen_random_uuid()::text, ALTER _version SET DEFAULT 1,
	ALTER "createdAt" SET DEFAULT now(), ALTER "updatedAt" SET DEFAULT now(), ALTER _org SET DEFAULT current_setting('jwt.claims.org');
` + strings.Join([]string{policy("task"), policy("project"), policy("person")}, "\n")

func policy(table string) string {
	return fmt.Sprintf(`ALTER TABLE %[1]s ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON %[1]s USING (_org = current_setting('jwt.claims.org', true));`, table)
}

const taskFields = `{ id title body status projectId assigneeId createdAt updatedAt version: _version }`

// postgraphileRequests ask for the same in its schema.
func postgraphileRequests(p *peer, name string) asked {
	a := asked{status: 200}
	add := func(query string, variables map[string]any) {
		a.requests = append(a.requests, raw("POST", "/graphql", p.token, map[string]any{"query": query, "variables": variables}))
	}
	switch name {
	case "get":
		for i := range distinct {
			add(`query Task($id: String!) { taskById(id: $id) `+taskFields+` }`, map[string]any{"id": p.rows.task(i)})
		}
	case "list":
		for _, project := range p.rows.Projects {
			add(`query Tasks($project: String!) { allTasks(condition: { projectId: $project, status: "TODO" }, orderBy: CREATED_AT_DESC, first: 30) { nodes `+taskFields+` } }`,
				map[string]any{"project": project})
		}
	case "nested":
		add(`query Board { allProjects(first: 20) { nodes { id name
			tasksByOrgAndProjectId(orderBy: CREATED_AT_DESC, first: 10) { nodes { id title createdAt personByOrgAndAssigneeId { id name } } } } } }`, nil)
	case "create":
		for i := range distinct {
			add(`mutation Create($task: TaskInput!) { createTask(input: { task: $task }) { task `+taskFields+` } }`, map[string]any{"task": map[string]any{
				"title": title(i), "body": body, "status": "TODO", "projectId": p.rows.project(i), "assigneeId": p.rows.person(i)}})
		}
	}
	return a
}
