package migrate

import (
	"fmt"
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
		if _, err := c.Exec(`INSERT INTO "_usage" (org, rows, bytes)
			SELECT t.` + ident(store.OrgColumn) + `, count(*), sum(` + store.SizeOf(m.engine.Dialect(), t.row(), "t") + `) FROM ` + ident(t.Name) + ` t WHERE true GROUP BY 1
			ON CONFLICT (org) DO UPDATE SET rows = "_usage".rows + excluded.rows, bytes = "_usage".bytes + excluded.bytes`); err != nil {
			return fmt.Errorf("summing up what organizations have: %w", err)
		}
	}
	return nil
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
