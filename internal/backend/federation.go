package backend

import (
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/federation"
	"github.com/loam-dev/loam/internal/outbound"
	"github.com/loam-dev/loam/internal/tenant"
)

// federation makes the ways in by other identity providers: those that loam.yaml
// names, and those of organizations, which speak for the domains they own.
func (b *Backend) federation(register tenant.Register) (*federation.Service, error) {
	o := b.opts
	options := federation.Options{
		Engine: b.engine, Vault: o.Vault, Audit: b.Audit, Now: o.Now,
		Changed: func() { b.Auth.ForgetAll() },
		HTTP:    outbound.New(outbound.Options{AllowPrivate: o.Config.Outbound.AllowPrivate}).HTTP(), URL: o.Config.URL, Redirects: o.Config.Auth.Redirects,
	}
	if !register.Off && !register.NoDomains {
		options.Orgs = register
	}
	for _, p := range o.Config.Auth.Providers {
		options.Providers = append(options.Providers, federation.Provider{
			Name: p.ID, Label: p.Name, Kind: federation.Kind(p.Kind), ClientID: p.ClientID, ClientSecret: auth.Secret(p.ClientSecret.Text()),
			Issuer: p.Issuer, Tenant: p.Tenant, TeamID: p.TeamID, KeyID: p.KeyID, PrivateKey: auth.Secret(p.PrivateKey.Text()), Scopes: p.Scopes,
		})
	}
	return federation.New(options)
}
