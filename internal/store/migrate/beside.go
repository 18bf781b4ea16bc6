package migrate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// What a migration of tables in use does before its transaction on PostgreSQL. One
// migrator does at a time, which has locked a row of _building for as long as its
// connection lives. What it begins is noted there before it is begun, so that whoever
// comes after one that was killed goes on with it, or takes back what is no longer
// wanted. The schema on record stays that of before until all of it is there.

// asider runs statements outside of transactions, each by itself.
type asider interface {
	Aside(ctx context.Context, fn func(store.Conn) error) error
}

// building is a step that was begun.
type building struct {
	ahead, undo string
	rows        int64 // that it harms
	done        bool
}

// built are the steps that are done, by their text, with the rows that they harm.
type built map[string]int64

// all tells whether nothing of a plan that is to be done ahead of it is left to do.
func (b built) all(p *Plan) bool {
	return !slices.ContainsFunc(p.Steps, func(s Step) bool { return len(s.Ahead) > 0 && !b.has(&s) })
}

func (b built) has(s *Step) bool {
	_, ok := b[s.beside.text()]
	return ok
}

// onceBuilt runs fn, the transaction of a migration, when all is there that it relies on.
// Where it fails for good, that goes again.
func (m *Migrator) onceBuilt(ctx context.Context, planned Plan, s *schema.Schema, o ApplyOptions, fn func() error) error {
	if m.engine.Dialect() != store.PostgreSQL || planned.Empty() && !o.Tidy {
		return fn()
	}
	begun, err := m.begun(ctx)
	if err != nil {
		return err
	}
	if len(begun) == 0 && (built{}).all(&planned) {
		return fn()
	}
	if err := o.refuse(&planned); err != nil {
		return err
	}
	return m.alone(ctx, func() error {
		plan, err := m.Plan(ctx, s) // another may have come before
		if err == nil {
			err = o.refuse(&plan)
		}
		if err == nil {
			err = m.build(ctx, &plan, o.Progress)
		}
		if err == nil {
			err = fn()
		}
		switch {
		case err == nil, lost(ctx, err):
		case !fault.Is(err, fault.StoreBusy):
			err = errors.Join(err, m.takeBack(ctx, nil))
		default: // what was built is kept for another try
			if back := m.takeBack(ctx, plan.ahead(func(s *Step) bool { return !s.beside.holds })); !fault.Is(back, fault.StoreBusy) {
				err = errors.Join(err, back)
			}
		}
		return err
	})
}

// clashes shows some of the values that rows can't have twice.
func (m *Migrator) clashes(ctx context.Context, s *Step, err error) string {
	broken, ok := errors.AsType[*store.ConstraintError](err)
	if !ok || broken.Kind != store.UniqueViolation || s.index == nil {
		return ""
	}
	columns := s.change.new.scoped(s.index.Columns)
	var list []string
	_ = m.engine.Read(ctx, func(c store.Conn) error { // the error is there already
		list = nil
		c.Enter(store.Everyone)
		return c.Query("SELECT CAST(json_build_array("+idents(columns)+") AS text) FROM "+ident(s.change.new.Name)+" WHERE "+allPresent(s.index.Columns, "")+
			" GROUP BY "+idents(columns)+" HAVING count(*) > 1 LIMIT 3", nil, func(r store.Row) error { list = append(list, r.Text(0)); return nil })
	})
	if len(list) == 0 {
		return ""
	}
	return ", in which (" + strings.Join(columns, ", ") + ") is more than once " + strings.Join(list, " and ")
}

// lost tells of failures after which nothing can be done about the database.
func lost(ctx context.Context, err error) bool {
	return ctx.Err() != nil || fault.Is(err, fault.StoreUnreachable) || fault.Is(err, fault.StoreUncertain)
}

// ahead are the steps to be done before the transaction that are chosen, by their text.
func (p *Plan) ahead(chosen func(*Step) bool) map[string]*Step {
	all := map[string]*Step{}
	for i := range p.Steps {
		if s := &p.Steps[i]; len(s.Ahead) > 0 && chosen(s) {
			all[s.beside.text()] = s
		}
	}
	return all
}

