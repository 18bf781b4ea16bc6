package doors

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/testkit"
)

// TestHooks: the app's own server says who may sign up and what else their tokens
// claim, and is told of new users; a rule can ask for such a claim.
func TestHooks(t *testing.T) {
	confirmed := make(chan string, 10)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var event struct {
			Type string
			Data struct{ Email, Method string }
		}
		if err := json.Unmarshal(body, &event); err != nil || r.Header.Get("webhook-signature") == "" {
			t.Errorf("%s, %v, %v", body, r.Header, err)
		}
		switch event.Type {
		case "user.before_sign_up":
			if strings.HasPrefix(event.Data.Email, "eve") {
				_, _ = w.Write([]byte(`{"allow": false, "message": "Ask sales first."}`))
				return
			}
			_, _ = w.Write([]byte(`{"allow": true}`))
		case "token.before_issue":
			_, _ = w.Write([]byte(`{"claims": {"plan": "gold"}}`))
		case "user.confirmed":
			confirmed <- event.Data.Email
		}
	}))
	defer app.Close()
	s := testkit.New(t, `type Perk @model @auth(rules: [{ allow: member, operations: [create] }, { allow: where, filter: { plan: { eq: "$user.claims.plan" } }, operations: [read] }]) { plan: String! }`,
		testkit.Settings(`
auth:
  anonymous: on
  email: {code: on}
  hooks:
    beforeSignUp: {url: "`+app.URL+`", secret: "${HOOK}"}
    afterConfirmation: {url: "`+app.URL+`", secret: "${HOOK}"}
    beforeToken: {url: "`+app.URL+`", secret: "${HOOK}"}
`, map[string]string{"HOOK": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}))

	refused := s.Anonymous().Do("POST", "/auth/sign-up", map[string]any{"email": "eve@example.com", "password": "correct horse battery"}).Want(403)
	if refused.String("code") != "auth/hook_refused" || !strings.Contains(refused.String("detail"), "Ask sales first.") {
		t.Errorf("refused: %s", refused.Body)
	}
	// Nor by another way in.
	s.Anonymous().Do("POST", "/auth/sign-in/email", map[string]any{"email": "eve2@example.com"}).Want(202)
	var code string
	for range 500 {
		if list := s.Anonymous().Get("/_mail/messages?to=eve2@example.com"); list.Len("items") > 0 {
			code = s.Mail("eve2@example.com").String("code")
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.Anonymous().Do("POST", "/auth/sign-in/email/verify", map[string]any{"email": "eve2@example.com", "code": code}).Want(403)

	ada := s.SignUp("ada@example.com")
	select {
	case email := <-confirmed:
		if email != "ada@example.com" {
			t.Errorf("told of %s", email)
		}
	case <-time.After(time.Minute):
		t.Error("nobody was told of the new user")
	}
	ada.Do("POST", "/api/perks", map[string]any{"plan": "gold"}).Want(201)
	ada.Do("POST", "/api/perks", map[string]any{"plan": "lead"}).Want(201)
	if rows := ada.Get("/api/perks").Want(200); rows.Len("items") != 1 || rows.String("items", 0, "plan") != "gold" {
		t.Errorf("the claim in a rule: %s", rows.Body)
	}
}
