package federation

import (
	"slices"

	"github.com/loam-dev/loam/internal/form"
)

const microsoftHost = "https://login.microsoftonline.com/"

var tenantForm = form.Pattern(`^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`)

// microsoft is Microsoft Entra ID. A tenant by its id is an issuer like any
// other. The shared endpoints (common, organizations, consumers) are one document
// for the issuers of all tenants: there the token's own tenant says which one it
// must be.
//
// Microsoft does not send email_verified, and in a tenant anybody's address can
// be typed into an account, so that an address proves nothing unless xms_edov
// says that the tenant owns its domain. A subject is of one tenant, and so is
// named with it.
func (s *Service) microsoft(p Provider) (*openID, error) {
	if p.Tenant == "" {
		p.Tenant = "common"
	}
	shared := slices.Contains([]string{"common", "organizations", "consumers"}, p.Tenant)
	if !shared && !tenantForm().MatchString(p.Tenant) {
		return nil, misconfigured("the provider %q needs tenant: a tenant's id, or common, organizations or consumers", p.Name)
	}
	if p.ClientSecret == "" {
		return nil, misconfigured("the provider %q needs clientSecret", p.Name)
	}
	o := s.issuedBy(p, microsoftHost+p.Tenant+"/v2.0")
	if shared {
		o.named = microsoftHost + "{tenantid}/v2.0"
		if p.Tenant == "consumers" {
			o.named = microsoftHost + consumers + "/v2.0"
		}
		o.issued = func(c claims) bool {
			return tenantForm().MatchString(c.Tenant) && c.Issuer == microsoftHost+c.Tenant+"/v2.0" &&
				(p.Tenant != "consumers" || c.Tenant == consumers) && (p.Tenant != "organizations" || c.Tenant != consumers)
		}
	}
	o.extra = map[string]string{"prompt": "select_account"}
	o.subject = func(c claims) string { return c.Tenant + "/" + c.Subject }
	o.verified = func(c claims) bool {
		return slices.Contains([]string{`true`, `1`, `"1"`, `"true"`}, string(c.DomainOwned))
	}
	return o, nil
}

// consumers is the tenant of personal accounts.
const consumers = "9188040d-6c67-4c5b-b112-36a304b66dad"
