// Package goclient makes a Go client of the OpenAPI document by oapi-codegen, as
// docs/guides/clients.md says, compiles a program with it, and runs that against
// a server. It is a module of its own, so that the generator is not in the product's.
package goclient

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
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

	server := exec.CommandContext(t.Context(), loam, "demo", "--addr", "127.0.0.1:0")
	server.Stderr = os.Stderr
	server.Cancel = func() error { return server.Process.Signal(os.Interrupt) }
	out, err := server.StdoutPipe()
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Wait() })
	if got := execute(t, ".", "go", "run", "./program", ready(t, out)); got != said {
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

// ready is the address that the server says it answers at. What it says after that is
// let go by.
func ready(t *testing.T, out io.Reader) string {
	t.Helper()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if url, is := strings.CutPrefix(lines.Text(), "ready "); is {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return url
		}
	}
	t.Fatal("the server does not come up")
	return ""
}
