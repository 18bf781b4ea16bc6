package attack

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/testkit"
)

// clients are the applications that sign in with the server under attack.
const clients = `
auth:
  clients:
    web:
      name: Web shop
      secret: ${WEB_SECRET}
      redirects: [https://shop.example/callback, https://shop.example/other]
      logoutRedirects: [https://shop.example/bye]
    cli:
      redirects: [http://127.0.0.1/callback, com.example.cli:/callback]
    spa:
      redirects: [https://spa.example/callback]
      scopes: [openid, profile]
      consent: skip
`

const webSecret = "canary-web-0123456789abcdef0123456789abcdef"

const shop = "https://shop.example/callback"

// provided is a server with these clients, and a browser in which Ada is signed in.
func provided(t *testing.T, options ...testkit.Option) (*testkit.Server, *testkit.Client, *testkit.Browser) {
	t.Helper()
	s := testkit.New(t, app, append([]testkit.Option{testkit.Settings(clients, map[string]string{"WEB_SECRET": webSecret})}, options...)...)
	ada := s.SignUp("ada@example.com")
	return s, ada, browserOf(s, "ada@example.com")
}

// browserOf is a browser in which a user of SignUp is signed in by cookies.
func browserOf(s *testkit.Server, email string) *testkit.Browser {
	b := s.Browser()
	r := s.Anonymous().Do("POST", "/auth/sign-in", map[string]any{"email": email, "password": password}, "Loam-Session", "cookie").Want(200)
	for _, cookie := range r.Cookies() {
		b.Cookies[cookie.Name] = cookie.Value
	}
	return b
}

// asking is a good authorization request, with changes in pairs; "" takes a
// parameter away.
func asking(client, redirect string, changes ...string) string {
	q := url.Values{"client_id": {client}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid offline_access api"}, "state": {"s1"},
		"code_challenge": {testkit.Challenge(testkit.Verifier)}, "code_challenge_method": {"S256"}}
	if client == "spa" {
		q.Set("scope", "openid")
	}
	for i := 0; i+1 < len(changes); i += 2 {
		if q.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			q.Del(changes[i])
		}
	}
	return "/oauth/authorize?" + q.Encode()
}

var ticketField = regexp.MustCompile(`name="request" value="([^"]+)"`)

// consent goes through a request, allows it where it is asked, and returns where
// the application is sent.
func consent(t *testing.T, b *testkit.Browser, request string) url.Values {
	t.Helper()
	r := b.Go(request, nil).Want(http.StatusSeeOther)
	if to := r.Header.Get("Location"); strings.HasPrefix(to, "/oauth/consent?") {
		page := b.Go(to, nil).Want(200)
		ticket := ticketField.FindSubmatch(page.Body)
		if ticket == nil {
			t.Fatalf("no question in\n%s", page.Body)
		}
		r = b.Go("/oauth/consent", url.Values{"request": {string(ticket[1])}, "answer": {"allow"}}).Want(http.StatusSeeOther)
	}
	to, err := r.Location()
	if err != nil {
		t.Fatal(err)
	}
	return to.Query()
}

// exchange sends a form to the token endpoint; fields in pairs change it.
func exchange(s *testkit.Server, code string, changes ...string) *testkit.Response {
	return formTo(s, "/oauth/token", append([]string{"grant_type", "authorization_code", "code", code, "redirect_uri", shop, "code_verifier", testkit.Verifier,
		"client_id", "web", "client_secret", webSecret}, changes...)...)
}

func renew(s *testkit.Server, token string) *testkit.Response {
	return formTo(s, "/oauth/token", "grant_type", "refresh_token", "refresh_token", token, "client_id", "web", "client_secret", webSecret)
}

