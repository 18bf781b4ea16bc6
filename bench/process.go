package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
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

// server is a peer's running process.
type server struct {
	cmd  *exec.Cmd
	log  *bytes.Buffer // read it only once gone is closed
	gone chan struct{} // closed when the process has ended
}

func startServer(ctx context.Context, command, env []string) (*server, error) {
	s := &server{cmd: exec.CommandContext(ctx, command[0], command[1:]...), log: &bytes.Buffer{}, gone: make(chan struct{})}
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

func (s *server) stop() {
	if s == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(10*time.Second, func() { _ = s.cmd.Process.Kill() })
	<-s.gone
	kill.Stop()
}

// cpu is what the process has used so far, in user and system mode. The kernel
// counts in ticks of 10 ms.
func (s *server) cpu() (time.Duration, error) {
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

// rss is the process's resident memory in MiB.
func (s *server) rss() float64 {
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

// waitFor asks until the answer has the status; 0 takes any.
func (s *server) waitFor(ctx context.Context, request *http.Request, status int) error {
	began := time.Now()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	last := errors.New("no answer")
	for time.Since(began) < 30*time.Second && ctx.Err() == nil {
		response, err := client.Do(request.Clone(ctx))
		if err == nil {
			response.Body.Close()
			if response.StatusCode == status || status == 0 {
				return nil
			}
			last = fmt.Errorf("status %d", response.StatusCode)
		} else {
			last = err
		}
		select {
		case <-s.gone:
			return fmt.Errorf("the server ended:\n%s", s.log)
		case <-time.After(time.Millisecond):
		}
	}
	s.stop()
	return fmt.Errorf("not up after %v: %w\n%s", time.Since(began).Round(time.Second), last, s.log)
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// build compiles a command of this repository.
func build(ctx context.Context, dir, pkg, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

func command(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), args[0], err, out)
	}
	return nil
}
