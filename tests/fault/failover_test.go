package fault

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/store/storetest"
)

const (
	failoversOfTest = 2
	failoversOfSoak = 20
	mostGap         = 10 * time.Second // without a write, from the death of the primary on
	noticed         = 15 * time.Second // that writes are impossible, or possible again
	mostProbe       = 6 * time.Second  // for /readyz to answer
)

// TestFailover kills the primary of a pair under writes, which go on when the standby
// has taken its place: what was acknowledged is there, what was tried again under its
// Idempotency-Key was done once, and who was refused was told to try again.
func TestFailover(t *testing.T) {
	rounds := failoversOfTest
	if os.Getenv("LOAM_SOAK") != "" {
		rounds = failoversOfSoak
	}
	pair := storetest.NewPair(t)
	s := newSite(t)
	s.database = pair.URL()
	p := s.start()
	t.Cleanup(p.kill)
	s.signUp()
	c := &crowd{site: s, codes: map[string]int{}}
	c.begin()
	for round := range rounds {
		c.untilWritten()
		killed := time.Now()
		pair.Kill()
		s.untilReady(http.StatusServiceUnavailable)
		late := s.another()
		pair.Promote()
		(<-late).kill()
		s.untilReady(http.StatusOK)
		c.untilWritten()
		gap := time.Duration(c.gap.Swap(0))
		t.Logf("round %d: no write for %v, %v after the kill all is well", round, gap.Round(time.Millisecond), time.Since(killed).Round(time.Millisecond))
		if gap > mostGap {
			t.Errorf("no write for %v", gap)
		}
		s.renew()
		if t.Failed() {
			break
		}
		if round+1 < rounds {
			pair.Rebuild()
		}
	}
	c.end()
	c.verify()
}

// crowd is who writes and reads meanwhile, and tries again what was refused.
type crowd struct {
	*site
	all     []*patient
	stop    context.CancelFunc
	group   sync.WaitGroup
	written atomic.Int64 // acknowledged writes
	last    atomic.Int64 // when the last one was, in Unix nanoseconds
	gap     atomic.Int64 // the longest time between two

	mu    sync.Mutex
	codes map[string]int // of refusals
	reads int
}

// patient is one who writes.
type patient struct {
	n       int
	ids     []string // of the notes that were acknowledged
	counter string   // a note that is changed again and again
	version float64
}

func (c *crowd) begin() {
	ctx, cancel := context.WithCancel(context.Background())
	c.stop = cancel
	c.last.Store(time.Now().UnixNano())
	for n := range writers {
		w := &patient{n: n}
		c.all = append(c.all, w)
		c.group.Go(func() {
			for step := 0; ctx.Err() == nil && !c.t.Failed(); step++ {
				c.write(w, step)
			}
		})
	}
	for range 2 {
		c.group.Go(func() {
			for ctx.Err() == nil && !c.t.Failed() {
				if c.patiently("GET", "/api/notes?limit=5&sort=-step", nil, "") != nil {
					c.mu.Lock()
					c.reads++
					c.mu.Unlock()
				}
			}
		})
	}
	c.t.Cleanup(c.end)
}

func (c *crowd) end() { c.stop(); c.group.Wait() }

// write makes a note, or changes the writer's counter.
func (c *crowd) write(w *patient, step int) {
	key := fmt.Sprintf("writer-%d-%d", w.n, step)
	note := map[string]any{"writer": w.n, "step": step}
	method, path := "POST", "/api/notes"
	switch {
	case step == 0:
		note["text"] = "counter"
	case step%3 == 0:
		method, path = "PATCH", "/api/notes/"+w.counter
		delete(note, "writer")
	}
	row := c.patiently(method, path, note, key)
	if row == nil {
		return
	}
	now := time.Now().UnixNano()
	if gap := now - c.last.Swap(now); gap > c.gap.Load() {
		c.gap.Store(gap)
	}
	c.written.Add(1)
	switch id := row["id"].(string); {
	case step == 0:
		w.counter, w.version = id, 1
	case step%3 == 0:
		if w.version++; row["version"] != w.version {
			c.t.Errorf("change %d of writer %d made version %v, not %v", step, w.n, row["version"], w.version)
		}
	default:
		w.ids = append(w.ids, id)
	}
}

