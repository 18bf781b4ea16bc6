// Package testkit is a whole server inside a test: real routes, real rules, the
// real database in a temporary directory. It mocks nothing.
package testkit

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/vault"
)

// MasterKey is the master key of every test server.
const MasterKey = "6f1d0c5b8e2a4397b1c60f7ad93e52841c7b6a90e8d3f5247a1b9c0d4e6f8372"

// Server is a server under test.
type Server struct {
	*httptest.Server
	Backend *backend.Backend
	Site    *backend.Site // what is asked by HTTP
	roles   []string
	t       testing.TB
}

// Option changes how a test server is made.
type Option func(*backend.Options)

// NoTenancy puts everyone into one organization.
func NoTenancy(o *backend.Options) { o.Config.Organizations = false }

// Production turns the conveniences of development off.
func Production(o *backend.Options) { o.Dev = false }

// Encrypted encrypts the database.
func Encrypted(o *backend.Options) { o.Encrypt = true }

// Settings gives the server a loam.yaml, whose ${NAME} are read from variables.
// Options that change single settings come after it.
func Settings(yaml string, variables map[string]string) Option {
	lookup := func(name string) (string, bool) { value, ok := variables[name]; return value, ok }
	c, diags := config.Parse("loam.yaml", yaml, config.Environment{Lookup: lookup})
	if c == nil {
		panic("testkit: " + diags.String())
	}
	return func(o *backend.Options) { o.Config = c }
}

// In keeps the data in a directory of the test's choice.
func In(dir string) Option { return func(o *backend.Options) { o.Data = dir } }

