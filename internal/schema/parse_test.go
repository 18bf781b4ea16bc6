package schema

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// check parses a schema that must have no error.
func check(t testing.TB, name, source string) *Schema {
	t.Helper()
	s, ds := Parse(filepath.Base(name), source)
	if s == nil {
		t.Fatalf("%s does not parse:\n%s", name, ds)
	}
	return s
}

// golden compares what came out with a file, or writes it.
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

// TestReference holds what is published against the tables that it is made of.
func TestReference(t *testing.T) {
	golden(t, "../../docs/reference/schema.md", Reference())
	for _, d := range directiveSpecs() {
		if !strings.Contains(Reference(), "@"+d.name) {
			t.Errorf("the reference lacks @%s", d.name)
		}
	}
}

func TestGoldenBroken(t *testing.T) {
	files, _ := filepath.Glob("testdata/broken/*.graphql")
	if len(files) < 60 {
		t.Fatalf("only %d broken schemas", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			source := read(t, file)
			s, ds := Parse("schema.graphql", source)
			if len(ds) == 0 {
				t.Fatal("no diagnostic")
			}
			if (s == nil) != ds.HasErrors() {
				t.Errorf("schema is %v beside %v", s, ds)
			}
			for _, d := range ds {
				if d.Severity == Error && d.Suggestion == "" {
					t.Errorf("%v does not say what to write instead", d)
				}
			}
			var out bytes.Buffer
			if err := ds.Format(&out, source, false); err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(file, ".graphql")+".txt", out.String())
		})
	}
}

func TestGoldenGood(t *testing.T) {
	files, _ := filepath.Glob("testdata/good/*.graphql")
	if len(files) == 0 {
		t.Fatal("no schemas")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			s, ds := Parse("schema.graphql", read(t, file))
			if len(ds) > 0 {
				t.Fatalf("diagnostics:\n%s", ds)
			}
			golden(t, strings.TrimSuffix(file, ".graphql")+".txt", s.canonical()+"\n")
		})
	}
}

func TestHash(t *testing.T) {
	base := "type A @model @auth(rules: [{ allow: member }, { allow: private }]) { a: Int b: String }\nenum E { X Y }"
	hash := check(t, "", base).Hash
	for _, same := range []string{
		"# a comment\n" + base,
		strings.ReplaceAll(base, " { a", "\n{\n# here\n a"),
		"enum E { X Y }\ntype A @model @auth(rules: [{ allow: private }, { allow: member }]) { b: String, a: Int }",
	} {
		if got := check(t, "", same).Hash; got != hash {
			t.Errorf("hash changed by %q", same)
		}
	}
	for _, change := range [][2]string{
		{"a: Int", "a: Int!"}, {"a: Int", "a: Float"}, {"Y }", "Y Z }"}, {"allow: private", "allow: public"},
		{"a: Int", "a: Int @default(value: \"1\")"}, {"@model", "@model(scope: GLOBAL)"}, {"a: Int", "a: Int @validate(type: gt, value: \"1\")"},
		{"a: Int", "a: Int @index"}, {"b: String", "b: String @unique"}, {"@model", "@model(timestamps: null)"}, {"@model", "@model(queries: null)"},
	} {
		if got := check(t, "", strings.Replace(base, change[0], change[1], 1)).Hash; got == hash {
			t.Errorf("hash kept by %v", change)
		}
	}
}

// TestGoldenFormat holds the look of a diagnostic, colours and long lines included.
func TestGoldenFormat(t *testing.T) {
	source := "\ttitel: Strin\n" + strings.Repeat("x", 500) + "\n\x1b[31m"
	ds := Diagnostics{
		{File: "schema.graphql", Pos: Pos{1, 2}, Length: 5, Message: "one", Suggestion: "two"},
		{File: "schema.graphql", Pos: Pos{2, 400}, Length: 3, Severity: Warning, Message: "far out"},
		{File: "schema.graphql", Pos: Pos{3, 1}, Length: 1, Message: "escape"},
		{File: "schema.graphql", Pos: Pos{99, 99}, Length: 1, Message: "beyond"},
	}
	var out bytes.Buffer
	if err := ds.Format(&out, source, false); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/format.txt", out.String())
	if strings.Contains(out.String(), "\x1b") {
		t.Error("an escape sequence of the file reached the terminal")
	}
	out.Reset()
	if err := ds[:1].Format(&out, source, true); err != nil || !strings.Contains(out.String(), red+"error:"+reset) {
		t.Errorf("no colour in %q (%v)", out.String(), err)
	}
}

