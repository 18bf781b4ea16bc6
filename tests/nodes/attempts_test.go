package nodes

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/testkit"
)

// Who guesses a password has as many tries on two servers as on one, however many they
// make at once.
func TestGuessingCountsOnce(t *testing.T) {
	p := start(t)
	p.a.SignUp("ada@example.com")
	var group sync.WaitGroup
	var checked, refused atomic.Int64
	servers := []*testkit.Server{p.a, p.b}
	guess := func(s *testkit.Server) *testkit.Response {
		return s.Anonymous().Do("POST", "/auth/sign-in", map[string]any{"email": "ada@example.com", "password": "not this one, that is sure"})
	}
	for i := range 20 {
		group.Go(func() {
			switch r := guess(servers[i%2]); r.StatusCode {
			case 401:
				checked.Add(1)
			case 429:
				refused.Add(1)
			default:
				t.Errorf("%d %s", r.StatusCode, r.Body)
			}
		})
	}
	group.Wait()
	if free := int64(config.Default().Limits.SignIn.Free); checked.Load() > free+1 { // one more where it took longer than the first wait
		t.Errorf("%d guesses were checked, of which %d are free", checked.Load(), free)
	}
	if refused.Load() == 0 {
		t.Error("nobody was refused")
	}
	p.a.SignUp("ben@example.com")
	p.b.SignIn("ben@example.com")
}
