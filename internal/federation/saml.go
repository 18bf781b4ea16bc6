package federation

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/crewjam/saml"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tokens"
)

// samlWay is a SAML 2.0 identity provider, to which this server is a service
// provider: the request goes by the browser's address, the answer comes back as a
// form that the browser posts. Nothing that comes in is inflated, and an answer
// that nobody asked for signs nobody in.
type samlWay struct {
	connection string
	settings   SAMLSettings
	idp        *saml.EntityDescriptor
	engine     store.Engine
	now        func() time.Time
	groups     string // the attribute that lists a user's groups
}

// SAMLSettings are what a SAML connection needs to know of the identity
// provider.
type SAMLSettings struct {
	Metadata       string `json:"metadata"`       // the provider's XML
	EmailAttribute string `json:"emailAttribute"` // "": the names that providers use
	NameAttribute  string `json:"nameAttribute"`  // likewise
	IDPInitiated   bool   `json:"idpInitiated"`   // an answer that nobody asked for leads to the app, to begin
	StartURL       string `json:"startUrl"`       // where to, one of auth.redirects
}

// minRSA is the size in bits from which an RSA key of a provider is taken.
const minRSA = 2048

// readMetadata reads a provider's metadata, or says what is wrong with it.
func readMetadata(text string) (*saml.EntityDescriptor, error) {
	bad := func(format string, args ...any) (*saml.EntityDescriptor, error) {
		return nil, fault.New(fault.FederationConnection, "the metadata "+format, args...).At("saml.metadata")
	}
	if len(text) > maxMetadata {
		return bad("has more than %d bytes", maxMetadata)
	}
	idp := &saml.EntityDescriptor{}
	if err := xml.Unmarshal([]byte(text), idp); err != nil {
		return bad("is no XML with one EntityDescriptor: paste the whole file that the identity provider offers")
	}
	if idp.EntityID == "" || len(idp.IDPSSODescriptors) == 0 {
		return bad("names no identity provider: it needs an entityID and an IDPSSODescriptor")
	}
	sp := saml.ServiceProvider{IDPMetadata: idp}
	if !secureURL(sp.GetSSOBindingLocation(saml.HTTPRedirectBinding)) {
		return bad("has no SingleSignOnService with the HTTP-Redirect binding and an https address")
	}
	if err := checkCertificates(idp); err != nil {
		return bad("has no signing certificate that is taken: %v", err)
	}
	return idp, nil
}

// checkCertificates wants at least one signing key, and none that is weak.
func checkCertificates(idp *saml.EntityDescriptor) error {
	found := 0
	for _, descriptor := range idp.IDPSSODescriptors {
		for _, key := range descriptor.KeyDescriptors {
			if key.Use == "encryption" {
				continue
			}
			for _, c := range key.KeyInfo.X509Data.X509Certificates {
				der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(c.Data), ""))
				if err != nil {
					return errors.New("one is not base64")
				}
				certificate, err := x509.ParseCertificate(der)
				if err != nil {
					return errors.New("one is no X.509 certificate")
				}
				switch public := certificate.PublicKey.(type) {
				case *rsa.PublicKey:
					if public.N.BitLen() < minRSA {
						return fmt.Errorf("one has an RSA key of %d bits, less than %d", public.N.BitLen(), minRSA)
					}
				case *ecdsa.PublicKey:
				default:
					return errors.New("one has a key that is neither RSA nor ECDSA")
				}
				found++
			}
		}
	}
	if found == 0 {
		return errors.New("there is none")
	}
	return nil
}

// serviceProvider is this server as one connection's identity provider knows it.
func serviceProvider(idp *saml.EntityDescriptor, acs string) (*saml.ServiceProvider, error) {
	at, err := url.Parse(acs)
	if err != nil {
		return nil, err
	}
	metadata := *at
	metadata.Path = strings.TrimSuffix(at.Path, "/acs") + "/metadata"
	return &saml.ServiceProvider{
		EntityID: metadata.String(), MetadataURL: metadata, AcsURL: *at, IDPMetadata: idp,
		AuthnNameIDFormat:                saml.UnspecifiedNameIDFormat,
		AssertionConsumerServiceBindings: []string{saml.HTTPPostBinding},
		RejectSHA1Signatures:             true,
		MetadataOmitValidUntil:           true,
	}, nil
}

func (w *samlWay) posts() bool { return true }

// requestID is the id of a flow's request, which the answer must name.
func requestID(t trip) string { return "id-" + t.Nonce }

func (w *samlWay) authorize(_ context.Context, t trip) (string, error) {
	sp, err := serviceProvider(w.idp, t.Callback)
	if err != nil {
		return "", wrap("making a SAML request", err)
	}
	request, err := sp.MakeAuthenticationRequest(sp.GetSSOBindingLocation(saml.HTTPRedirectBinding), saml.HTTPRedirectBinding, saml.HTTPPostBinding)
	if err != nil {
		return "", wrap("making a SAML request", err)
	}
	request.ID = requestID(t)
	if anew := !t.Anew.IsZero(); anew {
		request.ForceAuthn = &anew
	}
	to, err := request.Redirect(t.State, sp)
	if err != nil {
		return "", wrap("making a SAML request", err)
	}
	return to.String(), nil
}

