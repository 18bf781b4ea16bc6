// Package move takes a backend from one database to another, of either kind, while it
// serves: a copy of every table, what has changed meanwhile again and again until
// both are level, a comparison of all rows, and then a moment without writes in which
// the last changes go across and the source is closed for good.
//
// What changes is known from triggers on the source's tables, the system's and the
// app's alike: there is one way for all of them, and the change log is a table as any.
// It can be interrupted anywhere; the same call goes on. It knows no HTTP, opens no
// database, and does not know what is in a row.
package move

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
)

// Side is one of the two databases.
type Side struct {
	Engine   store.Engine
	Migrator *migrate.Migrator
	Name     string // as people know it, without a password
}

// Options say what goes where.
type Options struct {
	From, To Side // To's engine checks no foreign keys, where it can do without
	Now      func() time.Time
	// Pause has nobody write to the source, as far as that is known, until resume is
	// called: by Run where the last step fails. nil where nobody writes.
	Pause  func(context.Context) (resume func())
	Report func(line string) // what is being done
}

// Result is what has gone across.
type Result struct {
	Tables int
	Rows   int64
	Paused time.Duration // how long the source took no writes
	Again  bool          // it was done before
}

type mover struct {
	Options
	id     string
	shape  string // of the source
	tables []*table
	rows   int64
}

// Run moves. Once it has returned without an error the source takes no writes ever
// again, and the target is whole: Settle is to follow, which may take its time.
func Run(ctx context.Context, o Options) (Result, error) {
	m := &mover{Options: o}
	if err := Settle(ctx, o.From); err != nil { // of the move that it came by
		return Result{}, err
	}
	from, to, err := m.states(ctx)
	if err != nil {
		return Result{}, err
	}
	switch {
	case from.stage == moved && to.stage == ready:
		m.id = from.move
		m.say("the move was interrupted in its last step")
		return Result{}, m.enliven(ctx)
	case from.stage == moved:
		return Result{Again: true}, nil
	}
	if err := m.begin(ctx, from, to); err != nil {
		return Result{}, err
	}
	if err := m.copy(ctx); err != nil {
		return Result{}, err
	}
	if err := m.level(ctx); err != nil {
		return Result{}, err
	}
	if err := m.compare(ctx); err != nil {
		return Result{}, err
	}
	if err := m.level(ctx); err != nil {
		return Result{}, err
	}
	paused, err := m.change(ctx)
	return Result{Tables: len(m.tables), Rows: m.rows, Paused: paused}, err
}

func (m *mover) say(format string, args ...any) {
	if m.Report != nil {
		m.Report(fmt.Sprintf(format, args...))
	}
}

// states reads both databases' states, and refuses two that don't go together.
func (m *mover) states(ctx context.Context) (from, to state, err error) {
	if from, err = stateOf(ctx, m.From.Engine); err == nil {
		to, err = stateOf(ctx, m.To.Engine)
	}
	if err != nil {
		return from, to, err
	}
	switch {
	case from.role == target && from.stage != live:
		return from, to, fault.New(fault.MoveUnfinished, "%s is itself being filled by a move from %s, which is not finished", m.From.Name, from.peer)
	case from.stage == moved && to.move != from.move && to.move != "",
		from.stage == moved && to.move == "" && from.peer != m.To.Name:
		return from, to, fault.New(fault.StoreMoved, "%s was moved to %s already", m.From.Name, from.peer)
	case to.role == source, to.role == target && to.move != from.move:
		return from, to, fault.New(fault.MoveTarget, "%s belongs to another move; empty it, or name another database", m.To.Name)
	case from.stage != moved && to.move == "":
		return from, to, m.empty(ctx)
	}
	return from, to, nil
}

// empty refuses a target that somebody uses.
func (m *mover) empty(ctx context.Context) error {
	l, err := m.From.Migrator.Layout(ctx)
	if err != nil {
		return err
	}
	return m.To.Engine.Read(ctx, func(c store.Conn) error {
		c.Enter(store.Everyone)
		all, err := catalog(c, m.To.Engine.Dialect())
		if err != nil {
			return err
		}
		for name := range all {
			model := slices.ContainsFunc(l.Tables, func(t migrate.Table) bool { return t.Name == name })
			if name != "_writer" && (model || name[0] == '_') {
				return fault.New(fault.MoveTarget, "%s has a table %s already; name an empty database", m.To.Name, name)
			}
		}
		return nil
	})
}

