package invariant

import (
	"context"
	"maps"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// What a world is followed with.
const (
	liveLists = 14
	liveFeeds = 8
)

// TestReplay follows lists and feeds of random worlds while everybody writes, and
// leaves and comes back at random events. What the followers know must be, after
// each burst of writes, what the server answers and what the oracle says; and at no
// time may they be told of a row, or a byte of one, that they could not see.
func TestReplay(t *testing.T) { run(t, casesOfSoak/5, (*world).replay) }

// replay goes through bursts of writes until enough followers came back. One that
// comes back and knows everything then is a case.
func (w *world) replay() {
	h := &history{world: w, states: []state{{rows: w.rows}}}
	if w.g.chance(0.7) { // what rows fall out of must be filled from the database
		w.b.Hub().Squeeze(pick(w.g, 1, 1, 2, 3), pick(w.g, 0, 2, 10, 4096), pick(w.g, 2, 5, 1000))
	}
	var err error
	if _, h.states[0].seq, err = w.b.Data().LogBounds(context.Background()); err != nil {
		w.fatalf("%v", err)
	}
	h.noteTransactions()
	var all []*follower
	for n := 0; len(all) < liveLists+liveFeeds && n < 40*(liveLists+liveFeeds); n++ {
		if f := h.follower(len(all) < liveFeeds); f != nil {
			all = append(all, f)
		}
	}
	for n := 0; len(all) > 0 && w.asked < casesOfWorld && n < 2*casesOfWorld; n++ {
		h.burst(all)
	}
	for _, m := range w.schema.Models { // the log itself tells the truth
		h.same(m)
	}
}

// history is what the change log says, state after state.
type history struct {
	*world
	states       []state
	changes      []*change
	settled      int       // the state that all followers knew last
	transactions *pgx.Conn // which the changes came from; nil where one writer is alone
}

// state is all rows behind a change.
type state struct {
	seq    int64
	rows   map[string][]*row
	beside []map[string][]*row // see besides
}

// change is an entry of the log as the oracle reads it.
type change struct {
	seq           int64
	m             *schema.Model
	org           string
	op            query.WriteOp
	id            string
	before, after *row
}

func (h *history) now() state { return h.states[len(h.states)-1] }

// at is the oracle of a state.
func (h *history) at(s state) *oracle {
	return &oracle{schema: h.schema, rows: s.rows, promised: h.promised}
}

// read takes in what the log has by now.
func (h *history) read() {
	before := len(h.states) - 1
	for {
		page, err := h.b.Data().Changes(context.Background(), store.Following{After: h.now().seq, Limit: 100})
		if err != nil {
			h.fatalf("reading the log: %v", err)
		}
		for i := range page.All {
			h.add(&page.All[i])
		}
		if !page.More {
			h.rows = h.now().rows
			h.beside(before)
			return
		}
	}
}

func (h *history) add(in *store.Change) {
	c := &change{seq: in.Seq, m: h.schema.Model(in.Model.Name), org: in.Org, op: in.Op, id: query.KeyID(in.Key)}
	image := func(im *store.Image) *row {
		if im == nil {
			return nil
		}
		return &row{m: c.m, org: c.org, v: asObject(decode(im.Text()))}
	}
	c.before, c.after = image(in.Before), image(in.After)
	rows, found := c.apply(h.now().rows)
	if found != (c.before != nil) {
		h.fatalf("change %d of %s has a before-image: %v, and the row was there: %v", c.seq, c.id, c.before != nil, found)
	}
	h.states = append(h.states, state{seq: c.seq, rows: rows})
	h.changes = append(h.changes, c)
}

// apply is all rows behind the change, and whether its row was there before.
func (c *change) apply(was map[string][]*row) (rows map[string][]*row, found bool) {
	rows = maps.Clone(was)
	kept := keep(rows[c.m.Name], func(r *row) bool { return r.org != c.org || idOf(r) != c.id })
	found = len(kept) < len(rows[c.m.Name])
	if c.after != nil {
		kept = append(kept, c.after)
	}
	rows[c.m.Name] = kept
	return rows, found
}

// idOf names a row as events do.
func idOf(r *row) string {
	key := make([]any, len(r.m.Key))
	for i, f := range r.m.Key {
		key[i] = stored{r}.Field(f)
	}
	return query.KeyID(key)
}

// same holds the rows that the log leads to against those that are there.
func (h *history) same(m *schema.Model) {
	if m.ReadOnly {
		return
	}
	var now []*row
	for i, org := range h.orgs() {
		if m.Scope == schema.Tenant || i == 0 {
			now = append(now, h.stored(m, org)...)
		}
	}
	was := byKey(h.now().rows[m.Name])
	for id, r := range byKey(now) {
		for name, v := range r.v {
			if was[id] == nil || !reflect.DeepEqual(v, was[id].v[name]) {
				h.fatalf("%s is %s, which the log does not say", id, text(r.v))
			}
		}
		delete(was, id)
	}
	for id := range was {
		h.fatalf("%s is gone, which the log does not say", id)
	}
}

// burst writes a few times while followers come and go, and then holds what each of
// them knows against the truth.
func (h *history) burst(all []*follower) {
	writes := 1 + h.g.IntN(5)
	for _, f := range all {
		f.plan(writes)
	}
	for i := range writes + 1 {
		for _, f := range all {
			f.move(i)
		}
		if i < writes {
			h.write()
			h.read()
		}
	}
	h.wait()
	for _, f := range all {
		if f.back == writes+1 { // at leisure
			f.leave()
			f.comeBack()
		}
	}
	h.wait()
	for _, f := range all {
		f.hear()
		f.check()
		if f.returned && h.asked < casesOfWorld {
			h.asked++
		}
	}
	h.settled = len(h.states) - 1
}

// wait waits until all is told that is in the log.
func (h *history) wait() {
	for began := time.Now(); ; time.Sleep(200 * time.Microsecond) {
		if s := h.b.Hub().Stats(); s.Subscriptions == 0 || s.Position >= h.now().seq && s.Working == 0 {
			return
		} else if time.Since(began) > time.Minute {
			h.fatalf("the hub does not come to rest: %+v", s)
		}
	}
}

// write writes something: as a caller through a door, or as who may do all, several of
// them at once.
func (h *history) write() {
	if h.g.chance(0.4) {
		c := pick(h.g, h.callers...)
		var writes []*write
		for range pick(h.g, 1, 1, 2, 3) {
			if x := h.draw(c); x != nil {
				writes = append(writes, x)
			}
		}
		if len(writes) > 0 {
			h.perform(writes, c)
		}
		return
	}
	var wrote atomic.Bool
	for tries := 0; tries < 4 && !wrote.Load(); tries++ {
		var crowd sync.WaitGroup
		for range pick(h.g, 1, 1, 2, 5) {
			org := pick(h.g, h.orgs()...)
			var writes []*query.Write
			for range pick(h.g, 1, 1, 1, 2, 6) {
				if x := h.garden(org); x != nil {
					writes = append(writes, x)
				}
			}
			if len(writes) == 0 {
				continue
			}
			crowd.Go(func() {
				if _, err := h.seeder.Write(context.Background(), gardener(org), writes, nil); err == nil {
					wrote.Store(true)
				}
			})
		}
		crowd.Wait()
	}
}

// garden draws a write in one organization.
func (h *history) garden(org string) *query.Write {
	m := pick(h.g, h.schema.Models...)
	if m.ReadOnly {
		return nil
	}
	tag := org
	if m.Scope == schema.Global {
		tag = ""
	}
	rows := keep(h.rows[m.Name], func(r *row) bool { return r.org == tag })
	in := h.input(m, tag)
	x := &query.Write{Model: m.Name, Op: query.Create}
	if len(rows) > 6 && h.g.chance(0.75) || len(rows) > 16 {
		r := pick(h.g, rows...)
		x.Op, x.Key = query.Update, map[string]any{}
		for _, f := range m.Key {
			x.Key[f.Name] = r.v[f.Name]
			delete(in, f.Name)
		}
		x.Key = numbers(x.Key).(map[string]any)
		for name, v := range in {
			if f := m.Field(name); h.g.chance(0.7) || v == nil && f.Required {
				delete(in, name)
			}
		}
		h.whole(m, in)
		if h.g.chance(0.25) {
			x.Op = query.Delete
			return x
		}
	} else if !h.complete(m, in) || h.taken(m, tag, in) {
		return nil
	}
	x.Input = numbers(in).(map[string]any)
	return x
}
