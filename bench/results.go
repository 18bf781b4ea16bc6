package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// sample is one measurement of one work on one peer.
type sample struct {
	cpu           float64 // microseconds of the server's CPU time per request
	rate          float64 // requests per second
	p50, p95, p99 float64 // milliseconds
}

// results are all samples of a run.
type results struct {
	settings settings
	peers    []*peer
	samples  map[string]map[string][]sample // by work, then peer
	starts   map[string][]float64           // milliseconds to the first answer, by peer
	idleRSS  map[string][]float64           // MiB, by peer
	busyRSS  map[string]float64             // MiB after all the load
	inside   map[string][]float64           // microseconds, by benchmark
}

func newResults(s settings, peers []*peer) *results {
	return &results{
		settings: s,
		peers:    peers,
		samples:  map[string]map[string][]sample{},
		starts:   map[string][]float64{},
		idleRSS:  map[string][]float64{},
		busyRSS:  map[string]float64{},
	}
}

// measure loads one peer with one work for a while.
func (r *results) measure(ctx context.Context, s settings, p *peer, w work) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	asked := p.asks(p, w.name)
	if len(asked.requests) == 0 {
		return nil // it sits this work out
	}
	o := order{
		Addrs: p.addrs, Conns: s.conns, Warm: 400 * time.Millisecond, For: s.seconds,
		Requests: asked.requests, Status: asked.status, Least: w.least,
	}
	if w.signIn {
		o.Conns = s.signIns
	}
	var from, to time.Duration
	out, err := runLoad(o,
		func() (err error) { from, err = p.cpu(); return err },
		func() (err error) { to, err = p.cpu(); return err })
	if err != nil {
		return err
	}
	trips := float64(max(w.trips, 1))
	if r.samples[w.name] == nil {
		r.samples[w.name] = map[string][]sample{}
	}
	r.samples[w.name][p.name] = append(r.samples[w.name][p.name], sample{
		cpu:  float64((to - from).Microseconds()) / float64(out.Requests) * trips,
		rate: float64(out.Requests) / out.Elapsed.Seconds() / trips,
		p50:  milliseconds(out.P50), p95: milliseconds(out.P95), p99: milliseconds(out.P99),
	})
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// spread is a median with the least and the most that was seen.
type spread struct{ least, median, most float64 }

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	v := slices.Sorted(slices.Values(values))
	return spread{v[0], v[len(v)/2], v[len(v)-1]}
}

func (r *results) of(w work, peer string, what func(sample) float64) spread {
	var values []float64
	for _, s := range r.samples[w.name][peer] {
		values = append(values, what(s))
	}
	return spreadOf(values)
}

func cpu(s sample) float64  { return s.cpu }
func rate(s sample) float64 { return s.rate }

// ratio is how one peer stands to another in one work: by CPU per request, or
// for sign-ins, which do nothing but compute, by the rate that this allows. Each
// round's pair is compared, so that a busy minute of the machine hurts both sides.
func (r *results) ratio(w work, peer, to string) (spread, bool) {
	a, b := r.samples[w.name][peer], r.samples[w.name][to]
	if w.signIn {
		a, b = b, a
	}
	var values []float64
	for i := range min(len(a), len(b)) {
		values = append(values, a[i].cpu/b[i].cpu)
	}
	return spreadOf(values), len(values) > 0
}

// number prints with the digits that mean something.
func number(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func (s spread) String() string {
	return fmt.Sprintf("%s (%s to %s)", number(s.median), number(s.least), number(s.most))
}
