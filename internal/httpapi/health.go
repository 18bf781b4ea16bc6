package httpapi

import (
	"net/http"

	"github.com/loam-dev/loam/internal/fault"
)

var fine = []byte(`{"status":"ok"}`)

// health says that the process answers; it touches nothing.
func health(*call) (reply, error) { return reply{status: http.StatusOK, body: fine}, nil }

// ready says that the database answers, and that the server is not stopping.
func ready(c *call) (reply, error) {
	if err := c.api.Ready(c.Context()); err != nil {
		return reply{}, fault.New(fault.Unready, "not ready").Because(err)
	}
	return reply{status: http.StatusOK, body: fine}, nil
}

func jwks(c *call) (reply, error) {
	c.out.Set("Cache-Control", "public, max-age=300")
	return reply{status: http.StatusOK, body: c.api.Auth.JWKS(), mime: "application/jwk-set+json"}, nil
}

func openAPI(c *call) (reply, error) {
	return reply{status: http.StatusOK, body: c.app.OpenAPI()}, nil
}
