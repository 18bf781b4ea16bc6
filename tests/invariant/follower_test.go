package invariant

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/realtime"
	"github.com/loam-dev/loam/internal/schema"
)

// What follows a world, and how it comes and goes.

// follower follows a list or a feed, and knows what it was told.
type follower struct {
	*history
	q       *ask
	c       *caller
	limit   int
	count   bool
	fields  []string // none: all
	feed    bool
	writes  realtime.Writes
	request realtime.Request

	sub       *realtime.Subscription // nil while away
	heard     []heard                // not looked at yet
	ended     error
	lists     []moment // what it knew behind each event
	from      int      // of a feed: the change that it was told of last, or of the state that it began at
	since     int      // the state that it knew last
	exact     bool     // of a feed: no other row has a say
	deep      bool     // of a list: only the database can judge it
	away      int      // the write of the burst before which it leaves, and comes back
	back      int
	returned  bool
	positions []position
	got       []heard // of a feed, since it came back
}

// heard is an event and where to resume behind it.
type heard struct {
	*realtime.Event
	position string
}

// moment is what a list's follower knew behind an event.
type moment struct {
	position string
	known    []item
	total    int64
	since    int // the state that it knew last
}

type item struct{ id, row string }

// position is where a feed's follower may come back to.
type position struct {
	text string
	seq  int64
}

// principal is the caller as the server knows them.
func (c *caller) principal() *access.Principal {
	by := &access.Principal{Org: c.org, ReadOnly: c.readOnly}
	switch c.kind {
	case "user":
		by.Kind, by.UserID, by.Username, by.Email, by.Role, by.Teams, by.TeamIDs, by.Groups = access.User, c.id, c.id, c.email, c.role, c.teams, c.teamIDs, c.groups
	case "superuser":
		by = (&access.Principal{Kind: access.User, UserID: c.id, Admin: true}).Superuser(c.org)
	case "key":
		by.Kind, by.KeyID = access.APIKey, c.name
	}
	return by
}

// follower has somebody follow something; nil where they may not, as the oracle says.
func (h *history) follower(feed bool) *follower {
	f := &follower{history: h, c: pick(h.g, h.callers...), feed: feed}
	f.q = h.ask(f.c)
	m := f.q.m
	verdict := h.model(m, f.c, schema.Listen)
	if feed {
		f.q = &ask{m: m, filter: f.q.filter}
		f.writes = pick(h.g, realtime.Changes, realtime.Changes, realtime.Creates, realtime.Updates, realtime.Deletes, realtime.Creates|realtime.Deletes)
		f.request = realtime.Request{Read: &query.Read{Model: m.Name, Op: query.Follow, Filter: numbers(f.q.filter)}, Writes: f.writes}
		f.exact = !wide(m, f.q.filter)
		if verdict == fine {
			verdict = h.filterVerdict(m, f.q.filter, f.c)
		}
	} else {
		f.limit = pick(h.g, 1, 2, 3, 4, 5, 8, whole)
		f.count = h.g.chance(0.15)
		f.choose()
		f.request.Read = f.read()
		if asked, _ := h.list(f.q, f.c); verdict == fine {
			verdict = asked
		}
		if verdict == fine {
			verdict = h.strict(f.q.sub, f.c, f.q.operation())
		}
	}
	f.since, f.from = len(h.states)-1, len(h.changes)
	if err := f.subscribe(""); err != nil || m.ReadOnly || verdict != fine {
		if m.ReadOnly != (err != nil && verdict == fine) && verdict == fine || (err == nil) && verdict != fine {
			h.fatalf("%s follows %s: %v, the oracle says %d", f.c.name, f.url(), err, verdict)
		}
		return nil
	}
	w, err := h.b.Data().Watch(f.c.principal(), f.request.Read)
	if err != nil {
		h.fatalf("%v", err)
	}
	f.deep = w.Deep()
	f.hear()
	return f
}

// wide tells whether other rows have a say in which rows of a model are seen, and in
// what is shown of them.
func wide(m *schema.Model, filter map[string]any) bool {
	through := func(rules []*schema.Rule) bool {
		return slices.ContainsFunc(rules, func(r *schema.Rule) bool {
			return r.Allow == schema.AllowWhere && throughRelation(m, asObject(r.Filter.Value))
		})
	}
	return throughRelation(m, filter) || through(m.Rules) || slices.ContainsFunc(m.Fields, func(f *schema.Field) bool { return through(f.Rules) })
}

// choose draws the fields that a list shows, with its key.
func (f *follower) choose() {
	if f.q.sub != nil || !f.g.chance(0.3) {
		return
	}
	for _, field := range f.q.m.Fields {
		some, _ := f.history.field(field, f.c, f.q.operation())
		if field.Stored() && !field.Hidden && some && (slices.Contains(f.q.m.Key, field) || f.g.chance(0.3)) {
			f.fields = append(f.fields, field.Name)
		}
	}
	for _, key := range f.q.m.Key { // one that may not be read
		if !slices.Contains(f.fields, key.Name) {
			f.fields = nil
		}
	}
}

// read is what the URL asks for.
func (f *follower) read() *query.Read {
	r := &query.Read{Model: f.q.m.Name, Op: query.List, Filter: numbers(f.q.filter), Sort: f.q.sort, Limit: f.limit, Count: f.count, Strict: true, Select: selected(f.q.sub)}
	if f.q.search != "" {
		r.Op, r.Search = query.Search, f.q.search
	}
	for _, name := range f.fields {
		r.Select = append(r.Select, query.Field{Name: name})
	}
	return r
}

