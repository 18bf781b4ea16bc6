package attack

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/testkit"
)

const talk = `
channels:
  "doc:*": { join: [member], send: [member], presence: [member], keep: 10 }
  "note:*": { row: Note, join: [member], send: [member], presence: [member] }
  "user:*": { join: [user], send: [user], presence: [user] }
`

// TestAttack077_ChannelNames: no name means more than one channel to anybody.
func TestAttack077_ChannelNames(t *testing.T) {
	s := testkit.New(t, app, testkit.Settings(talk, nil))
	ada := s.SignUp("ada@example.com")
	for _, name := range []string{"doc:*", "doc:>", "*", ">", "doc:a b", "doc:a\nb", "doc:a\x00b", "doc:a/b", "doc:ä", "doc:%2a", " doc:a", "-doc:a", ":a", "$SYS.a",
		"doc:" + strings.Repeat("x", 125), "doc:\u202ea", "doc:{a}", "doc:a,b", "doc:'", "doc:\\a"} {
		path := "/channels/" + url.PathEscape(name)
		ada.Get(path).WantCode(400, "channel/bad_name")
		ada.Do("POST", path, map[string]any{"event": "x"}).WantCode(400, "channel/bad_name")
		if r, _ := ada.TryFollow(path+"?state=1", ""); r.StatusCode != 400 {
			t.Errorf("%q: %d", name, r.StatusCode)
		}
	}
	for _, name := range []string{"doc", "doc:", "docs:1", "DOC:1", "other"} {
		ada.Get("/channels/"+name).WantCode(404, "channel/unknown")
		ada.Do("POST", "/channels/"+name, map[string]any{"event": "x"}).WantCode(404, "channel/unknown")
	}
	for _, event := range []string{"*", ">", "a b", "", "a\nid: 1"} {
		ada.Do("POST", "/channels/doc:1", map[string]any{"event": event}).WantCode(400, "channel/bad_name")
	}
	in := ada.Follow("/channels/doc:1", "")
	in.Next()
	ada.Do("POST", "/channels/doc:1", "{\"event\":\"x\",\"data\":{\"a\":\n\n\"event: leave\\n\\ndata: {}\"}}").Want(200)
	if got := in.Next(); got.Name != "message" || !strings.Contains(got.Data, `{"a":"event: leave\n\ndata: {}"}`) {
		t.Errorf("data breaks out of its event: %+v", got)
	}
}

// TestAttack077_ForeignPresence: a channel of one name is another one in each
// organization, and a channel about a row is for those who may read the row.
func TestAttack077_ForeignPresence(t *testing.T) {
	s := testkit.New(t, app, testkit.Settings(talk, nil))
	ada, eve := s.SignUp("ada@example.com"), s.SignUp("eve@example.com")
	in := ada.Follow("/channels/doc:1?state="+url.QueryEscape(`"`+canary+`"`), "")
	in.Next()
	ada.Do("POST", "/channels/doc:1", map[string]any{"event": "x", "data": canary}).Want(200)
	in.Next()
	silent(t, eve.Get("/channels/doc:1").Want(200))
	spy := eve.Follow("/channels/doc:1?state=1", "")
	if got := spy.Next(); got.Name != "presence" || strings.Contains(got.Data, canary) || strings.Contains(got.Data, ada.UserID) {
		t.Errorf("eve sees %+v", got)
	}
	eve.Do("POST", "/channels/doc:1", map[string]any{"event": "x"}).Want(200)
	if got := spy.Next(); got.Name != "message" {
		t.Errorf("eve is told %+v", got)
	}
	ada.Do("POST", "/channels/doc:1", map[string]any{"event": "x", "data": canary}).Want(200)
	if got := in.Next(); got.Name != "message" || !strings.Contains(got.Data, canary) {
		t.Errorf("ada is told %+v", got)
	}
	spy.Quiet(50 * time.Millisecond)

	// Within the organization: the owner's note, and another user's own channel.
	mallory := ada.Join("mallory@example.com", "admin")
	note := ada.Do("POST", "/api/notes", map[string]any{"text": canary}).Want(201).String("id")
	ada.Follow("/channels/note:"+note+"?state=1", "").Next()
	for _, c := range []*testkit.Client{eve, mallory} {
		for path, status := range map[string]int{"/channels/note:" + note: 404, "/channels/user:" + ada.UserID: 403} {
			silent(t, c.Get(path).Want(status))
			c.Do("POST", path, map[string]any{"event": "x"}).Want(status)
			if r, _ := c.TryFollow(path+"?state=1", ""); r.StatusCode != status {
				t.Errorf("%s: %d", path, r.StatusCode)
			}
		}
	}
	s.Anonymous().Get("/channels/doc:1").Want(401)
}

