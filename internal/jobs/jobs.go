// Package jobs is work that must not get lost: a queue in the database, whose
// entries are added in the transaction that needs the work done, and schedules
// that run once however many servers there are. A job runs at least once, so a
// handler must bear to run twice. It knows nothing of what the work is.
package jobs

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
)

// The limits of the room.
const (
	workers     = 4                     // jobs that run at once, unless Options say otherwise
	lease       = 30 * time.Second      // after which a job of a dead server is taken over
	poll        = 5 * time.Second       // between looks for what another server has added
	firstLook   = 10 * time.Millisecond // from a job's Add to the first look for it; each further pause is twice as long
	grace       = 5 * time.Second       // that running jobs get to finish at Close
	runLimit    = 10 * time.Minute      // of one run
	attempts    = 12                    // runs of a job, unless it says otherwise: about two and a half hours
	maxAttempts = 100
	firstWait   = 5 * time.Second // after the first failure, doubled by each further one
	longestWait = time.Hour
	maxPayload  = 256 << 10 // bytes
	maxKey      = 512       // bytes
	maxWaiting  = 50_000    // jobs of one kind
	maxError    = 500       // bytes kept of why a run failed
	keepDead    = 30 * 24 * time.Hour
	maxDead     = 1000 // dead jobs that are kept
)

// Options say what a Queue works on.
type Options struct {
	Engine  store.Engine
	Workers int // jobs that run at once; 0: workers
	Log     *slog.Logger
	Now     func() time.Time // nil: the clock
}

// Handler does the work of one kind. ctx ends when the run takes too long, when
// the queue closes, or when the lease is lost. An error means another run later,
// unless it is Permanent.
type Handler func(ctx context.Context, payload []byte) error

// Queue runs jobs and schedules. Add and Wake may be called at any time, from
// any goroutine; Handle and Every before Start.
type Queue struct {
	engine  store.Engine
	log     *slog.Logger
	now     func() time.Time
	node    string // whose new leases are ours; the dispatcher's
	workers int

	handlers  map[string]Handler
	kinds     []string
	schedules []schedule

	nudge   chan struct{} // something may have been added
	stop    context.CancelFunc
	abort   context.CancelFunc // of the runs under way
	loops   sync.WaitGroup
	runs    sync.WaitGroup
	slots   chan struct{} // one in it for each run under way
	started bool
}

// New makes a queue. The system tables must exist at Start.
func New(o Options) *Queue {
	q := &Queue{
		engine: o.Engine, log: o.Log, now: o.Now, node: uuid.NewString(),
		workers:  cmp.Or(o.Workers, workers),
		handlers: map[string]Handler{},
		nudge:    make(chan struct{}, 1),
	}
	q.slots = make(chan struct{}, q.workers)
	if q.now == nil {
		q.now = time.Now
	}
	return q
}

// Handle says who does the work of a kind.
func (q *Queue) Handle(kind string, h Handler) {
	if q.started || q.handlers[kind] != nil || kind == "" {
		panic("jobs: Handle(" + kind + ") after Start, twice, or without a name")
	}
	q.handlers[kind] = h
	q.kinds = append(q.kinds, kind)
	slices.Sort(q.kinds)
}

// Start begins to run what is due. ctx hands values down to the handlers; its
// end stops nothing: that is Close's.
func (q *Queue) Start(ctx context.Context) {
	q.Every("jobs/tidy", time.Hour, q.tidy)
	q.started = true
	base := context.WithoutCancel(ctx)
	looping, stop := context.WithCancel(base)
	running, abort := context.WithCancel(base)
	q.stop, q.abort = stop, abort
	q.loops.Go(func() { q.dispatch(looping, running) })
	for _, s := range q.schedules {
		q.loops.Go(func() { q.keep(looping, s) })
	}
}

