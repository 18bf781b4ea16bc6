package httpapi

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/provider"
)

// The doors of the OpenID provider that applications speak to. Their requests are
// forms and their errors have OAuth's shape, as the specifications have it.

func discovery(c *call) (reply, error) {
	document, err := c.api.Provider.Discovery()
	if err != nil {
		return reply{}, err
	}
	body, err := json.Marshal(document)
	c.out.Set("Cache-Control", "public, max-age=300")
	return reply{status: http.StatusOK, body: body}, err
}

func oauthToken(c *call) (reply, error) {
	form, err := c.form()
	if err != nil {
		return reply{}, err
	}
	who, err := c.credentials(form)
	if err != nil {
		return reply{}, err
	}
	tokens, err := c.api.Provider.Token(c.Context(), provider.Exchange{
		Credentials: who, GrantType: form.Get("grant_type"), Code: form.Get("code"), Redirect: form.Get("redirect_uri"),
		Verifier: form.Get("code_verifier"), Refresh: auth.Secret(form.Get("refresh_token")),
	}, c.client())
	c.out.Set("Pragma", "no-cache") // RFC 6749, section 5.1
	return c.answer(http.StatusOK, tokens, err)
}

func userInfo(c *call) (reply, error) {
	token, ok := bearer(c.Header.Get("Authorization"))
	if !ok {
		return reply{}, fault.New(fault.ProviderInvalidToken, "send Authorization: Bearer <access token>")
	}
	who, err := c.api.Provider.UserInfo(c.Context(), token)
	return c.answer(http.StatusOK, who, err)
}

func revokeToken(c *call) (reply, error) {
	form, err := c.form()
	if err != nil {
		return reply{}, err
	}
	who, err := c.credentials(form)
	if err == nil {
		err = c.api.Provider.EndToken(c.Context(), who, auth.Secret(form.Get("token")))
	}
	return c.answer(http.StatusOK, struct{}{}, err)
}

func introspect(c *call) (reply, error) {
	form, err := c.form()
	if err != nil {
		return reply{}, err
	}
	who, err := c.credentials(form)
	if err != nil {
		return reply{}, err
	}
	said, err := c.api.Provider.Introspect(c.Context(), who, form.Get("token"))
	return c.answer(http.StatusOK, said, err)
}

// form reads the body of a form, in which every field stands once. What is in the
// URL does not count: it ends up in logs.
func (c *call) form() (url.Values, error) {
	if kind, _, _ := strings.Cut(c.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded") {
		return nil, fault.New(fault.ProviderInvalidRequest, "send a form: Content-Type: application/x-www-form-urlencoded")
	}
	text, err := io.ReadAll(c.Request.Body)
	if err != nil || len(text) > maxQuery {
		return nil, fault.New(fault.ProviderInvalidRequest, "the form has more than %d bytes, or ended early", maxQuery).Because(err)
	}
	form, err := url.ParseQuery(string(text))
	if err != nil {
		return nil, fault.New(fault.ProviderInvalidRequest, "the form is malformed").Because(err)
	}
	for _, values := range form {
		if len(values) > 1 {
			return nil, fault.New(fault.ProviderInvalidRequest, "a field is there more than once")
		}
	}
	return form, nil
}

// credentials are the client's, in the header or in the form, but not in both.
func (c *call) credentials(form url.Values) (provider.Credentials, error) {
	if c.Header.Get("Authorization") == "" {
		return provider.Credentials{ID: form.Get("client_id"), Secret: auth.Secret(form.Get("client_secret"))}, nil
	}
	refused := fault.New(fault.ProviderInvalidClient, "the client's id and secret come by HTTP Basic, each form-encoded, or in the form")
	user, secret, ok := c.BasicAuth()
	if !ok || form.Has("client_secret") {
		return provider.Credentials{}, refused
	}
	id, err := url.QueryUnescape(user)
	if err != nil || form.Has("client_id") && form.Get("client_id") != id {
		return provider.Credentials{}, refused
	}
	secret, err = url.QueryUnescape(secret)
	if err != nil {
		return provider.Credentials{}, refused
	}
	return provider.Credentials{ID: id, Secret: auth.Secret(secret)}, nil
}

// bearer is the token of an Authorization header.
func bearer(header string) (string, bool) {
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	return token, strings.EqualFold(scheme, "Bearer") && token != ""
}

// speaksOAuth tells the paths that applications call, whose errors have OAuth's
// shape.
func speaksOAuth(path string) bool {
	switch path {
	case "/oauth/token", "/oauth/userinfo", "/oauth/revoke", "/oauth/introspect":
		return true
	}
	return false
}

// oauthProblem is an error in OAuth's shape (RFC 6749, section 5.2).
func oauthProblem(h http.Header, e *fault.Error) reply {
	name, ours := strings.CutPrefix(string(e.Code), "provider/")
	switch kind := e.Kind(); {
	case ours:
	case kind == fault.Internal:
		name = "server_error"
	case kind == fault.Unavailable || kind == fault.TooMany || kind == fault.Timeout:
		name = "temporarily_unavailable"
	default:
		name = "invalid_request"
	}
	switch e.Code {
	case fault.ProviderInvalidClient:
		h.Set("WWW-Authenticate", `Basic realm="loam"`)
	case fault.ProviderInvalidToken, fault.ProviderInsufficientScope:
		h.Set("WWW-Authenticate", `Bearer realm="loam", error="`+name+`"`)
	}
	body, err := json.Marshal(map[string]string{"error": name, "error_description": plainText(e.Message)})
	if err != nil {
		panic("httpapi: " + err.Error()) // two texts always encode
	}
	return reply{status: e.Status(), body: body}
}

// plainText keeps to the characters that an error_description may have.
func plainText(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"' || r == '\\':
			return '\''
		case r < ' ' || r > '~':
			return '?'
		}
		return r
	}, text)
}

// visitor is who is signed in in this browser, by its cookie alone; nobody where
// that has expired.
func (c *call) visitor() (*access.Principal, error) {
	verify, err := c.byCookie()
	if err != nil {
		return nil, err
	}
	p, err := verify(c.Context())
	if err != nil && fault.Of(err).Kind() == fault.Unauthenticated {
		return c.api.Anonymous, nil
	}
	return p, err
}

func listConsents(c *call) (reply, error) {
	consents, err := c.api.Provider.Consents(c.Context(), c.by)
	return c.answer(http.StatusOK, list[provider.Consent]{Items: consents}, err)
}

func revokeConsent(c *call) (reply, error) {
	return c.answer(http.StatusNoContent, nil, c.api.Provider.Revoke(c.Context(), c.by, c.PathValue("client")))
}
