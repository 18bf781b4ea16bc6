package fault

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/store/sqlite"
	"github.com/loam-dev/loam/internal/testkit"
	"github.com/loam-dev/loam/internal/vault"
)

const (
	subscribers     = 50
	liveKillsOfTest = 15
	liveKillsOfSoak = 100
	caughtUp        = 15 * time.Second // for all subscribers, after a start
)

// TestKilledSubscribers kills the server at random moments while subscribers follow
// what is written, and come back with the id of the last event that they saw. After
// each restart each of them knows what the server answers: none misses an event, and
// in the end none was told of a row that the change log does not have.
func TestKilledSubscribers(t *testing.T) {
	kills := liveKillsOfTest
	if os.Getenv("LOAM_SOAK") != "" {
		kills = liveKillsOfSoak
	}
	s := newSite(t)
	crowd := &audience{site: s}
	all := make([]*writer, writers)
	for i := range all {
		all[i] = &writer{n: i, notes: map[string]note{}}
	}
	round := 0
	for ; round < kills && (round == 0 || !testkit.Late(t)); round++ {
		p := s.start()
		if round == 0 {
			s.signUp()
			crowd.gather()
		}
		crowd.goOn()
		s.verify(all)
		crowd.verify(all)
		spoiled := crowd.spoil()
		s.load(all, p)
		spoiled()
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	p := s.start()
	crowd.goOn()
	s.verify(all)
	crowd.verify(all)
	crowd.goHome()
	p.kill()
	s.audit(all)
	crowd.audit()
	acks, events, returns, gaps := 0, 0, 0, 0
	for _, w := range all {
		acks += w.acks
	}
	for _, m := range crowd.all {
		events, returns, gaps = events+m.events, returns+m.returns, gaps+m.gaps
	}
	t.Logf("%d kills, %d acknowledged writes; %d subscribers came back %d times, %d of them to more than 1,000 changes, and were told %d events: none missed, none of what was rolled back", round, acks, subscribers, returns, gaps, events)
	if acks < round || events < acks {
		t.Errorf("only %d writes and %d events in %d rounds", acks, events, round)
	}
}

// audience is everybody who follows.
type audience struct {
	*site
	at    atomic.Pointer[string] // where the server is now
	all   []*member
	group sync.WaitGroup
	stop  context.CancelFunc
	tried int // writes that were rolled back
}

// member follows a list, or the feed of all changes.
type member struct {
	path string // of a list
	mu   sync.Mutex
	list testkit.LiveList
	feed map[string]int64 // versions by id
	told map[string]bool  // "id@version"

	last                  string
	events, returns, gaps int
	failure               error
}

// gather has everybody follow from now on, until goHome.
func (a *audience) gather() {
	ctx, cancel := context.WithCancel(context.Background())
	a.stop = cancel
	a.t.Cleanup(a.goHome)
	for i := range subscribers {
		m := &member{feed: map[string]int64{}, told: map[string]bool{}}
		w := i % writers
		m.path = []string{
			"/api/notes?sort=-step&limit=7", fmt.Sprintf("/api/notes?writer=%d&sort=step&limit=5", w), fmt.Sprintf("/api/notes?writer=%d&limit=1000", w),
			"/api/notes?sort=-updatedAt&limit=20&fields=id,version,step", fmt.Sprintf("/api/notes?writer.in=%d,0&step.ge=50&sort=writer,-step&limit=40", w),
			"/api/notes?limit=3&count=true", "",
		}[i%7]
		a.all = append(a.all, m)
		a.group.Go(func() {
			for ctx.Err() == nil {
				a.follow(ctx, m)
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
}

// goOn tells everybody where the server is now.
func (a *audience) goOn() { at := a.url; a.at.Store(&at) }

func (a *audience) goHome() { a.stop(); a.group.Wait() }

// follow takes events until the connection is lost.
func (a *audience) follow(ctx context.Context, m *member) {
	at := a.at.Load()
	if at == nil {
		return
	}
	method, path, body := http.MethodGet, m.path, ""
	if path == "" {
		since := "null"
		if m.last != "" {
			since = `"` + m.last + `"`
		}
		method, path, body = http.MethodPost, "/graphql", `{"query":"subscription($since: String) { noteChanges(since: $since) { op id cursor row { version } } }","variables":{"since":`+since+`}}`
	}
	r, err := http.NewRequestWithContext(ctx, method, *at+path, strings.NewReader(body))
	if err != nil {
		m.fail(err)
		return
	}
	r.Header.Set("Authorization", "Bearer "+a.token)
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Content-Type", "application/json")
	if m.path != "" && m.last != "" {
		r.Header.Set("Last-Event-ID", m.last)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return // the server is gone
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(res.Body)
		m.fail(fmt.Errorf("%s: %d %s", path, res.StatusCode, text))
		return
	}
	m.returns++
	lines := bufio.NewReader(res.Body)
	for e, err := event(lines); err == nil; e, err = event(lines) {
		m.take(e)
	}
}

// event reads the next event; a torn one is none.
func event(lines *bufio.Reader) (e testkit.Event, err error) {
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return e, err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "":
			if e.Name != "" {
				return e, nil
			}
		case "event":
			e.Name = value
		case "id":
			e.ID = value
		case "data":
			e.Data = value
		}
	}
}

func (m *member) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failure == nil {
		m.failure = err
	}
}

func (m *member) take(e testkit.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events++
	var err error
	if m.path == "" {
		err = m.takeChange(e)
	} else {
		if e.Name == "gap" { // a list where nothing happened while much did elsewhere; all its rows follow
			m.gaps++
		}
		if e.Name == "error" {
			err = fmt.Errorf("%s %s", e.Name, e.Data)
		}
		m.last = e.ID
		if err == nil {
			err = m.list.Apply(e)
		}
		for _, r := range m.list.Rows {
			m.note(r.Row)
		}
	}
	if err != nil && m.failure == nil {
		m.failure = err
	}
}

func (m *member) note(row string) {
	var n struct {
		ID      string
		Version int64
	}
	if err := json.Unmarshal([]byte(row), &n); err != nil {
		m.failure = err
	}
	m.told[fmt.Sprintf("%s@%d", n.ID, n.Version)] = true
}

// takeChange applies an event of the feed.
func (m *member) takeChange(e testkit.Event) error {
	var in struct {
		Data struct {
			NoteChanges struct {
				Op, ID, Cursor string
				Row            *struct{ Version int64 }
			}
		}
	}
	if err := json.Unmarshal([]byte(e.Data), &in); err != nil || e.Name != "next" {
		return fmt.Errorf("%s %s: %v", e.Name, e.Data, err)
	}
	c := in.Data.NoteChanges
	m.last = c.Cursor
	switch c.Op {
	case "START":
	case "INSERT", "UPDATE":
		m.feed[c.ID] = c.Row.Version
		m.told[fmt.Sprintf("%s@%d", c.ID, c.Row.Version)] = true
	case "DELETE":
		delete(m.feed, c.ID)
	default:
		return fmt.Errorf("the feed says %s", e.Data)
	}
	return nil
}

// verify waits until everybody knows what is there.
func (a *audience) verify(all []*writer) {
	a.t.Helper()
	notes := map[string]int64{}
	for _, w := range all {
		for id, n := range w.notes {
			notes[id] = n.version
		}
	}
	fresh := map[string]string{}
	deadline := time.Now().Add(caughtUp)
	for i, m := range a.all {
		if _, asked := fresh[m.path]; !asked && m.path != "" {
			fresh[m.path] = a.rows(m.path)
		}
		for {
			is, want, err := m.state(fresh[m.path], notes)
			if err != nil {
				a.t.Fatalf("subscriber %d: %v", i, err)
			}
			if is == want {
				break
			}
			if time.Now().After(deadline) {
				a.t.Fatalf("subscriber %d of %s knows\n  %s\nthe server says\n  %s", i, m.path, is, want)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// state is what the member knows and what they should, in short.
func (m *member) state(fresh string, notes map[string]int64) (is, want string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.path == "" {
		return fmt.Sprint(m.feed), fmt.Sprint(notes), m.failure
	}
	rows := make([]string, len(m.list.Rows))
	for i, r := range m.list.Rows {
		rows[i] = r.Row
	}
	return strings.Join(rows, "\n"), fresh, m.failure
}

// rows are the server's answer to the URL of a list.
func (s *site) rows(path string) string {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	res, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	var page struct{ Items []json.RawMessage }
	if err := json.NewDecoder(res.Body).Decode(&page); err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %d %v", path, res.StatusCode, err)
	}
	rows := make([]string, len(page.Items))
	for i, row := range page.Items {
		rows[i] = string(row)
	}
	return strings.Join(rows, "\n")
}

// spoil writes what is rolled back, until what it returns is called.
func (a *audience) spoil() func() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ; ctx.Err() == nil; a.tried++ {
			operations := []any{
				map[string]any{"method": "POST", "path": "/api/notes", "body": map[string]any{"id": fmt.Sprintf("never-%d", a.tried), "writer": 0, "step": rand.IntN(1000)}},
				map[string]any{"method": "DELETE", "path": "/api/notes/none"},
			}
			if status, _, err := a.do("POST", "/api/batch", map[string]any{"operations": operations}); err == nil && status < 400 {
				a.t.Errorf("a write that can't be done was answered %d", status)
			}
			time.Sleep(2 * time.Millisecond)
		}
	}()
	return func() { cancel(); <-done }
}

// audit holds every row that anybody was told of against the change log.
func (a *audience) audit() {
	a.t.Helper()
	v, err := vault.Parse(testkit.MasterKey)
	if err != nil {
		a.t.Fatal(err)
	}
	e, err := sqlite.Open(context.Background(), sqlite.Options{Path: filepath.Join(a.dir, "data", "loam.db"), Key: v.Key("store/database").Bytes()})
	if err != nil {
		a.t.Fatal(err)
	}
	logged := map[string]bool{}
	err = e.Read(context.Background(), func(c store.Conn) error {
		return c.Query(`SELECT json_extract(key, '$[0]'), json_extract(after, '$.version') FROM _changes WHERE model = 'Note' AND after IS NOT NULL`, nil, func(r store.Row) error {
			logged[fmt.Sprintf("%s@%d", r.Text(0), r.Int(1))] = true
			return nil
		})
	})
	if err != nil {
		a.t.Error(err)
	}
	if err := e.Close(); err != nil {
		a.t.Error(err)
	}
	for i, m := range a.all {
		for row := range m.told {
			if !logged[row] {
				a.t.Errorf("subscriber %d was told of %s, which the change log does not have", i, row)
			}
		}
	}
}
