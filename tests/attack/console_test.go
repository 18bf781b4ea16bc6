package attack

import (
	"fmt"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

// The console runs its own files and nothing else, shows itself in no frame, and its
// page stands in for nothing that is no page.
func TestAttack139_ConsolePages(t *testing.T) {
	s := testkit.New(t, app, testkit.Production)
	for _, page := range []string{"", "/", "/setup", "/data/tasks", "/a/b?x=%22%3E%3Cscript%3E"} {
		r := s.Anonymous().Get("/console" + page).Want(200)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
			"Cache-Control": "no-cache", "Content-Type": "text/html; charset=utf-8",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", page, name, got, want)
			}
		}
		policy := r.Header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy %q lacks %q", page, policy, part)
			}
		}
		if strings.Contains(policy, "unsafe-eval") || strings.Contains(policy, "script-src 'self' ") {
			t.Errorf("%s: the policy %q lets scripts in", page, policy)
		}
	}
	for _, path := range []string{"/console/api", "/console/api/", "/console/api/no/such", "/console/assets/no.js", "/console/assets/", "/console/assets/..%2findex.html", "/console/assets/..%2f..%2fconsole.go"} {
		s.Anonymous().Get(path).WantCode(404, "http/not_found")
	}
}

// TestAttack143_FirstAdmin: the one-time link makes one admin, once, and only where
// there is none. Who guesses at it waits, and before it is used nothing is open.
func TestAttack143_FirstAdmin(t *testing.T) {
	s := testkit.New(t, app, testkit.Production)
	ada := s.SignUp("ada@example.com")
	nobody := s.Anonymous()
	setUp := func(c *testkit.Client, token, email string) *testkit.Response {
		return c.Do("POST", "/console/api/setup", map[string]any{"token": token, "email": email, "password": password, "name": "Root"})
	}
	if !nobody.Get("/console/api/setup").Want(200).Value("needed").(bool) {
		t.Error("nobody is said to be needed")
	}
	for _, path := range []string{"/console/api/me", "/console/api/settings", "/console/api/overview", "/auth/admin/users"} {
		nobody.Get(path).WantCode(404, "http/not_found")
		ada.Get(path).WantCode(404, "http/not_found")
	}
	offer := func() string {
		token, err := s.Backend.Auth.OfferAdmin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return string(token)
	}
	void := offer()
	token := offer()
	for _, wrong := range []string{"", void, token[:len(token)-1] + "A", "loamt_", strings.ToUpper(token), " " + token} {
		if r := setUp(nobody, wrong, "root@example.com"); r.StatusCode < 400 || r.StatusCode >= 500 {
			t.Errorf("%q: %d %s", wrong, r.StatusCode, r.Body)
		}
	}
	nobody.Do("POST", "/console/api/setup", `{"token":"`+token+`","email":"root@example.com","password":"`+password+`","name":"x","admin":true}`).WantCode(400, "query/unknown_field")
	nobody.Do("POST", "/console/api/setup", map[string]any{"token": token, "email": "root@example.com", "password": "short", "name": "x"}).Want(400)
	setUp(nobody, token, "ada@example.com").WantCode(409, "auth/email_taken") // the token is good yet
	made := make(chan *testkit.Response, 8)
	for i := range cap(made) {
		go func() {
			c := s.Anonymous()
			if i%2 == 1 {
				c = ada
			}
			body := map[string]any{"token": token}
			if i%2 == 0 {
				body = map[string]any{"token": token, "email": fmt.Sprintf("root%d@example.com", i), "password": password, "name": "Root"}
			}
			made <- c.Do("POST", "/console/api/setup", body)
		}()
	}
	won := 0
	for range cap(made) {
		if r := <-made; r.StatusCode < 300 {
			won++
		}
	}
	if won != 1 || len(onRecord(t, s, "admin.claimed")) != 1 {
		t.Errorf("%d became the first admin", won)
	}
	if nobody.Get("/console/api/setup").Want(200).Value("needed").(bool) {
		t.Error("an admin is still said to be needed")
	}
	if r := setUp(nobody, token, "late@example.com"); r.StatusCode < 400 {
		t.Errorf("the link was used again: %s", r.Body)
	}
	if again := offer(); again != "" {
		t.Error("another link was made")
	}
	nobody.Do("POST", "/auth/sign-in", map[string]any{"email": "late@example.com", "password": password}).Want(401)
}

// TestAttack143_GuessedLink: guesses at the link cost a network its tries.
func TestAttack143_GuessedLink(t *testing.T) {
	s := testkit.New(t, app, testkit.Settings("limits: {signIn: {perNetwork: 5}}", nil))
	token, err := s.Backend.Auth.OfferAdmin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	guess := string(token[:len(token)-3]) + "AAA"
	for i := range 30 {
		r := s.Anonymous().Do("POST", "/console/api/setup", map[string]any{"token": guess, "email": "eve@example.com", "password": password, "name": "x"})
		if r.StatusCode == 429 && r.Header.Get("Retry-After") != "" {
			return
		}
		if r.StatusCode < 400 || i == 29 {
			t.Fatalf("guess %d: %d %s", i, r.StatusCode, r.Body)
		}
	}
}

const secretive = `
name: Shop
auth:
  clients:
    web: {secret: "${MARK}", redirects: [https://shop.example/callback]}
  hooks:
    afterConfirmation: {url: "https://hooks.example/in?key=marker-0123456789abcdef0123456789abcdef", secret: "${HOOK}"}
  providers:
    google: {clientId: id, clientSecret: "${MARK}"}
mail:
  from: Shop <shop@example.com>
  smtp: {host: smtp.example.com, user: mailer, password: "${MARK}"}
server:
  metricsToken: "${MARK}"
`

// TestAttack144_SecretsInTheConsole: no answer of the console holds a secret of
// loam.yaml, nor what an address in it tells its server alone.
func TestAttack144_SecretsInTheConsole(t *testing.T) {
	const mark = "marker-0123456789abcdef0123456789abcdef"
	const hook = "whsec_bWFya2VyLTAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg="
	s := testkit.New(t, app, testkit.Settings(secretive, map[string]string{"MARK": mark, "HOOK": hook}))
	boss := root(t, s)
	for _, path := range []string{"/console/api/me", "/console/api/settings", "/console/api/schema", "/console/api/migrations", "/console/api/overview", "/console/api/connections", "/console/api/audit", "/console/api/users/root@example.com/sessions"} {
		r := boss.Get(path).Want(200)
		for _, secret := range []string{mark, hook, testkit.MasterKey, "user:marker", strings.TrimPrefix(boss.Header.Get("Authorization"), "Bearer ")} {
			if strings.Contains(string(r.Body), secret) {
				t.Errorf("%s shows %q: %s", path, secret, r.Body)
			}
		}
	}
	set := boss.Get("/console/api/settings").Want(200)
	seen := map[string]any{}
	for i := range set.Len("settings") {
		seen[set.String("settings", i, "path")] = set.Value("settings", i)
	}
	for _, path := range []string{"mail.smtp.password", "server.metricsToken", "auth.clients.web.secret", "auth.hooks.afterConfirmation.secret", "auth.providers.google.clientSecret"} {
		one, _ := seen[path].(map[string]any)
		if one["secret"] != true || one["set"] != true || one["value"] != nil {
			t.Errorf("%s is shown as %v", path, one)
		}
	}
	if one, _ := seen["auth.hooks.afterConfirmation.url"].(map[string]any); one["value"] != "https://hooks.example/in?…" {
		t.Errorf("the hook's address is shown as %v", one)
	}
}
