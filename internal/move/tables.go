package move

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
)

// kind is how a value goes across. Each database has types of its own behind it,
// which read and write the same value.
type kind uint8

const (
	textKind kind = iota + 1 // times, dates and JSON as well
	integerKind
	floatKind
	bytesKind
)

func kindOf(declared string) kind {
	switch strings.ToLower(declared) {
	case "integer", "bigint", "boolean":
		return integerKind
	case "real", "double precision":
		return floatKind
	case "blob", "bytea":
		return bytesKind
	case "text", "json", "date", "timestamp with time zone":
		return textKind
	}
	return 0
}

// column is a column of a table, as both databases call it.
type column struct {
	name string
	kind kind
}

// table is a table that goes across.
type table struct {
	name    string
	columns []column
	key     []int // places in columns
}

// changeLog is the one table that the databases keep in different shapes: what SQLite
// numbers as it is written gets its position on PostgreSQL later. An entry that has
// none yet is not there for us.
const changeLog = "_changes"

// called is a column's name in a database.
func (t *table) called(d store.Dialect, c column) string {
	if t.name == changeLog && c.name == "seq" && d == store.PostgreSQL {
		return `"pos"`
	}
	return ident(c.name)
}

// keys are the columns of the key, each behind a prefix.
func (t *table) keys(d store.Dialect, prefix string) []string {
	var names []string
	for _, i := range t.key {
		names = append(names, prefix+t.called(d, t.columns[i]))
	}
	return names
}

func (t *table) all(d store.Dialect, prefix string) []string {
	var names []string
	for _, c := range t.columns {
		names = append(names, prefix+t.called(d, c))
	}
	return names
}

func (t *table) keyOf(row []any) []any {
	key := make([]any, len(t.key))
	for i, at := range t.key {
		key[i] = row[at]
	}
	return key
}

// list is the table in the source that has the keys of rows which have changed since
// they were copied.
func (t *table) list() string { return capturing + hashOf(t.name) }

func hashOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:8])
}

func ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// shape is the columns of a table in one database, and which are its key.
type shape struct {
	columns []column
	key     map[int]int // place in the key: place in columns
}

// sqlCatalog lists the tables with their columns. What PostgreSQL keeps without a log is
// what its nodes tell each other at the moment.
func sqlCatalog(d store.Dialect) string {
	if d == store.SQLite {
		return `SELECT l.name, c.name, c.type, c.pk FROM pragma_table_list AS l JOIN pragma_table_info(l.name) AS c
			WHERE l.schema = 'main' AND l.type = 'table' AND l.name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY l.name, c.cid`
	}
	return `SELECT c.relname, a.attname, format_type(a.atttypid, NULL), coalesce(array_position(CAST(i.indkey AS int2[]), a.attnum) + 1, 0)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
		WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relpersistence = 'p' ORDER BY c.relname, a.attnum`
}

// catalog reads the tables of a database, but for those that a crash empties: what
// nodes tell each other.
func catalog(c store.Conn, d store.Dialect) (map[string]*shape, error) {
	all := map[string]*shape{}
	err := c.Query(sqlCatalog(d), nil, func(r store.Row) error {
		s := all[r.Text(0)]
		if s == nil {
			s = &shape{key: map[int]int{}}
			all[r.Text(0)] = s
		}
		if place := int(r.Int(3)); place > 0 {
			s.key[place] = len(s.columns)
		}
		s.columns = append(s.columns, column{r.Text(1), kindOf(r.Text(2))})
		return nil
	})
	return all, err
}

// stays tells which of the system tables are of one database alone.
func stays(name string) bool {
	switch name {
	case "_beats", "_building", "_move", "_writer", "_log", "_signals", "_upgrades":
		return true
	}
	return strings.HasPrefix(name, capturing)
}

// tablesOf are the tables that go across: those of the layout, and the system's.
func tablesOf(all map[string]*shape, l migrate.Layout) ([]*table, error) {
	models := map[string]*migrate.Table{}
	for i := range l.Tables {
		models[l.Tables[i].Name] = &l.Tables[i]
	}
	var out []*table
	for name, s := range all {
		model := models[name]
		if model == nil && (!strings.HasPrefix(name, "_") || stays(name)) {
			continue
		}
		t := &table{name: name}
		for _, c := range s.columns {
			if c.name == store.RowidColumn && model != nil || name == changeLog && c.name == "pos" {
				continue
			}
			if c.kind == 0 {
				return nil, fmt.Errorf("move: %s.%s has a type that is none of ours", name, c.name)
			}
			t.columns = append(t.columns, c)
		}
		for _, key := range keyColumns(s, model) {
			t.key = append(t.key, slices.IndexFunc(t.columns, func(c column) bool { return c.name == key }))
		}
		if len(t.key) == 0 || slices.Contains(t.key, -1) {
			return nil, fmt.Errorf("move: %s has no key", name)
		}
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b *table) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

func keyColumns(s *shape, model *migrate.Table) []string {
	if model == nil {
		var key []string
		for place := 1; place <= len(s.key); place++ {
			key = append(key, s.columns[s.key[place]].name)
		}
		return key
	}
	if model.Tenant {
		return append([]string{store.OrgColumn}, model.Key...)
	}
	return model.Key
}

// fits tells whether the target has the tables that go across, and nothing less.
func fits(from, to []*table) error {
	for _, t := range from {
		i := slices.IndexFunc(to, func(o *table) bool { return o.name == t.name })
		if i < 0 {
			return fault.New(fault.MoveChanged, "the database has a table %s that this version of Loam does not know; run loam move with the version that made it", t.name)
		}
		for _, c := range t.columns {
			if !slices.Contains(to[i].columns, c) {
				return fault.New(fault.MoveChanged, "the database has a column %s.%s that this version of Loam does not know; run loam move with the version that made it", t.name, c.name)
			}
		}
	}
	return nil
}

// shapeOf is a digest of the tables, with what the layout says beside: a migration in
// between changes it.
func shapeOf(tables []*table, l migrate.Layout) (string, error) {
	sum := sha256.New()
	for _, t := range tables {
		fmt.Fprintf(sum, "%s %v %v\n", t.name, t.columns, t.key)
	}
	text, err := json.Marshal(l)
	sum.Write(text)
	return hex.EncodeToString(sum.Sum(nil)), err
}
