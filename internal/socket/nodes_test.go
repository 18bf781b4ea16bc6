package socket

import (
	"fmt"
	"testing"
	"time"

	json "github.com/go-json-experiment/json"

	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/signal"
)

// crowded is a server with so many connections, which all came at the same time and
// which nobody looks after.
func crowded(t *testing.T, n int) *Server {
	t.Helper()
	s := &Server{Options: Options{Limits: config.RealtimeLimits{Connections: n}}, node: signal.Node{ID: "abc", Name: "crowded"}, all: map[*conn]struct{}{}}
	at := time.Now()
	for range n {
		c := s.conn(Caller{Remote: "192.0.2.1"}, nil)
		c.opened = at
		if err := s.open(c); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// A node answers with a page, however many connections it has, and page after page
// with each of them once.
func TestAnswersOnePage(t *testing.T) {
	const all, limit = 4000, 200
	s := crowded(t, all)
	ask := func(q string) (r reply, size int, err error) {
		text, err := s.Answer(t.Context(), []byte(q))
		if err == nil {
			err = json.Unmarshal(text, &r)
		}
		return r, len(text), err
	}
	seen, cursor := map[string]bool{}, ""
	for more := true; more; {
		r, size, err := ask(fmt.Sprintf(`{"list":{"node":"","cursor":%q,"limit":%d}}`, cursor, limit))
		if err != nil || r.Connections != all || len(r.Items) != limit || size > 64<<10 {
			t.Fatalf("%v: %d connections, a page of %d, %d bytes", err, r.Connections, len(r.Items), size)
		}
		for _, c := range r.Items {
			seen[c.ID] = true
		}
		p := Page{Items: r.Items}
		p.cut(limit, true)
		cursor, more = p.Cursor, r.More
	}
	if len(seen) != all {
		t.Errorf("the pages have %d connections", len(seen))
	}
	if r, _, err := ask(`{"list":{"node":"other","cursor":"","limit":200}}`); err != nil || r.Connections != all || len(r.Items) != 0 {
		t.Errorf("those of another one are %d, %v", len(r.Items), err)
	}
	for _, q := range []string{``, `{}`, `[]`, `{"more":{}}`, `{"list":{"cursor":"x","limit":1}}`} {
		if _, _, err := ask(q); err == nil {
			t.Errorf("%q is answered", q)
		}
	}
}

func TestCursor(t *testing.T) {
	want := place{1_700_000_000_000_001, "abc", 42}
	if got, err := readCursor(want.cursor()); got != want || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	for _, text := range []string{"x", ".", "1", "1.", "1.a", "1.a.", "1.a.b", "1..2", "x.a.2", "1.a.-2", "1.a.2.3"} {
		if _, err := readCursor(text); fault.Of(err).Code != fault.QueryBadCursor {
			t.Errorf("%q is read: %v", text, err)
		}
	}
}
