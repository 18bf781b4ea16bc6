package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/schema"
)

const everySetting = `
name: ${APP}
url: HTTPS://App.Example.com/
auth:
  email: { confirm: link, code: on, link: on }
  password: { enabled: on, minLength: 12, common: allow }
  anonymous: on
  passkeys: on
  passkeyOrigins: [https://example.com]
  totp: off
  secondFactor: admins
  signUp: invited
  sessions: { accessToken: 1h, cookies: on }
  redirects: [https://app.example.com/in, com.example.app:/in, "http://localhost:5173/"]
  providers:
    google:
      clientId: ${GOOGLE_ID}
      clientSecret: ${GOOGLE_SECRET}
      scopes: [profile]
    microsoft: { clientId: a, clientSecret: "${GOOGLE_SECRET}", name: Work }
    apple:
      clientId: com.example.app
      teamId: T
      keyId: K
      privateKey: ${APPLE_KEY}
    company:
      clientId: a
      issuer: https://login.example.com
  clients:
    cli:
      redirects: [http://127.0.0.1:9999/]
      consent: skip
    portal:
      name: The portal
      secret: ${PORTAL_SECRET}
      redirects: [https://portal.example.com/in]
      logoutRedirects: [https://portal.example.com/]
      scopes: [openid, email]
  hooks:
    beforeToken: { url: https://hooks.example.com/token, secret: "${HOOK_SECRET}", timeout: 2s }
organizations:
  create: admins
  domains: off
  roles:
    member: { permissions: [members.read, members.invite] }
    billing: { name: Accounting, permissions: [organization.update] }
    guest: {}
mail:
  from: Tracker <hello@example.com>
  language: de-CH
  smtp: { host: smtp.example.com, port: 465, user: me, password: "${SMTP_PASSWORD}", tls: implicit }
database: { replicas: ["${REPLICA_1}", "${REPLICA_2}"], maxLag: 2s }
server:
  trustedProxies: [10.1.2.3/8, "::1"]
outbound: { allowPrivate: on }
limits:
  signIn: { free: 3, longestWait: 30m, perNetwork: 50, global: 0 }
  mail: { perAddress: 5 }
  organization: { members: 0, rows: 1000000, storage: 10GiB, requestsPerMinute: 600, teams: 5, invitations: 6, domains: 7 }
  user: { organizations: 8, sessions: 9, passkeys: 10 }
`

var testVariables = map[string]string{"APP": "Tracker", "GOOGLE_ID": "id", "GOOGLE_SECRET": "hush-1", "APPLE_KEY": "hush-2\nhush", "PORTAL_SECRET": "hush-3" + strings.Repeat("x", 26),
	"HOOK_SECRET": "hush-4", "SMTP_PASSWORD": "hush-5", "REPLICA_1": "postgres://hush-6", "REPLICA_2": "postgres://hush-7"}

func lookup(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { value, ok := values[name]; return value, ok }
}

func TestGoldenEverySetting(t *testing.T) {
	c, ds := Parse("loam.yaml", everySetting, Environment{Lookup: lookup(testVariables)})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	golden(t, "testdata/every.json", indented(t, c))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if s := fmt.Sprintf(verb, c.Auth) + fmt.Sprintf(verb, c.Mail) + fmt.Sprintf(verb, c.Database); strings.Contains(s, "hush") {
			t.Errorf("%s prints a secret: %s", verb, s)
		}
	}
	if replicas := c.Database.Replicas; len(replicas) != 2 || replicas[1].Text() != testVariables["REPLICA_2"] {
		t.Errorf("the replicas are %d others", len(replicas))
	}
	google, _ := c.Auth.Provider("google")
	portal, _ := c.Auth.Client("portal")
	if google.ClientSecret.Text() != "hush-1" || portal.Secret.Text() != testVariables["PORTAL_SECRET"] || c.Auth.Hooks.BeforeToken.Secret.Text() != "hush-4" || c.Mail.SMTP.Password.Text() != "hush-5" {
		t.Error("a secret is not what its variable holds")
	}
	if cli, ok := c.Auth.Client("cli"); !ok || cli.Secret.Given() || cli.Secret.Text() != "" {
		t.Error("a public client has a secret")
	}
	if c.ServedAt("http://127.0.0.1:8080").URL != "https://app.example.com" || Default().ServedAt("http://127.0.0.1:8080").URL != "http://127.0.0.1:8080" {
		t.Error("the address of the server is not what comes first")
	}
}

