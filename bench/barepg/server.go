package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

type server struct {
	pool *pgxpool.Pool
	jobs chan *job
}

// job is a create that waits for its transaction.
type job struct {
	task task
	body []byte
	at   time.Time
	err  error
	done chan struct{}
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/tasks/{id}", guard(s.get))
	mux.HandleFunc("GET /api/tasks", guard(s.list))
	mux.HandleFunc("POST /api/tasks", guard(s.create))
	mux.HandleFunc("POST /graphql", guard(s.nested))
	mux.HandleFunc("POST /auth/sign-in", func(w http.ResponseWriter, _ *http.Request) {
		_ = answer(w, http.StatusOK, []byte(`{"accessToken":"a"}`))
	})
	return mux
}

// guard knows one token: who asks costs nothing here.
func guard(h func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer a" {
			http.Error(w, "sign in", http.StatusUnauthorized)
			return
		}
		if err := h(w, r); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}

func answer(w http.ResponseWriter, status int, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}

func (s *server) get(w http.ResponseWriter, r *http.Request) error {
	rows, err := s.pool.Query(r.Context(), getSQL, org, r.PathValue("id"))
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		http.Error(w, "no such row", http.StatusNotFound)
		return rows.Err()
	}
	return answer(w, http.StatusOK, appendTask(make([]byte, 0, 1<<10), rows.RawValues()))
}

// appendTask writes the columns of a task, in the forms that pgx asks for: texts as they
// are, times in microseconds since 2000.
func appendTask(b []byte, values [][]byte) []byte {
	for i, key := range []string{`{"id":`, `,"title":`, `,"body":`, `,"status":`, `,"projectId":`, `,"assigneeId":`, `,"createdAt":"`, `","updatedAt":"`, `","version":`} {
		b = append(b, key...)
		switch v := values[i]; {
		case v == nil:
			b = append(b, "null"...)
		case i < 6:
			b, _ = jsontext.AppendQuote(b, v)
		case i < 8:
			b = year2000.Add(time.Duration(binary.BigEndian.Uint64(v))*time.Microsecond).AppendFormat(b, "2006-01-02T15:04:05.000Z")
		default:
			b = strconv.AppendUint(b, binary.BigEndian.Uint64(v), 10)
		}
	}
	return append(b, '}')
}

var year2000 = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func (s *server) list(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil {
		return err
	}
	rows, err := s.pool.Query(r.Context(), listSQL, org, q.Get("projectId"), q.Get("status"), limit+1)
	if err != nil {
		return err
	}
	defer rows.Close()
	b := append(make([]byte, 0, 12<<10), `{"items":[`...)
	n, cursor := 0, `null`
	for rows.Next() {
		if n++; n > limit {
			break
		}
		if n > 1 {
			b = append(b, ',')
		}
		values := rows.RawValues()
		b = appendTask(b, values)
		if n == limit {
			cursor = `"` + base64.RawURLEncoding.EncodeToString(values[0]) + `"`
		}
	}
	b = append(b, `],"nextCursor":`+cursor+`}`...)
	rows.Close()
	if err := rows.Err(); err != nil {
		return err
	}
	return answer(w, http.StatusOK, b)
}

// nested reads the GraphQL document's JSON and answers the one document that it knows.
func (s *server) nested(w http.ResponseWriter, r *http.Request) error {
	var request struct{ Query string }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		return err
	}
	rows, err := s.pool.Query(r.Context(), nestedSQL, org)
	if err != nil {
		return err
	}
	defer rows.Close()
	b := bytes.NewBuffer(make([]byte, 0, 48<<10))
	b.WriteString(`{"data":{"listProjects":{"items":[`)
	for n := 0; rows.Next(); n++ {
		if n > 0 {
			b.WriteByte(',')
		}
		b.Write(rows.RawValues()[0])
	}
	b.WriteString(`]}}}`)
	rows.Close()
	if err := rows.Err(); err != nil {
		return err
	}
	return answer(w, http.StatusOK, b.Bytes())
}

type task struct {
	ID         string  `json:"id"`
	Title      string  `json:"title"`
	Body       string  `json:"body"`
	Status     string  `json:"status"`
	ProjectID  string  `json:"projectId"`
	AssigneeID *string `json:"assigneeId"`
	CreatedAt  string  `json:"createdAt"`
	UpdatedAt  string  `json:"updatedAt"`
	Version    int     `json:"version"`
}

func (s *server) create(w http.ResponseWriter, r *http.Request) error {
	t := task{Status: "TODO"}
	if err := json.NewDecoder(r.Body).Decode(&t); err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	t.ID, t.Version, t.CreatedAt = newID(), 1, now.Format("2006-01-02T15:04:05.000Z07:00")
	t.UpdatedAt = t.CreatedAt
	body, err := json.Marshal(t)
	if err != nil {
		return err
	}
	j := &job{task: t, body: body, at: now, done: make(chan struct{})}
	s.jobs <- j
	<-j.done
	if j.err != nil {
		return j.err
	}
	w.Header().Set("Location", "/api/tasks/"+t.ID)
	return answer(w, http.StatusCreated, body)
}

// write commits what waits together. A failed job fails its whole group: that is the
// part of a real writer which the limit does without.
func (s *server) write() {
	for first := range s.jobs {
		group := []*job{first}
		for more := true; more && len(group) < 256; {
			select {
			case j := <-s.jobs:
				group = append(group, j)
			default:
				more = false
			}
		}
		err := s.insert(group)
		for _, j := range group {
			j.err = err
			close(j.done)
		}
	}
}

func (s *server) insert(group []*job) error {
	ctx := context.Background()
	var b pgx.Batch
	for _, j := range group {
		t := j.task
		b.Queue(createSQL, org, t.ID, t.Title, t.Body, t.Status, t.ProjectID, t.AssigneeID, j.at)
		b.Queue(changeSQL, org, t.ID, string(j.body), t.CreatedAt)
	}
	results := s.pool.SendBatch(ctx, &b) // one transaction, without a word of it
	var failed error
	for range b.Len() {
		_, err := results.Exec()
		failed = errors.Join(failed, err)
	}
	return errors.Join(failed, results.Close())
}
