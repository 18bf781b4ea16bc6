package store_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// everything has a field of every kind.
const everything = `
type Thing @model @search(fields: ["text", "more"]) @auth(rules: [{ allow: member }]) {
  text: String  more: String  n: Int  f: Float  b: Boolean  at: DateTime  day: Date  time: Time  j: JSON  kind: Kind  ts: Timestamp
  tags: [String]  ns: [Int]  fs: [Float]  bs: [Boolean]  ats: [DateTime]  place: Place  places: [Place]
  parent: Thing @belongsTo  things: [Thing] @hasMany(references: ["parentId"])
}
type Place { city: String  at: [Float]  in: Land }
type Land { city: String  at: [Float]  in: Part }
type Part { city: String  at: [Float] }
enum Kind { ONE TWO }
type Word @model(scope: GLOBAL) @search(fields: ["word", "sense"]) @auth(rules: [{ allow: private }]) { word: String  sense: String }`

type object = map[string]any

// app is a schema on one engine, and somebody in it.
type app struct {
	testing.TB
	engine store.Engine
	schema *schema.Schema
	policy *access.Policy
	store  *store.Store
	by     *access.Principal
}

func openApp(t testing.TB, e store.Engine, source string) *app {
	t.Helper()
	a := &app{TB: t, engine: e, schema: parse(t, source), by: &access.Principal{Kind: access.User, UserID: "ada", Username: "ada", Org: "o1", Role: "member"}}
	m := migrate.New(e, migrate.Options{SystemTables: []string{`CREATE TABLE IF NOT EXISTS _users (id TEXT PRIMARY KEY) STRICT`}})
	if e.Dialect() == store.PostgreSQL {
		if err := e.(store.Rebuilder).Rebuild(t.Context(), func(c store.Conn) error { return c.Script(store.PostgresFunctions) }); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.Apply(t.Context(), a.schema, migrate.ApplyOptions{Source: source}); err != nil {
		t.Fatal(err)
	}
	policy, ds := access.NewPolicy(a.schema)
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	a.policy = policy
	a.store = store.New(e, a.schema, func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC) })
	return a
}

func (a *app) stamp() query.Stamp {
	return query.Stamp{Now: form.Stamp(time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)), ID: uuid.NewString}
}

func (a *app) write(w query.Write) (store.Written, error) {
	a.Helper()
	bound, err := query.BindWrite(a.schema, &w, a.stamp(), query.DefaultLimits)
	if err != nil {
		a.Fatalf("%+v: %v", w, err)
	}
	grant, err := a.policy.Write(a.by, bound)
	if err != nil {
		return store.Written{}, err
	}
	out, err := a.store.Write(a.Context(), []access.WriteGrant{grant}, nil)
	if err != nil {
		return store.Written{}, err
	}
	return out[0], nil
}

func (a *app) grant(r query.Read, after []any) access.Grant {
	a.Helper()
	bound, err := query.Bind(a.schema, &r, query.DefaultLimits)
	if err != nil {
		a.Fatalf("%+v: %v", r, err)
	}
	bound.After = after
	grant, err := a.policy.Read(a.by, bound)
	if err != nil {
		a.Fatal(err)
	}
	return grant
}

// read answers a page as one text, with what the next one starts after.
func (a *app) read(r query.Read, after []any) (string, []any) {
	a.Helper()
	page, err := a.store.Read(a.Context(), a.grant(r, after), 0, nil)
	if err != nil {
		return "error: " + err.Error(), nil
	}
	return fmt.Sprintf("%s %d %#v", page.Rows, page.Total, page.Next), page.Next
}

