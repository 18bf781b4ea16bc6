package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/fault"
)

// A browser app may keep its tokens in cookies that no script reads. It asks for
// them by a header wherever it would get tokens; a page of another site can't
// send that header without leave, and so can't sign its visitors in here.
const cookieHeader = "Loam-Session" // "cookie"

const refreshPath = "/auth/refresh"

// cookieNames are the names of the two cookies. The prefixes make a browser refuse
// one that another host or an insecure page would set.
func cookieNames(secure bool) (access, refresh string) {
	if secure {
		return "__Host-loam", "__Secure-loam-refresh"
	}
	return "loam", "loam-refresh"
}

// wantsCookies tells whether the session that is answered goes into cookies.
func (c *call) wantsCookies() bool {
	return c.api.Cookies && strings.EqualFold(c.Header.Get(cookieHeader), "cookie")
}

// keep moves the tokens of an answered session into cookies, where the caller
// wants that.
func (c *call) keep(v any) any {
	if !c.wantsCookies() {
		return v
	}
	switch v := v.(type) {
	case auth.Session:
		if v.RefreshToken == "" { // not one of this browser's own, such as an admin's who acts as a user
			return v
		}
		return c.kept(v)
	case auth.SignedIn:
		if v.Session != nil {
			session := c.kept(*v.Session)
			v.Session = &session
		}
		return v
	}
	return v
}

func (c *call) kept(s auth.Session) auth.Session {
	secure := c.secure()
	name, refresh := cookieNames(secure)
	c.setCookie(&http.Cookie{Name: name, Value: string(s.AccessToken), Path: "/", MaxAge: s.ExpiresIn, Secure: secure})
	c.setCookie(&http.Cookie{Name: refresh, Value: string(s.RefreshToken), Path: refreshPath, MaxAge: int(c.api.SessionIdle / time.Second), Secure: secure})
	s.AccessToken, s.RefreshToken = "", ""
	return s
}

// dropCookies takes them away again.
func (c *call) dropCookies() {
	secure := c.secure()
	name, refresh := cookieNames(secure)
	c.setCookie(&http.Cookie{Name: name, Path: "/", MaxAge: -1, Secure: secure})
	c.setCookie(&http.Cookie{Name: refresh, Path: refreshPath, MaxAge: -1, Secure: secure})
}

// setCookie answers with a cookie that only this host's requests carry and no
// script reads.
func (c *call) setCookie(cookie *http.Cookie) {
	cookie.HttpOnly, cookie.SameSite = true, http.SameSiteLaxMode
	c.out.Add("Set-Cookie", cookie.String())
}

// cookie returns a cookie's value, "" for none.
func (c *call) cookie(name string) string {
	cookie, err := c.Request.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// byCookie verifies the caller whose token is in a cookie. A browser sends it
// along with requests that other sites make, so that one which may change
// something has to come from a page of this server or of an allowed origin.
func (c *call) byCookie() (func(context.Context) (*access.Principal, error), error) {
	name, _ := cookieNames(c.secure())
	token := c.cookie(name)
	if token == "" || !c.api.Cookies {
		anonymous := c.api.Anonymous
		return func(context.Context) (*access.Principal, error) { return anonymous, nil }, nil
	}
	if err := c.sameSite(); err != nil {
		return nil, err
	}
	return c.api.byToken(token), nil
}

func (c *call) sameSite() error {
	if err := c.api.sites.Check(c.Request); err != nil {
		return fault.New(fault.HTTPForeign, "this request carries a cookie and comes from another site; name the site in api.cors.origins, or send a token").Because(err)
	}
	return nil
}

// refreshToken is the refresh token of the body, or without a body of the cookie.
func (c *call) refreshToken() (auth.Refresh, error) {
	_, name := cookieNames(c.secure())
	if c.ContentLength != 0 || !c.wantsCookies() {
		return decode[auth.Refresh](c)
	}
	token := c.cookie(name)
	if token == "" {
		return auth.Refresh{}, fault.New(fault.AccessSignIn, "there is no session in this browser: sign in first")
	}
	return auth.Refresh{RefreshToken: auth.Secret(token)}, c.sameSite()
}

// secure tells whether the caller came by HTTPS, to this server or to a proxy
// that it trusts.
func (c *call) secure() bool {
	return c.TLS != nil || c.api.HTTPS || c.api.trusts(c.RemoteAddr) && c.Header.Get("X-Forwarded-Proto") == "https"
}
