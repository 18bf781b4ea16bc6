package schema

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestAmplifyNames holds the names of models, fields, keys and operations
// against what Amplify's own transformer makes of the same files.
func TestAmplifyNames(t *testing.T) {
	outputs, err := filepath.Glob("../../tests/amplify/testdata/*.appsync.graphql")
	if err != nil || len(outputs) < 5 {
		t.Fatalf("only %d schemas to compare with: %v", len(outputs), err)
	}
	for _, output := range outputs {
		input := strings.TrimSuffix(output, ".appsync.graphql") + ".graphql"
		t.Run(filepath.Base(input), func(t *testing.T) {
			s := check(t, input, read(t, input))
			want := printedTypes(read(t, output))
			for _, m := range s.Models {
				for name := range want[m.Name] {
					known := m.Field(name) != nil || slices.ContainsFunc(m.Fields, func(f *Field) bool { return f.Alias == name })
					if !known {
						t.Errorf("%s has no field %s", m.Name, name)
					}
				}
			}
			roots := map[string][]string{}
			for _, m := range s.Models {
				roots["Query"] = append(roots["Query"], m.Ops.Get, m.Ops.List)
				roots["Mutation"] = append(roots["Mutation"], m.Ops.Create, m.Ops.Update, m.Ops.Delete)
				roots["Subscription"] = slices.Concat(roots["Subscription"], m.Ops.OnCreate, m.Ops.OnUpdate, m.Ops.OnDelete)
				for _, x := range m.Indexes {
					roots["Query"] = append(roots["Query"], x.QueryField)
				}
			}
			for root, names := range roots {
				for _, name := range names {
					if name != "" && !want[root][name] {
						t.Errorf("Amplify has no %s.%s", root, name)
					}
				}
				for name := range want[root] {
					if !slices.Contains(names, name) {
						t.Errorf("%s.%s is missing", root, name)
					}
				}
			}
		})
	}
}

// printedTypes reads the names of types and their fields out of a printed schema.
func printedTypes(sdl string) map[string]map[string]bool {
	types := map[string]map[string]bool{}
	field := regexp.MustCompile(`(?m)^  (\w+)`)
	for _, m := range regexp.MustCompile(`(?s)\n?type (\w+)[^{]*\{(.*?)\n\}`).FindAllStringSubmatch(sdl, -1) {
		types[m[1]] = map[string]bool{}
		for _, f := range field.FindAllStringSubmatch(m[2], -1) {
			types[m[1]][f[1]] = true
		}
	}
	return types
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
