// Package bus has the nodes of one database wake each other by NATS. What is said says
// nothing but "look now": what happened stands in the database, where each node looks
// for it by itself as well. So nothing is lost with a message, and one too many, from
// whomever, costs a look at most. It knows no database, and no rows pass through it.
package bus

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/loam-dev/loam/internal/fault"
)

// The limits of the room.
const (
	dialWithin   = 2 * time.Second // one server, its greeting included
	writeWithin  = 2 * time.Second
	pingEvery    = time.Second            // a link that says nothing is given up after
	pingsMissed  = 2                      // so many pings without an answer
	leastPause   = 250 * time.Millisecond // between two tries to reach any server, and
	morePause    = time.Second            // as much more as chance has it, so that nodes don't come all at once
	waitingMost  = 64                     // messages that wait to be looked at; more are dropped
	waitingBytes = 16 << 10               // likewise
	quiet        = 10 * time.Second
)

// look is the one message that there is.
const look = "loam/1"

// Options say where NATS is, and what of it is this database's.
type Options struct {
	URL         string // nats://user:password@host:4222; several with commas; tls:// for TLS
	Credentials string // path of a file with a JWT and its seed; "" for none
	CA          string // path of a file with the authorities that sign the servers' certificates; "": the system's
	Certificate string // path of the client's certificate; "" for none
	Key         string // path of its key
	Subject     string // the database's own
	Log         *slog.Logger
}

// Stats are a bus's counts.
type Stats struct {
	Sent, Received, Ignored uint64 // messages
	Losses                  uint64 // times that the link was lost
}

// Bus is a node's link to the others. It is safe for concurrent use.
type Bus struct {
	subject string
	log     *slog.Logger
	rung    chan struct{} // the others are to look
	heard   chan struct{} // this node is to
	up      atomic.Bool
	stop    context.CancelFunc
	gone    sync.WaitGroup

	sent, received, ignored, losses atomic.Uint64

	mu     sync.Mutex
	missed bool      // the log has it that the link is lost
	said   time.Time // when it last said so
}

// Join begins to listen, and waits for no server: who is away is asked again and again.
// An error tells of options that no server would make right.
func Join(o Options) (*Bus, error) {
	opts, err := o.read()
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	opts.CustomDialer = dialer{ctx}
	b := &Bus{subject: o.Subject, log: o.Log, rung: make(chan struct{}, 1), heard: make(chan struct{}, 1), stop: stop}
	opts.ConnectedCB, opts.ReconnectedCB = b.joined, b.joined
	opts.DisconnectedErrCB = func(_ *nats.Conn, err error) {
		b.losses.Add(1)
		b.lost(err)
	}
	opts.ReconnectErrCB = func(_ *nats.Conn, err error) { b.lost(err) }
	opts.AsyncErrorCB = b.erred
	b.gone.Go(func() { b.run(ctx, opts) })
	return b, nil
}

// Close leaves.
func (b *Bus) Close() {
	b.stop()
	b.gone.Wait()
}

// Ring has the other nodes look, those of several calls at about the same time once. It
// waits for nothing, and tells whether they can be reached.
func (b *Bus) Ring() bool {
	if !b.up.Load() {
		return false
	}
	signal(b.rung)
	return true
}

// Heard has a signal when another node has said that there is something, or may have
// while this one did not hear.
func (b *Bus) Heard() <-chan struct{} { return b.heard }

// Up tells whether the others can be reached.
func (b *Bus) Up() bool { return b.up.Load() }

