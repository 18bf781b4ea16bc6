package attack

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

const pagesConfig = `
name: "<script>alert(1)</script>"
auth:
  redirects: [https://app.example.com/signed-in]
`

// After a sign-in the browser goes to a page of this server, or to what loam.yaml
// names: letter by letter, and not to what only looks alike.
func TestAttack105_ReturnAfterSignIn(t *testing.T) {
	s := testkit.New(t, app, testkit.Settings(pagesConfig, nil))
	for to, good := range map[string]bool{
		"/":                                  true,
		"/account/members":                   true,
		"/oauth/authorize?client_id=a&b=%2F": true,
		"/a#b":                               true,
		"https://app.example.com/signed-in":  true,

		"":                                       false,
		"//evil.example":                         false,
		"///evil.example":                        false,
		"/\\evil.example":                        false,
		"\\\\evil.example":                       false,
		"/\t/evil.example":                       false,
		"/\n/evil.example":                       false,
		"\t//evil.example":                       false,
		" //evil.example":                        false,
		"evil.example":                           false,
		"https:evil.example":                     false,
		"https://evil.example":                   false,
		"http:///evil.example":                   false,
		"javascript:alert(1)":                    false,
		"data:text/html,x":                       false,
		"https://app.example.com/signed-in/":     false,
		"https://app.example.com/signed-in?a=b":  false,
		"https://app.example.com/signed-in#a":    false,
		"https://app.example.com@evil.example":   false,
		"https://app.example.com.evil.example":   false,
		"https://APP.example.com/signed-in":      false,
		"https://good@app.example.com/signed-in": false,
		"/\u2028/evil.example":                   false,
	} {
		want := ""
		if good {
			want = to
		}
		if got := s.Anonymous().Get("/auth/settings?return_to=" + url.QueryEscape(to)).Want(200).String("returnTo"); got != want {
			t.Errorf("return_to %q leads to %q, want %q", to, got, want)
		}
	}
}

// The pages run their own files and nothing else, show themselves in no frame and
// tell no other site where they are. What the server puts into them is nothing.
func TestAttack112_AccountPages(t *testing.T) {
	s := testkit.New(t, app, testkit.Settings(pagesConfig, nil))
	inline := regexp.MustCompile(`(?i)<script(?:\s[^>]*)?>[^<]|<style|\sstyle=|\son[a-z]+=|javascript:|https?://`)
	for _, page := range []string{"", "/sign-in", "/sign-up", "/confirm", "/link", "/reset", "/email", "/invitation", "/return",
		"/security", "/sessions", "/organizations", "/organization", "/members", "/teams", "/domains", "/audit"} {
		r := s.Anonymous().Get("/account" + page + "?return_to=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").Want(200)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", page, name, got, want)
			}
		}
		policy := r.Header.Get("Content-Security-Policy")
		// Pictures come from anywhere, as logos do: they run nothing.
		if want := "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"; policy != want {
			t.Errorf("%s: the policy is %q, want %q", page, policy, want)
		}
		if found := inline.FindString(string(r.Body)); found != "" {
			t.Errorf("%s has %q in it", page, found)
		}
	}
	for path, status := range map[string]int{
		"/account/_page/account.js": 200, "/account/_page/account.css": 200, "/account/nothing": 404, "/account/_page/../index.go": 404,
		"/account/_page/%2e%2e%2faccountpages.go": 404, "/account/sign-in/x": 404,
	} {
		r, err := http.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != status {
			t.Errorf("%s: %d, want %d", path, r.StatusCode, status)
		}
	}
	if r := s.Anonymous().Do("GET", "/account/nothing", nil, "Accept", "text/html").Want(404); r.Header.Get("Content-Security-Policy") == "" || inline.Match(r.Body) {
		t.Errorf("a page that is none, as a browser asks for it: %v %s", r.Header, r.Body)
	}
	settings := s.Anonymous().Get("/auth/settings").Want(200)
	if strings.Contains(string(settings.Body), "redirects") || !strings.HasPrefix(settings.Header.Get("Content-Type"), "application/json") {
		t.Errorf("/auth/settings tells more than it should, or is no JSON: %s", settings.Body)
	}
}
