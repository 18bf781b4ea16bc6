package provider

import (
	"crypto/subtle"
	"net/url"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/tokens"
)

// Credentials are how a client says which one it is.
type Credentials struct {
	ID     string
	Secret auth.Secret // none: a public client
}

// client returns the client of an id.
func (s *Service) client(id string) (config.Client, bool) {
	i := slices.IndexFunc(s.clients, func(c config.Client) bool { return c.ID == id })
	if i < 0 {
		return config.Client{}, false
	}
	return s.clients[i], true
}

// authenticate returns the client that the credentials are of. A client with a
// secret shows it, and one without has none to show.
func (s *Service) authenticate(in Credentials) (config.Client, error) {
	refused := fault.New(fault.ProviderInvalidClient, "no client of auth.clients has this id and secret; a public client sends client_id alone")
	client, ok := s.client(in.ID)
	if !ok || client.Secret.Given() != (in.Secret != "") {
		return config.Client{}, refused
	}
	if subtle.ConstantTimeCompare([]byte(tokens.Digest(client.Secret.Text())), []byte(tokens.Digest(string(in.Secret)))) != 1 {
		return config.Client{}, refused
	}
	return client, nil
}

// loopback is a redirect to a port of the user's own machine.
var loopback = form.Pattern(`^(http://(?:127\.0\.0\.1|\[::1\]|localhost)):[1-9][0-9]{0,4}(/.*)?$`)

// mayReturn tells whether a redirect is one of the client's: letter by letter, but
// for the port of a native app that listens on the user's machine and has declared
// its redirect without one (RFC 8252, section 7.3).
func mayReturn(client config.Client, redirect string) bool {
	if slices.Contains(client.Redirects, redirect) {
		return redirect != ""
	}
	parts := loopback().FindStringSubmatch(redirect)
	return parts != nil && !client.Secret.Given() && slices.Contains(client.Redirects, parts[1]+parts[2])
}

// remembers tells whether a consent given once holds for this redirect. Anybody's
// app can listen on a port or take a scheme of the user's machine for itself, so
// that a public client there is asked for each time (RFC 8252, section 8.6).
func remembers(client config.Client, redirect string) bool {
	return client.Secret.Given() || strings.HasPrefix(redirect, "https://")
}

// BrowserOrigins are the sites whose scripts may call the token endpoint: those
// that the public clients return to.
func (s *Service) BrowserOrigins() []string {
	var origins []string
	for _, client := range s.clients {
		for _, redirect := range client.Redirects {
			u, err := url.Parse(redirect)
			if err != nil || client.Secret.Given() || u.Scheme != "https" && u.Scheme != "http" {
				continue
			}
			if origin := u.Scheme + "://" + u.Host; !slices.Contains(origins, origin) {
				origins = append(origins, origin)
			}
		}
	}
	return origins
}
