// Package realtime follows the change log and tells each subscriber what of it
// concerns them: lists that stay true, and feeds of changes that resume. What is
// judged is judged by package access, once for all who see the same; what is sent
// is encoded once. It knows no HTTP and no socket: a Sink takes what is told.
package realtime

import (
	"cmp"
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/data"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/store"
)

// The limits that are the same for everybody.
const (
	readAhead    = 512     // changes of one read of the log
	keptBytes    = 8 << 20 // of the rows in them
	maxWaiting   = 4096    // changes that may wait for the database to judge them, for each subscription
	deepWorkers  = 4       // of which so many are judged at once
	restBetween  = 25 * time.Millisecond
	catchUpTries = 100              // reads of the log until a subscriber has caught up with it
	safetyWake   = time.Second      // the log is looked at after this long, whether or not a commit was told of
	readPatience = 10 * time.Second // of one read of the hub's own
)

// bounds are what a hub remembers.
type bounds struct {
	spare  int // rows that a list knows beyond those it shows, at least one
	kept   int // changes kept in memory, for those who resume a moment later
	rewind int // changes that a list is taken back over; further back it is sent anew
}

var usual = bounds{spare: 32, kept: 4096, rewind: 1000}

// Options are what a Hub needs.
type Options struct {
	Key  []byte          // 32 bytes, the same on every node: seals positions
	Wake <-chan struct{} // something was committed; a signal too many does no harm
	// Poll is how long a change waits that no signal came for: one of another node's.
	// 0 is safetyWake.
	Poll  time.Duration
	Check func() // called between reading and telling: ends what may not go on; nil for none
	// Lag is told how long after its writing all subscribers were told of a change;
	// nil for nobody.
	Lag    func(time.Duration)
	Limits Limits
	Log    *slog.Logger
	Now    func() time.Time
}

// Hub follows the change log for all subscribers of one environment. It is safe
// for concurrent use.
type Hub struct {
	opts      Options
	positions data.Positions
	bounds    bounds
	metrics   metrics
	deep      chan struct{} // a place for each of deepWorkers
	stop      chan struct{}
	gone      chan struct{}

	mu      sync.Mutex
	service *data.Service
	resting error // why there is no service
	pos     int64 // all changes up to here have been judged
	asleep  bool  // nobody listens, and pos is not kept
	recent  recent
	index   index
	views   map[string]*view
	subs    int
	quota   quota
	working int    // views that ask the database
	round   uint64 // of the change being judged
}

// New makes a hub that follows nothing until Use.
func New(o Options) (*Hub, error) {
	positions, err := data.NewPositions(o.Key)
	if err != nil {
		return nil, err
	}
	h := &Hub{opts: o, positions: positions, bounds: usual, deep: make(chan struct{}, deepWorkers), stop: make(chan struct{}), quota: newQuota(o.Limits), gone: make(chan struct{}), asleep: true}
	h.clear()
	go h.run()
	return h, nil
}

// Squeeze has the hub remember less than it would, before anybody listens; for tests
// of what it does then.
func (h *Hub) Squeeze(spare, kept, rewind int) { h.bounds = bounds{spare, kept, rewind} }

// Use follows the log under a new schema. Who listened under the last one is told
// to connect again.
func (h *Hub) Use(s *data.Service) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.endAll(fault.New(fault.RealtimeRestart, "the schema has changed; connect again and resume from the last event"))
	h.service = s
	h.clear()
}

// Rest ends all subscriptions and takes none until Use, for a reason.
func (h *Hub) Rest(why error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.endAll(fault.New(fault.RealtimeRestart, "this server can't go on for now; connect again and resume from the last event").Because(why))
	h.service, h.resting = nil, why
	h.clear()
}

// Close ends all subscriptions.
func (h *Hub) Close() {
	close(h.stop)
	<-h.gone
	h.mu.Lock()
	defer h.mu.Unlock()
	h.endAll(fault.New(fault.RealtimeRestart, "the server is stopping; connect again and resume from the last event"))
	h.service = nil
	h.clear()
}

func (h *Hub) clear() {
	h.views, h.index, h.recent, h.asleep, h.subs = map[string]*view{}, index{}, recent{}, true, 0
}

func (h *Hub) endAll(why error) {
	for _, v := range h.views {
		v.end(why)
	}
}

