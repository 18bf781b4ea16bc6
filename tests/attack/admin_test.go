package attack

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/testkit"
)

// onRecord is the audit log of the whole server, newest first, of one action.
func onRecord(t *testing.T, s *testkit.Server, action string) (found []map[string]any) {
	t.Helper()
	var out strings.Builder
	if err := s.Backend.Audit.ExportAll(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		if record["action"] == action {
			found = append([]map[string]any{record}, found...)
		}
	}
	return found
}

// adminRoutes are requests of admins, each with a body that would do something to
// a user.
func adminRoutes(user, org string) [][3]string {
	return [][3]string{
		{"GET", "/auth/admin/users", ""},
		{"GET", "/auth/admin/users/" + user, ""},
		{"POST", "/auth/admin/users", `{"email":"new@example.com"}`},
		{"PATCH", "/auth/admin/users/" + user, `{"admin":true}`},
		{"DELETE", "/auth/admin/users/" + user, ""},
		{"POST", "/auth/admin/users/" + user + "/sessions/end", ""},
		{"POST", "/auth/admin/users/" + user + "/impersonate", `{"reason":"x"}`},
		{"POST", "/auth/admin/import?format=csv", "email\nnew@example.com\n"},
		{"GET", "/auth/admin/keys?org=" + org, ""},
		{"POST", "/auth/admin/keys", `{"name":"x","org":"` + org + `"}`},
		{"DELETE", "/auth/admin/keys/0123?org=" + org, ""},
		{"POST", "/auth/admin/keys/rotate", ""},
		{"GET", "/auth/admin/jobs", ""},
		{"POST", "/auth/admin/jobs/j1/retry", ""},
		{"DELETE", "/auth/admin/jobs/j1", ""},
		{"GET", "/auth/admin/organizations", ""},
		{"POST", "/auth/admin/organizations", `{"name":"x","owner":"` + user + `"}`},
		{"GET", "/auth/admin/organizations/" + org, ""},
		{"PATCH", "/auth/admin/organizations/" + org, `{"name":"x"}`},
		{"GET", "/auth/admin/organizations/" + org + "/members", ""},
		{"POST", "/auth/admin/organizations/" + org + "/members", `{"userId":"` + user + `"}`},
		{"GET", "/auth/admin/organizations/" + org + "/roles", ""},
		{"PATCH", "/auth/admin/organizations/" + org + "/members/" + user, `{"role":"owner"}`}, {"DELETE", "/auth/admin/organizations/" + org + "/members/" + user, ""},
		{"GET", "/auth/admin/organizations/" + org + "/invitations", ""}, {"POST", "/auth/admin/organizations/" + org + "/invitations", `{"email":"new@example.com"}`},
		{"POST", "/auth/admin/organizations/" + org + "/invitations/x/resend", ""}, {"DELETE", "/auth/admin/organizations/" + org + "/invitations/x", ""},
		{"GET", "/auth/admin/organizations/" + org + "/teams", ""}, {"POST", "/auth/admin/organizations/" + org + "/teams", `{"name":"x"}`},
		{"PATCH", "/auth/admin/organizations/" + org + "/teams/x", `{"name":"x"}`}, {"DELETE", "/auth/admin/organizations/" + org + "/teams/x", ""},
		{"GET", "/auth/admin/organizations/" + org + "/teams/x/members", ""}, {"PUT", "/auth/admin/organizations/" + org + "/teams/x/members/" + user, ""},
		{"DELETE", "/auth/admin/organizations/" + org + "/teams/x/members/" + user, ""},
		{"POST", "/auth/admin/organizations/" + org + "/suspend", `{"reason":"x"}`},
		{"POST", "/auth/admin/organizations/" + org + "/restore", ""},
		{"PUT", "/auth/admin/organizations/" + org + "/limits", `{"members":1}`},
		{"POST", "/auth/admin/organizations/" + org + "/export", ""},
		{"DELETE", "/auth/admin/organizations/" + org, `{"confirm":"x"}`},
		{"GET", "/console/api/me", ""},
		{"GET", "/console/api/overview", ""},
		{"GET", "/console/api/schema", ""}, {"GET", "/console/api/history/tasks/x?organization=" + org, ""}, {"GET", "/console/api/migrations", ""}, {"GET", "/console/api/settings", ""},
		{"GET", "/console/api/connections", ""}, {"DELETE", "/console/api/connections/1", ""}, {"GET", "/console/api/users/" + user + "/sessions", ""}, {"DELETE", "/console/api/users/" + user + "/sessions/x", ""},
		{"GET", "/console/api/audit", ""}, {"GET", "/console/api/audit?organization=" + org, ""},
		{"POST", "/console/api/explain", `{"model":"Task","operation":"list"}`},
	}
}

