package attack

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/auth"
	"github.com/loam-dev/loam/internal/testkit"
)

// patient is a server that asks for confirmed addresses, and bears as many
// questions as the tests of enumeration have.
const patient = `auth: {email: {confirm: code, code: on, link: on}}
limits: {signIn: {free: 100, perNetwork: 1000000, global: 0}, mail: {perAddress: 10000, perNetwork: 1000000}}
`

// changing is what two answers to one question may differ in.
var changing = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z|"requestId":"[0-9a-f]+"|(known|other)\d+@`)

// shape is all that an answer says, ids and times left out.
func shape(r *testkit.Response) string {
	h := http.Header{}
	for name, values := range r.Header {
		if name != "Date" && name != "X-Request-Id" {
			h[name] = values
		}
	}
	return fmt.Sprint(r.StatusCode, h, changing.ReplaceAllString(string(r.Body), "*"))
}

// alike asks a question of accounts that there are and of ones that there are not,
// n times each and in a random order, and fails the test where the answers or their
// median times differ. A busy machine may do that once, so that it is given three
// tries, the difference the same way round each time.
func alike(t *testing.T, n int, ask func(account string, i int) *testkit.Response) {
	t.Helper()
	const most = 1.3 // times the other's median
	faster, slower := 0, 0
	var known, other time.Duration
	for try := range 3 {
		took := map[string][]time.Duration{}
		answers := map[string]bool{}
		for i := range n {
			pair := []string{"known", "other"}
			rand.Shuffle(2, func(i, j int) { pair[i], pair[j] = pair[j], pair[i] })
			for _, who := range pair {
				began := time.Now()
				r := ask(who, try*n+i)
				took[who] = append(took[who], time.Since(began))
				answers[shape(r)] = true
			}
		}
		if len(answers) != 1 {
			t.Fatalf("the answers differ:\n%v", slices.Collect(maps.Keys(answers)))
		}
		known, other = median(took["known"]), median(took["other"])
		switch ratio := float64(known) / float64(other); {
		case ratio < 1/most:
			faster++
		case ratio > most:
			slower++
		default:
			t.Logf("%d each: an account takes %v, none %v", n, known, other)
			return
		}
	}
	if faster == 3 || slower == 3 {
		t.Errorf("an account takes %v, none %v", known, other)
	}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// knowing is a server with a few accounts, known0 and so on; of others it knows
// nothing.
func knowing(t *testing.T, accounts int) *testkit.Server {
	t.Helper()
	s := testkit.New(t, app, testkit.Settings(patient, nil))
	var users []auth.SignUp
	for i := range accounts {
		users = append(users, auth.SignUp{Email: fmt.Sprintf("known%04d@example.com", i), Password: password})
	}
	if _, err := s.Backend.Auth.AddUsers(t.Context(), users); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAttack014_AskingForMail asks for every mail that an address alone gets.
func TestAttack014_AskingForMail(t *testing.T) {
	for _, path := range []string{"/auth/password/forgot", "/auth/confirm/resend", "/auth/sign-in/email"} {
		t.Run(path, func(t *testing.T) {
			s := knowing(t, 1)
			alike(t, 1000, func(who string, i int) *testkit.Response {
				return s.Anonymous().Do("POST", path, map[string]any{"email": who + "0000@example.com"}).Want(202)
			})
		})
	}
}

// TestAttack014_WrongPasswords signs in to accounts and to none.
func TestAttack014_WrongPasswords(t *testing.T) {
	s := knowing(t, 5)
	alike(t, 60, func(who string, i int) *testkit.Response {
		return s.Anonymous().Do("POST", "/auth/sign-in", map[string]any{"email": fmt.Sprintf("%s%04d@example.com", who, i%5), "password": "wrong password"}).WantCode(401, "auth/wrong_credentials")
	})
}

// TestAttack014_TakenAddresses signs up with addresses that are taken and with ones
// that are not.
func TestAttack014_TakenAddresses(t *testing.T) {
	s := knowing(t, 5)
	alike(t, 60, func(who string, i int) *testkit.Response {
		account := 1000 + i
		if who == "known" {
			account = i % 5
		}
		return s.Anonymous().Do("POST", "/auth/sign-up", map[string]any{"email": fmt.Sprintf("%s%04d@example.com", who, account), "password": password, "name": "Ada"}).Want(202)
	})
}

// TestAttack014_WrongProofs guesses the codes that accounts wait for, and those of
// addresses that wait for none.
func TestAttack014_WrongProofs(t *testing.T) {
	const accounts, tries = 50, 3 // of the five that a code bears
	s := knowing(t, accounts)
	for _, door := range []struct {
		ask, prove string
		n          int
		more       map[string]any
	}{
		{"/auth/sign-in/email", "/auth/sign-in/email/verify", accounts * tries, nil},
		{"/auth/password/forgot", "/auth/password/reset", accounts, map[string]any{"password": "another long password"}},
	} {
		for i := range accounts {
			s.Anonymous().Do("POST", door.ask, map[string]any{"email": fmt.Sprintf("known%04d@example.com", i)}).Want(202)
		}
		mailed(t, s, fmt.Sprintf("known%04d@example.com", accounts-1), map[string]bool{})
		alike(t, door.n, func(who string, i int) *testkit.Response {
			body := map[string]any{"email": fmt.Sprintf("%s%04d@example.com", who, i%accounts), "code": "000000"}
			maps.Copy(body, door.more)
			return s.Anonymous().Do("POST", door.prove, body).WantCode(400, "auth/bad_ticket")
		})
	}
}

// TestAttack014_AddingMembers asks an organization of one's own to take people in, who
// have an account or have none: nobody is told which, and nobody is taken in.
func TestAttack014_AddingMembers(t *testing.T) {
	s := knowing(t, 1)
	users, err := s.Backend.Auth.AddUsers(t.Context(), []auth.SignUp{{Email: "eve@example.com", Password: "correct horse battery", Verified: true}, {Email: "ada@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	eve := s.SignIn("eve@example.com")
	path := "/auth/organizations/" + eve.Do("POST", "/auth/organizations", map[string]any{"name": "Trap"}).Want(201).String("id") + "/members"
	alike(t, 300, func(who string, i int) *testkit.Response {
		return eve.Do("POST", path, map[string]any{"email": who + "0000@example.com"}).WantCode(403, "tenant/invite_instead")
	})
	ids := map[string]string{"known": users[1].ID, "other": users[1].ID[:35] + "x"}
	alike(t, 100, func(who string, i int) *testkit.Response {
		return eve.Do("POST", path, map[string]any{"userId": ids[who]}).WantCode(403, "tenant/invite_instead")
	})
	if n := eve.Get(path).Want(200).Len("items"); n != 1 {
		t.Errorf("%d members", n)
	}
}
