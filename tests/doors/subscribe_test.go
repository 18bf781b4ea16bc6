package doors

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/testkit"
)

const transport = "graphql-transport-ws"

// cursorless is an answer without the cursors in it.
func cursorless(m string) string {
	for {
		before, rest, found := strings.Cut(m, `"cursor":"`)
		if !found {
			return m
		}
		_, after, _ := strings.Cut(rest, `"`)
		m = before + `"cursor":-` + after
	}
}

func cursor(m string) string {
	_, rest, _ := strings.Cut(m, `"cursor":"`)
	text, _, _ := strings.Cut(rest, `"`)
	return text
}

// TestSubscriptions: the three that Amplify has and Loam's own, each event in the
// shape that the document asks for.
func TestSubscriptions(t *testing.T) {
	s := testkit.New(t, followed)
	ada := s.SignUp("ada@example.com")
	ws := ada.Bare().Dial("/graphql", transport).Init(ada.Bearer())
	ws.Subscribe("c", `subscription { made: onCreateNote(filter: {rank: {ge: 5}}) { __typename t: title rank } }`)
	ws.Subscribe("u", `subscription { onUpdateNote { title } }`)
	ws.Subscribe("d", `subscription { onDeleteNote(filter: {rank: {lt: 2}}) { title } }`)
	ws.Subscribe("all", `subscription { noteChanges(filter: {rank: {ge: 5}}) { op at: cursor row { title } __typename cursor } }`)
	if m := ws.Next(); cursorless(m) != `{"type":"next","id":"all","payload":{"data":{"noteChanges":{"op":"START","at":"`+cursor(m)+`","row":null,"__typename":"NoteChange","cursor":-}}}}` {
		t.Fatalf("start: %s", m)
	}
	want := func(messages ...string) {
		t.Helper()
		got := map[string]bool{}
		for range messages {
			got[ws.Next()] = true
		}
		for _, w := range messages {
			found := false
			for g := range got {
				found = found || strings.HasPrefix(g, w)
			}
			if !found {
				t.Errorf("missing %s in %v", w, got)
			}
		}
	}
	r := ada.Do("POST", "/api/notes", map[string]any{"title": "a", "rank": 5})
	a := r.Want(201).String("id")
	want(`{"type":"next","id":"c","payload":{"data":{"made":{"__typename":"Note","t":"a","rank":5}}}}`, `{"type":"next","id":"all","payload":{"data":{"noteChanges":{"op":"INSERT"`)
	ada.Do("POST", "/api/notes", map[string]any{"title": "b", "rank": 1}).Want(201)
	ada.Do("PATCH", "/api/notes/"+a, map[string]any{"rank": 6}).Want(200)
	want(`{"type":"next","id":"u","payload":{"data":{"onUpdateNote":{"title":"a"}}}}`, `{"type":"next","id":"all","payload":{"data":{"noteChanges":{"op":"UPDATE"`)
	ada.Do("PATCH", "/api/notes/"+a, map[string]any{"rank": 1}).Want(200)
	want(`{"type":"next","id":"u"`, `{"type":"next","id":"all","payload":{"data":{"noteChanges":{"op":"REMOVE"`)
	ws.Say(`{"type":"complete","id":"u"}`)
	ws.Subscribe("q", `{ listNotes { total } }`)
	want(`{"type":"next","id":"q","payload":{"data":{"listNotes":{"total":2}}}}`, `{"type":"complete","id":"q"}`)
	ws.Subscribe("m", `mutation { createNote(input: {title: "m", rank: 0}) { title } }`)
	want(`{"type":"next","id":"m","payload":{"data":{"createNote":{"title":"m"}}}}`, `{"type":"complete","id":"m"}`)
	ada.Do("DELETE", "/api/notes/"+a, nil).Want(204)
	want(`{"type":"next","id":"d","payload":{"data":{"onDeleteNote":{"title":"a"}}}}`)
	ws.Subscribe("d", `{ __typename }`)
	if code := ws.Closed(); code != 4409 {
		t.Errorf("a second operation of one id closes with %d", code)
	}
}

