// Package oidc_test signs in with a real OpenID issuer, oidc-provider from npm: its
// discovery, its sign-in and consent pages, its tokens and its userinfo.
package oidc_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/testkit"
)

const (
	site  = "https://loam.test"
	model = `type Note @model @auth(rules: [{ allow: owner }]) { text: String }`
)

// issuer starts the issuer, and ends it with the test.
func issuer(t *testing.T) string {
	t.Helper()
	if _, err := os.Stat("node_modules/oidc-provider"); err != nil {
		t.Fatal("run make node first: oidc-provider is not installed")
	}
	command := exec.CommandContext(t.Context(), "node", "issuer.mjs", site+"/auth/callback/company")
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // it ends by itself then
		_ = command.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if at, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			return at
		}
	}
	t.Fatal("the issuer ended before it was ready")
	return ""
}

var (
	action = regexp.MustCompile(`action="([^"]+)"`)
	prompt = regexp.MustCompile(`name="prompt" value="([^"]+)"`)
)

// visit goes through the issuer's pages as a user who signs in as login and
// agrees, and returns where the issuer sends the browser back to.
func visit(t *testing.T, to, login string) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), site) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	answer, err := client.Get(to)
	for range 5 {
		if err != nil {
			t.Fatal(err)
		}
		page, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if back := answer.Header.Get("Location"); back != "" {
			return back
		}
		form, asked := action.FindSubmatch(page), prompt.FindSubmatch(page)
		if form == nil || asked == nil {
			t.Fatalf("%s: %s\n%s", answer.Request.URL, answer.Status, page)
		}
		at, parseErr := answer.Request.URL.Parse(string(form[1]))
		if parseErr != nil {
			t.Fatal(parseErr)
		}
		answer, err = client.PostForm(at.String(), url.Values{"prompt": {string(asked[1])}, "login": {login}, "password": {"any"}})
	}
	t.Fatal("the issuer asks on and on")
	return ""
}

func TestSignInWithARealIssuer(t *testing.T) {
	at := issuer(t)
	s := testkit.New(t, model, func(o *backend.Options) {
		c := *o.Config
		c.URL, c.Outbound.AllowPrivate, c.Auth.Redirects = site, true, []string{testkit.Redirect}
		c.Auth.Providers = []config.Provider{{ID: "company", Kind: "oidc", Name: "Company", Issuer: at, ClientID: "loam", ClientSecret: config.NewSecret("s3cret")}}
		o.Config = &c
	})
	if label := s.Anonymous().Get("/auth/providers").Want(200).String("items", 0, "label"); label != "Company" {
		t.Errorf("the way in is called %q", label)
	}
	signIn := func(login string) *testkit.Response {
		b := s.Browser()
		back := strings.TrimPrefix(visit(t, b.Depart("company"), login), site)
		return s.Anonymous().Exchange(b.Go(back, nil).Code())
	}
	first := signIn("ada").Want(200)
	if email, verified := first.String("user", "email"), first.Value("user", "emailVerified"); email != "ada@example.com" || verified != true {
		t.Errorf("signed in %s", first.Body)
	}
	if again := signIn("ada").Want(200); again.String("user", "id") != first.String("user", "id") {
		t.Error("a second sign-in made a second account")
	}
	if bob := signIn("bob").Want(200); bob.String("user", "id") == first.String("user", "id") {
		t.Error("bob is ada")
	}
	signIn("unverified").WantCode(403, "auth/unverified_email")
}
