package httpapi

import (
	"net/http"
	"slices"
	"strings"
)

// cors lets the browsers of the allowed origins in, and answers a preflight by
// itself: then it returns true. Cookies are allowed to origins that are named,
// not to any.
func (a *API) cors(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	switch {
	case slices.Contains(a.Origins, "*"):
		h.Set("Access-Control-Allow-Origin", "*")
	case slices.Contains(a.Origins, origin):
		h.Set("Access-Control-Allow-Origin", origin)
		if a.Cookies {
			h.Set("Access-Control-Allow-Credentials", "true")
		}
	case a.readable(r.URL.Path, origin):
		h.Set("Access-Control-Allow-Origin", origin)
	default:
		return a.preflight(w, r)
	}
	h.Set("Access-Control-Expose-Headers", "ETag, Loam-Read, Location, Retry-After, X-Request-Id, X-Amzn-Errortype")
	return a.preflight(w, r)
}

// readable tells what the scripts of applications may read: what the server says of
// itself as their OpenID provider, and for public clients the tokens.
func (a *API) readable(path, origin string) bool {
	if a.Provider == nil || a.Provider.On() != nil {
		return false
	}
	return strings.HasPrefix(path, "/.well-known/") || speaksOAuth(path) && slices.Contains(a.Provider.BrowserOrigins(), origin)
}

func (a *API) preflight(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h := w.Header()
	if h.Get("Access-Control-Allow-Origin") != "" {
		h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
		if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
			h.Set("Access-Control-Allow-Headers", asked)
		}
		h.Set("Access-Control-Max-Age", "7200")
	}
	w.WriteHeader(http.StatusNoContent)
	return true
}