// alone runs fn while no other migrator builds. It does not wait inside a statement:
// what builds an index waits for all statements that have begun.
func (m *Migrator) alone(ctx context.Context, fn func() error) error {
	start := m.opts.Now()
	for wait := shortestPause; ; wait = min(2*wait, longestPause) {
		locked := false
		err := m.engine.(asider).Aside(ctx, func(c store.Conn) error {
			if err := c.Script("BEGIN"); err != nil {
				return err
			}
			err := c.Query(`SELECT id FROM "_building" WHERE id = 0 FOR UPDATE SKIP LOCKED`, nil, func(store.Row) error { locked = true; return nil })
			if err != nil || !locked {
				return err
			}
			if err := c.Script("SET LOCAL lock_timeout = 0"); err != nil { // the server keeps a statement's snapshot until the next one
				return err
			}
			return fn()
		})
		if err != nil || locked {
			return err
		}
		if m.opts.Now().Sub(start) > lockPatience {
			return fault.New(fault.StoreBusy, "another migration has been running for all of %v; wait for its end, and try again", lockPatience)
		}
		if err := m.opts.Pause(ctx, wait); err != nil {
			return err
		}
	}
}

// begun are the steps that were begun, in order.
func (m *Migrator) begun(ctx context.Context) (list []building, err error) {
	err = m.engine.Read(ctx, func(c store.Conn) (err error) {
		c.Enter(store.Everyone)
		list, err = m.readBuilding(c)
		return err
	})
	return list, err
}

func (m *Migrator) readBuilding(c store.Conn) (list []building, err error) {
	if m.engine.Dialect() != store.PostgreSQL {
		return nil, nil
	}
	if there, err := m.hasTable(c, "_building"); err != nil || !there {
		return nil, err
	}
	err = c.Query(`SELECT ahead, undo, rows, done FROM "_building" WHERE id > 0 ORDER BY id`, nil, func(r store.Row) error {
		list = append(list, building{ahead: r.Text(0), undo: r.Text(1), rows: r.Int(2), done: r.Int(3) == 1})
		return nil
	})
	return list, err
}

func (m *Migrator) readBuilt(c store.Conn) (built, error) {
	list, err := m.readBuilding(c)
	done := built{}
	for _, b := range list {
		if b.done {
			done[b.ahead] = b.rows
		}
	}
	return done, err
}

// forgetBuilt leaves what was built to the layout that is on record from now on.
func (m *Migrator) forgetBuilt(c store.Conn) error {
	if m.engine.Dialect() != store.PostgreSQL {
		return nil
	}
	_, err := c.Exec(`DELETE FROM "_building" WHERE id > 0`)
	return err
}

// build does what is to be done ahead of a plan.
func (m *Migrator) build(ctx context.Context, plan *Plan, progress func(string, float64)) error {
	if err := m.takeBack(ctx, plan.ahead(func(*Step) bool { return true })); err != nil {
		return err
	}
	begun, err := m.begun(ctx)
	if err != nil {
		return err
	}
	for i := range plan.Steps {
		s := &plan.Steps[i]
		if len(s.Ahead) == 0 {
			continue
		}
		undo := strings.Join(s.beside.undo, ";\n")
		if i := slices.IndexFunc(begun, func(b building) bool { return b.ahead == s.beside.text() }); i >= 0 {
			if begun[i].done {
				continue
			}
		} else if err := m.note(ctx, `INSERT INTO "_building" (id, ahead, undo, rows, done) SELECT max(id) + 1, ?1, ?2, ?3, 0 FROM "_building"`, s.beside.text(), undo, s.Rows); err != nil {
			return err
		}
		most := 0.0
		for n, sql := range s.Ahead {
			told := func(part float64) {
				if most = max(most, (float64(n)+part)/float64(len(s.Ahead))); progress != nil {
					progress(s.Words, most)
				}
			}
			if err := m.aside(ctx, s, sql, told); err != nil {
				return failed(s.Words+m.clashes(ctx, s, err), err, s.unique()...)
			}
			told(1)
		}
		if err := m.note(ctx, `UPDATE "_building" SET done = 1 WHERE ahead = ?1`, s.beside.text()); err != nil {
			return err
		}
	}
	return nil
}

