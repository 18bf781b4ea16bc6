package socket

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/graphql"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/realtime"
)

// GraphQL over a WebSocket, in two subprotocols: graphql-transport-ws, and the one
// that Amplify's clients speak with AppSync.

// Door is the app's GraphQL, as the connections of all its clients ask it.
type Door struct {
	// Execute answers a document; one that is a subscription gets Follow.
	Execute func(context.Context, *Caller, *access.Principal, *graphql.Request) *graphql.Answer
	// Show is whom the credentials in a message stand for.
	Show    func(authorization, key string) (Verify, error)
	Hub     *realtime.Hub
	Timeout time.Duration // of a query or mutation
}

// Subscribe follows what a document asks for.
func (d *Door) Subscribe(ctx context.Context, by *access.Principal, s *graphql.Subscription, sink realtime.Sink) (*realtime.Subscription, error) {
	writes := map[graphql.OperationKind]realtime.Writes{
		graphql.OnCreate: realtime.Creates, graphql.OnUpdate: realtime.Updates, graphql.OnDelete: realtime.Deletes,
	}[s.Kind]
	return d.Hub.Subscribe(ctx, by, realtime.Request{Read: s.Read, Writes: writes, Since: s.Since}, sink)
}

// appendEvent appends the answer to an event.
func appendEvent(b []byte, shape *graphql.Subscription, s *realtime.Subscription, e *realtime.Event) []byte {
	out := graphql.Event{ID: e.ID, Row: e.Row}
	if shape.Kind == graphql.OnChange {
		out.Op = strings.ToUpper(e.Op.String())
		out.Cursor = func(b []byte) []byte { return s.Position(b, e.Resume) }
	}
	return shape.Append(b, &out)
}

// GraphQLFormat is that of graphql-sse's distinct connections. There is no last word
// but to come again: an end would say that all is told.
func GraphQLFormat(shape *graphql.Subscription) Format {
	return Format{
		func(b []byte, s *realtime.Subscription, e *realtime.Event) []byte {
			b = appendEvent(append(b, "event: next\ndata: "...), shape, s, e)
			return append(b, "\n\n"...)
		},
		func(err error) []byte { return append(append([]byte(": "), problem(err)...), "\n\n"...) },
		false,
	}
}

// SSEAnswer is the one answer of a query or mutation as graphql-sse sends it.
func SSEAnswer(body []byte) []byte {
	return append(append([]byte("event: next\ndata: "), body...), "\n\nevent: complete\ndata: \n\n"...)
}

// dialect is how a subprotocol says things.
type dialect struct {
	name                    string
	start, stop, next       string // types of messages
	appSync                 bool
	errorsBefore, errorsEnd string // around a list of errors
}

// The subprotocols.
var (
	transportWS = dialect{name: "graphql-transport-ws", start: "subscribe", stop: "complete", next: "next"}
	appSyncWS   = dialect{name: "graphql-ws", start: "start", stop: "stop", next: "data", appSync: true, errorsBefore: `{"errors":`, errorsEnd: "}"}
)

// graphQL is one client's connection.
type graphQL struct {
	webSocket
	*dialect
	door *Door
	over atomic.Bool // nothing is told any more
	said bool        // connection_init was; the reader's alone

	mu  sync.Mutex
	ops []*operation
}

// GraphQL takes a connection for graphql-transport-ws; another goroutine serves it
// once this returns.
func (s *Server) GraphQL(w http.ResponseWriter, r *http.Request, caller Caller, door *Door) error {
	return s.graphQL(w, r, caller, door, &transportWS)
}

// AppSync is GraphQL for the clients of AWS Amplify. An error in their credentials
// is told over the connection.
func (s *Server) AppSync(w http.ResponseWriter, r *http.Request, caller Caller, door *Door) error {
	return s.graphQL(w, r, caller, door, &appSyncWS)
}

func (s *Server) graphQL(w http.ResponseWriter, r *http.Request, caller Caller, door *Door, d *dialect) error {
	g := &graphQL{dialect: d, door: door}
	g.credentials = credentials{door.Show, door.Timeout}
	g.conn = s.conn(caller, g)
	return g.begin(w, r, d.name, g)
}

// message is what a client says.
type message struct {
	kind, id string
	payload  map[string]any
}

