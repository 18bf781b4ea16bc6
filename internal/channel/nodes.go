package channel

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	json "github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/signal"
	"github.com/loam-dev/loam/internal/store"
)

// How nodes tell each other through the database.
const (
	nodesLook     = 100 * time.Millisecond // for what others tell, at least so often
	nodesPace     = 10 * time.Millisecond  // between two looks, at least
	nodesBeat     = 2 * time.Second        // between two signs of life
	nodesLost     = 6 * time.Second        // without one, a node's members are gone
	nodesSweep    = 15                     // beats, after which it is looked for what nobody cleared away
	nodesKept     = 30 * time.Second       // events in the database
	nodesPatience = 5 * time.Second        // with the database
	nodesQueue    = 10_000                 // events that wait to be told
	nodesBatch    = 500                    // events told at once
	nodesMost     = 10_000                 // events of one look
)

// nodes is the bus of PostgreSQL. Events are rows that each node finds by itself, the
// one that wrote them among them, so that all tell them in one order. Those of a node
// are counted: who joins a channel knows by the counts which ones they have been told
// of by who is here. Who is present by a node stands in a table as long as the node
// gives signs of life.
type nodes struct {
	hub    *Hub
	engine store.Engine
	log    *slog.Logger
	id     string
	wake   <-chan struct{}
	stop   context.CancelFunc
	gone   sync.WaitGroup

	looking sync.Mutex
	tail    signal.Tail
	asleep  bool // nobody is in a channel here: nothing is looked for

	mu         sync.Mutex
	turn       int64 // of the last event
	queue      []Event
	lost       bool          // some could not be kept in the queue
	announcing bool          // the queue takes what it is given
	more       chan struct{} // there is something in it
	known      bool          // others know of this node; run's alone
	beaten     time.Time     // the last sign of life; run's alone
	beats      int           // run's alone
}

// Connect has the hub share its channels with those of the other nodes of a database.
// wake tells that something may have been committed.
func (h *Hub) Connect(e store.Engine, wake <-chan struct{}, log *slog.Logger) {
	ctx, stop := context.WithCancel(context.Background())
	n := &nodes{hub: h, engine: e, log: log, id: uuid.NewString(), wake: wake, stop: stop, more: make(chan struct{}, 1), asleep: true}
	n.tail = signal.Tail{Engine: e, Table: "_channel_events", Columns: []string{"org", "channel", "kind", "ref", "id", "body", "node", "turn"}, Order: "seq", Kept: nodesKept}
	h.bus = n
	n.gone.Go(func() { n.hear(ctx) })
	n.gone.Go(func() { n.tell(ctx) })
}

// Close tells the others that nobody is here any more.
func (n *nodes) Close() {
	n.stop()
	n.gone.Wait()
	if n.known {
		n.resign()
	}
}

// Publish takes an event into the queue.
func (n *nodes) Publish(e Event) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.queue) >= nodesQueue && !n.announcing {
		n.lost = n.lost || e.Kind != Said
		return fault.New(fault.StoreBusy, "more is said in channels than the database takes; try again shortly").After(time.Second)
	}
	n.turn++
	e.node, e.turn = n.id, n.turn
	n.queue = append(n.queue, e)
	select {
	case n.more <- struct{}{}:
	default:
	}
	return nil
}

// Keep tells of a message in the transaction that keeps it.
func (n *nodes) Keep(c store.Conn, e Event) error {
	_, err := c.Exec(`INSERT INTO "_channel_events" ("org", "channel", "kind", "ref", "id", "body", "node", "turn") VALUES (?1, ?2, ?3, ?4, ?5, ?6, '', 0)`,
		e.Org, e.Channel, string(e.Kind), e.From, e.ID, string(e.Body))
	return err
}

// Attend has the node look again where it did not. Events from then on are delivered.
func (n *nodes) Attend(ctx context.Context) error {
	n.looking.Lock()
	defer n.looking.Unlock()
	if !n.asleep {
		return nil
	}
	n.tail.Lose()
	_, _, err := n.look(ctx)
	if err == nil {
		n.asleep = false
	}
	return err
}

// Others finds who is present by other nodes, where that is asked for, and how far
// each node had told.
func (n *nodes) Others(ctx context.Context, org, channel string, seen bool) (all []present, told map[string]int64, err error) {
	n.mu.Lock()
	own := n.turn
	n.mu.Unlock()
	if !seen {
		return nil, map[string]int64{n.id: own}, nil
	}
	err = n.engine.ReadOne(ctx, func(c store.Conn) error {
		all, told = nil, map[string]int64{n.id: own}
		return c.Query(`SELECT n."id", n."turn", p."body" FROM "_channel_nodes" n
			LEFT JOIN "_channel_presence" p ON p."node" = n."id" AND p."org" = ?1 AND p."channel" = ?2
			WHERE n."id" <> ?3 AND n."at" > now() - CAST(?4 AS interval)`, []any{org, channel, n.id, nodesLost.String()}, func(r store.Row) error {
			told[r.Text(0)] = r.Int(1)
			if r.Null(2) {
				return nil
			}
			var p present
			err := json.Unmarshal([]byte(r.Text(2)), &p)
			all = append(all, p)
			return err
		})
	})
	return all, told, err
}

