package migrate_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// TestMigrateAnywhere takes random databases with random rows from one random
// schema to another. Wherever it arrives, the structure is that of a database
// that began there, and values whose column stayed the same are the same. Where
// the rows forbid it, nothing has changed.
func TestMigrateAnywhere(t *testing.T) {
	storetest.EachDialect(t, migrateAnywhere)
}

func migrateAnywhere(t *testing.T, dialect store.Dialect) {
	o := newOpener(t, dialect)
	n, arrived, failed := 0, 0, 0
	check(t, func(t *rapid.T) {
		if dialect == store.PostgreSQL && !drawChance(t, 25) {
			return // it takes longer over each
		}
		n++
		e, fresh := o.open(t), o.open(t)
		defer e.Close()
		defer fresh.Close()
		from := drawSchema(t, nil)
		to := drawSchema(t, &from)
		m := migrate.New(e, migrate.Options{})
		apply := func(m *migrate.Migrator, source string, allow []string) error {
			_, err := m.Apply(context.Background(), parse(t, source), migrate.ApplyOptions{Source: source, Allow: allow})
			return err
		}
		must := func(err error) {
			if err != nil {
				t.Fatalf("%v\nfrom %s\nto %s", err, from, to)
			}
		}
		must(apply(m, from.String(), nil))
		layout := migrate.LayoutOf(parse(t, from.String()))
		seed := rapid.Uint64().Draw(t, "seed")
		must(e.Write(context.Background(), func(c store.Conn) error {
			c.Enter(store.Everyone)
			return fillRandomly(rand.New(rand.NewPCG(seed, 0)), c, layout)
		}))
		recount := func() []string {
			must(e.Write(context.Background(), func(c store.Conn) error { return c.Script(`DROP TABLE _usage`) }))
			must(m.Prepare(context.Background()))
			return rowsOf(t, e, `SELECT org, rows, bytes FROM _usage ORDER BY org`)
		}
		recount()
		before := valuesOf(t, e, layout)

		plan, err := m.Plan(context.Background(), parse(t, to.String()))
		must(err)
		var allow []string
		for _, s := range plan.Steps {
			allow = append(allow, s.Flag)
		}
		err = apply(m, to.String(), allow)
		if fault.Is(err, fault.MigrateFailed) { // values that became the same in their new form
			failed++
		}
		if fault.Is(err, fault.MigrateBlocked) || fault.Is(err, fault.MigrateFailed) {
			if got := valuesOf(t, e, layout); !maps.Equal(got, before) {
				t.Fatalf("a migration that failed changed rows:\n%s\n%s", got, before)
			}
			return
		}
		must(err)
		arrived++
		sound(t, e)
		if got, want := rowsOf(t, e, `SELECT org, rows, bytes FROM _usage ORDER BY org`), recount(); !slices.Equal(got, want) {
			t.Fatalf("from %s\nto %s\norganizations have %v by the sums, %v by the rows", from, to, got, want)
		}
		must(apply(migrate.New(fresh, migrate.Options{}), to.String(), nil))
		if got, want := structure(t, e), structure(t, fresh); !slices.Equal(got, want) {
			t.Fatalf("from %s\nto %s\narrived at\n%s\nnot\n%s\nby\n%s", from, to, strings.Join(lacking(want, got), "\n"), strings.Join(lacking(got, want), "\n"), strings.Join(plan.SQL(), "\n"))
		}
		after := migrate.LayoutOf(parse(t, to.String()))
		now := valuesOf(t, e, after)
		for _, column := range keptColumns(layout, after, plan) {
			if now[column] != before[column] {
				t.Fatalf("from %s\nto %s\n%s is\n%s\nnot\n%s", from, to, column, now[column], before[column])
			}
		}
	})
	t.Logf("%d of %d migrations ran", arrived, n)
	if arrived < n/4 || failed > n/20 {
		t.Errorf("of %d migrations only %d ran, and %d failed that were not seen to", n, arrived, failed)
	}
}

// valuesOf is what each column holds, by the column that tells rows apart.
func valuesOf(t *rapid.T, e store.Engine, l migrate.Layout) map[string]string {
	values := map[string]string{}
	for _, table := range l.Tables {
		for _, c := range table.Columns {
			rows := rowsOf(t, e, `SELECT plain, "`+c.Name+`" FROM "`+table.Name+`" ORDER BY plain`)
			values[table.Name+"."+c.Name] = strings.Join(rows, " ")
		}
	}
	return values
}

