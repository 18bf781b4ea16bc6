// Package migrate takes a database from one schema to another: what tables a schema
// needs, the steps that lead there with the risk of each, and the system tables.
// It sees rows only to count and to convert them.
package migrate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// Migrator takes a database to the layout of a schema. What it does to a
// database it does in one transaction: a failure leaves all as it was. The
// change log has no entries of what a migration does to rows.
type Migrator struct {
	engine store.Engine
	ddl    ddl
	opts   Options
}

// Options are what other rooms keep in the same database.
type Options struct {
	SystemTables []string        // statements that make them; each may run again without harm
	Upgrades     []store.Upgrade // of those that an earlier version made, oldest first
	Views        []store.View    // over them, for the built-in models
	Now          func() time.Time
	Loam, Node   string                                           // the version of the program and the name of the server, for the record
	LockTimeout  time.Duration                                    // in line for a table, on PostgreSQL; 0 is 2 s
	Pause        func(ctx context.Context, d time.Duration) error // before another try for it
}

// New makes a migrator for one database.
func New(e store.Engine, o Options) *Migrator {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.LockTimeout == 0 {
		o.LockTimeout = lockTimeout
	}
	if o.Pause == nil {
		o.Pause = pause
	}
	role := ""
	if i, ok := e.(store.Isolator); ok {
		role = i.AppRole()
	}
	return &Migrator{engine: e, ddl: ddlOf(e.Dialect(), role), opts: o}
}

// State is what a database is at.
type State struct {
	Version int    // of the last migration; 0: none
	Hash    string // of the schema that was last applied
	Source  string // its text
	InSync  bool   // the tables are what the schema asked about needs
	Applied bool   // that schema is the database's, or was before
	// Outdated is why a server of the schema asked about can't go on beside others of
	// the database's; nil where it can.
	Outdated error
}

// ApplyOptions say how far a migration may go.
type ApplyOptions struct {
	Source   string   // the schema's text, kept beside the data
	Allow    []string // flags of the destructive steps that are meant
	Additive bool     // refuse all that could harm rows, whatever Allow says
	Tidy     bool     // where there is nothing to do, take back what a migration had begun that was killed

	// Progress, unless nil, is told of what takes long: a step in words, and how much of
	// it is done, from 0 to 1.
	Progress func(step string, part float64)
}

// Status compares the database with a schema.
func (m *Migrator) Status(ctx context.Context, s *schema.Schema) (State, error) {
	var state State
	err := m.engine.Read(ctx, func(c store.Conn) error {
		now, err := m.load(c)
		if err != nil {
			return err
		}
		plan := Diff(now.layout, LayoutOf(s))
		state = now.State
		state.InSync, state.Outdated = plan.Empty() && now.recorded, now.outdated(s)
		if now.fresh {
			return nil
		}
		return c.Query(`SELECT 1 FROM _schemas WHERE hash = ?1`, []any{s.Hash}, func(store.Row) error { state.Applied = true; return nil })
	})
	return state, err
}

// Hash is that of the schema which the database is at; "" where it has had none.
func Hash(c store.Conn) (hash string, err error) {
	err = c.Query(`SELECT hash FROM _schema WHERE id = 1`, nil, func(r store.Row) error { hash = r.Text(0); return nil })
	return hash, err
}

// Plan says what Apply would do, with the rows counted that it would harm.
func (m *Migrator) Plan(ctx context.Context, s *schema.Schema) (Plan, error) {
	var plan Plan
	err := m.engine.Read(ctx, func(c store.Conn) error {
		c.Enter(store.Everyone)
		now, err := m.load(c)
		if err != nil {
			return err
		}
		plan, err = m.plan(c, now, s, nil)
		return err
	})
	return plan, err
}

// Next is the migration that Apply would run; nil where the tables are right
// already. Its plan may be one that is refused.
func (m *Migrator) Next(ctx context.Context, s *schema.Schema) (*Migration, error) {
	var next *Migration
	err := m.engine.Read(ctx, func(c store.Conn) error {
		next = nil
		c.Enter(store.Everyone)
		now, err := m.load(c)
		if err != nil {
			return err
		}
		plan, err := m.plan(c, now, s, nil)
		if err == nil && !plan.Empty() {
			next = m.migration(now.Version+1, plan.slug(), plan)
		}
		return err
	})
	return next, err
}

