package postgres

import (
	"cmp"
	"maps"
	"slices"
)

// sums are what a transaction adds to rows that many count in, to be written down when
// all else is done: each row is then locked for as long as a commit takes, and those
// who share one add to it once.
type sums map[sumOf][2]int64

type sumOf struct{ sql, key string }

func (s *sums) add(of sumOf, n [2]int64) {
	if *s == nil {
		*s = sums{}
	}
	sum := (*s)[of]
	(*s)[of] = [2]int64{sum[0] + n[0], sum[1] + n[1]}
}

// sumUp has the sums written, in one order: none waits for one that waits for it.
func (t *transaction) sumUp() {
	if len(t.sums) == 0 {
		return
	}
	t.open()
	if t.purpose == forGroup {
		t.prelude(waitAtEnd, millis(t.engine.statement))
	}
	for _, of := range slices.SortedFunc(maps.Keys(t.sums), func(a, b sumOf) int { return cmp.Or(cmp.Compare(a.sql, b.sql), cmp.Compare(a.key, b.key)) }) {
		n := t.sums[of]
		t.prelude(of.sql, of.key, n[0], n[1])
	}
	t.sums = nil
}
