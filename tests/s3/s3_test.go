// Package s3_test keeps backups in an S3 server of another make, s3rver from npm. It
// knows one access key, and takes the word of who signs with it: that signatures are
// right is for the client's own tests.
package s3_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/backup"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store/sqlite"
	"github.com/loam-dev/loam/internal/testkit"
	"github.com/loam-dev/loam/internal/vault"
)

// start starts the server, and ends it with the test. Its address is as it stands in s3://.
func start(t *testing.T) (endpoint string) {
	t.Helper()
	if _, err := os.Stat("node_modules/s3rver"); err != nil {
		t.Fatal("run make node first: s3rver is not installed")
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "S3RVER")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "S3RVER")
	command := exec.CommandContext(t.Context(), "node", "server.mjs", t.TempDir())
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // it ends by itself then
		_ = command.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if at, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			return "region=us-east-1&endpoint=" + url.QueryEscape(at)
		}
	}
	t.Fatal("the server ended before it was ready")
	return ""
}

func open(t *testing.T, text string) backup.Target {
	t.Helper()
	b, err := backup.OpenTarget(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestObjects: small ones and large ones come back as they were, and one whose writing
// was broken off is not there.
func TestObjects(t *testing.T) {
	b := open(t, "s3://backups/some/where?"+start(t))
	large := make([]byte, 40<<20)
	for i := range large {
		large[i] = byte(rand.Uint32())
	}
	objects := map[string][]byte{"log/a/1": []byte("small"), "log/b/2": {}, "snapshots/large": large, "snapshots/part": large[:16<<20]}
	for name, data := range objects {
		if err := b.Put(t.Context(), name, func(w io.Writer) error { _, err := w.Write(data); return err }); err != nil {
			t.Fatal(name, err)
		}
	}
	broken := errors.New("broken off")
	for _, size := range []int{10, 20 << 20} {
		err := b.Put(t.Context(), "snapshots/broken", func(w io.Writer) error {
			_, err := w.Write(large[:size])
			return errors.Join(err, broken)
		})
		if !errors.Is(err, broken) {
			t.Errorf("broken off after %d bytes: %v", size, err)
		}
	}
	for name, data := range objects {
		r, err := b.Open(t.Context(), name)
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s has %d bytes, %v", name, len(got), err)
		}
	}
	for dir, want := range map[string][]string{"log": {"log/a/1", "log/b/2"}, "snapshots": {"snapshots/large", "snapshots/part"}, "none": nil} {
		all, err := b.List(t.Context(), dir)
		var names []string
		for _, o := range all {
			if names = append(names, o.Name); o.Size != int64(len(objects[o.Name])) {
				t.Errorf("%s has %d bytes", o.Name, o.Size)
			}
		}
		if err != nil || !slices.Equal(names, want) {
			t.Errorf("%s holds %v, %v", dir, names, err)
		}
	}
	if err := b.Delete(t.Context(), "log/a/1"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Open(t.Context(), "log/a/1"); !fault.Is(err, fault.BackupTarget) {
		t.Errorf("what was deleted: %v", err)
	}
}

// TestRefusals say what is to be done.
func TestRefusals(t *testing.T) {
	at := start(t)
	put := func(b backup.Target) error {
		return b.Put(t.Context(), "log/a/1", func(w io.Writer) error { _, err := w.Write([]byte("x")); return err })
	}
	refused := func(err error, want string) {
		t.Helper()
		if !fault.Is(err, fault.BackupTarget) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, without %q", err, want)
		}
	}
	refused(put(open(t, "s3://nowhere/x?"+at)), "make the bucket first")
	t.Setenv("AWS_ACCESS_KEY_ID", "WRONG")
	refused(put(open(t, "s3://backups/x?"+at)), "look at AWS_ACCESS_KEY_ID")
	refused(put(open(t, "s3://backups/x?region=x&endpoint=http://127.0.0.1:1")), "can be reached")
	for _, text := range []string{"s3://", "s3://Backups", "s3://user:pass@backups/x?region=a", "s3://backups", "s3://backups?region=a&regoin=b", "s3://backups?region=a&endpoint=ftp://x", "gs://backups"} {
		if text == "s3://backups" {
			t.Setenv("AWS_REGION", "")
		}
		if _, err := backup.OpenTarget(text); !fault.Is(err, fault.BackupTarget) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestServerIsRestoredFromS3: what a server ships there is all that is needed.
func TestServerIsRestoredFromS3(t *testing.T) {
	text := "s3://backups/app?" + start(t)
	const notes = `type Note @model @auth(rules: [{ allow: member }]) { text: String! }`
	t.Run("serving", func(t *testing.T) {
		s := testkit.New(t, notes, testkit.Settings("backup:\n  to: "+text+"\n", nil), testkit.Production, testkit.Encrypted)
		s.SignUp("ada@example.com").Do("POST", "/api/notes", map[string]any{"text": "kept"}).Want(http.StatusCreated)
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
			w := httptest.NewRecorder()
			s.Backend.Local().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/auth/admin/backup", nil))
			var answer struct{ Backup backup.Status }
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
				t.Fatal(err)
			}
			if b := answer.Backup; b.Snapshot != nil && b.Shipped != nil && b.Waiting == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("it does not get level: %s", w.Body)
			}
		}
	})
	v, err := vault.Parse(testkit.MasterKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	place, err := sqlite.Hold(t.Context(), filepath.Join(dir, "loam.db"))
	if err != nil {
		t.Fatal(err)
	}
	r := backup.Restore{Target: open(t, text), Vault: v, Progress: func(int64, int64) {}}
	if _, err := r.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	if _, _, err := r.Into(t.Context(), place, v.Key("store/database").Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := place.Close(); err != nil {
		t.Fatal(err)
	}
	s := testkit.New(t, notes, testkit.In(dir), testkit.Encrypted, func(o *backend.Options) { o.Database = "" })
	if got := s.SignIn("ada@example.com").Get("/api/notes").Want(http.StatusOK); got.String("items", 0, "text") != "kept" {
		t.Errorf("ada has %s", got.Body)
	}
}
