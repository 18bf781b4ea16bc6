package federation

import (
	"bytes"
	"context"
	"encoding/xml"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tenant"
)

// Discovered says how the owner of an address signs in.
type Discovered struct {
	Kind     string `json:"kind"`               // password or sso
	Provider string `json:"provider,omitempty"` // of sso
	URL      string `json:"url,omitempty"`      // of sso: to begin at, with redirect and challenge
}

// Discover says how to sign in with an address. It looks at the domain alone, so
// that it tells nothing of accounts.
func (s *Service) Discover(ctx context.Context, email string) (Discovered, error) {
	domain := domainOf(email)
	if domain == "" {
		return Discovered{}, fault.New(fault.AuthBadEmail, "write the email address as name@example.com").At("email")
	}
	found := Discovered{Kind: "password"}
	err := s.engine.Read(ctx, func(c store.Conn) error {
		connections, err := s.connectionsOf(c, domain)
		if err == nil && len(connections) > 0 {
			found = Discovered{"sso", connections[0].Provider, "/auth/sign-in/" + connections[0].Provider}
		}
		return err
	})
	return found, wrap("discovering a connection", err)
}

// connectionsOf are the enabled connections that serve a domain.
func (s *Service) connectionsOf(c store.Conn, domain string) ([]Connection, error) {
	if s.orgs == nil {
		return nil, nil
	}
	org, err := s.orgs.DomainOwner(c, domain)
	if err != nil || org == "" {
		return nil, err
	}
	all, err := s.connectionsWhere(c, `"org" = ?1 AND "enabled" = 1 ORDER BY "id"`, org)
	var serving []Connection
	for _, one := range all {
		if one.serves(domain) {
			serving = append(serving, one)
		}
	}
	return serving, err
}

// serves tells whether a connection is for a domain, which must be its
// organization's.
func (c Connection) serves(domain string) bool {
	return len(c.Domains) == 0 || slices.Contains(c.Domains, domain)
}

// connection returns an enabled connection by the name of its way in.
func (s *Service) connection(c store.Conn, provider string) (Connection, error) {
	id, ok := strings.CutPrefix(provider, ssoPrefix)
	if !ok || s.orgs == nil {
		return Connection{}, unknownProvider(provider)
	}
	found, err := s.connectionsWhere(c, `"id" = ?1 AND "enabled" = 1`, id)
	if err == nil && len(found) == 0 {
		err = unknownProvider(provider)
	}
	if err != nil {
		return Connection{}, err
	}
	return found[0], nil
}

// wayOf makes what talks to a connection's provider.
func (s *Service) wayOf(c Connection) (way, error) {
	if c.Kind == kindOIDC {
		o := s.issuedBy(Provider{Name: c.Provider, ClientID: c.OIDC.ClientID, ClientSecret: c.OIDC.ClientSecret, Scopes: c.OIDC.Scopes}, c.OIDC.Issuer)
		o.groups = c.GroupsAttribute
		return o, nil
	}
	idp, err := readMetadata(c.SAML.Metadata)
	if err != nil {
		return nil, err
	}
	return &samlWay{connection: c.ID, settings: *c.SAML, idp: idp, engine: s.engine, now: s.now, groups: c.GroupsAttribute}, nil
}

// belongs refuses an address that is not of a domain that the connection's
// organization has shown to be its own: a provider speaks for those and no other.
func (s *Service) belongs(c store.Conn, of Connection, email string) error {
	domain := domainOf(email)
	if domain != "" && of.serves(domain) {
		owner, err := s.orgs.DomainOwner(c, domain)
		if err != nil || owner == of.org {
			return err
		}
	}
	return fault.New(fault.FederationForeign, "this address is not of a domain of the organization that you sign in to: ask its administrator, or sign in another way")
}

// join makes who came by a connection a member of its organization, within the
// transaction that signs them in, and returns the organization to act in. email
// is the account's own address: an account that has moved to another domain is
// not the organization's to sign in to.
func (s *Service) join(ctx context.Context, c store.Conn, who Identity, userID, email string) (org string, err error) {
	of, err := s.connection(c, who.Provider)
	if err != nil {
		return "", err
	}
	if err := s.belongs(c, of, email); err != nil {
		return "", err
	}
	role, err := s.roleFor(c, of, who, userID)
	if err != nil {
		return "", err
	}
	return of.org, s.orgs.Provision(ctx, c, of.org, userID, role, of.Provision)
}

// roleFor is the role that the groups give: of several owner, then admin, then that
// of the group that the provider lists first. Without a mapping a role is given at the
// first sign-in and is the organization's to change; and an owner that no group
// speaks of stays one.
func (s *Service) roleFor(c store.Conn, of Connection, who Identity, userID string) (tenant.Role, error) {
	var given []tenant.Role
	for _, group := range who.Groups {
		if role := of.Roles[group]; role != "" {
			given = append(given, role)
		}
	}
	for _, role := range []tenant.Role{tenant.Owner, tenant.Admin} {
		if slices.Contains(given, role) {
			return role, nil
		}
	}
	if len(given) > 0 {
		return given[0], nil
	}
	owner, err := s.orgs.Owns(c, of.org, userID)
	if err != nil || owner {
		return "", err
	}
	member := false
	if len(of.Roles) == 0 {
		err = c.Query(`SELECT 1 FROM "_members" WHERE "org" = ?1 AND "user_id" = ?2`, []any{of.org, userID}, func(store.Row) error { member = true; return nil })
	}
	if err != nil || member {
		return "", err
	}
	return of.DefaultRole, nil
}

