package fault

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/bus/bustest"
	"github.com/loam-dev/loam/internal/store/storetest"
	"github.com/loam-dev/loam/internal/testkit"
)

const (
	probing   = 20 * time.Millisecond  // between two looks of the balancer at /readyz
	lingering = 300 * time.Millisecond // LOAM_DRAIN_DELAY
	mostStop  = 40 * time.Second
)

// TestRollingDeploy replaces two servers, one after the other, by those of a newer
// schema while clients write and follow: no request fails, nobody who follows misses
// an event, and the servers of before serve on beside the migrated tables.
func TestRollingDeploy(t *testing.T) {
	t.Setenv("LOAM_DRAIN_DELAY", lingering.String())
	s := newSite(t)
	s.database = storetest.URL(t)
	f := &fleet{site: s, failed: map[string]int{}}
	for range 2 {
		f.add()
	}
	s.url = f.nodes[0].url
	s.signUp()
	f.begin()
	f.untilBusy()
	f.restart(f.nodes[0])
	newer := strings.Replace(noteSchema, "text: String", "text: String more: Int! @default(value: \"7\")", 1)
	f.nodes[1].write(newer)
	f.migrate(f.nodes[1])
	f.untilBusy()
	f.untilKnown(f.nodes[1], "more", http.StatusOK) // it took the schema into use
	f.restart(f.nodes[0])                           // with the files of before
	f.untilKnown(f.nodes[0], "more", http.StatusBadRequest)
	f.untilBusy()
	f.nodes[0].write(newer)
	f.restart(f.nodes[0])
	f.untilKnown(f.nodes[0], "more", http.StatusOK)
	f.restart(f.nodes[1])
	f.end()
	if out, err := f.nodes[0].command("serve", "--addr", "127.0.0.1:0").CombinedOutput(); err == nil || !bytes.Contains(out, []byte("another server has the data directory")) {
		t.Errorf("a second server takes the directory of one that runs: %v\n%s", err, out)
	}
	f.nodes[1].write(strings.Replace(noteSchema, "text: String", "never: Int", 1))
	f.stop(f.nodes[1])
	if out, err := f.nodes[1].command("serve", "--addr", "127.0.0.1:0").CombinedOutput(); err == nil || !bytes.Contains(out, []byte("run `loam migrate`")) {
		t.Errorf("a schema that the database never had is served: %v\n%s", err, out)
	}
}

// TestStopsAtOnce: told to stop a second time, the server does so, whatever it was
// waiting for; until then it answers, and says that it is leaving.
func TestStopsAtOnce(t *testing.T) {
	t.Setenv("LOAM_DRAIN_DELAY", "1m")
	s := newSite(t)
	p := s.start()
	t.Cleanup(p.kill)
	_ = p.Process.Signal(syscall.SIGTERM)
	s.untilReady(http.StatusServiceUnavailable)
	res, err := http.Get(s.url + "/healthz")
	if err != nil || res.StatusCode != http.StatusOK || !res.Close {
		t.Fatalf("while it is leaving: %+v %v", res, err)
	}
	res.Body.Close()
	_ = p.Process.Signal(syscall.SIGTERM)
	p.ended(t)
	if p.ProcessState.Success() {
		t.Error("it ended as if all was done")
	}
}

// ended waits for the process to end.
func (p *process) ended(t *testing.T) {
	t.Helper()
	late := time.AfterFunc(mostStop, func() { _ = p.Process.Kill() })
	_ = p.Wait()
	if !late.Stop() {
		t.Fatalf("it has not ended after %v", mostStop)
	}
}

// node is a server of a fleet.
type node struct {
	site
	p  *process
	at atomic.Pointer[string] // its address; nil while it is not ready
}

func (n *node) write(schema string) {
	if err := os.WriteFile(filepath.Join(n.dir, "schema.graphql"), []byte(schema), 0o600); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(n.bin, append([]string{name, "--dir", n.dir, "--data", filepath.Join(n.dir, "data")}, args...)...)
	c.Env = append(os.Environ(), "LOAM_MASTER_KEY="+testkit.MasterKey, "LOAM_DATABASE_URL="+n.database)
	return c
}