// keptColumns are those whose values a plan has no business with.
func keptColumns(old, new migrate.Layout, plan migrate.Plan) []string {
	harmed := map[string]bool{}
	for _, s := range plan.Steps {
		if s.Rows > 0 {
			harmed[s.Subject] = true
		}
	}
	var kept []string
	for _, a := range old.Tables {
		i := slices.IndexFunc(new.Tables, func(b migrate.Table) bool { return b.Name == a.Name })
		if i < 0 || harmed[a.Model] {
			continue
		}
		for _, c := range a.Columns {
			j := slices.IndexFunc(new.Tables[i].Columns, func(d migrate.Column) bool { return d.Name == c.Name })
			if j < 0 || harmed[c.Field] {
				continue
			}
			d := new.Tables[i].Columns[j]
			if d.Of == c.Of && d.List == c.List && (c.Required || !d.Required) {
				kept = append(kept, a.Name+"."+c.Name)
			}
		}
	}
	return kept
}

// fillRandomly puts rows of two organizations into every table.
func fillRandomly(random *rand.Rand, c store.Conn, l migrate.Layout) error {
	for i, table := range l.Tables {
		for n := range random.IntN(7) {
			org := pick(random, []string{"o", "p"})
			row := map[string]any{"_org": org}
			for _, column := range table.Columns {
				row[column.Name] = drawValue(random, column)
			}
			row["plain"] = 3*n + i
			if _, ok := row["id"]; ok {
				row["id"] = strconv.Itoa(n)
			}
			possible := true
			for _, r := range table.References {
				where := ""
				if r.Tenant {
					where = ` WHERE "_org" = '` + org + `'`
				}
				var parents [][]any
				err := c.Query(`SELECT `+quotedColumns(r.To)+` FROM "`+r.Parent+`"`+where+` ORDER BY plain`, nil, func(row store.Row) error {
					var key []any
					for k := range r.To {
						key = append(key, row.Text(k))
					}
					parents = append(parents, key)
					return nil
				})
				if err != nil {
					return err
				}
				if len(parents) == 0 {
					possible = possible && row[r.Columns[0]] == nil
					continue
				}
				for k, v := range pick(random, parents) {
					row[r.Columns[k]] = v
				}
			}
			if !table.Tenant {
				delete(row, "_org")
			}
			if !possible {
				continue
			}
			columns := slices.Sorted(maps.Keys(row))
			var args []any
			var places []string
			for _, column := range columns {
				args = append(args, row[column])
				places = append(places, "?"+strconv.Itoa(len(args)))
			}
			sql := `INSERT INTO "` + l.Tables[i].Name + `" (` + quotedColumns(columns) + `) VALUES (` + strings.Join(places, ", ") + `) ON CONFLICT DO NOTHING`
			if _, err := c.Exec(sql, args...); err != nil {
				return err
			}
		}
	}
	return nil
}

func quotedColumns(columns []string) string { return `"` + strings.Join(columns, `", "`) + `"` }

// drawValue is a value of a column as it is stored, from few enough that some
// are the same.
func drawValue(random *rand.Rand, c migrate.Column) any {
	if !c.Required && random.IntN(2) == 0 {
		return nil
	}
	values := map[string][]any{
		"String": {"", "a", "b", "12", "3.5", "true", "a@b.cd", "2026-01-31", "TODO", "2026-01-31T14:30:00Z"}, "ID": {"1", "2", "TODO"},
		"Email": {"a@b.cd", "b@b.cd"}, "Int": {0, 1, 12}, "Float": {0.5, 1.0, 12.0}, "Boolean": {0, 1}, "Date": {"2026-01-31", "2026-02-01"},
		"DateTime": {"2026-01-31T14:30:00.000Z", "2026-01-31T00:00:00.000Z"}, "Timestamp": {0, 1769869800},
		"JSON": {"{}", "[1]", `"x"`, "null"}, "Place": {`{"city":"Ulm"}`}, "Spot": {`{"city":"Ulm"}`},
		"Status": {"TODO", "DOING"}, "Shorter": {"TODO"},
	}[c.Of]
	v := pick(random, values)
	if !c.List {
		return v
	}
	switch element := v.(type) {
	case string:
		if c.Type == migrate.JSONColumn && (c.Of == "JSON" || c.Of == "Place" || c.Of == "Spot") {
			return "[" + element + "]"
		}
		return pick(random, []string{"[]", `["` + element + `"]`, `["` + element + `","` + element + `"]`})
	default:
		return "[]"
	}
}

func pick[T any](random *rand.Rand, list []T) T { return list[random.IntN(len(list))] }

// lacking are the lines that a list has and another has not.
func lacking(from, lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return slices.Contains(from, line) })
}