// someThings are inputs with values that engines tend to write each in their way.
func someThings(r *rand.Rand, n int) []object {
	pick := func(of ...any) any {
		if r.IntN(4) == 0 {
			return nil
		}
		return of[r.IntN(len(of))]
	}
	number := func() any {
		f := math.Float64frombits(r.Uint64())
		if math.IsNaN(f) || math.IsInf(f, 0) {
			f = 0
		}
		return json.Number(fmt.Sprint([]float64{f, float64(r.IntN(100)), r.Float64(), r.NormFloat64() * 1e16, math.Round(r.Float64()*1e4) / 1e4}[r.IntN(5)]))
	}
	var control strings.Builder
	for c := rune(1); c < 0xa1; c++ {
		control.WriteRune(c)
	}
	texts := []any{"", "a", "A", "é", "e\u0301", "ß", "😀", "\U0010ffff", "\uffff", `"\/`, "  x ", "z'z", control.String(), "a%_b", "\u2028", "Zebra zoo", "zoo",
		"Red fox jumps over the lazy red dog", "foxes redden; RED-fox red", "Crème brûlée, cre\u0300me", "ΟΔΟΣ Σίσυφος", "Москва йод Йод", "foo-bar_baz 12.5 x²", "日本語 テスト", "straße STRASSE Øre", "ﬁn İstanbul ỆỆ"}
	place := func(depth int) any { return nil }
	place = func(depth int) any {
		if depth == 0 {
			return nil
		}
		o := object{"city": pick(texts...), "at": pick([]any{number(), nil}, []any{})}
		if depth > 1 {
			o["in"] = place(depth - 1)
		}
		return o
	}
	things := make([]object, n)
	for i := range things {
		parent := any(nil)
		if i > 0 && r.IntN(2) == 0 {
			parent = fmt.Sprint("t", r.IntN(i))
		}
		things[i] = object{
			"id": fmt.Sprint("t", i), "text": pick(texts...), "more": pick(texts...), "n": pick(json.Number("0"), json.Number("-2147483648"), json.Number("2147483647"), json.Number("7")),
			"f": pick(number(), number()), "b": pick(true, false), "at": pick("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2026-02-28T12:30:00.1+02:00", "1969-12-31T23:59:59.99Z"),
			"day": pick("0001-01-01", "9999-12-31", "2024-02-29"), "time": pick("00:00", "23:59:59.999"), "j": pick(object{"b": []any{nil, true, number()}, "a": pick(texts...)}, "text", json.Number("1.0")),
			"kind": pick("ONE", "TWO"), "ts": pick(json.Number("-62135596800"), json.Number("253402300799")),
			"tags": pick([]any{pick(texts...), "red"}, []any{}), "ns": pick([]any{json.Number("1"), nil, json.Number("7")}), "fs": pick([]any{number(), json.Number("1.5")}), "bs": pick([]any{true, nil}, []any{false}),
			"ats": pick([]any{"2026-02-28T12:30:00Z"}), "place": pick(place(3)), "places": pick([]any{place(3), nil, place(3)}), "parentId": parent,
		}
	}
	return things
}

var long = strings.Repeat("k", 200)

