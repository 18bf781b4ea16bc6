// Package socket keeps the connections that stay: it holds each to its limits and
// to what its caller still may do, and sends what package realtime tells without
// making anybody wait. Each protocol has its file. It decides nothing about rows.
package socket

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/audit"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/signal"
)

// Options are what a Server needs.
type Options struct {
	Limits config.RealtimeLimits
	// Generation grows whenever somebody's rights may have changed: connections
	// are looked at again then, and once in checkEvery.
	Generation func() uint64
	Node       string // what this server is called among those of one database
	Audit      *audit.Log
	Log        *slog.Logger
}

// checkEvery is the longest that an expired token keeps a connection.
const checkEvery = 250 * time.Millisecond

// Verify asks anew whom some credentials stand for; what it answers is remembered by
// whoever verifies.
type Verify func(context.Context) (*access.Principal, error)

// Caller is who opened a connection.
type Caller struct {
	Verify Verify
	Remote string // the address, which counts for callers without a name
}

// Server holds the connections. It is safe for concurrent use.
type Server struct {
	Options
	node    signal.Node
	peers   *signal.Peers // nil: there are none
	pool    *pool
	context context.Context // ends with the server
	stop    context.CancelFunc
	gone    sync.WaitGroup

	sweeping sync.Mutex
	seen     uint64       // the generation that all connections were checked at
	round    []*conn      // those of the last sweep
	beats    atomic.Int64 // sweeps of the watch

	mu    sync.Mutex
	all   map[*conn]struct{}
	users map[string]int // connections by caller
	orgs  map[string]int
	ended bool

	tidied, before uint64 // connections opened when memory was last given back, and at the last look; watch's alone
	counters
}

// counters are figures since the start.
type counters struct {
	opened, refused, slow, expired atomic.Uint64
}

// New starts the writers and the watch over connections.
func New(o Options) *Server {
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{Options: o, node: signal.Node{ID: strings.ToLower(rand.Text()[:8]), Name: o.Node}, pool: newPool(2 * runtime.GOMAXPROCS(0)), context: ctx, stop: stop, all: map[*conn]struct{}{}, users: map[string]int{}, orgs: map[string]int{}}
	s.gone.Go(s.watch)
	return s
}

// Close tells every client to come back later and lets go of the connections.
func (s *Server) Close() {
	s.stop()
	s.gone.Wait()
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	for _, c := range s.conns(nil) {
		c.fail(fault.New(fault.RealtimeRestart, "the server is stopping; connect again and resume from the last event"))
	}
	for deadline := time.Now().Add(farewell); s.count() > 0 && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	s.pool.stop()
}

