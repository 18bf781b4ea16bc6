package fault

import (
	"net/http"
	"os"
	"testing"

	"github.com/loam-dev/loam/internal/store/storetest"
)

const (
	killsOfNodes    = 3
	killsOfNodeSoak = 60
	requestsOfSoak  = 100_000
)

// newFleet is three servers of one database, with who asks them.
func newFleet(t *testing.T) *fleet {
	s := newSite(t)
	s.database = storetest.URL(t)
	f := &fleet{site: s, failed: map[string]int{}}
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
	f := newFleet(t)
	f.begin()
	for restarts := 0; f.done.Load() < requests; restarts++ {
		f.untilBusy()
		f.restart(f.nodes[restarts%len(f.nodes)])
	}
	f.end()
}

// TestKilledNodes kills one of three servers, again and again, under writes and a
// follower. A request that dies with its server is made again under its key, and is done
// once; the follower resumes at another server and misses nothing.
func TestKilledNodes(t *testing.T) {
	kills := killsOfNodes
	if os.Getenv("LOAM_SOAK") != "" {
		kills = killsOfNodeSoak
	}
	f := newFleet(t)
	f.patient = true
	f.begin()
	for i := range kills {
		n := f.nodes[i%len(f.nodes)]
		f.untilBusy()
		n.p.kill()
		f.untilBusy()
		f.up(n)
	}
	f.untilBusy()
	f.end()
	f.nodes[0].token = f.token
	status, page, err := f.nodes[0].do("GET", "/api/notes?limit=1&count=true", nil)
	if err != nil || status != http.StatusOK || page["total"] != float64(f.made.Load()) {
		t.Errorf("%d rows were made; %d %v %v", f.made.Load(), status, page, err)
	}
	if f.again.Load() == 0 {
		t.Error("no request died with its server")
	}
}
