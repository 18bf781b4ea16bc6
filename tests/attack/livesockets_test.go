package attack

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/testkit"
)

const liveProtocol = "loam-live"

// authMessage is the one that shows a client's token.
func authMessage(c *testkit.Client) string {
	return `{"type":"auth","authorization":"` + c.Header.Get("Authorization") + `"}`
}

// enterLive opens a socket of live lists.
func enterLive(t *testing.T, c *testkit.Client) *testkit.Socket {
	t.Helper()
	ws := c.Bare().Dial("/live", liveProtocol).Read()
	if c.Header.Get("Authorization") == "" {
		ws.Say(`{"type":"auth"}`)
	} else {
		ws.Say(authMessage(c))
	}
	if m := ws.Next(); m != `{"type":"ok"}` {
		t.Fatalf("got %s", m)
	}
	return ws
}

func followList(ws *testkit.Socket, id, path string) {
	ws.Say(fmt.Sprintf(`{"type":"subscribe","id":%q,"path":%q}`, id, path))
}

// TestAttack072_LiveSocketOutOfTurn says the wrong thing at each moment of a connection.
func TestAttack072_LiveSocketOutOfTurn(t *testing.T) {
	_, ada, eve := two(t, impatient)
	open := func() *testkit.Socket { return ada.Bare().Dial("/live", liveProtocol).Read() }
	ready := func() *testkit.Socket { return enterLive(t, ada) }
	const subscribe = `{"type":"subscribe","id":"1","path":"/api/tasks"}`
	for _, c := range []struct {
		name string
		open func() *testkit.Socket
		say  []string
		code int
	}{
		{"subscribes before it says whose it is", open, []string{subscribe}, 4401},
		{"a token that is none", open, []string{`{"type":"auth","authorization":"Bearer nonsense"}`}, 4401},
		{"another scheme", open, []string{`{"type":"auth","authorization":"Basic YTpi"}`}, 4401},
		{"a token and a key", open, []string{`{"type":"auth","authorization":"Bearer a","x-api-key":"b"}`}, 4401},
		{"says nothing", open, nil, 4408},
		{"one id twice", ready, []string{subscribe, subscribe}, 4409},
		{"another's token", ready, []string{authMessage(eve)}, 4403},
		{"no token any more", ready, []string{`{"type":"auth"}`}, 4403},
		{"another subprotocol", func() *testkit.Socket { return ada.Dial("/live", transport).Read() }, nil, 4406},
		{"no subprotocol", func() *testkit.Socket { return ada.Dial("/live", "").Read() }, nil, 4406},
		{"an unknown type", ready, []string{`{"type":"join","id":"1"}`}, 4400},
		{"no type", ready, []string{`{}`}, 4400},
		{"no id", ready, []string{`{"type":"subscribe","path":"/api/tasks"}`}, 4400},
		{"no id to end", ready, []string{`{"type":"unsubscribe"}`}, 4400},
		{"an id of another type", ready, []string{`{"type":"subscribe","id":{"a":1},"path":"/api/tasks"}`}, 4400},
		{"null for an id", ready, []string{`{"type":"subscribe","id":null,"path":"/api/tasks"}`}, 4400},
		{"a long id", ready, []string{`{"type":"subscribe","id":"` + strings.Repeat("x", 129) + `","path":"/api/tasks"}`}, 4400},
		{"a path of another type", ready, []string{`{"type":"subscribe","id":"1","path":["/api/tasks"]}`}, 4400},
		{"a member that there is none of", ready, []string{`{"type":"subscribe","id":"1","path":"/api/tasks","org":"x"}`}, 4400},
		{"one member twice", ready, []string{`{"type":"ping","type":"subscribe","id":"1","path":"/api/tasks"}`}, 4400},
		{"no JSON", ready, []string{`{`}, 4400},
		{"a list", ready, []string{`[]`}, 4400},
		{"deep", ready, []string{strings.Repeat("[", 3000)}, 4400},
		{"too long", ready, []string{`{"type":"subscribe","id":"1","path":"/api/tasks?title=` + strings.Repeat("x", 4<<10) + `"}`}, 1009},
		{"too much at once", ready, strings.Split(strings.Repeat(`{"type":"ping"}|`, 300), "|")[:300], 4422},
	} {
		ws := c.open()
		for _, say := range c.say {
			_ = ws.WriteMessage(1, []byte(say)) // it may be closed already
		}
		if code := ws.Closed(); code != c.code {
			t.Errorf("%s: closed with %d, want %d", c.name, code, c.code)
		}
	}
}

