package doors

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

const talkedOf = `
type Document @model @auth(rules: [{ allow: owner }, { allow: where, filter: { shared: { contains: "$user.id" } } }, { allow: member, roles: ["owner"] }]) {
  title: String
  shared: [String]
}
`

const channels = `
channels:
  "doc:*": { row: Document, join: [member], send: [member], presence: [member] }
  "user:*": { join: [user], send: [user, key] }
  "log:*": { join: [member], send: [member], keep: 3 }
  board: { join: [member], send: ["role:owner", "team:chairs"], presence: ["role:owner"] }
  "*": { join: ["role:owner"] }
limits:
  channels: { members: 3, present: 2, message: 64, state: 64, rate: 5, kept: 5 }
`

// seen is what an event says, in short, with people by their names.
func seen(e testkit.Event, people map[string]*testkit.Client) string {
	text := e.Name + " " + e.Data
	for name, c := range people {
		text = strings.ReplaceAll(text, c.UserID, name)
	}
	var refs []string
	for _, part := range strings.Split(text, `"ref":"`)[1:] {
		refs = append(refs, part[:36])
	}
	if _, you, found := strings.Cut(text, `"you":"`); found {
		refs = append(refs, you[:36])
	}
	for _, ref := range refs {
		text = strings.ReplaceAll(text, ref, "#")
	}
	return text
}

func TestChannelPresence(t *testing.T) {
	s := testkit.New(t, talkedOf, testkit.Settings(channels, nil))
	ada := s.SignUp("ada@example.com")
	ben := ada.Join("ben@example.com", "member")
	people := map[string]*testkit.Client{"ada": ada, "ben": ben}
	doc := ben.Do("POST", "/api/documents", map[string]any{"title": "x"}).Want(201).String("id")
	path := "/channels/doc:" + doc
	with := func(state string) string { return path + "?state=" + url.QueryEscape(state) }
	expect := func(e *testkit.Events, want string) {
		t.Helper()
		if got := seen(e.Next(), people); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}

	first := ada.Follow(with("{\"at\":\n 1}"), "")
	expect(first, `presence {"here":[{"user":"ada","connections":[{"ref":"#","state":{"at":1}}]}],"you":"#"}`)
	second := ada.Follow(with(`null`), "")
	expect(second, `presence {"here":[{"user":"ada","connections":[{"ref":"#","state":{"at":1}},{"ref":"#","state":null}]}],"you":"#"}`)
	expect(first, `join {"user":"ada","ref":"#","state":null}`)
	if r, _ := ben.TryFollow(with(`{}`), ""); r.StatusCode != 429 {
		t.Errorf("a third one is present: %d", r.StatusCode)
	}
	unseen := ben.Follow(path, "")
	expect(unseen, `presence {"here":[{"user":"ada","connections":[{"ref":"#","state":{"at":1}},{"ref":"#","state":null}]}],"you":"#"}`)
	if r, _ := ben.TryFollow(path, ""); r.StatusCode != 429 {
		t.Errorf("a fourth one has joined: %d", r.StatusCode)
	}
	second.Close()
	expect(first, `leave {"user":"ada","ref":"#"}`)
	expect(unseen, `leave {"user":"ada","ref":"#"}`)
	if got := ben.Get(path).Want(200); got.Len("here") != 1 || got.Len("here", 0, "connections") != 1 || got.Len("messages") != 0 {
		t.Errorf("the channel is %s", got.Body)
	}
	id := ben.Do("POST", path, map[string]any{"event": "typing", "data": map[string]any{"line": 3}}).Want(200).String("id")
	for _, e := range []*testkit.Events{first, unseen} {
		got := e.Next()
		var message struct {
			ID, Event, At string
			From          map[string]string
			Data          map[string]int
		}
		if err := json.Unmarshal([]byte(got.Data), &message); err != nil || got.Name != "message" || got.ID != id || message.ID != id ||
			message.Event != "typing" || message.Data["line"] != 3 || fmt.Sprint(message.From) != "map[user:"+ben.UserID+"]" || message.At == "" {
			t.Errorf("told %+v", got)
		}
	}
}