// Close takes no more jobs, and waits for those under way: to finish within the
// grace, or else to heed the end of their context. What did not finish is
// released for another server.
func (q *Queue) Close() {
	if q.stop == nil {
		return
	}
	q.stop()
	timer := time.AfterFunc(grace, q.abort)
	defer timer.Stop()
	q.loops.Wait()
	q.runs.Wait()
	q.abort()
}

// Hold lets no job begin until release is called, and waits for those under way as
// long as ctx allows. Close may come without it.
func (q *Queue) Hold(ctx context.Context) (release func()) {
	held := 0
	for ; held < q.workers; held++ {
		select {
		case q.slots <- struct{}{}:
			continue
		case <-ctx.Done():
		}
		break
	}
	return func() {
		for range held {
			<-q.slots
		}
		q.Wake()
	}
}

// Job is work to be done.
type Job struct {
	Kind        string
	Payload     []byte
	RunAt       time.Time // not before; zero: at once
	MaxAttempts int       // runs until it is dead; 0: attempts, maxAttempts at most
	Key         string    // of the jobs of a kind that are waiting or running, one has the key; "" is none
}

// Add puts a job into the queue, inside the caller's transaction: it exists if
// that commits. A second job of one kind and key changes nothing.
func (q *Queue) Add(c store.Conn, j Job) error {
	if len(j.Payload) > maxPayload || len(j.Key) > maxKey {
		return fault.New(fault.JobsTooLarge, "a job carries at most %d KiB, and a key of at most %d bytes", maxPayload>>10, maxKey)
	}
	if err := q.roomFor(c, j.Kind); err != nil {
		return err
	}
	now := q.now()
	due := now
	if j.RunAt.After(now) {
		due = j.RunAt
	}
	var key any
	if j.Key != "" {
		key = j.Key
	}
	payload := j.Payload
	if payload == nil {
		payload = []byte{}
	}
	_, err := c.Exec(`INSERT INTO "_jobs" ("id", "kind", "key", "payload", "attempts", "max_attempts", "due_at", "created_at")
		VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7) ON CONFLICT ("kind", "key") WHERE "dead_at" IS NULL DO NOTHING`,
		newID(), j.Kind, key, payload, min(cmp.Or(j.MaxAttempts, attempts), maxAttempts), form.Stamp(due), form.Stamp(now))
	if err != nil {
		return wrap("adding a "+j.Kind, err)
	}
	q.Wake()
	return nil
}

// roomFor refuses a job of a kind of which too many wait.
func (q *Queue) roomFor(c store.Conn, kind string) error {
	return c.Query(`SELECT COUNT(*) FROM (SELECT 1 FROM "_jobs" WHERE "kind" = ?1 AND "dead_at" IS NULL LIMIT ?2) AS t`,
		[]any{kind, maxWaiting}, func(r store.Row) error {
			if r.Int(0) >= maxWaiting {
				return fault.New(fault.JobsFull, "%d jobs of the kind %s wait already, as many as may; try again later", maxWaiting, kind).After(time.Minute)
			}
			return nil
		})
}

// Wake makes the queue look for jobs at once. Add does so too, but it can't see
// the commit: the queue then looks again after a few pauses.
func (q *Queue) Wake() {
	select {
	case q.nudge <- struct{}{}:
	default:
	}
}

// permanent is an error that another run would meet again.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent marks an error of a Handler as one that no further run can mend:
// the job is dead at once.
func Permanent(err error) error { return permanent{err} }

// backoff is the pause after a number of failures: it doubles, and a random part
// of up to a half is taken off, so that what failed together does not come back
// together.
func backoff(failures int) time.Duration {
	wait := longestWait
	if failures < 20 {
		wait = min(wait, firstWait<<max(failures-1, 0))
	}
	return wait - rand.N(wait/2)
}

// newID makes a UUIDv7: ids sort by the time they were made.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// wrap names the operation that failed, for the log.
func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("jobs: %s: %w", operation, err)
}