func readMessage(data []byte) (message, error) {
	v, err := query.DecodeJSON(data)
	if err != nil {
		return message{}, &closing{closeBadMessage, "the message is not JSON: " + fault.Of(err).Message}
	}
	in, ok := v.(map[string]any)
	if !ok {
		return message{}, &closing{closeBadMessage, "a message is an object"}
	}
	var m message
	m.kind, _ = in["type"].(string)
	if id, there := in["id"]; there {
		if m.id, ok = id.(string); !ok || m.id == "" || len(m.id) > maxID {
			return m, &closing{closeBadMessage, fmt.Sprintf("an id is a text of 1 to %d bytes", maxID)}
		}
	}
	if payload, there := in["payload"]; there && payload != nil {
		if m.payload, ok = payload.(map[string]any); !ok {
			return m, &closing{closeBadMessage, "a payload is an object"}
		}
	}
	return m, nil
}

// maxID is in bytes, of an operation's id.
const maxID = 128

// receive does what a message says. An error ends the connection.
func (g *graphQL) receive(data []byte) (err error) {
	defer g.recovered(&err)
	m, err := readMessage(data)
	if err != nil || g.over.Load() {
		return err
	}
	switch m.kind {
	case "connection_init":
		return g.init(m)
	case g.start:
		return g.open(m)
	case g.stop:
		if m.id == "" {
			return &closing{closeBadMessage, m.kind + " has no id"}
		}
		if op := g.take(m.id); op != nil {
			op.end()
		}
		if g.appSync {
			g.say("complete", m.id, nil)
		}
		return nil
	case "ping":
		if !g.appSync {
			return g.pinged(m)
		}
	case "pong":
		if !g.appSync {
			return nil
		}
	}
	return &closing{closeBadMessage, "there is no message of this type in " + g.name}
}

// init takes the credentials that count from now on: those shown here, or those of
// the request that opened the connection.
func (g *graphQL) init(m message) error {
	if g.said {
		return &closing{closeSecondInit, "Too many initialisation requests"}
	}
	g.said = true
	by, err := g.identify(credentialsIn(m.payload))
	if err != nil {
		if g.appSync {
			g.say("connection_error", "", withPayload(connectionError(err)))
		}
		return &closing{closeUnauthorized, "Unauthorized: " + fault.Of(err).Message}
	}
	if err := g.server.admit(g.conn, by); err != nil {
		if g.appSync {
			g.say("connection_error", "", withPayload(connectionError(err)))
		}
		return closingOf(err)
	}
	g.by.Store(by)
	if !g.appSync {
		g.say("connection_ack", "", nil)
		return nil
	}
	g.say("connection_ack", "", withPayload([]byte(connectionTimeout)))
	g.say("ka", "", nil) // the clients count from when they were made
	return nil
}

// pinged answers a ping, which may bring a new token.
func (g *graphQL) pinged(m message) error {
	if authorization, key := credentialsIn(m.payload); authorization != "" || key != "" {
		if g.by.Load() == nil {
			return &closing{closeUnauthorized, "Unauthorized: send connection_init first"}
		}
		if err := g.adopt(authorization, key); err != nil {
			return err
		}
	}
	g.say("pong", "", nil)
	return nil
}

// say sends a message.
func (g *graphQL) say(kind, id string, payload []byte) {
	_ = g.write(func(b []byte) []byte { // a client that is slow is told by its events
		return appendText(b, func(b []byte) []byte {
			b = append(opening(b, kind, id), payload...)
			return append(b, '}')
		})
	})
}

// opening is a message up to its payload.
func opening(b []byte, kind, id string) []byte {
	b = append(append(append(b, `{"type":"`...), kind...), '"')
	if id != "" {
		text, err := json.Marshal(id)
		if err != nil {
			panic("socket: an id always encodes: " + err.Error())
		}
		b = append(append(b, `,"id":`...), text...)
	}
	return b
}

func withPayload(payload []byte) []byte { return append([]byte(`,"payload":`), payload...) }

// refuse closes the connection with a reason; nothing is told any more.
func (g *graphQL) refuse(err error) {
	g.over.Store(true)
	g.webSocket.refuse(err)
}

func (g *graphQL) operations() []*operation {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.ops)
}

func (g *graphQL) rebind(by *access.Principal) {
	for _, op := range g.operations() {
		if op.own.Load() == nil {
			op.rebind(by)
		}
	}
}

func (g *graphQL) leave() {
	g.over.Store(true)
	for _, op := range g.operations() {
		op.end()
	}
}

func (g *graphQL) beat() {
	_ = g.send(pingFrame[:]) // one who does not answer it is gone
	if g.appSync {
		g.say("ka", "", nil)
	}
}
