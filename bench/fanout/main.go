// Command fanout measures what a server spends to deliver one event to many: Loam
// beside PocketBase, beside a specialist's engine, and beside the limit. The figure
// that counts is the CPU time of the server's own process for each event delivered.
// README.md says how to read it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// settings say how much is measured.
type settings struct {
	rounds int
	sizes  []int // connections
	only   string
	out    string
	dir    string
}

// What is published in one measurement.
const (
	eventBytes  = 355    // of a message as it is delivered
	deliveries  = 40_000 // in one measurement
	perSecond   = 20_000 // deliveries a second, so that none waits for the one before
	quiet       = 3 * time.Second
	rest        = 150 * time.Second // Go collects what the handshakes left after two minutes, and gives it back
	patience    = 30 * time.Second
	narrowConns = 10_000
)

func main() {
	var s settings
	flag.IntVar(&s.rounds, "rounds", 3, "interleaved rounds")
	flag.StringVar(&s.only, "only", "", "peers to run, by name, with commas; all")
	flag.StringVar(&s.out, "o", "", "write the tables to this file as well")
	few := flag.Bool("few", false, "1,000 connections alone, and no subscriptions with filters of their own")
	flag.Parse()
	s.sizes = []int{1_000, 10_000}
	if *few {
		s.sizes = s.sizes[:1]
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, s)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "fanout:", err)
		os.Exit(1)
	}
}

func note(format string, args ...any) { fmt.Fprintf(os.Stderr, "fanout: "+format+"\n", args...) }

