package httpapi

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"regexp"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/provider"
)

// The doors of the OpenID provider that a browser comes to. Their pages run no
// script.
//
//go:embed oauthpages
var oauthFiles embed.FS

// oauthPage is what one of the pages shows.
type oauthPage struct {
	Title       string
	Message     string // of an error, or of a sign-out
	Question    *provider.Question
	Scopes      []string // what the application asks for, in words
	Ticket      string
	Email       string
	Name        string // where there is no address
	Logout      *provider.Logout
	AskedLogout bool
}

// oauthPolicy lets a page have its style, and lead with its form to this server
// and on to where the answer goes: a browser holds a form's redirects to the
// policy too.
func oauthPolicy(redirect string) string {
	return "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'" + destination(redirect)
}

var hostForm = regexp.MustCompile(`^[A-Za-z0-9.:\[\]-]+$`)

// destination is the site or scheme of a redirect, as a source of the policy; ""
// for one that can't be written there.
func destination(redirect string) string {
	u, err := url.Parse(redirect)
	switch {
	case err != nil || redirect == "":
		return ""
	case u.Scheme != "https" && u.Scheme != "http":
		return " " + u.Scheme + ":"
	case hostForm.MatchString(u.Host):
		return " " + u.Scheme + "://" + u.Host
	}
	return ""
}

// showPage answers with a page.
func (c *call) showPage(status int, page oauthPage, redirect string) (reply, error) {
	shapes, err := template.ParseFS(oauthFiles, "oauthpages/page.html")
	if err != nil {
		return reply{}, err
	}
	var out bytes.Buffer
	if err := shapes.Execute(&out, page); err != nil {
		return reply{}, err
	}
	c.out.Set("Content-Security-Policy", oauthPolicy(redirect))
	c.out.Set("Referrer-Policy", "no-referrer")
	c.out.Set("X-Frame-Options", "DENY") // for browsers without frame-ancestors
	c.out.Set("Cache-Control", "no-store")
	return reply{status: status, body: out.Bytes(), mime: "text/html; charset=utf-8"}, nil
}

// shown is an answer, or its error as a page for who came by a browser; what is
// our own mistake goes the way of all errors.
func (c *call) shown(answer reply, err error) (reply, error) {
	if err == nil || fault.Of(err).Kind() == fault.Internal {
		return answer, err
	}
	e := fault.Of(err)
	return c.showPage(e.Status(), oauthPage{Title: "That did not work", Message: e.Message}, "")
}

// leave sends the browser on. What is in the address is for its next reader alone.
func (c *call) leave(to string) reply {
	c.out.Set("Location", to)
	c.out.Set("Cache-Control", "no-store")
	c.out.Set("Referrer-Policy", "no-referrer")
	return reply{status: http.StatusSeeOther}
}

func oauthAsset(c *call) (reply, error) {
	name := c.PathValue("file")
	body, err := oauthFiles.ReadFile("oauthpages/" + name)
	if err != nil || path.Ext(name) != ".css" {
		return reply{}, fault.New(fault.HTTPNotFound, "there is nothing at %s", c.URL.Path)
	}
	c.out.Set("Cache-Control", "no-cache")
	return reply{status: http.StatusOK, body: body, mime: "text/css; charset=utf-8"}, nil
}

func authorize(c *call) (reply, error) {
	by, err := c.visitor()
	if err != nil {
		return reply{}, err
	}
	to, err := c.api.Provider.Authorize(c.Context(), by, c.URL.Query())
	if err != nil {
		return c.shown(reply{}, err)
	}
	return c.leave(to), nil
}

// authorizeByForm makes of a form the address that it would have been. A browser
// brings its cookie along there, and does not with another site's form.
func authorizeByForm(c *call) (reply, error) {
	form, err := c.form()
	if err != nil {
		return c.shown(reply{}, err)
	}
	return c.leave("/oauth/authorize?" + form.Encode()), nil
}