// patiently asks until the answer is no refusal that says to try again.
func (c *crowd) patiently(method, path string, body map[string]any, key string) map[string]any {
	text, err := json.Marshal(body)
	if err != nil {
		c.t.Error(err)
	}
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); {
		status, retry, out, err := c.ask(method, path, string(text), key)
		switch {
		case err != nil:
			c.t.Errorf("%s %s: %v", method, path, err)
			return nil
		case status == http.StatusOK, status == http.StatusCreated:
			return out
		}
		code, _ := out["code"].(string)
		if status != http.StatusServiceUnavailable || retry == "" || !strings.HasPrefix(code, "store/") {
			c.t.Errorf("%s %s: %d, Retry-After %q, %v", method, path, status, retry, out)
			return nil
		}
		c.mu.Lock()
		c.codes[code]++
		c.mu.Unlock()
		time.Sleep(50 * time.Millisecond) // less than it was told: the harder for the server
	}
	c.t.Errorf("%s %s: refused to the last", method, path)
	return nil
}

func (c *crowd) ask(method, path, body, key string) (status int, retry string, out map[string]any, err error) {
	r, err := http.NewRequest(method, c.url+path, strings.NewReader(body))
	if err != nil {
		return 0, "", nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	res, err := c.client.Do(r)
	if err != nil {
		return 0, "", nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, "", nil, err
	}
	return res.StatusCode, res.Header.Get("Retry-After"), out, json.Unmarshal(text, &out)
}

// untilWritten waits for writes that began after it was called.
func (c *crowd) untilWritten() {
	c.t.Helper()
	from, deadline := c.written.Load(), time.Now().Add(mostGap)
	for c.written.Load() < from+5*writers && !c.t.Failed() {
		if time.Now().After(deadline) {
			c.t.Fatalf("%d writes in %v; refusals: %v", c.written.Load()-from, mostGap, c.codes)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// verify holds the rows that are there against what was acknowledged.
func (c *crowd) verify() {
	c.t.Helper()
	want, acknowledged := map[string]float64{}, int64(0)
	for _, w := range c.all {
		want[w.counter] = w.version
		for _, id := range w.ids {
			want[id] = 1
		}
		acknowledged += int64(len(w.ids)) + int64(w.version)
	}
	rows := 0
	for cursor := ""; ; {
		status, page, err := c.do("GET", "/api/notes?limit=1000"+cursor, nil)
		if err != nil || status != http.StatusOK {
			c.t.Fatalf("listing: %d %v", status, err)
		}
		for _, item := range page["items"].([]any) {
			row := item.(map[string]any)
			rows++
			if version, known := want[row["id"].(string)]; !known || row["version"] != version {
				c.t.Errorf("%v is there, acknowledged was version %v (%v)", row, version, known)
			}
		}
		next, more := page["nextCursor"].(string)
		if !more {
			break
		}
		cursor = "&cursor=" + next
	}
	if rows != len(want) || acknowledged != c.written.Load() {
		c.t.Errorf("%d rows are there, %d writes of %d rows were acknowledged (%d)", rows, acknowledged, len(want), c.written.Load())
	}
	c.t.Logf("%d writes of %d rows acknowledged, all there, none twice; %d reads; refused meanwhile: %v", acknowledged, rows, c.reads, c.codes)
	if c.reads == 0 {
		c.t.Error("nothing was read")
	}
}

// untilReady waits until the server says of itself that it is, or is not, ready.
func (s *site) untilReady(want int) {
	s.t.Helper()
	for deadline := time.Now().Add(noticed); ; {
		asked := time.Now()
		status, _, err := s.do("GET", "/readyz", nil)
		if err != nil || time.Since(asked) > mostProbe {
			s.t.Fatalf("/readyz: %d after %v, %v", status, time.Since(asked), err)
		}
		if status == want {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("/readyz: %d after %v", status, noticed)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// another starts a server where there is none yet that takes writes.
func (s *site) another() <-chan *process {
	other := *s
	other.data = "late" // two servers don't share one
	up := make(chan *process, 1)
	go func() {
		defer close(up)
		up <- other.start()
	}()
	return up
}

// renew has the session of before, and makes another.
func (s *site) renew() {
	s.t.Helper()
	status, out, err := s.do("POST", "/auth/refresh", map[string]any{"refreshToken": s.refresh})
	if err != nil || status != http.StatusOK {
		s.t.Fatalf("refreshing: %d %v %v", status, out, err)
	}
	s.refresh = out["refreshToken"].(string)
	status, out, err = s.do("POST", "/auth/sign-in", map[string]any{"email": "ada@example.com", "password": "correct horse battery"})
	if err != nil || status != http.StatusOK {
		s.t.Fatalf("signing in: %d %v %v", status, out, err)
	}
}
