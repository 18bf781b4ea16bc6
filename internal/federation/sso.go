package federation

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tenant"
)

// Organizations is what the room needs to know of organizations. Every method
// runs inside the caller's transaction. The tenant room has it; backend joins
// them.
type Organizations interface {
	// MayManageSSO refuses a caller who may not change how members of the
	// organization sign in, or may not give one of the roles.
	MayManageSSO(c store.Conn, p *access.Principal, org string, roles []tenant.Role) error
	// DomainOwner is the organization that has shown a domain to be its own, or "".
	DomainOwner(c store.Conn, domain string) (org string, err error)
	// Provision makes a user a member with a role, where join allows it; a member
	// gets the role where it is not "". The last owner stays one.
	Provision(ctx context.Context, c store.Conn, org, userID string, role tenant.Role, join bool) error
	// Owns tells whether a user is an owner of the organization.
	Owns(c store.Conn, org, userID string) (bool, error)
}

// Connection is an organization's own identity provider. Members with an address
// of its domains sign in there.
type Connection struct {
	ID              string                 `json:"id"`
	Provider        string                 `json:"provider"` // the name of the way in, for /auth/sign-in/{provider}
	Kind            string                 `json:"kind"`     // saml or oidc
	Name            string                 `json:"name"`
	Domains         []string               `json:"domains"` // of the organization's verified ones; none: all of them
	GroupsAttribute string                 `json:"groupsAttribute"`
	Roles           map[string]tenant.Role `json:"roles"`       // a role for each group
	DefaultRole     tenant.Role            `json:"defaultRole"` // of who is in none of them
	Provision       bool                   `json:"provision"`   // who is no member becomes one
	Enforced        bool                   `json:"enforced"`    // members sign in here and in no other way; owners excepted
	Enabled         bool                   `json:"enabled"`
	SAML            *SAMLSettings          `json:"saml,omitempty"`
	OIDC            *OIDCSettings          `json:"oidc,omitempty"`
	CreatedAt       string                 `json:"createdAt"`
	UpdatedAt       string                 `json:"updatedAt"`

	org string
}

// OIDCSettings are what a connection needs to know of an OpenID issuer. The
// secret is never answered.
type OIDCSettings struct {
	Issuer       string      `json:"issuer"`
	ClientID     string      `json:"clientId"`
	ClientSecret auth.Secret `json:"clientSecret,omitempty"`
	Scopes       []string    `json:"scopes"`
}

// ConnectionInput is what one sends to make a connection, or to change what is
// given of it.
type ConnectionInput struct {
	Kind            *string                 `json:"kind"`
	Name            *string                 `json:"name"`
	Domains         *[]string               `json:"domains"`
	GroupsAttribute *string                 `json:"groupsAttribute"`
	Roles           *map[string]tenant.Role `json:"roles"`
	DefaultRole     *tenant.Role            `json:"defaultRole"`
	Provision       *bool                   `json:"provision"`
	Enforced        *bool                   `json:"enforced"`
	Enabled         *bool                   `json:"enabled"`
	SAML            *SAMLSettings           `json:"saml"`
	OIDC            *OIDCSettings           `json:"oidc"`
}

// The kinds of connection.
const (
	kindSAML = "saml"
	kindOIDC = "oidc"
)

// ssoPrefix begins the name of the way in that a connection is.
const ssoPrefix = "sso-"

// Connections lists an organization's connections, oldest first.
func (s *Service) Connections(ctx context.Context, p *access.Principal, org string) ([]Connection, error) {
	var list []Connection
	err := s.engine.Read(ctx, func(c store.Conn) error {
		if err := s.mayManage(c, p, org, nil); err != nil {
			return err
		}
		var err error
		list, err = s.connectionsWhere(c, `"org" = ?1 ORDER BY "id"`, org)
		return err
	})
	for i := range list {
		list[i].hide()
	}
	return list, wrap("listing connections", err)
}

// AddConnection makes a connection.
func (s *Service) AddConnection(ctx context.Context, p *access.Principal, org string, in ConnectionInput) (Connection, error) {
	now := form.Stamp(s.now())
	made := Connection{ID: newID(), org: org, Kind: text(in.Kind), Enabled: true, Provision: true, GroupsAttribute: "groups",
		DefaultRole: tenant.Member, Domains: []string{}, Roles: map[string]tenant.Role{}, CreatedAt: now, UpdatedAt: now}
	made.Provider = ssoPrefix + made.ID
	made.apply(in)
	if err := s.sound(&made); err != nil {
		return Connection{}, err
	}
	err := s.engine.Write(ctx, func(c store.Conn) error {
		if err := s.permit(c, p, made); err != nil {
			return err
		}
		settings, err := s.sealSettings(made)
		if err != nil {
			return err
		}
		n, err := c.Exec(`INSERT INTO "_connections" ("id", "org", "kind", "public", "settings", "enforced", "enabled", "created_at", "updated_at")
			SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8 WHERE (SELECT COUNT(*) FROM "_connections" WHERE "org" = ?2) < ?9`,
			made.ID, org, made.Kind, made.public(), settings, made.Enforced, made.Enabled, now, maxConnections)
		if err == nil && n == 0 {
			err = badConnection("", "an organization has at most %d connections: remove one first", maxConnections)
		}
		if err != nil {
			return err
		}
		return s.record(ctx, c, p, "org.connection_added", made)
	})
	s.changed()
	made.hide()
	return made, wrap("adding a connection", err)
}

