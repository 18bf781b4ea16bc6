package jobs_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/jobs"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/sqlite"
)

// child is a server that dies in the middle of a job.
func child(path string) {
	engine, err := sqlite.Open(context.Background(), sqlite.Options{Path: path, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	q := jobs.New(jobs.Options{Engine: engine, Log: slog.New(slog.DiscardHandler)})
	q.Handle("work", func(context.Context, []byte) error {
		fmt.Println("working")
		select {}
	})
	err = engine.Write(context.Background(), func(c store.Conn) error {
		if err := c.Script(strings.Join(jobs.Tables(), ";\n")); err != nil {
			return err
		}
		return q.Add(c, jobs.Job{Kind: "work", Payload: []byte("precious")})
	})
	if err != nil {
		panic(err)
	}
	q.Start(context.Background())
	select {}
}

// A job whose server was killed runs on the next one, once the lease is over.
func TestKilledServersLoseNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jobs.db")
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "LOAM_JOBS_CHILD="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "working\n" {
		t.Fatalf("the child said %q, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	engine, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	for _, test := range []struct {
		later time.Duration
		want  string
	}{{0, ""}, {31 * time.Second, "precious"}} {
		done := make(chan string, 1)
		q := jobs.New(jobs.Options{Engine: engine, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Now().Add(test.later) }})
		q.Handle("work", func(_ context.Context, payload []byte) error { done <- string(payload); return nil })
		q.Start(t.Context())
		got := ""
		select {
		case got = <-done:
		case <-time.After(map[bool]time.Duration{true: 200 * time.Millisecond, false: time.Minute}[test.want == ""]):
		}
		q.Close()
		if got != test.want {
			t.Errorf("%s after the kill: ran %q, want %q", test.later, got, test.want)
		}
	}
}
