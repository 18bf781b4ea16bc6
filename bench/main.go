// Command bench measures Loam beside PocketBase and beside a bare handler over
// the same database driver: same data, same requests, same connections, in
// interleaved rounds of one run. The figure that counts is the CPU time that a
// server's own process spends on a request, because that is what stays true on
// a shared machine. It runs on Linux, on the loopback only. README.md says how
// to read it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// settings say how much is measured.
type settings struct {
	rounds  int
	seconds time.Duration // of one measurement
	starts  int           // restarts, for the time to the first answer
	conns   int
	signIns int // connections that sign in
	only    string
	works   string
	out     string
	inside  bool
	dir     string
}

// The data that every peer holds, and the user who asks.
const (
	projects = 100
	tasks    = 100 // in each project
	people   = 20
	email    = "ada@bench.example.com"
	password = "correct horse battery staple"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == loadCommand {
		exit(load(os.Stdin, os.Stdout))
	}
	var s settings
	flag.IntVar(&s.rounds, "rounds", 5, "interleaved rounds")
	flag.DurationVar(&s.seconds, "for", 1500*time.Millisecond, "length of one measurement")
	flag.IntVar(&s.starts, "starts", 5, "restarts of each server, for the time to its first answer")
	flag.IntVar(&s.conns, "conns", 64, "keep-alive connections")
	flag.IntVar(&s.signIns, "sign-ins", 16, "connections that sign in")
	flag.StringVar(&s.only, "only", "", "peers to run, by name, with commas; all but pocketbase-field")
	flag.StringVar(&s.works, "works", "", "works to run, by name, with commas; all")
	flag.StringVar(&s.out, "o", "", "write the tables to this file as well")
	flag.BoolVar(&s.inside, "inside", false, "measure what is inside Loam alone, without any peer")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, s)
	stop()
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run builds and seeds the peers, measures, and prints.
func run(ctx context.Context, s settings) (err error) {
	if s.inside {
		took, err := measureInside(ctx, s.rounds)
		if err != nil {
			return err
		}
		_, err = io.WriteString(os.Stdout, insideTable(took))
		return err
	}
	if s.dir, err = os.MkdirTemp("", "loam-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.dir)
	peers := chosen(allPeers(s.dir), s.only)
	defer func() {
		for _, p := range peers {
			p.stop()
			p.database.stop()
		}
	}()
	for _, p := range peers {
		note("building and seeding %s", p.name)
		if err := p.prepare(ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	r := newResults(s, peers)
	if err := measureStarts(ctx, s, peers, r); err != nil {
		return err
	}
	for _, phase := range phases(s) {
		for _, p := range peers { // access tokens are short-lived
			if err := p.signIn(ctx, p); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
		for round := range s.rounds {
			for _, w := range phase {
				note("round %d of %d: %s", round+1, s.rounds, w.name)
				for i := range peers {
					// Each round begins with another peer, so that none always follows the same one.
					p := peers[(i+round)%len(peers)]
					if err := r.measure(ctx, s, p, w); err != nil {
						return fmt.Errorf("%s, %s: %w", p.name, w.name, err)
					}
				}
			}
		}
	}
	for _, p := range peers {
		r.busyRSS[p.name] = p.rss()
	}
	if r.inside, err = measureInside(ctx, s.rounds); err != nil {
		return err
	}
	return publish(r, s.out)
}

func publish(r *results, path string) error {
	text := r.markdown()
	if _, err := io.WriteString(os.Stdout, text); err != nil {
		return err
	}
	if path == "" {
		return nil
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// measureStarts stops and starts each server on its data, and notes how long
// its first answer to a real request took and what it holds when idle. The
// servers keep running afterwards.
func measureStarts(ctx context.Context, s settings, peers []*peer, r *results) error {
	for round := range s.starts {
		note("start %d of %d", round+1, s.starts)
		for _, p := range peers {
			p.stop()
			took, err := p.startToAnswer(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			r.starts[p.name] = append(r.starts[p.name], float64(took.Microseconds())/1000)
		}
		select {
		case <-time.After(2 * time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
		for _, p := range peers {
			r.idleRSS[p.name] = append(r.idleRSS[p.name], p.rss())
		}
	}
	return nil
}

func chosen(peers []*peer, names string) []*peer {
	var list []*peer
	for _, p := range peers {
		if names == "" && !p.extra || contains(names, p.name) {
			list = append(list, p)
		}
	}
	return list
}

func contains(names, name string) bool {
	for n := range strings.SplitSeq(names, ",") {
		if n == name {
			return true
		}
	}
	return false
}

func note(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}

// here is the bench's own directory, from the root of the repository.
func here(parts ...string) string {
	return filepath.Join(append([]string{"bench"}, parts...)...)
}
