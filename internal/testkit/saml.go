package testkit

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/xml"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"
)

// SAMLProvider is a SAML identity provider, a real library's, whose user is always
// signed in and always agrees. Change its fields between requests only.
type SAMLProvider struct {
	Session   saml.Session
	Assertion func(*saml.Assertion) // changes an assertion before it is signed
	Cut       bool                  // the answer's own signature is cut off; the assertion's stays
	Forced    bool                  // the last request wanted its user to sign in anew

	t   testing.TB
	idp saml.IdentityProvider
	sp  saml.EntityDescriptor
}

// NewSAMLProvider makes a provider with a key of its own. It listens nowhere:
// Answer is its sign-in page.
func NewSAMLProvider(t testing.TB) *SAMLProvider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &SAMLProvider{t: t, Session: saml.Session{ID: "1", NameID: "ada@acme.test", NameIDFormat: string(saml.EmailAddressNameIDFormat), UserEmail: "ada@acme.test", UserCommonName: "Ada", Groups: []string{"Staff"},
		CreateTime: time.Now(), ExpireTime: time.Now().Add(time.Hour)}}
	p.idp = saml.IdentityProvider{
		Key: key, Certificate: certificate(t, key), Logger: log.New(io.Discard, "", 0),
		MetadataURL: url.URL{Scheme: "https", Host: "idp.test", Path: "/metadata"}, SSOURL: url.URL{Scheme: "https", Host: "idp.test", Path: "/sso"},
		ServiceProviderProvider: p, SignatureMethod: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
	}
	return p
}

// certificate makes a certificate that the key signs itself.
func certificate(t testing.TB, key *rsa.PrivateKey) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp.test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// Metadata is the provider's XML.
func (p *SAMLProvider) Metadata() string {
	p.t.Helper()
	text, err := xml.Marshal(p.idp.Metadata())
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// Knows tells the provider of a service provider, by its XML.
func (p *SAMLProvider) Knows(sp []byte) {
	p.t.Helper()
	p.sp = saml.EntityDescriptor{}
	if err := xml.Unmarshal(sp, &p.sp); err != nil {
		p.t.Fatal(err)
	}
}

// GetServiceProvider is asked by the library.
func (p *SAMLProvider) GetServiceProvider(*http.Request, string) (*saml.EntityDescriptor, error) {
	return &p.sp, nil
}

// Answer is what the provider has the browser post that comes with a request: the
// form with SAMLResponse and RelayState.
func (p *SAMLProvider) Answer(to string) url.Values {
	p.t.Helper()
	request, err := saml.NewIdpAuthnRequest(&p.idp, httptest.NewRequest(http.MethodGet, to, nil))
	if err == nil {
		err = request.Validate()
	}
	if err == nil {
		err = saml.DefaultAssertionMaker{}.MakeAssertion(request, &p.Session)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.Forced = request.Request.ForceAuthn != nil && *request.Request.ForceAuthn
	if p.Assertion != nil {
		p.Assertion(request.Assertion)
	}
	form, err := request.PostBinding()
	if err != nil {
		p.t.Fatal(err)
	}
	if p.Cut {
		form.SAMLResponse = EditSAML(p.t, form.SAMLResponse, CutSignature)
	}
	return url.Values{"SAMLResponse": {form.SAMLResponse}, "RelayState": {form.RelayState}}
}

// EditSAML changes the XML of a SAMLResponse.
func EditSAML(t testing.TB, answer string, edit func(string) string) string {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(answer)
	if err != nil {
		t.Fatal(err)
	}
	changed := edit(string(text))
	if changed == string(text) {
		t.Fatal("the edit changes nothing")
	}
	return base64.StdEncoding.EncodeToString([]byte(changed))
}

// CutSignature removes the first signature of an XML text.
func CutSignature(text string) string {
	start, end := strings.Index(text, "<ds:Signature"), strings.Index(text, "</ds:Signature>")
	if start < 0 || end < start {
		return text
	}
	return text[:start] + text[end+len("</ds:Signature>"):]
}
