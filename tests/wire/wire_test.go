// Package wire holds the server to the vectors that the TypeScript client is held to
// as well: what a call sends, and what comes back.
package wire

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

var update = flag.Bool("update", false, "write down what the server answers; then run the tests of sdk/js with LOAM_UPDATE=1")

// vector is one call. Its request is what the client makes of it.
type vector struct {
	Name    string          `json:"name"`
	As      string          `json:"as,omitempty"`
	Call    json.RawMessage `json:"call"`
	Request struct {
		Method  string            `json:"method"`
		Path    string            `json:"path"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body,omitempty"`
	} `json:"request"`
	Answer struct {
		Status int `json:"status"`
		Body   any `json:"body,omitempty"`
	} `json:"answer"`
	Value json.RawMessage `json:"value,omitempty"`
	Error json.RawMessage `json:"error,omitempty"`
}

func TestGoldenVectors(t *testing.T) {
	source, err := os.ReadFile("schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	s := testkit.New(t, string(source))
	callers := map[string]*testkit.Client{"": s.SignUp("ada@example.com").Join("mia@example.com", "member"), "nobody": s.Anonymous()}
	cursor := ""
	for _, file := range []string{"writes.json", "reads.json"} { // the rows that are read were written
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var vectors []vector
		if err := json.Unmarshal(text, &vectors); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for i := range vectors {
			v := &vectors[i]
			var body any
			if v.Request.Body != nil {
				body = []byte(v.Request.Body)
			}
			var headers []string
			for name, value := range v.Request.Headers {
				headers = append(headers, name, strings.Replace(value, "*", v.Name, 1))
			}
			r := callers[v.As].Do(v.Request.Method, strings.Replace(v.Request.Path, "%24cursor", cursor, 1), body, headers...)
			var got any
			if len(r.Body) > 0 {
				got = r.Value()
				if next := r.String("nextCursor"); next != "" {
					cursor = next
				}
			}
			if *update {
				v.Answer.Status, v.Answer.Body = r.StatusCode, settled(got)
				continue
			}
			if r.StatusCode != v.Answer.Status || !alike(v.Answer.Body, got) {
				want, _ := json.Marshal(v.Answer)
				t.Errorf("%s: %s\n%s %s\nanswers %d %s\nwant %s", file, v.Name, v.Request.Method, v.Request.Path, r.StatusCode, r.Body, want)
			}
		}
		if *update {
			write(t, file, vectors)
		}
	}
}

// settled puts * in the place of what is another with every run.
func settled(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			switch key {
			case "createdAt", "updatedAt", "requestId", "nextCursor":
				if value != nil {
					v[key] = "*"
					continue
				}
			}
			v[key] = settled(value)
		}
	case []any:
		for i := range v {
			v[i] = settled(v[i])
		}
	}
	return v
}

// alike compares an answer with what is wanted, where * is any text.
func alike(want, got any) bool {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok || len(object) != len(want) {
			return false
		}
		for key, value := range want {
			if other, has := object[key]; !has || !alike(value, other) {
				return false
			}
		}
		return true
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return false
		}
		for i := range want {
			if !alike(want[i], list[i]) {
				return false
			}
		}
		return true
	case string:
		text, ok := got.(string)
		return ok && (want == "*" && text != "" || want == text)
	}
	return want == got
}

func write(t *testing.T, file string, vectors []vector) {
	t.Helper()
	var out bytes.Buffer
	out.WriteString("[\n")
	for i, v := range vectors {
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		out.WriteString("  ")
		if err := encoder.Encode(v); err != nil {
			t.Fatal(err)
		}
		if i < len(vectors)-1 {
			out.Truncate(out.Len() - 1)
			out.WriteString(",\n")
		}
	}
	out.WriteString("]\n")
	if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
