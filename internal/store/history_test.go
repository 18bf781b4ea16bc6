package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// TestPruneLog: what is old goes from the front, without holes, and never the last
// entry; what follows a break can't be followed from before it.
func TestPruneLog(t *testing.T) { storetest.Each(t, pruneLog) }

func pruneLog(t *testing.T, e store.Engine) {
	d := openDatabase(t, e)
	d.mustApply(circles)
	s := store.New(e, parse(t, circles), time.Now)
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	bounds := func(want string) {
		t.Helper()
		first, last, err := s.LogBounds(t.Context())
		if got := fmt.Sprint(first, last); err != nil || got != want {
			t.Errorf("%s %v, want %s", got, err, want)
		}
	}
	bounds("0 0")
	for i := range 1400 { // the clock went back for a while
		d.exec(fmt.Sprintf(`INSERT INTO _changes (at, org, model, key, op) VALUES ('%s', 'a', 'Box', '["b"]', 'delete')`,
			form.Stamp(day(1+i/100-3*(i/1300)))))
	}
	bounds("1 1400")
	for _, c := range []struct {
		before int
		want   string
	}{{1, "1 1400"}, {2, "101 1400"}, {10, "901 1400"}, {13, "1201 1400"}, {30, "1400 1400"}} {
		if err := s.PruneLog(t.Context(), day(c.before)); err != nil {
			t.Fatal(err)
		}
		bounds(c.want)
	}
	if err := d.Write(t.Context(), func(c store.Conn) error { return store.BreakLog(c, day(31)) }); err != nil {
		t.Fatal(err)
	}
	bounds("1402 1401")
	d.exec(`INSERT INTO _changes (at, org, model, key, op) VALUES ('2027-01-01T00:00:00.000Z', 'a', 'Box', '["b"]', 'delete')`)
	bounds("1402 1402")
	changes, err := s.Changes(t.Context(), store.Following{After: 1399, Limit: 10})
	if err != nil || len(changes.All) != 2 || changes.Last != 1402 || changes.More {
		t.Error(changes, err)
	}
}
