// Package outbound is the only way out of the server over HTTP. Its client calls
// nothing but public addresses, looked at when they are dialled and so after
// every redirect and every trick of a name; it takes no proxy from the
// environment, and no more time or bytes than it is given. Beside it are the
// signatures of webhooks, after the Standard Webhooks specification.
package outbound

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/loam-dev/loam/internal/fault"
)

// The limits of one call, unless Options say otherwise.
const (
	timeout      = 10 * time.Second // from the call to the last byte of the answer
	maxBody      = 1 << 20          // bytes of an answer
	maxHeader    = 64 << 10         // bytes of an answer's headers
	maxRedirects = 3
	maxURL       = 2048 // bytes
	maxIdle      = 100  // connections that are kept
)

// Options say how far a client goes.
type Options struct {
	AllowPrivate bool          // addresses of this machine and the private network too: for development
	Timeout      time.Duration // 0: timeout
	MaxBody      int64         // 0: maxBody
	Resolver     *net.Resolver // nil: the system's
	TLS          *tls.Config   // nil: the system's roots
}

// Client calls other servers. It is safe for concurrent use.
type Client struct{ http http.Client }

// New makes a client.
func New(o Options) *Client {
	o.Timeout = cmp.Or(o.Timeout, timeout)
	dialer := &net.Dialer{Timeout: o.Timeout, Resolver: o.Resolver}
	if !o.AllowPrivate {
		dialer.Control = publicOnly
	}
	transport := &http.Transport{ // Proxy stays nil: a proxy would resolve names out of sight
		DialContext:            dialer.DialContext,
		TLSClientConfig:        o.TLS,
		TLSHandshakeTimeout:    o.Timeout,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // what is counted is what arrives
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConns:           maxIdle,
		IdleConnTimeout:        time.Minute,
	}
	return &Client{http.Client{
		Transport:     guard{transport, cmp.Or(o.MaxBody, maxBody), o.AllowPrivate},
		CheckRedirect: redirect,
		Timeout:       o.Timeout,
	}}
}

// HTTP returns the client for those who know how to use one; changing it changes
// nobody else's.
func (c *Client) HTTP() *http.Client {
	h := c.http
	return &h
}

// publicOnly looks at the address that a connection is about to be made to. What
// a name was resolved to before does not matter.
func publicOnly(network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" || !public(to.Addr()) {
		return blocked("it is at %s, which is not a public address", address)
	}
	return nil
}

// inner are the blocks that are not the public internet's, beside those that
// netip knows. Some of them carry an IPv4 address inside.
var inner = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("100.64.0.0/10"),   // carriers' own, and clouds' metadata
	netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation
	netip.MustParsePrefix("192.88.99.0/24"),  // 6to4 relays
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"), // documentation
	netip.MustParsePrefix("203.0.113.0/24"),  // documentation
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, and broadcast
	netip.MustParsePrefix("2001::/23"),       // protocol assignments, Teredo
	netip.MustParsePrefix("2001:db8::/32"),   // documentation
	netip.MustParsePrefix("2002::/16"),       // 6to4
	netip.MustParsePrefix("3fff::/20"),       // documentation
}

// global is where public IPv6 addresses are; NAT64, unique local and IPv4
// compatible ones are outside.
var global = netip.MustParsePrefix("2000::/3")

// public tells the addresses of the public internet.
func public(addr netip.Addr) bool {
	addr = addr.Unmap()
	if !addr.IsGlobalUnicast() || addr.IsPrivate() || addr.Zone() != "" || addr.Is6() && !global.Contains(addr) {
		return false
	}
	for _, block := range inner {
		if block.Contains(addr) {
			return false
		}
	}
	return true
}

// redirect follows a few redirects, and none from https to http.
func redirect(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fault.New(fault.OutboundAnswer, "the other server redirects more than %d times", maxRedirects)
	}
	if via[len(via)-1].URL.Scheme == "https" && r.URL.Scheme != "https" {
		return blocked("it redirects from https to %s", r.URL.Scheme)
	}
	return nil
}

// guard checks every request, those of redirects among them, and bounds every
// answer.
type guard struct {
	next    http.RoundTripper
	maxBody int64
	private bool
}

func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := Check(r.URL); err != nil {
		return nil, err
	}
	if host := strings.ToLower(strings.TrimSuffix(r.URL.Hostname(), ".")); !g.private && (host == "localhost" || strings.HasSuffix(host, ".localhost")) {
		return nil, blocked("it is this machine's") // whatever a resolver makes of it
	}
	answer, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, explain(err)
	}
	if answer.ContentLength > g.maxBody {
		return nil, errors.Join(tooLong(g.maxBody), answer.Body.Close())
	}
	answer.Body = &bounded{answer.Body, g.maxBody, g.maxBody}
	return answer, nil
}

// explain makes a dial or a wait that failed a fault; what was blocked is one.
func explain(err error) error {
	if _, ok := errors.AsType[*fault.Error](err); ok || errors.Is(err, context.Canceled) {
		return err
	}
	return fault.New(fault.OutboundAnswer, "the other server can't be reached or did not answer").Because(err)
}

// bounded is a body that fails at the byte that is too many.
type bounded struct {
	io.ReadCloser
	left, most int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, tooLong(b.most)
	}
	return n, err
}

// Check refuses an address by its spelling: to say so early, where somebody
// enters one, and so that no resolver gets to read a host such as 0x7f.1 as an
// address. It is not the wall: that is at the dial.
func Check(u *url.URL) error {
	host := u.Hostname()
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return blocked("it is not an http or https address")
	case host == "" || u.User != nil:
		return blocked("it has no host, or a user name in it")
	case len(u.String()) > maxURL:
		return blocked("it is longer than %d bytes", maxURL)
	case strings.ContainsAny(host, "%/\\ \t\r\n\x00"):
		return blocked("its host is not well formed")
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	last := strings.ToLower(labels[len(labels)-1])
	if strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") && strings.Trim(last[2:], "0123456789abcdef") == "" {
		return blocked("its host is a number that is not written as an address")
	}
	return nil
}

func blocked(format string, args ...any) *fault.Error {
	return fault.New(fault.OutboundBlocked, "the server does not call this address: %s", fmt.Sprintf(format, args...))
}

func tooLong(most int64) *fault.Error {
	return fault.New(fault.OutboundAnswer, "the other server answers with more than %d bytes", most)
}
