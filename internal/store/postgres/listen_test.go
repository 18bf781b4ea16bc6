package postgres_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/store/postgres"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// follower is one who is to be told.
type follower chan struct{}

func follow(e *postgres.Engine) follower {
	f := make(follower, 1)
	e.Notify(f)
	return f
}

// told tells whether there is a signal within a time.
func (f follower) told(within time.Duration) bool {
	select {
	case <-f:
		return true
	case <-time.After(within):
		return false
	}
}

// A commit wakes those who follow on another node, again after the connection that
// listens was lost; several at once wake it a few times.
func TestCommitsWakeOtherNodes(t *testing.T) {
	url := storetest.URL(t)
	a, b := openAt(t, url, postgres.Tight{}, 4), openAt(t, url, postgres.Tight{}, 4)
	storetest.Tables(t, a, table)
	here, there := follow(a), follow(b)
	for _, f := range []follower{here, there} {
		if !f.told(time.Minute) { // that it listens
			t.Fatal("it does not listen")
		}
	}
	wakes := func(id string) {
		t.Helper()
		must(t, insert(a, id))
		if !here.told(time.Minute) || !there.told(time.Minute) {
			t.Fatalf("nobody is told of %s", id)
		}
	}
	wakes("a")
	storetest.Admin(t, url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()")
	if !there.told(time.Minute) {
		t.Fatal("it does not listen again")
	}
	wakes("b")
	wakes("c")
	here.told(0)
	var all sync.WaitGroup
	began := time.Now()
	for i := range 8 {
		all.Go(func() {
			for n := range 20 {
				must(t, insert(a, fmt.Sprint(i, "/", n)))
			}
		})
	}
	n := 0
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	for ended := false; !ended; {
		select {
		case <-there:
			n++
		case <-done:
			ended = true
		}
	}
	if n == 0 && there.told(time.Minute) { // the burst was over first
		n++
	}
	if most := int(time.Since(began)/(5*time.Millisecond)) + 1; n == 0 || n > most {
		t.Errorf("160 commits were told of %d times, at most %d are due", n, most)
	}
}

// Behind a pooler nobody is told of what is not their own, which is logged once.
func TestNobodyListensThroughAPooler(t *testing.T) {
	pooled := storetest.Pooler(t, storetest.URL(t))
	for _, url := range []string{pooled, pooled + "&default_query_exec_mode=exec"} {
		var log bytes.Buffer
		e, err := postgres.Open(t.Context(), postgres.Options{URL: url, Log: slog.New(slog.NewTextHandler(&log, nil)), Connections: 2})
		must(t, err)
		f := follow(e)
		e.Rung()
		if f.told(0) {
			t.Error("it listens")
		}
		follow(e)
		must(t, e.Close())
		if n := strings.Count(log.String(), "pooler before the database, through which LISTEN"); n != 1 {
			t.Errorf("it was said %d times:\n%s", n, log.String())
		}
	}
}

// wire is a relay between two engines.
type wire struct {
	up   atomic.Bool
	ends [2]chan struct{}
}

type end struct {
	*wire
	n int
}

func (e end) Heard() <-chan struct{} { return e.ends[e.n] }

func (e end) Ring() bool {
	if !e.up.Load() {
		return false
	}
	select {
	case e.ends[1-e.n] <- struct{}{}:
	default:
	}
	return true
}

// As long as a relay reaches the others it takes the place of NOTIFY, and behind a pooler
// it is all there is; however much it says, nobody is told of it too often.
func TestARelayWakesOtherNodes(t *testing.T) {
	url := storetest.URL(t)
	w := &wire{ends: [2]chan struct{}{make(chan struct{}, 1), make(chan struct{}, 1)}}
	a, b, c := openAt(t, url, postgres.Tight{}, 4), openAt(t, storetest.Pooler(t, url), postgres.Tight{}, 2), openAt(t, url, postgres.Tight{}, 4)
	storetest.Tables(t, a, table)
	a.Use(end{w, 0})
	b.Use(end{w, 1})
	here, there, beside := follow(a), follow(b), follow(c)
	for _, f := range []follower{here, beside} {
		if !f.told(time.Minute) { // that it listens
			t.Fatal("it does not listen")
		}
	}
	w.up.Store(true)
	must(t, insert(a, "a"))
	if !there.told(time.Minute) {
		t.Error("the relay tells nobody")
	}
	if beside.told(50 * time.Millisecond) {
		t.Error("the database is asked to tell, too")
	}
	must(t, insert(b, "b"))
	if !here.told(time.Minute) {
		t.Error("the relay tells nobody from behind a pooler")
	}
	w.up.Store(false)
	must(t, insert(a, "c"))
	if !beside.told(time.Minute) {
		t.Error("without the relay, the database does not tell")
	}
	n, began := 0, time.Now()
	for time.Since(began) < 300*time.Millisecond || n == 0 && time.Since(began) < time.Minute {
		select {
		case w.ends[1] <- struct{}{}:
		case <-there:
			n++
		}
	}
	if most := int(time.Since(began)/(10*time.Millisecond)) + 2; n == 0 || n > most {
		t.Errorf("of a flood it was told %d times, at most %d are due", n, most)
	}
}

// Engines of one database agree on what it is, whatever way they take to it; those of
// another on the same server do not.
func TestIdentity(t *testing.T) {
	identity := func(url string) string {
		is, err := openAt(t, url, postgres.Tight{}, 2).Identity(t.Context())
		must(t, err)
		return is
	}
	url := storetest.URL(t)
	is := identity(url)
	if through := identity(storetest.Pooler(t, url)); through != is {
		t.Errorf("%s and %s", is, through)
	}
	if other := identity(storetest.URL(t)); other == is || strings.HasSuffix(is, ",") || strings.Contains(is, ",,") {
		t.Errorf("%s and %s", is, other)
	}
}