func TestChannelRules(t *testing.T) {
	s := testkit.New(t, talkedOf, testkit.Settings(channels, nil))
	ada := s.SignUp("ada@example.com")
	ben := ada.Join("ben@example.com", "member")
	cleo := ada.Join("cleo@example.com", "member")
	key, reader := s.Anonymous(), s.Anonymous()
	key.Header.Set("X-Api-Key", ada.Do("POST", "/auth/keys", map[string]any{"name": "k"}).Want(201).String("key"))
	reader.Header.Set("X-Api-Key", ada.Do("POST", "/auth/keys", map[string]any{"name": "r", "readOnly": true}).Want(201).String("key"))
	doc := ben.Do("POST", "/api/documents", map[string]any{"title": "x"}).Want(201).String("id")
	for _, c := range []struct {
		who        *testkit.Client
		name       string
		join, send int
	}{
		{ada, "board", 200, 200}, {ben, "board", 200, 403}, {key, "board", 403, 403}, {s.Anonymous(), "board", 401, 401},
		{ada, "boards", 200, 403}, {ben, "boards", 403, 403},
		{ben, "doc:" + doc, 200, 200}, {ada, "doc:" + doc, 200, 200}, {cleo, "doc:" + doc, 404, 404}, {ben, "doc:1", 404, 404}, {key, "doc:" + doc, 403, 403},
		{ben, "user:" + ben.UserID, 200, 200}, {ada, "user:" + ben.UserID, 403, 403}, {key, "user:" + ben.UserID, 403, 200}, {reader, "user:" + ben.UserID, 403, 403},
	} {
		r := c.who.Get("/channels/" + c.name)
		if r.StatusCode != c.join {
			t.Errorf("looking at %s: %d %s, want %d", c.name, r.StatusCode, r.Body, c.join)
		}
		if r = c.who.Do("POST", "/channels/"+c.name, map[string]any{"event": "x"}); r.StatusCode != c.send {
			t.Errorf("sending to %s: %d %s, want %d", c.name, r.StatusCode, r.Body, c.send)
		}
	}
	for _, c := range []struct {
		body   any
		status int
		code   string
	}{
		{map[string]any{"event": "x y"}, 400, "channel/bad_name"}, {map[string]any{"event": ""}, 400, "channel/bad_name"},
		{map[string]any{"event": "x", "data": strings.Repeat("x", 63)}, 413, "channel/too_large"},
		{map[string]any{"event": "x", "to": "ben"}, 400, "query/unknown_field"}, {`{"event":"x","data":{"a":1,"a":2}}`, 400, "query/malformed"},
	} {
		ada.Do("POST", "/channels/board", c.body).WantCode(c.status, c.code)
	}
	ada.Get("/channels/board?status=x").WantCode(400, "http/bad_parameter")
	if r, _ := ben.TryFollow("/channels/board?state=1", ""); r.StatusCode != 403 {
		t.Errorf("ben is present where the rule does not let him: %d", r.StatusCode)
	}
	if r, _ := ada.TryFollow("/channels/board?state=%7B", ""); r.StatusCode != 400 {
		t.Errorf("a broken state: %d", r.StatusCode)
	}
	slowed := false
	for range 12 { // two seconds at most
		slowed = slowed || ada.Do("POST", "/channels/board", map[string]any{"event": "x"}).StatusCode == 429
	}
	if !slowed {
		t.Error("a caller sends as fast as they like")
	}
}