func formTo(s *testkit.Server, path string, pairs ...string) *testkit.Response {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if form.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			form.Del(pairs[i])
		}
	}
	return s.Anonymous().Do("POST", path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// oauthError fails the test unless an answer is that error of OAuth's.
func oauthError(t *testing.T, what string, r *testkit.Response, status int, name string) {
	t.Helper()
	if r.StatusCode != status || r.String("error") != name {
		t.Errorf("%s: answers %d %s, not %d %s", what, r.StatusCode, r.Body, status, name)
	}
}

func bearing(token string) []string { return []string{"Authorization", "Bearer " + token} }

// TestAttack005_CodeOfAnother shows codes that were not given for the one who
// shows them, and leaves PKCE out.
func TestAttack005_CodeOfAnother(t *testing.T) {
	now := &atomic.Int64{}
	s, _, b := provided(t, func(o *backend.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(now.Load())) }
	})
	for what, changes := range map[string][]string{
		"no challenge":         {"code_challenge", "", "code_challenge_method", ""},
		"plain":                {"code_challenge", testkit.Verifier, "code_challenge_method", "plain"},
		"plain by leaving out": {"code_challenge_method", ""},
		"another spelling":     {"code_challenge_method", "s256"},
		"a short challenge":    {"code_challenge", "abc"},
	} {
		r := b.Go(asking("web", shop, changes...), nil).Want(http.StatusSeeOther)
		if to, err := r.Location(); err != nil || to.Query().Get("error") != "invalid_request" || to.Query().Has("code") || to.Query().Get("iss") != s.URL {
			t.Errorf("%s: leads to %s", what, r.Header.Get("Location"))
		}
	}
	code := consent(t, b, asking("web", shop)).Get("code")
	for what, changes := range map[string][]string{
		"another verifier": {"code_verifier", strings.Repeat("x", 43)},
		"no verifier":      {"code_verifier", ""},
		"another redirect": {"redirect_uri", "https://shop.example/other"},
		"no redirect":      {"redirect_uri", ""},
		"another client":   {"client_id", "cli", "client_secret", ""},
		"another code":     {"code", code + "x"},
	} {
		oauthError(t, what, exchange(s, code, changes...), 400, "invalid_grant")
	}
	oauthError(t, "no secret", exchange(s, code, "client_secret", ""), 401, "invalid_client")
	oauthError(t, "a wrong secret", exchange(s, code, "client_secret", webSecret+"x"), 401, "invalid_client")
	oauthError(t, "a secret of a public client", exchange(s, code, "client_id", "cli"), 401, "invalid_client")
	first := exchange(s, code).Want(200)
	oauthError(t, "again", exchange(s, code), 400, "invalid_grant")
	s.Anonymous().Do("GET", "/api/projects", nil, bearing(first.String("access_token"))...).Want(401)
	oauthError(t, "what the code gave", renew(s, first.String("refresh_token")), 400, "invalid_grant")

	late := consent(t, b, asking("web", shop)).Get("code")
	now.Store(int64(2 * time.Minute))
	oauthError(t, "an expired code", exchange(s, late), 400, "invalid_grant")
}

// TestAttack005_OneOfManyExchanges redeems one code several times at once.
func TestAttack005_OneOfManyExchanges(t *testing.T) {
	s, _, b := provided(t)
	code := consent(t, b, asking("web", shop)).Get("code")
	var good atomic.Int64
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			if exchange(s, code).StatusCode == 200 {
				good.Add(1)
			}
		})
	}
	all.Wait()
	if good.Load() != 1 {
		t.Errorf("one code was exchanged %d times", good.Load())
	}
}