// plan compares what is with what is wanted.
func (m *Migrator) plan(c store.Conn, now stored, s *schema.Schema, built built) (Plan, error) {
	plan := Diff(now.layout, LayoutOf(s))
	for _, v := range m.opts.Views {
		plan.views = append(plan.views, v.Name)
	}
	m.ddl.write(&plan)
	if now.fresh {
		plan.begin()
	}
	return plan, plan.count(c, built)
}

// Apply migrates. It answers the migration that it ran, or nil where the tables
// were right already; then only the schema that is on record may change.
func (m *Migrator) Apply(ctx context.Context, s *schema.Schema, o ApplyOptions) (*Migration, error) {
	began := m.opts.Now()
	planned, err := m.Plan(ctx, s)
	if err != nil {
		return nil, err
	}
	mayAlter := !planned.Empty() || m.engine.Dialect() == store.PostgreSQL
	var done *Migration
	err = m.onceBuilt(ctx, planned, s, o, func() error {
		return m.alter(ctx, mayAlter, func(c store.Conn) error {
			var err error
			done, err = m.apply(c, s, o, mayAlter, began)
			return err
		})
	})
	if _, ok := errors.AsType[*store.ConstraintError](err); ok {
		return nil, failed("committing it", err)
	}
	if err != nil {
		return nil, err
	}
	_ = m.settle(ctx) // the migration is done; else the next start sees to this
	return done, nil
}

// refuse explains why a plan goes further than it may.
func (o *ApplyOptions) refuse(plan *Plan) error {
	if o.Additive {
		if err := plan.additive(); err != nil {
			return err
		}
	}
	return plan.Refusal(o.Allow)
}

// apply does the work of Apply inside its transaction. Tables are altered only
// where mayAlter tells that the transaction was begun for that.
func (m *Migrator) apply(c store.Conn, s *schema.Schema, o ApplyOptions, mayAlter bool, began time.Time) (*Migration, error) {
	now, err := m.load(c)
	if err != nil {
		return nil, err
	}
	if err := m.systemTables(c); err != nil {
		return nil, err
	}
	built, err := m.readBuilt(c)
	if err != nil {
		return nil, err
	}
	plan, err := m.plan(c, now, s, built)
	if err != nil {
		return nil, err
	}
	if err := o.refuse(&plan); err != nil {
		return nil, err
	}
	if plan.Empty() {
		if now.recorded && now.Hash == s.Hash && now.Source == o.Source {
			return nil, m.renewViews(c, LayoutOf(s))
		}
		if plan.resizes() {
			if err := m.resized(c, LayoutOf(s)); err != nil {
				return nil, err
			}
		}
		if err := m.record(c, now.Version, s, o.Source); err != nil {
			return nil, err
		}
		return nil, m.renewViews(c, LayoutOf(s))
	}
	if !mayAlter || !built.all(&plan) {
		return nil, fault.New(fault.StoreBusy, "another migration ran at the same time; try again")
	}
	if err := m.run(c, &plan, LayoutOf(s)); err != nil {
		return nil, err
	}
	if err := m.forgetBuilt(c); err != nil {
		return nil, err
	}
	done := m.migration(now.Version+1, plan.slug(), plan)
	if err := m.append(c, done, began); err != nil {
		return nil, err
	}
	if now.recorded {
		if err := store.BreakLog(c, m.opts.Now()); err != nil {
			return nil, err
		}
	}
	return done, m.record(c, done.Version, s, o.Source)
}

// run carries the plan out. The views go first: a table that one of them reads
// can't be renamed.
func (m *Migrator) run(c store.Conn, plan *Plan, l Layout) error {
	if err := m.dropViews(c); err != nil {
		return err
	}
	for _, s := range plan.Steps {
		if s.recode != nil {
			if err := s.recode.run(c); err != nil {
				return failed(s.Words, err)
			}
		}
		for _, sql := range s.SQL {
			if err := c.Script(sql); err != nil {
				return failed(s.Words, err, s.unique()...)
			}
		}
	}
	if plan.resizes() {
		if err := m.resized(c, l); err != nil {
			return err
		}
	}
	return m.createViews(c, l)
}

