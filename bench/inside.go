package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// inside is a cost within Loam that no request shows by itself, as a Go benchmark
// of the room that has it.
type inside struct {
	title, room, name string
	target            float64 // microseconds at most; 0: none
}

func insides() []inside {
	return []inside{
		{"the check of an access token, remembered: no database, no signature", "auth", "BenchmarkVerify/remembered", 20},
		{"the signature of an access token alone", "auth", "BenchmarkVerify/signature_alone", 0},
		{"the check of one that is new or was forgotten: signature, session, user, membership", "auth", "BenchmarkVerify/looked_up", 0},
		{"a sign-in without its hash: counters, session, audit record, token, durable", "auth", "BenchmarkSignInButHash/one_at_a_time", 0},
		{"the same, 16 at a time, which share commits", "auth", "BenchmarkSignInButHash/16_at_a_time", 0},
		{"an audit record within the transaction that it tells of", "audit", "BenchmarkAppend/in_a_transaction", 0},
		{"an audit record with a commit of its own", "audit", "BenchmarkAppend/with_its_commit", 0},
	}
}

// measureInside runs the benchmarks and returns microseconds by name, one for each
// round.
func measureInside(ctx context.Context, rounds int) (map[string][]float64, error) {
	took := map[string][]float64{}
	for round := range rounds { // interleaved, so that a busy minute hurts all of them
		note("inside, round %d of %d", round+1, rounds)
		cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^Benchmark(Verify|SignInButHash|Append)$", "-benchtime", "0.5s",
			"./internal/auth", "./internal/audit")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("the benchmarks of the rooms: %w\n%s", err, out)
		}
		readBenchmarks(out, took)
	}
	return took, nil
}

// readBenchmarks adds what `go test -bench` has printed.
func readBenchmarks(out []byte, took map[string][]float64) {
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		i := slices.Index(fields, "ns/op")
		if i < 1 {
			continue
		}
		name := fields[0]
		if dash := strings.LastIndexByte(name, '-'); dash > 0 { // GOMAXPROCS
			name = name[:dash]
		}
		if ns, err := strconv.ParseFloat(fields[i-1], 64); err == nil {
			took[name] = append(took[name], ns/1000)
		}
	}
}

// insideTable is the section of the report.
func insideTable(took map[string][]float64) string {
	var b strings.Builder
	b.WriteString("\n## Inside\n\nGo benchmarks of single rooms, one caller unless it says otherwise.\n\n| cost | µs | target | |\n| --- | --- | --- | --- |\n")
	for _, in := range insides() {
		s := spreadOf(took[in.name])
		target, verdict := "", ""
		if in.target > 0 {
			target, verdict = "under "+number(in.target), met(s.median < in.target)
		}
		fmt.Fprintf(&b, "| %s | %v | %s | %s |\n", in.title, s, target, verdict)
	}
	return b.String()
}
