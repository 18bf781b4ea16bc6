// Package channel is named places of an organization where those who are connected
// tell each other things: broadcast, and presence, which is who is here and what they
// show of themselves. Rules of loam.yaml say who may; what no rule names does not exist.
// Nothing is stored but the last messages, where a rule asks for that, and on PostgreSQL
// what nodes tell each other, while they do (nodes.go). It knows no HTTP and no socket:
// a Sink takes what is told.
package channel

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
)

// Options are what a Hub needs.
type Options struct {
	Rules  []config.Channel
	Limits config.ChannelLimits
	Rows   Rows
	Engine store.Engine // of the messages that are kept
	Now    func() time.Time
}

// bus carries what happens in channels to the hubs of all nodes: each delivers it, and
// it may come twice.
type bus interface {
	// Publish tells of an event, soon and in the order of calls. It does not wait.
	Publish(Event) error
	// Keep does so in the transaction that keeps a message, in the order of these.
	Keep(store.Conn, Event) error
	// Attend has events be delivered from now on. It is called while a channel is in use.
	Attend(context.Context) error
	// Others are those present by other nodes, if they are asked for, and up to which
	// of each node's events that is.
	Others(ctx context.Context, org, channel string, seen bool) ([]present, map[string]int64, error)
	Close()
}

// Rows tells who may read a row.
type Rows interface {
	// May is an error where the caller may not read the row, or there is none.
	May(ctx context.Context, by *access.Principal, model, id string) error
	// Watch has gone called once the caller may not read the row any more, which may
	// be now. It is called with locks held: it must not wait, nor end the watch.
	Watch(ctx context.Context, by *access.Principal, model, id string, gone func(error)) (RowWatch, error)
}

// RowWatch is a watch on a row.
type RowWatch interface {
	Rebind(context.Context, *access.Principal) error
	Close()
}

// Kind is what an event tells of.
type Kind string

// The kinds of event.
const (
	Here    Kind = "presence" // all who are here, for who has just come
	Joined  Kind = "join"
	Left    Kind = "leave"
	Changed Kind = "state"
	Said    Kind = "message"
)

// Event is what happened in a channel. It is shared by all who are told of it and
// is not to be changed.
type Event struct {
	Org, Channel string
	Kind         Kind
	From         string // the connection that it comes from and that is not told; "" for none
	ID           string // of a message
	Body         []byte // a JSON object

	node string // that published it; "" where none counts
	turn int64  // the how many-th of its events
}

// Sink takes what a member is told. Both are called with locks held: they must not
// wait for anything, nor call the hub.
type Sink interface {
	Tell(*Member, *Event)
	// End tells that the member is out, and why.
	End(*Member, error)
}

// Hub is the channels of one environment, as far as this node has members of them.
// It is safe for concurrent use.
type Hub struct {
	opts Options
	bus  bus // nil: there is this node alone
	pace pace

	mu    sync.Mutex
	rooms map[address]*room

	members        atomic.Int64
	messages, told atomic.Uint64
}

// Stats are the hub's figures.
type Stats struct {
	Members        int64  // now: a connection once in each of its channels
	Messages, Told uint64 // messages sent, and events told, since the start
}

// Stats are the figures of this moment.
func (h *Hub) Stats() Stats { return Stats{h.members.Load(), h.messages.Load(), h.told.Load()} }

type address struct{ org, name string }

// room is a channel that is in use.
type room struct {
	address
	uses int // guarded by the hub's lock

	keeping sync.Mutex // held while a message is stored and told, so that both have one order; before turn
	turn    sync.Mutex // held while who is here changes and that is told; before mu

	mu      sync.Mutex
	members map[*Member]struct{}
	present int
}

// New makes a hub without members.
func New(o Options) *Hub {
	return &Hub{opts: o, rooms: map[address]*room{}}
}

func (h *Hub) enter(a address) *room {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[a]
	if r == nil {
		r = &room{address: a, members: map[*Member]struct{}{}}
		h.rooms[a] = r
	}
	r.uses++
	return r
}

func (h *Hub) exit(r *room) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.uses--; r.uses == 0 {
		delete(h.rooms, r.address)
	}
}

// Close tells other nodes that nobody is here any more.
func (h *Hub) Close() {
	if h.bus != nil {
		h.bus.Close()
	}
}

func (h *Hub) publish(e Event) error {
	if h.bus != nil {
		return h.bus.Publish(e)
	}
	h.Deliver(e)
	return nil
}

