package move

import (
	"fmt"
	"strings"

	"github.com/loam-dev/loam/internal/store"
)

// What the source has of a move, beside _move: for each table a list of the keys of
// rows that have changed, written by triggers in the transaction of the change, and in
// the last step a fence, triggers as well, so that nobody passes it: no other server,
// no older version, no psql.
const (
	capturing = "_moving_" // leads the names of lists and of what writes to them
	fencing   = "_moved_"  // leads those of fences
)

// capture begins to keep the lists.
func capture(c store.Conn, d store.Dialect, tables []*table) error {
	for _, t := range tables {
		script := captureSQLite(t)
		if d == store.PostgreSQL {
			script = capturePostgres(t)
		}
		if err := c.Script(script); err != nil {
			return fmt.Errorf("keeping a list of what changes in %s: %w", t.name, err)
		}
	}
	return nil
}

// upsert notes the key of the row OLD or NEW.
func upsert(t *table, d store.Dialect, row string) string {
	keys := strings.Join(t.keys(d, ""), ", ")
	return fmt.Sprintf(`INSERT INTO %s AS l (%s, "_n") VALUES (%s, 1) ON CONFLICT (%s) DO UPDATE SET "_n" = l."_n" + 1;`,
		ident(t.list()), keys, strings.Join(t.keys(d, row+"."), ", "), keys)
}

func captureSQLite(t *table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (", ident(t.list()))
	for _, i := range t.key {
		c := t.columns[i]
		fmt.Fprintf(&b, "%s %s NOT NULL, ", ident(c.name), map[kind]string{textKind: "TEXT", integerKind: "INTEGER", floatKind: "REAL", bytesKind: "BLOB"}[c.kind])
	}
	fmt.Fprintf(&b, `"_n" INTEGER NOT NULL, PRIMARY KEY (%s)) STRICT, WITHOUT ROWID;`, strings.Join(t.keys(store.SQLite, ""), ", "))
	for _, on := range []struct{ event, rows string }{{"INSERT", "NEW"}, {"UPDATE", "OLD NEW"}, {"DELETE", "OLD"}} {
		fmt.Fprintf(&b, "\nCREATE TRIGGER %s AFTER %s ON %s BEGIN", ident(t.list()+"_"+strings.ToLower(on.event)), on.event, ident(t.name))
		for row := range strings.FieldsSeq(on.rows) {
			b.WriteString(" " + upsert(t, store.SQLite, row))
		}
		b.WriteString(" END;")
	}
	return b.String()
}

// capturePostgres writes for whoever makes the change, as the owner. A key column that
// is null is that of an entry of the log that has no position.
func capturePostgres(t *table) string {
	list, keys := ident(t.list()), t.keys(store.PostgreSQL, "")
	return fmt.Sprintf(`CREATE TABLE %[1]s AS SELECT %[2]s, CAST(1 AS bigint) AS "_n" FROM %[3]s WHERE false;
ALTER TABLE %[1]s ADD PRIMARY KEY (%[2]s);
CREATE FUNCTION %[1]s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$ BEGIN
	IF TG_OP <> 'INSERT' AND OLD.%[4]s IS NOT NULL THEN %[5]s END IF;
	IF TG_OP <> 'DELETE' AND NEW.%[4]s IS NOT NULL THEN %[6]s END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER %[1]s AFTER INSERT OR UPDATE OR DELETE ON %[3]s FOR EACH ROW EXECUTE FUNCTION %[1]s();`,
		list, strings.Join(keys, ", "), ident(t.name), keys[0], upsert(t, store.PostgreSQL, "OLD"), upsert(t, store.PostgreSQL, "NEW"))
}

// captured tells whether all lists are still kept: a migration that made a table anew
// has taken its triggers away.
func captured(c store.Conn, d store.Dialect, tables []*table) error {
	want := len(tables)
	if d == store.SQLite {
		want *= 3
	}
	names, err := named(c, d, triggers, capturing)
	if err == nil && len(names) != want {
		err = migrated()
	}
	return err
}

// fence has the source refuse all writes to some tables.
func fence(c store.Conn, d store.Dialect, tables []*table) error {
	for _, t := range tables {
		name := fencing + hashOf(t.name)
		script := ""
		if d == store.PostgreSQL {
			script = fmt.Sprintf(`CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%s'; END $$;
				CREATE OR REPLACE TRIGGER %s BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION %[1]s();`,
				ident(fencing), store.Moved, ident(name), ident(t.name))
		} else {
			for _, event := range []string{"INSERT", "UPDATE", "DELETE"} {
				script += fmt.Sprintf("CREATE TRIGGER %s BEFORE %s ON %s BEGIN SELECT RAISE(ABORT, '%s'); END;\n", ident(name+"_"+strings.ToLower(event)), event, ident(t.name), store.Moved)
			}
		}
		if err := c.Script(script); err != nil {
			return fmt.Errorf("fencing %s: %w", t.name, err)
		}
	}
	return nil
}

// The kinds of things that named finds, for SQLite and PostgreSQL.
var (
	triggers = [2]string{`SELECT name, tbl_name FROM sqlite_schema WHERE type = 'trigger'`,
		`SELECT t.tgname AS name, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = current_schema() AND NOT t.tgisinternal`}
	lists = [2]string{`SELECT name, name FROM sqlite_schema WHERE type = 'table'`,
		`SELECT c.relname AS name, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind = 'r'`}
	functions = [2]string{`SELECT name, name FROM sqlite_schema WHERE false`,
		`SELECT p.proname AS name, p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = current_schema()`}
)

// named are the things whose names begin with a prefix, and their tables.
func named(c store.Conn, d store.Dialect, what [2]string, prefix string) ([][2]string, error) {
	var found [][2]string
	err := c.Query(what[d], nil, func(r store.Row) error {
		if strings.HasPrefix(r.Text(0), prefix) {
			found = append(found, [2]string{r.Text(0), r.Text(1)})
		}
		return nil
	})
	return found, err
}

// drop takes away the things of a prefix.
func drop(c store.Conn, d store.Dialect, prefix string) error {
	var script strings.Builder
	for _, of := range []struct {
		what  [2]string
		words string
	}{{triggers, "TRIGGER"}, {functions, "FUNCTION"}, {lists, "TABLE"}} {
		all, err := named(c, d, of.what, prefix)
		if err != nil {
			return err
		}
		for _, one := range all {
			script.WriteString("DROP " + of.words + " " + ident(one[0]))
			if of.words == "TRIGGER" && d == store.PostgreSQL {
				script.WriteString(" ON " + ident(one[1]))
			}
			script.WriteString(";\n")
		}
	}
	return c.Script(script.String())
}

// unfence lets a source that is fenced take writes again, and leaves one that has
// moved as it is.
func unfence(c store.Conn, d store.Dialect) error {
	n, err := c.Exec(`UPDATE "_move" SET "stage" = ?1 WHERE "stage" = ?2`, copying, fenced)
	if err != nil || n == 0 {
		return err
	}
	return drop(c, d, fencing)
}
