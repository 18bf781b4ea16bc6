// Package signal tells the nodes of one database what they remember and must not any
// more: whom a token stands for, which keys sign, what an organization may ask.
//
// The database writes a signal in the transaction that makes it necessary, by a
// trigger on each table of what is remembered (watched.go), so that none is lost and
// whoever makes the change need not know. Each node reads those that have been
// committed since it last looked, in whatever order: it asks the database by the
// snapshot of that look. It needs neither LISTEN nor locks nor clocks that agree; a
// node that can't look remembers nothing. SQLite has one node, and no signals.
//
// What a node has to ask the others goes the same way (peers.go).
package signal

import (
	"context"
	"log/slog"
	"time"

	"github.com/loam-dev/loam/internal/store"
)

// The limits of the room.
const (
	lookEvery = 200 * time.Millisecond
	pace      = 50 * time.Millisecond // between two looks, at least
	patience  = 2 * time.Second       // for one look
	most      = 1000                  // signals of one look: of more, everything is forgotten
	keptFor   = 10 * time.Minute
)

// Kind is of what remembers.
type Kind string

// The kinds, with what the subject is.
const (
	User         Kind = "user"         // their id
	Everyone     Kind = "everyone"     // ""
	Key          Kind = "key"          // an API key's id
	Organization Kind = "organization" // its id
	Signing      Kind = "signing"      // "": the keys that sign tokens
	Schema       Kind = "schema"       // "": the one that the database is at
	Question     Kind = "question"     // the id of one that a node asks: see Peers
	Everything   Kind = "everything"   // "": never written; some signals may have been missed
)

// Signal says what is to be forgotten.
type Signal struct {
	Kind    Kind
	Subject string
}

// Options say who follows what.
type Options struct {
	Engine store.Engine
	Wake   <-chan struct{} // something may have been committed; nil: only time tells
	// Heard forgets. After an error everything is to be forgotten, again and again
	// until there is none.
	Heard func(context.Context, Signal) error
	Log   *slog.Logger
}

// Reader hears the signals of all nodes, its own among them.
type Reader struct {
	opts    Options
	tail    Tail
	failing bool
	stop    context.CancelFunc
	gone    chan struct{}
}

// Follow begins to hear.
func Follow(o Options) *Reader {
	ctx, stop := context.WithCancel(context.Background())
	tail := Tail{Engine: o.Engine, Table: "_signals", Columns: []string{"kind", "subject"}, Order: "tx", Kept: keptFor}
	r := &Reader{opts: o, tail: tail, stop: stop, gone: make(chan struct{})}
	go r.run(ctx)
	return r
}

// Close ends it.
func (r *Reader) Close() {
	r.stop()
	<-r.gone
}

func (r *Reader) run(ctx context.Context) {
	defer close(r.gone)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		err := r.look(ctx)
		if ctx.Err() != nil {
			return
		}
		r.note(ctx, err)
		select {
		case <-time.After(pace):
		case <-ctx.Done():
			return
		}
		select {
		case <-tick.C:
		case <-r.opts.Wake:
		case <-ctx.Done():
			return
		}
	}
}

// note sees to a look that failed: nothing is remembered until one succeeds.
func (r *Reader) note(ctx context.Context, err error) {
	switch {
	case err != nil:
		r.tail.Lose()
		_ = r.opts.Heard(ctx, Signal{Kind: Everything}) // again once there is a look
		if !r.failing {
			r.opts.Log.Error("reading what other servers have changed; nothing is remembered meanwhile", "error", err)
		}
	case r.failing:
		r.opts.Log.Info("reading again what other servers have changed")
	}
	r.failing = err != nil
}

// look hears what has been committed since the last look.
func (r *Reader) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	signals, missed, err := Look(ctx, &r.tail, most, func(row store.Row) Signal { return Signal{Kind(row.Text(0)), row.Text(1)} })
	if err != nil {
		return err
	}
	if missed {
		signals = []Signal{{Kind: Everything}}
	}
	for _, s := range signals {
		if err := r.opts.Heard(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// Every is how often signals that all have heard are to be removed.
const Every = keptFor / 2

// Prune removes them, and what nodes left that died.
func Prune(ctx context.Context, e store.Engine) error {
	return e.Write(ctx, func(c store.Conn) error {
		_, err := c.Exec(`DELETE FROM "_signals" WHERE "at" < now() - CAST(?1 AS interval)`, keptFor.String())
		if err == nil {
			err = prune(c, "")
		}
		return err
	})
}
