package httpapi

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/fault"
)

func testAPI(log io.Writer) *API {
	return New(Config{
		App: func() *App { return &App{} }, Anonymous: &access.Principal{}, Origins: []string{"https://app.example"},
		MaxBody: 1000, Timeout: time.Second, Log: slog.New(slog.NewTextHandler(log, nil)),
	})
}

// TestAttack133_PanicEndsOneRequest: a mistake of ours is a 500 without a
// detail, its cause is in the log, and the server goes on.
func TestAttack133_PanicEndsOneRequest(t *testing.T) {
	var log strings.Builder
	a := testAPI(&log)
	a.mux.Handle("GET /boom", &endpoint{a, route{"GET /boom", open, func(*call) (reply, error) { panic("secret detail") }, ""}, false})
	for range 2 {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequest("GET", "/boom", nil))
		if w.Code != 500 || strings.Contains(w.Body.String(), "secret") || !strings.Contains(w.Body.String(), string(fault.InternalError)) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if !strings.Contains(log.String(), "secret detail") {
		t.Error("the cause is not in the log")
	}
}

func TestUnrouted(t *testing.T) {
	a := testAPI(io.Discard)
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/nothing", 404, ""},
		{"PUT", "/auth/me", 405, "DELETE, GET, HEAD, PATCH"},
		{"DELETE", "/graphql", 405, "GET, HEAD, POST"},
	} {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if w.Code != c.status || w.Header().Get("Allow") != c.allow || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d %v", c.method, c.path, w.Code, w.Header())
		}
	}
}

func TestCORS(t *testing.T) {
	a := testAPI(io.Discard)
	ask := func(method, origin string) http.Header {
		r := httptest.NewRequest(method, "/healthz", nil)
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		return w.Header()
	}
	if h := ask("OPTIONS", "https://app.example"); h.Get("Access-Control-Allow-Origin") != "https://app.example" || h.Get("Access-Control-Allow-Headers") != "authorization,content-type" {
		t.Errorf("a known origin: %v", h)
	}
	for _, origin := range []string{"https://evil.example", "https://app.example.evil.example", "null", "http://app.example"} {
		if h := ask("GET", origin); h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s is let in: %v", origin, h)
		}
	}
}
