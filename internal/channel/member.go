package channel

import (
	"context"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
)

// Member is one connection in one channel. It is safe for concurrent use.
type Member struct {
	hub  *Hub
	room *room
	rule *config.Channel
	sink Sink
	ref  string

	// guarded by the room's mu
	by    *access.Principal
	may   may
	in    bool
	wants bool // to show itself once it has come in
	shown bool
	state jsontext.Value
	row   RowWatch         // nil where the channel is about no row
	waits bool             // to be told who is here: what happens is held
	held  []*Event         // meanwhile
	told  map[string]int64 // up to which event of each node it knows
	last  string           // the last kept message that it was told of when it came
}

// maxHeld is how many events may be held for a member who waits.
const maxHeld = 1000

// Joining is how a connection joins a channel.
type Joining struct {
	Ref   string // names the connection, the same in all its channels
	State []byte // JSON that it shows of itself; nil: it listens unseen
	Since string // a message: only what was kept after it is told; "" for all that is kept
}

// Another refuses a connection that is in so many channels a further one.
func (h *Hub) Another(in int) error {
	if most := h.opts.Limits.PerConnection; in >= most {
		return fault.New(fault.ChannelLimit, "this connection is in %d channels, the most that limits.channels.perConnection allows", most)
	}
	return nil
}

// Join makes a connection a member of a channel: it is told who is here and what
// was kept, then all that happens. The sink may be told before Join returns.
func (h *Hub) Join(ctx context.Context, by *access.Principal, name string, in Joining, sink Sink) (*Member, error) {
	s, err := h.stand(by, name)
	if err == nil && !s.join {
		err = denied("join", name, by)
	}
	if err != nil {
		return nil, err
	}
	m := &Member{hub: h, rule: s.rule, sink: sink, ref: in.Ref, by: by, may: s.may}
	if in.State != nil {
		if m.state, err = h.shows(s.may, by, name, in.State); err != nil {
			return nil, err
		}
		m.wants = true
	}
	if err := h.row(ctx, by, s); err != nil {
		return nil, err
	}
	m.room = h.enter(address{by.Org, name})
	if err := m.add(ctx); err != nil {
		h.exit(m.room)
		return nil, err
	}
	if err := m.join(ctx, in.Since); err != nil {
		m.Leave()
		return nil, err
	}
	if err := m.watch(ctx, s); err != nil {
		m.Leave()
		return nil, err
	}
	return m, nil
}

// join tells the member who is here and what it missed, and tells the others of it.
func (m *Member) join(ctx context.Context, since string) error {
	kept, err := m.hub.kept(ctx, m.room.address, m.rule, since)
	if err != nil {
		return err
	}
	others, told, err := m.others(ctx)
	if err != nil {
		return err
	}
	m.room.turn.Lock()
	defer m.room.turn.Unlock()
	if err := m.greet(kept, others, told); err != nil {
		return err
	}
	if m.Shown() { // none but this goroutine knows the member yet
		return m.publish(Joined, m.state)
	}
	return nil
}

// others are those present by other nodes, for a member who may see them.
func (m *Member) others(ctx context.Context) ([]present, map[string]int64, error) {
	m.room.mu.Lock()
	seen := m.may.presence
	m.room.mu.Unlock()
	if m.hub.bus == nil {
		return nil, nil, nil
	}
	return m.hub.bus.Others(ctx, m.room.org, m.room.name, seen)
}

// add makes it a member for whom what happens is held.
func (m *Member) add(ctx context.Context) error {
	if m.hub.bus != nil {
		if err := m.hub.bus.Attend(ctx); err != nil {
			return err
		}
	}
	r, limits := m.room, m.hub.opts.Limits
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.members) >= limits.Members {
		return fault.New(fault.ChannelLimit, "the channel has %d connections, the most that limits.channels.members allows", limits.Members)
	}
	r.members[m], m.in, m.waits = struct{}{}, true, true
	m.hub.members.Add(1)
	return nil
}

