// Command capacity puts the load of a whole product on one server: accounts in
// organizations, of whom some are at work, each with a live list open. It runs on Linux,
// on the loopback, and shares the machine with the server that it measures.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sync/errgroup"

	"github.com/loam-dev/loam/bench/process"
)

const (
	password  = "correct horse battery staple"
	masterKey = "9f2c61d07be84a35c8d11e6f3a74b20958efc3476d1ba0e25394c8f07e6bd31a" // no secret: it lives as long as the run
	inBatch   = 100
	tasks     = 100 // of an organization, in one project
	refreshes = 15 * time.Minute
)

// The profile: of all accounts a tenth is at work in the busiest hour. Each acts twice a
// minute, by looking at a board and at one of its tasks, and at every fourth time by
// writing one.
const (
	atWork   = 10
	acts     = 30 * time.Second
	perWrite = 4
)

type settings struct {
	users, orgs int
	length      time.Duration
	out         string
}

func main() {
	var s settings
	flag.IntVar(&s.users, "users", 100_000, "accounts")
	flag.IntVar(&s.orgs, "orgs", 2000, "organizations, of equally many members")
	flag.DurationVar(&s.length, "for", 10*time.Minute, "length of the measurement")
	flag.StringVar(&s.out, "o", "", "write the table to this file as well")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "capacity:", err)
		os.Exit(1)
	}
}

func note(format string, args ...any) { fmt.Fprintf(os.Stderr, "capacity: "+format+"\n", args...) }

// product is the server and those who use it.
type product struct {
	settings
	dir, addr string
	server    *process.Server
	client    *http.Client
	hash      string
	active    []*user
	kinds     map[string]*kind
	live      atomic.Int64 // events that came by live lists
	lists     atomic.Int64 // that are open
}

type user struct {
	email, token, refresh string
	project               string
	tasks                 []string // some of the project's, which all of the organization share
}

// kind is a kind of request.
type kind struct {
	mu     sync.Mutex
	took   []time.Duration
	failed map[string]int
}

func run(ctx context.Context, s settings) error {
	dir, err := os.MkdirTemp("", "loam-capacity-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p := &product{settings: s, dir: dir, kinds: map[string]*kind{},
		client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 512}}}
	for _, name := range []string{"list", "get", "create", "update", "refresh"} {
		p.kinds[name] = &kind{failed: map[string]int{}}
	}
	if err := p.start(ctx); err != nil {
		return err
	}
	defer p.server.Stop()
	if err := p.fill(ctx); err != nil {
		return err
	}
	text, err := p.measure(ctx)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(os.Stdout, text); err != nil || s.out == "" {
		return err
	}
	return os.WriteFile(s.out, []byte(text), 0o644)
}

func (p *product) start(ctx context.Context) (err error) {
	binary := filepath.Join(p.dir, "loam")
	if err := process.Build(ctx, ".", "./cmd/loam", binary); err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(p.dir, "project"), os.DirFS(filepath.Join("bench", "loam"))); err != nil {
		return err
	}
	if p.addr, err = process.FreeAddress(); err != nil {
		return err
	}
	env := []string{"LOAM_MASTER_KEY=" + masterKey}
	p.server, err = process.Start(ctx, []string{binary, "serve", "--dir", filepath.Join(p.dir, "project"), "--data", filepath.Join(p.dir, "data"), "--addr", p.addr}, env)
	if err != nil {
		return err
	}
	ready, err := http.NewRequestWithContext(ctx, "GET", "http://"+p.addr+"/readyz", nil)
	if err != nil {
		return err
	}
	return p.server.WaitFor(ctx, ready, http.StatusOK)
}

// fill makes the accounts, the organizations and their rows, and signs in who is at work.
func (p *product) fill(ctx context.Context) error {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost) // of the system that they came from
	if err != nil {
		return err
	}
	p.hash = string(hash)
	note("importing %d founders", p.orgs)
	founders := make([]*user, p.orgs)
	for i := range founders {
		founders[i] = &user{email: fmt.Sprintf("founder%d@example.com", i)}
	}
	if err := p.load(ctx, founders, nil); err != nil {
		return err
	}
	note("they sign in")
	orgs := make([]string, p.orgs)
	if err := each(ctx, len(founders), 16, func(i int) (err error) {
		orgs[i], err = p.signIn(ctx, founders[i])
		return err
	}); err != nil {
		return err
	}
	members := make([]*user, 0, p.users)
	in := make([]string, 0, p.users)
	for i := range p.users - p.orgs {
		members = append(members, &user{email: fmt.Sprintf("member%d@example.com", i)})
		in = append(in, orgs[i%p.orgs])
	}
	note("importing %d members", len(members))
	if err := p.load(ctx, members, in); err != nil {
		return err
	}
	note("making %d rows", p.orgs*tasks)
	if err := each(ctx, len(founders), 8, func(i int) error { return p.rows(ctx, founders[i]) }); err != nil {
		return err
	}
	p.active = founders
	more := members[:max(0, min(len(members), p.users/atWork-p.orgs))]
	note("%d more sign in", len(more))
	err = each(ctx, len(more), 16, func(i int) error {
		of := founders[i%p.orgs]
		more[i].project, more[i].tasks = of.project, of.tasks
		_, err := p.signIn(ctx, more[i])
		return err
	})
	p.active = append(p.active, more...)
	if err != nil {
		return err
	}
	note("all have a fresh token")
	return each(ctx, len(p.active), 16, func(i int) error { return p.renew(p.active[i]) })
}