// New starts a server with a schema; it ends with the test.
func New(t testing.TB, source string, options ...Option) *Server {
	t.Helper()
	v, err := vault.Parse(MasterKey)
	if err != nil {
		t.Fatal(err)
	}
	own := t.TempDir()
	o := backend.Options{Name: "test", Data: own, Vault: v, Dev: true, Config: config.Default(), Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	for _, option := range options {
		option(&o)
	}
	if o.Database == "" && storetest.Chosen(t) == store.PostgreSQL {
		o.Database = databaseOf(t, o.Data, o.Data != own)
	}
	web := httptest.NewUnstartedServer(nil)
	o.Config = o.Config.ServedAt("http://" + web.Listener.Addr().String())
	b, err := backend.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Backend: b, Site: backend.NewSite(b), roles: o.Config.Roles.Keys(), t: t}
	s.Use(source)
	web.Config.Handler = s.Site.Handler()
	web.Start()
	s.Server = web
	t.Cleanup(func() {
		s.Server.Close()
		if err := s.Site.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Late tells whether the time that go test gives is nearly up: a soak ends then with
// what it has done.
func Late(t *testing.T) bool {
	deadline, bounded := t.Deadline()
	return bounded && time.Until(deadline) < 30*time.Second
}

// Use migrates to a schema and serves it.
func (s *Server) Use(source string) {
	s.t.Helper()
	c, diags := backend.Compile("schema.graphql", source, s.roles)
	if c == nil {
		s.t.Fatalf("the schema has errors:\n%s", diags)
	}
	if _, err := s.Backend.Migrator.Apply(s.t.Context(), c.Schema, migrate.ApplyOptions{Source: source}); err != nil {
		s.t.Fatal(err)
	}
	if err := s.Backend.Use(c); err != nil {
		s.t.Fatal(err)
	}
}

// Client is a caller: what it shows goes with every request.
type Client struct {
	s      *Server
	Header http.Header
	UserID string
	Org    string
}

// Anonymous is a caller who shows nothing.
func (s *Server) Anonymous() *Client { return &Client{s: s, Header: http.Header{}} }

// At is the same caller before another server.
func (c *Client) At(s *Server) *Client {
	other := *c
	other.s = s
	return &other
}

// SignUp makes a user with an organization of their own.
func (s *Server) SignUp(email string) *Client {
	s.t.Helper()
	c := s.Anonymous()
	r := c.Do("POST", "/auth/sign-up", map[string]any{"email": email, "password": "correct horse battery", "name": email})
	r.Want(http.StatusCreated)
	c.adopt(r)
	return c
}

// SignIn signs a user of SignUp in again.
func (s *Server) SignIn(email string) *Client {
	s.t.Helper()
	c := s.Anonymous()
	r := c.Do("POST", "/auth/sign-in", map[string]any{"email": email, "password": "correct horse battery"})
	r.Want(http.StatusOK)
	c.adopt(r)
	return c
}

// Switch changes the active organization.
func (c *Client) Switch(org string) {
	c.s.t.Helper()
	r := c.Do("POST", "/auth/organizations/"+org+"/switch", nil)
	r.Want(http.StatusOK)
	c.adopt(r)
}

func (c *Client) adopt(r *Response) {
	c.Header.Set("Authorization", "Bearer "+r.String("accessToken"))
	c.UserID, c.Org = r.String("user", "id"), r.String("organization", "id")
}

// Sibling makes another user of the same server.
func (c *Client) Sibling(email string) *Client { c.s.t.Helper(); return c.s.SignUp(email) }

// Join makes a new user a member of the caller's organization, and switches
// them there.
func (c *Client) Join(email, role string) *Client {
	c.s.t.Helper()
	other := c.s.SignUp(email)
	other.Enlist(c.Org, role)
	other.Switch(c.Org)
	return other
}

// Enlist makes the caller a member of any organization, as who runs the server does.
func (c *Client) Enlist(org, role string) {
	c.s.t.Helper()
	body := strings.NewReader(`{"userId":"` + c.UserID + `","role":"` + role + `"}`)
	r := httptest.NewRequestWithContext(c.s.t.Context(), "POST", "/auth/admin/organizations/"+org+"/members", body)
	r.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	if c.s.Backend.Local().ServeHTTP(answer, r); answer.Code != http.StatusCreated {
		c.s.t.Fatalf("enlisting: %d %s", answer.Code, answer.Body)
	}
}

// Mail is the newest message to an address, from the mailbox: its code, link,
// subject, text and html. The test fails where there is none.
func (s *Server) Mail(to string) *Response {
	s.t.Helper()
	list := s.Anonymous().Get("/_mail/messages?to=" + url.QueryEscape(to)).Want(http.StatusOK)
	if list.Len("items") == 0 {
		s.t.Fatalf("no message went to %s", to)
	}
	return s.Anonymous().Get("/_mail/messages/" + list.String("items", 0, "id")).Want(http.StatusOK)
}

// Response is an answer.
type Response struct {
	*http.Response
	Body []byte
	t    testing.TB
}

// Do sends a request. A body that is no string or []byte goes as JSON; headers
// come in pairs.
func (c *Client) Do(method, path string, body any, headers ...string) *Response {
	c.s.t.Helper()
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	case []byte:
		in = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			c.s.t.Fatal(err)
		}
		in = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(c.s.t.Context(), method, c.s.URL+path, in)
	if err != nil {
		c.s.t.Fatal(err)
	}
	r.Header = c.Header.Clone()
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	r.Host = r.Header.Get("Host")
	res, err := c.s.Client().Do(r)
	if err != nil {
		c.s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.s.t.Fatal(err)
	}
	return &Response{res, text, c.s.t}
}

// Get sends a GET request.
func (c *Client) Get(path string) *Response { c.s.t.Helper(); return c.Do("GET", path, nil) }

// GraphQL sends a document with its variables.
func (c *Client) GraphQL(query string, variables map[string]any) *Response {
	c.s.t.Helper()
	return c.Do("POST", "/graphql", map[string]any{"query": query, "variables": variables})
}

// Want fails the test unless the answer has the status.
func (r *Response) Want(status int) *Response {
	r.t.Helper()
	if r.StatusCode != status {
		r.t.Fatalf("%s %s: %d, want %d\n%s", r.Request.Method, r.Request.URL.Path, r.StatusCode, status, r.Body)
	}
	return r
}

// WantCode fails the test unless the answer is a problem with the code.
func (r *Response) WantCode(status int, code string) *Response {
	r.t.Helper()
	r.Want(status)
	if got := r.String("code"); got != code {
		r.t.Fatalf("%s %s: code %q, want %q\n%s", r.Request.Method, r.Request.URL.Path, got, code, r.Body)
	}
	return r
}

// Value walks the answer by keys and places, and returns what is there, or nil.
func (r *Response) Value(path ...any) any {
	r.t.Helper()
	var v any
	if err := json.Unmarshal(r.Body, &v); err != nil {
		r.t.Fatalf("%v\n%s", err, r.Body)
	}
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := v.(map[string]any)
			v = object[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

// String is Value as a text, "" where it is none.
func (r *Response) String(path ...any) string {
	r.t.Helper()
	s, _ := r.Value(path...).(string)
	return s
}

// Len is the length of the list at Value.
func (r *Response) Len(path ...any) int {
	r.t.Helper()
	list, _ := r.Value(path...).([]any)
	return len(list)
}