// TestAttack024_PrivilegesByFields: nobody gets a role, a standing or somebody
// else's id by sending it along.
func TestAttack024_PrivilegesByFields(t *testing.T) {
	s, ada, eve := two(t)
	for i, field := range []string{
		`"role":"owner"`, `"admin":true`, `"verified":true`, `"emailVerified":true`, `"tenant_id":"` + ada.Org + `"`, `"org":"` + ada.Org + `"`,
		`"id":"` + ada.UserID + `"`, `"groups":["Admins"]`, `"password_hash":"x"`, `"disabledAt":null`, `"createdAt":"2020-01-01T00:00:00Z"`,
	} {
		body := fmt.Sprintf(`{"email":"new%d@example.com","password":"correct horse battery",%s}`, i, field)
		s.Anonymous().Do("POST", "/auth/sign-up", body).WantCode(400, "query/unknown_field")
		eve.Do("PATCH", "/auth/me", "{"+field+"}").WantCode(400, "query/unknown_field")
	}
	if me := eve.Get("/auth/me").Want(200); me.String("user", "id") != eve.UserID || me.String("organization", "id") != eve.Org {
		t.Errorf("eve is %s", me.Body)
	}
	eve.Get("/auth/admin/users").WantCode(404, "http/not_found")
}

// TestAttack048_KeysAdministerNothing: no API key, not one of an admin's
// organization, reaches what admins do; nor does anybody who is no admin. They are
// told that nothing is there.
func TestAttack048_KeysAdministerNothing(t *testing.T) {
	s, ada, _ := two(t)
	boss := root(t, s)
	boss.Get("/auth/admin/users").Want(200)
	key := s.Anonymous()
	key.Header.Set("X-Api-Key", boss.Do("POST", "/auth/keys", map[string]any{"name": "k"}).Want(201).String("key"))
	victim := ada.Join("victim@example.com", "member")
	for name, c := range map[string]*testkit.Client{"a key": key, "an owner": ada, "nobody": s.Anonymous()} {
		for _, r := range adminRoutes(victim.UserID, ada.Org) {
			got := c.Do(r[0], r[1], r[2])
			if got.StatusCode != 404 || got.String("code") != "http/not_found" {
				t.Errorf("%s %s by %s: %d %s", r[0], r[1], name, got.StatusCode, got.Body)
			}
		}
	}
	if n, want := len(onRecord(t, s, "access.denied")), min(len(adminRoutes("", "")), 30); n != want {
		t.Errorf("%d of %d tries of the owner are recorded", n, want)
	}
}

