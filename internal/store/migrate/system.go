package migrate

import (
	"context"
	"fmt"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
)

// Prepare makes the system tables and views that are missing, brings those of an
// earlier version to their newest shape, and touches no model's table.
func (m *Migrator) Prepare(ctx context.Context) error {
	var due []store.Upgrade
	err := m.engine.Read(ctx, func(c store.Conn) (err error) {
		due, err = m.due(c)
		return err
	})
	if err != nil {
		return err
	}
	err = m.alter(ctx, len(due) > 0, func(c store.Conn) error {
		now, err := m.load(c)
		if err != nil {
			return err
		}
		if err := m.upgrade(c, due); err != nil {
			return err
		}
		counted, err := m.hasTable(c, "_usage")
		if err != nil {
			return err
		}
		if err := m.systemTables(c); err != nil {
			return err
		}
		for _, u := range m.upgrades() {
			if _, err := c.Exec(`INSERT INTO _upgrades (name, at) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING`,
				u.Name, form.Stamp(m.opts.Now())); err != nil {
				return fmt.Errorf("noting an upgrade: %w", err)
			}
		}
		if !counted {
			if err := m.recount(c, now.layout); err != nil {
				return err
			}
		}
		if err := m.renewViews(c, now.layout); err != nil {
			return err
		}
		return m.ddl.adopt(c, now.layout)
	})
	if err != nil {
		return err
	}
	if err := m.settle(ctx); !fault.Is(err, fault.StoreBusy) { // then another does
		return err
	}
	return nil
}

// upgrades are those of the store's own tables, and of the others'. What
// organizations have is summed up where the table is missing.
func (m *Migrator) upgrades() []store.Upgrade {
	return append([]store.Upgrade{{Name: "store/usage in bytes", Table: "_usage", SQL: `DROP TABLE _usage`}}, m.opts.Upgrades...)
}

// due are the upgrades whose table is there in a shape from before them. Their
// SQL is SQLite's: no database of another kind is that old.
func (m *Migrator) due(c store.Conn) ([]store.Upgrade, error) {
	if m.engine.Dialect() != store.SQLite {
		return nil, nil
	}
	applied := map[string]bool{}
	known, err := m.hasTable(c, "_upgrades")
	if err == nil && known {
		err = c.Query(`SELECT name FROM _upgrades`, nil, func(r store.Row) error { applied[r.Text(0)] = true; return nil })
	}
	var due []store.Upgrade
	for _, u := range m.upgrades() {
		if err != nil {
			return nil, err
		}
		if applied[u.Name] {
			continue
		}
		var there bool
		if there, err = m.hasTable(c, u.Table); there {
			due = append(due, u)
		}
	}
	return due, err
}

// upgrade runs them. The views go first: a table that one of them reads can't be
// replaced.
func (m *Migrator) upgrade(c store.Conn, due []store.Upgrade) error {
	if len(due) == 0 {
		return nil
	}
	if err := m.dropViews(c); err != nil {
		return err
	}
	for _, u := range due {
		if err := c.Script(u.SQL); err != nil {
			return failed("upgrading the system table "+u.Table+" ("+u.Name+")", err)
		}
	}
	return nil
}

func (m *Migrator) hasTable(c store.Conn, name string) (found bool, err error) {
	err = c.Query(m.ddl.hasTable(), []any{name}, func(store.Row) error { found = true; return nil })
	return found, err
}