func (p *product) renew(u *user) error {
	var out struct{ AccessToken, RefreshToken string }
	err := p.call(context.Background(), "POST", "/auth/refresh", "", map[string]string{"refreshToken": u.refresh}, &out)
	if err == nil {
		u.token, u.refresh = out.AccessToken, out.RefreshToken
	}
	return err
}

func each(ctx context.Context, n, atOnce int, fn func(i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error { return fn(i) })
	}
	return group.Wait()
}

// load imports accounts, each with the hash of a password.
func (p *product) load(ctx context.Context, users []*user, orgs []string) error {
	var b strings.Builder
	b.WriteString("email,email_verified,name,password_hash,org,role\n")
	for i, u := range users {
		org, role := "", ""
		if orgs != nil {
			org, role = orgs[i], "member"
		}
		fmt.Fprintf(&b, "%s,true,%s,%s,%s,%s\n", u.email, strings.Split(u.email, "@")[0], p.hash, org, role)
	}
	path := filepath.Join(p.dir, "users.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		return err
	}
	return process.Run(ctx, filepath.Join(p.dir, "loam"), "user", "import", path, "--dir", filepath.Join(p.dir, "project"), "--data", filepath.Join(p.dir, "data"))
}

func (p *product) signIn(ctx context.Context, u *user) (org string, err error) {
	var out struct {
		AccessToken, RefreshToken string
		Organization              struct{ ID string }
	}
	err = p.call(ctx, "POST", "/auth/sign-in", "", map[string]string{"email": u.email, "password": password}, &out)
	u.token, u.refresh = out.AccessToken, out.RefreshToken
	return out.Organization.ID, err
}

// rows makes an organization's project with its tasks.
func (p *product) rows(ctx context.Context, u *user) error {
	var project struct{ ID string }
	if err := p.call(ctx, "POST", "/api/projects", u.token, map[string]string{"name": "The plan"}, &project); err != nil {
		return err
	}
	u.project = project.ID
	for from := 0; from < tasks; from += inBatch {
		var operations []any
		for i := range inBatch {
			operations = append(operations, map[string]any{"method": "POST", "path": "/api/tasks", "body": task(u, from+i)})
		}
		var out struct {
			Results []struct{ Body struct{ ID string } }
		}
		if err := p.call(ctx, "POST", "/api/batch", u.token, map[string]any{"operations": operations}, &out); err != nil {
			return err
		}
		for _, r := range out.Results[:10] {
			u.tasks = append(u.tasks, r.Body.ID)
		}
	}
	return nil
}

func task(u *user, i int) map[string]string {
	return map[string]string{"title": fmt.Sprintf("Task %d of the plan", i), "projectId": u.project,
		"body": "What is to be done, in a sentence or two that a person would write."}
}

func (p *product) call(ctx context.Context, method, path, token string, in, out any) error {
	var body io.Reader = http.NoBody
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+p.addr+path, body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %d %.300s", method, path, res.StatusCode, text)
	}
	return json.Unmarshal(text, out)
}

// measure has everybody at work for a while, and tells how long they waited.
func (p *product) measure(ctx context.Context) (string, error) {
	end, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	broken := make(chan error, 1)
	note("%d open a live list", len(p.active))
	if err := each(ctx, len(p.active), 16, func(i int) error {
		lines, err := p.follow(end, p.active[i])
		if err != nil {
			return err
		}
		p.lists.Add(1)
		all.Go(func() {
			defer p.lists.Add(-1)
			if err := p.listen(lines); end.Err() == nil {
				select {
				case broken <- err:
				default:
				}
			}
		})
		return nil
	}); err != nil {
		return "", err
	}
	note("they work for %v", p.length)
	before, err := p.server.CPU()
	if err != nil {
		return "", err
	}
	began := time.Now()
	work, rest := context.WithTimeout(end, p.length)
	defer rest()
	var working sync.WaitGroup
	for _, u := range p.active {
		working.Go(func() { p.work(work, u) })
	}
	working.Wait()
	took := time.Since(began)
	after, err := p.server.CPU()
	if err != nil {
		return "", err
	}
	select {
	case err := <-broken:
		return "", fmt.Errorf("a live list ended: %w", err)
	case <-ctx.Done():
		return "", ctx.Err()
	default:
	}
	return p.table(took, after-before), nil
}

