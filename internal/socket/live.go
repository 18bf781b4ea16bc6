package socket

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/realtime"
)

// Live lists over one WebSocket, in a subprotocol of our own: those of sse.go, each
// under the id that the client gives it.

const liveProtocol = "loam-live"

// LiveDoor is the app's live lists, as the connections of all its clients ask for them.
type LiveDoor struct {
	Hub   *realtime.Hub
	Show  func(authorization, key string) (Verify, error) // see Door
	Admit func(context.Context, *access.Principal) error  // see ChannelDoor
	// Read is the list that a path of the REST API asks for, and the position in it.
	Read    func(path string) (read *query.Read, since string, err error)
	Timeout time.Duration // of one message
}

// live is one client's connection.
type live struct {
	webSocket
	door *LiveDoor
	over atomic.Bool // nothing is told any more

	mu    sync.Mutex // never held while the hub is asked for anything
	lists map[string]*followed
}

// followed is one list of a connection.
type followed struct {
	of   *live
	id   string      // as the client has written it, in JSON
	over atomic.Bool // nothing is told of it any more

	mu  sync.Mutex // for what may wait; never taken where the hub tells
	sub *realtime.Subscription
}

// Live takes a connection for live lists; another goroutine serves it once this
// returns.
func (s *Server) Live(w http.ResponseWriter, r *http.Request, caller Caller, door *LiveDoor) error {
	l := &live{door: door, lists: map[string]*followed{}}
	l.credentials = credentials{door.Show, door.Timeout}
	l.conn = s.conn(caller, l)
	return l.begin(w, r, liveProtocol, l)
}

// liveAsk is what a client says.
type liveAsk struct {
	Type          string         `json:"type"`
	ID            jsontext.Value `json:"id"`
	Path          string         `json:"path"`
	Since         string         `json:"since"`
	Authorization string         `json:"authorization"`
	Key           string         `json:"x-api-key"`
}

// receive does what a message says. An error ends the connection.
func (l *live) receive(data []byte) (err error) {
	defer l.recovered(&err)
	a, err := readAsk[liveAsk](data, "type, id, path, since, authorization and x-api-key")
	if err == nil {
		err = checkID(a.ID)
	}
	if err != nil || l.over.Load() {
		return err
	}
	switch a.Type {
	case "auth":
		if err := l.enter(a.Authorization, a.Key, l.door.Admit); err != nil {
			return err
		}
		l.tell(answer{Type: "ok", ID: a.ID})
		return nil
	case "ping":
		l.tell(answer{Type: "pong", ID: a.ID})
		return nil
	case "subscribe", "unsubscribe":
		if a.ID == nil {
			return &closing{closeBadMessage, a.Type + " has an id"}
		}
		if a.Type == "subscribe" {
			return l.subscribe(a)
		}
		if f := l.take(string(a.ID)); f != nil {
			f.close()
		}
		return nil
	}
	return &closing{closeBadMessage, "a message's type is auth, subscribe, unsubscribe or ping"}
}

// subscribe has the connection follow a list. What is wrong with the list is told under
// its id.
func (l *live) subscribe(a liveAsk) error {
	if l.by.Load() == nil {
		return &closing{closeUnauthorized, "Unauthorized: send auth first"}
	}
	f := &followed{of: l, id: string(a.ID)}
	l.mu.Lock()
	_, twice := l.lists[f.id]
	full := len(l.lists) >= l.server.Limits.Subscriptions
	if !twice && !full {
		l.lists[f.id] = f
	}
	l.mu.Unlock()
	switch {
	case twice:
		return &closing{closeDuplicate, "the id " + f.id + " is in use"}
	case full:
		f.sayError(fault.New(fault.RealtimeTooMany, "this connection follows %d lists, the most that one may (limits.realtime.subscriptions)", l.server.Limits.Subscriptions))
		return nil
	}
	ctx, cancel := context.WithTimeout(l.server.context, l.door.Timeout)
	defer cancel()
	if err := l.drained(ctx); err != nil {
		return closingOf(err)
	}
	if err := f.begin(ctx, a); err != nil {
		f.End(nil, err)
	}
	return nil
}

// drained waits until the client has taken what was sent before: the rows of many
// lists at once are no reason to call it slow.
func (l *live) drained(ctx context.Context) error {
	for l.waiting() > 0 {
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return slow(l.limit)
		}
	}
	return nil
}

