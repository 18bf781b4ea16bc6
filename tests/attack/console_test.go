package attack

import (
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
