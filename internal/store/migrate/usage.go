package migrate

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

// recount sums up anew what each organization has, for a migration that changed
// rows and for a database from before it was summed up.
func (m *Migrator) recount(c store.Conn, l Layout) error {
	c.Enter(store.Everyone)
	if _, err := c.Exec(`DELETE FROM "_usage"`); err != nil {
		return fmt.Errorf("summing up what organizations have: %w", err)
	}
	for i := range l.Tables {
		t := &l.Tables[i]
		if !t.Tenant || t.Extends != "" {
			continue
		}
		if _, err := c.Exec(`INSERT INTO "_usage" (org, rows, bytes) ` + m.amounts(t) + `
			ON CONFLICT (org) DO UPDATE SET rows = "_usage".rows + excluded.rows, bytes = "_usage".bytes + excluded.bytes`); err != nil {
			return fmt.Errorf("summing up what organizations have: %w", err)
		}
	}
	return nil
}

// resized has what organizations have summed up anew after a migration: at once, or on
// PostgreSQL once it is committed, since that reads every row.
func (m *Migrator) resized(c store.Conn, l Layout) error {
	if m.engine.Dialect() != store.PostgreSQL {
		return m.recount(c, l)
	}
	_, err := c.Exec(`INSERT INTO "_building" (id, ahead, undo, rows, done) VALUES (-1, '', '', 0, 0) ON CONFLICT (id) DO NOTHING`)
	return err
}

// amount is what an organization has.
type amount struct{ rows, bytes int64 }

// settle sums up on PostgreSQL what organizations have, where a migration has left that
// to be done, beside writers: what is on record is put right by how far it was from the
// truth in one snapshot, whatever has been added since.
func (m *Migrator) settle(ctx context.Context) error {
	if due, err := m.unsettled(ctx); err != nil || !due {
		return err
	}
	return m.alone(ctx, func() error {
		if due, err := m.unsettled(ctx); err != nil || !due {
			return err // another did it
		}
		off := map[string]amount{}
		err := m.engine.(asider).Aside(ctx, func(c store.Conn) error {
			if err := c.Script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
				return err
			}
			now, err := m.load(c)
			if err != nil {
				return err
			}
			return m.misjudged(c, now.layout, off)
		})
		if err != nil {
			return err
		}
		for some := range slices.Chunk(slices.Sorted(maps.Keys(off)), settledAtOnce) {
			err := m.engine.(store.Rebuilder).Rebuild(ctx, func(c store.Conn) error {
				for _, org := range some {
					if _, err := c.Exec(addUsage, org, off[org].rows, off[org].bytes); err != nil {
						return err
					}
					if _, err := c.Exec(`DELETE FROM "_usage" WHERE org = ?1 AND rows = 0 AND bytes = 0`, org); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return m.note(ctx, `DELETE FROM "_building" WHERE id = -1`)
	})
}

const (
	settledAtOnce = 50 // organizations, whose writers wait for each other
	addUsage      = `INSERT INTO "_usage" (org, rows, bytes) VALUES (?1, ?2, ?3) ON CONFLICT (org) DO UPDATE SET rows = "_usage".rows + excluded.rows, bytes = "_usage".bytes + excluded.bytes`
)

func (m *Migrator) unsettled(ctx context.Context) (due bool, err error) {
	if m.engine.Dialect() != store.PostgreSQL {
		return false, nil
	}
	err = m.engine.Read(ctx, func(c store.Conn) error {
		c.Enter(store.Everyone)
		due = false
		return c.Query(`SELECT 1 FROM "_building" WHERE id = -1`, nil, func(store.Row) error { due = true; return nil })
	})
	return due, err
}

// misjudged tells how much more organizations have than is on record.
func (m *Migrator) misjudged(c store.Conn, l Layout, off map[string]amount) error {
	add := func(sql string, sign int64) error {
		return c.Query(sql, nil, func(r store.Row) error {
			is := off[r.Text(0)]
			off[r.Text(0)] = amount{is.rows + sign*r.Int(1), is.bytes + sign*r.Int(2)}
			return nil
		})
	}
	err := add(`SELECT org, rows, bytes FROM "_usage"`, -1)
	for i := range l.Tables {
		if t := &l.Tables[i]; err == nil && t.Tenant && t.Extends == "" {
			err = add(m.amounts(t), 1)
		}
	}
	maps.DeleteFunc(off, func(_ string, a amount) bool { return a == amount{} })
	return err
}

// amounts is the query of what each organization has in a table.
func (m *Migrator) amounts(t *Table) string {
	return `SELECT t.` + ident(store.OrgColumn) + `, count(*), CAST(sum(` + store.SizeOf(m.engine.Dialect(), t.row(), "t") + `) AS bigint) FROM ` + ident(t.Name) + ` t WHERE true GROUP BY 1`
}

// row is the model of the table as far as its rows' JSON goes.
func (t *Table) row() *schema.Model {
	m := &schema.Model{Table: t.Name}
	for i := range t.Columns {
		c := &t.Columns[i]
		f := &schema.Field{Name: c.fieldName(), Column: c.Name, Scalar: schema.Scalar(c.Of)}
		switch {
		case c.Type == JSONColumn:
			f.Scalar = schema.JSON
		case len(c.Values) > 0:
			f.Scalar = schema.String
		}
		m.Fields = append(m.Fields, f)
	}
	return m
}

func (c *Column) fieldName() string {
	_, name, _ := strings.Cut(c.Field, ".")
	return name
}

// resizes tells whether a plan may change how many rows there are, or their JSON.
func (p *Plan) resizes() bool {
	return slices.ContainsFunc(p.changes, (*tableChange).renamesFields) || slices.ContainsFunc(p.Steps, func(s Step) bool {
		switch s.Kind {
		case dropTable, changeScope, addColumn, dropColumn, changeColumn:
			return true
		}
		return s.Rows > 0
	})
}

// renamesFields tells whether a field has another name than before, be it in the
// same column: @refersTo.
func (c *tableChange) renamesFields() bool {
	return c.was != nil && slices.ContainsFunc(c.new.Columns, func(n Column) bool {
		o := c.from(n.Name)
		return o != nil && o.fieldName() != n.fieldName()
	})
}
