package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/loam-dev/loam/internal/fault"
)

// gate lets so many in at once and has the others wait in line, first come first
// served, within limits.
type gate struct {
	inside  chan struct{}
	waiting atomic.Int64
	queue   int
	wait    time.Duration
	retry   time.Duration
	what    string // stands in line
	closed  chan struct{}
}

func newGate(inside, queue int, wait, retry time.Duration, what string) *gate {
	return &gate{inside: make(chan struct{}, inside), queue: queue, wait: wait, retry: retry, what: what, closed: make(chan struct{})}
}

func (g *gate) enter(ctx context.Context) error {
	select {
	case <-g.closed:
		return closed()
	default:
	}
	select {
	case g.inside <- struct{}{}:
		return nil
	default:
	}
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > int64(g.queue) {
		return g.busy("%d %s wait already", g.queue, g.what)
	}
	limit := time.NewTimer(g.wait)
	defer limit.Stop()
	select {
	case g.inside <- struct{}{}:
		return nil
	case <-ctx.Done():
		return cancelled(ctx, nil)
	case <-limit.C:
		return g.busy("%s had to wait for more than %v", g.what, g.wait)
	}
}

func (g *gate) leave() { <-g.inside }

func (g *gate) busy(format string, args ...any) error {
	return fault.New(fault.StoreBusy, "the database is busy: "+format+"; try again shortly", args...).After(g.retry).Because(errQueue)
}

var errQueue = errors.New("postgres: it had to wait in line")

// Queued tells of an error whether the database has more to do than it can, which it
// was not even asked.
func Queued(err error) bool { return errors.Is(err, errQueue) }

// close refuses newcomers and tells whether the gate emptied in time.
func (g *gate) close(wait time.Duration) error {
	close(g.closed)
	limit := time.NewTimer(wait)
	defer limit.Stop()
	for range cap(g.inside) {
		select {
		case g.inside <- struct{}{}:
		case <-limit.C:
			return fmt.Errorf("postgres: %s are still running after %v", g.what, wait)
		}
	}
	return nil
}