// TestAttack006_ClientRedirect asks for codes at addresses near those declared.
func TestAttack006_ClientRedirect(t *testing.T) {
	_, _, b := provided(t)
	for _, redirect := range []string{
		"", "https://evil.example", "https://shop.example@evil.example/callback", "https://shop.example/callback@evil.example", "//shop.example/callback", `\\evil.example`, `https:\\shop.example\callback`,
		"https://shop.example/callback/", "https://shop.example/callback/more", "https://shop.example/callback?x=1", "https://shop.example/callback#x", "https://shop.example/", "https://shop.example",
		"https://sub.shop.example/callback", "https://shop.example.evil.example/callback", "http://shop.example/callback", "https://shop.example:444/callback", "HTTPS://shop.example/callback",
		"https://shop.example/callback%00", "https://shop.example/./callback", "https://shop.example/callback\n", " https://shop.example/callback", "javascript:alert(1)", "http://127.0.0.1:9/callback",
	} {
		r := b.Go(asking("web", redirect), nil)
		if r.StatusCode != 400 || r.Header.Get("Location") != "" {
			t.Errorf("%q: answers %d, and leads to %q", redirect, r.StatusCode, r.Header.Get("Location"))
		}
	}
	for redirect, want := range map[string]int{
		"http://127.0.0.1:49152/callback": 303, "http://127.0.0.1/callback": 303, "com.example.cli:/callback": 303,
		"http://127.0.0.1:49152/callback?x=1": 400, "http://127.0.0.1:49152/other": 400, "http://127.0.0.1:49152@evil.example/callback": 400, "http://127.0.0.1:0/callback": 400,
		"http://localhost:49152/callback": 400, "http://[::1]:49152/callback": 400, "https://127.0.0.1:49152/callback": 400, "http://127.0.0.1.evil.example:1/callback": 400, "com.example.cli2:/callback": 400,
	} {
		if r := b.Go(asking("cli", redirect), nil); r.StatusCode != want {
			t.Errorf("%q of a native app: answers %d, not %d", redirect, r.StatusCode, want)
		}
	}
	twice := asking("web", shop) + "&redirect_uri=" + url.QueryEscape("https://evil.example")
	b.Go(twice, nil).Want(400)
	for _, to := range []string{"https://evil.example", "https://shop.example/bye/", "//evil.example", "https://shop.example/callback"} {
		b.Go("/oauth/end-session?client_id=web&post_logout_redirect_uri="+url.QueryEscape(to), nil).Want(400)
	}
}

