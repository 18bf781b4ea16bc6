package schema

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestConfig(t *testing.T) {
	source := `
name: Tracker
tenancy: off
auth:
  email: { confirm: none }
  sessions:
    accessToken: 5m # short
    refreshToken: 7d
api:
  graphql: amplify
  cors:
    origins: [https://app.example.com, "http://localhost:5173/"]
  limits: {body: 2MiB, pageSize: 500, depth: 5, filter: 50, batch: 20, timeout: 30s}
`
	c, ds := ParseConfig("loam.yaml", source)
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	want := Config{Name: "Tracker", Auth: AuthConfig{Confirm: "none", AccessToken: 5 * time.Minute, RefreshToken: 7 * 24 * time.Hour},
		API: APIConfig{GraphQL: "amplify", Origins: []string{"https://app.example.com", "http://localhost:5173"},
			Limits: APILimits{Body: 2 << 20, PageSize: 500, Depth: 5, Filter: 50, Batch: 20, Timeout: 30 * time.Second}}}
	got, _ := json.Marshal(c)
	expected, _ := json.Marshal(want)
	if string(got) != string(expected) {
		t.Errorf("got %s\nwant %s", got, expected)
	}
	for _, empty := range []string{"", "# only a comment\n", "---\n", "auth:\n", "api: {}\n"} {
		c, ds := ParseConfig("loam.yaml", empty)
		if len(ds) > 0 {
			t.Fatalf("%q: %v", empty, ds)
		}
		got, _ := json.Marshal(c)
		expected, _ := json.Marshal(DefaultConfig())
		if string(got) != string(expected) {
			t.Errorf("%q: got %s\nwant %s", empty, got, expected)
		}
	}
	if d := DefaultConfig(); !d.Organizations || d.Auth.AccessToken != 15*time.Minute || d.API.Limits.Body != 1<<20 {
		t.Errorf("defaults are %+v", d)
	}
}

func TestBrokenConfig(t *testing.T) {
	files, _ := filepath.Glob("testdata/config/*.yaml")
	if len(files) < 10 {
		t.Fatalf("only %d broken files", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			source := read(t, file)
			c, ds := ParseConfig("loam.yaml", source)
			if c != nil || !ds.HasErrors() {
				t.Fatalf("accepted: %+v", c)
			}
			for _, d := range ds {
				if d.Suggestion == "" {
					t.Errorf("%v does not say what to write instead", d)
				}
			}
			var out bytes.Buffer
			if err := ds.Format(&out, source, false); err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", out.String())
		})
	}
}

// TestPublished holds what is published against the tables that it is made of.
func TestPublished(t *testing.T) {
	golden(t, "loam.schema.json", string(ConfigSchema()))
	golden(t, "../../docs/reference/schema.md", Reference())
	golden(t, "../../docs/reference/configuration.md", ConfigReference())
	for _, s := range settings() {
		var node any
		if err := json.Unmarshal(ConfigSchema(), &node); err != nil {
			t.Fatal(err)
		}
		for key := range strings.SplitSeq(s.path, ".") {
			node = node.(map[string]any)["properties"].(map[string]any)[key]
			if node == nil {
				t.Fatalf("the JSON Schema lacks %s", s.path)
			}
		}
	}
	for _, d := range directiveSpecs() {
		if !strings.Contains(Reference(), "@"+d.name) {
			t.Errorf("the reference lacks @%s", d.name)
		}
	}
}

func FuzzConfig(f *testing.F) {
	files, _ := filepath.Glob("testdata/config/*.yaml")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, source string) {
		c, ds := ParseConfig("loam.yaml", source)
		if (c == nil) != ds.HasErrors() {
			t.Fatalf("config %v beside %v", c, ds)
		}
		if err := ds.Format(&bytes.Buffer{}, source, true); err != nil {
			t.Fatal(err)
		}
	})
}
