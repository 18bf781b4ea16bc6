package store

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

var sqlWrites = []struct {
	name  string
	write query.Write
	once  *Once
}{
	{"create", query.Write{Model: "Project", Op: query.Create, Input: object{"name": "a", "archived": false, "leadId": "u2"}}, nil},
	{"create, once", query.Write{Model: "Country", Op: query.Create, Input: object{"code": "FI", "region": "EU"}}, &Once{Caller: "o1 u1", Key: "k", Request: []byte("r")}},
	{"create under a rule on another row", query.Write{Model: "Task", Op: query.Create, Input: object{"title": "a", "status": "TODO", "projectId": "p1", "tags": []any{"x"}}}, nil},
	{"update", query.Write{Model: "Project", Op: query.Update, Key: object{"id": "p1"}, Input: object{"name": "b"}, Condition: object{"archived": query.Text("false")}}, nil},
	{"delete", query.Write{Model: "Project", Op: query.Delete, Key: object{"id": "p1"}}, nil},
	{"upsert", query.Write{Model: "Project", Op: query.Upsert, Key: object{"id": "p1"}, Input: object{"id": "p1", "name": "b", "archived": true}}, nil},
}

// TestGoldenWrites holds the SQL of writes: what is locked, and in which order it
// is asked and changed.
func TestGoldenWrites(t *testing.T) {
	for name, dialect := range dialects {
		t.Run(name, func(t *testing.T) { goldenWrites(t, name, dialect) })
	}
}

func goldenWrites(t *testing.T, name string, dialect Dialect) {
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
	for _, c := range sqlWrites {
		now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		bound, err := query.BindWrite(s, &c.write, query.Stamp{Now: form.Stamp(now), ID: func() string { return "new" }}, query.DefaultLimits)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		grant, err := policy.Write(by, bound)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		fmt.Fprintf(&out, "-- %s\n", c.name)
		e := recording{dialectOnly{dialect: dialect}, &out}
		_, _ = New(e, s, func() time.Time { return now }).Write(t.Context(), []access.WriteGrant{grant}, c.once)
		out.WriteByte('\n')
	}
	golden(t, "writes."+name+".sql", out.String())
}

// recording is an engine that answers each statement with one row, and writes
// down its text.
type recording struct {
	dialectOnly
	out *strings.Builder
}

func (e recording) Write(_ context.Context, fn func(Conn) error) error { return fn(e) }

func (e recording) WriteRows(ctx context.Context, fn func(Conn) error) error { return e.Write(ctx, fn) }

func (e recording) Enter(string) {}

func (e recording) Script(string) error { return nil }

func (e recording) Query(sql string, _ []any, fn func(Row) error) error {
	fmt.Fprintln(e.out, sql)
	return fn(anyRow{})
}

func (e recording) Exec(sql string, _ ...any) (int64, error) {
	fmt.Fprintln(e.out, sql)
	return 1, nil
}

func (e recording) Await(sql string, args []any, fn func(Row) error, then func(error) error) error {
	return then(e.Query(sql, args, fn))
}

func (e recording) Later(sql string, args ...any) error { _, err := e.Exec(sql, args...); return err }

func (e recording) Sum(sql, key string, a, b int64) error { return e.Later(sql, key, a, b) }

type anyRow struct{}

func (anyRow) Null(int) bool     { return false }
func (anyRow) Text(int) string   { return "x" }
func (anyRow) Bytes(int) []byte  { return []byte("{}") }
func (anyRow) Int(int) int64     { return 1 }
func (anyRow) Float(int) float64 { return 1 }
func (anyRow) Bool(int) bool     { return true }
