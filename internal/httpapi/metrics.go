package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/observe"
)

// metrics answers who shows the token of loam.yaml; to others there is nothing here.
// In development whoever is on this machine needs none.
func metrics(c *call) (reply, error) {
	shown, _ := strings.CutPrefix(c.Header.Get("Authorization"), "Bearer ")
	want := c.api.Project.Server.MetricsToken
	a, b := sha256.Sum256([]byte(shown)), sha256.Sum256([]byte(want.Text()))
	if !(want.Given() && subtle.ConstantTimeCompare(a[:], b[:]) == 1) && !(c.api.Dev && unrebindable(c.Host)) {
		return reply{}, fault.New(fault.HTTPNotFound, "there is nothing at %s; /api lists what there is", c.URL.Path)
	}
	text, err := c.api.Metrics.Text()
	return reply{status: http.StatusOK, body: text, mime: observe.Format}, err
}
