package attack

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/testkit"
)

// zone is what the DNS says.
type zone struct {
	mu   sync.Mutex
	text map[string][]string
}

// LookupTXT is asked where a domain is verified.
func (r *zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text[strings.TrimSuffix(name, ".")], nil
}

// company is a server with an organization that owns acme.test and signs in by
// SAML.
type company struct {
	*testkit.Server
	owner    *testkit.Client
	idp      *testkit.SAMLProvider
	provider string
	id       string
}

func newCompany(t *testing.T, settings map[string]any, options ...testkit.Option) *company {
	t.Helper()
	dns := &zone{text: map[string][]string{}}
	s := testkit.New(t, app, append(options, by(nil), func(o *backend.Options) { o.Resolver = dns })...)
	c := &company{Server: s, owner: s.SignUp("owner@acme.test"), idp: testkit.NewSAMLProvider(t)}
	base := "/auth/organizations/" + c.owner.Org
	claim := c.owner.Do("POST", base+"/domains", map[string]any{"domain": "acme.test"}).Want(201)
	dns.text[claim.String("record")] = []string{claim.String("value")}
	c.owner.Do("POST", base+"/domains/acme.test/verify", nil).Want(200)
	body := map[string]any{"kind": "saml", "name": "Acme", "saml": map[string]any{"metadata": c.idp.Metadata()}}
	for name, value := range settings {
		body[name] = value
	}
	made := c.owner.Do("POST", base+"/connections", body).Want(201)
	c.id, c.provider = made.String("id"), made.String("provider")
	c.idp.Knows(s.Anonymous().Get("/auth/sso/" + c.id + "/metadata").Want(200).Body)
	return c
}

// is makes the provider's user somebody.
func (c *company) is(email string, groups ...string) {
	c.idp.Session.NameID, c.idp.Session.UserEmail, c.idp.Session.Groups = email, email, groups
}

// post goes to the provider and posts its answer, changed by edit.
func (c *company) post(edit func(url.Values)) *testkit.Response {
	b := c.Browser()
	form := c.idp.Answer(b.Depart(c.provider))
	if edit != nil {
		edit(form)
	}
	return b.Go("/auth/sso/"+c.id+"/acs", form)
}

// change changes the XML of what is posted.
func change(t *testing.T, edit func(string) string) func(url.Values) {
	return func(form url.Values) {
		form.Set("SAMLResponse", testkit.EditSAML(t, form.Get("SAMLResponse"), edit))
	}
}

var (
	assertionXML = regexp.MustCompile(`(?s)<saml:Assertion.*</saml:Assertion>`)
	signatureXML = regexp.MustCompile(`(?s)<ds:Signature.*?</ds:Signature>`)
	idXML        = regexp.MustCompile(`ID="[^"]*"`)
)

func TestAttack025_SAMLAnswers(t *testing.T) {
	c := newCompany(t, nil)
	c.is("ada@acme.test")
	c.Anonymous().Exchange(c.post(nil).Code()).Want(200)

	// Mallory may sign in as herself. Whatever she makes of her answer, she is not Ada.
	c.is("mallory@acme.test")
	forged := func(original string) string {
		text := strings.ReplaceAll(original, "mallory@acme.test", "ada@acme.test")
		return idXML.ReplaceAllString(signatureXML.ReplaceAllString(text, ""), `ID="evil"`)
	}
	const issuer = "</saml:Issuer>"
	wrap := func(in func(original, forged, signature string) string) func(string) string {
		return func(text string) string {
			return assertionXML.ReplaceAllStringFunc(testkit.CutSignature(text), func(original string) string {
				return in(original, forged(original), signatureXML.FindString(original))
			})
		}
	}
	inside := func(signature, more string) string {
		return strings.Replace(signature, "</ds:Signature>", more+"</ds:Signature>", 1)
	}
	for name, edit := range map[string]func(string) string{
		"changed": func(x string) string { return strings.ReplaceAll(x, "mallory@", "ada@") },
		"unsigned": func(x string) string {
			return strings.ReplaceAll(testkit.CutSignature(testkit.CutSignature(x)), "mallory@", "ada@")
		},
		"wrapped 1": func(x string) string {
			return strings.Replace(forged(x), issuer, issuer+inside(signatureXML.FindString(x), "<ds:Object>"+testkit.CutSignature(x)+"</ds:Object>"), 1)
		},
		"wrapped 2": func(x string) string {
			return strings.Replace(forged(x), issuer, issuer+testkit.CutSignature(x)+signatureXML.FindString(x), 1)
		},
		"wrapped 3": wrap(func(o, f, _ string) string { return f + o }),
		"wrapped 4": wrap(func(o, f, _ string) string { return strings.Replace(f, "</saml:Assertion>", o+"</saml:Assertion>", 1) }),
		"wrapped 5": wrap(func(o, f, s string) string {
			return strings.Replace(f, issuer, issuer+s, 1) + signatureXML.ReplaceAllString(o, "")
		}),
		"wrapped 6": wrap(func(o, f, s string) string {
			return strings.Replace(f, issuer, issuer+inside(s, signatureXML.ReplaceAllString(o, "")), 1)
		}),
		"wrapped 7": wrap(func(o, f, _ string) string { return "<samlp:Extensions>" + f + "</samlp:Extensions>" + o }),
		"wrapped 8": wrap(func(o, f, s string) string {
			return strings.Replace(f, issuer, issuer+inside(s, "<ds:Object>"+signatureXML.ReplaceAllString(o, "")+"</ds:Object>"), 1)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			r := c.post(change(t, edit))
			if r.StatusCode == http.StatusSeeOther { // taken for what it is
				if email := c.Anonymous().Exchange(r.Code()).Want(200).String("user", "email"); email != "mallory@acme.test" {
					t.Errorf("mallory is %s", email)
				}
				return
			}
			r.WantCode(401, "federation/refused")
		})
	}
}

