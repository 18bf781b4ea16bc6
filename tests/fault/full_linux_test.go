package fault

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/sqlite"
	"github.com/loam-dev/loam/internal/testkit"
	"github.com/loam-dev/loam/internal/vault"
)

const (
	dataDisk     = 8 << 20 // bytes
	backupDisk   = 16 << 20
	mostPatience = 60 * time.Second
)

// TestFullDisk fills the disk under a server, and that of its backup: a write is refused
// and says why, what was acknowledged is there and nothing else, reads go on, a server that
// is killed starts again, and all goes on by itself once there is room.
func TestFullDisk(t *testing.T) {
	s := newSite(t)
	d := s.onDisks()
	p := s.start()
	s.signUp()
	w := &scribe{s: s}
	for range 10 {
		w.write(http.StatusCreated, "")
	}
	d.fill("backup", 0)
	w.write(http.StatusCreated, "")
	w.until("the backup says that its disk is full", func() bool { return strings.Contains(s.loam("backup", "status"), "make room there") })
	d.empty("backup")
	w.until("the backup goes on", w.shipped)

	d.fill("data", 2<<20)
	w.untilFull()
	// At whichever page it is broken off, nothing of a refused write comes back.
	for w.write(0, "") == http.StatusInsufficientStorage {
		if got := d.crashed(); got != w.kept {
			t.Fatalf("%d were kept, and after a crash there are %d", w.kept, got)
		}
		d.shrink("data", os.Getpagesize())
	}
	w.untilFull()
	w.write(http.StatusInsufficientStorage, "store/full")
	w.verify()
	s.untilReady(http.StatusOK) // for reads

	p.kill()
	p = s.start()
	w.verify()
	w.write(http.StatusInsufficientStorage, "store/full")
	d.empty("data")
	w.until("a write is taken again", func() bool { return w.write(0, "") == http.StatusCreated })
	w.until("what was committed is shipped", w.shipped)
	w.verify()
	p.kill()

	if out := s.loam("restore", "--from", filepath.Join(s.dir, "backup"), "--replace"); !strings.Contains(out, "restored") {
		t.Fatal(out)
	}
	p = s.start()
	defer p.kill()
	w.verify()
}

// scribe writes rows, and knows which were acknowledged.
type scribe struct {
	s    *site
	kept int
}

// write answers the status, which is to be the one that is wanted unless that is 0.
func (w *scribe) write(want int, code string) int {
	w.s.t.Helper()
	status, out, err := w.s.do("POST", "/api/notes", map[string]any{"writer": 0, "step": w.kept, "text": strings.Repeat("x", 20_000)})
	if err != nil || want != 0 && status != want || code != "" && out["code"] != code {
		w.s.t.Fatalf("a write: %d %v %v", status, out, err)
	}
	if status == http.StatusCreated {
		w.kept++
	}
	return status
}

func (w *scribe) untilFull() {
	w.s.t.Helper()
	for w.write(0, "") != http.StatusInsufficientStorage {
	}
}

// verify: all that was acknowledged is there, and nothing else.
func (w *scribe) verify() {
	w.s.t.Helper()
	status, out, err := w.s.do("GET", "/api/notes?limit=1&count=true&sort=-step", nil)
	if err != nil || status != http.StatusOK || out["total"] != float64(w.kept) {
		w.s.t.Fatalf("%d were kept: %d %v of %v %v", w.kept, status, out["total"], err, out["code"])
	}
	if last := out["items"].([]any)[0].(map[string]any)["step"]; last != float64(w.kept-1) {
		w.s.t.Errorf("%d were kept, and the last one is %v", w.kept, last)
	}
}

// shipped tells whether the backup has all.
func (w *scribe) shipped() bool {
	said := w.s.loam("backup", "status")
	return strings.Contains(said, "waiting   nothing") && !strings.Contains(said, "error")
}

func (w *scribe) until(what string, done func() bool) {
	w.s.t.Helper()
	for end := time.Now().Add(mostPatience); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			w.s.t.Fatalf("%s: not within %v", what, mostPatience)
		}
	}
}

// disks are small ones that the server alone sees.
type disks struct {
	t    *testing.T
	root string
}