func (s *Server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// Stats are the server's figures.
type Stats struct {
	Connections                    int // now
	Opened, Refused, Slow, Expired uint64
}

// Stats are the figures of this moment.
func (s *Server) Stats() Stats {
	return Stats{s.count(), s.opened.Load(), s.refused.Load(), s.slow.Load(), s.expired.Load()}
}

// conn is one connection of any protocol.
type conn struct {
	*outbox
	server *Server
	remote string
	verify atomic.Pointer[Verify]
	by     atomic.Pointer[access.Principal] // nil until the client has said who it is
	keys   *[2]string                       // what it counts for: caller, organization; the server's lock guards it
	opened time.Time
	number uint64       // among all since the start
	since  int64        // the beat that it came with
	heard  atomic.Int64 // when a client that is heard last said something, Unix milliseconds; 0 for others
	protocol
}

func (s *Server) conn(caller Caller, p protocol) *conn {
	c := &conn{outbox: newOutbox(s.pool, int(s.Limits.Queue)), server: s, remote: caller.Remote, protocol: p, opened: time.Now()}
	c.verify.Store(&caller.Verify)
	return c
}

// protocol is what differs between kinds of connection.
type protocol interface {
	// refuse writes why the connection ends, and closes it.
	refuse(error)
	// rebind has the subscriptions go on under new rights.
	rebind(*access.Principal)
	// leave ends the subscriptions.
	leave()
	// beat keeps the connection alive, every heartbeat.
	beat()
}

// fail ends a connection with a reason.
func (c *conn) fail(err error) {
	switch fault.Of(err).Code {
	case fault.RealtimeSlow:
		c.server.slow.Add(1)
	case fault.RealtimeExpired:
		c.server.expired.Add(1)
	}
	c.refuse(err)
}

// admit counts a connection for a caller, and no longer for whom it counted before;
// or it refuses it.
func (s *Server) admit(c *conn, by *access.Principal) error {
	keys := [2]string{by.Subject(), by.Org}
	if by.Kind == access.Anonymous {
		keys[0] = "at " + c.remote
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.discount(c)
	err := func() error {
		switch {
		case s.ended:
			return fault.New(fault.Unready, "the server is stopping")
		case s.users[keys[0]] >= s.Limits.PerUser:
			return fault.New(fault.RealtimeTooMany, "you have %d live connections, the most that one caller may have", s.Limits.PerUser)
		case keys[1] != "" && s.orgs[keys[1]] >= s.Limits.PerOrganization:
			return fault.New(fault.RealtimeTooMany, "your organization has %d live connections, the most that one may have", s.Limits.PerOrganization)
		}
		return nil
	}()
	if err != nil {
		s.refused.Add(1)
		return err
	}
	c.keys = &keys
	s.users[keys[0]]++
	s.orgs[keys[1]]++
	return nil
}

// discount takes a connection out of the counts. The lock is held.
func (s *Server) discount(c *conn) {
	if c.keys == nil {
		return
	}
	for i, counts := range []map[string]int{s.users, s.orgs} {
		if counts[c.keys[i]]--; counts[c.keys[i]] <= 0 {
			delete(counts, c.keys[i])
		}
	}
	c.keys = nil
}

// open takes a connection in, before it is known whose it is.
func (s *Server) open(c *conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || len(s.all) >= s.Limits.Connections {
		s.refused.Add(1)
		return fault.New(fault.RealtimeTooMany, "the server has %d live connections, as many as it may; try again in a moment", s.Limits.Connections)
	}
	s.all[c] = struct{}{}
	c.number = s.opened.Add(1)
	c.since = s.beats.Load()
	return nil
}

// forget takes a connection out, with its subscriptions.
func (s *Server) forget(c *conn) {
	c.leave()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.discount(c)
	delete(s.all, c)
}

// Check looks at every connection again if somebody's rights may have changed. It
// is called before changes are told, so that none is told to who has just lost the
// right to it.
func (s *Server) Check() {
	s.sweeping.Lock() // one that is under way may have begun under the rights of before
	defer s.sweeping.Unlock()
	if now := s.Generation(); s.seen != now {
		s.seen = now
		s.sweep()
	}
}

func (s *Server) watch() {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	turns := max(1, int64(min(heartbeat, s.Limits.Idle/3)/checkEvery))
	for {
		select {
		case <-tick.C:
		case <-s.context.Done():
			return
		}
		s.sweeping.Lock()
		s.seen = s.Generation()
		s.sweep()
		beats := s.beats.Add(1)
		s.beat(beats, turns)
		if beats%int64(pulse/checkEvery) == 0 {
			s.pulse(time.Now())
		}
		s.sweeping.Unlock()
		if beats%int64(calm/checkEvery) == 0 {
			s.tidy()
		}
	}
}

// calm is how often it is looked whether a wave of connections is over, and crowd how
// many make one.
const (
	calm  = 10 * time.Second
	crowd = 1000
)

// tidy gives back the memory that the handshakes of a wave have used, once it is over:
// the runtime would keep it for as long as the connections are idle, and it is more
// than they hold.
func (s *Server) tidy() {
	opened := s.opened.Load()
	if opened-s.tidied >= crowd && opened-s.before < crowd/10 {
		s.tidied = opened
		debug.FreeOSMemory()
	}
	s.before = opened
}

// heartbeat is the time between two signs of life to an idle client: proxies end a
// connection after a minute without any.
const heartbeat = 15 * time.Second

// conns appends every connection.
func (s *Server) conns(to []*conn) []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	to = slices.Grow(to, len(s.all))
	for c := range s.all {
		to = append(to, c)
	}
	return to
}

// beat sends the sign of life to those whose turn it is, each time so many beats after
// they came: to all at once, they would ask for as many buffers.
func (s *Server) beat(now, turns int64) {
	for _, c := range s.round {
		if now > c.since && (now-c.since)%turns == 0 {
			c.beat()
		}
	}
}

// pulser is a protocol whose client must not be lost for long without notice.
type pulser interface{ pulse(now time.Time) }

func (s *Server) pulse(now time.Time) {
	for _, c := range s.round {
		if p, ok := c.protocol.(pulser); ok {
			p.pulse(now)
		}
	}
}

// sweep asks of each connection whether its caller still is who they were.
func (s *Server) sweep() {
	now := time.Now()
	s.round = s.conns(s.round[:0])
	clear(s.round[len(s.round):cap(s.round)])
	for _, c := range s.round {
		if c.stuck(now) > s.Limits.Idle {
			s.slow.Add(1)
			c.close()
			continue
		}
		if heard := c.heard.Load(); heard != 0 && now.Sub(time.UnixMilli(heard)) > s.Limits.Idle {
			c.fail(&closing{closeIdle, "nothing was heard of you for " + s.Limits.Idle.String() + " (limits.realtime.idle)"})
			continue
		}
		was := c.by.Load()
		if was == nil {
			if now.Sub(c.opened) > s.Limits.Init {
				c.fail(&closing{closeInitTimeout, "send connection_init within " + s.Limits.Init.String() + " (limits.realtime.init)"})
			}
			continue
		}
		if k, ok := c.protocol.(checker); ok {
			k.check(s.context)
		}
		verify := c.verify.Load()
		is, err := (*verify)(s.context)
		switch {
		case c.verify.Load() != verify: // the client has just shown others
		case err != nil:
			c.fail(expired(err))
		case is != was && is.Org != was.Org:
			c.fail(fault.New(fault.RealtimeExpired, "the active organization has changed; connect again"))
		case is != was:
			if c.by.CompareAndSwap(was, is) && !reflect.DeepEqual(is, was) {
				c.rebind(is)
			}
		}
	}
}

// checker is a protocol that knows of callers beside the connection's.
type checker interface{ check(context.Context) }

func expired(err error) error {
	return fault.New(fault.RealtimeExpired, "the credentials have expired or were revoked; get new ones, connect again and resume from the last event").Because(err)
}

// hijack takes the connection from the HTTP server, and what the client has sent
// already.
func hijack(w http.ResponseWriter) (net.Conn, []byte, error) {
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, fault.New(fault.RealtimeNotFollowed, "this connection can't stream; use HTTP/1.1").Because(err)
	}
	_ = c.SetDeadline(time.Time{}) // the limits of requests are over; a closed one shows at the first read
	early, err := rw.Reader.Peek(rw.Reader.Buffered())
	return c, bytes.Clone(early), err
}
