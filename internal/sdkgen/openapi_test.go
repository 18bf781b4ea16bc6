package sdkgen

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/loam-dev/loam/internal/schema"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// parse reads testdata/<name>.graphql.
func parse(t testing.TB, name string) *schema.Schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".graphql"))
	if err != nil {
		t.Fatal(err)
	}
	return load(t, name, string(text))
}

func load(t testing.TB, name, text string) *schema.Schema {
	t.Helper()
	s, diagnostics := schema.Parse(name+".graphql", text)
	if s == nil || diagnostics.HasErrors() {
		t.Fatalf("%s does not load:\n%s", name, diagnostics)
	}
	return s
}

// read validates a document by a library that is not ours.
func read(t testing.TB, document []byte) *openapi3.T {
	t.Helper()
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(document)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(loader.Context, openapi3.IsOpenAPI31OrLater()); err != nil {
		t.Fatal(err)
	}
	return doc
}

func options(name string) Options {
	return Options{Title: strings.ToUpper(name[:1]) + name[1:], Version: "1", MaxBatch: 100}
}

func TestGoldens(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*.graphql")
	if err != nil || len(inputs) < 4 {
		t.Fatalf("%d schemas: %v", len(inputs), err)
	}
	for _, path := range inputs {
		name := strings.TrimSuffix(filepath.Base(path), ".graphql")
		t.Run(name, func(t *testing.T) {
			s := parse(t, name)
			document := OpenAPI(s, options(name))
			read(t, document)
			if again := OpenAPI(parse(t, name), options(name)); !bytes.Equal(document, again) {
				t.Error("the same schema made two documents")
			}
			check(t, name, document)
		})
	}
}

// check compares a document with its golden, which is indented for its readers.
func check(t *testing.T, name string, document []byte) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, document, "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	golden := filepath.Join("testdata", name+".openapi.json")
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s is not what the schema makes; look at the difference after go test -update", golden)
	}
}

// What the documents promise of rows and inputs, asked of a validator.
func TestSchemasTakeWhatTheDoorTakes(t *testing.T) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(OpenAPI(parse(t, "everything"), Options{})))
	if err != nil {
		t.Fatal(err)
	}
	schemas := jsonschema.NewCompiler()
	schemas.DefaultDraft(jsonschema.Draft2020)
	schemas.AssertFormat()
	if err := schemas.AddResource("openapi.json", document); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		schema, value string
		fits          bool
	}{
		{"SampleCreate", `{"text": "ABC-1", "colors": []}`, true},
		{"SampleCreate", `{"text": "ABC-1", "colors": ["RED"], "place": null, "tags": ["a", null], "anything": [1, {"a": null}]}`, true},
		{"SampleCreate", `{"text": "ABC-1"}`, false},                                         // colors is required
		{"SampleCreate", `{"text": "abc-1", "colors": []}`, false},                           // matches
		{"SampleCreate", `{"text": "ABC-1", "colors": ["PINK"]}`, false},                     // no such value
		{"SampleCreate", `{"text": "ABC-1", "colors": [null]}`, false},                       // [Color!]
		{"SampleCreate", `{"text": "ABC-1", "colors": [], "count": 0}`, false},               // gte 1
		{"SampleCreate", `{"text": "ABC-1", "colors": [], "ratio": 0.5}`, false},             // gt 0.5
		{"SampleCreate", `{"text": "ABC-1", "colors": [], "ratio": 0.6}`, true},              //
		{"SampleCreate", `{"text": "ABC-1", "colors": [], "slug": "axb"}`, false},            // startsWith a.b
		{"SampleCreate", `{"text": "ABC-1", "colors": [], "version": 1}`, false},             // set by the server
		{"SampleCreate", `{"text": "ABC-1", "colors": [], "sample": 1}`, false},              // unknown
		{"SampleCreate", `{"id": "../x", "text": "ABC-1", "colors": []}`, false},             // no id
		{"SampleCreate", `{"text": "ABC-1", "colors": [], "places": [{"zip": "1"}]}`, false}, // street is required
		{"SampleCreate", `{"text": "ABC-1", "colors": [], "places": [{"street": "A", "near": null}]}`, true},
		{"SampleCreate", `{"text": "ABC-1", "colors": [], "anything": null, "at": "2026-01-31T14:30:00+02:00"}`, true},
		{"SampleCreate", `{"text": "ABC-1", "colors": [], "at": "yesterday"}`, false},
		{"SampleUpdate", `{}`, true},
		{"SampleUpdate", `{"text": null}`, false},
		{"SampleUpdate", `{"day": null, "secret": "s"}`, true},
		{"SampleUpdate", `{"id": "x"}`, false}, // part of the key
		{"SampleFilter", `{"and": [{"count": {"between": [1, 2]}}, {"not": {"tags": {"contains": "a"}}}]}`, true},
		{"SampleFilter", `{"done": {"lt": true}}`, false},
		{"SampleFilter", `{"nothing": {"eq": 1}}`, false},
		{"Problem", `{"type": "urn:x", "title": "t", "status": 400, "detail": "d", "code": "query/limit", "requestId": "r"}`, true},
	}
	for _, test := range tests {
		schema, err := schemas.Compile("openapi.json#/components/schemas/" + test.schema)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(test.value))
		if err != nil {
			t.Fatal(err)
		}
		err = schema.Validate(value)
		if (err == nil) != test.fits {
			t.Errorf("%s %s: %v", test.schema, test.value, err)
		}
	}
}

