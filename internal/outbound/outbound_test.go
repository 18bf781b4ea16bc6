package outbound_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/outbound"
)

// victim is a server of the private network that nobody outside is to reach.
func victim(t *testing.T) (port string, hits *atomic.Int32) {
	t.Helper()
	hits = &atomic.Int32{}
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port, hits
}

func get(c *outbound.Client, address string) ([]byte, error) {
	r, err := http.NewRequest("GET", address, nil)
	if err != nil {
		return nil, err
	}
	answer, err := c.HTTP().Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(answer.Body)
}

// TestAttack106_PrivateAddresses calls this machine and the private network by
// every spelling.
func TestAttack106_PrivateAddresses(t *testing.T) {
	port, hits := victim(t)
	c := outbound.New(outbound.Options{Timeout: 2 * time.Second})
	for _, host := range []string{
		"127.0.0.1", "127.1", "127.255.255.254", "0", "0.0.0.0", "0.1.2.3", "2130706433", "0x7f000001", "0x7f.1", "0X7F.0.0.1", "017700000001", "0177.0.0.1", "127.0.0.1.",
		"localhost", "LOCALHOST", "localhost.", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.100.100.200", "192.0.0.192", "198.18.0.1", "224.0.0.1",
		"255.255.255.255", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[fd00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fe80::1%25lo]", "[ff02::1]",
		"[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2001::1]", "[2001:db8::1]", "[fec0::1]",
	} {
		_, err := get(c, "http://"+host+":"+port+"/")
		if !fault.Is(err, fault.OutboundBlocked) {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, address := range []string{"file:///etc/passwd", "gopher://127.0.0.1:" + port, "unix:///x", "http://u:p@127.0.0.1:" + port, "http:///", "http://example.com/" + strings.Repeat("a", 3000)} {
		if _, err := get(c, address); err == nil {
			t.Errorf("%s is called", address)
		}
	}
	if n := hits.Load(); n > 0 {
		t.Errorf("%d calls arrived", n)
	}
	if _, err := get(outbound.New(outbound.Options{AllowPrivate: true}), "http://localhost:"+port); err != nil || hits.Load() != 1 {
		t.Errorf("allowed: %v", err)
	}
}

func TestPublicAddressesPass(t *testing.T) {
	for _, host := range []string{"example.com", "1.1.1.1", "[2606:4700::1111]", "a.b.c0ffee", "xn--nxasmq6b.example", "3com.example"} {
		u, err := url.Parse("https://" + host + "/x")
		if err == nil {
			err = outbound.Check(u)
		}
		if err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

// TestAttack107_Rebinding: a name is public when it is looked up first, and
// private when it is dialled.
func TestAttack107_Rebinding(t *testing.T) {
	port, hits := victim(t)
	for name, answers := range map[string][]string{
		"private at once":     {"127.0.0.1"},
		"link local":          {"169.254.169.254"},
		"mapped among public": {"127.0.0.1", "10.0.0.1"},
	} {
		resolver, asked := nameServer(t, answers)
		_, err := get(outbound.New(outbound.Options{Timeout: 2 * time.Second, Resolver: resolver}), "http://rebind.example:"+port+"/")
		if !fault.Is(err, fault.OutboundBlocked) {
			t.Errorf("%s: %v", name, err)
		}
		if asked.Load() == 0 {
			t.Errorf("%s: the name was not looked up", name)
		}
	}
	if n := hits.Load(); n > 0 {
		t.Errorf("%d calls arrived", n)
	}
}

// nameServer answers every question with addresses.
func nameServer(t *testing.T, addresses []string) (*net.Resolver, *atomic.Int32) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	asked := &atomic.Int32{}
	go func() {
		in := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(in)
			if err != nil {
				return
			}
			asked.Add(1)
			if _, err := conn.WriteTo(response(in[:n], addresses), from); err != nil {
				return
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}, asked
}

// response is the answer to one DNS question: its header, the question, and the
// addresses if it is for IPv4.
func response(question []byte, addresses []string) []byte {
	end := 12
	for question[end] != 0 {
		end += int(question[end]) + 1
	}
	end += 5
	out := bytes.Clone(question[:end])
	out[2], out[3] = 0x81, 0x80
	binary.BigEndian.PutUint64(out[4:], 1<<48)
	if binary.BigEndian.Uint16(out[end-4:]) != 1 {
		return out
	}
	binary.BigEndian.PutUint16(out[6:], uint16(len(addresses)))
	for _, a := range addresses {
		out = append(out, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		out = append(out, netip.MustParseAddr(a).AsSlice()...)
	}
	return out
}

// hop makes a client's first call go to a server on this machine by the name of
// a public one, so that what follows it can be tested without the internet.
func hop(t *testing.T, c *outbound.Client, h http.HandlerFunc) *http.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	local := outbound.New(outbound.Options{AllowPrivate: true}).HTTP()
	client := c.HTTP()
	next := client.Transport
	client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host != "first.example" {
			return next.RoundTrip(r)
		}
		at, err := url.Parse(s.URL)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.URL.Host, r.URL.Scheme = at.Host, "http"
		return local.Transport.RoundTrip(r)
	})
	return client
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestAttack107_Redirects: each hop is checked as the first.
func TestAttack107_Redirects(t *testing.T) {
	port, hits := victim(t)
	for name, test := range map[string]struct {
		from, to string
		want     fault.Code
	}{
		"to this machine": {"http://first.example/", "http://127.0.0.1:" + port + "/", fault.OutboundBlocked},
		"to metadata":     {"http://first.example/", "http://169.254.169.254/latest/meta-data", fault.OutboundBlocked},
		"by number":       {"http://first.example/", "http://2130706433:" + port + "/", fault.OutboundBlocked},
		"out of https":    {"https://first.example/", "http://first.example/", fault.OutboundBlocked},
		"without end":     {"http://first.example/", "http://first.example/", fault.OutboundAnswer},
	} {
		client := hop(t, outbound.New(outbound.Options{Timeout: 2 * time.Second}), func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", test.to)
			w.WriteHeader(http.StatusTemporaryRedirect)
		})
		answer, err := client.Get(test.from)
		if err == nil {
			answer.Body.Close()
		}
		if !fault.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := hits.Load(); n > 0 {
		t.Errorf("%d calls arrived", n)
	}
}

// TestAttack107_Proxy: a proxy of the environment would make the calls in our
// place, unguarded.
func TestAttack107_Proxy(t *testing.T) {
	port, hits := victim(t)
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:"+port)
	t.Setenv("http_proxy", "http://127.0.0.1:"+port)
	if _, err := get(outbound.New(outbound.Options{Timeout: time.Second}), "http://[fd00::1]/"); !fault.Is(err, fault.OutboundBlocked) {
		t.Errorf("got %v", err)
	}
	if hits.Load() > 0 {
		t.Error("the proxy was asked")
	}
}

// TestAttack110_Receivers are too slow, too large, or packed too well.
func TestAttack110_Receivers(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := z.Write(make([]byte, 64<<20)); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			<-release
		case "/drip":
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			<-release
		case "/large":
			w.Write(make([]byte, 1<<20+1))
		case "/endless":
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		case "/headers":
			w.Header().Set("X-Large", strings.Repeat("a", 200<<10))
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb.Bytes())
		case "/full":
			w.Write(make([]byte, 1<<20))
		}
	}))
	defer s.Close()
	defer close(release)
	c := outbound.New(outbound.Options{AllowPrivate: true, Timeout: 300 * time.Millisecond})
	for _, path := range []string{"/slow", "/drip", "/headers"} {
		began := time.Now()
		if _, err := get(c, s.URL+path); err == nil || time.Since(began) > 5*time.Second {
			t.Errorf("%s: %v after %s", path, err, time.Since(began))
		}
	}
	c = outbound.New(outbound.Options{AllowPrivate: true})
	for _, path := range []string{"/large", "/endless"} {
		if _, err := get(c, s.URL+path); !fault.Is(err, fault.OutboundAnswer) || !strings.Contains(err.Error(), "1048576 bytes") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if body, err := get(c, s.URL+"/bomb"); err != nil || len(body) != bomb.Len() {
		t.Errorf("a bomb was unpacked to %d bytes: %v", len(body), err)
	}
	if body, err := get(c, s.URL+"/full"); err != nil || len(body) != 1<<20 {
		t.Errorf("an answer of the limit's size: %d bytes, %v", len(body), err)
	}
}