func (w *samlWay) identify(ctx context.Context, t trip, answer url.Values) (Identity, error) {
	sp, err := serviceProvider(w.idp, t.Callback)
	if err != nil {
		return Identity{}, wrap("reading a SAML answer", err)
	}
	text, err := base64.StdEncoding.DecodeString(answer.Get("SAMLResponse"))
	if err != nil || len(text) == 0 {
		return Identity{}, refused("SAMLResponse is missing or not base64")
	}
	assertion, err := parseAnswer(sp, text, requestID(t))
	if err != nil {
		return Identity{}, err
	}
	if err := w.timely(assertion); err != nil {
		return Identity{}, err
	}
	if err := w.useUp(ctx, assertion); err != nil {
		return Identity{}, err
	}
	who, err := w.identity(assertion)
	for _, statement := range assertion.AuthnStatements {
		if statement.AuthnInstant.After(who.ProvedAt) {
			who.ProvedAt = statement.AuthnInstant.UTC()
		}
	}
	return who, err
}

// parseAnswer has the library check signature, issuer, destination, recipient,
// audience, request and times. A panic of the library is an answer that proves
// nothing.
func parseAnswer(sp *saml.ServiceProvider, text []byte, request string) (assertion *saml.Assertion, err error) {
	defer func() {
		if p := recover(); p != nil {
			assertion, err = nil, refused("reading the SAML answer: panic: %v", p)
		}
	}()
	assertion, err = sp.ParseXMLResponse(text, []string{request}, sp.AcsURL)
	if err != nil {
		if invalid, ok := errors.AsType[*saml.InvalidResponseError](err); ok {
			err = invalid.PrivateErr
		}
		return nil, refused("the SAML answer: %w", err)
	}
	return assertion, nil
}

// timely holds the assertion's times against clockSkew: the library allows more.
func (w *samlWay) timely(a *saml.Assertion) error {
	now := w.now()
	early, late := now.Add(clockSkew), now.Add(-clockSkew)
	switch {
	case a.IssueInstant.After(early), a.Conditions.NotBefore.After(early):
		return refused("the assertion is of the future")
	case a.Conditions.NotOnOrAfter.IsZero(), !a.Conditions.NotOnOrAfter.After(late):
		return refused("the assertion has expired, or never does")
	}
	for _, s := range a.AuthnStatements {
		if s.SessionNotOnOrAfter != nil && !s.SessionNotOnOrAfter.After(late) {
			return refused("the provider's session has expired")
		}
	}
	for _, c := range a.Subject.SubjectConfirmations {
		if d := c.SubjectConfirmationData; d != nil && d.NotOnOrAfter.After(late) && !d.NotBefore.After(early) {
			return nil
		}
	}
	return refused("the subject's confirmation has expired")
}

// useUp takes an assertion's id, once for each connection.
func (w *samlWay) useUp(ctx context.Context, a *saml.Assertion) error {
	if a.ID == "" {
		return refused("the assertion has no id")
	}
	until := a.Conditions.NotOnOrAfter.Add(2 * clockSkew)
	return wrap("using an assertion up", w.engine.Write(ctx, func(c store.Conn) error {
		n, err := c.Exec(`INSERT INTO "_assertions" ("id", "expires_at") VALUES (?1, ?2) ON CONFLICT ("id") DO NOTHING`,
			tokens.Digest(w.connection+"\x00"+a.ID), form.Stamp(until))
		if err == nil && n == 0 {
			return refused("the assertion was used before")
		}
		return err
	}))
}

// The names under which providers send what an account is made of.
var (
	emailAttributes = []string{"email", "mail", "emailAddress", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", "urn:oid:0.9.2342.19200300.100.1.3", "urn:oid:1.2.840.113549.1.9.1"}
	nameAttributes  = []string{"displayName", "name", "http://schemas.microsoft.com/identity/claims/displayname", "urn:oid:2.16.840.1.113730.3.1.241", "cn", "urn:oid:2.5.4.3"}
)

// identity reads who the assertion is about.
func (w *samlWay) identity(a *saml.Assertion) (Identity, error) {
	name := a.Subject.NameID
	if name == nil || strings.TrimSpace(name.Value) == "" {
		return Identity{}, refused("the assertion has no NameID")
	}
	who := Identity{Subject: strings.TrimSpace(name.Value)}
	who.Email = first(attribute(a, w.settings.EmailAttribute, emailAttributes))
	if who.Email == "" && strings.Contains(who.Subject, "@") {
		who.Email = who.Subject
	}
	if saml.NameIDFormat(name.Format) == saml.TransientNameIDFormat { // another at each sign-in
		if who.Email == "" {
			return Identity{}, refused("the assertion has a transient NameID and no address")
		}
		who.Subject = "email:" + strings.ToLower(who.Email)
	}
	who.Name = first(attribute(a, w.settings.NameAttribute, nameAttributes))
	who.Groups = attribute(a, w.groups, nil)
	if len(who.Groups) > maxGroups {
		return Identity{}, refused("the assertion lists more than %d groups", maxGroups)
	}
	return who, nil
}

// attribute returns the values of the attribute of that name, or of the first of
// the usual names.
func attribute(a *saml.Assertion, name string, usual []string) []string {
	if name != "" {
		usual = []string{name}
	}
	for _, wanted := range usual {
		var values []string
		for _, statement := range a.AttributeStatements {
			for _, attr := range statement.Attributes {
				if attr.Name != wanted && attr.FriendlyName != wanted {
					continue
				}
				for _, v := range attr.Values {
					values = append(values, strings.TrimSpace(v.Value))
				}
			}
		}
		if values = slices.DeleteFunc(values, func(v string) bool { return v == "" }); len(values) > 0 {
			return values
		}
	}
	return nil
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
