package attack

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/mail"
	"github.com/loam-dev/loam/internal/testkit"
)

// confirmation is a message that lets somebody in.
func confirmation(to string) mail.Message {
	return mail.Message{Template: "confirm", To: to, Name: "Ada", Data: map[string]any{"Code": canary, "Expires": 10 * time.Minute}}
}

// The mailbox of development lets in whoever reads it. A page of another origin,
// and one whose name was pointed at this machine, get nothing of it.
func TestAttack113_MailboxFromElsewhere(t *testing.T) {
	s := testkit.New(t, app, func(o *backend.Options) { o.Config.API.Origins = []string{"*"} })
	if err := s.Backend.Send(t.Context(), confirmation("ada@example.com")); err != nil {
		t.Fatal(err)
	}
	here := strings.TrimPrefix(s.URL, "http://")
	port := here[strings.LastIndex(here, ":"):]
	id := s.Anonymous().Get("/_mail/messages").Want(200).String("items", 0, "id")
	do := func(method, path, host string, headers ...string) *testkit.Response {
		return s.Anonymous().Do(method, path, nil, append([]string{"Host", host}, headers...)...)
	}
	for _, route := range []struct{ method, path string }{
		{"GET", "/_mail"}, {"GET", "/_mail/_page/mail.js"}, {"GET", "/_mail/messages"}, {"GET", "/_mail/messages/" + id},
		{"GET", "/_mail/messages/" + id + "/html"}, {"DELETE", "/_mail/messages/" + id}, {"DELETE", "/_mail/messages"},
	} {
		for name, r := range map[string]*testkit.Response{
			"a rebound name":            do(route.method, route.path, "evil.example"+port),
			"a rebound name, no port":   do(route.method, route.path, "evil.example"),
			"localhost as a prefix":     do(route.method, route.path, "localhost.evil.example"+port),
			"an address as a prefix":    do(route.method, route.path, "127.0.0.1.evil.example"+port),
			"another origin":            do(route.method, route.path, here, "Origin", "https://evil.example"),
			"another port":              do(route.method, route.path, here, "Origin", "http://127.0.0.1:1"),
			"no origin to speak of":     do(route.method, route.path, here, "Origin", "null"),
			"a request across sites":    do(route.method, route.path, here, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"),
			"a request within the site": do(route.method, route.path, here, "Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors"),
			"a frame":                   do(route.method, route.path, here, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"),
		} {
			if silent(t, r); r.StatusCode != http.StatusForbidden || r.String("code") != string(fault.HTTPForeign) {
				t.Errorf("%s %s by %s: %d\n%s", route.method, route.path, name, r.StatusCode, r.Body)
			}
		}
	}
	for name, r := range map[string]*testkit.Response{
		"the page itself": do("GET", "/_mail/messages", here, "Origin", s.URL, "Sec-Fetch-Site", "same-origin"),
		"localhost":       do("GET", "/_mail/messages", "localhost"+port),
		"a subdomain":     do("GET", "/_mail/messages", "app.localhost"+port),
		"IPv6":            do("GET", "/_mail/messages", "[::1]"+port),
		"a followed link": do("GET", "/_mail", here, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"),
	} {
		if r.StatusCode != 200 {
			t.Errorf("%s: %d\n%s", name, r.StatusCode, r.Body)
		}
	}
	if got := s.Mail("ada@example.com").String("code"); got != canary {
		t.Errorf("the message is gone: %q", got)
	}
	page := s.Anonymous().Get("/_mail").Header.Get("Content-Security-Policy")
	frame := s.Anonymous().Get("/_mail/messages/" + id + "/html").Header.Get("Content-Security-Policy")
	if !strings.Contains(page, "frame-ancestors 'none'") || !strings.Contains(frame, "default-src 'none'") || !strings.Contains(frame, "sandbox") || strings.Contains(frame, "script") {
		t.Errorf("policies: %q, %q", page, frame)
	}
}

// There is no mailbox in production, and nothing is kept for one.
func TestAttack113_NoMailboxInProduction(t *testing.T) {
	s := testkit.New(t, app, testkit.Production)
	if err := s.Backend.Send(t.Context(), confirmation("ada@example.com")); !fault.Is(err, fault.MailOff) {
		t.Errorf("sending: %v", err)
	}
	for _, path := range []string{"/_mail", "/_mail/_page/mail.js", "/_mail/messages", "/_mail/messages/x", "/_mail/messages/x/html"} {
		s.Anonymous().Get(path).WantCode(404, string(fault.HTTPNotFound))
	}
	s.Anonymous().Do("DELETE", "/_mail/messages", nil).WantCode(404, string(fault.HTTPNotFound))
}

// Names that people give themselves and their organizations are text in the
// messages of others.
func TestAttack099_NamesInMessages(t *testing.T) {
	s, ada, _ := two(t)
	const name = `{{.Code}}<script>alert(1)</script> https://evil.example`
	ada.Do("PATCH", "/auth/organizations/"+ada.Org, map[string]any{"name": name}).Want(200)
	err := s.Backend.Send(t.Context(), mail.Message{Template: "invitation", To: "bob@example.com", Org: ada.Org, Name: name,
		Data: map[string]any{"Inviter": name, "Organization": name, "Link": "https://app.example.com/join", "Code": canary}})
	if err != nil {
		t.Fatal(err)
	}
	m := s.Mail("bob@example.com")
	for _, part := range []string{"subject", "text", "html"} {
		text := m.String(part)
		if strings.Contains(text, "//evil") || part == "html" && strings.Contains(text, "<script") || part == "subject" && strings.Contains(text, canary) {
			t.Errorf("the %s:\n%s", part, text)
		}
		if strings.Count(text, canary) > 1 {
			t.Errorf("a name was read as a template:\n%s", text)
		}
	}
}