func run(ctx context.Context, s settings) (err error) {
	if s.dir, err = os.MkdirTemp("", "loam-fanout-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.dir)
	var chosen []*peer
	for _, p := range peers() {
		if s.only != "" && !strings.Contains(","+s.only+",", ","+p.name+",") {
			continue
		}
		note("building %s", p.name)
		if err := p.build(ctx, p.file(s.dir)); err != nil {
			return err
		}
		if p.events {
			if err := seedPocketBase(ctx, s.dir); err != nil {
				return err
			}
		}
		chosen = append(chosen, p)
	}
	r := &report{rounds: s.rounds, took: map[string][]figures{}}
	for _, n := range s.sizes {
		for round := range s.rounds {
			for i := range chosen {
				p := chosen[(i+round)%len(chosen)] // each round begins with another
				if n > p.most {
					continue
				}
				note("round %d of %d: %s with %d connections", round+1, s.rounds, p.name, n)
				f, err := measure(ctx, s, p, n, round == 0 && n == p.most && !p.alike)
				if err != nil {
					return fmt.Errorf("%s: %w", p.name, err)
				}
				r.add(p, n, f)
			}
		}
	}
	if len(s.sizes) > 1 && (s.only == "" || strings.Contains(s.only, "loam")) {
		if r.narrow, err = measureNarrow(ctx, s); err != nil {
			return err
		}
	}
	text := r.markdown(chosen, s.sizes)
	if _, err := io.WriteString(os.Stdout, text); err != nil || s.out == "" {
		return err
	}
	return os.WriteFile(s.out, []byte(text), 0o644)
}

func (p *peer) file(dir string) string {
	return filepath.Join(dir, strings.NewReplacer(", ", "-").Replace(p.name))
}

// figures are what one measurement found.
type figures struct {
	cpu      float64 // microseconds of the server's for each event delivered
	p50, p99 float64 // milliseconds from the request that publishes to the subscriber
	idle     float64 // KiB of the server's for each connection; 0 where it was not measured
}

// measure starts a server, connects to it, and publishes.
func measure(ctx context.Context, s settings, p *peer, n int, idle bool) (f figures, err error) {
	r, err := p.start(ctx, s.dir)
	if err != nil {
		return f, err
	}
	defer r.Stop()
	before := r.RSS()
	events := max(deliveries/n, 4)
	t := &tally{sent: make([]atomic.Int64, events+1)}
	var failed atomic.Pointer[error]
	all, err := r.connect(ctx, n, t, func(err error) { failed.CompareAndSwap(nil, &err) })
	defer func() {
		for _, c := range all {
			c.conn.Close()
		}
	}()
	if err != nil {
		return f, err
	}
	if err := pause(ctx, quiet); err != nil {
		return f, err
	}
	if idle {
		note("%s rests", p.name)
		if err := pause(ctx, rest); err != nil {
			return f, err
		}
		f.idle = (r.RSS() - before) * 1024 / float64(n)
	}
	// One event first, to learn how long a message is.
	pad := ""
	if err := r.publish(ctx, t, 0, pad, n); err != nil {
		return f, err
	}
	pad = strings.Repeat("x", max(0, eventBytes-int(t.length.Load())))
	t.delays = histogram{}
	used, err := r.CPU()
	if err != nil {
		return f, err
	}
	every := time.NewTicker(time.Second * time.Duration(n) / perSecond)
	defer every.Stop()
	for i := 1; i <= events; i++ {
		select {
		case <-every.C:
		case <-ctx.Done():
			return f, ctx.Err()
		}
		if err := r.send(ctx, t, i, pad); err != nil {
			return f, err
		}
	}
	if err := t.await(ctx, int64(n*(events+1))); err != nil {
		if cause := failed.Load(); cause != nil {
			err = errors.Join(err, *cause)
		}
		return f, err
	}
	now, err := r.CPU()
	f.cpu = float64((now - used).Microseconds()) / float64(n*events)
	f.p50, f.p99 = float64(t.delays.quantile(0.5).Microseconds())/1000, float64(t.delays.quantile(0.99).Microseconds())/1000
	return f, err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *running) send(ctx context.Context, t *tally, i int, pad string) error {
	t.sent[i].Store(time.Now().UnixNano())
	return r.post(ctx, r.path, r.body(fmt.Sprintf("%s%06d%s", mark, i, pad)), r.token, nil)
}

// publish sends one event and waits until all have it.
func (r *running) publish(ctx context.Context, t *tally, i int, pad string, n int) error {
	if err := r.send(ctx, t, i, pad); err != nil {
		return err
	}
	return t.await(ctx, int64(n))
}

func (t *tally) await(ctx context.Context, want int64) error {
	for until := time.Now().Add(patience); t.got.Load() < want; {
		if time.Now().After(until) {
			return fmt.Errorf("%d of %d events came", t.got.Load(), want)
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// measureNarrow measures what a write costs that one subscriber of many hears of:
// those of 1,000 subscriptions against those of 100,000, each with a filter of its
// own, ten on a connection.
func measureNarrow(ctx context.Context, s settings) ([][2]float64, error) {
	var p *peer
	for _, one := range peers() {
		if one.name == "loam" {
			p = one
		}
	}
	var out [][2]float64
	for round := range s.rounds {
		var pair [2]float64
		for i, conns := range []int{narrowConns / 100, narrowConns} {
			note("round %d of %d: a write among %d subscriptions with filters of their own", round+1, s.rounds, conns*10)
			cost, err := narrow(ctx, s, p, conns)
			if err != nil {
				return nil, err
			}
			pair[i] = cost
		}
		out = append(out, pair)
	}
	return out, nil
}

// narrow is the CPU of the server for one write, in microseconds.
func narrow(ctx context.Context, s settings, p *peer, conns int) (float64, error) {
	r, err := p.start(ctx, s.dir)
	if err != nil {
		return 0, err
	}
	defer r.Stop()
	const writes, each = 4000, 10
	t := &tally{sent: make([]atomic.Int64, writes)}
	one := *p
	one.subscribe = func(ctx context.Context, r *running, i int) (*subscriber, error) {
		c, err := loamConnect(ctx, r, r.token)
		for k := 0; err == nil && k < each; k++ {
			err = c.follow(fmt.Sprint(k), fmt.Sprintf(`subscription { onCreatePlain(filter: {key: {eq: "k%d"}}) { id key text createdAt } }`, i*each+k))
		}
		if err == nil {
			err = c.settled()
		}
		return c, err
	}
	r.peer = &one
	all, err := r.connect(ctx, conns, t, func(error) {})
	defer func() {
		for _, c := range all {
			c.conn.Close()
		}
	}()
	if err != nil {
		return 0, err
	}
	if err := pause(ctx, quiet); err != nil {
		return 0, err
	}
	used, err := r.CPU()
	if err != nil {
		return 0, err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i := range writes {
		g.Go(func() error {
			t.sent[i].Store(time.Now().UnixNano())
			return r.post(gctx, r.path, fmt.Sprintf(`{"key":"k%d","text":"%s%06d"}`, i*7919%(conns*each), mark, i), r.token, nil)
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	if err := t.await(ctx, writes); err != nil {
		return 0, err
	}
	now, err := r.CPU()
	return float64((now - used).Microseconds()) / writes, err
}
