// Package process runs the servers of a bench and reads what they use. It runs on
// Linux.
package process

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Server is a peer's running process.
type Server struct {
	cmd  *exec.Cmd
	log  *bytes.Buffer // read it only once gone is closed
	gone chan struct{} // closed when the process has ended
}

// Start starts a command with an environment of its own.
func Start(ctx context.Context, command, env []string) (*Server, error) {
	s := &Server{cmd: exec.CommandContext(ctx, command[0], command[1:]...), log: &bytes.Buffer{}, gone: make(chan struct{})}
	s.cmd.Env = env // and nothing of ours: a setting of Loam's would change what is measured
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.gone)
	}()
	return s, nil
}

// Stop ends the process, and waits until it has gone.
func (s *Server) Stop() {
	if s == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(10*time.Second, func() { _ = s.cmd.Process.Kill() })
	<-s.gone
	kill.Stop()
}

// CPU is what the process has used so far, in user and system mode. The kernel
// counts in ticks of 10 ms.
func (s *Server) CPU() (time.Duration, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "stat"))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name before may hold anything
	fields := strings.Fields(rest)
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2)
}

// RSS is the process's resident memory in MiB.
func (s *Server) RSS() float64 {
	f, err := os.Open(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "status"))
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if kib, ok := strings.CutPrefix(lines.Text(), "VmRSS:"); ok {
			n, _ := strconv.ParseFloat(strings.Fields(kib)[0], 64)
			return n / 1024
		}
	}
	return 0
}

// WaitFor asks until the answer has the status; 0 takes any.
func (s *Server) WaitFor(ctx context.Context, request *http.Request, status int) error {
	began := time.Now()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	last := errors.New("no answer")
	for time.Since(began) < 30*time.Second && ctx.Err() == nil {
		again := request.Clone(ctx)
		if request.GetBody != nil {
			again.Body, _ = request.GetBody() // of bytes: it can't fail
		}
		response, err := client.Do(again)
		if err == nil {
			text, _ := io.ReadAll(io.LimitReader(response.Body, 2000))
			response.Body.Close()
			if response.StatusCode == status || status == 0 {
				return nil
			}
			last = fmt.Errorf("status %d: %s", response.StatusCode, text)
		} else {
			last = err
		}
		select {
		case <-s.gone:
			return fmt.Errorf("the server ended:\n%s", s.log)
		case <-time.After(time.Millisecond):
		}
	}
	s.Stop()
	return fmt.Errorf("not up after %v: %w\n%s", time.Since(began).Round(time.Second), last, s.log)
}

// FreeAddress is one of the loopback that nobody listens at.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// Build compiles a command of this repository.
func Build(ctx context.Context, dir, pkg, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// Run runs a command to its end.
func Run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), args[0], err, out)
	}
	return nil
}
