package attack

import (
	"net/http"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

// jar is a browser's cookies of a server, and of what a page of it may ask.
type jar struct {
	s       *testkit.Server
	cookies map[string]*http.Cookie
}

// signInTo signs in with cookies, from a page of the server itself. What is in the
// jar already goes along.
func (j *jar) signInTo(email string) *testkit.Response {
	return j.do("POST", "/auth/sign-in", map[string]any{"email": email, "password": password}, "Loam-Session", "cookie", "Sec-Fetch-Site", "same-origin")
}

// do sends a request with the cookies, and keeps those of the answer.
func (j *jar) do(method, path string, body any, headers ...string) *testkit.Response {
	r := j.s.Anonymous().Do(method, path, body, append([]string{"Cookie", j.String()}, headers...)...)
	for _, cookie := range r.Cookies() {
		if j.cookies[cookie.Name] = cookie; cookie.MaxAge < 0 {
			delete(j.cookies, cookie.Name)
		}
	}
	return r
}

func (j *jar) String() string {
	var pairs []string
	for _, cookie := range j.cookies {
		pairs = append(pairs, cookie.Name+"="+cookie.Value)
	}
	return strings.Join(pairs, "; ")
}

func newJar(s *testkit.Server) *jar { return &jar{s, map[string]*http.Cookie{}} }

// elsewhere are the headers that browsers send from pages of other sites, a sibling
// subdomain and another port of the same host among them.
var elsewhere = map[string][]string{
	"another site":                  {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
	"another site, an old browser":  {"Origin", "https://evil.example"},
	"a sibling subdomain":           {"Origin", "https://blog.example.com", "Sec-Fetch-Site", "same-site"},
	"a sibling, an old browser":     {"Origin", "https://blog.example.com"},
	"a sandboxed frame":             {"Origin", "null", "Sec-Fetch-Site", "cross-site"},
	"a sandbox, an old browser":     {"Origin", "null"},
	"a prefix of an allowed origin": {"Origin", "https://app.example.co", "Sec-Fetch-Site", "cross-site"},
	"an allowed origin's lookalike": {"Origin", "https://app.example.com.evil.example", "Sec-Fetch-Site", "cross-site"},
	"an allowed origin, insecure":   {"Origin", "http://app.example.com", "Sec-Fetch-Site", "cross-site"},
	"another port":                  {"Origin", "http://127.0.0.1:1", "Sec-Fetch-Site", "same-site"},
	"no Origin":                     {"Sec-Fetch-Site", "cross-site"},
	"no Origin, a sibling":          {"Sec-Fetch-Site", "same-site"},
}

// TestAttack036_CrossSite lets pages of other sites ask for changes with the
// visitor's cookies, in every form that a browser sends without asking first.
func TestAttack036_CrossSite(t *testing.T) {
	s := testkit.New(t, app, testkit.Settings("api: {cors: {origins: ['https://app.example.com']}}", nil))
	ada := s.SignUp("ada@example.com")
	_, task := plant(t, ada)
	b := newJar(s)
	b.signInTo("ada@example.com").Want(200)
	const form, text, multipart = "application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"
	mutation := `{"query":"mutation { createTask(input: {title: \"` + canary + `\"}) { id } }"}`
	changes := []struct{ method, path, kind, body string }{
		{"POST", "/api/tasks", form, "title=x"}, {"POST", "/api/tasks", text, `{"title":"x"}`}, {"POST", "/api/tasks", "application/json", `{"title":"x"}`},
		{"POST", "/api/batch", text, `{"operations":[{"method":"DELETE","path":"/api/tasks/` + task + `"}]}`},
		{"DELETE", "/api/tasks/" + task, "", ""}, {"PATCH", "/api/tasks/" + task, "application/json", `{"title":"x"}`},
		{"POST", "/graphql", form, "query=mutation{createTask(input:{title:\"x\"}){id}}"}, {"POST", "/graphql", text, mutation}, {"POST", "/graphql", "application/json", mutation},
		{"POST", "/graphql", multipart, "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n" + mutation + "\r\n--x--\r\n"},
		{"POST", "/graphql?query=mutation%7BcreateTask(input:%7Btitle:%22x%22%7D)%7Bid%7D%7D", text, ""},
		{"POST", "/auth/sign-out", form, ""}, {"POST", "/auth/keys", text, `{"name":"k"}`}, {"POST", "/auth/password", text, `{"current":"` + password + `","new":"another long password"}`},
		{"POST", "/auth/email", text, `{"email":"eve@example.com"}`}, {"DELETE", "/auth/sessions", "", ""}, {"DELETE", "/auth/me", "", ""}, {"POST", "/auth/totp", form, ""},
		{"POST", "/auth/organizations/" + ada.Org + "/switch", form, ""}, {"POST", "/auth/passkeys/options", form, ""},
	}
	for name, headers := range elsewhere {
		for _, c := range changes {
			if r := b.do(c.method, c.path, c.body, append([]string{"Content-Type", c.kind}, headers...)...); r.StatusCode != 403 || r.String("code") != "http/foreign_origin" || len(r.Cookies()) > 0 {
				t.Errorf("%s: %s %s as %s answers %d %s", name, c.method, c.path, c.kind, r.StatusCode, r.Body)
			}
		}
		b.do("GET", "/graphql?query=mutation%7BdeleteTask(input:%7Bid:%22"+task+"%22%7D)%7Bid%7D%7D", nil, headers...).Want(405)
	}
	if got := b.do("GET", "/api/tasks", nil).Want(200); got.Len("items") != 1 || got.String("items", 0, "title") != canary {
		t.Errorf("something was changed: %s", got.Body)
	}
	for name, headers := range map[string][]string{
		"a page of the server":      {"Origin", s.URL, "Sec-Fetch-Site", "same-origin"},
		"that, in an old browser":   {"Origin", s.URL},
		"the allowed origin":        {"Origin", "https://app.example.com", "Sec-Fetch-Site", "cross-site"},
		"that, in an old browser ":  {"Origin", "https://app.example.com"},
		"a program without Origins": {},
	} {
		if r := b.do("POST", "/api/tasks", map[string]any{"title": name}, headers...); r.StatusCode != 201 {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.Body)
		}
	}
}

// TestAttack036_SignInFromElsewhere: a page of another site signs nobody in here,
// to an account of its choice neither; and in a cookie's place there is no token.
func TestAttack036_SignInFromElsewhere(t *testing.T) {
	s := testkit.New(t, app)
	s.SignUp("eve@example.com")
	credentials := `{"email":"eve@example.com","password":"` + password + `"}`
	for name, headers := range elsewhere {
		for kind, status := range map[string]int{"text/plain": 415, "application/x-www-form-urlencoded": 415, "application/json": 200} {
			r := s.Anonymous().Do("POST", "/auth/sign-in", credentials, append([]string{"Content-Type", kind}, headers...)...)
			if r.StatusCode != status || len(r.Cookies()) > 0 {
				t.Errorf("%s, as %s: %d with %d cookies", name, kind, r.StatusCode, len(r.Cookies()))
			}
		}
		preflight := s.Anonymous().Do("OPTIONS", "/auth/sign-in", nil, append(headers, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type,loam-session")...)
		if allowed := preflight.Header.Get("Access-Control-Allow-Origin") + preflight.Header.Get("Access-Control-Allow-Headers"); allowed != "" {
			t.Errorf("%s may send a header that asks for cookies: %s", name, allowed)
		}
	}
	off := testkit.New(t, app, testkit.Settings("auth: {sessions: {cookies: off}}", nil))
	off.SignUp("eve@example.com")
	b := newJar(off)
	in := b.signInTo("eve@example.com").Want(200)
	if len(b.cookies) > 0 {
		t.Error("cookies are off, and one is set")
	}
	b.cookies["loam"] = &http.Cookie{Name: "loam", Value: in.String("accessToken")}
	b.do("GET", "/auth/me", nil).Want(401)
}

// TestAttack036_Cookies looks at the cookies themselves: no script reads them, no
// other host sets or gets them, and no body has what is in them.
func TestAttack036_Cookies(t *testing.T) {
	for _, test := range []struct {
		settings, access, refresh string
		headers                   []string
		secure                    bool
	}{
		{"url: https://app.example.com", "__Host-loam", "__Secure-loam-refresh", nil, true},
		{"server: {trustedProxies: [127.0.0.1/32]}", "__Host-loam", "__Secure-loam-refresh", []string{"X-Forwarded-Proto", "https"}, true},
		{"name: Plain", "loam", "loam-refresh", []string{"X-Forwarded-Proto", "https"}, false}, // the word of nobody
	} {
		s := testkit.New(t, app, testkit.Settings(test.settings, nil))
		s.SignUp("ada@example.com")
		b := newJar(s)
		ways := map[string]*testkit.Response{}
		ask := append([]string{"Loam-Session", "cookie"}, test.headers...)
		ways["sign-up"] = b.do("POST", "/auth/sign-up", map[string]any{"email": "bob@example.com", "password": password}, ask...).Want(201)
		ways["sign-in"] = b.do("POST", "/auth/sign-in", map[string]any{"email": "ada@example.com", "password": password}, ask...).Want(200)
		ways["refresh"] = b.do("POST", "/auth/refresh", nil, ask...).Want(200)
		ways["switch"] = b.do("POST", "/auth/organizations/"+ways["sign-in"].String("organization", "id")+"/switch", nil, ask...).Want(200)
		ways["password"] = b.do("POST", "/auth/password", map[string]any{"current": password, "new": "another long password"}, ask...).Want(200)
		for way, r := range ways {
			found := map[string]*http.Cookie{}
			for _, c := range r.Cookies() {
				found[c.Name] = c
				if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure != test.secure || c.Domain != "" || c.MaxAge <= 0 || len(c.Value) < 40 {
					t.Errorf("%s, %s: %s", test.settings, way, c)
				}
				if strings.Contains(string(r.Body), c.Value) {
					t.Errorf("%s: the body has what is in %s", way, c.Name)
				}
			}
			if a, f := found[test.access], found[test.refresh]; len(found) != 2 || a == nil || f == nil || a.Path != "/" || f.Path != "/auth/refresh" {
				t.Errorf("%s, %s: the cookies are %v", test.settings, way, r.Header["Set-Cookie"])
			}
			if strings.Contains(string(r.Body), "Token\"") {
				t.Errorf("%s: %s", way, r.Body)
			}
		}
	}
}

// TestAttack036_Fixation: who plants a cookie in somebody's browser is not in what
// that somebody signs in to.
func TestAttack036_Fixation(t *testing.T) {
	s := testkit.New(t, app, testkit.Settings("url: https://app.example.com", nil))
	s.SignUp("ada@example.com")
	eve := newJar(s)
	planted := s.SignUp("eve@example.com")
	eve.signInTo("eve@example.com").Want(200)
	ada := newJar(s)
	for name, cookie := range eve.cookies {
		ada.cookies[name] = cookie
	}
	before := ada.String()
	ada.signInTo("ada@example.com").Want(200)
	for name, cookie := range eve.cookies {
		if now := ada.cookies[name]; now.Value == cookie.Value {
			t.Errorf("%s is what it was: %s", name, before)
		}
	}
	if got := ada.do("GET", "/auth/me", nil).Want(200).String("user", "email"); got != "ada@example.com" {
		t.Errorf("ada is %s", got)
	}
	if got := eve.do("GET", "/auth/me", nil).Want(200).String("user", "email"); got != "eve@example.com" {
		t.Errorf("eve is %s", got)
	}
	sessions := map[string]bool{}
	for _, b := range []*jar{ada, eve} {
		list := b.do("GET", "/auth/sessions", nil).Want(200)
		for i := range list.Len("items") {
			id := list.String("items", i, "id")
			if sessions[id] {
				t.Error("a session is both's")
			}
			sessions[id] = true
		}
	}
	// a cookie that a sibling or an insecure page can set is not looked at
	access, _ := strings.CutPrefix(planted.Header.Get("Authorization"), "Bearer ")
	for _, name := range []string{"loam", "__Secure-loam", "__host-loam", "Loam", " __Host-loam2"} {
		s.Anonymous().Do("GET", "/auth/me", nil, "Cookie", name+"="+access).Want(401)
	}
	s.Anonymous().Do("GET", "/auth/me", nil, "Cookie", "__Host-loam="+access).Want(200)
}

// TestAttack036_RefreshAndSignOut: a refresh by cookie is a page's of the server
// alone, and one that was refused uses nothing up; signing out takes the cookies
// and ends what was in them.
func TestAttack036_RefreshAndSignOut(t *testing.T) {
	s := testkit.New(t, app)
	s.SignUp("ada@example.com")
	b := newJar(s)
	b.signInTo("ada@example.com").Want(200)
	for name, headers := range elsewhere {
		if r := b.do("POST", "/auth/refresh", nil, append([]string{"Loam-Session", "cookie"}, headers...)...); r.StatusCode != 403 || len(r.Cookies()) > 0 {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.Body)
		}
		// without the header that no other site may send, the cookie is not looked at
		if r := b.do("POST", "/auth/refresh", "", append([]string{"Content-Type", "text/plain"}, headers...)...); r.StatusCode < 400 || len(r.Cookies()) > 0 {
			t.Errorf("%s, as a form: %d", name, r.StatusCode)
		}
	}
	old := b.String()
	b.do("POST", "/auth/refresh", nil, "Loam-Session", "cookie", "Sec-Fetch-Site", "same-origin", "Origin", s.URL).Want(200)
	b.do("GET", "/auth/me", nil).Want(200)
	kept := b.String()
	out := b.do("POST", "/auth/sign-out", nil, "Sec-Fetch-Site", "same-origin").Want(204)
	if len(b.cookies) != 0 || len(out.Cookies()) != 2 {
		t.Errorf("after signing out the browser has %s", b)
	}
	for _, c := range out.Cookies() {
		if c.Value != "" || c.MaxAge >= 0 {
			t.Errorf("signing out sets %s", c)
		}
	}
	for _, cookies := range []string{old, kept} {
		s.Anonymous().Do("GET", "/auth/me", nil, "Cookie", cookies).Want(401)
		s.Anonymous().Do("GET", "/api/tasks", nil, "Cookie", cookies).Want(401)
		s.Anonymous().Do("POST", "/auth/refresh", nil, "Cookie", cookies, "Loam-Session", "cookie", "Sec-Fetch-Site", "same-origin").Want(401)
	}
}

// TestAttack036_CORS: browsers send credentials for origins that are named, in
// full, and for no other.
func TestAttack036_CORS(t *testing.T) {
	named := testkit.Settings("api: {cors: {origins: ['https://app.example.com']}}", nil)
	for name, test := range map[string]struct {
		settings            testkit.Option
		origin              string
		allowed, credential string
	}{
		"a named origin":      {named, "https://app.example.com", "https://app.example.com", "true"},
		"another":             {named, "https://evil.example", "", ""},
		"insecure":            {named, "http://app.example.com", "", ""},
		"a sibling":           {named, "https://blog.example.com", "", ""},
		"a child":             {named, "https://x.app.example.com", "", ""},
		"a suffix":            {named, "https://app.example.com.evil.example", "", ""},
		"a prefix":            {named, "https://evilapp.example.com", "", ""},
		"another port":        {named, "https://app.example.com:8443", "", ""},
		"null":                {named, "null", "", ""},
		"any":                 {testkit.Settings("api: {cors: {origins: ['*']}}", nil), "https://evil.example", "*", ""},
		"any, and null":       {testkit.Settings("api: {cors: {origins: ['*']}}", nil), "null", "*", ""},
		"any and a named one": {testkit.Settings("api: {cors: {origins: ['*', 'https://app.example.com']}}", nil), "https://app.example.com", "*", ""},
		"none is named":       {testkit.Settings("name: x", nil), "https://app.example.com", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.New(t, app, test.settings)
			s.SignUp("ada@example.com")
			b := newJar(s)
			b.signInTo("ada@example.com").Want(200)
			for what, r := range map[string]*testkit.Response{
				"a read":       b.do("GET", "/auth/me", nil, "Origin", test.origin),
				"an error":     b.do("GET", "/api/nothing", nil, "Origin", test.origin),
				"a preflight":  b.do("OPTIONS", "/api/tasks", nil, "Origin", test.origin, "Access-Control-Request-Method", "POST"),
				"of a sign-in": b.do("OPTIONS", "/auth/sign-in", nil, "Origin", test.origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "loam-session"),
			} {
				h := r.Header
				if h.Get("Access-Control-Allow-Origin") != test.allowed || h.Get("Access-Control-Allow-Credentials") != test.credential || !strings.Contains(strings.Join(h["Vary"], ","), "Origin") {
					t.Errorf("%s: %v", what, h)
				}
			}
		})
	}
}
