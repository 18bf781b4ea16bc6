package fault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/loam-dev/loam/internal/store/storetest"
)

const (
	racers      = 16
	turnsEach   = 250                  // of all together, between two faults
	pausing     = 5 * time.Millisecond // of who was refused
	mostJudging = time.Minute
)

const contested = `
type Note @model @auth(rules: [{ allow: member }]) {
  step: Int!
  name: String @unique
}
`

// TestLinearizable has clients race for the same things on two servers while servers and
// the primary of their database are killed. There must be an order of all requests, in
// which each stands between its beginning and its answer, and each answer is the one
// that it would be if there were no others: porcupine looks for it. A request without an
// answer was done then or later, or never; one that was refused for the time being was
// not done.
func TestLinearizable(t *testing.T) {
	rounds := 1
	if os.Getenv("LOAM_SOAK") != "" {
		rounds = 20
	}
	pair := storetest.NewPair(t)
	s := newSite(t)
	s.database = pair.URL()
	if err := os.WriteFile(filepath.Join(s.dir, "schema.graphql"), []byte(contested), 0o600); err != nil {
		t.Fatal(err)
	}
	f := &fleet{site: s}
	f.add()
	f.add()
	s.url = f.nodes[0].url
	s.signUp()
	r := &race{fleet: f, began: time.Now(), histories: map[string][]porcupine.Operation{}, versions: map[string]string{}}
	for _, c := range contests {
		r.prizes = append(r.prizes, &prize{contest: c})
	}
	r.begin()
	for range rounds {
		r.untilRaced()
		f.nodes[0].p.kill()
		r.untilRaced()
		f.up(f.nodes[0])
		r.untilRaced()
		pair.Kill()
		pair.Promote()
		r.untilRaced()
		if t.Failed() {
			break
		}
		if rounds > 1 {
			pair.Rebuild()
		}
	}
	r.end()
	r.judge()
}

// contest is what there is one of: what a request leads to and is answered, where
// nobody else is there. made is what the server made up, such as an id.
type contest struct {
	name  string
	turns int64 // requests for one thing, then there is a new one
	serve func(state string, o op) (next, said string)
	turn  func(r *race, key string) (op, string, fate)
}

// op is one request of a contest.
type op struct {
	kind, arg, made string
}

var contests = []*contest{
	{"row", 100, serveRow, (*race).raceForRow},
	{"name", 100, serveName, (*race).raceForName},
	{"once", 10, serveOnce, (*race).raceOnce},
	{"session", 12, serveSession, (*race).raceForSession},
}

// serveRow is a row under If-Match: the state is its version and its step.
func serveRow(state string, o op) (string, string) {
	version, _, _ := strings.Cut(state, "/")
	match, step, _ := strings.Cut(o.arg, "/")
	switch {
	case o.kind == "POST" && state == "":
		return "1/" + step, "201"
	case o.kind == "POST":
		return state, "409"
	case state == "":
		return state, "404"
	case o.kind == "GET":
		return state, "200 " + state
	case version != match:
		return state, "412"
	case o.kind == "DELETE":
		return "", "204"
	}
	n, _ := strconv.Atoi(version)
	return strconv.Itoa(n+1) + "/" + step, "200"
}

// serveName is a unique name: the state is the id of the row that has it.
func serveName(state string, o op) (string, string) {
	switch {
	case o.kind == "GET":
		return state, "200 " + state
	case o.kind == "POST" && state == "":
		return o.made, "201"
	case o.kind == "POST":
		return state, "409"
	case state == o.arg:
		return "", "204"
	}
	return state, "404"
}

// serveOnce is an Idempotency-Key: the state is the id of the row that was made.
func serveOnce(state string, o op) (string, string) {
	if state == "" {
		return o.made, "201 " + o.made
	}
	return state, "201 " + state
}

