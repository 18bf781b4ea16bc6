package stats

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// listed is how many operations an overview names of each kind.
const listed = 20

// Overview is what a page draws of some time: columns of one length, the last of
// which is still being counted.
type Overview struct {
	Range    string      `json:"range"`
	Step     int64       `json:"step"` // seconds
	At       []int64     `json:"at"`   // where each begins, Unix seconds
	Series   Series      `json:"series"`
	Totals   Operation   `json:"totals"`
	Nodes    int         `json:"-"` // that counted something in the last minutes
	Slowest  []Operation `json:"slowest"`
	Busiest  []Operation `json:"busiest"`
	Database int64       `json:"-"` // bytes
}

// Series are the columns. Times are milliseconds, null where nothing was asked.
type Series struct {
	Requests     []uint64   `json:"requests"`
	ClientErrors []uint64   `json:"clientErrors"`
	ServerErrors []uint64   `json:"serverErrors"`
	P50          []*float64 `json:"p50"`
	P95          []*float64 `json:"p95"`
	P99          []*float64 `json:"p99"`
	Connections  []*int     `json:"connections"`
	Database     []*int64   `json:"database"`
}

// Operation is what one was like, or all of them, whose name is "".
type Operation struct {
	Name         string   `json:"operation,omitempty"`
	Count        uint64   `json:"count"`
	ClientErrors uint64   `json:"clientErrors"`
	ServerErrors uint64   `json:"serverErrors"`
	P50          *float64 `json:"p50"`
	P95          *float64 `json:"p95"`
	P99          *float64 `json:"p99"`
	TotalMs      float64  `json:"totalMs"`
}

func (f *Figures) operation(name string) Operation {
	return Operation{name, f.Count, f.ClientErrors, f.ServerErrors, f.Quantile(0.5), f.Quantile(0.95), f.Quantile(0.99), float64(f.Micros) / 1000}
}

// span is a range that can be asked for.
type span struct{ step, columns int64 }

func spans() map[string]span {
	return map[string]span{"hour": {minutely, 60}, "day": {300, 288}, "14d": {hourly, 14 * 24}}
}

// drawing is an overview being made.
type drawing struct {
	span
	first   int64 // where it begins
	columns []column
	by      map[string]*Figures
	nodes   map[string]bool
	hours   map[int64]bool // that are there as one
	newest  int64
}

type column struct {
	all                Figures
	connections, nodes int   // of the last minute in it
	gauged             int64 // which that is
	database           int64
}

// Overview reads what was counted, by all nodes, and adds what this one is counting.
func (r *Recorder) Overview(ctx context.Context, name string) (Overview, error) {
	s, ok := spans()[name]
	if !ok {
		return Overview{}, fault.New(fault.HTTPParameter, "range is %q; it is hour, day or 14d", name).At("range")
	}
	now := r.opts.Now().Unix()
	d := &drawing{span: s, by: map[string]*Figures{}, nodes: map[string]bool{}, hours: map[int64]bool{}, newest: now}
	d.first = now/s.step*s.step - (s.columns-1)*s.step
	d.columns = make([]column, s.columns)
	err := r.opts.Engine.Read(ctx, func(c store.Conn) error {
		clear(d.columns)
		clear(d.by)
		clear(d.hours)
		if s.step == hourly {
			if err := d.read(c, hourly); err != nil {
				return err
			}
		}
		return d.read(c, minutely)
	})
	if err != nil {
		return Overview{}, fmt.Errorf("stats: reading: %w", err)
	}
	r.addCurrent(d)
	out := d.overview(name)
	out.Database, err = r.size(ctx)
	return out, err
}

func (d *drawing) read(c store.Conn, step int64) error {
	return c.Query(`SELECT "at", "node", "data" FROM "_stats" WHERE "step" = ?1 AND "at" >= ?2 ORDER BY "at"`, []any{step, d.first}, func(row store.Row) error {
		at := row.Int(0)
		switch {
		case step == hourly:
			d.hours[at] = true
		case d.hours[at/hourly*hourly]: // counted as an hour
			return nil
		}
		return d.add(at, row.Text(1), row.Bytes(2))
	})
}

func (d *drawing) add(at int64, node string, data []byte) error {
	i := (at - d.first) / d.step
	if at < d.first || i >= int64(len(d.columns)) {
		return nil
	}
	col := &d.columns[i]
	g, err := decode(data, func(name string, f *Figures) {
		col.all.Add(f)
		sum(d.by, name, f)
	})
	if at != col.gauged {
		col.gauged, col.connections = at, 0
	}
	col.connections += g.Connections
	col.nodes++
	if g.Database > 0 {
		col.database = g.Database
	}
	if at >= d.newest-3*minutely && node != "" {
		d.nodes[node] = true
	}
	return err
}

// addCurrent adds the minute that is under way.
func (r *Recorder) addCurrent(d *drawing) {
	r.mu.Lock() // nobody counts meanwhile
	of, at := figuresOf(r.current), r.minute
	r.mu.Unlock()
	d.nodes[r.opts.Node] = true
	i := (at - d.first) / d.step
	if at < d.first || i >= int64(len(d.columns)) {
		return
	}
	col := &d.columns[i]
	for name, f := range of {
		col.all.Add(f)
		sum(d.by, name, f)
	}
}

func (d *drawing) overview(name string) Overview {
	out := Overview{Range: name, Step: d.step, Nodes: len(d.nodes), Slowest: []Operation{}, Busiest: []Operation{}}
	var all Figures
	for i := range d.columns {
		c := &d.columns[i]
		all.Add(&c.all)
		out.At = append(out.At, d.first+int64(i)*d.step)
		s := &out.Series
		s.Requests = append(s.Requests, c.all.Count)
		s.ClientErrors, s.ServerErrors = append(s.ClientErrors, c.all.ClientErrors), append(s.ServerErrors, c.all.ServerErrors)
		s.P50, s.P95, s.P99 = append(s.P50, c.all.Quantile(0.5)), append(s.P95, c.all.Quantile(0.95)), append(s.P99, c.all.Quantile(0.99))
		var connections *int
		var database *int64
		if c.nodes > 0 {
			connections = &c.connections
		}
		if c.database > 0 {
			database = &c.database
		}
		s.Connections, s.Database = append(s.Connections, connections), append(s.Database, database)
	}
	out.Totals = all.operation("")
	for _, name := range slices.Sorted(maps.Keys(d.by)) {
		out.Busiest = append(out.Busiest, d.by[name].operation(name))
	}
	out.Slowest = append(out.Slowest, out.Busiest...)
	slices.SortStableFunc(out.Busiest, func(a, b Operation) int { return cmp.Compare(b.Count, a.Count) })
	slices.SortStableFunc(out.Slowest, func(a, b Operation) int { return cmp.Compare(*b.P95, *a.P95) })
	out.Busiest, out.Slowest = out.Busiest[:min(listed, len(out.Busiest))], out.Slowest[:min(listed, len(out.Slowest))]
	return out
}
