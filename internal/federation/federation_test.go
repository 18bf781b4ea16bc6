package federation_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/federation"
	"github.com/loam-dev/loam/internal/outbound"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/tenant"
	"github.com/loam-dev/loam/internal/testkit"
	"github.com/loam-dev/loam/internal/vault"
)

const (
	site     = "https://loam.test"
	redirect = "https://app.test/signed-in"
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)

// place is the room over a database on disk.
type place struct {
	*federation.Service
	testing.TB
	engine store.Engine
	clock  time.Time
}

// newPlace configures providers; those of kind oidc without an issuer get one.
func newPlace(t testing.TB, client *http.Client, providers ...federation.Provider) *place {
	t.Helper()
	engine := storetest.Room(t, slices.Concat(auth.Tables(), tenant.Tables(), federation.Tables(), audit.Tables(storetest.Chosen(t)))...)
	p := &place{TB: t, engine: engine, clock: time.Now()}
	keys, err := vault.Parse(testkit.MasterKey)
	if err != nil {
		t.Fatal(err)
	}
	if client == nil {
		client = private()
	}
	p.Service, err = federation.New(federation.Options{Engine: engine, Vault: keys, HTTP: client, URL: site, Redirects: []string{redirect},
		Providers: providers, Now: func() time.Time { return p.clock }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// private is a client that reaches the issuers of the tests.
func private() *http.Client { return outbound.New(outbound.Options{AllowPrivate: true}).HTTP() }

// company is a provider of kind oidc at an issuer.
func company(is *testkit.Issuer) federation.Provider {
	return federation.Provider{Name: "company", Kind: federation.OpenID, Issuer: is.URL, ClientID: "loam", ClientSecret: "s3cret"}
}

// browser is who goes to the provider and back.
type browser map[string]string

func (b browser) visit() federation.Visit {
	return federation.Visit{From: auth.Client{Addr: netip.MustParseAddr("192.0.2.1")}, Cookie: func(name string) string { return b[name] }}
}

// depart begins a sign-in and returns the URL of the provider.
func (p *place) depart(b browser, provider string) string {
	p.Helper()
	d, err := p.Depart(p.Context(), provider, federation.Start{Redirect: redirect, Challenge: challenge(verifier)}, b.visit())
	if err != nil {
		p.Fatal(err)
	}
	if !d.Cookie.HttpOnly || !d.Cookie.Secure {
		p.Errorf("the cookie is %s", d.Cookie)
	}
	b[d.Cookie.Name] = d.Cookie.Value
	return d.URL
}

// departAnew begins a sign-in that must not be one which the provider remembers.
func (p *place) departAnew(b browser, provider string) (asked url.Values, to string) {
	p.Helper()
	d, err := p.Depart(p.Context(), provider, federation.Start{Redirect: redirect, Challenge: challenge(verifier), Prompt: "login"}, b.visit())
	if err != nil {
		p.Fatal(err)
	}
	b[d.Cookie.Name] = d.Cookie.Value
	at, err := url.Parse(d.URL)
	if err != nil {
		p.Fatal(err)
	}
	return at.Query(), d.URL
}

// signIn goes all the way and returns who came back.
func (p *place) signIn(provider string) (auth.External, error) {
	p.Helper()
	b := browser{}
	return p.comeBack(b, provider, p.depart(b, provider))
}

// comeBack is signIn from where the provider is.
func (p *place) comeBack(b browser, provider, at string) (auth.External, error) {
	p.Helper()
	back := testkit.Follow(p, at)
	to, err := p.Return(p.Context(), provider, back.Query(), b.visit())
	if err != nil {
		return auth.External{}, err
	}
	who, link, err := p.Redeem(p.Context(), &access.Principal{}, federation.Exchange{Code: codeOf(p, to), Verifier: verifier})
	if link {
		p.Error("a sign-in is a link")
	}
	who.Join = nil // functions don't compare
	return who, err
}

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func codeOf(t testing.TB, to string) auth.Secret {
	t.Helper()
	rest, ok := strings.CutPrefix(to, redirect+"?code=")
	if !ok {
		t.Fatalf("the browser goes to %s", to)
	}
	return auth.Secret(rest)
}

// want fails unless the error has the code; "" is no error.
func want(t testing.TB, err error, code fault.Code) {
	t.Helper()
	if code == "" && err != nil || code != "" && !fault.Is(err, code) {
		t.Errorf("%v, want %q", err, code)
	}
}

func TestSignIn(t *testing.T) {
	is := testkit.NewIssuer(t)
	var secrets []string
	is.Token = func(_ url.Values, h http.Header) { secrets = append(secrets, h.Get("Authorization")) }
	p := newPlace(t, nil, company(is))
	who, err := p.signIn("company")
	want(t, err, "")
	if !reflect.DeepEqual(who, auth.External{Provider: "company", Subject: "1", Email: "ada@example.com", EmailVerified: true, Name: "Ada"}) {
		t.Errorf("%+v", who)
	}
	if len(secrets) != 1 || secrets[0] != "Basic "+base64.StdEncoding.EncodeToString([]byte("loam:s3cret")) {
		t.Errorf("token requests with %q", secrets)
	}
	if ways := p.Ways(); len(ways) != 1 || ways[0] != (federation.Way{Name: "company", Label: "company", Kind: federation.OpenID}) {
		t.Errorf("%+v", ways)
	}
}

// What an issuer must not get away with: each of these signs nobody in.
func TestTokensThatProveNothing(t *testing.T) {
	foreign, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set := func(name string, value any) func(*testkit.Issuer) {
		return func(is *testkit.Issuer) { is.Claims = func(c map[string]any) { c[name] = value } }
	}
	unset := func(name string) func(*testkit.Issuer) {
		return func(is *testkit.Issuer) { is.Claims = func(c map[string]any) { delete(c, name) } }
	}
	sign := func(f func(is *testkit.Issuer, payload []byte) string) func(*testkit.Issuer) {
		return func(is *testkit.Issuer) { is.Sign = func(payload []byte) string { return f(is, payload) } }
	}
	b64 := base64.RawURLEncoding.EncodeToString
	now := time.Now()
	cases := map[string]func(*testkit.Issuer){
		"another's issuer":      set("iss", "https://evil.test"),
		"issuer with a suffix":  func(is *testkit.Issuer) { set("iss", is.URL+".evil.test")(is) },
		"issuer with a slash":   func(is *testkit.Issuer) { set("iss", is.URL+"/")(is) },
		"prefix of the issuer":  func(is *testkit.Issuer) { set("iss", is.URL[:len(is.URL)-1])(is) },
		"no issuer":             unset("iss"),
		"another's audience":    set("aud", "evil"),
		"no audience":           unset("aud"),
		"empty audience":        set("aud", []string{}),
		"two audiences, no azp": set("aud", []string{"loam", "evil"}),
		"azp of another":        set("azp", "evil"),
		"no exp":                unset("exp"),
		"expired":               set("exp", now.Add(-time.Second).Unix()),
		"exp as a text":         set("exp", "tomorrow"),
		"issued in the future":  set("iat", now.Add(2*time.Minute).Unix()),
		"not yet valid":         set("nbf", now.Add(2*time.Minute).Unix()),
		"another nonce":         set("nonce", "other"),
		"no nonce":              unset("nonce"),
		"no subject":            unset("sub"),
		"empty subject":         set("sub", ""),
		"endless subject":       set("sub", strings.Repeat("x", 300)),
		"at_hash of another":    set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"),
		"no token":              sign(func(*testkit.Issuer, []byte) string { return "" }),
		"no signature":          sign(func(_ *testkit.Issuer, p []byte) string { return b64([]byte(`{"alg":"none"}`)) + "." + b64(p) + "." }),
		"alg none, kid ours": sign(func(_ *testkit.Issuer, p []byte) string {
			return b64([]byte(`{"alg":"none","kid":"1"}`)) + "." + b64(p) + "."
		}),
		"foreign key, same kid":  sign(func(is *testkit.Issuer, p []byte) string { return testkit.Sign(t, jose.ES256, foreign, "1", p) }),
		"unknown kid":            sign(func(is *testkit.Issuer, p []byte) string { return testkit.Sign(t, jose.ES256, is.Key, "2", p) }),
		"alg that is not listed": sign(func(_ *testkit.Issuer, p []byte) string { return testkit.Sign(t, jose.RS256, other, "1", p) }),
		"HMAC with the public key": sign(func(is *testkit.Issuer, p []byte) string {
			public, _ := x509.MarshalPKIXPublicKey(is.Key.Public())
			return testkit.Sign(t, jose.HS256, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), "1", p)
		}),
		"HMAC with the client secret": sign(func(_ *testkit.Issuer, p []byte) string {
			return testkit.Sign(t, jose.HS256, []byte(strings.Repeat("s3cret", 8)), "1", p)
		}),
		"key in the header": sign(func(_ *testkit.Issuer, p []byte) string {
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: foreign}, &jose.SignerOptions{EmbedJWK: true})
			if err != nil {
				t.Error(err)
			}
			signed, err := signer.Sign(p)
			if err != nil {
				t.Error(err)
			}
			token, _ := signed.CompactSerialize()
			return token
		}),
		"payload changed": sign(func(is *testkit.Issuer, p []byte) string {
			parts := strings.Split(testkit.Sign(t, jose.ES256, is.Key, "1", p), ".")
			return parts[0] + "." + b64([]byte(strings.Replace(string(p), `"sub":"1"`, `"sub":"2"`, 1))) + "." + parts[2]
		}),
		"answer names another issuer": func(is *testkit.Issuer) { is.Form = func(v url.Values) { v.Set("iss", "https://evil.test") } },
		"answer names no issuer":      func(is *testkit.Issuer) { is.Form = func(v url.Values) { v.Del("iss") } },
		"invented code":               func(is *testkit.Issuer) { is.Form = func(v url.Values) { v.Set("code", "invented") } },
		"no code":                     func(is *testkit.Issuer) { is.Form = func(v url.Values) { v.Del("code") } },
	}
	is := testkit.NewIssuer(t)
	p := newPlace(t, nil, company(is))
	for name, mangle := range cases {
		t.Run(name, func(t *testing.T) {
			is.Claims, is.Sign, is.Form = nil, nil, nil
			mangle(is)
			_, err := p.signIn("company")
			want(t, err, fault.FederationRefused)
		})
	}
}

