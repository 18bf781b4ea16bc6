package kill

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backup"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/sqlite"
	"github.com/loam-dev/loam/internal/testkit"
	"github.com/loam-dev/loam/internal/vault"
)

// backupVar names the directory that a child backs its database up to.
const backupVar = "LOAM_KILL_BACKUP"

// keepBackups has the child ship what it commits.
func keepBackups(e *sqlite.Engine) (*backup.Service, error) {
	v, err := vault.Parse(testkit.MasterKey)
	if err != nil {
		return nil, err
	}
	target, err := backup.OpenTarget(os.Getenv(backupVar))
	if err != nil {
		return nil, err
	}
	return backup.Start(context.Background(), e, backup.Options{Target: target, Vault: v, Every: time.Hour, Retention: time.Hour,
		Describe: func(store.Conn) (backup.Description, error) { return backup.Description{}, nil },
		Log:      slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), Now: time.Now})
}

// ack is a write that the child has answered.
type ack struct {
	writer int
	seq    int64
	at     time.Time
}

// answered is the last write of each writer that was answered by a moment.
func answered(all []ack, by time.Time) []int64 {
	last := make([]int64, writers)
	for _, a := range all {
		if !a.at.After(by) {
			last[a.writer] = max(last[a.writer], a.seq)
		}
	}
	return last
}

// promisedLag is how much of what was answered may be lost with the machine; slow is
// for a machine that is shared with other tests.
const (
	promisedLag = time.Second
	slow        = 2 * time.Second
)

// TestKilledBackup kills a process that ships its commits, loses its directory, and
// restores: the end of what was answered up to a second before, and moments in the
// middle as they were then. Then another process goes on from the restored database.
func TestKilledBackup(t *testing.T) {
	t.Parallel()
	rounds := 3
	if os.Getenv("LOAM_SOAK") != "" {
		rounds = 100
	}
	target, path := t.TempDir(), filepath.Join(t.TempDir(), "loam.db")
	worst := time.Duration(0)
	var acked []ack
	for round := 0; round < rounds && !testkit.Late(t); round++ {
		killed, before := time.Time{}, len(acked)
		acked, killed = runShipping(t, path, target, acked, time.Second+time.Duration(rand.Int64N(int64(1500*time.Millisecond))))
		restored := filepath.Join(t.TempDir(), "loam.db")
		reach := restore(t, target, restored, time.Time{})
		verify(t, restored, true, answered(acked, killed.Add(-promisedLag-slow)))
		kept := lastsOf(t, restored)
		for _, a := range acked {
			if a.seq > kept[a.writer] {
				worst = max(worst, killed.Sub(a.at))
			}
		}
		some := acked[before+rand.IntN(len(acked)-before)].at.Truncate(time.Millisecond)
		if some.After(reach) {
			some = reach
		}
		middle := filepath.Join(t.TempDir(), "loam.db")
		restore(t, target, middle, some)
		then := answered(acked, some)
		verify(t, middle, true, then)
		for w, last := range lastsOf(t, middle) {
			if last > then[w]+3 { // answers come after commits
				t.Errorf("at %v writer %d had written %d, and the backup has %d", some, w, then[w], last)
			}
		}
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
		if round%2 == 1 { // the machine is lost
			path = restored
			acked = keptOf(acked, kept)
		}
	}
	t.Logf("of what was answered, at most the last %v was lost with the machine", worst)
	if worst > promisedLag {
		t.Logf("that is more than the %v that are promised; the machine is busy", promisedLag)
	}
}

// keptOf leaves out what was lost.
func keptOf(all []ack, kept []int64) (left []ack) {
	for _, a := range all {
		if a.seq <= kept[a.writer] {
			left = append(left, a)
		}
	}
	return left
}

// runShipping starts a child with backups and kills it once it has lived so long after
// its first answers.
func runShipping(t *testing.T, path, target string, acked []ack, life time.Duration) ([]ack, time.Time) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.timeout=30m")
	child.Env = append(os.Environ(), childVar+"="+path, encryptVar+"=1", backupVar+"="+target)
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	killed := make(chan time.Time, 1)
	begun := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		a := ack{at: time.Now()}
		switch n, _ := fmt.Sscanf(lines.Text(), "ack %d %d", &a.writer, &a.seq); {
		case n == 2:
			acked = append(acked, a)
		case strings.HasPrefix(lines.Text(), "FAIL"):
			t.Errorf("child: %s", lines.Text())
		}
		if !begun && strings.HasPrefix(lines.Text(), "snapshot") {
			begun = true
			time.AfterFunc(life, func() {
				killed <- time.Now()
				_ = child.Process.Kill()
			})
		}
	}
	_ = child.Wait()
	if !begun {
		t.Fatal("the child ended by itself")
	}
	return acked, <-killed
}

// restore returns when the last commit was made that is restored.
func restore(t *testing.T, target, path string, at time.Time) time.Time {
	t.Helper()
	v, err := vault.Parse(testkit.MasterKey)
	if err != nil {
		t.Fatal(err)
	}
	place, err := sqlite.Hold(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	r := backup.Restore{Target: backup.Directory(target), Vault: v, At: at, Progress: func(int64, int64) {}}
	done, _, err := r.Into(t.Context(), place, databaseKey())
	if err != nil {
		t.Fatal(err)
	}
	if err := place.Close(); err != nil {
		t.Fatal(err)
	}
	return done.At
}

func lastsOf(t *testing.T, path string) []int64 {
	t.Helper()
	e, err := openDatabase(path, true)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	all := make([]int64, writers)
	for w := range all {
		if all[w], err = lastOf(t.Context(), e, w); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