// An operation that no rule allows to anybody is not in the document; who may
// come at all is what the rules say.
func TestOperationsFollowTheRules(t *testing.T) {
	doc := read(t, OpenAPI(parse(t, "keys"), Options{}))
	var got []string
	for _, path := range doc.Paths.InMatchingOrder() {
		if !strings.HasPrefix(path, "/api/") || path == "/api/batch" {
			continue
		}
		for method, op := range doc.Paths.Value(path).Operations() {
			ways := ""
			for _, way := range *op.Security {
				name := "nobody"
				for scheme := range way {
					name = scheme
				}
				ways += " " + name
			}
			got = append(got, method+" "+path+" "+op.OperationID+ways)
		}
	}
	for _, want := range []string{
		"GET /api/catalogs listCatalogs bearer apiKey nobody",
		"PUT /api/catalogs upsertCatalog bearer",
		"GET /api/orderLines/{orderId},{day},{number} getOrderLine bearer",
		"POST /api/logs createLog bearer",
	} {
		if !strings.Contains("\n"+strings.Join(got, "\n")+"\n", "\n"+want+"\n") {
			t.Errorf("missing: %s", want)
		}
	}
	for _, gone := range []string{"deleteCatalog", "createProduct", "listLogs", "getLog", "upsertLog"} {
		if strings.Contains(strings.Join(got, "\n"), " "+gone+" ") {
			t.Errorf("no rule allows %s to anybody", gone)
		}
	}
	if t.Failed() {
		t.Log(strings.Join(got, "\n"))
	}
}

// Whatever the app calls its types, every operation and schema has one meaning.
func TestNamesAreUnique(t *testing.T) {
	document := OpenAPI(parse(t, "names"), Options{})
	doc := read(t, document)
	ids := map[string]string{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			at := method + " " + path
			if other := ids[op.OperationID]; other != "" {
				t.Errorf("%s and %s are both %s", other, at, op.OperationID)
			}
			ids[op.OperationID] = at
		}
	}
	var raw struct {
		Components struct{ Schemas json.RawMessage }
	}
	if err := json.Unmarshal(document, &raw); err != nil {
		t.Fatal(err)
	}
	in := json.NewDecoder(bytes.NewReader(raw.Components.Schemas))
	seen, depth := map[string]bool{}, 0
	for in.More() || depth > 0 {
		token, err := in.Token()
		if err != nil {
			t.Fatal(err)
		}
		if token == json.Delim('{') {
			depth++
		}
		if token == json.Delim('}') {
			depth--
		}
		name, ok := token.(string)
		if !ok || depth != 1 {
			continue
		}
		if seen[name] {
			t.Errorf("two schemas are named %s", name)
		}
		seen[name] = true
		var skip json.RawMessage
		if err := in.Decode(&skip); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"AuthSession", "AuthSession_", "Problem_", "TaskPage", "TaskPage_", "StringFilter", "StringFilter_"} {
		if !seen[name] {
			t.Errorf("there is no schema %s", name)
		}
	}
	for _, name := range []string{"limit", "sort"} {
		count := 0
		for _, p := range doc.Paths.Value("/api/sessions").Get.Parameters {
			if p.Value.Name == name {
				count++
			}
		}
		if count != 1 {
			t.Errorf("%d parameters are named %s", count, name)
		}
	}
}

// Patterns go into the document only where ECMAScript reads them as RE2 does.
func TestPortablePatterns(t *testing.T) {
	for pattern, want := range map[string]bool{
		`^[a-z]+$`: true, `^\d{2,3}-\w*$`: true, `a|(?:b)`: true, `[{}]`: true, `\.`: true,
		`(?i)a`: false, `(?P<x>a)`: false, `\Aa\z`: false, `[[:alpha:]]`: false, `\pL`: false, `\-`: false, `{`: false, `a{,2}`: false, `a}`: false, `]`: false,
		`[a[b]`: false, `\x41`: false,
	} {
		if got := isPortable(pattern); got != want {
			t.Errorf("%s: %v", pattern, got)
		}
	}
}

// large makes a schema of n models that refer to each other.
func large(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `type Model%d @model @auth(rules: [{ allow: member }]) @search(fields: ["title"]) {
  title: String! @validate(type: maxLength, value: "200")
  body: String
  state: State%d! @default(value: "OPEN")
  points: Int
  price: Float
  due: Date
  at: DateTime
  done: Boolean!
  tags: [String!]
  next: Model%d @belongsTo
}
enum State%d { OPEN DONE }
`, i, i, (i+1)%n, i)
	}
	return b.String()
}

// cpu is the processor time that this process has used: other work on the
// machine does not count.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// 300 models are written in under 100 ms.
func TestLargeSchemaIsFast(t *testing.T) {
	s := load(t, "large", large(300))
	best := time.Hour
	var document []byte
	for range 5 {
		start := cpu(t)
		document = OpenAPI(s, Options{})
		best = min(best, cpu(t)-start)
	}
	t.Logf("300 models: %d KiB in %s", len(document)>>10, best)
	limit := 500 * time.Millisecond // quadratic work takes seconds
	if raceDetector {
		limit *= 10
	}
	if best > limit {
		t.Errorf("took %s, more than %s", best, limit)
	}
}

func BenchmarkLargeSchema(b *testing.B) {
	s := load(b, "large", large(300))
	b.ReportAllocs()
	for b.Loop() {
		OpenAPI(s, Options{})
	}
}
