package httpapi

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
	"unique"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/tenant"
)

// call is one request on its way.
type call struct {
	*http.Request
	api  *API
	app  *App
	by   *access.Principal
	of   string          // what of the route it is about, for its figures: a model, a field; as the schema names it
	as   *ascent         // nil: by asks as no more than who they are
	orgs *tenant.Service // nil: the caller's own; see anyOrganization
	id   string          // of the request
	out  http.Header
	mine *scratch // nil until it is wanted
}

// reply is what a handler answers with. A nil body is an empty one.
type reply struct {
	status int
	body   []byte
	mime   string // "" is application/json
	// stream writes a body of any length, in place of body. Its time is not that
	// of a request, but each write's.
	stream func(context.Context, io.Writer) error
	// live hands the connection over to those that stay; its error is answered.
	live func(http.ResponseWriter) error
}

// ServeHTTP answers a request: an unknown path or method by itself, any other
// through its endpoint.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := requestID()
	w.Header().Set("X-Request-Id", id)
	if a.cors(w, r) {
		return
	}
	if err := checkQuery(r.URL.RawQuery); err != nil {
		a.fail(w, r, id, err)
		return
	}
	h, pattern := a.mux.Handler(r)
	if pattern == "" {
		a.fail(w, r, id, unrouted(w, r, h))
		return
	}
	a.mux.ServeHTTP(w, r)
}

func checkQuery(rawQuery string) error {
	if len(rawQuery) > maxQuery {
		return fault.New(fault.HTTPQueryTooLong, "the URL's query has %d bytes, more than %d; use filter in a smaller form or GraphQL", len(rawQuery), maxQuery)
	}
	return nil
}

// unrouted tells a missing path from a method that the path does not have; the
// mux's own handler says which, in its status and Allow header.
func unrouted(w http.ResponseWriter, r *http.Request, h http.Handler) error {
	probe := &probe{header: http.Header{}}
	h.ServeHTTP(probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		allow := probe.header.Get("Allow")
		w.Header().Set("Allow", allow)
		return fault.New(fault.HTTPMethod, "%s is not served here; this path takes %s", r.Method, allow)
	}
	return fault.New(fault.HTTPNotFound, "there is nothing at %s; /api lists what there is", r.URL.Path)
}

type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
func (p *probe) WriteHeader(status int)      { p.status = status }

func requestID() string {
	var b [12]byte
	rand.Read(b[:]) // never fails: crypto/rand stops the program instead
	return hex.EncodeToString(b[:])
}

// endpoint is a route in its environment.
type endpoint struct {
	api *API
	route
	counted bool // among the figures of requests
}

// countable tells whether requests by the route tell how the app is doing: not those
// of the console, and of what watches the server.
func (r route) countable() bool {
	_, path, _ := strings.Cut(r.pattern, " ")
	return !strings.HasPrefix(path, "/console") && path != "/healthz" && path != "/readyz" && path != "/metrics"
}

func (e *endpoint) count(c *call, status int, start time.Time) {
	if e.counted {
		e.api.Stats.Record(e.pattern, c.of, status, time.Since(start))
	}
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	ctx := r.Context()
	if e.guard == adminUploads { // the room that reads it has limits of its own
		r.Body = &steady{r.Body, http.NewResponseController(w), e.api.Timeout}
	} else {
		limited, cancel := context.WithTimeout(ctx, e.api.Timeout)
		defer cancel()
		ctx = limited
		if r.ContentLength != 0 { // a body that trickles in is a request that takes too long
			_ = http.NewResponseController(w).SetReadDeadline(start.Add(e.api.Timeout)) // where it can't be set, the listener's own limit holds
		}
		r.Body = http.MaxBytesReader(w, r.Body, e.api.MaxBody)
	}
	id := w.Header().Get("X-Request-Id")
	c := &call{Request: r.WithContext(e.api.withOrigin(ctx, r, id)), api: e.api, app: e.api.App(), id: id, out: w.Header()}
	defer c.giveBack()
	answer, err := e.run(c)
	if err == nil && answer.live != nil {
		setCommon(w.Header())
		err = answer.live(w)
	}
	switch {
	case err != nil:
		e.api.fail(w, r, c.id, err)
		e.count(c, fault.Of(err).Status(), start)
		return
	case answer.live != nil:
	case answer.stream != nil:
		e.api.stream(w, r, c.id, answer)
	default:
		send(w, r, answer)
	}
	if answer.live == nil {
		e.count(c, answer.status, start)
	}
	if e.api.Log.Enabled(ctx, slog.LevelDebug) {
		e.api.Log.Debug("request", "method", r.Method, "route", e.pattern, "status", answer.status, "took", time.Since(start), "request", c.id)
	}
}