func TestUserInfoOfAnother(t *testing.T) {
	is := testkit.NewIssuer(t)
	is.User = map[string]any{"sub": "1"}
	is.UserInfo = map[string]any{"sub": "2", "email": "ada@example.com", "email_verified": true}
	_, err := newPlace(t, nil, company(is)).signIn("company")
	want(t, err, fault.FederationRefused)
}

// An address is proved by the boolean true, from the issuer, and nothing else.
func TestVouching(t *testing.T) {
	is := testkit.NewIssuer(t)
	p := newPlace(t, nil, company(is))
	for name, test := range map[string]struct {
		claim any
		want  bool
	}{
		"true": {true, true}, "false": {false, false}, "absent": {nil, false}, "text": {"true", false}, "number": {1, false}, "list": {[]bool{true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			is.User["email_verified"] = test.claim
			who, err := p.signIn("company")
			want(t, err, "")
			if who.EmailVerified != test.want {
				t.Errorf("%v counts as %v", test.claim, who.EmailVerified)
			}
		})
	}
	t.Run("userinfo", func(t *testing.T) {
		is := testkit.NewIssuer(t)
		is.User = map[string]any{"sub": "1"}
		is.UserInfo = map[string]any{"sub": "1", "email": "ada@example.com", "email_verified": "true", "name": "Ada"}
		who, err := newPlace(t, nil, company(is)).signIn("company")
		want(t, err, "")
		if who.EmailVerified || who.Email != "ada@example.com" || who.Name != "Ada" {
			t.Errorf("%+v", who)
		}
	})
}

