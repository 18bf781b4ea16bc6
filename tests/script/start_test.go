package script

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// promised is how long a start, and an edit's way into the API, may take.
const promised = time.Second

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

// launch starts loam and returns its address once it is ready.
func launch(t *testing.T, loam string, args ...string) (*exec.Cmd, string) {
	t.Helper()
	out := &output{}
	cmd := exec.Command(loam, append(args, "--addr", "127.0.0.1:0")...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	ready := regexp.MustCompile(`(?m)^ready (http://\S+)$`)
	for began := time.Now(); time.Since(began) < patience; time.Sleep(time.Millisecond) {
		if found := ready.FindStringSubmatch(out.String()); found != nil {
			return cmd, found[1]
		}
	}
	t.Fatalf("not ready after %s:\n%s", patience, out)
	return nil, ""
}

// status asks once and returns the status, 0 without an answer.
func status(url string) int {
	res, err := http.Get(url)
	if err != nil {
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}

// From the start of the demo to its first answer. Other tests share the
// machine, so that of several starts the best one counts, and where none is
// good, the time that the processor has spent on one.
func TestStartToFirstAnswer(t *testing.T) {
	loam := os.Getenv(binaryPath)
	best, busy := time.Hour, time.Hour
	for range 5 {
		began := time.Now()
		cmd, url := launch(t, loam, "demo")
		if got := status(url + "/readyz"); got != http.StatusOK {
			t.Fatalf("the first answer is %d", got)
		}
		best = min(best, time.Since(began))
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Fatalf("stopping: %v", err)
		}
		busy = min(busy, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
		if best < promised {
			break
		}
	}
	t.Logf("start to first answer: %s, %s of processor time to the end", best, busy)
	if best >= promised && busy >= promised {
		t.Errorf("start to first answer took %s, and %s of processor time; promised is %s", best, busy, promised)
	}
}

// From the save of the schema to the API that has the new field: an unknown
// field is a 400 until then.
func TestSaveToNewAPI(t *testing.T) {
	loam, dir := os.Getenv(binaryPath), t.TempDir()
	if out, err := exec.Command(loam, "init", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, url := launch(t, loam, "dev", "--dir", dir)
	path := filepath.Join(dir, "schema.graphql")
	best := time.Hour
	for _, field := range []string{"first", "second", "third", "fourth", "fifth"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		ask := url + "/api/tasks?" + field + ".gt=1"
		before := status(ask)
		began := time.Now()
		if err := save(path, strings.Replace(string(text), "  body: String\n", "  body: String\n  "+field+": Int\n", 1)); err != nil {
			t.Fatal(err)
		}
		for status(ask) == before {
			if time.Since(began) > patience {
				t.Fatalf("still %d after %s", before, patience)
			}
			time.Sleep(time.Millisecond)
		}
		if best = min(best, time.Since(began)); best < promised {
			break
		}
	}
	t.Logf("save to new API: %s", best)
	if best >= promised {
		t.Errorf("save to new API took %s at best; promised is %s", best, promised)
	}
}
