package attack

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
	"github.com/loam-dev/loam/internal/server"
	"github.com/loam-dev/loam/internal/testkit"
)

// listen puts the routes behind the real listener, with its limits.
func listen(t *testing.T, s *testkit.Server) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	srv, err := server.Listen(ctx, "127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ctx, s.Backend.Handler(), 0) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return srv.Addr()
}

func TestAttack131_SlowClients(t *testing.T) {
	s, ada, _ := two(t)
	addr := listen(t, s)
	const clients = 200
	conns := make([]net.Conn, clients)
	for i := range conns {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns[i] = c
		fmt.Fprintf(c, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
	}
	// The others are served as ever meanwhile.
	for range 20 {
		start := time.Now()
		r, err := http.NewRequest("GET", "http://"+addr+"/api/tasks", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = ada.Header.Clone()
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if took := time.Since(start); res.StatusCode != 200 || took > 5*time.Second {
			t.Errorf("beside slow clients: %d after %s", res.StatusCode, took)
		}
	}
	deadline := time.Now().Add(10 * time.Second)
	for i, c := range conns {
		c.SetReadDeadline(deadline)
		answer, err := bufio.NewReader(c).ReadString(0)
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Fatalf("client %d is still connected after 10 s", i)
		}
		if strings.Contains(answer, "200 OK") {
			t.Fatalf("client %d was served without ending its headers", i)
		}
	}
}

// zeros is a reader of n bytes that costs no memory.
type zeros struct{ n int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.n <= 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), z.n))
	for i := range p[:n] {
		p[i] = ' '
	}
	z.n -= int64(n)
	return n, nil
}

func TestAttack132_HugeInput(t *testing.T) {
	s, ada, _ := two(t)
	addr := listen(t, s)
	post := func(path string, body io.Reader, headers ...string) *http.Response {
		r, err := http.NewRequest("POST", "http://"+addr+path, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = ada.Header.Clone()
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return nil // the server hung up on the rest of the body
		}
		res.Body.Close()
		return res
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for _, path := range []string{"/api/tasks", "/api/batch", "/graphql", "/auth/sign-in"} {
		if res := post(path, &zeros{100 << 20}); res != nil && res.StatusCode != 413 {
			t.Errorf("100 MiB to %s: %d", path, res.StatusCode)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapInuse) - int64(before.HeapInuse); grown > 64<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
	if res := post("/api/tasks", strings.NewReader("{}"), "X-Big", strings.Repeat("a", 1<<20)); res != nil && res.StatusCode != 431 {
		t.Errorf("a header of 1 MiB: %d", res.StatusCode)
	}
	// A compressed body is not unpacked: a bomb stays a few bytes of bad JSON.
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := io.Copy(z, &zeros{50 << 20}); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if res := post("/api/tasks", &bomb, "Content-Encoding", "gzip"); res == nil || res.StatusCode != 400 && res.StatusCode != 415 {
		t.Errorf("a gzip bomb: %v", res)
	}
	many := `{"filter":[` + strings.TrimSuffix(strings.Repeat("1,", 300000), ",") + `]}`
	if res := post("/api/tasks", strings.NewReader(many)); res == nil || res.StatusCode != 400 {
		t.Errorf("300,000 values: %v", res)
	}
}

func TestAttack132_LargeAnswers(t *testing.T) {
	_, ada, _ := two(t)
	large := strings.Repeat("x", 1<<20-1024)
	const rows = 40 // more than an answer may hold, less than a page may have
	for range rows {
		ada.Do("POST", "/api/notes", map[string]any{"text": large}).Want(201)
	}
	ada.Get("/api/notes").WantCode(400, "query/too_complex")
	ada.Get("/api/notes?limit=5&fields=text").Want(200)
	ada.Get("/api/notes?fields=id").Want(200)
	half := "{ items { text } }"
	r := ada.GraphQL("{ a: listNotes(limit: 20) "+half+" b: listNotes(limit: 20) "+half+" }", nil)
	if len(r.Body) > 33<<20 || r.String("errors", 0, "extensions", "code") != "query/too_complex" {
		t.Errorf("two halves of too much: %d bytes %.200s", len(r.Body), r.Body)
	}
	// Lists beside each other add up, as those inside each other multiply.
	var many strings.Builder
	for i := range 60 {
		fmt.Fprintf(&many, "a%d: tasks(limit: 1000) { items { id } } ", i)
	}
	r = ada.GraphQL("{ listProjects { items { "+many.String()+" } } }", nil)
	if r.String("errors", 0, "extensions", "code") != "query/too_complex" {
		t.Errorf("lists beside each other: %.300s", r.Body)
	}
	// A write's answer is read while all other writes wait.
	r = ada.GraphQL(`mutation { createProject(input: {name: "x"}) { tasks(limit: 1000) { items { project { tasks(limit: 100) { items { id } } } } } } }`, nil)
	if r.String("errors", 0, "extensions", "code") != "query/too_complex" {
		t.Errorf("a mutation that reads a lot: %.300s", r.Body)
	}
}

// A body that trickles in is cut off when the request's time is over, and is
// never answered as if it had been heard to the end.
func TestAttack131_SlowBody(t *testing.T) {
	s, ada, _ := two(t, func(o *backend.Options) { o.Config.Limits.Request.Timeout = time.Second })
	addr := listen(t, s)
	for _, hangUp := range []bool{false, true} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "POST /api/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
			ada.Header.Get("Authorization"))
		if hangUp { // with one ear still open
			if err := c.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
		}
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("hung up %v: %v", hangUp, err)
		}
		res.Body.Close()
		if res.StatusCode/100 != 4 {
			t.Errorf("hung up %v: %s", hangUp, res.Status)
		}
	}
}

// A filter that goes back and forth between two models looks at each row a few
// times, not at each pair of pairs.
func TestAttack068_FilterBackAndForth(t *testing.T) {
	_, ada, _ := two(t)
	project := ada.Do("POST", "/api/projects", map[string]any{"name": "x"}).Want(201).String("id")
	const tasks = 300
	for range tasks / 100 {
		var operations []any
		for range 100 {
			operations = append(operations, map[string]any{"method": "POST", "path": "/api/tasks", "body": map[string]any{"title": "yes", "projectId": project}})
		}
		ada.Do("POST", "/api/batch", map[string]any{"operations": operations}).Want(200)
	}
	ada.Do("POST", "/api/tasks", map[string]any{"title": "yes"}).Want(201) // of no project
	path := strings.Repeat("project.tasks.", 4)
	for title, want := range map[string]float64{"yes": tasks, "no": 0} {
		start := time.Now()
		r := ada.Get("/api/tasks?count=true&" + path + "title=" + title).Want(200)
		if r.Value("total") != want || time.Since(start) > 5*time.Second {
			t.Errorf("%s: %v rows after %s", title, r.Value("total"), time.Since(start))
		}
	}
}
