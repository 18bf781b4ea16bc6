package migrate

import (
	"fmt"
	"slices"

	"github.com/loam-dev/loam/internal/store"
)

// recount counts all rows anew, for a migration that took some away and for a
// database from before they were counted.
func (m *Migrator) recount(c store.Conn, l Layout) error {
	if _, err := c.Exec(`DELETE FROM "_usage"`); err != nil {
		return fmt.Errorf("counting the rows of organizations: %w", err)
	}
	for _, t := range l.Tables {
		if !t.Tenant || t.Extends != "" {
			continue
		}
		if _, err := c.Exec(`INSERT INTO "_usage" (org, rows) SELECT ` + ident(store.OrgColumn) + `, count(*) FROM ` + ident(t.Name) + ` WHERE true GROUP BY 1
			ON CONFLICT (org) DO UPDATE SET rows = rows + excluded.rows`); err != nil {
			return fmt.Errorf("counting the rows of organizations: %w", err)
		}
	}
	return nil
}

// takesRows tells whether a plan may change how many rows there are.
func (p *Plan) takesRows() bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Kind == dropTable || s.Kind == changeScope })
}