// run guards and handles; a panic is our mistake and ends this request alone.
func (e *endpoint) run(c *call) (answer reply, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Of(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	if e.guard == open {
		c.by = c.api.Anonymous
	} else if c.by, err = c.principal(); err != nil {
		return reply{}, err
	}
	if e.guard != open {
		if err := c.api.Tenant.Admit(c.Context(), c.by); err != nil {
			return reply{}, err
		}
	}
	if err = e.admits(c.by); err == nil {
		err = c.pass(e.route)
	}
	if err == nil {
		err = c.above(e.route)
	}
	if err == nil && e.ofData() && c.app != nil {
		err = c.app.Refuses
	}
	if err == nil {
		answer, err = e.handle(c)
	}
	if err != nil && fault.Of(err).Kind() == fault.Forbidden {
		c.recordDenied(e.pattern, fault.Of(err))
	}
	return answer, err
}

// dataScope is what a user must let an application do, for the doors of data.
const dataScope = "api"

// admits refuses an application what its user has not let it do. No scope opens
// more than the doors of data: accounts, organizations and keys are the user's.
func (e *endpoint) admits(by *access.Principal) error { return admits(by, e.ofData()) }

func admits(by *access.Principal, data bool) error {
	switch {
	case by.Client == "" || data && slices.Contains(by.Scopes, dataScope):
		return nil
	case data:
		return fault.New(fault.AccessScope, "this token is an application's, and its user has not let it use their data: ask for the scope %q at /oauth/authorize", dataScope)
	}
	return fault.New(fault.AccessScope, "this token is an application's, which may use /api and /graphql alone: the user does this in a session of their own")
}

// principal verifies what the caller shows.
func (c *call) principal() (*access.Principal, error) {
	verify, err := c.verifier()
	if err != nil {
		return nil, err
	}
	return verify(c.Context())
}

// verifier verifies what the caller shows, to be verified now or, of a connection that
// stays, again and again. Showing both a token and a key is refused: which of them
// counts should not be a guess.
func (c *call) verifier() (func(context.Context) (*access.Principal, error), error) {
	a := c.api
	if c.Context().Value(operatorKey{}) != nil {
		return func(context.Context) (*access.Principal, error) { return access.Operator(), nil }, nil
	}
	token, key := c.Header.Get("Authorization"), c.Header.Get("X-Api-Key")
	switch {
	case token != "" && key != "":
		return nil, fault.New(fault.HTTPCredentials, "send either Authorization or X-Api-Key, not both")
	case key != "":
		return a.byKey(key), nil
	case token == "":
		return c.byCookie()
	}
	scheme, rest, spaced := strings.Cut(token, " ")
	switch {
	case spaced && strings.EqualFold(scheme, "Bearer"):
		token = strings.TrimSpace(rest)
	case spaced || c.URL.Path != "/graphql": // Amplify's clients send GraphQL a bare token
		return nil, fault.New(fault.AuthBadToken, "send Authorization: Bearer <access token>")
	}
	return a.byToken(token), nil
}

// byToken verifies an access token. It keeps a copy, one for all connections that show
// it: a header holds the memory of a whole request.
func (a *API) byToken(token string) func(context.Context) (*access.Principal, error) {
	kept := unique.Make(token)
	return func(ctx context.Context) (*access.Principal, error) { return a.Auth.Verify(ctx, kept.Value()) }
}

func (a *API) byKey(key string) func(context.Context) (*access.Principal, error) {
	key = strings.Clone(key)
	return func(ctx context.Context) (*access.Principal, error) { return a.Auth.VerifyKey(ctx, key) }
}

// client is where the request comes from.
func (c *call) client() auth.Client {
	return auth.Client{Addr: c.api.remote(c.Request), Agent: c.UserAgent()}
}

// withOrigin lets what a request does be recorded with where it came from.
func (a *API) withOrigin(ctx context.Context, r *http.Request, id string) context.Context {
	return audit.WithOrigin(ctx, audit.Origin{Addr: a.remote(r), Agent: r.UserAgent(), Request: id})
}

// body reads the whole body of a JSON request.
func (c *call) body() ([]byte, error) {
	if kind := c.Header.Get("Content-Type"); !isJSON(kind) {
		return nil, fault.New(fault.HTTPMediaType, "the body is %q; send application/json", kind)
	}
	data, err := io.ReadAll(c.Request.Body)
	if over, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, fault.New(fault.HTTPBodyTooLarge, "the body has more than %d bytes", over.Limit)
	}
	if err != nil {
		return nil, fault.New(fault.QueryMalformed, "the body ended early").Because(err)
	}
	return data, nil
}