// TestLimits: over each limit the file is refused with a diagnostic, soon.
func TestLimits(t *testing.T) {
	model := func(name, fields string) string {
		return "type " + name + " @model @auth(rules: [{ allow: member }]) { " + fields + " }\n"
	}
	repeat := func(n int, form string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, form, i)
		}
		return b.String()
	}
	for _, c := range []struct{ name, source, code string }{
		{"bytes", strings.Repeat("#", maxSource+1), "schema/too_large"},
		{"tokens", "type A @model {" + strings.Repeat("a:B ", maxTokens/2) + "}", "schema/syntax"},
		{"models", repeat(maxModels+1, "type M%dx @model { a: Int }\n"), "schema/too_many"},
		{"types", repeat(maxTypes+1, "enum E%d { A }\n"), "schema/too_many"},
		{"fields", model("A", repeat(maxFields+1, "f%d: Int ")), "schema/too_many"},
		{"values", "enum E { " + repeat(maxValues+1, "V%d ") + "}" + model("A", "e: E"), "schema/too_many"},
		{"indexes", model("A", "a: Int "+repeat(maxIndexes+1, `@index(name: "i%d", queryField: null) `)), "schema/too_many"},
		{"rules", "type A @model @auth(rules: [" + strings.Repeat("{ allow: member } ", maxRules+1) + "]) { a: Int }", "schema/too_many"},
		{"search", "type A @model @search(fields: [" + repeat(maxSearch+1, `"f%d" `) + "]) { " + repeat(maxSearch+1, "f%d: String ") + "}", "schema/too_many"},
		{"checks", model("A", "a: String "+strings.Repeat(`@validate(type: matches, value: "x") `, maxChecks+1)), "schema/too_many"},
		{"name", model("A"+strings.Repeat("x", longestName), "a: Int"), "schema/reserved_name"},
		{"nesting of values", "type A @model @auth(rules: " + strings.Repeat("[", 5000) + ") { a: Int }", "schema/syntax"},
		{"nesting of types", model("A", "a: "+strings.Repeat("[", 5000)+"Int"), "schema/syntax"},
		{"depth of a filter", "type A @model @auth(rules: [{ allow: where, filter: " + strings.Repeat("{ not: ", 50) + "{ a: { eq: 1 } }" + strings.Repeat("}", 50) + " }]) { a: Int }", "schema/too_deep"},
		{"depth of embedded types", repeat(maxEmbedded+2, "type E%d { a: Int ") + "", "schema/syntax"},
		{"mistakes", repeat(maxDiagnostics*2, "type M%d @model { a: Nope }\n"), "schema/too_many"},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			s, ds := Parse("schema.graphql", c.source)
			if s != nil || !slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Code == c.code }) {
				t.Errorf("no %s in %.2000s", c.code, ds)
			}
			if took := time.Since(began); took > 2*time.Minute {
				t.Errorf("took %v", took)
			}
		})
	}
}

func manyModels(types int) string {
	var b strings.Builder
	for i := range types {
		fmt.Fprintf(&b, `type Model%d @model @search(fields: ["title"]) @auth(rules: [{ allow: member, operations: [read] }, { allow: owner }, { allow: where, filter: { and: [{ status: { eq: "OPEN" } }] } }]) {
  title: String! @validate(type: maxLength, value: "200") @validate(type: matches, value: "^[A-Z]")
  body: String
  count: Int @default(value: "1")
  status: Status%d! @default(value: "OPEN") @index(name: "byStatus", sortKeyFields: ["createdAt"])
  address: Address%d
  parent: Model%d @belongsTo
  children: [Model%d] @hasMany
  tags: [String]
  when: DateTime
}
enum Status%d { OPEN CLOSED DONE }
type Address%d { street: String! city: String zip: String }
`, i, i, i, max(i-1, 0), i+1, i, i)
	}
	fmt.Fprintf(&b, "type Model%d @model @auth(rules: [{ allow: member }]) { title: String parent: Model%d @belongsTo }", types, types-1)
	return b.String()
}

// TestLoadTime: a schema of 300 models, with as many enums and embedded types,
// loads in under 200 ms.
func TestLoadTime(t *testing.T) {
	if testing.Short() || raceEnabled {
		return
	}
	source := manyModels(300)
	fastest := time.Hour
	for i := 0; i < 5 || i < 40 && fastest > 200*time.Millisecond; i++ { // others may share the machine
		began := time.Now()
		check(t, "big", source)
		fastest = min(fastest, time.Since(began))
	}
	t.Logf("%d KiB: %v", len(source)>>10, fastest)
	if fastest > 200*time.Millisecond {
		t.Errorf("the fastest of 40 took %v", fastest)
	}
}

func BenchmarkParse300(b *testing.B) {
	source := manyModels(300)
	b.SetBytes(int64(len(source)))
	for b.Loop() {
		check(b, "big", source)
	}
}

