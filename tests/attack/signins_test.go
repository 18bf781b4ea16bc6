package attack

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/testkit"
)

// TestAttack136_ParallelSignIns signs in 1,000 times at once, each time to another
// account. Memory stays that of a hash per core, who finds the queue full is told
// when to come back, and who is signed in already notices little.
func TestAttack136_ParallelSignIns(t *testing.T) {
	s := testkit.New(t, app, testkit.Settings("limits: {signIn: {perNetwork: 1000000, global: 0}, request: {timeout: 5m}}", nil))
	ada := s.SignUp("ada@example.com")
	client := s.Client()
	transport, ok := client.Transport.(*http.Transport)
	if !ok {
		t.Fatal("no transport")
	}
	transport.MaxIdleConnsPerHost = 1000
	runtime.GC()
	before, peak := resident(t), atomic.Int64{}
	done := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			peak.Store(max(peak.Load(), resident(t)))
			if r := ada.Get("/api/tasks"); r.StatusCode != 200 {
				t.Errorf("a member: %d %s", r.StatusCode, r.Body)
			}
			select {
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	var busy, wrong atomic.Int64
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			r := s.Anonymous().Do("POST", "/auth/sign-in", map[string]any{"email": fmt.Sprintf("user%d@example.com", i), "password": "a password"})
			switch r.StatusCode {
			case 401:
				wrong.Add(1)
			case 503:
				busy.Add(1)
				if after, err := strconv.Atoi(r.Header.Get("Retry-After")); err != nil || after < 1 || r.String("code") != "auth/busy" {
					t.Errorf("Retry-After is %q: %s", r.Header.Get("Retry-After"), r.Body)
				}
			default:
				t.Errorf("%d %s", r.StatusCode, r.Body)
			}
		})
	}
	all.Wait()
	close(done)
	watch.Wait()
	const most = 1 << 30 // bytes; 150 MiB, or four times that with the race detector: as many hashes as there are requests would take 19 GiB
	if grown := peak.Load() - before; grown > most {
		t.Errorf("1,000 sign-ins at once took %d MiB", grown>>20)
	}
	if busy.Load() == 0 || wrong.Load() < 256 {
		t.Errorf("%d were checked, %d told to come back", wrong.Load(), busy.Load())
	}
	t.Logf("%d were checked, %d told to come back; %d MiB more at the peak", wrong.Load(), busy.Load(), (peak.Load()-before)>>20)
	s.SignIn("ada@example.com")
}

// resident is the memory that this process holds, in bytes.
func resident(t *testing.T) int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if os.IsNotExist(err) {
		return 0 // not Linux: the count of answers is all that is looked at
	}
	if err != nil {
		t.Error(err)
		return 0
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Error(err)
	}
	return pages * int64(os.Getpagesize())
}
