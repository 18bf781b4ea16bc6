package query

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
)

const app = `
type Project @model @auth(rules: [{ allow: member }]) { name: String! tasks: [Task] @hasMany }
type Task @model @search(fields: ["title"]) @auth(rules: [{ allow: member }]) {
  title: String! @validate(type: maxLength, value: "5")
  points: Int
  weight: Float
  done: Boolean
  due: DateTime
  status: Status
  tags: [String!]
  extra: JSON
  place: Place
  slug: String @unique
  project: Project! @belongsTo
}
type Pair @model @auth(rules: [{ allow: member }]) { a: String! @primaryKey(sortKeyFields: ["b"]) b: Int! c: String }
type Place { city: String! }
enum Status { TODO DONE }
`

func parse(t testing.TB) *schema.Schema {
	t.Helper()
	s, diags := schema.Parse("schema.graphql", app)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return s
}

func decode(t testing.TB, text string) any {
	t.Helper()
	v, err := DecodeJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestBindFilter: what each filter binds to, or the code and the field of its
// error.
func TestBindFilter(t *testing.T) {
	m := parse(t).Model("Task")
	for _, c := range []struct{ filter, want string }{
		{`{}`, ""},
		{`{"title":"a"}`, ""},
		{`{"title":{"eq":"a","ne":"b","lt":"c","le":"c","lte":"c","gt":"a","ge":"a","gte":"a"}}`, ""},
		{`{"title":{"between":["a","b"],"in":["a"],"notIn":[],"contains":"a","notContains":"b","beginsWith":"c","size":{"gt":1}}}`, ""},
		{`{"title":{"attributeExists":true,"isNull":false,"attributeType":"string"}}`, ""},
		{`{"points":3,"weight":{"gt":1.5},"done":true,"due":{"ge":"2026-01-01T00:00:00Z"},"status":{"in":["TODO"]}}`, ""},
		{`{"tags":{"contains":"x","size":2},"extra":{"isNull":true},"place":{"attributeExists":true}}`, ""},
		{`{"and":[{"points":1},{"or":[{"points":2},{"not":{"points":3}}]}]}`, ""},
		{`{"project":{"name":"a","tasks":{"title":"b"}}}`, ""},
		{`{"title":null}`, ""},
		{`{"and":null,"not":null}`, ""},

		{`[]`, "query/bad_value"},
		{`{"titel":"a"}`, "query/unknown_field titel"},
		{`{"project":{"nam":"a"}}`, "query/unknown_field project.nam"},
		{`{"project":"p1"}`, "query/bad_value project"},
		{`{"or":[{"points":1},{"points":"x"}]}`, "query/bad_value or.1.points.eq"},
		{`{"title":{"like":"a"}}`, "query/unknown_operator title.like"},
		{`{"points":{"beginsWith":"a"}}`, "query/unknown_operator points.beginsWith"},
		{`{"done":{"gt":true}}`, "query/unknown_operator done.gt"},
		{`{"tags":{"eq":"x"}}`, "query/unknown_operator tags.eq"},
		{`{"extra":{"eq":"x"}}`, "query/unknown_operator extra.eq"},
		{`{"points":{"size":1}}`, "query/unknown_operator points.size"},
		{`{"points":1.5}`, "query/bad_value points.eq"},
		{`{"points":99999999999}`, "query/bad_value points.eq"},
		{`{"status":"DOING"}`, "query/bad_value status.eq"},
		{`{"due":"tomorrow"}`, "query/bad_value due.eq"},
		{`{"title":{}}`, "query/required title"},
		{`{"title":{"gt":null}}`, "query/bad_value title.gt"},
		{`{"title":{"in":["a",null]}}`, "query/bad_value title.in.1"},
		{`{"title":{"between":["a"]}}`, "query/bad_value title.between"},
		{`{"title":{"isNull":"yes"}}`, "query/bad_value title.isNull"},
		{`{"title":{"attributeType":"text"}}`, "query/bad_value title.attributeType"},
		{`{"title":"` + strings.Repeat("a", 5000) + `"}`, "query/too_complex title.eq"},
		{`{"title":{"in":[` + strings.TrimSuffix(strings.Repeat(`"a",`, MaxIn+1), ",") + `]}}`, "query/too_complex title.in"},
		{`{"or":[` + strings.TrimSuffix(strings.Repeat(`{"points":1},`, 100), ",") + `]}`, "query/too_complex"},
		{strings.Repeat(`{"not":`, MaxNesting+2) + `{}` + strings.Repeat(`}`, MaxNesting+2), "query/too_complex"},
	} {
		_, err := BindFilter(m, decode(t, c.filter), DefaultLimits.Conds)
		got := ""
		if err != nil {
			e := fault.Of(err)
			got = string(e.Code)
			if c.want != got {
				got = strings.TrimSpace(got + " " + e.Field)
			}
		}
		if got != c.want {
			t.Errorf("%.100s: %q, want %q (%v)", c.filter, got, c.want, err)
		}
	}
}

func TestBindRuleVariables(t *testing.T) {
	m := parse(t).Model("Task")
	for _, c := range []struct{ filter, want string }{
		{`{"title":{"eq":"$user.id"}}`, ""},
		{`{"title":{"in":"$user.groups"}}`, ""},
		{`{"tags":{"contains":"$user.email"}}`, ""},
		{`{"title":{"eq":"$user.claims.team"}}`, ""},
		{`{"title":{"eq":"$$5"}}`, ""},
		{`{"title":{"eq":"$user.name"}}`, "query/bad_value"},
		{`{"title":{"eq":"$user.groups"}}`, "query/bad_value"},
		{`{"title":{"in":"$user.id"}}`, "query/bad_value"},
		{`{"points":{"eq":"$user.id"}}`, "query/bad_value"},
		{`{"title":{"eq":"$user.claims."}}`, "query/bad_value"},
	} {
		_, err := BindRule(m, decode(t, c.filter))
		got := ""
		if err != nil {
			got = string(fault.Of(err).Code)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q (%v)", c.filter, got, c.want, err)
		}
	}
	c, err := BindFilter(m, decode(t, `{"title":{"eq":"$user.id"}}`), 10)
	if err != nil || c.Args[0].Value != "$user.id" || c.Args[0].Var != "" {
		t.Errorf("a caller's filter named a variable: %+v %v", c, err)
	}
}

func TestBindWrite(t *testing.T) {
	s := parse(t)
	stamp := Stamp{Now: "2026-01-02T03:04:05.006Z", ID: func() string { return "new" }}
	for _, c := range []struct {
		op           WriteOp
		model, input string
		want         string // what is set, or the error
	}{
		{Create, "Task", `{"title":"a","projectId":"p"}`, `title=a projectId=p id=new createdAt=2026-01-02T03:04:05.006Z updatedAt=2026-01-02T03:04:05.006Z version=1`},
		{Create, "Task", `{"projectId":"p"}`, "query/required title"},
		{Create, "Task", `{"title":null,"projectId":"p"}`, "query/required title"},
		{Create, "Task", `{"title":"too long","projectId":"p"}`, "query/check_failed title"},
		{Create, "Task", `{"title":"a","projectId":"p","version":3}`, "query/read_only version"},
		{Create, "Task", `{"title":"a","project":"p"}`, "query/read_only project"},
		{Create, "Task", `{"title":"a","projectId":"p","id":"A/B"}`, "query/bad_value id"},
		{Create, "Project", `{"name":"a","tasks":[]}`, "query/read_only tasks"},
		{Create, "Task", `{"title":"a","projectId":"p","nope":1}`, "query/unknown_field nope"},
		{Update, "Task", `{"id":"t","points":null}`, `points=<nil> updatedAt=2026-01-02T03:04:05.006Z`},
		{Update, "Task", `{"points":1}`, "query/required id"},
		{Update, "Pair", `{"a":"x","b":1,"c":"y"}`, `c=y updatedAt=2026-01-02T03:04:05.006Z`},
		{Delete, "Pair", `{"a":"x"}`, "query/required b"},
		{Upsert, "Task", `{"slug":"s","title":"a","projectId":"p"}`, `slug=s`},
		{Upsert, "Task", `{"title":"a","projectId":"p"}`, "query/required"},
		{Create, "Nope", `{}`, "query/unknown_model"},
	} {
		w := &Write{Model: c.model, Op: c.op, Input: decode(t, c.input).(map[string]any)}
		bound, err := BindWrite(s, w, stamp, DefaultLimits)
		var got string
		if err != nil {
			got = strings.TrimSpace(string(fault.Of(err).Code) + " " + fault.Of(err).Field)
		} else {
			for _, a := range bound.Set {
				got += " " + a.Field.Name + "=" + shown(a.Value)
			}
			got = strings.TrimSpace(got)
		}
		if !same(got, c.want) {
			t.Errorf("%v %s: %q, want %q", c.op, c.input, got, c.want)
		}
	}
}

// same compares what is set without regard to order; want may name a part.
func same(got, want string) bool {
	for _, part := range strings.Fields(want) {
		if !strings.Contains(" "+got+" ", " "+part+" ") {
			return false
		}
	}
	return want == "" == (got == "")
}

func shown(v any) string {
	if v == nil {
		return "<nil>"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return strings.Trim(string(text), `"`)
}

func TestDecodeJSON(t *testing.T) {
	for _, text := range []string{
		``, `{`, `{}x`, `{}{}`, `{"a":1,"a":2}`, "\"\xff\"", `"\u0000"`, `{"\u0000":1}`, `"\ud800"`, `nul`, `01`, `1e`, `[1,]`, `{"a":1,}`, `{'a':1}`, "\x00",
		strings.Repeat("[", MaxJSONDepth+2) + strings.Repeat("]", MaxJSONDepth+2),
		`[` + strings.TrimSuffix(strings.Repeat("1,", MaxJSONValues), ",") + `]`,
	} {
		if v, err := DecodeJSON([]byte(text)); !fault.Is(err, fault.QueryMalformed) {
			t.Errorf("%.60s: %v %v", text, v, err)
		}
	}
	if v := decode(t, ` {"a":[1,"x",null,true,{}],"b":1e400} `).(map[string]any); v["b"] != json.Number("1e400") || len(v["a"].([]any)) != 5 {
		t.Errorf("%v", v)
	}
}

func FuzzDecodeJSON(f *testing.F) {
	f.Add(`{"a":[1,2,{"b":null}],"c":"\u00e9"}`)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := DecodeJSON([]byte(text))
		if err != nil {
			if fault.Of(err).Kind() != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("took what is no JSON: %q as %v", text, v)
		}
	})
}

func FuzzBindFilter(f *testing.F) {
	for _, seed := range []string{`{"title":{"beginsWith":"a"}}`, `{"or":[{"points":{"between":[1,2]}},{"not":{"project":{"name":"x"}}}]}`, `{"tags":{"size":{"gt":1}}}`} {
		f.Add(seed)
	}
	m := parse(f).Model("Task")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := DecodeJSON([]byte(text))
		if err != nil {
			return
		}
		if _, err := BindFilter(m, v, DefaultLimits.Conds); err != nil && fault.Of(err).Kind() != fault.Invalid {
			t.Fatalf("%s: %v", text, err)
		}
		if _, err := BindRule(m, v); err != nil && fault.Of(err).Kind() != fault.Invalid {
			t.Fatalf("%s: %v", text, err)
		}
	})
}
