package backend

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/schema"
)

// TestAllMistakesAtOnce: what the rooms find wrong with a file comes together,
// and nothing is said of what only follows from another mistake.
func TestAllMistakesAtOnce(t *testing.T) {
	c, diags := Compile("schema.graphql", `
type Task @modle @auth(rules: [{ allow: where, filter: { titel: { eq: "x" }, done: { eq: true }, project: { nope: { eq: 1 } } } }]) {
  title: String!
  done: Boolen
  project: Project @belongsTo
}
type Project @model @auth(rules: [{ allow: where, filter: { lead: { eq: "$user.nam" } } }]) { lead: String }
`, schema.StandardRoles())
	if c != nil {
		t.Fatal("compiled")
	}
	var got []string
	for _, d := range diags {
		got = append(got, d.String())
	}
	for i, want := range []string{"2:11: error: unknown directive `@modle`", "2:", "4:9: error: unknown type `Boolen`", "7:"} {
		if i >= len(got) || !strings.HasPrefix(got[i], "schema.graphql:"+want) {
			t.Fatalf("diagnostic %d is not %q:\n%s", i, want, strings.Join(got, "\n"))
		}
	}
	if len(got) != 4 || !strings.Contains(got[1], "titel") && !strings.Contains(got[1], "nope") || !strings.Contains(got[3], "$user.nam") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

// FuzzCompile: any text compiles, or says why not.
func FuzzCompile(f *testing.F) {
	for _, pattern := range []string{"../schema/testdata/broken/*.graphql", "../schema/testdata/good/*.graphql"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal(pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, source string) {
		c, diags := Compile("schema.graphql", source, schema.StandardRoles())
		if (c == nil) != diags.HasErrors() {
			t.Errorf("compiled: %v, with %v", c != nil, diags)
		}
	})
}
