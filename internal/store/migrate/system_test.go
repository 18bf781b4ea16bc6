package migrate_test

import (
	"fmt"
	"path/filepath"
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
