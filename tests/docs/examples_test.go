package docs

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/schema"
)

// Every schema that a page shows is right as it stands.
func TestSchemas(t *testing.T) {
	checked := 0
	for _, page := range pages(t) {
		fences, _ := split(read(t, page))
		for _, f := range fences {
			if !strings.HasPrefix(f.info, "graphql") || !strings.Contains(f.text, "@model") {
				continue
			}
			checked++
			_, diags := backend.Compile(page, f.text, schema.StandardRoles())
			for _, d := range diags {
				if d.Severity == schema.Error {
					t.Errorf("%s:%d: line %d of the schema: %s", page, f.line, d.Pos.Line, d.Message)
				}
			}
		}
	}
	if checked < 5 {
		t.Errorf("%d schemas found: the pattern that finds them is wrong", checked)
	}
}

// The first page's example, and each query of the guide, work on the demo.
func TestDemo(t *testing.T) {
	addr := freeAddress(t)
	s := newShell(t, build(t), addr)
	s.serve(t, fence{text: "loam demo"})
	fences, _ := split(strings.ReplaceAll(read(t, "README.md"), "127.0.0.1:8080", addr))
	token, answered := "", false
	for i, f := range fences {
		if f.info == "sh" && strings.HasPrefix(f.text, "TOKEN=") {
			s.run(t, f, false)
			s.expect(t, fences[i+1])
			token, _ = s.send(t, `printf %s "$TOKEN"`)
			answered = true
		}
	}
	if !answered {
		t.Fatal("README.md has no example that begins with TOKEN=")
	}
	asked := 0
	for _, q := range queries(t, "docs/guides/querying.md") {
		asked++
		if complaint := ask(t, "http://"+addr, strings.TrimSpace(token), q); complaint != "" {
			t.Errorf("%s\n%s", q, complaint)
		}
	}
	if asked < 20 {
		t.Errorf("%d queries found: the pattern that finds them is wrong", asked)
	}
}

// queries are the requests of a page: "GET /api/..." and GraphQL documents of
// one line. Those with a part left out can't be asked.
func queries(t *testing.T, page string) []string {
	t.Helper()
	var found []string
	fences, _ := split(read(t, page))
	for _, f := range fences {
		for line := range strings.Lines(f.text) {
			line = strings.TrimSpace(line)
			isREST := f.info == "" && strings.HasPrefix(line, "GET ")
			isGraphQL := f.info == "graphql" && strings.HasPrefix(line, "{ ")
			if (isREST || isGraphQL) && !strings.Contains(line, "...") && !strings.Contains(line, "<") {
				found = append(found, line)
			}
		}
	}
	return found
}

// ask sends a query and says what is wrong with the answer, or nothing.
func ask(t *testing.T, url, token, q string) string {
	t.Helper()
	var r *http.Request
	var err error
	if path, isREST := strings.CutPrefix(q, "GET "); isREST {
		r, err = http.NewRequest(http.MethodGet, url+strings.ReplaceAll(path, " ", "%20"), nil)
	} else {
		var body []byte
		if body, err = json.Marshal(map[string]string{"query": q}); err == nil {
			r, err = http.NewRequest(http.MethodPost, url+"/graphql", bytes.NewReader(body))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK || bytes.Contains(text, []byte(`"errors"`)) {
		return answer.Status + " " + string(text)
	}
	return ""
}
