package migrate

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// ddlBefore and ddlAfter differ in all that a plan has a step for.
const (
	ddlBefore = `
type Shop @model @auth(rules: [{ allow: member }]) { name: String! items: [Item] @hasMany }
type Item @model @search(fields: ["title", "body"]) @auth(rules: [{ allow: member }]) {
  title: String!
  body: String @index(sortKeyFields: ["createdAt"])
  code: String @unique
  price: String
  tags: [State]
  day: Date
  shop: Shop @belongsTo
  old: Int
}
type Gone @model @auth(rules: [{ allow: member }]) { item: Item @belongsTo }
type Lost @model @auth(rules: [{ allow: member }]) { gone: Gone @belongsTo }
type Shared @model @auth(rules: [{ allow: member }]) { item: Item @belongsTo }
enum State { ON OFF BROKEN }`
	ddlAfter = `
type Store @model @renamedFrom(name: "Shop") @auth(rules: [{ allow: member }]) { label: String! @renamedFrom(name: "name") items: [Item] @hasMany }
type Item @model @search(fields: ["title"]) @auth(rules: [{ allow: member }]) {
  slug: ID! @primaryKey
  id: ID
  title: String
  body: String @index(sortKeyFields: ["createdAt"])
  code: Email @unique
  price: Int! @default(value: "1")
  tags: [State]
  day: DateTime
  store: Store @belongsTo
  storeId: ID @renamedFrom(name: "shopId")
  parent: Item @belongsTo
  state: State! @default(value: "ON")
}
type Shared @model(scope: GLOBAL) @auth(rules: [{ allow: member }]) { a: Int }
enum State { ON OFF }
type Fresh @model @auth(rules: [{ allow: member }]) { a: Int @unique item: Item @belongsTo anotherOneWhoseNameIsMuchLongerThanSixtyThreeBytesAreBelieveItOrNot: Boolean @index }
extend type User { bio: String at: DateTime @default(value: "2026-01-31T14:30:00Z") }`
)

// ddlInUse and ddlGrown differ in what can be done while servers run.
const (
	ddlInUse = `
type Item @model @search(fields: ["title"]) @auth(rules: [{ allow: member }]) {
  title: String!
  code: String
  rank: Int @index
  note: String! @index
}`
	ddlGrown = `
type Item @model @search(fields: ["title", "state"]) @auth(rules: [{ allow: member }]) {
  title: String!
  code: String @unique
  rank: Int! @index @default(value: "1")
  note: String @index
  state: String! @default(value: "it's; new")
  parent: Item @belongsTo
  shelf: Shelf @belongsTo
}
type Shelf @model @auth(rules: [{ allow: member }]) { name: String items: [Item] @hasMany }`
)

// TestGoldenDDL holds the SQL of both databases against what is committed.
func TestGoldenDDL(t *testing.T) {
	parse := func(source string) Layout {
		s, ds := schema.Parse("schema.graphql", source)
		if s == nil {
			t.Fatal(ds)
		}
		return LayoutOf(s)
	}
	before, after := parse(ddlBefore), parse(ddlAfter)
	used, grown := parse(ddlInUse), parse(ddlGrown)
	view := store.View{
		Name: "User", Org: "m.org", ID: "u.id", Columns: "u.id", From: "_members m JOIN _users u ON u.id = m.user_id",
		Times: []store.ViewTime{{Name: "createdAt", Value: "u.created_at"}},
	}
	for name, dialect := range map[string]store.Dialect{"sqlite": store.SQLite, "postgres": store.PostgreSQL} {
		d := ddlOf(dialect, "loam_app")
		var b strings.Builder
		for _, part := range []struct {
			title    string
			from, to Layout
		}{{"from nothing", Layout{}, before}, {"on to another schema", before, after}, {"what is done beside servers", used, grown}} {
			p := Diff(part.from, part.to)
			d.write(&p)
			fmt.Fprintf(&b, "-- == %s ==\n\n", part.title)
			for _, s := range p.Steps {
				fmt.Fprintf(&b, "-- %s [%s]\n", s.Words, s.Risk)
				for _, aside := range [][2]string{{"counts", s.check}, {"mends", s.mend}} {
					if aside[1] != "" {
						fmt.Fprintf(&b, "--   %s: %s;\n", aside[0], aside[1])
					}
				}
				if s.beside != nil {
					fmt.Fprintf(&b, "--   ahead: %s;\n--   undone: %s;\n--   then: %s;\n", s.beside.text(), strings.Join(s.beside.undo, "; "), strings.Join(s.beside.then, "; "))
				}
				for _, sql := range s.SQL {
					b.WriteString(sql + ";\n")
				}
				b.WriteString("\n")
			}
		}
		sql, _ := d.view(view, after)
		b.WriteString(sql + ";\n")
		path := filepath.Join("testdata", "ddl."+name+".sql")
		if *update {
			if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || string(want) != b.String() {
			t.Errorf("%s is not what is written now (run with -update and read the difference): %v", path, err)
		}
	}
}
