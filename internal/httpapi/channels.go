package httpapi

import (
	"context"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/channel"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/socket"
)

// getChannel shows a channel, or has the caller join it for as long as they listen.
func getChannel(c *call) (reply, error) {
	if c.wantsEvents() {
		return c.joinChannel()
	}
	if err := c.parameters(); err != nil {
		return reply{}, err
	}
	view, err := c.api.Channels.Look(c.Context(), c.by, c.PathValue("name"))
	return c.answer(http.StatusOK, view, err)
}

func (c *call) joinChannel() (reply, error) {
	if err := c.parameters("state", "since"); err != nil {
		return reply{}, err
	}
	q := c.URL.Query()
	in := channel.Joining{Since: q.Get("since")}
	if last := c.Header.Get("Last-Event-ID"); last != "" {
		in.Since = last
	}
	if q.Has("state") {
		in.State = []byte(q.Get("state"))
	}
	var err error
	if in.Ref, err = connectionRef(); err != nil {
		return reply{}, err
	}
	caller, err := c.caller()
	if err != nil {
		return reply{}, err
	}
	by, name, hub, sockets := c.by, c.PathValue("name"), c.api.Channels, c.api.Sockets
	return reply{live: func(w http.ResponseWriter) error {
		return sockets.Channel(w, caller, by, func(sink channel.Sink) (*channel.Member, error) {
			return hub.Join(context.WithoutCancel(c.Context()), by, name, in, sink)
		})
	}}, nil
}

// connectionRef names a connection to others in its channels; later ones are greater.
func connectionRef() (string, error) {
	id, err := uuid.NewV7()
	return id.String(), err
}

// channelSocket opens a WebSocket that joins channels.
func channelSocket(c *call) (reply, error) {
	if !c.wantsSocket() {
		return reply{}, fault.New(fault.RealtimeHandshake, "this is a WebSocket of the subprotocol loam-channels; a single channel is at /channels/{name}")
	}
	ref, err := connectionRef()
	if err != nil {
		return reply{}, err
	}
	return c.socket(func(w http.ResponseWriter, r *http.Request, caller socket.Caller, _ *socket.Door) error {
		return c.api.Sockets.Channels(w, r, caller, c.api.talk, ref)
	})
}

// mayTalk holds who comes by an open connection to what a request of theirs is held to.
func (a *API) mayTalk(ctx context.Context, by *access.Principal) error {
	if err := a.Tenant.Admit(ctx, by); err != nil {
		return err
	}
	return admits(by, true)
}

// parameters refuses parameters of the URL that have another name, or stand twice.
func (c *call) parameters(names ...string) error {
	for name, values := range c.URL.Query() {
		switch {
		case !slices.Contains(names, name):
			return fault.New(fault.HTTPParameter, "unknown parameter %q; leave it out%s", name, schema.DidYouMean(name, names)).At(name)
		case len(values) > 1:
			return fault.New(fault.HTTPParameter, "%q stands %d times; send it once", name, len(values)).At(name)
		}
	}
	return nil
}

// sendToChannel sends a message. Whom it is from is the caller, whatever is sent.
func sendToChannel(c *call) (reply, error) {
	in, err := decode[channel.Message](c)
	if err != nil {
		return reply{}, err
	}
	id, err := c.api.Channels.Send(c.Context(), c.by, c.PathValue("name"), in)
	return c.answer(http.StatusOK, map[string]string{"id": id}, err)
}