// TestAttack006_ForcedConsent lets others answer for the user: by a form of another
// site, in another browser, and twice.
func TestAttack006_ForcedConsent(t *testing.T) {
	const trusted = "https://app.example" // of api.cors.origins: trusted with much, and not with this
	s, _, b := provided(t, func(o *backend.Options) { o.Config.API.Origins = []string{trusted} })
	s.SignUp("eve@example.com")
	eve := browserOf(s, "eve@example.com")
	at := b.Go(asking("web", shop), nil).Want(303).Header.Get("Location")
	page := b.Go(at, nil).Want(200)
	policy := page.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script-src") || page.Header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("the page of consent can be framed or run scripts: %s", policy)
	}
	ticket := string(ticketField.FindSubmatch(page.Body)[1])
	form := url.Values{"request": {ticket}, "answer": {"allow"}}
	cookies := ""
	for name, value := range b.Cookies {
		cookies += name + "=" + value + "; "
	}
	for _, site := range []string{"cross-site", "same-site"} {
		s.Anonymous().Do("POST", "/oauth/consent", form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Cookie", cookies, "Sec-Fetch-Site", site).Want(403)
		s.Anonymous().Do("POST", "/oauth/consent", form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Cookie", cookies, "Sec-Fetch-Site", site, "Origin", trusted).Want(403)
	}
	eve.Go(at, nil).Want(400)
	eve.Go("/oauth/consent", form).Want(400)
	s.Browser().Go("/oauth/consent", form).Want(400)
	browserOf(s, "ada@example.com").Go("/oauth/consent", form).Want(400)
	b.Go("/oauth/consent", form).Want(303)
	b.Go("/oauth/consent", form).Want(400)
	b.Go(at, nil).Want(400)
}

// TestAttack030_TokensOfApplications shows each kind of token where another is due.
func TestAttack030_TokensOfApplications(t *testing.T) {
	s, ada, b := provided(t)
	project, _ := plant(t, ada)
	code := consent(t, b, asking("web", shop)).Get("code")
	given := exchange(s, code).Want(200)
	access, id, refresh := given.String("access_token"), given.String("id_token"), given.String("refresh_token")
	s.Anonymous().Do("GET", "/api/projects/"+project, nil, bearing(access)...).Want(200)
	for what, token := range map[string]string{"an ID token": id, "a refresh token": refresh, "a code": code} {
		for _, path := range []string{"/api/projects", "/auth/me", "/oauth/userinfo"} {
			if r := silent(t, s.Anonymous().Do("GET", path, nil, bearing(token)...)); r.StatusCode != 401 {
				t.Errorf("%s at %s answers %d", what, path, r.StatusCode)
			}
		}
	}
	s.Anonymous().Do("POST", "/auth/refresh", map[string]any{"refreshToken": refresh}).Want(401)
	own := s.Anonymous().Do("POST", "/auth/sign-in", map[string]any{"email": "ada@example.com", "password": password}).Want(200)
	oauthError(t, "the user's own refresh token", renew(s, own.String("refreshToken")), 400, "invalid_grant")
	s.Anonymous().Do("GET", "/oauth/userinfo", nil, bearing(own.String("accessToken"))...).Want(403)
	to, err := b.Go(asking("web", shop, "id_token_hint", access), nil).Want(303).Location()
	if err != nil || to.Query().Get("error") != "invalid_request" {
		t.Errorf("an access token as a hint leads to %s", to)
	}

	// what an application does not get, whatever its scope
	for _, door := range [][2]string{
		{"GET", "/auth/me"}, {"PATCH", "/auth/me"}, {"DELETE", "/auth/me"}, {"GET", "/auth/sessions"}, {"DELETE", "/auth/sessions"}, {"POST", "/auth/keys"}, {"GET", "/auth/keys"}, {"POST", "/auth/password"},
		{"POST", "/auth/sign-out"}, {"POST", "/auth/reauthenticate"}, {"POST", "/auth/totp"}, {"POST", "/auth/organizations"}, {"POST", "/auth/organizations/" + ada.Org + "/switch"},
		{"GET", "/auth/organizations/" + ada.Org + "/members"}, {"GET", "/auth/organizations/" + ada.Org + "/audit"}, {"GET", "/auth/consents"}, {"DELETE", "/auth/consents/web"}, {"GET", "/auth/admin/organizations"},
	} {
		s.Anonymous().Do(door[0], door[1], map[string]any{}, bearing(access)...).WantCode(403, "access/insufficient_scope")
	}
	b.Cookies["loam"] = access
	if to := b.Go(asking("spa", "https://spa.example/callback"), nil).Want(303).Header.Get("Location"); strings.Contains(to, "code=") {
		t.Error("an application's token gives itself codes")
	}
	sign := browserOf(s, "ada@example.com")
	narrow := formTo(s, "/oauth/token", "grant_type", "authorization_code", "client_id", "spa", "redirect_uri", "https://spa.example/callback", "code_verifier", testkit.Verifier,
		"code", consent(t, sign, asking("spa", "https://spa.example/callback")).Get("code")).Want(200)
	for _, path := range []string{"/api/projects", "/graphql?query=%7B__typename%7D", "/auth/me"} {
		silent(t, s.Anonymous().Do("GET", path, nil, bearing(narrow.String("access_token"))...)).WantCode(403, "access/insufficient_scope")
	}
	s.Anonymous().Do("GET", "/oauth/userinfo", nil, bearing(narrow.String("access_token"))...).Want(200)
}

// TestAttack027_ForgedClientTokens changes what signs an application's tokens.
func TestAttack027_ForgedClientTokens(t *testing.T) {
	s, _, b := provided(t)
	given := exchange(s, consent(t, b, asking("web", shop)).Get("code")).Want(200)
	split := func(token string) []string { return strings.Split(token, ".") }
	access, id := split(given.String("access_token")), split(given.String("id_token"))
	header := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for what, token := range map[string]string{
		"none":                            header(`{"alg":"none","typ":"at+jwt"}`) + "." + access[1] + ".",
		"no signature":                    access[0] + "." + access[1] + ".",
		"the ID token's signature":        access[0] + "." + access[1] + "." + id[2],
		"the ID token's header":           id[0] + "." + access[1] + "." + id[2],
		"the ID token's claims":           access[0] + "." + id[1] + "." + access[2],
		"an ID token under the other typ": strings.Join([]string{strings.Replace(id[0], header(`"typ":"JWT"`), header(`"typ":"at+jwt"`), 1), id[1], id[2]}, "."),
	} {
		s.Anonymous().Do("GET", "/api/projects", nil, bearing(token)...).Want(401)
		if r := formTo(s, "/oauth/introspect", "token", token, "client_id", "web", "client_secret", webSecret).Want(200); r.Value("active") != false {
			t.Errorf("%s: introspection says %s", what, r.Body)
		}
	}
	forged := header(`{"alg":"HS256","typ":"JWT"}`) + "." + id[1] + "." + id[2]
	if to := b.Go(asking("web", shop, "id_token_hint", forged), nil).Want(303).Header.Get("Location"); !strings.Contains(to, "error=invalid_request") {
		t.Errorf("a forged hint leads to %s", to)
	}
}

// TestAttack031_ReusedClientRefresh shows an application's refresh token again, and
// several times at once.
func TestAttack031_ReusedClientRefresh(t *testing.T) {
	s, _, b := provided(t)
	given := func() *testkit.Response {
		return exchange(s, consent(t, b, asking("web", shop)).Get("code")).Want(200)
	}
	first := given()
	oauthError(t, "another client", formTo(s, "/oauth/token", "grant_type", "refresh_token", "refresh_token", first.String("refresh_token"), "client_id", "cli"), 400, "invalid_grant")
	second := renew(s, first.String("refresh_token")).Want(200)
	s.Anonymous().Do("GET", "/api/projects", nil, bearing(second.String("access_token"))...).Want(200)
	oauthError(t, "again", renew(s, first.String("refresh_token")), 400, "invalid_grant")
	oauthError(t, "the family", renew(s, second.String("refresh_token")), 400, "invalid_grant")
	s.Anonymous().Do("GET", "/api/projects", nil, bearing(second.String("access_token"))...).Want(401)

	token := given().String("refresh_token")
	var good atomic.Int64
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			if renew(s, token).StatusCode == 200 {
				good.Add(1)
			}
		})
	}
	all.Wait()
	if good.Load() > 1 {
		t.Errorf("one refresh token made %d families", good.Load())
	}
}

