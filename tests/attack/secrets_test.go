package attack

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/testkit"
)

// journal keeps what is logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// What callers show and send in secret is neither logged, at any level, nor
// stored as it is, nor said again in an error.
func TestAttack035_SecretsInLogsAndFiles(t *testing.T) {
	log, dir := &journal{}, t.TempDir()
	s := testkit.New(t, app, testkit.In(dir), func(o *backend.Options) {
		o.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	const password, wrong, key = "canary-password-1", "canary-password-2", "loam_00000000000000000000_canarycanarycanarycanarycanarycanarycanary1"
	anyone := s.Anonymous()
	credentials := func(password string) map[string]any {
		return map[string]any{"email": "ada@example.com", "password": password}
	}
	session := anyone.Do("POST", "/auth/sign-up", credentials(password)).Want(201)
	secrets := []string{password, wrong, key, session.String("accessToken"), session.String("refreshToken")}
	var errors strings.Builder
	refused := func(r *testkit.Response) {
		if r.StatusCode < 400 {
			t.Errorf("%s was served", r.Request.URL)
		}
		errors.Write(r.Body)
	}
	refused(anyone.Do("POST", "/auth/sign-in", credentials(wrong)))
	refused(anyone.Do("POST", "/auth/sign-up", credentials(password)))
	refused(anyone.Do("POST", "/auth/sign-in", `{"email":"ada@example.com","password":["`+password+`"]}`))
	refused(anyone.Do("POST", "/auth/sign-in", `{"email":"ada@example.com","password":"`+password))
	refused(anyone.Do("GET", "/api/tasks", nil, "X-Api-Key", key))
	refused(anyone.Do("GET", "/api/tasks", nil, "Authorization", "Bearer "+session.String("accessToken")+"x"))
	refused(anyone.Do("GET", "/api/tasks", nil, "Authorization", "Basic "+session.String("accessToken")))
	refused(anyone.Do("POST", "/auth/refresh", map[string]any{"refreshToken": session.String("refreshToken") + "x"}))
	again := anyone.Do("POST", "/auth/refresh", map[string]any{"refreshToken": session.String("refreshToken")}).Want(200)
	bearer := []string{"Authorization", "Bearer " + again.String("accessToken")}
	made := anyone.Do("POST", "/auth/keys", map[string]any{"name": "k"}, bearer...).Want(201)
	secrets = append(secrets, again.String("accessToken"), again.String("refreshToken"), made.String("key"))
	anyone.Do("POST", "/api/tasks", map[string]any{"title": "stored as it is"}, bearer...).Want(201)

	if !strings.Contains(log.String(), "request") {
		t.Fatal("nothing was logged")
	}
	stored := testkit.Stored(t, dir)
	if !strings.Contains(stored, "stored as it is") {
		t.Fatal("the files that were looked at are not the database")
	}
	for i, secret := range secrets {
		if secret == "" {
			t.Fatalf("secret %d is empty", i)
		}
		for place, text := range map[string]string{"the log": log.String(), "an error": errors.String(), "the files": stored} {
			if strings.Contains(text, secret) {
				t.Errorf("%s has secret %d, %.12s...", place, i, secret)
			}
		}
	}
}

// Requests of two organizations interleave on the same connections, some of
// which fail or are given up halfway; none ever gets another's row.
func TestAttack050_InterleavedCallers(t *testing.T) {
	s, ada, eve := two(t)
	plant(t, ada)
	eve.Do("POST", "/api/projects", map[string]any{"name": "eve's"}).Want(201)
	var all sync.WaitGroup
	for worker := range 6 {
		all.Go(func() {
			for i := range 100 {
				switch (worker + i) % 3 {
				case 0:
					giveUp(s, ada, time.Duration(i%10)*200*time.Microsecond)
				case 1:
					ada.Do("POST", "/api/projects", map[string]any{"name": canary}).WantCode(409, "data/duplicate")
				default:
					path := fmt.Sprintf("/api/projects?include=tasks&count=true&limit=%d", 1+i%5)
					if r := silent(t, eve.Get(path)).Want(200); r.Len("items") != 1 || r.Value("total") != 1.0 {
						t.Errorf("%s", r.Body)
					}
				}
			}
		})
	}
	all.Wait()
}

// giveUp sends a request and leaves before its answer.
func giveUp(s *testkit.Server, c *testkit.Client, after time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), after)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", s.URL+"/api/projects?include=tasks", nil)
	if err != nil {
		return
	}
	r.Header = c.Header.Clone()
	if res, err := http.DefaultClient.Do(r); err == nil {
		res.Body.Close()
	}
}
