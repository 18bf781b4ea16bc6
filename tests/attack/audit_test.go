package attack

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/testkit"
)

// trail is the caller's organization's audit log, newest first.
func trail(t *testing.T, c *testkit.Client, query string) []map[string]any {
	t.Helper()
	var page struct{ Items []map[string]any }
	if err := json.Unmarshal(c.Get("/auth/organizations/"+c.Org+"/audit"+query).Want(200).Body, &page); err != nil {
		t.Fatal(err)
	}
	return page.Items
}

// TestAttack127_PrivilegedActions: each leaves one record that says who did what
// to whom, where, from where and what changed.
func TestAttack127_PrivilegedActions(t *testing.T) {
	_, ada, eve := two(t)
	ada.Enlist(eve.Org, "member") // they know each other
	members := "/auth/organizations/" + ada.Org + "/members"
	eveID := "user:" + eve.UserID
	steps := []struct {
		do      func() *testkit.Response
		action  string
		target  string
		details string
	}{
		{func() *testkit.Response {
			return ada.Do("POST", members, map[string]any{"userId": eve.UserID, "role": "member"})
		}, "org.member_added", eveID, `{"role":"member"}`},
		{func() *testkit.Response {
			return ada.Do("PATCH", members+"/"+eve.UserID, map[string]any{"role": "admin"})
		}, "org.role_changed", eveID, `{"before":"member","role":"admin"}`},
		{func() *testkit.Response { return ada.Do("DELETE", members+"/"+eve.UserID, nil) }, "org.member_removed", eveID, `{"role":"admin"}`},
		{func() *testkit.Response { return ada.Do("POST", "/auth/keys", map[string]any{"name": "ci"}) }, "auth.key_created", "", `{"name":"ci","readOnly":false}`},
	}
	for _, step := range steps {
		before := len(trail(t, ada, "?action="+step.action))
		r := step.do()
		if r.StatusCode >= 300 {
			t.Fatalf("%s: %d %s", step.action, r.StatusCode, r.Body)
		}
		found := trail(t, ada, "?action="+step.action)
		if len(found) != before+1 {
			t.Errorf("%s left %d records", step.action, len(found)-before)
			continue
		}
		got := found[0]
		details, err := json.Marshal(got["details"])
		if err != nil {
			t.Fatal(err)
		}
		if got["actor"] != "user:"+ada.UserID || got["organization"] != ada.Org || got["outcome"] != "success" || got["address"] != "127.0.0.1" ||
			got["agent"] == "" || got["requestId"] != r.Header.Get("X-Request-Id") || step.target != "" && got["target"] != step.target || string(details) != step.details {
			t.Errorf("%s is recorded as %v", step.action, got)
		}
	}
	key := ada.Get("/auth/keys").String("items", 0, "id")
	ada.Do("DELETE", "/auth/keys/"+key, nil).Want(204)
	if got := trail(t, ada, "?action=auth.key_revoked"); len(got) != 1 || got[0]["target"] != "key:"+key {
		t.Errorf("a key's end is recorded as %v", got)
	}
	if got := trail(t, ada, "?action=org.founded"); len(got) != 1 {
		t.Errorf("the founding is recorded as %v", got)
	}
}

// TestAttack127_Refusals: who tries what they may not leaves one record, too.
func TestAttack127_Refusals(t *testing.T) {
	_, ada, eve := two(t)
	bob := ada.Join("bob@example.com", "member")
	members := "/auth/organizations/" + ada.Org + "/members"
	refused := []*testkit.Response{
		bob.Do("POST", members, map[string]any{"userId": eve.UserID, "role": "owner"}),
		bob.Do("PATCH", members+"/"+bob.UserID, map[string]any{"role": "owner"}),
		bob.Do("DELETE", members+"/"+ada.UserID, nil),
		bob.Do("POST", "/auth/keys", map[string]any{"name": "ci"}),
		bob.Get("/auth/organizations/" + ada.Org + "/audit"),
	}
	found := trail(t, ada, "?action=access.denied")
	if len(found) != len(refused) {
		t.Fatalf("%d refusals left %d records", len(refused), len(found))
	}
	for i, r := range refused {
		r.Want(403)
		got := found[len(found)-1-i]
		details, _ := got["details"].(map[string]any)
		if got["outcome"] != "denied" || got["actor"] != "user:"+bob.UserID || got["requestId"] != r.Header.Get("X-Request-Id") || got["address"] != "127.0.0.1" ||
			details["why"] != r.String("code") || details["path"] != r.Request.URL.Path {
			t.Errorf("%s %s is recorded as %v", r.Request.Method, r.Request.URL.Path, got)
		}
	}
	// A foreign organization's log is not to be written to by those who are not in it.
	eve.Do("POST", members, map[string]any{"userId": eve.UserID}).Want(404)
	if n := len(trail(t, ada, "?action=access.denied")); n != len(refused) {
		t.Errorf("a foreigner has written to the log: %d records", n)
	}
}

// TestAttack129_AgentInjection: what a caller calls itself can't forge a record.
func TestAttack129_AgentInjection(t *testing.T) {
	_, ada, _ := two(t)
	evil := "x\x9b2J\",\"actor\":\"user:root\"}\t<script>"
	ada.Do("POST", "/auth/keys", map[string]any{"name": "\u202eevil"}, "User-Agent", evil).Want(201)
	export := ada.Get("/auth/organizations/" + ada.Org + "/audit/export").Want(200)
	for line := range strings.Lines(string(export.Body)) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil || record["actor"] == "user:root" {
			t.Errorf("%v: %s", err, line)
		}
	}
	if strings.ContainsAny(string(export.Body), "\t\r\u202e") || bytes.Contains(export.Body, []byte("\x9b")) {
		t.Errorf("control characters are exported: %q", export.Body)
	}
	if export.Header.Get("Content-Type") != "application/jsonl" || export.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("a browser might run it: %v", export.Header)
	}
}

