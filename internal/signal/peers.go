package signal

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/store"
)

// How nodes ask each other.
const (
	beatEvery    = 10 * time.Second      // between two signs of life
	lostAfter    = 3 * beatEvery         // without one a node is gone
	waitsFor     = time.Second           // the answers to a question
	asksEvery    = 20 * time.Millisecond // for those that have come
	questionLast = time.Minute           // what is left of one whose node died goes then
	asking       = 8                     // questions of one node at a time
	unanswered   = 64                    // that wait to be answered by one; it is silent to more
	mostNodes    = 256                   // that are asked and listed
	mostBytes    = 256 << 10             // of a question and of an answer
)

// Node is one of the servers of a database.
type Node struct {
	ID   string // of the process
	Name string // of the machine; several may have one
}

// Answer is what another node has said.
type Answer struct {
	Node
	Body   []byte
	Silent bool // it has not, in time
}

// PeersOptions say who asks and answers.
type PeersOptions struct {
	Engine store.Engine // PostgreSQL
	Node   Node
	// Answer says what this node has to say to a question; after an error that is
	// nothing. It runs for one question at a time.
	Answer func(ctx context.Context, question []byte) ([]byte, error)
	Log    *slog.Logger
}

// Peers are the other nodes of a database, seen by one. A question is a row with a
// signal that has each node look at it, an answer a row of each; whoever asked waits
// for them a while, and removes them. A node is known by its signs of life: one that is
// known and does not answer is told of. It is safe for concurrent use.
type Peers struct {
	opts  PeersOptions
	heard chan string // questions, by id
	free  chan struct{}
	stop  context.CancelFunc
	gone  sync.WaitGroup
}

// Join has the others know of this node until Close, and answers them.
func Join(o PeersOptions) *Peers {
	ctx, stop := context.WithCancel(context.Background())
	p := &Peers{opts: o, heard: make(chan string, unanswered), free: make(chan struct{}, asking), stop: stop}
	p.note("telling other servers of this one", p.beat(ctx)) // before it is asked anything
	p.gone.Go(func() { p.live(ctx) })
	p.gone.Go(func() { p.answer(ctx) })
	return p
}

// Close has the others forget this node.
func (p *Peers) Close() {
	p.stop()
	p.gone.Wait()
	p.note("leaving the other servers", p.write(context.Background(), func(c store.Conn) error {
		_, err := c.Exec(`DELETE FROM "_nodes" WHERE "id" = ?1`, p.opts.Node.ID)
		return err
	}))
}

func (p *Peers) note(what string, err error) {
	if err != nil {
		p.opts.Log.Warn(what, "error", err)
	}
}

// write writes what need wake nobody.
func (p *Peers) write(ctx context.Context, fn func(store.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if e, ok := p.opts.Engine.(interface {
		WriteQuietly(context.Context, func(store.Conn) error) error
	}); ok {
		return e.WriteQuietly(ctx, fn)
	}
	return store.WriteAlone(ctx, p.opts.Engine, fn)
}

// live gives signs of life until ctx ends.
func (p *Peers) live(ctx context.Context) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		err := p.beat(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			p.note("telling other servers that this one is there", err)
		}
		failing = err != nil
	}
}

func (p *Peers) beat(ctx context.Context) error {
	return p.write(ctx, func(c store.Conn) error {
		_, err := c.Exec(`INSERT INTO "_nodes" ("id", "name") VALUES (?1, ?2) ON CONFLICT ("id") DO UPDATE SET "at" = now()`, p.opts.Node.ID, p.opts.Node.Name)
		return err
	})
}

// Hear takes in a signal of kind Question, to be answered soon.
func (p *Peers) Hear(id string) {
	select {
	case p.heard <- id:
	default:
	}
}

