package move

import (
	"context"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
)

// Both databases say in _move how far the move is. A source without it was never
// moved; a target without it is whole.
//
//	source:           copying - fenced - moved
//	target: preparing - copying - copied - ready - live - (none)
//
// A source that is fenced takes no writes, and may still become what it was. From
// moved on it never does, and only then the target begins to serve: whatever
// ends the process, at no moment do both take writes.
const (
	preparing = "preparing" // its tables are being made
	copying   = "copying"   // the source keeps a list of what changes
	copied    = "copied"    // every row has gone across once
	fenced    = "fenced"    // the source takes no writes
	ready     = "ready"     // the target has everything
	moved     = "moved"     // the source takes no writes ever again
	live      = "live"      // the target serves; its foreign keys are yet to be looked through
)

// state is the row of _move. The zero state is that of a database without one.
type state struct {
	move  string // the same in both
	role  string
	stage string
	peer  string // the other database, as people know it
	shape string // of the source's tables, when the move began
}

const (
	source = "source"
	target = "target"
)

const makeState = `CREATE TABLE "_move" (
	"id" INTEGER NOT NULL PRIMARY KEY CHECK ("id" = 1), "move" TEXT NOT NULL, "role" TEXT NOT NULL, "stage" TEXT NOT NULL,
	"peer" TEXT NOT NULL, "shape" TEXT NOT NULL, "at" TEXT NOT NULL
) STRICT`

func hasState(c store.Conn, d store.Dialect) (found bool, err error) {
	sql := `SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_move'`
	if d == store.PostgreSQL {
		sql = `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relname = '_move'`
	}
	err = c.Query(sql, nil, func(store.Row) error { found = true; return nil })
	return found, err
}

// stateOf reads the state of a database.
func stateOf(ctx context.Context, e store.Engine) (s state, err error) {
	err = e.Read(ctx, func(c store.Conn) error {
		c.Enter(store.Everyone)
		s = state{}
		found, err := hasState(c, e.Dialect())
		if err != nil || !found {
			return err
		}
		return c.Query(`SELECT "move", "role", "stage", "peer", "shape" FROM "_move" WHERE "id" = 1`, nil, func(r store.Row) error {
			s = state{move: r.Text(0), role: r.Text(1), stage: r.Text(2), peer: r.Text(3), shape: r.Text(4)}
			return nil
		})
	})
	return s, err
}

// write makes the table with its row.
func (m *mover) write(c store.Conn, s state) error {
	if err := c.Script(makeState); err != nil {
		return err
	}
	_, err := c.Exec(`INSERT INTO "_move" ("id", "move", "role", "stage", "peer", "shape", "at") VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)`,
		s.move, s.role, s.stage, s.peer, s.shape, form.Stamp(m.Now()))
	return err
}

// step goes from one stage to the next, and fails where another process has gone
// elsewhere.
func (m *mover) step(c store.Conn, from, to string) error {
	n, err := c.Exec(`UPDATE "_move" SET "stage" = ?1, "at" = ?2 WHERE "move" = ?3 AND "stage" = ?4`, to, form.Stamp(m.Now()), m.id, from)
	if err == nil && n != 1 {
		return fault.New(fault.MoveChanged, "another process has meddled with this move, which is no longer %s; look which one, and run the command again", from)
	}
	return err
}

// Permit tells whether a database may be served, and frees one that was left fenced
// by a process which has ended.
func Permit(ctx context.Context, e store.Engine) error {
	s, err := stateOf(ctx, e)
	if err != nil {
		return err
	}
	switch {
	case s.role == source && s.stage == moved:
		return fault.New(fault.StoreMoved, "this database was moved to %s, and takes no more writes; serve from there, or move back with loam move", s.peer)
	case s.role == source && s.stage == fenced && e.Dialect() == store.SQLite: // who holds the file is alone
		return e.Write(ctx, func(c store.Conn) error { return unfence(c, e.Dialect()) })
	case s.role == source && s.stage == fenced:
		return fault.New(fault.MoveUnfinished, "this database is being moved to %s, and the move is in its last step; run the same loam move again, or with --cancel", s.peer)
	case s.role == target && s.stage != live:
		return fault.New(fault.MoveUnfinished, "a move from %s into this database is not finished; run the same loam move again, which goes on with it", s.peer)
	}
	return nil
}
