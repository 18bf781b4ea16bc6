package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := read(t, path); got != want {
		t.Errorf("%s differs:\n%s\n--- want\n%s", path, got, want)
	}
}

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
limits:
  request: {body: 2MiB, pageSize: 500, depth: 5, filter: 50, batch: 20, timeout: 30s}
`
	c, ds := Parse("loam.yaml", source, Environment{})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	want := Default()
	want.Name, want.Organizations = "Tracker", false
	want.Auth.Sessions.AccessToken, want.Auth.Sessions.RefreshToken = 5*time.Minute, 7*24*time.Hour
	want.API = APIConfig{GraphQL: "amplify", Origins: []string{"https://app.example.com", "http://localhost:5173"}}
	want.Limits.Request = RequestLimits{Body: 2 << 20, PageSize: 500, Depth: 5, Filter: 50, Batch: 20, Timeout: 30 * time.Second}
	got, _ := json.Marshal(c)
	expected, _ := json.Marshal(want)
	if string(got) != string(expected) {
		t.Errorf("got %s\nwant %s", got, expected)
	}
	for _, empty := range []string{"", "# only a comment\n", "---\n", "auth:\n", "api: {}\n"} {
		c, ds := Parse("loam.yaml", empty, Environment{})
		if len(ds) > 0 {
			t.Fatalf("%q: %v", empty, ds)
		}
		got, _ := json.Marshal(c)
		expected, _ := json.Marshal(Default())
		if string(got) != string(expected) {
			t.Errorf("%q: got %s\nwant %s", empty, got, expected)
		}
	}
	if d := Default(); !d.Organizations || d.Auth.Sessions.AccessToken != 15*time.Minute || d.Limits.Request.Body != 1<<20 {
		t.Errorf("defaults are %+v", d)
	}
}

func TestGoldenBroken(t *testing.T) {
	files, _ := filepath.Glob("testdata/broken/*.yaml")
	if len(files) < 10 {
		t.Fatalf("only %d broken files", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			source := read(t, file)
			c, ds := Parse("loam.yaml", source, Environment{})
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

// TestReference holds what is published against the tables that it is made of.
func TestReference(t *testing.T) {
	golden(t, "loam.schema.json", string(JSONSchema()))
	golden(t, "../../docs/reference/configuration.md", Reference())
	for _, s := range settings() {
		var node any
		if err := json.Unmarshal(JSONSchema(), &node); err != nil {
			t.Fatal(err)
		}
		for key := range strings.SplitSeq(s.path, ".") {
			if key == "*" {
				node = node.(map[string]any)["additionalProperties"]
			} else {
				node = node.(map[string]any)["properties"].(map[string]any)[key]
			}
			if node == nil {
				t.Fatalf("the JSON Schema lacks %s", s.path)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/broken/*.yaml")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, source string) {
		c, ds := Parse("loam.yaml", source, Environment{})
		if (c == nil) != ds.HasErrors() {
			t.Fatalf("config %v beside %v", c, ds)
		}
		if err := ds.Format(&bytes.Buffer{}, source, true); err != nil {
			t.Fatal(err)
		}
	})
}
