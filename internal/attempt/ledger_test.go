package attempt

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// shared are the limiters of several nodes on one database, and what their clock says.
func shared(t *testing.T, n int, limits Limits) ([]*Limiter, *Ledger, *atomic.Int64) {
	t.Helper()
	e := storetest.Open(t, store.PostgreSQL)
	storetest.Tables(t, e, Tables(store.PostgreSQL)...)
	start, ahead := time.Now(), &atomic.Int64{}
	l := NewLedger(e, []byte("secret"))
	nodes := make([]*Limiter, n)
	for i := range nodes {
		nodes[i] = New(limits, func() time.Time { return start.Add(time.Duration(ahead.Load())) }, l)
	}
	return nodes, l, ahead
}

// try makes an attempt, and tells whether it was checked.
func try(t *testing.T, l *Limiter, key string, o Outcome) bool {
	t.Helper()
	end, err := l.Begin(t.Context(), key)
	if err != nil {
		if !fault.Is(err, fault.AuthTooMany) {
			t.Error(err)
		}
		return false
	}
	end(o)
	return true
}

// However many attempts come by however many nodes at once, no more are checked than by
// one node.
func TestOneCountForAllNodes(t *testing.T) {
	nodes, _, ahead := shared(t, 3, Limits{Kind: "account", Free: 5, Most: time.Minute, Forget: time.Hour, Resets: true, Queue: 100, Keys: 100})
	var group sync.WaitGroup
	var checked atomic.Int64
	for i := range 30 {
		group.Go(func() {
			if try(t, nodes[i%3], "ada", Failed) {
				checked.Add(1)
			}
		})
	}
	group.Wait()
	if n := checked.Load(); n != 5 {
		t.Errorf("%d attempts were checked, want 5", n)
	}
	for i, n := range nodes {
		if try(t, n, "ada", Failed) {
			t.Errorf("node %d lets one through", i)
		}
		if !try(t, n, "ben", Passed) {
			t.Errorf("node %d keeps another account out", i)
		}
	}
	for wait := range 3 { // each failure doubles the wait, whichever node it comes by
		ahead.Add(int64(time.Second<<wait) + int64(time.Millisecond))
		if !try(t, nodes[wait], "ada", Failed) || try(t, nodes[(wait+1)%3], "ada", Failed) {
			t.Errorf("after %v it is not one that is checked", time.Second<<wait)
		}
	}
	ahead.Add(int64(9 * time.Second))
	if !try(t, nodes[0], "ada", Passed) {
		t.Error("who knows the password is kept out")
	}
	for i := range 5 {
		if !try(t, nodes[i%3], "ada", Failed) {
			t.Errorf("after a success attempt %d is not checked", i)
		}
	}
	ahead.Add(int64(2 * time.Hour))
	for i := range 5 {
		if !try(t, nodes[i%3], "ada", Failed) {
			t.Errorf("after a quiet time attempt %d is not checked", i)
		}
	}
}

// Where one more failure would make others wait, an attempt waits for the outcome of one
// that another node is at; of a node that died the outcome is not waited for.
func TestWaitsForOtherNodes(t *testing.T) {
	nodes, ledger, ahead := shared(t, 2, Limits{Kind: "network", Free: 1, Most: time.Minute, Forget: time.Hour, Queue: 100, Keys: 100})
	end, err := nodes[0].Begin(t.Context(), "net")
	if err != nil {
		t.Fatal(err)
	}
	began := make(chan bool)
	go func() { began <- try(t, nodes[1], "net", Unchecked) }()
	select {
	case <-began:
		t.Fatal("it did not wait")
	case <-time.After(3 * ask):
	}
	end(Passed)
	if !<-began {
		t.Error("it was refused though the other one passed")
	}
	if _, err := nodes[0].Begin(t.Context(), "net"); err != nil {
		t.Fatal(err)
	}
	ahead.Add(int64(lease + time.Second))
	if !try(t, nodes[1], "net", Unchecked) {
		t.Error("an attempt without an end is waited for")
	}
	if err := ledger.Prune(t.Context(), time.Now().Add(3*time.Hour)); err != nil {
		t.Fatal(err)
	}
	left := ""
	if err := ledger.engine.Read(t.Context(), func(c store.Conn) error {
		return c.Query(`SELECT "key" FROM "_attempts"`, nil, func(r store.Row) error { left += fmt.Sprintln(r.Text(0)); return nil })
	}); err != nil || left != "" {
		t.Errorf("what is left: %s %v", left, err)
	}
}