// TestAttack049_Impersonation: acting as another user gives no more than that user
// has, less what needs them, for reading alone, marked, for half an hour; and never
// an admin's rights.
func TestAttack049_Impersonation(t *testing.T) {
	s, ada, _ := two(t)
	_, task := plant(t, ada)
	boss := root(t, s)
	second := s.SignUp("second@example.com")
	boss.Do("PATCH", "/auth/admin/users/second@example.com", map[string]any{"admin": true}).Want(200)
	as := func(user string, body map[string]any) *testkit.Response {
		return boss.Do("POST", "/auth/admin/users/"+user+"/impersonate", body)
	}
	as(ada.UserID, map[string]any{}).WantCode(400, "query/bad_value")
	as(ada.UserID, map[string]any{"reason": "help", "write": true}).WantCode(403, "auth/no_impersonation")
	as(ada.UserID, map[string]any{"reason": "help", "org": boss.Org}).WantCode(404, "tenant/not_found")
	as(second.UserID, map[string]any{"reason": "help"}).WantCode(403, "auth/no_impersonation")
	as(boss.UserID, map[string]any{"reason": "help"}).WantCode(403, "auth/no_impersonation")
	ada.Do("POST", "/auth/admin/users/"+boss.UserID+"/impersonate", map[string]any{"reason": "x"}).Want(404)

	session := as(ada.UserID, map[string]any{"reason": "ticket 42"}).Want(201)
	if session.Value("refreshToken") != nil || session.Value("expiresIn") != 1800.0 {
		t.Errorf("the session lasts: %s", session.Body)
	}
	acting := s.Anonymous()
	acting.Header.Set("Authorization", "Bearer "+session.String("accessToken"))
	if claims := claimsOf(t, session.String("accessToken")); fmt.Sprint(claims["act"]) != "map[sub:"+boss.UserID+"]" || claims["sub"] != ada.UserID {
		t.Errorf("the token says %v", claims)
	}
	seen := acting.Get("/api/tasks/" + task).Want(200)
	if seen.Header.Get("Loam-Impersonator") != "user:"+boss.UserID {
		t.Errorf("the answer is not marked: %v", seen.Header)
	}
	acting.Get("/auth/organizations/" + ada.Org + "/members").Want(200)
	for _, r := range append(adminRoutes(ada.UserID, ada.Org), [][3]string{
		{"POST", "/api/tasks", `{"title":"x"}`}, {"PATCH", "/api/tasks/" + task, `{"title":"x"}`}, {"DELETE", "/api/tasks/" + task, ""},
		{"POST", "/api/batch", `{"operations":[{"method":"DELETE","path":"/api/tasks/` + task + `"}]}`},
		{"POST", "/auth/keys", `{"name":"k"}`}, {"PATCH", "/auth/me", `{"name":"x"}`}, {"DELETE", "/auth/me", ""},
		{"POST", "/auth/password", `{"new":"another horse battery"}`}, {"POST", "/auth/email", `{"email":"x@example.com"}`},
		{"POST", "/auth/totp", ""}, {"POST", "/auth/passkeys/options", ""}, {"POST", "/auth/recovery-codes", ""},
		{"POST", "/auth/reauthenticate", `{"password":"correct horse battery"}`}, {"POST", "/auth/organizations", `{"name":"x"}`},
		{"POST", "/auth/organizations/" + ada.Org + "/switch", ""}, {"DELETE", "/auth/sessions", ""}, {"POST", "/auth/admin/claim", `{"token":"x"}`},
		{"POST", "/auth/organizations/" + ada.Org + "/members", `{"userId":"` + boss.UserID + `","role":"owner"}`},
	}...) {
		got := acting.Do(r[0], r[1], r[2])
		if got.StatusCode != 403 && got.StatusCode != 404 {
			t.Errorf("%s %s while acting as a user: %d %s", r[0], r[1], got.StatusCode, got.Body)
		}
	}
	if r := acting.GraphQL(`mutation { createTask(input: {title: "x"}) { id } }`, nil); r.Value("errors") == nil {
		t.Errorf("a mutation while acting as a user: %s", r.Body)
	}
	if got := onRecord(t, s, "admin.impersonation_started"); len(got) != 1 || got[0]["actor"] != "user:"+boss.UserID || got[0]["target"] != "user:"+ada.UserID ||
		got[0]["details"].(map[string]any)["reason"] != "ticket 42" {
		t.Errorf("recorded as %v", got)
	}
	denied := onRecord(t, s, "access.denied")
	if len(denied) == 0 || denied[0]["impersonator"] != "user:"+boss.UserID || denied[0]["actor"] != "user:"+ada.UserID {
		t.Errorf("what was refused is recorded as %v", denied)
	}

	// It ends with who acts: signed out of, or no admin any more.
	acting.Do("POST", "/auth/sign-out", nil).Want(204)
	acting.Get("/api/tasks/" + task).Want(401)
	acting.Header.Set("Authorization", "Bearer "+as(ada.UserID, map[string]any{"reason": "again"}).Want(201).String("accessToken"))
	acting.Get("/api/tasks/" + task).Want(200)
	second.Do("PATCH", "/auth/admin/users/"+boss.UserID, map[string]any{"admin": false}).Want(200)
	acting.Get("/api/tasks/" + task).Want(401)
}

