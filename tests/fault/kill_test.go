// Package fault kills the real server while clients write to it over HTTP, and
// holds what it finds after each restart against what had been acknowledged.
// Package tests/kill does the same to the database alone, harder.
package fault

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/sqlite"
	"github.com/loam-dev/loam/internal/testkit"
	"github.com/loam-dev/loam/internal/vault"
)

const (
	killsOfTest = 15
	killsOfSoak = 200
	writers     = 8
	mostLife    = 700 * time.Millisecond // of a server under load
	mostStart   = 10 * time.Second       // to its first answer, beside other tests
)

const noteSchema = `
type Note @model @auth(rules: [{ allow: member }]) {
  writer: Int!
  step: Int!
  text: String
}
`

// note is what a writer knows of one of its rows.
type note struct {
	step    int64
	version int64
	gone    bool
}

// doubt is a request without an answer: after a kill either state is right.
type doubt struct {
	ids         []string // all of them together, or none
	is          note
	description string
}

// writer is one client with rows of its own.
type writer struct {
	n     int
	notes map[string]note // what was acknowledged, by id
	doubt *doubt
	next  int
	acks  int
}

// TestKilledServer kills the server at random moments and checks after each
// restart: nothing that was acknowledged is lost, a batch is there whole or not
// at all, the change log has one entry for each change of a row, in order, and
// the file is sound.
func TestKilledServer(t *testing.T) {
	if os.Getenv("LOAM_SOAK") != "" {
		killAgainAndAgain(t, killsOfSoak)
		return
	}
	killAgainAndAgain(t, killsOfTest)
}

func killAgainAndAgain(t *testing.T, kills int) {
	s := newSite(t)
	all := make([]*writer, writers)
	for i := range all {
		all[i] = &writer{n: i, notes: map[string]note{}}
	}
	var starts []time.Duration
	round := 0
	for ; round < kills && !testkit.Late(t); round++ {
		p := s.start()
		starts = append(starts, p.took)
		if round == 0 {
			s.signUp()
		} else {
			s.verify(all)
		}
		s.load(all, p)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	p := s.start()
	s.verify(all)
	p.kill()
	s.audit(all)
	acks, slowest := 0, time.Duration(0)
	for _, w := range all {
		acks += w.acks
	}
	for _, took := range starts {
		slowest = max(slowest, took)
	}
	t.Logf("%d kills, %d acknowledged writes, none lost; the slowest start took %v", round, acks, slowest.Round(time.Millisecond))
	if acks < round {
		t.Errorf("only %d writes were acknowledged in %d rounds", acks, round)
	}
}

// site is a project on disk and the binary that serves it.
type site struct {
	t        *testing.T
	dir, bin string
	data     string // the data directory, in dir
	database string // the URL of PostgreSQL's; a file, if empty
	nats     string // the URL of NATS; none, if empty
	url      string
	token    string
	refresh  string
	client   *http.Client
}

func newSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("../../scripts/loam.sh")
	build.Stderr = os.Stderr
	loam, err := build.Output()
	if err != nil {
		t.Fatal("building loam: ", err)
	}
	for name, text := range map[string]string{"schema.graphql": noteSchema, "loam.yaml": "auth:\n  email:\n    confirm: none\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &site{t: t, dir: dir, bin: strings.TrimSpace(string(loam)), data: "data", client: &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: writers},
	}}
}

// process is a running server.
type process struct {
	*exec.Cmd
	took time.Duration
}

func (p *process) kill() {
	_ = p.Process.Kill()
	_ = p.Wait() // killed: its error says nothing
}

func (s *site) environment() []string {
	return append(os.Environ(), "LOAM_MASTER_KEY="+testkit.MasterKey, "LOAM_DATABASE_URL="+s.database, "LOAM_NATS_URL="+s.nats)
}

// start runs the server until it answers.
func (s *site) start() *process {
	s.t.Helper()
	p := &process{Cmd: exec.Command(s.bin, "serve", "--dir", s.dir, "--data", filepath.Join(s.dir, s.data), "--addr", "127.0.0.1:0")}
	p.Env = s.environment()
	var log bytes.Buffer
	p.Stderr = &log
	out, err := p.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	began := time.Now()
	if err := p.Start(); err != nil {
		s.t.Fatal(err)
	}
	ready := make(chan string, 1)
	go func() {
		text := make([]byte, 0, 256)
		piece := make([]byte, 256)
		for !bytes.Contains(text, []byte("\n")) {
			n, err := out.Read(piece)
			text = append(text, piece[:n]...)
			if err != nil {
				break
			}
		}
		ready <- string(text)
		_, _ = io.Copy(io.Discard, out)
	}()
	select {
	case line := <-ready:
		_, address, ok := strings.Cut(strings.TrimSpace(line), "ready ")
		if !ok {
			p.kill()
			s.t.Fatalf("the server says %q\n%s", line, log.String())
		}
		s.url = strings.Fields(address)[0]
	case <-time.After(time.Minute):
		p.kill()
		s.t.Fatalf("the server does not start\n%s", log.String())
	}
	s.client.CloseIdleConnections()
	if status, _, err := s.do("GET", "/readyz", nil); err != nil || status != http.StatusOK {
		s.t.Fatalf("/readyz: %d %v", status, err)
	}
	if p.took = time.Since(began); p.took > mostStart && s.database == "" {
		s.t.Errorf("the server took %v to its first answer", p.took)
	}
	return p
}