// answer answers questions until ctx ends.
func (p *Peers) answer(ctx context.Context) {
	for {
		select {
		case id := <-p.heard:
			if err := p.reply(ctx, id); err != nil && ctx.Err() == nil {
				p.note("answering another server", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// reply answers a question, unless it is this node's own, for another one, or was
// given up: then nothing is done about it any more.
func (p *Peers) reply(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var body []byte
	err := p.opts.Engine.ReadOne(ctx, func(c store.Conn) error {
		body = nil
		return c.Query(`SELECT "body" FROM "_node_questions" WHERE "id" = ?1 AND "node" <> ?2 AND "meant" IN ('', ?2)`, []any{id, p.opts.Node.ID}, func(r store.Row) error {
			body = []byte(r.Text(0))
			return nil
		})
	})
	if err != nil || body == nil {
		return err
	}
	said, err := p.opts.Answer(ctx, body)
	if err == nil && len(said) > mostBytes {
		err = fmt.Errorf("an answer has %d bytes, more than %d", len(said), mostBytes)
	}
	if err != nil {
		return err
	}
	return p.write(ctx, func(c store.Conn) error {
		_, err := c.Exec(`INSERT INTO "_node_answers" ("question", "node", "name", "body")
			SELECT "id", CAST(?2 AS text), CAST(?3 AS text), CAST(?4 AS text) FROM "_node_questions" WHERE "id" = ?1 FOR KEY SHARE ON CONFLICT DO NOTHING`,
			id, p.opts.Node.ID, p.opts.Node.Name, string(said))
		return err
	})
}

// Ask asks the others, or the one that is meant, and waits no longer than a second for
// what they answer; whom it knows and has not heard is silent. Alone it asks nobody.
func (p *Peers) Ask(ctx context.Context, meant string, question []byte) ([]Answer, error) {
	if len(question) > mostBytes {
		return nil, fmt.Errorf("signal: a question has %d bytes, more than %d", len(question), mostBytes)
	}
	select {
	case p.free <- struct{}{}:
		defer func() { <-p.free }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	others, known, err := p.others(ctx, meant)
	if err != nil || known && len(others) == 0 {
		return nil, err
	}
	id := uuid.NewString()
	err = store.WriteAlone(ctx, p.opts.Engine, func(c store.Conn) error {
		if _, err := c.Exec(`INSERT INTO "_node_questions" ("id", "node", "meant", "body") VALUES (?1, ?2, ?3, ?4)`, id, p.opts.Node.ID, meant, string(question)); err != nil {
			return err
		}
		_, err := c.Exec(`INSERT INTO "_signals" ("tx", "kind", "subject") VALUES (pg_current_xact_id(), ?1, ?2)`, string(Question), id)
		return err
	})
	if err != nil {
		return nil, err
	}
	defer p.forget(id)
	return p.gather(ctx, id, meant, others, known)
}

// others are those that this node knows of; known tells whether it knows itself, which
// it does not right after the database has lost what was not logged.
func (p *Peers) others(ctx context.Context, meant string) (out map[string]Node, known bool, err error) {
	err = p.opts.Engine.ReadOne(ctx, func(c store.Conn) error {
		out, known = map[string]Node{}, false
		return c.Query(`SELECT "id", "name" FROM "_nodes" WHERE "at" > now() - CAST(?1 AS interval) ORDER BY "id" LIMIT ?2`, []any{lostAfter.String(), mostNodes}, func(r store.Row) error {
			n := Node{r.Text(0), r.Text(1)}
			if n.ID == p.opts.Node.ID {
				known = true
			} else if meant == "" || meant == n.ID {
				out[n.ID] = n
			}
			return nil
		})
	})
	return out, known, err
}

// gather waits for the answers of those who are known; where that may not be all, for
// those that come.
func (p *Peers) gather(ctx context.Context, id, meant string, others map[string]Node, known bool) ([]Answer, error) {
	look := time.NewTicker(asksEvery)
	defer look.Stop()
	var said []Answer
	for late := time.After(waitsFor); ; {
		over := false
		select {
		case <-look.C:
		case <-late:
			over = true
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		heard := map[string]bool{}
		err := p.opts.Engine.ReadOne(ctx, func(c store.Conn) error {
			said = said[:0]
			clear(heard)
			return c.Query(`SELECT "node", "name", "body" FROM "_node_answers" WHERE "question" = ?1 ORDER BY "node" LIMIT ?2`, []any{id, mostNodes}, func(r store.Row) error {
				said = append(said, Answer{Node: Node{r.Text(0), r.Text(1)}, Body: []byte(r.Text(2))})
				heard[r.Text(0)] = true
				return nil
			})
		})
		if err != nil {
			return nil, err
		}
		waits := !known && !heard[meant]
		for node := range others {
			waits = waits || !heard[node]
		}
		if waits && !over {
			continue
		}
		for _, n := range others {
			if !heard[n.ID] {
				said = append(said, Answer{Node: n, Silent: true})
			}
		}
		return said, nil
	}
}

// forget removes a question with its answers.
func (p *Peers) forget(id string) {
	p.note("removing what other servers answered", p.write(context.Background(), func(c store.Conn) error { return prune(c, id) }))
}

// prune removes a question, those that a node left that died, and what it was known by.
func prune(c store.Conn, question string) error {
	_, err := c.Exec(`DELETE FROM "_node_questions" WHERE "id" = ?1 OR "at" < now() - CAST(?2 AS interval)`, question, questionLast.String())
	if err == nil {
		_, err = c.Exec(`DELETE FROM "_nodes" WHERE "at" < now() - CAST(?1 AS interval)`, lostAfter.String())
	}
	return err
}

// peerTables are what nodes know each other by. A crash of the database empties them.
func peerTables() []string {
	return []string{
		`CREATE UNLOGGED TABLE IF NOT EXISTS "_nodes" (
		"id" text COLLATE "C" PRIMARY KEY, "name" text COLLATE "C" NOT NULL, "at" timestamptz NOT NULL DEFAULT now()
	)`,
		`CREATE UNLOGGED TABLE IF NOT EXISTS "_node_questions" (
		"id" text COLLATE "C" PRIMARY KEY, "node" text COLLATE "C" NOT NULL, "meant" text COLLATE "C" NOT NULL,
		"body" text NOT NULL, "at" timestamptz NOT NULL DEFAULT now()
	)`,
		`CREATE UNLOGGED TABLE IF NOT EXISTS "_node_answers" (
		"question" text COLLATE "C" NOT NULL REFERENCES "_node_questions" ("id") ON DELETE CASCADE,
		"node" text COLLATE "C" NOT NULL, "name" text COLLATE "C" NOT NULL, "body" text NOT NULL,
		PRIMARY KEY ("question", "node")
	)`,
	}
}
