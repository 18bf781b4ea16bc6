package migrate_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
)

// isolated is a PostgreSQL database with rows of organizations a and b.
func isolated(t *testing.T) *database {
	d := openDatabase(t, store.PostgreSQL)
	d.mustApply(model("title: String @unique") + `
type Shared @model(timestamps: null, scope: GLOBAL) @auth(rules: [{ allow: private }]) { a: Int }
extend type User { bio: String }`)
	d.exec(`INSERT INTO "Task" ("_org", id, title, "_version") VALUES ('a', '1', 'one', 1), ('a', '2', 'two', 1), ('b', '1', 'one', 1);
INSERT INTO "Shared" (id, a, "_version") VALUES ('s', 1, 1)`)
	return d
}

// asServer runs one statement as the server's role in an organization, inside a
// transaction that is undone, and answers its rows' first column.
func (d *database) asServer(org, sql string) (rows []string, err error) {
	err = d.Write(context.Background(), func(c store.Conn) error {
		c.Enter(org)
		rows = nil
		if err := c.Query(sql, nil, func(r store.Row) error { rows = append(rows, r.Text(0)); return nil }); err != nil {
			return err
		}
		return errInjected
	})
	if err == errInjected {
		err = nil
	}
	return rows, err
}

// TestIsolation asks the database without the tenant's condition: it has one of
// its own.
func TestIsolation(t *testing.T) {
	d := isolated(t)
	const refused = "refused"
	for _, test := range []struct{ name, org, sql, want string }{
		{"reads its own", "a", `SELECT id FROM "Task" ORDER BY 1`, "1 2"},
		{"counts its own", "b", `SELECT count(*) FROM "Task"`, "1"},
		{"reads nothing of another's", "a", `SELECT id FROM "Task" WHERE "_org" = 'b'`, ""},
		{"nor by a union", "a", `SELECT "_org" || id FROM "Task" UNION ALL SELECT "_org" || id FROM "Task" WHERE true OR "_org" = 'b' ORDER BY 1`, "a1 a1 a2 a2"},
		{"nor through what is not leakproof", "a", `SELECT id FROM "Task" WHERE 1 / (CASE WHEN title LIKE '%' AND "_org" = 'b' THEN 0 ELSE 1 END) = 1 ORDER BY 1`, "1 2"},
		{"nowhere it reads nothing", "", `SELECT id FROM "Task"`, ""},
		{"nobody it reads nothing", "c", `SELECT id FROM "Task"`, ""},
		{"what all share it reads", "", `SELECT id FROM "Shared"`, "s"},
		{"writes its own", "a", `INSERT INTO "Task" ("_org", id, title, "_version") VALUES ('a', '3', 'x', 1) RETURNING id`, "3"},
		{"writes nothing of another's", "a", `INSERT INTO "Task" ("_org", id, title, "_version") VALUES ('b', '3', 'x', 1) RETURNING id`, refused},
		{"nowhere it writes nothing", "", `INSERT INTO "Task" ("_org", id, title, "_version") VALUES ('', '3', 'x', 1) RETURNING id`, refused},
		{"gives nothing away", "a", `UPDATE "Task" SET "_org" = 'b' WHERE id = '2' RETURNING id`, refused},
		{"changes its own", "a", `UPDATE "Task" SET title = title || '!' RETURNING title`, "one! two!"},
		{"deletes its own", "b", `DELETE FROM "Task" RETURNING "_org"`, "b"},
		{"takes nothing by a conflict", "a", `INSERT INTO "Task" ("_org", id, title, "_version") VALUES ('b', '1', 'x', 1) ON CONFLICT ("_org", id) DO UPDATE SET title = 'taken' RETURNING id`, refused},
		{"locks its own", "a", `SELECT id FROM "Task" ORDER BY id FOR UPDATE`, "1 2"},
		{"alters nothing", "a", `ALTER TABLE "Task" ADD COLUMN x text`, refused},
		{"drops nothing", "a", `DROP TABLE "Task"`, refused},
		{"empties nothing", "a", `TRUNCATE "Task"`, refused},
		{"keeps the walls up", "a", `ALTER TABLE "Task" DISABLE ROW LEVEL SECURITY`, refused},
		{"even for the owner", "a", `ALTER TABLE "Task" NO FORCE ROW LEVEL SECURITY`, refused},
		{"opens no gate", "a", `CREATE POLICY more ON "Task" USING (true)`, refused},
		{"closes none", "a", `DROP POLICY tenant ON "Task"`, refused},
		{"asks to be told, and is", "a", `SELECT set_config('row_security', 'off', true)`, "off"},
		{"makes no table", "a", `CREATE TABLE mine (a text)`, refused},
		{"copies no table away", "a", `CREATE TABLE mine AS SELECT * FROM "Task"`, refused},
		{"makes no trigger", "a", `CREATE TRIGGER t AFTER INSERT ON "Task" EXECUTE FUNCTION suppress_redundant_updates_trigger()`, refused},
		{"sees the schema", "a", `SELECT version FROM "_schema"`, "1"},
		{"but doesn't say what it is", "a", `UPDATE "_schema" SET version = 7`, refused},
		{"nor what was migrated", "a", `DELETE FROM "_migrations"`, refused},
		{"all are for who asks for all", store.Everyone, `SELECT "_org" || id FROM "Task" ORDER BY 1`, "a1 a2 b1"},
	} {
		got, err := d.asServer(test.org, test.sql)
		if test.want == refused {
			if err == nil || !strings.Contains(err.Error(), "42501") {
				t.Errorf("%s: %v, %v", test.name, got, err)
			}
		} else if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("%s: %q, %v, want %q", test.name, got, err, test.want)
		}
	}
}

