package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
)

const owned = `
type Kept @model @auth(rules: [{ allow: owner }]) { a: Int }
type Gone @model(onOwnerDelete: DELETE) @auth(rules: [{ allow: owner }]) { parts: [Part] @hasMany notes: [Note] @hasMany }
type Part @model @auth(rules: [{ allow: member }]) { gone: Gone! @belongsTo(onDelete: CASCADE) }
type Note @model @auth(rules: [{ allow: member }]) { gone: Gone @belongsTo }
type Held @model(onOwnerDelete: DELETE) @auth(rules: [{ allow: owner }]) { holders: [Holder] @hasMany }
type Holder @model @auth(rules: [{ allow: member }]) { held: Held! @belongsTo }
type Open @model(onOwnerDelete: CLEAR) @auth(rules: [{ allow: owner }, { allow: owner, ownerField: "editors" }]) { editors: [String] }
type Post @model @auth(rules: [{ allow: member }]) { author: User @belongsTo reader: User @belongsTo(onDelete: CASCADE) }
type Deed @model @auth(rules: [{ allow: member }]) { by: User! @belongsTo(onDelete: RESTRICT) }
type Shared @model(scope: GLOBAL, onOwnerDelete: DELETE) @auth(rules: [{ allow: owner }]) { a: Int }`

// TestRemoveUserRows: more rows than one transaction takes, in two organizations,
// through kills at every statement, and nothing of another user.
func TestRemoveUserRows(t *testing.T) { storetest.Each(t, removeUserRows) }

func removeUserRows(t *testing.T, e store.Engine) {
	d := openDatabase(t, e)
	d.mustApply(owned)
	many := `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < %d) INSERT INTO `
	for _, org := range []string{"a", "b"} {
		d.exec(fmt.Sprintf(many, 1300) + fmt.Sprintf(`Gone (_org, id, owner, createdAt, updatedAt, _version) SELECT '%s', 'g'||i, CASE WHEN i > 1250 THEN 'eve' ELSE 'ada' END, 't', 't', 1 FROM n`, org))
	}
	d.exec(fmt.Sprintf(many, 1500) + `Part (_org, id, goneId, createdAt, updatedAt, _version) SELECT 'a', 'p'||i, 'g2', 't', 't', 1 FROM n`)
	d.exec(`INSERT INTO Kept (_org, id, owner, createdAt, updatedAt, _version) VALUES ('a', 'k', 'ada', 't', 't', 1);
INSERT INTO Note (_org, id, goneId, createdAt, updatedAt, _version) VALUES ('a', 'n', 'g1', 't', 't', 1), ('a', 'm', 'g1300', 't', 't', 1);
INSERT INTO Held (_org, id, owner, createdAt, updatedAt, _version) VALUES ('a', 'h1', 'ada', 't', 't', 1), ('a', 'h2', 'ada', 't', 't', 1);
INSERT INTO Holder (_org, id, heldId, createdAt, updatedAt, _version) VALUES ('a', 'x', 'h1', 't', 't', 1);
INSERT INTO Open (_org, id, owner, editors, createdAt, updatedAt, _version) VALUES ('b', 'o1', 'ada', '["eve","ada","bob"]', 't', 't', 1), ('b', 'o2', 'eve', '["ada"]', 't', 't', 1);
INSERT INTO Post (_org, id, authorId, readerId, createdAt, updatedAt, _version) VALUES ('b', 'p1', 'ada', 'eve', 't', 't', 1), ('b', 'p2', 'eve', 'ada', 't', 't', 1);
INSERT INTO Deed (_org, id, byId, createdAt, updatedAt, _version) VALUES ('b', 'd', 'ada', 't', 't', 1);
INSERT INTO Shared (id, owner, createdAt, updatedAt, _version) VALUES ('s1', 'ada', 't', 't', 1), ('s2', 'eve', 't', 't', 1)`)
	d.recount()
	s := store.New(d.Engine, parse(t, owned), time.Now)
	if err := s.MayRemoveUser(t.Context(), "ada"); !fault.Is(err, fault.DataReferenced) {
		t.Errorf("a user whom a deed names may go: %v", err)
	}
	if err := s.MayRemoveUser(t.Context(), "eve"); err != nil {
		t.Error(err)
	}
	kills := 0
	for k := 500; ; k += 500 {
		err := store.New(&failing{Engine: d.Engine, left: k}, parse(t, owned), time.Now).RemoveUserRows(t.Context(), "ada")
		if err == nil {
			break
		}
		kills++
		d.counted()
	}
	if kills < 3 {
		t.Errorf("only %d kills", kills)
	}
	d.counted()
	for _, want := range [][2]string{
		{`SELECT owner FROM Kept`, `["ada"]`},
		{`SELECT a, b, c FROM (SELECT _org AS a, owner AS b, count(*) AS c FROM Gone GROUP BY 1, 2 ORDER BY 1, 2) AS e`, `["a","eve",50] ["b","eve",50]`},
		{`SELECT count(*) FROM Part`, `[0]`},
		{`SELECT id, goneId FROM Note ORDER BY id`, `["m","g1300"] ["n",null]`},
		{`SELECT id, owner FROM Held`, `["h1",null]`},
		{`SELECT id, owner, CAST(editors AS TEXT) FROM Open ORDER BY id`, `["o1",null,"[\"eve\",\"bob\"]"] ["o2","eve","[]"]`},
		{`SELECT id, authorId, readerId FROM Post`, `["p1",null,"eve"]`},
		{`SELECT byId FROM Deed`, `["ada"]`},
		{`SELECT id FROM Shared`, `["s2"]`},
		{`SELECT org, rows FROM _usage ORDER BY org`, `["a",55] ["b",54]`},
		{`SELECT a, b, c, d FROM (SELECT model AS a, op AS b, actor AS c, count(*) AS d FROM _changes GROUP BY 1, 2, 3 ORDER BY 1, 2) AS e`,
			`["Gone","delete","system",2500] ["Held","delete","system",1] ["Held","update","system",1] ["Note","update","system",1] ["Open","update","system",3] ` +
				`["Part","delete","system",1500] ["Post","delete","system",1] ["Post","update","system",1] ["Shared","delete","system",1]`},
	} {
		if got := fmt.Sprint(d.rows(want[0])); got != "["+want[1]+"]" {
			t.Errorf("%s: %s, want %s", want[0], got, want[1])
		}
	}
	d.sound()
}
