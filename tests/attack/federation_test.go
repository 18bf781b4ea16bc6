package attack

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/testkit"
)

// by lets users of some issuers sign in, each by the name that it stands under.
func by(issuers map[string]*testkit.Issuer) testkit.Option {
	return func(o *backend.Options) {
		c := *o.Config
		c.Auth.Redirects = []string{testkit.Redirect}
		for name, is := range issuers {
			c.Auth.Providers = append(c.Auth.Providers, config.Provider{ID: name, Kind: "oidc", Issuer: is.URL, ClientID: "loam", ClientSecret: config.NewSecret("s3cret")})
		}
		c.Outbound.AllowPrivate = true
		o.Config = &c
	}
}

// person makes an issuer's user somebody.
func person(is *testkit.Issuer, subject, email string, verified any) {
	is.User = map[string]any{"sub": subject, "email": email, "email_verified": verified, "name": subject}
}

// identities are the providers that sign in to a caller's account.
func identities(c *testkit.Client) int { return c.Get("/auth/identities").Want(200).Len("items") }

// Eve signs up with Ada's address and waits. When Ada comes with proof that the
// address is hers, what Eve set up is worth nothing.
func TestAttack001_RegisteredBeforeItsOwner(t *testing.T) {
	is := testkit.NewIssuer(t)
	s := testkit.New(t, app, by(map[string]*testkit.Issuer{"google": is}))
	eve := s.Anonymous()
	up := eve.Do("POST", "/auth/sign-up", map[string]any{"email": "ada@example.com", "password": "correct horse battery"}).Want(201)
	eve.Header.Set("Authorization", "Bearer "+up.String("accessToken"))
	eve.Get("/auth/me").Want(200)

	person(is, "ada", "ada@example.com", true)
	ada := s.SignInBy("google")
	if got := ada.Get("/auth/me").String("user", "email"); got != "ada@example.com" {
		t.Errorf("ada is %q", got)
	}
	eve.Get("/auth/me").Want(401)
	s.Anonymous().Do("POST", "/auth/refresh", map[string]any{"refreshToken": up.String("refreshToken")}).Want(401)
	s.Anonymous().Do("POST", "/auth/sign-in", map[string]any{"email": "ada@example.com", "password": "correct horse battery"}).Want(401)
}

// Eve signs up with Ada's address and brings in her friends, and they theirs, with the
// run of the place. When Ada comes, she is alone in her organization, and owns it: no
// friend, invitation, key or session is left. Whom others brought in stays.
func TestAttack001_AccomplicesBeforeItsOwner(t *testing.T) {
	is := testkit.NewIssuer(t)
	s := testkit.New(t, app, by(map[string]*testkit.Issuer{"google": is}))
	eve := s.SignUp("ada@example.com")
	org := "/auth/organizations/" + eve.Org
	friend := func(by *testkit.Client, email, role string) *testkit.Client {
		c := s.SignUp(email)
		c.Enlist(by.Org, "member") // where they have met
		home := c.Org
		by.Enlist(home, "member")
		c.Do("DELETE", "/auth/organizations/"+by.Org+"/members/"+c.UserID, nil).Want(204)
		by.Do("POST", org+"/members", map[string]any{"userId": c.UserID, "role": role}).Want(201)
		c.Switch(eve.Org)
		return c
	}
	first := friend(eve, "first@example.com", "owner")
	second := friend(first, "second@example.com", "admin")
	second.Do("POST", org+"/invitations", map[string]any{"email": "third@example.com"}).Want(201)
	third := s.Anonymous().Do("POST", "/auth/sign-up", map[string]any{"email": "third@example.com", "password": password, "invitation": testkit.Token(s.Mail("third@example.com").String("link"))}).Want(201)
	s.Anonymous().Do("GET", "/api/projects", nil, bearing(third.String("accessToken"))...).Want(200)
	guest := s.SignUp("guest@example.com")
	first.Do("POST", org+"/invitations", map[string]any{"email": "guest@example.com"}).Want(201)
	eve.Do("POST", org+"/invitations", map[string]any{"email": "later@example.com", "role": "owner"}).Want(201)
	key := first.Do("POST", "/auth/keys", map[string]any{"name": "left behind"}).Want(201).String("key")
	second.Do("POST", "/api/projects", map[string]any{"name": "theirs"}).Want(201)
	seeded := s.SignUp("seeded@example.com")
	seeded.Enlist(eve.Org, "member") // by who runs the server
	first.Do("PATCH", org+"/members/"+eve.UserID, map[string]any{"role": "member"}).Want(200)
	keyed := s.Anonymous()
	keyed.Header.Set("X-Api-Key", key)
	keyed.Get("/api/projects").Want(403) // a good key that no rule lets

	person(is, "ada", "ada@example.com", true)
	ada := s.SignInBy("google")
	ada.Switch(eve.Org)
	for _, c := range []*testkit.Client{first, second} {
		c.Get("/api/projects").Want(401)
		c.Do("POST", org+"/switch", nil).Want(401)
	}
	keyed.Get("/api/projects").Want(401)
	s.Anonymous().Do("GET", "/api/projects", nil, bearing(third.String("accessToken"))...).Want(401)
	people := ada.Get(org + "/members").Want(200)
	if people.Len("items") != 2 || people.String("items", 0, "userId") != ada.UserID || people.String("items", 0, "role") != "owner" || people.String("items", 1, "userId") != seeded.UserID {
		t.Errorf("in Ada's organization are %s", people.Body)
	}
	if n := ada.Get(org + "/invitations").Want(200).Len("items"); n != 0 {
		t.Errorf("%d invitations are open", n)
	}
	for _, token := range []string{testkit.Token(s.Mail("guest@example.com").String("link")), testkit.Token(s.Mail("later@example.com").String("link"))} {
		guest.Do("POST", "/auth/invitations/accept", map[string]any{"token": token}).WantCode(404, "tenant/invitation_not_found")
	}
	removed, revoked := trail(t, ada, "?action=org.member_removed&actor=system"), trail(t, ada, "?action=org.invitation_revoked&actor=system")
	if len(removed) != 3 || len(revoked) != 2 {
		t.Errorf("on record are %v and %v", removed, revoked)
	}
}

