package httpapi

import (
	"embed"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
)

// The pages of /account: sign-in, sign-up, and what a user does with their account
// and organizations. They are made of web/account, and use the doors that any
// other client has.
//
//go:embed accountpages
var accountFiles embed.FS

// accountPolicy is pagePolicy with pictures of any https address: those are the
// logos of organizations, which their admins set. Not of these addresses alone, as
// a policy is of the whole page, before anybody is known, and who may set one may
// set any. Not through this server, which would then fetch what users name from
// inside its network. A picture runs nothing. What it can do is tell its host that
// it was looked at: so the pages send no Referer, and show an organization's logo
// to its members alone.
const accountPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// accountPages are the pages that one script shows, by their addresses. What a
// mailed link proves is behind the #, which no request carries.
func accountPages() []string {
	return []string{"", "sign-in", "sign-up", "confirm", "link", "reset", "email", "invitation", "return",
		"security", "sessions", "organizations", "organization", "members", "teams", "domains", "audit"}
}

func accountPage(c *call) (reply, error) {
	if slices.Contains(accountPages(), c.PathValue("page")) {
		return c.accountFile("index.html")
	}
	c.out.Add("Vary", "Accept")
	if !strings.Contains(c.Header.Get("Accept"), "text/html") {
		return reply{}, fault.New(fault.HTTPNotFound, "there is nothing at %s; sign in at /account/sign-in", c.URL.Path)
	}
	page, err := c.accountFile("index.html") // which says so itself
	page.status = http.StatusNotFound
	return page, err
}

func accountAsset(c *call) (reply, error) { return c.accountFile(c.PathValue("file")) }

func (c *call) accountFile(name string) (reply, error) {
	mime := map[string]string{".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}[path.Ext(name)]
	body, err := accountFiles.ReadFile("accountpages/" + name)
	if err != nil || mime == "" {
		return reply{}, fault.New(fault.HTTPNotFound, "there is nothing at %s", c.URL.Path)
	}
	c.out.Set("Content-Security-Policy", accountPolicy)
	c.out.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.out.Set("Referrer-Policy", "no-referrer")
	c.out.Set("X-Frame-Options", "DENY") // for browsers without frame-ancestors
	c.out.Set("Cache-Control", "no-cache")
	return reply{status: http.StatusOK, body: body, mime: mime}, nil
}

// waysIn is what a sign-in page needs to know before anybody has signed in: the
// public part of loam.yaml.
type waysIn struct {
	Name         string       `json:"name"`   // of the app
	SignUp       string       `json:"signUp"` // open, invited or closed
	Password     passwordWay  `json:"password"`
	Email        emailWay     `json:"email"`
	Anonymous    bool         `json:"anonymous"`
	Passkeys     bool         `json:"passkeys"`
	TOTP         bool         `json:"totp"`
	SecondFactor string       `json:"secondFactor"` // optional, required or admins
	Cookies      bool         `json:"cookies"`      // tokens may be kept in cookies
	Orgs         organizesWay `json:"organizations"`
	Fields       []ownField   `json:"fields"`   // that a sign-up must have besides; none where nobody signs up
	Return       string       `json:"returnTo"` // the query's return_to where one may go there, otherwise ""
}

type passwordWay struct {
	Enabled   bool `json:"enabled"`
	MinLength int  `json:"minLength"`
}

type emailWay struct {
	Confirm string `json:"confirm"` // none, code or link
	Code    bool   `json:"code"`
	Link    bool   `json:"link"`
}

type organizesWay struct {
	Enabled bool   `json:"enabled"`
	Create  string `json:"create"`  // who founds one: anyone or admins
	Domains bool   `json:"domains"` // they may claim domains, and sign their own people in
}

func showWaysIn(c *call) (reply, error) {
	p := c.api.Project
	a := &p.Auth
	fields := []ownField{}
	if a.SignUp != "closed" {
		fields = c.ownFields(nil)
	}
	return c.answer(http.StatusOK, waysIn{
		Name: p.Name, SignUp: a.SignUp,
		Password:  passwordWay{a.Password.Enabled, a.Password.MinLength},
		Email:     emailWay{a.Email.Confirm, a.Email.Code, a.Email.Link},
		Anonymous: a.Anonymous, Passkeys: a.Passkeys, TOTP: a.TOTP, SecondFactor: a.SecondFactor, Cookies: a.Sessions.Cookies,
		Orgs:   organizesWay{p.Organizations, p.Orgs.Create, p.Organizations && p.Orgs.Domains},
		Fields: fields,
		Return: returnTo(c.URL.Query().Get("return_to"), a.Redirects),
	}, nil)
}

// returnTo lets pass where a browser may be sent after it has signed in: a page of
// this server, or an address of auth.redirects, letter by letter. It is "" for
// anything else. A browser drops tabs and line ends from an address and reads \ as
// /, so that a path with these may lead to another host.
func returnTo(to string, redirects []string) string {
	if slices.Contains(redirects, to) {
		return to
	}
	odd := func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsFunc(to, odd) {
		return ""
	}
	if u, err := url.Parse(to); err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return ""
	}
	return to
}
