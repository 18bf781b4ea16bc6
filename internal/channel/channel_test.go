package channel

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
)

// clock stands still until it is set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// ear hears what a member is told.
type ear struct {
	mu     sync.Mutex
	events []*Event
	ended  error
}

func (e *ear) Tell(_ *Member, ev *Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events = append(e.events, ev)
}

func (e *ear) End(_ *Member, why error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ended = why
}

func (e *ear) kinds() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []string
	for _, ev := range e.events {
		all = append(all, string(ev.Kind))
	}
	return strings.Join(all, " ")
}

func newHub(limits config.ChannelLimits, now func() time.Time, rules ...config.Channel) *Hub {
	return New(Options{Rules: rules, Limits: limits, Now: now})
}

func user(id string) *access.Principal {
	return &access.Principal{Kind: access.User, UserID: id, Org: "o1", Role: "member"}
}

func code(err error) fault.Code {
	if err == nil {
		return ""
	}
	return fault.Of(err).Code
}

var all = config.Channel{Pattern: "*", Join: []string{"member"}, Send: []string{"member"}, Presence: []string{"member"}}

func TestWhichRule(t *testing.T) {
	nobody := config.Channel{Pattern: "a:*"}
	h := newHub(config.Default().Limits.Channels, time.Now, all, nobody, config.Channel{Pattern: "a:b:*", Join: []string{"member"}}, config.Channel{Pattern: "a:b:c"})
	for name, want := range map[string]fault.Code{"x": "", "a:x": fault.AccessDenied, "a:b:x": "", "a:b:c": fault.AccessDenied, "a:b:cc": "", "a:": ""} {
		if _, err := h.Join(t.Context(), user("u"), name, Joining{Ref: "r"}, &ear{}); code(err) != want {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

func TestLimits(t *testing.T) {
	c := &clock{now: time.Unix(1_800_000_000, 0)}
	h := newHub(config.ChannelLimits{Members: 10, Present: 10, Message: 10, State: 10, Rate: 2}, c.Now, all)
	m, err := h.Join(t.Context(), user("u"), "x", Joining{Ref: "r"}, &ear{})
	if err != nil {
		t.Fatal(err)
	}
	said := func() fault.Code { _, err := m.Send(t.Context(), Message{Event: "e"}); return code(err) }
	if got := []fault.Code{said(), code(m.Show(t.Context(), []byte("1"))), said(), code(m.Show(t.Context(), []byte("2")))}; fmt.Sprint(got) != "[  channel/limit channel/limit]" {
		t.Errorf("in one second: %q", got)
	}
	if _, err := h.Send(t.Context(), user("u"), "x", Message{Event: "e"}); err != nil {
		t.Errorf("by request: %v", err)
	}
	c.mu.Lock()
	c.now = c.now.Add(time.Second)
	c.mu.Unlock()
	if got := said(); got != "" {
		t.Errorf("in the next second: %q", got)
	}
	if got := code(m.Show(t.Context(), []byte(`"12345678901"`))); got != fault.ChannelTooLarge {
		t.Errorf("a large state: %q", got)
	}
	m.Leave()
	m.Leave()
	if got := []fault.Code{said(), code(m.Show(t.Context(), []byte("1")))}; fmt.Sprint(got) != "[channel/unknown channel/unknown]" {
		t.Errorf("after it has left: %q", got)
	}
	if len(h.rooms) != 0 || h.Stats().Members != 0 {
		t.Errorf("an empty channel stays: %v", h.rooms)
	}
}

// TestRightsLost: who may not be seen any more leaves for the others, and comes back
// to see who is here.
func TestRightsLost(t *testing.T) {
	h := newHub(config.Default().Limits.Channels, time.Now, config.Channel{Pattern: "x", Join: []string{"member"}, Presence: []string{"role:admin"}})
	admin := func(id string) *access.Principal { p := user(id); p.Role = "admin"; return p }
	a, b := &ear{}, &ear{}
	m, err := h.Join(t.Context(), admin("a"), "x", Joining{Ref: "1", State: []byte("1")}, a)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Join(t.Context(), admin("b"), "x", Joining{Ref: "2", State: []byte("1")}, b); err != nil {
		t.Fatal(err)
	}
	if err := m.Rebind(t.Context(), user("a")); err != nil {
		t.Fatal(err)
	}
	if err := m.Show(t.Context(), []byte("2")); code(err) != fault.AccessDenied {
		t.Errorf("it shows itself: %v", err)
	}
	if err := m.Rebind(t.Context(), admin("a")); err != nil {
		t.Fatal(err)
	}
	if err := m.Show(t.Context(), []byte("3")); err != nil {
		t.Error(err)
	}
	if err := m.Rebind(t.Context(), &access.Principal{Kind: access.User, UserID: "a", Org: "o1"}); code(err) != fault.AccessDenied {
		t.Errorf("no member any more: %v", err)
	}
	if got := a.kinds(); got != "presence join presence" {
		t.Errorf("told of %s", got)
	}
	if got := b.kinds(); got != "presence leave join leave" {
		t.Errorf("the other is told of %s", got)
	}
}

// TestMany: what each is told agrees with who is here, whoever comes and goes meanwhile.
func TestMany(t *testing.T) {
	h := newHub(config.ChannelLimits{Members: 100, Present: 100, Message: 100, State: 100, Rate: 1 << 30}, time.Now, all)
	watch := &ear{}
	if _, err := h.Join(t.Context(), user("w"), "x", Joining{Ref: "w"}, watch); err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	for i := range 8 {
		done.Go(func() {
			for j := range 50 {
				ref := fmt.Sprintf("%d.%d", i, j)
				m, err := h.Join(context.Background(), user(fmt.Sprint(i)), "x", Joining{Ref: ref, State: []byte("0")}, &ear{})
				if err != nil {
					t.Error(err)
					return
				}
				done.Go(func() { _ = m.Show(t.Context(), []byte("1")) }) // it may have left
				if _, err := m.Send(context.Background(), Message{Event: "e"}); err != nil {
					t.Error(err)
				}
				if j%10 != 9 {
					m.Leave()
				}
			}
		})
	}
	done.Wait()
	here, messages := map[string]bool{}, 0
	for _, e := range watch.events {
		switch e.Kind {
		case Joined:
			here[e.From] = true
		case Changed:
			if !here[e.From] {
				t.Errorf("%s changes before it came", e.From)
			}
		case Left:
			delete(here, e.From)
		case Said:
			messages++
		}
	}
	view, err := h.Look(t.Context(), user("w"), "x")
	n := 0
	for _, p := range view.Here {
		for _, c := range p.Connections {
			if n++; !here[c.Ref] {
				t.Errorf("%s is here, and was not told of", c.Ref)
			}
		}
	}
	if err != nil || n != 40 || len(here) != n || messages != 400 {
		t.Errorf("%d are here, %d were told of; %d messages: %v", n, len(here), messages, err)
	}
}
