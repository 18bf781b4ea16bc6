package nodes

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/bus/bustest"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/testkit"
)

const (
	events  = 11
	tries   = 10 // to be fast: the machine may be busy
	goesOn  = time.Minute
	watched = "server: { metricsToken: 0123456789abcdef0123456789abcdef }\nchannels: { \"*\": { join: [member], send: [member] } }\n"
)

// crossing is two servers that can't listen to their database, and who follows by the
// second what is done by the first.
type crossing struct {
	*testing.T
	a, b *testkit.Server
	ada  *testkit.Client
	list *testkit.Events
	room *testkit.Events
	n    int
}

// node is a server before a pooler.
func node(t *testing.T, pooled, nats string) *testkit.Server {
	return testkit.New(t, tickets, testkit.Settings(watched, nil), func(o *backend.Options) { o.Database, o.NATS = pooled, nats })
}

func cross(t *testing.T, nats string) *crossing {
	pooled := storetest.Pooler(t, storetest.URL(t))
	c := &crossing{T: t, a: node(t, pooled, nats), b: node(t, pooled, nats)}
	c.ada = c.a.SignUp("ada@example.com")
	there := c.ada.At(c.b)
	c.list, c.room = there.Follow("/api/tickets?sort=id&limit=1000", ""), there.Follow("/channels/room", "")
	c.list.Next()
	return c
}

// figure is one of the first server's.
func (c *crossing) figure(name string) int { return figureOf(c.T, c.a, name) }

func figureOf(t *testing.T, s *testkit.Server, name string) int {
	t.Helper()
	text := s.Anonymous().Do("GET", "/metrics", nil, "Authorization", "Bearer 0123456789abcdef0123456789abcdef").Want(200).Body
	m := regexp.MustCompile(`(?m)^loam_nats_` + name + ` (\d+)$`).FindSubmatch(text)
	if m == nil {
		t.Fatalf("/metrics has no %s", name)
	}
	n, _ := strconv.Atoi(string(m[1]))
	return n
}

// until waits for the two servers, and others, to be connected to NATS or not.
func (c *crossing) until(connected int, others ...*testkit.Server) {
	c.Helper()
	for _, s := range append(others, c.a, c.b) {
		for began := time.Now(); figureOf(c.T, s, "connected") != connected; time.Sleep(5 * time.Millisecond) {
			if time.Since(began) > goesOn {
				c.Fatalf("connected to NATS is not %d", connected)
			}
		}
	}
}

// tell does something on the first server, and is told of it by the second.
func (c *crossing) tell(live *testkit.Events, path, key string) time.Duration {
	c.Helper()
	c.n++
	text := fmt.Sprint("n", c.n)
	began := time.Now()
	if r := c.ada.Do("POST", path, map[string]any{key: text}); r.StatusCode >= 300 {
		c.Fatalf("%d %s", r.StatusCode, r.Body)
	}
	if e := live.Next(); !strings.Contains(e.Data, `"`+text+`"`) {
		c.Fatalf("told %+v, not of %s", e, text)
	}
	return time.Since(began)
}

// takes is how long a row takes from one server to the other, mostly. Messages in a
// channel arrive, too.
func (c *crossing) takes() time.Duration {
	c.Helper()
	var all []time.Duration
	for range events {
		all = append(all, c.tell(c.list, "/api/tickets", "title"))
	}
	for range 3 {
		c.tell(c.room, "/channels/room", "event")
	}
	slices.Sort(all)
	return all[events/2]
}

// faster wants a row to take half as long at most.
func (c *crossing) faster(than time.Duration) {
	c.Helper()
	took := c.takes()
	for n := 1; took > than/2 && n < tries; n++ {
		took = c.takes()
	}
	if c.Logf("woken by NATS, a row takes %v; by looking, %v", took, than); took > than/2 {
		c.Errorf("NATS does not make it faster")
	}
}

// Where the database can't wake the servers, NATS does. Without it, at the start or
// later, they find by themselves what happened, and nobody is refused anything; once it
// is back it wakes them again. Who has another database is not disturbed.
func TestNATSWakes(t *testing.T) {
	at := bustest.Start(t, nil)
	at.Stop()
	c := cross(t, at.URL())
	c.until(0)
	by := c.takes()
	at.Again()
	beside := node(t, storetest.Pooler(t, storetest.URL(t)), at.URL())
	c.until(1, beside)
	c.faster(by)
	if c.figure("sent_total") == 0 || figureOf(t, c.b, "received_total") == 0 {
		t.Error("NATS is not used")
	}
	at.Stop()
	c.until(0, beside)
	for range 3 {
		c.tell(c.list, "/api/tickets", "title")
		c.tell(c.room, "/channels/room", "event")
	}
	at.Again()
	c.until(1, beside)
	c.faster(by)
	if n := figureOf(t, beside, "received_total"); n > 0 {
		t.Errorf("another database's server was woken %d times", n)
	}
}