func TestAttack025_SAMLOfAnotherTimeOrPlace(t *testing.T) {
	c := newCompany(t, nil)
	c.is("ada@acme.test")
	now := time.Now()
	for name, edit := range map[string]func(*saml.Assertion){
		"audience": func(a *saml.Assertion) {
			a.Conditions.AudienceRestrictions = []saml.AudienceRestriction{{Audience: saml.Audience{Value: "https://evil.test"}}}
		},
		"expired": func(a *saml.Assertion) { a.Conditions.NotOnOrAfter = now.Add(-2 * time.Minute) },
		"recipient": func(a *saml.Assertion) {
			a.Subject.SubjectConfirmations[0].SubjectConfirmationData.Recipient = "https://evil.test"
		},
		"request": func(a *saml.Assertion) {
			a.Subject.SubjectConfirmations[0].SubjectConfirmationData.InResponseTo = "id-x"
		},
		"issuer": func(a *saml.Assertion) { a.Issuer.Value = "https://evil.test" },
	} {
		t.Run(name, func(t *testing.T) {
			c.idp.Assertion = edit
			c.post(nil).WantCode(401, "federation/refused")
		})
	}

	c.idp.Assertion = func(a *saml.Assertion) { a.ID = "id-once" }
	c.post(nil).Code()
	c.post(nil).WantCode(401, "federation/refused") // the same assertion again

	c.idp.Assertion = nil
	b := c.Browser()
	form := c.idp.Answer(b.Depart(c.provider))
	c.Browser().Go("/auth/sso/"+c.id+"/acs", form).WantCode(400, "federation/bad_state") // another browser
	b.Go("/auth/sso/"+c.id+"/acs", form).Code()
	b.Go("/auth/sso/"+c.id+"/acs", form).WantCode(400, "federation/bad_state")                                             // a second time
	b.Go("/auth/sso/"+c.id+"/acs", url.Values{"SAMLResponse": form["SAMLResponse"]}).WantCode(400, "federation/bad_state") // nobody asked

	other := newCompany(t, nil) // signed by another provider of the same name
	other.is("ada@acme.test")
	c.post(func(form url.Values) {
		b := other.Browser()
		form.Set("SAMLResponse", other.idp.Answer(b.Depart(other.provider)).Get("SAMLResponse"))
	}).WantCode(401, "federation/refused")
}

