package move

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// How long the two databases may take to become level.
const (
	levelWithin  = 200 * time.Millisecond // a pass that takes no longer leaves little for the pause,
	levelRows    = 500                    // or one of so few changes
	levelIn      = 10 * time.Minute       // until then
	finalPasses  = 5                      // of the pause: one for all, more for rows that changed places
	reportsEvery = 5 * time.Second
)

// copy takes every row across once. Where it was interrupted it goes on behind the
// last key that is there: what came or changed before that is on the list.
func (m *mover) copy(ctx context.Context) error {
	to, err := stateOf(ctx, m.To.Engine)
	if err != nil || to.stage == copied {
		return err
	}
	for _, t := range m.tables {
		if err := m.copyTable(ctx, t); err != nil {
			return err
		}
	}
	return m.To.Migrator.Alter(ctx, func(c store.Conn) error {
		if m.To.Engine.Dialect() == store.PostgreSQL {
			if err := c.Script("ANALYZE"); err != nil { // or its first plans know nothing of the rows
				return err
			}
		}
		return m.step(c, copying, copied)
	})
}

func (m *mover) copyTable(ctx context.Context, t *table) error {
	after, err := t.last(ctx, m.To.Engine)
	if err != nil {
		return err
	}
	var n int64
	reported := m.Now()
	for more := true; more; {
		var rows [][]any
		if rows, more, err = t.page(ctx, m.From.Engine, after, nil); err != nil || len(rows) == 0 {
			break
		}
		if err = m.put(ctx, t, rows); err != nil {
			break
		}
		after, n = t.keyOf(rows[len(rows)-1]), n+int64(len(rows))
		if now := m.Now(); now.Sub(reported) > reportsEvery {
			reported = now
			m.say("copies %s: %d rows so far", t.name, n)
		}
	}
	if err == nil && n > 0 {
		m.say("copied %s: %d rows", t.name, n)
	}
	return err
}

// last is the greatest key that a table has, or nil.
func (t *table) last(ctx context.Context, e store.Engine) (key []any, err error) {
	keys := t.keys(e.Dialect(), "")
	err = e.Read(ctx, func(c store.Conn) error {
		c.Enter(store.Everyone)
		return c.Query("SELECT "+strings.Join(keys, ", ")+" FROM "+ident(t.name)+" ORDER BY "+strings.Join(keys, " DESC, ")+" DESC LIMIT 1", nil, func(r store.Row) error {
			key = t.keyAt(r, 0)
			return nil
		})
	})
	return key, err
}

func (t *table) keyAt(r store.Row, from int) []any {
	key := make([]any, len(t.key))
	for i, at := range t.key {
		key[i], _ = valueOf(r, from+i, t.columns[at].kind, 0)
	}
	return key
}

// put inserts rows, and finds the one that is refused where one is.
func (m *mover) put(ctx context.Context, t *table, rows [][]any) error {
	insert := func(rows [][]any) error {
		return write(ctx, m.To.Engine, func(c store.Conn) error { return t.insert(c, m.To.Engine.Dialect(), rows) })
	}
	err := insert(rows)
	if err == nil || ctx.Err() != nil {
		return err
	}
	for _, row := range rows {
		if err := insert([][]any{row}); err != nil {
			return t.refused(row, err)
		}
	}
	return nil
}

// change is a row that may differ: it is on the list.
type change struct {
	n   int64 // how often it was put there
	key []any
	row []any // as the source has it; nil where it has none
}

// level takes what has changed across until a pass takes little time.
func (m *mover) level(ctx context.Context) error {
	for start := m.Now(); m.Now().Sub(start) < levelIn; {
		began := m.Now()
		n, err := m.pass(ctx)
		if err != nil {
			return err
		}
		if m.Now().Sub(began) <= levelWithin || n <= levelRows {
			return nil
		}
		m.say("took %d changes across in %v", n, m.Now().Sub(began).Round(time.Millisecond))
	}
	return fault.New(fault.MoveBehind, "rows change faster than they can be taken across; run the command again when less is written: it goes on from here")
}

