package httpapi

import (
	"io/fs"
	"net/http"
	"path"

	"github.com/loam-dev/loam/internal/fault"
)

// The app at /demo is the example's, not the server's: a client like any other,
// which has a server that serves it under `loam demo` alone.

// demoPage answers every address of the app with its one page.
func demoPage(c *call) (reply, error) { return c.demoFile("index.html", "no-cache") }

func demoAsset(c *call) (reply, error) { return c.demoFile("assets/"+c.PathValue("file"), immutable) }

func (c *call) demoFile(name, cache string) (reply, error) {
	nothing := fault.New(fault.HTTPNotFound, "there is nothing at %s", c.URL.Path)
	mime := map[string]string{".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}[path.Ext(name)]
	if c.api.Demo == nil || mime == "" {
		return reply{}, nothing
	}
	body, err := fs.ReadFile(c.api.Demo, name)
	if err != nil {
		return reply{}, nothing
	}
	c.out.Set("Content-Security-Policy", accountPolicy)
	c.out.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.out.Set("Referrer-Policy", "no-referrer")
	c.out.Set("X-Frame-Options", "DENY") // for browsers without frame-ancestors
	c.out.Set("Cache-Control", cache)
	return reply{status: http.StatusOK, body: body, mime: mime}, nil
}
