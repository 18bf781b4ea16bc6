package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/loam-dev/loam/bench/process"
)

// peer is a server that events are published to and delivered by.
type peer struct {
	name, about string
	most        int  // connections that it is measured with
	alike       bool // in memory, to the one before it
	build       func(ctx context.Context, binary string) error
	command     func(binary, data, addr string) []string
	fill        func(ctx context.Context, r *running) error // once, over HTTP; nil for nothing
	subscribe   func(ctx context.Context, r *running, i int) (*subscriber, error)
	events      bool // by server-sent events
	path        string
	body        func(text string) string
}

// running is a peer's server at work.
type running struct {
	*peer
	*process.Server
	addr   string
	token  string
	tokens []string // of as many users as subscribe
}

func peers() []*peer {
	return []*peer{
		{
			name: "raw", about: "a loop that writes a frame made once to each connection: the limit", most: 10000,
			build:   inside("./bench/fanout/raw"),
			command: listening, subscribe: rawSubscribe, path: "/publish", body: plain,
		},
		{
			name: "centrifuge", about: "the engine of Centrifugo with one channel, JSON protocol", most: 10000,
			build:   module("centrifuge"),
			command: listening, subscribe: centrifugeSubscribe, path: "/publish", body: func(text string) string { return `{"text":"` + text + `"}` },
		},
		{
			name: "pocketbase", about: "PocketBase's server-sent events on a collection for whoever is signed in", most: 1000,
			build: module("../pocketbase"), events: true,
			command: func(binary, data, addr string) []string {
				return []string{binary, "serve", "--dev=false", "--dir", data, "--http", addr}
			},
			subscribe: pocketbaseSubscribe, path: "/api/collections/events/records", body: func(text string) string { return `{"text":"` + text + `"}` },
		},
		{
			name: "loam", about: "onCreatePlain over graphql-transport-ws, for whoever is signed in", most: 10000,
			build: inside("./cmd/loam"), command: loamCommand, fill: loamSignIn(1),
			subscribe: loamSubscribe("subscription { onCreatePlain { id key text createdAt } }"),
			path:      "/api/plains", body: func(text string) string { return `{"key":"a","text":"` + text + `"}` },
		},
		{
			name: "loam, ruled", about: "onCreateRuled: each subscriber is another user, and each event is judged for each", most: 1000, alike: true,
			build: inside("./cmd/loam"), command: loamCommand, fill: loamSignIn(1000),
			subscribe: loamSubscribe("subscription { onCreateRuled { id text createdAt } }"),
			path:      "/api/ruleds", body: func(text string) string { return `{"open":true,"text":"` + text + `"}` },
		},
	}
}

func plain(text string) string { return text }

func inside(pkg string) func(context.Context, string) error {
	return func(ctx context.Context, binary string) error { return process.Build(ctx, ".", pkg, binary) }
}

func module(dir string) func(context.Context, string) error {
	return func(ctx context.Context, binary string) error {
		return process.Build(ctx, filepath.Join("bench/fanout", dir), ".", binary)
	}
}

func listening(binary, _, addr string) []string { return []string{binary, "--addr", addr} }

func loamCommand(binary, data, addr string) []string {
	return []string{binary, "dev", "--dir", filepath.Join("bench", "fanout", "loam"), "--data", data, "--addr", addr}
}

// start starts the server on its data.
func (p *peer) start(ctx context.Context, dir string) (*running, error) {
	addr, err := process.FreeAddress()
	if err != nil {
		return nil, err
	}
	r := &running{peer: p, addr: addr}
	file := p.file(dir)
	if r.Server, err = process.Start(ctx, p.command(file, file+"-data", addr), nil); err != nil {
		return nil, err
	}
	probe, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/", nil)
	if err != nil {
		return nil, err
	}
	if err := r.WaitFor(ctx, probe, 0); err != nil {
		return nil, err
	}
	if p.fill != nil {
		err = p.fill(ctx, r)
	} else if p.events {
		err = pocketbaseSignIn(ctx, r)
	}
	return r, err
}

// post sends JSON and decodes the answer, if out is not nil.
func (r *running) post(ctx context.Context, path, body, token string, out any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+r.addr+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= 300 {
		err = fmt.Errorf("POST %s: status %d: %.300s", path, response.StatusCode, answer)
	}
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(answer, out)
}

func rawSubscribe(ctx context.Context, r *running, _ int) (*subscriber, error) {
	return dialSocket(ctx, r.addr, "/ws", "")
}

