package backend_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/backup"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/sqlite"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/testkit"
	"github.com/loam-dev/loam/internal/vault"
)

const notes = `
type Note @model @auth(rules: [{ allow: member }]) { text: String! pair: Int! at: AWSDateTime body: AWSJSON }
`

func opts(t *testing.T) backend.Options {
	t.Helper()
	v, err := vault.Parse(testkit.MasterKey)
	if err != nil {
		t.Fatal(err)
	}
	return backend.Options{Name: "test", Data: t.TempDir(), Vault: v, Encrypt: true, Config: config.Default(), Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
}

// otherOwner is the URL of an empty database of a name and an owner of its own.
func otherOwner(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(storetest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	storetest.Admin(t, u.String(), fmt.Sprintf(`CREATE ROLE "heir-%[1]s" LOGIN CREATEROLE; ALTER DATABASE %[1]s OWNER TO "heir-%[1]s"; ALTER SCHEMA public OWNER TO "heir-%[1]s"`, name))
	u.User = url.User("heir-" + name)
	return u.String()
}

// TestBackupIsRestoredAnywhere: what a running server backs up, while others write, is as of
// one moment, and is served from a file or from a database of another name and owner,
// to those whose it is and to nobody else.
func TestBackupIsRestoredAnywhere(t *testing.T) {
	namesDatabases(t)
	storetest.EachDialect(t, func(t *testing.T, d store.Dialect) {
		from, target := opts(t), backup.Directory(t.TempDir())
		if d == store.PostgreSQL {
			from.Database = storetest.URL(t)
		}
		t.Run("backup", func(t *testing.T) {
			s := testkit.New(t, notes, testkit.In(from.Data), testkit.Encrypted, func(o *backend.Options) { o.Database = from.Database })
			ada, eve := s.SignUp("ada@example.com"), s.SignUp("eve@example.com")
			for i := range 30 {
				pair(ada, i)
			}
			eve.Do("POST", "/api/notes", map[string]any{"text": "eve's", "pair": -1, "at": "2026-01-31T14:30:00.123Z", "body": `{"b":1.50}`}).Want(http.StatusCreated)
			var stop atomic.Bool
			var writing sync.WaitGroup
			writing.Go(func() {
				for i := 30; !stop.Load(); i++ {
					pair(ada, i)
				}
			})
			w := httptest.NewRecorder()
			s.Backend.Local().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/auth/admin/backup", nil))
			stop.Store(true)
			writing.Wait()
			if _, err := backup.Receive(t.Context(), w.Body, target, func(int64, int64) {}); err != nil {
				t.Fatal(err)
			}
		})
		if t.Failed() {
			return
		}
		r := backup.Restore{Target: target, Vault: from.Vault, Progress: func(int64, int64) {}}
		if v, err := r.Verify(t.Context()); err != nil || v.Rows < 60 {
			t.Errorf("verifying: %+v, %v", v, err)
		}
		to := opts(t)
		place, err := sqlite.Hold(t.Context(), filepath.Join(to.Data, "loam.db"))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.Into(t.Context(), place, to.Vault.Key("store/database").Bytes()); err != nil {
			t.Fatal(err)
		}
		if err := place.Close(); err != nil {
			t.Fatal(err)
		}
		t.Run("file", func(t *testing.T) { look(t, to) })
		server := to
		server.Database = otherOwner(t)
		if _, _, err := backend.RestoreTo(t.Context(), r, server, func(string) {}); err != nil {
			t.Fatal(err)
		}
		t.Run("server", func(t *testing.T) { look(t, server) })
	})
}

// namesDatabases is for a test that says itself what is in a file and what on a server,
// whichever kind the others are run with.
func namesDatabases(t *testing.T) { t.Setenv("LOAM_TEST_ENGINE", "sqlite") }

// pair writes two rows, both or none.
func pair(c *testkit.Client, n int) {
	c.Do("POST", "/api/batch", map[string]any{"operations": []any{
		map[string]any{"method": "POST", "path": "/api/notes", "body": map[string]any{"text": "one", "pair": n}},
		map[string]any{"method": "POST", "path": "/api/notes", "body": map[string]any{"text": "two", "pair": n}},
	}}).Want(http.StatusOK)
}

// look serves what was restored.
func look(t *testing.T, at backend.Options) {
	s := testkit.New(t, notes, testkit.In(at.Data), testkit.Encrypted, func(o *backend.Options) { o.Database = at.Database })
	ada, eve := s.SignIn("ada@example.com"), s.SignIn("eve@example.com")
	found := ada.Get("/api/notes?limit=1000&sort=pair").Want(http.StatusOK)
	n := len(found.Value("items").([]any))
	if n < 60 || n%2 != 0 {
		t.Errorf("ada has %d notes", n)
	}
	for i := 0; i < n; i += 2 {
		if a, b := found.Value("items", i, "pair"), found.Value("items", i+1, "pair"); a != b {
			t.Fatalf("half of the pair %v is there, and half of %v", a, b)
		}
	}
	mine := eve.Get("/api/notes").Want(http.StatusOK)
	if len(mine.Value("items").([]any)) != 1 || mine.String("items", 0, "text") != "eve's" || mine.String("items", 0, "at") != "2026-01-31T14:30:00.123Z" {
		t.Errorf("eve has %s", mine.Body)
	}
	pair(ada, 1_000_000)
	if err := s.Backend.Audit.ExportAll(t.Context(), &strings.Builder{}); err != nil {
		t.Error(err)
	}
	if report, err := s.Backend.Audit.Verify(t.Context(), ""); err != nil || report.Records == 0 {
		t.Errorf("the audit log: %+v, %v", report, err)
	}
}

// TestBackupTargetFails: a server whose backups can't be written serves on and says so;
// once they can, what was committed meanwhile is in them.
func TestBackupTargetFails(t *testing.T) {
	namesDatabases(t)
	target := filepath.Join(t.TempDir(), "backups")
	at := opts(t)
	t.Run("serving", func(t *testing.T) {
		s := testkit.New(t, notes, testkit.Settings("backup:\n  to: "+target+"\n", nil), testkit.Production, testkit.Encrypted, testkit.In(at.Data), func(o *backend.Options) { o.Database = "" })
		await := func(what string, is func(backup.Status) bool) {
			t.Helper()
			var last backup.Status
			for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
				w := httptest.NewRecorder()
				s.Backend.Local().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/auth/admin/backup", nil))
				var answer struct{ Backup backup.Status }
				if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
					t.Fatal(err)
				}
				if last = answer.Backup; is(last) {
					return
				}
			}
			t.Fatalf("%s: %+v", what, last)
		}
		level := func(b backup.Status) bool { return b.Snapshot != nil && b.Waiting == nil && b.Error == "" }
		s.SignUp("ada@example.com")
		await("at first", level)
		if err := errors.Join(os.Rename(target, target+".away"), os.WriteFile(target, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		pair(s.SignIn("ada@example.com"), 1)
		await("without a target", func(b backup.Status) bool { return strings.Contains(b.Error, "can't be written") && b.Waiting != nil })
		pair(s.SignIn("ada@example.com"), 2)
		if err := errors.Join(os.Remove(target), os.Rename(target+".away", target)); err != nil {
			t.Fatal(err)
		}
		await("with a target again", level)
	})
	place, err := sqlite.Hold(t.Context(), filepath.Join(at.Data, "loam.db"))
	if err != nil {
		t.Fatal(err)
	}
	r := backup.Restore{Target: backup.Directory(target), Vault: at.Vault, Progress: func(int64, int64) {}}
	if _, _, err := r.Into(t.Context(), place, at.Vault.Key("store/database").Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := place.Close(); err != nil {
		t.Fatal(err)
	}
	t.Run("restored", func(t *testing.T) {
		s := testkit.New(t, notes, testkit.Encrypted, testkit.In(at.Data), func(o *backend.Options) { o.Database = "" })
		if got := s.SignIn("ada@example.com").Get("/api/notes").Want(http.StatusOK); len(got.Value("items").([]any)) != 4 {
			t.Errorf("ada has %s", got.Body)
		}
	})
}
