package httpapi

import (
	"net/http"

	"github.com/loam-dev/loam/internal/tenant"
)

func listInvitations(c *call) (reply, error) {
	page, err := c.page("invitations")
	if err != nil {
		return reply{}, err
	}
	found, err := c.tenants().Invitations(c.Context(), c.by, c.PathValue("org"), page)
	return c.answer(http.StatusOK, found, err)
}

func invite(c *call) (reply, error) {
	in, err := decode[tenant.NewInvitation](c)
	if err != nil {
		return reply{}, err
	}
	invitation, err := c.tenants().Invite(c.Context(), c.by, c.PathValue("org"), in)
	return c.answer(http.StatusCreated, invitation, err)
}

func resendInvitation(c *call) (reply, error) {
	invitation, err := c.tenants().Resend(c.Context(), c.by, c.PathValue("org"), c.PathValue("invitation"))
	return c.answer(http.StatusOK, invitation, err)
}

func revokeInvitation(c *call) (reply, error) {
	return c.answer(http.StatusNoContent, nil, c.tenants().Revoke(c.Context(), c.by, c.PathValue("org"), c.PathValue("invitation")))
}

func showInvitation(c *call) (reply, error) {
	c.out.Set("Referrer-Policy", "no-referrer") // the token is in the address
	invited, err := c.api.Tenant.Offer(c.Context(), tenant.Token(c.URL.Query().Get("token")))
	return c.answer(http.StatusOK, invited, err)
}

func myInvitations(c *call) (reply, error) {
	offers, err := c.api.Tenant.Offers(c.Context(), c.by)
	return c.answer(http.StatusOK, list[tenant.Invited]{Items: offers}, err)
}

func acceptInvitation(c *call) (reply, error) {
	in, err := decode[tenant.Answer](c)
	if err != nil {
		return reply{}, err
	}
	org, err := c.api.Tenant.Accept(c.Context(), c.by, in)
	return c.answer(http.StatusOK, org, err)
}

func declineInvitation(c *call) (reply, error) {
	in, err := decode[tenant.Answer](c)
	if err != nil {
		return reply{}, err
	}
	return c.answer(http.StatusNoContent, nil, c.api.Tenant.Decline(c.Context(), c.by, in))
}
