package jobs_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/jobs"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// ledger counts the runs of each job that began and ended.
type ledger struct {
	mu           sync.Mutex
	began, ended map[string]int
	stuck        map[string]int // those that the server which goes has at the end
}

func (l *ledger) note(in map[string]int, payload []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	in[string(payload)]++
}

// until waits for something that the counts say.
func (l *ledger) until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		l.mu.Lock()
		yes := so()
		l.mu.Unlock()
		if yes {
			return
		}
		if time.Since(began) > time.Minute {
			t.Errorf("it is not so that %s", what)
			return
		}
	}
}

// TestNodesShareTheJobs has two servers with a queue each work on one PostgreSQL
// database, while both add jobs. One goes in the midst of it, and takes nothing with
// it: no job is done twice, and what it had begun is begun again once its leases are
// over, and not before.
func TestNodesShareTheJobs(t *testing.T) {
	const each = 100 // jobs that a server adds
	database := storetest.New(t, store.PostgreSQL)
	l := &ledger{began: map[string]int{}, ended: map[string]int{}, stuck: map[string]int{}}
	var ahead atomic.Int64 // of the clock
	var going atomic.Bool  // the first server ends no job any more
	var engines [2]store.Engine
	var queues [2]*jobs.Queue
	for i := range queues {
		e, err := database.Connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			storetest.Tables(t, e, jobs.Tables()...)
		}
		q := jobs.New(jobs.Options{Engine: e, Log: slog.New(slog.DiscardHandler),
			Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
		q.Handle("work", func(ctx context.Context, payload []byte) error {
			l.note(l.began, payload)
			if i == 0 && going.Load() {
				l.note(l.stuck, payload)
				<-ctx.Done()
				return ctx.Err()
			}
			if i == 1 && going.Load() { // leaves the other something
				l.until(t, "the other has begun a job", func() bool { return len(l.stuck) > 0 })
			}
			l.note(l.ended, payload)
			return nil
		})
		q.Start(t.Context())
		engines[i], queues[i] = e, q
	}
	var adding sync.WaitGroup
	for i, e := range engines {
		adding.Go(func() {
			for n := range each {
				if err := e.Write(t.Context(), func(c store.Conn) error {
					return queues[i].Add(c, jobs.Job{Kind: "work", Payload: fmt.Appendf(nil, "%d/%d", i, n)})
				}); err != nil {
					t.Error(err)
				}
				if i == 0 && n == each/2 {
					going.Store(true)
				}
			}
		})
	}
	adding.Wait()
	l.until(t, "one server has begun what it will not end, and all else is done", func() bool {
		return len(l.stuck) > 0 && len(l.ended)+len(l.stuck) == 2*each
	})
	if err := engines[0].Close(); err != nil { // it can't say that it goes
		t.Error(err)
	}
	var gone sync.WaitGroup
	gone.Go(queues[0].Close)
	queues[1].Wake()
	time.Sleep(100 * time.Millisecond)
	l.mu.Lock()
	for job, n := range l.began {
		if n > 1 {
			t.Errorf("%s was begun %d times while it was leased", job, n)
		}
	}
	l.mu.Unlock()
	ahead.Store(int64(31 * time.Second))
	queues[1].Wake()
	l.until(t, "all is done", func() bool { return len(l.ended) == 2*each })
	queues[1].Close()
	gone.Wait()
	for job, n := range l.ended {
		if n != 1 {
			t.Errorf("%s was done %d times", job, n)
		}
	}
	if err := engines[1].Close(); err != nil {
		t.Error(err)
	}
}
