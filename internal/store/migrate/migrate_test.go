package migrate_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// model is a schema of one model, Task, with the fields, between what stands
// before and after it.
func model(fields string) string {
	return `type Task @model(timestamps: null) @auth(rules: [{ allow: member }]) { ` + fields + ` }
enum Status { TODO DOING DONE }
enum Shorter { TODO DONE }
type Place { city: String }`
}

// insert adds a row of organization o to Task.
func insert(id, columns, values string) string {
	return `INSERT INTO "Task" ("_org", "_version", "id"` + columns + `) VALUES ('o', 1, '` + id + `'` + values + `);`
}

// migrationTest takes one table from one form to another.
type migrationTest struct {
	name, before, rows, after string
	allow                     []string
	words                     string // of the steps, "; " between them
	refused                   string // by a code and words; "" is not
	query                     string // afterwards
	want                      []string
}

const oneTwo = ` FROM "Task" ORDER BY id`

// migrations are what may happen to Task.
var migrations = []migrationTest{
	{name: "adds an optional column", before: "title: String", after: "title: String note: String", rows: insert("1", ", title", ", 'a'"),
		words: "adds column Task.note", query: "SELECT title, note" + oneTwo, want: []string{`["a",null]`}},
	{name: "fills an optional column", before: "title: String", after: `title: String points: Int @default(value: "3")`, rows: insert("1", "", ""),
		words: "adds column Task.points, filled with 3", query: "SELECT points" + oneTwo, want: []string{`[3]`}},
	{name: "fills a required column", before: "title: String", after: `title: String done: Boolean! @default(value: "true") at: DateTime! @default(value: "2026-01-31T14:30:00+02:00")`, rows: insert("1", "", ""),
		words: "adds column Task.done, filled with true; adds column Task.at, filled with 2026-01-31T12:30:00.000Z; rewrites table Task", query: "SELECT done, at" + oneTwo, want: []string{`[1,"2026-01-31T12:30:00.000Z"]`}},
	{name: "refuses a required column", before: "a: Int", after: `a: Int title: String!`, rows: insert("1", "", ""),
		refused: `migrate/refused adds column Task.title, required, but 1 row of Task has no value; "" would be put in its place; if that is meant, allow it by name: require:Task.title`},
	{name: "makes up a required column", before: "a: Int", after: `a: Int title: String!`, rows: insert("1", "", ""), allow: []string{"require:Task.title"},
		query: "SELECT title" + oneTwo, want: []string{`[""]`}},
	{name: "blocks a required column without a stopgap", before: "a: Int", after: `a: Int at: Date!`, rows: insert("1", "", ""), allow: []string{"require:Task.at"},
		refused: "migrate/blocked adds column Task.at, required, but 1 row of Task has no value; give the field @default"},
	{name: "adds a required column to no rows", before: "a: Int", after: `a: Int at: Date!`, words: "adds column Task.at, required; rewrites table Task"},

	{name: "refuses to drop a column", before: "body: String note: String", after: `note: String`, rows: insert("1", ", body", ", 'a'") + insert("2", "", ""),
		refused: "migrate/refused drops column Task.body, but 1 row of Task holds a value"},
	{name: "drops a column", before: "body: String note: String", after: `note: String`, rows: insert("1", ", body, note", ", 'a', 'b'"), allow: []string{"drop:Task.body"},
		words: "drops column Task.body; rewrites table Task", query: "SELECT note" + oneTwo, want: []string{`["b"]`}},
	{name: "drops an empty column", before: "body: String note: String", after: `note: String`, rows: insert("1", ", note", ", 'b'"),
		query: "SELECT note" + oneTwo, want: []string{`["b"]`}},
	{name: "refuses to drop a table", before: "a: Int", after: "", rows: insert("1", "", ""),
		refused: "migrate/refused drops table Task, but 1 row of Task would be lost; if that is meant, allow it by name: drop:Task"},

	{name: "renames a column", before: "body: String @index", after: `text: String @index @renamedFrom(name: "body")`, rows: insert("1", ", body", ", 'a'"),
		words: "renames column Task.body to text", query: "SELECT text" + oneTwo, want: []string{`["a"]`}},
	{name: "renames in a chain", before: "a: String b: String", after: `b: String @refersTo(name: "a") c: String @renamedFrom(name: "a")`, rows: insert("1", ", a, b", ", 'a', 'b'"),
		words: "renames column Task.a to c; renames column Task.b to a", query: "SELECT a, c" + oneTwo, want: []string{`["b","a"]`}},
	{name: "ignores a rename of the past", before: "a: String", after: `a: String @renamedFrom(name: "z") b: String`, rows: insert("1", ", a", ", 'a'"),
		words: "adds column Task.b", query: "SELECT a, b" + oneTwo, want: []string{`["a",null]`}},
	{name: "follows a field to another column", before: "a: String", after: `a: String @refersTo(name: "b")`, rows: insert("1", ", a", ", 'a'"),
		words: "renames column Task.a to b", query: "SELECT b" + oneTwo, want: []string{`["a"]`}},

	{name: "makes a column optional", before: "a: String!", after: "a: String", rows: insert("1", ", a", ", 'a'"),
		words: "makes Task.a optional; rewrites table Task", query: "SELECT a" + oneTwo, want: []string{`["a"]`}},
	{name: "makes a full column required", before: "a: String", after: "a: String!", rows: insert("1", ", a", ", 'a'"),
		words: "makes Task.a required; rewrites table Task", query: "SELECT a" + oneTwo, want: []string{`["a"]`}},
	{name: "refuses to make a column required", before: "a: String", after: "a: String!", rows: insert("1", "", ""),
		refused: `migrate/refused makes Task.a required, but 1 row of Task has no value; "" would be put in its place`},
	{name: "fills what is required now and unique no more", before: "a: String @unique", after: "a: String!", rows: insert("1", "", "") + insert("2", "", ""), allow: []string{"require:Task.a"},
		query: "SELECT a" + oneTwo, want: []string{`[""]`, `[""]`}},
	{name: "fills what is required now", before: "a: Int", after: `a: Int! @default(value: "7")`, rows: insert("1", "", ""),
		query: "SELECT a" + oneTwo, want: []string{`[7]`}},

	{name: "widens", before: "a: Email b: Int c: Int d: Boolean e: Date", after: "a: String b: Float c: String d: [Boolean] e: DateTime",
		rows:  insert("1", ", a, b, c, d, e", ", 'a@b.c', 2, 3, true, '2026-01-31'"),
		query: "SELECT a, b, c, d, e" + oneTwo, want: []string{`["a@b.c",2.0,"3","[true]","2026-01-31T00:00:00.000Z"]`}},
	{name: "turns JSON into its text", before: "a: JSON b: JSON! c: JSON", after: "a: String b: String! c: String",
		rows:  insert("1", ", a, b, c", `, '{"x":1}', 'null', '"x\"y"'`),
		query: "SELECT a, b, c" + oneTwo, want: []string{`["{\"x\":1}","null","x\"y"]`}},
	{name: "refuses to narrow", before: "a: String", after: "a: Int", rows: insert("1", ", a", ", '12'") + insert("2", ", a", ", 'twelve'"),
		refused: "migrate/refused changes Task.a from String to Int, but 1 row of Task has a value that is no Int; it would be emptied; if that is meant, allow it by name: narrow:Task.a"},
	{name: "narrows what fits", before: "a: String b: Float c: String d: [String]", after: "a: Int b: Int c: Boolean d: String",
		rows:  insert("1", ", a, b, c, d", `, '12', 3.0, 'true', '["x"]'`),
		query: "SELECT a, b, c, d" + oneTwo, want: []string{`[12,3,1,"x"]`}},
	{name: "narrows what does not fit", before: "a: String b: Float", after: `a: Int b: Int! @default(value: "9")`,
		rows: insert("1", ", a, b", ", 'x', 3.5"), allow: []string{"narrow:Task.a", "narrow:Task.b"},
		query: "SELECT a, b" + oneTwo, want: []string{`[null,9]`}},
	{name: "puts text into form", before: "a: String b: String!", after: `a: DateTime b: Email!`,
		rows:  insert("1", ", a, b", ", '2026-01-31T14:30:00+02:00', 'Ada@Example.com'"),
		words: "changes Task.a from String to DateTime; changes Task.b from String to Email",
		query: "SELECT a" + oneTwo, want: []string{`["2026-01-31T12:30:00.000Z"]`}},
	{name: "refuses text without form", before: "a: String", after: `a: Email`, rows: insert("1", ", a", ", 'nobody'"),
		refused: "migrate/refused changes Task.a from String to Email, but 1 row of Task has a value that is no Email"},
	{name: "empties text without form", before: "a: String @unique", after: `a: Email @unique`, allow: []string{"narrow:Task.a"},
		rows:  insert("1", ", a", ", 'nobody'") + insert("2", ", a", ", 'no one'") + insert("3", ", a", ", 'a@b.cd'"),
		query: "SELECT a" + oneTwo, want: []string{`[null]`, `[null]`, `["a@b.cd"]`}},
	{name: "fails where text in form is the same", before: "a: String @unique", after: `a: DateTime @unique`,
		rows:    insert("1", ", a", ", '2026-01-31T14:30:00+02:00'") + insert("2", ", a", ", '2026-01-31T12:30:00Z'"),
		refused: "migrate/failed: the migration failed and was undone: makes Task(a) unique: rows of Task would have the same (a); change them first"},
	{name: "keeps an embedded type under another name", before: "a: Place", after: `a: JSON`, rows: insert("1", ", a", `, '{"city":"Ulm"}'`),
		query: "SELECT a" + oneTwo, want: []string{`["{\"city\":\"Ulm\"}"]`}},

	{name: "refuses to lose an enum's value", before: "a: Status", after: `a: Shorter`, rows: insert("1", ", a", ", 'DOING'"),
		refused: "migrate/refused changes Task.a from Status to Shorter, but 1 row of Task has a value that is no Shorter"},
	{name: "loses an enum's value", before: "a: Status!", after: `a: Shorter! @default(value: "DONE")`, allow: []string{"narrow:Task.a"},
		rows:  insert("1", ", a", ", 'DOING'") + insert("2", ", a", ", 'TODO'"),
		query: "SELECT a" + oneTwo, want: []string{`["DONE"]`, `["TODO"]`}},
	{name: "gains an enum's value", before: "a: Shorter! b: [Shorter]", after: `a: Status! b: [Status]`, rows: insert("1", ", a, b", `, 'TODO', '["DONE"]'`),
		query: "SELECT a, b" + oneTwo, want: []string{`["TODO","[\"DONE\"]"]`}},

	{name: "refuses unique over duplicates", before: "a: String", after: `a: String @unique`, rows: insert("1", ", a", ", 'x'") + insert("2", ", a", ", 'x'"),
		refused: "migrate/refused makes Task(a) unique, but 1 row of Task has the value of another row; a would be emptied in all but the first; if that is meant, allow it by name: unique:Task.a"},
	{name: "empties duplicates", before: "a: String", after: `a: String @unique`, rows: insert("1", ", a", ", 'x'") + insert("2", ", a", ", 'x'"), allow: []string{"unique:Task.a"},
		query: "SELECT a" + oneTwo, want: []string{`["x"]`, `[null]`}},
	{name: "blocks unique over required duplicates", before: "a: String!", after: `a: String! @unique`, rows: insert("1", ", a", ", 'x'") + insert("2", ", a", ", 'x'"), allow: []string{"unique:Task.a"},
		refused: "migrate/blocked"},
	{name: "makes unique", before: "a: String", after: `a: String @unique`, rows: insert("1", ", a", ", 'x'") + insert("2", "", "") + insert("3", "", ""), words: "makes Task(a) unique"},

	{name: "refuses a reference to nothing", before: "parentId: ID", after: `parentId: ID parent: Task @belongsTo`, rows: insert("1", `, "parentId"`, ", '1'") + insert("2", `, "parentId"`, ", 'x'"),
		refused: "migrate/refused makes Task(parentId) a reference to Task, but 1 row of Task refers to no row of Task; the reference would be emptied; if that is meant, allow it by name: reference:Task.parentId"},
	{name: "empties a reference to nothing", before: "parentId: ID", after: `parentId: ID parent: Task @belongsTo`, rows: insert("1", `, "parentId"`, ", '1'") + insert("2", `, "parentId"`, ", 'x'"),
		allow: []string{"reference:Task.parentId"}, query: `SELECT "parentId"` + oneTwo, want: []string{`["1"]`, `[null]`}},
	{name: "ends a reference", before: "parent: Task @belongsTo", after: `parentId: ID`, rows: insert("1", `, "parentId"`, ", '1'"),
		query: `SELECT "parentId"` + oneTwo, want: []string{`["1"]`}},

	{name: "changes the key", before: "slug: ID!", after: `slug: ID! @primaryKey id: ID`, rows: insert("1", ", slug", ", 'x'"),
		query: "SELECT slug, id" + oneTwo, want: []string{`["x","1"]`}},
	{name: "blocks a key with duplicates", before: "slug: ID!", after: `slug: ID! @primaryKey id: ID`, rows: insert("1", ", slug", ", 'x'") + insert("2", ", slug", ", 'x'"),
		refused: "migrate/blocked makes (slug) the key of Task, but 2 rows of Task have no value for it or that of another row"},
}