// hear delivers what is told, until ctx ends.
func (n *nodes) hear(ctx context.Context) {
	tick := time.NewTicker(nodesLook)
	defer tick.Stop()
	failing := false
	for ctx.Err() == nil {
		err := n.listen(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			n.log.Error("reading what other servers say in channels", "error", err)
		}
		failing = err != nil
		select {
		case <-time.After(nodesPace):
		case <-ctx.Done():
			return
		}
		select {
		case <-tick.C:
		case <-n.wake:
		case <-ctx.Done():
		}
	}
}

// listen looks once, where anybody is in a channel.
func (n *nodes) listen(ctx context.Context) error {
	n.looking.Lock()
	defer n.looking.Unlock()
	if n.asleep = n.asleep || !n.hub.inUse(); n.asleep {
		return nil
	}
	events, missed, err := n.look(ctx)
	switch {
	case err != nil:
		return err
	case missed:
		n.log.Warn("some of what other servers say in channels was missed: the members are to join again")
		n.hub.scatter(fault.New(fault.RealtimeRestart, "the server was cut off from the others; join again"))
		return nil
	}
	for _, e := range events {
		n.hub.Deliver(e)
	}
	return nil
}

func (n *nodes) look(ctx context.Context) ([]Event, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, nodesPatience)
	defer cancel()
	return signal.Look(ctx, &n.tail, nodesMost, func(r store.Row) Event {
		return Event{Org: r.Text(0), Channel: r.Text(1), Kind: Kind(r.Text(2)), From: r.Text(3), ID: r.Text(4), Body: []byte(r.Text(5)), node: r.Text(6), turn: r.Int(7)}
	})
}

// tell writes what is published, and signs of life, until ctx ends and all is written.
func (n *nodes) tell(ctx context.Context) {
	beat := time.NewTicker(nodesBeat)
	defer beat.Stop()
	failing := false
	for {
		err := n.write()
		if err != nil && !failing {
			n.log.Error("telling other servers what is said in channels", "error", err)
		}
		failing = err != nil
		if ctx.Err() != nil {
			return
		}
		pause := nodesPace // what is published meanwhile is written at once
		if failing {
			pause = 10 * nodesPace
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		if failing {
			continue
		}
		select {
		case <-n.more:
		case <-beat.C:
			if err := n.sweep(); err != nil {
				n.log.Error("looking which servers are gone from channels", "error", err)
			}
		case <-ctx.Done():
		}
	}
}

// write writes the queue, or a sign of life.
func (n *nodes) write() error {
	for {
		n.mu.Lock()
		batch, lost, turn := n.queue[:min(len(n.queue), nodesBatch)], n.lost, n.turn
		if len(batch) > 0 {
			turn = batch[len(batch)-1].turn
		}
		n.mu.Unlock()
		if len(batch) == 0 && !n.hub.inUse() {
			if n.known {
				n.resign()
			}
			return nil
		}
		fresh, err := n.put(batch, turn)
		if err != nil {
			return err
		}
		n.mu.Lock()
		if n.queue = n.queue[len(batch):]; len(n.queue) == 0 {
			n.queue = nil
		}
		left := len(n.queue)
		n.mu.Unlock()
		again := fresh && n.known || lost // what others know of this node is not so
		if n.known, n.beaten = true, time.Now(); lost {
			n.resign()
		}
		switch {
		case again:
			n.announce()
		case left == 0:
			return nil
		}
	}
}

// announce tells once more of everybody who is present by this node.
func (n *nodes) announce() {
	set := func(announcing bool) {
		n.mu.Lock()
		n.announcing, n.lost = announcing, false
		n.mu.Unlock()
	}
	set(true)
	n.hub.announce()
	set(false)
}

// entry is an event as the database takes it.
type entry struct {
	N       int    `json:"n"`
	Org     string `json:"org"`
	Channel string `json:"channel"`
	Kind    Kind   `json:"kind"`
	Ref     string `json:"ref"`
	ID      string `json:"id"`
	Body    string `json:"body"`
	Gone    string `json:"gone"` // of who is present: what is told when they are not any more
	Turn    int64  `json:"turn"`
}

const columnsOfEntry = `AS e("n" int, "org" text, "channel" text, "kind" text, "ref" text, "id" text, "body" text, "gone" text, "turn" bigint)`

// put writes events and what they make of who is present. fresh: the others did not know of
// this node any more.
func (n *nodes) put(events []Event, turn int64) (fresh bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), nodesPatience)
	defer cancel()
	all, last := make([]entry, len(events)), map[[3]string]int{}
	for i, e := range events {
		all[i] = entry{N: i, Org: e.Org, Channel: e.Channel, Kind: e.Kind, Ref: e.From, ID: e.ID, Body: string(e.Body), Turn: e.turn}
		if e.Kind != Said {
			last[[3]string{e.Org, e.Channel, e.From}] = i
		}
	}
	var here, gone []entry
	for _, i := range last {
		if all[i].Kind == Left {
			gone = append(gone, all[i])
			continue
		}
		all[i].Gone = string(withoutState(events[i].Body))
		here = append(here, all[i])
	}
	err = store.WriteAlone(ctx, n.engine, func(c store.Conn) error {
		fresh = false
		err := c.Query(`INSERT INTO "_channel_nodes" ("id", "turn", "at") VALUES (?1, ?2, now())
			ON CONFLICT ("id") DO UPDATE SET "turn" = excluded."turn", "at" = excluded."at" RETURNING xmax = 0`, []any{n.id, turn}, func(r store.Row) error {
			fresh = r.Bool(0)
			return nil
		})
		for _, s := range []struct {
			rows []entry
			sql  string
		}{
			{all, `INSERT INTO "_channel_events" ("org", "channel", "kind", "ref", "id", "body", "node", "turn")
				SELECT e."org", e."channel", e."kind", e."ref", e."id", e."body", CAST(?2 AS text), e."turn" FROM json_to_recordset(CAST(?1 AS json)) ` + columnsOfEntry + ` ORDER BY e."n"`},
			{here, `INSERT INTO "_channel_presence" ("org", "channel", "ref", "node", "body", "gone")
				SELECT e."org", e."channel", e."ref", CAST(?2 AS text), e."body", e."gone" FROM json_to_recordset(CAST(?1 AS json)) ` + columnsOfEntry + `
				ON CONFLICT ("org", "channel", "ref") DO UPDATE SET "node" = excluded."node", "body" = excluded."body", "gone" = excluded."gone"`},
			{gone, `DELETE FROM "_channel_presence" p USING json_to_recordset(CAST(?1 AS json)) ` + columnsOfEntry + `
				WHERE p."org" = e."org" AND p."channel" = e."channel" AND p."ref" = e."ref" AND p."node" = CAST(?2 AS text)`},
		} {
			if err == nil && len(s.rows) > 0 {
				_, err = c.Exec(s.sql, string(encode(s.rows)), n.id)
			}
		}
		return err
	})
	return fresh, err
}