// TestAttack072_TooManyLists: the limit of a connection is named where it is met, under
// the id that met it, and a place is free once one is given up.
func TestAttack072_TooManyLists(t *testing.T) {
	_, ada, _ := two(t, impatient)
	ws := enterLive(t, ada)
	for i := range 4 {
		followList(ws, fmt.Sprint(i), "/api/tasks")
	}
	for i := range 4 {
		m := ws.Next()
		if i < 3 && !strings.HasPrefix(m, `{"type":"rows","id":"`+fmt.Sprint(i)+`"`) {
			t.Errorf("got %s", m)
		}
		if i == 3 && (!strings.HasPrefix(m, `{"type":"error","id":"3"`) || !strings.Contains(m, "limits.realtime.subscriptions") || !strings.Contains(m, "realtime/too_many")) {
			t.Errorf("got %s", m)
		}
	}
	ws.Say(`{"type":"unsubscribe","id":"0"}`)
	followList(ws, "4", "/api/tasks")
	if m := ws.Next(); !strings.HasPrefix(m, `{"type":"rows","id":"4"`) {
		t.Errorf("got %s", m)
	}
}

// TestAttack073_ListsOfOthers: nobody hears of a row of another organization, nor of one
// that the rules keep from them, whatever they ask for.
func TestAttack073_ListsOfOthers(t *testing.T) {
	s, ada, eve := two(t)
	mate := ada.Join("mate@example.com", "member")
	for name, ws := range map[string]*testkit.Socket{
		"another organization": enterLive(t, eve),
		"no account":           enterLive(t, s.Anonymous()),
		"the same, no owner":   enterLive(t, mate),
	} {
		for i, path := range []string{"/api/notes", "/api/notes?owner=" + ada.UserID, "/api/notes?text.beginsWith=c", "/api/notes?count=true&sort=-createdAt&limit=3"} {
			followList(ws, fmt.Sprint(i), path)
			if m := ws.Next(); !strings.Contains(m, `"items":[]`) && !strings.Contains(m, `"access/`) {
				t.Errorf("%s, %s: %s", name, path, m)
			}
		}
		note := ada.Do("POST", "/api/notes", map[string]any{"text": canary}).Want(201).String("id")
		ada.Do("PATCH", "/api/notes/"+note, map[string]any{"text": canary + "2"}).Want(200)
		ada.Do("DELETE", "/api/notes/"+note, nil).Want(204)
		ws.Quiet(100 * time.Millisecond)
	}
}

// TestAttack074_HiddenFieldOfList: nobody learns of a field that they may not read.
func TestAttack074_HiddenFieldOfList(t *testing.T) {
	_, ada, _ := two(t)
	project, _ := plant(t, ada)
	mate := ada.Join("mate@example.com", "member")
	ws := enterLive(t, mate)
	for _, path := range []string{"/api/projects?secret.beginsWith=c", "/api/projects?sort=secret", "/api/projects?filter=%7B%22or%22%3A%5B%7B%22secret%22%3A%7B%22ne%22%3A%22x%22%7D%7D%5D%7D"} {
		followList(ws, "1", path)
		if m := ws.Next(); !strings.HasPrefix(m, `{"type":"error","id":"1"`) || !strings.Contains(m, `"access/field_denied"`) {
			t.Errorf("%s: %s", path, m)
		}
	}
	followList(ws, "1", "/api/projects")
	if m := ws.Next(); strings.Contains(m, `"secret"`) {
		t.Errorf("got %s", m)
	}
	ada.Do("PATCH", "/api/projects/"+project, map[string]any{"secret": canary + "2"}).Want(200)
	ada.Do("PATCH", "/api/projects/"+project, map[string]any{"name": "seen"}).Want(200)
	for {
		m := ws.Next()
		if strings.Contains(m, `"secret"`) {
			t.Errorf("told %s", m)
		}
		if strings.Contains(m, `"name":"seen"`) {
			break
		}
	}
}

