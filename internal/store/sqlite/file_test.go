package sqlite

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/fault"
)

func TestSecondHolderIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "loam.db")
	e := openEngine(t, Options{Path: path})
	lim := defaultLimits()
	lim.holdWait = 2 * holdEvery
	if _, err := open(context.Background(), Options{Path: path}, lim); !fault.Is(err, fault.StoreHeld) {
		t.Errorf("got %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	openEngine(t, Options{Path: path})
}

// A lock that can't even be opened is nobody's, and is not waited for.
func TestLockOutOfReach(t *testing.T) {
	path := filepath.Join(t.TempDir(), "loam.db")
	if err := os.Mkdir(path+"-lock", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Hold(t.Context(), path); !fault.Is(err, fault.StoreUnreadable) || !strings.Contains(err.Error(), "loam.db-lock") {
		t.Errorf("got %v", err)
	}
}

func TestOpenRefusals(t *testing.T) {
	dir := t.TempDir()
	make := func(name string, key []byte) string {
		path := filepath.Join(dir, name)
		e, err := Open(context.Background(), Options{Path: path, Key: key})
		if err != nil {
			t.Fatal(err)
		}
		script(t, e, "CREATE TABLE t (id TEXT PRIMARY KEY) STRICT")
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		return path
	}
	plain, encrypted := make("plain.db", nil), make("encrypted.db", testKey)
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	other := []byte("another key of thirty-two bytes.")
	for _, test := range []struct {
		name string
		o    Options
		code fault.Code
		says string
	}{
		{"wrong key", Options{Path: encrypted, Key: other}, fault.StoreUnreadable, "encrypted.db can't be read with this key"},
		{"no key", Options{Path: encrypted}, fault.StoreUnreadable, "give the key it was made with"},
		{"key for a plain file", Options{Path: plain, Key: other}, fault.StoreUnreadable, "plain.db is not encrypted: it was made by loam dev without a key; serve from another directory with --data"},
		{"no database", Options{Path: garbage}, fault.StoreUnreadable, "is no database"},
		{"key for no database", Options{Path: garbage, Key: other}, fault.StoreUnreadable, "garbage.db can't be read with this key"},
		{"a directory", Options{Path: dir}, fault.StoreUnreadable, "can't write"},
		{"short key", Options{Path: plain, Key: other[:31]}, fault.InternalError, ""},
		{"no path", Options{}, fault.InternalError, ""},
	} {
		e, err := Open(context.Background(), test.o)
		if err == nil {
			t.Errorf("%s: opened", test.name)
			_ = e.Close()
			continue
		}
		if got := fault.Of(err).Code; got != test.code {
			t.Errorf("%s: %v", test.name, err)
		}
		if !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %q does not say %q", test.name, err, test.says)
		}
		if s := err.Error(); strings.Contains(s, string(other)) || strings.Contains(s, "616e6f74686572") {
			t.Errorf("%s: the key is in %q", test.name, s)
		}
	}
	for path, key := range map[string][]byte{plain: nil, encrypted: testKey} {
		e := openEngine(t, Options{Path: path, Key: key})
		wantTexts(t, e, "SELECT name FROM sqlite_schema WHERE type = 'table'", "t")
	}
}

// A canary that is written, updated and deleted must be nowhere in the files of
// an encrypted database, open or closed.
func TestEncryptedFilesShowNothing(t *testing.T) {
	const canary = "canary-6d1f2a9c"
	dir := t.TempDir()
	var logged bytes.Buffer
	o := Options{Path: filepath.Join(dir, "loam.db"), Key: testKey, Log: slog.New(slog.NewTextHandler(&logged, nil))}
	e, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	script(t, e, "CREATE TABLE "+canaryTable+" (id TEXT PRIMARY KEY) STRICT; CREATE VIRTUAL TABLE found USING fts5(text)")
	for i := range 50 {
		text := strings.Repeat(canary+" ", 1+i*10)
		err := errors.Join(
			e.Write(context.Background(), execute("INSERT INTO found VALUES ('"+text+"')")),
			e.Write(context.Background(), execute("INSERT INTO "+canaryTable+" VALUES ('"+text+"')")))
		if err != nil {
			t.Fatal(err)
		}
	}
	wantTexts(t, e, "SELECT count(*) FROM found WHERE found MATCH '\""+canary+"\"'", "50")
	search(t, dir, canary, canaryTable, "SQLite format 3", string(testKey))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	search(t, dir, canary, canaryTable, "SQLite format 3", string(testKey))
	if logged.Len() > 0 {
		t.Errorf("logged %s", &logged)
	}
}

const canaryTable = "canary_table"

// search fails for each file that holds one of the texts.
func search(t *testing.T, dir string, texts ...string) {
	t.Helper()
	size := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		size += len(content)
		for _, text := range texts {
			if bytes.Contains(content, []byte(text)) {
				t.Errorf("%s holds %q", d.Name(), text)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if size < 100<<10 {
		t.Errorf("only %d bytes to search", size)
	}
}

func TestPlainFilesShowTheCanary(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, Options{Path: filepath.Join(dir, "loam.db")})
	script(t, e, "CREATE TABLE "+canaryTable+" (id TEXT)")
	content, err := os.ReadFile(filepath.Join(dir, "loam.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(content, []byte(canaryTable)) {
		t.Error("the search for plain text would find nothing")
	}
}

func TestAttack126_FileModes(t *testing.T) {
	bothWays(t, func(t *testing.T, o Options) {
		dir := filepath.Join(t.TempDir(), "data")
		o.Path = filepath.Join(dir, "loam.db")
		e := openEngine(t, o)
		script(t, e, "CREATE TABLE t (id TEXT PRIMARY KEY) STRICT")
		wantTexts(t, e, "SELECT id FROM t")
		want := map[string]fs.FileMode{".": 0o700, "loam.db": 0o600, "loam.db-wal": 0o600, "loam.db-shm": 0o600, "loam.db-lock": 0o600}
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name, _ := filepath.Rel(dir, path)
			info, err := d.Info()
			if err == nil && info.Mode().Perm() != want[name] {
				t.Errorf("%s has mode %v", name, info.Mode())
			}
			delete(want, name)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(want) > 0 {
			t.Errorf("missing: %v", want)
		}
	})
}
