package testkit

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/storetest"
)

// databaseNote is where a data directory has the address of its PostgreSQL database.
const databaseNote = "database-url"

// databaseOf is the PostgreSQL database that goes with a data directory: a server that
// is started there again finds it. One that is kept outlives the test.
func databaseOf(t testing.TB, dir string, kept bool) string {
	t.Helper()
	note := filepath.Join(dir, databaseNote)
	if known, err := os.ReadFile(note); err == nil {
		return string(known)
	}
	make := storetest.URL
	if kept {
		make = storetest.Kept
	}
	url := make(t)
	if err := os.WriteFile(note, []byte(url), 0o600); err != nil {
		t.Fatal(err)
	}
	return url
}

// Database is what a server that was started In dir has its rows in. On SQLite it can
// be opened once the server has ended.
func Database(t testing.TB, dir string) storetest.Database {
	t.Helper()
	if url, err := os.ReadFile(filepath.Join(dir, databaseNote)); err == nil {
		return storetest.Database{Dialect: store.PostgreSQL, Where: string(url)}
	}
	return storetest.Database{Dialect: store.SQLite, Where: filepath.Join(dir, "loam.db")}
}

// Meddle runs fn on the database of a server that has ended.
func Meddle(t testing.TB, dir string, fn func(store.Conn) error) {
	t.Helper()
	e, err := Database(t, dir).Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(e.Write(t.Context(), fn), e.Close()); err != nil {
		t.Fatal(err)
	}
}

// Stored is all that a server In dir keeps: its files, and its database where that is
// elsewhere.
func Stored(t testing.TB, dir string) string {
	t.Helper()
	var all strings.Builder
	if err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if d := Database(t, dir); d.Dialect == store.PostgreSQL {
		e, err := d.Connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(storetest.Dump(t, e))
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}