// TestChannelRights: who may not be there any more is out.
func TestChannelRights(t *testing.T) {
	s := testkit.New(t, talkedOf, testkit.Settings(channels, nil))
	ada := s.SignUp("ada@example.com")
	ben, cleo := ada.Join("ben@example.com", "owner"), ada.Join("cleo@example.com", "member")
	doc := ada.Do("POST", "/api/documents", map[string]any{"title": "x", "shared": []string{cleo.UserID}}).Want(201).String("id")
	other := ada.Do("POST", "/api/documents", map[string]any{"title": "y"}).Want(201).String("id")
	inDoc, inBoth := cleo.Follow("/channels/doc:"+doc, ""), ben.Follow("/channels/doc:"+other+"?state=1", "")
	board := ben.Follow("/channels/board?state=1", "")
	watch := ada.Follow("/channels/board", "")
	for _, e := range []*testkit.Events{inDoc, inBoth, board, watch} {
		if got := e.Next(); got.Name != "presence" {
			t.Fatalf("told first %+v", got)
		}
	}
	ada.Do("PATCH", "/api/documents/"+doc, map[string]any{"shared": []string{}}).Want(200)
	if got := inDoc.Next(); got.Name != "error" || !strings.Contains(got.Data, "data/not_found") {
		t.Errorf("who may not read the row is told %+v", got)
	}
	ada.Do("PATCH", "/auth/organizations/"+ada.Org+"/members/"+ben.UserID, map[string]any{"role": "member"}).Want(200)
	if got := inBoth.Next(); got.Name != "error" {
		t.Errorf("who has lost the role that lets him read the row is told %+v", got)
	}
	if got := watch.Next(); got.Name != "leave" { // he may be there still, but not be seen
		t.Errorf("the others are told %+v", got)
	}
	ada.Do("POST", "/channels/board", map[string]any{"event": "x"}).Want(200)
	if got := board.Next(); got.Name != "message" {
		t.Errorf("who may still listen is told %+v", got)
	}
	ada.Do("DELETE", "/auth/organizations/"+ada.Org+"/members/"+ben.UserID, nil).Want(204)
	if got := board.Next(); got.Name != "error" {
		t.Errorf("who is no member any more is told %+v", got)
	}
	ada.Do("DELETE", "/api/documents/"+doc, nil).Want(204)
}

func TestChannelKeeps(t *testing.T) {
	s := testkit.New(t, talkedOf, testkit.Settings(strings.Replace(channels, "rate: 5", "rate: 100", 1), nil))
	ada := s.SignUp("ada@example.com")
	say := func(name, event string) *testkit.Response {
		return ada.Do("POST", "/channels/log:"+name, map[string]any{"event": event, "data": 1})
	}
	ids := map[string]string{}
	for _, event := range []string{"a", "b", "c", "d"} {
		ids[event] = say("x", event).Want(200).String("id")
	}
	events := func(r *testkit.Response) (all []string) {
		for i := range r.Len("messages") {
			all = append(all, r.String("messages", i, "event"))
		}
		return all
	}
	if got := events(ada.Get("/channels/log:x").Want(200)); fmt.Sprint(got) != "[b c d]" {
		t.Errorf("kept %v", got)
	}
	for since, want := range map[string][]string{"": {"b", "c", "d"}, ids["c"]: {"d"}} {
		e := ada.Follow("/channels/log:x", since)
		for _, w := range want {
			if got := e.Next(); got.ID != ids[w] || got.Name != "message" {
				t.Errorf("since %q: told %+v, want %s", since, got, w)
			}
		}
		e.Close()
	}
	say("y", "e").Want(200)
	say("y", "f").Want(200)
	if r := say("z", "g").WantCode(429, "channel/limit"); !strings.Contains(r.String("detail"), "limits.channels.kept") {
		t.Errorf("the limit is not named: %s", r.Body)
	}
	say("x", "h").Want(200) // one that takes another's place
	if got := events(ada.Get("/channels/log:x").Want(200)); fmt.Sprint(got) != "[c d h]" {
		t.Errorf("kept %v", got)
	}
	if got := events(ada.Get("/channels/board").Want(200)); got != nil {
		t.Errorf("kept unasked: %v", got)
	}
	ben := ada.Join("ben@example.com", "member")
	ben.Do("POST", "/channels/log:x", map[string]any{"event": "i"}).Want(200)
	ben.Do("DELETE", "/auth/me", nil).Want(204)
	if got := events(ada.Get("/channels/log:x").Want(200)); fmt.Sprint(got) != "[d h]" {
		t.Errorf("of who is gone was kept %v", got)
	}
}

