package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/httpapi"
	"github.com/loam-dev/loam/internal/server"
)

// listen binds the address of a place, before its backend is opened: the port that
// the system chose is in every link.
func (p *place) listen(ctx context.Context, log *slog.Logger) (*server.Server, error) {
	s, err := server.Listen(ctx, p.addr, log)
	switch {
	case err == nil:
		p.url = p.linked(s.Addr())
		return s, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fault.New(fault.CLIAddress, "another program listens on %s; stop it, or choose another address, such as --addr %s", p.addr, otherAddr(p.addr))
	}
	return nil, fault.New(fault.CLIAddress, "%s can't be listened on; choose another address, such as --addr 127.0.0.1:8081", p.addr).Because(err)
}

// linked is where links lead: the host that was asked for at the port that is bound.
// In development this machine is called localhost, since a passkey is for a name.
func (p *place) linked(bound string) string {
	host, _, _ := net.SplitHostPort(p.addr) // it was listened on
	_, port, _ := net.SplitHostPort(bound)
	ip := net.ParseIP(host)
	if p.local && (host == "" || ip != nil && (ip.IsUnspecified() || ip.IsLoopback())) {
		host = "localhost"
	}
	return browsable(net.JoinHostPort(host, port))
}

// otherAddr is the same host with a port that the system chooses.
func otherAddr(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port == "8081" {
		return "127.0.0.1:0"
	}
	return net.JoinHostPort(host, "8081")
}

// address is where a browser on this machine finds the server.
func address(s *server.Server) string { return browsable(s.Addr()) }

// browsable is the URL of an address that is listened on.
func browsable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "http://" + addr
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// gcPercent is how far the heap may grow before it is collected. A server makes
// much garbage beside a small heap, so that collecting half as often as Go does
// by itself saves a tenth of its CPU. GOGC in the environment overrules it.
const gcPercent = 200

// serve says that the server is ready and answers until ctx ends; then the
// backend stops being ready, and after a while the connections that stay are ended and
// the requests under way finish.
func (c *console) serve(ctx context.Context, at *place, s *server.Server, site *backend.Site, moves httpapi.Mover, log *slog.Logger) (err error) {
	release, err := at.only(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	defer c.listenLocal(ctx, at, site.Local(moves), log)()
	if err := c.offerAdmin(ctx, site.Backend(), c.asks || at.local, log); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() {
		site.Backend().Retire()
		time.Sleep(at.linger)
		site.Backend().Drain()
	})()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	fmt.Fprintln(c.out, "ready "+address(s))
	return s.Serve(ctx, site.Handler(), at.linger)
}

// unlessStopped drops the error of a server that was told to stop while it
// started: it did what it was told.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || fault.Is(err, fault.StoreCancelled)) {
		return nil
	}
	return err
}
