package attack

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

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
		s.Anonymous().Do("POST", "/auth/challenge", map[string]any{"id": challenge(t, s, "ada@example.com"), "code": "00000x"}).WantCode(401, "auth/wrong_code")
	}
	r := s.Anonymous().Do("POST", "/auth/challenge", map[string]any{"id": challenge(t, s, "ada@example.com"), "code": "00000x"})
	r.WantCode(429, "auth/too_many_attempts")
	if r.Header.Get("Retry-After") == "" {
		t.Error("a back-off without Retry-After")
	}
}
