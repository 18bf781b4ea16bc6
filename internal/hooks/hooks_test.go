package hooks_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/hooks"
	"github.com/loam-dev/loam/internal/outbound"
	"github.com/loam-dev/loam/internal/store"
)

// receiver is the app's server: it verifies every call and gives the next answer.
type receiver struct {
	testing.TB
	*httptest.Server
	secret outbound.Secret
	mu     sync.Mutex
	answer func(http.ResponseWriter)
	bodies []map[string]any
	ids    []string
}

func newReceiver(t testing.TB) *receiver {
	t.Helper()
	secret, err := outbound.ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{TB: t, secret: secret}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	body, err := io.ReadAll(in.Body)
	if err == nil {
		err = outbound.Verify(r.secret, in.Header, body, time.Now())
	}
	var value map[string]any
	if err == nil {
		err = json.Unmarshal(body, &value)
	}
	if err != nil {
		r.Error(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bodies, r.ids = append(r.bodies, value), append(r.ids, in.Header.Get("webhook-id"))
	r.answer(w)
}

func (r *receiver) says(status int, body string) {
	r.answer = func(w http.ResponseWriter) {
		w.Header().Set("Location", r.URL+"/elsewhere")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// hooks are those of the receiver; what is queued goes to queue.
func (r *receiver) hooks(queue *[][]byte) *hooks.Hooks {
	r.Helper()
	hook := hooks.Hook{URL: r.URL, Secret: r.secret, Timeout: 2 * time.Second}
	h, err := hooks.New(hooks.Options{
		BeforeSignUp: hook, AfterConfirmation: hook, BeforeToken: hook,
		Client:  outbound.New(outbound.Options{AllowPrivate: true}),
		Enqueue: func(_ store.Conn, payload []byte) error { *queue = append(*queue, payload); return nil },
	})
	if err != nil {
		r.Fatal(err)
	}
	return h
}

func TestBeforeSignUp(t *testing.T) {
	r := newReceiver(t)
	h := r.hooks(nil)
	for name, test := range map[string]struct {
		status  int
		body    string
		want    fault.Code
		message string
	}{
		"no content":          {204, "", "", ""},
		"empty":               {200, " \n", "", ""},
		"allowed":             {200, `{"allow": true}`, "", ""},
		"allowed, with words": {200, `{"allow": true, "message": "hi"}`, "", ""},
		"refused":             {200, `{"allow": false, "message": "only people of acme.example"}`, fault.AuthHookRefused, "only people of acme.example"},
		"refused silently":    {200, `{"allow": false}`, fault.AuthHookRefused, "signing up is refused"},
		"refused in bulk":     {200, `{"allow": false, "message": "` + strings.Repeat("a", 1000) + `"}`, fault.AuthHookRefused, strings.Repeat("a", 200) + "…"},
		"refused with lines":  {200, `{"allow": false, "message": "a\r\n\u001b[2Jb"}`, fault.AuthHookRefused, "a   [2Jb"},
		"undecided":           {200, `{}`, fault.AuthHookFailed, ""},
		"misspelled":          {200, `{"alow": false}`, fault.AuthHookFailed, ""},
		"both":                {200, `{"allow": false, "allow": true}`, fault.AuthHookFailed, ""},
		"not a decision":      {200, `{"allow": "no"}`, fault.AuthHookFailed, ""},
		"not JSON":            {200, `no`, fault.AuthHookFailed, ""},
		"too much":            {200, `{"allow": true, "message": "` + strings.Repeat("a", 1<<15) + `"}`, fault.AuthHookFailed, ""},
		"redirect":            {307, "", fault.AuthHookFailed, ""},
		"forbidden":           {403, `{"allow": true}`, fault.AuthHookFailed, ""},
		"broken":              {500, `canary`, fault.AuthHookFailed, ""},
	} {
		r.says(test.status, test.body)
		err := h.BeforeSignUp(t.Context(), hooks.SignUp{Email: "ada@example.com", Name: "Ada", Method: "password", Profile: map[string]any{"plan": "free"}})
		if test.want == "" && err != nil || test.want != "" && !fault.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if test.message != "" && fault.Of(err).Message != test.message {
			t.Errorf("%s: %q", name, fault.Of(err).Message)
		}
		if test.want != "" && strings.Contains(fault.Of(err).Message, "canary") {
			t.Errorf("%s: what the receiver answers is shown", name)
		}
	}
	want := map[string]any{"email": "ada@example.com", "name": "Ada", "method": "password", "profile": map[string]any{"plan": "free"}}
	if got := r.bodies[0]; got["type"] != "user.before_sign_up" || !reflect.DeepEqual(got["data"], want) || got["timestamp"] == "" {
		t.Errorf("the hook is told %v", got)
	}
	if len(r.bodies) != 17 {
		t.Errorf("%d calls: a redirect was followed", len(r.bodies))
	}
}

// TestHooksFailClosed: a receiver that is slow or gone lets nobody in.
func TestHooksFailClosed(t *testing.T) {
	r := newReceiver(t)
	release := make(chan struct{})
	r.answer = func(http.ResponseWriter) { <-release }
	hook := hooks.Hook{URL: r.URL, Secret: r.secret, Timeout: 100 * time.Millisecond}
	h, err := hooks.New(hooks.Options{BeforeSignUp: hook, BeforeToken: hook, Client: outbound.New(outbound.Options{AllowPrivate: true})})
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, h *hooks.Hooks) {
		t.Helper()
		err := h.BeforeSignUp(t.Context(), hooks.SignUp{})
		_, err2 := h.BeforeToken(t.Context(), hooks.Token{})
		for _, err := range []error{err, err2} {
			if !fault.Is(err, fault.AuthHookFailed) || fault.Of(err).Status() != 503 || fault.Of(err).RetryAfter == 0 {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	check("slow", h)
	close(release)
	r.Close()
	check("gone", h)
	guarded, err := hooks.New(hooks.Options{BeforeSignUp: hook, BeforeToken: hook, Client: outbound.New(outbound.Options{})})
	if err != nil {
		t.Fatal(err)
	}
	check("private", guarded)
}

func TestBeforeToken(t *testing.T) {
	r := newReceiver(t)
	h := r.hooks(nil)
	many := map[string]any{}
	for i := range 21 {
		many[fmt.Sprint("c", i)] = 1
	}
	for name, test := range map[string]struct {
		claims any
		ok     bool
	}{
		"none":         {nil, true},
		"some":         {map[string]any{"plan": "pro", "seats": 3.0, "flags": []any{"a", "b"}, "https://example.com/x": map[string]any{"y": true}}, true},
		"subject":      {map[string]any{"sub": "eve"}, false},
		"expiry":       {map[string]any{"exp": 1e12}, false},
		"role":         {map[string]any{"Role": "owner"}, false},
		"organization": {map[string]any{"org": "acme"}, false},
		"admin":        {map[string]any{"admin": true}, false},
		"ours":         {map[string]any{"loam_x": 1}, false},
		"empty name":   {map[string]any{"": 1}, false},
		"odd name":     {map[string]any{"a\nb": 1}, false},
		"long name":    {map[string]any{strings.Repeat("a", 65): 1}, false},
		"too many":     {many, false},
		"too large":    {map[string]any{"x": strings.Repeat("a", 1024)}, false},
		"too deep":     {map[string]any{"x": []any{[]any{[]any{1}}}}, false},
		"no object":    {"x", false},
	} {
		text, err := json.Marshal(map[string]any{"claims": test.claims})
		if err != nil {
			t.Fatal(err)
		}
		r.says(200, string(text))
		got, err := h.BeforeToken(t.Context(), hooks.Token{UserID: "u1", Organization: "o1", Role: "admin"})
		if test.ok && (err != nil || test.claims != nil && !reflect.DeepEqual(got, test.claims)) || !test.ok && !fault.Is(err, fault.AuthHookFailed) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	r.says(204, "")
	if got, err := h.BeforeToken(t.Context(), hooks.Token{}); err != nil || got != nil {
		t.Errorf("no content: %v, %v", got, err)
	}
	if data := r.bodies[0]["data"]; !reflect.DeepEqual(data, map[string]any{"userId": "u1", "organization": "o1", "role": "admin"}) {
		t.Errorf("the hook is told %v", data)
	}
}

func TestAfterConfirmation(t *testing.T) {
	r := newReceiver(t)
	var queue [][]byte
	h := r.hooks(&queue)
	if err := h.AfterConfirmation(nil, hooks.Confirmed{ID: "u1", Email: "ada@example.com"}); err != nil || len(queue) != 1 || len(r.bodies) > 0 {
		t.Fatalf("%d jobs, %d calls, %v", len(queue), len(r.bodies), err)
	}
	r.says(500, "")
	if err := h.Deliver(t.Context(), queue[0]); err == nil || strings.Contains(err.Error(), "ada") {
		t.Errorf("a failure is: %v", err)
	}
	r.says(200, "whatever")
	for range 2 {
		if err := h.Deliver(t.Context(), queue[0]); err != nil {
			t.Error(err)
		}
	}
	r.says(410, "")
	if err := h.Deliver(t.Context(), queue[0]); err != nil {
		t.Errorf("gone: %v", err)
	}
	if r.ids[0] == "" || r.ids[0] != r.ids[2] || !reflect.DeepEqual(r.bodies[0], r.bodies[2]) {
		t.Errorf("attempts differ: %v, %v", r.ids, r.bodies)
	}
	if r.bodies[0]["type"] != "user.confirmed" {
		t.Errorf("the hook is told %v", r.bodies[0])
	}
	if err := h.Deliver(t.Context(), []byte("x")); err == nil {
		t.Error("a job that is damaged passes")
	}
}

func TestWithoutHooks(t *testing.T) {
	h, err := hooks.New(hooks.Options{})
	if h != nil || err != nil {
		t.Fatalf("%v, %v", h, err)
	}
	claims, err := h.BeforeToken(context.Background(), hooks.Token{})
	if err := errors.Join(err, h.BeforeSignUp(context.Background(), hooks.SignUp{}), h.AfterConfirmation(nil, hooks.Confirmed{})); err != nil || claims != nil {
		t.Error(err)
	}
	if err := h.Deliver(context.Background(), nil); err == nil {
		t.Error("a message is dropped where there is no hook for it")
	}
	if _, err := hooks.New(hooks.Options{BeforeToken: hooks.Hook{URL: "ftp://x"}, Client: outbound.New(outbound.Options{})}); !fault.Is(err, fault.OutboundBlocked) {
		t.Errorf("a URL that is none: %v", err)
	}
}