func centrifugeSubscribe(ctx context.Context, r *running, _ int) (*subscriber, error) {
	s, err := dialSocket(ctx, r.addr, "/ws", "")
	if err == nil {
		err = s.send(opText, `{"id":1,"connect":{}}`+"\n"+`{"id":2,"subscribe":{"channel":"events"}}`)
	}
	if err == nil {
		err = s.await(`"id":2`)
	}
	return s, err
}

// loamSignIn makes so many users; the tokens live longer than a run does.
func loamSignIn(users int) func(context.Context, *running) error {
	return func(ctx context.Context, r *running) error {
		r.tokens = make([]string, users)
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(8)
		for i := range users {
			g.Go(func() error {
				var out struct{ AccessToken string }
				err := r.post(ctx, "/auth/anonymous", "{}", "", &out)
				r.tokens[i] = out.AccessToken
				return err
			})
		}
		err := g.Wait()
		r.token = r.tokens[0]
		return err
	}
}

func loamSubscribe(document string) func(context.Context, *running, int) (*subscriber, error) {
	return func(ctx context.Context, r *running, i int) (*subscriber, error) {
		s, err := loamConnect(ctx, r, r.tokens[i%len(r.tokens)])
		if err == nil {
			err = s.follow("1", document)
		}
		if err == nil {
			err = s.settled()
		}
		return s, err
	}
}

func loamConnect(ctx context.Context, r *running, token string) (*subscriber, error) {
	s, err := dialSocket(ctx, r.addr, "/graphql", "graphql-transport-ws")
	if err == nil {
		err = s.send(opText, `{"type":"connection_init","payload":{"Authorization":"Bearer `+token+`"}}`)
	}
	if err == nil {
		err = s.await(`"connection_ack"`)
	}
	return s, err
}

func (s *subscriber) follow(id, document string) error {
	text, err := json.Marshal(map[string]any{"id": id, "type": "subscribe", "payload": map[string]string{"query": document}})
	if err != nil {
		return err
	}
	return s.send(opText, string(text))
}

// settled waits until the server has taken what was sent.
func (s *subscriber) settled() error {
	if err := s.send(opText, `{"type":"ping"}`); err != nil {
		return err
	}
	return s.await(`"pong"`)
}

// The one user of PocketBase.
const (
	email    = "ada@bench.example.com"
	password = "correct horse battery staple"
)

func pocketbaseSignIn(ctx context.Context, r *running) error {
	var out struct{ Token string }
	body := fmt.Sprintf(`{"identity":%q,"password":%q}`, email, password)
	err := r.post(ctx, "/api/collections/users/auth-with-password", body, "", &out)
	r.token = out.Token
	return err
}

func pocketbaseSubscribe(ctx context.Context, r *running, _ int) (*subscriber, error) {
	s, err := dial(ctx, r.addr, "/api/realtime", "Accept: text/event-stream")
	if err != nil {
		return nil, err
	}
	for {
		line, err := s.in.ReadBytes('\n')
		if err != nil {
			return nil, err
		}
		if data, ok := bytes.CutPrefix(line, []byte("data:")); ok {
			var in struct{ ClientID string }
			if err := json.Unmarshal(data, &in); err != nil {
				return nil, err
			}
			return s, r.post(ctx, "/api/realtime", fmt.Sprintf(`{"clientId":%q,"subscriptions":["events"]}`, in.ClientID), r.token, nil)
		}
	}
}

// seedPocketBase makes its collections and user before the first start.
func seedPocketBase(ctx context.Context, dir string) error {
	return process.Run(ctx, filepath.Join(dir, "pocketbase"), "seed", "--dev=false", "--dir", filepath.Join(dir, "pocketbase-data"),
		"--projects", "1", "--tasks", "1", "--people", "1", "--email", email, "--password", password)
}

// connect subscribes n times.
func (r *running) connect(ctx context.Context, n int, t *tally, lost func(error)) ([]*subscriber, error) {
	var mu sync.Mutex
	var all []*subscriber
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i := range n {
		g.Go(func() error {
			s, err := r.subscribe(ctx, r, i)
			if err != nil {
				return fmt.Errorf("subscriber %d: %w", i, err)
			}
			mu.Lock()
			all = append(all, s)
			mu.Unlock()
			go func() {
				listen := s.listen
				if r.events {
					listen = s.listenEvents
				}
				if err := listen(t); err != nil {
					lost(err)
				}
			}()
			return nil
		})
	}
	return all, g.Wait()
}
