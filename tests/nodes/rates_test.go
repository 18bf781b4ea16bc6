package nodes

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/testkit"
)

// An organization asks as much of two servers in a minute as of one, whether it asks
// both alike or one after the other.
func TestRequestsCountOnce(t *testing.T) {
	t.Setenv("LOAM_TEST_ENGINE", "postgres")
	const limit = 60
	dir, settings := testkit.In(t.TempDir()), testkit.Settings("limits: {organization: {requestsPerMinute: 60}}", nil)
	servers := []*testkit.Server{testkit.New(t, tickets, settings, dir), testkit.New(t, tickets, settings, dir)}
	for name, turn := range map[string]func(i int) int{"alike": func(i int) int { return i % 2 }, "one after the other": func(i int) int { return i / 100 }} {
		t.Run(name, func(t *testing.T) {
			ada := servers[0].SignUp(name[:3] + "@example.com")
			began := time.Now()
			var group sync.WaitGroup
			var admitted atomic.Int64
			for i := range 200 {
				group.Go(func() {
					switch r := ada.At(servers[turn(i)]).Get("/api/tickets"); r.StatusCode {
					case 200:
						admitted.Add(1)
					case 429:
						if r.Header.Get("Retry-After") == "" {
							t.Error("it is not told when to come back")
						}
					default:
						t.Errorf("%d %s", r.StatusCode, r.Body)
					}
				})
			}
			group.Wait()
			refilled := int64(time.Since(began).Seconds()*limit/60) + 1
			if n := admitted.Load(); n < limit || n > limit+refilled {
				t.Errorf("%d requests were admitted, want %d, and %d that were refilled", n, limit, refilled)
			}
		})
	}
}
