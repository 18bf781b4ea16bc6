package socket

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/realtime"
)

// Server-sent events: an answer that never ends (WHATWG HTML, "Server-sent events").

// Format is how a client is told. Neither function may wait for anything.
type Format struct {
	Event func(b []byte, s *realtime.Subscription, e *realtime.Event) []byte // appends an event
	End   func(error) []byte                                                 // the last words
	Ids   bool                                                               // events have ids to resume from
}

// stream is an answer of events, of one subscription.
type stream struct {
	*conn
	format Format
	sub    atomic.Pointer[realtime.Subscription]
	ended  atomic.Bool
}

// Events answers a request with the events of a subscription for as long as the
// client stays; another goroutine serves it once this returns. An error comes before
// anything was sent.
func (s *Server) Events(w http.ResponseWriter, caller Caller, by *access.Principal, f Format, subscribe func(realtime.Sink) (*realtime.Subscription, error)) error {
	st := &stream{format: f}
	st.conn = s.conn(caller, st)
	return s.stream(w, st.conn, by, func() error {
		sub, err := subscribe(st)
		if err != nil {
			return err
		}
		st.sub.Store(sub)
		if now := st.by.Load(); now != by { // rights changed before there was anything to go on under new ones
			st.rebind(now)
		}
		return nil
	})
}

// stream takes a connection in, begins what is sent over it, and takes it from the
// HTTP server.
func (s *Server) stream(w http.ResponseWriter, c *conn, by *access.Principal, begin func() error) error {
	c.by.Store(by)
	err := s.open(c)
	if err == nil {
		err = s.admit(c, by)
	}
	if err == nil {
		err = begin()
	}
	var nc net.Conn
	if err == nil {
		nc, _, err = hijack(w)
	}
	if err != nil {
		s.forget(c)
		return err
	}
	c.attach(nc, head(w.Header()))
	go c.listen()
	return nil
}

// head is the beginning of the answer: the client may come back a second after it
// was lost.
func head(h http.Header) []byte {
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("Connection", "close") // the end of the answer is that of the connection
	h.Set("X-Accel-Buffering", "no")
	h.Del("Content-Length")
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 200 OK\r\n")
	_ = h.Write(&b) // to memory
	b.WriteString("\r\nretry: 1000\n\n")
	return b.Bytes()
}

// listen waits for the client to leave. What it says is not heard.
func (c *conn) listen() {
	var b [64]byte
	for {
		if _, err := c.net.Read(b[:]); err != nil {
			break
		}
	}
	c.close()
	c.server.forget(c)
}

// Tell sends an event.
func (st *stream) Tell(s *realtime.Subscription, e *realtime.Event) {
	if st.ended.Load() {
		return
	}
	if err := st.write(func(b []byte) []byte { return st.format.Event(b, s, e) }); errors.Is(err, errSlow) {
		st.End(s, slow(st.limit))
	}
}

// slow is the error of a client that takes too little.
func slow(limit int) error {
	return fault.New(fault.RealtimeSlow, "more than %d bytes wait for you; connect again and resume from the last event, and take events faster or follow fewer", limit)
}

// End ends the stream; the hub waits for nothing.
func (st *stream) End(_ *realtime.Subscription, err error) {
	if !st.ended.Swap(true) {
		go st.fail(err)
	}
}

func (st *stream) refuse(err error) {
	st.ended.Store(true)
	st.finish(st.format.End(err))
}

// farewellEvent tells why the answer ends.
func farewellEvent(err error) []byte {
	return fmt.Appendf(nil, "event: error\ndata: %s\n\n", problem(err))
}

// problem is an error as clients of every protocol read it.
func problem(err error) []byte {
	e := fault.Of(err)
	text, err := json.Marshal(map[string]any{"code": e.Code, "message": e.Message, "status": e.Status()})
	if err != nil {
		panic("socket: an error always encodes: " + err.Error())
	}
	return text
}

func (st *stream) rebind(by *access.Principal) {
	if sub := st.sub.Load(); sub != nil {
		if err := sub.Rebind(st.server.context, by); err != nil {
			st.fail(err)
		}
	}
}

func (st *stream) leave() {
	if sub := st.sub.Load(); sub != nil {
		sub.Close()
	}
}

// beat says how far all is told, which an event source remembers: who hears of
// nothing for long would otherwise come back with a position of long ago.
func (st *stream) beat() {
	if st.ended.Load() {
		return
	}
	sign := []byte(":\n\n")
	if sub := st.sub.Load(); sub != nil && st.format.Ids {
		if at := sub.Reached([]byte("id: ")); len(at) > len("id: ") {
			sign = append(at, "\n\n"...)
		}
	}
	_ = st.send(sign) // what waits shows the client's pace
}

// ListFormat is that of a live list.
func ListFormat() Format {
	return Format{listEvent, farewellEvent, true}
}

func listEvent(b []byte, s *realtime.Subscription, e *realtime.Event) []byte {
	b = append(append(append(b, "event: "...), e.Op.String()...), "\nid: "...)
	b = append(s.Position(b, e.Resume), "\ndata: "...)
	return append(listData(b, s, e), "\n\n"...)
}

// listData appends what an event says, in JSON.
func listData(b []byte, s *realtime.Subscription, e *realtime.Event) []byte {
	switch e.Op {
	case realtime.Rows:
		b = append(append(append(b, `{"items":[`...), e.Page.Items...), ']', ',')
		b = nextCursor(b, e.Page.Next)
		if e.Page.Counted {
			b = strconv.AppendInt(append(b, `,"total":`...), e.Page.Total, 10)
		}
		return append(b, '}')
	case realtime.Gap:
		return append(b, `{}`...)
	case realtime.Next:
		return append(nextCursor(append(b, '{'), s.Cursor(e)), '}')
	}
	id, err := json.Marshal(e.ID)
	if err != nil {
		panic("socket: an id always encodes: " + err.Error())
	}
	b = append(append(b, `{"id":`...), id...)
	if e.Row != nil {
		b = append(strconv.AppendInt(append(b, `,"index":`...), int64(e.Index), 10), `,"row":`...)
		b = append(b, e.Row...)
	}
	if e.End != nil {
		b = nextCursor(append(b, ','), s.Cursor(e))
	}
	return append(b, '}')
}

// nextCursor appends the member that says what follows a list.
func nextCursor(b []byte, cursor string) []byte {
	b = append(b, `"nextCursor":`...)
	if cursor == "" {
		return append(b, "null"...)
	}
	return strconv.AppendQuote(b, cursor) // base64url: nothing to escape
}