// begin makes both sides ready, or finds that they are.
func (m *mover) begin(ctx context.Context, from, to state) error {
	d := m.From.Engine.Dialect()
	if to.move == "" {
		if err := m.From.Migrator.Prepare(ctx); err != nil {
			return err
		}
	}
	l, shape, err := m.look(ctx)
	if err != nil {
		return err
	}
	if to.move == "" { // an earlier one's traces would stand in the way
		m.id = uuid.Must(uuid.NewV7()).String()
		m.say("makes the tables in %s", m.To.Name)
		err = m.From.Migrator.Alter(ctx, func(c store.Conn) error {
			if err := forget(c, d); err != nil {
				return err
			}
			if err := m.write(c, state{move: m.id, role: source, stage: copying, peer: m.To.Name, shape: shape}); err != nil {
				return err
			}
			return capture(c, d, m.tables)
		})
		if err == nil {
			to = state{stage: preparing}
			err = m.To.Migrator.Alter(ctx, func(c store.Conn) error {
				return m.write(c, state{move: m.id, role: target, stage: preparing, peer: m.From.Name})
			})
		}
	} else {
		m.id = from.move
		m.say("goes on with the move that was interrupted")
		if shape != from.shape {
			err = migrated()
		}
	}
	m.shape = shape
	switch {
	case err == nil && to.stage == preparing:
		return m.prepare(ctx, l)
	case err == nil && to.stage == ready:
		return m.To.Migrator.Alter(ctx, func(c store.Conn) error {
			if err := loosen(c, m.To.Engine.Dialect()); err != nil {
				return err
			}
			return m.step(c, ready, copied)
		})
	}
	return err
}

// look finds out what goes across.
func (m *mover) look(ctx context.Context) (l migrate.Layout, shape string, err error) {
	if l, err = m.From.Migrator.Layout(ctx); err == nil {
		m.tables, err = m.catalog(ctx, m.From.Engine, l)
	}
	if err != nil {
		return l, "", err
	}
	shape, err = shapeOf(m.tables, l)
	return l, shape, err
}

func migrated() error {
	return fault.New(fault.MoveChanged, "the schema has changed since the move began; run loam move with --cancel, empty the new database, and begin again")
}

// forget takes the traces of a move away.
func forget(c store.Conn, d store.Dialect) error {
	for _, prefix := range []string{fencing, capturing} {
		if err := drop(c, d, prefix); err != nil {
			return err
		}
	}
	return c.Script(`DROP TABLE IF EXISTS "_move"`)
}

// Cancel gives a move up: the source is what it was. What is in the target is left.
func Cancel(ctx context.Context, from Side) error {
	s, err := stateOf(ctx, from.Engine)
	switch {
	case err != nil:
		return err
	case s.role != source:
		return fault.New(fault.MoveNone, "no move from %s is under way", from.Name)
	case s.stage == moved:
		return fault.New(fault.StoreMoved, "%s was moved to %s, which can't be cancelled any more; to go back, move from there", from.Name, s.peer)
	}
	return from.Migrator.Alter(ctx, func(c store.Conn) error { return forget(c, from.Engine.Dialect()) })
}

func (m *mover) catalog(ctx context.Context, e store.Engine, l migrate.Layout) (tables []*table, err error) {
	err = e.Read(ctx, func(c store.Conn) error {
		c.Enter(store.Everyone)
		all, err := catalog(c, e.Dialect())
		if err == nil {
			tables, err = tablesOf(all, l)
		}
		return err
	})
	return tables, err
}

// prepare makes the target's tables, but for those that an interrupted one has made: the
// models' are made in one transaction.
func (m *mover) prepare(ctx context.Context, l migrate.Layout) error {
	if err := m.To.Migrator.Prepare(ctx); err != nil {
		return err
	}
	tables, err := m.catalog(ctx, m.To.Engine, l)
	if err != nil {
		return err
	}
	made := slices.ContainsFunc(tables, func(t *table) bool { return len(l.Tables) > 0 && t.name == l.Tables[0].Name })
	if !made {
		if err := m.To.Migrator.Build(ctx, l); err != nil {
			return err
		}
		if tables, err = m.catalog(ctx, m.To.Engine, l); err != nil {
			return err
		}
	}
	if err := fits(m.tables, tables); err != nil {
		return err
	}
	d := m.To.Engine.Dialect()
	return m.To.Migrator.Alter(ctx, func(c store.Conn) error {
		if err := loosen(c, d); err != nil {
			return err
		}
		for _, t := range m.tables {
			if t.name == "_audit" {
				continue // it is empty, and refuses
			}
			if _, err := c.Exec("DELETE FROM " + ident(t.name)); err != nil {
				return err
			}
		}
		return m.step(c, preparing, copying)
	})
}

