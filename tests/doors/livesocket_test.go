package doors

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/testkit"
)

const liveSocket = "loam-live"

// told is a message of a live socket.
type told struct {
	Type     string
	ID       json.RawMessage
	Position string
	Data     json.RawMessage
}

func hear(t *testing.T, ws *testkit.Socket) told {
	t.Helper()
	var m told
	if text := ws.Next(); json.Unmarshal([]byte(text), &m) != nil {
		t.Fatalf("got %s", text)
	}
	return m
}

// short is the message as an event of a list that is asked for by itself, in short.
func (m told) short() string { return names(testkit.Event{Name: m.Type, Data: string(m.Data)}) }

// enterLive opens a connection under a client's token.
func enterLive(t *testing.T, c *testkit.Client) *testkit.Socket {
	t.Helper()
	ws := c.Bare().Dial("/live", liveSocket).Read()
	ws.Say(`{"type":"auth","id":0,"authorization":"` + c.Header.Get("Authorization") + `"}`)
	if m := ws.Next(); m != `{"type":"ok","id":0}` {
		t.Fatalf("got %s", m)
	}
	return ws
}

func followLive(ws *testkit.Socket, id, path, since string) {
	ws.Say(fmt.Sprintf(`{"type":"subscribe","id":%s,"path":%q,"since":%q}`, id, path, since))
}

// TestLiveSocket: several lists over one connection, each with the events that it has
// by itself, until its client wants no more.
func TestLiveSocket(t *testing.T) {
	s := testkit.New(t, followed)
	ada := s.SignUp("ada@example.com")
	a := ada.Do("POST", "/api/notes", map[string]any{"title": "a", "rank": 1}).Want(201).String("id")
	ws := enterLive(t, ada)
	followLive(ws, `1`, "/api/notes?sort=rank&limit=2&count=true", "")
	followLive(ws, `"two"`, "/api/notes?rank.ge=5", "")
	alone := ada.Follow("/api/notes?sort=rank&limit=2&count=true", "")
	if m, e := hear(t, ws), alone.Next(); string(m.ID) != "1" || m.Type != "rows" || m.Position == "" || string(m.Data) != e.Data {
		t.Errorf("got %+v, alone %s", m, e.Data)
	}
	if m := hear(t, ws); string(m.ID) != `"two"` || string(m.Data) != `{"items":[],"nextCursor":null}` {
		t.Errorf("got %+v", m)
	}
	want := func(events ...string) {
		t.Helper()
		got := map[string]bool{}
		for range events {
			m := hear(t, ws)
			got[string(m.ID)+" "+m.short()] = true
		}
		for _, w := range events {
			if !got[w] {
				t.Errorf("no %q in %v", w, got)
			}
		}
	}
	ws.Say(`{"type":"unsubscribe","id":1}`)
	ws.Say(`{"type":"unsubscribe","id":"never there"}`)
	ws.Say(`{"type":"ping"}`)
	if m := ws.Next(); m != `{"type":"pong"}` {
		t.Errorf("got %s", m)
	}
	ada.Do("PATCH", "/api/notes/"+a, map[string]any{"rank": 6}).Want(200)
	want(`"two" insert 0 a`)
	followLive(ws, `1`, "/api/notes?limit=1", "")
	want(`1 rows  a`)
	ada.Do("PATCH", "/api/notes/"+a, map[string]any{"rank": 7}).Want(200)
	want(`1 update 0 a`, `"two" update 0 a`)
	ada.Do("PATCH", "/api/notes/"+a, map[string]any{"rank": 0}).Want(200)
	want(`1 update 0 a`, `"two" remove`)
	ada.Do("DELETE", "/api/notes/"+a, nil).Want(204)
	want(`1 delete`)
	s.Use(strings.Replace(followed, "rank: Int", "rank: Int tag: String", 1))
	for range 2 {
		if m := hear(t, ws); m.Type != "error" || !strings.Contains(string(m.Data), `"realtime/restart"`) {
			t.Errorf("got %+v", m)
		}
	}
	followLive(ws, `1`, "/api/notes?tag=x", "")
	want(`1 rows`)
}

