package httpapi

import (
	"net/http"

	"github.com/loam-dev/loam/internal/tenant"
)

func listDomains(c *call) (reply, error) {
	domains, err := c.api.Tenant.Domains(c.Context(), c.by, c.PathValue("org"))
	return c.answer(http.StatusOK, list[tenant.Domain]{Items: domains}, err)
}

func claimDomain(c *call) (reply, error) {
	in, err := decode[tenant.NewDomain](c)
	if err != nil {
		return reply{}, err
	}
	domain, err := c.api.Tenant.Claim(c.Context(), c.by, c.PathValue("org"), in)
	return c.answer(http.StatusCreated, domain, err)
}

func verifyDomain(c *call) (reply, error) {
	domain, err := c.api.Tenant.VerifyDomain(c.Context(), c.by, c.PathValue("org"), c.PathValue("domain"))
	return c.answer(http.StatusOK, domain, err)
}

func changeDomain(c *call) (reply, error) {
	in, err := decode[tenant.ChangeDomain](c)
	if err != nil {
		return reply{}, err
	}
	domain, err := c.api.Tenant.SetDomain(c.Context(), c.by, c.PathValue("org"), c.PathValue("domain"), in)
	return c.answer(http.StatusOK, domain, err)
}

func releaseDomain(c *call) (reply, error) {
	return c.answer(http.StatusNoContent, nil, c.api.Tenant.Release(c.Context(), c.by, c.PathValue("org"), c.PathValue("domain")))
}
