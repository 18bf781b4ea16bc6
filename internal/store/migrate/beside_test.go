package migrate_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
	"github.com/loam-dev/loam/internal/store/postgres"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// inUse and grown differ in what can be done while servers run.
const (
	inUse = `
type Shop @model @auth(rules: [{ allow: member }]) { name: String }
type Item @model @search(fields: ["title"]) @auth(rules: [{ allow: member }]) {
  title: String!
  code: String
  rank: Int @index
  note: String! @index
  shopId: ID
  size: Int! @index(name: "bySize", sortKeyFields: ["title"])
  tag: Int
  seen: Date
  pages: String @index
}`
	grown = `
type Shop @model @auth(rules: [{ allow: member }]) { name: String items: [Item] @hasMany }
type Item @model @search(fields: ["title", "state"]) @auth(rules: [{ allow: member }]) {
  title: String!
  code: String @unique
  rank: Int! @index @default(value: "1")
  note: String @index
  state: String! @default(value: "new")
  shop: Shop @belongsTo
  parent: Item @belongsTo
  shelf: Shelf @belongsTo
  size: Float! @index(name: "bySize", sortKeyFields: ["title"])
  tag: String
  seen: DateTime
  pages: Int @index
}
type Shelf @model @auth(rules: [{ allow: member }]) { name: String items: [Item] @hasMany }`
)

// stock fills the tables.
func (d *database) stock(rows int) {
	d.Helper()
	d.mustApply(inUse)
	d.exec(fmt.Sprintf(`
INSERT INTO "Shop" ("_org", id, name, "createdAt", "updatedAt", "_version") VALUES ('o', 's', 'x', now(), now(), 1);
INSERT INTO "Item" ("_org", id, title, code, rank, note, "shopId", size, tag, seen, pages, "createdAt", "updatedAt", "_version")
	SELECT 'o', 'i' || i, 'title ' || i, 'c' || i, CASE WHEN i %% 3 = 0 THEN i END, 'note', 's', i, CASE WHEN i %% 2 = 0 THEN -i END, date '2026-01-01' + i %% 7, i::text, '2026-01-31T14:30:00Z', '2026-01-31T14:30:00Z', 1 FROM generate_series(1, %d) AS i;
INSERT INTO "_usage" (org, rows, bytes) VALUES ('o', %[1]d + 1, 0)`, rows))
}

// items is what became of the rows.
func (d *database) items() []string {
	d.Helper()
	return d.rows(`SELECT count(*), count(rank), sum(CASE WHEN rank = 1 THEN 1 ELSE 0 END), min(state), max(state), count("shopId"), count("shelfId"), sum(size) FROM "Item" WHERE id LIKE 'i%'`)
}

// TestInUse migrates a table while others write to it, of 100,000 rows with LOAM_SOAK:
// nobody waits for longer than the migration waits for a lock, no write is lost, and
// what the organization has is summed up right.
func TestInUse(t *testing.T) {
	rows := 15_000
	if os.Getenv("LOAM_SOAK") != "" {
		rows = 100_000
	}
	d, want := openDatabase(t, store.PostgreSQL), openDatabase(t, store.PostgreSQL)
	want.stock(300)
	want.mustApply(grown)
	d.stock(rows)
	var writers sync.WaitGroup
	var longest, written, refused atomic.Int64
	done := make(chan struct{})
	for w := range 3 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				began := time.Now()
				err := d.Engine.WriteRows(context.Background(), func(c store.Conn) error {
					c.Enter("o")
					if i%2 == 0 {
						_, err := c.Exec(`INSERT INTO "Item" ("_org", id, title, rank, note, size, tag, pages, "createdAt", "updatedAt", "_version") VALUES ('o', ?1, 'new', ?2, 'n', 8, 9, '10', now(), now(), 1)`,
							fmt.Sprintf("w%d.%d", w, i), map[bool]any{true: nil, false: 7}[i%4 == 0])
						if err == nil {
							_, err = c.Exec(`UPDATE "_usage" SET rows = rows + 1 WHERE org = 'o'`)
						}
						return err
					}
					_, err := c.Exec(`UPDATE "Item" SET title = 'changed', tag = 0 WHERE "_org" = 'o' AND id = ?1`, "i"+strconv.Itoa(w+3*i+1))
					return err
				})
				_, broken := errors.AsType[*store.ConstraintError](err)
				switch {
				case err == nil:
					written.Add(1)
				case broken && i%4 == 0: // required by now
					refused.Add(1)
				default:
					t.Error(err)
					return
				}
				longest.Store(max(longest.Load(), int64(time.Since(began))))
			}
		})
	}
	began := time.Now()
	parts := map[string]float64{}
	_, err := d.Apply(t.Context(), parse(t, grown), migrate.ApplyOptions{Source: grown, Progress: func(step string, part float64) {
		if part < parts[step] || part > 1 {
			t.Errorf("%s: %v after %v", step, part, parts[step])
		}
		parts[step] = part
	}})
	took := time.Since(began)
	close(done)
	writers.Wait()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v for the migration; %d writes and %d refused, of which the longest took %v", took.Round(time.Millisecond), written.Load(), refused.Load(), time.Duration(longest.Load()).Round(time.Millisecond))
	if waited := time.Duration(longest.Load()); waited > max(2*time.Second, took/4) {
		t.Errorf("a write waited for %v", waited)
	}
	if written.Load() == 0 || parts["makes Item.rank required, filled with 1 where it is empty"] != 1 {
		t.Error(written.Load(), parts)
	}
	alike(t, d, want)
	if got, want := d.rows(`SELECT rows FROM "_usage"`), d.rows(`SELECT count(*) + 1 FROM "Item"`); !slices.Equal(got, want) {
		t.Errorf("on record are %v rows, not %v", got, want)
	}
	if got, want := d.items(), texts(fmt.Sprintf(`[%d,%[1]d,%d,"new","new",%[1]d,0,%[3]d]`, rows, rows-rows/3, rows*(rows+1)/2)); !slices.Equal(got, want) {
		t.Error(got, want)
	}
	if got := d.rows(`SELECT count(*) FROM "Item" WHERE size IS NULL OR id LIKE 'w%' AND (size <> 8 OR tag <> '9') OR title = 'changed' AND tag <> '0'
	OR id LIKE 'w%' AND pages IS DISTINCT FROM 10 OR id LIKE 'i%' AND pages::text IS DISTINCT FROM substr(id, 2)
	OR id LIKE 'i%' AND title <> 'changed' AND (seen IS NULL OR coalesce(tag, '-' || substr(id, 2)) <> '-' || substr(id, 2))`); !slices.Equal(got, texts(`[0]`)) {
		t.Error(got, "rows have other values")
	}
	if got := d.rows(`SELECT count(*) FROM "Item" WHERE id LIKE 'w%' AND rank <> 7 AND rank <> 1`); !slices.Equal(got, texts(`[0]`)) {
		t.Error(got)
	}
}

