package migrate_test

import (
	"context"
	"errors"
	"testing"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
)

var errInjected = errors.New("injected")

// failing is an engine that fails at the n-th call on its connection.
type failing struct {
	store.Engine
	left int
	dies func() // with that call; nil: it goes on after it
}

func (f *failing) Rebuild(ctx context.Context, fn func(store.Conn) error) error {
	return f.Engine.(store.Rebuilder).Rebuild(ctx, func(c store.Conn) error { return fn(&failingConn{c, f}) })
}

func (f *failing) Aside(ctx context.Context, fn func(store.Conn) error) error {
	return f.Engine.(interface {
		Aside(ctx context.Context, fn func(store.Conn) error) error
	}).Aside(ctx, func(c store.Conn) error { return fn(&failingConn{c, f}) })
}

func (f *failing) AppRole() string {
	i, ok := f.Engine.(store.Isolator)
	if !ok {
		return ""
	}
	return i.AppRole()
}

func (f *failing) fails() bool {
	f.left--
	if f.left == 0 && f.dies != nil {
		f.dies()
	}
	return f.left == 0 || f.left < 0 && f.dies != nil
}

type failingConn struct {
	store.Conn
	*failing
}

func (c *failingConn) Query(sql string, args []any, fn func(store.Row) error) error {
	if c.fails() {
		return errInjected
	}
	return c.Conn.Query(sql, args, fn)
}

func (c *failingConn) Exec(sql string, args ...any) (int64, error) {
	if c.fails() {
		return 0, errInjected
	}
	return c.Conn.Exec(sql, args...)
}

func (c *failingConn) Script(sql string) error {
	if c.fails() {
		return errInjected
	}
	return c.Conn.Script(sql)
}

const shopBefore = `
type Shop @model @auth(rules: [{ allow: member }]) { name: String! items: [Item] @hasMany }
type Item @model @search(fields: ["title", "body"]) @auth(rules: [{ allow: member }]) {
  title: String!
  body: String @index
  code: String @unique
  price: String
  shop: Shop @belongsTo
  old: Int
}
type Gone @model @auth(rules: [{ allow: member }]) { a: Int }`

const shopAfter = `
type Store @model @renamedFrom(name: "Shop") @auth(rules: [{ allow: member }]) { label: String! @renamedFrom(name: "name") items: [Item] @hasMany }
type Item @model @search(fields: ["title"]) @auth(rules: [{ allow: member }]) {
  title: String!
  body: String
  code: Email @unique
  price: Int! @default(value: "1")
  store: Store @belongsTo
  storeId: ID @renamedFrom(name: "shopId")
  parent: Item @belongsTo
  state: State! @default(value: "ON")
}
enum State { ON OFF }
type Fresh @model @auth(rules: [{ allow: member }]) { a: Int @unique }`

const shopRows = `
INSERT INTO "Shop" ("_org", id, name, "createdAt", "updatedAt", "_version") VALUES ('o', 's', 'Ünder', '2026-01-31T14:30:00.000Z', '2026-01-31T14:30:00.000Z', 1), ('p', 's', 'other', '2026-01-31T14:30:00.000Z', '2026-01-31T14:30:00.000Z', 1);
INSERT INTO "Item" ("_org", id, title, body, code, price, "shopId", old, "createdAt", "updatedAt", "_version") VALUES
  ('o', '1', 'one', 'b', 'a@b.cd', '12', 's', 1, '2026-01-31T14:30:00.000Z', '2026-01-31T14:30:00.000Z', 1), ('o', '2', 'two', NULL, 'none', 'free', NULL, 2, '2026-01-31T14:30:00.000Z', '2026-01-31T14:30:00.000Z', 1), ('p', '1', 'one', 'b', NULL, NULL, 's', 3, '2026-01-31T14:30:00.000Z', '2026-01-31T14:30:00.000Z', 1);
INSERT INTO "Gone" ("_org", id, a, "createdAt", "updatedAt", "_version") VALUES ('o', '1', 1, '2026-01-31T14:30:00.000Z', '2026-01-31T14:30:00.000Z', 1);`

// TestAttack120_FailureMidway fails a migration that does all there is to do at
// each of its statements in turn: the database is left as it was each time, and
// the migration then runs to its end.
func TestAttack120_FailureMidway(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.mustApply(shopBefore)
		d.exec(shopRows)
		if _, err := d.apply(shopAfter); err == nil {
			t.Fatal("rows were lost without leave")
		}
		before := d.dump()
		broken := &failing{Engine: d.Engine}
		m := migrate.New(broken, migrate.Options{Views: []store.View{{Name: "User", Columns: "u.id", From: "_users u", ID: "u.id"}}})
		options := migrate.ApplyOptions{Source: shopAfter, Allow: []string{"drop:Gone", "drop:Item.old", "narrow:Item.code", "narrow:Item.price"}}
		schema := parse(t, shopAfter)
		k := 1
		for ; ; k++ {
			broken.left = k
			done, err := m.Apply(t.Context(), schema, options)
			if err == nil {
				if broken.left <= 0 && (d.Dialect() == store.SQLite || len(d.rows(`SELECT id FROM "_building" WHERE id < 0`)) == 0) { // what organizations have is summed up later
					t.Fatal("a failure was swallowed")
				}
				t.Logf("%d statements, each failed once", k-1)
				if done.Version != 2 {
					t.Error(done.Version)
				}
				break
			}
			if !errors.Is(err, errInjected) {
				t.Fatal(k, err)
			}
			if d.dump() != before {
				t.Fatalf("failing at statement %d changed the database", k)
			}
		}
		if k < 40 {
			t.Errorf("only %d statements were failed", k-1)
		}
		sound(t, d.Engine)
		want := texts(`["o","1","a@b.cd",12,"s"]`, `["o","2",null,1,null]`, `["p","1",null,1,"s"]`)
		if got := d.rows(`SELECT _org, id, code, price, "storeId" FROM "Item" ORDER BY _org, id`); len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
			t.Error(got)
		}
	})
}
