package socket

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	json "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/channel"
	"github.com/loam-dev/loam/internal/fault"
)

// Channels over a WebSocket, in a subprotocol of our own.

const channelsProtocol = "loam-channels"

// lostAfter is how long nothing may be heard of a client by which somebody is present:
// it is asked to answer every pulse.
const lostAfter = 2*pulse + time.Second

// ChannelDoor is the app's channels, as the connections of all its clients ask for them.
type ChannelDoor struct {
	Hub     *channel.Hub
	Show    func(authorization, key string) (Verify, error) // see Door
	Admit   func(context.Context, *access.Principal) error  // refuses who may not use the app's data
	Timeout time.Duration                                   // of one message
}

// channels is one client's connection.
type channels struct {
	webSocket
	door  *ChannelDoor
	ref   string
	over  atomic.Bool // nothing is told any more
	shown atomic.Bool // somebody is present by it

	mu      sync.Mutex
	members map[string]*channel.Member // by the channel's name
}

// Channels takes a connection for channels; another goroutine serves it once this
// returns. Ref is what others know it by.
func (s *Server) Channels(w http.ResponseWriter, r *http.Request, caller Caller, door *ChannelDoor, ref string) error {
	c := &channels{door: door, ref: ref, members: map[string]*channel.Member{}}
	c.credentials = credentials{door.Show, door.Timeout}
	c.conn = s.conn(caller, c)
	return c.begin(w, r, channelsProtocol, c)
}

// ask is what a client says.
type ask struct {
	Type          string         `json:"type"`
	ID            jsontext.Value `json:"id"` // of the answer; without one only an error is answered
	Channel       string         `json:"channel"`
	State         jsontext.Value `json:"state"`
	Since         string         `json:"since"`
	Event         string         `json:"event"`
	Data          jsontext.Value `json:"data"`
	Authorization string         `json:"authorization"`
	Key           string         `json:"x-api-key"`
}

// readAsk reads what a client says in a protocol of our own; members are what it may
// have.
func readAsk[T any](data []byte, members string) (T, error) {
	var a T
	err := json.Unmarshal(data, &a, json.RejectUnknownMembers(true))
	if err == nil {
		return a, nil
	}
	text := "the message is not well formed"
	if e, ok := errors.AsType[*json.SemanticError](err); ok && e.JSONPointer != "" {
		text = fmt.Sprintf("%s of the message does not fit: it has %s", e.JSONPointer, members)
	}
	return a, &closing{closeBadMessage, text}
}

// checkID refuses what is no id of a client's.
func checkID(id jsontext.Value) error {
	if k := id.Kind(); len(id) > maxID || k != jsontext.Kind(0) && k != '0' && k != '"' {
		return &closing{closeBadMessage, fmt.Sprintf("an id is a number or a text of up to %d bytes", maxID)}
	}
	return nil
}

// answer is what is said of what a client has asked for.
type answer struct {
	Type    string         `json:"type"`
	ID      jsontext.Value `json:"id,omitzero"`
	Ref     string         `json:"ref,omitempty"`     // of auth: the connection's
	Message string         `json:"message,omitempty"` // of send: the message's id
}

// receive does what a message says. An error ends the connection.
func (c *channels) receive(data []byte) (err error) {
	defer c.recovered(&err)
	a, err := readAsk[ask](data, "type, id, channel, state, since, event and data")
	if err == nil {
		err = checkID(a.ID)
	}
	if err != nil || c.over.Load() {
		return err
	}
	switch a.Type {
	case "auth":
		return c.auth(a)
	case "ping":
		c.tell(answer{Type: "pong", ID: a.ID})
		return nil
	case "join", "leave", "state", "send":
		if c.by.Load() == nil {
			return &closing{closeUnauthorized, "Unauthorized: send auth first"}
		}
		id, err := c.act(a)
		switch {
		case err != nil:
			c.sayError("error", a.ID, a.Channel, err)
		case a.ID != nil:
			c.tell(answer{Type: "ok", ID: a.ID, Message: id})
		}
		return nil
	}
	return &closing{closeBadMessage, "a message's type is auth, join, leave, state, send or ping"}
}

// auth takes the credentials that count from now on.
func (c *channels) auth(a ask) error {
	err := c.enter(a.Authorization, a.Key, func(ctx context.Context, by *access.Principal) error {
		if by.Kind == access.Anonymous {
			return fault.New(fault.AccessSignIn, "show an access token or an API key")
		}
		return c.door.Admit(ctx, by)
	})
	if err == nil {
		c.tell(answer{Type: "ok", ID: a.ID, Ref: c.ref})
	}
	return err
}

