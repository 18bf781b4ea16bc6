package invariant

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/tenant"
	"github.com/loam-dev/loam/internal/testkit"
	"github.com/loam-dev/loam/internal/vault"
)

// settlement is a data directory with users, organizations and keys in it, of
// which every world is a copy: passwords are slow to hash. On PostgreSQL each world
// settles anew, since the policies in a database belong to it.
type settlement struct {
	dir     string
	url     string // on PostgreSQL
	callers []*caller
	tags    map[string]string // canary tag by organization
}

func (s *settlement) open(t *testing.T, dir string) *backend.Backend {
	t.Helper()
	v, err := vault.Parse(testkit.MasterKey)
	if err != nil {
		t.Fatal(err)
	}
	settings := config.Default()
	settings.Console.Data = "read"
	b, err := backend.Open(t.Context(), backend.Options{Name: "test", Data: dir, Database: s.url, Vault: v, Dev: true, Config: settings,
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// settle signs everybody up.
func settle(t *testing.T) *settlement {
	s := &settlement{dir: t.TempDir(), tags: map[string]string{"": "qzgl"}}
	if storetest.Chosen(t) == store.PostgreSQL {
		s.url = storetest.URL(t)
	}
	b := s.open(t, s.dir)
	call := func(c *caller, path string, body any) map[string]any {
		a := send(b.Handler(), c, "POST", path, body)
		if a.status > 201 {
			t.Fatalf("%s: %d %s", path, a.status, a.body)
		}
		return asObject(a.value())
	}
	adopt := func(c *caller, in map[string]any) {
		c.header, c.secret = "Authorization", "Bearer "+in["accessToken"].(string)
		c.id, c.org = asObject(in["user"])["id"].(string), asObject(in["organization"])["id"].(string)
	}
	appoint := func(in, c *caller, role string) {
		if err := b.Tenant.Appoint(t.Context(), in.org, c.id, tenant.Role(role)); err != nil {
			t.Fatal(err)
		}
	}
	user := func(name, role string, in *caller) *caller {
		c := &caller{name: name, kind: "user", email: name + "@example.com", role: role}
		adopt(c, call(c, "/auth/sign-up", map[string]any{"email": c.email, "password": "correct horse battery", "name": name}))
		if in != nil {
			appoint(in, c, role)
			adopt(c, call(c, "/auth/organizations/"+in.org+"/switch", nil))
		}
		s.callers = append(s.callers, c)
		return c
	}
	key := func(by *caller, readOnly bool) {
		made := call(by, "/auth/keys", map[string]any{"name": "key", "readOnly": readOnly})
		s.callers = append(s.callers, &caller{name: "key of " + by.name, kind: "key", header: "X-Api-Key", secret: made["key"].(string), org: by.org, readOnly: readOnly})
	}
	ann, bob := user("ann", "owner", nil), user("bob", "owner", nil)
	abe, amy := user("abe", "admin", ann), user("amy", "member", ann)
	ben := user("ben", "member", bob)
	cyd := user("cyd", "owner", nil)
	for i, c := range []*caller{ann, bob, cyd} {
		s.tags[c.org] = []string{"qzax", "qzbx", "qzcx"}[i]
	}
	appoint(bob, amy, "admin")
	twice := &caller{name: "amy in bob's", kind: "user", email: amy.email, role: "admin"}
	adopt(twice, call(twice, "/auth/sign-in", map[string]any{"email": amy.email, "password": "correct horse battery"}))
	adopt(twice, call(twice, "/auth/organizations/"+bob.org+"/switch", nil))
	s.callers = append(s.callers, twice)
	for c, groups := range map[*caller][]string{amy: {"red"}, abe: {"red", "blue"}, ben: {"blue"}} {
		if err := b.Auth.SetGroups(t.Context(), c.id, groups); err != nil {
			t.Fatal(err)
		}
		c.groups = groups
	}
	twice.groups = amy.groups
	team := func(by *caller, slug string, members ...*caller) {
		made := call(by, "/auth/organizations/"+by.org+"/teams", map[string]any{"name": slug, "slug": slug})
		for _, c := range members {
			a := send(b.Handler(), by, "PUT", "/auth/organizations/"+by.org+"/teams/"+made["id"].(string)+"/members/"+c.id, nil)
			if a.status > 204 {
				t.Fatalf("putting %s into a team: %d %s", c.name, a.status, a.body)
			}
			c.teams, c.teamIDs = append(c.teams, slug), append(c.teamIDs, made["id"].(string))
		}
	}
	team(ann, "red", abe, amy)
	team(ann, "blue", amy)
	team(bob, "red", ben)
	team(bob, "blue", twice)
	key(ann, true)
	key(ann, false)
	key(bob, false)
	s.callers = append(s.callers, &caller{name: "nobody", kind: "anonymous"})
	if err := b.Auth.SetAdmin(t.Context(), cyd.id, true); err != nil {
		t.Fatal(err)
	}
	for _, in := range []*caller{ann, cyd} { // reading: a proof grows old before the worlds end
		s.callers = append(s.callers, &caller{name: "cyd as admin in " + in.name + "'s", kind: "superuser", header: cyd.header, secret: cyd.secret, as: "admin; organization=" + in.org, id: cyd.id, org: in.org, readOnly: true})
	}
	for _, c := range s.callers {
		c.tag = s.tags[c.org]
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return s
}

// world is one random schema served, with its rows and the oracle's account of
// them.
type world struct {
	oracle
	*settlement
	t      *testing.T
	g      *gen
	seed   uint64
	sdl    string
	c      *backend.Compiled
	b      *backend.Backend
	seeder *data.Service // under the same schema, open to all members
	log    []exchange    // the latest ones, for a failure
	asked  int
	late   map[string]bool // rows that came while a list was read, by model, organization and key
}

// exchange is a request and its answer.
type exchange struct {
	caller, request string
	body            any
	answer
}

// newWorld makes a world of a seed.
func newWorld(t *testing.T, s *settlement, seed uint64) *world {
	if s.url != "" {
		s = settle(t)
	}
	w := &world{settlement: s, t: t, g: newGen(seed), seed: seed, late: map[string]bool{}}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	var open *backend.Compiled
	for tries := 0; ; tries++ {
		d := w.g.schema()
		w.sdl = d.print(false)
		var diags schema.Diagnostics
		if w.c, diags = backend.Compile("schema.graphql", w.sdl, schema.StandardRoles()); w.c != nil {
			if open, diags = backend.Compile("schema.graphql", d.print(true), schema.StandardRoles()); open != nil && sameFields(w.c.Schema, open.Schema) {
				break
			}
		}
		if tries == 200 {
			t.Fatalf("seed %d: no schema compiles, lately\n%s\n%s", seed, diags, w.sdl)
		}
	}
	w.b = s.open(t, dir)
	t.Cleanup(func() {
		if err := w.b.Close(); err != nil {
			t.Error(err)
		}
		w.counted(dir)
	})
	if _, err := w.b.Migrator.Apply(t.Context(), w.c.Schema, migrate.ApplyOptions{Source: w.sdl}); err != nil {
		w.fatalf("migrating: %v", err)
	}
	w.use(open)
	w.seeder = w.b.Data()
	w.use(w.c)
	w.oracle = oracle{schema: w.c.Schema, rows: map[string][]*row{}, promised: func(model, field string) bool {
		return w.c.GraphQL.Schema.Types[model].Fields.ForName(field).Type.NonNull
	}}
	w.plant()
	return w
}

// sameFields tells whether two schemas have the same tables. An owner rule may
// give the join model of a @manyToMany an owner, which the open schema lacks.
func sameFields(a, b *schema.Schema) bool {
	return slices.EqualFunc(a.Models, b.Models, func(a, b *schema.Model) bool { return len(a.Fields) == len(b.Fields) })
}

func (w *world) use(c *backend.Compiled) {
	if err := w.b.Use(c); err != nil {
		w.fatalf("serving: %v", err)
	}
}

func (w *world) orgs() []string {
	var out []string
	for _, c := range w.callers {
		if c.name == "ann" || c.name == "bob" || c.name == "cyd" {
			out = append(out, c.org)
		}
	}
	return out
}

func (w *world) someone() *caller {
	for {
		if c := pick(w.g, w.callers...); c.kind == "user" {
			return c
		}
	}
}

func (w *world) anyUser() string { return w.someone().id }

// someTeam is the id of a team that somebody is in.
func (w *world) someTeam() string {
	for {
		if c := w.someone(); len(c.teamIDs) > 0 {
			return pick(w.g, c.teamIDs...)
		}
	}
}

// gardener may do all under the open schema, in one organization.
func gardener(org string) *access.Principal {
	return &access.Principal{Kind: access.User, UserID: "gardener", Org: org, Role: "owner"}
}

// plant fills every model with rows of every organization.
func (w *world) plant() {
	for _, org := range w.orgs() {
		if w.schema.Model("User") != nil {
			w.rows["User"] = append(w.rows["User"], w.stored(w.schema.Model("User"), org)...)
		}
	}
	for _, m := range w.schema.Models {
		for i, org := range w.orgs() {
			if m.ReadOnly || m.Scope == schema.Global && i > 0 {
				continue
			}
			n := []int{10, 7, 3}[i] + w.g.IntN(6)
			if m.Scope == schema.Global {
				org = ""
			}
			w.grow(m, org, n)
		}
	}
}

// grow adds up to n rows.
func (w *world) grow(m *schema.Model, org string, n int) {
	by := gardener(org)
	if org == "" {
		by = gardener(w.orgs()[0])
	}
	for range n {
		in := w.input(m, org)
		if !w.complete(m, in) || w.taken(m, org, in) {
			continue
		}
		made, err := w.seeder.Write(context.Background(), by, []*query.Write{{Model: m.Name, Op: query.Create, Input: numbers(in).(map[string]any)}}, nil)
		if err != nil {
			w.fatalf("planting %s: %v\n%s", m.Name, err, text(in))
		}
		r := &row{m: m, org: org, v: asObject(decode(made[0].Row))}
		for name, v := range in {
			if !reflect.DeepEqual(norm(v), r.v[name]) {
				w.fatalf("planting %s: %s is %s, was sent %s", m.Name, name, text(r.v[name]), text(v))
			}
		}
		w.rows[m.Name] = append(w.rows[m.Name], r)
		w.late[m.Name+r.org+text(r.key())] = true
	}
}

// complete tells whether an input has all that is required; a required
// reference may have found no target.
func (w *world) complete(m *schema.Model, in map[string]any) bool {
	for _, f := range m.Fields {
		if f.Stored() && f.Required && !f.ReadOnly && in[f.Name] == nil && f.Name != "id" {
			return false
		}
	}
	return true
}

// taken tells whether a unique key of the input is another row's already.
func (w *world) taken(m *schema.Model, org string, in map[string]any) bool {
	keys := [][]*schema.Field{m.Key}
	for _, x := range m.Indexes {
		if x.Unique {
			keys = append(keys, x.Fields)
		}
	}
	for _, r := range w.rows[m.Name] {
		for _, key := range keys {
			same := r.org == org
			for _, f := range key {
				same = same && in[f.Name] != nil && reflect.DeepEqual(norm(in[f.Name]), r.v[f.Name])
			}
			if same {
				return true
			}
		}
	}
	return false
}

// stored reads all rows of one organization as they are.
func (w *world) stored(m *schema.Model, org string) []*row { return w.matching(m, org, nil) }

// matching reads those that a filter lets through.
func (w *world) matching(m *schema.Model, org string, filter map[string]any) []*row {
	by := gardener(org)
	if m.Scope == schema.Global {
		by = gardener(w.orgs()[0])
		org = ""
	}
	result, err := w.seeder.Read(context.Background(), by, &query.Read{Model: m.Name, Op: query.List, Limit: query.DefaultLimits.Page, Filter: numbers(filter)})
	if err != nil {
		w.fatalf("reading all of %s: %v", m.Name, err)
	}
	var out []*row
	for _, v := range decode([]byte("[" + string(result.Rows) + "]")).([]any) {
		out = append(out, &row{m: m, org: org, v: asObject(v)})
	}
	return out
}

// answer is what a door said.
type answer struct {
	status int
	body   []byte
	header http.Header
}

func (a answer) value() any { return decode(a.body) }

func decode(text []byte) any {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return fmt.Sprintf("no JSON (%v): %s", err, text)
	}
	return v
}

func text(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(b.String())
}

// numbers turns a value into what package query takes: json.Number for numbers.
func numbers(v any) any {
	d := json.NewDecoder(strings.NewReader(text(v)))
	d.UseNumber()
	var out any
	if err := d.Decode(&out); err != nil {
		panic(err)
	}
	return out
}

func send(h http.Handler, c *caller, method, path string, body any, headers ...string) answer {
	var in *strings.Reader
	if body == nil {
		in = strings.NewReader("")
	} else {
		in = strings.NewReader(text(body))
	}
	r := httptest.NewRequest(method, path, in)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.header != "" {
		r.Header.Set(c.header, c.secret)
	}
	if c.as != "" {
		r.Header.Set("Loam-As", c.as)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return answer{rec.Code, rec.Body.Bytes(), rec.Header()}
}

var canaries = regexp.MustCompile(`qz[abc]xx[0-9]+`)

// do sends a request, and looks for what is not the caller's in the answer: a
// canary of another organization that the request itself did not name.
func (w *world) do(c *caller, method, path string, body any, headers ...string) answer {
	a := send(w.b.Handler(), c, method, path, body, headers...)
	sent := path + text(body)
	w.log = append(w.log, exchange{c.name, method + " " + path, body, a})
	if len(w.log) > 6 {
		w.log = w.log[1:]
	}
	if a.status >= 500 {
		w.fatalf("the server failed")
	}
	for _, found := range canaries.FindAllString(string(a.body)+text(a.header), -1) {
		if !strings.HasPrefix(found, c.tag) && !strings.Contains(sent, found) {
			w.fatalf("%s of another organization reached %s", found, c.name)
		}
	}
	return a
}

// fatalf ends a world with all that is needed to see why.
func (w *world) fatalf(format string, args ...any) {
	w.t.Helper()
	var latest []string
	for _, x := range w.log {
		latest = append(latest, fmt.Sprintf("%s: %s %s\n  -> %d %s", x.caller, x.request, text(x.body), x.status, x.answer.body))
	}
	test, _, _ := strings.Cut(w.t.Name(), "/")
	w.t.Fatalf("%s\n\nrun again: LOAM_SEED=%d go test ./tests/invariant -run %s -worlds 1\n\n%s\n%s",
		fmt.Sprintf(format, args...), w.seed, test, strings.Join(latest, "\n"), w.sdl)
}
