package testkit

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// Socket is a WebSocket of a client.
type Socket struct {
	*websocket.Conn
	s          *Server
	messages   chan string
	closed     chan int // the code, once
	extensions string
}

// Messages are those that no other call has taken; they end with the connection.
func (w *Socket) Messages() <-chan string { return w.messages }

// Extensions are those that the server agreed to.
func (w *Socket) Extensions() string { return w.extensions }

// Dial opens a WebSocket that shows what the client shows, and headers in pairs.
func (c *Client) Dial(path, subprotocol string, headers ...string) *Socket {
	c.s.t.Helper()
	r, w := c.TryDial(path, subprotocol, headers...)
	if w == nil {
		c.s.t.Fatalf("no WebSocket at %s: %d %s", path, r.StatusCode, r.Body)
	}
	return w
}

// TryDial is Dial for what may be refused.
func (c *Client) TryDial(path, subprotocol string, headers ...string) (*Response, *Socket) {
	c.s.t.Helper()
	h := c.Header.Clone()
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	d := websocket.Dialer{EnableCompression: true}
	if subprotocol != "" {
		d.Subprotocols = strings.Split(subprotocol, ", ")
	}
	conn, r, err := d.DialContext(c.s.t.Context(), "ws"+strings.TrimPrefix(c.s.URL, "http")+path, h)
	if err != nil {
		if r == nil {
			c.s.t.Fatal(err)
		}
		body := make([]byte, 4096)
		n, _ := r.Body.Read(body)
		return &Response{Response: r, Body: body[:n], t: c.s.t}, nil
	}
	w := &Socket{conn, c.s, make(chan string, 10000), make(chan int, 1), r.Header.Get("Sec-WebSocket-Extensions")}
	c.s.t.Cleanup(func() { conn.Close() })
	return &Response{Response: r, t: c.s.t}, w
}

// Read takes in what the server says, from now on.
func (w *Socket) Read() *Socket {
	go func() {
		defer close(w.messages)
		for {
			_, data, err := w.ReadMessage()
			if err != nil {
				code := 0
				if e, ok := errors.AsType[*websocket.CloseError](err); ok {
					code = e.Code
				}
				w.closed <- code
				return
			}
			w.messages <- string(data)
		}
	}()
	return w
}

// Init says whose the connection is, and waits until that is taken.
func (w *Socket) Init(payload string) *Socket {
	w.s.t.Helper()
	w.Read().Say(`{"type":"connection_init","payload":` + payload + `}`)
	if m := w.Next(); !strings.HasPrefix(m, `{"type":"connection_ack"`) {
		w.s.t.Fatalf("not acknowledged: %s", m)
	}
	return w
}

// Say sends a message.
func (w *Socket) Say(text string) {
	w.s.t.Helper()
	if err := w.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		w.s.t.Fatal(err)
	}
}

// Subscribe starts an operation.
func (w *Socket) Subscribe(id, document string) {
	w.s.t.Helper()
	payload, err := json.Marshal(map[string]any{"query": document})
	if err != nil {
		w.s.t.Fatal(err)
	}
	w.Say(`{"type":"subscribe","id":"` + id + `","payload":` + string(payload) + `}`)
}

// Next waits for the next message.
func (w *Socket) Next() string {
	w.s.t.Helper()
	select {
	case m, open := <-w.messages:
		if !open {
			w.s.t.Fatalf("the connection is closed, with %d", <-w.closed)
		}
		return m
	case <-time.After(patience):
		w.s.t.Fatal("no message came")
		return ""
	}
}

// Closed waits until the server closes, and returns its code; 0 for none.
func (w *Socket) Closed() int {
	w.s.t.Helper()
	select {
	case code := <-w.closed:
		return code
	case <-time.After(patience):
		w.s.t.Fatal("the connection stays open")
		return 0
	}
}

// Quiet demands that nothing comes for a while.
func (w *Socket) Quiet(while time.Duration) {
	w.s.t.Helper()
	select {
	case m, open := <-w.messages:
		if open {
			w.s.t.Fatalf("a message came: %s", m)
		}
	case <-time.After(while):
	}
}

// Bearer is what Init takes to show a client's token in place of headers.
func (c *Client) Bearer() string {
	text, err := json.Marshal(map[string]string{"Authorization": c.Header.Get("Authorization")})
	if err != nil {
		c.s.t.Fatal(err)
	}
	return string(text)
}

// Bare is the client without what it shows.
func (c *Client) Bare() *Client {
	return &Client{s: c.s, Header: http.Header{}, UserID: c.UserID, Org: c.Org}
}