// TestIsolationOfEveryTable: row-level security is on and forced for each tenant's
// table of whatever schema, however it came about, and the server's role owns nothing.
func TestIsolationOfEveryTable(t *testing.T) {
	o := newOpener(t, store.PostgreSQL)
	cases := 0
	check(t, func(t *rapid.T) {
		from := drawSchema(t, nil)
		to := drawSchema(t, &from)
		if !drawChance(t, 15) {
			return // it takes long
		}
		cases++
		e := o.open(t)
		defer e.Close()
		m := migrate.New(e, migrate.Options{})
		var want []string
		for _, source := range []string{from.String(), to.String()} {
			s := parse(t, source)
			plan, err := m.Plan(context.Background(), s)
			if err != nil {
				t.Fatal(err)
			}
			var allow []string
			for _, step := range plan.Steps {
				allow = append(allow, step.Flag)
			}
			if _, err := m.Apply(context.Background(), s, migrate.ApplyOptions{Source: source, Allow: allow}); err != nil {
				t.Fatal(err)
			}
			want = nil
			for _, table := range migrate.LayoutOf(s).Tables {
				want = append(want, fmt.Sprintf(`["%s","%d","%d"]`, table.Name, map[bool]int{true: 1}[table.Tenant], map[bool]int{true: 2}[table.Tenant]))
			}
		}
		slices.Sort(want)
		got := rowsOf(t, e, `SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity, (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) FROM pg_class c
			WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND c.relname NOT LIKE '\_%' ORDER BY c.relname`)
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Fatalf("%v\n%v", got, want)
		}
		if got := rowsOf(t, e, `SELECT c.relname FROM pg_class c WHERE pg_get_userbyid(c.relowner) = '`+e.(store.Isolator).AppRole()+`'`); len(got) > 0 {
			t.Fatalf("owned by the server's role: %v", got)
		}
	})
	if cases == 0 {
		t.Error("no schema was tried")
	}
}