// TestAttack032_ApplicationCutOff takes an application's leave away in each way
// that there is; its token ends at once.
func TestAttack032_ApplicationCutOff(t *testing.T) {
	s, ada, b := provided(t)
	given := func() string {
		token := exchange(s, consent(t, b, asking("web", shop)).Get("code")).Want(200).String("access_token")
		s.Anonymous().Do("GET", "/api/projects", nil, bearing(token)...).Want(200)
		return token
	}
	ended := func(what, token string) {
		t.Helper()
		if r := s.Anonymous().Do("GET", "/api/projects", nil, bearing(token)...); r.StatusCode != 401 {
			t.Errorf("after %s a token answers %d", what, r.StatusCode)
		}
	}
	token := given()
	ada.Do("DELETE", "/auth/consents/web", nil).Want(204)
	ended("revoked consent", token)
	if to := b.Go(asking("web", shop, "prompt", "none"), nil).Want(303).Header.Get("Location"); !strings.Contains(to, "error=consent_required") {
		t.Errorf("after a revoked consent a silent request leads to %s", to)
	}
	token = given()
	formTo(s, "/oauth/revoke", "token", token, "client_id", "cli").Want(200)
	s.Anonymous().Do("GET", "/api/projects", nil, bearing(token)...).Want(200)
	formTo(s, "/oauth/revoke", "token", token, "client_id", "web", "client_secret", webSecret).Want(200)
	ended("revocation", token)
	token = given()
	sessions := ada.Get("/auth/sessions").Want(200)
	for i := range sessions.Len("items") {
		if sessions.Value("items", i, "client") == "Web shop" {
			ada.Do("DELETE", "/auth/sessions/"+sessions.String("items", i, "id"), nil)
		}
	}
	ended("the end of its session", token)
	eve := s.SignUp("eve@example.com")
	ada.Enlist(eve.Org, "member")
	ada.Switch(eve.Org)
	guest := exchange(s, consent(t, browserOf(s, "ada@example.com"), asking("web", shop)).Get("code")).Want(200)
	eve.Do("DELETE", "/auth/organizations/"+eve.Org+"/members/"+ada.UserID, nil).Want(204)
	ended("leaving the organization", guest.String("access_token"))
	oauthError(t, "a refresh after leaving", renew(s, guest.String("refresh_token")), 400, "invalid_grant")
	token = given()
	if err := s.Backend.Auth.SetDisabled(t.Context(), ada.UserID, true); err != nil {
		t.Fatal(err)
	}
	ended("the end of the account", token)
}