// TestChannelSocket: one connection in several channels.
func TestChannelSocket(t *testing.T) {
	s := testkit.New(t, talkedOf, testkit.Settings(strings.Replace(channels, "members: 3", "perConnection: 2", 1), nil))
	ada := s.SignUp("ada@example.com")
	ben := ada.Join("ben@example.com", "member")
	people := map[string]*testkit.Client{"ada": ada, "ben": ben}
	expect := func(w *testkit.Socket, want ...string) {
		t.Helper()
		for _, want := range want {
			if got := strings.TrimPrefix(seen(testkit.Event{Data: w.Next()}, people), " "); !strings.HasPrefix(got, want) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		}
	}
	first := ada.Dial("/channels", "loam-channels").Read()
	first.Say(`{"type":"auth"}`)
	expect(first, `{"type":"ok","ref":"#"}`)
	other := ben.Bare().Dial("/channels", "loam-channels").Read()
	other.Say(`{"type":"auth","id":"a","authorization":"` + ben.Header.Get("Authorization") + `"}`)
	expect(other, `{"type":"ok","id":"a","ref":"#"}`)

	first.Say(`{"type":"join","id":1,"channel":"board","state":{"at":1}}`)
	expect(first, `{"type":"presence","channel":"board","here":[{"user":"ada","connections":[{"ref":"#","state":{"at":1}}]}],"you":"#"}`, `{"type":"ok","id":1}`)
	other.Say(`{"type":"join","channel":"board"}`)
	other.Say(`{"type":"join","id":2,"channel":"log:x"}`)
	expect(other, `{"type":"ok","id":2}`)
	first.Say(`{"type":"send","id":3,"channel":"board","event":"hello","data":{"a":1}}`)
	expect(first, `{"type":"ok","id":3,"message":"0`)
	expect(other, `{"type":"message","channel":"board","id":"0`)
	for ask, answer := range map[string]string{
		`{"type":"join","id":1,"channel":"board"}`:                                  `{"type":"error","id":1,"channel":"board","code":"channel/joined_already"`,
		`{"type":"join","id":1,"channel":"user:x"}`:                                 `{"type":"error","id":1,"channel":"user:x","code":"channel/limit","detail":"this connection is in 2 channels`,
		`{"type":"join","channel":"a*"}`:                                            `{"type":"error","channel":"a*","code":"channel/limit"`,
		`{"type":"send","channel":"board","event":"x"}`:                             `{"type":"error","channel":"board","code":"access/denied"`,
		`{"type":"state","id":"x","channel":"board","state":1}`:                     `{"type":"error","id":"x","channel":"board","code":"access/denied"`,
		`{"type":"send","id":1,"channel":"elsewhere","event":"x"}`:                  `{"type":"error","id":1,"channel":"elsewhere","code":"channel/unknown"`,
		`{"type":"send","id":1,"channel":"log:x","event":"x y"}`:                    `{"type":"error","id":1,"channel":"log:x","code":"channel/bad_name"`,
		`{"type":"ping","id":1}`:                                                    `{"type":"pong","id":1}`,
		`{"type":"auth","authorization":"` + ben.Header.Get("Authorization") + `"}`: `{"type":"ok","ref":"#"}`,
	} {
		other.Say(ask)
		expect(other, answer)
	}
	first.Say(`{"type":"join","channel":"log:x","state":1}`)
	expect(first, `{"type":"error","channel":"log:x","code":"access/denied"`)
	first.Say(`{"type":"join","channel":"log:x"}`)
	first.Say(`{"type":"send","id":4,"channel":"log:x","event":"e"}`)
	expect(first, `{"type":"ok","id":4`)
	expect(other, `{"type":"message","channel":"log:x"`)
	other.Say(`{"type":"leave","id":5,"channel":"log:x"}`)
	expect(other, `{"type":"ok","id":5}`)
	first.Say(`{"type":"send","id":6,"channel":"log:x","event":"f"}`)
	expect(first, `{"type":"ok","id":6`)
	other.Say(`{"type":"join","id":7,"channel":"log:x"}`)
	expect(other, `{"type":"message","channel":"log:x"`, `{"type":"message","channel":"log:x"`, `{"type":"ok","id":7}`)

	// A role that lets one see who is here comes and goes.
	role := func(name string) {
		t.Helper()
		ada.Do("PATCH", "/auth/organizations/"+ada.Org+"/members/"+ben.UserID, map[string]any{"role": name}).Want(200)
	}
	role("owner")
	expect(other, `{"type":"presence","channel":"board"`)
	other.Say(`{"type":"state","id":8,"channel":"board","state":{"b":1}}`)
	expect(other, `{"type":"ok","id":8}`)
	expect(first, `{"type":"join","channel":"board","user":"ben","ref":"#","state":{"b":1}}`)
	other.Say(`{"type":"state","channel":"board","state":{"b":2}}`)
	expect(first, `{"type":"state","channel":"board","user":"ben","ref":"#","state":{"b":2}}`)
	role("member")
	expect(first, `{"type":"leave","channel":"board","user":"ben","ref":"#"}`)
	ada.Do("DELETE", "/auth/organizations/"+ada.Org+"/members/"+ben.UserID, nil).Want(204)
	if code := other.Closed(); code != 4403 {
		t.Errorf("who is no member any more is closed with %d", code)
	}
}