// takeBack undoes, the last first, what was begun and is not wanted, or is but was not
// finished and can't be gone on with. An index that has turned out whole is kept.
func (m *Migrator) takeBack(ctx context.Context, wanted map[string]*Step) error {
	begun, err := m.begun(ctx)
	if err != nil {
		return err
	}
	for _, b := range slices.Backward(begun) {
		s := wanted[b.ahead]
		if s != nil && !b.done && s.beside.index != "" {
			if b.done, err = m.whole(ctx, s.beside.index); err == nil && b.done {
				err = m.note(ctx, `UPDATE "_building" SET done = 1 WHERE ahead = ?1`, b.ahead)
			}
			if err != nil {
				return err
			}
		}
		if s != nil && (b.done || s.beside.copies) {
			continue
		}
		for sql := range strings.SplitSeq(b.undo, ";\n") {
			if err := m.aside(ctx, nil, sql, nil); err != nil {
				return fmt.Errorf("taking back what a migration had begun: %w", err)
			}
		}
		if err := m.note(ctx, `DELETE FROM "_building" WHERE ahead = ?1 AND id > 0`, b.ahead); err != nil {
			return err
		}
	}
	return nil
}

// whole tells whether an index is there and was built to the end.
func (m *Migrator) whole(ctx context.Context, index string) (whole bool, err error) {
	err = m.engine.Read(ctx, func(c store.Conn) error {
		c.Enter(store.Everyone)
		return c.Query(`SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(CAST(?1 AS text)) AND indisvalid`, []any{ident(index)}, func(store.Row) error { whole = true; return nil })
	})
	return whole, err
}

// note writes to _building.
func (m *Migrator) note(ctx context.Context, sql string, args ...any) error {
	return m.engine.(store.Rebuilder).Rebuild(ctx, func(c store.Conn) error {
		_, err := c.Exec(sql, args...)
		return err
	})
}

// aside runs a statement beside the servers.
func (m *Migrator) aside(ctx context.Context, s *Step, sql string, told func(float64)) error {
	run := func(c store.Conn) error { return c.Script(sql) }
	switch {
	case strings.HasPrefix(sql, "UPDATE "):
		return m.inBatches(ctx, s.change.new.Name, sql, told)
	case alone.MatchString(sql):
		done := make(chan error, 1)
		go func() { done <- m.engine.(asider).Aside(ctx, run) }()
		return m.watched(ctx, done, told)
	}
	return m.locked(ctx, m.engine.(store.Rebuilder), run)
}

// watchEvery is the time between two looks at what is being built.
const watchEvery = 500 * time.Millisecond

// watched tells how far the building of an index has come until it is done.
func (m *Migrator) watched(ctx context.Context, done <-chan error, told func(float64)) error {
	look := time.NewTicker(watchEvery)
	defer look.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-look.C:
		}
		if told == nil {
			continue
		}
		_ = m.engine.Read(ctx, func(c store.Conn) error { // nobody relies on it
			c.Enter(store.Everyone)
			return c.Query(`SELECT CASE WHEN phase LIKE 'index validation%' THEN 0.7 + 0.3 * blocks_done / greatest(blocks_total, 1)
				WHEN blocks_total > 0 THEN 0.7 * blocks_done / blocks_total ELSE 0 END FROM pg_stat_progress_create_index WHERE datname = current_database()`,
				nil, func(r store.Row) error { told(r.Float(0)); return nil })
		})
	}
}

// batchBlocks is how many of a table's blocks, of 8 KiB, are updated at a time. Who
// wants to change a row of them waits for that long.
const batchBlocks = 64

// inBatches runs an UPDATE whose rows fall out of its condition by it. Rows that are
// written meanwhile may move to blocks that were passed, or lie beyond the last.
func (m *Migrator) inBatches(ctx context.Context, table, sql string, told func(float64)) error {
	var blocks int64
	err := m.engine.Read(ctx, func(c store.Conn) (err error) {
		c.Enter(store.Everyone)
		blocks, err = blocksOf(c, table)
		return err
	})
	for from := int64(0); from < blocks && err == nil; from += batchBlocks {
		batch := fmt.Sprintf("%s AND ctid >= '(%d,0)' AND ctid < '(%d,0)'", sql, from, from+batchBlocks)
		err = m.note(ctx, batch)
		told(float64(min(from+batchBlocks, blocks)) / float64(blocks))
	}
	return err
}