func TestMigrate(t *testing.T) {
	storetest.EachDialect(t, func(t *testing.T, dialect store.Dialect) {
		o := newOpener(t, dialect)
		for _, test := range migrations {
			t.Run(test.name, func(t *testing.T) {
				e := o.open(t)
				defer e.Close()
				test.run(t, databaseOn(t, e))
			})
		}
	})
}

func (test migrationTest) run(t *testing.T, d *database) {
	d.mustApply(model(test.before))
	d.exec(test.rows)
	before := d.dump()
	after := model(test.after)
	if test.after == "" {
		after = strings.ReplaceAll(model("a: Int"), "Task", "Other")
	}
	m, err := d.apply(after, test.allow...)
	if test.refused != "" {
		if err == nil || !strings.HasPrefix(strings.NewReplacer("migrate/refused: the migration would lose or make up data:", "migrate/refused",
			"migrate/blocked: the data does not allow the migration:", "migrate/blocked").Replace(err.Error()), test.refused) {
			t.Errorf("got  %v\nwant %s", err, test.refused)
		}
		if d.dump() != before {
			t.Error("a refused migration changed the database")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, s := range m.Plan.Steps {
		words = append(words, s.Words)
	}
	if got := strings.Join(words, "; "); test.words != "" && got != d.words(test.words) {
		t.Errorf("steps are\n%s\nnot\n%s", got, test.words)
	}
	if test.query != "" {
		if got, want := d.rows(test.query), texts(test.want...); !slices.Equal(got, want) {
			t.Errorf("rows are %v, not %v", got, want)
		}
	}
	sound(t, d.Engine)
	if again := d.mustApply(after); again != nil {
		t.Errorf("a second run does something: %s", again.SQL)
	}
}

func TestMigrateScope(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		global := strings.Replace(model("a: Int"), "timestamps: null", "timestamps: null, scope: GLOBAL", 1)
		d.mustApply(model("a: Int"))
		d.mustApply(global) // without rows there is nothing to lose
		d.mustApply(model("a: Int"))
		d.exec(insert("1", ", a", ", 1"))
		if _, err := d.apply(global); !fault.Is(err, fault.MigrateBlocked) {
			t.Error(err)
		}
	})
}

