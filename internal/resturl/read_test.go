package resturl

import (
	"net/url"
	"testing"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

const app = `
type Project @model @auth(rules: [{ allow: member }]) { name: String! tasks: [Task] @hasMany }
type Task @model @search(fields: ["title"]) @auth(rules: [{ allow: member }]) {
  title: String!
  points: Int
  tags: [String]
  project: Project! @belongsTo
}
`

// FuzzURL: any query string is a read that binds, or a 4xx that says why.
func FuzzURL(f *testing.F) {
	s, diags := schema.Parse("schema.graphql", app)
	if diags.HasErrors() {
		f.Fatal(diags)
	}
	for _, seed := range []string{
		"status=DOING&createdAt.gte=2026-01-01T00:00:00Z&sort=-createdAt,title&limit=30", "include=project.tasks&include.project.tasks.limit=3&fields=id,project.name",
		`filter={"or":[{"points":1}]}&count=true`, "search=a+b&cursor=abc", "title.size.gt=3&tags.contains=x&points.between=1,2&project.name.in=a,b",
	} {
		f.Add(seed)
	}
	m := s.Model("Task")
	f.Fuzz(func(t *testing.T, raw string) {
		for _, aggregate := range []bool{false, true} {
			read, err := Read(m, raw, aggregate)
			if err == nil {
				_, err = query.Bind(s, read, query.DefaultLimits)
			}
			if err != nil && (fault.Of(err).Status() < 400 || fault.Of(err).Status() >= 500) {
				t.Fatalf("%q: %v", raw, err)
			}
		}
		if key, err := Key(m, raw); err == nil && len(key) != 1 {
			t.Fatalf("%q: %v", raw, key)
		}
	})
}

func TestURLErrors(t *testing.T) {
	s, diags := schema.Parse("schema.graphql", app)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	for _, name := range ofLists {
		if _, err := Read(s.Model("Task"), name+"=1", true); !fault.Is(err, fault.HTTPParameter) {
			t.Errorf("an aggregate with %s: %v", name, err)
		}
	}
	for _, c := range []struct{ raw, code, field string }{
		{"titel=x", "query/unknown_field", "titel"},
		{"project=x", "http/bad_parameter", "project"},
		{"project.nam=x", "query/unknown_field", "nam"},
		{"title.size.gt.x=1", "query/unknown_operator", "title"},
		{"include=title", "http/bad_parameter", "include"},
		{"fields=project", "http/bad_parameter", "fields"},
		{"include.project=1", "http/bad_parameter", "include.project"},
		{"include.project.cursor=x", "http/bad_parameter", "include.project.cursor"},
		{"count=maybe", "http/bad_parameter", "count"},
		{"filter={", "query/malformed", "filter"},
		{"limit=ten", "query/limit", "limit"},
		{"a=1;b=2", "http/bad_parameter", ""},
		{url.QueryEscape("ti\xfftle") + "=x", "http/bad_parameter", ""},
	} {
		_, err := Read(s.Model("Task"), c.raw, false)
		if err == nil {
			t.Errorf("%s: no error", c.raw)
		} else if e := fault.Of(err); string(e.Code) != c.code || e.Field != c.field {
			t.Errorf("%s: %s at %q, want %s at %q", c.raw, e.Code, e.Field, c.code, c.field)
		}
	}
}
