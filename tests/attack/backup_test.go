package attack

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/backup"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/sqlite"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/testkit"
	"github.com/loam-dev/loam/internal/vault"
)

// TestAttack119_HostileBackup: a backup that another key has sealed, that was changed,
// that is no backup, or that is put in while a server runs is refused, and the
// database that is there stays to the byte.
func TestAttack119_HostileBackup(t *testing.T) {
	t.Setenv("LOAM_TEST_ENGINE", "sqlite") // it is of the database file
	dir, good := t.TempDir(), backup.Directory(t.TempDir())
	path := filepath.Join(dir, "loam.db")
	hold := func() (*sqlite.Place, error) { return sqlite.Hold(t.Context(), path) }
	t.Run("serving", func(t *testing.T) {
		s := testkit.New(t, app, testkit.In(dir), testkit.Encrypted)
		s.SignUp("ada@example.com")
		takeBackup(t, s, good)
		if _, err := hold(); !fault.Is(err, fault.StoreHeld) {
			t.Errorf("a running server's database can be replaced: %v", err)
		}
	})
	v, err := vault.Parse(testkit.MasterKey)
	if err != nil {
		t.Fatal(err)
	}
	key := v.Key("store/database").Bytes()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := vault.Parse("5555" + testkit.MasterKey[4:])
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		spoil func(data []byte) []byte
		vault *vault.Vault
		code  fault.Code
	}{
		"another key":             {func(data []byte) []byte { return data }, stranger, fault.BackupKey},
		"a database in its place": {func([]byte) []byte { return []byte("SQLite format 3\x00" + strings.Repeat("x", 9000)) }, v, fault.BackupDamaged},
		"cut short":               {func(data []byte) []byte { return data[:len(data)-1] }, v, fault.BackupDamaged},
		"a changed bit":           {func(data []byte) []byte { data[len(data)/2] ^= 1; return data }, v, fault.BackupDamaged},
		"more behind it":          {func(data []byte) []byte { return append(data, data...) }, v, fault.BackupDamaged},
	} {
		bad := backup.Directory(t.TempDir())
		err := fs.WalkDir(os.DirFS(string(good)), ".", func(at string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(filepath.Join(string(good), at))
			to := filepath.Join(string(bad), at)
			return errors.Join(err, os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, c.spoil(data), 0o600))
		})
		if err != nil {
			t.Fatal(err)
		}
		place, err := hold()
		if err != nil {
			t.Fatal(err)
		}
		r := backup.Restore{Target: bad, Vault: c.vault, Progress: func(int64, int64) {}}
		if _, _, err := r.Into(t.Context(), place, key); !fault.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
		if err := place.Close(); err != nil {
			t.Error(err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: the database has changed, %v", name, err)
		}
	}
}

// takeBackup asks as `loam backup` does.
func takeBackup(t *testing.T, s *testkit.Server, to backup.Target) {
	t.Helper()
	w := httptest.NewRecorder()
	s.Backend.Local().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/auth/admin/backup", nil))
	if _, err := backup.Receive(t.Context(), w.Body, to, func(int64, int64) {}); err != nil {
		t.Fatal(err)
	}
}

// TestAttack119_BackupIsForWhoRunsTheServer: no admin, by no door, takes all rows of all
// organizations along, sealed though they are; and that it was done is on record.
func TestAttack119_BackupIsForWhoRunsTheServer(t *testing.T) {
	s := testkit.New(t, app)
	boss := root(t, s)
	boss.Get("/auth/admin/users").Want(200)
	for _, c := range []*testkit.Client{boss, s.SignUp("ada@example.com"), s.Anonymous()} {
		c.Get("/auth/admin/backup").WantCode(404, "http/not_found")
		c.Do("POST", "/auth/admin/backup", nil).WantCode(404, "http/not_found")
	}
	if storetest.Chosen(t) == store.PostgreSQL {
		return
	}
	takeBackup(t, s, backup.Directory(t.TempDir()))
	if n := len(onRecord(t, s, "backup.made")); n != 1 {
		t.Errorf("%d records tell of one backup", n)
	}
}