// serveSession is a session's refresh token: shown again, it ends the session.
func serveSession(state string, o op) (string, string) {
	switch {
	case o.kind == "sign-in", state == o.arg:
		return o.made, "200"
	}
	return "ended", "401"
}

// model is the contest for one thing.
func (c *contest) model() porcupine.Model {
	m := porcupine.NondeterministicModel{
		Init: func() []any { return []any{""} },
		Step: func(state, in, out any) []any {
			next, said := c.serve(state.(string), in.(op))
			switch out {
			case said:
				return []any{next}
			case "":
				return []any{state, next}
			}
			return nil
		},
		DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v: %v", in, out) },
	}
	return m.ToModel()
}

// TestJudges puts histories to the judges that no order explains, and some that one does.
func TestJudges(t *testing.T) {
	const later = math.MaxInt64
	for _, c := range []struct {
		contest int
		fine    bool
		history []porcupine.Operation
	}{
		{0, true, []porcupine.Operation{{Input: op{kind: "POST", arg: "/7"}, Output: "201", Return: 1}, {Input: op{kind: "GET"}, Output: "200 1/7", Call: 2, Return: 3}}},
		{0, false, []porcupine.Operation{{Input: op{kind: "POST", arg: "/7"}, Output: "201", Return: 1}, {Input: op{kind: "GET"}, Output: "404", Call: 2, Return: 3}}},
		{0, false, []porcupine.Operation{{Input: op{kind: "POST", arg: "/7"}, Output: "201", Return: 1},
			{Input: op{kind: "PATCH", arg: "1/8"}, Output: "200", Call: 2, Return: 5}, {Input: op{kind: "PATCH", arg: "1/9"}, Output: "200", Call: 2, Return: 5}}},
		{1, false, []porcupine.Operation{{Input: op{kind: "POST", made: "a"}, Output: "201", Return: 5}, {Input: op{kind: "POST", made: "b"}, Output: "201", Return: 5}}},
		{2, false, []porcupine.Operation{{Input: op{made: "a"}, Output: "201 a", Return: 5}, {Input: op{made: "b"}, Output: "201 b", Return: 5}}},
		{2, true, []porcupine.Operation{{Input: op{made: "?"}, Output: "", Return: later}, {Input: op{made: "b"}, Output: "201 b", Call: 2, Return: 5}}},
		{3, false, []porcupine.Operation{{Input: op{kind: "sign-in", made: "a"}, Output: "200", Return: 1},
			{Input: op{kind: "refresh", arg: "a", made: "b"}, Output: "200", Call: 2, Return: 5}, {Input: op{kind: "refresh", arg: "a", made: "c"}, Output: "200", Call: 2, Return: 5}}},
		{3, true, []porcupine.Operation{{Input: op{kind: "sign-in", made: "a"}, Output: "200", Return: 1},
			{Input: op{kind: "refresh", arg: "a", made: "?"}, Output: "", Call: 2, Return: later}, {Input: op{kind: "refresh", arg: "a"}, Output: "401", Call: 4, Return: 5}}},
	} {
		if fine := porcupine.CheckOperations(contests[c.contest].model(), c.history); fine != c.fine {
			t.Errorf("%s: %v\n%s", contests[c.contest].name, fine, story(c.history))
		}
	}
}

// race is what the clients do, and what came of it.
type race struct {
	*fleet
	began  time.Time
	prizes []*prize
	turns  atomic.Int64
	client *http.Client

	signing   sync.Mutex
	mu        sync.Mutex
	histories map[string][]porcupine.Operation // by contest and key
	versions  map[string]string                // what is known of a thing, true or not any more
	unknown   int
}

// prize is what a contest is about just now.
type prize struct {
	*contest
	done atomic.Int64
}

