package testkit

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Redirect is where an app of the tests gets its answers; a server takes it with
// the option Redirecting.
const Redirect = "https://app.test/signed-in"

// Verifier is the PKCE verifier that an app of the tests keeps.
const Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

// Challenge is the S256 challenge of a verifier.
func Challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Browser is somebody's browser: it keeps the server's cookies, and goes where it
// is sent one step at a time.
type Browser struct {
	Cookies map[string]string
	s       *Server
}

// Browser opens one.
func (s *Server) Browser() *Browser { return &Browser{map[string]string{}, s} }

// Go asks for a URL, or a path of the server; form is what it posts, nil for none.
func (b *Browser) Go(to string, form url.Values) *Response {
	b.s.t.Helper()
	if strings.HasPrefix(to, "/") {
		to = b.s.URL + to
	}
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.s.t.Context(), method, to, body)
	if err != nil {
		b.s.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if strings.HasPrefix(to, b.s.URL+"/") {
		for name, value := range b.Cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		b.s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.s.t.Fatal(err)
	}
	for _, cookie := range res.Cookies() {
		b.Cookies[cookie.Name] = cookie.Value
	}
	return &Response{res, text, b.s.t}
}

// Depart begins a sign-in and returns where the provider wants the browser.
func (b *Browser) Depart(provider string) string {
	b.s.t.Helper()
	query := url.Values{"redirect": {Redirect}, "challenge": {Challenge(Verifier)}}
	return b.Go("/auth/sign-in/"+provider+"?"+query.Encode(), nil).Want(http.StatusSeeOther).Header.Get("Location")
}

// ComeBack goes to a provider that sends the browser straight back, and returns
// the server's answer to that.
func (b *Browser) ComeBack(provider string) *Response {
	b.s.t.Helper()
	return b.Go(Follow(b.s.t, b.Depart(provider)).String(), nil)
}

// Code is what came back to the app in the address.
func (r *Response) Code() string {
	r.t.Helper()
	r.Want(http.StatusSeeOther)
	code, ok := strings.CutPrefix(r.Header.Get("Location"), Redirect+"?code=")
	if !ok {
		r.t.Fatalf("the browser goes to %s", r.Header.Get("Location"))
	}
	return code
}

// Exchange gives the code that came back to the app for what the server answers.
func (c *Client) Exchange(code string) *Response {
	c.s.t.Helper()
	return c.Do("POST", "/auth/exchange", map[string]any{"code": code, "verifier": Verifier})
}

// SignInBy signs in by a provider that sends the browser straight back.
func (s *Server) SignInBy(provider string) *Client {
	s.t.Helper()
	c := s.Anonymous()
	r := c.Exchange(s.Browser().ComeBack(provider).Code())
	r.Want(http.StatusOK)
	c.adopt(r)
	return c
}
