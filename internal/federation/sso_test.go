package federation_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/federation"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tenant"
	"github.com/loam-dev/loam/internal/testkit"
	"github.com/loam-dev/loam/internal/vault"
)

const (
	acme  = "00000000-0000-7000-8000-00000000ac3e"
	other = "00000000-0000-7000-8000-0000000007e4"
)

// owned is the register of organizations with domains that they have shown to be
// their own.
type owned struct {
	tenant.Register
	domains map[string]string
}

func (o owned) DomainOwner(_ store.Conn, domain string) (string, error) {
	return o.domains[domain], nil
}

// newCompany is a place with two organizations: acme owns acme.test, and has an
// owner, an admin and a member.
func newCompany(t testing.TB) *place {
	t.Helper()
	p := newPlace(t, nil)
	keys, err := vault.Parse(testkit.MasterKey)
	if err != nil {
		t.Fatal(err)
	}
	log := audit.New(p.engine, keys, func() time.Time { return p.clock })
	err = p.engine.Write(t.Context(), func(c store.Conn) error {
		for _, org := range []string{acme, other} {
			if _, err := c.Exec(`INSERT INTO "_orgs" ("id", "name", "slug", "created_at", "updated_at") VALUES (?1, ?1, ?1, '', '')`, org); err != nil {
				return err
			}
		}
		for user, org := range map[string]string{"owner": acme, "admin": acme, "member": acme, "foreign": other} {
			role := user
			if user == "foreign" {
				role = "owner"
			}
			if _, err := c.Exec(`INSERT INTO "_users" ("id", "email", "name", "created_at", "updated_at") VALUES (?1, ?2, ?1, '', '')`, user, user+"@acme.test"); err != nil {
				return err
			}
			if _, err := c.Exec(`INSERT INTO "_members" ("org", "user_id", "role", "created_at", "updated_at") VALUES (?1, ?2, ?3, '', '')`, org, user, role); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Service, err = federation.New(federation.Options{Engine: p.engine, Vault: keys, HTTP: private(), URL: site, Redirects: []string{redirect}, Audit: log,
		Orgs: owned{tenant.Register{Audit: log}, map[string]string{"acme.test": acme, "acme.example": acme, "other.test": other}}, Now: func() time.Time { return p.clock }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func user(id string) *access.Principal { return &access.Principal{Kind: access.User, UserID: id} }

// input reads what one would send.
func input(t testing.TB, text string) (in federation.ConnectionInput) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		t.Fatal(err)
	}
	return in
}

// connect makes a SAML connection of acme's.
func (p *place) connect(idp *testkit.SAMLProvider, more string) federation.Connection {
	p.Helper()
	metadata, err := json.Marshal(idp.Metadata())
	if err != nil {
		p.Fatal(err)
	}
	made, err := p.AddConnection(p.Context(), user("owner"), acme, input(p, `{"kind":"saml","name":"Acme","saml":{"metadata":`+string(metadata)+`}`+more+`}`))
	if err != nil {
		p.Fatal(err)
	}
	xml, err := p.Metadata(p.Context(), made.ID, browser{}.visit())
	if err != nil {
		p.Fatal(err)
	}
	idp.Knows(xml)
	return made
}

// bySAML signs in by a connection; edit changes what the browser posts.
func (p *place) bySAML(idp *testkit.SAMLProvider, provider string, edit func(url.Values)) (auth.External, error) {
	p.Helper()
	b := browser{}
	form := idp.Answer(p.depart(b, provider))
	if edit != nil {
		edit(form)
	}
	form.Set("state", form.Get("RelayState"))
	to, err := p.Return(p.Context(), provider, form, b.visit())
	if err != nil {
		return auth.External{}, err
	}
	if strings.HasPrefix(to, redirect+"?error=") {
		return auth.External{}, fault.New(fault.Code(strings.ReplaceAll(strings.TrimPrefix(to, redirect+"?error="), "%2F", "/")), "sent to the app")
	}
	who, _, err := p.Redeem(p.Context(), &access.Principal{}, federation.Exchange{Code: codeOf(p, to), Verifier: verifier})
	who.Join = nil // functions don't compare
	return who, err
}

func TestSAML(t *testing.T) {
	p, idp := newCompany(t), testkit.NewSAMLProvider(t)
	made := p.connect(idp, `,"groupsAttribute":"eduPersonAffiliation"`)
	for _, cut := range []bool{false, true} {
		idp.Cut = cut
		who, err := p.bySAML(idp, made.Provider, nil)
		want(t, err, "")
		if !reflect.DeepEqual(who, auth.External{Provider: "sso:" + made.ID, Subject: "ada@acme.test", Email: "ada@acme.test", EmailVerified: true, Name: "Ada",
			ProvedAt: idp.Session.CreateTime.UTC().Truncate(time.Millisecond)}) {
			t.Errorf("%+v", who)
		}
	}
	d, err := p.Depart(t.Context(), made.Provider, federation.Start{Redirect: redirect, Challenge: challenge(verifier)}, browser{}.visit())
	if err != nil || d.Cookie.SameSite != http.SameSiteNoneMode || !d.Cookie.Secure {
		t.Errorf("%+v: %v", d, err)
	}
}

// A SAML provider is told to ask its user anew, and believed only where it did.
func TestSAMLAnew(t *testing.T) {
	p, idp := newCompany(t), testkit.NewSAMLProvider(t)
	made := p.connect(idp, "")
	for ago, code := range map[time.Duration]fault.Code{0: "", 50 * time.Second: "", 2 * time.Minute: fault.FederationRefused} {
		idp.Session.CreateTime = p.clock.Add(-ago)
		b := browser{}
		_, to := p.departAnew(b, made.Provider)
		form := idp.Answer(to)
		if !idp.Forced {
			t.Error("the provider is not told to ask")
		}
		form.Set("state", form.Get("RelayState"))
		_, err := p.Return(t.Context(), made.Provider, form, b.visit())
		want(t, err, code)
	}
	_ = idp.Answer(p.depart(browser{}, made.Provider))
	if idp.Forced {
		t.Error("the provider is told to ask, unasked")
	}
}

// replay repeats the id of an assertion in another answer.
func TestAssertionsAreUsedOnce(t *testing.T) {
	p, idp := newCompany(t), testkit.NewSAMLProvider(t)
	made := p.connect(idp, "")
	var first url.Values
	_, err := p.bySAML(idp, made.Provider, func(form url.Values) { first = url.Values{"SAMLResponse": form["SAMLResponse"]} })
	want(t, err, "")
	_, err = p.bySAML(idp, made.Provider, func(form url.Values) { form.Set("SAMLResponse", first.Get("SAMLResponse")) })
	want(t, err, fault.FederationRefused)

	idp.Assertion = func(a *saml.Assertion) { a.ID = "id-fixed" }
	_, err = p.bySAML(idp, made.Provider, nil)
	want(t, err, "")
	_, err = p.bySAML(idp, made.Provider, nil)
	want(t, err, fault.FederationRefused)
	p.clock = p.clock.Add(time.Hour)
	if _, err := p.Prune(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAssertionsThatProveNothing(t *testing.T) {
	p, idp := newCompany(t), testkit.NewSAMLProvider(t)
	made := p.connect(idp, "")
	now := time.Now()
	for name, change := range map[string]func(*saml.Assertion){
		"another audience": func(a *saml.Assertion) {
			a.Conditions.AudienceRestrictions = []saml.AudienceRestriction{{Audience: saml.Audience{Value: "https://evil.test"}}}
		},
		"no audience":          func(a *saml.Assertion) { a.Conditions.AudienceRestrictions = nil },
		"no conditions":        func(a *saml.Assertion) { a.Conditions = nil },
		"expired":              func(a *saml.Assertion) { a.Conditions.NotOnOrAfter = now.Add(-61 * time.Second) },
		"never expires":        func(a *saml.Assertion) { a.Conditions.NotOnOrAfter = time.Time{} },
		"of the future":        func(a *saml.Assertion) { a.Conditions.NotBefore = now.Add(90 * time.Second) },
		"issued in the future": func(a *saml.Assertion) { a.IssueInstant = now.Add(90 * time.Second) },
		"issued long ago":      func(a *saml.Assertion) { a.IssueInstant = now.Add(-time.Hour) },
		"another issuer":       func(a *saml.Assertion) { a.Issuer.Value = "https://evil.test" },
		"another recipient": func(a *saml.Assertion) {
			a.Subject.SubjectConfirmations[0].SubjectConfirmationData.Recipient = "https://evil.test/acs"
		},
		"another request": func(a *saml.Assertion) {
			a.Subject.SubjectConfirmations[0].SubjectConfirmationData.InResponseTo = "id-other"
		},
		"no request": func(a *saml.Assertion) { a.Subject.SubjectConfirmations[0].SubjectConfirmationData.InResponseTo = "" },
		"confirmation expired": func(a *saml.Assertion) {
			a.Subject.SubjectConfirmations[0].SubjectConfirmationData.NotOnOrAfter = now.Add(-61 * time.Second)
		},
		"no confirmation":        func(a *saml.Assertion) { a.Subject.SubjectConfirmations = nil },
		"no confirmation's data": func(a *saml.Assertion) { a.Subject.SubjectConfirmations[0].SubjectConfirmationData = nil },
		"no subject":             func(a *saml.Assertion) { a.Subject = nil },
		"no name":                func(a *saml.Assertion) { a.Subject.NameID = nil },
		"empty name":             func(a *saml.Assertion) { a.Subject.NameID.Value = " " },
		"not a sign-in":          func(a *saml.Assertion) { a.AuthnStatements = nil },
		"session ended": func(a *saml.Assertion) {
			ended := now.Add(-2 * time.Minute)
			a.AuthnStatements[0].SessionNotOnOrAfter = &ended
		},
	} {
		t.Run(name, func(t *testing.T) {
			idp.Assertion = change
			for _, cut := range []bool{false, true} { // signed by the answer, or by itself alone
				idp.Cut = cut
				_, err := p.bySAML(idp, made.Provider, nil)
				want(t, err, fault.FederationRefused)
			}
		})
	}
}

var (
	assertionXML = regexp.MustCompile(`(?s)<saml:Assertion.*</saml:Assertion>`)
	signatureXML = regexp.MustCompile(`(?s)<ds:Signature.*?</ds:Signature>`)
	idXML        = regexp.MustCompile(`ID="[^"]*"`)
)

// The answer of Mallory, who may sign in as herself, changed so that it says Ada:
// the eight ways of wrapping a signature, and others. Whatever is made of it, it
// is not Ada who signs in.
func TestSignaturesThatAreWrapped(t *testing.T) {
	evil := func(text string) string {
		text = strings.ReplaceAll(text, "mallory@acme.test", "ada@acme.test")
		return idXML.ReplaceAllString(signatureXML.ReplaceAllString(text, ""), `ID="evil"`)
	}
	inAssertion := func(wrap func(original, forged, signature string) string) func(string) string {
		return func(text string) string {
			text = testkit.CutSignature(text)
			return assertionXML.ReplaceAllStringFunc(text, func(original string) string {
				return wrap(original, evil(original), signatureXML.FindString(original))
			})
		}
	}
	before := func(end, text, more string) string { return strings.Replace(text, end, more+end, 1) }
	issuerEnd := "</saml:Issuer>"
	cases := map[string]func(string) string{
		"nothing changed but the name": func(x string) string { return strings.ReplaceAll(x, "mallory@", "ada@") },
		"both signatures cut": func(x string) string {
			return strings.ReplaceAll(testkit.CutSignature(testkit.CutSignature(x)), "mallory@", "ada@")
		},
		"empty signature": func(x string) string {
			return strings.ReplaceAll(signatureXML.ReplaceAllString(x, `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"></ds:Signature>`), "mallory@", "ada@")
		},
		"XSW1: the signed answer inside the signature": func(x string) string {
			signature := signatureXML.FindString(x)
			wrapped := strings.Replace(signature, "</ds:Signature>", "<ds:Object>"+testkit.CutSignature(x)+"</ds:Object></ds:Signature>", 1)
			return strings.Replace(evil(x), issuerEnd, issuerEnd+wrapped, 1)
		},
		"XSW2: the signed answer beside the signature": func(x string) string {
			return strings.Replace(evil(x), issuerEnd, issuerEnd+testkit.CutSignature(x)+signatureXML.FindString(x), 1)
		},
		"XSW3: the forged assertion first":       inAssertion(func(o, f, _ string) string { return f + o }),
		"XSW3 turned: the forged assertion last": inAssertion(func(o, f, _ string) string { return o + f }),
		"XSW4: the original in the forged":       inAssertion(func(o, f, _ string) string { return before("</saml:Assertion>", f, o) }),
		"XSW5: the forged has the signature": inAssertion(func(o, f, s string) string {
			return strings.Replace(f, issuerEnd, issuerEnd+s, 1) + signatureXML.ReplaceAllString(o, "")
		}),
		"XSW6: the original in the forged's signature": inAssertion(func(o, f, s string) string {
			return strings.Replace(f, issuerEnd, issuerEnd+before("</ds:Signature>", s, signatureXML.ReplaceAllString(o, "")), 1)
		}),
		"XSW7: the forged in extensions": inAssertion(func(o, f, _ string) string { return "<samlp:Extensions>" + f + "</samlp:Extensions>" + o }),
		"XSW8: the original in the signature's object": inAssertion(func(o, f, s string) string {
			return strings.Replace(f, issuerEnd, issuerEnd+before("</ds:Signature>", s, "<ds:Object>"+signatureXML.ReplaceAllString(o, "")+"</ds:Object>"), 1)
		}),
		"the same id twice": inAssertion(func(o, f, _ string) string {
			return strings.Replace(f, `ID="evil"`, idXML.FindString(o), 1) + o
		}),
		"an entity": func(x string) string {
			return `<!DOCTYPE x [<!ENTITY e "ada@acme.test">]>` + strings.ReplaceAll(x, "mallory@acme.test", "&e;")
		},
	}
	p, idp := newCompany(t), testkit.NewSAMLProvider(t)
	idp.Session.NameID, idp.Session.UserEmail = "mallory@acme.test", "mallory@acme.test"
	made := p.connect(idp, "")
	for name, edit := range cases {
		t.Run(name, func(t *testing.T) {
			who, err := p.bySAML(idp, made.Provider, func(form url.Values) {
				form.Set("SAMLResponse", testkit.EditSAML(t, form.Get("SAMLResponse"), edit))
			})
			if err == nil && (who.Subject != "mallory@acme.test" || who.Email != "mallory@acme.test") {
				t.Errorf("signed in %+v", who)
			}
			if err != nil {
				want(t, err, fault.FederationRefused)
			}
		})
	}
}

// A comment inside a name does not shorten it, though the signature holds.
func TestCommentsInNames(t *testing.T) {
	p, idp := newCompany(t), testkit.NewSAMLProvider(t)
	made := p.connect(idp, "")
	idp.Session.NameID, idp.Session.UserEmail = "ada@acme.test.evil.test", "ada@acme.test.evil.test"
	_, err := p.bySAML(idp, made.Provider, func(form url.Values) {
		form.Set("SAMLResponse", testkit.EditSAML(t, form.Get("SAMLResponse"), func(x string) string {
			return strings.ReplaceAll(x, "ada@acme.test.evil.test", "ada@acme.test<!---->.evil.test")
		}))
	})
	if !fault.Is(err, fault.FederationForeign) && !fault.Is(err, fault.FederationRefused) {
		t.Errorf("%v", err)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	var bomb bytes.Buffer
	w, err := flate.NewWriter(&bomb, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		_, _ = w.Write(make([]byte, 1<<20))
	}
	_ = w.Close()
	encode := base64.StdEncoding.EncodeToString
	deep := strings.Repeat("<a>", 20000)
	p, idp := newCompany(t), testkit.NewSAMLProvider(t)
	made := p.connect(idp, "")
	for name, test := range map[string]struct {
		answer string
		want   fault.Code
	}{
		"nothing":       {"", fault.FederationRefused},
		"not base64":    {"<xml>", fault.FederationRefused},
		"not XML":       {encode([]byte("hello")), fault.FederationRefused},
		"no end":        {encode([]byte("<a>")), fault.FederationRefused},
		"deep":          {encode([]byte(deep)), fault.FederationRefused},
		"deflate bomb":  {encode(bomb.Bytes()[:min(bomb.Len(), 100<<10)]), fault.FederationRefused},
		"billion laugh": {encode([]byte(`<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><l>&b;</l>`)), fault.FederationRefused},
		"too long":      {strings.Repeat("A", 300<<10), fault.FederationState},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := p.bySAML(idp, made.Provider, func(form url.Values) { form.Set("SAMLResponse", test.answer) })
			want(t, err, test.want)
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("refusing took %s", took)
			}
		})
	}
}

// A provider speaks for the domains of its organization, and for no other.
func TestForeignDomains(t *testing.T) {
	p, idp := newCompany(t), testkit.NewSAMLProvider(t)
	made := p.connect(idp, "")
	for email, code := range map[string]fault.Code{
		"ada@acme.test": "", "Ada@ACME.TEST": "", "ada@acme.example": "",
		"ada@other.test": fault.FederationForeign, "ada@sub.acme.test": fault.FederationForeign, "ada@acme.test.evil.test": fault.FederationForeign,
		"ada@evil.test@acme.test": "", "acme.test": fault.FederationForeign, "": fault.FederationForeign,
	} {
		idp.Session.NameID, idp.Session.UserEmail = "7", email
		_, err := p.bySAML(idp, made.Provider, nil)
		want(t, err, code)
	}
}

func TestConnections(t *testing.T) {
	p, idp := newCompany(t), testkit.NewSAMLProvider(t)
	is := testkit.NewIssuer(t)
	metadata, err := json.Marshal(idp.Metadata())
	if err != nil {
		t.Fatal(err)
	}
	oidc := fmt.Sprintf(`{"kind":"oidc","name":"Acme","oidc":{"issuer":%q,"clientId":"loam","clientSecret":"s3cret"}`, is.URL)
	for name, test := range map[string]struct {
		by, in string
		want   fault.Code
	}{
		"an admin":           {"admin", oidc + `}`, fault.TenantNotAllowed},
		"a member":           {"member", oidc + `}`, fault.TenantNotAllowed},
		"somebody else":      {"foreign", oidc + `}`, fault.TenantNotFound},
		"no kind":            {"owner", `{"name":"x"}`, fault.FederationConnection},
		"no name":            {"owner", `{"kind":"oidc","oidc":{"issuer":"https://x.test","clientId":"a"}}`, fault.FederationConnection},
		"http":               {"owner", `{"kind":"oidc","name":"x","oidc":{"issuer":"http://x.test","clientId":"a"}}`, fault.FederationConnection},
		"no settings":        {"owner", `{"kind":"saml","name":"x"}`, fault.FederationConnection},
		"no metadata":        {"owner", `{"kind":"saml","name":"x","saml":{"metadata":"<x/>"}}`, fault.FederationConnection},
		"settings of both":   {"owner", oidc + `,"saml":{"metadata":` + string(metadata) + `}}`, fault.FederationConnection},
		"another's domain":   {"owner", oidc + `,"domains":["other.test"]}`, fault.FederationConnection},
		"nobody's domain":    {"owner", oidc + `,"domains":["nobody.test"]}`, fault.FederationConnection},
		"no domain":          {"owner", oidc + `,"domains":["*"]}`, fault.FederationConnection},
		"unknown role":       {"owner", oidc + `,"roles":{"a":"emperor"}}`, fault.TenantBadRole},
		"start elsewhere":    {"owner", `{"kind":"saml","name":"x","saml":{"idpInitiated":true,"startUrl":"https://evil.test","metadata":` + string(metadata) + `}}`, fault.FederationConnection},
		"what an owner does": {"owner", oidc + `,"domains":["Acme.test"],"roles":{"Bosses":"owner","IT":"admin"}}`, ""},
	} {
		_, err := p.AddConnection(t.Context(), user(test.by), acme, input(t, test.in))
		if !fault.Is(err, test.want) && (test.want != "" || err != nil) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	list, err := p.Connections(t.Context(), user("owner"), acme)
	want(t, err, "")
	if len(list) != 1 || list[0].OIDC.ClientSecret != "" || list[0].Domains[0] != "acme.test" || list[0].Provider != "sso-"+list[0].ID || !list[0].Enabled {
		t.Fatalf("%+v", list)
	}
	one := list[0]
	is.User["email"] = "ada@acme.test"
	delete(is.User, "email_verified")
	who, err := p.signIn(one.Provider)
	if want(t, err, ""); !who.EmailVerified {
		t.Errorf("%+v", who)
	}

	for _, by := range []string{"admin", "member", "foreign"} {
		if _, err := p.ChangeConnection(t.Context(), user(by), acme, one.ID, input(t, `{"enabled":false}`)); err == nil {
			t.Errorf("%s changes a connection", by)
		}
		if err := p.RemoveConnection(t.Context(), user(by), acme, one.ID); err == nil {
			t.Errorf("%s removes a connection", by)
		}
		if _, err := p.Connections(t.Context(), user(by), acme); err == nil {
			t.Errorf("%s lists connections", by)
		}
	}
	_, err = p.ChangeConnection(t.Context(), user("foreign"), other, one.ID, input(t, `{"enabled":false}`))
	want(t, err, fault.FederationNoConnection)
	want(t, p.RemoveConnection(t.Context(), user("foreign"), other, one.ID), fault.FederationNoConnection)
	_, err = p.ChangeConnection(t.Context(), user("owner"), acme, one.ID, input(t, `{"kind":"saml"}`))
	want(t, err, fault.FederationConnection)

	// a change keeps the secret that is not sent again
	_, err = p.ChangeConnection(t.Context(), user("owner"), acme, one.ID, input(t, fmt.Sprintf(`{"oidc":{"issuer":%q,"clientId":"loam"}}`, is.URL)))
	want(t, err, "")
	is.Token = func(_ url.Values, h http.Header) {
		if h["Authorization"] == nil {
			t.Error("the secret is gone")
		}
	}
	_, err = p.signIn(one.Provider)
	want(t, err, "")
	_, err = p.ChangeConnection(t.Context(), user("owner"), acme, one.ID, input(t, `{"enabled":false}`))
	want(t, err, "")
	_, err = p.Depart(t.Context(), one.Provider, federation.Start{Redirect: redirect, Challenge: challenge(verifier)}, browser{}.visit())
	want(t, err, fault.FederationUnknown)
	want(t, p.RemoveConnection(t.Context(), user("owner"), acme, one.ID), "")
	_, err = p.BeginLink(t.Context(), user("owner"), one.Provider, federation.Start{Redirect: redirect, Challenge: challenge(verifier)}, browser{}.visit())
	want(t, err, fault.FederationUnknown)
}

// How to sign in is told by the domain alone.
func TestDiscover(t *testing.T) {
	p, idp := newCompany(t), testkit.NewSAMLProvider(t)
	made := p.connect(idp, `,"domains":["acme.test"]`)
	for email, want := range map[string]federation.Discovered{
		"owner@acme.test":   {Kind: "sso", Provider: made.Provider, URL: "/auth/sign-in/" + made.Provider},
		"NOBODY@Acme.Test ": {Kind: "sso", Provider: made.Provider, URL: "/auth/sign-in/" + made.Provider},
		"x@acme.example":    {Kind: "password"}, "x@other.test": {Kind: "password"}, "x@sub.acme.test": {Kind: "password"},
	} {
		if got, err := p.Discover(t.Context(), email); err != nil || got != want {
			t.Errorf("%s: %+v %v", email, got, err)
		}
	}
	_, err := p.Discover(t.Context(), "acme.test")
	want(t, err, fault.AuthBadEmail)
}

// Where it is enforced, members come by the connection, and owners as they like.
func TestEnforcement(t *testing.T) {
	p, idp := newCompany(t), testkit.NewSAMLProvider(t)
	made := p.connect(idp, `,"domains":["acme.test"]`)
	enter := func(user, email string, how auth.Method) error {
		return p.engine.Read(t.Context(), func(c store.Conn) error { return p.MayEnter(c, user, email, how) })
	}
	want(t, enter("member", "member@acme.test", auth.ByPassword), "")
	_, err := p.ChangeConnection(t.Context(), user("owner"), acme, made.ID, input(t, `{"enforced":true}`))
	want(t, err, "")
	for _, test := range []struct {
		user, email string
		how         auth.Method
		want        fault.Code
	}{
		{"member", "member@acme.test", auth.ByPassword, fault.FederationRequired},
		{"admin", "admin@acme.test", auth.ByProvider + "google", fault.FederationRequired},
		{"member", "member@acme.test", auth.ByProvider + "sso:" + auth.Method(made.ID), ""},
		{"member", "member@acme.test", auth.ByProvider + "sso:another", fault.FederationRequired},
		{"owner", "owner@acme.test", auth.ByPassword, ""},
		{"foreign", "foreign@acme.test", auth.ByEmail, fault.FederationRequired},
		{"member", "member@acme.example", auth.ByPassword, ""},
		{"member", "", auth.ByAnonymous, ""},
	} {
		want(t, enter(test.user, test.email, test.how), test.want)
	}
}

// An answer that nobody asked for signs nobody in; where it is let, it leads to
// the app.
func TestUnasked(t *testing.T) {
	p, idp := newCompany(t), testkit.NewSAMLProvider(t)
	made := p.connect(idp, "")
	_, err := p.Unasked(t.Context(), made.ID)
	want(t, err, fault.FederationState)
	metadata, _ := json.Marshal(idp.Metadata())
	_, err = p.ChangeConnection(t.Context(), user("owner"), acme, made.ID, input(t, `{"saml":{"idpInitiated":true,"startUrl":"`+redirect+`","metadata":`+string(metadata)+`}}`))
	want(t, err, "")
	to, err := p.Unasked(t.Context(), made.ID)
	if err != nil || to != redirect+"?provider="+made.Provider {
		t.Errorf("%s %v", to, err)
	}
	_, err = p.Unasked(t.Context(), "00000000-0000-7000-8000-000000000000")
	want(t, err, fault.FederationUnknown)
}