// TestAttack045_ProviderCaches looks for answers of one caller that a cache would
// give to another.
func TestAttack045_ProviderCaches(t *testing.T) {
	s, _, b := provided(t)
	given := exchange(s, consent(t, b, asking("web", shop)).Get("code")).Want(200)
	for what, r := range map[string]*testkit.Response{
		"tokens":      given,
		"an error":    exchange(s, "x"),
		"userinfo":    s.Anonymous().Do("GET", "/oauth/userinfo", nil, bearing(given.String("access_token"))...),
		"an answer":   b.Go(asking("web", shop), nil),
		"a sign-in":   s.Browser().Go(asking("web", shop), nil),
		"consent":     b.Go(b.Go(asking("web", shop, "prompt", "consent"), nil).Header.Get("Location"), nil),
		"end-session": b.Go("/oauth/end-session", nil),
	} {
		if r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control: %q", what, r.Header.Get("Cache-Control"))
		}
	}
	for _, origin := range []string{"https://evil.example", "https://shop.example", "null"} {
		r := s.Anonymous().Do("POST", "/oauth/token", "x=1", "Content-Type", "application/x-www-form-urlencoded", "Origin", origin)
		if got := r.Header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("scripts of %s may read tokens: %q", origin, got)
		}
	}
	r := s.Anonymous().Do("POST", "/oauth/token", "x=1", "Content-Type", "application/x-www-form-urlencoded", "Origin", "https://spa.example")
	if r.Header.Get("Access-Control-Allow-Origin") != "https://spa.example" || r.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("a public client's scripts: %v", r.Header)
	}
}

// TestAttack124_IDKeys rotates the keys while applications hold their tokens: the
// old key verifies for as long as one of its tokens may be good, and no longer.
func TestAttack124_IDKeys(t *testing.T) {
	now := &atomic.Int64{}
	s, _, b := provided(t, func(o *backend.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(now.Load())) }
	})
	keys := func(algorithm string) (n int) {
		set := s.Anonymous().Get("/.well-known/jwks.json").Want(200)
		for i := range set.Len("keys") {
			if set.String("keys", i, "alg") == algorithm {
				n++
			}
		}
		return n
	}
	hinted := func(token string) bool {
		to, err := b.Go(asking("web", shop, "id_token_hint", token), nil).Want(303).Location()
		return err == nil && to.Query().Get("error") != "invalid_request"
	}
	old := exchange(s, consent(t, b, asking("web", shop)).Get("code")).Want(200).String("id_token")
	if err := s.Backend.Auth.RotateKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	renewed := exchange(s, consent(t, b, asking("web", shop)).Get("code")).Want(200).String("id_token")
	if head, _, _ := strings.Cut(old, "."); strings.HasPrefix(renewed, head+".") {
		t.Error("a new ID token is signed by the old key")
	}
	if keys("RS256") != 2 || keys("EdDSA") != 2 || !hinted(old) || !hinted(renewed) {
		t.Error("after a rotation the old and the new key are not both good")
	}
	now.Store(int64(time.Hour))
	if keys("RS256") != 1 || keys("EdDSA") != 1 || hinted(old) || !hinted(renewed) {
		t.Error("a retired key is still good, or the new one is not")
	}
}