// Eve links her own identity to an account with Ada's address. When Ada comes by
// another provider, that link is gone: Eve's identity is Eve.
func TestAttack002_LinkedBeforeItsOwner(t *testing.T) {
	hers, google := testkit.NewIssuer(t), testkit.NewIssuer(t)
	s := testkit.New(t, app, by(map[string]*testkit.Issuer{"hers": hers, "google": google}))
	eve := s.SignUp("ada@example.com")
	person(hers, "eve", "eve@example.com", true)
	link(s, eve, "hers").Want(200)
	if identities(eve) != 1 {
		t.Fatal("the identity is not linked")
	}
	person(google, "ada", "ada@example.com", true)
	ada := s.SignInBy("google")
	if n := identities(ada); n != 1 {
		t.Errorf("ada's account has %d identities", n)
	}
	if again := s.SignInBy("hers"); again.UserID == ada.UserID {
		t.Error("eve's identity signs in to ada's account")
	}
	// an address in the body of a sign-in is no proof of anything
	code := s.Browser().ComeBack("hers").Code()
	s.Anonymous().Do("POST", "/auth/exchange", map[string]any{"code": code, "verifier": testkit.Verifier, "email": "ada@example.com"}).Want(400)
}

// link adds a provider to a signed-in user's account.
func link(s *testkit.Server, c *testkit.Client, provider string) *testkit.Response {
	b := s.Browser()
	to := c.Do("POST", "/auth/identities/"+provider, map[string]any{"redirect": testkit.Redirect, "challenge": testkit.Challenge(testkit.Verifier)}).Want(200).String("url")
	away := b.Go(to, nil).Want(303).Header.Get("Location")
	back := b.Go(away, nil).Want(302).Header.Get("Location")
	return c.Exchange(b.Go(back, nil).Code())
}

func TestAttack003_AddressesThatNobodyVouchesFor(t *testing.T) {
	is := testkit.NewIssuer(t)
	s := testkit.New(t, app, by(map[string]*testkit.Issuer{"google": is}))
	ada := s.SignUp("ada@example.com")
	for name, claim := range map[string]any{"false": false, "absent": nil, "text": "true", "number": 1} {
		t.Run(name, func(t *testing.T) {
			person(is, "eve", "ada@example.com", claim)
			s.Anonymous().Exchange(s.Browser().ComeBack("google").Code()).WantCode(403, "auth/unverified_email")
			if identities(ada) != 0 {
				t.Error("an unproved address was linked")
			}
			if verified := ada.Get("/auth/me").Value("user", "emailVerified"); verified == true {
				t.Error("an unproved address counts as verified")
			}
		})
	}
}

func TestAttack004_TokensOfOthers(t *testing.T) {
	is, evil := testkit.NewIssuer(t), testkit.NewIssuer(t)
	s := testkit.New(t, app, by(map[string]*testkit.Issuer{"google": is}))
	set := func(name string, value any) func(map[string]any) { return func(c map[string]any) { c[name] = value } }
	for name, mangle := range map[string]func(map[string]any){
		"another's issuer": set("iss", evil.URL), "prefix of the issuer": set("iss", is.URL+".evil.test"),
		"another's audience": set("aud", "evil"), "no audience": set("aud", nil), "no expiry": set("exp", nil),
		"expired": set("exp", time.Now().Add(-time.Minute).Unix()), "another nonce": set("nonce", "x"), "no nonce": set("nonce", nil),
	} {
		t.Run(name, func(t *testing.T) {
			is.Claims = mangle
			s.Browser().ComeBack("google").WantCode(401, "federation/refused")
		})
	}
	is.Claims = nil
	is.Sign = func(payload []byte) string { return testkit.Sign(t, jose.ES256, evil.Key, "1", payload) }
	s.Browser().ComeBack("google").WantCode(401, "federation/refused")
}