func indented(t *testing.T, v any) string {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}

// TestMissingVariables: what lacks a variable is off as a whole; a client
// without its secret must not become a public one.
func TestMissingVariables(t *testing.T) {
	for _, env := range []Environment{{}, {Lookup: lookup(map[string]string{"APP": ""}), Lenient: true}} {
		c, ds := Parse("loam.yaml", everySetting, env)
		if c == nil {
			t.Fatal(ds)
		}
		if want := map[bool]int{false: 0, true: 10}[env.Lenient]; len(ds) != want {
			t.Errorf("%d remarks, not %d: %v", len(ds), want, ds)
		}
		if len(c.Auth.Providers) != 1 || c.Auth.Providers[0].ID != "company" || len(c.Auth.Clients) != 1 || c.Auth.Clients[0].ID != "cli" {
			t.Errorf("left are %v and %v", c.Auth.Providers, c.Auth.Clients)
		}
		if c.Auth.Hooks.BeforeToken.URL != "" || c.Mail.SMTP.Host != "" || c.Mail.From == "" || c.Name != "" {
			t.Errorf("left are %v, %v and %q", c.Auth.Hooks, c.Mail, c.Name)
		}
		if want := []string{"APP", "GOOGLE_ID", "GOOGLE_SECRET", "APPLE_KEY", "PORTAL_SECRET", "HOOK_SECRET", "SMTP_PASSWORD", "REPLICA_1", "REPLICA_2"}; !slices.Equal(c.Variables, want) {
			t.Errorf("variables are %q", c.Variables)
		}
	}
	_, ds := Parse("loam.yaml", everySetting, Environment{Lookup: lookup(nil)})
	if len(ds) != 10 || ds[0].Severity != schema.Error || ds[0].Pos != (schema.Pos{Line: 2, Column: 7}) || !strings.Contains(ds[0].Message, "APP") {
		t.Errorf("got %v", ds)
	}
}

// TestVariableThatDoesNotFit: a value from the environment is checked as one in
// the file, and not shown.
func TestVariableThatDoesNotFit(t *testing.T) {
	_, ds := Parse("loam.yaml", "url: ${URL}\nauth: { redirects: [\"${BACK}\"] }\n", Environment{Lookup: lookup(map[string]string{"URL": "hush", "BACK": "javascript:hush"})})
	if len(ds) != 2 || strings.Contains(ds.String(), "hush") || !strings.Contains(ds.String(), "URL") || !strings.Contains(ds.String(), "BACK") {
		t.Error(ds)
	}
}

// TestUndeliverable: what is served must reach its users; what is developed has
// a mailbox of its own.
func TestUndeliverable(t *testing.T) {
	source := "auth: { email: { confirm: link, code: on } }\n"
	for _, test := range []struct {
		source string
		env    Environment
		want   string
	}{
		{source, Environment{}, "config/no_mail config/no_url config/no_mail"},
		{source, Environment{Lookup: lookup(nil), Lenient: true}, ""},
		{source + "url: ${URL}\n", Environment{}, "config/no_mail config/no_mail"},
		{source + "url: https://app.example.com\nmail: { from: a@example.com, smtp: { host: localhost } }\n", Environment{Lookup: lookup(nil)}, ""},
		{"auth: { email: { code: on } }\n", Environment{}, "config/no_mail"},
	} {
		_, ds := Parse("loam.yaml", test.source, test.env)
		var codes []string
		for _, d := range ds {
			codes = append(codes, d.Code)
		}
		if got := strings.Join(codes, " "); got != test.want || ds.HasErrors() {
			t.Errorf("%q: %q, want %q", test.source, got, test.want)
		}
	}
}

