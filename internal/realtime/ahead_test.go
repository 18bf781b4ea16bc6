package realtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/realtime"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
	"github.com/loam-dev/loam/internal/store/storetest"
)

const noted = `type Note @model @auth(rules: [{ allow: member }]) { rank: Int }`

// overtaken is an engine that somebody writes to in the last moment before a read of
// several statements, each time a function is there.
type overtaken struct {
	store.Engine
	by chan func()
}

func (e overtaken) Read(ctx context.Context, fn func(store.Conn) error) error {
	select {
	case write := <-e.by:
		write()
	default:
	}
	return e.Engine.Read(ctx, fn)
}

// TestOvertaken writes between the moment that the log is put in order and the one that
// a list is read, for who joins it and who comes back to it: what they know, once they
// are told of the changes that the rows had already, is a fresh read, and on the way no
// row goes back to what it was.
func TestOvertaken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, e store.Engine) {
		n := newNotebook(t, e)
		for round := range 30 {
			n.hub = n.newHub(round)
			lists := make([]*page, 0, 4)
			for _, r := range n.reads() {
				p := &page{notebook: n, read: r}
				lists = append(lists, p)
				n.overtake()
				p.join("")
			}
			n.settle(lists)
			for _, p := range lists {
				p.sub.Close()
				n.overtake()
				p.join(p.last)
			}
			n.settle(lists)
			n.hub.Close()
		}
	})
}

// TestJoinsUnderWrites has writes come, and the hub told of them, at every read of one
// who is the first to listen: they need to read twice at most. The hub, to which nobody
// has been added yet, stays awake for who is on their way.
func TestJoinsUnderWrites(t *testing.T) {
	storetest.Each(t, func(t *testing.T, e store.Engine) {
		n := newNotebook(t, e)
		n.hub = n.newHub(0)
		defer n.hub.Close()
		for _, r := range n.reads() {
			reads := 0
			n.busy(&reads)
			p := &page{notebook: n, read: r}
			p.join("")
			n.idle()
			if reads == 0 || reads > 2 {
				t.Errorf("%+v was read %d times", r, reads)
			}
			p.sub.Close()
			n.busy(&reads)
			p.join(p.last)
			n.idle()
			n.settle([]*page{p})
			p.sub.Close()
		}
	})
}

// busy has a row written at each read, and the hub look at it.
func (n *notebook) busy(reads *int) {
	n.idle()
	n.engine.by <- func() {
		*reads++
		n.busy(reads)
		_, _ = n.plain.Write(n.Context(), n.by, []*query.Write{{Model: "Note", Op: query.Create, Input: map[string]any{"rank": json.Number("1")}}}, nil)
		for range 3 { // when the last is taken, all has been done that the first asked for
			n.wake <- struct{}{}
		}
	}
}

// idle is the end of busy.
func (n *notebook) idle() {
	select {
	case <-n.engine.by:
	default:
	}
}

// notebook is an app, and the hub that follows it.
type notebook struct {
	*testing.T
	g      *rand.Rand
	engine overtaken
	plain  *data.Service // whose engine nobody overtakes
	app    *data.Service
	hub    *realtime.Hub
	wake   chan struct{}
	by     *access.Principal
}