func (h *Hub) inUse() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.rooms) > 0
}

// all are the members of this node.
func (h *Hub) all() (all []*Member) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.rooms {
		r.mu.Lock()
		all = slices.AppendSeq(all, maps.Keys(r.members))
		r.mu.Unlock()
	}
	return all
}

// scatter puts everybody out.
func (h *Hub) scatter(why error) {
	for _, m := range h.all() {
		m.end(why)
	}
}

// announce tells of everybody who is present.
func (h *Hub) announce() {
	for _, m := range h.all() {
		m.announce()
	}
}

// Deliver tells the members on this node of an event.
func (h *Hub) Deliver(e Event) {
	h.mu.Lock()
	r := h.rooms[address{e.Org, e.Channel}]
	h.mu.Unlock()
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for m := range r.members {
		if m.ref != e.From && (e.Kind == Said || m.may.presence) {
			m.hear(&e)
		}
	}
}

// name is what a channel, or the event of a message, is called. Nothing in it means
// anything to a broker: no wildcard, no space, and it begins with a letter or digit.
var (
	channelName = form.Pattern(`^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$`)
	eventName   = form.Pattern(`^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$`)
)

// may is what a caller may do in a channel.
type may struct{ join, send, show, presence bool }

// standing is how a caller stands to a channel: its rule, and what that allows.
type standing struct {
	rule *config.Channel
	rest string // what the rule's wildcard stands for
	may
}

// stand finds the rule of a channel and what it allows a caller.
func (h *Hub) stand(by *access.Principal, name string) (standing, error) {
	if !channelName().MatchString(name) {
		return standing{}, fault.New(fault.ChannelName, "a channel's name is 1 to 128 letters, digits, and _ - . : with a letter or digit first")
	}
	var s standing
	for i := range h.opts.Rules {
		rule := &h.opts.Rules[i]
		rest, ok := rule.Rest(name)
		if ok && (s.rule == nil || len(rest) < len(s.rest)) { // the pattern that says most
			s.rule, s.rest = rule, rest
		}
	}
	switch {
	case s.rule == nil:
		return s, fault.New(fault.ChannelUnknown, "there is no channel %s: no pattern under channels in loam.yaml names it", name)
	case by.Kind == access.Anonymous:
		return s, fault.New(fault.AccessSignIn, "sign in to use channels: send Authorization: Bearer <access token>")
	case by.Org == "":
		return s, fault.New(fault.AccessNoOrganization, "channels belong to an organization and you have none active; create one or switch to one")
	}
	s.join = granted(s.rule.Join, by, s.rest)
	s.presence = s.join && granted(s.rule.Presence, by, s.rest)
	s.show = s.presence && !by.ReadOnly
	s.send = granted(s.rule.Send, by, s.rest) && !by.ReadOnly
	return s, nil
}

// granted tells whether one of the grants is the caller's.
func granted(grants []string, by *access.Principal, rest string) bool {
	return slices.ContainsFunc(grants, func(grant string) bool {
		kind, of, _ := strings.Cut(grant, ":")
		switch kind {
		case "key":
			return by.Kind == access.APIKey
		case "user":
			return by.Kind == access.User && by.UserID == rest
		case "role":
			return by.Kind == access.User && by.Role == of
		case "team":
			return by.Kind == access.User && slices.Contains(by.Teams, of)
		}
		return by.Kind == access.User && by.Role != "" // member
	})
}

func denied(name, what string, by *access.Principal) error {
	if by.ReadOnly {
		return fault.New(fault.AccessDenied, "these credentials only read: they can't %s %s", what, name)
	}
	return fault.New(fault.AccessDenied, "the rule of %s in loam.yaml does not let you %s it", name, what)
}

// row is an error where the channel is about a row that the caller may not read.
func (h *Hub) row(ctx context.Context, by *access.Principal, s standing) error {
	if s.rule.Row == "" {
		return nil
	}
	return h.opts.Rows.May(ctx, by, s.rule.Row, s.rest)
}

// pace counts what each caller sends within one second.
type pace struct {
	mu     sync.Mutex
	second int64
	sent   map[string]int
}

func (p *pace) take(who string, limit int, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := now.Unix(); s != p.second {
		p.second, p.sent = s, map[string]int{}
	}
	if p.sent[who] >= limit {
		e := fault.New(fault.ChannelLimit, "you send more than %d messages and states a second, the most that limits.channels.rate allows", limit)
		e.RetryAfter = time.Second
		return e
	}
	p.sent[who]++
	return nil
}
