package migrate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/store"
)

// The views over the system tables. A model of the same name takes a view's
// place.

// wantedView is a view as it should be.
type wantedView struct{ sql, mark string }

// wanted are the views that no table stands in the way of.
func (m *Migrator) wanted(l Layout) []wantedView {
	var list []wantedView
	for _, v := range m.opts.Views {
		if !slices.ContainsFunc(l.Tables, func(t Table) bool { return strings.EqualFold(t.Name, v.Name) }) {
			sql, mark := m.ddl.view(v, l)
			list = append(list, wantedView{sql, mark})
		}
	}
	return list
}

// columns are the select list of a view and where it is from, with the fields
// of the app's own.
func (v values) columns(view store.View, l Layout, asTime func(string) string) (list, from string) {
	list, from = view.Columns, view.From
	if view.Org != "" {
		list = view.Org + " AS " + ident(store.OrgColumn) + ", " + list
	}
	for _, t := range view.Times {
		list += ", " + asTime(t.Value) + " AS " + ident(t.Name)
	}
	for i := range l.Tables {
		t := &l.Tables[i]
		if t.Extends != view.Name {
			continue
		}
		for j := range t.Columns {
			c := &t.Columns[j]
			if c.Name == t.Key[0] || c.Name == store.VersionColumn {
				continue
			}
			value := `p.` + ident(c.Name)
			if c.Default != nil {
				value = "CASE WHEN p." + ident(t.Key[0]) + " IS NULL THEN " + v.constant(c, *c.Default) + " ELSE " + value + " END"
			}
			list += ",\n  " + value + " AS " + ident(c.Name)
		}
		from += "\n  LEFT JOIN " + ident(t.Name) + " p ON p." + ident(t.Key[0]) + " = " + view.ID
	}
	return list, from
}

// renewViews replaces the views where they are not those wanted.
func (m *Migrator) renewViews(c store.Conn, l Layout) error {
	have, err := m.views(c)
	if err != nil {
		return err
	}
	wanted := m.wanted(l)
	same := len(have) == len(wanted)
	for _, v := range wanted {
		same = same && have[v.mark] != ""
	}
	if same {
		return nil
	}
	if err := m.dropViews(c); err != nil {
		return err
	}
	return m.createViews(c, l)
}

// views maps the mark of each view to its name.
func (m *Migrator) views(c store.Conn) (map[string]string, error) {
	have := map[string]string{}
	err := c.Query(m.ddl.views(), nil, func(r store.Row) error {
		have[r.Text(1)] = r.Text(0)
		return nil
	})
	return have, err
}

func (m *Migrator) dropViews(c store.Conn) error {
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

func (m *Migrator) createViews(c store.Conn, l Layout) error {
	for _, v := range m.wanted(l) {
		if err := c.Script(v.sql); err != nil {
			return fmt.Errorf("making a view: %w", err)
		}
	}
	return nil
}