// onDisks has the site's server run with its data and its backup on disks of their own,
// in a mount namespace that a process of ours keeps.
func (s *site) onDisks() *disks {
	s.t.Helper()
	data, backup := filepath.Join(s.dir, "data"), filepath.Join(s.dir, "backup")
	script := ""
	for dir, size := range map[string]int{data: dataDisk, backup: backupDisk} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			s.t.Fatal(err)
		}
		script += fmt.Sprintf("mount -t tmpfs -o mode=700,size=%d tmpfs %s && ", size, dir)
	}
	flags, enter := []string{"--mount"}, "--mount"
	if os.Getuid() != 0 {
		flags, enter = append(flags, "--map-root-user"), "--mount --user --preserve-credentials"
	}
	holder := exec.Command("unshare", append(flags, "sh", "-c", script+"echo mounted && read _")...)
	holder.Stderr = os.Stderr
	in, err := holder.StdinPipe()
	out, wrong := holder.StdoutPipe()
	if err := errors.Join(err, wrong, holder.Start()); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { in.Close(); _ = holder.Wait() }) // its error is of no account: it read the end
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "mounted\n" {
		s.t.Fatalf("a disk can't be mounted; that needs root, or namespaces of users: %q %v", line, err)
	}
	bin := s.bin
	s.bin = filepath.Join(s.dir, "on-disks")
	wrap := fmt.Sprintf("#!/bin/sh\nexec nsenter --target %d %s -- %s \"$@\"\n", holder.Process.Pid, enter, bin)
	config := fmt.Sprintf("auth: { email: { confirm: none } }\nbackup: { to: %q }\n", backup)
	if err := errors.Join(os.WriteFile(s.bin, []byte(wrap), 0o700), os.WriteFile(filepath.Join(s.dir, "loam.yaml"), []byte(config), 0o600)); err != nil {
		s.t.Fatal(err)
	}
	return &disks{s.t, fmt.Sprintf("/proc/%d/root%s", holder.Process.Pid, s.dir)}
}

func (d *disks) filler(disk string) string { return filepath.Join(d.root, disk, "filler") }

// fill leaves so many bytes of a disk.
func (d *disks) fill(disk string, left int64) {
	d.t.Helper()
	var is syscall.Statfs_t
	if err := syscall.Statfs(filepath.Join(d.root, disk), &is); err != nil {
		d.t.Fatal(err)
	}
	err := os.WriteFile(d.filler(disk), make([]byte, max(0, int64(is.Bavail)*is.Bsize-left)), 0o600)
	if err != nil && !errors.Is(err, syscall.ENOSPC) { // another writes beside us
		d.t.Fatal(err)
	}
}

// shrink makes a little room.
func (d *disks) shrink(disk string, by int) {
	d.t.Helper()
	is, err := os.Stat(d.filler(disk))
	if err == nil {
		err = os.Truncate(d.filler(disk), is.Size()-int64(by))
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// crashed counts the rows that a server would find that starts from what is on the disk.
func (d *disks) crashed() (rows int) {
	d.t.Helper()
	dir := d.t.TempDir()
	for _, name := range []string{"loam.db", "loam.db-wal"} {
		text, err := os.ReadFile(filepath.Join(d.root, "data", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			d.t.Fatal(err)
		}
	}
	v, err := vault.Parse(testkit.MasterKey)
	if err != nil {
		d.t.Fatal(err)
	}
	e, err := sqlite.Open(d.t.Context(), sqlite.Options{Path: filepath.Join(dir, "loam.db"), Key: v.Key("store/database").Bytes()})
	if err != nil {
		d.t.Fatal(err)
	}
	err = e.Read(d.t.Context(), func(c store.Conn) error {
		return c.Query("SELECT count(*) FROM Note", nil, func(r store.Row) error { rows = int(r.Int(0)); return nil })
	})
	if err := errors.Join(err, e.Close()); err != nil {
		d.t.Fatal(err)
	}
	return rows
}

// empty makes room again.
func (d *disks) empty(disk string) {
	d.t.Helper()
	if err := os.Remove(d.filler(disk)); err != nil {
		d.t.Fatal(err)
	}
}