func alike(t *testing.T, d, want *database) {
	t.Helper()
	got, wanted := structure(t, d.Engine), structure(t, want.Engine)
	if !slices.Equal(got, wanted) {
		t.Errorf("missing:\n%s\ntoo much:\n%s", strings.Join(lacking(wanted, got), "\n"), strings.Join(lacking(got, wanted), "\n"))
	}
	if got := d.rows(`SELECT id FROM "_building"`); !slices.Equal(got, texts(`[0]`)) {
		t.Errorf("left behind: %v", got)
	}
}

// TestBuildingKilled kills what migrates, and its connections, at one statement after
// the other. Another migrator goes on with what was begun, or takes it back when the
// schema turns out to stay as it was.
func TestBuildingKilled(t *testing.T) {
	want := openDatabase(t, store.PostgreSQL)
	want.stock(300)
	want.mustApply(grown)
	url := storetest.URL(t)
	open := func() *database {
		e, err := postgres.Open(t.Context(), postgres.Options{URL: url, Connections: 3})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = e.Close() })
		return databaseOn(t, e)
	}
	d := open()
	d.stock(300)
	before := d.dump()
	k := 3
	for ; ; k += 5 {
		ctx, kill := context.WithCancel(t.Context())
		broken := &failing{Engine: d.Engine, left: k, dies: kill}
		m := migrate.New(broken, migrate.Options{Views: []store.View{{Name: "User", Columns: "u.id", From: "_users u", ID: "u.id"}}})
		_, err := m.Apply(ctx, parse(t, grown), migrate.ApplyOptions{Source: grown})
		kill()
		if err == nil {
			break
		}
		if k%2 == 0 {
			continue // with what is there
		}
		if _, err := d.apply(inUse); err != nil {
			t.Fatal(k, err)
		}
		d.exec(`UPDATE "Item" SET rank = NULL WHERE rank = 1`) // what was filled stays
		if d.dump() != before {
			t.Fatalf("killed at statement %d, and taken back: something is left", k)
		}
	}
	if k < 40 {
		t.Errorf("only %d statements", k)
	}
	if err := d.Prepare(t.Context()); err != nil { // as the next start does
		t.Fatal(err)
	}
	alike(t, d, want)
	usage := `SELECT org, rows, bytes FROM "_usage"`
	if got, want := d.rows(usage), want.rows(usage); !slices.Equal(got, want) {
		t.Error(got, want)
	}
	if got, want := d.items(), want.items(); !slices.Equal(got, want) {
		t.Error(got, want)
	}
}

