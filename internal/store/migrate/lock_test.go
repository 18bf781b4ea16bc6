package migrate_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
	"github.com/loam-dev/loam/internal/store/postgres"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// TestLocks: a migration does not stand in line for a table that a long read is
// at, where all others would stand behind it; it tries again until the read ends,
// or for as long as it has patience.
func TestLocks(t *testing.T) {
	d := openDatabase(t, store.PostgreSQL)
	d.mustApply(model("a: Int"))
	for _, test := range []struct {
		name    string
		reads   int           // the tries that the long read lasts for
		passes  time.Duration // with each
		refused bool
	}{
		{"the read ends", 3, time.Second, false},
		{"it does not", 1000, 25 * time.Second, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := d.dump()
			reading, end := make(chan struct{}), make(chan struct{})
			var ended sync.WaitGroup
			ended.Go(func() {
				err := d.Read(context.Background(), func(c store.Conn) error {
					err := c.Query(`SELECT count(*) FROM "Task"`, nil, nil)
					close(reading)
					<-end
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
			<-reading
			finish := sync.OnceFunc(func() { close(end); ended.Wait() })
			defer finish()
			now, tries := time.Unix(0, 0), 0
			m := migrate.New(d.Engine, migrate.Options{
				LockTimeout: 20 * time.Millisecond,
				Now:         func() time.Time { return now },
				Pause: func(context.Context, time.Duration) error {
					tries++
					now = now.Add(test.passes)
					if got := d.rows(`SELECT count(*) FROM "Task"`); len(got) != 1 {
						t.Error("somebody else could not read")
					}
					if tries == test.reads {
						finish()
					}
					return nil
				},
			})
			source := model("a: Int! @default(value: \"1\")")
			done, err := m.Apply(t.Context(), parse(t, source), migrate.ApplyOptions{Source: source})
			if test.refused {
				if !fault.Is(err, fault.StoreBusy) || !strings.Contains(err.Error(), "1m0s") || tries > 10 {
					t.Errorf("after %d tries: %v", tries, err)
				}
				if finish(); d.dump() != before {
					t.Error("a migration that gave up changed the database")
				}
			} else if err != nil || done == nil || tries != test.reads {
				t.Errorf("after %d tries: %v, %v", tries, done, err)
			}
			d.mustApply(model("a: Int"))
		})
	}
}

// TestStartBesideWriters: a server that starts stops nobody who writes.
func TestStartBesideWriters(t *testing.T) {
	d := openDatabase(t, store.PostgreSQL)
	options := migrate.Options{
		SystemTables: []string{
			`CREATE TABLE IF NOT EXISTS _notes (id TEXT PRIMARY KEY, text TEXT) STRICT`,
			`CREATE INDEX IF NOT EXISTS "_notes_text" ON "_notes" ("text")`,
			`CREATE OR REPLACE FUNCTION "_notes_kept"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$`,
			`CREATE OR REPLACE TRIGGER "_notes_kept" AFTER DELETE ON "_notes" FOR EACH ROW EXECUTE FUNCTION "_notes_kept"()`,
		},
		LockTimeout: 20 * time.Millisecond,
		Pause: func(context.Context, time.Duration) error {
			t.Error("it waited for a writer")
			return errInjected
		},
	}
	if err := migrate.New(d.Engine, options).Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := d.Engine.(*postgres.Engine).WriteRows(t.Context(), func(c store.Conn) error {
		if _, err := c.Exec(`INSERT INTO _notes VALUES ('1', 'a')`); err != nil {
			return err
		}
		if _, err := c.Exec(`DELETE FROM _changes`); err != nil {
			return err
		}
		return migrate.New(d.Engine, options).Prepare(t.Context())
	})
	if err != nil {
		t.Error(err)
	}
}

// TestNodesAtOnce has several servers set up one new database at once, and then
// migrate it: one does it, and the others find it done.
func TestNodesAtOnce(t *testing.T) {
	url := storetest.URL(t)
	const nodes = 3
	apply := func(m *migrate.Migrator, source string) (*migrate.Migration, error) {
		return m.Apply(context.Background(), parse(t, source), migrate.ApplyOptions{Source: source})
	}
	var migrators [nodes]*migrate.Migrator
	together := func(what string, do func(i int) (bool, error)) {
		t.Helper()
		var all sync.WaitGroup
		var did [nodes]bool
		for i := range nodes {
			all.Go(func() {
				var err error
				if did[i], err = do(i); err != nil {
					t.Errorf("%s: %v", what, err)
				}
			})
		}
		all.Wait()
		n := 0
		for _, d := range did {
			if d {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s: done %d times", what, n)
		}
	}
	together("the first start", func(i int) (bool, error) {
		e, err := postgres.Open(context.Background(), postgres.Options{URL: url, Connections: 3})
		if err != nil {
			return false, err
		}
		t.Cleanup(func() { _ = e.Close() })
		migrators[i] = migrate.New(e, migrate.Options{SystemTables: []string{`CREATE TABLE IF NOT EXISTS _users (id TEXT PRIMARY KEY) STRICT`}})
		return i == 0, migrators[i].Prepare(context.Background())
	})
	for _, source := range []string{model("a: Int"), model("a: String @unique b: Int"), model("a: String")} {
		together(source, func(i int) (bool, error) {
			done, err := apply(migrators[i], source)
			return done != nil, err
		})
	}
	history, err := migrators[0].History(context.Background())
	if err != nil || len(history) != 3 {
		t.Errorf("%d migrations are on record, %v", len(history), err)
	}
}
