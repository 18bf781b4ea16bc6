package fault

import (
	"bufio"
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/testkit"
)

// The lines of `loam move` at which the server is killed, or a moment after them.
var (
	killsThere = []string{"makes the tables", "copied Note", "compared _users"}
	killsBack  = []string{"compared _users"}
)

const (
	movesOfSoak = 20                     // there and back
	movedUnder  = 3                      // writers
	lastStep    = 400 * time.Millisecond // most of it, from the end of the comparison on
)

// TestKilledMove moves a server that is written to, to PostgreSQL and back, and kills
// it at each stage: whichever database counts after that has all that was acknowledged,
// the other is refused, and in the end the change log tells each row's story.
func TestKilledMove(t *testing.T) {
	s := newSite(t)
	all := make([]*writer, movedUnder)
	for i := range all {
		all[i] = &writer{n: i, notes: map[string]note{}}
	}
	p := s.start()
	s.signUp()
	p.kill()
	rounds := 1
	if os.Getenv("LOAM_SOAK") != "" {
		rounds = movesOfSoak
	}
	for round := 0; round < rounds && !testkit.Late(t); round++ {
		there, back := *s, *s
		there.database = storetest.URL(t)
		s.killedMove(all, &there, there.database, killsThere)
		back.data, back.database = "back"+strings.Repeat("+", round), ""
		s.killedMove(all, &back, "sqlite://"+filepath.Join(s.dir, back.data), killsBack)
	}
	s.audit(all)
}

// killedMove takes the site to another place, which is its own afterwards.
func (s *site) killedMove(all []*writer, next *site, to string, kills []string) {
	s.t.Helper()
	from := *s
	moved := false
	for _, at := range append(kills, "moved") {
		p := s.start()
		s.verify(all)
		said := s.interrupted(all, p, to, at)
		state := s.loam("user", "list")
		moved = strings.Contains(state, "was moved to")
		_, paused, _ := strings.Cut(said, "paused for ")
		paused, _, _ = strings.Cut(paused, "\n")
		s.t.Logf("killed after %q, moved: %v %s", at, moved, paused)
		switch {
		case s.t.Failed():
			s.t.FailNow()
		case at == "moved" && !moved:
			s.t.Fatalf("it does not come to an end: %s", said)
		}
		if moved || strings.Contains(state, "in its last step") {
			break
		}
	}
	if out := s.loam("move", "--to", to); !strings.Contains(out, "before") && !strings.Contains(out, "moved") {
		s.t.Fatalf("going on: %s", out)
	}
	s.data, s.database = next.data, next.database
	p := s.start()
	s.verify(all)
	p.kill()
	if out := from.loam("user", "list"); !strings.Contains(out, "was moved to") {
		s.t.Fatalf("what was left is served: %s", out)
	}
}

// interrupted moves the server under writes, until a line is said or somewhat longer,
// and kills it then.
func (s *site) interrupted(all []*writer, p *process, to, at string) (said string) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for _, w := range all {
		group.Go(func() {
			for ctx.Err() == nil && w.step(s) {
			}
		})
	}
	time.Sleep(100 * time.Millisecond) // something to take across
	cmd := s.command("move", "--to", to)
	var wrong strings.Builder
	cmd.Stderr = &wrong
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said += lines.Text() + "\n"
		if strings.HasPrefix(lines.Text(), at) {
			break
		}
	}
	if at == "compared _users" {
		time.Sleep(time.Duration(rand.Int64N(int64(lastStep))))
	}
	p.kill()
	cancel()
	group.Wait()
	_ = cmd.Wait() // the server has broken off
	return said + wrong.String()
}

func (s *site) command(args ...string) *exec.Cmd {
	cmd := exec.Command(s.bin, append(args, "--dir", s.dir, "--data", filepath.Join(s.dir, s.data))...)
	cmd.Env = s.environment()
	return cmd
}

// loam runs a command and answers all that it says.
func (s *site) loam(args ...string) string {
	out, _ := s.command(args...).CombinedOutput()
	return string(out)
}