// TestAttack110_HeaderInjection: no value makes a second header.
func TestAttack110_HeaderInjection(t *testing.T) {
	port, hits := victim(t)
	secret, err := outbound.ParseSecret(vectorSecret)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a\r\nX-Admin: 1", "a\nb", "a\x00b"} {
		r, err := http.NewRequest("POST", "http://127.0.0.1:"+port, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = outbound.Sign(secret, id, time.Now(), nil)
		answer, err := outbound.New(outbound.Options{AllowPrivate: true}).HTTP().Do(r)
		if err == nil {
			answer.Body.Close()
			t.Errorf("%q is sent", id)
		}
	}
	if hits.Load() > 0 {
		t.Error("calls arrived")
	}
}

// The vector of the Standard Webhooks specification.
const (
	vectorSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorTime      = 1614265330
	vectorBody      = `{"test": 2432232314}`
	vectorSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	otherSecret     = "whsec_c2VjcmV0LW9mLWEtcm90YXRlZC1lbmRwb2ludA=="
)

// TestAttack109_Webhooks: an old, changed or foreign one is refused.
func TestAttack109_Webhooks(t *testing.T) {
	at := time.Unix(vectorTime, 0)
	secret := func(text string) outbound.Secret {
		s, err := outbound.ParseSecret(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if h := outbound.Sign(secret(vectorSecret), vectorID, at, []byte(vectorBody)); h.Get("webhook-signature") != vectorSignature ||
		h.Get("webhook-id") != vectorID || h.Get("webhook-timestamp") != "1614265330" {
		t.Errorf("the vector is signed as %v", h)
	}
	good := func() http.Header {
		return http.Header{"Webhook-Id": {vectorID}, "Webhook-Timestamp": {fmt.Sprint(vectorTime)}, "Webhook-Signature": {vectorSignature}}
	}
	with := func(name, value string) http.Header {
		h := good()
		h.Set(name, value)
		return h
	}
	rotating := outbound.Sign(secret(otherSecret+" "+vectorSecret), vectorID, at, []byte(vectorBody))
	for name, test := range map[string]struct {
		header http.Header
		body   string
		secret outbound.Secret
		now    time.Time
		ok     bool
	}{
		"good":                {good(), vectorBody, secret(vectorSecret), at, true},
		"late":                {good(), vectorBody, secret(vectorSecret), at.Add(5 * time.Minute), true},
		"early":               {good(), vectorBody, secret(vectorSecret), at.Add(-5 * time.Minute), true},
		"unpadded secret":     {outbound.Sign(secret(otherSecret), "x", at, nil), "", secret(strings.TrimRight(otherSecret, "=")), at, true},
		"old key, rotating":   {rotating, vectorBody, secret(otherSecret), at, true},
		"new key, rotating":   {rotating, vectorBody, secret(vectorSecret), at, true},
		"both keys":           {good(), vectorBody, secret(otherSecret + " " + vectorSecret), at, true},
		"among others":        {with("Webhook-Signature", "v1,AAAA v1a,BBBB "+vectorSignature), vectorBody, secret(vectorSecret), at, true},
		"too late":            {good(), vectorBody, secret(vectorSecret), at.Add(5*time.Minute + time.Second), false},
		"too early":           {good(), vectorBody, secret(vectorSecret), at.Add(-5*time.Minute - time.Second), false},
		"body changed":        {good(), vectorBody + " ", secret(vectorSecret), at, false},
		"id changed":          {with("Webhook-Id", "msg_2"), vectorBody, secret(vectorSecret), at, false},
		"time changed":        {with("Webhook-Timestamp", "1614265331"), vectorBody, secret(vectorSecret), at, false},
		"time spelled else":   {with("Webhook-Timestamp", "+1614265330"), vectorBody, secret(vectorSecret), at, false},
		"no time":             {with("Webhook-Timestamp", ""), vectorBody, secret(vectorSecret), at, false},
		"no id":               {with("Webhook-Id", ""), vectorBody, secret(vectorSecret), at, false},
		"no signature":        {with("Webhook-Signature", ""), vectorBody, secret(vectorSecret), at, false},
		"another version":     {with("Webhook-Signature", "v2"+vectorSignature[2:]), vectorBody, secret(vectorSecret), at, false},
		"another secret":      {good(), vectorBody, secret(otherSecret), at, false},
		"no secret":           {good(), vectorBody, outbound.Secret{}, at, false},
		"signed without any":  {outbound.Sign(outbound.Secret{}, "x", at, nil), "", secret(vectorSecret), at, false},
		"behind a long queue": {with("Webhook-Signature", strings.Repeat("v1,AAAA ", 30)+vectorSignature), vectorBody, secret(vectorSecret), at, false},
	} {
		err := outbound.Verify(test.secret, test.header, []byte(test.body), test.now)
		if test.ok && err != nil || !test.ok && !fault.Is(err, fault.OutboundSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []string{"", "whsec_", "whsec_!!!", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + strings.Repeat("A", 100), strings.Repeat(vectorSecret+" ", 6)} {
		if _, err := outbound.ParseSecret(bad); !fault.Is(err, fault.OutboundSecret) || strings.Contains(err.Error(), "c2hvcnQ") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestSecretsNeverPrint(t *testing.T) {
	s, err := outbound.ParseSecret(vectorSecret)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	held := struct {
		inner outbound.Secret
		Outer outbound.Secret
	}{s, s}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(&out, verb+verb, s, held)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "secret", s, "held", held)
	if err := errors.Join(json.NewEncoder(&out).Encode(held)); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"MfKQ9r8", "31f290f6", "\x31\xf2\x90"} {
		if strings.Contains(out.String(), text) {
			t.Errorf("%q is in %s", text, out.String())
		}
	}
}