func TestRoles(t *testing.T) {
	c, ds := Parse("loam.yaml", everySetting, Environment{Lookup: lookup(testVariables)})
	if c == nil {
		t.Fatal(ds)
	}
	r := c.Roles
	if got := r.Keys(); !slices.Equal(got, []string{"owner", "admin", "member", "billing", "guest"}) {
		t.Errorf("roles are %q", got)
	}
	for _, p := range Permissions() {
		if !r.Allow("owner", p) || r.Allow("nobody", p) {
			t.Errorf("%s: owner %t, nobody %t", p, r.Allow("owner", p), r.Allow("nobody", p))
		}
	}
	for _, test := range []struct {
		role string
		p    Permission
		want bool
	}{
		{"admin", MembersRole, true}, {"admin", OrganizationDelete, false}, {"admin", SSOManage, false}, {"member", MembersInvite, true},
		{"member", MembersRole, false}, {"billing", OrganizationUpdate, true}, {"billing", MembersRead, false}, {"guest", MembersRead, true},
	} {
		if r.Allow(test.role, test.p) != test.want {
			t.Errorf("%s may %s: %t", test.role, test.p, !test.want)
		}
	}
	for _, test := range []struct {
		role, other string
		want        bool
	}{
		{"owner", "owner", true}, {"owner", "admin", true}, {"admin", "owner", false}, {"admin", "admin", true}, {"admin", "billing", true},
		{"member", "guest", true}, {"member", "admin", false}, {"billing", "guest", false}, {"nobody", "nobody", false}, {"admin", "nobody", true},
	} {
		if r.Cover(test.role, test.other) != test.want {
			t.Errorf("%s covers %s: %t", test.role, test.other, !test.want)
		}
	}
	if StandardRoles().Allow("member", MembersInvite) || Default().Auth.Sessions.AccessToken != 15*time.Minute {
		t.Error("a file has changed the defaults")
	}
}

func TestChannels(t *testing.T) {
	const source = `
channels:
  doc:*:
    row: Document
    join: [member, key]
    presence: [member]
  doc:*:
    join: [member]
`
	if _, ds := Parse("loam.yaml", source, Environment{}); !ds.HasErrors() {
		t.Error("a pattern may stand twice")
	}
	c, ds := Parse("loam.yaml", source[:strings.LastIndex(source, "  doc:*")], Environment{})
	if c == nil {
		t.Fatal(ds)
	}
	if got := c.Channels[0]; got.Pattern != "doc:*" || got.Row != "Document" || len(got.Join) != 2 || got.Send != nil || got.Keep != 0 || got.KeepFor != 24*time.Hour {
		t.Errorf("read %+v", got)
	}
	s, ds := schema.Parse("schema.graphql", "type Documents @model @auth(rules: [{ allow: member }]) { title: String }")
	if s == nil {
		t.Fatal(ds)
	}
	if ds := c.CheckSchema("loam.yaml", s); len(ds) != 1 || ds[0].Pos.Line != 4 || ds[0].Suggestion != "did you mean `Documents`?" {
		t.Errorf("remarks are %+v", ds)
	}
	for _, c := range []struct{ pattern, name, rest string }{
		{"doc:*", "doc:1", "1"}, {"doc:*", "doc:", "-"}, {"doc:*", "doc", "-"}, {"*", "x", "x"}, {"lobby", "lobby", ""}, {"lobby", "lobby2", "-"},
	} {
		rest, ok := (&Channel{Pattern: c.pattern}).Rest(c.name)
		if want := c.rest != "-"; ok != want || ok && rest != c.rest {
			t.Errorf("%s names %s: %q %v", c.pattern, c.name, rest, ok)
		}
	}
}