// ChangeConnection changes what is given. Its kind stays.
func (s *Service) ChangeConnection(ctx context.Context, p *access.Principal, org, id string, in ConnectionInput) (Connection, error) {
	var changed Connection
	err := s.engine.Write(ctx, func(c store.Conn) error {
		if err := s.mayManage(c, p, org, nil); err != nil {
			return err
		}
		found, err := s.connectionsWhere(c, `"org" = ?1 AND "id" = ?2`, org, id)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return noConnection()
		}
		changed = found[0]
		if in.Kind != nil && *in.Kind != changed.Kind {
			return badConnection("kind", "a connection keeps its kind: make another one")
		}
		changed.apply(in)
		changed.UpdatedAt = form.Stamp(s.now())
		if err := s.sound(&changed); err != nil {
			return err
		}
		if err := s.permit(c, p, changed); err != nil {
			return err
		}
		settings, err := s.sealSettings(changed)
		if err != nil {
			return err
		}
		if _, err := c.Exec(`UPDATE "_connections" SET "public" = ?1, "settings" = ?2, "enforced" = ?3, "enabled" = ?4, "updated_at" = ?5
			WHERE "id" = ?6 AND "org" = ?7`, changed.public(), settings, changed.Enforced, changed.Enabled, changed.UpdatedAt, id, org); err != nil {
			return err
		}
		return s.record(ctx, c, p, "org.connection_changed", changed)
	})
	s.changed()
	changed.hide()
	return changed, wrap("changing a connection", err)
}

// RemoveConnection ends that members sign in there, and the sessions that began
// there; they stay members.
func (s *Service) RemoveConnection(ctx context.Context, p *access.Principal, org, id string) error {
	err := s.engine.Write(ctx, func(c store.Conn) error {
		if err := s.mayManage(c, p, org, nil); err != nil {
			return err
		}
		n, err := c.Exec(`DELETE FROM "_connections" WHERE "id" = ?1 AND "org" = ?2`, id, org)
		if err == nil && n == 0 {
			return noConnection()
		}
		if err != nil {
			return err
		}
		return s.record(ctx, c, p, "org.connection_removed", Connection{ID: id, org: org})
	})
	s.changed()
	return wrap("removing a connection", err)
}

// permit asks for the right to manage, to give the roles of the mapping, and for
// the domains to be the organization's.
func (s *Service) permit(c store.Conn, p *access.Principal, made Connection) error {
	roles := append(slices.Collect(maps.Values(made.Roles)), made.DefaultRole)
	if err := s.mayManage(c, p, made.org, roles); err != nil {
		return err
	}
	for _, domain := range made.Domains {
		owner, err := s.orgs.DomainOwner(c, domain)
		if err != nil {
			return err
		}
		if owner != made.org {
			return badConnection("domains", "%s is not a verified domain of this organization: claim it first", domain)
		}
	}
	return nil
}

// mayManage lets who may change how members of the organization sign in, and may
// give the roles.
func (s *Service) mayManage(c store.Conn, p *access.Principal, org string, roles []tenant.Role) error {
	if s.orgs == nil {
		return fault.New(fault.TenantOff, "no organization connects a provider here: loam.yaml turns organizations, or their domains, off")
	}
	return s.orgs.MayManageSSO(c, p, org, roles)
}

func (s *Service) record(ctx context.Context, c store.Conn, p *access.Principal, action string, of Connection) error {
	return s.audit.Append(c, audit.Event{Action: action, Org: of.org, Actor: p.Subject(), Target: "connection:" + of.ID,
		Details: map[string]any{"kind": of.Kind, "name": of.Name, "enforced": of.Enforced, "enabled": of.Enabled}}.From(ctx))
}