// TestMigrateRenamedParent leaves a table alone whose parent has a new name.
func TestMigrateRenamedParent(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		const before = `type Shop @model @auth(rules: [{ allow: member }]) { code: ID! @primaryKey }
	type Item @model @search(fields: ["title"]) @auth(rules: [{ allow: member }]) { title: String shop: Shop @belongsTo(fields: ["shopId"]) shopId: ID }`
		after := strings.NewReplacer("type Shop @model", `type Store @model @renamedFrom(name: "Shop")`, ": Shop", ": Store",
			"code: ID!", `key: ID! @renamedFrom(name: "code")`).Replace(before)
		d.mustApply(before)
		m := d.mustApply(after)
		var words []string
		for _, s := range m.Plan.Steps {
			words = append(words, s.Words)
		}
		if want := []string{"renames table Shop to Store", "renames column Store.code to key"}; !slices.Equal(words, want) {
			t.Errorf("%q", words)
		}
		fresh := openDatabase(t, d.Dialect())
		fresh.mustApply(after)
		if got, want := structure(t, d.Engine), structure(t, fresh.Engine); !slices.Equal(got, want) {
			t.Errorf("%s\n%s", got, want)
		}
	})
}

func TestMigrateAdditive(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.mustApply(model("a: Int b: Int"))
		apply := func(fields string) error {
			_, err := d.Apply(t.Context(), parse(t, model(fields)), migrate.ApplyOptions{Additive: true, Allow: []string{"drop:Task.b"}})
			return err
		}
		if err := apply("a: Int"); !fault.Is(err, fault.MigrateRefused) {
			t.Error(err)
		}
		if err := apply("a: Int b: Int c: Int"); err != nil {
			t.Error(err)
		}
	})
}

