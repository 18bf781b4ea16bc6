package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"runtime"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/server"
	"github.com/loam-dev/loam/internal/store/sqlite"
)

// Commands that do what admins do speak the admin routes: to the server that runs,
// through a socket in the data directory, or where none does, to a backend that
// they open themselves. Either way it is the same code that answers.

// socketFile is inside the data directory.
const socketFile = "admin.sock"

func (p *place) socket() string { return filepath.Join(p.dataDir(), socketFile) }

// listenLocal answers the commands of this machine until stop is called. A server
// that can't goes on without: they work once it is stopped.
func (c *console) listenLocal(ctx context.Context, at *place, answers http.Handler, log *slog.Logger) (stop func()) {
	if runtime.GOOS == "windows" {
		return func() {}
	}
	s, err := server.ListenLocal(ctx, at.socket(), log)
	if err != nil {
		log.Warn("loam user, org, jobs and keys can't reach this server, and need it stopped", "socket", at.socket(), "error", err)
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, answers, 0) }()
	return func() {
		cancel()
		if err := errors.Join(<-done, os.Remove(at.socket())); err != nil && !errors.Is(err, http.ErrServerClosed) {
			log.Warn("the socket for commands did not close", "error", err)
		}
	}
}

// only has the data directory for the server that runs, until it ends, however it ends: of
// two, each would take the other's socket, and what commands say would reach either. A
// directory that can't be written has no socket.
func (p *place) only(ctx context.Context) (release func() error, err error) {
	if err := p.makeData(); err != nil {
		return func() error { return nil }, nil
	}
	held, err := sqlite.Hold(ctx, filepath.Join(p.dataDir(), "server"))
	if fault.Is(err, fault.StoreHeld) {
		return nil, fault.New(fault.StoreHeld, "another server has the data directory %s; stop it first, or give each a directory of its own with --data", p.dataDir()).Because(errors.Unwrap(err))
	}
	if err != nil {
		return nil, err
	}
	return held.Close, nil
}

// running is the way to the server that runs, or nil where none does.
func (p *place) running(ctx context.Context) *http.Transport {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", p.socket())
	}
	if runtime.GOOS == "windows" {
		return nil
	}
	conn, err := dial(ctx, "", "")
	if err != nil {
		return nil
	}
	conn.Close()
	return &http.Transport{DialContext: dial}
}

// operator does what an admin does, for who runs the command.
type operator struct {
	http  *http.Client
	agent string
}

// withOperator runs fn with the server of a place, whether it runs or not.
func (c *console) withOperator(ctx context.Context, at *place, fn func(*operator) error) (err error) {
	if transport := at.running(ctx); transport != nil {
		defer transport.CloseIdleConnections()
		return fn(newOperator(transport))
	}
	p, err := readProject(os.DirFS(at.dir), at.dir, forDevelopment())
	if err != nil {
		return err
	}
	if p.config == nil {
		return c.usable(p)
	}
	if at.isNew(p.config) {
		return fault.New(fault.CLINoProject, "there is no database in %s; start `loam dev` or `loam serve` there once, or name another directory with --data", at.dataDir())
	}
	alone := *at
	alone.url, alone.mail = "http://localhost:8080", os.DirFS(filepath.Join(at.dir, mailDir)) // where mailed links lead, unless loam.yaml says
	b, err := alone.openAlone(ctx, p.config, c.log())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	if err := useLast(ctx, b, p.config); err != nil {
		return err
	}
	return fn(newOperator(inProcess{b.Local()}))
}

// useLast serves the schema that the database is at, where it has one.
func useLast(ctx context.Context, b *backend.Backend, config *config.Config) error {
	state, err := b.Migrator.Status(ctx, &schema.Schema{})
	if err != nil || state.Source == "" {
		return err
	}
	if last, _ := backend.Compile(schemaFile, state.Source, config.Roles.Keys()); last != nil {
		return b.Use(last)
	}
	return nil
}

// newOperator names the user of the machine in what the audit log has of the
// request.
func newOperator(transport http.RoundTripper) *operator {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return &operator{&http.Client{Transport: transport}, fmt.Sprintf("loam command line (%q)", name)}
}

// do sends in as JSON and decodes the answer into out; either may be nil.
func (o *operator) do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	res, err := o.send(ctx, method, path, body, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if out == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(out)
}

// send sends a request of any length and returns a good answer, whose body is to be
// closed; any other is an error.
func (o *operator) send(ctx context.Context, method, path string, body io.Reader, header http.Header) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://loam"+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	for name, values := range header {
		r.Header[name] = values
	}
	r.Header.Set("User-Agent", o.agent)
	res, err := o.http.Do(r)
	if err != nil {
		return nil, fault.New(fault.CLIRefuses, "the server broke off before it answered; look whether it still runs, and whether the command took effect").Because(err)
	}
	if res.StatusCode < 300 {
		return res, nil
	}
	defer res.Body.Close()
	var problem struct {
		Code   fault.Code
		Detail string
	}
	if err := json.NewDecoder(res.Body).Decode(&problem); err != nil {
		return nil, fmt.Errorf("the server answers %s: %w", res.Status, err)
	}
	return nil, fault.New(problem.Code, "%s", problem.Detail)
}

// inProcess sends requests to a handler of this process.
type inProcess struct{ http.Handler }

// RoundTrip returns once the handler has begun to answer.
func (h inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	out, in := io.Pipe()
	w := &pipedAnswer{header: http.Header{}, body: in, begun: make(chan int, 1)}
	go func() {
		defer func() {
			broken := recover() // http.ErrAbortHandler: an answer that was broken off
			w.WriteHeader(http.StatusOK)
			if broken != nil {
				in.CloseWithError(io.ErrUnexpectedEOF)
			} else {
				in.Close()
			}
		}()
		h.ServeHTTP(w, r)
	}()
	status := <-w.begun
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: w.header, Body: out, Request: r}, nil
}

// pipedAnswer is an answer that is read while it is written.
type pipedAnswer struct {
	header http.Header
	body   *io.PipeWriter
	begun  chan int
	wrote  bool
}

func (w *pipedAnswer) Header() http.Header { return w.header }

func (w *pipedAnswer) WriteHeader(status int) {
	if !w.wrote {
		w.wrote = true
		w.begun <- status
	}
}

func (w *pipedAnswer) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}