// run judges what has been committed, again and again.
func (h *Hub) run() {
	defer close(h.gone)
	poll := time.NewTicker(cmp.Or(h.opts.Poll, safetyWake))
	defer poll.Stop()
	idle := time.NewTicker(safetyWake)
	defer idle.Stop()
	for {
		select {
		case <-h.opts.Wake:
		case <-poll.C:
		case <-idle.C:
			if err := h.sequence(); err != nil {
				h.opts.Log.Error("putting the change log in order", "error", err)
			}
			continue
		case <-h.stop:
			return
		}
		if err := h.follow(); err != nil {
			h.opts.Log.Error("following the change log", "error", err)
		}
	}
}

// check ends what may not go on, once it is known what there is to tell: whose rights
// were taken away before something was written is told nothing of it.
func (h *Hub) check() {
	if h.opts.Check != nil {
		h.opts.Check()
	}
}

// sequence sees to it that the first who listens finds the log in order.
func (h *Hub) sequence() error {
	h.mu.Lock()
	service, asleep := h.service, h.asleep
	h.mu.Unlock()
	if service == nil || !asleep {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), readPatience)
	defer cancel()
	return service.Sequence(ctx)
}

// follow judges all that the log has beyond where the hub is.
func (h *Hub) follow() error {
	for {
		h.mu.Lock()
		h.asleep = h.asleep || h.quota.all == 0 // nor is anybody on their way
		service, after, idle := h.service, h.pos, h.asleep || h.service == nil
		h.mu.Unlock()
		if idle {
			return nil
		}
		ctx, cancel := context.WithTimeout(context.Background(), readPatience)
		changes, err := service.Changes(ctx, store.Following{After: after, Limit: readAhead})
		cancel()
		if err != nil {
			return err
		}
		h.check()
		h.mu.Lock()
		if h.service == service && h.pos == after && !h.asleep {
			h.judge(changes)
		}
		h.mu.Unlock()
		if !changes.More {
			return nil
		}
	}
}

// judge hands changes to those whom they may concern.
func (h *Hub) judge(changes store.Changes) {
	for i := range changes.All {
		ch := &changes.All[i]
		h.round++
		h.index.candidates(ch, h.round, func(v *view) { v.take(ch) })
		h.recent.add(ch, h.bounds.kept)
	}
	h.metrics.changes.Add(uint64(len(changes.All)))
	if h.opts.Lag != nil {
		now := h.opts.Now()
		for i := range changes.All {
			if at, err := time.Parse(form.DateTimeLayout, changes.All[i].At); err == nil {
				h.opts.Lag(now.Sub(at))
			}
		}
	}
	h.pos = changes.Last
}

// wakeUp finds out where the log ends, for the first who listens. The lock is held.
func (h *Hub) wakeUp(ctx context.Context) error {
	if !h.asleep {
		return nil
	}
	_, last, err := h.service.LogBounds(ctx)
	if err != nil {
		return err
	}
	h.pos, h.recent, h.asleep = last, recent{from: last}, false
	return nil
}

// recent are the changes judged last, all those behind from.
type recent struct {
	from  int64
	all   []*store.Change
	bytes int
}

func (r *recent) add(ch *store.Change, most int) {
	r.all, r.bytes = append(r.all, ch), r.bytes+sizeOf(ch)
	drop := 0
	for len(r.all)-drop > most || r.bytes > keptBytes {
		r.from, r.bytes = r.all[drop].Seq, r.bytes-sizeOf(r.all[drop])
		drop++
	}
	if drop > 0 {
		clear(r.all[:drop])
		r.all = r.all[drop:]
	}
}

func sizeOf(ch *store.Change) int {
	n := 0
	for _, im := range []*store.Image{ch.Before, ch.After} {
		if im != nil {
			n += len(im.Text())
		}
	}
	return n
}

// after calls fn for the changes behind a position, and tells whether it has them
// all.
func (r *recent) after(pos int64, fn func(*store.Change)) bool {
	if pos < r.from {
		return false
	}
	for i := len(r.all); ; i-- {
		if i == 0 || r.all[i-1].Seq <= pos {
			for _, ch := range r.all[i:] {
				fn(ch)
			}
			return true
		}
	}
}

// Op says what happened to a row, as the subscriber sees it.
type Op uint8

// The operations.
const (
	Start  Op = iota // of a feed: what follows comes after this position
	Rows             // of a list: all its rows, in place of those known before
	Gap              // history is gone: what happened since the position asked for is not known
	Insert           // the row is new, or entered
	Update           // it changed, or its place did
	Delete           // it was deleted
	Remove           // it left: another row took its place, or it may not be seen any more
	Next             // of a list: none of what is shown has changed, but what follows has
)