func TestChannelSocketRow(t *testing.T) {
	s := testkit.New(t, talkedOf, testkit.Settings(channels, nil))
	ada := s.SignUp("ada@example.com")
	ben := ada.Join("ben@example.com", "member")
	doc := ada.Do("POST", "/api/documents", map[string]any{"title": "x", "shared": []string{ben.UserID}}).Want(201).String("id")
	w := ben.Dial("/channels", "loam-channels").Read()
	w.Say(`{"type":"auth"}`)
	w.Next()
	w.Say(`{"type":"join","channel":"doc:` + doc + `","state":1}`)
	if got := w.Next(); !strings.HasPrefix(got, `{"type":"presence"`) {
		t.Fatal(got)
	}
	ada.Do("PATCH", "/api/documents/"+doc, map[string]any{"shared": []string{}}).Want(200)
	if got := w.Next(); !strings.HasPrefix(got, `{"type":"ended","channel":"doc:`+doc+`","code":"data/not_found"`) {
		t.Errorf("told %s", got)
	}
	if got := ada.Get("/channels/doc:" + doc).Want(200); got.Len("here") != 0 {
		t.Errorf("he is here still: %s", got.Body)
	}
	w.Say(`{"type":"send","id":1,"channel":"doc:` + doc + `","event":"x"}`)
	if got := w.Next(); !strings.Contains(got, `"channel/unknown"`) {
		t.Errorf("told %s", got)
	}
}

func TestChannelSocketRefuses(t *testing.T) {
	s := testkit.New(t, talkedOf, testkit.Settings(channels, nil))
	ada, eve := s.SignUp("ada@example.com"), s.SignUp("eve@example.com")
	token := func(c *testkit.Client) string { return c.Header.Get("Authorization") }
	for _, c := range []struct {
		by   *testkit.Client
		sub  string
		say  string
		code int
	}{
		{ada, "", ``, 4406}, {s.Anonymous(), "loam-channels", `{"type":"auth"}`, 4401}, {s.Anonymous(), "loam-channels", `{"type":"join","channel":"board"}`, 4401},
		{s.Anonymous(), "loam-channels", `{"type":"auth","authorization":"Bearer x"}`, 4401}, {ada, "loam-channels", `{"type":"subscribe"}`, 4400},
		{ada, "loam-channels", `[]`, 4400}, {ada, "loam-channels", `{"type":"auth","from":"ada"}`, 4400}, {ada, "loam-channels", `{"type":"ping","id":{}}`, 4400},
		{ada, "loam-channels", `{"type":"ping","id":1,"id":2}`, 4400},
	} {
		w := c.by.Dial("/channels", c.sub).Read()
		if c.say != "" {
			w.Say(c.say)
		}
		if code := w.Closed(); code != c.code {
			t.Errorf("%q, %s: closed with %d, want %d", c.sub, c.say, code, c.code)
		}
	}
	w := ada.Dial("/channels", "loam-channels").Read()
	w.Say(`{"type":"auth"}`)
	w.Next()
	w.Say(`{"type":"auth","authorization":"` + token(eve) + `"}`)
	if code := w.Closed(); code != 4403 {
		t.Errorf("a connection goes on as somebody else: %d", code)
	}
	if r, _ := ada.TryDial("/channels", "loam-channels", "Origin", "https://evil.example"); r.StatusCode != 403 {
		t.Errorf("a page of another site: %d", r.StatusCode)
	}
	ada.Get("/channels").WantCode(400, "realtime/handshake")
}
