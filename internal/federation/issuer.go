package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// issuers keeps what OpenID issuers say of themselves, by the issuer's URL: two
// issuers never share a key, whatever kid they give it.
type issuers struct {
	http *http.Client
	now  func() time.Time

	mu    sync.Mutex
	known map[string]*issuer
}

// issuer is one issuer's metadata and keys.
type issuer struct {
	*oidc.Provider
	metadata
	keys *keySet
	read time.Time
}

// metadata is what go-oidc does not read of a discovery document.
type metadata struct {
	Issuer     string   `json:"issuer"`
	Algorithms []string `json:"id_token_signing_alg_values_supported"`
	AuthStyles []string `json:"token_endpoint_auth_methods_supported"`
	NamesSelf  bool     `json:"authorization_response_iss_parameter_supported"`
	JWKS       string   `json:"jwks_uri"`
	UserInfoAt string   `json:"userinfo_endpoint"`
	Authorize  string   `json:"authorization_endpoint"`
	Token      string   `json:"token_endpoint"`
}

func newIssuers(client *http.Client, now func() time.Time) *issuers {
	return &issuers{http: client, now: now, known: map[string]*issuer{}}
}

// discover returns the metadata of an issuer, read at most every metadataLife.
// named is the issuer that the document must name: the same, but for providers
// whose document is a template for many issuers.
func (i *issuers) discover(ctx context.Context, at, named string) (*issuer, error) {
	i.mu.Lock()
	known := i.known[at]
	i.mu.Unlock()
	if known != nil && i.now().Sub(known.read) < metadataLife {
		return known, nil
	}
	fresh, err := i.read(ctx, at, named)
	if err != nil {
		return nil, unreachable(err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if known := i.known[at]; known != nil && known.JWKS == fresh.JWKS {
		fresh.keys = known.keys // so that what is read again keeps its pace
	}
	for other := range i.known { // any: it is read again where it is needed
		if len(i.known) < maxIssuers {
			break
		}
		delete(i.known, other)
	}
	i.known[at] = fresh
	return fresh, nil
}

func (i *issuers) read(ctx context.Context, at, named string) (*issuer, error) {
	ctx = oidc.ClientContext(ctx, i.http)
	if named != at {
		ctx = oidc.InsecureIssuerURLContext(ctx, named)
	}
	provider, err := oidc.NewProvider(ctx, at)
	if err != nil {
		return nil, err
	}
	fresh := &issuer{Provider: provider, read: i.now()}
	if err := provider.Claims(&fresh.metadata); err != nil {
		return nil, err
	}
	if fresh.Issuer != named {
		return nil, fmt.Errorf("the document of %s names the issuer %s", at, fresh.Issuer)
	}
	endpoints := []string{fresh.Authorize, fresh.Token, fresh.JWKS}
	if fresh.UserInfoAt != "" {
		endpoints = append(endpoints, fresh.UserInfoAt)
	}
	for _, endpoint := range endpoints {
		if !secureURL(endpoint) {
			return nil, fmt.Errorf("the document of %s names the endpoint %q, which is not https", at, endpoint)
		}
	}
	fresh.keys = &keySet{url: fresh.JWKS, http: i.http, now: i.now}
	return fresh, nil
}

// secureURL tells whether text is an https URL, or plain http to this machine.
func secureURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	return u.Scheme == "https" || loopback(&url.URL{Scheme: u.Scheme, Host: u.Host})
}

// getJSON reads a document into v.
func getJSON(ctx context.Context, client *http.Client, from string, header http.Header, v any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	if r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", "application/json")
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return errors.New(from + " answers " + answer.Status)
	}
	return json.Unmarshal(body, v)
}

// redeemError tells a code that the provider refuses from a provider that does
// not answer, or that refuses this client.
func redeemError(err error) error {
	if answer, ok := errors.AsType[*oauth2.RetrieveError](err); ok && answer.ErrorCode == "invalid_grant" {
		return refused("the provider refuses the code: %w", err)
	}
	return unreachable(err)
}
