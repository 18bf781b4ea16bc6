package fault

import (
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/bus/bustest"
	"github.com/loam-dev/loam/internal/store/storetest"
)

const (
	killsOfNodes    = 3
	killsOfNodeSoak = 60
	requestsOfSoak  = 100_000
)

// newFleet is three servers of one database, with who asks them; where there is a NATS,
// each has a link of its own to it.
func newFleet(t *testing.T, nats *bustest.Server) *fleet {
	s := newSite(t)
	s.database = storetest.URL(t)
	f := &fleet{site: s, bus: nats, failed: map[string]int{}}
	for range 3 {
		f.add()
	}
	s.url = f.nodes[0].url
	s.signUp()
	return f
}

// TestRollingRestart restarts one of three servers, in a soak one after the other until
// 100,000 requests have been made: none fails.
func TestRollingRestart(t *testing.T) {
	t.Setenv("LOAM_DRAIN_DELAY", lingering.String())
	requests := int64(1)
	if os.Getenv("LOAM_SOAK") != "" {
		requests = requestsOfSoak
	}
	f := newFleet(t, nil)
	f.begin()
	for restarts := 0; f.done.Load() < requests; restarts++ {
		f.untilBusy()
		f.restart(f.nodes[restarts%len(f.nodes)])
	}
	f.end()
}

// TestKilledNodes kills one of three servers, again and again, under writes and a
// follower, while NATS is cut off from one of them, from all, and healed. A request that
// dies with its server is made again under its key, and is done once; no other is refused;
// the follower resumes at another server and misses nothing.
func TestKilledNodes(t *testing.T) {
	kills := killsOfNodes
	if os.Getenv("LOAM_SOAK") != "" {
		kills = killsOfNodeSoak
	}
	f := newFleet(t, bustest.Start(t, nil))
	f.patient = true
	f.untilJoined()
	f.begin()
	for i := range kills {
		n := f.nodes[i%len(f.nodes)]
		f.disturb(i)
		f.untilBusy()
		n.p.kill()
		f.untilBusy()
		f.up(n)
	}
	f.heal()
	f.untilBusy()
	f.end()
	f.untilJoined()
	f.nodes[0].token = f.token
	status, page, err := f.nodes[0].do("GET", "/api/notes?limit=1&count=true", nil)
	if err != nil || status != http.StatusOK || page["total"] != float64(f.made.Load()) {
		t.Errorf("%d rows were made; %d %v %v", f.made.Load(), status, page, err)
	}
	if f.again.Load() == 0 {
		t.Error("no request died with its server")
	}
}

// disturb keeps servers from NATS, in one way after the other: one of them, by a link that
// says nothing or by none, and all; and lets them to it again.
func (f *fleet) disturb(i int) {
	f.heal()
	link := f.links[(i+1)%len(f.links)] // not of the one that is killed next
	switch i % 4 {
	case 0:
		link.Silence()
	case 1:
		f.bus.Stop()
	case 2:
		link.Cut()
	}
}

func (f *fleet) heal() {
	for _, link := range f.links {
		link.Heal()
	}
	f.bus.Again()
}

// untilJoined waits until all servers have found NATS.
func (f *fleet) untilJoined() {
	f.t.Helper()
	for began := time.Now(); f.bus.Clients() != len(f.nodes); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > mostStop {
			f.t.Fatalf("%d servers have found NATS", f.bus.Clients())
		}
	}
}