func (r *race) begin() {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	r.t.Cleanup(func() { cancel(); r.group.Wait() })
	r.client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: racers}}
	for id := range racers {
		r.group.Go(func() {
			for ctx.Err() == nil && !r.t.Failed() {
				p := r.prizes[rand.IntN(len(r.prizes))]
				key := p.name + strconv.FormatInt(p.done.Add(1)/p.turns, 10)
				r.run(id, p, key)
			}
		})
	}
}

// The fates of a request.
type fate int

const (
	answered fate = iota
	nothing       // it was not done
	unknown
)

// run has one turn and notes it.
func (r *race) run(id int, p *prize, key string) {
	called := time.Since(r.began)
	o, said, fate := p.turn(r, key)
	if fate == nothing {
		return
	}
	done := porcupine.Operation{ClientId: id, Input: o, Call: int64(called), Output: said, Return: int64(time.Since(r.began))}
	r.mu.Lock()
	defer r.mu.Unlock()
	if fate == unknown {
		done.Output, done.Return = "", math.MaxInt64
		r.unknown++
	}
	r.histories[key] = append(r.histories[key], done)
	r.turns.Add(1)
}

func (r *race) raceForRow(key string) (op, string, fate) {
	known := r.known(key)
	step := strconv.FormatInt(r.turns.Load(), 10)
	o := op{kind: []string{"GET", "POST", "PATCH", "PATCH", "PATCH", "DELETE"}[rand.IntN(6)], arg: known + "/" + step}
	var match http.Header
	if known != "" {
		match = http.Header{"If-Match": {`"` + known + `"`}}
	}
	var status int
	var out map[string]any
	var fate fate
	switch o.kind {
	case "POST":
		status, out, fate = r.request(o.kind, "/api/notes", `{"id":"`+key+`","step":`+step+`}`, nil)
	case "GET":
		status, out, fate = r.request(o.kind, "/api/notes/"+key, "", nil)
	default:
		if match == nil {
			return o, "", nothing
		}
		status, out, fate = r.request(o.kind, "/api/notes/"+key, `{"step":`+step+`}`, match)
	}
	said := strconv.Itoa(status)
	if version, ok := out["version"].(float64); ok {
		r.learn(key, fmt.Sprint(version))
		if o.kind == "GET" {
			said += fmt.Sprintf(" %v/%v", version, out["step"])
		}
	}
	return o, said, fate
}

func (r *race) raceForName(key string) (op, string, fate) {
	switch known := r.known(key); {
	case rand.IntN(3) == 0:
		status, out, fate := r.request("GET", "/api/notes?fields=id&name="+key, "", nil)
		id := ""
		if items, _ := out["items"].([]any); len(items) > 0 {
			id = items[0].(map[string]any)["id"].(string)
		}
		r.learn(key, id)
		return op{kind: "GET"}, strconv.Itoa(status) + " " + id, fate
	case known != "" && rand.IntN(2) == 0:
		status, _, fate := r.request("DELETE", "/api/notes/"+known, "", nil)
		return op{kind: "DELETE", arg: known}, strconv.Itoa(status), fate
	}
	id := fmt.Sprintf("%s-%d", key, rand.Int64())
	status, _, fate := r.request("POST", "/api/notes", `{"id":"`+id+`","step":0,"name":"`+key+`"}`, nil)
	if status == http.StatusCreated {
		r.learn(key, id)
	}
	return op{kind: "POST", made: id}, strconv.Itoa(status), fate
}

func (r *race) raceOnce(key string) (op, string, fate) {
	status, out, fate := r.request("POST", "/api/notes", `{"step":-1}`, http.Header{"Idempotency-Key": {key}})
	id, _ := out["id"].(string)
	if fate == unknown {
		id = fmt.Sprintf("made %d", rand.Int64())
	}
	return op{kind: "POST", made: id}, strconv.Itoa(status) + " " + id, fate
}

