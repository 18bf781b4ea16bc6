package migrate

import (
	"strings"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
)

// outgrown tells what has been done to the tables since they were those of a layout
// that a server which knows only that layout can't go on with. What adds is not in it.
func outgrown(known, now Layout) []string {
	var list []string
	for _, s := range Diff(known, now).Steps {
		if s.breaks() {
			list = append(list, s.Words)
		}
	}
	return list
}

// breaks tells whether statements from before the step fail after it, or write what
// does not belong there. An index or a reference that came may refuse a row, which is
// an answer of its own.
func (s *Step) breaks() bool {
	switch s.Kind {
	case createTable, createIndex, dropIndex, createSearch, dropSearch, addReference, dropReference:
		return false
	case addColumn:
		return s.column.Required && !s.column.filled() // one that is has its default in the table
	case changeColumn:
		if s.nullness {
			return s.column.Required
		}
		was := s.change.from(s.column.Name)
		return conversionOf(was, s.column) != kept || storedType(was) != storedType(s.column)
	}
	return true
}

// outdated is why a server of the schema that was asked about can't be served from the
// database as it is; nil where it can.
func (s *stored) outdated(asked *schema.Schema) error {
	if !s.recorded || s.Hash == asked.Hash {
		return nil
	}
	if list := outgrown(LayoutOf(asked), s.layout); len(list) > 0 {
		return fault.New(fault.MigrateOutdated, "the database was migrated to a schema that this server's can't be served beside, since that %s; start the server with the newer schema", strings.Join(list, ", "))
	}
	return nil
}