// act does what is asked of a channel.
func (c *channels) act(a ask) (id string, err error) {
	ctx, cancel := context.WithTimeout(c.server.context, c.timeout)
	defer cancel()
	m := c.member(a.Channel)
	switch {
	case a.Type == "join" && m == nil:
		return "", c.join(ctx, a)
	case a.Type == "join":
		return "", fault.New(fault.ChannelTwice, "this connection is in %s already", a.Channel)
	case m == nil:
		return "", fault.New(fault.ChannelUnknown, "this connection is not in %q; join it first", a.Channel)
	case a.Type == "leave":
		c.drop(a.Channel, m)
		m.Leave()
		return "", nil
	case a.Type == "state":
		if a.State == nil {
			a.State = jsontext.Value("null")
		}
		c.shown.Store(true)
		return "", m.Show(ctx, a.State)
	}
	return m.Send(ctx, channel.Message{Event: a.Event, Data: a.Data})
}

func (c *channels) join(ctx context.Context, a ask) error {
	if err := c.door.Hub.Another(c.count()); err != nil {
		return err
	}
	by := c.by.Load()
	if err := c.door.Admit(ctx, by); err != nil {
		return err
	}
	if a.State != nil {
		c.shown.Store(true)
	}
	m, err := c.door.Hub.Join(ctx, by, a.Channel, channel.Joining{Ref: c.ref, State: a.State, Since: a.Since}, c)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.members[a.Channel] = m
	c.mu.Unlock()
	if is := c.by.Load(); is != by { // who changed meanwhile: the sweep did not know of this member
		err = m.Rebind(ctx, is)
	}
	if err != nil || !m.In() {
		c.drop(a.Channel, m)
	}
	return err
}

func (c *channels) member(name string) *channel.Member {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.members[name]
}

func (c *channels) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.members)
}

func (c *channels) drop(name string, m *channel.Member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.members[name] == m {
		delete(c.members, name)
	}
}

func (c *channels) all() map[string]*channel.Member {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.members)
}

// sayError tells what was not done, or why a channel is over for the connection.
func (c *channels) sayError(kind string, id jsontext.Value, name string, err error) {
	e := fault.Of(err)
	if e.Kind() == fault.Internal {
		c.server.Log.Error("a message failed", "channel", name, "error", err)
	}
	c.tell(struct {
		answer
		Channel string     `json:"channel"`
		Code    fault.Code `json:"code"`
		Detail  string     `json:"detail"`
		Status  int        `json:"status"`
	}{answer{Type: kind, ID: id}, name, e.Code, e.Message, e.Status()})
}

// Tell sends an event.
func (c *channels) Tell(_ *channel.Member, e *channel.Event) {
	if c.over.Load() {
		return
	}
	err := c.write(func(b []byte) []byte {
		return appendText(b, func(b []byte) []byte {
			b = append(append(append(b, `{"type":"`...), e.Kind...), `","channel":"`...)
			b = append(append(b, e.Channel...), `",`...) // of characters that need no escape
			return append(b, e.Body[1:]...)
		})
	})
	if errors.Is(err, errSlow) && !c.over.Swap(true) {
		go c.fail(slow(c.limit))
	}
}

// End tells that the hub has put the connection out of a channel.
func (c *channels) End(m *channel.Member, why error) {
	c.drop(m.Channel(), m)
	c.sayError("ended", nil, m.Channel(), why)
}

func (c *channels) refuse(err error) {
	c.over.Store(true)
	c.webSocket.refuse(err)
}

func (c *channels) rebind(by *access.Principal) {
	for _, m := range c.all() {
		if err := m.Rebind(c.server.context, by); err != nil {
			c.End(m, err)
		}
	}
}

func (c *channels) leave() {
	for _, m := range slices.Collect(maps.Values(c.all())) {
		m.Leave()
	}
}

func (c *channels) beat() { _ = c.send(pingFrame[:]) } // one who does not answer is gone

func (c *channels) pulse(now time.Time) {
	if !c.shown.Load() {
		return
	}
	if now.Sub(time.UnixMilli(c.heard.Load())) > lostAfter {
		c.leave() // at once: the last words may take a moment
		c.fail(&closing{closeIdle, "nothing was heard of you for " + lostAfter.String()})
		return
	}
	c.beat()
}