// An issuer whose document is wrong is not asked for users.
func TestDocumentsThatAreRefused(t *testing.T) {
	for name, mangle := range map[string]func(map[string]any){
		"another's issuer": func(d map[string]any) { d["issuer"] = "https://evil.test" },
		"plain http keys":  func(d map[string]any) { d["jwks_uri"] = "http://evil.test/jwks" },
		"file":             func(d map[string]any) { d["token_endpoint"] = "file:///etc/passwd" },
		"no token":         func(d map[string]any) { delete(d, "token_endpoint") },
		"endless":          func(d map[string]any) { d["filler"] = strings.Repeat("x", 2<<20) },
	} {
		t.Run(name, func(t *testing.T) {
			is := testkit.NewIssuer(t)
			is.Discovery = mangle
			_, err := newPlace(t, nil, company(is)).Depart(t.Context(), "company", federation.Start{Redirect: redirect, Challenge: challenge(verifier)}, browser{}.visit())
			want(t, err, fault.FederationUnreachable)
		})
	}
	t.Run("silent about algorithms", func(t *testing.T) { // then it is RS256, not what the token says
		is := testkit.NewIssuer(t)
		is.Discovery = func(d map[string]any) { delete(d, "id_token_signing_alg_values_supported") }
		_, err := newPlace(t, nil, company(is)).signIn("company")
		want(t, err, fault.FederationRefused)
	})
}

