package invariant

import (
	"reflect"
	"strings"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// whole is a page that no world fills.
const whole = 100

// checkList puts one question to both doors, whole and in pages.
func (w *world) checkList(c *caller) {
	q := w.ask(c)
	verdict, rows := w.list(q, c)
	ranked := q.search != "" && len(q.sort) == 0
	op := q.operation()

	wantREST := verdict
	if verdict == fine {
		wantREST = w.strict(q.sub, c, op)
	}
	a := w.do(c, "GET", q.rest(whole, ""), nil)
	if a.status != wantREST {
		w.fatalf("REST answers %d, the oracle says %d", a.status, wantREST)
	}
	if a.status == fine {
		page := asObject(a.value())
		items, _ := page["items"].([]any)
		w.same("REST", items, w.expected(rows, c, op, q.sub, rest), ranked)
		if page["total"] != float64(len(rows)) || page["nextCursor"] != nil {
			w.fatalf("total is %v and the next cursor %v; there are %d rows", page["total"], page["nextCursor"], len(rows))
		}
		w.pages(q, c, items, rest)
	}

	_, rows = w.list(q, c) // some may have come meanwhile
	page, code := w.pageGraphQL(q, c, whole, "")
	if verdict != fine {
		if page != nil || !strings.HasPrefix(code, "access/") {
			w.fatalf("GraphQL answers with code %q, the oracle says %d", code, verdict)
		}
		return
	}
	if page == nil {
		w.fatalf("GraphQL refuses with %q what the oracle allows", code)
	}
	items, _ := page["items"].([]any)
	w.same("GraphQL", items, w.expected(rows, c, op, q.sub, graphQL), ranked)
	if page["total"] != float64(len(rows)) || page["nextToken"] != nil {
		w.fatalf("total is %v and nextToken %v; there are %d rows", page["total"], page["nextToken"], len(rows))
	}
	w.pages(q, c, items, graphQL)
	w.asked++
}

func (w *world) expected(rows []*row, c *caller, op schema.Operation, sub []*include, d door) []any {
	out := make([]any, len(rows))
	for i, r := range rows {
		out[i] = w.shown(r, c, op, sub, d)
	}
	return out
}

// same compares rows in order; of a ranked search, the rows alone.
func (w *world) same(what string, got, want []any, ranked bool) {
	got = pagesOnly(got).([]any)
	if ranked {
		got, want = sorted(got), sorted(want)
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || !reflect.DeepEqual(got[i], want[i]) {
			var g, e any
			if i < len(got) {
				g = got[i]
			}
			if i < len(want) {
				e = want[i]
			}
			w.fatalf("%s: row %d of %d is\n  %s\nthe oracle, which has %d, says\n  %s", what, i, len(got), text(g), len(want), text(e))
		}
	}
}

func sorted(items []any) []any {
	byText := map[string]any{}
	for _, item := range items {
		byText[text(item)] = item
	}
	out := make([]any, 0, len(items))
	for _, key := range sortedKeys(byText) {
		out = append(out, byText[key])
	}
	return out
}

// pagesOnly turns the cursor of each nested page into whether there is one.
func pagesOnly(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = pagesOnly(item)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		_, isPage := v["items"]
		for key, item := range v {
			if out[key] = pagesOnly(item); isPage && key == "nextToken" {
				out[key] = item != nil
			}
		}
		return out
	}
	return v
}

// pageGraphQL asks for one page; nil and a code where it is refused.
func (w *world) pageGraphQL(q *ask, c *caller, limit int, cursor string) (map[string]any, string) {
	doc, vars := q.graphQL(w, limit, cursor)
	return w.graphQL(c, doc, vars)
}

// graphQL runs a document whose one field is "page".
func (w *world) graphQL(c *caller, doc string, vars map[string]any) (map[string]any, string) {
	a := w.do(c, "POST", "/graphql", map[string]any{"query": doc, "variables": vars})
	v := asObject(a.value())
	code := ""
	if errs, _ := v["errors"].([]any); len(errs) > 0 {
		code, _ = asObject(asObject(errs[0])["extensions"])["code"].(string)
	}
	if a.status != 200 && !(a.status == signIn && c.kind == "anonymous") {
		w.fatalf("GraphQL answers %d", a.status)
	}
	if code != "" && !strings.HasPrefix(code, "access/") && !strings.HasPrefix(code, "data/") {
		w.fatalf("GraphQL does not take the document: %s", code)
	}
	return asObject(asObject(v["data"])["page"]), code
}

