package migrate_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
	"github.com/loam-dev/loam/internal/store/sqlite"
)

// TestUpgrades opens one database as three versions of Loam would: the tables
// that an old one made are brought to the newest shape once, with what they hold
// and what refers to it.
func TestUpgrades(t *testing.T) {
	path := filepath.Join(t.TempDir(), "loam.db")
	posts := `CREATE TABLE IF NOT EXISTS _posts (author TEXT REFERENCES _people (id) ON DELETE CASCADE) STRICT`
	people := store.Upgrade{Name: "people/email may be missing", Table: "_people", SQL: `CREATE TABLE new (id TEXT PRIMARY KEY, email TEXT UNIQUE, name TEXT) STRICT;
INSERT INTO new SELECT id, email, 'of old' FROM _people; DROP TABLE _people; ALTER TABLE new RENAME TO _people;`}
	newPeople := `CREATE TABLE IF NOT EXISTS _people (id TEXT PRIMARY KEY, email TEXT UNIQUE, name TEXT) STRICT`
	later := store.Upgrade{Name: "later/a", Table: "_later", SQL: `ALTER TABLE _later ADD COLUMN a TEXT`}
	for i, version := range []migrate.Options{
		{SystemTables: []string{`CREATE TABLE IF NOT EXISTS _people (id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE) STRICT`, posts,
			`INSERT INTO _people VALUES ('ada', 'ada@example.com')`, `INSERT INTO _posts VALUES ('ada')`},
			Views: []store.View{{Name: "User", Columns: "id", From: "_people", ID: "id"}}},
		{SystemTables: []string{newPeople, posts, `CREATE TABLE IF NOT EXISTS _later (id TEXT, a TEXT) STRICT`}, Upgrades: []store.Upgrade{people, later},
			Views: []store.View{{Name: "User", Columns: "id, name", From: "_people", ID: "id"}}},
		{SystemTables: []string{newPeople, posts}, Upgrades: []store.Upgrade{people, later}, Views: []store.View{{Name: "User", Columns: "id, name", From: "_people", ID: "id"}}},
	} {
		engine, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Readers: 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := migrate.New(engine, version).Prepare(t.Context()); err != nil {
			t.Fatalf("version %d: %v", i+1, err)
		}
		got := ""
		if err := engine.Read(t.Context(), func(c store.Conn) error {
			return c.Query(`SELECT u.id, p.author, (SELECT COUNT(*) FROM pragma_table_info('_people')) FROM "User" u JOIN _posts p ON p.author = u.id`, nil, func(r store.Row) error {
				got += fmt.Sprint(r.Text(0), " ", r.Text(1), " ", r.Int(2))
				return nil
			})
		}); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprint("ada ada ", min(2+i, 3)); got != want {
			t.Errorf("version %d: %q, want %q", i+1, got, want)
		}
		if err := engine.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUsageOfOld opens a database from before organizations' bytes were summed up,
// and one whose fields change their names where they are.
func TestUsageOfOld(t *testing.T) {
	each(t, func(t *testing.T, d *database) { usageOfOld(t, d) })
}

func usageOfOld(t *testing.T, d *database) {
	schema := `type Box @model @auth(rules: [{ allow: member }]) { name: String open: Boolean tags: [String] n: Float }
type Shared @model(scope: GLOBAL) @auth(rules: [{ allow: private }]) { a: Int }`
	d.mustApply(schema)
	d.exec(`INSERT INTO "Box" (_org, id, name, open, tags, n, "createdAt", "updatedAt", _version) VALUES ('a', '1', 'é"', true, '["x"]', 1.5, '2026-01-31T14:30:00.000Z', '2026-01-31T14:30:00.000Z', 1), ('b', '1', NULL, NULL, NULL, NULL, '2026-01-31T14:30:00.000Z', '2026-01-31T14:30:00.000Z', 1), ('a', '2', '', false, '[]', 0.5, '2026-01-31T14:30:00.000Z', '2026-01-31T14:30:00.000Z', 1);
INSERT INTO "Shared" (id, a, "createdAt", "updatedAt", _version) VALUES ('s', 1, '2026-01-31T14:30:00.000Z', '2026-01-31T14:30:00.000Z', 1);`)
	if d.Dialect() == store.SQLite {
		d.exec(`DROP TABLE _usage; CREATE TABLE _usage (org TEXT PRIMARY KEY, rows INTEGER NOT NULL) STRICT, WITHOUT ROWID; INSERT INTO _usage VALUES ('a', 7); DELETE FROM _upgrades`)
	}
	usage := func(renamed int) {
		t.Helper()
		var want []string
		for _, rows := range [][]string{
			{`{"id":"1","name":"é\"","open":true,"tags":["x"],"n":1.5,"createdAt":"2026-01-31T14:30:00.000Z","updatedAt":"2026-01-31T14:30:00.000Z","version":1}`, `{"id":"2","name":"","open":false,"tags":[],"n":0.5,"createdAt":"2026-01-31T14:30:00.000Z","updatedAt":"2026-01-31T14:30:00.000Z","version":1}`},
			{`{"id":"1","name":null,"open":null,"tags":null,"n":null,"createdAt":"2026-01-31T14:30:00.000Z","updatedAt":"2026-01-31T14:30:00.000Z","version":1}`},
		} {
			bytes := 0
			for _, row := range rows {
				bytes += len(row) + renamed
			}
			want = append(want, fmt.Sprintf(`["%c","%d","%d"]`, 'a'+len(want), len(rows), bytes))
		}
		if got := d.rows(`SELECT org, rows, bytes FROM _usage ORDER BY org`); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	for range 2 {
		if d.Dialect() != store.SQLite {
			break // there are none of before
		}
		if err := d.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		usage(0)
	}
	d.mustApply(strings.Replace(schema, "name: String", `surname: String @refersTo(name: "name")`, 1))
	usage(len("surname") - len("name"))
}
