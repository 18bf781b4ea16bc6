package tenant

import (
	"context"
	"encoding/json"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/store"
)

// Profiles keeps the fields that the app gives its organizations by `extend type
// Organization`, under the schema in force. The data room has it.
type Profiles interface {
	// PrepareOrganization checks the fields that by, who acts in the organization,
	// sends about it. What it returns writes them inside the caller's transaction.
	PrepareOrganization(by *access.Principal, org string, fields map[string]json.RawMessage, create bool) (write func(store.Conn) error, err error)
	// OrganizationProfile reads those that by may see.
	OrganizationProfile(c store.Conn, by *access.Principal, org string) (map[string]json.RawMessage, error)
}

// OrganizationProfile is an organization with the fields that the app keeps of it.
type OrganizationProfile struct {
	Organization
	Fields map[string]json.RawMessage
}

// MarshalJSON puts the app's own fields beside the others: none has the name of
// one of those.
func (o OrganizationProfile) MarshalJSON() ([]byte, error) {
	text, err := json.Marshal(o.Organization)
	if err != nil || len(o.Fields) == 0 {
		return text, err
	}
	own, err := json.Marshal(o.Fields)
	return append(append(text[:len(text)-1], ','), own[1:]...), err
}

// actingIn is the caller with the role that they have in an organization.
func actingIn(p *access.Principal, org string, role Role) *access.Principal {
	who := *p
	who.Org, who.Role = org, string(role)
	return &who
}

// GetProfile is Get with the app's own fields.
func (s *Service) GetProfile(ctx context.Context, p *access.Principal, org string, profiles Profiles) (OrganizationProfile, error) {
	var o OrganizationProfile
	err := s.look(ctx, p, org, func(c store.Conn, role Role) (err error) {
		if o.Organization, err = s.organization(c, org, p.UserID); err != nil {
			return err
		}
		o.Fields, err = profiles.OrganizationProfile(c, actingIn(p, org, role), org)
		return err
	})
	return o, wrap("reading an organization", err)
}

// ChangeProfile is Change with the app's own fields, in one transaction.
func (s *Service) ChangeProfile(ctx context.Context, p *access.Principal, org string, in ChangeOrganization, fields map[string]json.RawMessage, profiles Profiles) (OrganizationProfile, error) {
	var o OrganizationProfile
	var err error
	o.Organization, err = s.change(ctx, p, org, in, func(c store.Conn, role Role) error {
		by := actingIn(p, org, role)
		write, err := profiles.PrepareOrganization(by, org, fields, false)
		if err == nil {
			err = write(c)
		}
		if err == nil {
			o.Fields, err = profiles.OrganizationProfile(c, by, org)
		}
		return err
	})
	return o, err
}
