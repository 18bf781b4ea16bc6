package docs

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// patience is how long one step may take on a busy machine.
const patience = time.Minute

// TestTutorial does what the tutorial says. Its blocks mean:
//
//	sh              run in one shell; every command succeeds
//	sh fails        the last command fails
//	sh stop         the server is stopped, as the text says
//	sh server       run in the background, in place of an earlier one, until it is ready
//	graphql FILE    written to FILE of the project
//	json, text      printed by the block before, or by the server since then
//
// In what is printed, an ellipsis stands for anything, and white space for
// nothing.
func TestTutorial(t *testing.T) {
	addr := freeAddress(t)
	s := newShell(t, build(t), addr)
	fences, _ := split(strings.ReplaceAll(read(t, "docs/tutorial/README.md"), "127.0.0.1:8080", addr))
	steps := 0
	for _, f := range fences {
		kind, argument, _ := strings.Cut(f.info, " ")
		switch {
		case kind == "sh" && argument == "server":
			s.serve(t, f)
		case kind == "sh" && argument == "stop":
			s.send(t, stopServer)
		case kind == "sh" && (argument == "" || argument == "fails"):
			s.run(t, f, argument == "fails")
		case kind == "graphql" && argument != "":
			s.mark(t)
			s.printed = ""
			s.send(t, "cat > "+argument+" <<'LOAM_FILE'\n"+f.text+"LOAM_FILE")
		case kind == "json" || kind == "text":
			s.expect(t, f)
		default:
			continue
		}
		steps++
	}
	if steps < 20 {
		t.Errorf("the tutorial has %d steps; is this the right page?", steps)
	}
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

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// shell is the reader's terminal: one bash for the whole page, and a server
// beside it whose output goes to a file.
type shell struct {
	in      io.Writer
	lines   chan string
	log     string // the server's output
	seen    int    // bytes of it that were there when the last step began
	printed string // by the last step
}

func newShell(t *testing.T, loam, addr string) *shell {
	t.Helper()
	home := t.TempDir()
	cmd := exec.Command("bash", "--noprofile", "--norc")
	cmd.Dir = t.TempDir()
	cmd.Env = []string{
		"PATH=" + filepath.Dir(loam) + string(os.PathListSeparator) + os.Getenv("PATH"),
		"HOME=" + home, "TMPDIR=" + home, "LOAM_ADDR=" + addr,
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	s := &shell{in: in, lines: make(chan string), log: filepath.Join(home, "server.log")}
	go func() {
		defer close(s.lines)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			s.lines <- scan.Text()
		}
	}()
	t.Cleanup(func() {
		fmt.Fprintf(in, "%s\nexit\n", stopServer)
		in.Close()
		for range s.lines {
		}
		cmd.Wait()
	})
	s.send(t, "set -m")
	return s
}

// stopServer ends the server with all that its shell started: with job control
// a background job is a process group.
const stopServer = `if [ -n "$SERVER" ]; then kill -TERM -- "-$SERVER"; wait "$SERVER" 2>/dev/null; SERVER=; fi`

// done ends the output of what was sent; behind it stands the exit code.
const done = "<done> "

// send runs commands and returns what they print and the last one's exit code.
func (s *shell) send(t *testing.T, commands string) (printed string, code int) {
	t.Helper()
	fmt.Fprintf(s.in, "{\n%s\n} </dev/null\nprintf '\\n%s%%d\\n' $?\n", commands, done)
	timeout := time.After(patience)
	for {
		select {
		case line, open := <-s.lines:
			if text, ended := strings.CutPrefix(line, done); ended {
				code, _ = strconv.Atoi(text)
				return printed, code
			}
			if !open {
				t.Fatalf("the shell ended in the middle of\n%s\nand printed\n%s", commands, printed)
			}
			printed += line + "\n"
		case <-timeout:
			t.Fatalf("nothing came of\n%s\nin %s but\n%s", commands, patience, printed)
		}
	}
}

// mark remembers where the server's output is now.
func (s *shell) mark(t *testing.T) { s.seen = len(s.served(t)) }

func (s *shell) served(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(s.log)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

func (s *shell) run(t *testing.T, f fence, fails bool) {
	t.Helper()
	s.mark(t)
	printed, code := s.send(t, f.text)
	s.printed = printed
	if fails != (code != 0) {
		t.Fatalf("line %d: exit code %d\n%s\nprinted\n%s", f.line, code, f.text, printed)
	}
}

func (s *shell) serve(t *testing.T, f fence) {
	t.Helper()
	s.send(t, stopServer)
	s.seen, s.printed = 0, ""
	s.send(t, ": > '"+s.log+"'\n( "+strings.TrimSpace(f.text)+"\n) > '"+s.log+"' 2>&1 & SERVER=$!")
	s.await(t, f, "readyhttp://")
}

// expect demands that the block's text was printed, or is soon by the server.
func (s *shell) expect(t *testing.T, f fence) {
	t.Helper()
	if !contains(s.printed, f.text) {
		s.await(t, f, f.text)
	}
}

func (s *shell) await(t *testing.T, f fence, want string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !contains(s.served(t)[s.seen:], want); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("line %d: no\n%s\nbut\n%s\nand of the server\n%s", f.line, want, s.printed, s.served(t)[s.seen:])
		}
	}
}

// contains tells whether the parts of want stand in text, in their order.
func contains(text, want string) bool {
	text = strings.Join(strings.Fields(text), "")
	for part := range strings.SplitSeq(strings.Join(strings.Fields(want), ""), "…") {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return true
}

func TestContains(t *testing.T) {
	for _, c := range []struct {
		text, want string
		is         bool
	}{
		{`{"a": 1, "b": "x y"}`, "{\n  \"a\": 1,\n  …}", true},
		{`{"a":1}`, `{"a":2}`, false},
		{`{"b":1,"a":2}`, `"a"…"b"`, false},
	} {
		if contains(c.text, c.want) != c.is {
			t.Errorf("contains(%q, %q) is not %v", c.text, c.want, c.is)
		}
	}
}
