package channel

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// kept is a channel that keeps messages.
var kept = config.Channel{Pattern: "log", Join: []string{"member"}, Send: []string{"member"}, Presence: []string{"member"}, Keep: 100, KeepFor: time.Hour}

var open = config.ChannelLimits{Members: 100, Present: 3, Message: 100, State: 100, Rate: 1 << 30, Kept: 1000}

// connected are hubs of several nodes on one database.
func connected(t *testing.T, n int) (store.Engine, []*Hub) {
	t.Helper()
	e := storetest.Open(t, store.PostgreSQL)
	tables := []string{`CREATE TABLE "_orgs" ("id" text PRIMARY KEY)`, `CREATE TABLE "_users" ("id" text PRIMARY KEY)`,
		`INSERT INTO "_orgs" VALUES ('o1')`, `INSERT INTO "_users" VALUES ('a'), ('b'), ('c')`}
	for _, sql := range Tables(store.PostgreSQL) {
		if !strings.Contains(sql, "INDEX") {
			tables = append(tables, sql)
		}
	}
	storetest.Tables(t, e, tables...)
	hubs := make([]*Hub, n)
	for i := range hubs {
		wake := make(chan struct{}, 1)
		e.Notify(wake)
		hubs[i] = New(Options{Rules: []config.Channel{kept, all}, Limits: open, Engine: e, Now: time.Now})
		hubs[i].Connect(e, wake, slog.New(slog.NewTextHandler(t.Output(), nil)))
		t.Cleanup(hubs[i].Close)
	}
	return e, hubs
}

// join has somebody be present at a node, or listen unseen.
func join(t *testing.T, h *Hub, who, name, ref, state string) (*Member, *ear) {
	t.Helper()
	heard, in := &ear{}, Joining{Ref: ref}
	if state != "" {
		in.State = []byte(state)
	}
	m, err := h.Join(t.Context(), user(who), name, in, heard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Leave)
	return m, heard
}

// await waits for what has been heard, as one line an event.
func (e *ear) await(t *testing.T, want ...string) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		var got []string
		e.mu.Lock()
		for _, ev := range e.events {
			got = append(got, string(ev.Kind)+" "+string(ev.Body))
		}
		e.mu.Unlock()
		if strings.Join(got, "\n") == strings.Join(want, "\n") {
			return
		}
		if len(got) > len(want) || time.Since(began) > time.Minute {
			t.Fatalf("heard\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// Who is here is the same by whichever node one asks, and what happens is told once.
func TestNodesPresence(t *testing.T) {
	_, hubs := connected(t, 2)
	a, aHears := join(t, hubs[0], "a", "x", "1", `{"at":1}`)
	aHears.await(t, `presence {"here":[{"user":"a","connections":[{"ref":"1","state":{"at":1}}]}],"you":"1"}`)
	for began := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		if v, err := hubs[1].Look(t.Context(), user("b"), "x"); err == nil && len(v.Here) == 1 || time.Since(began) > time.Minute {
			break
		}
	}
	b, bHears := join(t, hubs[1], "b", "x", "2", `2`)
	here := `presence {"here":[{"user":"a","connections":[{"ref":"1","state":{"at":1}}]},{"user":"b","connections":[{"ref":"2","state":2}]}],"you":"2"}`
	bHears.await(t, here)
	said := []string{`presence {"here":[{"user":"a","connections":[{"ref":"1","state":{"at":1}}]}],"you":"1"}`, `join {"user":"b","ref":"2","state":2}`}
	aHears.await(t, said...)
	if err := a.Show(t.Context(), []byte(`"\u0000"`)); err != nil {
		t.Fatal(err)
	}
	bHears.await(t, here, `state {"user":"a","ref":"1","state":"\u0000"}`)
	join(t, hubs[1], "c", "x", "3", `3`)
	if _, err := hubs[0].Join(t.Context(), user("c"), "x", Joining{Ref: "4", State: []byte("4")}, &ear{}); code(err) != fault.ChannelLimit {
		for began := time.Now(); code(err) != fault.ChannelLimit && time.Since(began) < time.Minute; { // it had not been told of yet
			var m *Member
			if m, err = hubs[0].Join(t.Context(), user("c"), "x", Joining{Ref: "4", State: []byte("4")}, &ear{}); err == nil {
				m.Leave()
			}
		}
		if code(err) != fault.ChannelLimit {
			t.Errorf("more are present than may: %v", err)
		}
	}
	b.Leave()
	for began := time.Now(); !strings.Contains(aHears.kinds(), "leave"); time.Sleep(2 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatalf("heard %s", aHears.kinds())
		}
	}
	if len(hubs[0].rooms) != 1 {
		t.Errorf("channels in use: %v", hubs[0].rooms)
	}
}

