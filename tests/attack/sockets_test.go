package attack

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/testkit"
)

const transport = "graphql-transport-ws"

// impatient makes what a socket waits for short.
func impatient(o *backend.Options) {
	o.Config.Limits.Realtime.Init, o.Config.Limits.Realtime.Message = time.Second, 4<<10
	o.Config.Limits.Realtime.Messages, o.Config.Limits.Realtime.Subscriptions = 20, 3
}

// TestAttack072_SocketsOutOfTurn says the wrong thing at each moment of a connection.
func TestAttack072_SocketsOutOfTurn(t *testing.T) {
	_, ada, _ := two(t, impatient)
	open := func() *testkit.Socket { return ada.Bare().Dial("/graphql", transport).Read() }
	ready := func() *testkit.Socket { return ada.Bare().Dial("/graphql", transport).Init(ada.Bearer()) }
	const subscribe = `{"type":"subscribe","id":"1","payload":{"query":"subscription { onCreateTask { id } }"}}`
	const init = `{"type":"connection_init"}`
	for _, c := range []struct {
		name string
		open func() *testkit.Socket
		say  []string
		code int
	}{
		{"subscribes before it says whose it is", open, []string{subscribe}, 4401},
		{"queries before it says whose it is", open, []string{`{"type":"subscribe","id":"1","payload":{"query":"{ listTasks { total } }"}}`}, 4401},
		{"a token by ping before it says whose it is", open, []string{`{"type":"ping","payload":{"authorization":"Bearer x"}}`}, 4401},
		{"a token that is none", open, []string{`{"type":"connection_init","payload":{"Authorization":"Bearer nonsense"}}`}, 4401},
		{"another scheme", open, []string{`{"type":"connection_init","payload":{"authorization":"Basic YTpi"}}`}, 4401},
		{"a token and a key", open, []string{`{"type":"connection_init","payload":{"authorization":"Bearer a","x-api-key":"b"}}`}, 4401},
		{"says nothing", open, nil, 4408},
		{"says whose it is twice", ready, []string{init}, 4429},
		{"twice at once", open, []string{init, init}, 4429},
		{"one id twice", ready, []string{subscribe, subscribe}, 4409},
		{"a subprotocol that is none of ours", func() *testkit.Socket { return ada.Dial("/graphql", "graphql-ws").Read() }, nil, 4406},
		{"no subprotocol", func() *testkit.Socket { return ada.Dial("/graphql", "").Read() }, nil, 4406},
		{"Amplify's without its subprotocol", func() *testkit.Socket { return ada.Dial("/graphql/realtime", transport).Read() }, nil, 4406},
		{"an unknown type", ready, []string{`{"type":"start","id":"1","payload":{}}`}, 4400},
		{"no type", ready, []string{`{}`}, 4400},
		{"no id", ready, []string{`{"type":"subscribe","payload":{"query":"{ __typename }"}}`}, 4400},
		{"no payload", ready, []string{`{"type":"subscribe","id":"1"}`}, 4400},
		{"an id of another type", ready, []string{`{"type":"subscribe","id":{"a":1},"payload":{"query":"{ __typename }"}}`}, 4400},
		{"a long id", ready, []string{`{"type":"subscribe","id":"` + strings.Repeat("x", 129) + `","payload":{"query":"{ __typename }"}}`}, 4400},
		{"a payload of another type", ready, []string{`{"type":"subscribe","id":"1","payload":["query"]}`}, 4400},
		{"another's token by ping", ready, []string{`{"type":"ping","payload":{"authorization":"Bearer nonsense"}}`}, 4403},
		{"too much at once", ready, strings.Split(strings.Repeat(`{"type":"pong"}|`, 300), "|")[:300], 4422},
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

// TestAttack072_TooManyOperations: the limit of a connection, named where it is met.
func TestAttack072_TooManyOperations(t *testing.T) {
	_, ada, _ := two(t, impatient)
	ws := ada.Dial("/graphql", transport).Init("null")
	for i := range 4 {
		ws.Subscribe(fmt.Sprint(i), "subscription { taskChanges { op } }")
	}
	refused := ""
	for range 4 {
		if m := ws.Next(); strings.Contains(m, `"type":"error"`) {
			refused = m
		}
	}
	if !strings.HasPrefix(refused, `{"type":"error","id":"3"`) || !strings.Contains(refused, "limits.realtime.subscriptions") || !strings.Contains(refused, "realtime/too_many") {
		t.Errorf("got %s", refused)
	}
	ws.Say(`{"type":"complete","id":"0"}`)
	ws.Subscribe("4", "subscription { taskChanges { op } }")
	if m := ws.Next(); !strings.HasPrefix(m, `{"type":"next","id":"4"`) {
		t.Errorf("got %s", m)
	}
}

// TestAttack073_SubscriptionsOfOthers: a subscriber hears of no row of another
// organization, nor of one that the rules keep from them, whatever they ask for.
func TestAttack073_SubscriptionsOfOthers(t *testing.T) {
	s, ada, eve := two(t)
	mate := ada.Join("mate@example.com", "member")
	for name, ws := range map[string]*testkit.Socket{
		"another organization": eve.Dial("/graphql", transport).Init("null"),
		"no account":           s.Anonymous().Dial("/graphql", transport).Init("null"),
		"the same, no owner":   mate.Dial("/graphql", transport).Init("null"),
	} {
		for i, document := range []string{
			`subscription { onCreateNote { id text owner } }`, `subscription { onUpdateNote { id text } }`, `subscription { onDeleteNote { id text } }`,
			`subscription { noteChanges { op row { id text } } }`,
			`subscription { onCreateNote(owner: "` + ada.UserID + `") { id text } }`,
			`subscription { noteChanges(filter: {or: [{text: {beginsWith: "c"}}, {text: {ne: "x"}}]}) { op row { text } } }`,
		} {
			ws.Subscribe(fmt.Sprint(i), document)
		}
		for range 2 { // each START, or for all six that they are refused
			if m := ws.Next(); !strings.Contains(m, `"START"`) && !strings.Contains(m, `"access/`) {
				t.Errorf("%s: %s", name, m)
			}
		}
		note := ada.Do("POST", "/api/notes", map[string]any{"text": canary}).Want(201).String("id")
		ada.Do("PATCH", "/api/notes/"+note, map[string]any{"text": canary + "2"}).Want(200)
		ada.Do("DELETE", "/api/notes/"+note, nil).Want(204)
		for deadline := time.After(100 * time.Millisecond); deadline != nil; {
			select {
			case <-deadline:
				deadline = nil
			case m := <-ws.Messages():
				if strings.Contains(m, canary) || strings.Contains(m, "INSERT") || strings.Contains(m, "REMOVE") {
					t.Errorf("%s hears %s", name, m)
				}
			}
		}
	}
}

// TestAttack074_HiddenFieldOfSubscription: nobody learns of a field that they may not
// read, by a filter or by when something is told.
func TestAttack074_HiddenFieldOfSubscription(t *testing.T) {
	_, ada, _ := two(t)
	project, _ := plant(t, ada)
	mate := ada.Join("mate@example.com", "member")
	ws := mate.Dial("/graphql", transport).Init("null")
	for _, document := range []string{
		`subscription { onUpdateProject(filter: {secret: {beginsWith: "c"}}) { id } }`,
		`subscription { onUpdateProject(filter: {or: [{name: {ne: ""}}, {and: [{secret: {ne: "x"}}]}]}) { id } }`,
		`subscription { projectChanges(filter: {secret: {eq: "` + canary + `"}}) { op } }`,
	} {
		ws.Subscribe("1", document)
		if m := ws.Next(); !strings.HasPrefix(m, `{"type":"error","id":"1"`) || !strings.Contains(m, `"access/field_denied"`) {
			t.Errorf("%s: %s", document, m)
		}
	}
	ws.Subscribe("2", `subscription { onUpdateProject { name secret } }`)
	ws.Subscribe("3", `subscription { projectChanges { op row { name secret } } }`)
	if m := ws.Next(); !strings.Contains(m, "START") {
		t.Fatalf("got %s", m)
	}
	ada.Do("PATCH", "/api/projects/"+project, map[string]any{"secret": "another"}).Want(200)
	ada.Do("PATCH", "/api/projects/"+project, map[string]any{"name": "seen"}).Want(200)
	for range 2 {
		if m := ws.Next(); !strings.Contains(m, `"name":"seen","secret":null`) {
			t.Errorf("got %s", m)
		}
	}
	ws.Quiet(50 * time.Millisecond)
}

// TestAttack075_RowLeavesSubscription: of a row that leaves what a subscriber may see
// they hear that it did, and nothing of what it has become.
func TestAttack075_RowLeavesSubscription(t *testing.T) {
	s := testkit.New(t, `
type Doc @model @auth(rules: [{ allow: owner, ownerField: "reader", operations: [read] }, { allow: member, roles: ["owner"] }]) {
  text: String
  reader: String
}`)
	ada := s.SignUp("ada@example.com")
	mate := ada.Join("mate@example.com", "member")
	id := ada.Do("POST", "/api/docs", map[string]any{"text": "a", "reader": mate.UserID}).Want(201).String("id")
	ws := mate.Dial("/graphql", transport).Init("null")
	ws.Subscribe("1", `subscription { docChanges { op id row { text } } }`)
	ws.Next()
	ws.Subscribe("2", `subscription { onUpdateDoc { text } }`)
	ws.Subscribe("3", `{ __typename }`)
	ws.Next()
	ws.Next()
	ada.Do("PATCH", "/api/docs/"+id, map[string]any{"text": canary, "reader": ada.UserID}).Want(200)
	if m := ws.Next(); m != `{"type":"next","id":"1","payload":{"data":{"docChanges":{"op":"REMOVE","id":"`+id+`","row":null}}}}` {
		t.Errorf("got %s", m)
	}
	ada.Do("PATCH", "/api/docs/"+id, map[string]any{"text": canary + "2"}).Want(200)
	ada.Do("DELETE", "/api/docs/"+id, nil).Want(204)
	ws.Quiet(50 * time.Millisecond)
}

// TestAttack076_EndsOnSockets takes away what a connection was opened with: it is
// closed within a second, and nothing is told in between.
func TestAttack076_EndsOnSockets(t *testing.T) {
	s := testkit.New(t, app)
	boss := root(t, s)
	ended := 0
	for what, end := range map[string]func(owner *testkit.Client, user, other session){
		"signed out": func(_ *testkit.Client, user, _ session) { user.Do("POST", "/auth/sign-out", nil).Want(204) },
		"all others ended": func(_ *testkit.Client, _, other session) {
			other.Do("DELETE", "/auth/sessions?others=true", nil).Want(204)
		},
		"password changed": func(_ *testkit.Client, _, other session) {
			other.Do("POST", "/auth/password", map[string]any{"current": password, "new": "another long password"}).Want(200)
		},
		"disabled": func(_ *testkit.Client, user, _ session) {
			boss.Do("PATCH", "/auth/admin/users/"+user.UserID, map[string]any{"disabled": true}).Want(200)
		},
		"deleted": func(_ *testkit.Client, user, _ session) {
			boss.Do("DELETE", "/auth/admin/users/"+user.UserID, nil).Want(204)
		},
		"no member any more": func(owner *testkit.Client, user, _ session) {
			owner.Do("DELETE", "/auth/organizations/"+owner.Org+"/members/"+user.UserID, nil).Want(204)
		},
		"suspended": func(owner *testkit.Client, _, _ session) {
			boss.Do("POST", "/auth/admin/organizations/"+owner.Org+"/suspend", map[string]any{"reason": "x"}).Want(200)
		},
	} {
		t.Run(what, func(t *testing.T) {
			ended++
			owner := s.SignUp(fmt.Sprintf("owner%d@example.com", ended))
			email := fmt.Sprintf("user%d@example.com", ended)
			owner.Join(email, "member")
			user, other := enter(t, s, email, password), enter(t, s, email, password)
			user.Switch(owner.Org)
			other.Switch(owner.Org)
			ws := user.Bare().Dial("/graphql", transport).Init(user.Bearer())
			ws.Subscribe("1", "subscription { taskChanges { op row { title } } }")
			ws.Next()
			live := user.Follow("/graphql?query=subscription%7BonCreateTask%7Btitle%7D%7D", "")
			end(owner, user, other)
			for range 3 {
				owner.Do("POST", "/api/tasks", map[string]any{"title": canary})
			}
			start := time.Now()
			if code := ws.Closed(); code != 4403 || time.Since(start) > 5*time.Second {
				t.Errorf("closed with %d after %s", code, time.Since(start))
			}
			for m := range ws.Messages() {
				t.Errorf("told %s", m)
			}
			if e := live.Next(); e.Name != "" {
				t.Errorf("told %+v", e)
			}
		})
	}
}

// TestAttack076_RoleChangeOnSockets: what is followed goes on under the new rights, or
// ends.
func TestAttack076_RoleChangeOnSockets(t *testing.T) {
	s := testkit.New(t, app+`type Board @model @auth(rules: [{ allow: member, roles: ["owner", "admin"] }]) { text: String }`)
	ada := s.SignUp("ada@example.com")
	mate := ada.Join("mate@example.com", "owner")
	ws := mate.Dial("/graphql", transport).Init("null")
	ws.Subscribe("1", "subscription { projectChanges { op row { secret } } }")
	ws.Next()
	ws.Subscribe("2", "subscription { boardChanges { op } }")
	ws.Next()
	ada.Do("PATCH", "/auth/organizations/"+ada.Org+"/members/"+mate.UserID, map[string]any{"role": "member"}).Want(200)
	ada.Do("POST", "/api/boards", map[string]any{"text": canary}).Want(201)
	plant(t, ada)
	got := []string{ws.Next(), ws.Next()}
	if strings.HasPrefix(got[1], `{"type":"error"`) {
		got[0], got[1] = got[1], got[0]
	}
	if !strings.HasPrefix(got[0], `{"type":"error","id":"2"`) || !strings.Contains(got[0], "access/denied") {
		t.Errorf("got %s", got[0])
	}
	if got[1] != `{"type":"next","id":"1","payload":{"data":{"projectChanges":{"op":"INSERT","row":{"secret":null}}}}}` {
		t.Errorf("got %s", got[1])
	}
	ws.Quiet(50 * time.Millisecond)
}

// TestAttack076_KeyOnSockets: a revoked API key ends what it opened.
func TestAttack076_KeyOnSockets(t *testing.T) {
	_, ada, _ := two(t)
	r := ada.Do("POST", "/auth/keys", map[string]any{"name": "k"}).Want(201)
	other := ada.Do("POST", "/auth/keys", map[string]any{"name": "other"}).Want(201).String("key")
	ws := ada.Bare().Dial("/graphql", transport).Init(`{"x-api-key":"` + r.String("key") + `"}`)
	ws.Subscribe("1", "subscription { openChanges { op } }")
	if m := ws.Next(); !strings.Contains(m, "START") {
		t.Fatalf("got %s", m)
	}
	ada.Do("DELETE", "/auth/keys/"+r.String("id"), nil).Want(204)
	ada.Bare().Do("POST", "/api/opens", map[string]any{"text": canary}, "X-Api-Key", other).Want(201)
	if code := ws.Closed(); code != 4403 {
		t.Errorf("closed with %d", code)
	}
	for m := range ws.Messages() {
		t.Errorf("told %s", m)
	}
}

// TestAttack076_RefreshedOnSockets: a connection lives on under a new token, which is
// the same caller's.
func TestAttack076_RefreshedOnSockets(t *testing.T) {
	s, _, eve := two(t)
	old := enter(t, s, "ada@example.com", password)
	fresh := enter(t, s, "ada@example.com", password)
	ws := old.Bare().Dial("/graphql", transport).Init(old.Bearer())
	ws.Subscribe("1", "subscription { onCreateTask { title } }")
	ws.Say(`{"type":"ping","payload":` + fresh.Bearer() + `}`)
	if m := ws.Next(); m != `{"type":"pong"}` {
		t.Fatalf("got %s", m)
	}
	old.Do("POST", "/auth/sign-out", nil).Want(204)
	fresh.Do("POST", "/api/tasks", map[string]any{"title": "x"}).Want(201)
	if m := ws.Next(); !strings.HasPrefix(m, `{"type":"next"`) {
		t.Errorf("got %s", m)
	}
	ws.Say(`{"type":"ping","payload":` + eve.Bearer() + `}`)
	if code := ws.Closed(); code != 4403 {
		t.Errorf("another's token closes with %d", code)
	}
}

// TestAttack078_SocketsOfOtherSites: a page of another site opens no connection with
// its visitor's cookies, nor without where it may not read answers.
func TestAttack078_SocketsOfOtherSites(t *testing.T) {
	s := testkit.New(t, app, testkit.Settings("auth: { sessions: { cookies: on } }\napi: { cors: { origins: [\"https://app.example.com\"] } }", nil))
	s.SignUp("ada@example.com")
	b := newJar(s)
	b.signInTo("ada@example.com").Want(200)
	for _, path := range []string{"/graphql", "/graphql/realtime"} {
		protocol := map[string]string{"/graphql": transport, "/graphql/realtime": "graphql-ws"}[path]
		for name, headers := range elsewhere {
			for _, cookies := range []string{b.String(), ""} {
				r, ws := s.Anonymous().TryDial(path, protocol, append([]string{"Cookie", cookies}, headers...)...)
				if ws != nil || r.StatusCode != 403 {
					t.Errorf("%s from %s, cookies %t: %d", path, name, cookies != "", r.StatusCode)
				}
			}
		}
	}
	for _, origin := range []string{"https://app.example.com", s.URL} {
		ws := s.Anonymous().Dial("/graphql", transport, "Cookie", b.String(), "Origin", origin).Init("null")
		ws.Subscribe("1", "{ listTasks { total } }")
		if m := ws.Next(); m != `{"type":"next","id":"1","payload":{"data":{"listTasks":{"total":0}}}}` {
			t.Errorf("from %s: %s", origin, m)
		}
	}
}

// TestAttack078_AnyOriginWithoutCookies: where any site may read answers, it still may
// not use its visitor's cookies.
func TestAttack078_AnyOriginWithoutCookies(t *testing.T) {
	s := testkit.New(t, app, testkit.Settings("auth: { sessions: { cookies: on } }\napi: { cors: { origins: [\"*\"] } }", nil))
	s.SignUp("ada@example.com")
	b := newJar(s)
	b.signInTo("ada@example.com").Want(200)
	s.Anonymous().Dial("/graphql", transport, "Origin", "https://evil.example").Init("null")
	if r, ws := s.Anonymous().TryDial("/graphql", transport, "Cookie", b.String(), "Origin", "https://evil.example"); ws != nil || r.StatusCode != 403 {
		t.Errorf("with cookies: %d", r.StatusCode)
	}
}

// masked is a client's frame: its first byte, and a payload under the mask 0.
func masked(first byte, payload []byte) []byte {
	b := []byte{first, 0x80}
	switch n := len(payload); {
	case n < 126:
		b[1] |= byte(n)
	default:
		b[1] |= 126
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	}
	return append(append(b, 0, 0, 0, 0), payload...)
}

// long is the header of a frame that claims a length in 64 bits.
func long(first byte, n uint64) []byte {
	return append(binary.BigEndian.AppendUint64([]byte{first, 0xff}, n), 0, 0, 0, 0)
}

// TestAttack079_BadFrames sends what no client does: the connection is closed with a
// code that says so, and everybody else goes on.
func TestAttack079_BadFrames(t *testing.T) {
	s, ada, _ := two(t, impatient)
	ready := func() *testkit.Socket { return ada.Dial("/graphql", transport).Init("null") }
	other := ready()
	for _, c := range []struct {
		name string
		raw  []byte
		code int
	}{
		{"unmasked", append([]byte{0x81, 2}, "{}"...), 1002},
		{"a reserved bit", masked(0x91, []byte("{}")), 1002},
		{"compressed, unasked", masked(0xc1, []byte("\xaa\x56\x2a\x01\x00")), 1002},
		{"a reserved type", masked(0x83, []byte("{}")), 1002},
		{"a continuation of nothing", masked(0x80, []byte("{}")), 1002},
		{"a message within a message", append(masked(0x01, []byte("{")), masked(0x81, []byte("}"))...), 1002},
		{"a ping in parts", masked(0x09, []byte("x")), 1002},
		{"a long ping", masked(0x89, bytes.Repeat([]byte("x"), 126)), 1002},
		{"a ping of 64 bits", long(0x89, 1<<20), 1002},
		{"2^63 bytes", long(0x81, 1<<63), 1009},
		{"2^64-1 bytes", long(0x81, 1<<64-1), 1009},
		{"2^62 bytes", long(0x81, 1<<62), 1009},
		{"more than a message may have", masked(0x81, bytes.Repeat([]byte(" "), 5000)), 1009},
		{"more than that in parts", append(masked(0x01, bytes.Repeat([]byte(" "), 3000)), masked(0x80, bytes.Repeat([]byte(" "), 3000))...), 1009},
		{"binary", masked(0x82, []byte("{}")), 1003},
		{"no UTF-8", masked(0x81, []byte("{\"type\":\"\xff\"}")), 1007},
		{"no JSON", masked(0x81, []byte("{")), 4400},
		{"nothing", masked(0x81, nil), 4400},
		{"a number", masked(0x81, []byte("1")), 4400},
		{"a list", masked(0x81, []byte("[]")), 4400},
		{"one key twice", masked(0x81, []byte(`{"type":"ping","type":"pong"}`)), 4400},
		{"nested deep", masked(0x81, []byte(`{"type":"ping","payload":`+strings.Repeat(`{"a":`, 600)+"1"+strings.Repeat("}", 601))), 4400},
		{"a bad code of closing", masked(0x88, []byte{0x03, 0xed}), 1002},
	} {
		ws := ready()
		if _, err := ws.NetConn().Write(c.raw); err != nil {
			t.Fatal(err)
		}
		if code := ws.Closed(); code != c.code {
			t.Errorf("%s: closed with %d, want %d", c.name, code, c.code)
		}
	}
	if agreed := other.Extensions(); agreed != "" { // the client offers it
		t.Errorf("compression is agreed to: %s", agreed)
	}
	other.Subscribe("1", "{ __typename }")
	if m := other.Next(); !strings.HasPrefix(m, `{"type":"next","id":"1"`) {
		t.Errorf("another connection: %s", m)
	}
	s.Anonymous().Get("/readyz").Want(200)
}

// TestAttack079_BadCredentials: what an Amplify client shows in a subprotocol is
// refused where it is none.
func TestAttack079_BadCredentials(t *testing.T) {
	s, _, _ := two(t)
	for _, text := range []string{"header-!!!", "header-" + base64.RawURLEncoding.EncodeToString([]byte("[1]")), "header-" + base64.RawURLEncoding.EncodeToString([]byte("{"))} {
		if r, ws := s.Anonymous().TryDial("/graphql/realtime", "graphql-ws, "+text); ws != nil || r.StatusCode != 401 && r.StatusCode != 400 {
			t.Errorf("%s: %d", text, r.StatusCode)
		}
	}
}

// TestAttack081_SlowConsumer: who takes nothing is cut off with a code that says to
// resume, and nobody else waits.
func TestAttack081_SlowConsumer(t *testing.T) {
	_, ada, _ := two(t, func(o *backend.Options) { o.Config.Limits.Realtime.Queue = 64 << 10 })
	const document = `{"type":"subscribe","id":"1","payload":{"query":"subscription { taskChanges { op cursor row { title } } }"}}`
	slow := ada.Dial("/graphql", transport)
	slow.Say(`{"type":"connection_init"}`)
	slow.Say(document)
	quick := ada.Dial("/graphql", transport).Init("null")
	quick.Say(document)
	quick.Next()
	title := strings.Repeat("x", 100<<10)
	for i := 0; !strings.Contains(string(ada.Get("/metrics").Body), "loam_realtime_drops_total 1"); i++ {
		if i == 500 {
			t.Fatal("nobody is cut off")
		}
		ada.Do("POST", "/api/tasks", map[string]any{"title": title}).Want(201)
		start := time.Now()
		if m := quick.Next(); !strings.Contains(m, "INSERT") || time.Since(start) > 5*time.Second {
			t.Fatalf("event %d after %s: %.100s", i, time.Since(start), m)
		}
	}
	if code := slow.Read().Closed(); code != 4420 {
		t.Errorf("the slow one is closed with %d", code)
	}
}

// TestAttack058_TheSameOverSockets: what a request may not ask, a socket and a stream of
// events may not either: the same limits of documents, the same rules, the same errors.
func TestAttack058_TheSameOverSockets(t *testing.T) {
	s, ada, eve := two(t)
	var wide, deep strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&wide, " a%d: listTasks { total }", i)
	}
	for range 30 {
		deep.WriteString("{ project { tasks { items ")
	}
	for name, document := range map[string]string{
		"many aliases": "{" + wide.String() + " }",
		"deep":         "{ listTasks { items " + deep.String() + "{ id }" + strings.Repeat(" } } }", 30) + " } }",
		"dear":         "{ listProjects(limit: 1000) { items { tasks(limit: 1000) { items { id } } } } }",
	} {
		want := ada.GraphQL(document, nil).String("errors", 0, "extensions", "code")
		if want == "" {
			t.Fatalf("%s: a request may ask it", name)
		}
		ws := ada.Dial("/graphql", transport).Init("null")
		ws.Subscribe("1", document)
		if m := ws.Next(); !strings.Contains(m, `"errors"`) && !strings.HasPrefix(m, `{"type":"error"`) || !strings.Contains(m, want) {
			t.Errorf("%s over a socket: %.200s", name, m)
		}
		if m := ada.Do("POST", "/graphql", map[string]any{"query": document}, "Accept", "text/event-stream"); !strings.Contains(string(m.Body), want) {
			t.Errorf("%s as events: %d %.200s", name, m.StatusCode, m.Body)
		}
	}
	id := ada.GraphQL(`mutation { createTask(input: {title: "mine"}) { id } }`, nil).String("data", "createTask", "id")
	for who, c := range map[string]*testkit.Client{"another organization": eve, "nobody": s.Anonymous()} {
		ws := c.Dial("/graphql", transport).Init("null")
		for _, document := range []string{`{ getTask(id: "` + id + `") { id title } }`, `mutation { updateTask(input: {id: "` + id + `", title: "theirs"}) { title } }`, `mutation { deleteTask(input: {id: "` + id + `"}) { title } }`} {
			ws.Subscribe("1", document)
			if m := ws.Next(); strings.Contains(m, "mine") || strings.Contains(m, `"theirs"`) {
				t.Errorf("%s over a socket: %s", who, m)
			}
			for ws.Next() == "" {
			}
		}
	}
}

