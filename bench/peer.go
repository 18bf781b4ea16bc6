package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/loam-dev/loam/bench/process"
)

// peer is a server under measurement.
type peer struct {
	name    string
	about   string // one line for the report
	extra   bool   // runs only where it is named
	build   func(context.Context) error
	seed    func(context.Context) error        // before the first start, or nil
	fill    func(context.Context, *peer) error // after it, over HTTP, or nil
	command func(addr string) []string
	env     []string
	data    string
	signIn  func(context.Context, *peer) error
	asks    func(p *peer, work string) asked

	postgres bool // has a database server of its own, whose CPU counts as the peer's
	nodes    int  // servers on that database, among which the connections are shared out; 0: one

	server   *process.Server
	beside   []*process.Server // the others of several
	database *cluster
	addr     string
	addrs    []string // of all
	token    string
	org      string
	rows     rows
}

// allPeers lists who is measured. Every one keeps its data in dir.
func allPeers(dir string) []*peer {
	cheapest := pocketbase(dir, "pocketbase-field", "org = @request.auth.org")
	cheapest.extra = true
	return []*peer{
		pocketbase(dir, "pocketbase", "org.members.id ?= @request.auth.id"),
		cheapest,
		loam(dir, "loam", "dev", ""),
		loam(dir, "loam-encrypted", "serve", fileKey),
		bare(dir, "bare", ""),
		bare(dir, "bare-encrypted", fileKey),
		loamPostgres(dir, "loam-postgres"),
		openPostgres(dir),
		threeNodes(dir),
		barePostgres(dir),
		postgraphile(dir),
	}
}

// fileKey encrypts the files of those that have one. It is no secret: they live
// as long as the run.
const fileKey = "9f2c61d07be84a35c8d11e6f3a74b20958efc3476d1ba0e25394c8f07e6bd31a"

func seedFlags() []string {
	return []string{
		"--projects", fmt.Sprint(projects), "--tasks", fmt.Sprint(tasks), "--people", fmt.Sprint(people),
		"--email", email, "--password", password,
	}
}

func pocketbase(dir, name, rule string) *peer {
	binary, data := filepath.Join(dir, "pocketbase"), filepath.Join(dir, name+"-data")
	return &peer{
		name:  name,
		about: "PocketBase as it comes (synchronous=NORMAL); rule: " + rule,
		data:  data,
		build: func(ctx context.Context) error { return process.Build(ctx, here("pocketbase"), ".", binary) },
		seed: func(ctx context.Context) error {
			return process.Run(ctx, binary, append([]string{"seed", "--dev=false", "--dir", data, "--rule", rule}, seedFlags()...)...)
		},
		command: func(addr string) []string {
			return []string{binary, "serve", "--dev=false", "--dir", data, "--http", addr}
		},
		signIn: func(ctx context.Context, p *peer) error {
			var out struct {
				Token  string
				Record struct{ Org string }
			}
			err := p.call(ctx, "POST", "/api/collections/users/auth-with-password", map[string]string{"identity": email, "password": password}, &out)
			p.token, p.org = out.Token, out.Record.Org
			return err
		},
		asks: pocketbaseRequests,
	}
}

func bare(dir, name, key string) *peer {
	binary, data := filepath.Join(dir, "bare"), filepath.Join(dir, name+"-data")
	keyed := []string{"--data", data, "--key", key}
	return &peer{
		name:  name,
		about: "a net/http handler with hand-written SQL over the same driver: the limit",
		data:  data,
		build: func(ctx context.Context) error { return process.Build(ctx, ".", "./bench/bare", binary) },
		seed: func(ctx context.Context) error {
			return process.Run(ctx, binary, append(append([]string{"--seed"}, keyed...), seedFlags()...)...)
		},
		command: func(addr string) []string { return append([]string{binary, "--addr", addr}, keyed...) },
		signIn:  loamSignIn,
		asks:    loamRequests,
	}
}