// greet tells a member who waits all that it is to know first.
func (m *Member) greet(kept []Event, others []present, told map[string]int64) error {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !m.in:
		return m.absent()
	case len(m.held) > maxHeld:
		return fault.New(fault.StoreBusy, "more than %d events came while the channel was joined; try again", maxHeld)
	case m.wants:
		if err := m.count(len(others)); err != nil {
			return err
		}
		m.wants, m.shown = false, true
	}
	held := m.held
	m.waits, m.held, m.told = false, nil, told
	if m.may.presence {
		m.sink.Tell(m, m.here(others))
	}
	for i := range kept {
		m.last = kept[i].ID
		m.sink.Tell(m, &kept[i])
	}
	for _, e := range held {
		m.hear(e)
	}
	return nil
}

// hear tells the member of an event, unless it knows it. The room's mu is held.
func (m *Member) hear(e *Event) {
	switch {
	case m.waits:
		if len(m.held) <= maxHeld {
			m.held = append(m.held, e)
		}
		return
	case e.turn > 0 && e.turn <= m.told[e.node], m.rule.Keep > 0 && e.Kind == Said && e.ID <= m.last:
		return
	}
	m.sink.Tell(m, e)
	m.hub.told.Add(1)
}

// count counts one more who is here beside others. The room's mu is held.
func (m *Member) count(others int) error {
	if most := m.hub.opts.Limits.Present; m.room.present+others >= most {
		return fault.New(fault.ChannelLimit, "%d connections show themselves in the channel, the most that limits.channels.present allows", most)
	}
	m.room.present++
	return nil
}

// here is the first event of who may see who is here. The room's mu is held.
func (m *Member) here(others []present) *Event {
	return &Event{Org: m.room.org, Channel: m.room.name, Kind: Here, Body: encode(struct {
		Here []Person `json:"here"`
		You  string   `json:"you"`
	}{m.room.here(others), m.ref})}
}

// watch has the member leave once the row may not be read any more.
func (m *Member) watch(ctx context.Context, s standing) error {
	if s.rule.Row == "" {
		return nil
	}
	w, err := m.hub.opts.Rows.Watch(ctx, m.by, s.rule.Row, s.rest, func(why error) { go m.end(why) })
	if err != nil {
		return err
	}
	m.room.mu.Lock()
	m.row = w
	m.room.mu.Unlock()
	if !m.In() { // gone already
		w.Close()
	}
	return nil
}

// In tells whether the member has not left.
func (m *Member) In() bool {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	return m.in
}

// Channel is the name of the channel.
func (m *Member) Channel() string { return m.room.name }

// Shown tells whether others see that this connection is here.
func (m *Member) Shown() bool {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	return m.shown
}

// Leave ends the membership: the sink is not told of anything more.
func (m *Member) Leave() { m.leave() }

func (m *Member) leave() bool {
	r := m.room
	r.turn.Lock()
	defer r.turn.Unlock()
	r.mu.Lock()
	was, shown, row := m.in, m.shown, m.row
	if was {
		delete(r.members, m)
		m.in, m.shown = false, false
		m.hub.members.Add(-1)
	}
	if was && shown {
		r.present--
	}
	r.mu.Unlock()
	if !was {
		return false
	}
	if shown {
		_ = m.publish(Left, nil)
	}
	if row != nil {
		row.Close()
	}
	m.hub.exit(r)
	return true
}

func (m *Member) end(why error) {
	if m.leave() {
		m.sink.End(m, why)
	}
}

// Rebind has the membership go on under new rights. After an error it has ended.
func (m *Member) Rebind(ctx context.Context, by *access.Principal) error {
	s, err := m.hub.stand(by, m.room.name)
	if err == nil && !s.join {
		err = denied("join", m.room.name, by)
	}
	if err == nil {
		row, sees := m.rebind(by, s.may)
		if sees {
			err = m.see(ctx)
		}
		if row != nil && err == nil {
			err = row.Rebind(ctx, by)
			if !m.In() { // left meanwhile: the row is watched for nobody
				row.Close()
			}
		}
	}
	if err != nil {
		m.Leave()
	}
	return err
}

