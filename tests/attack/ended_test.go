package attack

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/testkit"
)

// entrances are the ways to everything that a caller may reach.
var entrances = map[string]func(c *testkit.Client) *testkit.Response{
	"REST":         func(c *testkit.Client) *testkit.Response { return c.Get("/api/tasks") },
	"REST, totals": func(c *testkit.Client) *testkit.Response { return c.Get("/api/tasks:aggregate?max=title") },
	"REST, a write": func(c *testkit.Client) *testkit.Response {
		return c.Do("POST", "/api/tasks", map[string]any{"title": "x"})
	},
	"batch": func(c *testkit.Client) *testkit.Response {
		return c.Do("POST", "/api/batch", map[string]any{"operations": []any{map[string]any{"method": "POST", "path": "/api/tasks", "body": map[string]any{"title": "x"}}}})
	},
	"GraphQL": func(c *testkit.Client) *testkit.Response { return c.GraphQL("{ listTasks { items { title } } }", nil) },
	"GraphQL, a write": func(c *testkit.Client) *testkit.Response {
		return c.GraphQL(`mutation { createTask(input: {title: "x"}) { id } }`, nil)
	},
	"GraphQL, bare": bare,
	"account":       func(c *testkit.Client) *testkit.Response { return c.Get("/auth/me") },
	"sessions":      func(c *testkit.Client) *testkit.Response { return c.Get("/auth/sessions") },
	"organizations": func(c *testkit.Client) *testkit.Response { return c.Get("/auth/organizations") },
	"keys":          func(c *testkit.Client) *testkit.Response { return c.Get("/auth/keys") },
}

// bare asks GraphQL as Amplify's clients do, with the token alone.
func bare(c *testkit.Client) *testkit.Response {
	token := strings.TrimPrefix(c.Header.Get("Authorization"), "Bearer ")
	return c.Do("POST", "/graphql", map[string]any{"query": "{ listTasks { items { title } } }"}, "Authorization", token)
}

// session is a signed-in user with what refreshes them.
type session struct {
	*testkit.Client
	refresh string
}

func enter(t *testing.T, s *testkit.Server, email, password string) session {
	t.Helper()
	r := s.Anonymous().Do("POST", "/auth/sign-in", map[string]any{"email": email, "password": password}).Want(200)
	c := s.Anonymous()
	c.UserID, c.Org = r.String("user", "id"), r.String("organization", "id")
	c.Header.Set("Authorization", "Bearer "+r.String("accessToken"))
	return session{c, r.String("refreshToken")}
}

// opens fails the test unless every door lets a session in: after it, each has it in
// its memory.
func (c session) opens(t *testing.T) {
	t.Helper()
	for name, door := range entrances {
		if r := door(c.Client); r.StatusCode >= 300 || strings.Contains(string(r.Body), `"errors"`) {
			t.Errorf("%s: %d %s", name, r.StatusCode, r.Body)
		}
	}
}

// dead fails the test unless every door refuses a session, with the very next request.
func (c session) dead(t *testing.T, what string) {
	t.Helper()
	for name, door := range entrances {
		if r := door(c.Client); r.StatusCode != 401 || strings.Contains(string(r.Body), canary) {
			t.Errorf("%s, by %s: %d %s", what, name, r.StatusCode, r.Body)
		}
	}
	if r := c.Do("POST", "/auth/refresh", map[string]any{"refreshToken": c.refresh}, "Authorization", ""); r.StatusCode != 401 {
		t.Errorf("%s, refreshed: %d %s", what, r.StatusCode, r.Body)
	}
}

