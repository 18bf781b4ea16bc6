package store

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

var update = flag.Bool("update", false, "rewrite the goldens")

const sqlSchema = `
type Project @model @auth(rules: [{ allow: member }]) {
  name: String!
  archived: Boolean!
  budget: Float @auth(rules: [{ allow: member, roles: ["owner"] }, { allow: where, filter: { leadId: { eq: "$user.id" } } }])
  lead: User @belongsTo
  tasks: [Task] @hasMany
}
type Task @model @search(fields: ["title", "body"]) @auth(rules: [
  { allow: owner }
  { allow: where, filter: { project: { leadId: { eq: "$user.id" } } } }
]) {
  title: String!
  body: String
  points: Int
  status: Status!
  place: Place
  tags: [String!]
  slug: String @unique
  project: Project! @belongsTo
}
type Country @model(scope: GLOBAL, timestamps: null) @auth(rules: [{ allow: private }]) {
  code: String! @primaryKey(sortKeyFields: ["region"])
  region: String!
  name: String
}
type Place { city: String! at: [Float!] }
enum Status { TODO DONE }
`

type object = map[string]any

var sqlReads = []struct {
	name string
	read query.Read
}{
	{"get", query.Read{Model: "Project", Op: query.Get, Key: object{"id": "p1"}}},
	{"get under two rules", query.Read{Model: "Task", Op: query.Get, Key: object{"id": "t1"}}},
	{"get by a composite key", query.Read{Model: "Country", Op: query.Get, Key: object{"code": "FI", "region": "EU"}}},
	{"list", query.Read{Model: "Project", Op: query.List}},
	{"list, filtered and sorted", query.Read{Model: "Task", Op: query.List, Limit: 30,
		Filter: object{"status": "TODO", "points": object{"ge": query.Text("3")}}, Sort: []query.Sort{{Field: "points", Desc: true}, {Field: "title"}}}},
	{"every operator", query.Read{Model: "Task", Op: query.List, Filter: object{
		"title": object{"beginsWith": "a", "contains": "b", "notContains": "c", "size": object{"gt": query.Text("3")}},
		"body":  object{"isNull": false, "ne": "x"}, "points": object{"between": []any{query.Text("1"), query.Text("9")}},
		"status": object{"in": []any{"TODO", "DONE"}}, "tags": object{"contains": "red", "size": object{"eq": query.Text("2")}},
		"slug": object{"notIn": []any{"a", "b"}},
	}}},
	{"and, or, not", query.Read{Model: "Task", Op: query.List, Filter: object{
		"or": []any{object{"points": query.Text("1")}, object{"not": object{"points": query.Text("2")}}}}}},
	{"through relations", query.Read{Model: "Project", Op: query.List, Filter: object{"tasks": object{"title": "x", "project": object{"name": "y"}}}}},
	{"a field behind a rule", query.Read{Model: "Project", Op: query.List, Filter: object{"not": object{"budget": object{"gt": query.Text("5")}}}}},
	{"nested", query.Read{Model: "Project", Op: query.List, Limit: 20, Select: []query.Field{
		{Name: "id"}, {Name: "archived"}, {Name: "lead"}, {Name: "tasks", Read: &query.Read{Limit: 10, Sort: []query.Sort{{Field: "createdAt", Desc: true}},
			Select: []query.Field{{Name: "title"}, {Name: "project", Read: &query.Read{Select: []query.Field{{Name: "name"}}}}}}}}}},
	{"nested, in an index's order", query.Read{Model: "Project", Op: query.List, Limit: 20, Select: []query.Field{
		{Name: "tasks", Read: &query.Read{Limit: 10, Select: []query.Field{{Name: "title"}, {Name: "project", Read: &query.Read{Select: []query.Field{{Name: "budget"},
			{Name: "lead", Read: &query.Read{Select: []query.Field{{Name: "name"}}}}, {Name: "tasks", Read: &query.Read{Limit: 1, Select: []query.Field{{Name: "id"}, {Name: "project"}}}}}}}}}}}}},
	{"nested page", query.Read{Model: "Project", Op: query.List, Select: []query.Field{{Name: "tasks", As: "ts", Read: &query.Read{Limit: 5, Parts: []query.Part{
		{Kind: query.Items, As: "items", Select: []query.Field{{Name: "title"}}}, {Kind: query.NextCursor, As: "nextToken"}, {Kind: query.Total, As: "total"}, {Kind: query.Constant, As: "__typename", Literal: "TaskConnection"}}}}}}},
	{"embedded", query.Read{Model: "Task", Op: query.List, Select: []query.Field{{Name: "place", Select: []query.Field{{Name: "city", As: "town"}}}}}},
	{"search", query.Read{Model: "Task", Op: query.Search, Search: "red Fox"}},
	{"aggregate", query.Read{Model: "Task", Op: query.Aggregate, Totals: query.Totals{GroupBy: []string{"status"}, Sum: []string{"points"}, Max: []string{"createdAt"}}}},
	{"count", query.Read{Model: "Task", Op: query.List, Count: true}},
}

// TestGoldenReads holds the SQL of reads, for a reader to see that each starts
// with the tenant and that no value of a caller is part of the text.
func TestGoldenReads(t *testing.T) {
	for name, dialect := range dialects {
		t.Run(name, func(t *testing.T) { goldenReads(t, name, dialect) })
	}
}

var dialects = map[string]Dialect{"sqlite": SQLite, "postgres": PostgreSQL}

func goldenReads(t *testing.T, name string, dialect Dialect) {
	s, diags := schema.Parse("schema.graphql", sqlSchema)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	policy, diags := access.NewPolicy(s)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	by := &access.Principal{Kind: access.User, UserID: "u1", Username: "u1", Org: "o1", Role: "member"}
	var out strings.Builder
	for _, c := range sqlReads {
		bound, err := query.Bind(s, &c.read, query.DefaultLimits)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if c.read.Op == query.List && len(c.read.Sort) > 0 {
			bound.After = []any{int64(4), "m", "t9"}
		}
		grant, err := policy.Read(by, bound)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		b := (&Store{engine: dialectOnly{dialect: dialect}}).builder(by)
		b.read(grant.Node())
		fmt.Fprintf(&out, "-- %s\n%s\n", c.name, b.sql)
		for i, arg := range b.args {
			fmt.Fprintf(&out, "--   %s%d = %#v\n", b.words.mark, i+1, arg)
		}
		out.WriteByte('\n')
	}
	golden(t, "reads."+name+".sql", out.String())
}

// dialectOnly is an engine that runs nothing.
type dialectOnly struct {
	Engine
	dialect Dialect
}

func (d dialectOnly) Dialect() Dialect { return d.dialect }

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what the code makes; run go test -update and look at the difference\n%s", path, got)
	}
}
