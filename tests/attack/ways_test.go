package attack

import (
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

// held is a session that somebody has in their hands.
type held struct {
	s               *testkit.Server
	access, refresh string
	client          bool // an application's
}

func heldOf(s *testkit.Server, r *testkit.Response) held {
	return held{s, r.String("accessToken"), r.String("refreshToken"), false}
}

// goesOn tells whether the session is good on a door, and by its refresh token, which
// is used up.
func (h held) goesOn(t *testing.T, what string, want bool) {
	t.Helper()
	if got := h.s.Anonymous().Do("GET", "/api/projects", nil, bearing(h.access)...); (got.StatusCode == 200) != want {
		t.Errorf("%s: an access token answers %d", what, got.StatusCode)
	}
	renewed := func() *testkit.Response {
		if h.client {
			return renew(h.s, h.refresh)
		}
		return h.s.Anonymous().Do("POST", "/auth/refresh", map[string]any{"refreshToken": h.refresh})
	}
	if got := renewed(); (got.StatusCode == 200) != want {
		t.Errorf("%s: a refresh token answers %d", what, got.StatusCode)
	}
}

// TestAttack052_EnforcedSignIn: where a company's own sign-in becomes the only one, it
// is the only one: a stolen session, or an application's, does not go around it. With
// the connection the sessions end that began there.
func TestAttack052_EnforcedSignIn(t *testing.T) {
	c := newCompany(t, nil, testkit.Settings(clients, map[string]string{"WEB_SECRET": webSecret}))
	in := func(email string) held {
		return heldOf(c.Server, c.Anonymous().Do("POST", "/auth/sign-in", map[string]any{"email": email, "password": password}).Want(200))
	}
	c.owner.Join("member@acme.test", "member")
	c.owner.Join("guest@example.com", "member")
	c.SignUp("stranger@acme.test")
	c.is("ada@acme.test")
	company := func() held { return heldOf(c.Server, c.Anonymous().Exchange(c.post(nil).Code()).Want(200)) }
	sessions := map[string]held{}
	for _, email := range []string{"member@acme.test", "stranger@acme.test", "guest@example.com", "owner@acme.test"} {
		sessions[email] = in(email)
	}
	tokens := exchange(c.Server, consent(t, browserOf(c.Server, "member@acme.test"), asking("web", shop)).Get("code")).Want(200)
	sessions["the member's application"] = held{c.Server, tokens.String("access_token"), tokens.String("refresh_token"), true}
	sessions["by the company"] = company()
	for _, h := range sessions {
		c.Anonymous().Do("GET", "/api/projects", nil, bearing(h.access)...).Want(200) // it is remembered now
	}

	connection := "/auth/organizations/" + c.owner.Org + "/connections/" + c.id
	c.owner.Do("PATCH", connection, map[string]any{"enforced": true}).Want(200)
	for what, h := range sessions {
		h.goesOn(t, what, what == "guest@example.com" || what == "owner@acme.test" || what == "by the company")
	}
	c.Anonymous().Do("POST", "/auth/sign-in", map[string]any{"email": "member@acme.test", "password": password}).WantCode(403, "federation/sso_required")

	disabled, removed := company(), company()
	c.owner.Do("PATCH", connection, map[string]any{"enabled": false}).Want(200)
	disabled.goesOn(t, "a disabled connection", false)
	c.owner.Do("PATCH", connection, map[string]any{"enabled": true}).Want(200)
	c.Anonymous().Do("GET", "/api/projects", nil, bearing(removed.access)...).Want(200)
	c.owner.Do("DELETE", connection, nil).Want(204)
	removed.goesOn(t, "a removed connection", false)
}

// TestAttack052_ProviderTakenOut: with a provider that loam.yaml names no more, the
// sessions end that began there, and those that they let applications have.
func TestAttack052_ProviderTakenOut(t *testing.T) {
	dir, is := t.TempDir(), testkit.NewIssuer(t)
	options := []testkit.Option{testkit.Settings(clients, map[string]string{"WEB_SECRET": webSecret}), testkit.In(dir)}
	var sessions map[string]held
	t.Run("before", func(t *testing.T) {
		s := testkit.New(t, app, append(options, by(map[string]*testkit.Issuer{"google": is}))...)
		s.SignUp("bob@example.com")
		come := func() *testkit.Response {
			return s.Anonymous().Do("POST", "/auth/exchange", map[string]any{"code": s.Browser().ComeBack("google").Code(), "verifier": testkit.Verifier}, "Loam-Session", "cookie").Want(200)
		}
		b := s.Browser()
		for _, cookie := range come().Cookies() {
			b.Cookies[cookie.Name] = cookie.Value
		}
		tokens := exchange(s, consent(t, b, asking("web", shop)).Get("code")).Want(200)
		sessions = map[string]held{
			"by the provider":    heldOf(s, s.Anonymous().Exchange(s.Browser().ComeBack("google").Code()).Want(200)),
			"of its application": {s, tokens.String("access_token"), tokens.String("refresh_token"), true},
			"by password":        heldOf(s, s.Anonymous().Do("POST", "/auth/sign-in", map[string]any{"email": "bob@example.com", "password": password}).Want(200)),
		}
	})
	s := testkit.New(t, app, append(options, by(nil))...)
	for what, h := range sessions {
		h.s = s
		h.goesOn(t, what, what == "by password")
	}
}