// TestAttack076_EndsOnLiveSockets takes away what a connection was opened with: it is
// closed within a second, and nothing is told in between.
func TestAttack076_EndsOnLiveSockets(t *testing.T) {
	s := testkit.New(t, app)
	boss := root(t, s)
	for i, end := range []func(owner, user *testkit.Client){
		func(_, user *testkit.Client) { user.Do("POST", "/auth/sign-out", nil).Want(204) },
		func(_, user *testkit.Client) {
			boss.Do("PATCH", "/auth/admin/users/"+user.UserID, map[string]any{"disabled": true}).Want(200)
		},
		func(owner, user *testkit.Client) {
			owner.Do("DELETE", "/auth/organizations/"+owner.Org+"/members/"+user.UserID, nil).Want(204)
		},
		func(owner, _ *testkit.Client) {
			boss.Do("POST", "/auth/admin/organizations/"+owner.Org+"/suspend", map[string]any{"reason": "x"}).Want(200)
		},
	} {
		owner := s.SignUp(fmt.Sprintf("live-owner%d@example.com", i))
		user := owner.Join(fmt.Sprintf("live-user%d@example.com", i), "member")
		ws := enterLive(t, user)
		followList(ws, "1", "/api/tasks")
		ws.Next()
		end(owner, user)
		for range 3 {
			owner.Do("POST", "/api/tasks", map[string]any{"title": canary})
		}
		start := time.Now()
		if code := ws.Closed(); code != 4403 || time.Since(start) > 5*time.Second {
			t.Errorf("case %d: closed with %d after %s", i, code, time.Since(start))
		}
		for m := range ws.Messages() {
			t.Errorf("case %d: told %s", i, m)
		}
	}
}

// TestAttack076_RoleChangeOnLiveSockets: what is followed goes on under the new rights,
// or ends with an error under its id.
func TestAttack076_RoleChangeOnLiveSockets(t *testing.T) {
	s := testkit.New(t, app+`type Board @model @auth(rules: [{ allow: member, roles: ["owner", "admin"] }]) { text: String }`)
	ada := s.SignUp("ada@example.com")
	mate := ada.Join("mate@example.com", "owner")
	plant(t, ada)
	ws := enterLive(t, mate)
	followList(ws, "1", "/api/projects")
	if m := ws.Next(); !strings.Contains(m, canary) {
		t.Fatalf("got %s", m)
	}
	followList(ws, "2", "/api/boards")
	ws.Next()
	ada.Do("PATCH", "/auth/organizations/"+ada.Org+"/members/"+mate.UserID, map[string]any{"role": "member"}).Want(200)
	ada.Do("POST", "/api/boards", map[string]any{"text": canary}).Want(201)
	got := []string{ws.Next(), ws.Next()}
	if strings.HasPrefix(got[1], `{"type":"error"`) {
		got[0], got[1] = got[1], got[0]
	}
	if !strings.HasPrefix(got[0], `{"type":"error","id":"2"`) || !strings.Contains(got[0], "access/denied") {
		t.Errorf("got %s", got[0])
	}
	if !strings.HasPrefix(got[1], `{"type":"rows","id":"1"`) || strings.Contains(got[1], `"secret"`) {
		t.Errorf("got %s", got[1])
	}
	ws.Quiet(50 * time.Millisecond)
}

// TestAttack076_RenewedOnLiveSockets: a connection lives on under a new token of the
// same caller.
func TestAttack076_RenewedOnLiveSockets(t *testing.T) {
	s, _, _ := two(t)
	old, fresh := enter(t, s, "ada@example.com", password), enter(t, s, "ada@example.com", password)
	ws := enterLive(t, old.Client)
	followList(ws, "1", "/api/tasks")
	ws.Next()
	ws.Say(authMessage(fresh.Client))
	for m := ws.Next(); m != `{"type":"ok"}`; m = ws.Next() {
		if !strings.HasPrefix(m, `{"type":"rows","id":"1"`) { // anew, for it is another session
			t.Fatalf("got %s", m)
		}
	}
	old.Do("POST", "/auth/sign-out", nil).Want(204)
	fresh.Do("POST", "/api/tasks", map[string]any{"title": "x"}).Want(201)
	if m := ws.Next(); !strings.HasPrefix(m, `{"type":"insert","id":"1"`) {
		t.Errorf("got %s", m)
	}
}

