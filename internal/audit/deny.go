package audit

import (
	"context"
	"sync"
	"time"
)

// The limits of what somebody who is refused can make the log grow by.
const (
	maxDenied    = 30 // records of one actor in a deniedFor
	deniedFor    = time.Hour
	maxDeniedBy  = 10_000 // actors that are counted
	deniedNotice = "further refusals within the hour are not recorded"
)

// refusals counts the records of those who were refused.
type refusals struct {
	mu     sync.Mutex
	actors map[string]*refused
}

type refused struct {
	since time.Time
	n     int
}

// take tells whether another record of an actor fits, and whether it is the last.
func (r *refusals) take(actor string, now time.Time) (fits, last bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of := r.actors[actor]
	if of == nil || now.Sub(of.since) >= deniedFor {
		if len(r.actors) >= maxDeniedBy || r.actors == nil {
			r.actors = map[string]*refused{}
		}
		of = &refused{since: now}
		r.actors[actor] = of
	}
	of.n++
	return of.n <= maxDenied, of.n == maxDenied
}

// Deny records, in a transaction of its own, that somebody tried what they may
// not: maxDenied times an hour, the last of which says that it is the last.
func (l *Log) Deny(ctx context.Context, e Event) error {
	if l == nil {
		return nil
	}
	fits, last := l.denied.take(e.Actor, l.now())
	if !fits {
		return nil
	}
	e.Outcome = Denied
	if last {
		details := map[string]any{"notice": deniedNotice}
		for key, value := range e.Details {
			details[key] = value
		}
		e.Details = details
	}
	return l.Write(ctx, e)
}
