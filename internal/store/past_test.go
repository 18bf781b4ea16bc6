package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// TestHistory: a row's own changes are found piece by piece, of its organization alone,
// and looking on ends where the log does.
func TestHistory(t *testing.T) { storetest.Each(t, history) }

func history(t *testing.T, e store.Engine) {
	d := openDatabase(t, e)
	d.mustApply(circles)
	s := store.New(e, parse(t, circles), time.Now)
	box := parse(t, circles).Model("Box")
	for i := range 12 { // of x every third, and as many in another organization
		d.exec(fmt.Sprintf(`INSERT INTO _changes (at, org, model, key, op, actor) VALUES ('t', '%s', 'Box', '["%s"]', '%d', 'user:u')`, "ab"[i%2:i%2+1], "xyy"[i%3:i%3+1], i))
	}
	for _, c := range []struct {
		org, id       string
		limit, within int
		want          string // what each piece has
	}{
		{"a", "x", 10, 100, "[6 0]"},
		{"b", "x", 10, 100, "[9 3]"},
		{"a", "x", 10, 2, "[] [6] [0] []"},
		{"a", "y", 1, 100, "[10] [8] [4] [2] []"},
		{"a", "none", 10, 4, "[] []"},
		{"", "x", 10, 4, "[]"},
	} {
		got := ""
		asked := store.Asked{Limit: c.limit, Within: c.within}
		for more := true; more; more = asked.Before > 0 {
			found, next, err := s.History(t.Context(), box, c.org, []any{c.id}, asked)
			if err != nil {
				t.Fatal(err)
			}
			ops := []string{}
			for _, p := range found {
				ops = append(ops, p.Op)
			}
			got += fmt.Sprint(ops, " ")
			asked.Before = next
		}
		if got != c.want+" " {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