// Keys are read when an unknown kid comes, but not for each of them, and again
// after an hour; a key of another issuer with the same kid is another key.
func TestKeysAreOfOneIssuer(t *testing.T) {
	a, b := testkit.NewIssuer(t), testkit.NewIssuer(t)
	second := company(b)
	second.Name = "second"
	p := newPlace(t, nil, company(a), second)
	for range 3 {
		for _, name := range []string{"company", "second"} {
			_, err := p.signIn(name)
			want(t, err, "")
		}
	}
	b.Sign = func(payload []byte) string { return testkit.Sign(t, jose.ES256, a.Key, "1", payload) }
	_, err := p.signIn("second")
	want(t, err, fault.FederationRefused)
	if a.KeysRead != 1 || b.KeysRead != 1 {
		t.Errorf("the keys were read %d and %d times", a.KeysRead, b.KeysRead)
	}
	a.Sign = func(payload []byte) string { return testkit.Sign(t, jose.ES256, a.Key, "9", payload) }
	for range 5 {
		_, err := p.signIn("company")
		want(t, err, fault.FederationRefused)
	}
	if a.KeysRead != 1 {
		t.Errorf("unknown kids made the keys be read %d times within a minute", a.KeysRead)
	}
}

func TestStatesAreUsedOnceByTheirBrowser(t *testing.T) {
	is := testkit.NewIssuer(t)
	second := company(is)
	second.Name = "second"
	p := newPlace(t, nil, company(is), second)
	mine := browser{}
	first := testkit.Follow(t, p.depart(mine, "company")).Query()
	other := browser{}
	p.depart(other, "company")

	back := func(b browser, provider string, answer url.Values) error {
		_, err := p.Return(t.Context(), provider, answer, b.visit())
		return err
	}
	want(t, back(other, "company", first), fault.FederationState)
	want(t, back(browser{}, "company", first), fault.FederationState)
	want(t, back(mine, "second", first), fault.FederationState)
	want(t, back(mine, "third", first), fault.FederationUnknown)
	want(t, back(mine, "company", url.Values{"code": {"1"}}), fault.FederationState)
	want(t, back(mine, "company", url.Values{"code": {"1"}, "state": {"invented"}}), fault.FederationState)
	want(t, back(mine, "company", url.Values{"code": first["code"], "state": {first.Get("state"), "second"}}), fault.FederationState)

	var group sync.WaitGroup
	var mu sync.Mutex
	passed := 0
	for range 20 {
		group.Go(func() {
			if back(mine, "company", first) == nil {
				mu.Lock()
				passed++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if passed != 1 {
		t.Errorf("a state was good %d times", passed)
	}

	late := testkit.Follow(t, p.depart(mine, "company")).Query()
	p.clock = p.clock.Add(11 * time.Minute)
	want(t, back(mine, "company", late), fault.FederationState)
	if n, err := p.Prune(t.Context()); err != nil || n != 3 {
		t.Errorf("pruned %d: %v", n, err)
	}
}

func TestCodesAreUsedOnceByTheirApp(t *testing.T) {
	is := testkit.NewIssuer(t)
	p := newPlace(t, nil, company(is))
	code := func() auth.Secret {
		b := browser{}
		to, err := p.Return(t.Context(), "company", testkit.Follow(t, p.depart(b, "company")).Query(), b.visit())
		want(t, err, "")
		return codeOf(t, to)
	}
	redeem := func(code, verifier auth.Secret) error {
		_, _, err := p.Redeem(context.WithoutCancel(t.Context()), &access.Principal{}, federation.Exchange{Code: code, Verifier: verifier})
		return err
	}
	one := code()
	for _, wrong := range []auth.Secret{"", "x", auth.Secret(challenge(verifier))} {
		want(t, redeem(one, wrong), fault.FederationCode)
	}
	want(t, redeem("", verifier), fault.FederationCode)
	want(t, redeem(one, verifier), "")
	want(t, redeem(one, verifier), fault.FederationCode)

	late := code()
	p.clock = p.clock.Add(61 * time.Second)
	want(t, redeem(late, verifier), fault.FederationCode)
}

// A way in is added by the user who began it, and by nobody whose browser was
// lured through.
func TestLinking(t *testing.T) {
	is := testkit.NewIssuer(t)
	p := newPlace(t, nil, company(is))
	ada, eve := &access.Principal{Kind: access.User, UserID: "ada"}, &access.Principal{Kind: access.User, UserID: "eve"}
	in := federation.Start{Redirect: redirect, Challenge: challenge(verifier)}
	_, err := p.BeginLink(t.Context(), &access.Principal{}, "company", in, browser{}.visit())
	want(t, err, fault.AccessSignIn)

	to, err := p.BeginLink(t.Context(), ada, "company", in, browser{}.visit())
	want(t, err, "")
	ticket, ok := strings.CutPrefix(to, site+"/auth/sign-in/company?flow=")
	if !ok {
		t.Fatal(to)
	}
	b := browser{}
	d, err := p.Resume(t.Context(), "company", ticket, b.visit())
	want(t, err, "")
	_, err = p.Resume(t.Context(), "company", ticket, b.visit())
	want(t, err, fault.FederationState)
	b[d.Cookie.Name] = d.Cookie.Value
	to, err = p.Return(t.Context(), "company", testkit.Follow(t, d.URL).Query(), b.visit())
	want(t, err, "")
	exchange := federation.Exchange{Code: codeOf(t, to), Verifier: verifier}
	for _, by := range []*access.Principal{eve, {}} {
		_, _, err = p.Redeem(t.Context(), by, exchange)
		want(t, err, fault.FederationCode)
	}
	who, link, err := p.Redeem(t.Context(), ada, exchange)
	want(t, err, "")
	if !link || who.Subject != "1" {
		t.Errorf("%v %+v", link, who)
	}
}

func TestRedirects(t *testing.T) {
	is := testkit.NewIssuer(t)
	p := newPlace(t, nil, company(is))
	for to, code := range map[string]fault.Code{
		redirect: "", "/": "", "/welcome": "", "/a/b.html?x=1&y=%20": "",
		"": fault.FederationRedirect, redirect + "/": fault.FederationRedirect, redirect + "?x=1": fault.FederationRedirect,
		redirect + "#x": fault.FederationRedirect, "https://app.test": fault.FederationRedirect, "https://app.test@evil.test/signed-in": fault.FederationRedirect,
		"https://evil.test/?" + redirect: fault.FederationRedirect, "https://app.test.evil.test/signed-in": fault.FederationRedirect,
		"HTTPS://APP.TEST/signed-in": fault.FederationRedirect, "//evil.test": fault.FederationRedirect, `/\evil.test`: fault.FederationRedirect,
		`\evil.test`: fault.FederationRedirect, "/%5cevil.test": fault.FederationRedirect, "/a//evil.test": fault.FederationRedirect, "/\tevil": fault.FederationRedirect,
		"javascript:alert(1)": fault.FederationRedirect, "/x\r\nSet-Cookie: a=b": fault.FederationRedirect, "/" + strings.Repeat("x", 3000): fault.FederationRedirect,
	} {
		_, err := p.Depart(t.Context(), "company", federation.Start{Redirect: to, Challenge: challenge(verifier)}, browser{}.visit())
		if code == "" && err != nil || code != "" && !fault.Is(err, code) {
			t.Errorf("%q: %v", to, err)
		}
	}
	for _, c := range []string{"", verifier + "x", "plain", strings.Repeat("=", 43)} {
		_, err := p.Depart(t.Context(), "company", federation.Start{Redirect: redirect, Challenge: c}, browser{}.visit())
		want(t, err, fault.FederationChallenge)
	}
}

// The user who turns back at the provider comes to the app, with our word for it.
func TestTurningBack(t *testing.T) {
	is := testkit.NewIssuer(t)
	is.Form = func(v url.Values) { v.Del("code"); v.Set("error", "<script>") }
	p := newPlace(t, nil, company(is))
	b := browser{}
	to, err := p.Return(t.Context(), "company", testkit.Follow(t, p.depart(b, "company")).Query(), b.visit())
	if err != nil || to != redirect+"?error=federation%2Fdenied" {
		t.Errorf("%s: %v", to, err)
	}
}

// named lets a test server answer for the hosts of the big providers.
type named map[string]*httptest.Server

func (n named) RoundTrip(r *http.Request) (*http.Response, error) {
	server := n[r.URL.Host]
	if server == nil {
		return http.DefaultTransport.RoundTrip(r)
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(server.URL, "http://")
	return http.DefaultTransport.RoundTrip(r)
}

// as makes an issuer answer for a host under that host's name.
func as(is *testkit.Issuer, issuer string) *http.Client {
	is.Discovery = func(d map[string]any) {
		d["issuer"], d["authorization_response_iss_parameter_supported"] = issuer, false
	}
	is.Form = func(v url.Values) { v.Del("iss") }
	is.User["iss"] = issuer
	u, _ := url.Parse(issuer)
	return &http.Client{Transport: named{u.Host: is.Server}}
}

func TestGoogle(t *testing.T) {
	is := testkit.NewIssuer(t)
	client := as(is, "https://accounts.google.com")
	p := newPlace(t, client, federation.Provider{Kind: federation.Google, ClientID: "loam", ClientSecret: "s3cret"})
	who, err := p.signIn("google")
	want(t, err, "")
	if who.Provider != "google" || !who.EmailVerified {
		t.Errorf("%+v", who)
	}
	if ways := p.Ways(); ways[0].Label != "Google" {
		t.Errorf("%+v", ways)
	}
	is.User["iss"] = "accounts.google.com"
	_, err = p.signIn("google")
	want(t, err, fault.FederationRefused)
}

func TestMicrosoft(t *testing.T) {
	const (
		tenant    = "11111111-2222-3333-4444-555555555555"
		consumers = "9188040d-6c67-4c5b-b112-36a304b66dad"
		host      = "https://login.microsoftonline.com/"
	)
	for name, test := range map[string]struct {
		tenant, named string // configured, and in the document
		claims        map[string]any
		want          fault.Code
		verified      bool
	}{
		"own tenant":              {tenant: tenant, named: tenant, claims: map[string]any{"iss": host + tenant + "/v2.0", "tid": tenant}},
		"the domain is owned":     {tenant: tenant, named: tenant, claims: map[string]any{"iss": host + tenant + "/v2.0", "tid": tenant, "xms_edov": true}, verified: true},
		"email_verified is not":   {tenant: tenant, named: tenant, claims: map[string]any{"iss": host + tenant + "/v2.0", "tid": tenant, "email_verified": true}},
		"any tenant":              {tenant: "common", named: "{tenantid}", claims: map[string]any{"iss": host + tenant + "/v2.0", "tid": tenant, "xms_edov": "1"}, verified: true},
		"another than it says":    {tenant: "common", named: "{tenantid}", claims: map[string]any{"iss": host + tenant + "/v2.0", "tid": consumers}, want: fault.FederationRefused},
		"the template itself":     {tenant: "common", named: "{tenantid}", claims: map[string]any{"iss": host + "{tenantid}/v2.0", "tid": "{tenantid}"}, want: fault.FederationRefused},
		"another host":            {tenant: "common", named: "{tenantid}", claims: map[string]any{"iss": "https://evil.test/" + tenant + "/v2.0", "tid": tenant}, want: fault.FederationRefused},
		"a person in a company's": {tenant: "organizations", named: "{tenantid}", claims: map[string]any{"iss": host + consumers + "/v2.0", "tid": consumers}, want: fault.FederationRefused},
		"a foreign tenant":        {tenant: tenant, named: tenant, claims: map[string]any{"iss": host + consumers + "/v2.0", "tid": consumers}, want: fault.FederationRefused},
		"a person":                {tenant: "consumers", named: consumers, claims: map[string]any{"iss": host + consumers + "/v2.0", "tid": consumers}},
	} {
		t.Run(name, func(t *testing.T) {
			is := testkit.NewIssuer(t)
			mux := http.NewServeMux()
			mux.Handle("/", http.StripPrefix("/"+test.tenant+"/v2.0", is.Config.Handler))
			front := httptest.NewServer(mux)
			t.Cleanup(front.Close)
			as(is, host+test.named+"/v2.0")
			delete(is.User, "email_verified")
			for claim, value := range test.claims {
				is.User[claim] = value
			}
			client := &http.Client{Transport: named{"login.microsoftonline.com": front}}
			p := newPlace(t, client, federation.Provider{Kind: federation.Microsoft, Tenant: test.tenant, ClientID: "loam", ClientSecret: "s3cret"})
			who, err := p.signIn("microsoft")
			want(t, err, test.want)
			if err == nil && (who.EmailVerified != test.verified || !strings.HasSuffix(who.Subject, "/1")) {
				t.Errorf("%+v", who)
			}
		})
	}
}

func TestApple(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	is := testkit.NewIssuer(t)
	client := as(is, "https://appleid.apple.com")
	is.User["email_verified"] = "true"
	delete(is.User, "name")
	is.Token = func(form url.Values, _ http.Header) {
		signed, err := jose.ParseSignedCompact(form.Get("client_secret"), []jose.SignatureAlgorithm{jose.ES256})
		if err != nil {
			t.Error(err)
			return
		}
		payload, err := signed.Verify(key.Public())
		var c struct{ Iss, Sub, Aud string }
		if err != nil || json.Unmarshal(payload, &c) != nil || c.Iss != "TEAM" || c.Sub != "loam" || c.Aud != "https://appleid.apple.com" {
			t.Errorf("the client secret says %s: %v", payload, err)
		}
	}
	silent := is.Form
	is.Form = func(v url.Values) {
		silent(v)
		v.Set("user", `{"name":{"firstName":"Ada","lastName":"Lovelace"},"email":"eve@example.com"}`)
	}
	document := is.Discovery
	is.Discovery = func(d map[string]any) {
		document(d)
		d["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
	}
	p := newPlace(t, client, federation.Provider{Kind: federation.Apple, ClientID: "loam", TeamID: "TEAM", KeyID: "KEY",
		PrivateKey: auth.Secret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))})
	d, err := p.Depart(t.Context(), "apple", federation.Start{Redirect: redirect, Challenge: challenge(verifier)}, browser{}.visit())
	if err != nil || d.Cookie.SameSite != http.SameSiteNoneMode || !strings.Contains(d.URL, "response_mode=form_post") {
		t.Errorf("%+v: %v", d, err)
	}
	who, err := p.signIn("apple")
	want(t, err, "")
	if !reflect.DeepEqual(who, auth.External{Provider: "apple", Subject: "1", Email: "ada@example.com", EmailVerified: true, Name: "Ada Lovelace"}) {
		t.Errorf("%+v", who)
	}
}

// Who is asked to sign in anew is not let in by what the provider remembers; else
// its time of the proof is what counts.
func TestAnew(t *testing.T) {
	is := testkit.NewIssuer(t)
	p := newPlace(t, nil, company(is))
	ago := func(d time.Duration) time.Time { return time.Now().Add(-d).Truncate(time.Second).UTC() }
	for name, test := range map[string]struct {
		authTime   any
		anew       fault.Code
		remembered time.Time
	}{
		"just now":        {ago(0).Unix(), "", ago(0)},
		"its clock lags":  {ago(50 * time.Second).Unix(), "", ago(50 * time.Second)},
		"an hour ago":     {ago(time.Hour).Unix(), fault.FederationRefused, ago(time.Hour)},
		"does not say":    {nil, "", time.Time{}},
		"says nonsense":   {"yesterday", "", time.Time{}},
		"out of all time": {1e300, "", time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			is.Claims = func(claims map[string]any) { claims["auth_time"] = test.authTime }
			b := browser{}
			asked, to := p.departAnew(b, "company")
			who, err := p.comeBack(b, "company", to)
			want(t, err, test.anew)
			if asked.Get("prompt") != "login" || asked.Get("max_age") != "0" || !who.ProvedAt.IsZero() {
				t.Errorf("the provider is asked for %v, and says %v", asked, who)
			}
			who, err = p.signIn("company")
			if want(t, err, ""); who.ProvedAt.Sub(test.remembered).Abs() > 5*time.Second {
				t.Errorf("it was proved at %v", who.ProvedAt)
			}
		})
	}
	if asked, err := url.Parse(p.depart(browser{}, "company")); err != nil || asked.Query().Has("prompt") || asked.Query().Has("max_age") {
		t.Errorf("unasked: %v, %v", asked, err)
	}
}

// Each provider is asked in the words that it knows.
func TestAnewByKind(t *testing.T) {
	google := as(testkit.NewIssuer(t), "https://accounts.google.com")
	for kind, client := range map[federation.Kind]*http.Client{federation.Google: google, federation.GitHub: private()} {
		p := newPlace(t, client, federation.Provider{Kind: kind, ClientID: "loam", ClientSecret: "s3cret"})
		asked, _ := p.departAnew(browser{}, string(kind))
		if asked.Get("prompt") != "select_account" || asked.Has("max_age") {
			t.Errorf("%s: %v", kind, asked)
		}
	}
}

func TestGitHub(t *testing.T) {
	for name, test := range map[string]struct {
		emails string
		want   auth.External
	}{
		"primary and verified": {`[{"email":"old@example.com","primary":false,"verified":true},{"email":"ada@example.com","primary":true,"verified":true}]`,
			auth.External{Provider: "github", Subject: "7", Email: "ada@example.com", EmailVerified: true, Name: "ada"}},
		"primary, not verified": {`[{"email":"old@example.com","primary":false,"verified":true},{"email":"ada@example.com","primary":true,"verified":false}]`,
			auth.External{Provider: "github", Subject: "7", Email: "ada@example.com", Name: "ada"}},
		"none": {`[]`, auth.External{Provider: "github", Subject: "7", Name: "ada"}},
	} {
		t.Run(name, func(t *testing.T) {
			mux := http.NewServeMux()
			mux.HandleFunc("GET /login/oauth/authorize", func(w http.ResponseWriter, r *http.Request) {
				q := r.URL.Query()
				http.Redirect(w, r, q.Get("redirect_uri")+"?code=c&state="+q.Get("state"), http.StatusFound)
			})
			mux.HandleFunc("POST /login/oauth/access_token", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, `{"access_token":"t","token_type":"bearer"}`)
			})
			mux.HandleFunc("GET /api/v3/user", func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer t" {
					t.Error("the API is asked without the token")
				}
				_, _ = io.WriteString(w, `{"id":7,"login":"ada","name":null,"email":"eve@example.com"}`)
			})
			mux.HandleFunc("GET /api/v3/user/emails", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, test.emails) })
			server := httptest.NewServer(mux)
			t.Cleanup(server.Close)
			p := newPlace(t, nil, federation.Provider{Kind: federation.GitHub, Issuer: server.URL, ClientID: "loam", ClientSecret: "s3cret"})
			who, err := p.signIn("github")
			want(t, err, "")
			if !reflect.DeepEqual(who, test.want) {
				t.Errorf("%+v", who)
			}
		})
	}
}

