package socket

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/graphql"
	"github.com/loam-dev/loam/internal/realtime"
)

// operation is one document at work on a connection.
type operation struct {
	g       *graphQL
	id      string
	head    []byte // of each answer
	shape   *graphql.Subscription
	over    atomic.Bool // nothing is sent for it any more
	started atomic.Bool // a client of AppSync was told that it is followed
	own     atomic.Pointer[identity]

	mu     sync.Mutex         // for what may wait; never taken where the hub tells
	cancel context.CancelFunc // ends what is being asked; nil once it is answered or followed
	sub    *realtime.Subscription
}

// open starts an operation.
func (g *graphQL) open(m message) error {
	if g.by.Load() == nil {
		return &closing{closeUnauthorized, "Unauthorized: send connection_init first"}
	}
	if m.id == "" || m.payload == nil {
		return &closing{closeBadMessage, m.kind + " has an id and a payload"}
	}
	ctx, cancel := context.WithCancel(g.server.context)
	op := &operation{g: g, id: m.id, head: append(opening(nil, g.next, m.id), `,"payload":`...), cancel: cancel}
	running, twice := g.add(op)
	if running {
		go g.run(ctx, op, m.payload)
		return nil
	}
	cancel()
	if twice && !g.appSync {
		return &closing{closeDuplicate, "Subscriber for " + m.id + " already exists"}
	}
	err := fault.New(fault.RealtimeTooMany, "this connection has %d operations, the most that one may have (limits.realtime.subscriptions)", g.server.Limits.Subscriptions)
	if twice {
		err = fault.New(fault.GraphQLSubscription, "the id %s is in use", m.id)
	}
	g.sayErrors(m.id, graphql.Refuse(err))
	return nil
}

// add notes an operation, unless there are too many or one of the same id.
func (g *graphQL) add(op *operation) (ok, twice bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if twice = g.find(op.id) >= 0; twice || len(g.ops) >= g.server.Limits.Subscriptions {
		return false, twice
	}
	g.ops = append(g.ops, op)
	return true, false
}

// take removes the operation of an id, if there is one.
func (g *graphQL) take(id string) *operation {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := g.find(id)
	if i < 0 {
		return nil
	}
	op := g.ops[i]
	g.ops = slices.Delete(g.ops, i, i+1)
	return op
}

// find is where the operation of an id is, or -1: they are few, and most connections
// have one. The lock is held.
func (g *graphQL) find(id string) int {
	return slices.IndexFunc(g.ops, func(op *operation) bool { return op.id == id })
}

// drop removes an operation, and tells whether it still was there.
func (g *graphQL) drop(op *operation) bool {
	g.mu.Lock()
	i := slices.Index(g.ops, op)
	if i >= 0 {
		g.ops = slices.Delete(g.ops, i, i+1)
	}
	g.mu.Unlock()
	op.end()
	return i >= 0
}

// run answers a query or mutation, or follows what a subscription asks for.
func (g *graphQL) run(ctx context.Context, op *operation, payload map[string]any) {
	var err error
	defer func() {
		op.asked() // what is followed needs no context
		if g.recovered(&err); err != nil {
			g.fail(err)
		}
	}()
	r, err := g.request(ctx, op, payload)
	if err != nil {
		g.refuseOperation(op, graphql.Refuse(err))
		err = nil
		return
	}
	r.Streams = true
	by := op.by()
	limited, cancel := context.WithTimeout(ctx, g.door.Timeout)
	defer cancel()
	a := g.door.Execute(limited, &Caller{Remote: g.remote}, by, r)
	switch {
	case a.Follow != nil:
		g.follow(ctx, op, by, a.Follow)
	case a.Data == nil:
		g.refuseOperation(op, a)
	default:
		err = g.answer(limited, op, a)
	}
}

// answer sends the one answer of a query or mutation, once there is room for it.
func (g *graphQL) answer(ctx context.Context, op *operation, a *graphql.Answer) error {
	body, err := a.JSON()
	if err != nil {
		return err
	}
	for {
		err := g.write(func(b []byte) []byte {
			if op.over.Load() {
				return b
			}
			return appendText(b, func(b []byte) []byte { return append(append(append(b, op.head...), body...), '}') })
		})
		if !errors.Is(err, errSlow) {
			break
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return slow(g.limit)
		}
	}
	if g.drop(op) {
		g.say("complete", op.id, nil)
	}
	return nil
}

func (g *graphQL) follow(ctx context.Context, op *operation, by *access.Principal, shape *graphql.Subscription) {
	rest := *shape
	rest.Read = nil // the hub's from now on
	op.shape = &rest
	sub, err := g.door.Subscribe(ctx, by, shape, op)
	if err != nil {
		g.refuseOperation(op, graphql.Refuse(err))
		return
	}
	op.mu.Lock()
	op.sub = sub
	op.mu.Unlock()
	switch now := op.by(); {
	case op.over.Load(): // it ended meanwhile
		sub.Close()
	case now != by:
		op.rebind(now)
	}
	if g.appSync && !op.over.Load() {
		_ = g.write(op.startAck) // a client that is slow is told by its events
	}
}

// startAck tells a client of AppSync once that the operation is followed.
func (op *operation) startAck(b []byte) []byte {
	if op.started.Swap(true) {
		return b
	}
	return appendText(b, func(b []byte) []byte { return append(opening(b, "start_ack", op.id), '}') })
}

// sayErrors tells that an operation has failed.
func (g *graphQL) sayErrors(id string, a *graphql.Answer) {
	errs, err := a.ErrorsJSON()
	if err != nil {
		g.fail(err)
		return
	}
	g.say("error", id, withPayload([]byte(g.errorsBefore+string(errs)+g.errorsEnd)))
}

// refuseOperation ends an operation that has failed.
func (g *graphQL) refuseOperation(op *operation, a *graphql.Answer) {
	if g.drop(op) {
		g.sayErrors(op.id, a)
	}
}

// end lets go of what is followed.
func (op *operation) end() {
	op.over.Store(true)
	op.asked()
	op.mu.Lock()
	defer op.mu.Unlock()
	if op.sub != nil {
		op.sub.Close()
	}
}

// asked ends what is being asked for it.
func (op *operation) asked() {
	op.mu.Lock()
	cancel := op.cancel
	op.cancel = nil
	op.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

// rebind has the operation go on under new rights, or end with an error.
func (op *operation) rebind(by *access.Principal) {
	op.mu.Lock()
	var err error
	if op.sub != nil {
		err = op.sub.Rebind(op.g.server.context, by)
	}
	op.mu.Unlock()
	if err != nil {
		op.g.refuseOperation(op, graphql.Refuse(err))
	}
}

// Tell sends the answer to an event.
func (op *operation) Tell(s *realtime.Subscription, e *realtime.Event) {
	if op.over.Load() || op.g.over.Load() {
		return
	}
	err := op.g.write(func(b []byte) []byte {
		if op.g.appSync {
			b = op.startAck(b)
		}
		return appendText(b, func(b []byte) []byte {
			return append(appendEvent(append(b, op.head...), op.shape, s, e), '}')
		})
	})
	if errors.Is(err, errSlow) {
		op.End(s, slow(op.g.limit))
	}
}

// End closes the connection, so that its client comes back; the hub waits for nothing.
func (op *operation) End(_ *realtime.Subscription, err error) {
	if !op.g.over.Swap(true) {
		go op.g.fail(err)
	}
}
