package socket

import (
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/channel"
)

// Channels over server-sent events: an answer is a member of one channel.

// A connection by which somebody is present is lost within ten seconds: it is
// given a sign of life every pulse, which the client's machine has to acknowledge
// within patience.
const (
	pulse    = 3 * time.Second
	patience = 5 * time.Second
)

// presence is an answer of one channel's events.
type presence struct {
	*conn
	member atomic.Pointer[channel.Member]
	shown  atomic.Bool // others see this connection
	ended  atomic.Bool
}

// Channel answers a request with the events of a channel for as long as the client
// stays; another goroutine serves it once this returns. An error comes before anything
// was sent.
func (s *Server) Channel(w http.ResponseWriter, caller Caller, by *access.Principal, join func(channel.Sink) (*channel.Member, error)) error {
	p := &presence{}
	p.conn = s.conn(caller, p)
	err := s.stream(w, p.conn, by, func() error {
		m, err := join(p)
		if err != nil {
			return err
		}
		p.member.Store(m)
		p.shown.Store(m.Shown())
		if now := p.by.Load(); now != by { // rights changed before there was a member to go on under new ones
			p.rebind(now)
		}
		return nil
	})
	if err == nil && p.shown.Load() {
		giveUpAfter(p.net, patience)
	}
	return err
}

// Tell sends an event.
func (p *presence) Tell(m *channel.Member, e *channel.Event) {
	if p.ended.Load() {
		return
	}
	err := p.write(func(b []byte) []byte {
		b = append(append(b, "event: "...), e.Kind...)
		if e.ID != "" {
			b = append(append(b, "\nid: "...), e.ID...)
		}
		return append(append(append(b, "\ndata: "...), e.Body...), "\n\n"...)
	})
	if errors.Is(err, errSlow) {
		p.End(m, slow(p.limit))
	}
}

// End ends the answer; nothing waits for it.
func (p *presence) End(_ *channel.Member, why error) {
	if !p.ended.Swap(true) {
		go p.fail(why)
	}
}

func (p *presence) refuse(err error) {
	p.ended.Store(true)
	p.finish(farewellEvent(err))
}

func (p *presence) rebind(by *access.Principal) {
	if m := p.member.Load(); m != nil {
		if err := m.Rebind(p.server.context, by); err != nil {
			p.fail(err)
		}
	}
}

func (p *presence) leave() {
	if m := p.member.Load(); m != nil {
		m.Leave()
	}
}

func (p *presence) beat() {
	if !p.ended.Load() {
		_ = p.send([]byte(":\n\n")) // what waits shows the client's pace
	}
}

func (p *presence) pulse(time.Time) {
	if p.shown.Load() {
		p.beat()
	}
}