// TestAttack049_WritingAsAnother: where loam.yaml grants it, and only who asks for
// it writes rows as another user.
func TestAttack049_WritingAsAnother(t *testing.T) {
	s := testkit.New(t, `type Note @model @auth(rules: [{ allow: owner }]) { text: String! }`, testkit.Settings("auth: { impersonation: write }", nil))
	ada, boss := s.SignUp("ada@example.com"), root(t, s)
	acting := s.Anonymous()
	for write, status := range map[bool]int{false: 403, true: 201} {
		r := boss.Do("POST", "/auth/admin/users/"+ada.UserID+"/impersonate", map[string]any{"reason": "help", "write": write}).Want(201)
		acting.Header.Set("Authorization", "Bearer "+r.String("accessToken"))
		acting.Do("POST", "/api/notes", map[string]any{"text": "x"}).Want(status)
		acting.Do("POST", "/auth/keys", map[string]any{"name": "k"}).Want(403)
	}
	if n := ada.Get("/api/notes").Want(200).Len("items"); n != 1 {
		t.Errorf("ada has %d notes", n)
	}
}

// claimsOf reads a token without checking it.
func claimsOf(t *testing.T, token string) (claims map[string]any) {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err == nil {
		err = json.Unmarshal(raw, &claims)
	}
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

// TestAttack111_FirstAdmin: nobody administers a server by being its first user. Of
// many who race with the token that its terminal shows one wins, and it is good once.
func TestAttack111_FirstAdmin(t *testing.T) {
	s := testkit.New(t, `type Note @model @auth(rules: [{ allow: owner }]) { text: String! }`)
	first := s.SignUp("first@example.com")
	first.Get("/auth/admin/users").WantCode(404, "http/not_found")
	void, err := s.Backend.Auth.OfferAdmin(t.Context())
	if err != nil || void == "" {
		t.Fatal(err)
	}
	token, err := s.Backend.Auth.OfferAdmin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"", "x", string(void), string(token) + "A", strings.ToUpper(string(token))} {
		if r := first.Do("POST", "/auth/admin/claim", map[string]any{"token": wrong}); r.StatusCode < 400 {
			t.Errorf("%q makes an admin", wrong)
		}
	}
	s.Anonymous().Do("POST", "/auth/admin/claim", map[string]any{"token": string(token)}).Want(401)
	racers := []*testkit.Client{first}
	for i := range 5 {
		racers = append(racers, s.SignUp(fmt.Sprintf("racer%d@example.com", i)))
	}
	var wait sync.WaitGroup
	won := make([]bool, len(racers))
	for i, c := range racers {
		wait.Go(func() {
			won[i] = c.Do("POST", "/auth/admin/claim", map[string]any{"token": string(token)}).StatusCode == 204
		})
	}
	wait.Wait()
	admins := 0
	for i, c := range racers {
		if got := c.Get("/auth/admin/users").StatusCode == 200; got != won[i] {
			t.Errorf("racer %d: won %v, administers %v", i, won[i], got)
		}
		if won[i] {
			admins++
		}
	}
	if admins != 1 || len(onRecord(t, s, "admin.claimed")) != 1 {
		t.Errorf("%d won, %d are recorded", admins, len(onRecord(t, s, "admin.claimed")))
	}
	if again, err := s.Backend.Auth.OfferAdmin(t.Context()); again != "" || err != nil {
		t.Errorf("a server with an admin offers the place: %v", err)
	}
}