// unique are the columns that a step lets no two rows have the same of.
func (s *Step) unique() []string {
	switch {
	case s.Kind == createIndex:
		return s.index.Columns
	case s.Kind == changeKey:
		return s.change.new.Key
	}
	return nil
}

// failed says which step went wrong, and over which columns where the database
// does not tell. What is no fault of the migration, such as a full disk, stays
// what it is.
func failed(what string, err error, unique ...string) error {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	broken, ok := errors.AsType[*store.ConstraintError](err)
	switch {
	case ok && broken.Kind == store.UniqueViolation:
		columns := slices.DeleteFunc(slices.Clone(broken.Columns), func(column string) bool { return column == store.OrgColumn })
		if len(columns) == 0 {
			columns = unique
		}
		return fault.New(fault.MigrateFailed, "the migration failed and was undone: %s: rows of %s would have the same (%s); change them first",
			what, broken.Table, strings.Join(columns, ", ")).Because(err)
	case ok && broken.Kind == store.ForeignKeyViolation:
		return fault.New(fault.MigrateFailed, "the migration failed and was undone: rows of %s would refer to rows that are not there; change them first", broken.Table).Because(err)
	case ok:
		return fault.New(fault.MigrateFailed, "the migration failed and was undone: %s: rows of %s do not fit; change them first", what, broken.Table).Because(err)
	}
	return fault.New(fault.MigrateFailed, "the migration failed and was undone: %s", what).Because(err)
}

// stored is what the database says of itself.
type stored struct {
	State
	layout   Layout
	recorded bool // a schema was applied before
	fresh    bool // not even the system tables are there
}

func (m *Migrator) load(c store.Conn) (stored, error) {
	there, err := m.hasTable(c, "_schema")
	now := stored{fresh: !there}
	if err != nil || !there {
		return now, err
	}
	var layout []byte
	err = c.Query(`SELECT version, hash, source, layout FROM _schema WHERE id = 1`, nil, func(r store.Row) error {
		now.State = State{Version: int(r.Int(0)), Hash: r.Text(1), Source: r.Text(2)}
		now.recorded, layout = true, []byte(r.Text(3))
		return nil
	})
	if err != nil || layout == nil {
		return now, err
	}
	var format struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(layout, &format); err != nil {
		return now, fmt.Errorf("the layout on record: %w", err)
	}
	if format.Format > layoutFormat {
		return now, fault.New(fault.MigrateNewer, "the database has format %d, and this version of Loam knows formats up to %d; run the newer version",
			format.Format, layoutFormat)
	}
	if err := json.Unmarshal(layout, &now.layout); err != nil {
		return now, fmt.Errorf("the layout on record: %w", err)
	}
	return now, nil
}

// record keeps the schema that the tables now follow.
func (m *Migrator) record(c store.Conn, version int, s *schema.Schema, source string) error {
	layout, err := json.Marshal(LayoutOf(s))
	if err != nil {
		return fmt.Errorf("recording the layout: %w", err)
	}
	_, err = c.Exec(`INSERT INTO _schema (id, version, hash, source, layout, at) VALUES (1, ?1, ?2, ?3, ?4, ?5)
ON CONFLICT (id) DO UPDATE SET version = excluded.version, hash = excluded.hash, source = excluded.source, layout = excluded.layout, at = excluded.at`,
		version, s.Hash, source, string(layout), form.Stamp(m.opts.Now()))
	if err == nil {
		_, err = c.Exec(noteSchema)
	}
	return err
}

func (m *Migrator) systemTables(c store.Conn) error {
	due, err := m.ddl.due(c, append(m.ddl.systemTables(), m.opts.SystemTables...))
	if err != nil {
		return fmt.Errorf("looking for the system tables: %w", err)
	}
	for _, sql := range due {
		if err := c.Script(sql); err != nil {
			return fmt.Errorf("making the system tables: %w", err)
		}
	}
	return m.ddl.grants(c)
}
