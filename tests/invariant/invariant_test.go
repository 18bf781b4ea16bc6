// Package invariant holds the server against an oracle: random schemas, rows,
// callers and questions, put to every door, and every answer compared with
// what the documents promise. Every organization's rows carry canaries, texts
// that occur nowhere else: one in an answer to a stranger ends the run.
package invariant

import (
	"flag"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/loam-dev/loam/internal/schema"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/testkit"
)

var worldsFlag = flag.Int("worlds", 0, "worlds to make; 0 for as many as the cases need")

const (
	casesOfTest  = 10_000
	casesOfSoak  = 500_000
	casesOfWorld = 250
)

// TestInvariant makes worlds until enough cases are asked. A failure prints the
// seed of its world, which LOAM_SEED and -worlds 1 make again, the last requests and
// the schema.
func TestInvariant(t *testing.T) {
	run(t, casesOfSoak, (*world).explore)
}

// run has worlds of their own explored, each for casesOfWorld cases; a soak asks
// more of them.
func run(t *testing.T, soak int, explore func(*world)) {
	s, cases := settle(t), casesOfTest
	if os.Getenv("LOAM_SOAK") != "" {
		cases = soak
	}
	worlds := (cases + casesOfWorld - 1) / casesOfWorld
	if *worldsFlag > 0 {
		worlds = *worldsFlag
	}
	first := storetest.Seed(t)
	var asked, skipped atomic.Int64
	var failed atomic.Bool
	t.Run("world", func(t *testing.T) {
		for i := range worlds {
			t.Run(strconv.FormatUint(first+uint64(i), 10), func(t *testing.T) {
				t.Parallel()
				if failed.Load() || testkit.Late(t) {
					skipped.Add(1)
					return // one failure is enough to read
				}
				defer func() { failed.Store(failed.Load() || t.Failed()) }()
				w := newWorld(t, s, first+uint64(i))
				explore(w)
				asked.Add(int64(w.asked))
			})
		}
	})
	worlds -= int(skipped.Load())
	t.Logf("%d cases in %d worlds", asked.Load(), worlds)
	if !t.Failed() && asked.Load() < int64(min(cases, worlds*casesOfWorld)*9/10) {
		t.Errorf("only %d cases were asked", asked.Load())
	}
}

// explore asks a world's cases.
func (w *world) explore() {
	for n := 0; w.asked < casesOfWorld && n < 4*casesOfWorld; n++ {
		c := pick(w.g, w.callers...)
		switch w.g.IntN(20) {
		case 0, 1, 2:
			w.checkGet(c)
		case 3, 4:
			w.checkAggregate(c)
		case 5:
			w.checkMatch(c)
		case 6:
			w.checkNested(c)
		case 7:
			w.checkIndex(c)
		case 8, 9, 10, 11:
			w.checkWrite(c)
		case 12:
			w.checkWatch(c)
		case 13:
			w.checkExplain(c)
		default:
			w.checkList(c)
		}
	}
}

func (w *world) path(m *schema.Model, key []any) string {
	parts := make([]string, len(key))
	for i, v := range key {
		switch v := v.(type) {
		case string:
			parts[i] = strings.ReplaceAll(url.PathEscape(v), ",", "%2C")
		case float64:
			parts[i] = strconv.FormatFloat(v, 'f', -1, 64)
		}
	}
	return "/api/" + m.Path + "/" + strings.Join(parts, ",")
}
