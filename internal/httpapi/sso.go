package httpapi

import (
	"net/http"

	"github.com/loam-dev/loam/internal/federation"
)

// The doors of organizations' own identity providers.

// returnFromSAML takes the form of a SAML provider. RelayState is what others call
// state.
func returnFromSAML(c *call) (reply, error) {
	answer, err := c.providerAnswer()
	if err != nil {
		return reply{}, err
	}
	connection := c.PathValue("connection")
	if answer.Get("RelayState") == "" {
		return c.redirectTo(c.api.Federation.Unasked(c.Context(), connection))
	}
	answer["state"] = answer["RelayState"]
	return c.redirectTo(c.api.Federation.Return(c.Context(), "sso-"+connection, answer, c.visit()))
}

func discoverSignIn(c *call) (reply, error) {
	in, err := decode[struct {
		Email string `json:"email"`
	}](c)
	if err != nil {
		return reply{}, err
	}
	found, err := c.api.Federation.Discover(c.Context(), in.Email)
	return c.answer(http.StatusOK, found, err)
}

func samlMetadata(c *call) (reply, error) {
	body, err := c.api.Federation.Metadata(c.Context(), c.PathValue("connection"), c.visit())
	return reply{status: http.StatusOK, body: body, mime: "application/samlmetadata+xml"}, err
}

func listConnections(c *call) (reply, error) {
	found, err := c.api.Federation.Connections(c.Context(), c.by, c.PathValue("org"))
	return c.answer(http.StatusOK, list[federation.Connection]{Items: found}, err)
}

func addConnection(c *call) (reply, error) {
	in, err := decode[federation.ConnectionInput](c)
	if err != nil {
		return reply{}, err
	}
	made, err := c.api.Federation.AddConnection(c.Context(), c.by, c.PathValue("org"), in)
	return c.answer(http.StatusCreated, made, err)
}

func changeConnection(c *call) (reply, error) {
	in, err := decode[federation.ConnectionInput](c)
	if err != nil {
		return reply{}, err
	}
	changed, err := c.api.Federation.ChangeConnection(c.Context(), c.by, c.PathValue("org"), c.PathValue("connection"), in)
	return c.answer(http.StatusOK, changed, err)
}

func removeConnection(c *call) (reply, error) {
	return c.answer(http.StatusNoContent, nil, c.api.Federation.RemoveConnection(c.Context(), c.by, c.PathValue("org"), c.PathValue("connection")))
}
