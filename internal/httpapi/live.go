package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/realtime"
	"github.com/loam-dev/loam/internal/resturl"
	"github.com/loam-dev/loam/internal/socket"
)

const eventStream = "text/event-stream"

// wantsEvents tells whether the client asks for an answer of events. A HEAD has no
// answer that could go on.
func (c *call) wantsEvents() bool {
	if c.Method == http.MethodHead {
		return false
	}
	for _, accept := range c.Header.Values("Accept") {
		for part := range strings.SplitSeq(accept, ",") {
			kind, _, _ := strings.Cut(part, ";")
			if strings.EqualFold(strings.TrimSpace(kind), eventStream) {
				return true
			}
		}
	}
	return false
}

// caller is who opens a connection that stays.
func (c *call) caller() (socket.Caller, error) {
	verify, err := c.verifier()
	if c.as != nil {
		verify = c.as.Verify
	}
	return socket.Caller{Verify: verify, Remote: c.client().Addr.String()}, err
}

// followed is the list that a path behind /api/ asks for, and the position in it.
func (a *App) followed(plural, rawQuery string) (read *query.Read, since string, err error) {
	if strings.HasSuffix(plural, aggregateSuffix) {
		return nil, "", fault.New(fault.RealtimeNotFollowed, "totals are not followed; ask for them again in a while, or follow the list with count=true").At("Accept")
	}
	m, err := a.modelAt(plural)
	if err != nil {
		return nil, "", err
	}
	rawQuery, since = cutSince(rawQuery)
	read, err = resturl.Read(m, rawQuery, false)
	return read, since, err
}

// follow answers with the rows of a list and then with what changes in it. A client
// that was away sends the id of the last event that it has seen.
func (c *call) follow() (reply, error) {
	read, since, err := c.app.followed(c.PathValue("plural"), c.URL.RawQuery)
	if err != nil {
		return reply{}, err
	}
	if last := c.Header.Get("Last-Event-ID"); last != "" {
		since = last
	}
	caller, err := c.caller()
	if err != nil {
		return reply{}, err
	}
	by, hub := c.by, c.api.Hub
	return reply{live: func(w http.ResponseWriter) error {
		return c.api.Sockets.Events(w, caller, by, socket.ListFormat(), func(sink realtime.Sink) (*realtime.Subscription, error) {
			return hub.Subscribe(context.WithoutCancel(c.Context()), by, realtime.Request{Read: read, Since: since}, sink)
		})
	}}, nil
}

// liveSocket opens a WebSocket that follows lists.
func liveSocket(c *call) (reply, error) {
	if !c.wantsSocket() {
		return reply{}, fault.New(fault.RealtimeHandshake, "this is a WebSocket of the subprotocol loam-live; a single list is at /api/{plural}, with Accept: text/event-stream")
	}
	return c.socket(func(w http.ResponseWriter, r *http.Request, caller socket.Caller, _ *socket.Door) error {
		return c.api.Sockets.Live(w, r, caller, c.api.lists)
	})
}

// listAt is the list that a path asks for which comes in a message, held to what a
// request's URL is.
func (a *API) listAt(path string) (*query.Read, string, error) {
	app := a.App()
	switch {
	case app == nil:
		return nil, "", fault.New(fault.Unready, "the server has no schema yet")
	case app.Refuses != nil:
		return nil, "", app.Refuses
	}
	path, rawQuery, _ := strings.Cut(path, "?")
	plural, found := strings.CutPrefix(path, "/api/")
	if !found || strings.Contains(plural, "/") {
		return nil, "", fault.New(fault.RealtimeNotFollowed, "only lists are followed: the path is /api/{plural}, with the parameters of that list").At("path")
	}
	if err := checkQuery(rawQuery); err != nil {
		return nil, "", err
	}
	return app.followed(plural, rawQuery)
}

// cutSince takes the parameter `since` out of a query: a field of that name is
// filtered by as since.eq.
func cutSince(rawQuery string) (rest, since string) {
	var kept []string
	for pair := range strings.SplitSeq(rawQuery, "&") {
		if value, ok := strings.CutPrefix(pair, "since="); ok {
			since = value // base64url: nothing to unescape
		} else {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&"), since
}
