package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// markdown is the whole report.
func (r *results) markdown() string {
	var b strings.Builder
	s := r.settings
	fmt.Fprintf(&b, "# Bench\n\n%s, %s, %d cores, %s. %d projects with %d tasks each; %d keep-alive connections; %d rounds of %v for each figure: the median, and the least and the most in brackets.\n\n",
		time.Now().UTC().Format("2006-01-02"), machine(), runtime.NumCPU(), runtime.Version(), projects, tasks, s.conns, s.rounds, s.seconds)
	for _, p := range r.peers {
		fmt.Fprintf(&b, "- **%s**: %s\n", p.name, p.about)
	}
	r.targets(&b)
	r.onPostgres(&b)
	r.encryption(&b)
	for _, phase := range phases(s) {
		for _, w := range phase {
			r.table(&b, w)
		}
	}
	r.startTable(&b)
	b.WriteString(insideTable(r.inside))
	return b.String()
}

// targets holds Loam against what it promises.
func (r *results) targets(b *strings.Builder) {
	if !r.has("loam") {
		return
	}
	b.WriteString("\n## Targets\n\nRatios are of CPU time per request, round by round; of sign-ins, of the rate that it allows.\n\n")
	b.WriteString("| work | against PocketBase | target | | against bare | target | |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, phase := range phases(r.settings) {
		for _, w := range phase {
			if w.vsPeer == 0 {
				continue
			}
			fmt.Fprintf(b, "| %s | %s | %s |\n", w.title, r.verdict(w, "pocketbase", w.vsPeer), r.verdict(w, "bare", w.vsBare))
		}
	}
	for _, row := range []struct {
		title string
		of    map[string][]float64
	}{{"start to first answer", r.starts}, {"idle memory", r.idleRSS}} {
		if mine, peer := spreadOf(row.of["loam"]), spreadOf(row.of["pocketbase"]); peer.median > 0 {
			fmt.Fprintf(b, "| %s | %s | less than 1 | %s | | | |\n", row.title, number(mine.median/peer.median), met(mine.median < peer.median))
		}
	}
}

func (r *results) verdict(w work, against string, target float64) string {
	return r.held(w, "loam", against, target)
}

// held is how a peer stands to another one, and whether that is enough.
func (r *results) held(w work, name, against string, target float64) string {
	ratio, ok := r.ratio(w, name, against)
	if !ok {
		return " | |"
	}
	if w.signIn {
		return fmt.Sprintf("%v | at least %s | %s", ratio, number(target), met(ratio.median >= target))
	}
	if target < 1 {
		return fmt.Sprintf("1/%s (1/%s to 1/%s) | at most 1/%s | %s", number(1/ratio.median), number(1/ratio.most), number(1/ratio.least),
			number(1/target), met(ratio.median <= target))
	}
	return fmt.Sprintf("%v | at most %s | %s", ratio, number(target), met(ratio.median <= target))
}

// onPostgres is what Loam costs there, with its database, and what of it is row-level security.
func (r *results) onPostgres(b *strings.Builder) {
	if !r.has("loam-postgres") {
		return
	}
	b.WriteString("\n## On PostgreSQL\n\nRatios are of CPU time per request, the server's and the database's together.\n\n")
	b.WriteString("| work | against bare | target | | against PostGraphile | with row-level security against without | three servers against one | and their requests/s |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, phase := range phases(r.settings) {
		for _, w := range phase {
			if w.onPostgres == 0 {
				continue
			}
			other, walls := "", ""
			if ratio, ok := r.ratio(w, "loam-postgres", "postgraphile"); ok {
				other = fmt.Sprintf("1/%s (1/%s to 1/%s)", number(1/ratio.median), number(1/ratio.most), number(1/ratio.least))
			}
			if ratio, ok := r.ratio(w, "loam-postgres", "loam-postgres-open"); ok {
				walls = ratio.String()
			}
			three, faster := "", ""
			if ratio, ok := r.ratio(w, "loam-postgres-three", "loam-postgres"); ok {
				three = ratio.String()
				faster = number(r.of(w, "loam-postgres-three", rate).median / r.of(w, "loam-postgres", rate).median)
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", w.title, r.held(w, "loam-postgres", "bare-postgres", w.onPostgres), other, walls, three, faster)
		}
	}
}

func met(ok bool) string {
	if ok {
		return "met"
	}
	return "**missed**"
}

// encryption is what the encrypted file costs, on against off.
func (r *results) encryption(b *strings.Builder) {
	if !r.has("loam-encrypted") && !r.has("bare-encrypted") {
		return
	}
	b.WriteString("\n## The cost of encryption at rest\n\n| work | loam, on against off | bare, on against off |\n| --- | --- | --- |\n")
	for _, phase := range phases(r.settings) {
		for _, w := range phase {
			if w.trips > 0 || w.signIn {
				continue
			}
			fmt.Fprintf(b, "| %s |", w.title)
			for _, name := range []string{"loam", "bare"} {
				if ratio, ok := r.ratio(w, name+"-encrypted", name); ok {
					fmt.Fprintf(b, " %v |", ratio)
				} else {
					b.WriteString(" |")
				}
			}
			b.WriteString("\n")
		}
	}
}

func (r *results) table(b *strings.Builder, w work) {
	if len(r.samples[w.name]) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n| server | CPU a request, µs | requests/s | p50 ms | p95 ms | p99 ms |\n| --- | --- | --- | --- | --- | --- |\n", w.title)
	for _, p := range r.peers {
		if len(r.samples[w.name][p.name]) == 0 {
			continue
		}
		fmt.Fprintf(b, "| %s | %v | %v | %s | %s | %s |\n", p.name, r.of(w, p.name, cpu), r.of(w, p.name, rate),
			number(r.of(w, p.name, func(s sample) float64 { return s.p50 }).median),
			number(r.of(w, p.name, func(s sample) float64 { return s.p95 }).median),
			number(r.of(w, p.name, func(s sample) float64 { return s.p99 }).median))
	}
}

func (r *results) startTable(b *strings.Builder) {
	b.WriteString("\n## Start and memory\n\n| server | start to first answer, ms | idle, MiB | after all the load, MiB |\n| --- | --- | --- | --- |\n")
	for _, p := range r.peers {
		fmt.Fprintf(b, "| %s | %v | %v | %s |\n", p.name, spreadOf(r.starts[p.name]), spreadOf(r.idleRSS[p.name]), number(r.busyRSS[p.name]))
	}
}

func (r *results) has(name string) bool {
	for _, p := range r.peers {
		if p.name == name {
			return true
		}
	}
	return false
}

// machine is the processor's name.
func machine() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "model name"); ok {
			return strings.TrimLeft(name, "\t :")
		}
	}
	return runtime.GOARCH
}