func (r *race) raceForSession(key string) (op, string, fate) {
	known := r.known(key)
	if known == "" {
		r.signing.Lock()
		defer r.signing.Unlock()
		if r.known(key) != "" {
			return op{}, "", nothing
		}
		status, out, fate := r.request("POST", "/auth/sign-in", `{"email":"ada@example.com","password":"correct horse battery"}`, nil)
		if fate != answered {
			return op{}, "", nothing // a session that nobody has
		}
		token, _ := out["refreshToken"].(string)
		r.learn(key, token)
		return op{kind: "sign-in", made: token}, strconv.Itoa(status), fate
	}
	status, out, fate := r.request("POST", "/auth/refresh", `{"refreshToken":"`+known+`"}`, nil)
	token, _ := out["refreshToken"].(string)
	if status == http.StatusOK {
		r.learn(key, token)
	} else if fate == unknown {
		token = fmt.Sprintf("made %d", rand.Int64())
	}
	return op{kind: "refresh", arg: known, made: token}, strconv.Itoa(status), fate
}

func (r *race) known(key string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.versions[key]
}

func (r *race) learn(key, is string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.versions[key] = is
}

// request asks one of the servers.
func (r *race) request(method, path, body string, header http.Header) (status int, out map[string]any, f fate) {
	at := r.nodes[rand.IntN(len(r.nodes))].at.Load()
	if at == nil {
		return 0, nil, nothing
	}
	req, err := http.NewRequest(method, *at+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	maps.Copy(req.Header, header)
	req.Header.Set("Content-Type", "application/json")
	if !strings.HasPrefix(path, "/auth/") {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	req.GetBody = nil // no second try
	res, err := r.client.Do(req)
	if refused, ok := errors.AsType[*net.OpError](err); ok && refused.Op == "dial" {
		time.Sleep(pausing)
		return 0, nil, nothing
	}
	if err != nil {
		return 0, nil, unknown
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil, unknown
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &out); err != nil {
			r.t.Errorf("%s %s: %q: %v", method, path, text, err)
		}
	}
	switch {
	case res.StatusCode == http.StatusServiceUnavailable && out["code"] == "store/uncertain":
		return 0, nil, unknown
	case res.StatusCode == http.StatusServiceUnavailable, res.StatusCode == http.StatusTooManyRequests:
		time.Sleep(pausing)
		return 0, nil, nothing
	case res.StatusCode >= 500:
		r.t.Errorf("%s %s: %d %s", method, path, res.StatusCode, text)
	}
	return res.StatusCode, out, answered
}

// untilRaced waits until there have been some turns.
func (r *race) untilRaced() {
	r.t.Helper()
	from := r.turns.Load()
	for began := time.Now(); r.turns.Load() < from+turnsEach && !r.t.Failed(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 2*mostGap {
			r.t.Fatalf("%d turns in %v", r.turns.Load()-from, time.Since(began))
		}
	}
}

func (r *race) end() { r.cancel(); r.group.Wait() }

// judge looks for the order of each history.
func (r *race) judge() {
	for key, history := range r.histories {
		i := slices.IndexFunc(contests, func(c *contest) bool { return strings.HasPrefix(key, c.name) })
		m := contests[i].model()
		result, info := porcupine.CheckOperationsVerbose(m, history, mostJudging)
		if result == porcupine.Ok {
			continue
		}
		page := filepath.Join(r.t.ArtifactDir(), key+".html")
		r.t.Errorf("%s is %v: %s\n%s", key, result, page, story(history))
		if err := porcupine.VisualizePath(m, info, page); err != nil {
			r.t.Error(err)
		}
	}
	r.t.Logf("%d turns for %d things, %d of unknown outcome", r.turns.Load(), len(r.histories), r.unknown)
}

// story is a history as it began.
func story(history []porcupine.Operation) string {
	var b strings.Builder
	for _, o := range history {
		fmt.Fprintf(&b, "%v to %v: %+v: %v\n", time.Duration(o.Call), time.Duration(o.Return), o.Input, o.Output)
	}
	return b.String()
}
