package doors

import (
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"testing"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/testkit"
)

// TestNodes has two servers share one database: who follows a list on one is told of
// every write that is made on the other, each row's in order, also when the server that
// they were connected to has ended in the meantime.
func TestNodes(t *testing.T) {
	dir, url := t.TempDir(), storetest.URL(t)
	node := func(t *testing.T) *testkit.Server {
		return testkit.New(t, followed, testkit.In(dir), func(o *backend.Options) { o.Database = url })
	}
	there := node(t)
	ada := there.SignUp("ada@example.com")
	k := known{versions: map[string]int{}}
	var writers sync.WaitGroup
	written := map[string]int{}
	write := func(round int) {
		for w := range 4 {
			title := fmt.Sprintf("%d-%d", round, w)
			written[title] = 12
			writers.Go(func() {
				r := ada.Do("POST", "/api/notes", map[string]any{"title": title})
				r.Want(201)
				for range 11 {
					ada.Do("PATCH", "/api/notes/"+r.String("id"), map[string]any{"rank": 1}).Want(200)
				}
			})
		}
	}
	const list = "/api/notes?limit=100&fields=id,title,version"
	t.Run("first", func(t *testing.T) {
		live := follow(node(t), ada, list, "")
		k.take(t, live.Next())
		write(0)
		for range 4 * 12 {
			k.take(t, live.Next())
		}
		if writers.Wait(); !maps.Equal(k.versions, written) {
			t.Errorf("%v, want %v", k.versions, written)
		}
		write(1)
		for range 5 {
			k.take(t, live.Next())
		}
		k.last = live.Last
	})
	writers.Wait()
	t.Run("second", func(t *testing.T) {
		live := follow(node(t), ada, list, k.last)
		for range 4*12 - 5 {
			k.take(t, live.Next())
		}
		if !maps.Equal(k.versions, written) {
			t.Errorf("%v, want %v", k.versions, written)
		}
	})
}

func follow(s *testkit.Server, as *testkit.Client, list, since string) *testkit.Events {
	here := s.Anonymous()
	here.Header = as.Header
	return here.Follow(list, since)
}

// known is what somebody knows of a list.
type known struct {
	versions map[string]int // by title
	last     string
}

// take takes the rows, once, and then one version of one row after the other.
func (k *known) take(t *testing.T, e testkit.Event) {
	t.Helper()
	var in struct {
		Row struct {
			Title   string
			Version int
		}
	}
	if err := json.Unmarshal([]byte(e.Data), &in); err != nil {
		t.Fatalf("%+v: %v", e, err)
	}
	switch {
	case e.Name == "rows" && k.last == "" && len(k.versions) == 0:
	case (e.Name == "insert" || e.Name == "update") && in.Row.Version == k.versions[in.Row.Title]+1:
		k.versions[in.Row.Title]++
	default:
		t.Fatalf("%s is at %d and gets %+v", in.Row.Title, k.versions[in.Row.Title], e)
	}
}