// TestSubscriptionResumes: a cursor leads on from where it was given, over a lost
// connection.
func TestSubscriptionResumes(t *testing.T) {
	s := testkit.New(t, followed)
	ada := s.SignUp("ada@example.com")
	ws := ada.Dial("/graphql", transport).Init(`null`)
	ws.Subscribe("1", `subscription { noteChanges { cursor op id } }`)
	at := cursor(ws.Next())
	ws.Close()
	first := ada.Do("POST", "/api/notes", map[string]any{"title": "a"}).Want(201).String("id")
	ada.Do("POST", "/api/notes", map[string]any{"title": "b"}).Want(201)
	ws = ada.Dial("/graphql", transport).Init(`null`)
	ws.Subscribe("1", `subscription { noteChanges(since: "`+at+`") { cursor op id } }`)
	m := ws.Next()
	if !strings.Contains(m, `"op":"INSERT","id":"`+first+`"`) {
		t.Errorf("got %s", m)
	}
	ws.Subscribe("2", `subscription { noteChanges(since: "`+cursor(m)+`") { again: op } }`)
	if a, b := ws.Next(), ws.Next(); !strings.Contains(a+b, `"op":"INSERT"`) || !strings.Contains(a+b, `{"again":"INSERT"}`) {
		t.Errorf("got %s and %s", a, b)
	}
	ws.Subscribe("3", `subscription { noteChanges(since: "nonsense") { op } }`)
	if m := ws.Next(); !strings.HasPrefix(m, `{"type":"error","id":"3","payload":[`) || !strings.Contains(m, "realtime/bad_position") {
		t.Errorf("got %s", m)
	}
	ws.Quiet(20 * time.Millisecond)
}

// TestSubscriptionByEvents: the same over server-sent events.
func TestSubscriptionByEvents(t *testing.T) {
	s := testkit.New(t, followed)
	ada := s.SignUp("ada@example.com")
	live := ada.Follow("/graphql?query=subscription%7BonCreateNote%7Btitle%7D%7D", "")
	ada.Do("POST", "/api/notes", map[string]any{"title": "a"}).Want(201)
	if e := live.Next(); e.Name != "next" || e.Data != `{"data":{"onCreateNote":{"title":"a"}}}` {
		t.Errorf("got %+v", e)
	}
	live = ada.Follow("/graphql?query=%7BlistNotes%7Btotal%7D%7D", "")
	if e := live.Next(); e.Name != "next" || e.Data != `{"data":{"listNotes":{"total":1}}}` {
		t.Errorf("got %+v", e)
	}
	if e := live.Next(); e.Name != "complete" {
		t.Errorf("got %+v", e)
	}
	if r := ada.GraphQL("subscription { onCreateNote { title } }", nil); r.String("errors", 0, "extensions", "code") != "graphql/subscription" {
		t.Errorf("got %s", r.Body)
	}
}

// TestSubscriptionRefused: a document that can't be followed gets an error in place of
// a beginning.
func TestSubscriptionRefused(t *testing.T) {
	s := testkit.New(t, followed)
	ws := s.SignUp("ada@example.com").Dial("/graphql", transport).Init("null")
	for document, code := range map[string]string{
		`subscription { onCreateNote { id } onDeleteNote { id } }`:                      "graphql/invalid",
		`subscription { ...f } fragment f on Subscription { a: __typename }`:            "graphql/invalid",
		`subscription { __typename }`:                                                   "graphql/invalid",
		`subscription { noteChanges { a: row { id } b: row { title } } }`:               "graphql/subscription",
		`subscription { noteChanges { op row { nothing } } }`:                           "graphql/invalid",
		`subscription { noteChanges(filter: {rank: {eq: "x"}}) { op } }`:                "graphql/invalid",
		`subscription { noteChanges(since: "x") { op } }`:                               "realtime/bad_position",
		`subscription { onCreateNote @skip(if: true) { id } }`:                          "graphql/subscription",
		`subscription a { onCreateNote { id } } subscription b { onCreateNote { id } }`: "graphql/bad_request",
		`{`: "graphql/syntax",
		``:  "graphql/bad_request",
	} {
		ws.Subscribe("1", document)
		if m := ws.Next(); !strings.HasPrefix(m, `{"type":"error","id":"1","payload":[{`) || !strings.Contains(m, `"`+code+`"`) {
			t.Errorf("%s: %s", document, m)
		}
	}
}

