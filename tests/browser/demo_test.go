package browser

import (
	"bufio"
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// Two windows show each other what they do, whatever becomes of the server meanwhile:
// the script says when it is stopped, killed and started, on the same data and port.
func TestDemo(t *testing.T) {
	loam, data := build(t), t.TempDir()
	server, port := launch(t, loam, "demo", "--addr", "127.0.0.1:0", "--data", data)
	script := node(t, "demo.mjs", "http://localhost:"+port) // the name that passkeys are for
	problems := &output{}
	script.Stderr = problems
	in, err := script.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := script.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := script.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { script.Process.Kill() })
	signals := map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGKILL": syscall.SIGKILL}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		switch what := lines.Text(); what {
		case "SIGTERM", "SIGKILL":
			if err := server.Process.Signal(signals[what]); err != nil {
				t.Fatal(err)
			}
			server.Wait()
		case "start":
			server, _ = launch(t, loam, "demo", "--addr", "127.0.0.1:"+port, "--data", data)
		}
		fmt.Fprintln(in, lines.Text())
	}
	if err := script.Wait(); err != nil {
		t.Fatalf("demo.mjs: %v\n%s", err, strings.TrimSpace(problems.String()))
	}
	t.Log(problems)
}