// begin follows what is asked for.
func (f *followed) begin(ctx context.Context, a liveAsk) error {
	by := f.of.by.Load()
	if err := f.of.door.Admit(ctx, by); err != nil {
		return err
	}
	read, since, err := f.of.door.Read(a.Path)
	if err != nil {
		return err
	}
	if a.Since != "" {
		since = a.Since
	}
	sub, err := f.of.door.Hub.Subscribe(ctx, by, realtime.Request{Read: read, Since: since}, f)
	if err != nil {
		return err
	}
	f.mu.Lock()
	f.sub = sub
	f.mu.Unlock()
	if f.over.Load() { // it ended meanwhile
		sub.Close()
	} else if now := f.of.by.Load(); now != by { // the sweep knew nothing of it yet
		f.rebind(now)
	}
	return nil
}

// rebind has the list go on under new rights, or end with an error.
func (f *followed) rebind(by *access.Principal) {
	f.mu.Lock()
	var err error
	if f.sub != nil {
		err = f.sub.Rebind(f.of.server.context, by)
	}
	f.mu.Unlock()
	if err != nil {
		f.End(nil, err)
	}
}

// close lets go of the list.
func (f *followed) close() {
	f.over.Store(true)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sub != nil {
		f.sub.Close()
	}
}

// frame appends a message about the list, up to its data.
func (f *followed) frame(b []byte, kind string) []byte {
	b = append(append(append(b, `{"type":"`...), kind...), `","id":`...)
	return append(b, f.id...)
}

// Tell sends an event.
func (f *followed) Tell(s *realtime.Subscription, e *realtime.Event) {
	if f.over.Load() || f.of.over.Load() {
		return
	}
	err := f.of.write(func(b []byte) []byte {
		return appendText(b, func(b []byte) []byte {
			b = append(f.frame(b, e.Op.String()), `,"position":"`...)
			b = append(s.Position(b, e.Resume), `","data":`...)
			return append(listData(b, s, e), '}')
		})
	})
	if errors.Is(err, errSlow) && !f.of.over.Swap(true) {
		go f.of.fail(slow(f.of.limit))
	}
}

// End tells why the list is not followed any more; the connection goes on.
func (f *followed) End(_ *realtime.Subscription, err error) {
	if f.of.drop(f) {
		f.sayError(err)
	}
}

func (f *followed) sayError(err error) {
	if fault.Of(err).Kind() == fault.Internal {
		f.of.server.Log.Error("a live list failed", "error", err)
	}
	_ = f.of.write(func(b []byte) []byte { // a client that is slow is told by its events
		return appendText(b, func(b []byte) []byte {
			return append(append(append(f.frame(b, "error"), `,"data":`...), problem(err)...), '}')
		})
	})
}

// take removes the list of an id, if there is one.
func (l *live) take(id string) *followed {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.lists[id]
	delete(l.lists, id)
	return f
}

// drop removes a list, and tells whether it still was there.
func (l *live) drop(f *followed) bool {
	f.over.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	there := l.lists[f.id] == f
	if there {
		delete(l.lists, f.id)
	}
	return there
}

func (l *live) all() []*followed {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Values(l.lists))
}

func (l *live) refuse(err error) {
	l.over.Store(true)
	l.webSocket.refuse(err)
}

func (l *live) rebind(by *access.Principal) {
	for _, f := range l.all() {
		f.rebind(by)
	}
}

func (l *live) leave() {
	l.over.Store(true)
	for _, f := range l.all() {
		f.close()
	}
}

// beat says of each list how far all is told, which a client resumes from; one who
// does not answer the ping is gone.
func (l *live) beat() {
	_ = l.send(pingFrame[:])
	for _, f := range l.all() {
		f.mu.Lock()
		sub := f.sub
		f.mu.Unlock()
		if sub == nil || l.over.Load() {
			continue
		}
		const before = `,"position":"`
		if at := sub.Reached([]byte(before)); len(at) > len(before) {
			_ = l.write(func(b []byte) []byte {
				return appendText(b, func(b []byte) []byte { return append(append(f.frame(b, "position"), at...), `"}`...) })
			})
		}
	}
}