// apply takes over what is given. A client secret that is not stays.
func (c *Connection) apply(in ConnectionInput) {
	set(&c.Name, in.Name)
	set(&c.Domains, in.Domains)
	set(&c.GroupsAttribute, in.GroupsAttribute)
	set(&c.Roles, in.Roles)
	set(&c.DefaultRole, in.DefaultRole)
	set(&c.Provision, in.Provision)
	set(&c.Enforced, in.Enforced)
	set(&c.Enabled, in.Enabled)
	if in.SAML != nil {
		c.SAML = in.SAML
	}
	if in.OIDC != nil {
		if in.OIDC.ClientSecret == "" && c.OIDC != nil {
			in.OIDC.ClientSecret = c.OIDC.ClientSecret
		}
		c.OIDC = in.OIDC
	}
	domains := []string{}
	for _, domain := range c.Domains {
		domains = append(domains, strings.ToLower(strings.TrimSpace(domain)))
	}
	c.Domains = domains
	if c.Roles == nil {
		c.Roles = map[string]tenant.Role{}
	}
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// hide takes out what is not shown again.
func (c *Connection) hide() {
	if c.OIDC != nil {
		shown := *c.OIDC
		shown.ClientSecret = ""
		c.OIDC = &shown
	}
}

var domainForm = form.Pattern(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$`)

// sound refuses a connection that can't work.
func (s *Service) sound(c *Connection) error {
	switch {
	case c.Name == "" || len(c.Name) > maxLabel:
		return badConnection("name", "name the connection, in at most %d bytes", maxLabel)
	case len(c.Domains) > maxDomains || slices.ContainsFunc(c.Domains, func(d string) bool { return !domainForm().MatchString(d) }):
		return badConnection("domains", "domains are at most %d names such as example.com", maxDomains)
	case len(c.Roles) > maxGroups || slices.ContainsFunc(slices.Collect(maps.Keys(c.Roles)), func(g string) bool { return g == "" || len(g) > maxLabel }):
		return badConnection("roles", "roles maps at most %d groups, of at most %d bytes, to a role", maxGroups, maxLabel)
	case len(c.GroupsAttribute) > maxLabel || len(c.Roles) > 0 && c.GroupsAttribute == "":
		return badConnection("groupsAttribute", "groupsAttribute names the attribute that lists a user's groups")
	case c.DefaultRole == "":
		return badConnection("defaultRole", "defaultRole is the role of who is in none of the groups: member")
	}
	switch c.Kind {
	case kindSAML:
		return s.soundSAML(c)
	case kindOIDC:
		if c.OIDC == nil || c.SAML != nil || !secureURL(c.OIDC.Issuer) || strings.Contains(c.OIDC.Issuer, "?") || c.OIDC.ClientID == "" || len(c.OIDC.Scopes) > maxDomains {
			return badConnection("oidc", "an oidc connection needs oidc.issuer, an https URL, and oidc.clientId")
		}
		return nil
	}
	return badConnection("kind", "kind is saml or oidc")
}

func (s *Service) soundSAML(c *Connection) error {
	if c.SAML == nil || c.OIDC != nil {
		return badConnection("saml", "a saml connection needs saml.metadata, the XML of the identity provider")
	}
	if c.SAML.IDPInitiated && !slices.Contains(s.redirects, c.SAML.StartURL) {
		return badConnection("saml.startUrl", "with idpInitiated, startUrl is one of auth.redirects in loam.yaml")
	}
	_, err := readMetadata(c.SAML.Metadata)
	return err
}

// public is what is stored in the clear.
func (c *Connection) public() string {
	shown := *c
	shown.SAML, shown.OIDC = nil, nil
	body, err := json.Marshal(shown)
	if err != nil {
		panic("federation: encoding a connection: " + err.Error()) // texts, lists and booleans
	}
	return string(body)
}

// settings are what is stored sealed.
type settings struct {
	SAML *SAMLSettings `json:"saml,omitempty"`
	OIDC *OIDCSettings `json:"oidc,omitempty"`
}

func (s *Service) sealSettings(c Connection) ([]byte, error) {
	plain, err := json.Marshal(settings{c.SAML, c.OIDC})
	if err != nil {
		return nil, wrap("encoding settings", err)
	}
	return s.connectionSealer.Seal(plain, "_connections.settings/"+c.ID), nil
}

// connectionsWhere reads the connections that meet a condition.
func (s *Service) connectionsWhere(c store.Conn, condition string, args ...any) ([]Connection, error) {
	list := []Connection{}
	err := c.Query(`SELECT "id", "org", "kind", "public", "settings", "created_at", "updated_at" FROM "_connections" WHERE `+condition, args, func(r store.Row) error {
		var one Connection
		if err := json.Unmarshal([]byte(r.Text(3)), &one); err != nil {
			return err
		}
		plain, err := s.connectionSealer.Open(r.Bytes(4), "_connections.settings/"+r.Text(0))
		if err != nil {
			return err
		}
		var sealed settings
		if err := json.Unmarshal(plain, &sealed); err != nil {
			return err
		}
		one.ID, one.org, one.Kind, one.CreatedAt, one.UpdatedAt = r.Text(0), r.Text(1), r.Text(2), r.Text(5), r.Text(6)
		one.Provider, one.SAML, one.OIDC = ssoPrefix+one.ID, sealed.SAML, sealed.OIDC
		list = append(list, one)
		return nil
	})
	return list, err
}

func badConnection(field, format string, args ...any) error {
	return fault.New(fault.FederationConnection, format, args...).At(field)
}

func noConnection() error {
	return fault.New(fault.FederationNoConnection, "the organization has no such connection")
}
