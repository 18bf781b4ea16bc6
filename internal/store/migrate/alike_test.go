package migrate_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
)

// TestMigrateAlike takes both databases, with the same random rows, from one
// random schema to another: they count the same harm, refuse the same, and values
// become the same.
func TestMigrateAlike(t *testing.T) {
	openers := []*opener{newOpener(t, store.SQLite), newOpener(t, store.PostgreSQL)}
	n, arrived := 0, 0
	check(t, func(t *rapid.T) {
		if !drawChance(t, 30) {
			return // it takes long
		}
		from := drawSchema(t, nil)
		to := drawSchema(t, &from)
		seed := rapid.Uint64().Draw(t, "seed")
		n++
		var first outcome
		for i, o := range openers {
			e := o.open(t)
			got := migrated(t, e, from.String(), to.String(), seed)
			_ = e.Close()
			if i == 0 {
				first = got
				continue
			}
			if got.err != first.err || !slices.Equal(got.harm, first.harm) {
				t.Fatalf("from %s\nto %s\nSQLite: %q %q\nPostgreSQL: %q %q", from, to, first.err, first.harm, got.err, got.harm)
			}
			for _, column := range slices.Sorted(maps.Keys(first.values)) {
				if got.values[column] != first.values[column] {
					t.Fatalf("from %s\nto %s\n%s was\n%s\nand is by SQLite\n%s\nby PostgreSQL\n%s", from, to, column, first.before[column], first.values[column], got.values[column])
				}
			}
		}
		if first.err == "" {
			arrived++
		}
	})
	if t.Logf("%d of %d migrations ran", arrived, n); arrived == 0 {
		t.Error("none did")
	}
}

// outcome is what a migration came to.
type outcome struct {
	err            fault.Code
	harm           []string // of each step that does some
	before, values map[string]string
}

func migrated(t *rapid.T, e store.Engine, from, to string, seed uint64) outcome {
	ctx := context.Background()
	m := migrate.New(e, migrate.Options{})
	layout := migrate.LayoutOf(parse(t, from))
	_, err := m.Apply(ctx, parse(t, from), migrate.ApplyOptions{})
	if err == nil {
		err = e.Write(ctx, func(c store.Conn) error {
			c.Enter(store.Everyone)
			return fillRandomly(rand.New(rand.NewPCG(seed, 0)), c, layout)
		})
	}
	var plan migrate.Plan
	if err == nil {
		plan, err = m.Plan(ctx, parse(t, to))
	}
	if err != nil {
		t.Fatalf("from %s\nto %s\n%v", from, to, err)
	}
	var allow []string
	out := outcome{before: valuesOf(t, e, layout)}
	for _, s := range plan.Steps {
		allow = append(allow, s.Flag)
		if s.Rows > 0 {
			out.harm = append(out.harm, fmt.Sprint(s.Words, ": ", s.Harm))
		}
	}
	slices.Sort(out.harm)
	_, err = m.Apply(ctx, parse(t, to), migrate.ApplyOptions{Allow: allow})
	if err != nil {
		out.err = fault.Of(err).Code
		if !strings.HasPrefix(string(out.err), "migrate/") {
			t.Fatalf("from %s\nto %s\n%v", from, to, err)
		}
		layout = migrate.LayoutOf(parse(t, from))
	} else {
		layout = migrate.LayoutOf(parse(t, to))
	}
	out.values = valuesOf(t, e, layout)
	return out
}
