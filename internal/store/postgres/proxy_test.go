package postgres_test

import (
	"bytes"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// proxy stands between an engine and its server: it counts how often one waits for
// the other, and breaks connections.
type proxy struct {
	URL string

	listener net.Listener
	mu       sync.Mutex
	pairs    map[*pair]bool
	joined   int
	trips    int
	refuses  bool
	refused  int
	silent   chan struct{} // no byte passes until it is closed
	cut      func(toServer bool, data []byte) cutting
}

// cutting is what becomes of a connection when some bytes pass.
type cutting uint8

const (
	pass cutting = iota
	cutNow
	cutAtAnswer // they go to the server, and its answer is lost
)

type pair struct {
	client, server net.Conn
	asked          bool // the client has spoken since the server last did
	doomed         bool
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, pairs: map[*pair]bool{}, URL: strings.Replace(target, u.Host, listener.Addr().String(), 1)}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			p.join(client, u.Host)
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); p.breakAll() })
	return p
}

func (p *proxy) join(client net.Conn, host string) {
	p.mu.Lock()
	p.joined++
	refuses := p.refuses
	if refuses {
		p.refused++
	}
	p.mu.Unlock()
	server, err := net.Dial("tcp", host)
	if err != nil || refuses {
		_ = client.Close()
		return
	}
	one := &pair{client: client, server: server}
	p.mu.Lock()
	p.pairs[one] = true
	p.mu.Unlock()
	go p.carry(one, client, server, true)
	go p.carry(one, server, client, false)
}

func (p *proxy) carry(one *pair, from, to net.Conn, toServer bool) {
	defer p.end(one)
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		silent := p.silent
		p.mu.Unlock()
		if silent != nil {
			<-silent
		}
		if err != nil || !p.see(one, toServer, buffer[:n]) {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// see tells whether bytes may pass.
func (p *proxy) see(one *pair, toServer bool, data []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if toServer {
		one.asked = true
	} else if one.asked {
		one.asked = false
		p.trips++
	}
	if one.doomed && !toServer {
		return false
	}
	if p.cut == nil {
		return true
	}
	switch p.cut(toServer, data) {
	case cutNow:
		return false
	case cutAtAnswer:
		one.doomed = true
	}
	return true
}

func (p *proxy) end(one *pair) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.pairs, one)
	_ = one.client.Close()
	_ = one.server.Close()
}

// breakAll ends every connection.
func (p *proxy) breakAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for one := range p.pairs {
		_ = one.client.Close()
		_ = one.server.Close()
	}
}

func (p *proxy) refuse(refuses bool) {
	p.mu.Lock()
	p.refuses, p.refused = refuses, 0
	p.mu.Unlock()
	if refuses {
		p.breakAll()
	}
}

// silence has nothing pass any more, as with a host that is gone without a word.
func (p *proxy) silence(t *testing.T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = make(chan struct{})
	t.Cleanup(func() { close(p.silent) })
}

// connections is how many there have been.
func (p *proxy) connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.joined
}

// cutOnce breaks the first connection that sends a text to the server.
func (p *proxy) cutOnce(text string, how cutting) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = func(toServer bool, data []byte) cutting {
		if !toServer || !bytes.Contains(data, []byte(text)) {
			return pass
		}
		p.cut = nil
		return how
	}
}

// count is how many times an answer has come.
func (p *proxy) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.trips
}

// refusals is how many connections were refused since that began.
func (p *proxy) refusals() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refused
}
