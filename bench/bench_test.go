package main

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/schema"
)

func TestSchemaIsOne(t *testing.T) {
	text, err := os.ReadFile("loam/schema.graphql")
	if err != nil {
		t.Fatal(err)
	}
	s, diagnostics := schema.Parse("schema.graphql", string(text))
	if len(diagnostics) > 0 {
		t.Fatal(diagnostics)
	}
	for _, path := range []string{"projects", "people", "tasks"} {
		if s.ModelAt(path) == nil {
			t.Errorf("no model at /api/%s, where the requests go", path)
		}
	}
}

// Ratios are made inside a round: a slow round must not show.
func TestVerdicts(t *testing.T) {
	w := work{name: "get"}
	r := newResults(settings{}, nil)
	r.samples["get"] = map[string][]sample{
		"loam":       {{cpu: 50}, {cpu: 500}, {cpu: 60}},
		"pocketbase": {{cpu: 400}, {cpu: 4000}, {cpu: 480}},
		"bare":       {{cpu: 25}, {cpu: 250}, {cpu: 30}},
	}
	for _, c := range []struct {
		against string
		target  float64
		want    string
	}{
		{"pocketbase", 1.0 / 6, "1/8.00 (1/8.00 to 1/8.00) | at most 1/6.00 | met"},
		{"pocketbase", 1.0 / 9, "1/8.00 (1/8.00 to 1/8.00) | at most 1/9.00 | **missed**"},
		{"bare", 2, "2.00 (2.00 to 2.00) | at most 2.00 | met"},
		{"bare", 1.8, "2.00 (2.00 to 2.00) | at most 1.80 | **missed**"},
	} {
		if got := r.verdict(w, c.against, c.target); got != c.want {
			t.Errorf("against %s, %v: %q, not %q", c.against, c.target, got, c.want)
		}
	}
}

// What `go test -bench` prints is read by name, and held against its target.
func TestInside(t *testing.T) {
	took := map[string][]float64{}
	for _, ns := range []string{"21000", "1900.5", "2000"} {
		readBenchmarks([]byte("goos: linux\nBenchmarkVerify/remembered-2         \t 500000\t      "+ns+" ns/op\t       0 B/op\nPASS\n"), took)
	}
	if text := insideTable(took); !strings.Contains(text, "| 2.00 (1.90 to 21.0) | under 20.0 | met |") {
		t.Error(text)
	}
}

// The load generator counts answers and fails on a wrong one.
func TestLoad(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = w.Write([]byte("hello"))
	}))
	defer s.Close()
	for _, c := range []struct{ name, token, err string }{
		{"right", "t", ""},
		{"wrong status", "x", "status 401"},
	} {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		o := order{Requests: [][]byte{raw("GET", "/", c.token, nil)}, Status: 200, Least: 5}
		out := drive([]*client{{Conn: conn, in: bufio.NewReader(conn)}}, o, 20*time.Millisecond)
		if c.err == "" && (out.Err != "" || out.Requests == 0) || !strings.Contains(out.Err, c.err) {
			t.Errorf("%s: %+v", c.name, out)
		}
		_ = conn.Close()
	}
}

func TestRawIsHTTP(t *testing.T) {
	text := raw("POST", "/api/tasks", "t", map[string]string{"title": "a"})
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	if r.ContentLength != 13 || r.Header.Get("Authorization") != "Bearer t" || r.URL.Path != "/api/tasks" {
		t.Errorf("%+v", r)
	}
}
