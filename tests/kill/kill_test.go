// Package kill holds the tests that kill a process while it writes. The test
// binary starts itself as a child that works on a database as hard as it can,
// kills it without warning, opens the database again and holds it against every
// write that the child had acknowledged.
//
// It says nothing about power cuts: what the kernel has, a killed process can't
// lose.
package kill

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/sqlite"
	"github.com/loam-dev/loam/internal/testkit"
)

// childVar names the database that a child process is to work on.
const childVar = "LOAM_KILL_CHILD"

// encryptVar tells the child that the database is encrypted.
const encryptVar = "LOAM_KILL_ENCRYPTED"

// scale is how hard the tests try: a glance for every run of the tests, and a
// soak where LOAM_SOAK is set.
type scale struct {
	kills   int
	life    time.Duration // a child is killed at a random point of this
	readFor time.Duration // length of the run without a kill
}

func currentScale() scale {
	if os.Getenv("LOAM_SOAK") == "" {
		return scale{kills: 10, life: 250 * time.Millisecond, readFor: time.Second}
	}
	return scale{kills: 500, life: time.Second, readFor: 3 * time.Minute}
}

// TestChild is the body of the child process, and nothing otherwise.
func TestChild(t *testing.T) {
	if path := os.Getenv(childVar); path != "" {
		if err := work(path, os.Getenv(encryptVar) != ""); err != nil {
			fmt.Printf("FAIL %v\n", err)
		}
	}
}

func TestKilledPlain(t *testing.T)     { killAgainAndAgain(t, false) }
func TestKilledEncrypted(t *testing.T) { killAgainAndAgain(t, true) }

func killAgainAndAgain(t *testing.T, encrypted bool) {
	t.Parallel()
	s := currentScale()
	path := filepath.Join(t.TempDir(), "loam.db")
	acked := make([]int64, writers)
	var total, slowest = int64(0), time.Duration(0)
	kills := 0
	for ; (kills < s.kills || total == 0 && kills < 5*s.kills) && !testkit.Late(t); kills++ {
		life := time.Duration(rand.Int64N(int64(s.life) * int64(1+kills/s.kills))) // on a slow machine a child takes longer to begin
		total += runChild(t, path, encrypted, acked, life, kills%5 == 4)
		start := time.Now()
		verify(t, path, encrypted, acked)
		slowest = max(slowest, time.Since(start))
		if t.Failed() {
			t.Fatalf("in round %d, killed after %v; the database is in %s", kills, life, keep(path))
		}
	}
	t.Logf("%d kills, %d acknowledged writes, none lost; slowest reopening with verification %v", kills, total, slowest)
	if total == 0 {
		t.Error("no write was acknowledged before any kill")
	}
}

// TestReadsUnderWrites lets a child live, and looks only for reads that fail.
func TestReadsUnderWrites(t *testing.T) {
	for name, encrypted := range map[string]bool{"plain": false, "encrypted": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "loam.db")
			acked := make([]int64, writers)
			total := runChild(t, path, encrypted, acked, currentScale().readFor, true)
			verify(t, path, encrypted, acked)
			t.Logf("%d acknowledged writes", total)
		})
	}
}

// runChild starts a child, kills it after its life and notes in acked the last
// write that each writer acknowledged. A child that closes is killed while it
// closes the database.
func runChild(t *testing.T, path string, encrypted bool, acked []int64, life time.Duration, closes bool) (n int64) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.timeout=30m")
	child.Env = append(os.Environ(), childVar+"="+path)
	if encrypted {
		child.Env = append(child.Env, encryptVar+"=1")
	}
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		time.Sleep(life)
		if closes {
			_ = in.Close()
			time.Sleep(time.Duration(rand.Int64N(int64(20 * time.Millisecond))))
		}
		_ = child.Process.Kill()
	}()
	n = collect(t, out, acked)
	_ = child.Wait() // killed: its error says nothing
	return n
}

// collect reads the child's lines to their end. The last one may be torn.
func collect(t *testing.T, out io.Reader, acked []int64) (n int64) {
	t.Helper()
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return n
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch verb {
		case "ack":
			w, seq, _ := strings.Cut(rest, " ")
			writer, err1 := strconv.Atoi(w)
			last, err2 := strconv.ParseInt(seq, 10, 64)
			if err1 != nil || err2 != nil {
				t.Fatalf("child says %q", line)
			}
			acked[writer] = max(acked[writer], last)
			n++
		case "FAIL":
			t.Errorf("child: %s", rest)
		}
	}
}

// verify opens the database and looks for what should be there.
func verify(t *testing.T, path string, encrypted bool, acked []int64) {
	t.Helper()
	e, err := openDatabase(path, encrypted)
	if err != nil {
		t.Errorf("opening again: %v", err)
		return
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	err = e.Read(context.Background(), func(c store.Conn) error {
		for w, last := range acked {
			if err := checkWriter(c, w, last); err != nil {
				return err
			}
		}
		return c.Query("PRAGMA integrity_check", nil, func(r store.Row) error {
			if r.Text(0) != "ok" {
				return fmt.Errorf("integrity check: %s", r.Text(0))
			}
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
}

// keep saves a database that failed from the end of the test.
func keep(path string) string {
	dir, err := os.MkdirTemp("", "loam-kill-")
	if err == nil {
		err = os.CopyFS(dir, os.DirFS(filepath.Dir(path)))
	}
	if err != nil {
		return err.Error()
	}
	return dir
}

func openDatabase(path string, encrypted bool) (*sqlite.Engine, error) {
	o := sqlite.Options{Path: path, Readers: readers}
	if encrypted {
		o.Key = databaseKey()
	}
	return sqlite.Open(context.Background(), o)
}

func databaseKey() []byte { return []byte("a key of thirty-two bytes, fixed") }