// TestAttack130_ForeignLog: only the owners and admins of an organization see
// its log, and to others it does not exist.
func TestAttack130_ForeignLog(t *testing.T) {
	s, ada, eve := two(t)
	admin, member := ada.Join("admin@example.com", "admin"), ada.Join("member@example.com", "member")
	key := s.Anonymous()
	key.Header.Set("X-Api-Key", ada.Do("POST", "/auth/keys", map[string]any{"name": "ci"}).Want(201).String("key"))
	for _, path := range []string{"/audit", "/audit?action=org.founded", "/audit/export"} {
		own := "/auth/organizations/" + ada.Org + path
		ada.Get(own).Want(200)
		admin.Get(own).Want(200)
		member.Get(own).WantCode(403, "tenant/not_allowed")
		key.Get(own).Want(401)
		s.Anonymous().Get(own).Want(401)
		foreign, missing := eve.Get(own).WantCode(404, "tenant/not_found"), eve.Get("/auth/organizations/"+nowhere+path)
		if withoutRequest(string(foreign.Body)) != withoutRequest(string(missing.Body)) || missing.StatusCode != 404 {
			t.Errorf("%s: a foreign log answers\n%s\na missing one\n%s", path, foreign.Body, missing.Body)
		}
	}
	// A cursor of one's own list does not open another's, nor does what it shows count others' records.
	page := ada.Get("/auth/organizations/" + ada.Org + "/audit?limit=1").Want(200)
	eve.Get("/auth/organizations/"+eve.Org+"/audit?cursor="+page.String("nextCursor")).WantCode(400, "query/bad_cursor")
	for _, r := range trail(t, ada, "") {
		if r["organization"] != ada.Org || r["seq"] != nil || r["prev"] != nil {
			t.Errorf("%v tells of others", r)
		}
	}
	for query, code := range map[string]string{
		"action=%27%20OR%201": "audit/bad_filter", "action=auth": "audit/bad_filter", "actor=ada": "audit/bad_filter", "since=yesterday": "audit/bad_filter",
		"until=2026-13-01T00:00:00Z": "audit/bad_filter", "limit=0": "query/limit", "limit=1001": "query/limit", "limit=x": "query/limit",
		"cursor=x": "query/bad_cursor", "actoin=auth.sign_in": "http/bad_parameter", "actor=system&actor=anonymous": "http/bad_parameter",
	} {
		ada.Get("/auth/organizations/"+ada.Org+"/audit?"+query).WantCode(400, code)
	}
	for _, query := range []string{"limit=1", "cursor=x"} {
		ada.Get("/auth/organizations/"+ada.Org+"/audit/export?"+query).WantCode(400, "http/bad_parameter")
	}
}

// TestAttack130_SinkFull: where nothing can be recorded, no privileged action
// happens.
func TestAttack130_SinkFull(t *testing.T) {
	dir := t.TempDir()
	t.Run("before", func(t *testing.T) {
		s := testkit.New(t, app, testkit.In(dir))
		ada := s.SignUp("ada@example.com")
		ada.Do("POST", "/auth/keys", map[string]any{"name": "before"}).Want(201)
		ada.Join("bob@example.com", "member")
		ada.Enlist(s.SignUp("eve@example.com").Org, "member")
	})
	full := `CREATE TRIGGER "full" BEFORE INSERT ON "_audit" WHEN NEW."action" NOT LIKE 'auth.sign_in%' BEGIN SELECT RAISE(ABORT, 'no room'); END`
	if storetest.Chosen(t) == store.PostgreSQL {
		full = `CREATE FUNCTION "full"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$;
			CREATE TRIGGER "full" BEFORE INSERT ON "_audit" FOR EACH ROW WHEN (NEW."action" NOT LIKE 'auth.sign_in%') EXECUTE FUNCTION "full"()`
	}
	testkit.Meddle(t, dir, func(c store.Conn) error { return c.Script(full) })
	s := testkit.New(t, app, testkit.In(dir))
	ada, bob, eve := s.SignIn("ada@example.com"), s.SignIn("bob@example.com"), s.SignIn("eve@example.com")
	members := "/auth/organizations/" + ada.Org + "/members"
	key := ada.Get("/auth/keys").String("items", 0, "id")
	for name, r := range map[string]*testkit.Response{
		"add":    ada.Do("POST", members, map[string]any{"userId": eve.UserID}),
		"role":   ada.Do("PATCH", members+"/"+bob.UserID, map[string]any{"role": "admin"}),
		"remove": ada.Do("DELETE", members+"/"+bob.UserID, nil),
		"found":  ada.Do("POST", "/auth/organizations", map[string]any{"name": "Second"}),
		"key":    ada.Do("POST", "/auth/keys", map[string]any{"name": "ci"}),
		"revoke": ada.Do("DELETE", "/auth/keys/"+key, nil),
		"export": ada.Get("/auth/organizations/" + ada.Org + "/audit/export"),
	} {
		if r.StatusCode < 500 || strings.Contains(string(r.Body), "no room") {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.Body)
		}
	}
	for what, got := range map[string][2]any{
		"members":       {ada.Get(members).Len("items"), 2},
		"bob's role":    {ada.Get(members).Value("items", 1, "role"), "member"},
		"organizations": {ada.Get("/auth/organizations").Len("items"), 2},
		"keys":          {ada.Get("/auth/keys").Len("items"), 1},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %v, want %v", what, got[0], got[1])
		}
	}
}