// mailed waits for a message to an address that is none of those seen.
func mailed(t *testing.T, s *testkit.Server, to string, seen map[string]bool) *testkit.Response {
	t.Helper()
	for range 1000 {
		list := s.Anonymous().Get("/_mail/messages?to=" + to).Want(200)
		for i := range list.Len("items") {
			if id := list.String("items", i, "id"); !seen[id] {
				seen[id] = true
				return s.Anonymous().Get("/_mail/messages/" + id).Want(200)
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no message went to %s", to)
	return nil
}

// TestAttack013_PasswordEndsSessions: a new password, set by mail or by the old one,
// ends on every door what the old one opened, and every other proof that waits.
func TestAttack013_PasswordEndsSessions(t *testing.T) {
	s := testkit.New(t, app)
	s.SignUp("ada@example.com")
	seen := map[string]bool{}
	forgot := func() string {
		s.Anonymous().Do("POST", "/auth/password/forgot", map[string]any{"email": "ada@example.com"}).Want(202)
		return testkit.Token(mailed(t, s, "ada@example.com", seen).String("link"))
	}
	thief, phone := enter(t, s, "ada@example.com", password), enter(t, s, "ada@example.com", password)
	b := newJar(s)
	b.signInTo("ada@example.com").Want(200)
	cookies := b.String()
	first := forgot()
	second := forgot()
	thief.opens(t)
	phone.opens(t)
	b.do("GET", "/auth/me", nil).Want(200)
	reset := s.Anonymous().Do("POST", "/auth/password/reset", map[string]any{"token": second, "password": "another long password"}).Want(200)
	thief.dead(t, "a session before the reset")
	phone.dead(t, "another session before the reset")
	s.Anonymous().Do("GET", "/auth/me", nil, "Cookie", cookies).Want(401)
	s.Anonymous().Do("POST", "/auth/refresh", nil, "Cookie", cookies, "Loam-Session", "cookie").Want(401)
	for _, token := range []string{first, second} {
		s.Anonymous().Do("POST", "/auth/password/reset", map[string]any{"token": token, "password": "a third long password"}).WantCode(400, "auth/bad_ticket")
	}
	s.Anonymous().Do("POST", "/auth/sign-in", map[string]any{"email": "ada@example.com", "password": password}).Want(401)

	mailed(t, s, "ada@example.com", seen) // that the password has changed
	fresh := s.Anonymous()
	fresh.Header.Set("Authorization", "Bearer "+reset.String("accessToken"))
	thief, phone = enter(t, s, "ada@example.com", "another long password"), session{fresh, reset.String("refreshToken")}
	waiting := forgot()
	thief.opens(t)
	phone.opens(t)
	phone.Do("POST", "/auth/password", map[string]any{"current": "wrong password", "new": "a third long password"}).WantCode(401, "auth/wrong_credentials")
	thief.opens(t)
	changed := phone.Do("POST", "/auth/password", map[string]any{"current": "another long password", "new": "a third long password"}).Want(200)
	thief.dead(t, "a session before the change")
	phone.dead(t, "the session that made the change")
	s.Anonymous().Do("POST", "/auth/password/reset", map[string]any{"token": waiting, "password": "a fourth long password"}).WantCode(400, "auth/bad_ticket")
	s.Anonymous().Do("GET", "/auth/me", nil, "Authorization", "Bearer "+changed.String("accessToken")).Want(200)
}

// TestAttack031_RefreshTwice redeems one refresh token in many hands at once: one
// gets tokens, and when the others have shown theirs, nobody has any.
func TestAttack031_RefreshTwice(t *testing.T) {
	s := testkit.New(t, app)
	s.SignUp("ada@example.com")
	for range 5 {
		in := enter(t, s, "ada@example.com", password)
		in.opens(t)
		var mu sync.Mutex
		var won []session
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				r := s.Anonymous().Do("POST", "/auth/refresh", map[string]any{"refreshToken": in.refresh})
				if r.StatusCode == 200 {
					c := s.Anonymous()
					c.Header.Set("Authorization", "Bearer "+r.String("accessToken"))
					mu.Lock()
					defer mu.Unlock()
					won = append(won, session{c, r.String("refreshToken")})
				}
			})
		}
		all.Wait()
		if len(won) != 1 {
			t.Fatalf("one token was redeemed %d times", len(won))
		}
		won[0].dead(t, "what was redeemed first")
		in.dead(t, "the session")
	}
}