// TestMigrateRecord checks what the database keeps of its migrations.
func TestMigrateRecord(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		ctx := context.Background()
		first, second := model("a: Int"), model("a: Int b: Int")
		rules := strings.Replace(second, "allow: member", "allow: private", 1)

		inSync := func(source string, want bool, version int) {
			t.Helper()
			state, err := d.Status(ctx, parse(t, source))
			if err != nil || state.InSync != want || state.Version != version {
				t.Errorf("%+v %v", state, err)
			}
		}
		inSync(first, false, 0)
		init := d.mustApply(first)
		inSync(first, true, 1)
		inSync(second, false, 1)
		next, err := d.Next(ctx, parse(t, second))
		if err != nil {
			t.Fatal(err)
		}
		add := d.mustApply(second)
		if next == nil || next.SQL != add.SQL || next.File() != add.File() {
			t.Errorf("next was %+v, and %+v was applied", next, add)
		}
		if next, err = d.Next(ctx, parse(t, second)); next != nil || err != nil {
			t.Errorf("%+v, %v is next of what was applied", next, err)
		}
		if m := d.mustApply(rules); m != nil {
			t.Errorf("a rule needs no migration: %s", m.SQL)
		}
		inSync(rules, true, 2)
		if got := d.rows(`SELECT source, version FROM _schema`); len(got) != 1 || !strings.Contains(got[0], "private") {
			t.Error(got)
		}
		if init.File() != "0001_init.sql" || add.File() != "0002_add_column_task_b.sql" {
			t.Error(init.File(), add.File())
		}

		history, err := d.History(ctx)
		if err != nil || len(history) != 2 || history[0].SQL != init.SQL || history[1].SQL != add.SQL || history[1].File() != add.File() {
			t.Errorf("%+v %v", history, err)
		}
		if run := history[1].Run; run == nil || *run != (migrate.Run{Loam: "v9", Node: "here", Millis: run.Millis}) {
			t.Errorf("the second was run as %+v", run)
		}
		for _, before := range []string{`DELETE FROM _migration_runs WHERE version = 1`, `DROP TABLE _migration_runs`} { // of an earlier version of Loam
			d.exec(before)
			if history, err := d.History(ctx); err != nil || len(history) != 2 || history[0].Run != nil {
				t.Errorf("after %s: %+v %v", before, history, err)
			}
		}
		files := map[string]string{init.File(): init.SQL, add.File(): strings.ReplaceAll(add.SQL, "\n", "\r\n"), "README": ""}
		if err := d.Verify(ctx, files); err != nil {
			t.Error(err)
		}
		for _, edited := range []string{strings.Replace(add.SQL, `ADD COLUMN "b" `, `ADD COLUMN "b" x`, 1), "", add.SQL + "DROP TABLE x;"} {
			files[add.File()] = edited
			if err := d.Verify(ctx, files); !fault.Is(err, fault.MigrateEdited) || !strings.Contains(err.Error(), add.File()) {
				t.Errorf("%q: %v", edited, err)
			}
		}
	})
}