// TestAttack114_Admins: only admins make admins, with a fresh proof, and the last
// one can't go.
func TestAttack114_Admins(t *testing.T) {
	s, ada, _ := two(t)
	boss := root(t, s)
	ada.Do("PATCH", "/auth/admin/users/"+ada.UserID, map[string]any{"admin": true}).Want(404)
	for _, change := range []map[string]any{{"admin": false}, {"disabled": true}} {
		boss.Do("PATCH", "/auth/admin/users/"+boss.UserID, change).WantCode(403, "auth/last_admin")
	}
	boss.Do("DELETE", "/auth/admin/users/"+boss.UserID, nil).WantCode(403, "auth/last_admin")
	boss.Do("DELETE", "/auth/me", map[string]any{"password": "correct horse battery"}).WantCode(403, "auth/last_admin")
	boss.Do("PATCH", "/auth/admin/users/"+ada.UserID, map[string]any{"admin": true}).Want(200)
	if got := onRecord(t, s, "admin.admin_granted"); len(got) != 1 || got[0]["actor"] != "user:"+boss.UserID || got[0]["target"] != "user:"+ada.UserID {
		t.Errorf("recorded as %v", got)
	}
	ada.Do("PATCH", "/auth/admin/users/"+boss.UserID, map[string]any{"admin": false}).Want(200)
	boss.Get("/auth/admin/users").Want(404)
	ada.Do("PATCH", "/auth/admin/users/"+ada.UserID, map[string]any{"admin": false}).WantCode(403, "auth/last_admin")
}