func TestAttack005_AnswersOfOtherFlows(t *testing.T) {
	is := testkit.NewIssuer(t)
	s := testkit.New(t, app, by(map[string]*testkit.Issuer{"google": is, "other": is}))
	b := s.Browser()
	back := testkit.Follow(t, b.Depart("google"))
	s.Browser().Go(back.String(), nil).WantCode(400, "federation/bad_state") // another browser
	other := s.Browser()
	other.Depart("google")
	other.Go(back.String(), nil).WantCode(400, "federation/bad_state")
	b.Go(strings.Replace(back.String(), "/google", "/other", 1), nil).WantCode(400, "federation/bad_state") // of another client
	b.Go("/auth/callback/google?code=x", nil).WantCode(400, "federation/bad_state")
	b.Go("/auth/callback/google?code=x&state=x", nil).WantCode(400, "federation/bad_state")
	b.Go("/auth/callback/google", url.Values{"state": {"x"}}).WantCode(400, "federation/bad_state")
	code := b.Go(back.String(), nil).Code()
	b.Go(back.String(), nil).WantCode(400, "federation/bad_state") // a second time

	caller := s.Anonymous()
	for _, verifier := range []any{"", testkit.Challenge(testkit.Verifier), strings.Repeat("a", 43)} { // who saw the code
		caller.Do("POST", "/auth/exchange", map[string]any{"code": code, "verifier": verifier}).WantCode(400, "federation/bad_code")
	}
	caller.Do("POST", "/auth/exchange", map[string]any{"code": code}).WantCode(400, "federation/bad_code")
	caller.Exchange(code).Want(200)
	caller.Exchange(code).WantCode(400, "federation/bad_code")

	for _, challenge := range []string{"", "plain", testkit.Verifier + "A"} {
		query := url.Values{"redirect": {testkit.Redirect}, "challenge": {challenge}}
		s.Browser().Go("/auth/sign-in/google?"+query.Encode(), nil).WantCode(400, "federation/bad_challenge")
	}

	// a link that Eve began ends in nobody's account when Ada's browser is lured through
	eve, ada := s.SignUp("eve@example.com"), s.SignUp("lured@example.com")
	lured := s.Browser()
	to := eve.Do("POST", "/auth/identities/google", map[string]any{"redirect": testkit.Redirect, "challenge": testkit.Challenge(testkit.Verifier)}).Want(200).String("url")
	gone := testkit.Follow(t, lured.Go(to, nil).Want(303).Header.Get("Location"))
	ada.Exchange(lured.Go(gone.String(), nil).Code()).WantCode(400, "federation/bad_code")
}

func TestAttack006_RedirectsElsewhere(t *testing.T) {
	is := testkit.NewIssuer(t)
	s := testkit.New(t, app, by(map[string]*testkit.Issuer{"google": is}))
	for _, to := range []string{
		"https://app.test@evil.test/signed-in", "//evil.test", `\evil.test`, `/\evil.test`, "https://app.test", "https://app.test/signed-in/x",
		"https://app.test.evil.test/signed-in", "https://sub.app.test/signed-in", testkit.Redirect + "?x=1", testkit.Redirect + "#x", "", "javascript:alert(1)",
		"HTTPS://app.test/signed-in", "https://app.test:443/signed-in", "/%2f%2fevil.test", "/a//evil.test", " " + testkit.Redirect,
	} {
		query := url.Values{"redirect": {to}, "challenge": {testkit.Challenge(testkit.Verifier)}}
		r := s.Browser().Go("/auth/sign-in/google?"+query.Encode(), nil).WantCode(400, "federation/bad_redirect")
		if r.Header.Get("Location") != "" || len(r.Header["Set-Cookie"]) > 0 {
			t.Errorf("%q is answered with %v", to, r.Header)
		}
	}
}

