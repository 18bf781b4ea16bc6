// Package client_test runs the TypeScript client against the real binary: signing in and
// renewing tokens, live lists over a server that is killed, writes that wait for one.
package client_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestClient(t *testing.T) {
	if _, err := os.Stat("../../sdk/js/dist/index.js"); err != nil {
		t.Fatal("run make node first: the client is not built")
	}
	loam := filepath.Join(t.TempDir(), "loam")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", loam, "../../cmd/loam")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building loam: %v\n%s", err, out)
	}
	node := exec.CommandContext(t.Context(), "node", "--experimental-websocket", "--test", "--test-force-exit", ".")
	node.Env = append(os.Environ(), "LOAM="+loam)
	if out, err := node.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
