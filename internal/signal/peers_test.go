package signal_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/signal"
	"github.com/loam-dev/loam/internal/store"
)

// peer is a node that answers with its name and the question, fails where that is
// "fail", and says more than it may where it is "much".
func peer(t *testing.T, e store.Engine, id string) *signal.Peers {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	p := signal.Join(signal.PeersOptions{Engine: e, Node: signal.Node{ID: id, Name: "host"}, Log: log, Answer: func(_ context.Context, q []byte) ([]byte, error) {
		switch string(q) {
		case "fail":
			return nil, errors.New("it fails")
		case "much":
			return []byte(strings.Repeat("x", 256<<10+1)), nil
		}
		return fmt.Appendf(nil, "%s to %s", id, q), nil
	}})
	r := signal.Follow(signal.Options{Engine: e, Log: log, Heard: func(_ context.Context, s signal.Signal) error {
		if s.Kind == signal.Question {
			p.Hear(s.Subject)
		}
		return nil
	}})
	t.Cleanup(func() { r.Close(); p.Close() })
	return p
}

// asks asks until what is said is as wanted: a busy machine may have somebody be late.
func asks(t *testing.T, p *signal.Peers, meant, question string, want ...string) {
	t.Helper()
	for began := time.Now(); ; {
		answers, err := p.Ask(t.Context(), meant, []byte(question))
		must(t, err)
		var got []string
		for _, a := range answers {
			text := string(a.Body)
			if a.Silent {
				text = a.ID + " is silent"
			}
			got = append(got, text)
		}
		if slices.Equal(got, want) {
			return
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("asked %q, %q is said, not %q", question, got, want)
		}
	}
}

// Who is asked answers, all or the one that is meant, and nobody else does; who fails,
// says too much or is dead is silent, and who is away is not asked.
func TestPeersAnswer(t *testing.T) {
	e := open(t)
	a := peer(t, e, "a")
	asks(t, a, "", "nobody")
	b := peer(t, e, "b")
	t.Run("three", func(t *testing.T) {
		peer(t, e, "c")
		asks(t, a, "", "x", "b to x", "c to x")
		asks(t, b, "", "y", "a to y", "c to y")
		asks(t, b, "c", "z", "c to z")
		asks(t, a, "b", "fail", "b is silent")
		asks(t, a, "b", "much", "b is silent")
		asks(t, a, "d", "x")
	})
	asks(t, a, "", "x", "b to x")
	must(t, e.WriteRows(t.Context(), func(c store.Conn) error {
		_, err := c.Exec(`INSERT INTO "_nodes" ("id", "name", "at") VALUES ('c', 'dead', now()), ('d', 'long dead', now() - interval '31 seconds')`)
		return err
	}))
	asks(t, a, "", "x", "b to x", "c is silent")
	if _, err := a.Ask(t.Context(), "", make([]byte, 256<<10+1)); err == nil {
		t.Error("a question may have any size")
	}
	var left []string
	must(t, e.ReadOne(t.Context(), func(c store.Conn) error {
		left = nil
		return c.Query(`SELECT "id" FROM "_node_questions" UNION ALL SELECT "node" FROM "_node_answers" UNION ALL SELECT "id" FROM "_nodes" ORDER BY 1`, nil, func(r store.Row) error {
			left = append(left, r.Text(0))
			return nil
		})
	}))
	if !slices.Equal(left, []string{"a", "b", "c"}) {
		t.Errorf("%q are left", left)
	}
}