func TestSettingsThatAreRefused(t *testing.T) {
	keys, err := vault.Parse(testkit.MasterKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, providers := range map[string][]federation.Provider{
		"unknown kind":  {{Kind: "myspace", ClientID: "a", ClientSecret: "b"}},
		"no client":     {{Kind: federation.Google, ClientSecret: "b"}},
		"no secret":     {{Kind: federation.Google, ClientID: "a"}},
		"no issuer":     {{Kind: federation.OpenID, Name: "x", ClientID: "a"}},
		"http issuer":   {{Kind: federation.OpenID, Name: "x", ClientID: "a", Issuer: "http://issuer.test"}},
		"sso's name":    {{Kind: federation.Google, Name: "sso-x", ClientID: "a", ClientSecret: "b"}},
		"tenant's path": {{Kind: federation.Microsoft, ClientID: "a", ClientSecret: "b", Tenant: "../common"}},
		"no key":        {{Kind: federation.Apple, ClientID: "a", TeamID: "t", KeyID: "k", PrivateKey: "nothing"}},
		"bad name":      {{Kind: federation.Google, Name: "../x", ClientID: "a", ClientSecret: "b"}},
		"same name":     {{Kind: federation.Google, ClientID: "a", ClientSecret: "b"}, {Kind: federation.Google, ClientID: "a", ClientSecret: "b"}},
	} {
		if _, err := federation.New(federation.Options{Vault: keys, Providers: providers}); !fault.Is(err, fault.FederationMisconfigured) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