// TestAttack072_TooManySubscriptions: those of one caller are counted over all their
// connections, and so are those of an organization and of the server.
func TestAttack072_TooManySubscriptions(t *testing.T) {
	for name, limit := range map[string]func(*backend.Options){
		"subscriptionsPerUser":         func(o *backend.Options) { o.Config.Limits.Realtime.OfUser = 3 },
		"subscriptionsPerOrganization": func(o *backend.Options) { o.Config.Limits.Realtime.OfOrganization = 3 },
		"subscriptionsOfServer":        func(o *backend.Options) { o.Config.Limits.Realtime.OfServer = 3 },
	} {
		_, ada, _ := two(t, limit)
		for range 2 {
			ada.Follow("/api/tasks", "").Next()
		}
		ws := ada.Dial("/graphql", transport).Init("null")
		ws.Subscribe("1", "subscription { taskChanges { op } }")
		ws.Next()
		ws.Subscribe("2", "subscription { taskChanges { op } }")
		if m := ws.Next(); !strings.Contains(m, "limits.realtime."+name) || !strings.Contains(m, "realtime/too_many") {
			t.Errorf("%s: got %s", name, m)
		}
		if r, _ := ada.TryFollow("/api/tasks", ""); r.StatusCode != 429 {
			t.Errorf("%s: a list answered %d", name, r.StatusCode)
		}
		ws.Say(`{"type":"complete","id":"1"}`)
		for tries := 0; ; tries++ {
			r, _ := ada.TryFollow("/api/tasks", "")
			if r.StatusCode == 200 {
				break
			}
			if tries == 200 {
				t.Fatalf("%s: its place was not freed", name)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// TestAttack072_TooManyConnections: who has as many as they may is told so by the code
// that the documentation gives, and a HEAD takes no place.
func TestAttack072_TooManyConnections(t *testing.T) {
	_, ada, _ := two(t, func(o *backend.Options) { o.Config.Limits.Realtime.PerUser = 1 })
	ada.Do("HEAD", "/api/tasks", nil, "Accept", "text/event-stream").Want(200)
	ada.Bare().Dial("/graphql", transport).Init(ada.Bearer())
	second := ada.Bare().Dial("/graphql", transport).Read()
	second.Say(`{"type":"connection_init","payload":` + ada.Bearer() + `}`)
	if code := second.Closed(); code != 1013 {
		t.Errorf("closed with %d, want 1013", code)
	}
}
