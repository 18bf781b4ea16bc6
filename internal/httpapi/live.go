package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/realtime"
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
	return socket.Caller{Verify: verify, Remote: c.client().Addr.String()}, err
}

// follow answers with the rows of a list and then with what changes in it. A client
// that was away sends the id of the last event that it has seen.
func (c *call) follow(read *query.Read, since string) (reply, error) {
	if read.Op == query.Aggregate {
		return reply{}, fault.New(fault.RealtimeNotFollowed, "totals are not followed; ask for them again in a while, or follow the list with count=true").At("Accept")
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