// thingReads ask for them in every way.
var thingReads = []query.Read{
	{Model: "Thing", Op: query.List, Limit: 7, Count: true},
	{Model: "Thing", Op: query.List, Limit: 7, Select: []query.Field{{Name: "text", As: long}, {Name: "text", As: `a"b'c\`}, {Name: "j", Encoded: true, As: "j1"}, {Name: "places", Encoded: true}, {As: "t", Literal: "Thing"}}},
	{Model: "Thing", Op: query.List, Limit: 5, Select: []query.Field{{Name: "id"}, {Name: "place", Select: []query.Field{{Name: "city"}, {Name: "in", Select: []query.Field{{Name: "city"}, {Name: "at"}, {Name: "in", Select: []query.Field{{Name: "at"}}}}}}}, {Name: "places", Select: []query.Field{{Name: "city", As: long}, {Name: "in", Select: []query.Field{{Name: "city"}}}}}}},
	{Model: "Thing", Op: query.List, Limit: 5, Select: []query.Field{{Name: "id"}, {Name: "parent", Read: &query.Read{Select: []query.Field{{Name: "text"}, {Name: "f"}}}}, {Name: "things", Read: &query.Read{Limit: 3, Sort: []query.Sort{{Field: "b"}, {Field: "at", Desc: true}, {Field: "day"}, {Field: "f"}}, Parts: []query.Part{
		{Kind: query.Items, As: "items", Select: []query.Field{{Name: "id"}, {Name: "at"}, {Name: "day"}}}, {Kind: query.NextCursor, As: "next"}, {Kind: query.Total, As: "total"}}}}}},
	{Model: "Thing", Op: query.List, Limit: 5, Select: []query.Field{{Name: "parent", NonNull: true, Read: &query.Read{Select: []query.Field{{Name: "text"}}}}, {Name: "f"}, {Name: "at"}}},
	{Model: "Thing", Op: query.Aggregate, Totals: query.Totals{GroupBy: []string{"b", "kind"}, Min: []string{"text", "at", "day", "f", "n", "time"}, Max: []string{"text", "at", "day", "f", "n"}, Sum: []string{"n"}, Avg: []string{"n"}}},
	{Model: "Thing", Op: query.Aggregate, Totals: query.Totals{GroupBy: []string{"at", "day", "text"}}},
	{Model: "Thing", Op: query.Aggregate, Totals: query.Totals{Sum: []string{"f", "n", "ts"}, Avg: []string{"f", "n", "ts"}}},
}

var thingFilters = []object{
	{"text": object{"beginsWith": "z"}}, {"text": object{"contains": "z"}}, {"text": object{"notContains": "a"}}, {"text": object{"size": object{"gt": json.Number("1")}}}, {"text": object{"ne": "a"}}, {"text": object{"gt": "Z"}},
	{"text": object{"in": []any{"a", "é", `"\/`, "😀"}}}, {"text": object{"notIn": []any{"a", ""}}}, {"text": object{"between": []any{"A", "a"}}}, {"text": object{"isNull": true}}, {"text": object{"beginsWith": "\U0010ffff"}},
	{"n": object{"in": []any{json.Number("7"), json.Number("0")}}}, {"f": object{"in": []any{json.Number("7"), json.Number("0.5")}}}, {"f": object{"lt": json.Number("0.5")}}, {"b": true}, {"b": object{"ne": false}}, {"b": object{"in": []any{true}}},
	{"at": object{"gt": "2000-01-01T00:00:00Z"}}, {"at": object{"in": []any{"0001-01-01T00:00:00Z"}}}, {"at": object{"between": []any{"0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"}}}, {"day": object{"le": "2024-02-29"}}, {"day": object{"in": []any{"2024-02-29"}}},
	{"time": object{"ge": "12:00"}}, {"kind": "ONE"}, {"kind": object{"notIn": []any{"ONE"}}}, {"ts": object{"lt": json.Number("0")}},
	{"at": object{"contains": "02-28"}}, {"at": object{"notContains": "02-28"}}, {"at": object{"beginsWith": "2026-02"}}, {"at": object{"size": object{"ge": json.Number("24")}}},
	{"day": object{"contains": "02-28"}}, {"day": object{"beginsWith": "2026"}}, {"day": object{"size": object{"lt": json.Number("11")}}},
	{"tags": object{"contains": "red"}}, {"tags": object{"notContains": "red"}}, {"tags": object{"size": object{"ge": json.Number("1")}}}, {"tags": object{"contains": "😀"}},
	{"ns": object{"contains": json.Number("7")}}, {"fs": object{"contains": json.Number("1.5")}}, {"bs": object{"contains": true}}, {"ats": object{"contains": "2026-02-28T12:30:00Z"}}, {"ats": object{"isNull": true}}, {"j": object{"isNull": false}}, {"place": object{"isNull": true}},
	{"parent": object{"b": true}}, {"things": object{"things": object{"n": json.Number("7")}}}, {"not": object{"parent": object{"text": object{"gt": "a"}}}}, {"or": []any{object{"n": json.Number("7")}, object{"f": object{"gt": json.Number("1")}}}},
}

// judgedAlike holds what is said in memory of rows as the log has them against what
// the database says, of them and of those in the table.
func (a *app) judgedAlike(rows int) {
	a.Helper()
	changes, err := a.store.Changes(a.Context(), store.Following{Limit: rows})
	if err != nil {
		a.Fatal(err)
	}
	for _, filter := range thingFilters {
		g := a.grant(query.Read{Model: "Thing", Op: query.List, Limit: 100, Filter: filter, Select: []query.Field{{Name: "id"}}}, nil)
		listed, err := a.store.Read(a.Context(), g, 0, nil)
		if err != nil {
			a.Fatal(err)
		}
		related := false
		g.Node().Where.Walk(func(c *query.Cond) { related = related || c.Test == query.Related })
		for _, ch := range changes.All {
			inTable := strings.Contains(string(listed.Rows), fmt.Sprintf(`{"id":"%s"}`, ch.Key[0]))
			inLog, err := a.store.Meets(a.Context(), g, ch.After)
			inMemory := inLog
			if !related {
				inMemory = access.Match(g.Node().Where, a.by, ch.After)
			}
			if err != nil || inLog != inTable || inMemory != inTable {
				a.Errorf("%v: in the table %v, in the log %v, in memory %v, for %s %v", filter, inTable, inLog, inMemory, ch.After.Text(), err)
			}
		}
	}
}

// TestEnginesAgree: the same rows, reads and pages on each engine have the same
// bytes for an answer.
func TestEnginesAgree(t *testing.T) {
	reads := slices.Clone(thingReads)
	for _, filter := range thingFilters {
		reads = append(reads, query.Read{Model: "Thing", Op: query.List, Limit: 50, Filter: filter, Select: []query.Field{{Name: "id"}}})
	}
	for _, field := range []string{"text", "n", "f", "b", "at", "day", "time", "kind", "ts", "parentId"} {
		for _, desc := range []bool{false, true} {
			reads = append(reads, query.Read{Model: "Thing", Op: query.List, Limit: 9, Sort: []query.Sort{{Field: field, Desc: desc}, {Field: "b"}}, Select: []query.Field{{Name: "id"}, {Name: field}}})
		}
	}
	for _, words := range []string{"red", "fo", "creme bru", "CRÈME", "москва", "йод", "и", "οδοσ", "ΟΔΟΣ", "12", "5", "red f", "red red", "fox re", "fox, red!", "z", "baz foo", "日本", "本", "strasse", "straße", "ore", "øre", "istanbul", "ee", "x", "fi", "é", "absent"} {
		ranked := query.Read{Model: "Thing", Op: query.Search, Search: words, Limit: 4, Count: true, Select: []query.Field{{Name: "id"}}}
		sorted := ranked
		sorted.Sort = []query.Sort{{Field: "n"}}
		reads = append(reads, ranked, sorted)
	}
	for _, words := range []string{"app", "apple round", "round"} {
		reads = append(reads, query.Read{Model: "Word", Op: query.Search, Search: words, Limit: 1, Count: true, Select: []query.Field{{Name: "word"}}})
	}
	answers := map[store.Dialect][]string{}
	storetest.EachDialect(t, func(t *testing.T, d store.Dialect) {
		a := openApp(t, storetest.Open(t, d), everything)
		var all []string
		for i, input := range someThings(rand.New(rand.NewPCG(1, 2)), 100) {
			w, err := a.write(query.Write{Model: "Thing", Op: query.Create, Input: input})
			all = append(all, fmt.Sprintf("create %d: %s %v", i, w.Row, err))
		}
		for _, word := range []string{"apple", "appletree", "ball"} {
			if _, err := a.write(query.Write{Model: "Word", Op: query.Create, Input: object{"id": word, "word": word, "sense": "round thing"}}); err != nil {
				t.Error(err)
			}
		}
		for i, read := range reads {
			var after []any
			for page := 0; page == 0 || after != nil && page < 4; page++ {
				var text string
				text, after = a.read(read, after)
				all = append(all, fmt.Sprintf("read %d page %d: %s", i, page, text))
			}
		}
		a.judgedAlike(25)
		hashes, err := a.store.HashRows(t.Context())
		all = append(all, fmt.Sprint(hashes, err))
		answers[d] = all
	})
	for i, want := range answers[store.SQLite] {
		if got := answers[store.PostgreSQL][i]; got != want {
			t.Errorf("SQLite and PostgreSQL answer differently:\n%s\n%s", want, got)
		}
	}
}

// TestSearchStaysInside: what finds rows with the owner's rights finds no other
// organization's for the server.
func TestSearchStaysInside(t *testing.T) {
	a := openApp(t, storetest.Open(t, store.PostgreSQL), everything)
	if _, err := a.write(query.Write{Model: "Thing", Op: query.Create, Input: object{"text": "red"}}); err != nil {
		t.Fatal(err)
	}
	for org, want := range map[string]int64{"o1": 1, "o2": 0, "": 0} {
		if err := a.engine.Read(t.Context(), func(c store.Conn) error {
			c.Enter(org)
			return c.Query(`SELECT count(*) FROM loam_find('"Thing"', ARRAY['text', 'more'], 'o1', loam_words('red'))`, nil, func(r store.Row) error {
				if r.Int(0) != want {
					t.Errorf("%q finds %d rows of o1", org, r.Int(0))
				}
				return nil
			})
		}); err != nil {
			t.Error(err)
		}
	}
}
