package attack

import (
	"fmt"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

// few lets three sign-ins of one network fail. behind adds that the peer of every
// test is a proxy that is believed.
const (
	few    = "limits: {signIn: {perNetwork: 3, global: 0}}\n"
	behind = few + "server: {trustedProxies: [127.0.0.0/8, 10.0.0.0/8]}\n"
)

// guess signs in to an account that is not there, another one each time, and
// returns the status: 401 was checked, 429 was not.
func guess(s *testkit.Server, account int, headers map[string][]string) int {
	c := s.Anonymous()
	for name, values := range headers {
		c.Header[name] = values
	}
	return c.Do("POST", "/auth/sign-in", map[string]any{"email": fmt.Sprintf("nobody%d@example.com", account), "password": "wrong password"}).StatusCode
}

// TestAttack017_ForwardedByNobody names another address with every guess, in every
// header that says so, and no proxy is trusted: it stays one network.
func TestAttack017_ForwardedByNobody(t *testing.T) {
	s := testkit.New(t, app, testkit.Settings(few, nil))
	headers := []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "Cf-Connecting-Ip", "True-Client-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "Fastly-Client-Ip"}
	for i := range 3 {
		if got := guess(s, i, nil); got != 401 {
			t.Fatalf("guess %d answers %d", i, got)
		}
	}
	for i, name := range headers {
		value := fmt.Sprintf("203.0.113.%d", i+1)
		if name == "Forwarded" {
			value = "for=" + value
		}
		if got := guess(s, 10+i, map[string][]string{name: {value}}); got != 429 {
			t.Errorf("with %s: %s a guess answers %d", name, value, got)
		}
	}
}

// TestAttack017_ForwardedByTheProxy: behind a proxy that is trusted the last hop
// that is none counts, in one spelling, and of IPv6 its /64.
func TestAttack017_ForwardedByTheProxy(t *testing.T) {
	for name, test := range map[string]struct {
		first       string
		same, other []string
	}{
		"rotation before the last hop": {
			"203.0.113.7",
			[]string{"198.51.100.1, 203.0.113.7", "198.51.100.2,203.0.113.7", "127.0.0.1, 203.0.113.7", "nonsense, 203.0.113.7", "2001:db8::1 , 203.0.113.7"},
			[]string{"203.0.113.8", "203.0.113.7, 203.0.113.9"},
		},
		"proxies behind each other": {
			"203.0.113.7, 10.0.0.5",
			[]string{"203.0.113.7", "203.0.113.7, 10.1.2.3, 10.0.0.5", "198.51.100.1, 203.0.113.7, 10.0.0.5"},
			[]string{"203.0.113.8, 10.0.0.5"},
		},
		"a header of several lines": {
			"203.0.113.7",
			[]string{"198.51.100.1\n203.0.113.7", "198.51.100.1, 198.51.100.2\n203.0.113.7, 10.0.0.5"},
			[]string{"203.0.113.7\n203.0.113.8"},
		},
		"spellings of an IPv4 address": {
			"203.0.113.7", []string{"::ffff:203.0.113.7", "::FFFF:cb00:7107", "0:0:0:0:0:ffff:cb00:7107"}, []string{"::ffff:203.0.113.8"},
		},
		"within a /64 and its spellings": {
			"2001:db8:1:2::1",
			[]string{"2001:db8:1:2::2", "2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:0db8:0001:0002:0000:0000:0000:0001", "2001:db8:1:2::1%eth0", "2001:db8:1:2:0:0:0:1", "2001:db8:1:2::203.0.113.7"},
			[]string{"2001:db8:1:3::1"},
		},
		"what is no address": { // then it is the proxy's, which is one network
			"nonsense", []string{"", "203.0.113.7:80", "[2001:db8::1]", "203.0.113.07", "203.0.113.7.", "unknown", "_hidden"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.New(t, app, testkit.Settings(behind, nil))
			account := 0
			from := func(hops string) int {
				account++
				return guess(s, account, map[string][]string{"X-Forwarded-For": strings.Split(hops, "\n")})
			}
			for range 3 {
				if got := from(test.first); got != 401 {
					t.Fatalf("from %q: %d", test.first, got)
				}
			}
			for _, hops := range test.same {
				if got := from(hops); got != 429 {
					t.Errorf("from %q, which is the same network: %d", hops, got)
				}
			}
			for _, hops := range test.other {
				if got := from(hops); got != 401 {
					t.Errorf("from %q, which is another network: %d", hops, got)
				}
			}
		})
	}
}

// TestAttack017_OtherDoors: an account that waits is not signed in to by another
// spelling of the door, nor by a field that the door does not have.
func TestAttack017_OtherDoors(t *testing.T) {
	s := testkit.New(t, app)
	s.SignUp("ada@example.com")
	send := func(method, path, password string, headers ...string) *testkit.Response {
		return s.Anonymous().Do(method, path, map[string]any{"email": "ada@example.com", "password": password}, headers...)
	}
	// checked tells whether a door looks at the right password of an account that waits:
	// twice, because the first wait may just have ended.
	checked := func(ask func() *testkit.Response) (r *testkit.Response, looked bool) {
		for range 2 {
			for failures := 0; send("POST", "/auth/sign-in", "wrong password").StatusCode != 429; failures++ {
				if failures == 20 {
					t.Fatal("20 failures, and no wait")
				}
			}
			if r = ask(); r.StatusCode >= 300 && r.StatusCode != 401 {
				return r, false
			}
		}
		return r, true
	}
	for _, path := range []string{
		"/auth/sign-in", "//auth/sign-in", "/auth//sign-in", "/auth/./sign-in", "/auth/x/../sign-in", "/./auth/sign-in", "/AUTH/sign-in", "/auth/Sign-In", "/auth/sign-in/",
		"/auth/sign-in%2f", "/auth%2fsign-in", "/auth/sign%2Din", "/%61uth/sign-in", "/auth/sign-in;x=1", "/auth/sign-in?x=1", "/auth/sign-in%20", "/auth/sign-in%00", "/auth/sign-in.json",
	} {
		if r, looked := checked(func() *testkit.Response { return send("POST", path, password) }); looked {
			t.Errorf("%s signs in: %d", path, r.StatusCode)
		}
	}
	for _, name := range []string{"X-Http-Method-Override", "X-Http-Method", "X-Method-Override"} {
		for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
			send(method, "/auth/sign-in", password, name, "POST").Want(405)
		}
		if r, looked := checked(func() *testkit.Response { return send("POST", "/auth/sign-in", password, name, "PUT") }); looked {
			t.Errorf("%s signs in: %d", name, r.StatusCode)
		}
	}
	for _, field := range []string{`"ip":"203.0.113.7"`, `"remoteAddr":"203.0.113.7"`, `"captcha":"x"`, `"email":"eve@example.com"`, `"emails":[]`} {
		r := s.Anonymous().Do("POST", "/auth/sign-in", `{"email":"ada@example.com","password":"`+password+`",`+field+`}`)
		if r.StatusCode != 400 {
			t.Errorf("with %s: %d %s", field, r.StatusCode, r.Body)
		}
	}
	for _, body := range []string{`{"email":["ada@example.com"],"password":"` + password + `"}`, `[{"email":"ada@example.com","password":"` + password + `"}]`} {
		s.Anonymous().Do("POST", "/auth/sign-in", body).Want(400)
	}
}
