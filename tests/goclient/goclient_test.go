// Package goclient makes a Go client of the OpenAPI document by oapi-codegen, as
// docs/guides/clients.md says, compiles a program with it, and runs that against
// a server. It is a module of its own, so that the generator is not in the product's.
package goclient

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const said = `project: Engine
made: 201 Written in Go TODO
found: Written in Go in ENG
refused: data/no_reference projectId
`

func TestGoClient(t *testing.T) {
	loam := strings.TrimSpace(execute(t, "../..", "scripts/loam.sh"))
	execute(t, ".", loam, "generate", "openapi", "--dir", "../../examples/tracker", "--out", "api/openapi.json")
	execute(t, ".", "go", "tool", "oapi-codegen", "-config", "oapi-codegen.yaml", "api/openapi.json")

	addr := freeAddress(t)
	server := exec.CommandContext(t.Context(), loam, "demo", "--addr", addr)
	server.Stderr = os.Stderr
	server.Cancel = func() error { return server.Process.Signal(os.Interrupt) }
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Wait() })
	await(t, "http://"+addr+"/readyz")
	if got := execute(t, ".", "go", "run", "./program", "http://"+addr); got != said {
		t.Errorf("the program says\n%s", got)
	}
}

// execute runs a command, and returns what it prints.
func execute(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return string(out)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func await(t *testing.T, url string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := http.DefaultClient.Do(r); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
	}
	t.Fatal("the server does not come up")
}