func (o Op) String() string {
	return [...]string{"start", "rows", "gap", "insert", "update", "delete", "remove", "next"}[o]
}

// Event is what a subscriber is told. It is shared by all who are told the same
// and is not to be changed.
type Event struct {
	Op     Op
	Resume int64  // the position that all is told up to, once this is; 0: to be sent all rows then
	ID     string // of the row, as query.KeyID
	Index  int    // of the row in its list, once the event is applied
	Row    []byte // as the subscriber sees it; of a feed's Delete, as it was; nil for Remove
	Page   *Page  // of Rows
	End    *[]any // where a list ends now, if it ended elsewhere before: see Subscription.Cursor
	change int64  // which change it tells of
}

// Page is the state of a list.
type Page struct {
	Items   []byte // JSON texts joined by commas
	Next    string // the cursor of what follows, "" at the end
	Total   int64  // where the read asked
	Counted bool
}

// Sink takes what a subscriber is told. Both methods are called with the hub's
// lock held: they must not wait for anything, nor call the hub.
type Sink interface {
	Tell(*Subscription, *Event)
	// End tells that the hub has ended the subscription, and why.
	End(*Subscription, error)
}

// Writes are the kinds of write that a feed tells of.
type Writes uint8

// The kinds. A feed of Changes tells what they mean to the filter: a row that an
// update lets in is an Insert, one that it puts out a Remove.
const (
	Changes Writes = 0
	Creates Writes = 1 << iota
	Updates
	Deletes
)

// Request is what somebody wants to follow.
type Request struct {
	Read   *query.Read // Op Follow: a feed; List or Search: a live list
	Writes Writes      // of a feed
	Since  string      // a position, or "" for now
}

// Subscription is one subscriber's.
type Subscription struct {
	hub   *Hub
	sink  Sink
	watch access.Watch
	place data.Place
	want  Request
	view  *view // nil once it has ended
	spot  int   // in view.subs
	from  int64 // of a feed: told of no change up to here
	left  bool  // its subscriber wants no more
	counted
}

// Position appends the text of a position, for its subscriber alone.
func (s *Subscription) Position(b []byte, pos int64) []byte {
	return s.hub.positions.Seal(b, s.place, pos)
}

// Cursor is that of what follows the list, for its subscriber alone, once an event with an
// End is applied; "" where nothing does.
func (s *Subscription) Cursor(e *Event) string {
	if *e.End == nil {
		return ""
	}
	text, err := s.hub.service.Cursor(s.watch, *e.End)
	if err != nil {
		panic("realtime: what rows are sorted by always encodes: " + err.Error())
	}
	return text
}

// Reached appends a position that the subscriber may resume from though nothing was
// told of it: all up to there is. It appends nothing while that can't be said.
func (s *Subscription) Reached(b []byte) []byte {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	v := s.view
	if v == nil || v.working || v.list != nil && (v.list.dirty || v.list.short()) {
		return b
	}
	return s.Position(b, max(h.pos, s.from))
}

// Rebind has the subscription go on under new rights: a feed where it is, a list with
// all its rows anew. After an error it has ended.
func (s *Subscription) Rebind(ctx context.Context, by *access.Principal) error {
	err := s.rebind(ctx, by)
	if err != nil {
		s.Close()
	}
	return err
}

func (s *Subscription) rebind(ctx context.Context, by *access.Principal) error {
	h := s.hub
	h.mu.Lock()
	v, service := s.view, h.service
	if v == nil {
		h.mu.Unlock()
		return nil
	}
	since := h.pos
	if v.working && v.feed != nil {
		since = max(v.done, s.from)
	}
	v.leave(s)
	h.mu.Unlock()
	w, err := service.Watch(by, s.want.Read)
	if err != nil {
		return err
	}
	s.watch = w
	j := joining{h, service, w, s, s.want.class(w)}
	if v.feed != nil {
		return j.resumeFeed(ctx, v.feed, since, false)
	}
	return j.list(ctx)
}

// class is equal for all who are told the same.
func (r Request) class(w access.Watch) string { return r.name() + "\x00" + w.Class() }

// name tells apart what is followed of the same rows.
func (r Request) name() string {
	if r.Read.Op == query.Follow {
		return "feed" + strconv.Itoa(int(r.Writes))
	}
	return "list" + strconv.Itoa(r.Read.Limit) + "@" + r.Read.Cursor
}

// Close ends the subscription: Tell is not called again.
func (s *Subscription) Close() {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	s.left = true
	if s.view != nil {
		s.view.leave(s)
	}
	h.quota.leave(s)
}
