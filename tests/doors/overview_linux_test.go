package doors

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/testkit"
)

// BenchmarkOverview is what the console's overview costs a small request, a GET of one row:
// the same with a server that counts it and with one that does not, in turn, fifty at
// a time, in processor time.
//
//	go test ./tests/doors -run '^$' -bench Overview -benchtime 20000x
func BenchmarkOverview(b *testing.B) {
	const batch = 50
	type arm struct {
		serve func()
		each  []float64 // µs of a request, by batch
	}
	var arms [2]arm
	for i := range arms {
		s := testkit.New(b, jotted, func(o *backend.Options) { o.Idle = i == 0 })
		c := s.SignUp("ada@example.com")
		id := c.Do("POST", "/api/notes", map[string]any{"text": "x"}).Want(201).String("id")
		h := s.Backend.Handler()
		arms[i].serve = func() {
			r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/api/notes/"+id, nil)
			r.Header = c.Header
			w := httptest.NewRecorder()
			if h.ServeHTTP(w, r); w.Code != 200 {
				b.Fatal(w.Code)
			}
		}
		for range 10 * batch {
			arms[i].serve()
		}
	}
	var more []float64 // of what is counted, in %, by pair of batches
	for n := 0; b.Loop(); n++ {
		for k := range arms {
			a := &arms[(n+k)%2]
			began := processTime(b)
			for range batch {
				a.serve()
			}
			a.each = append(a.each, float64(processTime(b)-began)/batch/1e3)
		}
		more = append(more, (arms[1].each[n]/arms[0].each[n]-1)*100)
	}
	without, with := quartiles(arms[0].each), quartiles(arms[1].each)
	b.ReportMetric(without[1], "µs-without")
	b.ReportMetric(with[1], "µs-with")
	b.ReportMetric((with[1]/without[1]-1)*100, "%-of-medians")
	spread := quartiles(more)
	b.Logf("without %.1f µs a request (quartiles %.1f to %.1f), with %.1f (%.1f to %.1f); pairs differ by %.1f %% (%.1f to %.1f)",
		without[1], without[0], without[2], with[1], with[0], with[2], spread[1], spread[0], spread[2])
}

func processTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func quartiles(of []float64) [3]float64 {
	s := slices.Sorted(slices.Values(of))
	return [3]float64{s[len(s)/4], s[len(s)/2], s[len(s)*3/4]}
}