// Stats are the counts so far.
func (b *Bus) Stats() Stats {
	return Stats{Sent: b.sent.Load(), Received: b.received.Load(), Ignored: b.ignored.Load(), Losses: b.losses.Load()}
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// read makes nats.go's options of ours.
func (o *Options) read() (opts nats.Options, err error) {
	bad := func(err error, message string, args ...any) (nats.Options, error) {
		return opts, fault.New(fault.BusSettings, message, args...).Because(err)
	}
	opts = nats.GetDefaultOptions()
	for text := range strings.SplitSeq(o.URL, ",") {
		text = strings.TrimSpace(text)
		if !strings.Contains(text, "://") {
			text = "nats://" + text
		}
		u, err := url.Parse(text)
		if err != nil || u.Hostname() == "" || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) {
			return bad(nil, "the URL of NATS can't be read; it is like nats://user:password@host:4222, and of several servers such URLs with commas") // without the error, which has the password
		}
		opts.Servers = append(opts.Servers, text)
	}
	opts.Name, opts.NoEcho = "loam", true
	opts.Timeout, opts.FlusherTimeout, opts.ReconnectOnFlusherError = dialWithin, writeWithin, true
	opts.PingInterval, opts.MaxPingsOut = pingEvery, pingsMissed
	opts.RetryOnFailedConnect, opts.IgnoreAuthErrorAbort, opts.MaxReconnect = true, true, -1
	opts.ReconnectWait, opts.ReconnectJitter, opts.ReconnectJitterTLS = leastPause, morePause, morePause
	opts.ReconnectBufSize = -1 // what can't be said now need not be said later
	opts.NoCallbacksAfterClientClose = true
	if o.Credentials != "" {
		if _, err := os.ReadFile(o.Credentials); err != nil {
			return bad(err, "the credentials of NATS can't be read from %s", o.Credentials)
		}
		if err := nats.UserCredentials(o.Credentials)(&opts); err != nil {
			return bad(err, "the credentials of NATS in %s are not well formed", o.Credentials)
		}
	}
	if o.CA != "" {
		if err := nats.RootCAs(o.CA)(&opts); err != nil {
			return bad(err, "%s has no certificate, by which NATS would be known", o.CA)
		}
	}
	if o.Certificate != "" || o.Key != "" {
		if err := nats.ClientCert(o.Certificate, o.Key)(&opts); err != nil {
			return bad(err, "%q and %q are no certificate and its key, which NATS would be shown", o.Certificate, o.Key)
		}
	}
	return opts, nil
}

// dialer gives up with its context.
type dialer struct{ ctx context.Context }

// Dial connects to a server.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	within := net.Dialer{Timeout: dialWithin}
	return within.DialContext(d.ctx, network, address)
}

// run says what is to be said, until ctx ends.
func (b *Bus) run(ctx context.Context, opts nats.Options) {
	nc, err := opts.Connect()
	if err == nil {
		defer nc.Close()
		var s *nats.Subscription
		if s, err = nc.Subscribe(b.subject, b.hear); err == nil {
			err = s.SetPendingLimits(waitingMost, waitingBytes)
		}
	}
	if err != nil {
		b.lost(err)
		return
	}
	for {
		select {
		case <-b.rung:
			if nc.Publish(b.subject, []byte(look)) == nil {
				b.sent.Add(1)
			}
		case <-ctx.Done():
			return
		}
	}
}

// hear takes a message of anybody's.
func (b *Bus) hear(m *nats.Msg) {
	if string(m.Data) != look {
		b.ignored.Add(1)
		return
	}
	b.received.Add(1)
	signal(b.heard)
}

func (b *Bus) joined(nc *nats.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.up.Store(true)
	if b.missed || b.said.IsZero() {
		b.said = time.Now()
		b.log.Info("NATS wakes the servers of this database", "server", nc.ConnectedUrlRedacted(), "subject", b.subject)
	}
	b.missed = false
	signal(b.heard) // of what was said meanwhile
}

// lost says once that the link is lost, and nothing of one that comes and goes.
func (b *Bus) lost(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.up.Store(false)
	if b.missed || time.Since(b.said) < quiet && !b.said.IsZero() {
		return
	}
	b.missed, b.said = true, time.Now()
	b.log.Warn("NATS can't be reached: until it can, the database wakes the servers, or each looks by itself", "error", err)
}

// erred sees to what the server says is wrong.
func (b *Bus) erred(_ *nats.Conn, _ *nats.Subscription, err error) {
	switch {
	case errors.Is(err, nats.ErrSlowConsumer): // what was dropped said what the one before it did
		b.ignored.Add(1)
	case errors.Is(err, nats.ErrPermissionViolation):
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.up.Swap(false) {
			b.missed = true
			b.log.Error("NATS does not let this server publish and subscribe; allow it to, and NATS is used from the next connection on", "subject", b.subject, "error", err)
		}
	}
}