// pages reads the list again in pages of a random size: together they must be
// exactly the list, also while rows come and go around them.
func (w *world) pages(q *ask, c *caller, want []any, d door) {
	size := 1 + w.g.IntN(7)
	if len(want) == 0 || w.g.chance(0.4) {
		return
	}
	if len(want)/size > 6 {
		size = len(want)/6 + 1
	}
	var got []any
	cursor := ""
	moving := w.g.chance(0.15) && q.sub == nil && q.filter == nil && q.search == ""
	if moving {
		clear(w.late)
		defer w.settle(true)
	}
	for n := 0; ; n++ {
		if moving && n > 0 {
			w.slip(q)
		}
		var page map[string]any
		var next any
		if d == rest {
			a := w.do(c, "GET", q.rest(size, cursor), nil)
			if a.status != fine {
				w.fatalf("page %d: %d", n, a.status)
			}
			page = asObject(a.value())
			next = page["nextCursor"]
		} else {
			var code string
			if page, code = w.pageGraphQL(q, c, size, cursor); page == nil {
				w.fatalf("page %d: %s", n, code)
			}
			next = page["nextToken"]
		}
		items, _ := page["items"].([]any)
		if len(items) > size || next != nil && len(items) != size || n > len(want)+20 {
			w.fatalf("page %d of size %d has %d rows", n, size, len(items))
		}
		got = append(got, items...)
		if next == nil {
			break
		}
		cursor = next.(string)
	}
	if moving {
		got = w.known(q.m, c, got)
	}
	if !reflect.DeepEqual(pagesOnly(got), pagesOnly(want)) {
		w.fatalf("pages of %d make\n  %s\nthe whole list is\n  %s", size, text(got), text(want))
	}
}

// slip adds a row while somebody reads page after page: it may show up or not,
// but must not make another one come twice or be left out.
func (w *world) slip(q *ask) {
	if q.m.ReadOnly {
		return
	}
	org := w.orgs()[w.g.IntN(2)]
	if q.m.Scope == schema.Global {
		org = ""
	}
	// A rule may look at other rows, so that a new one shows or hides old ones.
	for _, m := range w.schema.Models {
		for _, r := range m.Rules {
			if r.Allow == schema.AllowWhere && throughRelation(m, asObject(r.Filter.Value)) {
				return
			}
		}
	}
	w.grow(q.m, org, 1)
}

// known keeps the rows that were there before the pages were read.
func (w *world) known(m *schema.Model, c *caller, items []any) []any {
	seen := map[string]bool{}
	out := []any{}
	for _, item := range items {
		row := asObject(item)
		key := make([]any, len(m.Key))
		for i, f := range m.Key {
			key[i] = row[f.Name]
		}
		if seen[text(key)] {
			w.fatalf("%s comes twice", text(key))
		}
		seen[text(key)] = true
		if !w.late[m.Name+c.org+text(key)] && !w.late[m.Name+text(key)] {
			out = append(out, item)
		}
	}
	return out
}

// checkNested reads a list inside a row page by page.
func (w *world) checkNested(c *caller) {
	var m *schema.Model
	var in *include
	for _, candidate := range w.schema.Models {
		for _, f := range candidate.Fields {
			if f.Relation != nil && f.Relation.ToMany() && (in == nil || w.g.chance(0.5)) {
				m, in = candidate, &include{f: f, limit: 1 + w.g.IntN(3), sort: w.sorts(f.Relation.Target)}
			}
		}
	}
	if in == nil || w.model(m, c, schema.Get) != fine || w.includeVerdict(in, c, schema.Get) != fine {
		return
	}
	for _, r := range w.visible(c, m, schema.Get) {
		all := *in
		all.limit = whole
		want := asObject(w.included(r, c, schema.Get, &all, graphQL))
		if want == nil {
			continue
		}
		got := []any{}
		cursor := ""
		for n := 0; n <= len(w.rows[in.f.Relation.Target.Name]); n++ {
			d := &document{w: w, vars: map[string]any{}}
			var args []string
			for _, k := range m.Key {
				args = append(args, k.Name+": "+d.variable(k.TypeName+"!", r.v[k.Name]))
			}
			t := in.f.Relation.Target
			list := in.f.Name + "(" + d.arguments(t, nil, in.sort, in.limit, cursor) + ") { items { " + d.selection(t, nil) + " } nextToken }"
			page, code := w.graphQL(c, d.text("query", "{ page: "+m.Ops.Get+"("+strings.Join(args, ", ")+") { "+list+" } }"), d.vars)
			nested := asObject(page[in.f.Name])
			if nested == nil {
				w.fatalf("a page inside a row is missing: %s", code)
			}
			items, _ := nested["items"].([]any)
			got = append(got, items...)
			if nested["nextToken"] == nil {
				break
			}
			cursor = nested["nextToken"].(string)
		}
		w.same("the pages inside a row", got, want["items"].([]any), false)
	}
	w.asked++
}

