package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"
)

// loadCommand makes this binary the load generator: a process of its own, so
// that its work is never counted as a server's.
const loadCommand = "load"

// order tells the load generator what to do.
type order struct {
	Addrs    []string // of the servers among which the connections are shared out
	Conns    int
	Warm     time.Duration
	For      time.Duration
	Requests [][]byte // whole HTTP requests; each connection picks at random
	Status   int      // that an answer must have
	Least    int      // bytes that an answer's body must have
}

// outcome is what it saw.
type outcome struct {
	Requests      int
	Elapsed       time.Duration
	P50, P95, P99 time.Duration
	Err           string
}

// runLoad runs the load in a child process. before is called when everything is
// warm and nothing is in flight, after when the last answer has come.
func runLoad(o order, before, after func() error) (outcome, error) {
	var out outcome
	self, err := os.Executable()
	if err != nil {
		return out, err
	}
	cmd := exec.Command(self, loadCommand)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return out, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return out, err
	}
	if err := cmd.Start(); err != nil {
		return out, err
	}
	in, answers := json.NewEncoder(stdin), json.NewDecoder(stdout)
	steps := []func() error{
		func() error { return in.Encode(o) },
		func() error { return answers.Decode(&out) }, // of the warm-up
		before,
		func() error { return in.Encode(true) },
		func() error { return answers.Decode(&out) },
		after,
	}
	for _, step := range steps {
		if err = step(); err == nil && out.Err != "" {
			err = errors.New(out.Err)
		}
		if err != nil {
			break
		}
	}
	return out, errors.Join(err, stdin.Close(), cmd.Wait())
}

// load is the child's side.
func load(stdin io.Reader, stdout io.Writer) error {
	var o order
	in, out := json.NewDecoder(stdin), json.NewEncoder(stdout)
	if err := in.Decode(&o); err != nil {
		return err
	}
	conns := make([]*client, o.Conns)
	for i := range conns {
		c, err := net.Dial("tcp", o.Addrs[i%len(o.Addrs)])
		if err != nil {
			return out.Encode(outcome{Err: err.Error()})
		}
		conns[i] = &client{Conn: c, in: bufio.NewReaderSize(c, 64<<10)}
	}
	if err := out.Encode(drive(conns, o, o.Warm)); err != nil {
		return err
	}
	var start bool
	if err := in.Decode(&start); err != nil {
		return err
	}
	return out.Encode(drive(conns, o, o.For))
}

type client struct {
	net.Conn
	in    *bufio.Reader
	times []time.Duration
}

// drive keeps one request in flight on each connection until the time is up.
func drive(conns []*client, o order, length time.Duration) outcome {
	var wait sync.WaitGroup
	errs := make([]error, len(conns))
	began := time.Now()
	for i, c := range conns {
		wait.Go(func() {
			c.times = c.times[:0]
			for errs[i] == nil && time.Since(began) < length {
				errs[i] = c.ask(o)
			}
		})
	}
	wait.Wait()
	out := outcome{Elapsed: time.Since(began)}
	if err := errors.Join(errs...); err != nil {
		out.Err = err.Error()
		return out
	}
	var times []time.Duration
	for _, c := range conns {
		times = append(times, c.times...)
	}
	slices.Sort(times)
	at := func(share float64) time.Duration { return times[int(share*float64(len(times)-1))] }
	out.Requests = len(times)
	out.P50, out.P95, out.P99 = at(0.50), at(0.95), at(0.99)
	return out
}

func (c *client) ask(o order) error {
	request := o.Requests[rand.IntN(len(o.Requests))]
	began := time.Now()
	if _, err := c.Write(request); err != nil {
		return err
	}
	response, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err
	}
	if response.StatusCode != o.Status {
		body, _ := io.ReadAll(response.Body)
		return fmt.Errorf("status %d: %.300s\nto %.300s", response.StatusCode, body, request)
	}
	n, err := io.Copy(io.Discard, response.Body)
	if err != nil {
		return err
	}
	if n < int64(o.Least) {
		return fmt.Errorf("%d bytes, expected %d, to %.300s", n, o.Least, request)
	}
	c.times = append(c.times, time.Since(began))
	return nil
}

// raw writes a request out as it goes over the wire.
func raw(method, path, token string, body any) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n", method, path)
	if token != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", token)
	}
	if body == nil {
		b.WriteString("\r\n")
		return b.Bytes()
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // the bodies are ours
	}
	fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
	return b.Bytes()
}