// Many sign in at once by two issuers, whose subjects have the same names: each
// becomes who they are there.
func TestAttack007_ParallelSignIns(t *testing.T) {
	one, two := testkit.NewIssuer(t), testkit.NewIssuer(t)
	s := testkit.New(t, app, by(map[string]*testkit.Issuer{"one": one, "two": two}))
	person(one, "1", "one@example.com", true)
	person(two, "1", "two@example.com", true)
	var group sync.WaitGroup
	for range 10 {
		for _, name := range []string{"one", "two"} {
			group.Go(func() {
				r := s.Anonymous().Exchange(s.Browser().ComeBack(name).Code())
				if r.StatusCode != http.StatusOK || r.String("user", "email") != name+"@example.com" {
					t.Errorf("by %s came %d %s", name, r.StatusCode, r.String("user", "email"))
				}
			})
		}
	}
	group.Wait()
}

// A key is a key of the issuer that publishes it, whatever its kid says.
func TestAttack028_SameKidOfAnotherIssuer(t *testing.T) {
	one, two := testkit.NewIssuer(t), testkit.NewIssuer(t)
	s := testkit.New(t, app, by(map[string]*testkit.Issuer{"one": one, "two": two}))
	s.SignInBy("one")
	person(two, "2", "two@example.com", true)
	s.SignInBy("two")
	two.Sign = func(payload []byte) string { return testkit.Sign(t, jose.ES256, one.Key, "1", payload) }
	s.Browser().ComeBack("two").WantCode(401, "federation/refused")
}

// TestAttack020_StolenTokenLinksNothing: who has a token and no secret of its user
// can't add a way in that outlasts it.
func TestAttack020_StolenTokenLinksNothing(t *testing.T) {
	is := testkit.NewIssuer(t)
	var ahead atomic.Int64
	s := testkit.New(t, app, by(map[string]*testkit.Issuer{"google": is}), func(o *backend.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	ada := s.SignUp("ada@example.com")
	ahead.Store(int64(11 * time.Minute))
	start := map[string]any{"redirect": testkit.Redirect, "challenge": testkit.Challenge(testkit.Verifier)}
	ada.Do("POST", "/auth/identities/google", start).WantCode(403, "auth/reauthenticate")
	ada.Do("POST", "/auth/reauthenticate", map[string]any{"password": "correct horse battery"}).Want(204)
	ada.Do("POST", "/auth/identities/google", start).Want(200)
}

// An application asks for a fresh sign-in in a browser that its user has left. Whoever
// sits there goes by the provider that still knows the user: with the question taken
// out of the address, or with it and the provider's old proof. Neither will do.
func TestAttack005_RememberedElsewhere(t *testing.T) {
	is := testkit.NewIssuer(t)
	person(is, "ada", "ada@example.com", true)
	proved := time.Now()
	is.Claims = func(claims map[string]any) { claims["auth_time"] = proved.Unix() }
	s := testkit.New(t, app, testkit.Settings(clients, map[string]string{"WEB_SECRET": webSecret}), by(map[string]*testkit.Issuer{"company": is}))
	b := s.Browser()
	signIn := func(prompt string) int {
		begun := b.Go("/auth/sign-in/company?"+url.Values{"redirect": {testkit.Redirect}, "challenge": {testkit.Challenge(testkit.Verifier)}, "prompt": {prompt}}.Encode(), nil).Want(http.StatusSeeOther)
		back := b.Go(testkit.Follow(t, begun.Header.Get("Location")).String(), nil)
		if back.StatusCode != http.StatusSeeOther {
			return back.StatusCode
		}
		in := s.Anonymous().Do("POST", "/auth/exchange", map[string]any{"code": back.Code(), "verifier": testkit.Verifier}, "Loam-Session", "cookie").Want(200)
		for _, cookie := range in.Cookies() {
			b.Cookies[cookie.Name] = cookie.Value
		}
		return in.StatusCode
	}
	for _, fresh := range [][]string{{"prompt", "login"}, {"max_age", "60"}} {
		proved = time.Now().Add(-time.Hour)
		signIn("")
		page := b.Go(asking("web", shop, fresh...), nil).Want(http.StatusSeeOther)
		at, err := page.Location()
		if err != nil || at.Path != "/account/sign-in" || at.Query().Get("prompt") != "login" {
			t.Fatalf("%s: the browser goes to %s, %v", fresh, at, err)
		}
		request := at.Query().Get("return_to")
		wants := func(what, path string) {
			t.Helper()
			if to := b.Go(request, nil).Want(http.StatusSeeOther).Header.Get("Location"); !strings.HasPrefix(to, path) {
				t.Errorf("%s, %s: the browser goes to %s", fresh, what, to)
			}
		}
		signIn("")
		wants("what the provider remembers", "/account/sign-in?")
		if status := signIn("login"); status != 401 && status != 400 && status != 403 {
			t.Errorf("%s: an old proof answers %d", fresh, status)
		}
		wants("an old proof", "/account/sign-in?")
		proved = time.Now()
		signIn("login")
		wants("a new proof", "/oauth/consent?")
	}
}
