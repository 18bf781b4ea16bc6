package signal_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/signal"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// ear counts what is heard.
type ear struct {
	mu    sync.Mutex
	deaf  bool
	heard map[signal.Signal]int
}

func (e *ear) hear(_ context.Context, s signal.Signal) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard[s]++
	if e.deaf {
		return errors.New("deaf")
	}
	return nil
}

func (e *ear) count(s signal.Signal) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.heard[s]
}

func (e *ear) await(t *testing.T, s signal.Signal, n int) {
	t.Helper()
	for began := time.Now(); e.count(s) < n; time.Sleep(time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatalf("%v was heard %d times, want %d", s, e.count(s), n)
		}
	}
}

func user(id string) signal.Signal { return signal.Signal{Kind: signal.User, Subject: id} }

var everything = signal.Signal{Kind: signal.Everything}

func send(c store.Conn, id string) error {
	_, err := c.Exec(`INSERT INTO "_signals" ("tx", "kind", "subject") VALUES (pg_current_xact_id(), 'user', ?1)`, id)
	return err
}

// listen follows the signals of a database; what it hears first is to forget all.
func listen(t *testing.T, e store.Engine) *ear {
	t.Helper()
	heard := &ear{heard: map[signal.Signal]int{}}
	r := signal.Follow(signal.Options{Engine: e, Heard: heard.hear, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	t.Cleanup(r.Close)
	heard.await(t, everything, 1)
	return heard
}

func open(t *testing.T) store.Engine {
	t.Helper()
	e := storetest.Open(t, store.PostgreSQL)
	storetest.Tables(t, e, signal.Tables(store.PostgreSQL)[:4]...) // without the triggers
	return e
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Each signal is heard once, and in the order of the commits: what a transaction
// wrote that was under way while later ones ended is not passed over.
func TestHeardOnceWhateverTheOrder(t *testing.T) {
	e := open(t)
	must(t, e.WriteRows(t.Context(), func(c store.Conn) error { return send(c, "old") }))
	heard := listen(t, e)
	must(t, e.WriteRows(t.Context(), func(c store.Conn) error {
		if err := send(c, "slow"); err != nil {
			return err
		}
		for i := range 5 {
			id := fmt.Sprint(i)
			must(t, e.WriteRows(t.Context(), func(c store.Conn) error { return send(c, id) }))
			heard.await(t, user(id), 1)
		}
		if heard.count(user("slow")) > 0 {
			t.Error("a signal was heard before its commit")
		}
		return nil
	}))
	heard.await(t, user("slow"), 1)
	undone := errors.New("undone")
	if err := e.WriteRows(t.Context(), func(c store.Conn) error { return errors.Join(send(c, "undone"), undone) }); !errors.Is(err, undone) {
		t.Fatal(err)
	}
	must(t, e.WriteRows(t.Context(), func(c store.Conn) error { return send(c, "last") }))
	heard.await(t, user("last"), 1)
	for s, n := range heard.heard {
		if n != 1 {
			t.Errorf("%v was heard %d times", s, n)
		}
	}
	if heard.count(user("undone"))+heard.count(user("old")) > 0 {
		t.Error("what was undone, or was so before, was heard")
	}
}

// Who has too much to forget, can't look or could not forget forgets everything.
func TestForgetsEverything(t *testing.T) {
	e := open(t)
	heard := listen(t, e)
	must(t, e.WriteRows(t.Context(), func(c store.Conn) error {
		_, err := c.Exec(`INSERT INTO "_signals" SELECT pg_current_xact_id(), 'user', CAST(n AS text) FROM generate_series(1, 1500) n`)
		return err
	}))
	heard.await(t, everything, 2)
	heard.mu.Lock()
	heard.deaf = true
	heard.mu.Unlock()
	must(t, e.WriteRows(t.Context(), func(c store.Conn) error { return send(c, "a") }))
	heard.await(t, everything, 4) // again and again
	heard.mu.Lock()
	heard.deaf = false
	n := heard.heard[everything]
	heard.mu.Unlock()
	heard.await(t, everything, n+1)
	must(t, e.(store.Rebuilder).Rebuild(t.Context(), func(c store.Conn) error { return c.Script(`ALTER TABLE "_signals" RENAME TO "_away"`) }))
	n = heard.count(everything)
	heard.await(t, everything, n+2)
	n = heard.count(everything)
	must(t, e.(store.Rebuilder).Rebuild(t.Context(), func(c store.Conn) error { return c.Script(`ALTER TABLE "_away" RENAME TO "_signals"`) }))
	must(t, e.WriteRows(t.Context(), func(c store.Conn) error { return send(c, "c") }))
	heard.await(t, everything, n+1)
	must(t, e.WriteRows(t.Context(), func(c store.Conn) error { return send(c, "d") }))
	heard.await(t, user("d"), 1)
	must(t, signal.Prune(t.Context(), e))
}
