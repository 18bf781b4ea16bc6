package nodes

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/testkit"
)

const talk = `
channels:
  "log:*": { join: [member], send: [member], keep: 10 }
  "*": { join: [member], send: [member], presence: [member] }
limits:
  channels: { present: 2 }
`

// Two who are in a channel by different servers see and hear each other, whatever they
// are connected by, and nobody of another organization does.
func TestChannelsReachAll(t *testing.T) {
	t.Setenv("LOAM_TEST_ENGINE", "postgres")
	dir := testkit.In(t.TempDir())
	a, b := testkit.New(t, tickets, testkit.Settings(talk, nil), dir), testkit.New(t, tickets, testkit.Settings(talk, nil), dir)
	ada := a.SignUp("ada@example.com")
	ben, eve := ada.Join("ben@example.com", "member").At(b), a.SignUp("eve@example.com").At(b)
	with := "/channels/room?state=" + url.QueryEscape(`{"at":1}`)

	first := ada.Follow(with, "")
	first.Next()
	soon(t, 200, func() *testkit.Response { // the other server knows
		r := ben.Get("/channels/room")
		if r.Len("here") == 0 {
			r.StatusCode = 0
		}
		return r
	})
	second := ben.Dial("/channels", "loam-channels").Read()
	second.Say(`{"type":"auth","id":1}`)
	second.Next()
	second.Say(`{"type":"join","id":2,"channel":"room","state":2}`)
	told := second.Next()
	for _, want := range []string{`"type":"presence"`, `"user":"` + ada.UserID + `"`, `"user":"` + ben.UserID + `"`} {
		if !strings.Contains(told, want) {
			t.Errorf("ben is told %s", told)
		}
	}
	second.Next() // ok
	if e := first.Next(); e.Name != "join" || !strings.Contains(e.Data, ben.UserID) {
		t.Errorf("ada is told %+v", e)
	}
	soon(t, 429, func() *testkit.Response {
		r, e := ada.TryFollow(with, "")
		if e != nil {
			e.Close()
		}
		return &testkit.Response{Response: r}
	})
	other := eve.Follow(with, "")
	if e := other.Next(); strings.Contains(e.Data, ada.UserID) {
		t.Errorf("another organization is told %+v", e)
	}
	for i := range 3 {
		second.Say(fmt.Sprintf(`{"type":"send","channel":"room","event":"typing","data":%d}`, i))
	}
	for i := range 3 {
		if e := first.Next(); e.Name != "message" || !strings.Contains(e.Data, fmt.Sprintf(`"data":%d`, i)) {
			t.Errorf("ada is told %+v", e)
		}
	}
	ada.Do("POST", "/channels/room", map[string]any{"event": "hello"}).Want(200)
	if m := second.Next(); !strings.Contains(m, `"event":"hello"`) {
		t.Errorf("ben is told %s", m)
	}
	first.Close()
	if m := second.Next(); !strings.Contains(m, `"type":"leave"`) || !strings.Contains(m, ada.UserID) {
		t.Errorf("ben is told %s", m)
	}
	select {
	case m := <-second.Messages():
		t.Errorf("ben is told %s", m)
	case <-time.After(50 * time.Millisecond):
	}
}

// Who was told of kept messages by one server goes on after the last one by another; a
// server that ends has its members leave.
func TestChannelsResumeElsewhere(t *testing.T) {
	t.Setenv("LOAM_TEST_ENGINE", "postgres")
	dir := testkit.In(t.TempDir())
	b := testkit.New(t, tickets, testkit.Settings(talk, nil), dir)
	ada := b.SignUp("ada@example.com")
	seen := ada.Follow("/channels/room", "")
	seen.Next()
	last := ""
	say := func(c *testkit.Client, text string) {
		c.Do("POST", "/channels/log:1", map[string]any{"event": text}).Want(200)
	}
	t.Run("first", func(t *testing.T) {
		a := testkit.New(t, tickets, testkit.Settings(talk, nil), dir, func(o *backend.Options) {})
		there := ada.At(a)
		present := there.Follow("/channels/room?state=1", "")
		present.Next()
		follows := there.Follow("/channels/log:1", "")
		say(ada, "one")
		say(there, "two")
		for _, want := range []string{"one", "two"} {
			if e := follows.Next(); !strings.Contains(e.Data, `"event":"`+want+`"`) {
				t.Errorf("told %+v", e)
			}
		}
		last = follows.Last
		a.Backend.Drain()
	})
	for _, want := range []string{"join", "leave"} {
		if e := seen.Next(); e.Name != want {
			t.Errorf("told %+v, want %s", e, want)
		}
	}
	say(ada, "three")
	follows := ada.Follow("/channels/log:1", last)
	if e := follows.Next(); !strings.Contains(e.Data, `"event":"three"`) {
		t.Errorf("told %+v", e)
	}
}
