package attack

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/testkit"
)

// everything turns on all that has a secret. The hook and the mail server are where
// nobody listens: what fails is what gets logged.
const everything = `
auth:
  email: {confirm: code, code: on, link: on}
  anonymous: on
  redirects: ['https://app.test/signed-in']
  providers:
    google: {clientId: loam, clientSecret: '${PROVIDER}'}
  hooks:
    afterConfirmation: {url: 'http://127.0.0.1:1/hook', secret: '${HOOK}'}
outbound: {allowPrivate: on}
`

const mailServer = `
mail:
  from: hello@example.com
  smtp: {host: 127.0.0.1, port: 1, user: loam, password: '${SMTP}', tls: none}
`

// secretly is a server whose log and files are looked through at the end.
type secretly struct {
	*testkit.Server
	t       *testing.T
	log     *journal
	dir     string
	errors  strings.Builder
	secrets map[string]string
	codes   []string // that were mailed, of six digits
}

func newSecretly(t *testing.T, yaml string, options ...testkit.Option) *secretly {
	t.Helper()
	q := &secretly{t: t, log: &journal{}, dir: t.TempDir(), secrets: map[string]string{
		"the provider's secret": "canary-provider-5c1e", "the hook's secret": "whsec_Y2FuYXJ5LWhvb2stY2FuYXJ5LWhvb2stY2FuYXJ5", "the mail server's password": "canary-smtp-77d0",
	}}
	settings := testkit.Settings(yaml, map[string]string{"PROVIDER": q.secrets["the provider's secret"], "HOOK": q.secrets["the hook's secret"], "SMTP": q.secrets["the mail server's password"]})
	q.Server = testkit.New(t, app, append([]testkit.Option{settings, testkit.In(q.dir), func(o *backend.Options) {
		o.Log = slog.New(slog.NewTextHandler(q.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}}, options...)...)
	return q
}

// keep notes a secret that an answer had.
func (q *secretly) keep(name, secret string) string {
	q.t.Helper()
	if len(secret) < 6 {
		q.t.Fatalf("%s is %q", name, secret)
	}
	q.secrets[name] = secret
	return secret
}

// refused notes what an error says.
func (q *secretly) refused(r *testkit.Response) {
	q.t.Helper()
	if r.StatusCode < 400 {
		q.t.Errorf("%s was served: %d", r.Request.URL, r.StatusCode)
	}
	q.errors.Write(r.Body)
}

// search looks for every secret in the log, the errors and the files.
func (q *secretly) search() {
	q.t.Helper()
	stored := testkit.Stored(q.t, q.dir)
	if !strings.Contains(stored, "ada@example.com") || !strings.Contains(q.log.String(), "request") || q.errors.Len() == 0 {
		q.t.Fatal("what was looked at is not the database, the log and the errors")
	}
	places := map[string]string{"the log": q.log.String(), "an error": q.errors.String(), "the database": stored}
	for place, text := range places {
		found := 0
		for _, code := range q.codes {
			if strings.Contains(text, code) {
				found++
			}
		}
		if 3*found > 2*len(q.codes) { // here and there six digits are a part of a number
			q.t.Errorf("%s has %d of %d mailed codes", place, found, len(q.codes))
		}
	}
	for name, secret := range q.secrets {
		for place, text := range places {
			i := strings.Index(text, secret)
			if i >= 0 {
				q.t.Errorf("%s has %s: ...%q", place, name, text[max(0, i-40):min(len(text), i+len(secret)+10)])
			}
		}
	}
}

// TestAttack122_CanariesEverywhere lets a user do all that has a secret in it, right
// and wrong, and then looks for each in what a thief of the files or the log has.
func TestAttack122_CanariesEverywhere(t *testing.T) {
	q := newSecretly(t, everything)
	anyone, seen := q.Anonymous(), map[string]bool{}
	const email = "ada@example.com"
	post := func(path string, body any, headers ...string) *testkit.Response {
		return anyone.Do("POST", path, body, headers...)
	}
	first := q.keep("the password", "canary-password-91ab")
	post("/auth/sign-up", map[string]any{"email": email, "password": first, "name": "Ada"}).Want(202)
	code := mailed(t, q.Server, email, seen).String("code")
	q.refused(post("/auth/confirm", map[string]any{"email": email, "code": code + "0"}))
	in := post("/auth/confirm", map[string]any{"email": email, "code": code}).Want(200)
	q.keep("the first access token", in.String("accessToken"))
	refresh := q.keep("the first refresh token", in.String("refreshToken"))
	q.refused(post("/auth/confirm", map[string]any{"email": email, "code": code}))

	post("/auth/sign-in/email", map[string]any{"email": email}).Want(202)
	letter := mailed(t, q.Server, email, seen)
	token := q.keep("the link of a sign-in", testkit.Token(letter.String("link")))
	post("/auth/sign-in/email/verify", map[string]any{"token": token}).Want(200)
	q.refused(post("/auth/sign-in/email/verify", map[string]any{"token": token}))

	post("/auth/password/forgot", map[string]any{"email": email}).Want(202)
	token = q.keep("the link of a reset", testkit.Token(mailed(t, q.Server, email, seen).String("link")))
	second := q.keep("the second password", "canary-password-22cd")
	in = post("/auth/password/reset", map[string]any{"token": token, "password": second}).Want(200)
	q.refused(post("/auth/password/reset", map[string]any{"token": token, "password": second}))
	q.refused(post("/auth/refresh", map[string]any{"refreshToken": refresh}))
	q.refused(post("/auth/sign-in", map[string]any{"email": email, "password": q.keep("a wrong password", "canary-wrong-47ef")}))
	q.refused(post("/auth/sign-in", `{"email":"ada@example.com","password":["`+second+`"]}`))

	ada := q.Anonymous()
	ada.Org = in.String("organization", "id")
	ada.Header.Set("Authorization", "Bearer "+q.keep("the access token", in.String("accessToken")))
	q.keep("the refresh token", in.String("refreshToken"))
	secret, codes := enrol(t, ada)
	q.keep("the secret of the app", secret)
	for _, code := range codes {
		q.keep("recovery code "+code, code)
	}
	half := q.keep("a challenge", post("/auth/sign-in", map[string]any{"email": email, "password": second}).Want(200).String("challenge", "id"))
	q.refused(post("/auth/challenge", map[string]any{"id": half, "code": "canary-code-8842"}))
	post("/auth/challenge", map[string]any{"id": half, "code": codes[0]}).Want(200)
	key := q.keep("an API key", ada.Do("POST", "/auth/keys", map[string]any{"name": "k"}).Want(201).String("key"))
	anyone.Do("GET", "/api/opens", nil, "X-Api-Key", key).Want(200)
	q.refused(anyone.Do("GET", "/api/tasks", nil, "X-Api-Key", key+"x"))
	q.refused(anyone.Do("GET", "/api/tasks?token="+key, nil))
	ada.Do("POST", "/auth/organizations/"+ada.Org+"/invitations", map[string]any{"email": "eve@example.com", "role": "member"}).Want(201)
	invitation := q.keep("an invitation", invitationToken.FindString(mailed(t, q.Server, "eve@example.com", map[string]bool{}).String("text")))
	q.refused(ada.Do("POST", "/auth/invitations/accept", map[string]any{"token": invitation}))
	guest := post("/auth/anonymous", nil).Want(201)
	q.keep("a guest's refresh token", guest.String("refreshToken"))
	away := q.Browser().Go("/auth/sign-in/google?redirect=https://app.test/signed-in&challenge="+testkit.Challenge(testkit.Verifier), nil)
	if strings.Contains(away.Header.Get("Location")+string(away.Body), q.secrets["the provider's secret"]) {
		t.Error("the browser is told the provider's secret")
	}
	for i := range 12 { // an address without an account is one to sign up with
		to := fmt.Sprintf("guest%d@example.com", i)
		post("/auth/sign-in/email", map[string]any{"email": to}).Want(202)
		q.codes = append(q.codes, mailed(t, q.Server, to, map[string]bool{}).String("code"))
	}
	q.refused(post("/auth/sign-in/email/verify", map[string]any{"email": "guest0@example.com", "code": q.codes[1]}))
	b := newJar(q.Server)
	b.do("POST", "/auth/anonymous", nil, "Loam-Session", "cookie").Want(201)
	for name, cookie := range b.cookies {
		q.keep("the cookie "+name, cookie.Value)
	}
	q.search()
}

// TestAttack122_MailThatFails: a mail server that is not there gets neither its
// password nor the code of the message into the log, the files or the answer.
func TestAttack122_MailThatFails(t *testing.T) {
	q := newSecretly(t, everything+mailServer)
	q.Anonymous().Do("POST", "/auth/sign-up", map[string]any{"email": "ada@example.com", "password": q.keep("the password", "canary-password-91ab")}).Want(202)
	q.refused(q.Anonymous().Do("POST", "/auth/confirm", map[string]any{"email": "ada@example.com", "code": "123456"}))
	for range 1000 { // until the mail has been tried
		if strings.Contains(q.log.String(), "refused") {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if !strings.Contains(q.log.String(), "refused") {
		t.Fatal("no mail failed")
	}
	q.search()
}
