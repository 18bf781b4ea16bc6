package store_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// circles refer to each other in every way that a schema allows.
const circles = `
extend type Organization { plan: String }
type Box @model @auth(rules: [{ allow: member }]) { name: String! inside: Box @belongsTo top: Leaf @belongsTo leaves: [Leaf] @hasMany(references: ["boxId"]) }
type Leaf @model @search(fields: ["text"]) @auth(rules: [{ allow: member }]) { text: String! box: Box! @belongsTo tags: [Tag] @manyToMany(relationName: "LeafTag") }
type Tag @model @auth(rules: [{ allow: member }]) { word: String! @unique leaves: [Leaf] @manyToMany(relationName: "LeafTag") }
type Self @model @auth(rules: [{ allow: member }]) { self: Self! @belongsTo }
type Shared @model(scope: GLOBAL) @auth(rules: [{ allow: private }]) { a: Int }`

// crowd opens a database with as many rows of each kind in each of two
// organizations.
func crowd(t *testing.T, e store.Engine, rows int) (*database, *store.Store) {
	t.Helper()
	d := openDatabase(t, e)
	d.exec(`INSERT INTO _orgs VALUES ('a'), ('b')`)
	d.mustApply(circles)
	var sql strings.Builder
	for _, org := range []string{"a", "b"} {
		fmt.Fprintf(&sql, `
INSERT INTO _organization_profiles (_org, id, plan, _version) VALUES ('%[1]s', '%[1]s', 'paid', 1);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < %[2]d)
INSERT INTO Box (_org, id, name, insideId, createdAt, updatedAt, _version) SELECT '%[1]s', 'b'||i, 'box', CASE WHEN i > 1 THEN 'b'||(i-1) END, 't', 't', 1 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < %[2]d)
INSERT INTO Leaf (_org, id, text, boxId, createdAt, updatedAt, _version) SELECT '%[1]s', 'l'||i, 'leaf of %[1]s', 'b'||i, 't', 't', 1 FROM n;
UPDATE Box SET topId = 'l1' WHERE _org = '%[1]s';
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < %[2]d)
INSERT INTO Tag (_org, id, word, createdAt, updatedAt, _version) SELECT '%[1]s', 't'||i, 'w'||i, 't', 't', 1 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < %[2]d)
INSERT INTO LeafTag (_org, id, leafId, tagId, createdAt, updatedAt, _version) SELECT '%[1]s', 'x'||i, 'l'||i, 't'||i, 't', 't', 1 FROM n;
INSERT INTO Self (_org, id, selfId, createdAt, updatedAt, _version) VALUES ('%[1]s', 's', 's', 't', 't', 1);
INSERT INTO _changes (at, org, model, key, op) VALUES ('t', '%[1]s', 'Box', '[]', 'create'), ('t', NULL, 'Shared', '[]', 'create');
`, org, rows)
	}
	d.exec(sql.String())
	for _, org := range []string{"a", "b"} {
		if err := d.Write(t.Context(), func(c store.Conn) error {
			_, err := c.Exec(`INSERT INTO _idempotency (caller, key, request, answer, at) VALUES (?1, 'k', ?2, ?2, 1)`, org+" user:u", []byte{0})
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	d.recount()
	return d, store.New(d.Engine, parse(t, circles), time.Now)
}

func hashes(t *testing.T, s *store.Store, org string) []store.RowHash {
	t.Helper()
	all, err := s.HashRows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(h store.RowHash) bool { return h.Org != org })
}

// TestDeleteOrganization removes all of one organization, in steps that a kill
// may end at any statement, and leaves the other as it was.
func TestDeleteOrganization(t *testing.T) { storetest.Each(t, deleteOrganization) }

func deleteOrganization(t *testing.T, e store.Engine) {
	d, s := crowd(t, e, 1200)
	before, mine := hashes(t, s, "b"), hashes(t, s, "a")
	if len(before) != 6 || len(mine) != 6 || before[0].Rows != 1200 || before[0].Hash == "" {
		t.Fatal(before)
	}
	var out bytes.Buffer
	if err := s.ExportOrganization(t.Context(), "a", &out); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(strings.TrimSpace(out.String()), "\n"); len(lines) != 4*1200+2 || strings.Contains(out.String(), "leaf of b") ||
		!strings.HasPrefix(lines[0], `{"model":"Box","row":{"id":"b1","name":"box"`) {
		t.Errorf("%d lines, the first is %s", len(lines), lines[0])
	}
	kills := 0
	for k := 1; ; k += 2 {
		broken := &failing{Engine: d.Engine, left: k}
		err := store.New(broken, parse(t, circles), time.Now).DeleteOrganization(t.Context(), "a")
		d.counted()
		if err == nil {
			break
		}
		kills++
	}
	if kills < 3 {
		t.Errorf("only %d kills", kills)
	}
	if left := hashes(t, s, "a"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	if after := hashes(t, s, "b"); !slices.Equal(after, before) {
		t.Errorf("another organization changed: %v, was %v", after, before)
	}
	for sql, want := range map[string]string{
		`SELECT coalesce(org, '-') FROM _changes ORDER BY seq`: `[["-"] ["b"] ["-"]]`,
		`SELECT caller FROM _idempotency`:                      `[["b user:u"]]`,
		`SELECT org FROM _usage`:                               `[["b"]]`,
	} {
		if got := fmt.Sprint(d.rows(sql)); got != want {
			t.Errorf("%s: %s", sql, got)
		}
	}
	if e.Dialect() == store.SQLite {
		if got := d.rows(`SELECT count(*) FROM Leaf__search WHERE Leaf__search MATCH 'leaf'`); got[0] != `[1200]` {
			t.Error(got)
		}
	}
	d.sound()
}

// TestMoveOrganization: what was everyone's becomes one organization's.
func TestMoveOrganization(t *testing.T) { storetest.Each(t, moveOrganization) }

func moveOrganization(t *testing.T, e store.Engine) {
	d, s := crowd(t, e, 30)
	d.exec(`INSERT INTO _orgs VALUES ('c')`)
	mine, others := hashes(t, s, "a"), hashes(t, s, "b")
	told := false
	if err := s.MoveOrganization(t.Context(), "a", "c", func(store.Conn) error { told = true; return nil }); err != nil || !told {
		t.Fatal(told, err)
	}
	d.counted()
	moved := hashes(t, s, "c")
	for i := range moved {
		if moved[i].Model != "Organization" && (moved[i].Hash != mine[i].Hash || moved[i].Rows != mine[i].Rows) {
			t.Errorf("%v, was %v", moved[i], mine[i])
		}
	}
	if len(moved) != len(mine) || len(hashes(t, s, "a")) != 0 || !slices.Equal(hashes(t, s, "b"), others) {
		t.Error(moved)
	}
	for sql, want := range map[string]string{
		`SELECT coalesce(org, '-') FROM _changes ORDER BY seq`:                  `[["c"] ["-"] ["b"] ["-"] ["-"]]`,
		`SELECT caller FROM _idempotency ORDER BY caller`:                       `[["b user:u"] ["c user:u"]]`,
		`SELECT org, rows FROM _usage ORDER BY org`:                             `[["b",121] ["c",121]]`,
		`SELECT plan FROM _organization_profiles WHERE id = 'c' AND _org = 'c'`: `[["paid"]]`,
	} {
		if got := fmt.Sprint(d.rows(sql)); got != want {
			t.Errorf("%s: %s", sql, got)
		}
	}
	d.sound()
}
