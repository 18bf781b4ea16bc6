package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

// scratch is a database that is put together from a snapshot and commits.
type scratch struct {
	t     *testing.T
	path  string
	key   []byte
	draft *Draft
	pages uint32
	size  int
}

func newScratch(t *testing.T, e *Engine, key []byte) (s *scratch, commits int64) {
	t.Helper()
	s = &scratch{t: t, path: filepath.Join(t.TempDir(), "copy.db"), key: key}
	var err error
	if s.draft, err = NewDraft(s.path, key); err != nil {
		t.Fatal(err)
	}
	err = e.Snapshot(t.Context(), time.Now, func(snap *Snapshot) error {
		commits, s.pages, s.size = snap.Commits, snap.Pages, snap.PageSize
		for first := uint32(1); first <= snap.Pages; first += 7 {
			data, err := snap.Read(first, 7)
			if err == nil {
				err = s.draft.Write(first, snap.PageSize, data)
			}
			if err != nil {
				return err
			}
			// Whoever writes is not kept waiting, and changes nothing of this.
			add(t, e, fmt.Sprint("beside", first))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, commits
}

func (s *scratch) apply(c Commit) {
	s.t.Helper()
	for number, page := range c.Changed {
		if err := s.draft.Write(number, c.PageSize, bytes.Clone(page)); err != nil {
			s.t.Fatal(err)
		}
	}
	s.pages = c.Pages
}

// content is what the finished copy holds.
func (s *scratch) content() string {
	s.t.Helper()
	if err := s.draft.Finish(s.pages, s.size); err != nil {
		s.t.Fatal(err)
	}
	e := openEngine(s.t, Options{Path: s.path, Key: s.key})
	return content(s.t, e)
}

func content(t *testing.T, e *Engine) (text string) {
	t.Helper()
	err := e.Read(t.Context(), func(c store.Conn) error {
		err := c.Query("SELECT group_concat(x, ' ') FROM (SELECT x FROM t ORDER BY id)", nil, func(r store.Row) error { text = r.Text(0); return nil })
		return errors.Join(err, c.Query("PRAGMA integrity_check", nil, func(r store.Row) error {
			if r.Text(0) != "ok" {
				t.Errorf("the copy is damaged: %s", r.Text(0))
			}
			return nil
		}))
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func add(t *testing.T, e *Engine, x string) {
	t.Helper()
	if err := e.Write(t.Context(), func(c store.Conn) error { _, err := c.Exec("INSERT INTO t (x) VALUES (?1)", x); return err }); err != nil {
		t.Fatal(err)
	}
}

func makeTable(t *testing.T, e *Engine) {
	t.Helper()
	if err := e.Write(t.Context(), func(c store.Conn) error {
		return c.Script("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT, filler BLOB); INSERT INTO t (x, filler) VALUES ('zero', zeroblob(300000))")
	}); err != nil {
		t.Fatal(err)
	}
}

func follow(t *testing.T, e *Engine, after Position, limit int64) (*Feed, bool) {
	t.Helper()
	f, resumed, err := e.Follow(t.Context(), after, limit, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return f, resumed
}

func take(t *testing.T, f *Feed) []Commit {
	t.Helper()
	all, err := f.Take()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestSnapshotAndFeedMakeTheDatabase: a snapshot and the commits after it are the
// database at each moment, through checkpoints that have the log begin anew.
func TestSnapshotAndFeedMakeTheDatabase(t *testing.T) {
	for name, key := range map[string][]byte{"plain": nil, "encrypted": bytes.Repeat([]byte{7}, KeySize)} {
		t.Run(name, func(t *testing.T) {
			e := openEngine(t, Options{Key: key}, func(l *limits) { l.walSoftPages, l.walHardPages = 10, 20 }) // the log begins anew all the time
			makeTable(t, e)
			feed, _ := follow(t, e, Position{}, 64<<20)
			add(t, e, "one")
			copied, commits := newScratch(t, e, key)
			for i := range 200 {
				add(t, e, fmt.Sprint(i))
			}
			want := content(t, e)
			for i, c := range take(t, feed) {
				if int64(i) >= commits {
					copied.apply(c)
				}
			}
			add(t, e, "too late")
			if got := copied.content(); got != want {
				t.Errorf("the copy holds %.200s, want %.200s", got, want)
			}
		})
	}
}

// TestFeedGoesOnAfterARestart: a later engine hands out what an earlier one had not,
// whether that was closed or killed, and says so where it can't.
func TestFeedGoesOnAfterARestart(t *testing.T) {
	key := bytes.Repeat([]byte{7}, KeySize)
	for _, c := range []struct{ killed, anew bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		killed := c.killed
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			dir := t.TempDir()
			e := openEngine(t, Options{Path: filepath.Join(dir, "a.db"), Key: key})
			makeTable(t, e)
			feed, resumed := follow(t, e, Position{}, 64<<20)
			if resumed {
				t.Error("it went on with nothing")
			}
			copied, _ := newScratch(t, e, key)
			for _, c := range take(t, feed) {
				copied.apply(c)
			}
			add(t, e, "shipped")
			last := take(t, feed)
			copied.apply(last[0])
			if c.anew { // all of the log is folded in, so that it begins anew
				for e.writer.between(t.Context(), func() error { return e.writer.checkpoint(sqlite3.CHECKPOINT_RESTART) }) != nil {
				}
			}
			add(t, e, "not shipped")
			add(t, e, "nor this")
			want := content(t, e)
			next := filepath.Join(dir, "a.db")
			if killed { // what is on the disk now is all that is left
				next = filepath.Join(t.TempDir(), "a.db")
				for _, suffix := range []string{"", "-wal", "-turn"} {
					copyFile(t, filepath.Join(dir, "a.db"+suffix), next+suffix)
				}
			} else if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			e = openEngine(t, Options{Path: next, Key: key})
			feed, resumed = follow(t, e, last[0].After, 64<<20)
			if !resumed {
				t.Fatal("the feed began anew")
			}
			for _, c := range take(t, feed) {
				copied.apply(c)
			}
			if got := copied.content(); got != want {
				t.Errorf("the copy holds %s, want %s", got, want)
			}
		})
	}
}

// TestFeedDoesNotGoOnWhereCommitsAreMissing: another hand has written meanwhile, and
// emptied the log.
func TestFeedDoesNotGoOnWhereCommitsAreMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	e := openEngine(t, Options{Path: path})
	makeTable(t, e)
	feed, _ := follow(t, e, Position{}, 64<<20)
	add(t, e, "one")
	last := take(t, feed)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = openEngine(t, Options{Path: path})
	add(t, e, "by a command")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = openEngine(t, Options{Path: path})
	if _, resumed := follow(t, e, last[len(last)-1].After, 64<<20); resumed {
		t.Error("it goes on as if nothing had been written")
	}
}

// TestFeedIsBounded: nobody who writes waits for who does not take, and memory is not
// eaten up.
func TestFeedIsBounded(t *testing.T) {
	e := openEngine(t, Options{})
	makeTable(t, e)
	feed, _ := follow(t, e, Position{}, 50_000)
	for range 30 {
		add(t, e, "more")
	}
	if _, err := feed.Take(); !errors.Is(err, ErrMissed) {
		t.Errorf("it answers %v", err)
	}
	if err := e.Unfollow(t.Context(), feed); err != nil {
		t.Fatal(err)
	}
	feed, _ = follow(t, e, Position{}, 64<<20)
	add(t, e, "again")
	if all := take(t, feed); len(all) != 1 {
		t.Errorf("%d commits came", len(all))
	}
}

// TestInstallLeavesTheOldOrTheNew: whatever step a process dies behind, the database is
// the old one or the new one, with the log that belongs to it.
func TestInstallLeavesTheOldOrTheNew(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.db")
	e := openEngine(t, Options{Path: path})
	makeTable(t, e)
	draft, _ := newScratch(t, e, nil)
	add(t, e, "old")
	// The log is there still: the old database is only whole with it.
	old := t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		copyFile(t, path+suffix, filepath.Join(old, "a.db"+suffix))
	}
	want := map[string]bool{content(t, e): true}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	want[draft.content()] = true
	for step := range 5 {
		place := filepath.Join(t.TempDir(), "a.db")
		for _, suffix := range []string{"", "-wal"} {
			copyFile(t, filepath.Join(old, "a.db"+suffix), place+suffix)
		}
		copyFile(t, draft.path, place+installing)
		stamp, _ := os.Lstat(place + installing)
		kept := place + ".replaced-" + stamp.ModTime().UTC().Format("20060102T150405Z")
		moves := [][2]string{{place + "-wal", kept + "-wal"}, {place, kept}, {place + installing, place}}
		if step == 4 { // not begun
			moves = nil
			if err := os.Remove(place + installing); err != nil {
				t.Fatal(err)
			}
		}
		for _, m := range moves[:min(step, len(moves))] {
			if err := os.Rename(m[0], m[1]); err != nil {
				t.Fatal(err)
			}
		}
		got := content(t, openEngine(t, Options{Path: place}))
		if !want[got] {
			t.Errorf("after step %d it holds %s", step, got)
		}
		if step == 4 {
			continue
		}
		if old := content(t, openEngine(t, Options{Path: kept})); !want[old] || old == got {
			t.Errorf("after step %d the old one holds %s", step, old)
		}
	}
}

// TestHoldKeepsAServerOut, and is kept out by one.
func TestHoldKeepsAServerOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	e := openEngine(t, Options{Path: path})
	if _, err := Hold(t.Context(), path); !fault.Is(err, fault.StoreHeld) {
		t.Errorf("beside an engine: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	p, err := Hold(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), Options{Path: path}); !fault.Is(err, fault.StoreHeld) {
		t.Errorf("an engine beside it: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
