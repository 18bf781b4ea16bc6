package migrate_test

import (
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/store"
)

// TestProfileTable: the fields that an app gives a built-in model are columns
// that migrate as those of any table, and the view shows them.
func TestProfileTable(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.mustApply(`extend type User { bio: String }`)
		d.exec(`INSERT INTO _users VALUES ('ada'), ('bob'); INSERT INTO _user_profiles (id, bio, _version) VALUES ('ada', 'counts', 1)`)
		for _, step := range []struct {
			schema, allow, refused, sql, want string
		}{
			{`extend type User { bio: String }`, "", "", `SELECT id, bio FROM "User" ORDER BY id`, `["ada","counts"] ["bob",null]`},
			{`extend type User { bio: String about: Int! @default(value: "7") on: Boolean @default(value: "true") }`, "", "",
				`SELECT id, about, "on" FROM "User" ORDER BY id`, `["ada",7,1] ["bob",7,1]`},
			{`extend type User { bio: String phone: Phone! }`, "", "2 rows of User have no value", "", ""},
			{`extend type User { story: String @renamedFrom(name: "bio") }`, "drop:User.about drop:User.on", "", `SELECT id, story FROM "User" ORDER BY id`, `["ada","counts"] ["bob",null]`},
			{`extend type User { other: Int }`, "", "drop:User.story", "", ""},
			{`type A @model @auth(rules: [{ allow: member }]) { a: Int }`, "", "drop:User.profile", "", ""},
			{`type A @model @auth(rules: [{ allow: member }]) { a: Int }`, "drop:User.profile", "", `SELECT id FROM "User" ORDER BY id`, `["ada"] ["bob"]`},
			{`extend type User { phone: Phone! size: Int! @default(value: "1") }`, "", "2 rows of User have no value for User.phone", "", ""},
		} {
			_, err := d.apply(step.schema, strings.Fields(step.allow)...)
			if step.refused != "" {
				if err == nil || !strings.Contains(err.Error(), step.refused) {
					t.Errorf("%s: %v, want %q", step.schema, err, step.refused)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s: %v", step.schema, err)
			}
			if got, want := strings.Join(d.rows(step.sql), " "), strings.Join(texts(strings.Fields(step.want)...), " "); got != want {
				t.Errorf("%s: %s, want %s", step.schema, got, want)
			}
		}
		empty := openDatabase(t, d.Dialect())
		empty.mustApply(`extend type User { phone: Phone! }`)
	})
}

// TestAttack042_ProfileOfARecycledID: a user's fields end with the user, so that
// another one under the same id inherits none.
func TestAttack042_ProfileOfARecycledID(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.mustApply(`extend type User { bio: String }`)
		d.exec(`INSERT INTO _users VALUES ('ada'); INSERT INTO _user_profiles (id, bio, _version) VALUES ('ada', 'counts', 1)`)
		if err := d.Write(t.Context(), func(c store.Conn) error { return c.Script(`DELETE FROM _users; INSERT INTO _users VALUES ('ada')`) }); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(d.rows(`SELECT id, bio FROM "User"`), " "); got != `["ada",null]` {
			t.Error(got)
		}
	})
}
