// Package bustest is for tests: a NATS server that comes and goes, and a link to it
// that can be cut or falls silent.
package bustest

import (
	"errors"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Server is a NATS server on a port of its own.
type Server struct {
	t    testing.TB
	opts server.Options
	now  *server.Server
}

// Start starts a server, which ends with the test. set may change its options.
func Start(t testing.TB, set func(*server.Options)) *Server {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, opts: server.Options{Host: "127.0.0.1", Port: port, NoLog: true, NoSigs: true}}
	if set != nil {
		s.Configure(set)
	}
	t.Cleanup(s.Stop)
	s.Again()
	return s
}

// Configure changes its options, which hold from the next start on.
func (s *Server) Configure(set func(*server.Options)) { set(&s.opts) }

// Address is where it listens.
func (s *Server) Address() string { return net.JoinHostPort(s.opts.Host, strconv.Itoa(s.opts.Port)) }

// URL is that of a client that needs no credentials.
func (s *Server) URL() string { return "nats://" + s.Address() }

// Stop stops it; its connections break.
func (s *Server) Stop() {
	if s.now != nil {
		s.now.Shutdown()
		s.now.WaitForShutdown()
		s.now = nil
	}
}

// Clients is how many are connected.
func (s *Server) Clients() int { return s.now.NumClients() }

// Again starts it where it was, unless it runs.
func (s *Server) Again() {
	s.t.Helper()
	if s.now != nil {
		return
	}
	opts := s.opts
	now, err := server.NewServer(&opts)
	if err != nil {
		s.t.Fatal(err)
	}
	now.Start()
	if !now.ReadyForConnections(10 * time.Second) {
		s.t.Fatal("NATS does not start")
	}
	s.now = now
}

// Link stands between clients and a server.
type Link struct {
	listener net.Listener
	to       string

	mu     sync.Mutex
	cut    bool
	silent chan struct{} // no byte passes until it is closed; nil: all pass
	open   map[net.Conn]bool
}

// NewLink leads to an address.
func NewLink(t testing.TB, to string) *Link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &Link{listener: listener, to: to, open: map[net.Conn]bool{}}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go l.join(client)
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		l.Cut()
	})
	return l
}

// URL is that of the server by this link.
func (l *Link) URL() string { return "nats://" + l.listener.Addr().String() }

// Cut breaks all connections, and lets none come about.
func (l *Link) Cut() { l.set(true, false) }

// Silence has the link take connections, and nothing pass.
func (l *Link) Silence() { l.set(false, true) }

// Heal has all pass again, what was held back as well.
func (l *Link) Heal() { l.set(false, false) }

func (l *Link) set(cut, silent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.silent != nil {
		close(l.silent)
		l.silent = nil
	}
	if silent {
		l.silent = make(chan struct{})
	}
	if l.cut = cut; cut {
		for c := range l.open {
			_ = c.Close()
		}
	}
}

// keep notes connections that a cut breaks, unless it has happened.
func (l *Link) keep(all ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range all {
		l.open[c] = true
	}
	return !l.cut
}

func (l *Link) join(client net.Conn) {
	server, err := net.Dial("tcp", l.to)
	if err != nil {
		_ = client.Close()
		return
	}
	if l.keep(client, server) {
		var both sync.WaitGroup
		both.Go(func() { l.carry(client, server) })
		both.Go(func() { l.carry(server, client) })
		both.Wait()
	}
	_ = errors.Join(client.Close(), server.Close())
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, client)
	delete(l.open, server)
}

// carry carries bytes until one end is closed, and closes the other.
func (l *Link) carry(from, to net.Conn) {
	defer func() { _ = to.Close() }()
	_, _ = io.Copy(held{l, to}, from)
}

// held writes once the link is not silent.
type held struct {
	link *Link
	to   io.Writer
}

func (h held) Write(b []byte) (int, error) {
	h.link.mu.Lock()
	silent := h.link.silent
	h.link.mu.Unlock()
	if silent != nil {
		<-silent
	}
	return h.to.Write(b)
}