// MayEnter refuses a way in to who must use their organization's connection. An
// owner enters by any, so that a broken connection locks nobody out.
func (s *Service) MayEnter(c store.Conn, userID, email string, how auth.Method) error {
	domain := domainOf(email)
	if domain == "" {
		return nil
	}
	serving, err := s.connectionsOf(c, domain)
	if err != nil {
		return err
	}
	came := slices.ContainsFunc(serving, func(one Connection) bool { return how == auth.ByProvider+auth.Method(linkedAs(one.Provider)) })
	enforced := slices.IndexFunc(serving, func(one Connection) bool { return one.Enforced })
	if came || enforced < 0 {
		return nil
	}
	owner, err := s.orgs.Owns(c, serving[enforced].org, userID)
	if err == nil && !owner {
		err = fault.New(fault.FederationRequired, "your organization signs in at /auth/sign-in/%s: begin there", serving[enforced].Provider)
	}
	return err
}

// Stays tells whether a session that began so goes on. The provider must still be
// there; and what is enforced holds for sessions from before, those of applications
// among them. An admin who acts as a user came by no way of the user's.
func (s *Service) Stays(c store.Conn, userID, email string, how auth.Method) (bool, error) {
	if strings.HasPrefix(string(how), string(auth.ByAdmin)) {
		return true, nil
	}
	if name, ok := strings.CutPrefix(string(how), string(auth.ByProvider)); ok {
		there, err := s.offers(c, name)
		if err != nil || !there {
			return false, err
		}
	}
	err := s.MayEnter(c, userID, email, how)
	if fault.Is(err, fault.FederationRequired) {
		return false, nil
	}
	return err == nil, err
}

// offers tells whether there is a provider, by the name that accounts know it by.
func (s *Service) offers(c store.Conn, name string) (there bool, err error) {
	id, own := strings.CutPrefix(name, "sso:")
	if !own {
		return s.configured(name) != nil, nil
	}
	if s.orgs == nil {
		return false, nil
	}
	err = c.Query(`SELECT 1 FROM "_connections" WHERE "id" = ?1 AND "enabled" = 1`, []any{id}, func(store.Row) error { there = true; return nil })
	return there, err
}

// linkedAs is how an account knows the provider that is a way in: the name of
// one in loam.yaml, and "sso:<id>" for a connection.
func linkedAs(provider string) string {
	if id, ok := strings.CutPrefix(provider, ssoPrefix); ok {
		return "sso:" + id
	}
	return provider
}

// external is an identity as auth takes it.
func (s *Service) external(who Identity) auth.External {
	e := auth.External{Provider: linkedAs(who.Provider), Subject: who.Subject, Email: who.Email, EmailVerified: who.EmailVerified, Name: who.Name, Locale: who.Locale, ProvedAt: who.ProvedAt}
	if s.configured(who.Provider) == nil {
		e.Join = func(ctx context.Context, c store.Conn, userID, email string) (string, error) {
			return s.join(ctx, c, who, userID, email)
		}
	}
	return e
}

// Metadata is what a SAML identity provider asks of this server: the XML of one
// connection's service provider.
func (s *Service) Metadata(ctx context.Context, id string, v Visit) ([]byte, error) {
	base, err := s.base(v)
	if err != nil {
		return nil, err
	}
	var of Connection
	err = s.engine.Read(ctx, func(c store.Conn) error {
		of, err = s.connection(c, ssoPrefix+id)
		if err == nil && of.Kind != kindSAML {
			err = unknownProvider(ssoPrefix + id)
		}
		return err
	})
	if err != nil {
		return nil, wrap("reading a connection", err)
	}
	sp, err := serviceProvider(nil, acsURL(base, id))
	if err != nil {
		return nil, wrap("making metadata", err)
	}
	var out bytes.Buffer
	out.WriteString(xml.Header)
	encoder := xml.NewEncoder(&out)
	encoder.Indent("", "  ")
	err = encoder.Encode(sp.Metadata())
	return out.Bytes(), wrap("making metadata", err)
}

func acsURL(base, id string) string { return base + "/auth/sso/" + id + "/acs" }

// Unasked is where a browser goes that a provider sent without having been asked:
// to the app, to begin a sign-in that can be trusted. What the provider sent with
// it is not looked at.
func (s *Service) Unasked(ctx context.Context, id string) (string, error) {
	var of Connection
	err := s.engine.Read(ctx, func(c store.Conn) (err error) {
		of, err = s.connection(c, ssoPrefix+id)
		return err
	})
	if err != nil {
		return "", wrap("reading a connection", err)
	}
	if of.SAML == nil || !of.SAML.IDPInitiated {
		return "", badState()
	}
	return withQuery(of.SAML.StartURL, "provider", of.Provider), nil
}

// domainOf is the domain of an address in the spelling in which organizations own
// it: ASCII, in small letters; "" where there is none.
func domainOf(email string) string {
	if len(email) > maxEmail {
		return ""
	}
	email = norm.NFKC.String(strings.TrimSpace(email))
	at := strings.LastIndexByte(email, '@')
	if at < 1 {
		return ""
	}
	domain, err := idna.Lookup.ToASCII(email[at+1:])
	if err != nil || !domainForm().MatchString(domain) {
		return ""
	}
	return domain
}
