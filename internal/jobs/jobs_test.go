package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/jobs"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// place is a database with queues on it, in a bubble of fake time.
type place struct {
	*testing.T
	engine store.Engine
	shift  atomic.Int64 // of the clock, in nanoseconds
}

// within runs a test in a bubble: time passes when everybody waits.
func within(t *testing.T, test func(t *place)) {
	t.Helper()
	if storetest.Chosen(t) == store.PostgreSQL {
		storetest.URL(t) // has it started in real time
	}
	synctest.Test(t, func(t *testing.T) {
		p := &place{T: t, engine: storetest.Room(t, jobs.Tables()...)}
		test(p)
	})
}

func (p *place) now() time.Time { return time.Now().Add(time.Duration(p.shift.Load())) }

// queue makes a queue that prepare gives its handlers; it ends with the test.
func (p *place) queue(prepare func(q *jobs.Queue)) *jobs.Queue {
	q := jobs.New(jobs.Options{Engine: p.engine, Log: slog.New(slog.NewTextHandler(p.Output(), nil)), Now: p.now})
	prepare(q)
	q.Start(context.Background())
	p.Cleanup(q.Close)
	return q
}

func (p *place) write(fn func(c store.Conn) error) {
	p.Helper()
	if err := p.engine.Write(context.Background(), fn); err != nil {
		p.Fatal(err)
	}
}

func (p *place) add(q *jobs.Queue, list ...jobs.Job) {
	p.Helper()
	p.write(func(c store.Conn) error {
		for _, j := range list {
			if err := q.Add(c, j); err != nil {
				return err
			}
		}
		return nil
	})
}

// count answers a statement that counts.
func (p *place) count(sql string) (n int64) {
	p.Helper()
	err := p.engine.Read(context.Background(), func(c store.Conn) error {
		return c.Query(sql, nil, func(r store.Row) error { n = r.Int(0); return nil })
	})
	if err != nil {
		p.Fatal(err)
	}
	return n
}

const left = `SELECT COUNT(*) FROM "_jobs"`

// record is what a handler has seen.
type record struct {
	mu    sync.Mutex
	calls []string
	times []time.Time
}

func (r *record) note(what string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls, r.times = append(r.calls, what), append(r.times, time.Now())
	return len(r.calls)
}

// at is when the calls were.
func (r *record) at() []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.times)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.calls, " ")
}

func (r *record) handler(ctx context.Context, payload []byte) error {
	r.note(string(payload))
	return nil
}