// The files of another database are neither taken for this one's nor for
// edited ones.
func TestMigrationsOfAnotherDatabase(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		ctx := context.Background()
		other := openDatabase(t, d.Dialect())
		init := d.mustApply(model("a: Int"))
		foreign := other.mustApply(model("a: Int b: Int"))
		if init.File() != foreign.File() {
			t.Fatal(init.File(), foreign.File())
		}
		next, err := d.Next(ctx, parse(t, model("a: Int c: Int")))
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			what              string
			files             map[string]string
			verify, unclaimed fault.Code
		}{
			{"nothing", nil, "", ""},
			{"its own", map[string]string{init.File(): init.SQL}, "", ""},
			{"another's of the same name", map[string]string{foreign.File(): foreign.SQL}, fault.MigrateForeign, ""},
			{"another's of the same number", map[string]string{init.File(): init.SQL, "0001_other.sql": foreign.SQL}, fault.MigrateForeign, ""},
			{"what comes next", map[string]string{next.File(): strings.ReplaceAll(next.SQL, "\n", "\r\n")}, "", ""},
			{"another's next", map[string]string{next.File(): foreign.SQL}, "", fault.MigrateForeign},
			{"another's next of another name", map[string]string{"0002_other.sql": next.SQL}, "", fault.MigrateForeign},
			{"later ones", map[string]string{"0003_other.sql": foreign.SQL, "00020_x.sql": "", "notes.sql": ""}, "", ""},
		} {
			if err := d.Verify(ctx, test.files); test.verify == "" && err != nil || test.verify != "" && !fault.Is(err, test.verify) {
				t.Errorf("%s, verified: %v", test.what, err)
			}
			if err := next.Unclaimed(test.files); test.unclaimed == "" && err != nil || test.unclaimed != "" && !fault.Is(err, test.unclaimed) {
				t.Errorf("%s, unclaimed: %v", test.what, err)
			}
		}
	})
}

func TestMigrateNewer(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.mustApply(model("a: Int"))
		d.exec(`UPDATE _schema SET layout = '{"format": 99, "tables": "of another shape"}'`)
		before := d.dump()
		_, err := d.apply(model("a: Int b: Int"))
		_, status := d.Status(t.Context(), parse(t, model("a: Int")))
		for _, err := range []error{err, status, d.Prepare(t.Context())} {
			if !fault.Is(err, fault.MigrateNewer) {
				t.Error(err)
			}
		}
		if d.dump() != before {
			t.Error("a newer database was changed")
		}
	})
}

// TestMigrateViews checks that a view is there unless the app has a model of
// its name.
func TestMigrateViews(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		own := strings.ReplaceAll(model("a: Int"), "Task", "User")
		users := func(want int) {
			t.Helper()
			if err := d.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := d.rows(`SELECT id FROM "User"`); len(got) != want {
				t.Error(got)
			}
		}
		if err := d.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.exec(`INSERT INTO _users VALUES ('ada')`)
		users(1)
		d.mustApply(own)
		users(0)
		d.mustApply(model("a: Int"))
		users(1)
	})
}
