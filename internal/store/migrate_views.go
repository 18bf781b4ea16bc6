package store

import (
	"fmt"
	"slices"
	"strings"
)

// The views over the system tables. A model of the same name takes a view's
// place.

// wanted are the views that no table stands in the way of.
func (m *Migrator) wanted(l Layout) []string {
	var list []string
	for _, sql := range m.opts.Views {
		name := strings.Trim(strings.Fields(sql)[2], `"`) // CREATE VIEW "name" AS
		if !slices.ContainsFunc(l.Tables, func(t Table) bool { return strings.EqualFold(t.Name, name) }) {
			list = append(list, strings.TrimSpace(sql))
		}
	}
	return list
}

// renewViews replaces the views where they are not those wanted.
func (m *Migrator) renewViews(c Conn, l Layout) error {
	have, err := m.views(c)
	if err != nil {
		return err
	}
	wanted := m.wanted(l)
	same := len(have) == len(wanted)
	for _, sql := range wanted {
		same = same && have[sql] != ""
	}
	if same {
		return nil
	}
	if err := m.dropViews(c); err != nil {
		return err
	}
	return m.createViews(c, l)
}

// views maps the text of each view to its name.
func (m *Migrator) views(c Conn) (map[string]string, error) {
	have := map[string]string{}
	err := c.Query(m.ddl.views(), nil, func(r Row) error {
		have[r.Text(1)] = r.Text(0)
		return nil
	})
	return have, err
}

func (m *Migrator) dropViews(c Conn) error {
	have, err := m.views(c)
	if err != nil {
		return err
	}
	for _, view := range have {
		if err := c.Script("DROP VIEW " + ident(view)); err != nil {
			return fmt.Errorf("dropping view %s: %w", view, err)
		}
	}
	return nil
}

func (m *Migrator) createViews(c Conn, l Layout) error {
	for _, sql := range m.wanted(l) {
		if err := c.Script(sql); err != nil {
			return fmt.Errorf("making a view: %w", err)
		}
	}
	return nil
}
