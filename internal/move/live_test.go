package move_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/testkit"
)

// writers write to boxes of their own as fast as they may, and remember what was
// acknowledged.
type writers struct {
	mu    sync.Mutex
	named map[string]string // by id
	stop  atomic.Bool
	all   sync.WaitGroup

	kept, refused atomic.Int64 // refused with 503, to be tried again
}

func write(t *testing.T, c *testkit.Client, n int) *writers {
	w := &writers{named: map[string]string{}}
	for i := range n {
		w.all.Go(func() {
			id := ""
			for round := 0; !w.stop.Load(); round++ {
				name := fmt.Sprintf("written %d.%d", i, round)
				method, path, want := "POST", "/api/boxes", http.StatusCreated
				if id != "" && round%40 != 0 {
					method, path, want = "PATCH", path+"/"+id, http.StatusOK
				}
				r := c.Do(method, path, map[string]any{"name": name})
				switch {
				case r.StatusCode == http.StatusServiceUnavailable:
					w.refused.Add(1)
					continue
				case r.StatusCode != want:
					t.Errorf("%s %s: %d %s", method, path, r.StatusCode, r.Body)
					return
				}
				id = r.String("id")
				w.mu.Lock()
				w.named[id] = name
				w.mu.Unlock()
				w.kept.Add(1)
			}
		})
	}
	return w
}

// wait waits until more was acknowledged.
func (w *writers) wait(more int64) {
	for until := w.kept.Load() + more; w.kept.Load() < until; {
		time.Sleep(time.Millisecond)
	}
}

// end holds what was acknowledged against what is there.
func (w *writers) end(t *testing.T, c *testkit.Client) {
	t.Helper()
	w.stop.Store(true)
	w.all.Wait()
	is := map[string]string{}
	for cursor := ""; ; {
		r := c.Get("/api/boxes?limit=1000&fields=id,name&name.beginsWith=written" + cursor).Want(http.StatusOK)
		for i := range r.Len("items") {
			is[r.String("items", i, "id")] = r.String("items", i, "name")
		}
		next, more := r.Value("nextCursor").(string)
		if !more {
			break
		}
		cursor = "&cursor=" + next
	}
	if !maps.Equal(is, w.named) {
		t.Errorf("%d rows are there, %d were acknowledged", len(is), len(w.named))
	}
}

// follower is a client that keeps a list true.
type follower struct {
	c    *testkit.Client
	live *testkit.Events
	list testkit.LiveList
}

const followed = "/api/boxes?limit=1000&fields=id,name&name.beginsWith=written"

// read takes in what is told up to the end of the connection, or until a name comes,
// and then goes on behind it.
func (f *follower) read(t *testing.T, until string) {
	t.Helper()
	for {
		e := f.live.Next()
		if e.Name == "" {
			f.live = f.c.Follow(followed, f.live.Last)
			if until == "" {
				return
			}
			continue
		}
		if err := f.list.Apply(e); err != nil {
			t.Fatalf("%+v: %v", e, err)
		}
		if until != "" && strings.Contains(e.Data, until) {
			return
		}
	}
}

// TestLive moves a server that is written to, there and back: what was acknowledged is
// there, once, and who follows a list is told of all of it.
func TestLive(t *testing.T) {
	t.Setenv("LOAM_TEST_ENGINE", "sqlite")
	places := []backend.Options{place(t, store.SQLite), place(t, store.PostgreSQL), place(t, store.SQLite)}
	serve(t, places[0], func(t *testing.T, s *testkit.Server) {
		c := fill(t, s, 15)[0]
		w := write(t, c, 4)
		f := &follower{c: c, live: c.Follow(followed, "")}
		var other *testkit.Server // that nobody has told of the move back
		for i, to := range places[1:] {
			w.wait(50)
			moved, err := s.Site.Move(t.Context(), to, func(line string) { t.Log(line) })
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("to %s: writes were paused for %v, %d of %d were refused", to.Where()[:8], moved.Paused, w.refused.Load(), w.kept.Load())
			if moved.Paused > 5*time.Second {
				t.Errorf("writes were paused for %v", moved.Paused)
			}
			f.read(t, "")
			w.wait(50)
			if other != nil {
				at(other, c).Do("POST", "/api/boxes", map[string]any{"name": "too late"}).WantCode(http.StatusServiceUnavailable, "store/moved")
			} else {
				other = testkit.New(t, app, testkit.In(to.Data), func(o *backend.Options) { o.Database = to.Database })
			}
			if err := reopened(t, places[i]); !fault.Is(err, fault.StoreMoved) {
				t.Errorf("opening what has moved: %v", err)
			}
		}
		w.end(t, c)
		c.Do("POST", "/api/boxes", map[string]any{"name": "written to the end"}).Want(http.StatusCreated)
		f.read(t, "written to the end")
		w.named[between(f.list.Rows[len(f.list.Rows)-1].Row, `"id":"`)] = "written to the end"
		seen := map[string]string{}
		for _, row := range f.list.Rows {
			seen[between(row.Row, `"id":"`)] = between(row.Row, `"name":"`)
		}
		if !maps.Equal(seen, w.named) {
			t.Errorf("was told of %d rows, want %d", len(seen), len(w.named))
		}
		s.SignIn("user1@example.com")
	})
}

// reopened opens a database once the server has left it.
func reopened(t *testing.T, o backend.Options) error {
	t.Helper()
	for {
		b, err := backend.Open(t.Context(), o)
		if err == nil {
			return b.Close()
		}
		if !fault.Is(err, fault.StoreHeld) {
			return err
		}
	}
}

func between(text, after string) string {
	_, rest, _ := strings.Cut(text, after)
	word, _, _ := strings.Cut(rest, `"`)
	return word
}
