package attack

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/pquerna/otp/totp"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/testkit"
)

const password = "correct horse battery"

// enrol gives a user an authenticator app, and returns its secret and their
// recovery codes. The code of this moment is used up by it.
func enrol(t *testing.T, c *testkit.Client) (secret string, codes []string) {
	t.Helper()
	secret = c.Do("POST", "/auth/totp", nil).Want(200).String("secret")
	made := c.Do("POST", "/auth/totp/confirm", map[string]any{"code": code(t, secret, 0)}).Want(200)
	for i := range made.Len("recoveryCodes") {
		codes = append(codes, made.String("recoveryCodes", i))
	}
	return secret, codes
}

// code is what the app shows in so many seconds.
func code(t *testing.T, secret string, later time.Duration) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, time.Now().Add(later))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// challenge signs in by password as far as the challenge.
func challenge(t *testing.T, s *testkit.Server, email string) string {
	t.Helper()
	r := s.Anonymous().Do("POST", "/auth/sign-in", map[string]any{"email": email, "password": password}).Want(200)
	if r.Value("accessToken") != nil || r.String("challenge", "id") == "" {
		t.Fatalf("a second factor is due, and signing in answers\n%s", r.Body)
	}
	return r.String("challenge", "id")
}

// TestAttack019_SecondFactorReuse shows a code of the app and a recovery code to
// several challenges, one after the other and at once: each opens one session.
func TestAttack019_SecondFactorReuse(t *testing.T) {
	s := testkit.New(t, app)
	secret, codes := enrol(t, s.SignUp("ada@example.com"))
	answer := func(code string) int {
		id := challenge(t, s, "ada@example.com")
		return s.Anonymous().Do("POST", "/auth/challenge", map[string]any{"id": id, "code": code}).StatusCode
	}
	if got := answer(code(t, secret, 0)); got != 401 {
		t.Errorf("the code that confirmed the app answers %d", got)
	}
	if first, again := answer(codes[0]), answer(codes[0]); first != 200 || again != 401 {
		t.Errorf("a recovery code answers %d, then %d", first, again)
	}
	for _, shown := range []string{codes[1], code(t, secret, 30*time.Second)} {
		var sessions atomic.Int64
		var all sync.WaitGroup
		for range 4 {
			id := challenge(t, s, "ada@example.com")
			all.Go(func() {
				if s.Anonymous().Do("POST", "/auth/challenge", map[string]any{"id": id, "code": shown}).StatusCode == 200 {
					sessions.Add(1)
				}
			})
		}
		all.Wait()
		if sessions.Load() != 1 {
			t.Errorf("one code made %d sessions", sessions.Load())
		}
	}
}

// TestAttack020_HalfWay shows a challenge as a token on every door, and guesses
// codes with the right password in hand.
func TestAttack020_HalfWay(t *testing.T) {
	s := testkit.New(t, app)
	ada := s.SignUp("ada@example.com")
	enrol(t, ada)
	id := challenge(t, s, "ada@example.com")
	for _, door := range [][2]string{
		{"GET", "/api/projects"}, {"GET", "/auth/me"}, {"GET", "/auth/organizations"}, {"GET", "/auth/keys"}, {"GET", "/auth/factors"},
		{"POST", "/auth/sign-out"}, {"DELETE", "/auth/totp"}, {"POST", "/auth/recovery-codes"}, {"POST", "/graphql"},
		{"POST", "/auth/organizations/" + ada.Org + "/switch"},
	} {
		for header, value := range map[string]string{"Authorization": "Bearer " + id, "X-Api-Key": id} {
			s.Anonymous().Do(door[0], door[1], map[string]any{"query": "{ __typename }"}, header, value).Want(401)
		}
	}
	s.Anonymous().Do("POST", "/auth/refresh", map[string]any{"refreshToken": id}).Want(401)

	for range 5 {
		s.Anonymous().Do("POST", "/auth/challenge", map[string]any{"id": challenge(t, s, "ada@example.com"), "code": "00000x"}).WantCode(401, "factor/wrong_code")
	}
	r := s.Anonymous().Do("POST", "/auth/challenge", map[string]any{"id": challenge(t, s, "ada@example.com"), "code": "00000x"})
	r.WantCode(429, "auth/too_many_attempts")
	if r.Header.Get("Retry-After") == "" {
		t.Error("a back-off without Retry-After")
	}
}

// TestAttack020_EnrolFirst: where everybody must have a second factor, who has none
// gets no session before it is set up.
func TestAttack020_EnrolFirst(t *testing.T) {
	s := testkit.New(t, app, func(o *backend.Options) { o.Config.Auth.SecondFactor = "required" })
	up := s.Anonymous().Do("POST", "/auth/sign-up", map[string]any{"email": "ada@example.com", "password": password})
	if up.StatusCode/100 != 2 || up.Value("accessToken") != nil {
		t.Fatalf("signing up answers %d %s", up.StatusCode, up.Body)
	}
	id := challenge(t, s, "ada@example.com")
	s.Anonymous().Do("POST", "/auth/challenge", map[string]any{"id": id, "code": "123456"}).WantCode(404, "factor/not_found")
	secret := s.Anonymous().Do("POST", "/auth/challenge/enrol", map[string]any{"id": id}).Want(200).String("secret")
	s.Anonymous().Do("GET", "/auth/me", nil, "Authorization", "Bearer "+id).Want(401)
	in := s.Anonymous().Do("POST", "/auth/challenge", map[string]any{"id": id, "code": code(t, secret, 0)}).Want(200)
	if in.Len("recoveryCodes") != 10 {
		t.Errorf("the session comes with %d recovery codes", in.Len("recoveryCodes"))
	}
	s.Anonymous().Do("GET", "/auth/factors", nil, "Authorization", "Bearer "+in.String("accessToken")).Want(200)
	s.Anonymous().Do("POST", "/auth/challenge/enrol", map[string]any{"id": challenge(t, s, "ada@example.com")}).WantCode(401, "auth/challenge_ended")
}

