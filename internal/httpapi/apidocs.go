package httpapi

import (
	"embed"
	"path"
)

// The browsable page of /api: it reads /api/openapi.json and has no other
// source, so that it can't say anything else.
//
//go:embed apidocs
var apiDocs embed.FS

// docsFile finds a file of the page with its media type.
func docsFile(name string) (body []byte, mime string, ok bool) {
	mime, ok = map[string]string{
		".html": "text/html; charset=utf-8",
		".js":   "text/javascript; charset=utf-8",
		".css":  "text/css; charset=utf-8",
		".svg":  "image/svg+xml",
	}[path.Ext(name)]
	if !ok {
		return nil, "", false
	}
	body, err := apiDocs.ReadFile("apidocs/" + name)
	return body, mime, err == nil
}
