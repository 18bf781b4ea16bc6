package testkit

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// Events is an answer of server-sent events.
type Events struct {
	s      *Server
	body   io.ReadCloser
	lines  *bufio.Reader
	cancel context.CancelFunc
	events chan Event
	Last   string // the id of the last event
}

// Event is one of them.
type Event struct{ Name, ID, Data string }

// Follow asks for a live list; since is the id of an event, or "".
func (c *Client) Follow(path, since string) *Events {
	c.s.t.Helper()
	r, e := c.TryFollow(path, since)
	if r.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(r.Body)
		c.s.t.Fatalf("GET %s: %d %s", path, r.StatusCode, body)
	}
	return e
}

// TryFollow is Follow for what may be refused.
func (c *Client) TryFollow(path, since string) (*http.Response, *Events) {
	c.s.t.Helper()
	ctx, cancel := context.WithCancel(c.s.t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.s.URL+path, nil)
	if err != nil {
		c.s.t.Fatal(err)
	}
	req.Header = c.Header.Clone()
	req.Header.Set("Accept", "text/event-stream")
	if since != "" {
		req.Header.Set("Last-Event-ID", since)
	}
	r, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		cancel()
		c.s.t.Fatal(err)
	}
	e := &Events{s: c.s, body: r.Body, lines: bufio.NewReader(r.Body), cancel: cancel, events: make(chan Event, 10000)}
	c.s.t.Cleanup(e.Close)
	if r.StatusCode == http.StatusOK {
		go e.read()
	}
	return r, e
}

// Close leaves.
func (e *Events) Close() { e.cancel(); e.body.Close() }

func (e *Events) read() {
	defer close(e.events)
	var now Event
	for {
		line, err := e.lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\n")
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "":
			if now.Name != "" {
				e.events <- now
			}
			now = Event{}
		case name == "event":
			now.Name = value
		case name == "id":
			now.ID = value
		case name == "data":
			now.Data += value
		}
	}
}

// patience is how long what must come may take; machines that test are slow.
const patience = time.Minute

// Next waits for the next event; one of no name is the end of the answer.
func (e *Events) Next() Event {
	e.s.t.Helper()
	select {
	case ev := <-e.events:
		if ev.ID != "" {
			e.Last = ev.ID
		}
		return ev
	case <-time.After(patience):
		e.s.t.Fatal("no event came")
		return Event{}
	}
}

// Quiet demands that nothing comes for a while.
func (e *Events) Quiet(while time.Duration) {
	e.s.t.Helper()
	if ev, ok := e.Within(while); ok {
		e.s.t.Fatalf("an event came: %+v", ev)
	}
}

// Within is the next event, where one comes in time.
func (e *Events) Within(while time.Duration) (Event, bool) {
	select {
	case ev, open := <-e.events:
		return ev, open
	case <-time.After(while):
		return Event{}, false
	}
}

// LiveList is what a client of a live list knows: it applies each event as the
// documentation says.
type LiveList struct{ Rows []LiveRow }

// LiveRow is one row of it.
type LiveRow struct {
	ID  string
	Row string
}

// Apply applies an event.
func (l *LiveList) Apply(e Event) error {
	var in struct {
		Items []json.RawMessage
		ID    string
		Index int
		Row   json.RawMessage
	}
	if err := json.Unmarshal([]byte(e.Data), &in); err != nil {
		return err
	}
	if e.Name == "rows" {
		l.Rows = nil
		for _, item := range in.Items {
			var key struct{ ID string }
			if err := json.Unmarshal(item, &key); err != nil {
				return err
			}
			l.Rows = append(l.Rows, LiveRow{key.ID, string(item)})
		}
		return nil
	}
	for i, r := range l.Rows {
		if r.ID == in.ID {
			l.Rows = append(l.Rows[:i], l.Rows[i+1:]...)
			break
		}
	}
	if e.Name == "insert" || e.Name == "update" {
		at := min(in.Index, len(l.Rows))
		l.Rows = append(l.Rows[:at], append([]LiveRow{{in.ID, string(in.Row)}}, l.Rows[at:]...)...)
	}
	return nil
}
