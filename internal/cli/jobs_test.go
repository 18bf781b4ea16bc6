package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/sqlite"
)

// Jobs that were given up are listed without what they carry, and retried or
// dropped, with the server stopped and beside it.
func TestJobs(t *testing.T) {
	plain(t)
	dir := folder(t, map[string]string{schemaFile: notes})
	jobs := func(args ...string) (string, error) {
		return command(t, "", append([]string{"jobs", args[0], "--dir", dir}, args[1:]...)...)
	}
	must := func(want string, args ...string) {
		t.Helper()
		out, err := jobs(args...)
		if err != nil || !strings.Contains(out, want) || strings.Contains(out, "hush") {
			t.Errorf("jobs %s: %v\n%s", args, err, out)
		}
	}
	serving(t, dir, func() { must("KIND", "list") })
	bury(t, dir, "mail/send", "j1")
	bury(t, dir, "unheard of", "j2", "j3", "j4")

	must(`"id": "j4"`, "list", "--json", "--limit", "1")
	must("no such user", "list")
	must("j1 runs again", "retry", "j1")
	must("j2 is dropped", "drop", "j2", "--yes")
	if _, err := jobs("drop", "j3"); !fault.Is(err, fault.CLIUsage) {
		t.Errorf("dropped unasked: %v", err)
	}
	for range 3 { // commands run none
		must("j1", "list", "--state", "waiting")
	}
	serving(t, dir, func() {
		must("j3 runs again", "retry", "j3")
		must("j4 is dropped", "drop", "j4", "--yes")
		if _, err := jobs("retry", "j4"); !fault.Is(err, fault.JobsNotFound) {
			t.Errorf("retried what is gone: %v", err)
		}
	})
	if out, err := command(t, "", "audit", "export", "--dir", dir); err != nil || strings.Count(out, `"action":"admin.job_`) != 4 ||
		!strings.Contains(out, `"action":"admin.job_dropped","outcome":"success","actor":"system:cli","target":"job:j4"`) {
		t.Errorf("on record: %v\n%s", err, out)
	}
}

// serving runs a project's server meanwhile.
func serving(t *testing.T, dir string, while func()) {
	t.Helper()
	all := &paper{}
	c := &console{in: strings.NewReader(""), out: all, err: all}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.run(ctx, []string{"dev", "--dir", dir, "--addr", "127.0.0.1:0"}) }()
	all.await(t, `^ready `)
	while()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What commands mail beside a stopped server waits in its queue, also where its mail
// server is not known to them: the mailbox of development is nobody's in production.
func TestMailOfCommands(t *testing.T) {
	plain(t)
	dir := folder(t, map[string]string{schemaFile: notes, configFile: `mail:
  from: Notes <notes@example.com>
  smtp: { host: 127.0.0.1, port: 1, tls: none, user: notes, password: "${NOTES_SMTP}" }
`})
	count := func(table string) (n int64) {
		t.Helper()
		engine, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(dir, dataDirectory, databaseFile)})
		if err != nil {
			t.Fatal(err)
		}
		err = engine.Read(t.Context(), func(c store.Conn) error {
			return c.Query(`SELECT COUNT(*) FROM `+table, nil, func(r store.Row) error { n = r.Int(0); return nil })
		})
		if err := errors.Join(err, engine.Close()); err != nil {
			t.Fatal(err)
		}
		return n
	}
	waiting := `"_jobs" WHERE "kind" = 'mail/send' AND "dead_at" IS NULL AND "attempts" = 0`
	t.Setenv("NOTES_SMTP", "secret")
	serving(t, dir, func() {})
	if err := os.Unsetenv("NOTES_SMTP"); err != nil { // Setenv puts it back
		t.Fatal(err)
	}
	for i, args := range [][]string{{"create", "ada@example.com"}, {"create", "bob@example.com", "--verified"}} {
		if out, err := command(t, "", append([]string{"user", args[0], "--dir", dir}, args[1:]...)...); err != nil {
			t.Fatalf("%s: %v\n%s", args, err, out)
		}
		if queued, kept := count(waiting), count(`"_mailbox"`); queued != int64(i+1) || kept != 0 {
			t.Fatalf("%s: %d messages wait, and %d are in the mailbox", args, queued, kept)
		}
	}
	serving(t, dir, func() { // in development, without a mail server
		for range 500 {
			if out, err := command(t, "", "jobs", "list", "--dir", dir, "--state", "waiting"); err == nil && !strings.Contains(out, "mail/send") {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
	if queued, kept := count(waiting), count(`"_mailbox"`); queued != 0 || kept != 2 {
		t.Errorf("once development runs, %d messages wait, and %d are in the mailbox", queued, kept)
	}
}

// bury puts jobs that were given up into the database of a stopped server.
func bury(t *testing.T, dir, kind string, ids ...string) {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(dir, dataDirectory, databaseFile)})
	if err != nil {
		t.Fatal(err)
	}
	err = engine.Write(t.Context(), func(c store.Conn) (err error) {
		for _, id := range ids {
			if err == nil {
				_, err = c.Exec(`INSERT INTO "_jobs" ("id", "kind", "payload", "attempts", "max_attempts", "due_at", "error", "created_at", "dead_at")
					VALUES (?1, ?2, ?3, 12, 12, ?4, '550 no such user', ?4, ?4)`, id, kind, []byte("hush"), "2026-01-02T03:04:05.000Z")
			}
		}
		return err
	})
	if err := errors.Join(err, engine.Close()); err != nil {
		t.Fatal(err)
	}
}