// pass takes across what the lists have, and answers how much that was.
func (m *mover) pass(ctx context.Context) (int64, error) {
	if err := m.sequence(ctx); err != nil {
		return 0, err
	}
	due, err := m.due(ctx)
	if err != nil {
		return 0, err
	}
	var n int64
	for _, t := range due {
		var after []any
		for more := true; more; {
			var changes []change
			var err error
			if changes, more, err = t.changes(ctx, m.From.Engine, after); err != nil || len(changes) == 0 {
				if err != nil {
					return n, err
				}
				break
			}
			after, n = changes[len(changes)-1].key, n+int64(len(changes))
			done, err := m.apply(ctx, t, changes)
			if err == nil {
				err = t.settled(ctx, m.From.Engine, done)
			}
			if err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// listsOfOne is how many lists one statement looks at.
const listsOfOne = 200

// due are the tables whose lists are not empty.
func (m *mover) due(ctx context.Context) (due []*table, err error) {
	err = m.From.Engine.Read(ctx, func(c store.Conn) error {
		c.Enter(store.Everyone)
		due = nil
		for some := range slices.Chunk(m.tables, listsOfOne) {
			var asks []string
			for i, t := range some {
				asks = append(asks, fmt.Sprintf("SELECT %d WHERE EXISTS (SELECT 1 FROM %s)", i, ident(t.list())))
			}
			if err := c.Query(strings.Join(asks, " UNION ALL "), nil, func(r store.Row) error {
				due = append(due, some[r.Int(0)])
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return due, err
}

// changes reads the list behind a key, with the rows as they are now.
func (t *table) changes(ctx context.Context, e store.Engine, after []any) (all []change, more bool, err error) {
	d := e.Dialect()
	keys := t.keys(d, "l.")
	var s statement
	s.say(`SELECT l."_n", `, strings.Join(keys, ", "), ", ", strings.Join(t.all(d, "t."), ", "), " FROM ", ident(t.list()), " AS l LEFT JOIN ", ident(t.name), " AS t ON ")
	for i, key := range t.keys(d, "t.") {
		if i > 0 {
			s.say(" AND ")
		}
		s.say(key, " = ", keys[i])
	}
	if after != nil {
		s.say(" WHERE ")
		s.tuple(keys, ">", after)
	}
	s.say(" ORDER BY ", strings.Join(keys, ", "), " LIMIT ", strconv.Itoa(batchRows+1))
	err = e.Read(ctx, func(c store.Conn) error {
		c.Enter(store.Everyone)
		all, more = nil, false
		size := 0
		return c.Query(s.String(), s.args, func(r store.Row) error {
			if more = more || len(all) == batchRows || size > batchBytes; more {
				return nil
			}
			one := change{n: r.Int(0), key: t.keyAt(r, 1)}
			from := 1 + len(keys)
			if !r.Null(from + t.key[0]) {
				row, n := t.values(r, from)
				one.row, size = row, size+n
			}
			all = append(all, one)
			return nil
		})
	})
	return all, more, err
}

// apply makes rows of the target what they are in the source, and looks whether they
// are. Those that another row stands in the way of, one that is on the list as well,
// are left for the next pass.
func (m *mover) apply(ctx context.Context, t *table, changes []change) (done []change, err error) {
	d := m.To.Engine.Dialect()
	err = write(ctx, m.To.Engine, func(c store.Conn) error {
		done = nil
		keys := make([][]any, len(changes))
		for i := range changes {
			keys[i] = changes[i].key
		}
		have, err := t.with(c, d, keys)
		if err != nil {
			return err
		}
		var gone, fresh [][]any
		for i := range changes {
			ch := &changes[i]
			old := have[name(ch.key)]
			if old != nil && (ch.row == nil || !same(old, ch.row)) {
				gone = append(gone, ch.key)
			}
			if ch.row != nil && (old == nil || !same(old, ch.row)) {
				fresh = append(fresh, ch.row)
			} else {
				done = append(done, *ch)
			}
		}
		if err := remove(c, ident(t.name), t.keys(d, ""), gone); err != nil {
			return err
		}
		if err := t.insert(c, d, fresh); err != nil {
			return err
		}
		arrived, err := m.arrived(c, t, fresh)
		for i := range changes {
			if arrived[name(changes[i].key)] {
				done = append(done, changes[i])
			}
		}
		return err
	})
	if err != nil && len(changes) > 1 && ctx.Err() == nil { // one of them is at fault
		done = nil
		for i := range changes {
			one, failed := m.apply(ctx, t, changes[i:i+1])
			if failed != nil {
				return done, failed
			}
			done = append(done, one...)
		}
		return done, nil
	}
	if err != nil && len(changes) == 1 && changes[0].row != nil {
		err = t.refused(changes[0].row, err)
	}
	return done, err
}

// arrived tells which of the rows that were inserted are there, and fails where one is
// not what was inserted.
func (m *mover) arrived(c store.Conn, t *table, rows [][]any) (map[string]bool, error) {
	keys := make([][]any, len(rows))
	for i, row := range rows {
		keys[i] = t.keyOf(row)
	}
	have, err := t.with(c, m.To.Engine.Dialect(), keys)
	there := map[string]bool{}
	for i, row := range rows {
		is := name(keys[i])
		if have[is] == nil {
			continue
		}
		if there[is] = true; !same(have[is], row) {
			return nil, fault.New(fault.MoveDiffers, "%s reads another row than was written, %s of %s: the database is not to be trusted with it", m.To.Name, is, t.name)
		}
	}
	return there, err
}

// settled takes changes off the list, unless they are there anew.
func (t *table) settled(ctx context.Context, e store.Engine, done []change) error {
	if len(done) == 0 {
		return nil
	}
	keys := make([][]any, len(done))
	for i, ch := range done {
		keys[i] = append(slices.Clone(ch.key), ch.n)
	}
	return write(ctx, e, func(c store.Conn) error {
		return remove(c, ident(t.list()), append(t.keys(e.Dialect(), ""), `"_n"`), keys)
	})
}

// compare looks at every row of both databases. What differs, as what is written in
// the meantime does, is put on the list, and so is taken across and looked at again.
func (m *mover) compare(ctx context.Context) error {
	m.rows = 0
	for _, t := range m.tables {
		sum, n := sha256.New(), int64(0)
		var after []any
		for more := true; more; {
			rows, others, err := t.page(ctx, m.From.Engine, after, nil)
			if err != nil {
				return err
			}
			var until []any
			if more = others; more {
				until = t.keyOf(rows[len(rows)-1])
			}
			differ, err := m.compareRange(ctx, t, rows, after, until)
			if err == nil {
				err = t.suspect(ctx, m.From.Engine, differ)
			}
			if err != nil {
				return err
			}
			for _, row := range rows {
				fmt.Fprintf(sum, "%#v\n", row)
			}
			after, n = until, n+int64(len(rows))
		}
		m.rows += n
		if n > 0 {
			m.say("compared %s: %d rows, %s", t.name, n, hex.EncodeToString(sum.Sum(nil))[:16])
		}
	}
	return nil
}

// compareRange returns the keys, behind after up to until, of rows that are not the
// same in both.
func (m *mover) compareRange(ctx context.Context, t *table, rows [][]any, after, until []any) (differ [][]any, err error) {
	want := map[string][]any{}
	for _, row := range rows {
		want[name(t.keyOf(row))] = row
	}
	for more := true; more; {
		var have [][]any
		if have, more, err = t.page(ctx, m.To.Engine, after, until); err != nil {
			return nil, err
		}
		for _, row := range have {
			key := t.keyOf(row)
			is := name(key)
			if want[is] == nil || !same(want[is], row) {
				differ = append(differ, key)
			}
			delete(want, is)
			after = key
		}
	}
	for _, row := range want {
		differ = append(differ, t.keyOf(row))
	}
	return differ, nil
}

// suspect puts keys on the list.
func (t *table) suspect(ctx context.Context, e store.Engine, keys [][]any) error {
	if len(keys) == 0 {
		return nil
	}
	columns := strings.Join(t.keys(e.Dialect(), ""), ", ")
	return write(ctx, e, func(c store.Conn) error {
		for _, key := range keys {
			var s statement
			s.say("INSERT INTO ", ident(t.list()), " AS l (", columns, `, "_n") VALUES (`)
			s.list(key)
			s.say(`, 1) ON CONFLICT (`, columns, `) DO UPDATE SET "_n" = l."_n" + 1`)
			if _, err := c.Exec(s.String(), s.args...); err != nil {
				return err
			}
		}
		return nil
	})
}