// checkIndex asks the query of an index: the rows under one value of its field.
func (w *world) checkIndex(c *caller) {
	for _, m := range w.schema.Models {
		for _, x := range m.Indexes {
			if x.QueryField == "" || len(x.Fields) != 1 || m.Join {
				continue
			}
			f, desc := x.Fields[0], w.g.chance(0.5)
			value := w.operand(f, c)
			q := &ask{m: m, filter: map[string]any{f.Name: map[string]any{"eq": value}}}
			for _, k := range m.Key {
				q.sort = append(q.sort, query.Sort{Field: k.Name, Desc: desc})
			}
			verdict, rows := w.list(q, c)
			d := &document{w: w, vars: map[string]any{}}
			args := f.Name + ": " + d.variable(f.TypeName+"!", value) + ", limit: 100"
			if desc {
				args += ", sortDirection: DESC"
			}
			page, code := w.graphQL(c, d.text("query", "{ page: "+x.QueryField+"("+args+") { items { "+d.selection(m, nil)+" } nextToken total } }"), d.vars)
			if (page != nil) != (verdict == fine) || page == nil && !strings.HasPrefix(code, "access/") {
				w.fatalf("the index answers with code %q, the oracle says %d", code, verdict)
			}
			if page != nil {
				items, _ := page["items"].([]any)
				w.same("the index", items, w.expected(rows, c, schema.List, nil, graphQL), false)
			}
			w.asked++
		}
	}
}

// checkGet reads rows by their keys: the caller's own, hidden ones, other
// tenants' and none at all.
func (w *world) checkGet(c *caller) {
	m := pick(w.g, w.schema.Models...)
	if len(w.rows[m.Name]) == 0 {
		return
	}
	target := pick(w.g, w.rows[m.Name]...)
	sub := w.includes(m, c, 1)
	verdict := w.model(m, c, schema.Get)
	var r *row
	if verdict == fine {
		for _, candidate := range w.visible(c, m, schema.Get) {
			if reflect.DeepEqual(candidate.key(), target.key()) {
				r = candidate
			}
		}
	}
	q := &ask{m: m, sub: sub}
	wantREST := verdict
	if verdict == fine {
		if wantREST = w.strict(sub, c, schema.Get); wantREST == fine && r == nil {
			wantREST = 404
		}
	}
	_, params, _ := strings.Cut(q.rest(1, ""), "?")
	a := w.do(c, "GET", w.path(m, target.key())+"?"+withoutPage(params), nil)
	if a.status != wantREST {
		w.fatalf("REST answers %d, the oracle says %d", a.status, wantREST)
	}
	if a.status == fine {
		w.same("REST", []any{a.value()}, []any{w.shown(r, c, schema.Get, sub, rest)}, false)
	}
	if wantREST == 404 || wantREST == signIn || wantREST == forbidden {
		w.unseen(c, m, target, a, withoutPage(params))
	}
	d := &document{w: w, vars: map[string]any{}}
	var args []string
	for _, k := range m.Key {
		args = append(args, k.Name+": "+d.variable(k.TypeName+"!", target.v[k.Name]))
	}
	body := "{ page: " + m.Ops.Get + "(" + strings.Join(args, ", ") + ") { " + d.selection(m, sub) + " } }"
	page, code := w.graphQL(c, d.text("query", body), d.vars)
	switch {
	case verdict != fine || r == nil:
		if page != nil || verdict != fine && !strings.HasPrefix(code, "access/") {
			w.fatalf("GraphQL shows %s with %q, the oracle says %d", text(page), code, verdict)
		}
	default:
		var got any
		if page != nil {
			got = page
		}
		w.same("GraphQL", []any{got}, []any{w.shown(r, c, schema.Get, sub, graphQL)}, false)
	}
	w.asked++
}

// unseen holds the answer for a row that the caller may not see against the
// one for a row that does not exist.
func (w *world) unseen(c *caller, m *schema.Model, target *row, got answer, params string) {
	key := target.key()
	name, _ := key[0].(string)
	key[0] = name + "zz"
	for _, r := range w.rows[m.Name] {
		if reflect.DeepEqual(r.key(), key) {
			return
		}
	}
	a := w.do(c, "GET", w.path(m, key)+"?"+params, nil)
	if a.status != got.status || blind(a) != blind(got) {
		w.fatalf("the answer for a row that may not be seen differs from that for one that is not there")
	}
}

// blind is a problem without what differs from request to request.
func blind(a answer) string {
	v := asObject(a.value())
	out := map[string]any{}
	for _, key := range []string{"code", "detail", "field", "status", "title", "type"} {
		out[key] = v[key]
	}
	return text(out)
}

func withoutPage(params string) string {
	var kept []string
	for _, p := range strings.Split(params, "&") {
		if !strings.HasPrefix(p, "limit=") && !strings.HasPrefix(p, "count=") {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "&")
}
