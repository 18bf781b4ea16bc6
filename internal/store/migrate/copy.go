package migrate

import (
	"context"

	"github.com/loam-dev/loam/internal/store"
)

// What package move needs, to make a database like another one.

// Layout is the one on record: what the models' tables look like now.
func (m *Migrator) Layout(ctx context.Context) (Layout, error) {
	var now stored
	err := m.engine.Read(ctx, func(c store.Conn) (err error) {
		now, err = m.load(c)
		return err
	})
	return now.layout, err
}

// Build makes the tables of a layout in a prepared database that has none. It records
// nothing: what is on record comes with the rows.
func (m *Migrator) Build(ctx context.Context, l Layout) error {
	plan := Diff(Layout{}, l)
	m.ddl.write(&plan)
	return m.alter(ctx, true, func(c store.Conn) error { return m.run(c, &plan, l) })
}

// Alter runs fn in the transaction of a migration: as the owner of the tables, and on
// PostgreSQL within the limits for which a migration waits for them. fn changes no
// table that others refer to.
func (m *Migrator) Alter(ctx context.Context, fn func(store.Conn) error) error {
	return m.alter(ctx, false, fn)
}