// phone is an authenticator that holds one passkey.
type phone struct {
	site virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
}

func newPhone(user string) *phone {
	return &phone{virtualwebauthn.RelyingParty{ID: "localhost", Name: "Loam", Origin: "http://localhost:8080"},
		virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte(user)}),
		newKey()}
}

// newKey is a new key of a passkey. The authenticator leaves out leading zeros of a
// coordinate, which no real one does: such a key is not taken.
func newKey() virtualwebauthn.Credential {
	const whole = 77 // bytes of a public key
	for {
		if key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2); len(key.Key.AttestationData()) == whole {
			return key
		}
	}
}

// show answers options with an assertion.
func (p *phone) show(t *testing.T, options *testkit.Response) map[string]any {
	t.Helper()
	asked, err := virtualwebauthn.ParseAssertionOptions(string(options.Body))
	if err != nil {
		t.Fatal(err)
	}
	p.key.Counter++
	return map[string]any{"id": options.String("id"), "passkey": json.RawMessage(virtualwebauthn.CreateAssertionResponse(p.site, p.auth, p.key, *asked))}
}

// register gives a user a passkey, and returns it with its id.
func register(t *testing.T, c *testkit.Client) (*phone, string) {
	t.Helper()
	p := newPhone(c.UserID)
	options := c.Do("POST", "/auth/passkeys/options", nil).Want(200)
	asked, err := virtualwebauthn.ParseAttestationOptions(string(options.Body))
	if err != nil {
		t.Fatal(err)
	}
	made := c.Do("POST", "/auth/passkeys", map[string]any{"id": options.String("id"), "name": "Phone",
		"passkey": json.RawMessage(virtualwebauthn.CreateAttestationResponse(p.site, p.auth, p.key, *asked))}).Want(201)
	return p, made.String("id")
}

// TestAttack021_Passkeys shows what must not sign in, and reaches for another's
// passkey.
func TestAttack021_Passkeys(t *testing.T) {
	s, ada, eve := two(t)
	adas, id := register(t, ada)
	eves, _ := register(t, eve)
	options := func() *testkit.Response {
		return s.Anonymous().Do("POST", "/auth/sign-in/passkey/options", nil).Want(200)
	}
	enter := func(body map[string]any) *testkit.Response {
		return s.Anonymous().Do("POST", "/auth/sign-in/passkey", body)
	}
	for what, turn := range map[string]func(*phone){
		"another origin":    func(p *phone) { p.site.Origin = "https://evil.example" },
		"another rpId":      func(p *phone) { p.site.ID = "evil.example" },
		"no verification":   func(p *phone) { p.auth.Options.UserNotVerified = true },
		"another's handle":  func(p *phone) { p.auth.Options.UserHandle = []byte(eve.UserID) },
		"another's key":     func(p *phone) { p.key.Key = eves.key.Key },
		"another's passkey": func(p *phone) { p.key.ID = eves.key.ID },
	} {
		turned := *adas
		turn(&turned)
		if r := enter(turned.show(t, options())); r.StatusCode != 401 || r.String("code") != "factor/passkey_refused" {
			t.Errorf("%s answers %d %s", what, r.StatusCode, r.Body)
		}
	}
	good := adas.show(t, options())
	if got := enter(good).Want(200).String("user", "id"); got != ada.UserID {
		t.Errorf("signed in as %s", got)
	}
	enter(good).WantCode(401, "factor/options_ended")
	stale := adas.show(t, options())
	stale["id"] = options().String("id")
	enter(stale).WantCode(401, "factor/passkey_refused")

	if asked := options(); asked.Value("publicKey", "allowCredentials") != nil {
		t.Errorf("the options of a sign-in name passkeys: %s", asked.Body)
	}
	eve.Do("DELETE", "/auth/passkeys/"+id, nil).WantCode(404, "factor/not_found")
	eve.Do("PATCH", "/auth/passkeys/"+id, map[string]any{"name": "mine"}).WantCode(404, "factor/not_found")
	if n := eve.Get("/auth/passkeys").Want(200).Len("items"); n != 1 {
		t.Errorf("eve sees %d passkeys", n)
	}
	enter(adas.show(t, options())).Want(200)

	enrol(t, ada)
	half := challenge(t, s, "ada@example.com")
	asked := s.Anonymous().Do("POST", "/auth/challenge/passkey", map[string]any{"id": half}).Want(200)
	answer := func(p *phone) *testkit.Response {
		body := p.show(t, asked)
		body["id"] = half
		return s.Anonymous().Do("POST", "/auth/challenge", body)
	}
	answer(eves).WantCode(401, "factor/passkey_refused")
	answer(adas).Want(200)
}