// TestIsolationServedByIndexes: the condition of a page is one of the index, behind
// row-level security too, and the policy's is asked once.
func TestIsolationServedByIndexes(t *testing.T) {
	d := openDatabase(t, store.PostgreSQL)
	d.mustApply(model("title: String! @index note: String @index at: DateTime! @index"))
	d.exec(`INSERT INTO "Task" ("_org", id, title, note, at, "_version")
SELECT CASE WHEN i % 10 = 0 THEN 'b' ELSE 'a' END, 'id' || i, 'title ' || i % 1000, 'note ' || i, timestamptz '2026-01-01T00:00:00Z' + i * interval '1 minute', 1 FROM generate_series(1, 100000) i;
ANALYZE "Task"`)
	for _, test := range []struct{ condition, order, want string }{
		{`at < '2026-02-01T00:00:00Z'`, `at DESC, id DESC`, `(at < `},
		{`(at, id) < ('2026-02-01T00:00:00Z', 'id7')`, `at DESC, id DESC`, `(ROW(at, id) < `},
		{`title > 'title 5'`, `title, id`, `(title > `},
		{`(title, id) > ('title 5', 'id7')`, `title, id`, `(ROW(title, id) > `},
		{`note > 'note 5'`, `note NULLS FIRST, id`, `(note > `},
		{`note < 'note 5'`, `note DESC NULLS LAST, id DESC`, `(note < `},
		{`id = 'id7'`, `id`, `(id = `},
	} {
		lines, err := d.asServer("a", `EXPLAIN (COSTS OFF) SELECT * FROM "Task" t WHERE t."_org" = 'a' AND `+test.condition+` ORDER BY `+test.order+` LIMIT 30`)
		var conditions []string
		for _, line := range lines {
			line = strings.TrimSpace(line)
			switch {
			case strings.HasPrefix(line, "Index Cond: "):
				conditions = append(conditions, line)
			case strings.HasPrefix(line, "Filter: "), strings.HasPrefix(line, "Sort"):
				t.Errorf("%s: %s", test.condition, line)
			}
		}
		if err != nil || len(conditions) != 1 || !strings.Contains(conditions[0], `((_org = 'a'::text COLLATE "C") AND `+test.want) {
			t.Errorf("%s: %v\n%s", test.condition, err, strings.Join(lines, "\n"))
		}
	}
}

// TestIsolationOfViews: a built-in model's view shows the members of the
// transaction's organization, with the app's own fields, in the types of a model.
func TestIsolationOfViews(t *testing.T) {
	d := openDatabase(t, store.PostgreSQL)
	d.Migrator = migrate.New(d.Engine, migrate.Options{
		SystemTables: []string{
			`CREATE TABLE IF NOT EXISTS _users (id TEXT PRIMARY KEY, created_at TEXT NOT NULL) STRICT`,
			`CREATE TABLE IF NOT EXISTS _members (org TEXT NOT NULL, user_id TEXT NOT NULL) STRICT`,
		},
		Views: []store.View{{
			Name: "User", Org: "m.org", ID: "u.id", Columns: "u.id", From: "_members m JOIN _users u ON u.id = m.user_id",
			Times: []store.ViewTime{{Name: "createdAt", Value: "u.created_at"}},
		}},
	})
	d.mustApply(`extend type User { size: Int! @default(value: "7") }`)
	d.exec(`INSERT INTO _users VALUES ('ada', '2026-01-31T14:30:00.000Z'), ('bob', '2026-01-31T14:30:00.000Z');
INSERT INTO _members VALUES ('a', 'ada'), ('b', 'ada'), ('b', 'bob'); INSERT INTO _user_profiles (id, size, "_version") VALUES ('bob', 1, 1)`)
	for org, want := range map[string]string{"a": "a ada 7 t", "b": "b ada 7 t, b bob 1 t", "": "", store.Everyone: "a ada 7 t, b ada 7 t, b bob 1 t"} {
		got, err := d.asServer(org, `SELECT concat_ws(' ', "_org", id, size, "createdAt" = timestamptz '2026-01-31T15:30:00+01:00') FROM "User" ORDER BY 1`)
		if err != nil || strings.Join(got, ", ") != want {
			t.Errorf("%q: %q, %v", org, got, err)
		}
	}
	if _, err := d.asServer("a", `DELETE FROM "User"`); err == nil {
		t.Error("a view takes writes")
	}
}
