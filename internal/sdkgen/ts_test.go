package sdkgen

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCodes holds the runtime's codes against the catalog.
func TestGoldenCodes(t *testing.T) {
	golden(t, "../../sdk/js/src/codes.ts", tsCodes())
	golden(t, "tsruntime/codes.d.ts", tsCodeTypes())
}

func golden(t *testing.T, path string, made []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(have, made) {
		t.Errorf("%s is not what is made (%v); look at the difference after go test -update", path, err)
	}
}

// What these make is compiled by the tests of sdk/js.
func TestTypeScriptGoldens(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*.graphql")
	if err != nil || len(inputs) < 4 {
		t.Fatalf("%d schemas: %v", len(inputs), err)
	}
	for _, path := range append(inputs, "testdata/ts/torture.graphql", "../../examples/tracker/schema.graphql") {
		name := strings.TrimSuffix(filepath.Base(path), ".graphql")
		if name == "schema" {
			name = "example"
		}
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files := TypeScript(load(t, name, string(text)), TSOptions{Packages: true})
			if len(files) != 1 || files[0].Name != "index.ts" {
				t.Fatalf("%d files", len(files))
			}
			golden(t, filepath.Join("testdata/ts", name+".ts"), files[0].Text)
			again := TypeScript(load(t, name, string(text)), TSOptions{})
			if text := bytes.ReplaceAll(again[0].Text, []byte("./runtime/index.js"), []byte("@loam/client")); !bytes.Equal(text, files[0].Text) {
				t.Error("the same schema made two clients")
			}
			with := TypeScript(load(t, name, string(text)), TSOptions{React: true})
			for _, f := range with {
				if !IsMade(f.Text) {
					t.Errorf("%s has no header", f.Name)
				}
			}
		})
	}
}

// These are compiled by the tests of sdk/react.
func TestReactGoldens(t *testing.T) {
	text, err := os.ReadFile("testdata/keys.graphql")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range TypeScript(load(t, "keys", string(text)), TSOptions{Packages: true, React: true}) {
		golden(t, "testdata/react/"+f.Name, f.Text)
	}
	files := TypeScript(load(t, "names", "type News @model @auth(rules: [{ allow: member }]) { text: String }"), TSOptions{React: true})
	for _, want := range []string{"useList: useNews,", "useOne: useNews_,"} {
		if !strings.Contains(string(files[1].Text), want) {
			t.Errorf("%s lacks %s:\n%s", files[1].Name, want, files[1].Text)
		}
	}
}

// Generating is a part of each save in loam dev.
func TestTypeScriptIsQuick(t *testing.T) {
	var text strings.Builder
	for i := range 100 {
		fmt.Fprintf(&text, "type Model%d @model @auth(rules: [{ allow: member }]) {\n  next: Model%d @belongsTo\n", i, (i+1)%100)
		for j := range 30 {
			fmt.Fprintf(&text, "  field%d: String\n", j)
		}
		text.WriteString("}\n")
	}
	s := load(t, "large", text.String())
	began := time.Now()
	files := TypeScript(s, TSOptions{})
	took := time.Since(began)
	t.Logf("100 models of 30 fields: %d KiB in %s", len(files[0].Text)>>10, took)
	if took > 200*time.Millisecond && !raceDetector {
		t.Errorf("a client of 100 models took %s", took)
	}
}
