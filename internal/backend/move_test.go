package backend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"sync/atomic"
	"testing"

	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/move"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/vault"
)

// mortal is an engine of a process that ends after so many transactions.
type mortal struct {
	store.Engine
	life *atomic.Int64
}

var errDead = errors.New("the process has ended")

func (m mortal) Read(ctx context.Context, fn func(store.Conn) error) error {
	if m.life.Load() <= 0 {
		return errDead
	}
	return m.Engine.Read(ctx, fn)
}

func (m mortal) ReadOne(ctx context.Context, fn func(store.Conn) error) error { return m.Read(ctx, fn) }

func (m mortal) lives(ctx context.Context, run func(context.Context, func(store.Conn) error) error, fn func(store.Conn) error) error {
	if m.life.Add(-1) < 0 {
		return errDead
	}
	return run(ctx, fn)
}

func (m mortal) Write(ctx context.Context, fn func(store.Conn) error) error {
	return m.lives(ctx, m.Engine.Write, fn)
}

func (m mortal) WriteRows(ctx context.Context, fn func(store.Conn) error) error {
	return m.lives(ctx, m.Engine.WriteRows, fn)
}

func (m mortal) Rebuild(ctx context.Context, fn func(store.Conn) error) error {
	return m.lives(ctx, m.Engine.(store.Rebuilder).Rebuild, fn)
}

func (m mortal) AppRole() string {
	if i, ok := m.Engine.(store.Isolator); ok {
		return i.AppRole()
	}
	return ""
}

// TestMoveEndsAnywhere ends the process of a move between any two of its transactions:
// at no moment do both databases let themselves be served, the one that does has all
// that was written, and the same move goes on from there.
func TestMoveEndsAnywhere(t *testing.T) {
	for _, d := range []store.Dialect{store.SQLite, store.PostgreSQL} {
		name := map[store.Dialect]string{store.SQLite: "there", store.PostgreSQL: "back"}[d]
		all := endAfter(t, d, math.MaxInt64)
		t.Logf("%s: %d transactions", name, all)
		step := max(1, all/4)
		if os.Getenv("LOAM_SOAK") != "" {
			step = 1
		}
		for life := int64(0); life < all; life++ {
			if life%step == 0 || all-life < 9 { // the last step
				t.Run(fmt.Sprintf("%s after %d", name, life), func(t *testing.T) { endAfter(t, d, life) })
			}
		}
	}
}

const noteSchema = `type Note @model @auth(rules: [{ allow: member }]) { text: String! up: Note @belongsTo }`

func newPlace(t *testing.T, d store.Dialect) Options {
	t.Helper()
	v, err := vault.Parse("6f1d0c5b8e2a4397b1c60f7ad93e52841c7b6a90e8d3f5247a1b9c0d4e6f8372")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Name: "test", Data: t.TempDir(), Vault: v, Config: config.Default(), Idle: true, Log: slog.New(slog.DiscardHandler)}
	if d == store.PostgreSQL {
		o.Database = storetest.URL(t)
	}
	return o
}

// endAfter moves with a process that ends after so many transactions, and then with one
// that does not. It returns how many the first one had.
func endAfter(t *testing.T, d store.Dialect, life int64) int64 {
	from, to := newPlace(t, d), newPlace(t, 1-d)
	b, err := Open(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := Compile("schema.graphql", noteSchema, nil)
	if _, err := b.Migrator.Apply(t.Context(), c.Schema, migrate.ApplyOptions{Source: noteSchema}); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		addNote(t, b.engine, i)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	source, target := openSide(t, from, false), openSide(t, to, true)
	left := new(atomic.Int64)
	left.Store(life)
	run := func() error {
		dying := func(s move.Side, o Options) move.Side {
			e := mortal{s.Engine, left}
			return move.Side{Engine: e, Migrator: o.migrator(e), Name: s.Name}
		}
		o := move.Options{From: dying(source, from), To: dying(target, to), Now: b.opts.Now}
		_, err := move.Run(t.Context(), o)
		if err == nil {
			err = move.Settle(t.Context(), o.To)
		}
		return err
	}
	if err := run(); life != math.MaxInt64 && !errors.Is(err, errDead) {
		t.Fatalf("the first process: %v", err)
	} else if life == math.MaxInt64 && err != nil {
		t.Fatal(err)
	}
	used := life - left.Load()
	here, there := move.Permit(t.Context(), source.Engine), move.Permit(t.Context(), target.Engine)
	written := 3
	switch {
	case here == nil:
		if n, _ := notes(t, target.Engine); n >= 0 && there == nil {
			t.Fatal("both may be served")
		}
		addNote(t, source.Engine, written)
		written++
	case !fault.Is(here, fault.StoreMoved) && !fault.Is(here, fault.MoveUnfinished):
		t.Fatal(here)
	}
	left.Store(math.MaxInt64)
	if err := run(); err != nil {
		t.Fatalf("going on: %v", err)
	}
	if err := move.Permit(t.Context(), target.Engine); err != nil {
		t.Error(err)
	}
	if err := move.Permit(t.Context(), source.Engine); !fault.Is(err, fault.StoreMoved) {
		t.Errorf("the source: %v", err)
	}
	if n, logged := notes(t, target.Engine); n != written || logged != written {
		t.Errorf("%d rows have arrived with %d entries of the log, want %d", n, logged, written)
	}
	return used
}

func openSide(t *testing.T, o Options, filling bool) move.Side {
	t.Helper()
	s, err := o.side(t.Context(), filling)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func addNote(t *testing.T, e store.Engine, n int) {
	t.Helper()
	if err := e.Write(t.Context(), func(c store.Conn) error {
		c.Enter(store.Everyone)
		if _, err := c.Exec(`INSERT INTO "Note" ("_org", "id", "text", "createdAt", "updatedAt", "_version") VALUES ('a', ?1, 'x', '2026-01-31T14:30:00.000Z', '2026-01-31T14:30:00.000Z', 1)`, fmt.Sprint(n)); err != nil {
			return err
		}
		_, err := c.Exec(`INSERT INTO "_changes" (at, org, model, key, op) VALUES ('2026-01-31T14:30:00.000Z', 'a', 'Note', ?1, 'create')`, fmt.Sprintf("[%q]", fmt.Sprint(n)))
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// notes counts the rows and the entries of the log that have a position; -1 rows are
// those of a database without the table.
func notes(t *testing.T, e store.Engine) (n, logged int) {
	t.Helper()
	position := "pos"
	if e.Dialect() == store.SQLite {
		position = "seq"
	}
	n = -1
	_ = e.Read(t.Context(), func(c store.Conn) error {
		c.Enter(store.Everyone)
		return c.Query(`SELECT (SELECT count(*) FROM "Note"), (SELECT count(`+position+`) FROM "_changes" WHERE model = 'Note')`, nil, func(r store.Row) error {
			n, logged = int(r.Int(0)), int(r.Int(1))
			return nil
		})
	})
	return n, logged
}
