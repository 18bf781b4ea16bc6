package httpapi

import (
	"io/fs"
	"net/http"
	"path"

	"github.com/loam-dev/loam/internal/fault"
)

// The page at /demo is the example's, not the server's: a client like any other,
// which has a server that serves it under `loam demo` alone.

func demoPage(c *call) (reply, error) { return c.demoFile("index.html") }

func demoAsset(c *call) (reply, error) { return c.demoFile(c.PathValue("file")) }

func (c *call) demoFile(name string) (reply, error) {
	nothing := fault.New(fault.HTTPNotFound, "there is nothing at %s", c.URL.Path)
	mime := map[string]string{".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}[path.Ext(name)]
	if c.api.Demo == nil || mime == "" {
		return reply{}, nothing
	}
	body, err := fs.ReadFile(c.api.Demo, name)
	if err != nil {
		return reply{}, nothing
	}
	c.out.Set("Content-Security-Policy", pagePolicy)
	c.out.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.out.Set("Referrer-Policy", "no-referrer")
	c.out.Set("Cache-Control", "no-cache")
	return reply{status: http.StatusOK, body: body, mime: mime}, nil
}