// TestLiveSocketResumes: a position of either way of following leads on by the other.
func TestLiveSocketResumes(t *testing.T) {
	s := testkit.New(t, followed)
	ada := s.SignUp("ada@example.com")
	const path = "/api/notes?sort=rank&limit=3"
	ada.Do("POST", "/api/notes", map[string]any{"title": "first", "rank": 9}).Want(201) // a position in an empty log is none
	ws := enterLive(t, ada)
	followLive(ws, "1", path, "")
	at := hear(t, ws).Position
	ws.Close()
	a := ada.Do("POST", "/api/notes", map[string]any{"title": "a", "rank": 1}).Want(201).String("id")
	ada.Do("POST", "/api/notes", map[string]any{"title": "b", "rank": 0}).Want(201)
	alone := ada.Follow(path, at)
	ws = enterLive(t, ada)
	followLive(ws, "1", path, at)
	last := ""
	for _, want := range []string{"insert 0 a", "insert 0 b"} {
		m, e := hear(t, ws), alone.Next()
		if m.short() != want || names(e) != want || string(m.Data) != e.Data {
			t.Errorf("got %+v, alone %+v, want %s", m, e, want)
		}
		last = e.ID
	}
	ada.Do("DELETE", "/api/notes/"+a, nil).Want(204)
	followLive(ws, "2", path+"&since="+last, "")
	for range 2 {
		if m := hear(t, ws); m.short() != "delete" {
			t.Errorf("got %+v", m)
		}
	}
	ws.Quiet(20 * time.Millisecond)
}

// TestLiveSocketBeats: who hears of nothing is told how far all is told.
func TestLiveSocketBeats(t *testing.T) {
	s := testkit.New(t, followed, func(o *backend.Options) { o.Config.Limits.Realtime.Idle = 1500 * time.Millisecond })
	ada := s.SignUp("ada@example.com")
	ws := enterLive(t, ada)
	followLive(ws, "1", "/api/notes?rank=1", "")
	hear(t, ws)
	ada.Do("POST", "/api/notes", map[string]any{"title": "a", "rank": 2}).Want(201)
	m := hear(t, ws)
	if m.Type != "position" || string(m.ID) != "1" || m.Position == "" || m.Data != nil {
		t.Fatalf("got %+v", m)
	}
	ada.Do("POST", "/api/notes", map[string]any{"title": "b", "rank": 1}).Want(201)
	if m := hear(t, ws); m.short() != "insert 0 b" {
		t.Errorf("got %+v", m)
	}
	followLive(ws, "2", "/api/notes?rank=1", m.Position)
	if m := hear(t, ws); string(m.ID) != "2" || m.short() != "insert 0 b" {
		t.Errorf("got %+v", m)
	}
}

// TestLiveSocketRefused: what can't be followed is told under its id, and the rest goes on.
func TestLiveSocketRefused(t *testing.T) {
	s := testkit.New(t, followed)
	ada := s.SignUp("ada@example.com")
	ws := enterLive(t, ada)
	followLive(ws, `"stays"`, "/api/notes", "")
	hear(t, ws)
	for path, code := range map[string]string{
		"":                        "realtime/not_followed",
		"/auth/me":                "realtime/not_followed",
		"/api/":                   "query/unknown_model",
		"/api/nothings":           "query/unknown_model",
		"/api/notes/1":            "realtime/not_followed",
		"/api/notes:aggregate":    "realtime/not_followed",
		"/api/batch":              "query/unknown_model",
		"api/notes":               "realtime/not_followed",
		"//example.com/api/notes": "realtime/not_followed",
		"/api/../api/notes":       "realtime/not_followed",
		"/api/notes?nothing=1":    "query/unknown_field",
		"/api/notes?rank=x":       "query/bad_value",
		"/api/notes?%zz":          "http/bad_parameter",
		"/api/notes?since=x":      "realtime/bad_position",
		"/api/notes?title=" + strings.Repeat("x", 16<<10): "http/query_too_long",
	} {
		followLive(ws, `2`, path, "")
		if m := hear(t, ws); m.Type != "error" || string(m.ID) != "2" || !strings.Contains(string(m.Data), `"code":"`+code+`"`) {
			t.Errorf("%.60s: got %s %s, want %s", path, m.Type, m.Data, code)
		}
	}
	ada.Do("POST", "/api/notes", map[string]any{"title": "a"}).Want(201)
	if m := hear(t, ws); m.short() != "insert 0 a" {
		t.Errorf("got %+v", m)
	}
	s.Anonymous().Get("/live").WantCode(400, "realtime/handshake")
}