// TestAttack127_AdminActions: each leaves one record, whether it is done or not.
func TestAttack127_AdminActions(t *testing.T) {
	dir := t.TempDir()
	t.Run("before", func(t *testing.T) { testkit.New(t, app, testkit.In(dir)) })
	testkit.Meddle(t, dir, func(c store.Conn) error {
		_, err := c.Exec(`INSERT INTO "_jobs" ("id", "kind", "payload", "attempts", "max_attempts", "due_at", "created_at", "dead_at")
			VALUES ('j1', 'unheard of', ?1, 1, 1, ?2, ?2, ?2), ('j2', 'unheard of', ?1, 1, 1, ?2, ?2, ?2)`, []byte("hush"), "2026-01-02T03:04:05.000Z")
		return err
	})
	s, ada, eve := two(t, testkit.In(dir))
	boss := root(t, s)
	if got := boss.Get("/auth/admin/jobs?state=dead&limit=1").Want(200); got.String("items", 0, "id") != "j2" || got.String("nextCursor") != "j2" || strings.Contains(string(got.Body), "hush") {
		t.Errorf("dead jobs: %s", got.Body)
	}
	user, org := "/auth/admin/users/"+eve.UserID, "/auth/admin/organizations/"+ada.Org
	fay := s.SignUp("fay@example.com")
	team := ada.Do("POST", "/auth/organizations/"+ada.Org+"/teams", map[string]any{"name": "Crew"}).Want(201).String("id")
	invitation := ada.Do("POST", "/auth/organizations/"+ada.Org+"/invitations", map[string]any{"email": "hal@example.com"}).Want(201).String("id")
	session := boss.Get("/console/api/users/"+eve.UserID+"/sessions").Want(200).String("items", 0, "id")
	steps := []struct {
		method, path, body string
		status             int
		action, target     string
	}{
		{"DELETE", "/console/api/users/" + eve.UserID + "/sessions/" + session, "", 204, "admin.session_ended", "user:" + eve.UserID},
		{"POST", "/auth/admin/users", `{"email":"new@example.com","name":"New"}`, 201, "admin.user_created", ""},
		{"PATCH", user, `{"name":"Evelyn","groups":["a"]}`, 200, "admin.user_changed", "user:" + eve.UserID},
		{"PATCH", user, `{"verified":true}`, 200, "admin.user_changed", "user:" + eve.UserID},
		{"PATCH", user, `{"email":"eve2@example.com"}`, 200, "admin.user_changed", "user:" + eve.UserID},
		{"PATCH", user, `{"reset":true}`, 200, "admin.user_changed", "user:" + eve.UserID},
		{"POST", user + "/sessions/end", "", 204, "admin.sessions_ended", "user:" + eve.UserID},
		{"POST", user + "/impersonate", `{"reason":"r"}`, 201, "admin.impersonation_started", "user:" + eve.UserID},
		{"PATCH", user, `{"disabled":true}`, 200, "admin.user_disabled", "user:" + eve.UserID},
		{"PATCH", user, `{"disabled":false}`, 200, "admin.user_enabled", "user:" + eve.UserID},
		{"PATCH", user, `{"admin":true}`, 200, "admin.admin_granted", "user:" + eve.UserID},
		{"PATCH", user, `{"admin":false}`, 200, "admin.admin_revoked", "user:" + eve.UserID},
		{"DELETE", user, "", 204, "admin.user_deleted", "user:" + eve.UserID},
		{"POST", "/auth/admin/import?format=csv", "email\nimported@example.com\n", 200, "admin.users_imported", ""},
		{"POST", "/auth/admin/keys/rotate", "", 204, "admin.keys_rotated", ""},
		{"POST", "/auth/admin/keys", `{"name":"k","readOnly":true,"org":"` + ada.Org + `"}`, 201, "auth.key_created", ""},
		{"POST", "/auth/admin/jobs/j1/retry", "", 204, "admin.job_retried", "job:j1"},
		{"DELETE", "/auth/admin/jobs/j2", "", 204, "admin.job_dropped", "job:j2"},
		{"POST", org + "/suspend", `{"reason":"r"}`, 200, "org.suspended", "org:" + ada.Org},
		{"POST", org + "/restore", "", 200, "org.restored", "org:" + ada.Org},
		{"PUT", org + "/limits", `{"members":3}`, 200, "org.limits_changed", "org:" + ada.Org},
		{"PATCH", org, `{"name":"Acme"}`, 200, "org.changed", "org:" + ada.Org},
		{"POST", org + "/members", `{"userId":"` + fay.UserID + `"}`, 201, "org.member_added", "user:" + fay.UserID},
		{"PATCH", org + "/members/" + fay.UserID, `{"role":"admin"}`, 200, "org.role_changed", "user:" + fay.UserID},
		{"POST", org + "/teams", `{"name":"Ops"}`, 201, "org.team_added", ""},
		{"PATCH", org + "/teams/" + team, `{"name":"Core"}`, 200, "org.team_changed", "team:" + team},
		{"PUT", org + "/teams/" + team + "/members/" + fay.UserID, "", 204, "org.team_member_added", "team:" + team},
		{"DELETE", org + "/teams/" + team + "/members/" + fay.UserID, "", 204, "org.team_member_removed", "team:" + team},
		{"DELETE", org + "/teams/" + team, "", 204, "org.team_removed", "team:" + team},
		{"DELETE", org + "/members/" + fay.UserID, "", 204, "org.member_removed", "user:" + fay.UserID},
		{"POST", org + "/invitations", `{"email":"guest@example.com"}`, 201, "org.invitation_sent", ""},
		{"POST", org + "/invitations/" + invitation + "/resend", "", 200, "org.invitation_resent", "invitation:" + invitation},
		{"DELETE", org + "/invitations/" + invitation, "", 204, "org.invitation_revoked", "invitation:" + invitation},
		{"POST", "/auth/admin/organizations", `{"name":"New","owner":"` + ada.UserID + `"}`, 201, "org.founded", ""},
		{"POST", org + "/export", "", 200, "org.exported", "org:" + ada.Org},
	}
	for _, step := range steps {
		before := len(onRecord(t, s, step.action))
		r := boss.Do(step.method, step.path, step.body).Want(step.status)
		found := onRecord(t, s, step.action)
		if len(found) != before+1 {
			t.Errorf("%s %s left %d records of %s", step.method, step.path, len(found)-before, step.action)
			continue
		}
		if got := found[0]; got["actor"] != "user:"+boss.UserID || got["requestId"] != r.Header.Get("X-Request-Id") || got["address"] != "127.0.0.1" ||
			step.target != "" && got["target"] != step.target {
			t.Errorf("%s %s is recorded as %v", step.method, step.path, got)
		}
	}
	before := len(onRecord(t, s, "access.denied"))
	boss.Do("PATCH", "/auth/admin/users/"+boss.UserID, `{"admin":false}`).Want(403)
	ada.Do("POST", org+"/restore", nil).Want(404)
	if n := len(onRecord(t, s, "access.denied")) - before; n != 2 {
		t.Errorf("2 refusals left %d records", n)
	}
	if _, err := s.Backend.Audit.Verify(t.Context(), ""); err != nil {
		t.Error(err)
	}
}