// asker is whom a page asks: a user who is signed in in this browser.
func (c *call) asker() (*access.Principal, error) {
	by, err := c.visitor()
	if err == nil && by.Kind != access.User {
		err = fault.New(fault.ProviderRequestEnded, "you are not signed in any more: go back to the application and begin again")
	}
	return by, err
}

// scopeWords says of each scope what it lets an application do.
func scopeWords(scope string) string {
	return map[string]string{
		"openid":         "know that it is you who signs in",
		"profile":        "see your name and language",
		"email":          "see your e-mail address",
		"organization":   "see your organization and your role in it",
		"offline_access": "stay signed in while you are away",
		"api":            "see and change the data that you can see and change",
	}[scope]
}

func consentPage(c *call) (reply, error) {
	by, err := c.asker()
	if err != nil {
		return c.shown(reply{}, err)
	}
	ticket := c.URL.Query().Get("request")
	question, err := c.api.Provider.Ask(c.Context(), by, ticket)
	if err != nil {
		return c.shown(reply{}, err)
	}
	me, err := c.api.Auth.Me(c.Context(), by)
	if err != nil {
		return c.shown(reply{}, err)
	}
	page := oauthPage{Title: question.Application, Question: &question, Ticket: ticket, Email: me.User.Email, Name: me.User.Name}
	for _, scope := range question.Scopes {
		page.Scopes = append(page.Scopes, scopeWords(scope))
	}
	return c.showPage(http.StatusOK, page, question.Redirect)
}

func decideConsent(c *call) (reply, error) {
	if err := ownPageOnly(c); err != nil {
		return c.shown(reply{}, err)
	}
	by, err := c.asker()
	if err != nil {
		return c.shown(reply{}, err)
	}
	form, err := c.form()
	if err != nil {
		return c.shown(reply{}, err)
	}
	to, err := c.api.Provider.Decide(c.Context(), by, form.Get("request"), form.Get("answer") == "allow")
	if err != nil {
		return c.shown(reply{}, err)
	}
	return c.leave(to), nil
}

// ownPageOnly refuses a form of another site, of those that api.cors.origins
// trusts too: the answer to a page of this server is given there.
func ownPageOnly(c *call) error {
	if err := http.NewCrossOriginProtection().Check(c.Request); err != nil {
		return fault.New(fault.HTTPForeign, "this form was sent from another site").Because(err)
	}
	return nil
}

func endSessionPage(c *call) (reply, error) { return c.signOutFor(c.URL.Query(), false) }

func endSessionByForm(c *call) (reply, error) {
	form, err := c.form()
	if err != nil {
		return c.shown(reply{}, err)
	}
	meant := form.Get("answer") == "sign-out" && ownPageOnly(c) == nil
	return c.signOutFor(form, meant)
}

// signOutFor ends the session in this browser for an application that shows whose
// it is, or for a user who meant it. Others may have sent the browser here: then
// the user is asked.
func (c *call) signOutFor(asked url.Values, meant bool) (reply, error) {
	by, err := c.visitor()
	if err != nil { // a form of another site: it brings no cookie that counts
		by = c.api.Anonymous
	}
	wish := provider.Logout{Hint: asked.Get("id_token_hint"), Client: asked.Get("client_id"), Redirect: asked.Get("post_logout_redirect_uri"), State: asked.Get("state")}
	to, ask, err := c.api.Provider.SignOut(c.Context(), by, wish)
	if err != nil {
		return c.shown(reply{}, err)
	}
	if ask && !meant {
		return c.showPage(http.StatusOK, oauthPage{Title: "Sign out", AskedLogout: true, Logout: &wish}, wish.Redirect)
	}
	if ask {
		if err := c.api.Auth.SignOut(c.Context(), by); err != nil {
			return c.shown(reply{}, err)
		}
	}
	if left, err := c.visitor(); err != nil || left.Kind != access.User { // not another user's, who is signed in here now
		c.dropCookies()
	}
	if to == "" {
		return c.showPage(http.StatusOK, oauthPage{Title: "Signed out", Message: "You are signed out."}, "")
	}
	return c.leave(to), nil
}
