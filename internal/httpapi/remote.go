package httpapi

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// trusts tells whether a peer is one of the proxies whose headers are believed.
func (a *API) trusts(peer string) bool {
	if len(a.TrustedProxies) == 0 {
		return false
	}
	addr, err := netip.ParseAddrPort(peer)
	return err == nil && a.trusted(addr.Addr())
}

func (a *API) trusted(addr netip.Addr) bool {
	addr = addr.Unmap()
	return slices.ContainsFunc(a.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// remote is the address that a request comes from. Behind trusted proxies it is
// the last one in X-Forwarded-For that is no such proxy: those before it are the
// client's own words.
func (a *API) remote(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := peer.Addr()
	if !a.trusts(r.RemoteAddr) {
		return addr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		said, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return addr // as far as it is known
		}
		if addr = said; !a.trusted(said) {
			return said
		}
	}
	return addr
}