func FuzzParse(f *testing.F) {
	for _, dir := range []string{"good", "broken"} {
		files, _ := filepath.Glob("testdata/" + dir + "/*.graphql")
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(b))
		}
	}
	f.Fuzz(func(t *testing.T, source string) {
		s, ds := Parse("schema.graphql", source)
		if (s == nil) != ds.HasErrors() {
			t.Fatalf("schema %v beside %v", s, ds)
		}
		if s != nil {
			if again := check(t, "again", source); again.Hash != s.Hash {
				t.Fatal("two parses differ")
			}
			sound(t, s)
		}
		lines := strings.Count(newlines(source), "\n") + 1
		for _, d := range ds {
			if d.Pos.Line < 1 || d.Pos.Line > lines || d.Pos.Column < 1 {
				t.Fatalf("%v lies outside the file of %d lines", d, lines)
			}
		}
		if err := ds.Format(&bytes.Buffer{}, source, true); err != nil {
			t.Fatal(err)
		}
	})
}

// sound fails on a schema that other rooms could stumble over.
func sound(t *testing.T, s *Schema) {
	t.Helper()
	for _, m := range s.Models {
		if len(m.Key) == 0 || s.Model(m.Name) != m || s.ModelAt(m.Path) != m || m.Plural == "" || m.Table == "" {
			t.Fatalf("model %s is not whole", m.Name)
		}
		columns := map[string]bool{}
		for _, f := range m.Fields {
			if m.Field(f.Name) != f || f.Model != m || f.TypeName == "" {
				t.Fatalf("%s.%s is not whole", m.Name, f.Name)
			}
			if !f.Stored() {
				r := f.Relation
				if r == nil || r.Target == nil || len(r.From) == 0 || len(r.From) != len(r.To) || r.ToMany() != f.List {
					t.Fatalf("relation %s.%s is not whole", m.Name, f.Name)
				}
				for i := range r.From {
					if r.From[i].Model != m || r.To[i].Model != r.Target || !r.From[i].Plain() || !r.To[i].Plain() {
						t.Fatalf("relation %s.%s joins %s.%s with %s.%s", m.Name, f.Name, r.From[i].Model.Name, r.From[i].Name, r.To[i].Model.Name, r.To[i].Name)
					}
				}
				continue
			}
			column := strings.ToLower(f.Column)
			if column == "" || columns[column] {
				t.Fatalf("%s.%s has column %q", m.Name, f.Name, f.Column)
			}
			columns[column] = true
		}
		for _, x := range m.Indexes {
			for _, f := range x.Fields {
				if f.Model != m || !f.Plain() {
					t.Fatalf("index %s.%s holds %s", m.Name, x.Name, f.Name)
				}
			}
		}
	}
}

// TestHostile: files that are all mistakes, or all of one thing, are read in
// about the time that their size takes.
func TestHostile(t *testing.T) {
	if raceEnabled {
		return // a test of time
	}
	repeat := func(n int, form string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(form, "%d", fmt.Sprint(i)))
		}
		return b.String()
	}
	for name, source := range map[string]string{
		"unknown types":      repeat(1900, "type LongName%d @model { a: LungName%d b: LingName%d c: LangName%d }\n"),
		"unknown indexes":    "type T @model { a: Int " + repeat(20000, `@index(name: "n%d") `) + "}\n" + repeat(40, "type M%d @model {"+repeat(400, `f%d: [T] @hasMany(indexName: "x") `)+"}\n"),
		"keys of lists":      "type T @model { a: Int }" + repeat(100, "type M%d @model {"+repeat(400, "f%d: [T] @hasMany ")+"}\n"),
		"rules":              "type T @model @auth(rules: [" + repeat(30000, `{ allow: owner, ownerField: "o%d" }`) + "]) { a: Int }",
		"search fields":      "type T @model @search(fields: [" + repeat(90000, `"o%d"`) + "]) {" + repeat(400, "f%d: Int ") + "}",
		"open braces":        repeat(30000, "type T%d {\n"),
		"unknown directives": repeat(20000, "type T%d @a\n{ a: E%d @b }"),
		"quotes":             strings.Repeat("\"\n", maxSource/2),
		"comments":           strings.Repeat("#\n", maxSource/2),
		"block quotes":       strings.Repeat("\"\"\"a\"\"\"\n", maxSource/10),
		"enum values":        "enum E {" + repeat(90000, "A%d ") + "}",
	} {
		began := time.Now()
		if s, _ := Parse("schema.graphql", source); s != nil && name != "comments" {
			t.Errorf("%s: accepted", name)
		}
		if took := time.Since(began); took > 2*time.Minute {
			t.Errorf("%s: %d bytes took %v", name, len(source), took)
		}
	}
}
