package attack

import (
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

// judged has rules that stand on the row, on another row, and on a field.
const judged = `
type Team @model @auth(rules: [{ allow: member }]) {
  name: String
  lead: String
  items: [Item] @hasMany
}
type Item @model @auth(rules: [{ allow: where, filter: { team: { lead: { eq: "$user.id" } } } }, { allow: member, roles: ["owner", "admin"] }]) {
  text: String
  secret: String @auth(rules: [{ allow: member, roles: ["owner"] }])
  open: String @auth(rules: [{ allow: where, filter: { team: { name: { eq: "open" } } } }, { allow: member, roles: ["owner"] }])
  team: Team @belongsTo
}
type Doc @model @auth(rules: [{ allow: where, filter: { reader: { eq: "$user.id" } } }, { allow: member, roles: ["owner", "admin"] }]) {
  text: String
  secret: String @auth(rules: [{ allow: member, roles: ["owner"] }])
  mine: String @auth(rules: [{ allow: where, filter: { text: { eq: "shown" } } }, { allow: member, roles: ["owner"] }])
  reader: String
}
`

// TestAttack073_EveryEvent: no event of a list or a feed has a byte that its
// recipient may not read: of a hidden field, of a row that has left what they see, of
// one as it was before it was deleted.
func TestAttack073_EveryEvent(t *testing.T) {
	s := testkit.New(t, judged)
	ada := s.SignUp("ada@example.com")
	mate := ada.Join("mate@example.com", "member")
	eve := s.SignUp("eve@example.com")
	create := func(path string, in map[string]any) string { return ada.Do("POST", path, in).Want(201).String("id") }
	own := create("/api/teams", map[string]any{"name": "closed", "lead": mate.UserID})
	other := create("/api/teams", map[string]any{"name": "open", "lead": ada.UserID})
	told := map[string]func() string{}
	for name, c := range map[string]*testkit.Client{"mate": mate, "eve": eve} {
		for path, model := range map[string]string{"/api/items?limit=2": "item", "/api/docs?sort=text": "doc"} {
			live := c.Follow(path, "")
			live.Next()
			told[name+" "+path] = func() string { return live.Next().Data }
			ws := c.Dial("/graphql", transport).Init("null")
			ws.Subscribe("1", `subscription { `+model+`Changes { op id row { text secret `+map[string]string{"item": "open", "doc": "mine"}[model]+` } } }`)
			ws.Next()
			told[name+" "+model] = ws.Next
		}
	}
	item := map[string]any{"text": "shown", "secret": canary, "open": canary, "teamId": own}
	doc := map[string]any{"text": "shown", "secret": canary, "reader": mate.UserID}
	for range 2 {
		i, d := "/api/items/"+create("/api/items", item), "/api/docs/"+create("/api/docs", doc)
		for _, in := range []map[string]any{
			{"secret": canary + "2"},
			{"text": "again", "open": canary + "3", "mine": canary + "4"},
			{"text": canary + "5", "teamId": other, "reader": ada.UserID}, // out of the mate's sight
			{"text": canary + "6"},
			{"text": "back", "teamId": own, "reader": mate.UserID, "mine": canary + "7"},
		} {
			for path, theirs := range map[string]string{i: "text secret open teamId", d: "text secret mine reader"} {
				patch := map[string]any{}
				for name, v := range in {
					if strings.Contains(theirs, name) {
						patch[name] = v
					}
				}
				ada.Do("PATCH", path, patch).Want(200)
			}
		}
		ada.Do("DELETE", i, nil).Want(204)
		ada.Do("DELETE", d, nil).Want(204)
	}
	create("/api/items", map[string]any{"text": "the end", "teamId": own})
	create("/api/docs", map[string]any{"text": "the end", "reader": mate.UserID})
	for _, path := range []string{"/api/items", "/api/docs"} { // of their own, so that hers end as well
		if r := eve.Do("POST", path, map[string]any{"text": "the end"}); r.StatusCode != 201 {
			t.Fatalf("%d %s", r.StatusCode, r.Body)
		}
	}
	for name, next := range told {
		events := 0
		for {
			data := next()
			if strings.Contains(data, canary) {
				t.Errorf("%s is told %s", name, data)
			}
			if strings.Contains(data, "the end") {
				break
			}
			events++
		}
		least := 4
		if name == "mate /api/items?limit=2" {
			least = 0 // the database is asked about it, between as many writes as there is time for
		}
		if mates := strings.HasPrefix(name, "mate"); mates && events < least || !mates && events > 0 {
			t.Errorf("%s was told %d events", name, events)
		}
	}
}

// TestAttack080_PositionOfAnother: a position resumes nothing but what it was made
// for, by whom it was made for.
func TestAttack080_PositionOfAnother(t *testing.T) {
	s := testkit.New(t, judged)
	ada := s.SignUp("ada@example.com")
	mate := ada.Join("mate@example.com", "owner")
	eve := s.SignUp("eve@example.com")
	key := func(c *testkit.Client) *testkit.Client {
		k := s.Anonymous()
		k.Header.Set("X-Api-Key", c.Do("POST", "/auth/keys", map[string]any{"name": "k"}).Want(201).String("key"))
		return k
	}
	const path = "/api/teams?limit=5"
	live := ada.Follow(path, "")
	ada.Do("POST", "/api/teams", map[string]any{"name": "a"}).Want(201)
	live.Next()
	position := live.Next().ID
	ada.Do("POST", "/api/teams", map[string]any{"name": canary}).Want(201)
	abroad := s.SignIn("ada@example.com")
	ada.Enlist(eve.Org, "owner")
	abroad.Switch(eve.Org)
	last := position[:len(position)-1]
	for name, try := range map[string]struct {
		c        *testkit.Client
		path, at string
	}{
		"a colleague":            {mate, path, position},
		"another organization":   {eve, path, position},
		"an API key":             {key(ada), path, position},
		"the same user abroad":   {abroad, path, position},
		"another limit":          {ada, "/api/teams?limit=6", position},
		"another filter":         {ada, path + "&name=a", position},
		"another order":          {ada, path + "&sort=name", position},
		"another model":          {ada, "/api/docs?limit=5", position},
		"changed":                {ada, path, last + map[bool]string{true: "A", false: "B"}[position[len(last):] != "A"] + "A"},
		"swapped":                {ada, path, position[10:] + position[:10]},
		"short":                  {ada, path, last[:8]},
		"no position":            {ada, path, "0"},
		"in the URL, another's":  {eve, path + "&since=" + position, ""},
		"in the URL, of nothing": {ada, path + "&since=17", ""},
	} {
		r, e := try.c.TryFollow(try.path, try.at)
		if r.StatusCode == 200 {
			t.Errorf("%s: resumes with %+v", name, e.Next())
		} else if r.StatusCode != 400 && name != "an API key" {
			t.Errorf("%s: %d", name, r.StatusCode)
		}
		e.Close()
	}
	ws := ada.Dial("/graphql", transport).Init("null")
	ws.Subscribe("1", `subscription { teamChanges { cursor } }`)
	_, cursor, _ := strings.Cut(ws.Next(), `"cursor":"`)
	cursor, _, _ = strings.Cut(cursor, `"`)
	for name, c := range map[string]*testkit.Client{"a colleague": mate, "another organization": eve, "the same user abroad": abroad} {
		ws := c.Dial("/graphql", transport).Init("null")
		ws.Subscribe("1", `subscription { teamChanges(since: "`+cursor+`") { op } }`)
		if m := ws.Next(); !strings.Contains(m, "realtime/bad_position") {
			t.Errorf("%s: %s", name, m)
		}
	}
	live = ada.Follow(path, position)
	if e := live.Next(); e.Name != "insert" || !strings.Contains(e.Data, canary) {
		t.Errorf("her own resumes with %+v", e)
	}
}

// TestAttack080_DemotedResumes: who has lost rights while away is told by those that
// they have now, and of what they may not see any more nothing is left.
func TestAttack080_DemotedResumes(t *testing.T) {
	s := testkit.New(t, judged)
	ada := s.SignUp("ada@example.com")
	mate := ada.Join("mate@example.com", "admin")
	doc := func(text, reader string) string {
		return ada.Do("POST", "/api/docs", map[string]any{"text": text, "secret": canary, "reader": reader}).Want(201).String("id")
	}
	doc("kept", mate.UserID)
	seen := doc("seen", ada.UserID)
	live := mate.Follow("/api/docs?sort=text", "")
	if e := live.Next(); !strings.Contains(e.Data, "seen") || strings.Contains(e.Data, canary) {
		t.Fatalf("%+v", e)
	}
	ws := mate.Dial("/graphql", transport).Init("null")
	ws.Subscribe("1", `subscription { docChanges { cursor } }`)
	_, cursor, _ := strings.Cut(ws.Next(), `"cursor":"`)
	cursor, _, _ = strings.Cut(cursor, `"`)
	live.Close()
	ws.Close()

	doc(canary, ada.UserID)
	ada.Do("PATCH", "/auth/organizations/"+ada.Org+"/members/"+mate.UserID, map[string]any{"role": "member"}).Want(200)
	ada.Do("PATCH", "/api/docs/"+seen, map[string]any{"text": canary}).Want(200)
	ada.Do("DELETE", "/api/docs/"+seen, nil).Want(204)

	live = mate.Follow("/api/docs?sort=text", live.Last)
	ws = mate.Dial("/graphql", transport).Init("null")
	ws.Subscribe("1", `subscription { docChanges(since: "`+cursor+`") { op id row { text } } }`)
	if m := ws.Next(); !strings.Contains(m, `"GAP"`) {
		t.Errorf("the feed says %s", m)
	}
	doc("the end", mate.UserID)
	var list testkit.LiveList
	for e := live.Next(); ; e = live.Next() {
		if strings.Contains(e.Data, canary) || strings.Contains(e.Data, seen) {
			t.Errorf("told %+v", e)
		}
		if err := list.Apply(e); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(e.Data, "the end") {
			break
		}
	}
	if len(list.Rows) != 2 {
		t.Errorf("left with %+v", list.Rows)
	}
	if m := ws.Next(); !strings.Contains(m, "the end") {
		t.Errorf("the feed says %s", m)
	}
}
