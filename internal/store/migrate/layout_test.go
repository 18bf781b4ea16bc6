package migrate_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/migrate"
)

// outline is a table's key, indexes, references and search, one a line.
func outline(table migrate.Table) []string {
	list := []string{"key " + strings.Join(table.Key, " ")}
	for _, x := range table.Indexes {
		kind := "index "
		if x.Unique {
			kind = "unique "
		}
		list = append(list, kind+strings.Join(x.Columns, " "))
	}
	for _, r := range table.References {
		scope := "global"
		if r.Tenant {
			scope = "tenant"
		}
		list = append(list, fmt.Sprintf("%s reference %s to %s %s", scope, strings.Join(r.Columns, " "), r.Parent, strings.Join(r.To, " ")))
	}
	if len(table.Search) > 0 {
		list = append(list, "search "+strings.Join(table.Search, " "))
	}
	return list
}

func TestLayout(t *testing.T) {
	openers := []*opener{newOpener(t, store.SQLite), newOpener(t, store.PostgreSQL)}
	rules := strings.NewReplacer("@open", `@auth(rules: [{ allow: member }])`)
	for _, test := range []struct {
		name, source string
		want         map[string][]string // by table
	}{
		{"a reference has an index", `type A @model @open { b: B @belongsTo } type B @model @open { n: Int }`,
			map[string][]string{"A": {"key id", "index bId id", "tenant reference bId to B id"}, "B": {"key id"}}},
		{"both sides make one reference", `type A @model @open { b: B! @belongsTo } type B @model @open { as: [A] @hasMany }`,
			map[string][]string{"A": {"key id", "index bId id", "tenant reference bId to B id"}}},
		{"a list without a way back", `type A @model @open { n: Int } type B @model @open { as: [A] @hasMany }`,
			map[string][]string{"A": {"key id", "index bAsId id", "tenant reference bAsId to B id"}}},
		{"one of another, key on this side", `type A @model @open { b: B @hasOne } type B @model @open { n: Int }`,
			map[string][]string{"A": {"key id", "index aBId id", "tenant reference aBId to B id"}}},
		{"one of another, key on that side", `type A @model @open { b: B @hasOne(references: ["aId"]) } type B @model @open { aId: ID }`,
			map[string][]string{"A": {"key id"}, "B": {"key id", "index aId id", "tenant reference aId to A id"}}},
		{"global parent", `type A @model @open { b: B @belongsTo } type B @model(scope: GLOBAL) @open { n: Int }`,
			map[string][]string{"A": {"key id", "index bId id", "global reference bId to B id"}}},
		{"no reference to the view of users", `type A @model @open { u: User @belongsTo }`,
			map[string][]string{"A": {"key id", "index uId id"}}},
		{"composite keys", `type A @model @open { x: ID! @primaryKey(sortKeyFields: ["y"]) y: Int! bs: [B] @hasMany } type B @model @open { a: A @belongsTo }`,
			map[string][]string{"A": {"key x y"}, "B": {"key id", "index aX aY id", "tenant reference aX aY to A x y"}}},
		{"many to many", `type A @model @open { bs: [B] @manyToMany(relationName: "AB") } type B @model @open { as: [A] @manyToMany(relationName: "AB") }`,
			map[string][]string{"AB": {"key id", "index aId id", "index bId id", "tenant reference aId to A id", "tenant reference bId to B id"}}},
		{"indexes end with the key, unique ones do not", `type A @model @open { s: String @index(sortKeyFields: ["n"]) n: Int @unique }`,
			map[string][]string{"A": {"key id", "index s n id", "unique n"}}},
		{"an index that the key serves is left out", `type A @model @open { x: ID! @primaryKey(sortKeyFields: ["y"]) @index y: Int! @index }`,
			map[string][]string{"A": {"key x y", "index y x"}}},
		{"search, and names of another database", `type A @model @mapsTo(name: "as_") @search(fields: ["t"]) @open { t: String @refersTo(name: "text_") }`,
			map[string][]string{"as_": {"key id", "search text_"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := migrate.LayoutOf(parse(t, rules.Replace(test.source)))
			got := map[string][]string{}
			for _, table := range l.Tables {
				got[table.Name] = outline(table)
			}
			for name, want := range test.want {
				if !slices.Equal(slices.Sorted(slices.Values(got[name])), slices.Sorted(slices.Values(want))) {
					t.Errorf("%s has\n%s\nnot\n%s", name, strings.Join(got[name], "\n"), strings.Join(want, "\n"))
				}
			}
			for _, o := range openers {
				e := o.open(t)
				databaseOn(t, e).mustApply(rules.Replace(test.source))
				sound(t, e)
				_ = e.Close()
			}
		})
	}
}

// TestLayoutKeeps checks that a layout survives being kept as JSON.
func TestLayoutKeeps(t *testing.T) {
	l := migrate.LayoutOf(parse(t, shopAfter))
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	var back migrate.Layout
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(l, back) {
		t.Errorf("%v\n%+v\n%+v", err, l, back)
	}
	if p := migrate.Diff(l, back); !p.Empty() {
		t.Errorf("%+v", p.Steps)
	}
}