func TestAttack025_SAMLBombs(t *testing.T) {
	c := newCompany(t, nil)
	var bomb bytes.Buffer
	w, err := flate.NewWriter(&bomb, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		_, _ = w.Write(make([]byte, 1<<20))
	}
	_ = w.Close()
	for name, text := range map[string]string{
		"deflated": bomb.String()[:min(bomb.Len(), 150<<10)], "deep": strings.Repeat("<a>", 30000), "entities": `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><l>&b;</l>`,
	} {
		start := time.Now()
		c.post(func(form url.Values) { form.Set("SAMLResponse", base64.StdEncoding.EncodeToString([]byte(text))) }).WantCode(401, "federation/refused")
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
	c.post(func(form url.Values) { form.Set("SAMLResponse", strings.Repeat("A", 300<<10)) }).WantCode(400, "federation/bad_state")
	c.post(func(form url.Values) { form.Set("SAMLResponse", strings.Repeat("A", 2<<20)) }).Want(413)
}

// The provider of an organization speaks for its domains, and makes members of it,
// and nothing else.
func TestAttack002_ForeignAddressesByCompanySignIn(t *testing.T) {
	c := newCompany(t, map[string]any{"groupsAttribute": "eduPersonAffiliation", "roles": map[string]string{"IT": "admin"}})
	victim := c.SignUp("victim@other.test")
	for _, email := range []string{"victim@other.test", "victim@acme.test.evil.test", "victim@sub.acme.test"} {
		c.is(email)
		if to := c.post(nil).Want(303).Header.Get("Location"); to != testkit.Redirect+"?error=federation%2Fforeign_domain" {
			t.Errorf("%s comes to %s", email, to)
		}
	}
	if identities(victim) != 0 {
		t.Error("a foreign provider is linked")
	}

	c.is("it@acme.test", "IT")
	it := c.Anonymous().Exchange(c.post(nil).Code()).Want(200)
	if it.String("organization", "id") != c.owner.Org || it.String("organization", "role") != "admin" {
		t.Errorf("%s", it.Body)
	}
	c.is("it@acme.test")
	if role := c.Anonymous().Exchange(c.post(nil).Code()).Want(200).String("organization", "role"); role != "member" {
		t.Errorf("out of the group, the role is %s", role)
	}
}

// By the groups nobody loses the last owner's role, nor gets one that is not
// mapped; and where it is enforced, a password does not go around it.
func TestAttack114_LastOwnerByCompanySignIn(t *testing.T) {
	c := newCompany(t, map[string]any{"groupsAttribute": "eduPersonAffiliation", "roles": map[string]string{"Staff": "member"}, "enforced": true})
	member := c.Anonymous()
	member.Do("POST", "/auth/sign-up", map[string]any{"email": "bob@acme.test", "password": "correct horse battery"}).WantCode(403, "federation/sso_required")
	c.SignIn("owner@acme.test") // an owner is not locked out
	c.is("owner@acme.test", "Staff")
	if role := c.Anonymous().Exchange(c.post(nil).Code()).Want(200).String("organization", "role"); role != "owner" {
		t.Errorf("the last owner is %s", role)
	}
	c.is("bob@acme.test", "Staff", "owner")
	if role := c.Anonymous().Exchange(c.post(nil).Code()).Want(200).String("organization", "role"); role != "member" {
		t.Errorf("bob is %s", role)
	}
	if kind := c.Anonymous().Do("POST", "/auth/sign-in/discover", map[string]any{"email": "nobody@acme.test"}).Want(200).String("kind"); kind != "sso" {
		t.Errorf("acme.test signs in by %s", kind)
	}
}

// A connection is an address that a stranger chooses: the server does not go
// inside for it.
func TestAttack108_IssuersInside(t *testing.T) {
	var hits atomic.Int64
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer inside.Close()
	s := testkit.New(t, app, by(nil), func(o *backend.Options) { o.Config.Outbound.AllowPrivate = false })
	owner := s.SignUp("owner@acme.test")
	for _, issuer := range []string{inside.URL, strings.Replace(inside.URL, "127.0.0.1", "localhost", 1), "https://" + strings.TrimPrefix(inside.URL, "http://"), "https://169.254.169.254", "https://[::ffff:127.0.0.1]", "https://2130706433"} {
		r := owner.Do("POST", "/auth/organizations/"+owner.Org+"/connections", map[string]any{"kind": "oidc", "name": "x", "oidc": map[string]any{"issuer": issuer, "clientId": "x"}})
		if r.StatusCode == http.StatusBadRequest {
			continue // refused by its spelling
		}
		query := url.Values{"redirect": {testkit.Redirect}, "challenge": {testkit.Challenge(testkit.Verifier)}}
		s.Browser().Go("/auth/sign-in/"+r.Want(201).String("provider")+"?"+query.Encode(), nil).WantCode(503, "federation/unreachable")
	}
	if hits.Load() != 0 {
		t.Errorf("the server called inside %d times", hits.Load())
	}
}
