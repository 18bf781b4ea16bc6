package httpapi

import (
	"net/http"

	"github.com/loam-dev/loam/internal/fault"
)

// front sends whoever comes to the root to where there is something to see.
func front(c *call) (reply, error) {
	c.out.Set("Location", "/api")
	return reply{status: http.StatusFound}, nil
}

// docsPage is the browsable page of the API.
func docsPage(c *call) (reply, error) { return c.asset("index.html") }

func docsAsset(c *call) (reply, error) { return c.asset(c.PathValue("file")) }

// pagePolicy lets our own pages run their own files and nothing else.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// asset answers with a file that is part of the binary.
func (c *call) asset(name string) (reply, error) {
	body, mime, ok := docsFile(name)
	if !ok {
		return reply{}, fault.New(fault.HTTPNotFound, "there is nothing at %s", c.URL.Path)
	}
	c.out.Set("Content-Security-Policy", pagePolicy)
	c.out.Set("Cache-Control", "no-cache")
	return reply{status: http.StatusOK, body: body, mime: mime}, nil
}