func isJSON(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	return kind == "application/json" || kind == "application/merge-patch+json"
}

// setCommon sets the headers of every answer.
func setCommon(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private, no-cache")
		h.Add("Vary", "Authorization, Cookie, X-Api-Key")
	}
}

// stream writes an answer piece by piece. One that fails on its way is broken
// off, so that nobody takes a part for the whole.
func (a *API) stream(w http.ResponseWriter, r *http.Request, id string, answer reply) {
	setCommon(w.Header())
	w.Header().Set("Content-Type", answer.mime)
	w.WriteHeader(answer.status)
	if r.Method == http.MethodHead {
		return
	}
	out := bufio.NewWriterSize(patient{w, http.NewResponseController(w), a.Timeout}, streamBuffer)
	err := answer.stream(r.Context(), out)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		return
	}
	if r.Context().Err() == nil && fault.Of(err).Kind() == fault.Internal {
		a.Log.Error("an answer was broken off", "method", r.Method, "path", r.URL.Path, "request", id, "error", err)
	}
	panic(http.ErrAbortHandler)
}

// streamBuffer is in bytes, of one write.
const streamBuffer = 32 << 10

// patient gives each write a time of its own, and no more.
type patient struct {
	http.ResponseWriter
	control *http.ResponseController
	each    time.Duration
}

func (p patient) Write(b []byte) (int, error) {
	_ = p.control.SetWriteDeadline(time.Now().Add(p.each)) // where it can't be set, the listener's own limit holds
	return p.ResponseWriter.Write(b)
}

// send writes an answer.
func send(w http.ResponseWriter, r *http.Request, answer reply) {
	h := w.Header()
	setCommon(h)
	if answer.body != nil {
		mime := answer.mime
		if mime == "" {
			mime = "application/json"
		}
		h.Set("Content-Type", mime)
		h.Set("Content-Length", strconv.Itoa(len(answer.body)))
	}
	w.WriteHeader(answer.status)
	if r.Method != http.MethodHead {
		w.Write(answer.body) // an error here is the client's leaving
	}
}

// fail answers with a problem document (RFC 9457). The cause goes to the log
// and nowhere else.
func (a *API) fail(w http.ResponseWriter, r *http.Request, id string, err error) {
	if r.Context().Err() != nil { // without an answer of ours, a client that still listens would read an empty 200
		err = fault.New(fault.HTTPTimeout, "the request was broken off before it was answered; look whether it took effect, then send it again").Because(err)
	}
	if errors.Is(err, context.DeadlineExceeded) && fault.Of(err).Kind() != fault.Unavailable { // what else ran out of time says so itself
		err = fault.New(fault.HTTPTimeout, "the request took longer than %s; ask for less at once", a.Timeout).Because(err)
	}
	e := fault.Of(err)
	if e.Kind() == fault.Internal {
		a.Log.Error("request failed", "method", r.Method, "path", r.URL.Path, "request", id, "error", err)
	}
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int((e.RetryAfter+time.Second-1)/time.Second))))
	}
	if e.Kind() == fault.Unauthenticated {
		w.Header().Set("WWW-Authenticate", `Bearer realm="loam"`)
	}
	w.Header().Set("Cache-Control", "no-store")
	answer := reply{status: e.Status(), body: problem(e, id), mime: "application/problem+json"}
	if r.URL.Path == "/graphql" && e.Kind() == fault.Unauthenticated {
		w.Header().Set("X-Amzn-Errortype", "UnauthorizedException")
		answer.body, answer.mime = unauthorized(e), "application/json"
	}
	if speaksOAuth(r.URL.Path) {
		answer = oauthProblem(w.Header(), e)
	}
	send(w, r, answer)
}