// TestAttack032_EndsOnEveryDoor ends sessions in every way there is, while they are
// in use and so in the memory of every door.
func TestAttack032_EndsOnEveryDoor(t *testing.T) {
	s := testkit.New(t, app)
	boss := root(t, s)
	ended := 0
	for what, end := range map[string]func(user, other session){
		"signed out":                 func(user, _ session) { user.Do("POST", "/auth/sign-out", nil).Want(204) },
		"ended from another session": func(user, other session) { other.Do("DELETE", "/auth/sessions/"+sessionOf(t, user), nil).Want(204) },
		"all others ended":           func(_, other session) { other.Do("DELETE", "/auth/sessions?others=true", nil).Want(204) },
		"all ended":                  func(user, _ session) { user.Do("DELETE", "/auth/sessions", nil).Want(204) },
		"ended by an admin": func(user, _ session) {
			boss.Do("POST", "/auth/admin/users/"+user.UserID+"/sessions/end", nil).Want(204)
		},
		"disabled": func(user, _ session) {
			boss.Do("PATCH", "/auth/admin/users/"+user.UserID, map[string]any{"disabled": true}).Want(200)
		},
		"deleted by an admin": func(user, _ session) { boss.Do("DELETE", "/auth/admin/users/"+user.UserID, nil).Want(204) },
		"deleted by themself": func(_, other session) { other.Do("DELETE", "/auth/me", map[string]any{"password": password}).Want(204) },
		"a token that was reused": func(user, _ session) {
			s.Anonymous().Do("POST", "/auth/refresh", map[string]any{"refreshToken": user.refresh}).Want(200)
			s.Anonymous().Do("POST", "/auth/refresh", map[string]any{"refreshToken": user.refresh}).Want(401)
		},
	} {
		t.Run(what, func(t *testing.T) {
			ended++
			email := fmt.Sprintf("user%d@example.com", ended)
			s.SignUp(email)
			user, other := enter(t, s, email, password), enter(t, s, email, password)
			user.opens(t)
			stop := make(chan struct{})
			var busy sync.WaitGroup
			busy.Go(func() { // requests under way put what they found into memory
				for {
					select {
					case <-stop:
						return
					default:
						user.Get("/auth/me")
					}
				}
			})
			end(user, other)
			user.dead(t, what)
			close(stop)
			busy.Wait()
			user.dead(t, what+", later")
		})
	}
}

// sessionOf is the id of a session.
func sessionOf(t *testing.T, c session) string {
	t.Helper()
	list := c.Get("/auth/sessions").Want(200)
	for i := range list.Len("items") {
		if list.Value("items", i, "current") == true {
			return list.String("items", i, "id")
		}
	}
	t.Fatalf("none of %s is this one", list.Body)
	return ""
}

// TestAttack045_AnswersOfOthers asks one address as everybody who gets something
// else there, at once and with the versions that the others were answered: each gets
// their own, and no cache between may keep it for another.
func TestAttack045_AnswersOfOthers(t *testing.T) {
	s, ada, eve := two(t)
	project, _ := plant(t, ada)
	bob := ada.Join("bob@example.com", "member")
	key := s.Anonymous()
	key.Header.Set("X-Api-Key", ada.Do("POST", "/auth/keys", map[string]any{"name": "k"}).Want(201).String("key"))
	b := newJar(s)
	b.signInTo("ada@example.com").Want(200)
	byCookie := s.Anonymous()
	byCookie.Header.Set("Cookie", b.String())
	path := "/api/projects/" + project
	tag := ada.Get(path).Want(200).Header.Get("ETag")
	if ada.Do("GET", path, nil, "If-None-Match", tag).StatusCode != 304 {
		t.Fatal("versions are not looked at")
	}
	type caller struct {
		*testkit.Client
		status int
		secret bool
	}
	callers := map[string]caller{
		"the owner": {ada, 200, true}, "the owner by cookie": {byCookie, 200, true}, "a member": {bob, 200, false},
		"another's owner": {eve, 404, false}, "nobody": {s.Anonymous(), 401, false},
	}
	var all sync.WaitGroup
	for name, c := range callers {
		all.Go(func() {
			for range 30 {
				r := c.Get(path)
				var got any
				if r.StatusCode == 200 {
					got = r.Value("secret")
				}
				if r.StatusCode != c.status || (got == canary) != c.secret {
					t.Errorf("%s: %d %s", name, r.StatusCode, r.Body)
				}
				if cache := r.Header.Get("Cache-Control"); !strings.Contains(cache, "private") && !strings.Contains(cache, "no-store") {
					t.Errorf("%s may be kept: %q", name, cache)
				}
				if vary := r.Header.Get("Vary"); r.StatusCode == 200 && (!strings.Contains(vary, "Authorization") || !strings.Contains(vary, "Cookie") || !strings.Contains(vary, "X-Api-Key")) {
					t.Errorf("%s: the answer varies by %q", name, vary)
				}
			}
			if r := c.Do("GET", path, nil, "If-None-Match", tag); r.StatusCode == 304 && c.status != 200 {
				t.Errorf("%s is told that the version is still %s", name, tag)
			}
		})
	}
	all.Wait()
	for _, shared := range []string{"/auth/me", "/auth/sessions", "/auth/organizations", "/api/tasks", "/api/tasks:aggregate?max=title"} {
		if cache := ada.Get(shared).Want(200).Header.Get("Cache-Control"); !strings.Contains(cache, "private") && !strings.Contains(cache, "no-store") {
			t.Errorf("%s may be kept: %q", shared, cache)
		}
	}
}