// fleet is servers of one database behind a balancer that asks each whether it is ready.
type fleet struct {
	*site
	nodes   []*node
	bus     *bustest.Server    // nil: none
	links   []*bustest.Link    // of each to it
	rest    context.CancelFunc // of who works
	working sync.WaitGroup
	cancel  context.CancelFunc
	group   sync.WaitGroup
	patient bool         // a request that the server died over is made again, under its key
	done    atomic.Int64 // requests
	made    atomic.Int64 // rows
	again   atomic.Int64 // requests that were made again

	mu     sync.Mutex
	failed map[string]int
	list   testkit.LiveList
	last   string
	told   int
	breaks int // of the follower's connection
}

func (f *fleet) add() {
	n := &node{site: *f.site}
	n.dir = f.t.TempDir()
	if err := os.CopyFS(n.dir, os.DirFS(f.dir)); err != nil {
		f.t.Fatal(err)
	}
	if f.bus != nil {
		link := bustest.NewLink(f.t, f.bus.Address())
		n.nats, f.links = link.URL(), append(f.links, link)
	}
	f.up(n)
	f.nodes = append(f.nodes, n)
	f.t.Cleanup(func() { n.p.kill() })
}

func (f *fleet) up(n *node) {
	f.t.Helper()
	n.p = n.start()
	at := n.url
	n.at.Store(&at)
}

// stop ends a server as a deployment does, and waits until it has ended well.
func (f *fleet) stop(n *node) {
	f.t.Helper()
	_ = n.p.Process.Signal(syscall.SIGTERM)
	n.p.ended(f.t)
	if !n.p.ProcessState.Success() {
		f.t.Fatalf("the server ended with %v", n.p.ProcessState)
	}
}

func (f *fleet) restart(n *node) {
	f.t.Helper()
	f.stop(n)
	f.up(n)
	f.untilBusy()
}

func (f *fleet) migrate(n *node) {
	f.t.Helper()
	if out, err := n.command("migrate", "--yes").CombinedOutput(); err != nil {
		f.t.Fatalf("loam migrate: %v\n%s", err, out)
	}
}

func (f *fleet) begin() {
	ctx, cancel := context.WithCancel(context.Background())
	f.cancel = cancel
	work, rest := context.WithCancel(ctx)
	f.rest = rest
	f.t.Cleanup(func() { cancel(); f.working.Wait(); f.group.Wait() })
	for _, n := range f.nodes {
		f.group.Go(func() { n.probe(ctx) })
	}
	for w := range 4 {
		f.working.Go(func() {
			client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 2}}
			for step := 0; work.Err() == nil; step++ {
				out := f.ask(ctx, client, "POST", "/api/notes", fmt.Sprintf(`{"writer":%d,"step":%d}`, w, step))
				if id, ok := out["id"].(string); ok {
					f.made.Add(1)
					f.ask(ctx, client, "PATCH", "/api/notes/"+id, `{"step":-1}`)
					f.ask(ctx, client, "GET", "/api/notes/"+id, "")
				}
				f.ask(ctx, client, "GET", "/api/notes?limit=5", "")
			}
		})
	}
	f.group.Go(func() {
		for ctx.Err() == nil {
			if err := f.follow(ctx); err != nil && ctx.Err() == nil && !(f.patient && errors.Is(err, errDied)) {
				f.mu.Lock()
				f.failed["GET "+err.Error()]++
				f.mu.Unlock()
			}
		}
	})
}

// probe does what a load balancer does.
func (n *node) probe(ctx context.Context) {
	for ; ctx.Err() == nil; time.Sleep(probing) {
		at := n.at.Load()
		if at == nil {
			continue
		}
		res, err := http.Get(*at + "/readyz")
		if err == nil {
			res.Body.Close()
		}
		if err != nil || res.StatusCode != http.StatusOK {
			n.at.CompareAndSwap(at, nil)
		}
	}
}

// pick is a server that is ready.
func (f *fleet) pick(ctx context.Context) string {
	for ; ctx.Err() == nil; time.Sleep(time.Millisecond) {
		for _, i := range rand.Perm(len(f.nodes)) {
			if at := f.nodes[i].at.Load(); at != nil {
				return *at
			}
		}
	}
	return ""
}

