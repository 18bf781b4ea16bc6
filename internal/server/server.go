// Package server listens: it binds the address, bounds every connection in
// time and size, and stops without failing the requests that are under way. It
// knows nothing of what the handler does.
package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzhttp"
)

// The limits of a connection. A bare http.Server has none of them, and holds a
// slow client's connection for as long as it likes.
const (
	headerTimeout = 5 * time.Second  // from the connection to the end of the headers
	readTimeout   = 30 * time.Second // to the end of the body
	writeTimeout  = 60 * time.Second // to the end of the answer
	idleTimeout   = 2 * time.Minute  // between requests
	maxHeader     = 16 << 10         // bytes
	maxConns      = 50000            // those that stay have limits of their own, in loam.yaml
	drainTimeout  = 20 * time.Second // for requests under way at the stop
	gzipFrom      = 1400             // bytes: one packet gains nothing
)

// Server answers one address.
type Server struct {
	ln  net.Listener
	log *slog.Logger
}

// Listen binds the address, such as "127.0.0.1:8080" or ":0". Who connects waits
// until Serve.
func Listen(ctx context.Context, addr string, log *slog.Logger) (*Server, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &Server{ln, log}, nil
}

// ListenLocal binds a socket in the file system that the process's own user alone
// may open. What a server that was killed has left there is replaced: the caller
// holds what makes it the only one.
func ListenLocal(ctx context.Context, path string, log *slog.Logger) (*Server, error) {
	private, err := os.MkdirTemp(filepath.Dir(path), ".s") // until the socket has its mode, nobody else gets to it
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(private)
	bound := filepath.Join(private, "s")
	ln, err := new(net.ListenConfig).Listen(ctx, "unix", bound)
	if err != nil {
		return nil, err
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false) // it has moved by then
	if err = os.Chmod(bound, 0o600); err == nil {
		err = os.Rename(bound, path)
	}
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return &Server{ln, log}, nil
}

// Addr is the address that is bound.
func (s *Server) Addr() string { return s.ln.Addr().String() }

// Close gives the address up where Serve has not.
func (s *Server) Close() error {
	if err := s.ln.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Serve answers by h until ctx ends. It goes on for a while then, for those who have
// not noticed yet, and asks each to connect anew for the next request; at last it lets
// the requests under way finish.
func (s *Server) Serve(ctx context.Context, h http.Handler, linger time.Duration) error {
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(gzipFrom), gzhttp.EnableZstd(false))
	if err != nil {
		return err
	}
	var leaving atomic.Bool
	answer := compress(h)
	web := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if leaving.Load() {
				w.Header().Set("Connection", "close")
			}
			answer.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(newBounded(s.ln, maxConns)) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	leaving.Store(true)
	select {
	case err := <-failed:
		return err
	case <-time.After(linger):
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := web.Shutdown(stop); err != nil {
		return errors.Join(err, web.Close())
	}
	return nil
}
