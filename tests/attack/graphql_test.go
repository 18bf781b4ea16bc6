package attack

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/testkit"
)

// refusedFast demands that a document is refused before it runs, and soon.
func refusedFast(t *testing.T, c *testkit.Client, name, query, code string) {
	t.Helper()
	start := time.Now()
	r := c.GraphQL(query, nil)
	took := time.Since(start)
	if r.Value("data") != nil || r.String("errors", 0, "extensions", "code") != code {
		t.Errorf("%s: %d %.300s", name, r.StatusCode, r.Body)
	}
	if took > 5*time.Second {
		t.Errorf("%s: took %s", name, took)
	}
}

func TestAttack053_DeepAndCyclicDocuments(t *testing.T) {
	_, ada, _ := two(t)
	const tooComplex = "query/too_complex"
	deep := strings.Repeat("project { tasks { items { ", 40) + "id" + strings.Repeat(" } } }", 40)
	refusedFast(t, ada, "deep", "{ listTasks { items { "+deep+" } } }", tooComplex)
	refusedFast(t, ada, "cycle", "{ listTasks { items { ...a } } } fragment a on Task { id ...b } fragment b on Task { ...a }", tooComplex)
	refusedFast(t, ada, "self", "{ listTasks { items { ...a } } } fragment a on Task { id ...a }", tooComplex)
	var fan strings.Builder
	fan.WriteString("{ listTasks { items { ...f0 } } } ")
	for i := range 40 {
		fmt.Fprintf(&fan, "fragment f%d on Task { id ...f%d ...f%d } ", i, i+1, i+1)
	}
	fan.WriteString("fragment f40 on Task { id }")
	refusedFast(t, ada, "fan-out", fan.String(), tooComplex)
	refusedFast(t, ada, "repeated", "{ listTasks { items { "+strings.Repeat("id ", 50000)+"} } }", tooComplex)
	refusedFast(t, ada, "directives", "{ listTasks { items { id "+strings.Repeat("@include(if: true) ", 5000)+"} } }", tooComplex)
	refusedFast(t, ada, "nested values", "{ listTasks(filter: "+strings.Repeat("{and: [", 900)+"{}"+strings.Repeat("]}", 900)+") { items { id } } }", tooComplex)
}

func TestAttack054_Aliases(t *testing.T) {
	_, ada, _ := two(t)
	var roots, fields strings.Builder
	for i := range 200 {
		fmt.Fprintf(&roots, "a%d: listTasks { items { id } } ", i)
		fmt.Fprintf(&fields, "a%d: title ", i)
	}
	refusedFast(t, ada, "roots", "{"+roots.String()+"}", "query/too_complex")
	refusedFast(t, ada, "fields", "{ listTasks { items {"+fields.String()+"} } }", "query/too_complex")
	// Pages multiply: a small document must not ask for millions of rows.
	r := ada.GraphQL("{ listProjects(limit: 1000) { items { tasks(limit: 1000) { items { project { tasks(limit: 1000) { items { id } } } } } } } }", nil)
	if r.String("errors", 0, "extensions", "code") != "query/too_complex" {
		t.Errorf("pages of pages: %.300s", r.Body)
	}
}

func TestAttack056_NoIntrospection(t *testing.T) {
	_, ada, _ := two(t, testkit.Production)
	for _, query := range []string{
		"{ __schema { types { name } } }",
		`{ __type(name: "Project") { fields { name } } }`,
		`{ ...f } fragment f on Query { x: __type(name: "Project") { name } }`,
	} {
		r := ada.GraphQL(query, nil)
		if strings.Contains(string(r.Body), "secret") || strings.Contains(string(r.Body), `"name"`) {
			t.Errorf("%s: %s", query, r.Body)
		}
	}
	for _, query := range []string{"{ listProjects { items { secre } } }", "{ listProject { items { id } } }", "{ listProjects(limt: 3) { items { id } } }", `mutation { createProject(input: {nme: "x"}) { id } }`} {
		r := ada.GraphQL(query, nil)
		if strings.Contains(string(r.Body), "Did you mean") {
			t.Errorf("%s: %s", query, r.Body)
		}
	}
}

func TestAttack057_AliasOfHiddenField(t *testing.T) {
	_, ada, _ := two(t)
	project := ada.Do("POST", "/api/projects", map[string]any{"name": "x", "secret": canary}).Want(201).String("id")
	ada.Do("POST", "/api/tasks", map[string]any{"title": "x", "projectId": project}).Want(201)
	bob := ada.Join("bob@example.com", "member")
	r := silent(t, bob.GraphQL("{ listProjects { items { id innocent: secret } } }", nil)).Want(200)
	if r.String("errors", 0, "errorType") != "Unauthorized" || r.Len("data", "listProjects", "items") != 1 {
		t.Errorf("%s", r.Body)
	}
	silent(t, bob.GraphQL("{ listTasks { items { project { x: secret } } } }", nil))
	silent(t, bob.Get("/api/projects"))
	bob.Get("/api/projects?fields=id,secret").WantCode(403, "access/field_denied")
	bob.Get("/api/tasks?include=project&fields=id,project.secret").WantCode(403, "access/field_denied")
}

func TestAttack059_MutationByGet(t *testing.T) {
	_, ada, _ := two(t)
	ada.Get(`/graphql?query=mutation%7BcreateTask(input:%7Btitle:%22x%22%7D)%7Bid%7D%7D`).Want(405)
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""} {
		ada.Do("POST", "/graphql", `{"query":"mutation { createTask(input: {title: \"x\"}) { id } }"}`, "Content-Type", kind).Want(415)
		ada.Do("POST", "/api/tasks", `{"title":"x"}`, "Content-Type", kind).Want(415)
	}
	if n := ada.Get("/api/tasks").Len("items"); n != 0 {
		t.Errorf("%d tasks were made", n)
	}
}

func TestAttack060_PersistedQueriesOfOthers(t *testing.T) {
	_, ada, eve := two(t)
	query := "{ listTasks { items { id } } }"
	sum := sha256.Sum256([]byte(query))
	hash := map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hex.EncodeToString(sum[:])}}
	ada.Do("POST", "/graphql", map[string]any{"query": query, "extensions": hash}).Want(200)
	if r := ada.Do("POST", "/graphql", map[string]any{"extensions": hash}).Want(200); r.Value("data", "listTasks") == nil {
		t.Errorf("one's own: %s", r.Body)
	}
	if r := eve.Do("POST", "/graphql", map[string]any{"extensions": hash}); r.String("errors", 0, "message") != "PersistedQueryNotFound" {
		t.Errorf("another's: %s", r.Body)
	}
	wrong := map[string]any{"persistedQuery": map[string]any{"sha256Hash": strings.Repeat("0", 64)}}
	ada.Do("POST", "/graphql", map[string]any{"query": query, "extensions": wrong}).Want(400)
}

// A request is one document: an array of them would be counted as one.
func TestAttack055_ArrayOfDocuments(t *testing.T) {
	_, ada, _ := two(t)
	one := `{"query":"mutation { createTask(input: {title: \"x\"}) { id } }"}`
	ada.Do("POST", "/graphql", "["+one+","+one+"]").Want(400)
	if n := ada.Get("/api/tasks").Len("items"); n != 0 {
		t.Errorf("%d tasks were made", n)
	}
}