// TestAttack077_SendingAsAnother: whom a message is from is who sent it; who only
// reads sends nothing and is not seen.
func TestAttack077_SendingAsAnother(t *testing.T) {
	s := testkit.New(t, app, testkit.Settings(talk, nil))
	ada := s.SignUp("ada@example.com")
	mallory := ada.Join("mallory@example.com", "member")
	in := ada.Follow("/channels/doc:1", "")
	in.Next()
	for _, body := range []string{`{"event":"x","from":{"user":"` + ada.UserID + `"}}`, `{"event":"x","at":"2000-01-01T00:00:00Z"}`, `{"event":"x","id":"1"}`, `{"event":"x","FROM":1}`} {
		mallory.Do("POST", "/channels/doc:1", body).WantCode(400, "query/unknown_field")
	}
	mallory.Do("POST", "/channels/doc:1", `{"event":"x","data":{"from":{"user":"`+ada.UserID+`"}}}`).Want(200)
	if got := in.Next(); !strings.Contains(got.Data, `},"from":{"user":"`+mallory.UserID+`"}`) {
		t.Errorf("told %+v", got)
	}
	boss := root(t, s)
	acting := s.Anonymous()
	acting.Header.Set("Authorization", "Bearer "+boss.Do("POST", "/auth/admin/users/"+ada.UserID+"/impersonate", map[string]any{"reason": "help"}).Want(201).String("accessToken"))
	acting.Get("/channels/doc:1").Want(200)
	acting.Do("POST", "/channels/doc:1", map[string]any{"event": "x"}).WantCode(403, "access/denied")
	if r, _ := acting.TryFollow("/channels/doc:1?state=1", ""); r.StatusCode != 403 {
		t.Errorf("who acts as ada is present as her: %d", r.StatusCode)
	}
	in.Quiet(50 * time.Millisecond)
}

// TestAttack077_OverWebSocket: the same holds there.
func TestAttack077_OverWebSocket(t *testing.T) {
	s := testkit.New(t, app, testkit.Settings(talk, nil))
	ada, eve := s.SignUp("ada@example.com"), s.SignUp("eve@example.com")
	mallory := ada.Join("mallory@example.com", "member")
	boss := root(t, s)
	acting, key := s.Anonymous(), s.Anonymous()
	acting.Header.Set("Authorization", "Bearer "+boss.Do("POST", "/auth/admin/users/"+ada.UserID+"/impersonate", map[string]any{"reason": "help"}).Want(201).String("accessToken"))
	key.Header.Set("X-Api-Key", ada.Do("POST", "/auth/keys", map[string]any{"name": "k"}).Want(201).String("key"))
	note := ada.Do("POST", "/api/notes", map[string]any{"text": canary}).Want(201).String("id")
	enter := func(c *testkit.Client) *testkit.Socket {
		w := c.Dial("/channels", "loam-channels").Read()
		w.Say(`{"type":"auth"}`)
		w.Next()
		return w
	}
	in := enter(ada)
	for _, name := range []string{"doc:1", "note:" + note, "user:" + ada.UserID} {
		in.Say(`{"type":"join","channel":"` + name + `","state":"` + canary + `"}`)
		if got := in.Next(); !strings.HasPrefix(got, `{"type":"presence"`) {
			t.Fatal(got)
		}
	}
	for _, c := range []struct {
		who            *testkit.Client
		message, error string
	}{
		{mallory, `"join","channel":"doc:*"`, "channel/bad_name"}, {mallory, `"join","channel":"doc:>"`, "channel/bad_name"}, {mallory, `"join","channel":"doc:1 "`, "channel/bad_name"},
		{mallory, `"send","channel":"doc:1","event":"x"`, "channel/unknown"}, {mallory, `"state","channel":"doc:1","state":1`, "channel/unknown"},
		{mallory, `"join","channel":"note:` + note + `","state":1`, "data/not_found"}, {mallory, `"join","channel":"user:` + ada.UserID + `"`, "access/denied"},
		{eve, `"join","channel":"note:` + note + `"`, "data/not_found"}, {eve, `"join","channel":"user:` + ada.UserID + `"`, "access/denied"},
		{acting, `"join","channel":"doc:1","state":1`, "access/denied"}, {key, `"join","channel":"doc:1"`, "access/denied"},
	} {
		w := enter(c.who)
		w.Say(`{"type":` + c.message + `}`)
		if got := w.Next(); !strings.Contains(got, `"code":"`+c.error+`"`) || strings.Contains(got, canary) {
			t.Errorf("%s: %s", c.message, got)
		}
	}
	w := enter(eve)
	w.Say(`{"type":"join","channel":"doc:1","state":1}`)
	if got := w.Next(); strings.Contains(got, canary) || strings.Contains(got, ada.UserID) {
		t.Errorf("eve sees %s", got)
	}
	w.Say(`{"type":"send","channel":"doc:1","event":"x"}`)
	acted := enter(acting)
	acted.Say(`{"type":"join","channel":"doc:1"}`)
	acted.Next()
	acted.Say(`{"type":"send","channel":"doc:1","event":"x"}`)
	if got := acted.Next(); !strings.Contains(got, "access/denied") {
		t.Errorf("who acts as ada sends: %s", got)
	}
	in.Quiet(50 * time.Millisecond)
	w = enter(mallory)
	w.Say(`{"type":"join","channel":"doc:1"}`)
	w.Next()
	w.Say(`{"type":"send","channel":"doc:1","event":"x","data":{"from":{"user":"` + ada.UserID + `"}}}`)
	if got := in.Next(); !strings.Contains(got, `},"from":{"user":"`+mallory.UserID+`","ref":"`) {
		t.Errorf("ada is told %s", got)
	}
	w.Say(`{"type":"send","channel":"doc:1","event":"x","from":{"user":"` + ada.UserID + `"}}`)
	if code := w.Closed(); code != 4400 {
		t.Errorf("a message that says whom it is from: closed with %d", code)
	}
}
