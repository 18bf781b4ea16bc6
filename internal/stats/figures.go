package stats

import (
	"cmp"
	"math/bits"
	"slices"
)

// buckets are those of a histogram of times in microseconds: four to each power of
// two, up to over a minute. A time is known to within an eighth.
const buckets = 27 * perOctave

const perOctave = 4

func bucketOf(micros int64) int {
	if micros < perOctave {
		return int(micros)
	}
	octave := bits.Len64(uint64(micros)) - 1
	return min(octave*perOctave+int(micros>>(octave-2))&(perOctave-1), buckets-1)
}

// middle is a bucket's middle, in microseconds.
func middle(i int) float64 {
	octave, part := i/perOctave, i%perOctave
	if octave < 2 {
		return float64(i)
	}
	width := float64(uint64(1)<<octave) / perOctave
	return float64(uint64(1)<<octave) + (float64(part)+0.5)*width
}

// Figures are what is known of an operation in some time.
type Figures struct {
	Count, ClientErrors, ServerErrors, Micros uint64
	times                                     [buckets]uint64
}

// Add adds others.
func (f *Figures) Add(o *Figures) {
	f.Count += o.Count
	f.ClientErrors += o.ClientErrors
	f.ServerErrors += o.ServerErrors
	f.Micros += o.Micros
	for i, n := range &o.times {
		f.times[i] += n
	}
}

// Quantile is the time in milliseconds within which the part q was done; nil of none.
func (f *Figures) Quantile(q float64) *float64 {
	rank, seen := q*float64(f.Count), 0.0
	for i, n := range &f.times {
		if seen += float64(n); n > 0 && seen >= rank {
			ms := middle(i) / 1000
			return &ms
		}
	}
	return nil
}

// sum adds figures to those of a name.
func sum(to map[string]*Figures, name string, f *Figures) {
	if known := to[name]; known != nil {
		known.Add(f)
		return
	}
	own := *f
	to[name] = &own
}

// busiest keeps so many names, and adds the rest up as one.
func busiest(of map[string]*Figures, most int) {
	if len(of) <= most {
		return
	}
	names := make([]string, 0, len(of))
	for name := range of {
		if name != Other {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(of[b].Count, of[a].Count), cmp.Compare(a, b))
	})
	for _, name := range names[min(most-1, len(names)):] {
		sum(of, Other, of[name])
		delete(of, name)
	}
}
