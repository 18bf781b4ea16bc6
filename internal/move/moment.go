package move

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/loam-dev/loam/internal/store"
)

// Moment is a database as it is in one transaction of a reader's.
type Moment struct {
	conn store.Conn
	of   store.Engine
}

// At is the engine of what a connection of another one sees until its transaction ends.
// It is for one goroutine.
func At(c store.Conn, of store.Engine) Moment { return Moment{c, of} }

var _ store.Engine = Moment{}

// errMoment is why a moment that has passed takes nothing.
var errMoment = errors.New("move: a moment that has passed can't be written to")

// Dialect is that of the database.
func (m Moment) Dialect() store.Dialect { return m.of.Dialect() }

// AppRole is that of the database, where it has one.
func (m Moment) AppRole() string {
	if roles, ok := m.of.(store.Isolator); ok {
		return roles.AppRole()
	}
	return ""
}

// Read runs fn in that transaction, and so does ReadOne.
func (m Moment) Read(_ context.Context, fn func(store.Conn) error) error { return fn(m.conn) }

// ReadOne is Read.
func (m Moment) ReadOne(_ context.Context, fn func(store.Conn) error) error { return fn(m.conn) }

// Write is refused.
func (m Moment) Write(context.Context, func(store.Conn) error) error { return errMoment }

// WriteRows is refused.
func (m Moment) WriteRows(context.Context, func(store.Conn) error) error { return errMoment }

// Notify never tells of anything.
func (m Moment) Notify(chan<- struct{}) {}

// Close does nothing: the transaction is another's.
func (m Moment) Close() error { return nil }

// Copy makes an empty target the source, which is a Moment: it is copied while others
// go on writing, and nothing is left in it. What was interrupted is begun anew.
func Copy(ctx context.Context, o Options) (Result, error) {
	m := &mover{Options: o, id: uuid.Must(uuid.NewV7()).String()}
	l, err := o.From.Migrator.Layout(ctx)
	if err != nil {
		return Result{}, err
	}
	if m.tables, err = m.catalog(ctx, o.From.Engine, l); err != nil {
		return Result{}, err
	}
	if err := m.empty(ctx); err != nil {
		return Result{}, err
	}
	d := o.To.Engine.Dialect()
	if err := o.To.Migrator.Alter(ctx, func(c store.Conn) error {
		return m.write(c, state{move: m.id, role: target, stage: preparing, peer: o.From.Name})
	}); err != nil {
		return Result{}, err
	}
	if err := m.prepare(ctx, l); err != nil {
		return Result{}, err
	}
	for _, t := range m.tables {
		if err := m.copyTable(ctx, t); err != nil {
			return Result{}, err
		}
	}
	return Result{Tables: len(m.tables)}, o.To.Migrator.Alter(ctx, func(c store.Conn) error {
		if err := tighten(c, d); err != nil {
			return err
		}
		return c.Script(`DROP TABLE "_move"`)
	})
}
