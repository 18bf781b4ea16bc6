package httpapi

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/graphql"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/realtime"
	"github.com/loam-dev/loam/internal/socket"
)

// subscribe answers with the events of a subscription, one after the other.
func (c *call) subscribe(shape *graphql.Subscription) (reply, error) {
	caller, err := c.caller()
	if err != nil {
		return reply{}, err
	}
	by, api := c.by, c.api
	return reply{live: func(w http.ResponseWriter) error {
		return api.Sockets.Events(w, caller, by, socket.GraphQLFormat(shape), func(sink realtime.Sink) (*realtime.Subscription, error) {
			return api.door.Subscribe(context.WithoutCancel(c.Context()), by, shape, sink)
		})
	}}, nil
}

// wantsSocket tells whether the client would go on with a WebSocket.
func (c *call) wantsSocket() bool { return strings.EqualFold(c.Header.Get("Upgrade"), "websocket") }

// socket hands the connection over to a protocol of WebSockets.
func (c *call) socket(open func(http.ResponseWriter, *http.Request, socket.Caller, *socket.Door) error) (reply, error) {
	if err := c.welcome(); err != nil {
		return reply{}, err
	}
	caller, err := c.caller()
	if err != nil {
		return reply{}, err
	}
	return reply{live: func(w http.ResponseWriter) error { return open(w, c.Request, caller, c.api.door) }}, nil
}

// welcome refuses a page of a site that may not read what this server answers: a
// browser lets any page open a WebSocket to anywhere, cookies included.
func (c *call) welcome() error {
	if slices.Contains(c.api.Origins, "*") && !c.carriesSession() {
		return nil
	}
	change := c.WithContext(c.Context())
	change.Method = http.MethodPost // sites are asked only of what changes something
	if c.api.sites.Check(change) != nil {
		return fault.New(fault.HTTPForeign, "a page of another site may not open a WebSocket here; name the site in api.cors.origins")
	}
	return nil
}

func (c *call) carriesSession() bool {
	name, _ := cookieNames(c.secure())
	return c.api.Cookies && c.cookie(name) != ""
}

// shown verifies the credentials in a message, a bare token among them.
func (a *API) shown(authorization, key string) (socket.Verify, error) {
	switch {
	case authorization != "" && key != "":
		return nil, fault.New(fault.HTTPCredentials, "send either Authorization or X-Api-Key, not both")
	case key != "":
		return a.byKey(key), nil
	}
	scheme, rest, spaced := strings.Cut(authorization, " ")
	switch {
	case !spaced:
		return a.byToken(authorization), nil
	case strings.EqualFold(scheme, "Bearer"):
		return a.byToken(strings.TrimSpace(rest)), nil
	}
	return nil, fault.New(fault.AuthBadToken, "send Bearer <access token>")
}

// execute answers a document that came over a connection that stays, under the guards
// of a request of its own.
func (a *API) execute(ctx context.Context, caller *socket.Caller, by *access.Principal, r *graphql.Request) *graphql.Answer {
	addr, _ := netip.ParseAddr(caller.Remote) // without one, none is recorded
	ctx = audit.WithOrigin(ctx, audit.Origin{Addr: addr, Request: requestID()})
	if by.Impersonator != "" {
		ctx = audit.WithImpersonator(ctx, by.Impersonator)
	}
	app := a.App()
	err := a.Tenant.Admit(ctx, by)
	if err == nil {
		err = admits(by, true)
	}
	switch {
	case err == nil && app == nil:
		err = fault.New(fault.Unready, "the server has no schema yet")
	case err == nil:
		err = app.Refuses
	}
	if err != nil {
		return graphql.Refuse(err)
	}
	return app.GraphQL.Execute(ctx, by, r)
}

// appSync takes the WebSocket of an Amplify client, whose credentials stand in one of
// the subprotocols that it offers, or in older ones in the URL.
func appSync(c *call) (reply, error) {
	if !c.wantsSocket() {
		return reply{}, fault.New(fault.RealtimeHandshake, "this is a WebSocket of the subprotocol graphql-ws")
	}
	shown, err := appSyncHeaders(c.Request)
	if err != nil {
		return reply{}, err
	}
	if shown == nil {
		return c.socket(c.api.Sockets.AppSync)
	}
	return c.socket(func(w http.ResponseWriter, r *http.Request, caller socket.Caller, door *socket.Door) error {
		verify, err := c.api.shown(shown["authorization"], shown["x-api-key"])
		if err != nil {
			verify = func(context.Context) (*access.Principal, error) { return nil, err }
		}
		return c.api.Sockets.AppSync(w, r, socket.Caller{Verify: verify, Remote: caller.Remote}, door)
	})
}

// appSyncHeaders are the credentials that an Amplify client shows, by names in lower
// case; nil for none.
func appSyncHeaders(r *http.Request) (map[string]string, error) {
	text := r.URL.Query().Get("header")
	encoding := base64.StdEncoding
	for _, offered := range strings.Split(r.Header.Get("Sec-Websocket-Protocol"), ",") {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(offered), "header-"); ok {
			text, encoding = rest, base64.RawURLEncoding
		}
	}
	if text == "" {
		return nil, nil
	}
	malformed := fault.New(fault.HTTPCredentials, "the credentials are an object in JSON and base64")
	raw, err := encoding.DecodeString(text)
	if err != nil {
		return nil, malformed.Because(err)
	}
	v, err := query.DecodeJSON(raw)
	if err != nil {
		return nil, malformed.Because(err)
	}
	in, ok := v.(map[string]any)
	if !ok {
		return nil, malformed
	}
	out := map[string]string{}
	for name, value := range in {
		if text, ok := value.(string); ok {
			out[strings.ToLower(name)] = text
		}
	}
	if out["authorization"] == "" && out["x-api-key"] == "" {
		return nil, nil
	}
	return out, nil
}