func TestJobsFollowTheirTransaction(t *testing.T) {
	within(t, func(t *place) {
		var r record
		q := t.queue(func(q *jobs.Queue) { q.Handle("note", r.handler) })
		undone := errors.New("undone")
		err := t.engine.Write(t.Context(), func(c store.Conn) error {
			return errors.Join(q.Add(c, jobs.Job{Kind: "note", Payload: []byte("never")}), undone)
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		began := time.Now()
		t.add(q, jobs.Job{Kind: "note", Payload: []byte("now")},
			jobs.Job{Kind: "note", Payload: []byte("later"), RunAt: began.Add(time.Hour)},
			jobs.Job{Kind: "unknown", Payload: []byte("of another version")})
		time.Sleep(time.Second)
		if r.String() != "now" {
			t.Errorf("after a second: %q", &r)
		}
		time.Sleep(2 * time.Hour)
		if r.String() != "now later" || r.at()[1].Before(began.Add(time.Hour)) || r.at()[1].After(began.Add(time.Hour+time.Second)) {
			t.Errorf("after two hours: %q at %s", &r, r.at())
		}
		if n := t.count(left); n != 1 {
			t.Errorf("%d jobs are left, want the unknown one", n)
		}
	})
}

func TestOneJobPerKey(t *testing.T) {
	within(t, func(t *place) {
		var r record
		q := t.queue(func(q *jobs.Queue) { q.Handle("note", r.handler); q.Handle("other", r.handler) })
		t.add(q, jobs.Job{Kind: "note", Key: "k", Payload: []byte("first")}, jobs.Job{Kind: "note", Key: "k", Payload: []byte("second")},
			jobs.Job{Kind: "other", Key: "k", Payload: []byte("other")})
		time.Sleep(time.Second)
		t.add(q, jobs.Job{Kind: "note", Key: "k", Payload: []byte("third")})
		time.Sleep(time.Second)
		if got := r.String(); got != "first other third" && got != "other first third" {
			t.Errorf("ran %q", got)
		}
	})
}

func TestFailuresAreRetriedThenKept(t *testing.T) {
	within(t, func(t *place) {
		var r record
		q := t.queue(func(q *jobs.Queue) {
			q.Handle("fail", func(context.Context, []byte) error {
				if r.note("fail") == 2 {
					panic("a panic is a failure")
				}
				return errors.New("no luck \xff" + strings.Repeat("x", 1000))
			})
			q.Handle("hopeless", func(context.Context, []byte) error {
				return fmt.Errorf("really: %w", jobs.Permanent(errors.New("never")))
			})
		})
		t.add(q, jobs.Job{Kind: "fail", MaxAttempts: 6})
		time.Sleep(10 * time.Minute)
		for i, want := range []time.Duration{5, 10, 20, 40, 80} {
			if i+1 >= len(r.at()) {
				t.Fatalf("only %d runs", len(r.at()))
			}
			got := r.at()[i+1].Sub(r.at()[i])
			if want *= time.Second; got < want/2 || got > want+time.Second {
				t.Errorf("pause %d was %s, want about %s", i+1, got, want)
			}
		}
		t.add(q, jobs.Job{Kind: "hopeless", Key: "k"})
		time.Sleep(time.Hour)
		dead, err := q.List(t.Context(), true, "", 10)
		if err != nil || len(dead) != 2 || dead[1].Kind != "fail" || dead[1].Attempts != 6 || len(dead[1].Error) > 500 || dead[0].Attempts != 1 || dead[0].Error != "really: never" {
			t.Fatalf("dead: %+v, %v", dead, err)
		}
		t.write(func(c store.Conn) error {
			kind, err := q.Revive(c, dead[1].ID)
			if kind != "fail" {
				t.Errorf("revived a %q", kind)
			}
			return err
		})
		q.Wake()
		time.Sleep(10 * time.Minute)
		if n := len(r.at()); n != 12 {
			t.Errorf("%d runs after the second life", n)
		}
		t.shift.Store(int64(31 * 24 * time.Hour))
		time.Sleep(time.Hour)
		if n := t.count(left); n != 0 {
			t.Errorf("%d dead jobs are kept for good", n)
		}
	})
}

func TestWorkersAreBoundedAndKindsTakeTurns(t *testing.T) {
	within(t, func(t *place) {
		var at, most atomic.Int64
		var r record
		began := time.Now()
		q := t.queue(func(q *jobs.Queue) {
			q.Handle("flood", func(context.Context, []byte) error {
				most.Store(max(most.Load(), at.Add(1)))
				time.Sleep(time.Second)
				at.Add(-1)
				return nil
			})
			q.Handle("single", func(ctx context.Context, b []byte) error { return r.handler(ctx, b) })
		})
		for range 200 {
			t.add(q, jobs.Job{Kind: "flood"})
		}
		t.add(q, jobs.Job{Kind: "single", Payload: []byte("x")})
		time.Sleep(10 * time.Second)
		if r.String() != "x" || r.at()[0].Sub(began) > 3*time.Second {
			t.Errorf("the single job ran at %v", r.at())
		}
		time.Sleep(time.Minute)
		if n := t.count(left); n != 0 || most.Load() != 4 {
			t.Errorf("%d left, %d at once", n, most.Load())
		}
	})
}

func TestCloseFinishesOrReleases(t *testing.T) {
	within(t, func(t *place) {
		var quick, stuck record
		prepare := func(q *jobs.Queue) {
			q.Handle("quick", func(ctx context.Context, b []byte) error {
				time.Sleep(3 * time.Second)
				return quick.handler(ctx, b)
			})
			q.Handle("stuck", func(ctx context.Context, b []byte) error {
				if stuck.note("stuck") > 1 {
					return nil
				}
				<-ctx.Done()
				return ctx.Err()
			})
		}
		q := t.queue(prepare)
		t.add(q, jobs.Job{Kind: "quick", Payload: []byte("done")}, jobs.Job{Kind: "stuck", MaxAttempts: 1})
		time.Sleep(time.Second)
		began := time.Now()
		q.Close()
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("closing took %s", took)
		}
		if n := t.count(`SELECT COUNT(*) FROM "_jobs" WHERE "owner" IS NULL AND "dead_at" IS NULL AND "attempts" = 0`); n != 1 || quick.String() != "done" {
			t.Fatalf("%d released, %q done", n, &quick)
		}
		t.queue(prepare)
		time.Sleep(time.Second)
		if n := t.count(left); n != 0 || stuck.String() != "stuck stuck" {
			t.Errorf("%d left, %q ran", n, &stuck)
		}
	})
}

// A server that died holds its lease until it runs out; a job that kills every
// server comes to an end.
func TestLeasesOfTheDeadRunOut(t *testing.T) {
	within(t, func(t *place) {
		var r record
		q := t.queue(func(q *jobs.Queue) { q.Handle("note", r.handler) })
		began := time.Now()
		for id, attempts := range map[string]int{"taken over": 1, "poison": 2} {
			t.write(func(c store.Conn) error {
				_, err := c.Exec(`INSERT INTO "_jobs" ("id", "kind", "payload", "attempts", "max_attempts", "due_at", "owner", "created_at")
					VALUES (?1, 'note', ?2, ?3, 2, ?4, 'a dead server', ?4)`, id, []byte(id), attempts, began.Add(30*time.Second).UTC().Format("2006-01-02T15:04:05.000Z"))
				return err
			})
		}
		time.Sleep(29 * time.Second)
		if r.String() != "" {
			t.Error("a lease was broken")
		}
		time.Sleep(10 * time.Second)
		dead, err := q.List(t.Context(), true, "", 10)
		if r.String() != "taken over" || err != nil || len(dead) != 1 || dead[0].ID != "poison" {
			t.Errorf("ran %q, dead %+v, %v", &r, dead, err)
		}
	})
}

// A long job keeps its lease against another server, and against its own when
// the clock jumps.
func TestLongJobsRunOnce(t *testing.T) {
	within(t, func(t *place) {
		var r record
		prepare := func(q *jobs.Queue) {
			q.Handle("long", func(ctx context.Context, b []byte) error {
				r.note("began")
				select {
				case <-ctx.Done():
					r.note("broken off")
				case <-time.After(5 * time.Minute):
				}
				return nil
			})
		}
		first := t.queue(prepare)
		t.add(first, jobs.Job{Kind: "long"})
		time.Sleep(time.Second)
		t.shift.Store(int64(24 * time.Hour))
		first.Wake()
		time.Sleep(20 * time.Second)
		t.queue(prepare)
		time.Sleep(10 * time.Minute)
		if n := t.count(left); n != 0 || r.String() != "began" {
			t.Errorf("%d left: %q", n, &r)
		}
	})
}

func TestLimits(t *testing.T) {
	within(t, func(t *place) {
		q := t.queue(func(q *jobs.Queue) { q.Handle("note", func(context.Context, []byte) error { return nil }) })
		add := func(j jobs.Job) error {
			return t.engine.Write(t.Context(), func(c store.Conn) error { return q.Add(c, j) })
		}
		for name, j := range map[string]jobs.Job{
			"payload": {Kind: "x", Payload: make([]byte, 256<<10+1)},
			"key":     {Kind: "x", Key: strings.Repeat("k", 513)},
		} {
			if err := add(j); !fault.Is(err, fault.JobsTooLarge) {
				t.Errorf("%s: %v", name, err)
			}
		}
		t.write(func(c store.Conn) error {
			_, err := c.Exec(`INSERT INTO "_jobs" ("id", "kind", "payload", "attempts", "max_attempts", "due_at", "created_at")
				WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 50000) SELECT 'id' || i, 'x', ?1, 0, 1, '', '' FROM n`, []byte{})
			return err
		})
		if err := add(jobs.Job{Kind: "x"}); !fault.Is(err, fault.JobsFull) || fault.Of(err).RetryAfter == 0 {
			t.Errorf("one too many: %v", err)
		}
		if err := add(jobs.Job{Kind: "y"}); err != nil {
			t.Errorf("another kind: %v", err)
		}
	})
}

// TestAttack138_NoDoubleRun: a schedule runs once an interval, however many
// servers there are and whatever their clocks do.
func TestAttack138_NoDoubleRun(t *testing.T) {
	for name, jumps := range map[string][]time.Duration{
		"steady":     {0, 0, 0, 0},
		"forward":    {0, 24 * time.Hour, 48 * time.Hour, 24 * time.Hour},
		"backward":   {0, -24 * time.Hour, -time.Hour, -48 * time.Hour},
		"to and fro": {time.Hour, -time.Hour, time.Hour, -time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(t *place) {
				var r record
				prepare := func(q *jobs.Queue) {
					q.Every("tick", time.Hour, func(context.Context) error { r.note("tick"); return errors.New("a failure stops nothing") })
				}
				t.queue(prepare)
				time.Sleep(20 * time.Minute)
				t.queue(prepare)
				t.queue(prepare)
				for _, jump := range jumps {
					t.shift.Store(int64(jump))
					time.Sleep(6 * time.Hour)
				}
				if n := len(r.at()); n != 24 {
					t.Errorf("%d runs in a day", n)
				}
				for i := 1; i < len(r.at()); i++ {
					if gap := r.at()[i].Sub(r.at()[i-1]); gap < 59*time.Minute {
						t.Errorf("run %d came %s after the one before", i, gap)
					}
				}
			})
		})
	}
}

// A schedule goes on where it was after a restart, and does not start over.
func TestSchedulesOutliveTheirServer(t *testing.T) {
	within(t, func(t *place) {
		var r record
		for range 10 {
			q := t.queue(func(q *jobs.Queue) {
				q.Every("tick", time.Hour, func(context.Context) error { r.note("tick"); panic("nor does a panic") })
			})
			time.Sleep(31 * time.Minute)
			q.Close()
		}
		if n := len(r.at()); n != 5 {
			t.Errorf("%d runs in 310 minutes", n)
		}
	})
}

func TestMain(m *testing.M) {
	if path := os.Getenv("LOAM_JOBS_CHILD"); path != "" {
		child(path)
	}
	os.Exit(m.Run())
}