func (m *Member) rebind(by *access.Principal, now may) (row RowWatch, sees bool) {
	r := m.room
	r.turn.Lock()
	defer r.turn.Unlock()
	r.mu.Lock()
	sees = m.in && now.presence && !m.may.presence && !m.waits
	hides := m.shown && !now.show
	m.by, m.may = by, now
	if hides {
		m.shown = false
		r.present--
	}
	m.waits = m.waits || sees
	row = m.row
	r.mu.Unlock()
	if hides {
		_ = m.publish(Left, nil)
	}
	return row, sees
}

// see tells a member that waits who is here.
func (m *Member) see(ctx context.Context) error {
	others, told, err := m.others(ctx)
	if err != nil {
		return err
	}
	m.room.turn.Lock()
	defer m.room.turn.Unlock()
	return m.greet(nil, others, told)
}

// Show shows others a state of this connection; the first one makes it present.
func (m *Member) Show(ctx context.Context, state []byte) error {
	r := m.room
	var others []present
	if !m.Shown() {
		var err error
		if others, _, err = m.others(ctx); err != nil {
			return err
		}
	}
	r.turn.Lock()
	defer r.turn.Unlock()
	kind, value, err := m.show(state, len(others))
	if err == nil {
		err = m.publish(kind, value)
	}
	return err
}

func (m *Member) show(state []byte, others int) (Kind, jsontext.Value, error) {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if !m.in {
		return "", nil, m.absent()
	}
	value, err := m.hub.shows(m.may, m.by, r.name, state)
	if err == nil {
		err = m.hub.pace.take(m.ref, m.hub.opts.Limits.Rate, m.hub.opts.Now())
	}
	kind := Changed
	if err == nil && !m.shown {
		kind, err = Joined, m.count(others)
	}
	if err == nil {
		m.shown, m.state = true, value
	}
	return kind, value, err
}

// announce tells once more that the member is present, if it is.
func (m *Member) announce() {
	m.room.turn.Lock()
	defer m.room.turn.Unlock()
	m.room.mu.Lock()
	shown, state := m.shown, m.state
	m.room.mu.Unlock()
	if shown {
		_ = m.publish(Joined, state)
	}
}

// shows is what a caller wants to show, if they may.
func (h *Hub) shows(m may, by *access.Principal, name string, state []byte) (jsontext.Value, error) {
	if !m.show {
		return nil, denied("be present in", name, by)
	}
	return value("state", "state", state, h.opts.Limits.State)
}

func (m *Member) absent() error {
	return fault.New(fault.ChannelUnknown, "this connection is not in %s; join it first", m.room.name)
}

// publish tells others of what became of the member. The room's turn is held.
func (m *Member) publish(kind Kind, state jsontext.Value) error {
	return m.hub.publish(Event{Org: m.room.org, Channel: m.room.name, Kind: kind, From: m.ref, Body: encode(present{whoIs(m.by), connection{m.ref, state}})})
}

// present is a connection that shows itself, and whose it is.
type present struct {
	who
	connection
}

// who is whom a connection or a message is of, as others see it.
type who struct {
	User string `json:"user,omitempty"`
	Key  string `json:"key,omitempty"` // an API key
}

func whoIs(by *access.Principal) who {
	if by.Kind == access.APIKey {
		return who{Key: by.KeyID}
	}
	return who{User: by.UserID}
}

type connection struct {
	Ref   string         `json:"ref"`
	State jsontext.Value `json:"state,omitzero"`
}

// Person is somebody who is here, once, with each of their connections.
type Person struct {
	who
	Connections []connection `json:"connections"`
}

// here lists who is here, on other nodes too, by when they came. The room's mu is held.
func (r *room) here(others []present) []Person {
	all := slices.Clone(others)
	for m := range r.members {
		if m.shown {
			all = append(all, present{whoIs(m.by), connection{m.ref, m.state}})
		}
	}
	slices.SortFunc(all, func(a, b present) int { return strings.Compare(a.Ref, b.Ref) })
	people, at := []Person{}, map[who]int{}
	for _, p := range all {
		i, known := at[p.who]
		if !known {
			i, at[p.who] = len(people), len(people)
			people = append(people, Person{who: p.who})
		}
		people[i].Connections = append(people[i].Connections, p.connection)
	}
	return people
}
