package stats

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// station is a recorder with a clock of its own.
type station struct {
	*Recorder
	now *time.Time
}

func (s station) flush(t *testing.T, later time.Duration) {
	t.Helper()
	*s.now = s.now.Add(later)
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (s station) overview(t *testing.T, name string) Overview {
	t.Helper()
	o, err := s.Overview(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// stations are recorders of nodes that share a database and a clock.
func stations(t *testing.T, e store.Engine, nodes ...string) []station {
	t.Helper()
	storetest.Tables(t, e, Tables()...)
	now := time.Date(2026, 5, 1, 12, 0, 30, 0, time.UTC)
	var out []station
	for _, node := range nodes {
		out = append(out, station{New(Options{Engine: e, Node: node, Connections: func() int { return 3 }, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }}), &now})
	}
	return out
}

// Nodes add up, in minutes, in hours and in what has not been stored yet.
func TestNodesAddUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, e store.Engine) {
		two := stations(t, e, "a", "b")
		for minute := range 90 {
			for i, s := range two {
				s.Record("GET /api/{plural}", "tasks", 200, 10*time.Millisecond)
				if minute%10 == 0 {
					s.Record("POST /graphql", "listTasks", 500-100*i, time.Second)
				}
			}
			for i, s := range two {
				s.flush(t, time.Minute*time.Duration(1-i)) // one clock
			}
		}
		two[0].Record("GET /api/{plural}", "tasks", 200, 10*time.Millisecond)
		check := func(what string, o Overview, requests, clients, servers uint64) {
			t.Helper()
			if o.Totals.Count != requests || o.Totals.ClientErrors != clients || o.Totals.ServerErrors != servers {
				t.Errorf("%s: %+v, want %d, %d and %d", what, o.Totals, requests, clients, servers)
			}
		}
		check("an hour", two[0].overview(t, "hour"), 2*59+2*5+1, 5, 5)
		check("a day", two[0].overview(t, "day"), 2*90+2*9+1, 9, 9)
		o := two[0].overview(t, "hour")
		if n := len(o.At); n != 60 || len(o.Series.P95) != 60 || o.At[59]-o.At[0] != 59*60 || o.Series.Requests[59] != 1 || *o.Series.Connections[58] != 6 || o.Nodes != 2 {
			t.Errorf("the columns are %+v", o)
		}
		if o.Slowest[0].Name != "POST /graphql listTasks" || o.Busiest[0].Name != "GET /api/tasks" || *o.Slowest[0].P95 < 850 || *o.Slowest[0].P95 > 1150 || *o.Busiest[0].P50 < 8.5 || *o.Busiest[0].P50 > 11.5 {
			t.Errorf("the slowest are %+v", o.Slowest)
		}
		before := two[1].overview(t, "14d").Totals
		for range 2 { // the second finds it done
			if err := two[1].Tidy(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if after := two[1].overview(t, "14d").Totals; after.Count != before.Count || *after.P99 != *before.P99 {
			t.Errorf("hours say %+v, minutes %+v", after, before)
		}
		*two[0].now = two[0].now.Add(3 * 24 * time.Hour)
		if err := two[0].Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		check("minutes that became hours", two[1].overview(t, "14d"), 2*90+2*9, 9, 9)
		if n := stored(t, e); n != 2 {
			t.Errorf("%d rows are stored of two hours", n)
		}
		*two[0].now = two[0].now.Add(15 * 24 * time.Hour)
		if err := two[0].Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := stored(t, e); n != 0 {
			t.Errorf("%d rows are kept for good", n)
		}
	})
}

func stored(t *testing.T, e store.Engine) (n int64) {
	t.Helper()
	if err := e.Read(t.Context(), func(c store.Conn) error {
		return c.Query(`SELECT count(*) FROM "_stats"`, nil, func(r store.Row) error { n = r.Int(0); return nil })
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// A restart and a clock that is set back lose nothing, a database that is away no more
// than it has to, and idle minutes store nothing.
func TestNothingLost(t *testing.T) {
	e := storetest.Open(t, storetest.Chosen(t))
	s := stations(t, e, "a")[0]
	s.Record("GET /x", "", 200, time.Millisecond)
	s.flush(t, time.Minute)
	*s.now = s.now.Add(-time.Minute)
	s.flush(t, 0)
	s.Record("GET /x", "", 200, time.Millisecond)
	s.flush(t, 0)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	s.Record("GET /x", "", 200, time.Millisecond)
	*s.now = s.now.Add(time.Minute)
	if s.Flush(gone) == nil {
		t.Error("it was stored in time that was over")
	}
	again := station{New(s.opts), s.now}
	again.opts.Node = "a, again"
	s.flush(t, time.Minute)
	again.Record("GET /x", "", 200, time.Millisecond)
	if n := again.overview(t, "hour").Totals.Count; n != 4 {
		t.Errorf("%d requests are left of 4", n)
	}
	s.opts.Connections = nil
	before := stored(t, e)
	s.flush(t, time.Minute)
	s.flush(t, time.Minute)
	if n := stored(t, e); n != before {
		t.Errorf("%d rows came of minutes without requests", n-before)
	}
}

// Whatever is asked, there is an end to what is told apart and stored.
func TestBounds(t *testing.T) {
	e := storetest.Open(t, storetest.Chosen(t))
	s := stations(t, e, "a")[0]
	random := rand.New(rand.NewPCG(storetest.Seed(t), 0))
	for i := range 10_000 {
		s.Record("GET /api/{plural}", fmt.Sprint("model", i), 200, time.Duration(random.Int64N(int64(time.Minute))))
	}
	if n := len(s.current); n > maxOperations+1 {
		t.Errorf("%d operations are told apart", n)
	}
	s.flush(t, time.Minute)
	o := s.overview(t, "hour")
	if o.Totals.Count != 10_000 {
		t.Errorf("%d are counted", o.Totals.Count)
	}
	var size int64
	if err := e.Read(t.Context(), func(c store.Conn) error {
		return c.Query(`SELECT length("data") FROM "_stats"`, nil, func(r store.Row) error { size = r.Int(0); return nil })
	}); err != nil || size > 16<<10 {
		t.Errorf("a minute takes %d bytes: %v", size, err)
	}
}

func TestQuantiles(t *testing.T) {
	var f Figures
	var all []time.Duration
	random := rand.New(rand.NewPCG(storetest.Seed(t), 0))
	for range 20_000 {
		d := time.Duration(1<<random.IntN(30)) * time.Microsecond / 16
		d += time.Duration(random.Int64N(int64(d) + 1))
		f.Count++
		f.times[bucketOf(d.Microseconds())]++
		all = append(all, d)
	}
	slices.Sort(all)
	for _, q := range []float64{0.5, 0.95, 0.99} {
		want := float64(all[int(q*float64(len(all)))-1].Microseconds()) / 1000
		if got := *f.Quantile(q); got < 0.85*min(want, 65_000) || got > 1.15*want {
			t.Errorf("p%v is %v, really %v", 100*q, got, want)
		}
	}
	if (&Figures{}).Quantile(0.5) != nil {
		t.Error("nothing has a median")
	}
}

func TestForms(t *testing.T) {
	whole := encode(map[string]*Figures{"a": {Count: 3, times: [buckets]uint64{7: 3}}, Other: {Count: 1 << 40}}, Gauges{2, 1 << 33})
	got := map[string]Figures{}
	g, err := decode(whole, func(name string, f *Figures) { got[name] = *f })
	if err != nil || g != (Gauges{2, 1 << 33}) || got["a"].times[7] != 3 || got[Other].Count != 1<<40 {
		t.Errorf("%+v %+v %v", g, got, err)
	}
	for i := range whole {
		if _, err := decode(whole[:i], func(string, *Figures) {}); err == nil {
			t.Errorf("%d bytes of %d will do", i, len(whole))
		}
	}
}

// Recording takes no memory, whoever else records.
func TestRecordingAllocatesNothing(t *testing.T) {
	r := New(Options{Now: time.Now})
	plural := string([]byte("tasks"))
	r.Record("GET /api/{plural}", plural, 200, 1)
	if n := testing.AllocsPerRun(1000, func() { r.Record("GET /api/{plural}", plural, 200, 3*time.Millisecond) }); n != 0 {
		t.Errorf("recording allocates %v times", n)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 10_000 {
				r.Record("GET /x", "", 200+i%2*300, time.Duration(i))
			}
		})
	}
	all.Wait()
	if f := figuresOf(r.current)["GET /x"]; f.Count != 80_000 || f.ServerErrors != 40_000 {
		t.Errorf("%d of 80,000 are counted", f.Count)
	}
}

func BenchmarkRecord(b *testing.B) {
	r := New(Options{Now: time.Now})
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			r.Record("GET /api/{plural}", "tasks", 200, 3*time.Millisecond)
		}
	})
}