// sweep clears away who was present by nodes that give no sign of life any more, and
// events that all have heard. A node that could give none itself leaves it to others.
func (n *nodes) sweep() error {
	n.beats++
	if !n.known || time.Since(n.beaten) > 2*nodesBeat {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), nodesPatience)
	defer cancel()
	return store.WriteAlone(ctx, n.engine, func(c store.Conn) error {
		lost, err := c.Exec(`DELETE FROM "_channel_nodes" WHERE "at" < now() - CAST(?1 AS interval)`, nodesLost.String())
		if err == nil && (lost > 0 || n.beats%nodesSweep == 1) {
			err = leave(c, `NOT EXISTS (SELECT 1 FROM "_channel_nodes" n WHERE n."id" = p."node")`)
		}
		if err == nil {
			_, err = c.Exec(`DELETE FROM "_channel_events" WHERE "at" < now() - CAST(?1 AS interval)`, nodesKept.String())
		}
		return err
	})
}

// leave removes who is present, as far as a condition says, and tells of it.
func leave(c store.Conn, where string, args ...any) error {
	_, err := c.Exec(`WITH gone AS (DELETE FROM "_channel_presence" p WHERE `+where+` RETURNING p."org", p."channel", p."ref", p."gone")
		INSERT INTO "_channel_events" ("org", "channel", "kind", "ref", "id", "body", "node", "turn")
		SELECT "org", "channel", 'leave', "ref", '', "gone", '', 0 FROM gone`, args...)
	return err
}

// resign clears away what others know of this node.
func (n *nodes) resign() {
	ctx, cancel := context.WithTimeout(context.Background(), nodesPatience)
	defer cancel()
	err := store.WriteAlone(ctx, n.engine, func(c store.Conn) error {
		_, err := c.Exec(`DELETE FROM "_channel_nodes" WHERE "id" = ?1`, n.id)
		if err == nil {
			err = leave(c, `p."node" = ?1`, n.id)
		}
		return err
	})
	if n.known = false; err != nil {
		n.log.Warn("this server's members of channels are cleared away by the others", "error", err)
	}
}

// withoutState is what is told of who leaves, from what was told of them.
func withoutState(body []byte) []byte {
	var p present
	if err := json.Unmarshal(body, &p); err != nil {
		panic(fmt.Sprintf("channel: an event of our own does not decode: %v", err))
	}
	p.State = nil
	return encode(p)
}