func newNotebook(t *testing.T, e store.Engine) *notebook {
	t.Helper()
	s, ds := schema.Parse("schema.graphql", noted)
	if s == nil {
		t.Fatal(ds)
	}
	m := migrate.New(e, migrate.Options{SystemTables: []string{`CREATE TABLE IF NOT EXISTS _users (id TEXT PRIMARY KEY) STRICT`}})
	if err := m.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Apply(t.Context(), s, migrate.ApplyOptions{Source: noted}); err != nil {
		t.Fatal(err)
	}
	policy, ds := access.NewPolicy(s)
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	n := &notebook{T: t, g: rand.New(rand.NewPCG(5, 5)), engine: overtaken{e, make(chan func(), 1)}, wake: make(chan struct{}, 1),
		by: &access.Principal{Kind: access.User, UserID: "ada", Org: "o", Role: "member"}}
	service := func(e store.Engine) *data.Service {
		service, err := data.New(s, policy, store.New(e, s, time.Now), make([]byte, 32), data.DefaultLimits, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		return service
	}
	n.app, n.plain = service(n.engine), service(e)
	return n
}

func (n *notebook) newHub(round int) *realtime.Hub {
	h, err := realtime.New(realtime.Options{Key: make([]byte, 32), Wake: n.wake, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Limits: realtime.Limits{PerUser: 100, PerOrganization: 100, All: 100}})
	if err != nil {
		n.Fatal(err)
	}
	if round%2 == 0 {
		h.Squeeze(1, 10, 20)
	}
	h.Use(n.app)
	return h
}

func (n *notebook) reads() []*query.Read {
	list := query.Read{Model: "Note", Op: query.List, Sort: []query.Sort{{Field: "rank"}}, Limit: 100}
	window, filtered, counted := list, list, list
	window.Limit = 3
	filtered.Filter = map[string]any{"rank": map[string]any{"lt": json.Number("5")}}
	counted.Count = true
	return []*query.Read{&list, &window, &filtered, &counted}
}

// overtake has a few writes done at the next read.
func (n *notebook) overtake() {
	n.engine.by <- func() {
		for range 1 + n.g.IntN(6) {
			id := fmt.Sprint(n.g.IntN(9))
			w := &query.Write{Model: "Note", Op: query.Upsert, Input: map[string]any{"id": id, "rank": json.Number(fmt.Sprint(n.g.IntN(10)))}}
			if n.g.IntN(3) == 0 {
				w = &query.Write{Model: "Note", Op: query.Delete, Key: map[string]any{"id": id}}
			}
			_, _ = n.plain.Write(n.Context(), n.by, []*query.Write{w}, nil) // there may be no such row
		}
	}
}

// settle waits until all is told, and compares.
func (n *notebook) settle(lists []*page) {
	n.Helper()
	_, last, err := n.plain.LogBounds(n.Context())
	if err != nil {
		n.Fatal(err)
	}
	for s := n.hub.Stats(); s.Position < last || s.Working > 0; s = n.hub.Stats() {
		select {
		case n.wake <- struct{}{}:
		default:
		}
		time.Sleep(time.Millisecond)
	}
	for _, p := range lists {
		fresh, err := n.plain.Read(n.Context(), n.by, p.read)
		if err != nil || p.ended != nil {
			n.Fatal(err, p.ended)
		}
		if got := strings.Join(p.rows, ","); got != string(fresh.Rows) {
			n.Fatalf("%+v: known is\n%s\na fresh read is\n%s", p.read, got, fresh.Rows)
		}
		if got, want := n.behind(p.read, p.next), n.behind(p.read, fresh.Next); got != want {
			n.Fatalf("%+v: behind what is known there is\n%s\nbehind a fresh read\n%s", p.read, got, want)
		}
	}
}

// behind is the page of a cursor.
func (n *notebook) behind(r *query.Read, cursor string) string {
	n.Helper()
	if cursor == "" {
		return "nothing"
	}
	next := *r
	next.Cursor = cursor
	rows, err := n.plain.Read(n.Context(), n.by, &next)
	if err != nil {
		n.Fatal(err)
	}
	return string(rows.Rows)
}

// page is what one reader of a list knows.
type page struct {
	*notebook
	read  *query.Read
	sub   *realtime.Subscription
	rows  []string
	next  string
	last  string
	ended error
}

func (p *page) join(since string) {
	p.Helper()
	var err error
	if p.sub, err = p.hub.Subscribe(p.Context(), p.by, realtime.Request{Read: p.read, Since: since}, p); err != nil {
		p.Fatal(err)
	}
}

func (p *page) End(_ *realtime.Subscription, err error) { p.ended = err }

// note is what tells rows apart: one that is made again begins anew.
type note struct {
	ID, CreatedAt string
	Version       int
}

func noteOf(row string) (n note) {
	if err := json.Unmarshal([]byte(row), &n); err != nil {
		panic(err)
	}
	return n
}

// Tell applies an event.
func (p *page) Tell(s *realtime.Subscription, e *realtime.Event) {
	p.last = string(s.Position(nil, e.Resume))
	if e.End != nil {
		p.next = s.Cursor(e)
	}
	switch e.Op {
	case realtime.Gap, realtime.Next:
		return
	case realtime.Rows:
		var items []json.RawMessage
		if err := json.Unmarshal([]byte("["+string(e.Page.Items)+"]"), &items); err != nil {
			p.Error(err)
		}
		p.rows, p.next = nil, e.Page.Next
		for _, item := range items {
			p.rows = append(p.rows, string(item))
		}
		return
	}
	p.rows = slices.DeleteFunc(p.rows, func(row string) bool {
		was := noteOf(row)
		if query.KeyID([]any{was.ID}) != e.ID {
			return false
		}
		if e.Row != nil {
			if now := noteOf(string(e.Row)); now.CreatedAt < was.CreatedAt || now.CreatedAt == was.CreatedAt && now.Version < was.Version {
				p.Errorf("%s goes back to %s", row, e.Row)
			}
		}
		return true
	})
	if e.Row != nil {
		p.rows = slices.Insert(p.rows, e.Index, string(e.Row))
	}
}