// work is what one user does: at times of their own, whether or not the server keeps up.
func (p *product) work(ctx context.Context, u *user) {
	fresh := time.Now().Add(time.Duration(rand.Int64N(int64(refreshes))))
	for next := time.Now().Add(time.Duration(rand.Int64N(int64(acts)))); ; next = next.Add(time.Duration(rand.ExpFloat64() * float64(acts))) {
		select {
		case <-time.After(time.Until(next)):
		case <-ctx.Done():
			return
		}
		at := next
		if next.After(fresh) {
			p.timed("refresh", at, func() error { return p.renew(u) })
			fresh, at = fresh.Add(refreshes), time.Now()
		}
		var out any
		one := u.tasks[rand.IntN(len(u.tasks))]
		p.timed("list", at, func() error {
			return p.call(context.Background(), "GET", "/api/tasks?projectId="+u.project+"&status=TODO&sort=-createdAt&limit=30", u.token, nil, &out)
		})
		at = time.Now()
		p.timed("get", at, func() error { return p.call(context.Background(), "GET", "/api/tasks/"+one, u.token, nil, &out) })
		at = time.Now()
		switch rand.IntN(2 * perWrite) {
		case 0:
			p.timed("create", at, func() error { return p.call(context.Background(), "POST", "/api/tasks", u.token, task(u, 0), &out) })
		case 1:
			p.timed("update", at, func() error {
				return p.call(context.Background(), "PATCH", "/api/tasks/"+one, u.token, map[string]string{"title": "Done at " + strconv.FormatInt(at.UnixNano(), 10)}, &out)
			})
		}
	}
}

func (p *product) timed(name string, from time.Time, fn func() error) {
	err := fn()
	took := time.Since(from)
	k := p.kinds[name]
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		k.failed[err.Error()]++
		return
	}
	k.took = append(k.took, took)
}

// follow opens a live list of the ten newest tasks.
func (p *product) follow(ctx context.Context, u *user) (*bufio.Reader, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.addr)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { conn.Close() })
	_, err = fmt.Fprintf(conn, "GET /api/tasks?projectId=%s&sort=-createdAt&limit=10 HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nAccept: text/event-stream\r\n\r\n", u.project, p.addr, u.token)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewReaderSize(conn, 512)
	status, err := lines.ReadString('\n')
	if err == nil && !strings.Contains(status, " 200 ") {
		err = errors.New("following: " + strings.TrimSpace(status))
	}
	return lines, err
}

func (p *product) listen(lines *bufio.Reader) error {
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		if bytes.HasPrefix(line, []byte("event:")) {
			if bytes.Contains(line, []byte("error")) {
				return fmt.Errorf("told %s", line)
			}
			p.live.Add(1)
		}
	}
}

func (p *product) table(took, cpu time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d accounts in %d organizations of %d rows, %d of them at work, each with a live list open, for %v; %d cores, shared with the clients.\n\n",
		p.users, p.orgs, tasks+1, len(p.active), took.Round(time.Second), runtime.NumCPU())
	b.WriteString("| request | a second | p50 ms | p95 ms | p99 ms | failed |\n| --- | --- | --- | --- | --- | --- |\n")
	total := &kind{failed: map[string]int{}}
	for _, name := range []string{"list", "get", "create", "update", "refresh"} {
		k := p.kinds[name]
		total.took = append(total.took, k.took...)
		for why, n := range k.failed {
			total.failed[why] += n
		}
		b.WriteString(k.row(name, took))
	}
	b.WriteString(total.row("all", took))
	fmt.Fprintf(&b, "\nThe server used %.2f cores and held %.0f MiB; live lists told %.0f events a second over %d connections.\n",
		cpu.Seconds()/took.Seconds(), p.server.RSS(), float64(p.live.Load())/took.Seconds(), p.lists.Load())
	for why, n := range total.failed {
		fmt.Fprintf(&b, "\n%d times: %s\n", n, why)
	}
	return b.String()
}

func (k *kind) row(name string, took time.Duration) string {
	failed := 0
	for _, n := range k.failed {
		failed += n
	}
	slices.Sort(k.took)
	at := func(q float64) float64 {
		if len(k.took) == 0 {
			return 0
		}
		return float64(k.took[int(q*float64(len(k.took)-1))].Microseconds()) / 1000
	}
	return fmt.Sprintf("| %s | %.0f | %.2f | %.2f | %.2f | %d |\n", name, float64(len(k.took))/took.Seconds(), at(0.5), at(0.95), at(0.99), failed)
}
