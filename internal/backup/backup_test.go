package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/sqlite"
	"github.com/loam-dev/loam/internal/vault"
)

// master is the key of the tests.
const master = "6f1d0c5b8e2a4397b1c60f7ad93e52841c7b6a90e8d3f5247a1b9c0d4e6f8372"

// bench is a database with its backups, at a time of the test's own.
type bench struct {
	t      *testing.T
	now    time.Time
	path   string
	key    []byte
	vault  *vault.Vault
	engine *sqlite.Engine
	to     Directory
	ship   *shipper
}

func newBench(t *testing.T) *bench {
	t.Helper()
	v, err := vault.Parse(master)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, vault: v, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), key: v.Key("store/database").Bytes(),
		path: filepath.Join(t.TempDir(), "loam.db"), to: Directory(filepath.Join(t.TempDir(), "deep", "backups"))}
	b.start()
	b.write("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT, filler BLOB)")
	return b
}

// start opens the database and follows it.
func (b *bench) start() (resumed bool) {
	b.t.Helper()
	e, err := sqlite.Open(b.t.Context(), sqlite.Options{Path: b.path, Key: b.key})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = e.Close() })
	seals, err := newSealer(b.vault)
	if err != nil {
		b.t.Fatal(err)
	}
	b.engine = e
	b.ship = &shipper{Options: b.options(), engine: e, limit: 1 << 20, seals: seals}
	if resumed, err = b.ship.begin(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	return resumed
}

func (b *bench) options() Options {
	return Options{Target: b.to, Vault: b.vault, Every: time.Hour, Retention: 24 * time.Hour, Describe: nothing,
		Log: slog.New(slog.NewTextHandler(b.t.Output(), nil)), Now: func() time.Time { return b.now }}
}

func nothing(store.Conn) (Description, error) { return Description{Schema: "s", Position: 7}, nil }

func (b *bench) write(sql string) {
	b.t.Helper()
	if err := b.engine.Write(b.t.Context(), func(c store.Conn) error { return c.Script(sql) }); err != nil {
		b.t.Fatal(err)
	}
}

// add commits a row, a second after the last one, and returns when.
func (b *bench) add(x string) time.Time {
	b.t.Helper()
	b.now = b.now.Add(time.Second)
	b.write("INSERT INTO t (x, filler) VALUES ('" + x + "', randomblob(2000))")
	return b.now
}