func selected(sub []*include) []query.Field {
	if len(sub) == 0 {
		return nil
	}
	sub = slices.Clone(sub)
	slices.SortFunc(sub, func(a, b *include) int { return strings.Compare(a.f.Name, b.f.Name) })
	out := []query.Field{{Name: query.Rest}}
	for _, in := range sub {
		out = append(out, query.Field{Name: in.f.Name, Read: &query.Read{Model: in.f.Relation.Target.Name, Op: query.List,
			Filter: numbers(in.filter), Sort: in.sort, Limit: in.limit, Strict: true, Select: selected(in.sub)}})
	}
	return out
}

func (f *follower) url() string {
	if f.feed {
		return "feed of " + f.q.m.Name + " " + text(f.q.filter)
	}
	u := f.q.rest(f.limit, "")
	if !f.count {
		u = strings.Replace(u, "count=true&", "", 1)
	}
	if f.fields != nil {
		u += "&fields=" + strings.Join(f.fields, ",")
	}
	return u
}

// Tell notes an event.
func (f *follower) Tell(s *realtime.Subscription, e *realtime.Event) {
	f.heard = append(f.heard, heard{e, string(s.Position(nil, e.Resume))})
}

// End notes that the hub gives up.
func (f *follower) End(_ *realtime.Subscription, err error) { f.ended = err }

func (f *follower) subscribe(since string) error {
	r := f.request
	r.Since = since
	var err error
	f.sub, err = f.b.Hub().Subscribe(context.Background(), f.c.principal(), r, f)
	return err
}

// plan decides when in a burst the follower leaves and comes back.
func (f *follower) plan(writes int) {
	f.returned = false
	f.away, f.back = -1, -1
	switch f.g.IntN(6) {
	case 0: // stays
	case 1, 2:
		f.away = f.g.IntN(writes + 1)
		f.back = f.away + f.g.IntN(writes+1-f.away)
	default:
		f.back = writes + 1
	}
}

func (f *follower) move(i int) {
	if i == f.away {
		f.leave()
	}
	if i == f.back {
		f.comeBack()
	}
	if f.sub != nil && f.g.chance(0.01) {
		if err := f.sub.Rebind(context.Background(), f.c.principal()); err != nil {
			f.fatalf("going on under new rights: %v", err)
		}
	}
}

func (f *follower) leave() {
	f.sub.Close()
	f.sub = nil
	f.hear()
	if f.feed && f.exact {
		f.replayed(false)
	}
}

// comeBack resumes at the last event, or at an earlier one.
func (f *follower) comeBack() {
	f.returned = true
	since := ""
	if f.feed {
		p := position{}
		if n := len(f.positions); n > 0 {
			p = f.positions[n-1]
			if f.g.chance(0.5) {
				p = pick(f.g, f.positions...)
			}
			f.from = slices.IndexFunc(f.changes, func(c *change) bool { return c.seq > p.seq })
			if f.from < 0 {
				f.from = len(f.changes)
			}
			f.since = min(f.since, f.from)
		} else {
			f.wait() // it begins where the hub is
			f.from, f.returned = len(f.changes), false
		}
		f.got = nil
		since = p.text
	} else {
		i := len(f.lists) - 1
		if f.g.chance(0.5) {
			i = max(0, i-f.g.IntN(20))
		}
		f.lists = f.lists[:i+1]
		f.since, since = f.lists[i].since, f.lists[i].position
	}
	if err := f.subscribe(since); err != nil {
		f.fatalf("%s comes back to %s: %v", f.c.name, f.url(), err)
	}
}

// hear looks at what was told: each row could be seen by then, as it is shown.
func (f *follower) hear() {
	if f.ended != nil {
		f.fatalf("%s was put out of %s: %v", f.c.name, f.url(), f.ended)
	}
	events := f.heard
	f.heard = nil
	for _, e := range events {
		switch {
		case f.feed:
			f.hearChange(e)
		case e.Op == realtime.Gap: // rows follow
		default:
			f.hearList(e)
		}
	}
}

// sees tells whether the row is one that is followed, when all rows are as the oracle has them.
func (f *follower) sees(o *oracle, r *row) bool {
	if r == nil || f.q.m.Scope == schema.Tenant && r.org != f.c.org || !o.allows(r.m.Rules, f.c, schema.Listen, r) {
		return false
	}
	if !f.feed && !o.allows(r.m.Rules, f.c, f.q.operation(), r) {
		return false
	}
	if f.q.search != "" && !found(r, o.searched(f.q.m, f.c), f.q.search) {
		return false
	}
	return (&filtering{o, f.c, false}).object(r, f.q.filter)
}

// shows is how the row is shown.
func (f *follower) shows(o *oracle, r *row) map[string]any {
	op := schema.Listen
	if !f.feed {
		op = f.q.operation()
	}
	out := asObject(o.shown(r, f.c, op, f.q.sub, rest))
	if f.fields != nil {
		maps.DeleteFunc(out, func(name string, _ any) bool { return !slices.Contains(f.fields, name) })
	}
	return out
}

// check holds what is known now against the truth.
func (f *follower) check() {
	if f.feed {
		f.checkFeed()
	} else {
		f.checkList()
	}
	f.since = len(f.states) - 1
}
