// Package browser drives the real binary from a real browser: what only a browser
// can show, such as its passkeys.
package browser

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a start may take; machines that test are slow.
const patience = time.Minute

// output is what a process has written so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// build makes the binary.
func build(t *testing.T) string {
	t.Helper()
	make := exec.Command("../../scripts/loam.sh")
	make.Stderr = os.Stderr
	loam, err := make.Output()
	if err != nil {
		t.Fatal("building loam: ", err)
	}
	return strings.TrimSpace(string(loam))
}

// launch runs the binary until the test ends, and returns the port that it answers at.
func launch(t *testing.T, loam string, args ...string) (cmd *exec.Cmd, port string) {
	t.Helper()
	out := &output{}
	cmd = exec.Command(loam, args...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log(out)
		}
	})
	ready := regexp.MustCompile(`(?m)^ready http://127\.0\.0\.1:(\d+)$`)
	for began := time.Now(); time.Since(began) < patience; time.Sleep(10 * time.Millisecond) {
		if found := ready.FindStringSubmatch(out.String()); found != nil {
			return cmd, found[1]
		}
	}
	t.Fatalf("not ready after %s", patience)
	return nil, ""
}

// project makes the files of one.
func project(t *testing.T, schema, config string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{"schema.graphql": schema, "loam.yaml": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// serve builds loam and runs `loam dev` on a project of its own. It returns the
// address under the name that browsers take for secure.
func serve(t *testing.T, schema, config string) string {
	t.Helper()
	dir := project(t, schema, config)
	_, port := launch(t, build(t), "dev", "--dir", dir, "--addr", "127.0.0.1:0")
	return "http://localhost:" + port
}

// run runs a script of this directory in Node, with Chromium.
func run(t *testing.T, script, url string, more ...string) {
	t.Helper()
	if out, err := node(t, script, url, more...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, strings.TrimSpace(string(out)))
	}
}

// node is a script of this directory. LOAM_SCREENSHOTS names a directory for what it
// photographs; without, it photographs nothing.
func node(t *testing.T, script, url string, more ...string) *exec.Cmd {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("there is no chromium: run scripts/tools.sh")
	}
	if _, err := os.Stat("node_modules/axe-core"); err != nil {
		if out, err := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error").CombinedOutput(); err != nil {
			t.Fatalf("npm ci: %v\n%s", err, out)
		}
	}
	return exec.Command("node", append([]string{script, url, chromium, os.Getenv("LOAM_SCREENSHOTS")}, more...)...)
}

const notes = "type Note @model @auth(rules: [{ allow: member }]) {\n  text: String!\n}\n"

// person has fields that the page of sign-up asks for, and fields that it does not.
const person = `extend type User {
  jobTitle: String!
  workPlace: Place!
  birthday: Date
  hours: Int
  newsletter: Boolean
  tags: [String!]
  rank: Int @auth(rules: [{ allow: owner, operations: [read] }])
}
enum Place { HEAD_OFFICE HOME }
`

func TestPasskeys(t *testing.T) {
	url := serve(t, notes, "auth:\n  email:\n    confirm: none\n")
	run(t, "passkeys.mjs", url)
}

func TestAccountPages(t *testing.T) {
	url := serve(t, notes+person, "name: Tracker\nauth:\n  email:\n    confirm: code\n    code: on\n    link: on\n"+
		"  clients:\n    shop:\n      name: Web shop\n      redirects: [http://127.0.0.1/healthz]\n")
	run(t, "account.mjs", url)
}

func TestClient(t *testing.T) {
	if _, err := os.Stat("../../sdk/js/dist/index.js"); err != nil {
		t.Fatal("run make node first: the client is not built")
	}
	url := serve(t, notes, "auth:\n  email:\n    confirm: none\n")
	run(t, "client.mjs", url)
}