// building runs do once an index is being built, which waits for a transaction that has
// written to its table; write is what that does.
func (d *database) building(t *testing.T, write string, do func()) {
	t.Helper()
	open, blocked := make(chan struct{}), make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		err := d.WriteRows(context.Background(), func(c store.Conn) error {
			c.Enter("o")
			_, err := c.Exec(write)
			close(open)
			<-blocked
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-open
	writing.Go(func() {
		defer close(blocked)
		for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(5 * time.Millisecond) {
			if len(d.rows(`SELECT indexrelid FROM pg_index WHERE NOT indisvalid`)) > 0 {
				do()
				return
			}
		}
		t.Error("no index was built")
	})
	t.Cleanup(writing.Wait)
}

// TestBuildingCut has the server end what builds an index; the next migration builds it
// again.
func TestBuildingCut(t *testing.T) {
	url := storetest.URL(t)
	e, err := postgres.Open(t.Context(), postgres.Options{URL: url, Connections: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	d, want := databaseOn(t, e), openDatabase(t, store.PostgreSQL)
	want.stock(300)
	want.mustApply(grown)
	d.stock(300)
	d.building(t, `UPDATE "Item" SET title = title WHERE "_org" = 'o' AND id = 'i3'`, func() {
		storetest.Admin(t, url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND pid <> pg_backend_pid()`)
	})
	if _, err := d.apply(grown); err == nil {
		t.Error("an index was built by nobody")
	}
	if left := d.rows(`SELECT id FROM "_building" WHERE id > 0`); len(left) == 0 {
		t.Error("nothing was left to go on with")
	}
	if _, err := d.Apply(t.Context(), parse(t, inUse), migrate.ApplyOptions{Source: inUse}); err != nil || len(d.rows(`SELECT id FROM "_building" WHERE id > 0`)) == 0 {
		t.Errorf("a server that starts took it back: %v", err)
	}
	d.mustApply(grown)
	alike(t, d, want)
}

// TestBuildingRefused: rows that came while an index was built, and can't be in it, are
// shown, and what was built is taken back.
func TestBuildingRefused(t *testing.T) {
	d := openDatabase(t, store.PostgreSQL)
	d.stock(30)
	d.building(t, `INSERT INTO "Item" ("_org", id, title, code, note, size, "createdAt", "updatedAt", "_version") SELECT 'o', 'new' || i, '', 'twice', '', i, now(), now(), 1 FROM generate_series(1, 2) AS i`, func() {})
	before := structure(t, d.Engine)
	_, err := d.apply(grown)
	if !fault.Is(err, fault.MigrateFailed) || !strings.Contains(err.Error(), `is more than once ["o", "twice"]: rows of Item would have the same (code)`) {
		t.Error(err)
	}
	if after := structure(t, d.Engine); !slices.Equal(before, after) {
		t.Errorf("left behind: %s", strings.Join(lacking(after, before), "\n"))
	}
}

// TestMisfitMeanwhile: a value that has no equal in the new type, and came while the
// others were taken over, ends the migration, which leaves nothing behind.
func TestMisfitMeanwhile(t *testing.T) {
	d := openDatabase(t, store.PostgreSQL)
	d.stock(30)
	before, came := structure(t, d.Engine), false
	_, err := d.Apply(t.Context(), parse(t, grown), migrate.ApplyOptions{Source: grown, Progress: func(step string, part float64) {
		if strings.Contains(step, "Item.pages") && part > 0 && !came {
			came = true
			d.exec(`UPDATE "Item" SET pages = 'many' WHERE id = 'i7'`)
		}
	}})
	if !came || !fault.Is(err, fault.MigrateFailed) || !strings.Contains(err.Error(), "pages") {
		t.Error(came, err)
	}
	if after := structure(t, d.Engine); !slices.Equal(before, after) {
		t.Errorf("left behind: %s", strings.Join(lacking(after, before), "\n"))
	}
	if got := d.rows(`SELECT pages FROM "Item" WHERE id IN ('i7', 'i8') ORDER BY id`); !slices.Equal(got, texts(`["many"]`, `["8"]`)) {
		t.Error(got)
	}
}

// TestBuildingAlone: of two migrators one builds at a time, and the other says so.
func TestBuildingAlone(t *testing.T) {
	d := openDatabase(t, store.PostgreSQL)
	d.stock(10)
	err := d.Rebuild(t, func(c store.Conn) error {
		if err := c.Query(`SELECT id FROM "_building" WHERE id = 0 FOR UPDATE`, nil, nil); err != nil {
			return err
		}
		now := time.Unix(0, 0)
		m := migrate.New(d.Engine, migrate.Options{Now: func() time.Time { return now }, Pause: func(_ context.Context, wait time.Duration) error { now = now.Add(10 * wait); return nil }})
		_, err := m.Apply(t.Context(), parse(t, grown), migrate.ApplyOptions{Source: grown})
		return err
	})
	if !fault.Is(err, fault.StoreBusy) || !strings.Contains(err.Error(), "another migration") {
		t.Error(err)
	}
}

// Rebuild runs fn as migrations are.
func (d *database) Rebuild(t *testing.T, fn func(store.Conn) error) error {
	return d.Engine.(store.Rebuilder).Rebuild(t.Context(), fn)
}
