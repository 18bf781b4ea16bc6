package graphql

import (
	"context"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// FuzzDocument: any text is refused with errors, or is a document whose reads
// are refused for want of a caller; nothing panics, nothing takes long.
func FuzzDocument(f *testing.F) {
	s, diags := schema.Parse("schema.graphql", `
type Task @model @auth(rules: [{ allow: member }]) { title: String! points: Int place: Place parent: Task @belongsTo(fields: ["parentId"]) parentId: ID }
type Place { city: String }`)
	if diags.HasErrors() {
		f.Fatal(diags)
	}
	api, diags := NewAPI(s, Native)
	if diags.HasErrors() {
		f.Fatal(diags)
	}
	policy, diags := access.NewPolicy(s)
	if diags.HasErrors() {
		f.Fatal(diags)
	}
	// Nobody is signed in, so that no read gets as far as the engine.
	service, err := data.New(s, policy, store.New(nil, s, time.Now), make([]byte, 32), data.DefaultLimits, time.Now)
	if err != nil {
		f.Fatal(err)
	}
	x, err := New(api, service, false)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		`{ listTasks(limit: 2, filter: {title: {eq: "a"}}) { items { id ...f parent { title } } nextToken } } fragment f on Task { place { city } }`,
		`mutation($i: CreateTaskInput!) { createTask(input: $i) { id } }`,
		`{ __schema { types { name fields(includeDeprecated: true) { name args { defaultValue type { ofType { name } } } } } } __type(name: "Task") { kind } }`,
		`query a { x: getTask(id: "1") @skip(if: true) { id } } query b { aggregateTasks(groupBy: [title]) { count sum { points } } }`,
		`subscription { onCreateTask { id } }`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		answer := x.Execute(context.Background(), &access.Principal{}, &Request{Query: text, Variables: map[string]any{"i": map[string]any{"title": "x"}}})
		if _, err := answer.JSON(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Fatalf("took %s", took)
		}
	})
}