// TestAttack078_LiveSocketsOfOtherSites: a page of another site opens no connection
// with its visitor's cookies, nor without where it may not read answers.
func TestAttack078_LiveSocketsOfOtherSites(t *testing.T) {
	s := testkit.New(t, app, testkit.Settings("auth: { sessions: { cookies: on } }\napi: { cors: { origins: [\"https://app.example.com\"] } }", nil))
	s.SignUp("ada@example.com")
	b := newJar(s)
	b.signInTo("ada@example.com").Want(200)
	for name, headers := range elsewhere {
		for _, cookies := range []string{b.String(), ""} {
			if r, ws := s.Anonymous().TryDial("/live", liveProtocol, append([]string{"Cookie", cookies}, headers...)...); ws != nil || r.StatusCode != 403 {
				t.Errorf("from %s, cookies %t: %d", name, cookies != "", r.StatusCode)
			}
		}
	}
	ws := s.Anonymous().Dial("/live", liveProtocol, "Cookie", b.String(), "Origin", "https://app.example.com").Read()
	ws.Say(`{"type":"auth"}`)
	ws.Next()
	followList(ws, "1", "/api/tasks")
	if m := ws.Next(); !strings.HasPrefix(m, `{"type":"rows"`) {
		t.Errorf("with its own cookies: %s", m)
	}
}

// TestAttack080_PositionOfAnotherOnLiveSockets: a position leads nobody else on.
func TestAttack080_PositionOfAnotherOnLiveSockets(t *testing.T) {
	s := testkit.New(t, judged)
	ada := s.SignUp("ada@example.com")
	mate := ada.Join("mate@example.com", "owner")
	eve := s.SignUp("eve@example.com")
	const path = "/api/teams?limit=5"
	ada.Do("POST", "/api/teams", map[string]any{"name": "a"}).Want(201)
	live := ada.Follow(path, "")
	position := live.Next().ID
	ada.Do("POST", "/api/teams", map[string]any{"name": canary}).Want(201)
	for name, try := range map[string]struct {
		c        *testkit.Client
		path, at string
	}{
		"a colleague":           {mate, path, position},
		"another organization":  {eve, path, position},
		"another filter":        {ada, path + "&name=a", position},
		"in the URL, another's": {eve, path + "&since=" + position, ""},
	} {
		ws := enterLive(t, try.c)
		ws.Say(fmt.Sprintf(`{"type":"subscribe","id":"1","path":%q,"since":%q}`, try.path, try.at))
		if m := ws.Next(); !strings.HasPrefix(m, `{"type":"error","id":"1"`) || !strings.Contains(m, "realtime/bad_position") {
			t.Errorf("%s: %s", name, m)
		}
	}
	ws := enterLive(t, ada)
	ws.Say(fmt.Sprintf(`{"type":"subscribe","id":"1","path":%q,"since":%q}`, path, position))
	if m := ws.Next(); !strings.HasPrefix(m, `{"type":"insert"`) || !strings.Contains(m, canary) {
		t.Errorf("her own resumes with %s", m)
	}
}

// TestAttack081_SlowLiveSocket: many long lists at once are waited for; who then takes
// nothing is cut off, and nobody else waits.
func TestAttack081_SlowLiveSocket(t *testing.T) {
	_, ada, _ := two(t, func(o *backend.Options) { o.Config.Limits.Realtime.Queue = 256 << 10 })
	title := strings.Repeat("x", 100<<10)
	for range 5 {
		ada.Do("POST", "/api/tasks", map[string]any{"title": title}).Want(201)
	}
	quick := enterLive(t, ada)
	for i := range 20 {
		followList(quick, fmt.Sprint(i), "/api/tasks?limit="+fmt.Sprint(i+2))
	}
	for i := range 20 {
		if m := quick.Next(); !strings.HasPrefix(m, `{"type":"rows","id":"`+fmt.Sprint(i)+`"`) {
			t.Fatalf("list %d: %.100s", i, m)
		}
	}
	for i := range 20 {
		quick.Say(fmt.Sprintf(`{"type":"unsubscribe","id":"%d"}`, i))
	}
	followList(quick, "last", "/api/tasks?limit=1&sort=-createdAt")
	quick.Next()
	slow := ada.Bare().Dial("/live", liveProtocol)
	slow.Say(authMessage(ada))
	followList(slow, "1", "/api/tasks?limit=1&sort=-createdAt")
	for i := 0; !strings.Contains(string(ada.Get("/metrics").Body), "loam_realtime_drops_total 1"); i++ {
		if i == 500 {
			t.Fatal("nobody is cut off")
		}
		ada.Do("POST", "/api/tasks", map[string]any{"title": title}).Want(201)
		start := time.Now()
		for m := quick.Next(); !strings.HasPrefix(m, `{"type":"insert"`); m = quick.Next() {
		}
		if time.Since(start) > 5*time.Second {
			t.Fatalf("event %d after %s", i, time.Since(start))
		}
	}
	if code := slow.Read().Closed(); code != 4420 {
		t.Errorf("the slow one is closed with %d", code)
	}
}