func barePostgres(dir string) *peer {
	binary := filepath.Join(dir, "barepg")
	p := &peer{
		name:     "bare-postgres",
		about:    "a net/http handler with hand-written SQL over pgx: the limit on PostgreSQL",
		extra:    true,
		postgres: true,
		data:     filepath.Join(dir, "bare-postgres-data"),
		build:    func(ctx context.Context) error { return process.Build(ctx, ".", "./bench/barepg", binary) },
		signIn:   loamSignIn,
		asks:     loamRequests,
	}
	p.seed = func(ctx context.Context) error {
		return process.Run(ctx, binary, append([]string{"--seed", "--data", p.data, "--url", p.database.url}, seedFlags()...)...)
	}
	p.command = func(addr string) []string { return []string{binary, "--addr", addr, "--url", p.database.url} }
	return p
}

// prepare builds, seeds and starts the server, and signs in.
func (p *peer) prepare(ctx context.Context) (err error) {
	if err := p.build(ctx); err != nil {
		return err
	}
	if p.postgres {
		if p.database, err = newCluster(ctx, p.data+"-postgres"); err != nil {
			return err
		}
	}
	if p.seed != nil {
		if err := p.seed(ctx); err != nil {
			return err
		}
		text, err := os.ReadFile(filepath.Join(p.data, "ids.json"))
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, &p.rows); err != nil {
			return err
		}
	}
	if err := p.start(ctx); err != nil {
		return err
	}
	probe, err := http.NewRequestWithContext(ctx, "GET", "http://"+p.addr+"/", nil)
	if err != nil {
		return err
	}
	if err := p.server.WaitFor(ctx, probe, 0); err != nil {
		return err
	}
	if p.fill != nil {
		if err := p.fill(ctx, p); err != nil {
			return err
		}
	}
	return p.signIn(ctx, p)
}

func (p *peer) start(ctx context.Context) (err error) {
	if p.server, p.addr, err = p.launch(ctx); err != nil {
		return err
	}
	p.addrs = []string{p.addr}
	for len(p.addrs) < p.nodes {
		server, addr, err := p.launch(ctx)
		if err != nil {
			return err
		}
		p.beside, p.addrs = append(p.beside, server), append(p.addrs, addr)
		probe, err := http.NewRequestWithContext(ctx, "GET", "http://"+addr+"/readyz", nil)
		if err != nil {
			return err
		}
		if err := server.WaitFor(ctx, probe, http.StatusOK); err != nil {
			return err
		}
	}
	return nil
}

func (p *peer) launch(ctx context.Context) (*process.Server, string, error) {
	addr, err := process.FreeAddress()
	if err != nil {
		return nil, "", err
	}
	server, err := process.Start(ctx, p.command(addr), p.env)
	return server, addr, err
}

// startToAnswer starts the server on its data and asks for a row until it comes.
func (p *peer) startToAnswer(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	if err := p.start(ctx); err != nil {
		return 0, err
	}
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(p.asks(p, "get").requests[0])))
	if err != nil {
		return 0, err
	}
	text, err := io.ReadAll(request.Body)
	if err != nil {
		return 0, err
	}
	request.RequestURI, request.URL.Scheme, request.URL.Host = "", "http", p.addr
	request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	if err := p.server.WaitFor(ctx, request, http.StatusOK); err != nil {
		return 0, err
	}
	return time.Since(began), nil
}

func (p *peer) stop() {
	for _, server := range append(p.beside, p.server) {
		server.Stop()
	}
	p.server, p.beside = nil, nil
}

// cpu is what the peer has used so far, with its database.
func (p *peer) cpu() (time.Duration, error) {
	total, err := p.database.cpu()
	for _, server := range append(p.beside, p.server) {
		own, err1 := server.CPU()
		total, err = total+own, errors.Join(err, err1)
	}
	return total, err
}

func (p *peer) rss() float64 { return p.server.RSS() }

// call sends JSON and decodes the answer.
func (p *peer) call(ctx context.Context, method, path string, in, out any) error {
	text, err := json.Marshal(in)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+p.addr+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: status %d: %.500s", method, path, response.StatusCode, answer)
	}
	return json.Unmarshal(answer, out)
}
