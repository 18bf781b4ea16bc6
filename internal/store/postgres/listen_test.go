package postgres_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
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
		if !f.told(10 * time.Second) { // that it listens
			t.Fatal("it does not listen")
		}
	}
	wakes := func(id string) {
		t.Helper()
		must(t, insert(a, id))
		if !here.told(10*time.Second) || !there.told(10*time.Second) {
			t.Fatalf("nobody is told of %s", id)
		}
	}
	wakes("a")
	storetest.Admin(t, url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()")
	if !there.told(10 * time.Second) {
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
	if n == 0 && there.told(10*time.Second) { // the burst was over first
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