func (f *fleet) ask(ctx context.Context, client *http.Client, method, path, body string) (out map[string]any) {
	key := fmt.Sprintf("key %d", rand.Int64())
	for {
		at := f.pick(ctx)
		if at == "" {
			return nil
		}
		out, died, err := f.askOne(client, at, method, path, body, key)
		if died && f.patient && ctx.Err() == nil {
			f.again.Add(1)
			continue
		}
		if f.done.Add(1); err != nil {
			f.mu.Lock()
			f.failed[method+" "+err.Error()]++
			f.mu.Unlock()
		}
		return out
	}
}

// askOne asks one server, and tells whether it died over the answer.
func (f *fleet) askOne(client *http.Client, at, method, path, body, key string) (out map[string]any, died bool, err error) {
	r, err := http.NewRequest(method, at+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Authorization", "Bearer "+f.token)
	r.Header.Set("Content-Type", "application/json")
	if f.patient && method != http.MethodGet {
		r.Header.Set("Idempotency-Key", key)
	}
	r.GetBody = nil // no second try
	res, err := client.Do(r)
	if err != nil {
		return nil, true, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, true, err
	}
	if err = json.Unmarshal(text, &out); err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("%d %s", res.StatusCode, text)
	}
	return out, false, err
}

const followed = "/api/notes?writer=0&limit=1000&sort=id&fields=id,step,version"

var errDied = errors.New("the server broke off without a word")

// follow is told of a list for as long as the connection lasts.
func (f *fleet) follow(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, "GET", f.pick(ctx)+followed, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+f.token)
	r.Header.Set("Accept", "text/event-stream")
	f.mu.Lock()
	if f.last != "" {
		r.Header.Set("Last-Event-ID", f.last)
	}
	f.breaks++
	f.mu.Unlock()
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return errors.Join(errDied, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(res.Body)
		return fmt.Errorf("following: %s %s", res.Status, text)
	}
	for lines := bufio.NewReader(res.Body); ; {
		e, err := event(lines)
		switch {
		case err != nil && ctx.Err() == nil:
			return fmt.Errorf("%w: %w", errDied, err)
		case err != nil:
			return nil
		case e.Name == "error" && strings.Contains(e.Data, "realtime/restart"):
			return nil
		}
		f.mu.Lock()
		if e.ID != "" {
			f.last = e.ID
		}
		f.told++
		err = f.list.Apply(e)
		f.mu.Unlock()
		if err != nil || e.Name == "error" {
			return fmt.Errorf("told %+v: %w", e, err)
		}
	}
}

// untilLevel waits until who follows knows what a server answers.
func (f *fleet) untilLevel(n *node) {
	f.t.Helper()
	n.token = f.token
	fresh := n.rows(followed)
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		f.mu.Lock()
		rows := make([]string, len(f.list.Rows))
		for i, r := range f.list.Rows {
			rows[i] = r.Row
		}
		f.mu.Unlock()
		known := strings.Join(rows, "\n")
		if known == fresh {
			return
		}
		if time.Since(began) > mostStop {
			f.t.Fatalf("who follows knows\n%s\nthe server says\n%s", known, fresh)
		}
	}
}

// untilBusy waits until some requests have been answered.
func (f *fleet) untilBusy() {
	f.t.Helper()
	from := f.done.Load()
	for began := time.Now(); f.done.Load() < from+200; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > mostStop {
			f.t.Fatal("nothing is answered")
		}
	}
}

// untilKnown waits until a server answers so where it is asked for a field.
func (f *fleet) untilKnown(n *node, field string, status int) {
	f.t.Helper()
	n.token = f.token
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		got, out, err := n.do("GET", "/api/notes?limit=1&fields="+field, nil)
		if err == nil && got == status {
			return
		}
		if time.Since(began) > mostStop {
			f.t.Fatalf("asked for %s: %d %v %v", field, got, out, err)
		}
	}
}

// end looks at what came of it.
func (f *fleet) end() {
	f.t.Helper()
	f.rest()
	f.working.Wait()
	f.untilLevel(f.nodes[1])
	f.cancel()
	f.group.Wait()
	f.t.Logf("%d requests, %d of them made again; who followed was told %d events over %d connections", f.done.Load(), f.again.Load(), f.told, f.breaks)
	if len(f.failed) > 0 {
		f.t.Errorf("requests failed: %v", f.failed)
	}
}