func (b *bench) step() {
	b.t.Helper()
	if err := b.ship.step(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) snapshot() *Manifest {
	b.t.Helper()
	b.now = b.now.Add(time.Second)
	s := Source{Engine: b.engine, Vault: b.vault, Describe: nothing, Now: b.ship.Now, Log: b.ship.logOf}
	m, err := s.Take(b.t.Context(), b.to, func(int64, int64) {})
	if err != nil {
		b.t.Fatal(err)
	}
	return m
}

func (b *bench) source(at time.Time) Restore {
	return Restore{Target: b.to, Vault: b.vault, At: at, Progress: func(int64, int64) {}}
}

// at restores a moment elsewhere and returns what is in it.
func (b *bench) at(at time.Time) (string, error) {
	b.t.Helper()
	place, err := sqlite.Hold(b.t.Context(), filepath.Join(b.t.TempDir(), "restored", "loam.db"))
	if err != nil {
		b.t.Fatal(err)
	}
	defer place.Close()
	_, _, err = b.source(at).Into(b.t.Context(), place, b.key)
	if err != nil {
		if place.Taken() {
			b.t.Errorf("%v, and yet there is a database", err)
		}
		return "", err
	}
	path := strings.TrimSuffix(place.Draft(), "-draft")
	if err := place.Close(); err != nil {
		b.t.Fatal(err)
	}
	e, err := sqlite.Open(b.t.Context(), sqlite.Options{Path: path, Key: b.key})
	if err != nil {
		b.t.Fatal(err)
	}
	defer e.Close()
	return rows(b.t, e), nil
}

func rows(t *testing.T, e *sqlite.Engine) (text string) {
	t.Helper()
	if err := e.Read(t.Context(), func(c store.Conn) error {
		return c.Query("SELECT group_concat(x, ' ') FROM (SELECT x FROM t ORDER BY id)", nil, func(r store.Row) error { text = r.Text(0); return nil })
	}); err != nil {
		t.Fatal(err)
	}
	return text
}

// want is what must be there at a moment, or the code of the error.
func (b *bench) want(at time.Time, want string, code fault.Code) {
	b.t.Helper()
	got, err := b.at(at)
	switch {
	case code != "" && !fault.Is(err, code):
		b.t.Errorf("at %s: %q, %v; want %s", show(at), got, err, code)
	case code == "" && (err != nil || got != want):
		b.t.Errorf("at %s: %q, %v; want %q", show(at), got, err, want)
	}
}

func (b *bench) files(dir string) []string {
	b.t.Helper()
	all, err := b.to.List(b.t.Context(), dir)
	if err != nil {
		b.t.Fatal(err)
	}
	var names []string
	for _, o := range all {
		names = append(names, o.Name)
	}
	return names
}

// TestAnyMomentIsRestored: what is restored is what was committed at that moment, no
// more and no less, wherever snapshots and segments of the log end.
func TestAnyMomentIsRestored(t *testing.T) {
	b := newBench(t)
	early := b.add("early")
	b.step()
	b.snapshot()
	want := "early"
	type moment struct {
		at   time.Time
		want string
	}
	var moments []moment
	for i := range 40 {
		at := b.add(fmt.Sprint(i))
		want += fmt.Sprint(" ", i)
		moments = append(moments, moment{at, want}, moment{at.Add(999 * time.Millisecond), want})
		if i%3 == 0 {
			b.step()
		}
		if i == 20 {
			b.snapshot()
		}
	}
	b.step()
	for _, m := range moments[:8] {
		b.want(m.at, m.want, "")
	}
	for _, m := range moments[39:45] {
		b.want(m.at, m.want, "")
	}
	b.want(time.Time{}, want, "")
	b.want(early, "", fault.BackupNone)
	if v, err := b.source(time.Time{}).Verify(t.Context()); err != nil || v.Rows < 20 {
		t.Errorf("verifying: %+v, %v", v, err)
	}
}

// TestNothingIsInClear: neither in the backups, nor in their names, nor beside the
// database while it is restored.
func TestNothingIsInClear(t *testing.T) {
	b := newBench(t)
	b.add(strings.Repeat("canary", 100))
	b.snapshot()
	b.add(strings.Repeat("canary", 100))
	b.step()
	place, err := sqlite.Hold(t.Context(), filepath.Join(t.TempDir(), "loam.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer place.Close()
	if _, err := b.source(time.Time{}).write(t.Context(), place.Draft(), b.key, nil); err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, dir := range []string{string(b.to), filepath.Dir(place.Draft()), filepath.Dir(b.path)} {
		err := filepath.WalkDir(dir, func(at string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(at)
			if bytes.Contains(data, []byte("canary")) || bytes.Contains(data, []byte("CREATE TABLE")) {
				t.Errorf("%s has rows in clear", at)
			}
			looked++
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if looked < 6 {
		t.Errorf("there were only %d files", looked)
	}
}

// TestDamageIsFound: no changed byte, no missing end and no wrong name is passed over; what
// comes before it can be had.
func TestDamageIsFound(t *testing.T) {
	b := newBench(t)
	b.snapshot()
	b.add("one")
	b.step()
	before := b.add("two")
	b.step()
	b.add("three")
	b.step()
	log, snapshots := b.files(logDir), b.files(snapshotDir)
	last := log[len(log)-1]
	for _, c := range []struct {
		name  string
		file  string
		spoil func(data []byte) []byte
		code  fault.Code
	}{
		{"a bit of a segment's head", last, flip(40), fault.BackupDamaged},
		{"a bit in a segment", last, flip(-40), fault.BackupDamaged},
		{"a segment that is cut short", last, func(d []byte) []byte { return d[:len(d)-1] }, fault.BackupDamaged},
		{"an empty segment", last, func([]byte) []byte { return nil }, fault.BackupDamaged},
		{"a segment with more behind it", last, func(d []byte) []byte { return append(d, 0) }, fault.BackupDamaged},
		{"a segment of another place", last, func([]byte) []byte { return b.file(log[0]) }, fault.BackupDamaged},
		{"a bit in a snapshot", snapshots[1], flip(-40), fault.BackupDamaged},
		{"a snapshot that is cut short", snapshots[1], func(d []byte) []byte { return d[:len(d)/2] }, fault.BackupDamaged},
		{"a bit in a manifest", snapshots[0], flip(-3), fault.BackupDamaged},
	} {
		whole := b.file(c.file)
		b.put(c.file, c.spoil(bytes.Clone(whole)))
		b.want(time.Time{}, "", c.code)
		if _, err := b.source(time.Time{}).Verify(t.Context()); !fault.Is(err, c.code) {
			t.Errorf("%s: verify says %v", c.name, err)
		}
		if c.file == last {
			b.want(before, "one two", "")
		}
		b.put(c.file, whole)
	}
	b.want(time.Time{}, "one two three", "")
	b.vault = otherVault(t)
	b.want(time.Time{}, "", fault.BackupKey)
}

func flip(at int) func([]byte) []byte {
	return func(d []byte) []byte {
		d[(at+len(d))%len(d)] ^= 4
		return d
	}
}

func (b *bench) file(name string) []byte {
	b.t.Helper()
	data, err := os.ReadFile(b.to.path(name))
	if err != nil {
		b.t.Fatal(err)
	}
	return data
}

func (b *bench) put(name string, data []byte) {
	b.t.Helper()
	if err := os.WriteFile(b.to.path(name), data, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func otherVault(t *testing.T) *vault.Vault {
	t.Helper()
	v, err := vault.Parse(strings.Repeat("5", 4) + master[4:])
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestMissingSegmentIsToldOf: no moment is restored of which a part is missing.
func TestMissingSegmentIsToldOf(t *testing.T) {
	b := newBench(t)
	b.snapshot()
	one := b.add("one")
	b.step()
	two := b.add("two")
	b.step()
	three := b.add("three")
	b.step()
	b.snapshot()
	four := b.add("four")
	b.step()
	log := b.files(logDir)
	if err := b.to.Delete(t.Context(), log[len(log)-3]); err != nil {
		t.Fatal(err)
	}
	b.want(one, "one", "")
	b.want(two, "", fault.BackupGap)
	b.want(three, "", fault.BackupGap)
	b.want(four, "one two three four", "")
	b.want(time.Time{}, "one two three four", "")
	all, err := List(t.Context(), b.to)
	if err != nil || len(all) != 2 || !all[0].Gap || all[1].Gap {
		t.Errorf("the list says %+v, %v", all, err)
	}
}

// TestNewerFormatIsRefused.
func TestNewerFormatIsRefused(t *testing.T) {
	b := newBench(t)
	m := b.snapshot()
	id, _, _ := newNames().parseSnapshot(b.files(snapshotDir)[0])
	m.Format = format + 1
	if err := putManifest(t.Context(), b.to, b.ship.seals, id, m); err != nil {
		t.Fatal(err)
	}
	b.want(time.Time{}, "", fault.BackupNewer)
}

// TestTargetThatFails: what is committed meanwhile waits, and no moment of it is lost.
func TestTargetThatFails(t *testing.T) {
	b := newBench(t)
	b.snapshot()
	b.step()
	away := string(b.to) + ".away"
	if err := errors.Join(os.Rename(string(b.to), away), os.WriteFile(string(b.to), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	one := b.add("one")
	if err := b.ship.step(t.Context()); !fault.Is(err, fault.BackupTarget) {
		t.Errorf("it says %v", err)
	}
	b.add("two")
	if err := b.ship.step(t.Context()); !fault.Is(err, fault.BackupTarget) {
		t.Errorf("it says %v", err)
	}
	if b.ship.oldest != one {
		t.Errorf("since %v, not %v, something waits", b.ship.oldest, one)
	}
	if err := errors.Join(os.Remove(string(b.to)), os.Rename(away, string(b.to))); err != nil {
		t.Fatal(err)
	}
	b.step()
	if !b.ship.oldest.IsZero() {
		t.Error("something waits still")
	}
	b.want(one, "one", "")
	b.want(time.Time{}, "one two", "")
}

// TestTooMuchForTheFeed ends the log; another one begins with a snapshot of its own, and
// the time between is known to be missing.
func TestTooMuchForTheFeed(t *testing.T) {
	b := newBench(t)
	b.snapshot()
	one := b.add("one")
	b.step()
	b.now = b.now.Add(time.Second)
	b.write("INSERT INTO t (x, filler) VALUES ('huge', zeroblob(2000000))")
	lost := b.now
	if err := b.ship.step(t.Context()); !errors.Is(err, errLost) {
		t.Fatalf("it says %v", err)
	}
	if err := b.ship.renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.write("DELETE FROM t WHERE x = 'huge'")
	b.snapshot()
	b.add("two")
	b.step()
	b.want(one, "one", "")
	b.want(lost, "", fault.BackupGap)
	b.want(time.Time{}, "one two", "")
}

// TestLogGoesOnAfterAStop, without another snapshot; and not where another has written
// meanwhile.
func TestLogGoesOnAfterAStop(t *testing.T) {
	b := newBench(t)
	b.snapshot()
	b.add("one")
	b.step()
	b.add("not shipped")
	b.stop()
	if !b.start() {
		t.Fatal("the log does not go on")
	}
	b.add("two")
	b.step()
	b.want(time.Time{}, "one not shipped two", "")
	b.stop()
	e, err := sqlite.Open(t.Context(), sqlite.Options{Path: b.path, Key: b.key})
	if err != nil {
		t.Fatal(err)
	}
	b.engine = e
	b.write("INSERT INTO t (x) VALUES ('by a command')")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if b.start() {
		t.Fatal("the log goes on as if nothing had been written")
	}
	b.snapshot()
	b.want(time.Time{}, "one not shipped two by a command", "")
	b.want(b.now.Add(-time.Millisecond), "", fault.BackupGap)
}

// stop ends the engine without shipping.
func (b *bench) stop() {
	b.t.Helper()
	if err := errors.Join(b.engine.Unfollow(b.t.Context(), b.ship.feed), b.engine.Close()); err != nil {
		b.t.Fatal(err)
	}
}

// TestPruneKeepsEveryMomentOfTheRetention, and removes the rest.
func TestPruneKeepsEveryMomentOfTheRetention(t *testing.T) {
	b := newBench(t)
	want := ""
	b.snapshot()
	moments := map[time.Time]string{}
	for i := range 12 {
		want = strings.TrimSpace(fmt.Sprint(want, " ", i))
		moments[b.add(fmt.Sprint(i))] = want
		b.step()
		if i%4 == 3 {
			b.snapshot()
		}
	}
	horizon := b.now.Add(-7 * time.Second)
	before := len(b.files(""))
	if err := Prune(t.Context(), b.to, horizon); err != nil {
		t.Fatal(err)
	}
	if after := len(b.files("")); after >= before-5 {
		t.Errorf("of %d files %d are left", before, after)
	}
	for at, want := range moments {
		if !at.Before(horizon) {
			b.want(at, want, "")
		}
	}
	if err := Prune(t.Context(), b.to, b.now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	b.want(time.Time{}, want, "")
}

// TestUnfinishedIsNone: a snapshot whose writing was broken off is not there.
func TestUnfinishedIsNone(t *testing.T) {
	b := newBench(t)
	b.snapshot()
	files := b.files(snapshotDir)
	if err := b.to.Delete(t.Context(), files[0]); err != nil { // the manifest
		t.Fatal(err)
	}
	b.want(time.Time{}, "", fault.BackupNone)
	broken := errors.New("broken off")
	if err := b.to.Put(t.Context(), "snapshots/x", func(w io.Writer) error {
		_, err := w.Write([]byte("half"))
		return errors.Join(err, broken)
	}); !errors.Is(err, broken) {
		t.Errorf("it says %v", err)
	}
	if after := b.files(snapshotDir); len(after) != 1 {
		t.Errorf("there are %v", after)
	}
	killed := b.to.path("snapshots/" + draft + "1")
	if err := errors.Join(os.WriteFile(killed, nil, 0o600), Prune(t.Context(), b.to, b.now)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(killed); err != nil {
		t.Errorf("a file that is being written is removed: %v", err)
	}
	long := time.Now().Add(-2 * draftsFor)
	if err := errors.Join(os.Chtimes(killed, long, long), Prune(t.Context(), b.to, b.now)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(killed); err == nil {
		t.Error("what a killed process left stays")
	}
}

// TestRestoreWantsAStoppedServer, and leaves a database alone where it fails.
func TestRestoreLeavesWhatIsThere(t *testing.T) {
	b := newBench(t)
	b.add("one")
	b.snapshot()
	b.add("two")
	if _, err := sqlite.Hold(t.Context(), b.path); !fault.Is(err, fault.StoreHeld) {
		t.Errorf("beside a running server: %v", err)
	}
	b.stop()
	place, err := sqlite.Hold(t.Context(), b.path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := b.source(time.Time{})
	r.Progress = func(int64, int64) { cancel() }
	if _, _, err := r.Into(ctx, place, b.key); err == nil {
		t.Error("it was restored although it was cancelled")
	}
	if err := place.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(b.path + "*")
	if err != nil || len(left) > 5 || strings.Contains(fmt.Sprint(left), "-draft") {
		t.Errorf("it left %v, %v", left, err)
	}
	b.start()
	if got := rows(t, b.engine); got != "one two" {
		t.Errorf("it holds %q", got)
	}
}