// change is the last step: the source is closed, the last changes go across, and the
// target is the one that counts.
func (m *mover) change(ctx context.Context) (time.Duration, error) {
	resume := func() {}
	if m.Pause != nil {
		resume = m.Pause(ctx)
	}
	began := m.Now()
	err := m.close(ctx)
	if err == nil {
		err = m.last(ctx)
	}
	if err == nil {
		err = m.From.Engine.Write(ctx, func(c store.Conn) error {
			c.Enter(store.Everyone)
			return m.step(c, fenced, moved)
		})
	}
	if err != nil {
		err = m.reopen(ctx, err)
		resume()
		return 0, err
	}
	return m.Now().Sub(began), m.enliven(ctx)
}

// close fences the source. The log comes last: what is in it has to get its positions
// first.
func (m *mover) close(ctx context.Context) error {
	d := m.From.Engine.Dialect()
	log := slices.IndexFunc(m.tables, func(t *table) bool { return t.name == changeLog })
	others := slices.Delete(slices.Clone(m.tables), log, log+1)
	if err := m.From.Migrator.Alter(ctx, func(c store.Conn) error {
		if err := captured(c, d, m.tables); err != nil {
			return err
		}
		if err := unfence(c, d); err != nil { // of an interrupted one
			return err
		}
		if err := fence(c, d, others); err != nil {
			return err
		}
		return m.step(c, copying, fenced)
	}); err != nil {
		return err
	}
	if err := m.sequence(ctx); err != nil {
		return err
	}
	if err := m.From.Migrator.Alter(ctx, func(c store.Conn) error { return fence(c, d, m.tables[log:log+1]) }); err != nil {
		return err
	}
	_, shape, err := m.look(ctx) // that can't change any more
	if err == nil && shape != m.shape {
		err = migrated()
	}
	return err
}

func (m *mover) sequence(ctx context.Context) error {
	return store.New(m.From.Engine, &schema.Schema{}, m.Now).Sequence(ctx)
}

// last brings the target up to the source, which stands still.
func (m *mover) last(ctx context.Context) error {
	for range finalPasses {
		n, err := m.pass(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			return m.To.Migrator.Alter(ctx, func(c store.Conn) error {
				if err := tighten(c, m.To.Engine.Dialect()); err != nil {
					return err
				}
				return m.step(c, copied, ready)
			})
		}
	}
	return fault.New(fault.MoveDiffers, "some rows can't be brought to be the same in %s; it is not in use, and nothing was changed", m.To.Name)
}

// reopen lets the source take writes again after a last step that failed.
func (m *mover) reopen(ctx context.Context, why error) error {
	ctx = context.WithoutCancel(ctx)
	d := m.From.Engine.Dialect()
	err := m.From.Migrator.Alter(ctx, func(c store.Conn) error { return unfence(c, d) })
	if err != nil {
		return fmt.Errorf("%w; and the old database still takes no writes: run loam move again, or with --cancel: %w", why, err)
	}
	return why
}

// enliven lets the target be served.
func (m *mover) enliven(ctx context.Context) error {
	return m.To.Migrator.Alter(context.WithoutCancel(ctx), func(c store.Conn) error {
		if err := m.step(c, ready, live); err != nil || m.To.Engine.Dialect() == store.PostgreSQL {
			return err
		}
		return c.Script(`DROP TABLE "_move"`)
	})
}

// Try says what Run would take across, and refuses what it would refuse before it
// begins. It writes nothing. A target that is not there yet has no engine.
func Try(ctx context.Context, o Options) (Result, error) {
	m := &mover{Options: o}
	if o.To.Engine != nil {
		if _, _, err := m.states(ctx); err != nil {
			return Result{}, err
		}
	}
	if _, _, err := m.look(ctx); err != nil {
		return Result{}, err
	}
	err := o.From.Engine.Read(ctx, func(c store.Conn) error {
		c.Enter(store.Everyone)
		m.rows = 0
		for _, t := range m.tables {
			if err := c.Query("SELECT count(*) FROM "+ident(t.name), nil, func(r store.Row) error {
				if m.rows += r.Int(0); r.Int(0) > 0 {
					m.say("would copy %s: %d rows", t.name, r.Int(0))
				}
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return Result{Tables: len(m.tables), Rows: m.rows}, err
}
