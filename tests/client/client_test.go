// Package client_test runs the TypeScript client against the real binary: signing in and
// renewing tokens, live lists over a server that is killed, writes that wait for one.
package client_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestClient(t *testing.T) {
	if _, err := os.Stat("../../sdk/js/dist/index.js"); err != nil {
		t.Fatal("run make node first: the client is not built")
	}
	build := exec.Command("../../scripts/loam.sh")
	build.Stderr = os.Stderr
	loam, err := build.Output()
	if err != nil {
		t.Fatal("building loam: ", err)
	}
	node := exec.CommandContext(t.Context(), "node", "--experimental-websocket", "--test", "--test-force-exit", ".")
	node.Env = append(os.Environ(), "LOAM="+strings.TrimSpace(string(loam)))
	if out, err := node.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
