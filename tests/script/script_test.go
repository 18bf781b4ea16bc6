// Package script tests the real binary from outside: what one types, what one
// reads, and what the server answers meanwhile.
package script

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience is how long anything may take here. Machines that build and test at
// the same time are slow; the measured promises have tests of their own.
const patience = time.Minute

func TestMain(m *testing.M) {
	commands := map[string]func(){}
	if _, err := exec.LookPath("curl"); err != nil {
		commands["curl"] = curl
	}
	testscript.Main(suite{m}, commands)
}

// suite is all tests of the package, with one binary to run.
type suite struct{ *testing.M }

// binaryPath is the variable that tells the tests where the binary is.
const binaryPath = "LOAM_UNDER_TEST"

func (s suite) Run() int {
	build := exec.Command("../../scripts/loam.sh")
	build.Stderr = os.Stderr
	loam, err := build.Output()
	if err != nil {
		fmt.Fprintln(os.Stderr, "building loam:", err)
		return 1
	}
	if err := os.Setenv(binaryPath, strings.TrimSpace(string(loam))); err != nil {
		panic(err)
	}
	return s.M.Run()
}

// Each script is a feature; it runs in a directory of its own with the files
// that it brings.
func TestScripts(t *testing.T) {
	loam := os.Getenv(binaryPath)
	testscript.Run(t, testscript.Params{
		Dir: ".",
		Setup: func(e *testscript.Env) error {
			e.Values[servers] = map[string]*process{}
			e.Values[program] = loam
			e.Setenv("PATH", filepath.Dir(loam)+string(os.PathListSeparator)+e.Getenv("PATH"))
			for _, name := range []string{"LOAM_DIR", "LOAM_DATA", "LOAM_ADDR", "LOAM_KEY_FILE", "LOAM_MIGRATIONS"} {
				e.Setenv(name, "")
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start":  start,
			"end":    end,
			"killed": killed,
			"await":  await,
			"get":    get,
			"paste":  paste,
			"edit":   edit,
		},
		RequireUniqueNames: true,
	})
}

// The keys of what a script keeps beside its variables.
const (
	servers = "servers" // map[string]*process
	program = "program" // the path of the binary
)

// process is a server that a script has started.
type process struct {
	*exec.Cmd
	done chan error
}

// start NAME ARGS... runs loam beside the script, with its output in NAME.out
// and NAME.err, and waits until it is ready; $URL is
// where, $HOST the same without its scheme.
func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start name argument...")
	}
	name := args[0]
	out, err := os.Create(ts.MkAbs(name + ".out"))
	ts.Check(err)
	defer out.Close()
	log, err := os.Create(ts.MkAbs(name + ".err"))
	ts.Check(err)
	defer log.Close()
	p := &process{exec.Command(ts.Value(program).(string), args[1:]...), make(chan error, 1)}
	p.Dir, p.Stdout, p.Stderr = ts.MkAbs("."), out, log
	for _, key := range []string{"HOME", "TMPDIR", "PATH", "LOAM_MASTER_KEY", "LOAM_KEY_FILE", "LOAM_ADDR", "LOAM_DATA", "LOAM_DIR", "GITHUB_ID", "GITHUB_SECRET"} {
		if value := ts.Getenv(key); value != "" {
			p.Env = append(p.Env, key+"="+value)
		}
	}
	ts.Check(p.Start())
	go func() { p.done <- p.Wait() }()
	ts.Defer(func() { p.Process.Kill() })
	ts.Value(servers).(map[string]*process)[name] = p

	ready := regexp.MustCompile(`(?m)^ready (http://\S+)$`)
	deadline := time.Now().Add(patience)
	for {
		found := ready.FindAllStringSubmatch(ts.ReadFile(name+".out"), -1)
		if len(found) == 1 {
			ts.Setenv("URL", found[0][1])
			ts.Setenv("HOST", strings.TrimPrefix(found[0][1], "http://"))
			return
		}
		select {
		case err := <-p.done:
			ts.Fatalf("loam %s ended: %v\n%s%s", args[1], err, ts.ReadFile(name+".out"), ts.ReadFile(name+".err"))
		default:
		}
		if time.Now().After(deadline) {
			ts.Fatalf("loam %s is not ready after %s, or says so %d times", args[1], patience, len(found))
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// end NAME ends a server by SIGTERM; it must exit with 0.
func end(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: end name")
	}
	p := ts.Value(servers).(map[string]*process)[args[0]]
	if p == nil {
		ts.Fatalf("%s was not started", args[0])
	}
	ts.Check(p.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-p.done:
		if err != nil {
			ts.Fatalf("stopped with %v\n%s", err, ts.ReadFile(args[0]+".err"))
		}
	case <-time.After(patience):
		ts.Fatalf("still running after %s", patience)
	}
}

// killed NAME ends a server by SIGKILL.
func killed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: killed name")
	}
	p := ts.Value(servers).(map[string]*process)[args[0]]
	if p == nil {
		ts.Fatalf("%s was not started", args[0])
	}
	ts.Check(p.Process.Kill())
	<-p.done
}

// await FILE PATTERN waits until a line of a growing file matches.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await file pattern")
	}
	pattern := regexp.MustCompile("(?m)" + args[1])
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		text := ts.ReadFile(args[0])
		if pattern.MatchString(text) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no %q in %s:\n%s", args[1], args[0], text)
		}
	}
}

// get FILE STATUS URL asks a server and keeps the body of its answer.
func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: get file status url")
	}
	res, err := http.Get(args[2])
	ts.Check(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	ts.Check(err)
	if strconv.Itoa(res.StatusCode) != args[1] {
		ts.Fatalf("GET %s: %d, not %s\n%s", args[2], res.StatusCode, args[1], body)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), body, 0o600))
}

// paste FILE TO runs the curl lines that FILE prints, as somebody who copies
// them into one shell would, and keeps what they answer.
func paste(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: paste file to")
	}
	var lines []string
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		if strings.HasPrefix(line, "  curl ") || strings.HasPrefix(line, "  TOKEN=$(curl ") {
			lines = append(lines, strings.TrimSpace(line)+" || exit 1; echo")
		}
	}
	if len(lines) != 3 {
		ts.Fatalf("%s has %d lines to paste, not 3", args[0], len(lines))
	}
	ts.Check(ts.Exec("sh", "-ec", strings.Join(lines, "\n")))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(ts.ReadFile("stdout")), 0o600))
}

// edit FILE OLD NEW changes a file as many editors do: a new one takes the
// place of the old one.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit file old new")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	ts.Check(save(ts.MkAbs(args[0]), strings.ReplaceAll(text, args[1], args[2])))
}

func save(path, text string) error {
	draft := path + "~"
	if err := os.WriteFile(draft, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(draft, path)
}

// curl stands in for the real one where there is none: -s, -H, -d and a URL.
func curl() {
	method, url, body, header := http.MethodGet, "", "", http.Header{}
	for args := os.Args[1:]; len(args) > 0; args = args[1:] {
		switch args[0] {
		case "-s":
			continue
		case "-H":
			key, value, _ := strings.Cut(args[1], ": ")
			header.Set(key, value)
			args = args[1:]
		case "-d":
			method, body = http.MethodPost, args[1]
			args = args[1:]
		default:
			url = args[0]
		}
	}
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err == nil {
		r.Header = header
		var res *http.Response
		if res, err = http.DefaultClient.Do(r); err == nil {
			_, err = io.Copy(os.Stdout, res.Body)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
