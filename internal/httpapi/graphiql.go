package httpapi

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io"
	"net/http"
	"path"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
)

// GraphiQL, kept compressed; scripts/graphiql.sh makes the files anew.
//
//go:embed graphiql
var graphiqlFiles embed.FS

// explorerPolicy is pagePolicy with what GraphiQL's editor needs.
const explorerPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func graphiql(c *call) (reply, error) { return c.explorer("index.html") }

func graphiqlAsset(c *call) (reply, error) { return c.explorer(c.PathValue("file")) }

func (c *call) explorer(name string) (reply, error) {
	mime := map[string]string{".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}[path.Ext(name)]
	body, packed, ok := explorerFile(name)
	if !ok || mime == "" || !c.api.Dev {
		return reply{}, fault.New(fault.HTTPNotFound, "there is nothing at %s", c.URL.Path)
	}
	c.out.Set("Content-Security-Policy", explorerPolicy)
	c.out.Set("Cache-Control", "no-cache")
	c.out.Add("Vary", "Accept, Accept-Encoding")
	if packed && strings.Contains(c.Header.Get("Accept-Encoding"), "gzip") {
		c.out.Set("Content-Encoding", "gzip")
	} else if packed {
		var err error
		if body, err = unpack(body); err != nil {
			return reply{}, err
		}
	}
	return reply{status: http.StatusOK, body: body, mime: mime}, nil
}

// explorerFile finds a file of the explorer, compressed or plain.
func explorerFile(name string) (body []byte, packed, ok bool) {
	if body, err := graphiqlFiles.ReadFile("graphiql/" + name + ".gz"); err == nil {
		return body, true, true
	}
	body, err := graphiqlFiles.ReadFile("graphiql/" + name)
	return body, false, err == nil
}

func unpack(body []byte) ([]byte, error) {
	in, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(in)
}