func (s *site) do(method, path string, body any) (int, map[string]any, error) {
	var in io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		in = bytes.NewReader(text)
	}
	r, err := http.NewRequest(method, s.url+path, in)
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	if s.token != "" {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	res, err := s.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil, err
	}
	var out map[string]any
	if len(text) > 0 {
		if err := json.Unmarshal(text, &out); err != nil && res.StatusCode != http.StatusOK {
			return 0, nil, err
		}
	}
	return res.StatusCode, out, nil
}

func (s *site) signUp() {
	s.t.Helper()
	status, out, err := s.do("POST", "/auth/sign-up", map[string]any{"email": "ada@example.com", "password": "correct horse battery", "name": "Ada"})
	if err != nil || status != http.StatusCreated {
		s.t.Fatalf("sign-up: %d %v %v", status, out, err)
	}
	s.token, s.refresh = out["accessToken"].(string), out["refreshToken"].(string)
}

// load lets all writers write until the server is killed under them.
func (s *site) load(all []*writer, p *process) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for _, w := range all {
		group.Go(func() {
			for ctx.Err() == nil && w.step(s) {
			}
		})
	}
	time.Sleep(time.Duration(rand.Int64N(int64(mostLife))))
	p.kill()
	cancel()
	group.Wait()
}

// verify asks the server for all rows, and settles what was in doubt.
func (s *site) verify(all []*writer) {
	s.t.Helper()
	found := make([]map[string]note, writers)
	for i := range found {
		found[i] = map[string]note{}
	}
	cursor := ""
	for {
		status, page, err := s.do("GET", "/api/notes?limit=1000"+cursor, nil)
		if err != nil || status != http.StatusOK {
			s.t.Fatalf("listing: %d %v", status, err)
		}
		for _, item := range page["items"].([]any) {
			row := item.(map[string]any)
			found[int(row["writer"].(float64))][row["id"].(string)] = note{step: int64(row["step"].(float64)), version: int64(row["version"].(float64))}
		}
		next, more := page["nextCursor"].(string)
		if !more {
			break
		}
		cursor = "&cursor=" + next
	}
	for i, w := range all {
		if err := w.settle(found[i]); err != nil {
			s.t.Errorf("writer %d: %v", w.n, err)
		}
	}
}

// audit opens the file itself, encrypted as it is: is it sound, and does the
// change log tell each row's story?
func (s *site) audit(all []*writer) {
	s.t.Helper()
	v, err := vault.Parse(testkit.MasterKey)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx := context.Background()
	e, err := sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(s.dir, s.data, "loam.db"), Key: v.Key("store/database").Bytes()})
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			s.t.Error(err)
		}
	}()
	story := map[string]note{}
	entries := 0
	err = e.Read(ctx, func(c store.Conn) error {
		if err := c.Query("PRAGMA integrity_check", nil, func(r store.Row) error {
			if r.Text(0) != "ok" {
				return fmt.Errorf("integrity check: %s", r.Text(0))
			}
			return nil
		}); err != nil {
			return err
		}
		return c.Query(`SELECT op, json_extract(key, '$[0]'), json_extract(before, '$.version'), json_extract(after, '$.version'), json_extract(after, '$.step')
			FROM _changes WHERE model = 'Note' ORDER BY seq`, nil, func(r store.Row) error {
			entries++
			return tell(story, r)
		})
	})
	if err != nil {
		s.t.Fatal(err)
	}
	rows := 0
	for _, w := range all {
		for id, n := range w.notes {
			rows++
			if got, told := story[id]; !told || got != n {
				s.t.Errorf("the change log ends %s at %+v, the row is %+v", id, got, n)
			}
			delete(story, id)
		}
	}
	for id, n := range story {
		if !n.gone {
			s.t.Errorf("the change log has %s at %+v, and there is no such row", id, n)
		}
	}
	s.t.Logf("%d rows and %d entries of the change log agree", rows, entries)
}

// tell takes one entry of the change log into a row's story.
func tell(story map[string]note, r store.Row) error {
	op, id := r.Text(0), r.Text(1)
	old, known := story[id]
	alive := known && !old.gone
	next := note{step: r.Int(4), version: r.Int(3)}
	switch {
	case op == "create" && !alive && r.Null(2) && next.version == 1:
	case op == "update" && alive && r.Int(2) == old.version && next.version == old.version+1:
	case op == "delete" && alive && r.Int(2) == old.version && r.Null(3):
		next = note{gone: true}
	default:
		return fmt.Errorf("the change log has %s of %s from version %d to %d, after %+v", op, id, r.Int(2), r.Int(3), old)
	}
	story[id] = next
	return nil
}