// TestSocketLost: who does not answer pings is taken for gone, and told so; who does is
// kept.
func TestSocketLost(t *testing.T) {
	s := testkit.New(t, followed, func(o *backend.Options) { o.Config.Limits.Realtime.Idle = time.Second })
	ada := s.SignUp("ada@example.com")
	stays := ada.Dial("/graphql", transport).Init("null")
	lost := ada.Dial("/graphql", transport)
	lost.Say(`{"type":"connection_init"}`)
	lost.SetPingHandler(func(string) error { return nil })
	if code := lost.Read().Closed(); code != 4421 {
		t.Errorf("closed with %d", code)
	}
	stays.Say(`{"type":"ping"}`)
	if m := stays.Next(); m != `{"type":"pong"}` {
		t.Errorf("got %s", m)
	}
}

// TestAmplifySubscription: the protocol of Amplify's clients.
func TestAmplifySubscription(t *testing.T) {
	s := testkit.New(t, followed+`type Sign @model @auth(rules: [{ allow: public }, { allow: member }]) { title: String }`)
	ada := s.SignUp("ada@example.com")
	token := strings.TrimPrefix(ada.Header.Get("Authorization"), "Bearer ")
	ws := ada.Bare().Dial("/graphql/realtime", "graphql-ws, "+amplifyHeader(token)).Read()
	ws.Say(`{"type":"connection_init"}`)
	want := func(m string) {
		t.Helper()
		if got := ws.Next(); got != m {
			t.Errorf("got %s, want %s", got, m)
		}
	}
	want(`{"type":"connection_ack","payload":{"connectionTimeoutMs":300000}}`)
	want(`{"type":"ka"}`)
	ws.Say(`{"type":"start","id":"x","payload":{"data":"{\"query\":\"subscription { onCreateNote { title } }\",\"variables\":{}}","extensions":{"authorization":{"Authorization":"` + token + `","host":"h"}}}}`)
	want(`{"type":"start_ack","id":"x"}`)
	ada.Do("POST", "/api/notes", map[string]any{"title": "a"}).Want(201)
	want(`{"type":"data","id":"x","payload":{"data":{"onCreateNote":{"title":"a"}}}}`)
	ws.Say(`{"type":"start","id":"y","payload":{"data":"{\"query\":\"subscription { onCreateNope { title } }\"}"}}`)
	if m := ws.Next(); !strings.HasPrefix(m, `{"type":"error","id":"y","payload":{"errors":[{`) {
		t.Errorf("got %s", m)
	}
	ws.Say(`{"type":"stop","id":"x"}`)
	want(`{"type":"complete","id":"x"}`)
	key := ada.Do("POST", "/auth/keys", map[string]any{"name": "k"}).Want(201)
	ws.Say(`{"type":"start","id":"k","payload":{"data":"{\"query\":\"subscription { onCreateSign { title } }\"}","extensions":{"authorization":{"x-api-key":"` + key.String("key") + `"}}}}`)
	want(`{"type":"start_ack","id":"k"}`)
	ada.Do("POST", "/api/signs", map[string]any{"title": "b"}).Want(201)
	want(`{"type":"data","id":"k","payload":{"data":{"onCreateSign":{"title":"b"}}}}`)
	ada.Do("DELETE", "/auth/keys/"+key.String("id"), nil).Want(204)
	ada.Do("POST", "/api/signs", map[string]any{"title": "c"}).Want(201)
	if m := ws.Next(); !strings.HasPrefix(m, `{"type":"error","id":"k","payload":{"errors":[{`) || !strings.Contains(m, "UnauthorizedException") {
		t.Errorf("got %s", m)
	}
	ws.Quiet(50 * time.Millisecond)

	ws = ada.Bare().Dial("/graphql/realtime", "graphql-ws, "+amplifyHeader("nonsense")).Read()
	ws.Say(`{"type":"connection_init"}`)
	if m := ws.Next(); !strings.HasPrefix(m, `{"type":"connection_error","payload":{"errors":[{"errorCode":401,"errorType":"UnauthorizedException"`) {
		t.Errorf("got %s", m)
	}
}

func amplifyHeader(token string) string {
	return "header-" + base64.RawURLEncoding.EncodeToString([]byte(`{"Authorization":"`+token+`","host":"localhost"}`))
}
