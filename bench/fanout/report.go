package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report gathers figures by peer and number of connections.
type report struct {
	rounds int
	took   map[string][]figures
	narrow [][2]float64
}

func key(p *peer, n int) string { return fmt.Sprintf("%s %d", p.name, n) }

func (r *report) add(p *peer, n int, f figures) { r.took[key(p, n)] = append(r.took[key(p, n)], f) }

func (r *report) markdown(chosen []*peer, sizes []int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Fan-out\n\n%s, %d cores, %s. Messages of %d bytes; %d rounds: the median, and the least and the most in brackets.\n\n",
		time.Now().Format("2006-01-02"), runtime.NumCPU(), runtime.Version(), eventBytes, r.rounds)
	for _, p := range chosen {
		fmt.Fprintf(&b, "- **%s**: %s\n", p.name, p.about)
	}
	for _, n := range sizes {
		fmt.Fprintf(&b, "\n## %d connections\n\n| server | CPU a delivery, µs | p50 ms | p99 ms | idle connection, KiB |\n| --- | --- | --- | --- | --- |\n", n)
		for _, p := range chosen {
			took := r.took[key(p, n)]
			if len(took) == 0 {
				continue
			}
			idle := ""
			if kib := took[0].idle; kib > 0 {
				idle = fmt.Sprintf("%.3g", kib)
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", p.name, spread(took, func(f figures) float64 { return f.cpu }), spread(took, func(f figures) float64 { return f.p50 }),
				spread(took, func(f figures) float64 { return f.p99 }), idle)
		}
	}
	b.WriteString("\n## Targets\n\nRatios of CPU a delivery, round by round.\n\n| | | target | |\n| --- | --- | --- | --- |\n")
	for _, n := range sizes {
		r.target(&b, n, "loam", "raw", 1.5)
		r.target(&b, n, "loam", "pocketbase", 1.0/3)
		r.target(&b, n, "loam", "centrifuge", 1)
		r.target(&b, n, "loam, ruled", "loam", 2)
		if took := r.took[fmt.Sprintf("loam %d", n)]; len(took) > 0 && took[0].idle > 0 {
			row(&b, fmt.Sprintf("idle connection, KiB, %d connections", n), []float64{took[0].idle}, 10)
		}
	}
	if len(r.narrow) > 0 {
		ratios := make([]float64, len(r.narrow))
		for i, pair := range r.narrow {
			ratios[i] = pair[1] / pair[0]
		}
		row(&b, "a write among 100,000 subscriptions with filters of their own against one among 1,000", ratios, 2)
	}
	return b.String()
}

// target compares two peers round by round.
func (r *report) target(b *strings.Builder, n int, one, other string, most float64) {
	a, c := r.took[fmt.Sprintf("%s %d", one, n)], r.took[fmt.Sprintf("%s %d", other, n)]
	if len(a) == 0 || len(a) != len(c) {
		return
	}
	ratios := make([]float64, len(a))
	for i := range a {
		ratios[i] = a[i].cpu / c[i].cpu
	}
	row(b, fmt.Sprintf("%s against %s, %d connections", one, other, n), ratios, most)
}

func row(b *strings.Builder, what string, values []float64, most float64) {
	verdict := "met"
	if median(values) > most {
		verdict = "**missed**"
	}
	fmt.Fprintf(b, "| %s | %.3g (%.3g to %.3g) | at most %.3g | %s |\n", what, median(values), slices.Min(values), slices.Max(values), most, verdict)
}

func each(took []figures, of func(figures) float64) []float64 {
	values := make([]float64, len(took))
	for i, f := range took {
		values[i] = of(f)
	}
	return values
}

func spread(took []figures, of func(figures) float64) string {
	v := each(took, of)
	return fmt.Sprintf("%.3g (%.3g to %.3g)", median(v), slices.Min(v), slices.Max(v))
}

func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	return v[len(v)/2]
}