// Messages that are kept have one order, on all nodes and for who comes later; each is
// told once.
func TestNodesKeepOneOrder(t *testing.T) {
	_, hubs := connected(t, 2)
	_, one := join(t, hubs[0], "a", "log", "1", "")
	_, two := join(t, hubs[1], "b", "log", "2", "")
	var group sync.WaitGroup
	late := make([]*ear, 4)
	for i := range 4 {
		group.Go(func() {
			for n := range 10 {
				if _, err := hubs[i%2].Send(t.Context(), user("c"), "log", Message{Event: fmt.Sprintf("e%d.%d", i, n)}); err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() { _, late[i] = join(t, hubs[i%2], "c", "log", fmt.Sprint(10+i), "") })
	}
	group.Wait()
	for _, e := range append(late, one, two) {
		for began := time.Now(); strings.Count(e.kinds(), "message") < 40 && time.Since(began) < time.Minute; time.Sleep(2 * time.Millisecond) {
		}
		var ids []string
		e.mu.Lock()
		for _, ev := range e.events {
			if ev.Kind == Said {
				ids = append(ids, ev.ID)
			}
		}
		e.mu.Unlock()
		if len(ids) != 40 {
			t.Errorf("%d messages were told", len(ids))
		}
		for i := 1; i < len(ids); i++ {
			if ids[i] <= ids[i-1] {
				t.Errorf("%s was told after %s", ids[i], ids[i-1])
			}
		}
	}
}

// Who was present by a node that is gone is gone for the others within ten seconds, and
// who was taken for gone comes back.
func TestNodeThatDies(t *testing.T) {
	if worst := nodesLost + nodesBeat + time.Second; worst >= 10*time.Second {
		t.Errorf("a node that dies is noticed after %v", worst)
	}
	e, hubs := connected(t, 3)
	join(t, hubs[1], "b", "x", "2", `2`)
	join(t, hubs[2], "c", "x", "3", `3`)
	_, heard := join(t, hubs[0], "a", "y", "1", "")
	heard.await(t, `presence {"here":[],"you":"1"}`)
	for _, n := range hubs { // all that was said so far is in the database
		n.bus.(*nodes).settle(t)
	}
	_, heard = join(t, hubs[0], "a", "x", "1", "")
	here := `presence {"here":[{"user":"b","connections":[{"ref":"2","state":2}]},{"user":"c","connections":[{"ref":"3","state":3}]}],"you":"1"}`
	heard.await(t, here)
	dead, alive := hubs[1].bus.(*nodes), hubs[2].bus.(*nodes)
	dead.stop()
	dead.gone.Wait()
	late := func(n *nodes) {
		if err := e.Write(t.Context(), func(c store.Conn) error {
			_, err := c.Exec(`UPDATE "_channel_nodes" SET "at" = "at" - interval '1 minute' WHERE "id" = ?1`, n.id)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	late(dead)
	left := []string{here, `leave {"user":"b","ref":"2"}`}
	heard.await(t, left...)
	for began := time.Now(); strings.Count(heard.kinds(), "leave") < 2 && time.Since(began) < time.Minute; time.Sleep(20 * time.Millisecond) {
		late(alive) // it gives a sign of life again now and then
	}
	heard.await(t, append(left, `leave {"user":"c","ref":"3"}`, `join {"user":"c","ref":"3","state":3}`)...)
	dead.known = false // it has nothing to take back
}

// settle waits until all that was published is written.
func (n *nodes) settle(t *testing.T) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		n.mu.Lock()
		left := len(n.queue)
		n.mu.Unlock()
		if left == 0 {
			return
		}
		if time.Since(began) > time.Minute {
			t.Fatal("what is published is not written")
		}
	}
}

// A node that can't tell for long refuses messages rather than memory, and tells anew
// who is present once it can; one that can't hear has its members come again.
func TestNodesCutOff(t *testing.T) {
	e, hubs := connected(t, 2)
	m, _ := join(t, hubs[0], "a", "x", "1", `0`)
	_, heard := join(t, hubs[1], "b", "x", "2", "")
	move := func(from, to string) {
		if err := e.(store.Rebuilder).Rebuild(t.Context(), func(c store.Conn) error { return c.Script(`ALTER TABLE "` + from + `" RENAME TO "` + to + `"`) }); err != nil {
			t.Fatal(err)
		}
	}
	move("_channel_presence", "_away")
	var err error
	for i := 0; err == nil && i < 2*nodesQueue; i++ {
		_, err = m.Send(t.Context(), Message{Event: "e"})
	}
	if code(err) != fault.StoreBusy {
		t.Fatalf("the queue has no end: %v", err)
	}
	_ = m.Show(t.Context(), []byte(`"last"`))
	move("_away", "_channel_presence")
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		v, err := hubs[1].Look(t.Context(), user("b"), "x")
		if err == nil && strings.Contains(string(encode(v.Here)), "last") {
			break
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("who is here: %s %v", encode(v.Here), err)
		}
	}
	n := hubs[1].bus.(*nodes)
	n.looking.Lock()
	n.tail.Lose()
	n.looking.Unlock()
	for began := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		heard.mu.Lock()
		why := heard.ended
		heard.mu.Unlock()
		if code(why) == fault.RealtimeRestart {
			return
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("ended by %v", why)
		}
	}
}
